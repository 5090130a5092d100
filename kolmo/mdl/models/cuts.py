"""Where a histogram's bins end: the best of all sets of cuts, by dynamic programming.

References
----------
P. Kontkanen, P. Myllymäki (2007). MDL histogram density estimation. AISTATS, PMLR 2, 219-226.
Section 4. We differ in that a bin's cost does not depend on the number of bins, in pricing cuts
on the whole lattice, and in stopping where no further bin can pay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.logstar import LogStar
from kolmo.mdl.models.values import Integers, Values

Floats = NDArray[np.float64]

_FEW_CELLS = 1 << 8
_NARROWEST = 2.0**-40  # of a cell, for the last one: floats tell it from its lower edge
_BLOCK_BINS = 16  # found in one pass over all pairs of edges
_FEWEST_BINS = 8
_ROUNDING_BITS = 1e-6


class Cuts:
    """The best cuts on one lattice, for each number of bins.

    Parameters
    ----------
    filled : int64[m]
        How many values lie in each cell of the lattice.
    end : float
        Where the last cell ends, counted in cells; above m - 1, at most m.
    log_factorials : float64[n + m + 1] or longer
        log2 of 0!, 1!, 2! ..., where n is the number of values.

    Attributes
    ----------
    bits : list of float
        For 1 bin, 2 bins and so on, as far as they were looked for: the least length of number,
        cuts, counts, order, and places in bins, with cells of width 1.

    Notes
    -----
    Time O(m**2) for each number of bins, memory O(m) for each.

    Examples
    --------
    >>> cuts = Cuts(np.array([9, 9, 0, 0]), 4.0, log2_factorials(30))
    >>> cuts.look_for(2)
    >>> cuts.best(2)
    ([2], [18, 0])
    """

    def __init__(self, filled: Integers, end: float, log_factorials: Floats) -> None:
        marks, cells = cut_places(filled), filled.size
        below = np.concatenate([[0], np.cumsum(filled)])[marks]
        last_widths = np.maximum(end, marks[-2] + _NARROWEST) - marks[:-1]
        log_widths = np.log2(np.maximum(1, np.arange(cells + 1)))
        self._lattice = (below, marks, log_widths, np.log2(last_widths), log_factorials)
        numbers = np.arange(marks.size - 1)
        rows = int(below[-1])
        places_bits = _log2_choose(log_factorials, cells - 1, numbers)
        counts_bits = _log2_choose(log_factorials, rows + numbers, numbers)
        self._prices = log_factorials[rows] + places_bits + counts_bits
        self._bounds = self._prices + self._least_of_any() - _ROUNDING_BITS
        self._least = np.where(marks == 0, 0.0, np.inf)[None]  # of 0 bins, 1 bin ...
        self.bits: list[float] = []

    def search(self, limit_bits: float) -> None:
        """Look for all numbers of bins that may have a length below ``limit_bits``, or the best."""
        while len(self.bits) < self.most(min(limit_bits, *self.bits, np.inf)):
            self._add_bins()

    def most(self, limit_bits: float) -> int:
        """Return the largest number of bins that may have a length below ``limit_bits``."""
        return int(np.flatnonzero(self._bounds < limit_bits).max(initial=-1)) + 1

    def look_for(self, bins: int) -> None:
        """Look for all numbers of bins up to ``bins``, if the lattice has so many."""
        while len(self.bits) < min(bins, self._prices.size):
            self._add_bins()

    def best(self, bins: int) -> tuple[list[int], list[int]]:
        """Return the cells before which the best cuts lie, and the counts between them."""
        from kolmo.mdl.kernels import trace_bins

        starts = np.zeros(bins, np.int64)
        trace_bins(self._lattice, self._least, starts)
        below, marks = self._lattice[:2]
        return marks[starts[1:]].tolist(), np.diff(below[[*starts, -1]]).tolist()

    def _add_bins(self) -> None:
        from kolmo.mdl.kernels import add_bins

        edges = self._least.shape[1]
        fewer = len(self.bits)
        more = min(_BLOCK_BINS, edges - 1 - fewer)
        least = np.full((more, edges), np.inf)
        add_bins(self._lattice, self._least[-1], least, np.zeros(edges))
        self._least = np.concatenate([self._least, least])
        number = LogStar()
        for bins in range(fewer + 1, fewer + more + 1):
            bits = self._prices[bins - 1] + self._least[bins, -1] + number.codelength(bins)
            self.bits.append(float(bits))

    def _least_of_any(self) -> Floats:
        """Return for each number of bins a bound of what they cost, whatever the cuts.

        If any number of bins at a price p each costs f at least, then b bins cost f - p b at
        least. The prices tried are what one more bin adds to that of 1, 2, 4 ... bins, and to
        that of 1, 2, 4 ... fewer than the most.
        """
        from kolmo.mdl.kernels import free_bins

        edges = self._lattice[1].size
        near = 2 ** np.arange((edges - 1).bit_length()) - 1
        at = np.concatenate([near, edges - 2 - near])
        prices = np.diff(self._prices, append=self._prices[-1])[at]
        least = np.full((prices.size, edges), np.inf)
        least[:, 0] = 0.0
        free_bins(self._lattice, prices, least, np.zeros(edges))
        slopes = prices[:, None] * np.arange(1, edges)
        return np.asarray((least[:, -1:] - slopes).max(axis=0))


class Search:
    """The best cuts over lattices of different cells, for each number of bins.

    Parameters
    ----------
    distances : int64[n], or of objects
        The values less the smallest.
    size : int
        Above each of them.
    shifts : sequence of int
        A cell of lattice i has 2**shifts[i] integers.

    Attributes
    ----------
    bits : list of float
        For 1 bin, 2 bins and so on: about the least length, ``size`` left out. It ends where more
        bins cannot pay on any lattice, at 8 bins at least if there are so many.

    Examples
    --------
    Cells of 1, 2, 4 or 8 integers; the best two bins are two cells of 2 integers each:

    >>> search = Search(np.array([0, 1, 2, 3] * 9 + [5]), 8, [0, 1, 2, 3])
    >>> search.best(2)
    (1, [2], [36, 1])
    """

    def __init__(self, distances: Values, size: int, shifts: Sequence[int]) -> None:
        finest = -(-size >> shifts[0])
        logs = log2_factorials(distances.size + finest)
        number = LogStar()
        self._extra_bits = [
            distances.size * shift + number.codelength(i) for i, shift in enumerate(shifts, 1)
        ]
        self._cuts = [
            Cuts(np.bincount((distances >> s).astype(np.int64)), size / (1 << s), logs)
            for s in shifts
        ]
        most = self._search()
        self.bits = [min(self._lengths(bins)) for bins in range(1, most + 1)]

    def best(self, bins: int) -> tuple[int, list[int], list[int]]:
        """Return which lattice is the best for so many bins, its inner edges, and the counts."""
        lengths = self._lengths(bins)
        lattice = lengths.index(min(lengths))
        return lattice, *self._cuts[lattice].best(bins)

    def _search(self) -> int:
        """Look for all that may pay, the coarsest lattice first; return the most bins."""
        best, pairs = math.inf, [*zip(self._extra_bits, self._cuts, strict=True)]
        for extra, cuts in reversed(pairs):
            cuts.search(best - extra)
            best = min([best, *(extra + bits for bits in cuts.bits)])
        most = max(_FEWEST_BINS, *(cuts.most(best - extra) for extra, cuts in pairs))
        for _, cuts in pairs:
            cuts.look_for(most)
        return min(most, max(len(cuts.bits) for _, cuts in pairs))

    def _lengths(self, bins: int) -> list[float]:
        """Return the least length on each lattice, infinite if it has fewer cells."""
        return [
            extra + cuts.bits[bins - 1] if bins <= len(cuts.bits) else math.inf
            for extra, cuts in zip(self._extra_bits, self._cuts, strict=True)
        ]


def cut_places(filled: Integers) -> Integers:
    """Return the edges to try: all of few cells; of many, the ends and those beside values.

    For a given number of bins no cut needs to lie between two empty cells. Only with more bins
    than half the cells, where further cuts are ever cheaper, could such cuts pay.
    """
    if filled.size <= _FEW_CELLS:
        return np.arange(filled.size + 1)
    used = np.concatenate([[True], filled > 0, [True]])
    return np.flatnonzero(used[1:] | used[:-1])


def log2_factorials(largest: int) -> Floats:
    """Return log2 of 0!, 1! ... ``largest``!.

    Examples
    --------
    >>> log2_factorials(2)
    array([0., 0., 1.])
    """
    return np.concatenate([[0.0], np.cumsum(np.log2(np.arange(1.0, largest + 1)))])


def _log2_choose(log_factorials: Floats, total: Integers | int, chosen: Integers) -> Floats:
    """Return log2 of binomial coefficients."""
    rest = log_factorials[chosen] + log_factorials[total - chosen]
    return np.asarray(log_factorials[total] - rest)
