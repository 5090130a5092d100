"""Puzzles: strings a machine of the right idea makes from few random bits, with exact laws.

Each holds one regularity and pure chance beside it, so its complexity is known but for a constant:
it is the number of random bits that went in.
"""

from __future__ import annotations

from math import fsum, inf, log2, pi
from typing import ClassVar

import numpy as np

from kolmo.bench.tasks.draws import (
    Bits,
    bits_of,
    context_counts,
    require_multiple,
    uniforms,
    values_of,
)
from kolmo.bench.tasks.task import Source
from kolmo.coding import portable
from kolmo.errors import ParameterError


class Again(Source):
    """A random string, several times.

    Attributes
    ----------
    times : int
        How often it stands there.
    """

    times: ClassVar[int]

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols."""
        require_multiple(self.name, n, self.times)
        once = uniforms(self.name, n // self.times, seed) < 0.5
        return np.tile(once, self.times).astype(np.uint8)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability: the length of one part, if all are equal."""
        require_multiple(self.name, len(bits), self.times)
        parts = bits.reshape(self.times, -1)
        return float(parts.shape[1]) if (parts == parts[0]).all() else inf


class Copy(Again):
    """A random half, and the same half again."""

    name = "copy"
    about = "a random half, then the same half"
    group = "repetition"
    rate = 1 / 2
    multiple = 16
    times = 2


class Repeat(Again):
    """A random eighth, eight times."""

    name = "repeat"
    about = "a random eighth, eight times"
    group = "repetition"
    rate = 1 / 8
    multiple = 64
    times = 8


class Sort(Source):
    """A list of random numbers, then the same numbers in order.

    Parameters
    ----------
    width : int
        Bits of a number.
    """

    name = "sort"
    about = "random bytes, then the same bytes in order"
    group = "sorted copies"
    rate = 1 / 2
    multiple = 16

    def __init__(self, width: int = 8) -> None:
        self.width = width

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols."""
        require_multiple(self.name, n, 2 * self.width)
        drawn = uniforms(self.name, n // (2 * self.width), seed) * 2**self.width
        values = drawn.astype(np.int64)
        return bits_of(np.concatenate([values, np.sort(values)]), self.width)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability: the length of the first half, if the second follows."""
        require_multiple(self.name, len(bits), 2 * self.width)
        given, ordered = values_of(bits, self.width).reshape(2, -1)
        return len(bits) / 2 if np.array_equal(np.sort(given), ordered) else inf


class Recall(Source):
    """A list of keys with their values, then keys from the list, each followed by its value.

    A quarter of the string is the list, three quarters are the queries.

    Parameters
    ----------
    width : int
        Bits of a key, and of a value.
    """

    name = "recall"
    about = "different random 16-bit keys, each with a random 16-bit value; then keys and values"
    group = "repetition"
    multiple = 128

    def __init__(self, width: int = 16) -> None:
        self.width = width

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols."""
        count = self._pairs(n)
        drawn = uniforms(self.name, 5 * count, seed)
        keys = _different(drawn[:count].tolist(), 2**self.width)
        values = (drawn[count : 2 * count] * 2**self.width).astype(np.int64)
        listed = np.stack([keys, values], axis=1)
        queries = (drawn[2 * count :] * count).astype(np.intp)
        return bits_of(np.concatenate([listed, listed[queries]]), self.width)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability: that of keys, of values, and of the choice of keys."""
        count = self._pairs(len(bits))
        pairs = values_of(bits, self.width).reshape(-1, 2).tolist()
        memory = {key: value for key, value in pairs[:count]}
        if len(memory) < count or any(memory.get(key) != value for key, value in pairs[count:]):
            return inf
        keys = fsum(log2(2**self.width - used) for used in range(count))
        return keys + count * self.width + 3 * count * log2(max(count, 1))

    def _pairs(self, n: int) -> int:
        """Return how many pairs are listed in ``n`` symbols."""
        require_multiple(self.name, n, 8 * self.width)
        count = n // (8 * self.width)
        if count > 2**self.width:
            longest = 8 * self.width << self.width
            raise ParameterError(f"'{self.name}' too long: got {n}; need at most {longest}")
        return count


def _different(drawn: list[float], size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return different numbers below ``size``: the first of a shuffled list, Fisher and Yates."""
    urn = np.arange(size).tolist()
    for place, uniform in enumerate(drawn):
        other = place + int(uniform * (size - place))
        urn[place], urn[other] = urn[other], urn[place]
    return np.array(urn[: len(drawn)], np.int64)


class Ngram(Source):
    """A chain of order 5 whose 32 chances are themselves drawn, from Beta(1/2, 1/2).

    Notes
    -----
    The chances are never made: the next symbol is drawn by what its context saw so far, which is
    Polya's urn and has the same law. The probability of a string is hence the product over
    contexts of Krichevsky and Trofimov's, and the price of the 32 chances is in it: what a code
    still loses is what it pays for not knowing the order. So it has no free parameter.
    """

    name = "ngram"
    about = "Markov chain of order 5 whose 32 chances are drawn from Beta(1/2, 1/2)"
    group = "finite memory"
    parameters = 0
    order: ClassVar[int] = 5

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols; the first five are fair."""
        numbers = uniforms(self.name, n, seed)
        symbols, mask = bytearray(n), (1 << self.order) - 1
        context = 0
        for time, uniform in enumerate(numbers[: self.order].tolist()):
            symbols[time] = uniform < 0.5
            context = 2 * context + symbols[time]
        seen = [[0.5, 0.5] for _ in range(1 << self.order)]
        for time, uniform in enumerate(numbers.tolist()[self.order :], self.order):
            urn = seen[context]
            symbol = 1 if uniform < urn[1] / (urn[0] + urn[1]) else 0
            urn[symbol] += 1
            symbols[time] = symbol
            context = (2 * context + symbol) & mask
        return np.frombuffer(symbols, np.uint8)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability."""
        counts = context_counts(bits, self.order).reshape(-1, 2).astype(float)
        counts = counts[counts.any(axis=1)]
        parts = portable.log2_gamma(counts + 0.5).sum(axis=1)
        urns = portable.log2_gamma(counts.sum(axis=1) + 1) - parts + log2(pi)
        return min(len(bits), self.order) + portable.total(urns)
