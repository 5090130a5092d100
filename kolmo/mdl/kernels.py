"""Loops of the families, compiled by numba; import them where they are called."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import Bytes, Words, peek, skip
from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Urns = tuple[Numbers, Numbers]
Running = tuple[Floats, Floats, Numbers]
Lattice = tuple[Numbers, Numbers, Floats, Floats, Floats]

# Urns: weights[context * size + symbol] and totals[context], each at most 2**32; contexts below
# 2**22.

# Lattice: below[j] values lie below edge j, which is places[j] cells from the first; log_widths[w]
# is log2 of w cells, last_log_widths[i] that of what lies from edge i to the end; and
# log_factorials[m] is log2 m!, for m up to the number of values.


@kernel
def context_before(symbols: Numbers, start: int, size: int, order: int) -> int:
    """Return the number that the ``order`` symbols before ``start`` make, or fewer."""
    context = 0
    for j in range(max(0, start - order), start):
        context = context * size + symbols[j]
    return context


@kernel
def context_intervals(
    symbols: Numbers,
    start: int,
    chain: tuple[int, int],
    urns: Urns,
    columns: tuple[Words, Words, Words],
) -> None:
    """Write the intervals of the symbols from ``start`` on until the columns are full.

    ``chain`` is the number of symbols and the order; the urns are changed.
    """
    size, order = chain
    weights, totals = urns
    starts, frequencies, out_totals = columns
    contexts = totals.size
    context = context_before(symbols, start, size, order)
    for k in range(starts.size):
        symbol = symbols[start + k]
        if start + k < order:
            starts[k], frequencies[k], out_totals[k] = symbol, 1, size
        else:
            base = context * size
            below = 0
            for other in range(symbol):
                below += weights[base + other]
            starts[k] = below
            frequencies[k] = weights[base + symbol]
            out_totals[k] = totals[context]
            weights[base + symbol] += 2
            totals[context] += 2
        context = (context * size + symbol) % contexts


@kernel
def read_contexts(
    head: Words,
    payload: Bytes,
    symbols: Numbers,
    span: tuple[int, int],
    chain: tuple[int, int],
    urns: Urns,
) -> int:
    """Read the symbols from span[0] to span[1]; return their number, or -1 on damage."""
    size, order = chain
    weights, totals = urns
    contexts = totals.size
    context = context_before(symbols, span[0], size, order)
    for i in range(span[0], span[1]):
        known = i >= order
        total: Any = np.uint64(totals[context] if known else size)
        target = peek(head, total)
        if target >= total:
            return -1
        symbol: Any = np.int64(target)
        below, weight = symbol, np.int64(1)
        if known:
            base = context * size
            symbol, below, weight = np.int64(0), np.int64(0), weights[base]
            while np.uint64(below + weight) <= target:
                below += weight
                symbol += 1
                weight = weights[base + symbol]
            weights[base + symbol] += 2
            totals[context] += 2
        if not skip(head, payload, np.uint64(below), np.uint64(weight), total):
            return -1
        symbols[i] = symbol
        context = (context * size + symbol) % contexts
    return span[1] - span[0]


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


@kernel
def normal_bits(total: float, square: float, size: float, floor: float) -> float:
    """Return the maximised length of values under a normal density, in bits.

    ``total`` and ``square`` are their sum and that of their squares; ``floor`` is added to the
    variance.
    """
    mean = total / size
    variance = max(0.0, square / size - mean * mean) + floor
    return float(0.5 * size * np.log2(2 * np.pi * np.e * variance))


@kernel
def best_segments(
    running: Running,
    minimum: int,
    prices: tuple[float, float],
    state: tuple[Floats, Numbers, Numbers, Numbers, Floats],
    span: tuple[int, int, int],
) -> int:
    """Extend the best segmentation to the places from span[0] to span[1]; return the candidates.

    Parameters
    ----------
    running : (float64[n + 1], float64[n + 1], int64[n + 1])
        Sums of the values and of their squares up to each place, and its row.
    minimum : int
        Least number of places from a cut to the next.
    prices : (float, float)
        Bits for each segment, to which log2(length) is added; and the floor of the variance.
    state : (float64[n + 1], int64[n + 1], int64[n + 1], int64[n + 1], float64[n + 1])
        Least bits up to each place; where its last segment starts; the candidates for such starts;
        and from which place on a candidate is no longer one, n + 1 at first. The last is scratch.
    span : (int, int, int)
        First place, last place, number of candidates.

    Notes
    -----
    A start s is given up from t + minimum on if a cut at t is never worse: least[s] and the
    density's bits from s to t reach least[t], as log2(a) + log2(b) - log2(a + b) <= log2(a).
    """
    sums, squares, rows = running
    price, floor = prices
    least, starts, candidates, until, bits = state
    first, last, alive = span
    for t in range(first, last + 1):
        newest = t - minimum
        if newest == 0 or newest >= minimum:
            candidates[alive] = newest
            alive += 1
        kept = 0
        best, start = np.inf, 0
        for k in range(alive):
            s = candidates[k]
            if until[s] <= t:
                continue
            size = rows[t] - rows[s]
            density = normal_bits(sums[t] - sums[s], squares[t] - squares[s], size, floor)
            candidates[kept], bits[kept] = s, least[s] + density
            cost = bits[kept] + np.log2(size) + price
            kept += 1
            if cost < best:
                best, start = cost, s
        alive = kept
        least[t], starts[t] = best, start
        for k in range(alive):
            if bits[k] >= best:
                until[candidates[k]] = min(until[candidates[k]], t + minimum)
    return alive
