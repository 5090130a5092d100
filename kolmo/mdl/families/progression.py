"""Rows in arithmetic progression, such as row numbers or labels that never occur twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolmo.coding.code import Code, Reader, Writer
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError, shorten
from kolmo.mdl.family import Family
from kolmo.mdl.models.locating import is_within
from kolmo.mdl.models.parts import Bounded, Chain
from kolmo.mdl.models.values import LARGEST_BITS, Values, column_values, to_values

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}]

LEAST_ROWS = 3

_LARGEST = 1 << LARGEST_BITS
_LARGEST_FAST = 1 << 63


class Steps(NamedTuple):
    """The first value, and what each has more than the one before."""

    first: int
    step: int


class Progression(Family[Steps]):
    """An arithmetic progression of three values or more: the first value and the step.

    The code of the rows has no bits, so a column fits only if every row follows.

    Examples
    --------
    >>> model = Progression().fit(range(10, 10_000, 5))
    >>> model.parameters, model.data_bits
    ({'first': 10, 'step': 5}, 0.0)
    >>> model.parameters_bits < 25
    True
    """

    name = "progression"
    in_units = ("first", "step")

    def fits(self, column: Column) -> bool:
        """Return whether the values, or label codes, are in arithmetic progression."""
        values = column_values(column)
        return is_within(values) and find_steps(values) is not None

    def choose(self, values: Values) -> Steps:
        """Return the first value and the step."""
        found = find_steps(values)
        if found is None:
            raise ParameterError(
                f"no arithmetic progression: got {shorten(values.tolist())}; need {LEAST_ROWS} "
                "rows or more with the same step, which is not 0."
            )
        return found

    def parameter_code(self, rows: int) -> Code[Steps]:
        """Return the code of the first value and of the step."""
        return Chain(Steps, lambda: _number(), lambda _: _number())

    def data_code(self, parameters: Steps, rows: int) -> Code[Any]:
        """Return the code of the one column that is left."""
        return Certain(parameters, rows)


class Certain(Code[Values]):
    """No bits for the one column of a progression."""

    def __init__(self, steps: Steps, rows: int) -> None:
        self.steps, self.rows = steps, rows

    def codelength(self, value: Values, /) -> float:
        """Return 0."""
        if value.size != self.rows or (self.rows and find_steps(value) != self.steps):
            raise ParameterError("another column: it is not the progression of this model.")
        return 0.0

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store nothing."""
        self.codelength(value)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column."""
        first, step = self.steps
        last = first + step * self.rows
        if max(abs(first), abs(last)) < _LARGEST_FAST:
            return first + step * np.arange(self.rows)
        return to_values([first + step * i for i in range(self.rows)])


def find_steps(values: Values) -> Steps | None:
    """Return the first value and the step of a progression; None if the values are not one.

    Notes
    -----
    Differences of int64 may overflow, but are right modulo 2**64; with the exact last value they
    settle all values between.

    Examples
    --------
    >>> find_steps(np.array([5, 3, 1, -1]))
    Steps(first=5, step=-2)
    >>> find_steps(np.array([5, 3, 2]))
    """
    if values.size < LEAST_ROWS:
        return None
    first, second, last = int(values[0]), int(values[1]), int(values[-1])
    step = second - first
    if step == 0 or first + step * (values.size - 1) != last:
        return None
    differences = np.diff(values)
    return Steps(first, step) if bool((differences == differences[0]).all()) else None


def _number() -> Code[int]:
    return Bounded(Signed(LogStar()), -_LARGEST, _LARGEST)
