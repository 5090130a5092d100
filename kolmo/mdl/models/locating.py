"""The families with a location and a scale: what they share, and how the best member is found."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code
from kolmo.mdl.family import Family
from kolmo.mdl.models.located import (
    LARGEST_PRECISION,
    Located,
    Maker,
    distribution,
    located_code,
    quantise,
    usual_precision,
)
from kolmo.mdl.models.values import LARGEST_BITS, Values, bounds, column_values, scaled

if TYPE_CHECKING:
    from kolmo.table import Column

Floats = NDArray[np.float64]

ROUNDING_VARIANCE = 1 / 12
_TRIES = 24
_LARGEST_SEARCH = 1 << 16
_EXACT_SCALE = 2 << 6


class Estimate(NamedTuple):
    """A likely member: which shape, where, how wide."""

    shape: int
    location: float
    scale: float


class LocatedFamily(Family[Located]):
    """A family whose members differ in location, scale, and perhaps a few shapes."""

    in_units = ("location", "scale")
    independent = True

    @property
    @abstractmethod
    def shapes(self) -> Sequence[Maker]:
        """What makes the code of one value, for each shape."""

    @abstractmethod
    def estimate(self, numbers: Floats) -> Estimate:
        """Return about the most likely member; need not heed that values are whole."""

    def fits(self, column: Column) -> bool:
        """Return whether the column has different numbers."""
        return column.numbers is not None and is_varied(column_values(column))

    def choose(self, values: Values) -> Located:
        """Return the member with the shortest message near the most likely one."""
        numbers, centre, shift = scaled(values)
        found = self.estimate(numbers)
        location = centre + Fraction(found.location) * (1 << shift)
        scale = Fraction(found.scale) * (1 << shift)
        usual = usual_precision(values.size)
        starts = [
            quantise(location, scale, precision, found.shape)
            for precision in (usual, usual - 1, usual + 1)
            if 0 <= precision <= LARGEST_PRECISION
        ]

        def total_bits(place: Located) -> float:
            parameters = self.parameter_code(values.size).codelength(place)
            return parameters + self.data_code(place, values.size).codelength(values)

        return descend(starts, total_bits, self._tries(values.size))

    def parameter_code(self, rows: int) -> Code[Located]:
        """Return the code of shape, precision, scale and location."""
        return located_code(len(self.shapes), rows)

    def data_code(self, parameters: Located, rows: int) -> Code[Any]:
        """Return the code of independent values."""
        return distribution(self.shapes[parameters.shape], parameters).many(rows)

    def free_parameters(self, parameters: Located) -> int:
        """Return location and scale, and the shape if there are several."""
        return 2 + (len(self.shapes) > 1)

    def describe(self, parameters: Located) -> dict[str, Any]:
        """Return location and scale in units of the values."""
        return parameters.describe()

    def _tries(self, rows: int) -> int:
        return _TRIES if rows <= _LARGEST_SEARCH else 0


def is_within(values: Values) -> bool:
    """Return whether there are values, none with more digits than a family takes."""
    largest = LARGEST_BITS - 64
    return values.size > 0 and all(
        int(end).bit_length() <= largest for end in (values.min(), values.max())
    )


def is_varied(values: Values) -> bool:
    """Return whether there are two different values, none with more digits than a family takes."""
    return is_within(values) and bounds(values)[1] > 1


def descend(
    starts: Sequence[Located], total_bits: Callable[[Located], float], tries: int
) -> Located:
    """Return the best start, improved step by step in location and scale while tries are left."""
    lengths = {start: total_bits(start) for start in starts}
    best = min(lengths, key=lambda place: lengths[place])
    improved = True
    while improved and len(lengths) < len(starts) + tries:
        improved = False
        for place in _neighbours(best):
            if place not in lengths:
                lengths[place] = total_bits(place)
            if lengths[place] < lengths[best]:
                best, improved = place, True
                break
    return best


def _neighbours(place: Located) -> Iterator[Located]:
    """Yield the members one step away; also half as wide and twice as wide if that is narrow."""
    steps = [1, -1]
    if place.digits << place.exponent < _EXACT_SCALE << place.precision:
        steps += [1 << place.precision, -(1 << place.precision)]
    for step in steps:
        if place.scale + step >= 0:
            yield move_scale(place, step)
    yield place._replace(location=place.location + 1)
    yield place._replace(location=place.location - 1)


def move_scale(place: Located, step: int) -> Located:
    """Return the member whose scale is some steps larger, at nearly the same location."""
    moved = place._replace(scale=place.scale + step)
    change = place.exponent - moved.exponent
    location = place.location << change if change > 0 else place.location >> -change
    return moved._replace(location=location)
