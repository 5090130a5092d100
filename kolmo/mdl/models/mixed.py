"""The codes of a mixture of normal distributions, and of a column under it.

The weights are parts of a power of two, in descending order: with their distributions they are a
set, and no order of it is told. The rows are coded under the mixture itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.classes import Classes, Shape
from kolmo.coding.code import Interval, IntervalCode, Reader, damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import EliasGamma
from kolmo.coding.portable import exp2, log2
from kolmo.mdl.models.located import FRACTION_BITS, Located, usual_precision
from kolmo.mdl.models.parts import Bounded, Moved

Floats = NDArray[np.float64]

LARGEST_FINENESS = 8

SMALLEST_EXPONENT = FRACTION_BITS - 4
"""That of a scale of 1/16; a class of one integer is integrated by 32 points."""

_LARGEST_EXPONENT = FRACTION_BITS + 60
_LARGEST_DISTANCE_BITS = 60
_HALF_LOG2_E = 0.7213475204444817


class Mixed(NamedTuple):
    """A mixture of normal distributions.

    Attributes
    ----------
    whole : Located
        About the normal distribution of the whole column.
    components : int
        How many.
    fineness : int
        How many binary digits more than usual the weights have.
    shares : tuple of int
        Weight of each, in parts of their sum, in descending order.
    parts : tuple of Located
        Distribution of each.
    """

    whole: Located
    components: int
    fineness: int
    shares: tuple[int, ...]
    parts: tuple[Located, ...]

    @property
    def origin(self) -> int:
        """About the middle of the column, from which the values are counted."""
        return self.whole.location << self.whole.exponent >> self.whole.fraction_bits


class Shares(IntervalCode[tuple[int, ...]]):
    """Positive integers of a given sum, in descending order; each uniform where it can be.

    Parameters
    ----------
    count, units : int
        How many, and their sum, at least as large.

    Examples
    --------
    The larger of two that have the sum 8 is 4, 5, 6 or 7:

    >>> Shares(2, 8).codelength((5, 3))
    2.0
    """

    def __init__(self, count: int, units: int) -> None:
        self.count, self.units = count, units

    def intervals(self, value: tuple[int, ...], /) -> list[Interval]:
        """Return the intervals of all but the last."""
        found: list[Interval] = []
        for k in range(self.count - 1):
            low, high = self._range(value[:k])
            found += Uniform(high - low + 1).intervals(value[k] - low)
        return found

    def decode(self, coder: Reader, /) -> tuple[int, ...]:
        """Return the integers stored next."""
        found: tuple[int, ...] = ()
        for _ in range(self.count - 1):
            low, high = self._range(found)
            found = (*found, low + Uniform(high - low + 1).decode(coder))
        return (*found, self.units - sum(found))

    def _range(self, before: Sequence[int]) -> tuple[int, int]:
        """Return the least and the largest that the next may be."""
        left, units = self.count - len(before), self.units - sum(before)
        return -(-units // left), min([*before[-1:], units - left + 1])


def fineness_code() -> IntervalCode[int]:
    """Return the code of how many binary digits more than usual the weights have."""
    return Moved(Bounded(EliasGamma(), 1, LARGEST_FINENESS + 1), -1)


def share_units(components: int, rows: int, fineness: int = 0) -> int:
    """Return in how many parts the weights are divided; usually about sqrt(rows * components / 6).

    Examples
    --------
    >>> [share_units(2, rows) for rows in (1, 100, 10**6)]
    [2, 4, 512]
    """
    return 1 << usual_precision(rows) + (components - 1).bit_length() + fineness


def share_rows(shares: Sequence[int], rows: int) -> tuple[int, ...]:
    """Return about how many rows come from each component, at least 1."""
    units = sum(shares)
    return tuple(max(1, rows * share // units) for share in shares)


def mixed_classes(mixed: Mixed, rows: int) -> Classes:
    """Return the code of the distances from the origin; DecodeError if no encoder sends these."""
    places = [place_numbers(part, mixed.origin) for part in mixed.parts]
    ratios = [share / scale for share, (_, scale) in zip(mixed.shares, places, strict=True)]
    heights = log2(np.array(ratios)).tolist()

    def log2_density(u: Floats) -> Floats:
        logs = []
        for height, (centre, scale) in zip(heights, places, strict=True):
            z = (u - centre) / scale
            logs.append(height - _HALF_LOG2_E * z * z)
        return log2_sum(logs)

    return Classes(Shape(log2_density, places), rows)


def place_numbers(part: Located, origin: int) -> tuple[float, float]:
    """Return location less origin, and scale; DecodeError if no encoder sends these."""
    if not SMALLEST_EXPONENT <= part.exponent <= _LARGEST_EXPONENT:
        raise damaged("a component is too narrow or too wide")
    distance = (part.location << part.exponent) - (origin << part.fraction_bits)
    if abs(distance) >> _LARGEST_DISTANCE_BITS + part.fraction_bits:
        raise damaged("a component is too far from the others")
    unit = 1 << part.fraction_bits
    return distance / unit, (part.digits << part.exponent) / unit


def log2_sum(logs: Sequence[Floats]) -> Floats:
    """Return log2 of the sum of numbers given by their logarithms, by portable arithmetic.

    Examples
    --------
    >>> log2_sum([np.array([-2000.0]), np.array([-2000.0])]).tolist()
    [-1999.0]
    """
    highest = logs[0]
    for log in logs[1:]:
        highest = np.maximum(highest, log)
    total = exp2(logs[0] - highest)
    for log in logs[1:]:
        total = total + exp2(log - highest)
    return highest + log2(total)
