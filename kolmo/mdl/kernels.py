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

# Urns: weights[context * size + symbol] and totals[context], each at most 2**32; contexts below
# 2**22.


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
def bin_costs(below: Numbers, edges: Floats, log_factorials: Floats, costs: Floats) -> None:
    """Write costs[j, i], in bits, of one bin from edge i to edge j > i.

    below[i] values lie below edge i. A bin of m values costs m log2(width) - log2 m!.
    """
    for j in range(1, edges.size):
        for i in range(j):
            count = below[j] - below[i]
            costs[j, i] = count * np.log2(edges[j] - edges[i]) - log_factorials[count]


@kernel
def add_bin(previous: Floats, costs: Floats, least: Floats, cuts: Numbers) -> None:
    """Write the least cost of all bins up to each edge, one bin more than before, and its last cut.

    Of equal costs the lowest cut is kept.
    """
    for j in range(least.size):
        best, cut = np.inf, 0
        for i in range(j):
            cost = previous[i] + costs[j, i]
            if cost < best:
                best, cut = cost, i
        least[j], cuts[j] = best, cut


@kernel
def normal_bits(running: Running, start: int, stop: int, floor: float) -> float:
    """Return the maximised length of a segment under a normal density, in bits.

    ``floor`` is added to the variance.
    """
    sums, squares, rows = running
    size = rows[stop] - rows[start]
    mean = (sums[stop] - sums[start]) / size
    variance = max(0.0, (squares[stop] - squares[start]) / size - mean * mean) + floor
    return float(0.5 * size * np.log2(2 * np.pi * np.e * variance))


@kernel
def best_segments(
    running: Running,
    minimum: int,
    prices: tuple[float, float],
    state: tuple[Floats, Numbers, Numbers, Numbers],
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
    state : (float64[n + 1], int64[n + 1], int64[n + 1], int64[n + 1])
        Least bits up to each place; where its last segment starts; the candidates for such starts;
        and from which place on a candidate is no longer one, n + 1 at first.
    span : (int, int, int)
        First place, last place, number of candidates.

    Notes
    -----
    A start s is given up from t + minimum on if a cut at t is never worse: least[s] and the
    density's bits from s to t reach least[t], as log2(a) + log2(b) - log2(a + b) <= log2(a).
    """
    rows = running[2]
    price, floor = prices
    least, starts, candidates, until = state
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
            candidates[kept] = s
            kept += 1
            size = rows[t] - rows[s]
            cost = least[s] + normal_bits(running, s, t, floor) + np.log2(size) + price
            if cost < best:
                best, start = cost, s
        alive = kept
        least[t], starts[t] = best, start
        for k in range(alive):
            s = candidates[k]
            if least[s] + normal_bits(running, s, t, floor) >= best:
                until[s] = min(until[s], t + minimum)
    return alive
