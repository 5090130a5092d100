"""Brotli: LZ77, context modelling, and a built-in dictionary of English and HTML."""

from collections.abc import Iterable, Iterator

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import PIECE_BYTES, fitted_log2, refusing
from kolmo.data import Buffer
from kolmo.errors import DecodeError

EXAMPLES: list[dict[str, int]] = [{}, {"quality": 5}]

SMALLEST_LOG2, LARGEST_LOG2 = 10, 24


class Brotli(Bound):
    """Brotli at quality 11, window fitted to the input.

    Its decoder holds a dictionary of 120 KB, side information that other decoders do not have:
    on short English texts the bound says more of that dictionary than of the text.

    References
    ----------
    J. Alakuijala and Z. Szabadka, Brotli Compressed Data Format, RFC 7932 (2016).
    """

    name = "brotli"
    formula = "the Brotli stream; nothing removed"
    requires = ("brotli",)
    effort = 10
    dictionary = "a built-in dictionary of 122,784 bytes"
    PARAMETERS = {"quality": Parameter(11, 0, 11, "effort")}

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the stream."""
        import brotli

        window = fitted_log2(length + 16, SMALLEST_LOG2, LARGEST_LOG2)
        compressor = brotli.Compressor(quality=self.values["quality"], lgwin=window)
        for block in blocks:
            if piece := compressor.process(bytes(block)):
                yield piece
        yield compressor.finish()

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data in bounded pieces."""
        import brotli

        decompressor = brotli.Decompressor()
        with refusing(brotli.error):
            for chunk in chunks:
                fed = bytes(chunk)
                while piece := decompressor.process(fed, output_buffer_limit=PIECE_BYTES):
                    yield piece
                    fed = b""
        if not decompressor.is_finished():
            raise DecodeError("the stream ends early")

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 16 bytes per byte of the window."""
        return 16 << fitted_log2(length + 16, SMALLEST_LOG2, LARGEST_LOG2)

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the largest window and a little more."""
        return 1 << (LARGEST_LOG2 + 1)

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return the window, 16 MiB at most."""
        return 1 << fitted_log2(length + 16, SMALLEST_LOG2, LARGEST_LOG2)
