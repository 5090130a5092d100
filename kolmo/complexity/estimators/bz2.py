"""bzip2: block sorting and Huffman codes, blocks of at most 900,000 bytes."""

import bz2
from collections.abc import Iterable, Iterator

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import compressed, decompressed, stripped
from kolmo.data import Buffer

EXAMPLES: list[dict[str, int]] = [{}, {"level": 1}]

HEADER_BYTES = 4
LEVEL_BYTES = 100_000


class Bz2(Bound):
    """The bzip2 format, blocks fitted to the input.

    The level only says how large a block may be: a smaller one that still holds all of the input
    makes the same bytes. A decoder may always assume 9.

    References
    ----------
    M. Burrows and D. J. Wheeler, A block-sorting lossless data compression algorithm, SRC Research
    Report 124 (1994).
    """

    name = "bz2"
    formula = "bzip2; the 4 bytes 'BZh' and level are removed"
    effort = 4
    PARAMETERS = {"level": Parameter(9, 1, 9, "largest block in 100,000 bytes")}

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the bzip2 stream without its header."""
        return stripped(compressed(bz2.BZ2Compressor(self._level(length)), blocks), HEADER_BYTES)

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data; ``length`` only saves memory."""
        decompressor = bz2.BZ2Decompressor()
        decompressor.decompress(b"BZh%d" % self._fitted(length))
        return decompressed(decompressor, chunks, (OSError, EOFError))

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 8 bytes per byte of a block."""
        return 8 * self._level(length) * LEVEL_BYTES

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 4 bytes per byte of a block."""
        return 4 * self._fitted(length) * LEVEL_BYTES + (1 << 20)

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return the size of a block, in bytes after its run-length coding."""
        return self._level(length) * LEVEL_BYTES

    def _level(self, length: int) -> int:
        return min(self.values["level"], self._fitted(length))

    @staticmethod
    def _fitted(length: int) -> int:
        longest = length + length // 4 + 32  # run-length coding may add a byte to every four
        return min(9, -(-longest // LEVEL_BYTES))
