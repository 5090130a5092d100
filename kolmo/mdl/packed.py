"""Codes of texts, by the compressors that every kolmo has: labels, spellings, the header."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from kolmo.coding.code import Code, IntervalCode, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform, Uniforms
from kolmo.coding.logstar import LogStar
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.models.parts import Bounded, Moved
from kolmo.registry import estimators
from kolmo.table import Texts

if TYPE_CHECKING:
    from kolmo.container import Packer

COMPRESSORS = ("stored", "zlib", "bz2", "zstd", "lzma")
_FAST = ("stored", "zlib", "bz2")
_LARGEST_SLOW = 1 << 22
_NEWLINE = 10


def count_code(limit: int) -> IntervalCode[int]:
    """Return the code of an integer from 0 to ``limit``; small ones are short.

    Examples
    --------
    >>> round(count_code(100).codelength(0), 2)
    1.52
    """
    return Moved(Bounded(LogStar(), 1, limit + 1), -1)


class RawBytes(Code[bytes]):
    """Plain bytes, of a number that the decoder knows."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._code = Uniforms(np.full(length, 256))

    def codelength(self, value: bytes, /) -> float:
        """Return 8 bits for each byte."""
        return 8.0 * len(value)

    def encode(self, value: bytes, coder: Writer, /) -> None:
        """Store bytes."""
        self._code.encode(np.frombuffer(value, np.uint8).astype(np.int64), coder)

    def decode(self, coder: Reader, /) -> bytes:
        """Return the bytes stored next."""
        coder.require_bits(8 * self.length)
        return np.asarray(self._code.decode(coder)).astype(np.uint8).tobytes()


class Compressed(Code[bytes]):
    """Bytes by one compressor: how many, how many in its payload, and the payload.

    Parameters
    ----------
    packer : Packer
        What compresses and decompresses.
    limit : int
        Most bytes that a decoder accepts, before and after compression.
    """

    def __init__(self, packer: Packer, limit: int) -> None:
        self.packer, self.limit = packer, limit

    def codelength(self, value: bytes, /) -> float:
        """Return the length in bits."""
        return self.payload_bits(value, self.compress(value))

    def encode(self, value: bytes, coder: Writer, /) -> None:
        """Store bytes."""
        self.put(value, self.compress(value), coder)

    def compress(self, value: bytes) -> bytes:
        """Return the payload."""
        return b"".join(self.packer.compress([value], len(value)))

    def payload_bits(self, value: bytes, payload: bytes) -> float:
        """Return the length in bits of a value whose payload is known."""
        lengths = count_code(self.limit).codelength(len(value)) + self._size().codelength(
            len(payload)
        )
        return lengths + 8.0 * len(payload)

    def put(self, value: bytes, payload: bytes, coder: Writer) -> None:
        """Store a value whose payload is known."""
        count_code(self.limit).encode(len(value), coder)
        self._size().encode(len(payload), coder)
        RawBytes(len(payload)).encode(payload, coder)

    def decode(self, coder: Reader, /) -> bytes:
        """Return the bytes stored next."""
        length = count_code(self.limit).decode(coder)
        payload = RawBytes(self._size().decode(coder)).decode(coder)
        return _decompress(self.packer, payload, length)

    def _size(self) -> IntervalCode[int]:
        return count_code(2 * self.limit + 1024)


class PackedBytes(Code[bytes]):
    """Bytes by the best of `COMPRESSORS`: which, and its payload.

    Above 4 MiB the slow ones are not tried.

    Parameters
    ----------
    limit : int
        Most bytes that a decoder accepts.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def codelength(self, value: bytes, /) -> float:
        """Return the length in bits."""
        index, payload = _best(value)
        return self._which().codelength(index) + self._code(index).payload_bits(value, payload)

    def encode(self, value: bytes, coder: Writer, /) -> None:
        """Store bytes."""
        index, payload = _best(value)
        self._which().encode(index, coder)
        self._code(index).put(value, payload, coder)

    def decode(self, coder: Reader, /) -> bytes:
        """Return the bytes stored next."""
        return self._code(self._which().decode(coder)).decode(coder)

    def _code(self, index: int) -> Compressed:
        return Compressed(estimators.make(COMPRESSORS[index]), self.limit)

    @staticmethod
    def _which() -> IntervalCode[int]:
        return Uniform(len(COMPRESSORS))


class PackedTexts(Code[Texts]):
    """Texts of a number that the decoder knows, packed with a separator that none of them has.

    Parameters
    ----------
    count : int
        How many.
    limit : int
        Most bytes that a decoder accepts.
    """

    def __init__(self, count: int, limit: int) -> None:
        self.count, self.limit = count, limit

    def codelength(self, value: Texts, /) -> float:
        """Return the length in bits."""
        if self.count == 0:
            return 0.0
        separator, joined = _join(value)
        return Uniform(256).codelength(separator) + PackedBytes(self.limit).codelength(joined)

    def encode(self, value: Texts, coder: Writer, /) -> None:
        """Store texts."""
        if self.count:
            separator, joined = _join(value)
            Uniform(256).encode(separator, coder)
            PackedBytes(self.limit).encode(joined, coder)

    def decode(self, coder: Reader, /) -> Texts:
        """Return the texts stored next."""
        if self.count == 0:
            return Texts.of([])
        separator = Uniform(256).decode(coder)
        texts = PackedBytes(self.limit).decode(coder).split(bytes([separator]))
        if len(texts) != self.count:
            raise damaged(f"{len(texts)} texts where {self.count} are announced")
        return Texts.of(texts)


class TextList(Code[Texts]):
    """Texts, their number first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def codelength(self, value: Texts, /) -> float:
        """Return the length in bits."""
        number = count_code(self.limit).codelength(len(value))
        return number + PackedTexts(len(value), self.limit).codelength(value)

    def encode(self, value: Texts, coder: Writer, /) -> None:
        """Store texts."""
        count_code(self.limit).encode(len(value), coder)
        PackedTexts(len(value), self.limit).encode(value, coder)

    def decode(self, coder: Reader, /) -> Texts:
        """Return the texts stored next."""
        return PackedTexts(count_code(self.limit).decode(coder), self.limit).decode(coder)


class Known(Code[Any]):
    """A value that the decoder knows anyhow, for no bits."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def codelength(self, value: Any, /) -> float:
        """Return 0."""
        return 0.0

    def encode(self, value: Any, coder: Writer, /) -> None:
        """Store nothing."""

    def decode(self, coder: Reader, /) -> Any:
        """Return the value."""
        return self.value


@lru_cache(maxsize=4)
def _best(value: bytes) -> tuple[int, bytes]:
    """Return which compressor makes the shortest payload, and this."""
    names = COMPRESSORS if len(value) <= _LARGEST_SLOW else _FAST
    found = [b"".join(estimators.make(name).compress([value], len(value))) for name in names]
    index = min(range(len(found)), key=lambda i: len(found[i]))
    return index, found[index]


def _join(texts: Texts) -> tuple[int, bytes]:
    """Return a byte that no text has, a line feed if possible, and the texts joined by it."""
    held = list(texts)
    used = np.zeros(256, bool)
    used[np.frombuffer(b"".join(held), np.uint8)] = True
    free = np.flatnonzero(~used)
    if free.size == 0:
        raise ParameterError("no separator: the texts have all 256 bytes; need UTF-8.")
    separator = _NEWLINE if not used[_NEWLINE] else int(free[0])
    return separator, bytes([separator]).join(held)


def _decompress(packer: Packer, payload: bytes, length: int) -> bytes:
    pieces: list[bytes] = []
    try:
        count = 0
        for piece in packer.decompress(_nonempty(payload), length):
            pieces.append(bytes(piece))
            count += len(piece)
            if count > length:
                break
    except DecodeError as error:
        raise damaged(str(error)) from error
    if count != length:
        raise damaged(f"{count} bytes where {length} are announced")
    return b"".join(pieces)


def _nonempty(payload: bytes) -> Iterable[bytes]:
    return [payload] if payload else []
