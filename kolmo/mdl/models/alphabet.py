"""Columns as symbols 0, 1, 2 ...: which integers they stand for, and codes of symbols as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from kolmo.coding.code import Code, IntervalCode, Reader, Writer
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.models.parts import Bounded
from kolmo.mdl.models.values import Integers, Values, add_offsets, bounds, column_values, offsets

if TYPE_CHECKING:
    from kolmo.table import Column

SMALLEST_LIMIT = 1 << 16


def lowest_code() -> IntervalCode[int]:
    """Return the code of the integer that the symbol 0 stands for; 0 for label codes."""
    return Signed(LogStar())


def size_code(limit: int) -> IntervalCode[int]:
    """Return the code of the number of symbols, of at most ``limit``."""
    return Bounded(LogStar(), 1, limit)


def largest_size(rows: int) -> int:
    """Return how many symbols a column may have: 2**16, or one for each row."""
    return max(SMALLEST_LIMIT, rows)


def has_alphabet(column: Column, limit: int) -> bool:
    """Return whether the values of a column lie among ``limit`` neighbouring integers."""
    values = column_values(column)
    return values.size > 0 and bounds(values)[1] <= limit


def to_symbols(values: Values, limit: int) -> tuple[int, int, Integers]:
    """Return the smallest value, the number of symbols, and the values as symbols."""
    lowest, size = bounds(values)
    if size > limit:
        raise ParameterError(
            f"too many symbols: got a column from {lowest} to {lowest + size - 1}; need at most "
            f"{limit} neighbouring integers. Try a histogram."
        )
    return lowest, size, offsets(values, lowest)


class Shifted(Code[Values]):
    """A code of symbols as one of the values ``lowest`` + symbol."""

    def __init__(self, code: Code[Any], lowest: int) -> None:
        self.code, self.lowest = code, lowest

    def codelength(self, value: Values, /) -> float:
        """Return the length of a column in bits."""
        return self.code.codelength(offsets(value, self.lowest))

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column."""
        self.code.encode(offsets(value, self.lowest), coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        return add_offsets(self.lowest, np.asarray(self.code.decode(coder), np.int64))
