"""From columns back to CSV: the cells exactly, quoting and line ends in one canonical way."""

import re
from collections.abc import Iterable, Iterator, Sequence

from kolmo.errors import ParameterError
from kolmo.table.texts import Texts

_ROWS = 1 << 14
_BOM = b"\xef\xbb\xbf"


def csv_bytes(
    columns: Sequence[Texts], *, header: Sequence[bytes] | None = None, delimiter: bytes = b","
) -> bytes:
    """Return a CSV file with these cells: UTF-8, LF at the end of each line, no byte order mark.

    Quoted are the cells with a delimiter, a quote, a control character or a byte order mark at
    their start, and blank ones of a table with one column, which would else be a blank line.

    Parameters
    ----------
    columns : sequence of Texts
        All of the same length.
    header : sequence of bytes, optional
        First line, one cell for each column.

    Raises
    ------
    ParameterError
        If the columns have different lengths.

    Examples
    --------
    >>> csv_bytes([Texts.of([b"1", b"2"]), Texts.of([b"a,b", b""])], header=[b"x", b"y"])
    b'x,y\\n1,"a,b"\\n2,\\n'
    """
    if len({len(column) for column in columns}) > 1:
        raise ParameterError("columns of different lengths: need the same number of cells in each.")
    return b"".join(_pieces(columns, header, delimiter))


def _pieces(
    columns: Sequence[Texts], header: Sequence[bytes] | None, delimiter: bytes
) -> Iterator[bytes]:
    special = re.compile(rb'[\x00-\x1f"%b]|\A%b' % (re.escape(delimiter), _BOM))
    alone = len(columns) == 1

    def write(cells: Iterable[bytes]) -> list[bytes]:
        return [_quote(cell) if special.search(cell) else cell or b'""' * alone for cell in cells]

    if header is not None:
        yield delimiter.join(write(header)) + b"\n"
    for first in range(0, len(columns[0]) if columns else 0, _ROWS):
        cells = (write(column.take(slice(first, first + _ROWS))) for column in columns)
        yield b"".join([delimiter.join(row) + b"\n" for row in zip(*cells, strict=True)])


def _quote(cell: bytes) -> bytes:
    return b'"' + cell.replace(b'"', b'""') + b'"'
