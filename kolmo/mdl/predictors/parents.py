"""Classes that depend on a few features with few levels: which ones, and a table."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, IntervalCode, damaged
from kolmo.coding.discrete import Uniform
from kolmo.errors import ParameterError
from kolmo.mdl.models.alphabet import Shifted, lowest_code, size_code, to_symbols
from kolmo.mdl.models.parts import Chain, Subset
from kolmo.mdl.models.tables import (
    LARGEST_SIZE,
    LARGEST_TABLE,
    STEP_NAMES,
    STEPS,
    Lengths,
    Some,
    Table,
    count_table,
    few_levels,
    has_classes,
    joint_contexts,
)
from kolmo.mdl.models.values import Integers, Values, offsets
from kolmo.mdl.predictor import Predictor

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}]

_LARGEST_COUNT = 1 << 12  # subsets
_LARGEST_WORK = 1 << 28  # subsets times rows, at about 5 ns
_SMALLEST_TABLE = 1 << 8
_PAIR = 2
_EXCHANGES = 8


class Tabled(NamedTuple):
    """Which classes there are, and the features whose levels make the contexts.

    Attributes
    ----------
    lowest, size : int
        The classes are the integers from ``lowest`` on.
    code : int
        Which of `STEPS`.
    parents : tuple of int
        From 1, among the features with few levels.
    first : int
        Of two parents: 0 if both count everywhere; else which one, 1 or 2, counts everywhere, the
        other one only in some of its levels.
    only : int
        In which: a binary digit for each level, the lowest for the first.
    """

    lowest: int
    size: int
    code: int
    parents: tuple[int, ...]
    first: int = 0
    only: int = 0


class Parents(Predictor[Tabled]):
    r"""A class by the joint levels of a few features, from a table.

    Sent are which classes there are, which of the features with 2 to 64 levels are the parents,
    and each class by Krichevsky and Trofimov's code among those in the same context, or by the
    enumerative one. A table has at most as many entries as there are rows, or 256. Of two parents
    one may count in some levels of the other one only.

    All subsets of parents are weighed if that is up to about 4096, fewer for very many rows; else
    all of few parents, and from the best of these one more at a time, with exchanges.

    References
    ----------
    G. F. Cooper, E. Herskovits (1992). A Bayesian method for the induction of probabilistic
    networks from data. Machine Learning 9, 309-347. doi:10.1007/BF00994110. Equation 5, which is
    the enumerative code. We add Krichevsky and Trofimov's, and a code of the parents.

    Examples
    --------
    >>> from kolmo.mdl.features import read_features
    >>> told = Parents().given(read_features(b"a,x\nb,y\na,y\nb,x\n" * 50, ["f", "g"]))
    >>> told.fit([0, 1, 0, 1] * 50).parameters["parents"]
    ['f']
    """

    name = "parents"
    complexity_name = "parents"
    in_units = ("lowest",)

    def fits(self, column: Column) -> bool:
        """Return whether the column has classes, and a feature few levels."""
        return has_classes(column) and len(few_levels(self.features)) > 0

    def choose(self, values: Values) -> Tabled:
        """Return the parents with the shortest message among those that are weighed."""
        found = list(_Search(self, values).members())
        if not found:
            raise ParameterError("no parents: got no feature with few levels for so few rows.")
        return min(found, key=lambda member: member[0])[1]

    def members(self, values: Values) -> Iterator[Tabled]:
        """Yield the best parents of each number, and two of which one counts in some levels."""
        for _, member in _Search(self, values).members():
            yield member

    def parameter_code(self, rows: int) -> Code[Tabled]:
        """Return the code of the classes, the code, the parents, and where they count."""
        places = few_levels(self.features)
        return Chain(
            Tabled,
            lowest_code,
            lambda _: size_code(LARGEST_SIZE),
            lambda *_: Uniform(len(STEPS)),
            lambda *_: Some(len(places), len(places)),
            lambda *fields: Uniform(_PAIR + 1 if len(fields[-1]) == _PAIR else 1),
            lambda *fields: self._only_code(fields[-2], fields[-1]),
        )

    def data_code(self, parameters: Tabled, rows: int) -> Code[Any]:
        """Return the code by contexts."""
        return Shifted(self._table(parameters, rows), parameters.lowest)

    def complexity(self, parameters: Tabled) -> int:
        """Return the number of parents."""
        return len(parameters.parents)

    def free_parameters(self, parameters: Tabled) -> int:
        """Return all shares but one in each context."""
        return (parameters.size - 1) * self._contexts(parameters)[1]

    def likelihood_bits(self, parameters: Tabled, values: Values) -> float:
        """Return the length by the frequencies in each context of the target itself."""
        table = self._table(parameters, values.size)
        return table.likelihood_bits(offsets(values, parameters.lowest))

    def describe(self, parameters: Tabled) -> dict[str, Any]:
        """Return the parents' names, in which levels they count, and how they were looked for."""
        places = self._places(parameters.parents)
        names = [self.features.names[place] for place in places]
        found = {
            "parents": names,
            "contexts": self._contexts(parameters)[1],
            "lowest": parameters.lowest,
            "size": parameters.size,
            "code": STEP_NAMES[parameters.code],
            "search": self.search_words(),
        }
        if parameters.first:
            levels = self.features.levels(places[parameters.first - 1]).names
            chosen = [name for i, name in enumerate(levels) if parameters.only >> i & 1]
            found["only_in"] = {names[parameters.first - 1]: chosen}
        return found

    def search_words(self) -> str:
        """Return which subsets are weighed."""
        count, most = len(few_levels(self.features)), self.exhausted()
        if most >= count:
            return "all subsets"
        return f"all subsets of up to {most}, then one more at a time, with exchanges"

    def exhausted(self) -> int:
        """Return up to how many parents all subsets are weighed, at least 1."""
        count = len(few_levels(self.features))
        limit = min(_LARGEST_COUNT, _LARGEST_WORK // max(1, self.features.rows))
        most, total = 1, count
        while most < count and total + math.comb(count, most + 1) <= limit:
            most += 1
            total += math.comb(count, most)
        return most

    def largest_table(self) -> int:
        """Return how many entries a table may have."""
        return min(LARGEST_TABLE, max(_SMALLEST_TABLE, self.features.rows))

    def _table(self, parameters: Tabled, rows: int) -> Table:
        contexts, number = self._contexts(parameters)
        if number * parameters.size > self.largest_table():
            raise damaged(f"a table of {number} x {parameters.size} for {rows} rows")
        return Table(contexts, number, parameters.size, STEPS[parameters.code])

    def _contexts(self, parameters: Tabled) -> tuple[Integers, int]:
        """Return the context of each row, and how many there are."""
        places = self._places(parameters.parents)
        if not parameters.first:
            return joint_contexts(self.features, places)
        base, other = places if parameters.first == 1 else places[::-1]
        codes, names = self.features.levels(base)
        counts = np.array([parameters.only >> i & 1 for i in range(len(names))])
        more, levels = self.features.levels(other)
        widths = np.where(counts > 0, len(levels), 1)
        starts = np.cumsum(widths) - widths
        return starts[codes] + counts[codes] * more, int(widths.sum())

    def _places(self, parents: tuple[int, ...]) -> list[int]:
        places = few_levels(self.features)
        return [places[parent - 1] for parent in parents]

    def _only_code(self, parents: tuple[int, ...], first: int) -> IntervalCode[int]:
        """Return the code of in which levels the other parent counts, one bit for each."""
        if not first:
            return Uniform(1)
        place = self._places(parents)[first - 1]
        return Uniform(1 << len(self.features.levels(place).names))


class _Search:
    """Subsets of parents of a target, and the bits of their tables."""

    def __init__(self, predictor: Parents, values: Values) -> None:
        self._predictor = predictor
        self.lowest, self.size, self._symbols = to_symbols(values, LARGEST_SIZE)
        levels = [predictor.features.levels(place) for place in few_levels(predictor.features)]
        self._codes = [level.codes for level in levels]
        self._widths = [len(level.names) for level in levels]
        self._lengths = [Lengths(self.size, values.size, step) for step in STEPS]
        self._rows = values.size
        self._best: dict[int, tuple[float, Tabled]] = {}

    def members(self) -> Iterator[tuple[float, Tabled]]:
        """Yield the best members and their bits, those of the classes apart, simplest first."""
        most = self._predictor.exhausted()
        alone = np.zeros(self._rows, np.int64)
        self._extend((), alone, 1, most)
        if most < len(self._codes):
            self._go_on()
        partly = self._best_in_some_levels()
        for number, found in sorted(self._best.items()):
            yield found
            if number == _PAIR and partly is not None:
                yield partly

    def _extend(self, parents: tuple[int, ...], contexts: Integers, number: int, more: int) -> None:
        """Weigh these parents with one or more after them."""
        for place in range(parents[-1] if parents else 0, len(self._codes)):
            width = self._widths[place]
            if number * width * self.size <= self._predictor.largest_table():
                joint = contexts * width
                joint += self._codes[place]
                chosen = (*parents, place + 1)
                self._weigh(chosen, joint, number * width)
                if more > 1:
                    self._extend(chosen, joint, number * width, more - 1)

    def _weigh(self, parents: tuple[int, ...], contexts: Integers, number: int) -> None:
        """Keep some parents if they are the best of so many."""
        counts = count_table(contexts, number, self._symbols, self.size)
        data = [float(lengths.bits(counts).sum()) for lengths in self._lengths]
        code = int(np.argmin(data))
        subset = Subset(len(self._codes), len(parents)).codelength(parents)
        which = math.log2(_PAIR + 1) if len(parents) == _PAIR else 0.0
        bits = data[code] + subset + which
        if len(parents) not in self._best or bits < self._best[len(parents)][0]:
            self._best[len(parents)] = bits, Tabled(self.lowest, self.size, code, parents)

    def _go_on(self) -> None:
        """Add one parent at a time, and exchange parents, while the message becomes shorter."""
        number = max(self._best, default=0)
        while 0 < number < len(self._codes):
            parents = self._best[number][1].parents
            self._weigh_all((*parents, other) for other in self._others(parents))
            number += 1
            if number not in self._best:
                return
            self._exchange(number)
            if self._best[number][0] >= self._best[number - 1][0]:
                return

    def _exchange(self, number: int) -> None:
        for _ in range(_EXCHANGES):
            before, best = self._best[number]
            parents = best.parents
            self._weigh_all(
                (*parents[:i], *parents[i + 1 :], other)
                for i in range(number)
                for other in self._others(parents)
            )
            if self._best[number][0] >= before:
                return

    def _weigh_all(self, subsets: Iterator[tuple[int, ...]]) -> None:
        for subset in subsets:
            parents = tuple(sorted(subset))
            number = math.prod(self._widths[parent - 1] for parent in parents)
            if number * self.size <= self._predictor.largest_table():
                contexts = np.zeros(self._rows, np.int64)
                for parent in parents:
                    contexts = contexts * self._widths[parent - 1] + self._codes[parent - 1]
                self._weigh(parents, contexts, number)

    def _others(self, parents: tuple[int, ...]) -> list[int]:
        return [other for other in range(1, len(self._codes) + 1) if other not in parents]

    def _best_in_some_levels(self) -> tuple[float, Tabled] | None:
        """Return the best two parents of which one counts in some levels of the other one."""
        if _PAIR not in self._best:
            return None
        pairs = list(combinations(range(1, len(self._codes) + 1), _PAIR))
        if self._predictor.exhausted() < _PAIR:
            best = self._best[1][1].parents[0]
            pairs = [pair for pair in pairs if best in pair]
        found = [
            member
            for pair in pairs
            if math.prod(self._widths[i - 1] for i in pair) * self.size
            <= self._predictor.largest_table()
            for member in self._in_some_levels(pair)
        ]
        return min(found, key=lambda member: member[0], default=None)

    def _in_some_levels(self, pair: tuple[int, ...]) -> Iterator[tuple[float, Tabled]]:
        """Yield two parents for each that may count everywhere, and each code."""
        one, two = (parent - 1 for parent in pair)
        number = self._widths[one] * self._widths[two]
        contexts = self._codes[one] * self._widths[two] + self._codes[two]
        counts = count_table(contexts, number, self._symbols, self.size)
        cube = counts.reshape(self._widths[one], self._widths[two], self.size)
        which = Subset(len(self._codes), _PAIR).codelength(pair) + math.log2(_PAIR + 1)
        for first, turned in ((1, cube), (2, np.ascontiguousarray(cube.swapaxes(0, 1)))):
            for code, lengths in enumerate(self._lengths):
                whole, apart = _level_bits(lengths, turned)
                better = apart < whole
                if better.any() and not better.all():
                    only = sum(1 << int(level) for level in np.flatnonzero(better))
                    bits = float(np.minimum(whole, apart).sum()) + which + better.size
                    yield bits, Tabled(self.lowest, self.size, code, pair, first, only)


def _level_bits(lengths: Lengths, counts: Integers) -> tuple[NDArray[np.float64], ...]:
    """Return the bits of each level as one context, and as one for each level of the other."""
    apart = lengths.bits(counts.reshape(-1, counts.shape[-1])).reshape(counts.shape[:2])
    return lengths.bits(counts.sum(axis=1)), apart.sum(axis=1)
