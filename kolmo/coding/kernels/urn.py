"""Sequences drawn from an urn: symbols with weights, of which the drawn one changes by a step.

With weights 1 and step 2 this is the Krichevsky-Trofimov code, with step 1 Laplace's, with step 0
a fixed distribution, and with the counts as weights and step -1 drawing without replacement, which
makes all arrangements of the counts equally probable. Weights are kept in a Fenwick tree, so that
a symbol costs O(log K).

References
----------
P. M. Fenwick (1994). A new data structure for cumulative frequency tables. Software: Practice and
Experience 24(3), 327-336. doi:10.1002/spe.4380240306.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import Bytes, Words, peek, skip
from kolmo.jit import kernel

Numbers = NDArray[np.int64]

# tree[j], for 1 <= j <= size, a power of two, is the weight of the symbols j - (j & -j) .. j - 1;
# tree[0] is not used. All weights and their sum are at most 2**32.


@kernel
def plant(weights: Numbers, tree: Numbers) -> None:
    """Fill a zeroed tree, of a power of two of symbols and one entry more."""
    for i in range(weights.size):
        tree[i + 1] = weights[i]
    for j in range(1, tree.size):
        parent = j + (j & -j)
        if parent < tree.size:
            tree[parent] += tree[j]


@kernel
def add(tree: Numbers, symbol: int, amount: int) -> None:
    """Add to the weight of a symbol."""
    j = symbol + 1
    while j < tree.size:
        tree[j] += amount
        j += j & -j


@kernel
def sum_below(tree: Numbers, symbol: int) -> int:
    """Return the weight of all symbols before one."""
    total = 0
    j = symbol
    while j > 0:
        total += tree[j]
        j &= j - 1
    return total


@kernel
def draw_intervals(
    symbols: Numbers,
    urn: tuple[Numbers, Numbers, int],
    starts: Words,
    frequencies: Words,
    totals: Words,
) -> None:
    """Write the intervals of some symbols, and change the urn: its weights, tree and step."""
    weights, tree, step = urn
    total = tree[tree.size - 1]
    for i in range(symbols.size):
        symbol = symbols[i]
        starts[i] = sum_below(tree, symbol)
        frequencies[i] = weights[symbol]
        totals[i] = total
        if step != 0:
            weights[symbol] += step
            add(tree, symbol, step)
            total += step


@kernel
def read_draws(
    head: Words, payload: Bytes, symbols: Numbers, urn: tuple[Numbers, Numbers, int]
) -> int:
    """Read symbols until their array is full; return their number, or -1 on damage."""
    weights, tree, step = urn
    total = tree[tree.size - 1]
    for i in range(symbols.size):
        target = peek(head, np.uint64(total))
        if target >= np.uint64(total):
            return -1
        rest = np.int64(target)
        symbol = 0
        stride = (tree.size - 1) >> 1
        while stride > 0:
            if tree[symbol + stride] <= rest:
                symbol += stride
                rest -= tree[symbol]
            stride >>= 1
        start = np.uint64(np.int64(target) - rest)
        if not skip(head, payload, start, np.uint64(weights[symbol]), np.uint64(total)):
            return -1
        symbols[i] = symbol
        if step != 0:
            weights[symbol] += step
            add(tree, symbol, step)
            total += step
    return symbols.size
