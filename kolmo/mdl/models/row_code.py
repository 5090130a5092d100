"""The code of one integer, without a table: for distributions that are used once.

The bounds of classes are worked out one at a time, by integers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import overload

from kolmo.coding import cells
from kolmo.coding.code import (
    TOTAL_BITS,
    TOTAL_LIMIT,
    Interval,
    IntervalCode,
    Reader,
    raw_intervals,
    read_symbol,
    symbol_interval,
)
from kolmo.coding.continuous import Quantised
from kolmo.coding.integers import EliasDelta
from kolmo.coding.tails import TAIL_BITS, knots

_PART_BITS = 16


class RowCode(IntervalCode[int]):
    """The code of one integer under a distribution, with the shares of `Quantised`.

    Its bounds are worked out when they are asked for, which is quicker than a table if they are
    asked for once.

    Examples
    --------
    >>> from kolmo.coding.continuous import Normal
    >>> RowCode(Normal(0, 1000)).intervals(5) == Normal(0, 1000).intervals(5)
    True
    """

    def __init__(self, code: Quantised) -> None:
        self._code, self._bounds = code, _Bounds(code)

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the interval of the class of an integer, and its place in the class."""
        code = self._code
        distance = value - code.anchor
        outwards = distance if distance >= 0 else ~distance
        cell = outwards >> code.shift
        index, inner = cells.classify(cell)
        place = cells.SIDE + 1 + index if distance >= 0 else cells.SIDE - index
        found = [symbol_interval(self._bounds, place)]
        if index == cells.SIDE:
            found += EliasDelta().intervals(cell - cells.LIMIT + 1)
        plain = inner + code.shift
        return found + raw_intervals(outwards & (1 << plain) - 1, plain)

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        place = read_symbol(coder, self._bounds)
        return self._code.anchor + self._code.finish(coder, place)


class _Bounds(Sequence[int]):
    """The bounds of the shares of all places, as `cells.place_bounds` has them, on demand."""

    def __init__(self, code: Quantised) -> None:
        grid = cells.Grid(code.location, code.scale, code.fraction_bits, code.anchor, code.shift)
        self._line, self._tail = cells.line(grid), code.tail()

    def __len__(self) -> int:
        return cells.PLACES + 1

    @overload
    def __getitem__(self, index: int, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[int]: ...
    def __getitem__(self, index: int | slice, /) -> int | Sequence[int]:
        """Return one bound."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = index if index >= 0 else index + len(self)
        if place == 0:
            return 0
        if place == cells.PLACES:
            return TOTAL_LIMIT
        share = self._below(_edge(place)) >> TAIL_BITS - TOTAL_BITS
        return (share * (TOTAL_LIMIT - cells.PLACES) >> TOTAL_BITS) + place

    def _below(self, edge: int) -> int:
        """Return the share of 2**TAIL_BITS below the lower edge of a cell."""
        origin, step, whole = self._line
        marks, limit = knots(), knots()[-1] - 1
        coordinate = max(-limit, min(limit, (origin + edge * step) // whole))
        distance = abs(coordinate)
        index = bisect_right(marks, distance) - 1
        drop, width = _gaps()[index]
        part = (distance - marks[index] >> drop) * (self._tail[index] - self._tail[index + 1])
        above = self._tail[index] - part // width
        return above if coordinate < 0 else (1 << TAIL_BITS) - above


@cache
def _gaps() -> list[tuple[int, int]]:
    """Return how many digits of a place between two knots are dropped, and what their gap is."""
    marks = knots()
    widths = [b - a for a, b in pairwise(marks)]
    drops = [max(0, width.bit_length() - 1 - _PART_BITS) for width in widths]
    return [(drop, width >> drop) for drop, width in zip(drops, widths, strict=True)]


def _edge(place: int) -> int:
    """Return the cell whose lower edge is the lower bound of a place, 0 < place < PLACES."""
    outwards = abs(place - cells.SIDE - 1)
    start, inner = cells.first_cell(outwards)
    cell = cells.LIMIT if outwards == cells.SIDE else start << inner
    return cell if place > cells.SIDE else -cell
