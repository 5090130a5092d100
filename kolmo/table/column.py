"""What a column is, and its cells taken apart so that nothing is lost.

The type follows from the cells alone, by these rules in order:

1. more numbers than stray texts (texts that are neither numbers nor say "missing"): ``integer``
   if no number has decimals at its stated precision, else ``decimal``; the strays are missing;
2. every cell that is not missing is a date or a time of day: ``time``, coded as text;
3. at least two cells are not missing and all of them differ: ``id``;
4. ``categorical``.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import InputError, ParameterError, nearest, shorten
from kolmo.results import Caution
from kolmo.table.cautions import column_cautions
from kolmo.table.distinct import distinct_texts
from kolmo.table.grammar import is_missing, is_time
from kolmo.table.numbers import Numbers, read_numbers, scan_column
from kolmo.table.texts import Texts

TYPES = ("integer", "decimal", "categorical", "time", "id")
POLICIES = ("code", "drop", "error")

Codes = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]


@dataclass(frozen=True, eq=False)
class Missing:
    """Which cells have no value, and what stands there instead.

    Attributes
    ----------
    marks : uint8[rows], uint16[rows] or uint32[rows]
        0 where there is a value, k where ``spellings[k - 1]`` stands.
    spellings : Texts
        The distinct texts in order of first appearance.
    named : tuple of bool
        Whether a spelling says "missing" (blank, NA, ...), or is stray text among numbers.
    """

    marks: Codes
    spellings: Texts
    named: tuple[bool, ...]

    @property
    def count(self) -> int:
        """Number of cells without a value."""
        return int(np.count_nonzero(self.marks))

    @property
    def stray(self) -> NDArray[np.intp]:
        """Rows with text among numbers."""
        is_stray = np.array([False, *(not named for named in self.named)])
        return np.flatnonzero(is_stray[self.marks])


@dataclass(frozen=True, eq=False)
class Labels:
    """Texts as codes.

    Attributes
    ----------
    codes : uint8[n], uint16[n] or uint32[n]
        Which of the levels each cell is.
    levels : Texts
        The distinct texts in order of first appearance.
    """

    codes: Codes
    levels: Texts

    def __len__(self) -> int:
        return self.codes.size

    def texts(self) -> Texts:
        """Return the text of every cell."""
        return self.levels.take(self.codes)


@dataclass(frozen=True, eq=False)
class Column:
    """One column, taken apart.

    Attributes
    ----------
    type : str
        ``integer``, ``decimal``, ``categorical``, ``time`` or ``id``.
    rows : int
        Number of cells, missing ones included.
    missing : Missing
        Which cells have no value.
    content : Numbers or Labels
        The cells that have one, in order.
    lines : uint32[rows]
        The line of the file that each row starts on, for messages.
    """

    file: str
    name: str
    type: str
    rows: int
    missing: Missing
    content: Numbers | Labels
    lines: NDArray[np.uint32]
    cautions: tuple[Caution, ...] = ()

    @property
    def numbers(self) -> Numbers | None:
        """The numbers, if the column has such."""
        return self.content if isinstance(self.content, Numbers) else None

    @property
    def labels(self) -> Labels | None:
        """The labels, if the column has such."""
        return self.content if isinstance(self.content, Labels) else None

    def texts(self) -> Texts:
        """Return every cell exactly as it was written, missing ones included."""
        present = self.content.texts()
        if self.missing.count == 0:
            return present
        marks = self.missing.marks.astype(np.int64)
        index = len(present) + marks - 1
        index[marks == 0] = np.arange(len(present))
        return _join(present, self.missing.spellings, index)

    def to_dict(self) -> dict[str, Any]:
        """Return what the column is, without its cells."""
        numbers, labels = self.numbers, self.labels
        return {
            "column": self.name,
            "type": self.type,
            "rows": self.rows,
            "missing": self.missing.count,
            "stray": self.missing.stray.size,
            "decimals": numbers.decimals if numbers else None,
            "levels": len(labels.levels) if labels else None,
        }


def analyse_column(
    texts: Texts, *, name: str = "", file: str = "(texts)", lines: NDArray[np.uint32] | None = None
) -> Column:
    """Return the column that the texts make, its cells taken apart.

    Parameters
    ----------
    texts : Texts
        The cells after unquoting.
    lines : uint32[rows], optional
        On which line each row starts; 1, 2, 3, ... if not given.

    Notes
    -----
    ``column.texts().equals(texts)`` always. Time O(bytes); the result depends on nothing but the
    texts.

    Examples
    --------
    >>> column = analyse_column(Texts.of([b"1.5", b"NA", b"2"]))
    >>> column.type, column.numbers.values.tolist(), column.missing.marks.tolist()
    ('decimal', [15, 20], [0, 1, 0])
    """
    lines = np.arange(1, len(texts) + 1, dtype=np.uint32) if lines is None else lines
    missing, content = _decompose(texts)
    kind = _type_of(content)
    column = Column(file, name, kind, len(texts), missing, content, lines)
    return replace(column, cautions=column_cautions(column))


def apply_missing(column: Column, policy: str) -> Column:
    """Return the column with its missing values coded, dropped or refused.

    Parameters
    ----------
    policy : str
        ``code``: the column as it is; ``drop``: only the cells that have a value; ``error``: the
        column as it is if every cell has one.

    Raises
    ------
    ParameterError
        If the policy is unknown.
    InputError
        Under ``error``, naming the first cell without a value, strays before named ones.
    """
    if policy not in POLICIES:
        raise ParameterError(
            f"unknown policy for missing values: got {shorten(repr(policy))}; need code, drop or "
            f"error. {nearest(str(policy), list(POLICIES))}"
        )
    if policy == "code" or column.missing.count == 0:
        return column
    if policy == "error":
        raise _missing_error(column)
    kept = column.missing.marks == 0
    nothing = Missing(np.zeros(len(column.content), np.uint8), Texts.of([]), ())
    caution = Caution(
        "missing-dropped",
        f"column {column.name!r}: {column.missing.count} cells without a value are left out",
        "The message no longer gives the whole column back; --missing code keeps them.",
        column.file,
    )
    return replace(
        column,
        rows=len(column.content),
        missing=nothing,
        lines=column.lines[kept],
        cautions=(*column.cautions, caution),
    )


def _missing_error(column: Column) -> InputError:
    stray = column.missing.stray
    row = int(stray[0] if stray.size else np.flatnonzero(column.missing.marks)[0])
    text = column.missing.spellings[int(column.missing.marks[row]) - 1].decode("utf-8", "replace")
    what = "text among numbers" if stray.size else "missing value"
    return InputError(
        f"{what}: got {shorten(repr(text))} in line {int(column.lines[row])} of "
        f"'{shorten(column.file)}', column {shorten(repr(column.name))}; need "
        f"{'a number' if column.numbers is not None else 'a value'}. Use --missing code or drop."
    )


def _decompose(texts: Texts) -> tuple[Missing, Numbers | Labels]:
    scan = scan_column(texts)
    is_number = scan.is_number
    count = int(is_number.sum())
    if count:
        codes, levels = distinct_texts(texts.take(~is_number))
        named = tuple(is_missing(level, numeric=True) for level in levels)
        strays = int(np.sum(~np.array(named, bool)[codes])) if named else 0
        numbers = read_numbers(texts, scan) if count > strays else None
        if numbers is not None:
            marks = np.zeros(len(texts), np.uint32)
            marks[~is_number] = codes + np.uint32(1)
            return Missing(_narrow(marks, len(levels)), levels, named), numbers
    return _decompose_labels(texts)


def _decompose_labels(texts: Texts) -> tuple[Missing, Labels]:
    codes, levels = distinct_texts(texts)
    is_gap = np.fromiter(map(is_missing, levels), bool, len(levels))
    ranks = np.where(is_gap, np.cumsum(is_gap), 0).astype(np.uint32)  # 0, or which gap, from 1
    places = (np.cumsum(~is_gap) - 1).astype(np.uint32)
    marks = ranks[codes]
    present = places[codes[marks == 0]]
    gaps = int(is_gap.sum())
    missing = Missing(_narrow(marks, gaps), levels.take(is_gap).packed(), (True,) * gaps)
    return missing, Labels(_narrow(present, len(levels) - gaps), levels.take(~is_gap).packed())


def _narrow(codes: NDArray[np.uint32], most: int) -> Codes:
    """Return the codes, which are at most ``most``, in the smallest dtype."""
    return codes.astype(np.min_scalar_type(most))


def _join(first: Texts, second: Texts, index: NDArray[np.int64]) -> Texts:
    if len(first) == 0 or len(second) == 0:
        return (second if len(first) == 0 else first).take(index)
    return Texts.concatenate([first, second]).take(index)


def _type_of(content: Numbers | Labels) -> str:
    if isinstance(content, Numbers):
        return "decimal" if content.decimals else "integer"
    levels = content.levels
    if len(levels) and all(map(is_time, levels)):
        return "time"
    return "id" if len(levels) == len(content) >= 2 else "categorical"
