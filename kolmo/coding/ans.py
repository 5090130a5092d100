"""The stack: an asymmetric numeral system, last in, first out, for bits-back.

Use it where a code must take bits out of the message before it puts bits in; everywhere else the
range coder is shorter by about 4 bytes.

The state is one large number, whose lowest 64 bits or so are the head and whose higher digits lie
in a stack of bytes. Pushing and popping an interval are exactly inverse to each other from any
state, so that whatever was in the stack before (the seed) is there again after; the laws compare
it. Totals that are no power of two are scaled to 2**32, which changes a frequency of f by a
factor within 1 +- total / (f 2**32).

With the head at 2**56 or more, an interval's length is exact to 2**-24 bits on average. A stack
without seed starts with the head at 2**32: this and rounding up to bytes make its overhead at
most 48 bits, once.

References
----------
J. Duda (2009). Asymmetric numeral systems. arXiv:0902.0271, section 3 (range variant).

J. Townsend, T. Bird, D. Barber (2019). Practical lossless compression with latent variables using
bits back coding. arXiv:1901.04866, section 2. We differ in byte-wise renormalisation, which lets
totals have 32 bits and shares the kernels of the range coder.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kolmo.coding.code import TOTAL_BITS, TOTAL_LIMIT, Block, Interval, check_interval, damaged
from kolmo.coding.rangecoder import bad_interval

_HEAD_BYTES = 8
_FLOOR = 1 << 56
_SEED = 1 << TOTAL_BITS
_SEED_BYTES = 5
_MASK = TOTAL_LIMIT - 1
_EMITTED_BYTES = 4  # by one interval, at most


class Stack:
    """Stores intervals and gives them back; the last that was stored comes first.

    Parameters
    ----------
    seed : bytes
        Any data, on top of which everything is put; `leftover` returns it once all is popped.

    Examples
    --------
    >>> stack = Stack(b"seed")
    >>> stack.put([Interval(2, 3, 10)])
    >>> stack.peek(10) in range(2, 5)
    True
    >>> stack.skip(Interval(2, 3, 10))
    >>> stack.leftover()
    b'seed'
    """

    def __init__(self, seed: bytes = b"") -> None:
        self._bytes = bytearray(seed)
        self._head = _SEED
        self._refill()

    @classmethod
    def from_bytes(cls, message: bytes) -> Stack:
        """Return the stack that `to_bytes` wrote; DecodeError if it never did."""
        if len(message) < _SEED_BYTES or message[-1] == 0:
            raise damaged(f"no state of a stack in {len(message)} bytes")
        stack = cls()
        stack._bytes[:] = message[:-_HEAD_BYTES]
        stack._head = int.from_bytes(message[-_HEAD_BYTES:], "little")
        return stack

    def to_bytes(self) -> bytes:
        """Return the whole state: the bytes from the bottom, then the head."""
        size = (self._head.bit_length() + 7) // 8
        return bytes(self._bytes) + self._head.to_bytes(size, "little")

    @property
    def state(self) -> tuple[bytes, int]:
        """Return the bytes below the head, and the head: equal states behave equally."""
        return bytes(self._bytes), self._head

    @property
    def bits(self) -> float:
        """Return how much the stack holds, in ideal bits, the seed included."""
        return 8 * len(self._bytes) + math.log2(self._head) - TOTAL_BITS

    def put(self, intervals: Sequence[Interval], /) -> None:
        """Push intervals, the last first, to be read in this order."""
        for interval in reversed(intervals):
            start, frequency = _scaled(check_interval(interval))
            while self._head >> TOTAL_BITS >= frequency:
                self._bytes.append(self._head & 255)
                self._head >>= 8
            quotient, rest = divmod(self._head, frequency)
            self._head = (quotient << TOTAL_BITS) + rest + start

    def put_blocks(self, blocks: Iterable[Block], /) -> None:
        """Push many intervals, the last first, to be read in this order."""
        import numpy as np

        from kolmo.coding.kernels import push_stack

        for block in reversed(list(blocks)):
            state = np.array([self._head], np.uint64)
            out = np.empty(_EMITTED_BYTES * block.starts.size, np.uint8)
            written = push_stack(*block, state, out)
            if written < 0:
                raise bad_interval(block, -1 - written)
            self._head = int(state[0])
            self._bytes += out[:written].data

    def peek(self, total: int, /) -> int:
        """Return a number below ``total`` that lies in the next interval."""
        return ((self._head & _MASK) * total + total - 1) >> TOTAL_BITS

    def skip(self, interval: Interval, /) -> None:
        """Pop the interval that holds the number of the last `peek`."""
        start, frequency = _scaled(interval)
        self._head = frequency * (self._head >> TOTAL_BITS) + (self._head & _MASK) - start
        self._refill()
        self._check()

    def require_bits(self, count: int, /) -> None:
        """Raise DecodeError if the stack cannot hold so many bits."""
        if count > 8 * (len(self._bytes) + _HEAD_BYTES):
            raise damaged(f"the stack is too short: {count} bits are missing")

    def read(self, loop: Callable[..., int], /, *arguments: Any) -> int:
        """Return what a kernel returns, having popped through this coder's head and bytes."""
        import numpy as np

        head = np.array([1, self._head, 0, 0, len(self._bytes)], np.uint64)
        with memoryview(self._bytes) as view, view.toreadonly() as payload:
            found = loop(head, np.frombuffer(payload, np.uint8), *arguments)
        self._head = int(head[1])
        del self._bytes[int(head[4]) :]
        self._check()
        if found < 0:
            raise damaged("no interval on the stack")
        return found

    def leftover(self) -> bytes:
        """Return the seed; DecodeError unless everything put on top of it has been popped."""
        data, head = bytearray(self._bytes), self._head
        while head >= _SEED << 8:
            data.append(head & 255)
            head >>= 8
        if head != _SEED:
            raise damaged("the stack holds more than its seed")
        return bytes(data)

    def _refill(self) -> None:
        while self._head < _FLOOR and self._bytes:
            self._head = self._head << 8 | self._bytes.pop()

    def _check(self) -> None:
        if self._head < _SEED:
            raise damaged("the stack is empty")


def _scaled(interval: Interval) -> tuple[int, int]:
    """Return start and frequency of a total of 2**32."""
    start, frequency, total = interval
    low = (start << TOTAL_BITS) // total
    return low, ((start + frequency << TOTAL_BITS) // total) - low
