"""Symbols after the few symbols before them: their intervals, written and read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import Bytes, Words, peek, skip
from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Urns = tuple[Numbers, Numbers]

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
