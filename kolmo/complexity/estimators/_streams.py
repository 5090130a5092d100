"""What the library compressors have in common: feeding them, and refusing what they refuse."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from kolmo.data import Buffer
from kolmo.errors import DecodeError

PIECE_BYTES = 1 << 18

ADAPTIVE_MODULES = (
    "kolmo.complexity.adaptive",
    "kolmo.coding.code",
    "kolmo.coding.delimited",
    "kolmo.coding.rangecoder",
    "kolmo.coding.kernels.binary",
    "kolmo.coding.kernels.coder",
    "kolmo.jit",
)


class Compressor(Protocol):
    """The usual incremental compressor."""

    def compress(self, data: Buffer, /) -> bytes:
        """Take ``data``; return what is ready."""

    def flush(self) -> bytes:
        """Return the rest."""


def compressed(compressor: Compressor, blocks: Iterable[Buffer]) -> Iterator[Buffer]:
    """Yield what ``compressor`` makes of ``blocks``."""
    for block in blocks:
        if piece := compressor.compress(block):
            yield piece
    yield compressor.flush()


def decompressed(
    decompressor: Any, chunks: Iterable[Buffer], errors: tuple[type[Exception], ...]
) -> Iterator[Buffer]:
    """Yield what a ``bz2`` or ``lzma`` decompressor makes of ``chunks``, in bounded pieces."""
    with refusing(*errors):
        for chunk in chunks:
            if decompressor.eof:
                raise trailing(len(chunk))
            piece = decompressor.decompress(chunk, PIECE_BYTES)
            while piece or not (decompressor.needs_input or decompressor.eof):
                yield piece
                if decompressor.eof or decompressor.needs_input:
                    break
                piece = decompressor.decompress(b"", PIECE_BYTES)
    check_end(decompressor)


def check_end(decompressor: Any) -> None:
    """Refuse a stream that ends early or goes on after its end."""
    if not decompressor.eof:
        raise DecodeError("the stream ends early")
    if decompressor.unused_data:
        raise trailing(len(decompressor.unused_data))


def trailing(count: int) -> DecodeError:
    """Return the error for bytes after the end of a stream."""
    return DecodeError(f"{count} bytes or more after the end of the stream")


@contextmanager
def refusing(*errors: type[Exception]) -> Iterator[None]:
    """Turn what a library raises for a bad stream into a DecodeError."""
    try:
        yield
    except errors as error:
        raise DecodeError(f"the decoder refuses the stream: {error}") from error


def stripped(chunks: Iterable[Buffer], count: int) -> Iterator[Buffer]:
    """Yield ``chunks`` without their first ``count`` bytes."""
    for chunk in chunks:
        if count < len(chunk):
            yield memoryview(chunk)[count:] if count else chunk
        count = max(0, count - len(chunk))


def gathered(chunks: Iterable[Buffer], length: int) -> bytearray:
    """Return a whole payload; of no data it must be empty."""
    payload = bytearray(b"".join(chunks))
    if payload and length == 0:
        raise DecodeError(f"{len(payload)} bytes after the end of the stream")
    return payload


def bites(chunks: Iterable[Buffer], count: int) -> Iterator[memoryview]:
    """Yield ``chunks`` in bites of at most ``count`` bytes."""
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), count):
            yield view[start : start + count]


def fitted_log2(length: int, low: int, high: int) -> int:
    """Return the exponent of the smallest power of two that holds ``length``, within limits.

    Examples
    --------
    >>> fitted_log2(5000, 10, 27)
    13
    """
    return min(max((max(length, 1) - 1).bit_length(), low), high)
