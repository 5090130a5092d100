"""Independent values under a mixture of normal distributions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from kolmo.coding.code import Code, describe
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.family import Family
from kolmo.mdl.models.alphabet import Shifted
from kolmo.mdl.models.located import located_code
from kolmo.mdl.models.locating import is_within
from kolmo.mdl.models.mixed import (
    Mixed,
    Shares,
    fineness_code,
    mixed_classes,
    share_rows,
    share_units,
)
from kolmo.mdl.models.mixing import FINE_BINS, binned, mixtures
from kolmo.mdl.models.parts import Bounded, Chain, Moved
from kolmo.mdl.models.pieces import Parts
from kolmo.mdl.models.quantising import Counted, sendable
from kolmo.mdl.models.values import Values, bounds, column_values, offsets

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}, {"components": 3}]

LARGEST_COMPONENTS = 32
LARGEST_SPAN = 1 << 59

_LEAST_ROWS, _LEAST_DISTINCT = 8, 4
_PATIENCE = 2


class Mixture(Family[Mixed]):
    """Two or more normal distributions, from each of which a row comes with a fixed probability.

    Sent are: the normal distribution of the whole column, coarsely; the number of components; their
    weights in descending order, which saves naming which is which; the scale and the location of
    each beside those of the whole; and the rows under the mixture itself: none says from which
    component it comes. A scale is at least 1/16 of the last digit.

    For each number of components the most likely mixture that a search from many starts finds is
    quantised, and improved step by step; see `kolmo.mdl.models.mixing`.

    Parameters
    ----------
    components : int
        Most components tried, 2 to 32. Two in a row that do not shorten the message end the search.

    References
    ----------
    M. A. T. Figueiredo, A. K. Jain (2002). Unsupervised learning of finite mixture models. IEEE
    Transactions on Pattern Analysis and Machine Intelligence 24(3), 381-396.
    doi:10.1109/34.990138. The message length that prices each component by its number of rows. We
    differ in a code that can be sent, and in finding the best mixture for each number.

    Examples
    --------
    >>> model = Mixture().fit([48, 49, 50, 50, 51, 52] * 9 + [98, 99, 100, 100, 101, 102] * 9)
    >>> model.parameters["components"], model.parameters["weights"]
    (2, [0.5, 0.5])
    """

    name = "mixture"
    complexity_name: ClassVar[str] = "components"
    in_units: ClassVar[tuple[str, ...]] = ("locations", "scales")
    independent = True

    def __init__(self, components: int = 8) -> None:
        if not 2 <= components <= LARGEST_COMPONENTS:
            raise ParameterError(
                f"components out of range: got {components}; need 2 to {LARGEST_COMPONENTS}."
            )
        self.components = components

    def fits(self, column: Column) -> bool:
        """Return whether there are 8 numbers, 4 different ones, all within 2**59."""
        values = column_values(column)
        if column.numbers is None or values.size < _LEAST_ROWS or not is_within(values):
            return False
        lowest, size = bounds(values)
        return size <= LARGEST_SPAN and np.unique(offsets(values, lowest)).size >= _LEAST_DISTINCT

    def choose(self, values: Values) -> Mixed:
        """Return the mixture with the shortest message among those of `members`."""
        return min(self._tried(values), key=lambda pair: pair[0])[1]

    def members(self, values: Values) -> Iterator[Mixed]:
        """Yield the best mixture of 2, 3 ... components; two in a row that do not pay are last."""
        return (mixed for _, mixed in self._tried(values))

    def complexity(self, parameters: Mixed) -> int:
        """Return the number of components."""
        return parameters.components

    def free_parameters(self, parameters: Mixed) -> int:
        """Return two for each component, and all weights but one."""
        return 3 * parameters.components - 1

    def parameter_code(self, rows: int) -> Code[Mixed]:
        """Return the code of the whole, the weights, and the components beside the whole."""
        return Chain(
            Mixed,
            lambda: located_code(1, rows=1),
            lambda _: Moved(Bounded(LogStar(), 1, self.components - 1), 1),
            lambda *_: fineness_code(),
            lambda _, components, fineness: Shares(
                components, share_units(components, rows, fineness)
            ),
            lambda *fields: Parts(fields[0], share_rows(fields[3], rows)),
        )

    def data_code(self, parameters: Mixed, rows: int) -> Code[Any]:
        """Return the code of independent values."""
        return Shifted(mixed_classes(parameters, rows), parameters.origin)

    def describe(self, parameters: Mixed) -> dict[str, Any]:
        """Return weights, locations and scales, in ascending order of location."""
        found = [part.describe() for part in parameters.parts]
        order = sorted(range(len(found)), key=lambda k: found[k]["location"])
        units = sum(parameters.shares)
        return {
            "components": parameters.components,
            "weights": [round(parameters.shares[k] / units, 4) for k in order],
            "locations": [found[k]["location"] for k in order],
            "scales": [found[k]["scale"] for k in order],
        }

    def _tried(self, values: Values) -> Iterator[tuple[float, Mixed]]:
        """Yield the bits of each member, and the member."""
        lowest, size = bounds(values)
        if size > LARGEST_SPAN:
            raise ParameterError(
                f"values too far apart for a mixture: got {describe(lowest)} to "
                f"{describe(lowest + size - 1)}; need a span of at most 2**59. Try a histogram."
            )
        distinct, counts = np.unique(offsets(values, lowest), return_counts=True)
        column = Counted(binned(distinct.astype(np.float64), counts, FINE_BINS), lowest)
        code = self.parameter_code(values.size)
        least, idle = math.inf, 0
        for mix in mixtures(distinct.astype(np.float64), counts, self.components):
            mixed = sendable(mix, column)
            numbers = distinct + (lowest - mixed.origin)
            data_bits = mixed_classes(mixed, values.size).counts_bits(numbers, counts)
            bits = code.codelength(mixed) + data_bits
            yield bits, mixed
            least, idle = min(least, bits), 0 if bits < least else idle + 1
            if idle == _PATIENCE:
                return
