"""Sources of finite and of long memory with exact probabilities, and the list of all sources."""

from __future__ import annotations

from functools import lru_cache
from math import log2
from typing import ClassVar

import numpy as np

from kolmo.bench.tasks.draws import Bits, context_counts, entropy_bits, uniforms
from kolmo.bench.tasks.hidden import HiddenMarkov
from kolmo.bench.tasks.puzzles import Copy, Ngram, Recall, Repeat, Sort
from kolmo.bench.tasks.renewal import Renewal
from kolmo.bench.tasks.task import Source

STEPS = 200  # far more than any chain here needs to forget its start


def stationary(ones: tuple[float, ...]) -> list[float]:
    """Return the law of a context that the chain keeps.

    Parameters
    ----------
    ones : tuple of float
        Chance of a one after each context of log2(len(ones)) symbols, the latest counts least.

    Examples
    --------
    >>> [round(chance, 12) for chance in stationary((0.1, 0.7))]
    [0.75, 0.25]
    """
    law = [1 / len(ones)] * len(ones)
    for _ in range(STEPS):
        after = [0.0] * len(ones)
        for context, weight in enumerate(law):
            after[2 * context % len(ones)] += weight * (1 - ones[context])
            after[(2 * context + 1) % len(ones)] += weight * ones[context]
        law = after
    return law


def chain_rate(ones: tuple[float, ...]) -> float:
    """Return the entropy rate of a stationary chain, in bits a symbol.

    Examples
    --------
    >>> round(chain_rate((0.1, 0.7)), 5)
    0.57207
    """
    weights = stationary(ones)
    return sum(weight * entropy_bits((p, 1 - p)) for weight, p in zip(weights, ones, strict=True))


@lru_cache(maxsize=16)
def _chances(ones: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    """Return the chance of a one after each beginning of 0, 1, ... symbols; at last `ones`."""
    law = stationary(ones)
    tables = []
    size = len(ones)
    while size > 1:
        parts = [sum(law[i : i + size]) for i in range(0, len(law), size)]
        later = [sum(law[i + size // 2 : i + size]) for i in range(0, len(law), size)]
        tables.append(tuple(one / part for one, part in zip(later, parts, strict=True)))
        size //= 2
    return (*tables, ones)


class Chain(Source):
    """A stationary Markov chain of any order.

    Attributes
    ----------
    ones : tuple of float
        Chance of a one after each context, above 0 and below 1; the latest symbol of a context
        counts least.
    """

    ones: ClassVar[tuple[float, ...]]

    @property
    def order(self) -> int:
        """Return how many symbols the next one depends on."""
        return len(self.ones).bit_length() - 1

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols; the first ones come from the stationary law."""
        numbers = uniforms(self.name, n, seed).tolist()
        symbols, context, mask = bytearray(n), 0, len(self.ones) - 1
        for time, chances in enumerate(_chances(self.ones)[: min(self.order, n)]):
            symbols[time] = numbers[time] < chances[context]
            context = 2 * context + symbols[time]
        chances = self.ones
        for time in range(self.order, n):
            symbol = 1 if numbers[time] < chances[context] else 0
            symbols[time] = symbol
            context = (2 * context + symbol) & mask
        return np.frombuffer(symbols, np.uint8)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability."""
        total, context = 0.0, 0
        for one, symbol in zip(_chances(self.ones)[:-1], bits.tolist(), strict=False):
            total -= log2(one[context] if symbol else 1 - one[context])
            context = 2 * context + symbol
        counts = context_counts(bits, self.order).reshape(-1, 2).tolist()
        for one_after, (zeros, ones) in zip(self.ones, counts, strict=True):
            total -= zeros * log2(1 - one_after) + ones * log2(one_after)
        return total


class Fair(Chain):
    """Tosses of a fair coin: nothing to find, and no code may find it."""

    name = "fair"
    about = "fair coin"
    group = "no memory"
    ones = (0.5,)
    rate = 1.0
    parameters = 1


class Bernoulli(Chain):
    """Tosses of a biased coin."""

    name = "bernoulli"
    about = "coin with P(1) = .1"
    group = "no memory"
    ones = (0.1,)
    rate = entropy_bits((0.1, 0.9))
    parameters = 1


class Markov1(Chain):
    """A chain of order 1."""

    name = "markov1"
    about = "Markov chain of order 1, P(1|0) = .1, P(1|1) = .7"
    group = "finite memory"
    ones = (0.1, 0.7)
    rate = chain_rate(ones)
    parameters = 2


class Markov3(Chain):
    """A chain of order 3."""

    name = "markov3"
    about = "Markov chain of order 3, eight chances of a one from .1 to .9"
    group = "finite memory"
    ones = (0.9, 0.2, 0.7, 0.4, 0.1, 0.8, 0.3, 0.6)
    rate = chain_rate(ones)
    parameters = 8


class Lag(Source):
    """Each symbol repeats the one some time ago, but for a few that are turned.

    Parameters
    ----------
    distance : int
        How long ago, at least 1; that many fair symbols come first.
    """

    name = "lag24"
    about = "x[t] = x[t-24] but for one in ten, turned; 24 fair symbols first"
    group = "long memory"
    rate = entropy_bits((0.1, 0.9))
    turned: ClassVar[float] = 0.1

    def __init__(self, distance: int = 24) -> None:
        self.distance = distance

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols."""
        rows = -(-n // self.distance)
        chances = np.full((rows, self.distance), self.turned)
        chances[:1] = 0.5
        turns = uniforms(self.name, rows * self.distance, seed).reshape(chances.shape) < chances
        return np.bitwise_xor.accumulate(turns, axis=0).ravel()[:n].astype(np.uint8)

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability."""
        free = min(len(bits), self.distance)
        turns = int(np.count_nonzero(bits[free:] != bits[: len(bits) - free]))
        kept = len(bits) - free - turns
        return free - turns * log2(self.turned) - kept * log2(1 - self.turned)


def _all_sources() -> dict[str, Source]:
    chains = [Fair(), Bernoulli(), Markov1(), Markov3()]
    others = [Lag(), HiddenMarkov(), Renewal()]
    puzzles = [Copy(), Repeat(), Sort(), Recall(), Ngram()]
    return {source.name: source for source in (*chains, *others, *puzzles)}


SOURCES: dict[str, Source] = _all_sources()
