"""Sums of numeric features: those that there are, and predictors that weigh some of them."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError
from kolmo.mdl.family import P
from kolmo.mdl.features import Features
from kolmo.mdl.models.design import Basis
from kolmo.mdl.models.locating import is_varied
from kolmo.mdl.models.subsets import LARGEST_EXHAUSTIVE, Places, best_subsets
from kolmo.mdl.models.values import Values, column_values, scaled
from kolmo.mdl.predictor import Predictor
from kolmo.mdl.regression import gmdl, rnml

if TYPE_CHECKING:
    from kolmo.table import Column

Floats = NDArray[np.float64]

INTERCEPT = "intercept"


class Numeric:
    """The numeric features that are not the same in all rows, in the order of the file."""

    def __init__(self, features: Features) -> None:
        found = [(place, features.numbers(place)) for place in features.numeric()]
        self.columns = [numbers for _, numbers in found if numbers is not None]
        self.names = [features.names[place] for place, _ in found]
        self.rows = features.rows
        self._last: tuple[Places, Basis] | None = None

    def basis(self, chosen: Places) -> Basis:
        """Return the basis of an intercept and the chosen features; the last one is kept."""
        if self._last is None or self._last[0] != chosen:
            columns = [self.columns[place - 1] for place in chosen]
            self._last = chosen, Basis([np.ones(self.rows), *columns])
        return self._last[1]

    def named(self, chosen: Places) -> list[str]:
        """Return the names of the chosen features."""
        return [self.names[place - 1] for place in chosen]

    def close_subsets(self, values: Values, largest: int) -> Iterator[list[Places]]:
        """Yield, for each size from 1, the few subsets that leave the least sums of squares.

        Subsets with a column that depends on the others are left out; so are sizes without any
        other. See `best_subsets`.
        """
        heights = scaled(values)[0]
        for close in best_subsets(self.columns, heights, largest):
            chosen = [tuple(place + 1 for place in subset.columns) for subset in close]
            able = [places for places in chosen if self.basis(places).independent]
            if able:
                yield able

    @property
    def search(self) -> str:
        """How subsets are looked for."""
        return "all subsets" if len(self.columns) <= LARGEST_EXHAUSTIVE else "splicing"


class SumPredictor(Predictor[P]):
    """A predictor of different numbers by numeric features, with members that can be weighed.

    Attributes
    ----------
    known : Numeric
        The numeric features; set by `given`.
    least_rows, largest_rows : int
        How many rows there may be.
    """

    least_rows: ClassVar[int] = 3
    largest_rows: ClassVar[int] = 1 << 62
    known: Numeric

    @abstractmethod
    def weighed(self, values: Values) -> Iterator[tuple[P, float]]:
        """Yield the best member of each complexity, the simplest first, and its message's bits."""

    @abstractmethod
    def basis_of(self, parameters: P) -> Basis:
        """Return the basis that a member predicts in."""

    def more_criteria(self, parameters: P, values: Values) -> dict[str, float | None]:
        """Return RNML and gMDL in bits, which are no codes; None where they are not defined."""
        columns, heights = self.basis_of(parameters).rows.T, np.asarray(values, np.float64)
        return {
            "rnml_bits": _in_bits(rnml, columns, heights),
            "gmdl_bits": _in_bits(gmdl, columns, heights),
        }

    def given(self, features: Features) -> Self:
        """Return this predictor, told the features."""
        told = super().given(features)
        told.known = Numeric(features)
        return told

    def fits(self, column: Column) -> bool:
        """Return whether there are different numbers, enough of them, and a numeric feature."""
        if column.numbers is None or not self.known.columns:
            return False
        values = column_values(column)
        return self.least_rows <= values.size <= self.largest_rows and is_varied(values)

    def choose(self, values: Values) -> P:
        """Return the member with the shortest message."""
        weighed = list(self.weighed(values) if self._suits(values) else [])
        if not weighed:
            raise ParameterError(
                f"no {self.name} model: got {len(self.known.columns)} numeric features that vary "
                f"in {values.size} rows; need 1 or more, and {self.least_rows} to "
                f"{self.largest_rows} rows. Use --features."
            )
        return min(weighed, key=lambda pair: pair[1])[0]

    def members(self, values: Values) -> Iterator[P]:
        """Yield the best member of each complexity from 1; without a feature it is normal."""
        return (member for member, _ in (self.weighed(values) if self._suits(values) else ()))

    def _suits(self, values: Values) -> bool:
        known = len(self.known.columns) > 0
        return known and self.least_rows <= values.size <= self.largest_rows


def _in_bits(criterion: Callable[[Floats, Floats], float], x: Floats, y: Floats) -> float | None:
    """Return a criterion in bits, None if it says nothing of so few rows, or of so good a fit."""
    try:
        return criterion(x, y) / math.log(2)
    except ParameterError:
        return None
