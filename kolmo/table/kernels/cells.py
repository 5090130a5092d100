"""Splitting a CSV file into cells, every byte looked at once or twice."""

from kolmo.jit import kernel
from kolmo.table.kernels.arrays import Bytes, Int64s, Offsets

_DONE, _WRONG_COUNT, _UNTERMINATED, _AFTER_QUOTE, _CELL_TOO_LONG = 0, 1, 2, 3, 4
_LF, _CR, _QUOTE = 10, 13, 34


@kernel
def find_closing_quote(data: Bytes, p: int) -> int:
    """Return the place of the first quote from ``p`` that is not doubled; -1 if there is none."""
    while p < data.size:
        if data[p] == _QUOTE:
            if p + 1 == data.size or data[p + 1] != _QUOTE:
                return p
            p += 1
        p += 1
    return -1


@kernel
def find_cell_end(data: Bytes, p: int, delimiter: int) -> int:
    """Return the place of the first delimiter or line end from ``p``, or the size."""
    while p < data.size and data[p] != delimiter and data[p] != _LF and data[p] != _CR:
        p += 1
    return p


@kernel
def count_line_ends(data: Bytes, start: int, stop: int) -> int:
    """Return the number of line ends: LF, CR, and CR LF as one."""
    count = 0
    for p in range(start, stop):
        count += data[p] == _LF or (data[p] == _CR and (p + 1 == stop or data[p + 1] != _LF))
    return count


@kernel
def has_quote(data: Bytes, start: int, stop: int) -> bool:
    """Return whether there is a quote."""
    found = False
    for p in range(start, stop):
        found |= data[p] == _QUOTE
    return found


@kernel
def split_cells(
    data: Bytes,
    stop: int,
    rules: Int64s,
    starts: Offsets,
    stops: Offsets,
    lines: Offsets,
    state: Int64s,
) -> int:
    """Write where each cell starts and stops, without its quotes; return how it ended.

    Parameters
    ----------
    stop : int
        No record is begun from here on; call again to go on.
    rules : int64[3]
        Delimiter, number of columns, most bytes in a cell.
    starts, stops : uint32 or int64[cells]
        Receive the edges; at least one place for each delimiter and line end, and one more.
    lines : uint32[rows]
        Receives the line each row starts on.
    state : int64[8]
        Where the next record starts, its line, and so far: rows, blank lines at the end, blank
        lines before, cells with stray quotes. Then for a fault its line, and the number of fields
        or the column.
    """
    delimiter, columns, limit = rules[0], rules[1], rules[2]
    p, line, rows, pending, blank, stray = (
        state[0],
        state[1],
        state[2],
        state[3],
        state[4],
        state[5],
    )
    size = data.size
    cells = rows * columns
    while p < stop:
        record_line = line
        fields = quotes = 0
        empty = data[p] == _LF or data[p] == _CR
        while True:  # one cell for each round
            quoted = p < size and data[p] == _QUOTE
            start = p + quoted
            end = find_closing_quote(data, start) if quoted else find_cell_end(data, p, delimiter)
            if end < 0 or end - start > limit:
                state[6], state[7] = line, fields + 1
                return _UNTERMINATED if end < 0 else _CELL_TOO_LONG
            if quoted:
                line += count_line_ends(data, start, end)
            else:
                quotes += has_quote(data, start, end)
            if fields < columns and (columns == 1 or not empty):
                starts[cells + fields], stops[cells + fields] = start, end
            fields += 1
            p = end + quoted
            if p >= size or data[p] != delimiter:
                break
            p += 1
        if p < size:
            if data[p] != _LF and data[p] != _CR:
                state[6], state[7] = line, fields
                return _AFTER_QUOTE
            p += 2 if data[p] == _CR and p + 1 < size and data[p + 1] == _LF else 1
        line += 1
        if empty:
            pending += 1
        else:
            blank += pending
            pending = 0
            stray += quotes
            if fields != columns:
                state[6], state[7] = record_line, fields
                return _WRONG_COUNT
        if columns == 1 or not empty:
            lines[rows] = record_line
            rows += 1
            cells += columns
    state[0], state[1], state[2], state[3], state[4], state[5] = (
        p,
        line,
        rows,
        pending,
        blank,
        stray,
    )
    return _DONE


@kernel
def undouble_quotes(data: Bytes, starts: Offsets, stops: Offsets) -> None:
    """Make each doubled quote of the quoted cells (those after a quote) a single one, in place."""
    for i in range(starts.size):
        start = int(starts[i])
        if start > 0 and data[start - 1] == _QUOTE:
            p = q = start
            while p < stops[i]:
                data[q] = data[p]
                p += 2 if data[p] == _QUOTE else 1
                q += 1
            stops[i] = q
