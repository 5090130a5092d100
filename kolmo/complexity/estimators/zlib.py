"""DEFLATE of the zlib library: LZ77 in 32 KiB and Huffman codes."""

import zlib
from collections.abc import Iterable, Iterator

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import (
    PIECE_BYTES,
    check_end,
    compressed,
    refusing,
    trailing,
)
from kolmo.data import Buffer

EXAMPLES: list[dict[str, int]] = [{}, {"level": 1}]

WINDOW_BITS = 15
MEMORY_LEVEL = 9


class Zlib(Bound):
    """Raw DEFLATE, memLevel 9.

    References
    ----------
    P. Deutsch, DEFLATE Compressed Data Format Specification, RFC 1951 (1996).
    """

    name = "zlib"
    formula = "raw DEFLATE; the 2-byte header and the Adler-32 of the zlib format are removed"
    effort = 3
    primes = True
    given_bytes = 1 << WINDOW_BITS
    PARAMETERS = {"level": Parameter(9, 1, 9, "effort")}

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield raw DEFLATE, primed with the last 32 KiB of ``given``."""
        settings = (self.values["level"], zlib.DEFLATED, -WINDOW_BITS, MEMORY_LEVEL)
        prime = given[-self.given_bytes :]
        compressor = (
            zlib.compressobj(*settings, zdict=prime) if prime else zlib.compressobj(*settings)
        )
        return compressed(compressor, blocks)

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data in bounded pieces."""
        prime = given[-self.given_bytes :]
        decompressor = (
            zlib.decompressobj(-WINDOW_BITS, zdict=prime)
            if prime
            else zlib.decompressobj(-WINDOW_BITS)
        )
        with refusing(zlib.error):
            for chunk in chunks:
                if decompressor.eof:
                    raise trailing(len(chunk))
                rest: Buffer = chunk
                while rest or decompressor.unconsumed_tail:
                    piece = decompressor.decompress(rest, PIECE_BYTES)
                    if piece:
                        yield piece
                    rest = decompressor.unconsumed_tail
                    if not rest and len(piece) < PIECE_BYTES:
                        break
        check_end(decompressor)

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return 32 KiB, fixed by the format."""
        return 1 << WINDOW_BITS
