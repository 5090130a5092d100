"""What three distributions say of a weight's bits, given its scale: integer tables.

The magnitude of a weight is coded as a bucket floor(log2 m), found by steps up and down from where
most are, then as the bits below the highest. Of each such step a distribution knows the
probability once it knows how large magnitudes are on average. A table holds it as log-odds, for
the ratio of bucket to scale in eighths of an octave.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.portable import exp2, log2
from kolmo.coding.tails import TAIL_BITS, UNIT_BITS, knots, tail

OCTAVE = 8
LOW_RATIO, HIGH_RATIO = -18 * OCTAVE, 6 * OCTAVE
RATIOS = HIGH_RATIO - LOW_RATIO
GEOMETRY_BUCKETS = 8
SCALAR, ODD, CONTINUOUS = 0, GEOMETRY_BUCKETS, 2 * GEOMETRY_BUCKETS
GEOMETRIES = 2 * GEOMETRY_BUCKETS + 1
REACH, UP, DOWN, MANTISSA = 0, 1, 2, 3
MANTISSA_BITS = 3
KINDS = MANTISSA + (1 << MANTISSA_BITS)

STRETCH_UNIT = 256
LARGEST_STRETCH = 2047
_LN_2 = 0.6931471805599453
_SHAPES = (("normal", 0, 0.7978845608028654), ("laplace", 0, 1.0), ("student", 4, 1.0))
SHAPES = len(_SHAPES)
_LEAST = 2.0**-40

Floats = NDArray[np.float64]
Table = NDArray[np.int16]


class Tables(NamedTuple):
    """What the mixing kernel looks up.

    Attributes
    ----------
    shapes : int16[ratio, geometry, kind, shape]
        Log-odds, flat.
    stretch : int16[4096]
        Log-odds of (i + 1/2) / 4096.
    squash : int32[4096]
        The share of 2**16 that has the log-odds i - 2048.
    logs : int16[256]
        Eighths of an octave: 8 log2(1 + i / 256), rounded down.
    """

    shapes: Table
    stretch: Table
    squash: NDArray[np.int32]
    logs: Table


@cache
def tables() -> Tables:
    """Return the tables, made on first use; the same integers on every machine."""
    odds = np.empty((RATIOS, GEOMETRIES, KINDS, SHAPES), np.int16)
    for number, (name, degrees, factor) in enumerate(_SHAPES):
        masses = np.array(tail(name, degrees), np.float64) / (1 << TAIL_BITS) * 2
        places = np.array(knots(), np.float64) / (1 << UNIT_BITS)
        for geometry in range(GEOMETRIES):
            for kind in range(KINDS):
                one, all_ = _cells(geometry, kind)
                scales = exp2(np.arange(LOW_RATIO, HIGH_RATIO) / OCTAVE) * factor
                upper = _mass(places, masses, one, scales)
                whole = _mass(places, masses, all_, scales)
                odds[:, geometry, kind, number] = _stretched(upper, whole)
    steps = np.arange(4096)
    shares = (steps + 0.5) / 4096
    squashed = 65536 / (1 + exp2((2048 - steps) / (STRETCH_UNIT * _LN_2)))
    return Tables(
        odds.reshape(-1),
        _stretched(shares, np.ones_like(shares)),
        np.clip(np.rint(squashed), 16, 65520).astype(np.int32),
        np.floor(OCTAVE * log2(1 + np.arange(256) / 256)).astype(np.int16),
    )


Cell = tuple[float, float]  # in units of 2**bucket


def _cells(geometry: int, kind: int) -> tuple[Cell, Cell]:
    """Return the magnitudes for which a step is a one, and all that are possible before it."""
    bucket = geometry if geometry == CONTINUOUS else geometry % GEOMETRY_BUCKETS

    def edge(number: float) -> float:
        if geometry == CONTINUOUS or number == 0:
            return number / 2.0**bucket
        if geometry < ODD:
            return (number - 0.5) / 2.0**bucket
        return (number - 1.0 if number > 1 else 0.25) / 2.0**bucket

    low, high = 2.0**bucket, 2.0 ** (bucket + 1)
    if kind == REACH:
        return (edge(low), np.inf), (0.0, np.inf)
    if kind == UP:
        return (edge(high), np.inf), (edge(low), np.inf)
    if kind == DOWN:
        return (edge(low), edge(high)), (0.0, edge(high))
    node = kind - MANTISSA
    if node == 0 or bucket < node.bit_length():
        return (0.0, 1.0), (0.0, np.inf)
    depth = node.bit_length() - 1
    width = low / 2.0**depth
    start = low + (node - (1 << depth)) * width
    return (
        (edge(start + width / 2), edge(start + width)),
        (edge(start), edge(start + width)),
    )


def _mass(places: Floats, masses: Floats, cell: Cell, scales: Floats) -> Floats:
    """Return the probability of a cell, for each size of 2**bucket."""
    low, high = (_beyond(places, masses, bound, scales) for bound in cell)
    return low - high


def _beyond(places: Floats, masses: Floats, bound: float, scales: Floats) -> Floats:
    if bound == np.inf:
        return np.zeros_like(scales)
    values = np.minimum(bound * scales, places[-1])
    index = np.minimum(np.searchsorted(places, values, side="right"), places.size - 1) - 1
    share = (values - places[index]) / (places[index + 1] - places[index])
    found: Floats = masses[index] + (masses[index + 1] - masses[index]) * share
    return found


def _stretched(part: Floats, whole: Floats) -> Table:
    """Return the log-odds of part / whole; 0 where nothing is left to tell."""
    rest = whole - part
    known = whole > _LEAST
    ones, zeros = (np.maximum(x, whole * 2.0**-20 + 2.0**-60) for x in (part, rest))
    odds = STRETCH_UNIT * _LN_2 * (log2(ones) - log2(zeros))
    limited = np.clip(np.rint(odds), -LARGEST_STRETCH, LARGEST_STRETCH)
    return np.where(known, limited, 0).astype(np.int16)
