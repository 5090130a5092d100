"""Weights as integers: the grid of 2**-12, and the distributions on it.

All shares are integers. A weight of the posterior has a normal distribution of its own, cut off at
7 standard deviations; the prior is a mixture of normal distributions over all integers.

Cutting off matters for what is drawn from: with leaky tails, one of 10**6 draws lies anywhere.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding import cells
from kolmo.coding.classes import Classes, Shape
from kolmo.coding.code import (
    TOTAL_LIMIT,
    Interval,
    IntervalCode,
    Reader,
    raw_intervals,
    read_raw,
)
from kolmo.coding.portable import exp2, log2
from kolmo.coding.tails import TAIL_BITS, knots, tail
from kolmo.errors import ParameterError
from kolmo.mdl.models.mixed import log2_sum
from kolmo.weights.noisy.sent import Component, Rounded

if TYPE_CHECKING:
    from kolmo.weights.noisy.net import Posterior

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

GRID_BITS = 12
FRACTION_BITS = 20
"""Binary places, beyond the grid's, of means and standard deviations of the posterior."""

REACH = 7
_UNIT = 1 << FRACTION_BITS
_LARGEST_MEAN, _LARGEST_SCALE = float(1 << 58), float(1 << 55)
_SMALLEST_SCALE = 1 << FRACTION_BITS - 3
_CELL_BITS = 9
_PART_BITS = 16
_HALF_LOG2_E = 0.7213475204444817


def to_weights(numbers: Integers) -> Floats:
    """Return the weights that numbers on the grid stand for."""
    return np.ldexp(np.asarray(numbers, np.int64).astype(np.float64), -GRID_BITS)


class Cloud(NamedTuple):
    """A posterior on the grid.

    Attributes
    ----------
    means, scales : int64[w]
        Mean and standard deviation of each weight, in units of 2**-20 of the grid.
    """

    means: Integers
    scales: Integers

    def code(self, place: int) -> Cut:
        """Return the distribution of one weight."""
        return Cut(int(self.means[place]), int(self.scales[place]))

    @property
    def checked_bytes(self) -> bytes:
        """What a checksum of the posterior is of."""
        return self.means.astype("<i8").tobytes() + self.scales.astype("<i8").tobytes()


def to_cloud(posterior: Posterior) -> Cloud:
    """Return a posterior on the grid; ParameterError if it is not finite."""
    if not (np.isfinite(posterior.means).all() and np.isfinite(posterior.deviations).all()):
        raise ParameterError("no weights: got a net that is not finite. Fit it again.")
    bits = GRID_BITS + FRACTION_BITS
    means = np.clip(np.ldexp(posterior.means, bits), -_LARGEST_MEAN, _LARGEST_MEAN)
    scales = np.clip(np.ldexp(posterior.deviations, bits), _SMALLEST_SCALE, _LARGEST_SCALE)
    return Cloud(np.rint(means).astype(np.int64), np.rint(scales).astype(np.int64))


class Cut(IntervalCode[int]):
    """A normal distribution of integers, all within 7 standard deviations of its mean.

    Parameters
    ----------
    mean, scale : int
        In units of 2**-20; the scale is 2**17 or more, so that some integer is near enough.

    Notes
    -----
    Integers are in cells of 2**shift, of which there are 256 to 512 in a standard deviation if it
    is that large; the place in a cell is plain. A cell has a share of 1 of 2**32 at least: this
    makes what is beyond 6 standard deviations more frequent than it should be, 2 of 10**7.

    Examples
    --------
    >>> code = Cut(mean=10 << 20, scale=1 << 20)
    >>> code.lowest, code.lowest + code.cells - 1
    (3, 17)
    >>> round(code.codelength(10), 2)  # log2 of 1 / (Phi(.5) - Phi(-.5))
    1.38
    """

    def __init__(self, mean: int, scale: int) -> None:
        self.mean, self.scale = mean, scale
        self.shift = max(0, (scale >> FRACTION_BITS).bit_length() - _CELL_BITS)
        self.lowest = -((REACH * scale - mean) >> FRACTION_BITS)
        highest = (mean + REACH * scale) >> FRACTION_BITS
        self.cells = max(1, (highest - self.lowest + 1) >> self.shift)

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the interval of an integer's cell, and its place in the cell."""
        cell, place = divmod(int(value) - self.lowest, 1 << self.shift)
        if not 0 <= cell < self.cells:
            raise ParameterError(f"out of reach: got {value}; need {REACH} deviations at most.")
        start = self.bound(cell)
        first = Interval(start, self.bound(cell + 1) - start, TOTAL_LIMIT)
        return [first, *raw_intervals(place, self.shift)]

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        cell = bisect_right(range(self.cells), coder.peek(TOTAL_LIMIT), key=self.bound) - 1
        start = self.bound(cell)
        coder.skip(Interval(start, self.bound(cell + 1) - start, TOTAL_LIMIT))
        return self.lowest + (cell << self.shift | read_raw(coder, self.shift))

    def bound(self, cell: int) -> int:
        """Return the share of 2**32 of all cells before one."""
        first, whole = self._ends
        return (self._below(cell) - first) * (TOTAL_LIMIT - self.cells) // whole + cell

    @cached_property
    def _ends(self) -> tuple[int, int]:
        first = self._below(0)
        return first, max(1, self._below(self.cells) - first)

    @cached_property
    def _line(self) -> cells.Line:
        return cells.line(cells.Grid(self.mean, self.scale, FRACTION_BITS, self.lowest, self.shift))

    def _below(self, cell: int) -> int:
        """Return the share of 2**47 of a whole normal distribution that lies below a cell."""
        origin, step, whole = self._line
        marks, table = knots(), tail("normal")
        coordinate = (origin + cell * step) // whole
        distance = min(abs(coordinate), marks[-1] - 1)
        index = bisect_right(marks, distance) - 1
        width = marks[index + 1] - marks[index]
        part = (distance - marks[index]) * (table[index] - table[index + 1])
        above = table[index] - part // width
        return above if coordinate < 0 else (1 << TAIL_BITS) - above


@lru_cache(maxsize=8)
def weights_code(rounded: Rounded, count: int) -> Classes:
    """Return the code of ``count`` independent weights on the grid under the prior."""
    return Classes(prior_shape(rounded), count)


def prior_shape(rounded: Rounded) -> Shape:
    """Return the prior as a distribution on the grid; DecodeError if no encoder sends it."""
    places = [_grid_place(component) for component in rounded.components]
    heights = log2(
        np.array([share / p[1] for share, p in zip(rounded.shares, places, strict=True)])
    ).tolist()

    def log2_density(u: Floats) -> Floats:
        logs = []
        for height, (centre, width) in zip(heights, places, strict=True):
            z = (u - centre) / width
            logs.append(height - _HALF_LOG2_E * z * z)
        return log2_sum(logs)

    return Shape(log2_density, places)


def divergence_bits(rounded: Rounded, cloud: Cloud) -> Floats:
    """Return for each weight the bound on its divergence from the prior, in bits.

    References
    ----------
    G. E. Hinton, D. van Camp (1993), equation 17.
    """
    logs = _component_logs(rounded, cloud)
    return -log2_sum([np.ascontiguousarray(logs[:, i]) for i in range(logs.shape[1])])


def responsibilities(rounded: Rounded, cloud: Cloud) -> Integers:
    """Return for each weight the shares of 2**24 or so of the components, int64[w, k].

    r_i is in proportion to pi_i exp(-G_i), G_i the divergence from component i in nats.

    References
    ----------
    G. E. Hinton, D. van Camp (1993), equations 18 to 22.
    """
    table = _component_logs(rounded, cloud)
    parts = exp2(table - table.max(axis=1, keepdims=True))
    return np.asarray(np.floor(parts * (1 << 24)).astype(np.int64) + 1)


def _grid_place(component: Component) -> tuple[float, float]:
    """Return mean and standard deviation on the grid."""
    unit = float(1 << GRID_BITS)
    return component.mean * unit, component.width * unit


def _component_logs(rounded: Rounded, cloud: Cloud) -> Floats:
    """Return log2 of pi_i exp(-G_i) for weights and components, pi_i adding up to 1."""
    whole = sum(rounded.shares)
    means, scales = (np.ldexp(item.astype(np.float64), -FRACTION_BITS) for item in cloud)
    logs = []
    for share, component in zip(rounded.shares, rounded.components, strict=True):
        centre, width = _grid_place(component)
        ratio, distance = scales / width, (means - centre) / width
        square = ratio * ratio + distance * distance - 1
        logs.append(log2(share / whole * ratio) - _HALF_LOG2_E * square)
    return np.stack(logs, axis=1)
