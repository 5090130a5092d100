"""Zstandard: LZ77 over a window fitted to the input, finite-state entropy codes."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import (
    bites,
    check_end,
    compressed,
    fitted_log2,
    refusing,
    trailing,
)
from kolmo.data import IN_MEMORY_BYTES, Buffer

if TYPE_CHECKING:
    import zstandard

EXAMPLES: list[dict[str, int]] = [{}, {"level": 3}, {"window": 17}]

SMALLEST_LOG2, DEFAULT_LOG2, LARGEST_LOG2 = 10, 27, 30
BITE_BYTES = 512  # a byte of input can stand for some 40 kB: small bites keep the pieces small
PRIMED_LEVEL = 19
BLOCK_BYTES = 1 << 17


class Zstd(Bound):
    """Zstandard frames without magic number, content size, checksum and dictionary id.

    Long-distance matching is on. Side information primes it as a raw-content dictionary, its last
    16 MiB, at level 19 or more.

    References
    ----------
    Y. Collet and M. Kucherawy, Zstandard Compression and the 'application/zstd' Media Type,
    RFC 8878 (2021).
    """

    name = "zstd"
    formula = "Zstandard, magicless; 4-byte magic, content size and checksum are removed"
    requires = ("zstandard",)
    effort = 8
    primes = True
    given_bytes = 1 << 24
    PARAMETERS = {
        "level": Parameter(22, 1, 22, "effort"),
        "window": Parameter(
            0, SMALLEST_LOG2, LARGEST_LOG2, "log2 of the window in bytes", decoding=True
        ),
    }

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield one frame."""
        import zstandard

        prime = given[-self.given_bytes :]
        settings = self._settings(length, len(prime))
        compressor = zstandard.ZstdCompressor(
            compression_params=settings, dict_data=_dictionary(prime)
        )
        if length % min(BLOCK_BYTES, 1 << settings.window_log) == 0 and length <= IN_MEMORY_BYTES:
            yield compressor.compress(b"".join(blocks))  # a stream would add an empty block
            return
        yield from compressed(compressor.compressobj(size=length), blocks)

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the data in bounded pieces."""
        import zstandard

        prime = given[-self.given_bytes :]
        decompressor = zstandard.ZstdDecompressor(
            dict_data=_dictionary(prime),
            max_window_size=1 << self._log2(length + len(prime)),
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        ).decompressobj()
        with refusing(zstandard.ZstdError):
            for bite in bites(chunks, BITE_BYTES):
                if decompressor.eof:
                    raise trailing(len(bite))
                if piece := decompressor.decompress(bite):
                    yield piece
        check_end(decompressor)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the library's own estimate, the buffers of a stream and long matches added."""
        prime = min(given_bytes, self.given_bytes)
        plain = self._settings(length, prime, long_matches=False)
        buffers = (1 << self._log2(length + prime)) * 17 // 16
        return int(plain.estimated_compression_context_size()) + buffers

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the window and a little more."""
        return (1 << self._log2(length + min(given_bytes, self.given_bytes))) + (1 << 20)

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return the window, fitted up to 128 MiB unless a larger one is asked for."""
        return 1 << self._log2(length + min(given_bytes, self.given_bytes))

    def _settings(
        self, length: int, prime_bytes: int, *, long_matches: bool = True
    ) -> "zstandard.ZstdCompressionParameters":
        import zstandard

        level = self.values["level"]
        return zstandard.ZstdCompressionParameters.from_level(
            max(level, PRIMED_LEVEL) if prime_bytes else level,
            source_size=length,
            dict_size=prime_bytes,
            window_log=self._log2(length + prime_bytes),
            enable_ldm=long_matches,
            format=zstandard.FORMAT_ZSTD1_MAGICLESS,
            write_content_size=False,
            write_checksum=False,
            write_dict_id=False,
        )

    def _log2(self, length: int) -> int:
        return self.values["window"] or fitted_log2(length, SMALLEST_LOG2, DEFAULT_LOG2)


def _dictionary(prime: bytes) -> "zstandard.ZstdCompressionDict | None":
    import zstandard

    if not prime:
        return None
    return zstandard.ZstdCompressionDict(prime, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
