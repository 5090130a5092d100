"""Indices in pieces: which there are, how they are stored, and how they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.weights.coder import Indices

Integers = NDArray[np.int64]
Maker = Callable[[int], Code[Any]]

PIECE = 1 << 17
LARGEST_DISTANCE_BITS = 34
"""Of what a decoder believes; indices have 32."""

_LARGEST_SPAN = 1 << 20
_SAMPLE = 1 << 17
_SMALLEST, _LARGEST = -(1 << 31), (1 << 31) - 1


class Tally(NamedTuple):
    """Different indices in ascending order, and how often each occurs, at least in a sample."""

    distinct: Integers
    counts: Integers

    @property
    def size(self) -> int:
        """How many indices were counted."""
        return int(self.counts.sum())


def tally(indices: Indices) -> Tally:
    """Return which indices occur how often; of a sample if there are many and they lie far apart.

    The sample is each index at an even distance, and the smallest and the largest of all.
    """
    low, high = int(indices.min()), int(indices.max())
    if indices.size > _SAMPLE and high - low < _LARGEST_SPAN:
        counts = np.zeros(high - low + 1, np.int64)
        for piece in pieces(indices):
            counts += np.bincount(piece - low, minlength=counts.size)
        used = np.flatnonzero(counts)
        return Tally(used + low, counts[used])
    step = -(-indices.size // _SAMPLE)
    some = indices if step == 1 else np.append(indices[::step], np.array([low, high], np.int32))
    distinct, counts = np.unique(some, return_counts=True)
    return Tally(distinct.astype(np.int64), counts.astype(np.int64))


def thinned(found: Tally, limit: int) -> Tally:
    """Return a tally of at most ``limit`` indices at even ranks, if there are more."""
    if found.distinct.size <= limit:
        return found
    ranks = (2 * np.arange(limit) + 1) * found.size // (2 * limit)
    places = np.searchsorted(np.cumsum(found.counts), ranks, side="right")
    kept, counts = np.unique(places, return_counts=True)
    return Tally(found.distinct[kept], counts.astype(np.int64))


def pieces(indices: Indices) -> Iterator[Integers]:
    """Yield the indices in pieces, as int64."""
    for start in range(0, indices.size, PIECE):
        yield indices[start : start + PIECE].astype(np.int64)


def write_all(make: Maker, indices: Indices, coder: Writer) -> None:
    """Store indices under a code, of which ``make`` makes one of a given length."""
    made = cache(make)
    for piece in pieces(indices):
        made(piece.size).encode(piece, coder)


def read_all(make: Maker, count: int, coder: Reader) -> Indices:
    """Return so many indices; DecodeError if one is out of range."""
    made = cache(make)
    found = np.empty(count, np.int32)
    for start in range(0, count, PIECE):
        room = found[start : start + PIECE]
        room[:] = narrowed(made(room.size).decode(coder))
    return found


def narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """Return values that are all indices; DecodeError if one is not."""
    if values.size and not _SMALLEST <= int(values.min()) <= int(values.max()) <= _LARGEST:
        raise damaged("an index has more than 32 bits")
    return values
