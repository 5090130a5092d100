"""The families of numbers from an origin upwards: what they share, and how a member is found.

A member is an origin and one or two numbers in the manner of `kolmo.mdl.models.located`; what is
coded are the distances from the origin. Under a density a distance of 0 stands for 0 to 1/2, the
others for half a unit on both sides. The search starts from an estimate and goes to neighbours
while the message becomes shorter. All lengths come from the distinct values and how often each
occurs.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from kolmo.coding.classes import LARGEST_DISTANCE_BITS, Classes, Floats, Shape
from kolmo.coding.code import Code, IntervalCode
from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import EliasGamma, Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError, shorten
from kolmo.mdl.family import Family
from kolmo.mdl.models.alphabet import Shifted
from kolmo.mdl.models.located import (
    FRACTION_BITS,
    LARGEST_PRECISION,
    Located,
    ScaleCode,
    quantise,
    usual_precision,
)
from kolmo.mdl.models.locating import is_within, move_scale
from kolmo.mdl.models.parts import Bounded, Chain, Moved
from kolmo.mdl.models.values import Integers, Values, bounds, column_values, offsets

if TYPE_CHECKING:
    from kolmo.table import Column

LARGEST_SPAN = 1 << 59
LARGEST_COUNT = 1 << 31

LARGEST_STEPS = 1 << 120
_LARGEST_EXPONENT = 1 << 7
_TRIES = 24
_LARGEST_SEARCH = 1 << 16
_COARSE_STEPS = 2 << FRACTION_BITS


class Member(NamedTuple):
    """A distribution of the distances from an origin."""

    origin: int
    place: Located


class Estimate(NamedTuple):
    """A likely member, in units of the values."""

    location: float
    scale: float


class Sample(NamedTuple):
    """The distinct distances from an origin, in ascending order, and the share of each."""

    numbers: Floats
    shares: Floats

    def mean(self, of: Floats | None = None) -> float:
        """Return the mean distance, or that of ``of``."""
        return float(np.dot(self.numbers if of is None else of, self.shares))

    def deviation(self, of: Floats | None = None) -> float:
        """Return the standard deviation of the distances, or that of ``of``."""
        found = self.numbers if of is None else of
        return math.sqrt(self.mean((found - self.mean(found)) ** 2))


class _Counted(NamedTuple):
    """A column as its lowest value, the distinct distances from it, and their counts."""

    lowest: int
    distances: Integers
    counts: Integers

    def above(self, origin: int) -> Integers:
        return self.distances + (self.lowest - origin)

    def sample(self, origin: int) -> Sample:
        return Sample(self.above(origin).astype(np.float64), self.counts / self.counts.sum())


class ShapedFamily(Family[Member]):
    """A family whose members are distributions of the distances from an origin, 0 or more.

    Attributes
    ----------
    sends_location, sends_scale : bool
        Which of the two numbers of a member are sent; the other is 0.
    location_code : IntervalCode
        Of the location in steps.
    unit_bits : int
        Location and scale are in units of 2**-unit_bits.
    """

    independent = True
    sends_location: ClassVar[bool] = True
    sends_scale: ClassVar[bool] = True
    location_code: ClassVar[IntervalCode[int]] = Bounded(LogStar(), 1, LARGEST_STEPS)
    unit_bits: ClassVar[int] = 0

    @abstractmethod
    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return one or a few likely members; none if the family does not fit."""

    @abstractmethod
    def shape(self, place: Located) -> Shape:
        """Return the distribution of the distances."""

    def is_valid(self, place: Located) -> bool:
        """Return whether there is a distribution with these numbers."""
        return place.location > 0 or not self.sends_location

    def fits(self, column: Column) -> bool:
        """Return whether the column has different numbers, the largest less than 2**59 above."""
        if column.numbers is None:
            return False
        values = column_values(column)
        return is_within(values) and 1 < bounds(values)[1] <= LARGEST_SPAN

    def choose(self, values: Values) -> Member:
        """Return the member with the shortest message near the estimates.

        Raises
        ------
        ParameterError
            If all values are equal, or too far apart, or the family does not suit them.
        """
        counted = self._count(values)
        usual = usual_precision(values.size)
        lengths = _Lengths(lambda member: self._total_bits(member, counted))
        found = [
            (origin, estimate)
            for origin in self.origins(counted.lowest, int(counted.distances[-1]))
            for estimate in self.estimates(counted.sample(origin))
        ]
        starts = [
            member
            for origin, estimate in found
            for member in self._quantised(origin, estimate, (usual, usual - 1, usual + 1))
        ]
        if not starts:
            raise ParameterError(self._complaint(values))
        searched = counted.distances.size <= _LARGEST_SEARCH
        return lengths.descend(starts, self._neighbours, _TRIES if searched else 0)

    def origins(self, lowest: int, span: int) -> list[int]:
        """Return the origins to try: 0 if no value is negative or huge, and the lowest value."""
        near = 0 < lowest < 1 << LARGEST_DISTANCE_BITS - 1
        return [lowest, 0] if near else [lowest]

    def free_parameters(self, parameters: Member) -> int:
        """Return how many numbers are fitted; an origin of 0 is none."""
        return self.sends_location + self.sends_scale + (parameters.origin != 0)

    def parameter_code(self, rows: int) -> Code[Member]:
        """Return the code of the origin, of a precision, and of scale and location."""
        return Chain(Member, lambda: Signed(LogStar()), lambda _: self._place_code(rows))

    def data_code(self, parameters: Member, rows: int) -> Code[Any]:
        """Return the code of independent values."""
        return Shifted(Classes(self._shape(parameters.place), rows), parameters.origin)

    def place(self, estimate: Estimate, precision: int) -> Located:
        """Return the numbers nearest to an estimate, at a precision."""
        location, scale = Fraction(estimate.location), Fraction(estimate.scale)
        units = 1 << self.unit_bits
        return quantise(location * units, scale * units, precision)

    def scale_of(self, place: Located) -> float:
        """Return the scale in units of the values."""
        return math.ldexp(place.digits, self._shift(place))

    def location_of(self, place: Located) -> float:
        """Return the location in units of the values."""
        return math.ldexp(place.location, self._shift(place))

    def _shift(self, place: Located) -> int:
        return place.exponent - place.fraction_bits - self.unit_bits

    def _place_code(self, rows: int) -> Code[Located]:
        usual = usual_precision(rows)
        shifts = Bounded(Signed(EliasGamma()), -usual, LARGEST_PRECISION - usual)
        exponent = Bounded(LogStar(), 1, _LARGEST_EXPONENT)
        return Chain(
            Located,
            lambda: Uniform(1),
            lambda _: Moved(shifts, usual),
            lambda _, precision: (
                ScaleCode(exponent, precision, -1) if self.sends_scale else Uniform(1)
            ),
            lambda *_: self.location_code if self.sends_location else Uniform(1),
        )

    def _shape(self, place: Located) -> Shape:
        return self.shape(place) if self.is_valid(place) else Shape(_nowhere, [])

    def _count(self, values: Values) -> _Counted:
        lowest, size = bounds(values)
        if not 1 < size <= LARGEST_SPAN:
            raise ParameterError(self._complaint(values))
        return _Counted(lowest, *np.unique(offsets(values, lowest), return_counts=True))

    def _complaint(self, values: Values) -> str:
        """Return why there is no model of such values."""
        return (
            f"no {self.name} model: got values from {shorten(values.min())} to "
            f"{shorten(values.max())}; need different ones, less than 2**59 apart. Try a histogram."
        )

    def _total_bits(self, member: Member, counted: _Counted) -> float:
        rows = int(counted.counts.sum())
        code = Classes(self._shape(member.place), rows)
        data_bits = code.counts_bits(counted.above(member.origin), counted.counts)
        return self.parameter_code(rows).codelength(member) + data_bits

    def _quantised(
        self, origin: int, estimate: Estimate, precisions: Iterable[int]
    ) -> Iterator[Member]:
        """Yield an estimate at some precisions, made valid where possible."""
        for precision in precisions:
            if 0 <= precision <= LARGEST_PRECISION:
                place = self._nearest(self.place(estimate, precision))
                if self.is_valid(place):
                    yield Member(origin, place)

    def _nearest(self, place: Located) -> Located:
        """Return a valid place beside one that is not, if there is."""
        if not self.is_valid(place):
            place = place._replace(location=max(1, place.location))
        return place if self.is_valid(place) or not self.sends_scale else move_scale(place, 1)

    def _neighbours(self, member: Member) -> Iterator[Member]:
        """Yield the valid members one step away, and half and twice as wide if that is narrow."""
        for place in self._places_beside(member.place):
            if self.is_valid(place):
                yield member._replace(place=place)

    def _places_beside(self, place: Located) -> Iterator[Located]:
        steps = [1, -1]
        if place.digits << place.exponent < _COARSE_STEPS << place.precision + self.unit_bits:
            steps += [1 << place.precision, -(1 << place.precision)]
        for step in steps if self.sends_scale else []:
            if place.scale + step >= 0:
                yield move_scale(place, step)
        for step in (1, -1) if self.sends_location else ():
            yield place._replace(location=place.location + step)


class CountFamily(ShapedFamily):
    """A family of counts: integers from an origin upwards, less than 2**31 apart."""

    def fits(self, column: Column) -> bool:
        """Return whether the column has different integers, none negative or above 2**31."""
        if column.type != "integer" or not super().fits(column):
            return False
        lowest, size = bounds(column_values(column))
        return lowest >= 0 and lowest + size - 1 <= LARGEST_COUNT

    def origins(self, lowest: int, span: int) -> list[int]:
        """Return the origins to try: 0 if all are counts, and the lowest value."""
        return super().origins(lowest, span) if lowest + span <= LARGEST_COUNT else [lowest]

    def choose(self, values: Values) -> Member:
        """Return the member with the shortest message near the estimates."""
        if bounds(values)[1] > LARGEST_COUNT:
            raise ParameterError(
                f"no {self.name} model: got values from {shorten(values.min())} to "
                f"{shorten(values.max())}; need counts less than 2**31 apart. Try a histogram."
            )
        return super().choose(values)


class _Lengths:
    """The lengths of members, each measured once."""

    def __init__(self, measure: Callable[[Member], float]) -> None:
        self._measure = measure
        self._known: dict[Member, float] = {}

    def __call__(self, member: Member) -> float:
        if member not in self._known:
            self._known[member] = self._measure(member)
        return self._known[member]

    def descend(
        self,
        starts: Iterable[Member],
        neighbours: Callable[[Member], Iterator[Member]],
        tries: int,
    ) -> Member:
        """Return the best start, improved step by step while tries are left."""
        best = min(starts, key=self)
        limit = len(self._known) + tries
        improved = True
        while improved and len(self._known) < limit:
            nearer = (member for member in neighbours(best) if self(member) < self(best))
            found = next(nearer, best)
            best, improved = found, found != best
        return best


def _nowhere(points: Floats) -> Floats:
    return np.full_like(points, -np.inf)
