"""How much each column of a table tells of each other one, in bits per row.

An estimate to look at, no code of the columns: numbers are first put into a few bins, and the
association is what a table of the pairs saves beyond its own price. Independent columns have 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.portable import log2_gamma
from kolmo.errors import ParameterError
from kolmo.parallel import ordered_map
from kolmo.table import Column, Table, read_table

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Levels = NDArray[np.uint8]

FORMULA = (
    "I(X;Y) = max(0, L(X) + L(Y) - L(X,Y)) / n; "
    "L(X,Y) = 1 + min(L(X) + L(Y|X), L(Y) + L(X|Y)); "
    "L by Krichevsky and Trofimov, L(Y|X) in each level of X"
)
"""What the matrix holds beside its diagonal; there is the entropy of each column's levels."""

LARGEST_LEVELS = 64
_FEWEST_BINS = 4
_FEW_VALUES, _ROWS_OF_A_VALUE = 16, 8


@dataclass(frozen=True, eq=False)
class Associations:
    """The associations of columns in bits per row.

    Attributes
    ----------
    file : str
        Of the table.
    names : tuple of str
        Of the columns.
    rows : int
        Number of rows.
    levels : tuple of int
        How many levels each column was put into; missing cells are one.
    matrix : float64[p, p]
        Beside the diagonal the association by `FORMULA`, symmetric, >= 0; on it the entropy of the
        frequencies of each column's levels.
    plugin : float64[p, p]
        The same, but mutual information from the frequencies themselves: on average more than the
        truth, and above 0 for independent columns too.
    kind : str
        ``estimate``.
    formula : str
        `FORMULA`.
    """

    file: str
    names: tuple[str, ...]
    rows: int
    levels: tuple[int, ...]
    matrix: Floats
    plugin: Floats
    kind: str = "estimate"
    formula: str = FORMULA

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary, matrices as lists of rows."""
        return {
            "file": self.file,
            "columns": list(self.names),
            "rows": self.rows,
            "levels": list(self.levels),
            "association_bits_per_row": self.matrix.tolist(),
            "plugin_bits_per_row": self.plugin.tolist(),
            "kind": self.kind,
            "formula": self.formula,
        }

    def pairs(self) -> list[tuple[str, str, float]]:
        """Return the associations of two columns each, the largest first."""
        found = [
            (self.names[i], self.names[j], float(self.matrix[i, j]))
            for i, j in combinations(range(len(self.names)), 2)
        ]
        return sorted(found, key=lambda pair: -pair[2])

    def _repr_html_(self) -> str:
        from html import escape

        head = "".join(f"<th>{escape(name)}</th>" for name in self.names)
        body = "".join(
            f"<tr><th>{escape(name)}</th>{''.join(f'<td>{bits:.3f}</td>' for bits in row)}</tr>"
            for name, row in zip(self.names, self.matrix, strict=True)
        )
        words = f"<p>bits per row ({self.kind}): {escape(self.formula)}</p>"
        return f"<table><tr><th></th>{head}</tr>{body}</table>{words}"


def associations(
    source: Any, columns: Sequence[str] | None = None, *, jobs: int = 1
) -> Associations:
    r"""Return how much each column tells of each other one, an estimate in bits per row.

    For a first look at a table. That two columns go together says nothing of why; a third one may
    explain it, which `kolmo.mdl.predictors.parents` finds.

    Parameters
    ----------
    source : Table, str, path or bytes
        A table, or a CSV file for `kolmo.table.read_table`.
    columns : sequence of str, optional
        Names of the columns; all if not given.
    jobs : int
        Number of threads; the result does not depend on it.

    Returns
    -------
    Associations
        A symmetric matrix, and the plug-in values.

    Raises
    ------
    ParameterError
        If a column is unknown, or the table has no rows.

    Notes
    -----
    Numbers of more than n**(1/3) different values are put into n**(1/3) bins of about as many rows,
    but 4 to 64; not if there are at most 16 values, with 8 rows each on average. Of more than 64
    labels the rarest become one. Cells without a value are a level of their own. The length of the
    pairs is that of one column and of the other one in each of its levels, whichever comes first
    for the shorter, for one bit; a table that says less than it costs is left out. Time O(n p**2).

    References
    ----------
    R. E. Krichevsky, V. K. Trofimov (1981). The performance of universal encoding. IEEE
    Transactions on Information Theory 27(2), 199-207. doi:10.1109/TIT.1981.1056331.

    Examples
    --------
    Two columns that say the same, and one that says nothing of them:

    >>> text = b"a,b,c\n" + b"0,x,0\n0,x,1\n1,y,0\n1,y,1\n" * 250
    >>> found = associations(text)
    >>> found.matrix.round(2).tolist()[0]
    [1.0, 0.99, 0.0]
    """
    table = source if isinstance(source, Table) else read_table(source)
    names = tuple(table.names if columns is None else columns)
    if table.rows == 0 or not names:
        raise ParameterError(
            f"no associations: got {table.rows} rows of {len(names)} columns; need some of both."
        )
    for name in names:
        table.find(name)
    codes = list(ordered_map(lambda name: column_levels(table.column(name)), names, jobs))
    return _associations(table, names, codes, jobs)


def column_levels(column: Column) -> tuple[Levels, int]:
    """Return the level of each cell of a column, and how many levels there are, at most 65.

    Examples
    --------
    >>> from kolmo.table import Texts, analyse_column
    >>> levels, number = column_levels(analyse_column(Texts.of([b"7", b"NA", b"9", b"7"])))
    >>> levels.tolist(), number
    ([0, 2, 1, 0], 3)
    """
    present = column.missing.marks == 0
    if column.labels is not None:
        inside = _of_labels(column.labels.codes.astype(np.int64))
    else:
        assert column.numbers is not None
        inside = _of_numbers(np.asarray(column.numbers.values))
    number = int(inside.max(initial=-1)) + 1
    if present.all():
        return inside.astype(np.uint8), number
    found = np.full(column.rows, number, np.uint8)
    found[present] = inside
    return found, number + 1


def _of_labels(codes: Integers) -> Integers:
    """Return the codes; of more than 64 levels the rarest as the last one."""
    counts = np.bincount(codes)
    if counts.size <= LARGEST_LEVELS:
        return codes
    frequent = np.argsort(-counts, kind="stable")[: LARGEST_LEVELS - 1]
    levels = np.full(counts.size, LARGEST_LEVELS - 1, np.int64)
    levels[frequent] = np.arange(frequent.size)
    return levels[codes]


def _of_numbers(values: NDArray[Any]) -> Integers:
    """Return the numbers as levels, the smallest first, in bins if there are many."""
    if values.size == 0:
        return np.empty(0, np.int64)
    inside = np.sort(values)
    bins = min(LARGEST_LEVELS, max(_FEWEST_BINS, round(values.size ** (1 / 3))))
    firsts = np.flatnonzero(np.concatenate([[True], inside[1:] != inside[:-1]]))
    if firsts.size > max(bins, min(_FEW_VALUES, values.size // _ROWS_OF_A_VALUE)):
        wanted = inside[np.arange(bins) * values.size // bins]
        firsts = np.searchsorted(inside, wanted)
    edges = np.unique(inside[firsts])
    return np.searchsorted(edges[1:], values, side="right").astype(np.int64)


def _associations(
    table: Table, names: tuple[str, ...], codes: list[tuple[Levels, int]], jobs: int
) -> Associations:
    """Return the record of columns as levels."""
    size = len(names)
    matrix, plugin = np.zeros((size, size)), np.zeros((size, size))
    for i, (levels, number) in enumerate(codes):
        counts = np.bincount(levels, minlength=number)
        matrix[i, i] = plugin[i, i] = _entropy_bits(counts) / table.rows
    pairs = list(combinations(range(size), 2))
    found = ordered_map(lambda pair: _pair_bits(codes[pair[0]], codes[pair[1]]), pairs, jobs)
    for (i, j), (saved, mutual) in zip(pairs, found, strict=True):
        matrix[i, j] = matrix[j, i] = saved / table.rows
        plugin[i, j] = plugin[j, i] = mutual / table.rows
    numbers = tuple(number for _, number in codes)
    return Associations(table.file, names, table.rows, numbers, matrix, plugin)


def _pair_bits(one: tuple[Levels, int], two: tuple[Levels, int]) -> tuple[float, float]:
    """Return what a table of two columns saves, and rows times the mutual information."""
    from kolmo.mdl.kernels import count_pairs

    counts = np.zeros((one[1], two[1]), np.int64)
    count_pairs(one[0], two[0], counts)
    first, second = counts.sum(axis=1), counts.sum(axis=0)
    saved = max(
        _urn_bits(second) - _urns_bits(counts),
        _urn_bits(first) - _urns_bits(counts.T),
    )
    mutual = _entropy_bits(first) + _entropy_bits(second) - _entropy_bits(counts.ravel())
    return max(0.0, saved - 1), max(0.0, mutual)


def _urn_bits(counts: Integers) -> float:
    """Return the length of Krichevsky and Trofimov's code of levels with these counts."""
    return _urns_bits(counts[None, :])


def _urns_bits(counts: Integers) -> float:
    """Return the sum of the lengths for each row of counts."""
    of = _log2_rising(counts.shape[1] / 2, counts.sum(axis=1))
    return math.fsum(of) - math.fsum(_log2_rising(0.5, counts.ravel()))


def _log2_rising(start: float, factors: Integers) -> Floats:
    """Return log2 of start (start + 1) (start + 2) ... for numbers of factors."""
    distinct, places = np.unique(factors, return_inverse=True)
    ends: Floats = start + distinct.astype(np.float64)
    found: Floats = log2_gamma(ends) - log2_gamma(np.array([start]))
    return found[places]


def _entropy_bits(counts: Integers) -> float:
    """Return rows times the entropy of the frequencies."""
    used = counts[counts > 0]
    return float((used * np.log2(used.sum() / used)).sum())
