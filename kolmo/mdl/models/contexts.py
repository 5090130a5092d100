"""The code of symbols by the symbols before them, Krichevsky-Trofimov in each context."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import BLOCK_VALUES, Block, Code, Reader, Writer, check_length, empty_block
from kolmo.errors import ParameterError
from kolmo.mdl.models.values import Integers


class Contexts(Code[Integers]):
    """A sequence of symbols, each by Krichevsky-Trofimov among those after the same symbols.

    Parameters
    ----------
    size : int
        Number of symbols K; K**(order + 1) is at most 2**22.
    order : int
        How many symbols before make the context; the first ``order`` symbols are uniform.
    length : int
        How many symbols; the decoder knows it.

    Notes
    -----
    Time O(K) for each symbol. The length is exact, as all shares are.
    """

    def __init__(self, size: int, order: int, length: int) -> None:
        self.size, self.order, self.length = size, order, length

    def codelength(self, value: Integers, /) -> float:
        """Return the length in bits, from how often each symbol follows each context."""
        self._check(value)
        started = min(self.order, self.length)
        counts = self._count(value)
        among = counts.sum(axis=1)
        most = int(among.max(initial=0))
        given, of = _log2_products(1, most), _log2_products(self.size, most)
        return started * math.log2(self.size) + float(of[among].sum() - given[counts].sum())

    def likelihood_bits(self, value: Integers, /) -> float:
        """Return the length by the frequencies in each context: no code, as none knows them."""
        self._check(value)
        counts = self._count(value)
        among = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
        used = counts > 0
        shares = counts[used] / among[used]
        started = min(self.order, self.length)
        return started * math.log2(self.size) - float((counts[used] * np.log2(shares)).sum())

    def encode(self, value: Integers, coder: Writer, /) -> None:
        """Store a sequence."""
        coder.put_blocks(self.blocks(value))

    def blocks(self, value: Integers) -> Iterator[Block]:
        """Yield the intervals, some thousands at a time."""
        from kolmo.mdl.kernels import context_intervals

        self._check(value)
        urns = self._fill()
        for start in range(0, self.length, BLOCK_VALUES):
            block = empty_block(min(BLOCK_VALUES, self.length - start))
            columns = (block.starts, block.frequencies, block.totals)
            context_intervals(value, start, (self.size, self.order), urns, columns)
            yield block

    def decode(self, coder: Reader, /) -> Integers:
        """Return the sequence stored next."""
        from kolmo.mdl.kernels import read_contexts

        urns = self._fill()
        symbols = np.zeros(self.length, np.int64)
        for start in range(0, self.length, BLOCK_VALUES):
            span = (start, min(start + BLOCK_VALUES, self.length))
            coder.read(read_contexts, symbols, span, (self.size, self.order), urns)
        return symbols

    def _check(self, value: Integers) -> None:
        check_length(value.size, self.length)
        if self.length and (value.min() < 0 or value.max() >= self.size):
            raise ParameterError(f"symbols out of range: need 0 to {self.size - 1}.")

    def _fill(self) -> tuple[Integers, Integers]:
        contexts = self.size**self.order
        return np.ones(contexts * self.size, np.int64), np.full(contexts, self.size, np.int64)

    def _count(self, symbols: Integers) -> NDArray[np.int64]:
        """Return how often each symbol follows each context."""
        places = np.zeros(max(0, symbols.size - self.order), np.int64)
        for back in range(self.order, -1, -1):
            start = self.order - back
            places = places * self.size + symbols[start : start + places.size]
        found = np.bincount(places, minlength=self.size ** (self.order + 1))
        return found.reshape(-1, self.size)


def _log2_products(first: int, most: int) -> NDArray[np.float64]:
    """Return log2 of first (first + 2) (first + 4) ... with 0, 1, ... ``most`` factors."""
    factors = first + 2.0 * np.arange(most)
    return np.concatenate([[0.0], np.cumsum(np.log2(factors))])
