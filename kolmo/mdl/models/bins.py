"""The code of values in bins whose edges and counts are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kolmo.coding.code import Code, Reader, Writer
from kolmo.coding.discrete import Uniform, Uniforms
from kolmo.coding.urn import Arrangement
from kolmo.errors import ParameterError
from kolmo.mdl.models.values import Integers, Values, add_offsets, offsets

_LARGEST_WIDTH = 1 << 62
_LARGEST_TABLE = 1 << 13


class InBins(Code[Values]):
    """Which value is in which bin, all orders equally long; and where, uniformly.

    Parameters
    ----------
    lowest : int
        The first edge.
    edges : sequence of int
        Less ``lowest``, ascending from 0; a bin holds the integers from its edge to below the
        next.
    counts : sequence of int
        How many values lie in each bin.
    """

    def __init__(self, lowest: int, edges: Sequence[int], counts: Sequence[int]) -> None:
        self.lowest, self.edges = lowest, list(edges)
        self._order = Arrangement(counts)
        self._wide = self.edges[-1] > _LARGEST_WIDTH
        kind: Any = np.object_ if self._wide else np.int64
        self._starts = np.array(self.edges[:-1], kind)
        self._widths = np.array(self.edges[1:], kind) - self._starts

    def codelength(self, value: Values, /) -> float:
        """Return the length of a column in bits."""
        bins, rest = self._split(value)
        inside = [
            int(count) * Uniform(int(width)).codelength(0)
            for count, width in zip(self._order.weights, self._widths, strict=True)
        ]
        self._check(bins, rest)
        return self._order.counts_bits(self._order.weights) + math.fsum(inside)

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column: all bins, then all places inside."""
        bins, rest = self._split(value)
        self._check(bins, rest)
        self._order.encode(bins, coder)
        if self._wide:
            for width, place in zip(self._widths[bins], rest, strict=True):
                Uniform(int(width)).encode(int(place), coder)
        else:
            Uniforms(self._widths[bins]).encode(rest, coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        bins = np.asarray(self._order.decode(coder), np.int64)
        if self._wide:
            places = [Uniform(int(width)).decode(coder) for width in self._widths[bins]]
            return add_offsets(self.lowest, self._starts[bins] + np.array(places, np.object_))
        found = Uniforms(self._widths[bins]).decode(coder)
        return add_offsets(self.lowest, np.asarray(self._starts[bins] + found))

    def _split(self, value: Values) -> tuple[Integers, Values]:
        distances = offsets(value, self.lowest)
        bins = self._find(distances)
        return bins, distances - self._starts[bins]

    def _find(self, distances: Values) -> Integers:
        """Return the bin of each value, by a table of cells where all bins are whole cells."""
        cell = math.gcd(*self.edges[:-1])
        shift = (cell & -cell).bit_length() - 1 if cell else self.edges[-1].bit_length()
        inside = distances.size > 0 and distances.min() >= 0 and distances.max() < self.edges[-1]
        if inside and not self._wide and self.edges[-1] >> shift < _LARGEST_TABLE:
            cells = np.arange((self.edges[-1] >> shift) + 1) << shift
            table = np.searchsorted(self._starts, cells, side="right") - 1
            return np.asarray(table[distances >> shift], np.int64)
        found = np.searchsorted(self._starts, distances, side="right") - 1
        return found.astype(np.int64)

    def _check(self, bins: Integers, rest: Values) -> None:
        counts = np.bincount(np.maximum(bins, 0), minlength=len(self._order.weights))
        same = counts.tolist() == self._order.weights
        if not same or bins.min(initial=0) < 0 or bool((rest >= self._widths[bins]).any()):
            raise ParameterError("another column: its bins do not have the counts of this model.")
