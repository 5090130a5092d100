"""Numbers that are a polynomial of one feature, and noise."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, damaged
from kolmo.coding.discrete import Uniform
from kolmo.errors import ParameterError
from kolmo.mdl.features import Features
from kolmo.mdl.models.design import Basis, Fitted, Rest, fitted_code
from kolmo.mdl.models.least_squares import fit, rest_bits
from kolmo.mdl.models.located import number
from kolmo.mdl.models.locating import ROUNDING_VARIANCE
from kolmo.mdl.models.numeric import INTERCEPT, SumPredictor
from kolmo.mdl.models.parts import Chain, Moved
from kolmo.mdl.models.values import Values, scaled

Floats = NDArray[np.float64]

EXAMPLES: list[dict[str, int]] = [{}, {"limit": 3}]

LARGEST_LIMIT = 64
_SPARE_ROWS = 2
_CLOSE_BITS = 8.0
_LARGEST_CLOSE = 4


class Curve(NamedTuple):
    """Which of the numeric features, counted from 0; the degree; and the prediction."""

    feature: int
    degree: int
    fitted: Fitted


class Polynomial(SumPredictor[Curve]):
    """A polynomial of one numeric feature; which one, and the degree, are chosen.

    The feature is moved and scaled to -1 to 1, and the columns are its Chebyshev polynomials. The
    degree is at most that setting, the rows less 2, and the different values of the feature less 1.

    Parameters
    ----------
    limit : int
        Largest degree tried, 1 to 64.

    References
    ----------
    L. N. Trefethen (2013). Approximation Theory and Approximation Practice. SIAM. Chapter 3:
    Chebyshev polynomials and their recurrence.

    R. H. Wampler (1970). A report on the accuracy of some widely used least squares computer
    programs. Journal of the American Statistical Association 65, 549-565.
    doi:10.1080/01621459.1970.10481094. Data that the tests use.
    """

    name = "polynomial"
    complexity_name = "degree"
    in_units = ("coefficients", "scale")
    _sizes: dict[int, int]
    _last: tuple[tuple[int, int], Basis] | None

    def __init__(self, limit: int = 10) -> None:
        if not 1 <= limit <= LARGEST_LIMIT:
            raise ParameterError(f"limit out of range: got {limit}; need 1 to {LARGEST_LIMIT}.")
        self.limit = limit

    def given(self, features: Features) -> Self:
        """Return this predictor, told the features."""
        told = super().given(features)
        told._sizes, told._last = {}, None
        return told

    def parameter_code(self, rows: int) -> Code[Curve]:
        """Return the code of the feature, of the degree, and of the prediction."""
        return Chain(
            Curve,
            self._feature_code,
            lambda feature: Moved(Uniform(self._largest(feature, rows)), 1),
            lambda _, degree: fitted_code(degree + 1, rows),
        )

    def data_code(self, parameters: Curve, rows: int) -> Code[Any]:
        """Return the code of a column given its prediction."""
        basis = self._basis(parameters.feature, parameters.degree)
        return Rest(basis.predict(parameters.fitted), parameters.fitted.rest)

    def basis_of(self, parameters: Curve) -> Basis:
        """Return the basis of the polynomials up to the degree."""
        return self._basis(parameters.feature, parameters.degree)

    def complexity(self, parameters: Curve) -> int:
        """Return the degree."""
        return parameters.degree

    def free_parameters(self, parameters: Curve) -> int:
        """Return the factors of the powers, and the scale."""
        return parameters.degree + 2

    def describe(self, parameters: Curve) -> dict[str, Any]:
        """Return the feature, the degree, the factors of its powers, and the noise."""
        feature, degree, fitted = parameters
        name = self.known.names[feature]
        factors = self._basis(feature, degree).coefficients(fitted)
        powers = in_powers([Fraction(factor) for factor in factors], self.known.columns[feature])
        powers[0] += fitted.origin
        names = [INTERCEPT, name, *(f"{name}^{power}" for power in range(2, degree + 1))]
        return {
            "feature": name,
            "degree": degree,
            "coefficients": dict(zip(names, map(number, powers), strict=True)),
            **fitted.describe(),
        }

    def _feature_code(self) -> Code[int]:
        if not self.known.columns:
            raise damaged("a polynomial of no feature")
        return Uniform(len(self.known.columns))

    def _largest(self, feature: int, rows: int) -> int:
        if feature not in self._sizes:
            self._sizes[feature] = np.unique(self.known.columns[feature]).size
        largest = min(self.limit, rows - _SPARE_ROWS, self._sizes[feature] - 1)
        if largest < 1:
            raise damaged(f"a polynomial of {rows} rows")
        return largest

    def _basis(self, feature: int, degree: int) -> Basis:
        """Return the basis of the polynomials up to a degree; the last one is kept."""
        if self._last is None or self._last[0] != (feature, degree):
            columns = chebyshev(self.known.columns[feature], degree)
            self._last = (feature, degree), Basis(columns)
        return self._last[1]

    def weighed(self, values: Values) -> Iterator[tuple[Curve, float]]:
        """Yield the best curve of each degree from 1, and the length of its message."""
        code = self.parameter_code(values.size)
        for degree, features in enumerate(self._close_features(values), 1):
            found = []
            for feature in features:
                basis = self._basis(feature, degree)
                if basis.independent:
                    curve = Curve(feature, degree, fit(basis, values))
                    bits = code.codelength(curve) + rest_bits(curve.fitted, basis, values)
                    found.append((curve, bits))
            if found:
                yield min(found, key=lambda pair: pair[1])

    def _close_features(self, values: Values) -> Iterator[list[int]]:
        """Yield, for each degree from 1, the few features that leave the least squares."""
        count, rows = len(self.known.columns), values.size
        heights = scaled(values)[0]
        bits = np.full((count, self.limit), np.inf)
        for feature in range(count):
            largest = self._largest(feature, rows)
            basis = Basis(chebyshev(self.known.columns[feature], largest))
            squares = _squares_left(basis, heights)[1:]
            bits[feature, :largest] = rows / 2 * np.log2(squares / rows + ROUNDING_VARIANCE)
        for degree in range(int(np.isfinite(bits).any(axis=0).sum())):
            column = bits[:, degree]
            order = np.argsort(column, kind="stable")[:_LARGEST_CLOSE]
            yield order[column[order] <= column[order[0]] + _CLOSE_BITS].tolist()


def chebyshev(x: Floats, degree: int) -> list[Floats]:
    """Return the Chebyshev polynomials up to a degree of a feature moved to -1 to 1.

    Each step is one correctly rounded operation, the same everywhere.

    Examples
    --------
    >>> [column.tolist() for column in chebyshev(np.array([0.0, 5.0, 10.0]), 2)]
    [[1.0, 1.0, 1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 1.0]]
    """
    low, high, small = _ends(x)
    moved = (small - low) - (high - small)
    t = moved / (high - low)
    found = [np.ones(x.size), t]
    while len(found) <= degree:
        found.append(2 * (t * found[-1]) - found[-2])
    return found


def in_powers(factors: list[Fraction], x: Floats) -> list[Fraction]:
    """Return the factors of the powers of a feature, given those of its `chebyshev`; exactly."""
    low, high = Fraction(float(x.min())), Fraction(float(x.max()))
    slope, offset = 2 / (high - low), -(high + low) / (high - low)
    before, now = [Fraction(1)], [offset, slope]
    found = [Fraction(0)] * len(factors)
    for factor in factors:
        found = [a + factor * b for a, b in zip(found, _longer(before, len(factors)), strict=True)]
        following = [2 * offset * a for a in [*now, Fraction(0)]]
        for power, a in enumerate(now):
            following[power + 1] += 2 * slope * a
        for power, a in enumerate(before):
            following[power] -= a
        before, now = now, following
    return found


def _longer(numbers: list[Fraction], length: int) -> list[Fraction]:
    return [*numbers, *[Fraction(0)] * (length - len(numbers))][:length]


def _ends(x: Floats) -> tuple[float, float, Floats]:
    """Return the least, the largest and all numbers, divided by a power of two near the largest."""
    exponent = int(np.frexp(np.abs(x).max())[1])
    small = np.ldexp(x, -exponent)
    return float(small.min()), float(small.max()), small


def _squares_left(basis: Basis, heights: Floats) -> Floats:
    """Return the sums of squares that the first columns leave, of each number of them."""
    found, left = [], heights
    for row in basis.rows:
        left = left - (row @ left) * row
        found.append(max(float(left @ left), math.ulp(0.0)))
    return np.array(found)
