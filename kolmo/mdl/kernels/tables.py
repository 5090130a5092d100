"""Symbols in the table of their context: their intervals, written and read; and contingency."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import Bytes, Words, peek, skip
from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Codes = NDArray[Any]
Urns = tuple[Numbers, Numbers]

# Urns: weights[context * size + symbol] and totals[context], each at most 2**32; at most 2**22
# weights. Contexts and symbols are below their numbers, which the callers check.


@kernel
def table_intervals(
    symbols: Numbers,
    contexts: Numbers,
    step: int,
    urns: Urns,
    columns: tuple[Words, Words, Words],
) -> None:
    """Write the intervals of the symbols, each in its context; ``step`` is put into the urn."""
    weights, totals = urns
    starts, frequencies, out_totals = columns
    size = weights.size // totals.size
    for i in range(symbols.size):
        context, symbol = contexts[i], symbols[i]
        base = context * size
        below = 0
        for other in range(symbol):
            below += weights[base + other]
        starts[i] = below
        frequencies[i] = weights[base + symbol]
        out_totals[i] = totals[context]
        weights[base + symbol] += step
        totals[context] += step


@kernel
def read_table(
    head: Words, payload: Bytes, symbols: Numbers, contexts: Numbers, step: int, urns: Urns
) -> int:
    """Read a symbol for each context; return their number, or -1 on damage."""
    weights, totals = urns
    size = weights.size // totals.size
    for i in range(symbols.size):
        context = contexts[i]
        base = context * size
        total: Any = np.uint64(totals[context])
        target = peek(head, total)
        if target >= total:
            return -1
        symbol, below, weight = np.int64(0), np.int64(0), weights[base]
        while np.uint64(below + weight) <= target:
            below += weight
            symbol += 1
            weight = weights[base + symbol]
        if not skip(head, payload, np.uint64(below), np.uint64(weight), total):
            return -1
        weights[base + symbol] += step
        totals[context] += step
        symbols[i] = symbol
    return symbols.size


@kernel
def count_pairs(firsts: Codes, seconds: Codes, counts: Numbers) -> None:
    """Add to counts[a, b] how often the codes a and b stand in the same row."""
    for i in range(firsts.size):
        counts[firsts[i], seconds[i]] += 1


@kernel
def sum_urns(counts: Numbers, given: Floats, of: Floats, lengths: Floats) -> None:
    """Write the bits of each row of counts: of[all] less given[each].

    ``given`` and ``of`` are for all counts from 0 to the largest, and to the largest sum.
    """
    for i in range(counts.shape[0]):
        rows, bits = 0, 0.0
        for j in range(counts.shape[1]):
            rows += counts[i, j]
            bits += given[counts[i, j]]
        lengths[i] = of[rows] - bits
