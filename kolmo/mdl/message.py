"""The message of a column, and of a table: what is sent, in which order, and what it costs.

A column is sent as all but its values (`kolmo.mdl.cells`), which family models the values
(`kolmo.mdl.methods`), the parameters, and the values under them. A column without a value ends
after the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.mdl.cells import Cells, CellsCode, Flag, put_together
from kolmo.mdl.family import Family
from kolmo.mdl.features import Features
from kolmo.mdl.methods import Method, MethodCode, stored_family
from kolmo.mdl.models.values import Values, to_values
from kolmo.mdl.packed import PackedTexts, TextList, count_code
from kolmo.table import Texts, csv_bytes


class Chosen(NamedTuple):
    """A family with the parameters chosen for a column.

    Attributes
    ----------
    method : Method
        As a decoder needs it.
    parameters : tuple
        Whatever the family's codes take.
    """

    method: Method
    family: Family[Any]
    parameters: Any


class ColumnMessage(NamedTuple):
    """All of a column, and how its values are to be sent: None if it has none."""

    cells: Cells
    values: Values
    chosen: Chosen | None


class Prices(NamedTuple):
    """Code lengths of the parts of a column's message in bits, in the order of sending."""

    cells_bits: float
    model_bits: float
    parameters_bits: float
    data_bits: float

    @property
    def total_bits(self) -> float:
        """Length of the message in ideal bits; the realised one has at most ceil + 16."""
        return math.fsum(self)


class TableMessage(NamedTuple):
    """Columns, and the first line and the delimiter of their file."""

    delimiter: bytes
    header: tuple[bytes, ...] | None
    columns: tuple[ColumnMessage, ...]


class ColumnCode(Code[ColumnMessage]):
    """The code of a column; `texts` reads it as the text of every cell.

    Parameters
    ----------
    limit : int
        How many bytes the file may have: what a decoder accepts.
    features : Features, optional
        What is known of every row, if the column is a target.
    """

    def __init__(self, limit: int, features: Features | None = None) -> None:
        self.limit, self.features = limit, features
        self.methods = MethodCode(predicting=features is not None)

    def codelength(self, value: ColumnMessage, /) -> float:
        """Return the length in bits."""
        return self.prices(value).total_bits

    def prices(self, value: ColumnMessage) -> Prices:
        """Return the length of each part in bits."""
        cells_bits = CellsCode(self.limit).codelength(value.cells)
        if value.chosen is None:
            return Prices(cells_bits, 0.0, 0.0, 0.0)
        method, family, parameters = value.chosen
        rows = value.values.size
        return Prices(
            cells_bits,
            self.methods.codelength(method),
            family.parameter_code(rows).codelength(parameters),
            family.data_code(parameters, rows).codelength(value.values),
        )

    def encode(self, value: ColumnMessage, coder: Writer, /) -> None:
        """Store a column."""
        CellsCode(self.limit).encode(value.cells, coder)
        if value.chosen is not None:
            method, family, parameters = value.chosen
            self.methods.encode(method, coder)
            family.code(value.values.size).encode((parameters, value.values), coder)

    def decode(self, coder: Reader, /) -> ColumnMessage:
        """Return the column stored next."""
        cells = CellsCode(self.limit).decode(coder)
        if cells.present == 0:
            return ColumnMessage(cells, to_values([]), None)
        method = self.methods.decode(coder)
        family = stored_family(method, self._known(cells))
        parameters, values = family.code(cells.present).decode(coder)
        return ColumnMessage(cells, to_values(values), Chosen(method, family, parameters))

    def _known(self, cells: Cells) -> Features | None:
        """Return the features of the rows that have a value."""
        if self.features is None:
            return None
        if len(self.features) and self.features.rows != cells.rows:
            raise damaged(f"{cells.rows} rows where the features have {self.features.rows}")
        return self.features.keep(cells.marks == 0)


def write_table(message: TableMessage, limit: int) -> bytes:
    """Return the payload of a table whose file has ``limit`` bytes."""
    coder = RangeEncoder()
    count_code(limit).encode(len(message.columns), coder)
    PackedTexts(1, limit).encode(Texts.of([message.delimiter]), coder)
    Flag().encode(message.header is not None, coder)
    if message.header is not None:
        TextList(limit).encode(Texts.of(message.header), coder)
    for column in message.columns:
        ColumnCode(limit).encode(column, coder)
    return coder.finish()


def read_table_message(payload: bytes, limit: int) -> bytes:
    """Return the CSV file of a payload; DecodeError if it is none."""
    coder = RangeDecoder(payload)
    count = count_code(limit).decode(coder)
    delimiter = PackedTexts(1, limit).decode(coder)[0]
    header = TextList(limit).decode(coder) if Flag().decode(coder) else None
    columns = [_texts(ColumnCode(limit).decode(coder)) for _ in range(count)]
    coder.finish()
    return table_bytes(columns, None if header is None else tuple(header), delimiter)


def table_bytes(
    columns: Sequence[Texts], header: tuple[bytes, ...] | None, delimiter: bytes
) -> bytes:
    """Return columns as the CSV file that a message stands for."""
    return csv_bytes(columns, header=header, delimiter=delimiter)


def _texts(column: ColumnMessage) -> Texts:
    return put_together(column.cells, column.values)
