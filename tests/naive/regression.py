"""Slow, obvious twins of the loops of regressions, written from the textbook and the papers."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

Column = Sequence[float]


def orthonormal(columns: Sequence[Column], smallest: float) -> list[list[float]]:
    """Return the basis of Gram and Schmidt, twice for each column; 0 for one that depends."""
    found: list[list[float]] = []
    for column in columns:
        rest, before = list(column), math.sqrt(math.fsum(v * v for v in column))
        for _ in range(2):
            for other in found:
                share = dot(rest, other)
                rest = [a - share * b for a, b in zip(rest, other, strict=True)]
        left = math.sqrt(math.fsum(v * v for v in rest))
        found.append([0.0 if left <= smallest * before else v / left for v in rest])
    return found


def dot(a: Column, b: Column) -> float:
    """Return the scalar product."""
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def combined(basis: Sequence[Column], factors: Column) -> list[float]:
    """Return the sum of rows times factors."""
    return [dot(column, factors) for column in zip(*basis, strict=True)]


class Fit:
    """Least squares by exact fractions: Gauss' elimination of the normal equations.

    Equations that say nothing new are left out; so are the columns they belong to, which get the
    factor 0.
    """

    def __init__(self, columns: Sequence[Column], heights: Column) -> None:
        exact = [[Fraction(v) for v in column] for column in [*columns, heights]]
        self.count = len(columns)
        self.sums = [
            [sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0)) for b in exact]
            for a in exact
        ]
        self.places: list[int] = []
        self.rows: list[list[Fraction]] = []
        for place in range(self.count):
            row = self._without(self.sums[place])
            if row[place]:
                self.places.append(place)
                self.rows.append(row)

    @property
    def square(self) -> Fraction:
        """The sum of squares that is left."""
        return self._without(self.sums[-1])[-1]

    @property
    def rank(self) -> int:
        """How many columns do not depend on those before."""
        return len(self.places)

    def predict(self, row: Column) -> Fraction:
        """Return the height of a row."""
        return -self._without([*map(Fraction, row), Fraction(0)])[-1]

    def leverage(self, row: Column) -> Fraction:
        """Return x' (X' X)**-1 x of a row x."""
        exact, leverage = [*map(Fraction, row), Fraction(0)], Fraction(0)
        for place, known in zip(self.places, self.rows, strict=True):
            factor = exact[place] / known[place]
            leverage += factor * exact[place]
            exact = [a - factor * b for a, b in zip(exact, known, strict=True)]
        return leverage

    def knows(self, row: Column) -> bool:
        """Return whether a row is a sum of those before, each times a factor."""
        return not any(self._without([*map(Fraction, row), Fraction(0)])[:-1])

    def _without(self, row: list[Fraction]) -> list[Fraction]:
        """Return a row less what the equations say of it."""
        for place, known in zip(self.places, self.rows, strict=True):
            factor = row[place] / known[place]
            row = [a - factor * b for a, b in zip(row, known, strict=True)]
        return row


def square_left(columns: Sequence[Column], heights: Column) -> float:
    """Return the sum of squares beside an intercept and columns."""
    return float(Fit([[1.0] * len(heights), *columns], heights).square)


def subsets(
    columns: Sequence[Column], heights: Column, size: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Return all subsets of a size with what they leave, the least first."""
    every = combinations(range(len(columns)), size)
    return sorted((square_left([columns[i] for i in places], heights), places) for places in every)


def forecasts(
    rows: Sequence[Column], heights: Column, rounding: Fraction = Fraction(0)
) -> Iterator[tuple[float, float, int]]:
    """Yield location, scale and degrees of freedom of each row by those before (Liang 2004).

    All are 0 where a row does not depend on those before, or these leave no degree of freedom.
    ``rounding`` is added to the sum of squares.
    """
    for i, row in enumerate(rows):
        fit = Fit([list(column) for column in zip(*rows[:i], strict=True)], heights[:i])
        if i == 0 or i <= fit.rank or not fit.knows(row):
            yield 0.0, 0.0, 0
            continue
        degrees = i - fit.rank
        variance = (fit.square + rounding) / degrees * (1 + fit.leverage(row))
        yield float(fit.predict(row)), math.sqrt(variance), degrees


def predictive_bits(rows: Sequence[Column], heights: Column, first: int) -> float:
    """Return -log2 of Student's density of each row but the first by the rows before."""
    bits = 0.0
    found = list(zip(forecasts(rows, heights), heights, strict=True))
    for (location, scale, degrees), height in found[first:]:
        distance = ((height - location) / scale) ** 2 / degrees
        density = math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)
        density -= math.log(degrees * math.pi * scale**2) / 2
        bits -= (density - (degrees + 1) / 2 * math.log1p(distance)) / math.log(2)
    return bits
