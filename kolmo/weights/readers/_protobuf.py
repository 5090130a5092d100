"""The wire format of protocol buffers, walked in place.

A message is a range of the file; its fields are found one after the other, and what they hold is
read when it is asked for. Nothing here knows what fields mean.

References
----------
Google, "Encoding", Protocol Buffers documentation (2024).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import CheckpointError
from kolmo.weights.readers._checks import LONGEST_NAME, Complaint

if TYPE_CHECKING:
    from kolmo.data import Input

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10  # bytes
WINDOW_BYTES = 4096
PIECE_BYTES = 1 << 18
MOST_TOP_FIELDS = 1 << 16
MOST_FIELDS = 1 << 24  # of a file, all messages together

# Numbers of the fields that a message may have, with the wire type of each.
MODEL_FIELDS = {1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2, 20: 2, 25: 2, 26: 2}


class Field(NamedTuple):
    """One field: its number, its wire type, the value of a varint, and the range of its bytes."""

    number: int
    wire: int
    value: int
    start: int
    stop: int


class Wire:
    """Walks the messages of one file.

    Parameters
    ----------
    source : Input
        The file; small pieces of it are read.
    most_fields : int
        How many fields may be seen before the file is refused.
    """

    def __init__(
        self, source: Input, complain: Complaint, *, most_fields: int = MOST_FIELDS
    ) -> None:
        self.source, self.complain = source, complain
        self._left = most_fields
        self._window, self._first = b"", 0

    def fields(self, start: int, stop: int) -> Iterator[Field]:
        """Yield the fields of the message between two positions."""
        while start < stop:
            self._left -= 1
            if self._left < 0:
                raise self.complain("got too many fields; need fewer, with packed numbers")
            field = self._field(start, stop)
            yield field
            start = field.stop

    def text(self, field: Field) -> str:
        """Return the text that a field holds."""
        size = field.stop - field.start
        if field.wire != BYTES or size > LONGEST_NAME:
            raise self.complain(f"got {size} bytes of text at {field.start}; need {LONGEST_NAME}")
        try:
            return self._bytes(field.start, field.stop).decode()
        except UnicodeDecodeError:
            raise self.complain(f"got text at {field.start} that is not UTF-8") from None

    def varints(self, start: int, stop: int) -> Iterator[NDArray[np.uint64]]:
        """Yield the numbers of a packed field, some thousands at a time."""
        while start < stop:
            piece = np.frombuffer(self.source.read(start, min(stop, start + PIECE_BYTES)), np.uint8)
            ends = np.flatnonzero(piece < 128)
            if not len(ends) or np.diff(ends, prepend=-1).max() > LONGEST_VARINT:
                raise self.complain(f"got a number of more than 10 bytes, or cut short, at {start}")
            yield _decoded(piece[: ends[-1] + 1], ends)
            start += int(ends[-1]) + 1

    def _field(self, start: int, stop: int) -> Field:
        tag, position = self._varint(start, stop)
        number, wire, value = tag >> 3, tag & 7, 0
        if not 0 < number < 1 << 29:
            raise self.complain(f"got field number {number} at {start}")
        begin = position
        if wire == VARINT:
            value, position = self._varint(position, stop)
        elif wire == BYTES:
            size, begin = self._varint(position, stop)
            position = begin + size
        elif wire in (FIXED64, FIXED32):
            position += 8 if wire == FIXED64 else 4
        else:
            raise self.complain(f"got wire type {wire} at {start}; need 0, 1, 2 or 5")
        if position > stop:
            raise self.complain(f"got a field at {start} that ends {position - stop} bytes late")
        return Field(number, wire, value, begin, position)

    def _varint(self, start: int, stop: int) -> tuple[int, int]:
        """Return a number, modulo 2^64, and the position after it."""
        data = self._bytes(start, min(stop, start + LONGEST_VARINT))
        value = 0
        for index, byte in enumerate(data):
            value |= (byte & 127) << (7 * index)
            if byte < 128:
                return value & (1 << 64) - 1, start + index + 1
        raise self.complain(f"got a number of more than 10 bytes, or cut short, at {start}")

    def _bytes(self, start: int, stop: int) -> bytes:
        """Return a short range, through a window that is read at once."""
        if start < self._first or stop > self._first + len(self._window):
            self._first = start
            self._window = self.source.read(start, max(stop, start + WINDOW_BYTES))
        return self._window[start - self._first : stop - self._first]


def _decoded(piece: NDArray[np.uint8], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the numbers that end at ``ends``, modulo 2^64."""
    starts = np.concatenate(([0], ends[:-1] + 1))
    sizes = ends - starts + 1
    values = np.zeros(len(ends), np.uint64)
    for index in range(int(sizes.max())):
        here = np.flatnonzero(sizes > index)
        part = (piece[starts[here] + index] & 127).astype(np.uint64)
        values[here] |= part << np.uint64(7 * index)
    return values


def top_level(source: Input, known: dict[int, int]) -> set[int] | None:
    """Return the numbers of the fields of a whole file, or None if it is no message of that kind.

    Parameters
    ----------
    known : dict of int to int
        The fields that it may have, with their wire types.
    """
    wire = Wire(source, Complaint("message", source), most_fields=MOST_TOP_FIELDS)
    found = set()
    try:
        for field in wire.fields(0, source.size):
            if known.get(field.number) != field.wire:
                return None
            found.add(field.number)
    except CheckpointError:
        return None
    return found
