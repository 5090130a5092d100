"""The range coder: first in, first out, within a few bits of the ideal length.

Use it for every message that is read from its beginning; use the stack of `kolmo.coding.ans` for
bits-back, where what is written last must be read first.

The encoder keeps an interval [low, low + range) of the numbers below 1 whose first bytes are
out already. low and range have 64 bits. An interval (start, frequency, total) cuts it to
range // total units each, and while range < 2**56 the top byte of low goes out. A sum that runs
over carries into the bytes before. At the end one byte at most is added: as range >= 2**56, some
multiple of 2**56 lies inside. The decoder takes everything after the payload as zeros.

Overhead: the last byte, at most 8 bits and what rounding up to bytes costs; and the units lost to
range // total, at most total / 2**56 of it: below 1.5 * 2**-24 bits for each interval, .09 bits
for 10**6.

References
----------
G. N. N. Martin (1979). Range encoding: an algorithm for removing redundancy from a digitised
message. Video and Data Recording Conference, Southampton. We differ in 64-bit arithmetic, in
carrying into bytes already out (Schindler's and Subbotin's variants avoid it), and in the flush.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from kolmo.coding.code import Block, Code, Interval, check_interval, damaged
from kolmo.errors import ParameterError

T = TypeVar("T")

_WORD_BITS = 64
_MASK = (1 << _WORD_BITS) - 1
_TOP_SHIFT = _WORD_BITS - 8
_FLOOR = 1 << _TOP_SHIFT
_HEAD_BYTES = 8
_SHIFTED_BYTES = 4  # by one interval, at most


def write(code: Code[T], value: T) -> bytes:
    """Return the message of ``value``, of at most ceil(codelength) + 16 bits.

    Examples
    --------
    >>> from kolmo.coding.discrete import Uniform
    >>> message = write(Uniform(1000), 999)
    >>> 8 * len(message), round(Uniform(1000).codelength(999), 3)
    (16, 9.966)
    """
    coder = RangeEncoder()
    code.encode(value, coder)
    return coder.finish()


def read(code: Code[T], payload: bytes) -> T:
    """Return the value of a message; DecodeError if it does not fill the payload exactly.

    Examples
    --------
    >>> from kolmo.coding.discrete import Uniform
    >>> read(Uniform(1000), write(Uniform(1000), 999))
    999
    """
    coder = RangeDecoder(payload)
    value = code.decode(coder)
    coder.finish()
    return value


class RangeEncoder:
    """Stores intervals; the first is read first."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._low, self._range = 0, _MASK

    @property
    def bits(self) -> float:
        """Return the ideal length of what is stored, in bits, units lost included."""
        return 8 * len(self._bytes) + _WORD_BITS - math.log2(self._range)

    def put(self, intervals: Sequence[Interval], /) -> None:
        """Store intervals, to be read in this order."""
        for interval in intervals:
            start, frequency, total = check_interval(interval)
            unit = self._range // total
            self._low += start * unit
            self._range = frequency * unit
            if self._low > _MASK:
                self._low &= _MASK
                _carry(self._bytes)
            while self._range < _FLOOR:
                self._bytes.append(self._low >> _TOP_SHIFT)
                self._low = self._low << 8 & _MASK
                self._range <<= 8

    def put_blocks(self, blocks: Iterable[Block], /) -> None:
        """Store many intervals, to be read in this order."""
        import numpy as np

        from kolmo.coding.kernels import put_range

        for block in blocks:
            state = np.array([self._low, self._range, 0], np.uint64)
            out = np.empty(_SHIFTED_BYTES * block.starts.size, np.uint8)
            written = put_range(*block, state, out)
            if written < 0:
                raise bad_interval(block, -1 - written)
            self._low, self._range = int(state[0]), int(state[1])
            if state[2]:
                _carry(self._bytes)
            self._bytes += out[:written].data

    def write(self, loop: Callable[..., int], room: int, /, *arguments: Any) -> int:
        """Return what a kernel returns that writes at most ``room`` bytes through this head.

        See `kolmo.coding.kernels.binary`.
        """
        import numpy as np

        from kolmo.coding.kernels.binary import CARRY, WRITER

        head = np.array([WRITER, self._low, self._range, 0, 0], np.uint64)
        out = np.empty(room, np.uint8)
        found = loop(head, out, *arguments)
        self._low, self._range = int(head[1]), int(head[2])
        if head[CARRY]:
            _carry(self._bytes)
        self._bytes += out[: int(head[4])].data
        return found

    def finish(self) -> bytes:
        """Return the message: the bytes that are out, and the shortest end."""
        last = -(-self._low >> _TOP_SHIFT)  # rounded up: a multiple of 2**56 in the interval
        if last > 255:
            message = bytearray(self._bytes)
            _carry(message)
            return bytes(message)
        return b"".join((self._bytes, bytes([last]) if last else b""))


class RangeDecoder:
    """Gives back the intervals of a payload, bytes or anything with a buffer of bytes.

    The bytes that the encoder had shifted out at any point are those that the decoder has shifted
    in; its 8-byte view reaches further, into zeros at the end.
    """

    def __init__(self, payload: bytes | bytearray | memoryview) -> None:
        self._payload = payload
        self._offset = int.from_bytes(bytes(payload[:_HEAD_BYTES]).ljust(_HEAD_BYTES, b"\0"), "big")
        self._range, self._unit, self._position = _MASK, 1, 0

    def peek(self, total: int, /) -> int:
        """Return a number below ``total`` that lies in the next interval."""
        self._unit = self._range // total
        found = self._offset // self._unit
        if found >= total:
            raise damaged(f"no interval at byte {self._position}")
        return found

    def skip(self, interval: Interval, /) -> None:
        """Step over the interval that holds the number of the last `peek`."""
        self._offset -= interval.start * self._unit
        self._range = interval.frequency * self._unit
        size = len(self._payload)
        while self._range < _FLOOR:
            if self._position >= size:
                raise damaged(f"it ends too early, after {size} bytes")
            ahead = self._position + _HEAD_BYTES
            self._offset = self._offset << 8 | (self._payload[ahead] if ahead < size else 0)
            self._range <<= 8
            self._position += 1

    def require_bits(self, count: int, /) -> None:
        """Raise DecodeError if what is left of the payload cannot hold so many bits."""
        if count > 8 * (len(self._payload) - self._position) + _WORD_BITS:
            raise damaged(f"it ends too early: {count} bits are missing")

    def read(self, loop: Callable[..., int], /, *arguments: Any) -> int:
        """Return what a kernel returns, having read through this coder's head and payload."""
        import numpy as np

        head = np.array([0, self._offset, self._range, self._unit, self._position], np.uint64)
        found = loop(head, np.frombuffer(self._payload, np.uint8), *arguments)
        self._offset, self._range, self._unit, self._position = map(int, head[1:])
        if found < 0:
            raise damaged(f"no interval at byte {self._position} of {len(self._payload)}")
        if self._position > len(self._payload):
            raise damaged(f"it ends too early, after {len(self._payload)} bytes")
        return found

    def finish(self) -> None:
        """Raise DecodeError unless the message ends here, as the shortest end would have it."""
        left = len(self._payload) - self._position
        if left > 1 or (left == 1 and self._payload[-1] == 0):
            raise damaged(f"{left} bytes are left over")


def bad_interval(block: Block, index: int) -> ParameterError:
    """Return the error of an interval in a block that no coder can store."""
    try:
        check_interval(Interval(*(int(column[index]) for column in block)))
    except ParameterError as error:
        return error
    raise AssertionError("a kernel refused an interval that is right")


def _carry(digits: bytearray) -> None:
    """Add 1 to the number whose digits are the bytes so far."""
    position = len(digits) - 1
    while digits[position] == 255:
        digits[position] = 0
        position -= 1
    digits[position] += 1
