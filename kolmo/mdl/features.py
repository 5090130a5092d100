"""What a decoder knows of each row beforehand: the columns that predict another one.

All of it is read from one text, the features as CSV in a fixed form, by encoder and decoder alike;
so both have the same numbers and labels, whatever file they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.data import MEMORY_LIMIT, MemoryInput
from kolmo.errors import ParameterError, shorten
from kolmo.table import Column, Limits, Table, csv_bytes, read_table

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MISSING = "missing"
_EXACT_POWER = 22  # 10**22 is the last power of ten that is a double
_EXACT_VALUE = 1 << 53


class Levels(NamedTuple):
    """A feature as one of a few levels.

    Attributes
    ----------
    codes : int64[n]
        Which level each row has, from 0.
    names : tuple of str
        How the levels are written; cells without a value are a level of their own.
    """

    codes: Codes
    names: tuple[str, ...]


class Features:
    """Columns that are known, for rows whose target has a value.

    Parameters
    ----------
    columns : sequence of Column
        All equally long.
    kept : bool[rows], optional
        Which rows count; all if not given.
    """

    def __init__(self, columns: Sequence[Column], kept: NDArray[np.bool_] | None = None) -> None:
        self._columns, self._kept = tuple(columns), kept
        self._numbers: dict[int, Floats | None] = {}
        self._levels: dict[int, Levels] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @cached_property
    def rows(self) -> int:
        """Number of rows that count."""
        if self._kept is not None:
            return int(self._kept.sum())
        return self._columns[0].rows if self._columns else 0

    def keep(self, kept: NDArray[np.bool_]) -> Features:
        """Return the features of some of the rows."""
        return Features(self._columns, kept)

    def numbers(self, place: int) -> Floats | None:
        """Return a column as float64[n], each the double nearest; None if not all are numbers."""
        if place not in self._numbers:
            self._numbers[place] = self._read_numbers(self._columns[place])
        return self._numbers[place]

    def levels(self, place: int) -> Levels:
        """Return a column as levels: of numbers the smallest first, of texts as they appear."""
        if place not in self._levels:
            self._levels[place] = self._read_levels(self._columns[place])
        return self._levels[place]

    def numeric(self) -> list[int]:
        """Return the places of columns of numbers that are not all the same."""
        found = ((place, self.numbers(place)) for place in range(len(self)))
        return [place for place, x in found if x is not None and x.size and x.min() < x.max()]

    def _read_numbers(self, column: Column) -> Floats | None:
        numbers = column.numbers
        if numbers is None:
            return None
        present = column.missing.marks == 0
        if self._kept is not None and not present[self._kept].all():
            return None
        if self._kept is None and not present.all():
            return None
        exact = isinstance(numbers.values, np.ndarray) and numbers.decimals <= _EXACT_POWER
        if exact and int(np.abs(numbers.values).max(initial=0)) < _EXACT_VALUE:
            read = np.asarray(numbers.values, np.float64) / float(10**numbers.decimals)
        else:
            read = np.array([_double(int(value), numbers.decimals) for value in numbers.values])
        if not np.isfinite(read).all():
            return None
        whole = np.zeros(column.rows)
        whole[present] = read
        return whole if self._kept is None else whole[self._kept]

    def _read_levels(self, column: Column) -> Levels:
        present = column.missing.marks == 0
        if column.labels is not None:
            names = [_text(level) for level in column.labels.levels]
            codes = column.labels.codes.astype(np.int64)
        else:
            assert column.numbers is not None
            numbers = column.numbers
            values = np.asarray(numbers.values)
            distinct, codes = np.unique(values, return_inverse=True)
            names = [_spell(int(value), numbers.decimals) for value in distinct]
        whole = np.full(column.rows, len(names), np.int64)
        whole[present] = codes
        used, found = np.unique(
            whole if self._kept is None else whole[self._kept], return_inverse=True
        )
        return Levels(found.astype(np.int64), tuple([*names, MISSING][place] for place in used))


@dataclass(frozen=True)
class Known:
    """Columns of a file as an encoder has them, and how a decoder finds them in its own file.

    Attributes
    ----------
    names : tuple of str
        The features.
    delimiter, encoding : str
        How the file is written.
    header : bool
        Whether its first line names the columns.
    text : bytes
        The cells as CSV in a fixed form, without a header: what both sides read.
    """

    names: tuple[str, ...]
    delimiter: str
    encoding: str
    header: bool
    text: bytes

    @cached_property
    def features(self) -> Features:
        """The features, read once."""
        return read_features(self.text, self.names)

    def to_csv_bytes(self) -> bytes:
        """Return a file that holds the features alone, written as the encoder's is."""
        if not self.names or not self.text:
            return b""
        table = _read_text(self.text)
        header = [name.encode() for name in self.names] if self.header else None
        plain = csv_bytes(table.cells, header=header, delimiter=self.delimiter.encode())
        return plain.decode("utf-8").encode(self.encoding)


def known_columns(table: Table, names: Sequence[str]) -> Known:
    """Return some columns of a table; ParameterError names one that it lacks."""
    dialect = table.dialect
    text = features_text(table, names)
    return Known(tuple(names), dialect.delimiter, dialect.encoding, dialect.header, text)


def features_text(table: Table, names: Sequence[str]) -> bytes:
    """Return some columns of a table as CSV without a header: what a message is told apart by."""
    return csv_bytes([table.cells[table.find(name)] for name in names]) if names else b""


def read_features(text: bytes, names: Sequence[str]) -> Features:
    """Return the features of such a text.

    Raises
    ------
    ParameterError
        If it has another number of columns.
    """
    if not names or not text:
        return Features([])
    table = _read_text(text)
    if len(table.names) != len(names):
        raise ParameterError(
            f"other features: got {len(table.names)} columns; need {shorten(list(names))}."
        )
    renamed = Table(
        table.file, tuple(names), table.cells, None, table.lines, table.dialect, table.cautions
    )
    return Features([renamed.column(name) for name in names])


def _read_text(text: bytes) -> Table:
    limits = Limits(memory_bytes=max(MEMORY_LIMIT, 32 * len(text)))
    return read_table(MemoryInput(text), delimiter=",", header="no", limits=limits)


def _text(level: bytes) -> str:
    return bytes(level).decode("utf-8", "replace")


def _spell(value: int, decimals: int) -> str:
    return str(Decimal(value).scaleb(-decimals)) if decimals else str(value)


def _double(value: int, decimals: int) -> float:
    """Return value / 10**decimals, correctly rounded; infinite beyond the doubles."""
    try:
        return float(value / 10**decimals)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
