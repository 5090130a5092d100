"""The best cuts of a histogram's lattice, by dynamic programming."""

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Lattice = tuple[Numbers, Numbers, Floats, Floats, Floats]

# Lattice: below[j] values lie below edge j, which is places[j] cells from the first; log_widths[w]
# is log2 of w cells, last_log_widths[i] that of what lies from edge i to the end; and
# log_factorials[m] is log2 m!, for m up to the number of values.


@kernel
def costs_from(start: int, lattice: Lattice, costs: Floats) -> None:
    """Write the costs of one bin from an edge to each edge after it.

    A bin of m values costs m log2(width) - log2 m!.
    """
    below, places, log_widths, last_log_widths, log_factorials = lattice
    last = below.size - 1
    for stop in range(start + 1, last):
        count = below[stop] - below[start]
        log_width = log_widths[places[stop] - places[start]]
        costs[stop] = count * log_width - log_factorials[count]
    count = below[last] - below[start]
    costs[last] = count * last_log_widths[start] - log_factorials[count]


@kernel
def lower_all(least: Floats, costs: Floats, bits: float) -> None:
    """Replace each number by a cost plus ``bits`` where that is less."""
    for j in range(least.size):
        cost = bits + costs[j]
        least[j] = cost if cost < least[j] else least[j]


@kernel
def add_bins(lattice: Lattice, previous: Floats, least: Floats, costs: Floats) -> None:
    """Write least[k, j]: the least cost up to edge j of k + 1 bins more than ``previous`` has.

    ``least`` is infinite at first; ``costs`` is for scratch.
    """
    for i in range(costs.size - 1):
        costs_from(i, lattice, costs)
        for k in range(least.shape[0]):
            bits = previous[i] if k == 0 else least[k - 1, i]
            if bits < np.inf:
                lower_all(least[k, i + 1 :], costs[i + 1 :], bits)


@kernel
def free_bins(lattice: Lattice, prices: Floats, least: Floats, costs: Floats) -> None:
    """Write least[k, j]: the least cost up to edge j of any bins at prices[k] each.

    ``least`` is 0 at the first edge and infinite at others; ``costs`` is for scratch.
    """
    for i in range(costs.size - 1):
        costs_from(i, lattice, costs)
        for k in range(prices.size):
            lower_all(least[k, i + 1 :], costs[i + 1 :], least[k, i] + prices[k])


@kernel
def trace_bins(lattice: Lattice, least: Floats, starts: Numbers) -> None:
    """Write the edges at which the best bins start, the first of which is 0.

    least[k, j] is the least cost of k bins up to edge j. Of equal costs the lowest cut is kept.
    """
    below, places, log_widths, last_log_widths, log_factorials = lattice
    last = below.size - 1
    stop = last
    for k in range(starts.size - 1, 0, -1):
        best = np.inf
        for i in range(k, stop):
            count = below[stop] - below[i]
            log_width = last_log_widths[i] if stop == last else log_widths[places[stop] - places[i]]
            cost = least[k, i] + (count * log_width - log_factorials[count])
            if cost < best:
                best, starts[k] = cost, i
        stop = starts[k]
