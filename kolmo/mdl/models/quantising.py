"""The mixture with the shortest message near to the most likely one: for encoders only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.mdl.models.located import Located, quantise, usual_precision
from kolmo.mdl.models.locating import ROUNDING_VARIANCE, descend
from kolmo.mdl.models.mixed import (
    LARGEST_FINENESS,
    SMALLEST_EXPONENT,
    Mixed,
    Shares,
    fineness_code,
    place_numbers,
    share_rows,
    share_units,
)
from kolmo.mdl.models.mixing import NARROWEST_VARIANCE, Mix, Sample, cell_masses
from kolmo.mdl.models.pieces import Parts

Floats = NDArray[np.float64]

_SMALLEST_SCALE = 1 / 16
_NO_MASS = 1e-300
_SWEEPS, _TRIES = 2, 8


class Counted(NamedTuple):
    """A column as a sample of the distances from ``lowest``."""

    sample: Sample
    lowest: int

    @property
    def rows(self) -> int:
        """Length of the column."""
        return round(float(self.sample.counts.sum()))

    def bits(self, masses: Floats) -> float:
        """Return the length of the column where each place has such a probability."""
        return -float(np.log2(np.maximum(masses, _NO_MASS)) @ self.sample.counts)

    def masses(self, parts: Sequence[Located]) -> Floats:
        """Return about the probability [K, m] of each place under each distribution."""
        found = [place_numbers(part, self.lowest) for part in parts]
        return np.array([cell_masses(self.sample.places, *place) for place in found])


def sendable(mix: Mix, column: Counted) -> Mixed:
    """Return the mixture with the shortest message near to one of distances from the lowest.

    The weights are tried from the usual fineness up to that which suits them best before anything
    else is changed; and each time components and weights are moved to better neighbours.

    Parameters
    ----------
    mix : Mix
        One mixture.
    column : Counted
        The column it was fitted to.

    Notes
    -----
    Bits are those of the message to about .01. O(K**2 m) for m places.
    """
    finenesses = range(_best_fineness(mix, column) + 1)
    trials = [_polished(_nearest(mix, fineness, column), column) for fineness in finenesses]
    return min(trials, key=lambda mixed: _message_bits(mixed, column))


def _message_bits(mixed: Mixed, column: Counted) -> float:
    """Return about the bits of all but the whole and the number of components."""
    told = fineness_code().codelength(mixed.fineness)
    told += Shares(mixed.components, sum(mixed.shares)).codelength(mixed.shares)
    told += Parts(mixed.whole, share_rows(mixed.shares, column.rows)).codelength(mixed.parts)
    return told + column.bits(_weights(mixed.shares) @ column.masses(mixed.parts))


def _best_fineness(mix: Mix, column: Counted) -> int:
    """Return how fine the weights should be if the components could be sent exactly."""
    places = zip(mix.means, _scales(mix), strict=True)
    masses = np.array([cell_masses(column.sample.places, *place) for place in places])

    def total_bits(fineness: int) -> float:
        shares = _to_shares(mix.weights, share_units(mix.weights.size, column.rows, fineness))
        told = Shares(len(shares), sum(shares)).codelength(tuple(sorted(shares, reverse=True)))
        told += fineness_code().codelength(fineness)
        return told + column.bits(_weights(shares) @ masses)

    return min(range(LARGEST_FINENESS + 1), key=total_bits)


def _nearest(mix: Mix, fineness: int, column: Counted) -> Mixed:
    """Return the mixture that can be sent and is nearest."""
    rows, lowest = column.rows, column.lowest
    mean = float(mix.weights @ mix.means)
    variance = float(mix.weights @ (mix.variances + (mix.means - mean) ** 2))
    whole = quantise(lowest + Fraction(mean), Fraction(math.sqrt(variance)), 0)
    shares = _to_shares(mix.weights, share_units(mix.weights.size, rows, fineness))
    parts = [
        quantise(lowest + Fraction(float(mean)), Fraction(scale), usual_precision(length))
        for mean, scale, length in zip(
            mix.means, _scales(mix), share_rows(shares, rows), strict=True
        )
    ]
    return _descending(Mixed(whole, len(parts), fineness, shares, tuple(parts)))


def _scales(mix: Mix) -> list[float]:
    """Return the scales, at least 1/16, the variance of rounding taken off."""
    rounding = np.where(mix.variances > NARROWEST_VARIANCE, ROUNDING_VARIANCE, mix.variances)
    scales = np.sqrt(mix.variances - rounding)
    return [max(scale, _SMALLEST_SCALE) for scale in scales.tolist()]


def _to_shares(weights: Floats, units: int) -> tuple[int, ...]:
    """Return positive integers of a given sum, nearly in proportion to some weights."""
    shares = np.maximum(1, np.floor(weights * units)).astype(np.int64)
    while (missing := units - int(shares.sum())) != 0:
        step = 1 if missing > 0 else -1
        gains = np.where(shares + step > 0, step * (weights * units - shares), -math.inf)
        shares[np.argmax(gains)] += step
    return tuple(shares.tolist())


def _descending(mixed: Mixed) -> Mixed:
    """Return the same mixture, the largest share first."""
    order = sorted(range(mixed.components), key=lambda k: -mixed.shares[k])
    shares = tuple(mixed.shares[k] for k in order)
    return mixed._replace(shares=shares, parts=tuple(mixed.parts[k] for k in order))


def _polished(mixed: Mixed, column: Counted) -> Mixed:
    """Return the mixture after moving components and weights to better neighbours."""
    masses = column.masses(mixed.parts)
    for _ in range(_SWEEPS):
        for k in range(mixed.components):
            mixed = _move_part(mixed, k, masses, column)
            masses[k] = column.masses(mixed.parts[k : k + 1])[0]
        mixed = _move_shares(mixed, masses, column)
    return _descending(mixed)


def _move_part(mixed: Mixed, k: int, masses: Floats, column: Counted) -> Mixed:
    """Return the mixture whose k-th component is moved to better neighbours."""
    code = Parts(mixed.whole, share_rows(mixed.shares, column.rows))
    weights = _weights(mixed.shares)
    rest = weights @ masses - weights[k] * masses[k]

    def replaced(place: Located) -> Mixed:
        return mixed._replace(parts=(*mixed.parts[:k], place, *mixed.parts[k + 1 :]))

    def total_bits(place: Located) -> float:
        if place.exponent < SMALLEST_EXPONENT:
            return math.inf
        own = weights[k] * column.masses([place])[0]
        return code.codelength(replaced(place).parts) + column.bits(rest + own)

    return replaced(descend([mixed.parts[k]], total_bits, _TRIES))


def _move_shares(mixed: Mixed, masses: Floats, column: Counted) -> Mixed:
    """Return the mixture with weight moved, unit by unit, to where it is worth most.

    Not if a component would come to another precision.
    """
    precisions = [part.precision for part in mixed.parts]
    for _ in range(_TRIES):
        sums = _weights(mixed.shares) @ masses
        worth = masses @ (column.sample.counts / np.maximum(sums, _NO_MASS))
        spare = np.where(np.array(mixed.shares) > 1, worth, math.inf)
        moved = list(mixed.shares)
        moved[int(np.argmin(spare))] -= 1
        moved[int(np.argmax(worth))] += 1
        found = [usual_precision(length) for length in share_rows(moved, column.rows)]
        if found != precisions or column.bits(_weights(moved) @ masses) >= column.bits(sums):
            break
        mixed = mixed._replace(shares=tuple(moved))
    return mixed


def _weights(shares: Sequence[int]) -> Floats:
    return np.array(shares) / sum(shares)
