"""Values whose level or spread changes: a normal distribution for each segment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from kolmo.coding.code import Code
from kolmo.errors import ParameterError
from kolmo.mdl.family import Family
from kolmo.mdl.models.located import Located, located_code, quantise, usual_precision
from kolmo.mdl.models.locating import ROUNDING_VARIANCE, is_varied
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.pieces import (
    Lengths,
    Parts,
    Pieces,
    Segmented,
    part_code,
    parts_of,
    pieces_bits,
)
from kolmo.mdl.models.segments import Solution, solutions
from kolmo.mdl.models.values import Values, column_values, scaled

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}, {"minimum": 2}]

_LARGEST_MINIMUM = 1 << 30


class Changepoint(Family[Segmented]):
    """Segments with a normal distribution each; the number of segments is chosen.

    Sent are: the normal distribution of the whole column, the number of segments, their lengths
    (all equally long), and, if there are two or more, the scale and the location of each beside
    those of the whole. One segment is just the whole.

    The cuts minimise the maximised density and its textbook price, exactly up to 4096 rows, and
    for more if segments are short; among the solutions for up to 12 prices the one with the
    shortest message is taken.

    Parameters
    ----------
    minimum : int
        Least number of rows in a segment, if there are two or more.

    References
    ----------
    R. A. Davis, T. C. M. Lee, G. A. Rodriguez-Yam (2006). Structural break estimation for
    nonstationary time series models. Journal of the American Statistical Association 101,
    223-239. doi:10.1198/016214505000000745. Equation 6, for order 0; we differ in the code, which
    can be sent.

    Examples
    --------
    >>> model = Changepoint().fit([3, 5, 4, 2] * 10 + [93, 95, 94, 92] * 10)
    >>> model.parameters["starts"]
    [0, 40]
    """

    name = "changepoint"
    complexity_name = "segments"
    in_units = ("location", "scale")

    def __init__(self, minimum: int = 10) -> None:
        if not 1 <= minimum <= _LARGEST_MINIMUM:
            raise ParameterError(f"minimum out of range: got {minimum}; need 1 to 2**30.")
        self.minimum = minimum

    def fits(self, column: Column) -> bool:
        """Return whether the column has different numbers."""
        return column.numbers is not None and is_varied(column_values(column))

    def choose(self, values: Values) -> Segmented:
        """Return the segments with the shortest message among the solutions for some prices."""
        messages = _Messages(values, self.minimum)
        found = messages.solutions().values()
        return messages.segmented(min(found, key=lambda solution: solution.total_bits).lengths)

    def members(self, values: Values) -> Iterator[Segmented]:
        """Yield the best segments found for some numbers of segments, those beside the best too.

        One segment is the family normal.
        """
        messages = _Messages(values, self.minimum)
        for number, solution in messages.solutions().items():
            if number > 1:
                yield messages.segmented(solution.lengths)

    def parameter_code(self, rows: int) -> Code[Segmented]:
        """Return the code of the whole, the lengths, and the segments beside the whole."""
        return Chain(
            Segmented,
            lambda: located_code(1, rows),
            lambda _: Lengths(rows, self.minimum),
            lambda whole, lengths: Parts(whole, lengths),
        )

    def data_code(self, parameters: Segmented, rows: int) -> Code[Any]:
        """Return the code of the segments, one after the other."""
        return Pieces(parameters)

    def complexity(self, parameters: Segmented) -> int:
        """Return the number of segments."""
        return len(parameters.lengths)

    def free_parameters(self, parameters: Segmented) -> int:
        """Return two for each segment, and the cuts."""
        return 3 * len(parameters.lengths) - 1

    def describe(self, parameters: Segmented) -> dict[str, Any]:
        """Return where the segments start, from row 0, and their distributions."""
        starts = np.cumsum([0, *parameters.lengths[:-1]]).tolist()
        return {"starts": starts, "segments": [part.describe() for part in parts_of(parameters)]}


class _Messages:
    """The messages of a column in segments, each of which is weighed only once."""

    def __init__(self, values: Values, minimum: int) -> None:
        self._values, self._minimum = values, minimum
        self._whole = estimate(values)
        self._parts: dict[tuple[int, int], tuple[Located, float]] = {}

    def solutions(self) -> dict[int, Solution]:
        """Return segmentations by the number of segments, among them the undivided one."""
        numbers, _, shift = scaled(self._values)
        floor = ROUNDING_VARIANCE / 4.0 ** min(shift, 500)
        return solutions(numbers - numbers.mean(), self._minimum, floor, self._total_bits)

    def segmented(self, lengths: tuple[int, ...]) -> Segmented:
        """Return the distributions of the segments."""
        if len(lengths) == 1:
            return Segmented(self._whole, lengths, ())
        return Segmented(self._whole, lengths, tuple(part for part, _ in self._weighed(lengths)))

    def _total_bits(self, lengths: tuple[int, ...]) -> float:
        rows = self._values.size
        bits = located_code(1, rows).codelength(self._whole)
        bits += Lengths(rows, self._minimum).codelength(lengths)
        if len(lengths) == 1:
            return bits + pieces_bits([self._whole], [self._values])[0]
        return bits + math.fsum(part_bits for _, part_bits in self._weighed(lengths))

    def _weighed(self, lengths: tuple[int, ...]) -> list[tuple[Located, float]]:
        """Return the distribution of each segment, and its length with that of its rows."""
        spans = list(pairwise([0, *accumulate(lengths)]))
        new = [span for span in spans if span not in self._parts]
        pieces = [self._values[first:last] for first, last in new]
        parts = [estimate(piece) for piece in pieces]
        for span, part, bits in zip(new, parts, pieces_bits(parts, pieces), strict=True):
            code = part_code(self._whole, span[1] - span[0])
            self._parts[span] = part, bits + code.codelength((part.scale, part.location))
        return [self._parts[span] for span in spans]


def estimate(values: Values) -> Located:
    """Return mean and standard deviation at the usual precision."""
    numbers, centre, shift = scaled(values)
    location = centre + Fraction(float(numbers.mean())) * (1 << shift)
    scale = Fraction(float(numbers.std())) * (1 << shift)
    return quantise(location, scale, usual_precision(values.size))
