"""Values whose level or spread changes along a feature: a normal distribution for each interval."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code
from kolmo.errors import ParameterError
from kolmo.mdl.families.changepoint import estimate
from kolmo.mdl.models.arranged import Arranged, locations
from kolmo.mdl.models.discretised import (
    Cuts,
    Scale,
    best_divisions,
    scale_of,
    weigh,
)
from kolmo.mdl.models.located import Located, located_code
from kolmo.mdl.models.locating import ROUNDING_VARIANCE, is_varied
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.pieces import Parts, Pieces, Segmented
from kolmo.mdl.models.tables import one_of
from kolmo.mdl.models.values import Integers, Values, column_values, scaled
from kolmo.mdl.predictor import Predictor

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}, {"minimum": 2}]

Floats = NDArray[np.float64]

LARGEST_BINS = 1 << 10
_LARGEST_MINIMUM = 1 << 30
_LARGEST_EXPONENT = 500
_SWEEPS = 2
_TRIES = 4


class Stepped(NamedTuple):
    """A feature and its cuts, the distribution of all rows, and those of the intervals.

    Attributes
    ----------
    feature : int
        Among those of numbers, from 0.
    whole : Located
        The normal distribution of all rows.
    cuts : tuple of int
        Before which of the feature's different values an interval begins.
    parts : tuple of Located
        One for each interval.
    """

    feature: int
    whole: Located
    cuts: tuple[int, ...]
    parts: tuple[Located, ...]


class Step(Predictor[Stepped]):
    r"""A normal distribution for each interval of one feature; which intervals is chosen.

    Sent are the feature, the distribution of all rows, the number of cuts, which of the places
    between different values of the feature they are, and the scale and the location of each
    interval beside those of the whole; and the rows, in the order of the feature.

    The cuts minimise the maximised density and its textbook price, for each number of intervals;
    for a feature of up to 1024 different values exactly. More are first merged to 1024 bins of
    about as many rows, and each cut is then moved to the best place between its neighbours. The
    messages of the four likeliest features are weighed.

    Parameters
    ----------
    minimum : int
        Least number of rows in an interval.

    References
    ----------
    R. A. Davis, T. C. M. Lee, G. A. Rodriguez-Yam (2006). Structural break estimation for
    nonstationary time series models. Journal of the American Statistical Association 101,
    223-239. doi:10.1198/016214505000000745. Equation 6, for order 0 and the order of a feature
    instead of time; we differ in the code, which can be sent.

    Examples
    --------
    >>> from kolmo.mdl.features import read_features
    >>> text = "".join(f"{i}\n" for i in range(80)).encode()
    >>> told = Step().given(read_features(text, ["x"]))
    >>> told.fit([3, 5, 4, 2] * 10 + [93, 95, 94, 92] * 10).parameters["cuts"]
    [39.5]
    """

    name = "step"
    complexity_name = "steps"
    in_units = ("location", "scale")

    def __init__(self, minimum: int = 10) -> None:
        if not 1 <= minimum <= _LARGEST_MINIMUM:
            raise ParameterError(f"minimum out of range: got {minimum}; need 1 to 2**30.")
        self.minimum = minimum

    def fits(self, column: Column) -> bool:
        """Return whether column and a feature have different numbers."""
        varied = column.numbers is not None and is_varied(column_values(column))
        return varied and len(self.features.numeric()) > 0

    def choose(self, values: Values) -> Stepped:
        """Return the feature and the cuts with the shortest message."""
        found = self._weighed(values)
        if not found:
            raise ParameterError(f"no step: need a cut with {self.minimum} rows on both sides.")
        return min(found.values(), key=lambda member: member[0])[1]

    def members(self, values: Values) -> Iterator[Stepped]:
        """Yield the best feature and cuts for each number of steps."""
        for _, (_, member) in sorted(self._weighed(values).items()):
            yield member

    def parameter_code(self, rows: int) -> Code[Stepped]:
        """Return the code of the feature, the whole, the cuts, and the intervals."""
        return Chain(
            Stepped,
            lambda: one_of(len(self.features.numeric())),
            lambda _: located_code(1, rows),
            lambda feature, _: Cuts(self._scale(feature).places),
            lambda feature, whole, cuts: Parts(whole, self._scale(feature).lengths(cuts)),
        )

    def data_code(self, parameters: Stepped, rows: int) -> Code[Any]:
        """Return the code of the rows in the order of the feature."""
        feature, whole, cuts, parts = parameters
        scale = self._scale(feature)
        return Arranged(Pieces(Segmented(whole, scale.lengths(cuts), parts)), scale.order)

    def expected(self, parameters: Stepped, values: Values) -> Values | None:
        """Return the location of the interval that each row is in."""
        scale = self._scale(parameters.feature)
        return locations(parameters.parts, scale.lengths(parameters.cuts), scale.order)

    def complexity(self, parameters: Stepped) -> int:
        """Return the number of steps, one less than that of intervals."""
        return len(parameters.cuts)

    def free_parameters(self, parameters: Stepped) -> int:
        """Return two for each interval, and the cuts."""
        return 3 * len(parameters.parts) - 1

    def describe(self, parameters: Stepped) -> dict[str, Any]:
        """Return the feature's name, the cuts in its units, and the distributions."""
        place = self.features.numeric()[parameters.feature]
        return {
            "feature": self.features.names[place],
            "cuts": self._scale(parameters.feature).midpoints(parameters.cuts),
            "segments": [part.describe() for part in parameters.parts],
        }

    def _scale(self, feature: int) -> Scale:
        return scale_of(self.features, self.features.numeric()[feature])

    def _weighed(self, values: Values) -> dict[int, tuple[float, Stepped]]:
        """Return the best member for each number of steps, and its bits, but the whole's."""
        whole = estimate(values)
        found: dict[int, tuple[float, Stepped]] = {}
        for feature, divisions in self._likely_features(values):
            scale = self._scale(feature)
            inside = values[scale.order]
            for cuts in divisions:
                pieces = np.split(inside, scale.starts[list(cuts)])
                weighed = weigh(whole, pieces)
                bits = Cuts(scale.places).codelength(cuts) + weighed.bits
                if len(cuts) not in found or bits < found[len(cuts)][0]:
                    found[len(cuts)] = bits, Stepped(feature, whole, cuts, weighed.parts)
        return found

    def _likely_features(self, values: Values) -> list[tuple[int, list[tuple[int, ...]]]]:
        """Return the likeliest features, and their cuts for each number of steps."""
        found = []
        for feature in range(len(self.features.numeric())):
            bits, cuts = _likely_cuts(self._scale(feature), values, self.minimum)
            if cuts:
                found.append((bits, feature, cuts))
        return [(feature, cuts) for _, feature, cuts in sorted(found)[:_TRIES]]


class _Densities:
    """The bits of rows from one place to another under the likeliest normal distribution."""

    def __init__(self, scale: Scale, inside: Values, minimum: int) -> None:
        numbers, _, shift = scaled(inside)
        numbers = numbers - numbers.mean()
        self._sums = np.concatenate([[0.0], np.cumsum(numbers)])
        self._squares = np.concatenate([[0.0], np.cumsum(numbers * numbers)])
        self._floor = ROUNDING_VARIANCE / 4.0 ** min(shift, _LARGEST_EXPONENT)
        self._starts, self._minimum = scale.starts, minimum

    def bits(self, firsts: Integers, lasts: Integers) -> Floats:
        """Return n/2 log2(2 pi e v) + log2 n, infinite for too few rows; arrays of places."""
        low, high = self._starts[firsts], self._starts[lasts]
        rows = high - low
        sizes = np.maximum(1, rows)
        means = (self._sums[high] - self._sums[low]) / sizes
        squares = (self._squares[high] - self._squares[low]) / sizes
        variances = np.maximum(0.0, squares - means * means) + self._floor
        bits = sizes / 2 * np.log2(2 * np.pi * np.e * variances) + np.log2(sizes)
        return np.where(rows >= self._minimum, bits, np.inf)


def _likely_cuts(scale: Scale, values: Values, minimum: int) -> tuple[float, list[tuple[int, ...]]]:
    """Return the least bits of a division, and the likeliest cuts for each number of steps."""
    densities = _Densities(scale, values[scale.order], minimum)
    bins = _bins(scale)
    edges = np.append(bins, scale.places + 1)
    costs = densities.bits(edges[None, :-1], edges[1:, None])
    found = [
        (bits, cuts)
        for bits, cuts in best_divisions(costs, scale.places, bins.tolist())
        if np.isfinite(bits)
    ]
    exact = bins.size == scale.places + 1
    moved = [cuts if exact else _moved(densities, scale, cuts) for _, cuts in found]
    return min((bits for bits, _ in found), default=math.inf), moved


def _bins(scale: Scale) -> Integers:
    """Return the places where bins begin: all, or 1024 with about as many rows each."""
    if scale.places < LARGEST_BINS:
        return np.arange(scale.places + 1)
    wanted = np.linspace(0, scale.order.size, LARGEST_BINS, endpoint=False)
    return np.unique(np.searchsorted(scale.starts, wanted).clip(0, scale.places))


def _moved(densities: _Densities, scale: Scale, cuts: tuple[int, ...]) -> tuple[int, ...]:
    """Return the cuts, each moved in turn to the best place between its neighbours, twice."""
    edges = [0, *cuts, scale.places + 1]
    for _ in range(_SWEEPS):
        for i in range(1, len(edges) - 1):
            places = np.arange(edges[i - 1] + 1, edges[i + 1])
            low = densities.bits(np.full_like(places, edges[i - 1]), places)
            high = densities.bits(places, np.full_like(places, edges[i + 1]))
            edges[i] = int(places[np.argmin(low + high)])
    return tuple(edges[1:-1])
