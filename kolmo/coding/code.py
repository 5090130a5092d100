"""What a code is, and what it needs of a coder.

A code knows probabilities, a coder knows bytes. Between them stand intervals: a value is a list
of (start, frequency, total), each an integer share of the whole. A code says which; the range
coder (first in, first out) or the stack (last in, first out) stores them. The order of the list
is that of reading; a stack pushes the last first.

The length that a code reports is that of the shares it really uses, not of the formula behind
them: realised bits are at most its ceiling and 16 more, as `kolmo.coding.laws` checks.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from kolmo.errors import DecodeError, ParameterError, shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bounds = Sequence[int] | NDArray[np.int64]

T = TypeVar("T")

BLOCK_VALUES = 1 << 14
"""How many values are coded at once; below 10 ms, so that a signal is soon heard."""

TOTAL_BITS = 32
TOTAL_LIMIT = 1 << TOTAL_BITS
"""Largest total of an interval."""


class Interval(NamedTuple):
    """A share of probability: 0 <= start < start + frequency <= total <= 2**32."""

    start: int
    frequency: int
    total: int


class Block(NamedTuple):
    """Many intervals at once, in three arrays uint64[n]."""

    starts: NDArray[np.uint64]
    frequencies: NDArray[np.uint64]
    totals: NDArray[np.uint64]


class Writer(Protocol):
    """A coder that stores intervals."""

    def put(self, intervals: Sequence[Interval], /) -> None:
        """Store intervals, to be read in this order."""

    def put_blocks(self, blocks: Iterable[Block], /) -> None:
        """Store many intervals, to be read in this order."""


class Reader(Protocol):
    """A coder that gives intervals back."""

    def peek(self, total: int, /) -> int:
        """Return a number below ``total`` that lies in the next interval."""

    def skip(self, interval: Interval, /) -> None:
        """Step over the interval that holds the number of the last `peek`."""

    def require_bits(self, count: int, /) -> None:
        """Raise DecodeError if what is left of the payload cannot hold so many bits."""

    def read(self, loop: Callable[..., int], /, *arguments: Any) -> int:
        """Return what a kernel returns, having read through this coder's head and payload.

        The kernel gets (head, payload, *arguments), and returns a negative number on damage.
        """


class Code(ABC, Generic[T]):
    """A reversible code of values of one type; see `kolmo.coding.laws` for its laws."""

    @abstractmethod
    def codelength(self, value: T, /) -> float:
        """Return the length of ``value`` in ideal bits, under the integer shares really used."""

    @abstractmethod
    def encode(self, value: T, coder: Writer, /) -> None:
        """Store ``value``; ParameterError if this code has no word for it."""

    @abstractmethod
    def decode(self, coder: Reader, /) -> T:
        """Return the value stored next; DecodeError if there is none."""


class IntervalCode(Code[T]):
    """A code of single values, each a short list of intervals."""

    @abstractmethod
    def intervals(self, value: T, /) -> list[Interval]:
        """Return the intervals of ``value`` in the order of reading."""

    def codelength(self, value: T, /) -> float:
        """Return the length of ``value`` in ideal bits, under the integer shares really used."""
        return intervals_bits(self.intervals(value))

    def encode(self, value: T, coder: Writer, /) -> None:
        """Store ``value``; ParameterError if this code has no word for it."""
        coder.put(self.intervals(value))

    def many(self, length: int) -> Code[Any]:
        """Return the code of ``length`` independent values, in bulk where that is quicker."""
        return Repeated(self, length)


class Repeated(IntervalCode[list[T]]):
    """The code of a list of known length, each value coded alike.

    Parameters
    ----------
    code : IntervalCode
        The code of one value.
    length : int
        How many; the decoder knows it.
    """

    def __init__(self, code: IntervalCode[T], length: int) -> None:
        self.code, self.length = code, length

    def intervals(self, value: list[T], /) -> list[Interval]:
        """Return the intervals of all values."""
        check_length(len(value), self.length)
        return list(chain.from_iterable(map(self.code.intervals, value)))

    def decode(self, coder: Reader, /) -> list[T]:
        """Return the list stored next."""
        return [self.code.decode(coder) for _ in range(self.length)]


def check_length(found: int, wanted: int) -> None:
    """Raise ParameterError unless a sequence has the length its code was made for."""
    if found != wanted:
        raise ParameterError(f"wrong length: got {found} values; need {wanted}.")


def intervals_bits(intervals: Iterable[Interval]) -> float:
    """Return the ideal length in bits of some intervals.

    Examples
    --------
    >>> intervals_bits([Interval(0, 1, 8), Interval(3, 5, 10)])
    4.0
    """
    return math.fsum(math.log2(total / frequency) for _, frequency, total in intervals)


def check_interval(interval: Interval) -> Interval:
    """Return an interval that a coder can store; ParameterError for any other."""
    start, frequency, total = interval
    if min(start, frequency - 1) < 0 or not start + frequency <= total <= TOTAL_LIMIT:
        raise ParameterError(
            f"no interval: got {', '.join(map(describe, interval))}; need 0 <= start, "
            f"1 <= frequency and start + frequency <= total <= 2**{TOTAL_BITS}."
        )
    return interval


def raw_intervals(number: int, count: int) -> list[Interval]:
    """Return the intervals of ``count`` plain bits, the high ones first, 0 <= number < 2**count."""
    first = count % TOTAL_BITS
    words = number.to_bytes(4 * ((count + TOTAL_BITS - 1) // TOTAL_BITS), "big")
    pieces = [int.from_bytes(words[i : i + 4], "big") for i in range(0, len(words), 4)]
    widths = [first] * (first > 0) + [TOTAL_BITS] * (count // TOTAL_BITS)
    return [Interval(x, 1, 1 << width) for x, width in zip(pieces, widths, strict=True)]


def read_raw(coder: Reader, count: int) -> int:
    """Return the number in the next ``count`` plain bits."""
    coder.require_bits(count)
    first = count % TOTAL_BITS
    widths = [first] * (first > 0) + [TOTAL_BITS] * (count // TOTAL_BITS)
    return int.from_bytes(b"".join(_read_piece(coder, width) for width in widths), "big")


def _read_piece(coder: Reader, width: int) -> bytes:
    piece = coder.peek(1 << width)
    coder.skip(Interval(piece, 1, 1 << width))
    return piece.to_bytes(4, "big")


def read_symbol(coder: Reader, bounds: Bounds) -> int:
    """Return the symbol stored next, whose interval is bounds[symbol] to bounds[symbol + 1]."""
    symbol = bisect_right(bounds, coder.peek(int(bounds[-1]))) - 1
    coder.skip(symbol_interval(bounds, symbol))
    return symbol


def symbol_interval(bounds: Bounds, symbol: int) -> Interval:
    """Return the interval from bounds[symbol] to bounds[symbol + 1] of bounds[-1]."""
    start, stop = int(bounds[symbol]), int(bounds[symbol + 1])
    return Interval(start, stop - start, int(bounds[-1]))


def to_block(intervals: Sequence[Interval]) -> Block:
    """Return intervals as arrays."""
    import numpy as np

    columns = np.array(intervals, np.uint64).reshape(-1, 3).T
    return Block(*(np.ascontiguousarray(column) for column in columns))


def empty_block(size: int) -> Block:
    """Return a block for a kernel to fill."""
    import numpy as np

    return Block(np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.uint64))


def block_bits(block: Block) -> float:
    """Return the ideal length in bits of a block."""
    import numpy as np

    return float(np.log2(block.totals).sum() - np.log2(block.frequencies).sum())


def describe(number: int) -> str:
    """Return a number for a message; Python refuses to print one of thousands of digits."""
    bits = number.bit_length()
    return shorten(number) if bits < 1 << 13 else f"a number of {bits} binary digits"


def damaged(reason: str) -> DecodeError:
    """Return the error of a payload that this decoder refuses."""
    return DecodeError(f"payload refused: {reason}")
