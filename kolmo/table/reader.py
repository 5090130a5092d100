"""Reading a CSV file into a table of exact texts."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.data import Input, Readable, as_input
from kolmo.errors import InputError, ParameterError, nearest, shorten
from kolmo.results import Caution
from kolmo.table.column import Column, analyse_column
from kolmo.table.dialect import (
    Dialect,
    check_delimiter,
    check_header,
    is_data,
    name_line_ends,
    sniff_delimiter,
)
from kolmo.table.limits import LIMITS, Limits
from kolmo.table.source import SourceText, read_text
from kolmo.table.split import Record, Split, split_first, split_rest, unquote
from kolmo.table.texts import Texts
from kolmo.table.writer import csv_bytes

_SHOWN = 20


@dataclass(frozen=True, eq=False)
class Table:
    """The cells of a file, column by column, as exact text.

    Attributes
    ----------
    names : tuple of str
        One for each column: from the header, or ``column 1`` and so on.
    cells : tuple of Texts
        One for each column; all share one buffer.
    header : tuple of bytes or None
        The first line as it stands in the file.
    lines : uint32[rows]
        The line, from 1, on which each row starts.
    dialect : Dialect
        What was found out about the file, or told.
    """

    file: str
    names: tuple[str, ...]
    cells: tuple[Texts, ...]
    header: tuple[bytes, ...] | None
    lines: NDArray[np.uint32]
    dialect: Dialect
    cautions: tuple[Caution, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows, the header apart."""
        return self.lines.size

    def find(self, name: str) -> int:
        """Return the place of the column called ``name``, from 0.

        Raises
        ------
        ParameterError
            If there is none; the nearest name is offered.
        """
        if name not in self.names:
            near = get_close_matches(name, self.names, 1)
            raise ParameterError(
                f"unknown column: got {shorten(repr(name))}; need one of the {len(self.names)} "
                f"columns of '{shorten(self.file)}'. "
                f"{nearest(name, near or list(self.names[:_SHOWN]))}"
            )
        return self.names.index(name)

    def column(self, name: str) -> Column:
        """Return the column called ``name``, its cells taken apart."""
        return self._analyse(self.find(name))

    def columns(self) -> Iterator[Column]:
        """Yield all columns, each taken apart when its turn comes."""
        yield from map(self._analyse, range(len(self.names)))

    def to_csv_bytes(self) -> bytes:
        """Return the table as CSV: same cells and delimiter, canonical quoting, LF, UTF-8, no BOM.

        Blank lines between rows are left out.
        """
        delimiter = self.dialect.delimiter.encode()
        return csv_bytes(self.cells, header=self.header, delimiter=delimiter)

    def to_dict(self) -> dict[str, Any]:
        """Return all but the cells as a dictionary."""
        return {
            "file": self.file,
            "columns": list(self.names),
            "rows": self.rows,
            "dialect": self.dialect.to_dict(),
            "warnings": [caution.to_dict() for caution in self.cautions],
        }

    def _analyse(self, place: int) -> Column:
        name, texts = self.names[place], self.cells[place]
        return analyse_column(texts, name=name, file=self.file, lines=self.lines)


def read_table(
    source: Readable | Input,
    *,
    delimiter: str | None = None,
    header: str = "auto",
    encoding: str = "utf-8",
    limits: Limits = LIMITS,
) -> Table:
    r"""Return the table in a CSV file.

    Parameters
    ----------
    source : str, path, bytes or Input
        The file, its bytes, or what `kolmo.data.open_input` returned.
    delimiter : str, optional
        One character; found out from the first line if not given.
    header : {"auto", "yes", "no"}
        Whether the first line names the columns; ``auto``: unless it holds numbers, times and
        missing values only.
    encoding : str
        Encoding of the file; cells are held as UTF-8.
    limits : Limits
        What is too large.

    Raises
    ------
    ParameterError
        If the delimiter, the header setting or the encoding is no such thing.
    InputError
        If the file is no well-formed CSV file, naming the line.
    MemoryLimitError
        If it is too large.

    Notes
    -----
    Commas, semicolons, tabs or bars; cells in double quotes, doubled inside; LF, CR LF, CR and
    all of them mixed; a byte order mark; blank lines. Time O(bytes), memory about three times the
    file at eight bytes for each cell.

    Examples
    --------
    >>> table = read_table(b"name;height\nAnn;1,70\n")
    >>> table.names, table.dialect.delimiter, table.cells[1][0]
    (('name', 'height'), ';', b'1,70')
    """
    check_header(header)
    given = None if delimiter is None else check_delimiter(delimiter)
    opened = as_input(source)
    try:
        text = read_text(opened, encoding, limits)
    finally:
        if isinstance(source, str | os.PathLike):
            opened.close()
    return _read(text, given, header, limits)


def _read(text: SourceText, given: bytes | None, header: str, limits: Limits) -> Table:
    delimiter = sniff_delimiter(text.data) if given is None else given
    first = split_first(text.data, delimiter, limits, text.name)
    if first is None:
        raise InputError(f"empty file: '{shorten(text.name)}' has no header and no rows.")
    cells = [unquote(text.data, span) for span in first.spans]
    has_header = header == "yes" or (header == "auto" and not is_data(cells))
    names, cautions = _name_columns(text.name, cells, first) if has_header else _number(len(cells))
    split = split_rest(
        text.data, first if has_header else None, len(cells), delimiter, limits, text.name
    )
    dialect = Dialect(
        delimiter=delimiter.decode(),
        encoding=text.encoding,
        header=has_header,
        bom=text.bom,
        line_ends=name_line_ends(text.data),
        delimiter_sniffed=given is None,
        header_detected=header == "auto",
    )
    return Table(
        text.name,
        names,
        _columns(split.cells, len(cells)),
        tuple(cells) if has_header else None,
        split.lines,
        dialect,
        (*cautions, *_cautions(text.name, dialect, split, first)),
    )


def _columns(cells: Texts, count: int) -> tuple[Texts, ...]:
    return tuple(cells.take(slice(place, None, count)) for place in range(count))


def _number(count: int) -> tuple[tuple[str, ...], list[Caution]]:
    return tuple(f"column {place}" for place in range(1, count + 1)), []


def _name_columns(
    file: str, cells: list[bytes], first: Record
) -> tuple[tuple[str, ...], list[Caution]]:
    names = [cell.decode() or f"column {place}" for place, cell in enumerate(cells, 1)]
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if places.setdefault(name, place) != place:
            raise InputError(
                f"duplicate column name: got {shorten(repr(name))} for columns {places[name]} and "
                f"{place} in line {first.line} of '{shorten(file)}'; need different names. Rename "
                "one, or use --csv-header no if the first line is data."
            )
    blank = [str(place) for place, cell in enumerate(cells, 1) if not cell]
    if not blank:
        return tuple(names), []
    message = f"no name in the header for column {shorten(', '.join(blank))}"
    advice = f"It is called '{names[int(blank[0]) - 1]}' here."
    return tuple(names), [Caution("blank-column-name", message, advice, file)]


def _cautions(file: str, dialect: Dialect, split: Split, first: Record) -> Iterator[Caution]:
    if dialect.header_detected and not dialect.header:
        yield Caution(
            "no-header",
            "the first line holds values, so it is read as data and the columns are numbered",
            "Use --csv-header yes if it names the columns.",
            file,
        )
    if split.lines.size == 0:
        yield Caution("no-rows", "the file has a header and no rows", "Nothing to model.", file)
    if split.blank_lines:
        yield Caution(
            "blank-lines",
            f"{split.blank_lines} blank lines between the rows are skipped",
            "Quote a blank cell to have it count as a row.",
            file,
        )
    stray = split.stray_quotes + (first.stray_quotes if dialect.header else 0)
    if stray:
        yield Caution(
            "stray-quotes",
            f"quotes inside {stray} cells that do not begin with one are read as text",
            "Quote the whole cell and double the quotes inside if that is not meant.",
            file,
        )
