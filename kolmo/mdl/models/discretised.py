"""A feature of numbers cut into intervals: where it may be cut, and what is sent of it.

The decoder knows the feature, hence its different values; cuts are some of the places between
them. Rows are then sorted by the feature, those with the same value in the order of the file.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, IntervalCode, Reader, Writer
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.features import Features
from kolmo.mdl.models.alphabet import Shifted, lowest_code, size_code, to_symbols
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.parts import Bounded, Chain, Subset
from kolmo.mdl.models.pieces import part_code, pieces_bits
from kolmo.mdl.models.tables import LARGEST_SIZE, Lengths, Table, count_table, has_classes, one_of
from kolmo.mdl.models.values import Integers, Values, offsets
from kolmo.mdl.predictor import Predictor

if TYPE_CHECKING:
    from kolmo.table import Column

Floats = NDArray[np.float64]

ENUMERATIVE = 1
LARGEST_NUMBER = 1 << 7
"""Most intervals that are looked for."""

_FIRST_NUMBER = 1 << 4
_BEYOND = 3
_SPARSER = 4
_SMALL_PIECE = 1 << 10


class Scale:
    """The rows in the order of a feature.

    Parameters
    ----------
    numbers : float64[n]
        The feature.

    Attributes
    ----------
    order : int64[n]
        The rows, sorted by the feature; stable.
    distinct : float64[d]
        The different values, ascending.
    starts : int64[d + 1]
        Where the rows of each value start in the order; and n.
    """

    def __init__(self, numbers: Floats) -> None:
        self.order = np.argsort(numbers, kind="stable").astype(np.int64)
        inside = numbers[self.order]
        firsts = np.flatnonzero(np.concatenate([[True], inside[1:] != inside[:-1]]))
        self.distinct = inside[firsts]
        self.starts = np.append(firsts, numbers.size).astype(np.int64)

    @property
    def places(self) -> int:
        """Number of places to cut at; the c-th, from 1, is before distinct[c]."""
        return self.distinct.size - 1

    def lengths(self, cuts: Sequence[int]) -> tuple[int, ...]:
        """Return how many rows each interval has."""
        edges = self.starts[[0, *cuts, self.places + 1]]
        return tuple(np.diff(edges).tolist())

    def intervals(self, cuts: Sequence[int]) -> Integers:
        """Return in which interval each row is, in the order of the file."""
        found = np.empty(self.order.size, np.int64)
        found[self.order] = np.repeat(np.arange(len(cuts) + 1), self.lengths(cuts))
        return found

    def midpoints(self, cuts: Sequence[int]) -> list[float]:
        """Return the cuts in units of the feature, halfway between two of its values."""
        return [_between(*self.distinct[place - 1 : place + 1].tolist()) for place in cuts]


@lru_cache(maxsize=4)
def scale_of(features: Features, place: int) -> Scale:
    """Return the rows in the order of a feature; the last few are kept."""
    numbers = features.numbers(place)
    assert numbers is not None
    return Scale(numbers)


class Cuts(Code[tuple[int, ...]]):
    """One or more cuts among ``places``, as numbers from 1, in ascending order.

    The fewer the shorter; all sets of equally many cuts have the same length.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._number: IntervalCode[int] = Bounded(LogStar(), 1, places)

    def codelength(self, value: tuple[int, ...], /) -> float:
        """Return the length of how many, and which."""
        subset = Subset(self.places, len(value))
        return self._number.codelength(len(value)) + subset.codelength(value)

    def encode(self, value: tuple[int, ...], coder: Writer, /) -> None:
        """Store some cuts."""
        self._number.encode(len(value), coder)
        Subset(self.places, len(value)).encode(value, coder)

    def decode(self, coder: Reader, /) -> tuple[int, ...]:
        """Return the cuts stored next."""
        return Subset(self.places, self._number.decode(coder)).decode(coder)


class Divided(NamedTuple):
    """Which classes there are, which feature of numbers parts them, and where it is cut.

    Attributes
    ----------
    lowest, size : int
        The classes are the integers from ``lowest`` on.
    feature : int
        Among those of numbers, from 0.
    cuts : tuple of int
        Before which of its different values an interval begins.
    """

    lowest: int
    size: int
    feature: int
    cuts: tuple[int, ...]


class Discretiser(Predictor[Divided]):
    """A class by the interval that a feature of numbers lies in; children differ in the search.

    Sent are which classes there are, which feature, how many cuts, which of the places between its
    different values they are, and each class by the enumerative code among those in the same
    interval.
    """

    complexity_name = "intervals"
    in_units = ("lowest",)

    @abstractmethod
    def divisions(self, symbols: Integers, size: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield features with cuts that may be the best; at least one cut each."""

    def fits(self, column: Column) -> bool:
        """Return whether the column has classes, and a feature different numbers."""
        return has_classes(column) and len(self.features.numeric()) > 0

    def choose(self, values: Values) -> Divided:
        """Return the feature and the cuts with the shortest message among those looked for."""
        found = self._weighed(values)
        if not found:
            raise ParameterError("no cut: no feature of numbers is worth one.")
        return min(found.values(), key=lambda member: member[0])[1]

    def members(self, values: Values) -> Iterator[Divided]:
        """Yield the best feature and cuts for each number of intervals, from 2."""
        for _, (_, member) in sorted(self._weighed(values).items()):
            yield member

    def parameter_code(self, rows: int) -> Code[Divided]:
        """Return the code of the classes, the feature and the cuts."""
        return Chain(
            Divided,
            lowest_code,
            lambda _: size_code(LARGEST_SIZE),
            lambda *_: one_of(len(self.features.numeric())),
            lambda *fields: Cuts(self.scale(fields[-1]).places),
        )

    def data_code(self, parameters: Divided, rows: int) -> Code[Any]:
        """Return the code by intervals."""
        return Shifted(self._table(parameters), parameters.lowest)

    def complexity(self, parameters: Divided) -> int:
        """Return the number of intervals."""
        return len(parameters.cuts) + 1

    def free_parameters(self, parameters: Divided) -> int:
        """Return all shares but one in each interval, and the cuts."""
        return parameters.size * (len(parameters.cuts) + 1) - 1

    def likelihood_bits(self, parameters: Divided, values: Values) -> float:
        """Return the length by the frequencies in each interval of the target itself."""
        return self._table(parameters).likelihood_bits(offsets(values, parameters.lowest))

    def describe(self, parameters: Divided) -> dict[str, Any]:
        """Return the feature's name and the cuts in its units."""
        place = self.features.numeric()[parameters.feature]
        return {
            "feature": self.features.names[place],
            "cuts": self.scale(parameters.feature).midpoints(parameters.cuts),
            "lowest": parameters.lowest,
            "size": parameters.size,
        }

    def scale(self, feature: int) -> Scale:
        """Return the rows in the order of a feature, counted among those of numbers."""
        return scale_of(self.features, self.features.numeric()[feature])

    def _table(self, parameters: Divided) -> Table:
        intervals = self.scale(parameters.feature).intervals(parameters.cuts)
        return Table(intervals, len(parameters.cuts) + 1, parameters.size, ENUMERATIVE)

    def _weighed(self, values: Values) -> dict[int, tuple[float, Divided]]:
        """Return the best member of each number of intervals, and its bits, but the classes'."""
        lowest, size, symbols = to_symbols(values, LARGEST_SIZE)
        lengths = Lengths(size, symbols.size, ENUMERATIVE)
        found: dict[int, tuple[float, Divided]] = {}
        for feature, cuts in self.divisions(symbols, size):
            scale, number = self.scale(feature), len(cuts) + 1
            counts = count_table(scale.intervals(cuts), number, symbols, size)
            bits = Cuts(scale.places).codelength(cuts) + float(lengths.bits(counts).sum())
            if number not in found or bits < found[number][0]:
                found[number] = bits, Divided(lowest, size, feature, cuts)
        return found


class Weighed(NamedTuple):
    """A distribution for each piece of a column, and the bits of all, with those of the rows."""

    parts: tuple[Located, ...]
    bits: float


def weigh(whole: Located, pieces: Sequence[Values]) -> Weighed:
    """Return a normal distribution for each piece, sent beside that of the whole.

    Each piece of up to 1024 rows is the shorter of two: with its own standard deviation, or with
    the one that all have in common, which suits pieces of a few rows better.
    """
    from kolmo.mdl.families.changepoint import estimate

    parts = [estimate(piece) for piece in pieces]
    bits = _part_bits(whole, parts, pieces)
    common = _common_scale(parts, pieces)
    small = [i for i, piece in enumerate(pieces) if piece.size <= _SMALL_PIECE]
    shared = [_with_scale(parts[i], common) for i in small]
    trials = _part_bits(whole, shared, [pieces[i] for i in small])
    for i, part, trial in zip(small, shared, trials, strict=True):
        if trial < bits[i]:
            parts[i], bits[i] = part, trial
    return Weighed(tuple(parts), math.fsum(bits))


def best_divisions(
    costs: Floats, places: int, starts: Sequence[int]
) -> Iterator[tuple[float, tuple[int, ...]]]:
    """Yield the bits and the cuts of the best divisions into 2, 3 ... intervals.

    Up to three more than the best has, at most `LARGEST_NUMBER`; beyond 16 only those near the
    best, and of the others about every fourth part more.

    Parameters
    ----------
    costs : float64[bins, bins]
        Bits of an interval from bin i to bin j, as costs[j, i].
    places : int
        How many cuts there might be; which they are counts too.
    starts : sequence of int
        The place before each bin.
    """
    from kolmo.mdl.kernels import best_parts

    bins, most = costs.shape[0], _FIRST_NUMBER
    while True:
        most = min(most, bins, LARGEST_NUMBER)
        least = np.full((most + 1, bins + 1), np.inf)
        befores = np.zeros((most + 1, bins + 1), np.int64)
        best_parts(costs, least, befores)
        bits = least[2:, bins] + [_subset_bits(places, number) for number in range(1, most)]
        best = int(np.argmin(bits)) if bits.size else 0
        if best + _BEYOND < bits.size or most == min(bins, LARGEST_NUMBER):
            break
        most *= 2
    for number in _shown(2 + best, most):
        edges = _trace(befores, number)
        yield float(bits[number - 2]), tuple(int(starts[edge]) for edge in edges)


def _shown(best: int, most: int) -> Iterator[int]:
    """Yield the numbers of intervals that are worth a look."""
    number = 2
    while number <= min(best + _BEYOND, most):
        yield number
        far = number > _FIRST_NUMBER and number < best - _BEYOND
        number = min(number + number // _SPARSER, best - _BEYOND) if far else number + 1


def _between(low: float, high: float) -> float:
    """Return the middle of two numbers as they are written, with no digits of rounding."""
    return float((Decimal(repr(low)) + Decimal(repr(high))) / 2)


def _trace(befores: Integers, number: int) -> list[int]:
    """Return the bins at which the last of so many parts, the one before ... begin, ascending."""
    place, edges = befores.shape[1] - 1, []
    for k in range(number, 1, -1):
        place = int(befores[k, place])
        edges.append(place)
    return edges[::-1]


def _subset_bits(size: int, count: int) -> float:
    """Return log2 of how many subsets there are, for comparison."""
    ways = math.lgamma(size + 1) - math.lgamma(count + 1) - math.lgamma(size - count + 1)
    return ways / math.log(2)


def _common_scale(parts: Sequence[Located], pieces: Sequence[Values]) -> Fraction:
    """Return the root of the mean square of the standard deviations, weighted by rows."""
    steps = [Fraction(part.digits << part.exponent, 1 << part.fraction_bits) for part in parts]
    rows = sum(piece.size for piece in pieces)
    square = sum(step * step * piece.size for step, piece in zip(steps, pieces, strict=True)) / rows
    return Fraction(math.isqrt(math.floor(square * (1 << 40))), 1 << 20)


def _with_scale(part: Located, scale: Fraction) -> Located:
    from kolmo.mdl.models.located import quantise

    step = Fraction(1 << part.exponent, 1 << part.fraction_bits)
    return quantise(part.location * step, scale, part.precision)


def _part_bits(whole: Located, parts: Sequence[Located], pieces: Sequence[Values]) -> list[float]:
    """Return the bits of each part beside the whole, and of its rows."""
    rows = pieces_bits(parts, pieces)
    return [
        part_code(whole, piece.size).codelength((part.scale, part.location)) + bits
        for part, piece, bits in zip(parts, pieces, rows, strict=True)
    ]
