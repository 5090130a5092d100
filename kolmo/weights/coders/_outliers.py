"""Which range of indices has symbols of its own, and the code of those beyond it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.urn import log2_product
from kolmo.weights.coders._indices import Integers, Tally

Flags = NDArray[np.bool_]

LARGEST_ALPHABET = (1 << 16) - 1
"""A symbol more, for outliers, still fits in 16 bits."""

OCTAVES = 33  # of distances from 1 to 2**32
KINDS = 2 * OCTAVES


class Range(NamedTuple):
    """Indices from ``lowest`` on, ``size`` of them, and whether there are others too."""

    lowest: int
    size: int
    outliers: bool

    @property
    def symbols(self) -> int:
        """How many symbols there are."""
        return self.size + self.outliers

    def checked(self, low: int, high: int) -> Range:
        """Return the range with the truth on outliers."""
        return self._replace(outliers=low < self.lowest or high >= self.lowest + self.size)

    def symbols_of(self, indices: Integers) -> NDArray[np.uint16]:
        """Return the symbol of each index: the place in the range, or its size for an outlier."""
        symbols = indices - self.lowest
        symbols[(symbols < 0) | (symbols >= self.size)] = self.size
        return symbols.astype(np.uint16)

    def outliers_of(self, indices: Integers) -> tuple[Flags, Integers]:
        """Return which of the outliers lie above, and the distance of each, from 1 on."""
        places = indices - self.lowest
        far = places[(places < 0) | (places >= self.size)]
        above = far >= self.size
        return above, np.where(above, far - (self.size - 1), -far)

    def joined(self, above: Flags, distances: Integers) -> Integers:
        """Return the places of outliers, counted from the lowest of the range."""
        return np.where(above, distances + (self.size - 1), -distances)


def kinds_of(above: Flags, distances: Integers) -> NDArray[np.uint8]:
    """Return octave and side of outliers as one symbol each."""
    return (log2_floor(distances) + OCTAVES * above).astype(np.uint8)


def log2_floor(numbers: Integers) -> Integers:
    """Return the number of binary digits after the first, exact below 2**53."""
    return np.frexp(numbers.astype(np.float64))[1].astype(np.int64) - 1


def best_range(found: Tally) -> Range:
    """Return the range with about the shortest message."""
    return min(_ranges(found), key=lambda tried: _bits(tried, found))


def _ranges(found: Tally) -> Iterator[Range]:
    """Yield ranges from all indices down to the median, fewer at each end by powers of two."""
    ranks = np.cumsum(found.counts)
    middle = (found.size - 1) >> 1
    left = 0
    while True:
        low, high = _at(found, ranks, left), _at(found, ranks, found.size - 1 - left)
        size = min(high - low + 1, LARGEST_ALPHABET)
        tried = Range(low + (high - low + 1 - size) // 2, size, True)
        yield tried.checked(int(found.distinct[0]), int(found.distinct[-1]))
        if left >= middle:
            return
        left = min(max(1, 2 * left), middle)


def _at(found: Tally, ranks: Integers, rank: int) -> int:
    """Return the index at a rank, counted from 0."""
    return int(found.distinct[np.searchsorted(ranks, rank, side="right")])


def _bits(tried: Range, found: Tally) -> float:
    """Return about the bits of the indices counted."""
    symbols = found.distinct - tried.lowest
    far = (symbols < 0) | (symbols >= tried.size)
    lost = int(found.counts[far].sum())
    near = _likely_bits(tried.symbols, [*found.counts[~far].tolist(), lost])
    if not lost:
        return near
    kinds = kinds_of(*tried.outliers_of(found.distinct))
    plain = int((kinds % OCTAVES * found.counts[far]).sum())
    counts = np.bincount(kinds, weights=found.counts[far])
    return near + plain + _likely_bits(KINDS, [round(count) for count in counts.tolist()])


def _likely_bits(alphabet: int, counts: list[int]) -> float:
    """Return the bits of a sequence with such counts, under `KT`; others of the alphabet are 0."""
    kinds, times = np.unique(counts, return_counts=True)
    gains = (
        n * log2_product(1, 2, kind) for kind, n in zip(kinds.tolist(), times.tolist(), strict=True)
    )
    return float(log2_product(alphabet, 2, sum(counts)) - math.fsum(gains))
