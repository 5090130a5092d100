"""Distributions of rows by what was forecast of them, and how long many rows are at once.

A forecast is a location, a scale and the degrees of freedom of Student's distribution. Location and
scale are rounded to binary fractions, and where the normal distribution is as good, it is taken.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo.coding import cells
from kolmo.coding.continuous import Normal, Quantised, Student
from kolmo.coding.tails import UNIT_BITS
from kolmo.mdl.models.row_code import RowCode
from kolmo.mdl.models.values import Integers, Values

Floats = NDArray[np.float64]
Lines = tuple[Integers, Integers, Integers]

FRACTION_BITS = 24
"""Binary places of locations and scales."""

LARGEST_FAST = 1 << 36
"""Values and forecasts below it are weighed many at once."""

_CELLS_PER_SCALE_BITS = 9  # as for `Quantised`
_SCALE_BITS = 11
_STUDENT_DEGREES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # rounded down: .01 bits in all for n rows


def quantised(forecast: Sequence[float], origin: int, shift: int) -> Quantised:
    """Return the distribution of one row, in units of the values.

    Parameters
    ----------
    forecast : sequence of float
        Location, scale and degrees of freedom of a height.
    origin, shift : int
        A height is the value less the origin, in steps of 2**shift.
    """
    location, scale, degrees = forecast
    mantissa, exponent = math.frexp(scale)
    digits = math.floor(math.ldexp(mantissa, _SCALE_BITS) + 0.5)
    wide = digits << (exponent - _SCALE_BITS + FRACTION_BITS + shift)
    place = math.floor(math.ldexp(location, FRACTION_BITS)) << shift
    moved = place + (origin << FRACTION_BITS)
    rounded = rounded_degrees(int(degrees))
    if rounded == 0:
        return Normal(moved, wide, FRACTION_BITS)
    return Student(moved, wide, FRACTION_BITS, degrees=rounded)


def rounded_degrees(degrees: int) -> int:
    """Return the degrees of freedom of the table to take, 0 for the normal distribution.

    Examples
    --------
    >>> [rounded_degrees(degrees) for degrees in (1, 5, 47, 48)]
    [1, 4, 32, 0]
    """
    from kolmo.mdl.kernels import LARGEST_STUDENT

    if degrees >= LARGEST_STUDENT:
        return 0
    return _STUDENT_DEGREES[bisect_right(_STUDENT_DEGREES, degrees) - 1]


def forecast_bits(values: Values, forecasts: Floats, origin: int, shift: int) -> float:
    """Return the length of rows, each by its forecast; quickly where numbers are small.

    Parameters
    ----------
    values : array
        The rows.
    forecasts : float64[n, 3]
        Location, scale and degrees of freedom of each.
    origin, shift : int
        As for `quantised`.
    """
    from kolmo.mdl.kernels import DEGREES, LARGEST_STUDENT

    if origin or shift or values.dtype != np.int64:
        return _slow_bits(values, forecasts, origin, shift)
    near = (np.abs(forecasts[:, :2]) < LARGEST_FAST).all(axis=1)
    near &= np.abs(values) < LARGEST_FAST
    bits = _slow_bits(values[~near], forecasts[~near])
    values, forecasts = values[near], forecasts[near]
    degrees = np.minimum(forecasts[:, DEGREES], LARGEST_STUDENT).astype(np.int64)
    rounded = np.array([rounded_degrees(number) for number in range(1, LARGEST_STUDENT + 1)])
    for shape in np.unique(rounded[degrees - 1]):
        some = rounded[degrees - 1] == shape
        bits += _fast_bits(values[some], forecasts[some])
    return bits


def _slow_bits(values: Values, forecasts: Floats, origin: int = 0, shift: int = 0) -> float:
    pairs = zip(forecasts.tolist(), values, strict=True)
    codes = ((RowCode(quantised(found, origin, shift)), int(value)) for found, value in pairs)
    return math.fsum(code.codelength(value) for code, value in codes)


def _fast_bits(values: Integers, forecasts: Floats) -> float:
    """Return the length of rows whose distributions have one shape, all at once."""
    anchors, shifts, lines = _lines(forecasts)
    distances = values - anchors
    outwards = np.where(distances < 0, ~distances, distances) >> shifts
    inside = 2 * outwards + 3 <= _reach(lines)
    tail = np.array(quantised(forecasts[0].tolist(), 0, 0).tail(), np.int64)
    origins, steps, wholes = (part[inside] for part in lines)
    below = distances[inside] < 0
    found = cells.cell_bits(outwards[inside], below, (origins, steps, wholes), tail)
    rest = _slow_bits(values[~inside], forecasts[~inside])
    return float((found + shifts[inside]).sum()) + rest


def _lines(forecasts: Floats) -> tuple[Integers, Integers, Lines]:
    """Return anchor, shift and `cells.line` of many distributions, as `Quantised` has them.

    Locations and scales are below 2**36, scales above 2**-9: all numbers stay below 2**61.
    """
    mantissas, exponents = np.frexp(forecasts[:, 1])
    digits = np.floor(np.ldexp(mantissas, _SCALE_BITS) + 0.5).astype(np.int64)
    scales = digits << (exponents - _SCALE_BITS + FRACTION_BITS).astype(np.int64)
    locations = np.floor(np.ldexp(forecasts[:, 0], FRACTION_BITS)).astype(np.int64)
    anchors = locations >> FRACTION_BITS
    shifts = np.maximum(0, _digits(scales >> FRACTION_BITS) - _CELLS_PER_SCALE_BITS)
    step_bits = 1 + FRACTION_BITS + UNIT_BITS + shifts
    wholes = 2 * scales
    common = np.minimum(step_bits, _digits(wholes & -wholes) - 1)
    parts = locations - (anchors << FRACTION_BITS)
    origins = -((1 << FRACTION_BITS) + 2 * parts) << UNIT_BITS
    one = np.ones_like(shifts)
    return anchors, shifts, (origins >> common, one << step_bits - common, wholes >> common)


def _reach(lines: Lines) -> Integers:
    """Return up to which edge coordinates stay in 63 bits."""
    origins, steps, _ = lines
    return np.asarray(((1 << 62) - 1 - np.abs(origins)) // steps)


def _digits(numbers: Integers) -> Integers:
    """Return the number of binary digits of numbers from 0 on; these are exact as doubles."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64)
