"""Numbers predicted by numeric features, row after row, from what the rows before teach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.mdl.models.design import SHAPES, Basis
from kolmo.mdl.models.least_squares import fit_rest
from kolmo.mdl.models.located import located_code
from kolmo.mdl.models.numeric import SumPredictor
from kolmo.mdl.models.parts import Bounded, Chain, Moved
from kolmo.mdl.models.prequential import Predictive, Start
from kolmo.mdl.models.subsets import Places
from kolmo.mdl.models.tables import Some
from kolmo.mdl.models.values import LARGEST_BITS, Values, bounds

EXAMPLES: list[dict[str, int]] = [{}]

_ROWS_PER_FEATURE = 4
_HEIGHT_BITS = 50


class Learnt(NamedTuple):
    """Which of the numeric features, counted from 1, and what is known before the first row."""

    features: Places
    start: Start


class Prequential(SumPredictor[Learnt]):
    """A linear model that is learnt while its rows are coded; no factor is ever sent.

    Each row is coded by Student's distribution, whose location and scale follow from the rows
    before under the right Haar prior. The first rows, two more than the largest number of features
    tried, and those with something that no row before had, are coded by a plain distribution, which
    is sent first. Up to 20,000 rows; of features at most a quarter of the rows.

    References
    ----------
    F. Liang, A. Barron (2004), as for `kolmo.mdl.models.prequential.Predictive`.

    A. P. Dawid (1984). Statistical theory: the prequential approach. Journal of the Royal
    Statistical Society A 147(2), 278-292. doi:10.2307/2981683. Coding by predictions.
    """

    name = "prequential"
    complexity_name = "features"
    in_units = ("scale", "location")
    least_rows = 4
    largest_rows = 20_000

    def parameter_code(self, rows: int) -> Code[Learnt]:
        """Return the code of the features and of what is known before the first row."""
        return Chain(
            Learnt,
            lambda: Some(len(self.known.columns), rows // _ROWS_PER_FEATURE),
            lambda _: _start_code(rows),
        )

    def data_code(self, parameters: Learnt, rows: int) -> Code[Any]:
        """Return the code of a column whose rows are predicted from those before."""
        return Predictive(self._columns(parameters.features), parameters.start)

    def expected(self, parameters: Learnt, values: Values) -> Values | None:
        """Return the least squares of all rows, where the predictions end; None if huge."""
        if values.dtype != np.int64:
            return None
        basis = self.known.basis(parameters.features).rows
        return np.asarray(np.rint(values @ basis.T @ basis), np.int64)

    def basis_of(self, parameters: Learnt) -> Basis:
        """Return the basis of an intercept and the features."""
        return self.known.basis(parameters.features)

    def complexity(self, parameters: Learnt) -> int:
        """Return the number of features."""
        return len(parameters.features)

    def free_parameters(self, parameters: Learnt) -> int:
        """Return a factor for each feature, the intercept and the scale."""
        return len(parameters.features) + 2

    def describe(self, parameters: Learnt) -> dict[str, Any]:
        """Return the features, and what is sent of the first rows."""
        features, start = parameters
        return {
            "features": self.known.named(features),
            "first_rows": start.rows,
            "first_noise": SHAPES[start.place.shape][0],
            **start.place.describe(),
            "search": self.known.search,
        }

    def _columns(self, features: Places) -> NDArray[np.float64]:
        """Return an intercept and the features as columns whose elements are about 1."""
        rows = self.known.basis(features).rows
        columns: NDArray[np.float64] = np.ldexp(rows, len(rows.T).bit_length() // 2).T
        return columns

    def weighed(self, values: Values) -> Iterator[tuple[Learnt, float]]:
        """Yield the best features of each number, and the length of their message."""
        largest = values.size // _ROWS_PER_FEATURE
        sizes = list(self.known.close_subsets(values, largest))
        first = max((len(close[0]) for close in sizes), default=0) + 2
        code = self.parameter_code(values.size)
        for close in sizes:
            found = []
            for features in close:
                columns = self._columns(features)
                learnt = Learnt(features, _start(columns, values, first))
                bits = code.codelength(learnt)
                bits += Predictive(columns, learnt.start).codelength(values)
                found.append((learnt, bits))
            yield min(found, key=lambda pair: pair[1])


def _start_code(rows: int) -> Code[Start]:
    """Return the code of what is known before the first row."""
    return Chain(
        Start,
        lambda: Bounded(LogStar(), 1, rows),
        lambda _: Signed(LogStar()),
        lambda *_: Moved(Bounded(LogStar(), 1, LARGEST_BITS), -1),
        lambda first, *_: located_code(len(SHAPES), first),
    )


def _start(columns: NDArray[np.float64], values: Values, first: int) -> Start:
    """Return how a column starts, its plain rows by their best distribution."""
    lowest, size = bounds(values)
    shift = max(0, size.bit_length() - _HEIGHT_BITS)
    far = max(abs(lowest), abs(lowest + size)) >= 1 << _HEIGHT_BITS
    origin = (lowest + (size >> 1)) >> shift << shift if far else 0
    bare = Start(first, origin, shift, fit_rest(values[:first])[0])
    plain = Predictive(columns, bare).plain_rows(values)
    return bare._replace(place=fit_rest(values[plain])[0])
