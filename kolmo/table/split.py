"""From text to cells: a small file by regular expression, a large one by a kernel, alike.

A record is a line; a quoted cell may hold line ends, delimiters and doubled quotes. A quote
inside a cell that did not begin with one is text. A line without any byte is no record, except
between the first and the last record of a table with one column, where it is a blank cell.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import InputError, shorten
from kolmo.table.limits import CHUNK_BYTES, FAST_BYTES, Limits
from kolmo.table.texts import Offsets, Texts, offset_type, read_only

QUOTE = b'"'


class Status(IntEnum):
    """How splitting ended; the kernel returns these numbers."""

    DONE = 0
    WRONG_COUNT = 1
    UNTERMINATED = 2
    AFTER_QUOTE = 3
    CELL_TOO_LONG = 4


class Fault(Exception):
    """Where a file breaks the rules."""

    def __init__(self, status: Status, line: int, count: int) -> None:
        super().__init__(status, line, count)
        self.status, self.line, self.count = status, line, count


class Record(NamedTuple):
    """One record: where its cells lie, its first line, and where the next record starts."""

    spans: list[tuple[int, int]]
    line: int
    stop: int
    next_line: int
    stray_quotes: int


@dataclass(frozen=True, eq=False)
class Split:
    """The cells of all records after each other.

    Attributes
    ----------
    cells : Texts
        rows * columns cells, row by row.
    lines : uint32[rows]
        The line, from 1, on which each row starts.
    blank_lines : int
        Lines without any byte that were skipped between two records.
    stray_quotes : int
        Cells with a quote inside that do not begin with one.
    """

    cells: Texts
    lines: NDArray[np.uint32]
    blank_lines: int
    stray_quotes: int


def split_first(data: bytes, delimiter: bytes, limits: Limits, name: str) -> Record | None:
    """Return the first record, or None if all lines are blank."""
    try:
        for record in iterate_records(data, 0, 1, delimiter, limits):
            if record.spans:
                return record
    except Fault as fault:
        raise describe(fault, name, 0, 0, delimiter, limits) from None
    return None


def split_rest(
    data: bytes, first: Record | None, columns: int, delimiter: bytes, limits: Limits, name: str
) -> Split:
    """Return the cells of all records after ``first`` (None: from the start)."""
    start, line = (0, 1) if first is None else (first.stop, first.next_line)
    work = _split_by_kernel if len(data) >= FAST_BYTES else _split_by_pattern
    try:
        return work(data, start, line, columns, delimiter, limits)
    except Fault as fault:
        header_line = 1 if first is None else first.line
        raise describe(fault, name, columns, header_line, delimiter, limits) from None


def unquote(data: bytes, span: tuple[int, int]) -> bytes:
    """Return the text of a cell; a quoted cell follows a quote, any other a delimiter or line."""
    start, stop = span
    cell = data[start:stop]
    quoted = start > 0 and data[start - 1 : start] == QUOTE
    return cell.replace(b'""', QUOTE) if quoted else cell


def iterate_records(
    data: bytes, start: int, line: int, delimiter: bytes, limits: Limits
) -> Iterator[Record]:
    """Yield every record from ``start``, a blank line as one without cells."""
    pattern = re.compile(
        rb'"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"|(?P<plain>[^%b\r\n]*+)' % re.escape(delimiter)
    )
    while start < len(data):
        record = _next_record(data, start, line, pattern, delimiter, limits)
        yield record
        start, line = record.stop, record.next_line


def _next_record(
    data: bytes,
    position: int,
    line: int,
    pattern: re.Pattern[bytes],
    delimiter: bytes,
    limits: Limits,
) -> Record:
    spans: list[tuple[int, int]] = []
    stray = 0
    here = line
    while True:
        match = pattern.match(data, position)
        assert match is not None
        if match["quoted"] is None:
            if data[position : position + 1] == QUOTE:
                raise Fault(Status.UNTERMINATED, here, len(spans) + 1)
            stray += QUOTE in match["plain"]
            span = match.span("plain")
        else:
            span = match.span("quoted")
        if span[1] - span[0] > limits.cell_bytes:
            raise Fault(Status.CELL_TOO_LONG, here, len(spans) + 1)
        here += count_lines(match["quoted"] or b"")
        spans.append(span)
        position = match.end()
        ending = data[position : position + 1]
        if ending != delimiter:
            break
        position += 1
        if len(spans) > limits.columns:
            raise Fault(Status.WRONG_COUNT, line, len(spans) + 1)
    if ending not in (b"", b"\r", b"\n"):
        raise Fault(Status.AFTER_QUOTE, here, len(spans))
    width = 2 if data[position : position + 2] == b"\r\n" else len(ending)
    blank = len(spans) == 1 and match["quoted"] is None and not match["plain"]
    return Record([] if blank else spans, line, position + width, here + 1, stray)


def count_lines(text: bytes) -> int:
    """Return the number of line ends: LF, CR, and CR LF as one."""
    return text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")


def _split_by_pattern(
    data: bytes, start: int, line: int, columns: int, delimiter: bytes, limits: Limits
) -> Split:
    spans: list[tuple[int, int]] = []
    lines: list[int] = []
    pending = blank = stray = 0
    limits = replace(limits, columns=len(data))  # only the first record may have too many
    for record in iterate_records(data, start, line, delimiter, limits):
        if not record.spans:
            pending += 1
            if columns == 1:
                spans.append((record.stop, record.stop))
                lines.append(record.line)
            continue
        if len(record.spans) != columns:
            raise Fault(Status.WRONG_COUNT, record.line, len(record.spans))
        blank, pending = blank + pending, 0
        stray += record.stray_quotes
        spans.extend(record.spans)
        lines.append(record.line)
    if columns == 1 and pending:
        del spans[-pending:], lines[-pending:]
    edges = np.array(spans, np.int64).reshape(-1, 2).T.astype(offset_type(len(data)))
    cells = _undoubled(data, edges[0], edges[1])
    return Split(cells, np.array(lines, np.uint32), 0 if columns == 1 else blank, stray)


def _split_by_kernel(
    data: bytes, start: int, line: int, columns: int, delimiter: bytes, limits: Limits
) -> Split:
    from kolmo.table.kernels import split_cells

    most_lines = data.count(b"\n") + data.count(b"\r") + 1  # memory that stays untouched is free
    most_cells = data.count(delimiter) + most_lines
    starts: Offsets = np.empty(most_cells, offset_type(len(data)))
    stops = np.empty_like(starts)
    lines = np.empty(most_lines, np.uint32)
    rules = np.array([delimiter[0], columns, limits.cell_bytes], np.int64)
    state = np.array([start, line, 0, 0, 0, 0, 0, 0], np.int64)
    symbols = np.frombuffer(data, np.uint8)
    while state[0] < len(data):
        stop = min(len(data), int(state[0]) + CHUNK_BYTES)
        status = split_cells(symbols, stop, rules, starts, stops, lines, state)
        if status != Status.DONE:
            raise Fault(Status(status), int(state[6]), int(state[7]))
    rows, pending, blank, stray = state[2:6].tolist()
    rows -= pending if columns == 1 else 0
    used = rows * columns
    cells = _undoubled(data, starts[:used], stops[:used])
    return Split(cells, lines[:rows], 0 if columns == 1 else blank, stray)


def _undoubled(data: bytes, starts: Offsets, stops: Offsets) -> Texts:
    """Return the cells with doubled quotes made single; only a file that has some is copied."""
    if b'""' not in data:
        return Texts(np.frombuffer(data, np.uint8), starts, stops)
    own = np.frombuffer(bytearray(data), np.uint8)
    if len(data) >= FAST_BYTES:
        from kolmo.table.kernels import undouble_quotes

        undouble_quotes(own, starts, stops)
    else:
        for i, span in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
            cell = unquote(data, span)
            own[span[0] : span[0] + len(cell)] = np.frombuffer(cell, np.uint8)
            stops[i] = span[0] + len(cell)
    return Texts(read_only(own), starts, stops)


def describe(
    fault: Fault, name: str, columns: int, header_line: int, delimiter: bytes, limits: Limits
) -> InputError:
    """Return the error of a fault in words."""
    where = f"line {fault.line} of '{shorten(name)}'"
    if fault.status is Status.UNTERMINATED:
        message = f"unterminated quote: got one that opens in {where}, column {fault.count}, and "
        return InputError(
            message + "never closes; need a closing one. Double a quote that is text."
        )
    if fault.status is Status.AFTER_QUOTE:
        return InputError(
            f"text after a closing quote: got it in {where}, column {fault.count}; need a "
            "delimiter or a line end. Double a quote that is text."
        )
    if fault.status is Status.CELL_TOO_LONG:
        return InputError(
            f"cell too long: got more than {limits.cell_bytes} bytes in {where}, column "
            f"{fault.count}; need at most that. Is a quote missing, or the delimiter wrong?"
        )
    if columns == 0:
        return InputError(
            f"too many columns: got more than {limits.columns} in {where}; need at most that. "
            "Is the delimiter wrong, or the table lying on its side?"
        )
    few = fault.count < columns
    return InputError(
        f"ragged row, too {'few' if few else 'many'} fields: got {fault.count} in {where}; need "
        f"{columns}, as in line {header_line}. {_ragged_advice(few, delimiter)}"
    )


def _ragged_advice(few: bool, delimiter: bytes) -> str:
    if few:
        return "Write a blank field for a missing value."
    if delimiter == b",":
        return "Quote a cell that holds a comma; write 1.5 for 1,5 (decimal comma), or use ';'."
    return "Quote a cell that holds the delimiter."
