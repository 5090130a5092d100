"""Cuts of a feature: the best for each number of intervals, and by entropy, one after the other.

Groups are rows with the same value of the feature, in ascending order; bins are one or more
neighbouring groups. Group g is the rows from starts[g] to starts[g + 1], sorted by the feature.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Marks = NDArray[np.bool_]

# Rows are below 2**53, symbols below 2**8, bins below 2**12. Factorials: log2 n! for n up to the
# rows and symbols together. Products: n log2 n for n up to the rows. All bits are finite.


@kernel
def interval_costs(counts: Numbers, factorials: Floats, costs: Floats) -> None:
    """Write the enumerative bits of the classes in the bins from i to j as costs[j, i], i <= j.

    ``counts[bin, class]`` says how often each class is in each bin.
    """
    size = counts.shape[1]
    inside = np.zeros(size, np.int64)
    for j in range(counts.shape[0]):
        inside[:] = 0
        rows, orders = 0, 0.0
        for i in range(j, -1, -1):
            for c in range(size):
                more = counts[i, c]
                if more:
                    orders += factorials[inside[c] + more] - factorials[inside[c]]
                    inside[c] += more
                    rows += more
            costs[j, i] = factorials[rows + size - 1] - factorials[size - 1] - orders


@kernel
def best_parts(costs: Floats, least: Floats, befores: Numbers) -> None:
    """Write the least sum of costs of the first j bins in k parts, and where the last begins.

    Parameters
    ----------
    costs : float64[bins, bins]
        Of a part from bin i to bin j, as costs[j, i].
    least, befores : float64[most + 1, bins + 1], int64[most + 1, bins + 1]
        By the number of parts and of bins; ``least`` is infinite where there is nothing.
    """
    bins = costs.shape[0]
    least[0, 0] = 0.0
    for k in range(1, least.shape[0]):
        for j in range(k, bins + 1):
            best, found = np.inf, k - 1
            for i in range(k - 1, j):
                bits = least[k - 1, i] + costs[j - 1, i]
                if bits < best:
                    best, found = bits, i
            least[k, j], befores[k, j] = best, found


@kernel
def best_split(
    symbols: Numbers, starts: Numbers, span: tuple[int, int], factorials: Floats, size: int
) -> int:
    """Return the group at which two intervals of the groups in a span have the fewest bits."""
    left, right = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for row in range(starts[span[0]], starts[span[1]]):
        right[symbols[row]] += 1
    best, found = np.inf, span[0] + 1
    for group in range(span[0], span[1] - 1):
        for row in range(starts[group], starts[group + 1]):
            left[symbols[row]] += 1
            right[symbols[row]] -= 1
        low = starts[group + 1] - starts[span[0]]
        high = starts[span[1]] - starts[group + 1]
        bits = factorials[low + size - 1] + factorials[high + size - 1]
        for c in range(size):
            bits -= factorials[left[c]] + factorials[right[c]]
        if bits < best:
            best, found = bits, group + 1
    return found


@kernel
def sum_products(counts: Numbers, products: Floats) -> tuple[float, int]:
    """Return rows times the entropy of these counts in bits, and how many are not 0."""
    rows, present, parts = 0, 0, 0.0
    for c in range(counts.size):
        rows += counts[c]
        present += counts[c] > 0
        parts += products[counts[c]]
    return products[rows] - parts, present


@kernel
def entropy_split(
    symbols: Numbers, starts: Numbers, span: tuple[int, int], products: Floats, size: int
) -> int:
    """Return the group at which the classes of a span part best, or -1 if that says too little.

    The first one, if several part alike; too little is no more than Fayyad and Irani's price.
    """
    left, right = np.zeros(size, np.int64), np.zeros(size, np.int64)
    rows = starts[span[1]] - starts[span[0]]
    for row in range(starts[span[0]], starts[span[1]]):
        right[symbols[row]] += 1
    whole, present = sum_products(right, products)
    best, found, price = np.inf, -1, 0.0
    for group in range(span[0], span[1] - 1):
        for row in range(starts[group], starts[group + 1]):
            left[symbols[row]] += 1
            right[symbols[row]] -= 1
        low, low_present = sum_products(left, products)
        high, high_present = sum_products(right, products)
        if low + high < best:
            best, found = low + high, group + 1
            cut = starts[group + 1]
            entropies = present * whole / rows
            entropies -= low_present * low / (cut - starts[span[0]])
            entropies -= high_present * high / (starts[span[1]] - cut)
            price = np.log2(rows - 1.0) + np.log2(3.0**present - 2.0) - entropies
    return found if found >= 0 and whole - best > price else -1


@kernel
def entropy_cuts(
    symbols: Numbers, starts: Numbers, products: Floats, size: int, marks: Marks
) -> None:
    """Mark the groups that begin an interval, but the first; ``marks`` is False at first."""
    spans = np.empty((starts.size + 1, 2), np.int64)
    spans[0, 0], spans[0, 1] = 0, starts.size - 1
    waiting = 1
    while waiting:
        waiting -= 1
        first, last = spans[waiting, 0], spans[waiting, 1]
        cut = entropy_split(symbols, starts, (first, last), products, size)
        if cut >= 0:
            marks[cut] = True
            spans[waiting, 0], spans[waiting, 1] = first, cut
            spans[waiting + 1, 0], spans[waiting + 1, 1] = cut, last
            waiting += 2
