"""Where a histogram's bins end: the best of all sets of cuts, by dynamic programming.

References
----------
P. Kontkanen, P. Myllymäki (2007). MDL histogram density estimation. AISTATS, PMLR 2, 219-226.
Section 4. We differ in that a bin's cost does not depend on the number of bins, in pricing cuts
on the whole lattice, and in stopping early where no further bin can pay.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.logstar import LogStar
from kolmo.mdl.values import Integers

_FEW_CELLS = 1 << 8


def cut_places(filled: Integers) -> Integers:
    """Return the edges to try: all of few cells; of many, the ends and those beside values.

    For a given number of bins no cut needs to lie between two empty cells. Only with more bins
    than half the cells, where further cuts are ever cheaper, could such cuts pay.
    """
    if filled.size <= _FEW_CELLS:
        return np.arange(filled.size + 1)
    used = np.concatenate([[True], filled > 0, [True]])
    return np.flatnonzero(used[1:] | used[:-1])


def best_cuts(below: Integers, edges: NDArray[np.float64], cells: int) -> list[int]:
    """Return the indices of the best inner edges.

    Parameters
    ----------
    below : int64[m + 1]
        How many values lie below each edge.
    edges : float64[m + 1]
        Where the edges are, ascending from 0.
    cells : int
        Number of lattice cells, which the price of the cuts depends on.

    Notes
    -----
    The search ends where more bins cannot pay. The price of the counts grows with them, and what
    else is sent is at least what it is for any bins at no price. Likewise all but the price of
    the cuts is at least the maximised likelihood on all edges, and that price rises and then
    falls: for more bins it is at least the smaller of those now and at the end.
    """
    from kolmo.mdl.kernels import add_bin, bin_costs

    rows = int(below[-1])
    logs = np.concatenate([[0.0], np.cumsum(np.log2(np.arange(1.0, rows + 1)))])
    costs = np.empty((edges.size, edges.size))
    bin_costs(below, edges, logs, costs)
    floor, free = _least_bits(below, edges), logs[rows] + _least_of_any(costs)
    most_bits = log2_choose(cells - 1, edges.size - 2)
    least = np.full(edges.size, np.inf)
    least[0] = 0.0
    best, best_bins, history = np.inf, 0, []
    for bins in range(1, edges.size):
        cuts = np.zeros(edges.size, np.int64)
        following = np.empty(edges.size)
        add_bin(least, costs, following, cuts)
        least = following
        history.append(cuts)
        places_bits = log2_choose(cells - 1, bins - 1)
        counts_bits = log2_choose(rows + bins - 1, bins - 1)
        bits = places_bits + counts_bits + logs[rows] + least[-1] + LogStar().codelength(bins)
        if bits < best:
            best, best_bins = bits, bins
        if max(min(places_bits, most_bits) + floor, counts_bits + free) >= best:
            break
    return _trace(history[:best_bins])


def log2_choose(total: int, chosen: int) -> float:
    """Return log2 of a binomial coefficient.

    Examples
    --------
    >>> round(log2_choose(5, 2), 6) == round(math.log2(10), 6)
    True
    """
    gammas: float = (
        math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
    )
    return gammas / math.log(2)


def _least_bits(below: Integers, edges: NDArray[np.float64]) -> float:
    """Return what no histogram on these edges can do without, however many its bins."""
    counts, widths = np.diff(below), np.diff(edges)
    used = counts > 0
    shares = counts[used] / below[-1] / widths[used]
    return float(-(counts[used] * np.log2(shares)).sum())


def _least_of_any(costs: NDArray[np.float64]) -> float:
    """Return the least sum of the costs of bins, however many."""
    least = np.zeros(costs.shape[0])
    for j in range(1, least.size):
        least[j] = np.min(least[:j] + costs[j, :j])
    return float(least[-1])


def _trace(history: list[Integers]) -> list[int]:
    place, places = -1, []
    for cuts in reversed(history):
        place = int(cuts[place])
        places.append(place)
    return places[-2::-1]
