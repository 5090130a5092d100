"""Slow, obvious twins of the families' loops, written from the papers."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np


def context_probability(symbols: Sequence[int], size: int, order: int) -> Fraction:
    """Return the KT probability in each context, the first symbols uniform (Grünwald 2004, 2.8)."""
    seen: dict[tuple[int, ...], list[int]] = {}
    probability = Fraction(1)
    for i, symbol in enumerate(symbols):
        if i < order:
            probability *= Fraction(1, size)
            continue
        counts = seen.setdefault(tuple(symbols[i - order : i]), [0] * size)
        probability *= Fraction(2 * counts[symbol] + 1, 2 * sum(counts) + size)
        counts[symbol] += 1
    return probability


def two_part_bits(symbols: Sequence[int]) -> float:
    """Return how often a 1 occurs, at log2(n + 1) bits, and the word by this very frequency.

    Grünwald 2004, example 2.8, for a chain of order 0, whose order is known.
    """
    rows, ones = len(symbols), sum(symbols)
    likelihood = (ones / rows) ** ones * (1 - ones / rows) ** (rows - ones)
    return math.log2(rows + 1) - math.log2(likelihood)


def histogram_bits(values: Sequence[int], edges: Sequence[int], cells: int) -> float:
    """Return the bits of cuts, enumerated counts, order and places, with cells of width 1."""
    rows, bins = len(values), len(edges) - 1
    counts = [sum(a <= v < b for v in values) for a, b in pairwise(edges)]
    orders = math.factorial(rows) // math.prod(map(math.factorial, counts))
    words = math.comb(cells - 1, bins - 1) * math.comb(rows + bins - 1, bins - 1) * orders
    places = zip(counts, pairwise(edges), strict=True)
    return math.log2(words) + sum(count * math.log2(b - a) for count, (a, b) in places)


def all_cuts(cells: int) -> Iterator[list[int]]:
    """Yield every list of edges on a lattice."""
    for bins in range(1, cells + 1):
        for cuts in combinations(range(1, cells), bins - 1):
            yield [0, *cuts, cells]


def all_histograms(
    values: Sequence[int], cells: int, bins: int
) -> Iterator[tuple[int, int, int, int, tuple[int, ...], tuple[int, ...]]]:
    """Yield every histogram on every lattice of a range of ``cells`` = 2**k integers from 0.

    A histogram is the smallest value, the range, k for cells of 2**k, the number of bins, the
    cuts, and the counts.
    """
    for coarseness in range(cells.bit_length()):
        for edges in all_cuts(cells >> coarseness):
            if len(edges) == bins + 1:
                wide = [edge << coarseness for edge in edges]
                counts = tuple(sum(a <= v < b for v in values) for a, b in pairwise(wide))
                yield 0, cells, coarseness, bins, tuple(edges[1:-1]), counts


def segments_bits(values: Sequence[float], lengths: Sequence[int], price: float) -> float:
    """Return the density's bits, log2 n and a price for each segment (Davis 2006, equation 6)."""
    bits, start = 0.0, 0
    for length in lengths:
        part = values[start : start + length]
        mean = math.fsum(part) / length
        variance = math.fsum((v - mean) ** 2 for v in part) / length
        bits += length / 2 * math.log2(2 * math.pi * math.e * variance)
        bits += math.log2(length) + price
        start += length
    return bits


def all_lengths(rows: int, minimum: int) -> Iterator[tuple[int, ...]]:
    """Yield every way to cut rows into segments of at least ``minimum``."""
    if rows >= minimum:
        yield (rows,)
    for first in range(minimum, rows - minimum + 1):
        for rest in all_lengths(rows - first, minimum):
            yield (first, *rest)


def best_criterion(
    values: Sequence[float], minimum: int, price: float, floor: float, rows: Sequence[int]
) -> float:
    """Return the least criterion of any cuts among ``rows``, every start weighed at every end.

    Optimal partitioning, without pruning (Killick 2012, section 2.2).
    """
    places, column = np.array(rows), np.array(values)
    sums = np.concatenate([[0.0], np.cumsum(column)])[places]
    squares = np.concatenate([[0.0], np.cumsum(column**2)])[places]
    least = np.full(places.size, math.inf)
    least[0] = 0.0
    for t in range(1, places.size):
        starts = np.flatnonzero(places <= places[t] - minimum)
        if starts.size:
            lengths = places[t] - places[starts]
            means = (sums[t] - sums[starts]) / lengths
            spreads = np.maximum(0, (squares[t] - squares[starts]) / lengths - means**2) + floor
            bits = lengths / 2 * np.log2(2 * math.pi * math.e * spreads) + np.log2(lengths)
            least[t] = (least[starts] + bits).min() + price
    return float(least[-1])
