"""Classes in tables: how often each occurs in each context, and the code of classes by contexts.

The context of each row is known to the decoder, as it comes from the features. In each context the
classes are drawn from an urn, which is the code of Krichevsky and Trofimov or the enumerative one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import (
    BLOCK_VALUES,
    Block,
    Code,
    IntervalCode,
    Reader,
    Writer,
    check_length,
    damaged,
    empty_block,
)
from kolmo.coding.comp import multinomial_complexity_bits
from kolmo.coding.discrete import Uniform
from kolmo.errors import ParameterError
from kolmo.mdl.features import Features
from kolmo.mdl.models.alphabet import has_alphabet
from kolmo.mdl.models.parts import Moved, Subset
from kolmo.mdl.models.values import Integers, column_values

if TYPE_CHECKING:
    from kolmo.table import Column

Floats = NDArray[np.float64]

STEPS = (2, 1)
"""What is put into an urn after each draw: by Krichevsky and Trofimov, and enumerative."""

STEP_NAMES = ("kt", "enumerative")

LARGEST_SIZE = 1 << 8
"""Most classes."""

LARGEST_TABLE = 1 << 22
"""Most classes and contexts together."""

LARGEST_LEVELS = 64
"""Most levels of a feature that makes contexts."""

_SAMPLE_ROWS = 1 << 12


class Table(Code[Integers]):
    """A sequence of classes, each drawn from the urn of its context.

    Parameters
    ----------
    contexts : int64[n]
        Of each row, from 0; the decoder knows them.
    number : int
        How many contexts there are.
    size : int
        How many classes there are; number * size is at most 2**22.
    step : int
        2 for Krichevsky-Trofimov, 1 for the enumerative code, which in one pass is Laplace's rule.

    Notes
    -----
    Time O(size) for each row. The length is exact, as all shares are. A context that no row has
    costs nothing.

    Examples
    --------
    Three of one kind and seven of the other, in a single context:

    >>> code = Table(np.zeros(10, np.int64), 1, 2, 1)
    >>> round(code.codelength(np.array([0, 1, 1, 0, 1, 1, 1, 0, 1, 1])), 6)
    10.366322
    """

    def __init__(self, contexts: Integers, number: int, size: int, step: int) -> None:
        if number * size > LARGEST_TABLE:
            raise damaged(f"a table of {number} x {size}")
        self.contexts, self.number, self.size, self.step = contexts, number, size, step

    def codelength(self, value: Integers, /) -> float:
        """Return the length in bits, from how often each class is in each context."""
        self._check(value)
        counts = count_table(self.contexts, self.number, value, self.size)
        most = int(counts.sum(axis=1).max(initial=0))
        return float(Lengths(self.size, most, self.step).bits(counts).sum())

    def encode(self, value: Integers, coder: Writer, /) -> None:
        """Store a sequence."""
        coder.put_blocks(self.blocks(value))

    def blocks(self, value: Integers) -> Iterator[Block]:
        """Yield the intervals, some thousands at a time."""
        from kolmo.mdl.kernels import table_intervals

        self._check(value)
        urns = self._fill()
        for start in range(0, value.size, BLOCK_VALUES):
            some = slice(start, start + BLOCK_VALUES)
            block = empty_block(value[some].size)
            columns = (block.starts, block.frequencies, block.totals)
            table_intervals(value[some], self.contexts[some], self.step, urns, columns)
            yield block

    def decode(self, coder: Reader, /) -> Integers:
        """Return the sequence stored next."""
        from kolmo.mdl.kernels import read_table

        urns = self._fill()
        symbols = np.zeros(self.contexts.size, np.int64)
        for start in range(0, symbols.size, BLOCK_VALUES):
            some = slice(start, start + BLOCK_VALUES)
            coder.read(read_table, symbols[some], self.contexts[some], self.step, urns)
        return symbols

    def likelihood_bits(self, value: Integers, /) -> float:
        """Return the length by the frequencies in each context: no code, as none knows them."""
        self._check(value)
        counts = count_table(self.contexts, self.number, value, self.size)
        return float(maximum_likelihood_table_bits(counts).sum())

    def _check(self, value: Integers) -> None:
        check_length(value.size, self.contexts.size)
        if value.size and (value.min() < 0 or value.max() >= self.size):
            raise ParameterError(f"classes out of range: need 0 to {self.size - 1}.")

    def _fill(self) -> tuple[Integers, Integers]:
        weights = np.ones(self.number * self.size, np.int64)
        return weights, np.full(self.number, self.size, np.int64)


class Lengths:
    """The code lengths of classes in contexts, from how often each occurs.

    Parameters
    ----------
    size : int
        Number of classes.
    most : int
        Most rows in one context.
    step : int
        As in `Table`.
    """

    def __init__(self, size: int, most: int, step: int) -> None:
        self._given, self._of = _log2_products(1, step, most), _log2_products(size, step, most)

    def bits(self, counts: Integers) -> Floats:
        """Return the length of the rows of each context, of counts int64[contexts, classes]."""
        from kolmo.mdl.kernels import sum_urns

        lengths = np.empty(counts.shape[0])
        sum_urns(counts, self._given, self._of, lengths)
        return lengths


class Some(Code[tuple[int, ...]]):
    """Which of the integers from 1 to ``size``, in ascending order: one or more, up to ``most``.

    Examples
    --------
    One or two of two:

    >>> code = Some(2, 2)
    >>> code.codelength((1,)), code.codelength((1, 2))
    (2.0, 1.0)
    """

    def __init__(self, size: int, most: int) -> None:
        self.size = size
        self._number = Moved(one_of(min(most, size)), 1)

    def codelength(self, value: tuple[int, ...], /) -> float:
        """Return the length of how many, and which."""
        subset = Subset(self.size, len(value))
        return self._number.codelength(len(value)) + subset.codelength(value)

    def encode(self, value: tuple[int, ...], coder: Writer, /) -> None:
        """Store some integers."""
        self._number.encode(len(value), coder)
        Subset(self.size, len(value)).encode(value, coder)

    def decode(self, coder: Reader, /) -> tuple[int, ...]:
        """Return the integers stored next."""
        return Subset(self.size, self._number.decode(coder)).decode(coder)


def one_of(count: int) -> IntervalCode[int]:
    """Return the code of one among ``count``; damaged if there is none."""
    if count < 1:
        raise damaged("no such feature")
    return Uniform(count)


def count_table(contexts: Integers, number: int, symbols: Integers, size: int) -> NDArray[np.int64]:
    """Return how often each class is in each context, int64[number, size]."""
    from kolmo.mdl.kernels import count_pairs

    counts = np.zeros((number, size), np.int64)
    count_pairs(contexts, symbols, counts)
    return counts


def maximum_likelihood_table_bits(counts: Integers) -> Floats:
    """Return rows times the entropy of the classes in each context: no code."""
    among = np.broadcast_to(counts.sum(axis=-1, keepdims=True), counts.shape)
    used = counts > 0
    bits = np.zeros(counts.shape)
    bits[used] = counts[used] * np.log2(among[used] / counts[used])
    return np.asarray(bits.sum(axis=-1))


def nml_table_bits(counts: Integers) -> Floats:
    """Return the textbook NML length of the classes in each context, in bits.

    A formula, for comparison with published numbers: the sum over contexts is what a table costs
    if its structure is free. What is sent is `Table`.

    Parameters
    ----------
    counts : int64[contexts, classes]
        How often each class is in each context.

    References
    ----------
    P. Kontkanen, P. Myllymäki (2007). A linear-time algorithm for computing the multinomial
    stochastic complexity. Information Processing Letters 103(6), 227-233.
    doi:10.1016/j.ipl.2007.04.003.

    Examples
    --------
    >>> nml_table_bits(np.array([[3, 7], [10, 0]])).round(6).tolist()
    [11.033306, 2.220397]
    """
    totals, places = np.unique(counts.sum(axis=1), return_inverse=True)
    prices = np.array([multinomial_complexity_bits(counts.shape[1], int(t)) for t in totals])
    found: Floats = maximum_likelihood_table_bits(counts) + prices[places]
    return found


def has_classes(column: Column) -> bool:
    """Return whether a column has 2 to 256 classes: labels, or neighbouring integers."""
    values = column_values(column)
    return has_alphabet(column, LARGEST_SIZE) and bool(values.min() < values.max())


def few_levels(features: Features) -> list[int]:
    """Return the places of features with 2 to 64 levels."""
    return [place for place in range(len(features)) if _has_few(features, place)]


def joint_contexts(features: Features, places: list[int]) -> tuple[Integers, int]:
    """Return which levels of some features each row has, as one number, and how many there are."""
    contexts, number = np.zeros(features.rows, np.int64), 1
    for place in places:
        codes, names = features.levels(place)
        contexts, number = contexts * len(names) + codes, number * len(names)
        if number > LARGEST_TABLE:
            raise damaged(f"{number} contexts")
    return contexts, number


def _has_few(features: Features, place: int) -> bool:
    """Return whether a feature has few levels; a column of many numbers is soon told."""
    numbers = features.numbers(place)
    if numbers is not None and np.unique(numbers[:_SAMPLE_ROWS]).size > LARGEST_LEVELS:
        return False
    return 2 <= len(features.levels(place).names) <= LARGEST_LEVELS


def _log2_products(first: int, step: int, most: int) -> Floats:
    """Return log2 of first (first + step) (first + 2 step) ... with 0 to ``most`` factors."""
    factors: Floats = first + float(step) * np.arange(most, dtype=np.float64)
    found = np.zeros(most + 1)
    np.cumsum(np.log2(factors), out=found[1:])
    return found
