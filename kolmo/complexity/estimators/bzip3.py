"""bzip3: Burrows-Wheeler transform and a context-mixing coder, one block for all of the input."""

from collections.abc import Iterable, Iterator

from kolmo.complexity.estimator import Bound
from kolmo.complexity.estimators._streams import bites, refusing, stripped
from kolmo.data import Buffer
from kolmo.errors import DecodeError

EXAMPLES: list[dict[str, int]] = [{}]

SMALLEST_BLOCK, LARGEST_BLOCK = 66 << 10, 511 << 20
SPARE_BYTES = 1024
SIGNATURE = b"BZ3v1"
HEADER_BYTES = 9
MEMORY_PER_BYTE = 6
BITE_BYTES = 1 << 10  # some 40 blocks at most, each of a bounded size


class Bzip3(Bound):
    """bzip3 blocks as large as the input, up to 511 MiB.

    References
    ----------
    K. Spiewak, bzip3: a spiritual successor to bzip2 (2022), file format 1.
    """

    name = "bzip3"
    formula = "bzip3; the 9 bytes of signature and block size are removed, each block's 8 stay"
    requires = ("bz3",)
    effort = 5
    self_delimiting = False
    isolated = True

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the blocks without the file's header."""
        from bz3 import backends

        compressor = backends.BZ3Compressor(_block_bytes(length))
        pieces = [compressor.compress(bytes(block)) for block in blocks]
        yield from stripped([*pieces, compressor.flush()], HEADER_BYTES)

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data, block by block."""
        from bz3 import backends

        decompressor = backends.BZ3Decompressor()
        header = SIGNATURE + _block_bytes(length).to_bytes(4, "little")
        with refusing(ValueError, RuntimeError):
            decompressor.decompress(header)
            for bite in bites(chunks, BITE_BYTES):
                if piece := decompressor.decompress(bytes(bite)):
                    yield piece
        if decompressor.unused_data:
            raise DecodeError("the stream ends early, or goes on after its end")

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 6 bytes per byte of a block."""
        return MEMORY_PER_BYTE * _block_bytes(length)

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 6 bytes per byte of a block."""
        return MEMORY_PER_BYTE * _block_bytes(length)

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return the size of a block."""
        return _block_bytes(length)


def _block_bytes(length: int) -> int:
    return min(max(length + SPARE_BYTES, SMALLEST_BLOCK), LARGEST_BLOCK)
