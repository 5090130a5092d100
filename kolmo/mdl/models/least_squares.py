"""The prediction with the shortest message near the one of least squares: for encoders only."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.mdl.models.design import SHAPES, Basis, Fitted, Rest, difference, fitted_code
from kolmo.mdl.models.located import (
    Located,
    distribution,
    located_code,
    quantise,
    usual_precision,
)
from kolmo.mdl.models.locating import descend
from kolmo.mdl.models.values import Values, bounds

Floats = NDArray[np.float64]

_EXACT_BITS = 50
_LEAST_SCALE = 1 / 16
_TRIES = 12
_SLOW_ROWS = 1 << 16
_NO_REST = Located(0, 0, 0, 0)


class _Place(NamedTuple):
    """Where a prediction starts from, and its steps."""

    origin: int
    shift: int
    exponent: int


def fit(basis: Basis, values: Values) -> Fitted:
    """Return the prediction with the shortest message near the one of least squares."""
    origin, shift = _origin(values)
    heights = _heights(values, origin, shift)
    exact = basis.rows @ heights
    spread = max(float(np.sqrt(np.mean((heights - exact @ basis.rows) ** 2))), _LEAST_SCALE)
    usual = math.floor(math.log2(spread * math.sqrt(12)) + 0.5)  # of the basis, as rows are
    trials = [
        _with_step(basis, values, _Place(origin, shift, exponent), exact)
        for exponent in (usual, usual - 1, usual + 1, usual - 2)
    ]
    code = fitted_code(len(exact), values.size)

    def bits(trial: tuple[Fitted, float]) -> float:
        return code.codelength(trial[0]) + trial[1]

    return min(trials, key=bits)[0]


def rest_bits(fitted: Fitted, basis: Basis, values: Values) -> float:
    """Return the length of the target given its prediction."""
    return Rest(basis.predict(fitted), fitted.rest).codelength(values)


def fit_rest(left: Values) -> tuple[Located, float]:
    """Return the distribution of what is left with the shortest message, and its data bits."""
    shift = max(0, max(abs(int(left.max())), abs(int(left.min()))).bit_length() - _EXACT_BITS)
    numbers = (left.astype(np.object_) >> shift if shift else left).astype(np.float64)
    spread = float(np.mean(np.abs(numbers)))
    likely = (float(np.sqrt(np.mean(numbers * numbers))), spread, 0.6 * spread)
    usual = usual_precision(left.size)
    code = located_code(len(SHAPES), left.size)

    def data_bits(place: Located) -> float:
        return distribution(SHAPES[place.shape][1], place).many(left.size).codelength(left)

    def total_bits(place: Located) -> float:
        return code.codelength(place) + data_bits(place)

    starts = [
        quantise(Fraction(0), Fraction(scale) * (1 << shift), usual, shape)
        for shape, scale in enumerate(likely)
    ]
    best = min(starts, key=total_bits)
    best = descend([best], total_bits, _TRIES if left.size <= _SLOW_ROWS else 0)
    return best, data_bits(best)


def _with_step(basis: Basis, values: Values, place: _Place, exact: Floats) -> tuple[Fitted, float]:
    """Return the prediction with coordinates in steps, and the bits of the target under it."""
    coordinates = tuple(int(b) for b in np.rint(exact / math.ldexp(1.0, place.exponent)))
    others = [abs(b) for b in coordinates[1:]]
    spread = max(0, int(np.median(others)).bit_length() - 1) if others else 0
    far = place.origin != 0 or place.shift != 0
    bare = Fitted(_NO_REST, far, *place, spread, coordinates)
    rest, bits = fit_rest(difference(values, basis.predict(bare)))
    return bare._replace(rest=rest), bits


def _origin(values: Values) -> tuple[int, int]:
    """Return where the prediction starts from, 0 unless values are huge, and its shift."""
    lowest, size = bounds(values)
    shift = max(0, size.bit_length() - _EXACT_BITS)
    near = max(abs(lowest), abs(lowest + size)) < 1 << _EXACT_BITS
    return (0 if near else (lowest + (size >> 1)) >> shift), shift


def _heights(values: Values, origin: int, shift: int) -> Floats:
    """Return the values as floats that the basis adds up to."""
    if origin == shift == 0:
        return np.asarray(values, np.float64)
    return np.asarray((values.astype(np.object_) >> shift) - origin, np.float64)
