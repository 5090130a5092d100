"""Independent values, all integers in a range equally likely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.coding.code import Code
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.mdl.family import Family
from kolmo.mdl.models.bins import InBins
from kolmo.mdl.models.locating import is_within
from kolmo.mdl.models.parts import Bounded, Chain
from kolmo.mdl.models.values import LARGEST_BITS, Values, bounds, column_values

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}]


class Range(NamedTuple):
    """The lowest value, and how many integers there are from it to the highest."""

    lowest: int
    size: int


class Uniform(Family[Range]):
    """The uniform distribution: the lowest value and the size of the range, then the values.

    Each value costs log2(size) bits, whatever the size; at most 2**-20 more where it is no power
    of two.

    Examples
    --------
    >>> model = Uniform().fit([3, 10, 5, 6, 3])
    >>> model.parameters, model.data_bits
    ({'lowest': 3, 'highest': 10}, 15.0)
    """

    name = "uniform"
    in_units = ("lowest", "highest")
    independent = True

    def fits(self, column: Column) -> bool:
        """Return whether the column has two different numbers."""
        values = column_values(column)
        return column.numbers is not None and is_within(values) and bounds(values)[1] > 1

    def choose(self, values: Values) -> Range:
        """Return the range of the values."""
        return Range(*bounds(values))

    def parameter_code(self, rows: int) -> Code[Range]:
        """Return the code of the lowest value and the size."""
        return Chain(
            Range,
            lambda: Signed(LogStar()),
            lambda _: Bounded(LogStar(), 1, 1 << LARGEST_BITS),
        )

    def data_code(self, parameters: Range, rows: int) -> Code[Any]:
        """Return the code of places in the range."""
        return InBins(parameters.lowest, [0, parameters.size], [rows])

    def describe(self, parameters: Range) -> dict[str, Any]:
        """Return the lowest and the highest value."""
        return {"lowest": parameters.lowest, "highest": parameters.lowest + parameters.size - 1}
