"""Integers under any distribution whose logarithm can be computed: classes, and places in them.

The classes are intervals of 2**j integers, finer where the density is large or steep; a value is
its class, by integer shares of 2**32, and its place in the class, in plain bits. The classes and
their shares follow from the density by the arithmetic of `kolmo.coding.portable`: hence encoder
and decoder agree on every machine, whatever the distribution.

What this costs beyond the formula, for 10**6 values: about 3 bits, as classes are flat; and about
1 bit, as each of some 3000 has a share of at least 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import (
    TOTAL_BITS,
    TOTAL_LIMIT,
    Code,
    Reader,
    Writer,
    check_length,
    damaged,
    describe,
)
from kolmo.coding.discrete import Uniforms
from kolmo.coding.portable import exp2, log2, total
from kolmo.coding.urn import Urn
from kolmo.errors import ParameterError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_DISTANCE_BITS = 60
"""Words are for the integers from -2**60 to below 2**60."""

LARGEST_CLASSES = 1 << 15

_REACH, _FINENESS = 10, 8  # around a landmark: how many spreads, how many classes to a spread
_UNEVEN = 2.0**-26  # split where share * tilt**2 is larger: it costs 2**-29 bits or more per value
_LOG2_POINTS = 6  # in the class of one integer
_POINTS = 1 << _LOG2_POINTS
_LOG2_POINTS_AT_ZERO = 4
_POINTS_AT_ZERO = 1 << _LOG2_POINTS_AT_ZERO  # in each octave below 1/2
_OCTAVES_AT_ZERO = 256  # for densities that are infinite there


class Shape(NamedTuple):
    """A distribution of integers.

    Attributes
    ----------
    log2_density : callable
        Takes float64[n] and returns float64[n]: log2 of the density at these points, -inf where
        there is nothing. It need not be normalised. Nothing but the arithmetic of
        `kolmo.coding.portable`.
    landmarks : sequence of (float, float)
        Centre and spread of each place where the density may be narrow.
    discrete : bool
        Whether it is log2 of the probability of an integer, continued smoothly between integers;
        else a density, and the integer v stands for v - 1/2 to v + 1/2.
    two_sided : bool
        Whether negative integers have words.
    """

    log2_density: Callable[[Floats], Floats]
    landmarks: Sequence[tuple[float, float]]
    discrete: bool = False
    two_sided: bool = True


class Classes(Code[Integers]):
    """A sequence of independent integers, each by its class and its place in the class.

    Parameters
    ----------
    shape : Shape
        The distribution of each.
    length : int
        How many; the decoder knows it.

    Notes
    -----
    Values are int64 arrays, from -2**60 to below 2**60. The classes are made on first use, in
    about 10 ms; there are at most 2**15, whatever the shape. A shape without a density anywhere
    has no words: ParameterError when encoding, DecodeError when decoding.

    Examples
    --------
    A density that halves at each step gives 0 twice the share of 1:

    >>> code = Classes(Shape(lambda u: -u, [], discrete=True, two_sided=False), 1)
    >>> [round(code.codelength(np.array([u])), 6) for u in (0, 1, 2)]
    [1.0, 2.0, 3.0]
    """

    def __init__(self, shape: Shape, length: int) -> None:
        self.shape, self.length = shape, length

    def codelength(self, value: Integers, /) -> float:
        """Return the length of a sequence in bits."""
        numbers = self._check(value)
        counts = np.bincount(self._find(numbers), minlength=self._lows.size)
        return self._bits(np.arange(self._lows.size), counts)

    def counts_bits(self, distinct: Integers, counts: Integers) -> float:
        """Return the length in bits of any sequence with these values, each as often as said."""
        check_length(int(np.sum(counts)), self.length)
        return self._bits(self._find(self._require_words(distinct)), counts)

    def encode(self, value: Integers, coder: Writer, /) -> None:
        """Store a sequence: all classes, then all places."""
        numbers = self._check(value)
        classes = self._find(numbers)
        places = Uniforms(self._widths[classes]).blocks(numbers - self._lows[classes])
        coder.put_blocks(chain(self._symbols.blocks(classes), places))

    def decode(self, coder: Reader, /) -> Integers:
        """Return the sequence stored next."""
        try:
            symbols = self._symbols
        except ParameterError as error:
            raise damaged(str(error)) from error
        classes = np.asarray(symbols.decode(coder), np.int64)
        return np.asarray(self._lows[classes] + Uniforms(self._widths[classes]).decode(coder))

    @cached_property
    def _table(self) -> tuple[Integers, Integers, Integers]:
        """Return lowest integers, widths and shares of all classes, in ascending order."""
        return class_table(self.shape)

    @property
    def _lows(self) -> Integers:
        return self._table[0]

    @property
    def _widths(self) -> Integers:
        return self._table[1]

    @cached_property
    def _symbols(self) -> Urn:
        return Urn(self._table[2].tolist(), step=0, length=self.length)

    def _find(self, numbers: Integers) -> Integers:
        return np.asarray(np.searchsorted(self._lows, numbers, side="right") - 1)

    def _bits(self, classes: Integers, counts: Integers) -> float:
        _, widths, shares = self._table
        lengths = TOTAL_BITS - np.log2(shares[classes]) + np.log2(widths[classes])
        return float(np.dot(lengths, counts))

    def _check(self, value: Integers) -> Integers:
        check_length(len(value), self.length)
        return self._require_words(value)

    def _require_words(self, value: Integers) -> Integers:
        limit = 1 << LARGEST_DISTANCE_BITS
        lowest = -limit if self.shape.two_sided else 0
        if len(value) and not lowest <= int(np.min(value)) <= int(np.max(value)) < limit:
            raise ParameterError(
                f"value out of range: got {describe(int(np.min(value)))} to "
                f"{describe(int(np.max(value)))}; need {lowest} to 2**60 - 1."
            )
        return np.asarray(value, np.int64)


class _Cells(NamedTuple):
    """Intervals of 2**levels integers from ``lows`` on; log2 of their weights; how tilted each is.

    The tilt is by how much log2 of the density differs between the two halves, at most 1.
    """

    lows: Integers
    levels: Integers
    weights: Floats
    tilts: Floats


def class_table(shape: Shape) -> tuple[Integers, Integers, Integers]:
    """Return lowest integers, widths and shares of the classes of a shape, in ascending order.

    Raises
    ------
    ParameterError
        If the density is nowhere positive, or no number.
    """
    with np.errstate(all="ignore"):
        cells = _split_unevenness(
            shape, _measure(shape, *_split_landmarks(shape, *_octaves(shape)))
        )
    order = np.argsort(cells.lows, kind="stable")
    return cells.lows[order], 1 << cells.levels[order], _shares(cells.weights[order])


def _octaves(shape: Shape) -> tuple[Integers, Integers]:
    """Return 0, 1, 2 to 3, 4 to 7 ... and their mirror images: lowest integers, and levels."""
    levels = np.arange(-1, LARGEST_DISTANCE_BITS)
    ends = 1 << (levels + 1)
    levels = np.maximum(levels, 0)
    upper = ends - (1 << levels)
    if not shape.two_sided:
        return upper, levels
    return np.concatenate([upper, -ends]), np.concatenate([levels, levels])


def _split_landmarks(shape: Shape, lows: Integers, levels: Integers) -> tuple[Integers, Integers]:
    """Return classes that are fine around all landmarks."""
    kept: list[tuple[Integers, Integers]] = []
    while lows.size:
        wanted = _near_landmarks(shape, lows, levels) & (levels > 0)
        room = LARGEST_CLASSES - lows.size - sum(part.size for part, _ in kept)
        if np.count_nonzero(wanted) > room:
            wanted[:] = False
        kept.append((lows[~wanted], levels[~wanted]))
        lows, levels = _halves(lows[wanted], levels[wanted])
    return np.concatenate([part for part, _ in kept]), np.concatenate([part for _, part in kept])


def _near_landmarks(shape: Shape, lows: Integers, levels: Integers) -> NDArray[np.bool_]:
    """Return which classes come within some spreads of a landmark and are wide beside it."""
    widths = np.ldexp(1.0, levels.astype(np.intc))
    middles = lows - 0.5 + widths / 2
    near = np.zeros(lows.size, np.bool_)
    for centre, spread in shape.landmarks:
        close = np.abs(middles - centre) <= widths / 2 + _REACH * spread
        near |= close & (widths > spread / _FINENESS)
    return near


def _split_unevenness(shape: Shape, fresh: _Cells) -> _Cells:
    """Return classes of which none is both frequent and far from flat, if they can be split."""
    kept: list[_Cells] = []
    while fresh.lows.size:
        everything = _joined([*kept, fresh])
        _require_density(everything.weights)
        wanted = _wanted(fresh, everything.weights)
        if everything.lows.size + np.count_nonzero(wanted) > LARGEST_CLASSES:
            wanted[:] = False
        ones = _chosen(fresh, fresh.levels == 0)
        many = fresh.levels > 0
        kept += [_averaged(shape, ones, wanted[~many]), _chosen(fresh, many & ~wanted)]
        split = _chosen(fresh, many & wanted)
        fresh = _measure(shape, *_halves(split.lows, split.levels))
    return _joined(kept)


def _wanted(cells: _Cells, weights: Floats) -> NDArray[np.bool_]:
    """Return which classes cost more than the tolerance by being flat, among all the weights."""
    largest = weights.max()
    whole = total(exp2(weights - largest))
    return np.asarray(exp2(cells.weights - largest) * cells.tilts * cells.tilts > whole * _UNEVEN)


def _halves(lows: Integers, levels: Integers) -> tuple[Integers, Integers]:
    halved = levels - 1
    return np.concatenate([lows, lows + (1 << halved)]), np.concatenate([halved, halved])


def _measure(shape: Shape, lows: Integers, levels: Integers) -> _Cells:
    """Return classes with weights from the density in the middle of both halves."""
    widths = np.ldexp(1.0, levels.astype(np.intc))
    inset = np.where(shape.discrete & (levels == 0), 0.5, 0.25) * widths
    left = shape.log2_density(lows - 0.5 + inset)
    right = shape.log2_density(lows - 0.5 + (widths - inset))
    high, low = np.maximum(left, right), np.minimum(left, right)
    some = high > -np.inf
    ratios = np.where(some, low - np.where(some, high, 0.0), 0.0)
    weights = np.where(np.isnan(high), high, levels + high - 1 + log2(1 + exp2(ratios)))
    return _Cells(lows, levels, weights, np.minimum(-ratios, 1.0))


def _averaged(shape: Shape, ones: _Cells, wanted: NDArray[np.bool_]) -> _Cells:
    """Return classes of one integer, with weights from many points where that matters."""
    if shape.discrete or not ones.lows.size:
        return ones
    needed = wanted | (ones.lows == 0) | _near_landmarks(shape, ones.lows, ones.levels)
    weights = ones.weights.copy()
    weights[needed] = _averages(shape, ones.lows[needed])
    weights[ones.lows == 0] = _weight_at_zero(shape)
    return ones._replace(weights=weights)


def _averages(shape: Shape, lows: Integers) -> Floats:
    """Return log2 of the mean density around integers."""
    inside = (np.arange(_POINTS) + 0.5) / _POINTS - 0.5
    points = (lows[:, np.newaxis] + inside).ravel()
    return _log2_sums(shape.log2_density(points).reshape(-1, _POINTS)) - _LOG2_POINTS


def _weight_at_zero(shape: Shape) -> float:
    """Return log2 of the weight from -1/2 to 1/2, by ever finer steps towards 0."""
    octaves = np.arange(2, _OCTAVES_AT_ZERO + 2)
    steps = (np.arange(_POINTS_AT_ZERO) + 0.5) / _POINTS_AT_ZERO + 1
    points = np.ldexp(steps, -octaves[:, np.newaxis].astype(np.intc)).ravel()
    widths = np.repeat(-octaves - float(_LOG2_POINTS_AT_ZERO), _POINTS_AT_ZERO)
    both = [shape.log2_density(side * points) + widths for side in (-1, 1)]
    return float(_log2_sums(np.concatenate(both)[np.newaxis, :])[0])


def _log2_sums(logarithms: Floats) -> Floats:
    """Return log2 of the sums of rows given by their logarithms."""
    largest = logarithms.max(axis=1)
    shift = np.where(largest > -np.inf, largest, 0.0)
    sums = np.add.accumulate(exp2(logarithms - shift[:, np.newaxis]), axis=1)[:, -1]
    return np.asarray(shift + log2(sums))


def _require_density(weights: Floats) -> None:
    """Raise ParameterError unless a weight is finite and none is infinite or no number."""
    largest = weights.max()
    if not -np.inf < largest < np.inf:
        raise ParameterError(
            f"no distribution: got a largest log2 density of {largest}; need a finite one. "
            "Check the parameters of the shape."
        )


def _shares(weights: Floats) -> Integers:
    """Return integer shares of 2**32, each at least 1, in proportion to 2**weights."""
    _require_density(weights)
    sums = np.add.accumulate(exp2(weights - weights.max()))
    bounds = (sums / sums[-1] * (TOTAL_LIMIT - weights.size)).astype(np.int64)
    return np.asarray(np.diff(bounds, prepend=0) + 1)


def _chosen(cells: _Cells, which: NDArray[np.bool_]) -> _Cells:
    lows, levels, weights, tilts = cells
    return _Cells(lows[which], levels[which], weights[which], tilts[which])


def _joined(parts: Sequence[_Cells]) -> _Cells:
    lows, levels, weights, tilts = map(np.concatenate, zip(*parts, strict=True))
    return _Cells(lows, levels, weights, tilts)
