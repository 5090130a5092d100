"""Values by the level of a feature or of two: a normal distribution for each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, damaged
from kolmo.errors import ParameterError
from kolmo.mdl.families.changepoint import estimate
from kolmo.mdl.models.arranged import Arranged, locations
from kolmo.mdl.models.discretised import weigh
from kolmo.mdl.models.located import Located, located_code
from kolmo.mdl.models.locating import ROUNDING_VARIANCE, is_varied
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.pieces import Parts, Pieces, Segmented
from kolmo.mdl.models.tables import Some, few_levels, joint_contexts
from kolmo.mdl.models.values import Integers, Values, column_values, scaled
from kolmo.mdl.predictor import Predictor

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}]

LARGEST_GROUPS = 1 << 8
_MOST = 2
_LARGEST_WORK = 1 << 26  # pairs times rows, at about 20 ns
_TRIES = 4
_LARGEST_EXPONENT = 500


class Grouped(NamedTuple):
    """The features that make the groups, the distribution of all rows, and those of the groups.

    Attributes
    ----------
    features : tuple of int
        One or two, from 1, among those with few levels.
    whole : Located
        The normal distribution of all rows.
    parts : tuple of Located
        One for each group that has rows, in the order of the levels.
    """

    features: tuple[int, ...]
    whole: Located
    parts: tuple[Located, ...]


class _Groups(NamedTuple):
    """The rows by group: their order, how many each group has, and which levels it stands for."""

    order: Integers
    lengths: tuple[int, ...]
    contexts: Integers


class Groups(Predictor[Grouped]):
    r"""A normal distribution for each level of one feature, or each pair of levels of two.

    Sent are the distribution of all rows, which of the features with 2 to 64 levels make the
    groups, the scale and the location of each group beside those of the whole, and the rows, group
    by group. Two features make at most 256 groups.

    All features are weighed, and the likeliest pairs: of all, or, for very many rows, of those
    with the best feature.

    Examples
    --------
    >>> from kolmo.mdl.features import read_features
    >>> told = Groups().given(read_features(b"a\nb\n" * 40, ["f"]))
    >>> told.fit([3, 95, 5, 92, 4, 94, 2, 93] * 10).parameters["groups"]["b"]["location"]
    93.5
    """

    name = "groups"
    complexity_name = "features"
    in_units = ("location", "scale")

    def fits(self, column: Column) -> bool:
        """Return whether the column has different numbers, and a feature few levels."""
        varied = column.numbers is not None and is_varied(column_values(column))
        return varied and len(few_levels(self.features)) > 0

    def choose(self, values: Values) -> Grouped:
        """Return the feature or the two with the shortest message among the likeliest."""
        found = self._weighed(values)
        if not found:
            raise ParameterError("no groups: got no feature with few levels.")
        return min(found.values(), key=lambda member: member[0])[1]

    def members(self, values: Values) -> Iterator[Grouped]:
        """Yield the best feature, and the best two."""
        for _, (_, member) in sorted(self._weighed(values).items()):
            yield member

    def parameter_code(self, rows: int) -> Code[Grouped]:
        """Return the code of the features, the whole, and the groups."""
        count = len(few_levels(self.features))
        return Chain(
            Grouped,
            lambda: Some(count, _MOST),
            lambda _: located_code(1, rows),
            lambda features, whole: Parts(whole, self._groups(features).lengths),
        )

    def data_code(self, parameters: Grouped, rows: int) -> Code[Any]:
        """Return the code of the rows, group by group."""
        groups = self._groups(parameters.features)
        pieces = Pieces(Segmented(parameters.whole, groups.lengths, parameters.parts))
        return Arranged(pieces, groups.order)

    def expected(self, parameters: Grouped, values: Values) -> Values | None:
        """Return the location of each row's group."""
        groups = self._groups(parameters.features)
        return locations(parameters.parts, groups.lengths, groups.order)

    def complexity(self, parameters: Grouped) -> int:
        """Return the number of features."""
        return len(parameters.features)

    def free_parameters(self, parameters: Grouped) -> int:
        """Return two for each group."""
        return 2 * len(parameters.parts)

    def describe(self, parameters: Grouped) -> dict[str, Any]:
        """Return the names of the features, and the distributions by level."""
        places = self._places(parameters.features)
        names = self._level_names(places, self._groups(parameters.features).contexts)
        described = [part.describe() for part in parameters.parts]
        return {
            "features": [self.features.names[place] for place in places],
            "groups": dict(zip(names, described, strict=True)),
        }

    def _level_names(self, places: list[int], contexts: Integers) -> list[str]:
        """Return the levels that each group stands for, joined by " & "."""
        names: list[list[str]] = [[] for _ in contexts]
        for place in reversed(places):
            levels = self.features.levels(place).names
            for own, code in zip(names, contexts % len(levels), strict=True):
                own.insert(0, levels[code])
            contexts = contexts // len(levels)
        return [" & ".join(own) for own in names]

    def _places(self, features: tuple[int, ...]) -> list[int]:
        places = few_levels(self.features)
        return [places[feature - 1] for feature in features]

    def _groups(self, features: tuple[int, ...]) -> _Groups:
        """Return the rows by group; damaged if there are too many groups."""
        contexts, number = joint_contexts(self.features, self._places(features))
        counts = np.bincount(contexts, minlength=number)
        used = np.flatnonzero(counts)
        if used.size > LARGEST_GROUPS:
            raise damaged(f"{used.size} groups")
        order = np.argsort(contexts, kind="stable").astype(np.int64)
        return _Groups(order, tuple(counts[used].tolist()), used)

    def _weighed(self, values: Values) -> dict[int, tuple[float, Grouped]]:
        """Return the best member for each number of features, and its bits, but the whole's."""
        whole = estimate(values)
        found: dict[int, tuple[float, Grouped]] = {}
        count = len(few_levels(self.features))
        for features in _likely_features(self, values, count):
            groups = self._groups(features)
            pieces = np.split(values[groups.order], np.cumsum(groups.lengths)[:-1])
            weighed = weigh(whole, pieces)
            bits = Some(count, _MOST).codelength(features) + weighed.bits
            if len(features) not in found or bits < found[len(features)][0]:
                found[len(features)] = bits, Grouped(features, whole, weighed.parts)
        return found

    def contexts(self, features: tuple[int, ...]) -> tuple[Integers, int]:
        """Return the group of each row, counting those without rows, and how many there are."""
        return joint_contexts(self.features, self._places(features))


def _likely_features(predictor: Groups, values: Values, count: int) -> Iterator[tuple[int, ...]]:
    """Yield the likeliest features and pairs of features."""
    numbers, _, shift = scaled(values)
    numbers = numbers - numbers.mean()
    floor = ROUNDING_VARIANCE / 4.0 ** min(shift, _LARGEST_EXPONENT)

    def bits(features: tuple[int, ...]) -> float:
        contexts, number = predictor.contexts(features)
        return _density_bits(numbers, contexts, number, floor)

    ones = sorted(((feature,) for feature in range(1, count + 1)), key=bits)
    yield from ones[:_TRIES]
    pairs = list(combinations(range(1, count + 1), _MOST))
    if len(pairs) * values.size > _LARGEST_WORK:
        pairs = [pair for pair in pairs if ones[0][0] in pair]
    yield from [pair for pair in sorted(pairs, key=bits)[:_TRIES] if np.isfinite(bits(pair))]


def _density_bits(
    numbers: NDArray[np.float64], contexts: Integers, number: int, floor: float
) -> float:
    """Return the bits of groups under their likeliest normal distributions, and log2 n of each."""
    sizes = np.bincount(contexts, minlength=number)
    used = sizes > 0
    if np.count_nonzero(used) > LARGEST_GROUPS:
        return np.inf
    rows = sizes[used]
    means = np.bincount(contexts, numbers, number)[used] / rows
    squares = np.bincount(contexts, numbers * numbers, number)[used] / rows
    variances = np.maximum(0.0, squares - means * means) + floor
    bits = rows / 2 * np.log2(2 * np.pi * np.e * variances) + np.log2(rows)
    return float(bits.sum())
