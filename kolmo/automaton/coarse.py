"""What a grid looks like from afar: averages over a window, and their buckets.

A cell holds how much cream is in it: 0 or 1, or any number where particles share cells. Sums and
buckets are computed in integers, hence exact: with floating point the bounds themselves go wrong,
since ``numpy.linspace(0, 1, 7)[5] < 5 / 6``.

References
----------
S. Aaronson, S. M. Carroll, L. Ouellette (2014). Quantifying the rise and fall of complexity in
closed systems: the coffee automaton. arXiv:1405.6903. Sections 4 and 6, and the authors' code.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError, nearest, shorten

Grid = NDArray[Any]
Buckets = NDArray[np.uint8]
Places = NDArray[np.int64]

WINDOWS = ("sliding", "block")
THRESHOLDS = ("equal", "paper")
ROW_RULES = ("none", "text", "code")
MOST_BUCKETS = 256

_SLACK = 1e-9  # of exact means, which are real numbers: a bound is met if it is missed by less


class Graining(NamedTuple):
    """How a grid is coarse-grained.

    Attributes
    ----------
    grain : int
        Side of the averaging window, from 1 to the smaller side of the grid.
    window : str
        ``sliding``: around each cell, as large an array comes out; at walls, the mean over the
        cells that exist. A window of an even side holds one cell more before than after.
        ``block``: one average for each full block; rows and columns that are left over at the end
        do not count.
    torus : bool
        Whether a sliding window goes on at the opposite side.
    buckets : int
        Number of buckets, from 2 to 256.
    thresholds : str
        ``equal``: buckets of equal width, which hold their lower bound. ``paper``: of 3, at 1/3
        and 2/3, which belong to the lower one, whatever ``largest``; of any other number k, the
        smallest j with j / (k - 1) >= average / largest.
    largest : int
        The average at the upper end; more counts as so much.
    row_rule : str
        ``text``: a cell within one bucket of its row's majority takes its value, as the paper
        says. ``code``: a row becomes its majority only if it holds no more than two neighbouring
        buckets, as the authors' code does. Of equally frequent buckets the one met first.
    """

    grain: int
    window: str = "sliding"
    torus: bool = False
    buckets: int = 7
    thresholds: str = "equal"
    largest: int = 1
    row_rule: str = "none"


class Averages(NamedTuple):
    """Sums over windows, and how many cells each window has.

    Attributes
    ----------
    sums : int64 or float64, [rows, columns]
        Cream in each window.
    cells : int64[rows, columns]
        Cells of each window.
    cropped : (int, int)
        Rows and columns at the end that no block holds.
    """

    sums: NDArray[Any]
    cells: Places
    cropped: tuple[int, int] = (0, 0)

    @property
    def values(self) -> NDArray[np.float64]:
        """The averages themselves."""
        return np.asarray(self.sums / self.cells)


def default_grain(size: int) -> int:
    """Return the paper's side of the window: round(sqrt(size)), less 1 if that is even.

    Parameters
    ----------
    size : int
        Side of the grid, at least 1.

    Examples
    --------
    >>> [default_grain(size) for size in (20, 40, 60, 80, 100, 256)]
    [3, 5, 7, 9, 9, 15]
    """
    if size < 1:
        raise ParameterError(f"no grid: got size {shorten(size)}; need 1 or more.")
    grain = round(math.sqrt(size))
    return grain - 1 + grain % 2


def coarse_grain(grid: Grid, graining: Graining) -> Buckets:
    """Return the buckets of all windows of a grid, the row rule applied.

    Parameters
    ----------
    grid : integer or float64, [rows, columns]
        Cream in each cell; real numbers for exact means.
    graining : Graining
        Window, buckets and row rule.

    Raises
    ------
    ParameterError
        If the grain is larger than the grid, or a name or number is none of those above.

    Notes
    -----
    Time and memory O(rows * columns), whatever the grain.

    Examples
    --------
    >>> grid = np.array([[1, 1, 1], [1, 0, 1], [0, 0, 0]], np.uint8)
    >>> coarse_grain(grid, Graining(3, buckets=3))
    array([[2, 2, 2],
           [1, 1, 1],
           [0, 1, 0]], dtype=uint8)
    """
    found = bucket(average(grid, graining), graining)
    return settle_rows(found, graining.row_rule)


def average(grid: Grid, graining: Graining) -> Averages:
    """Return sums and sizes of all windows of a grid.

    Examples
    --------
    >>> average(np.eye(5, dtype=np.uint8), Graining(2, window="block"))
    Averages(sums=array([[2, 0],
           [0, 2]]), cells=array([[4, 4],
           [4, 4]]), cropped=(1, 1))
    """
    check_graining(grid, graining)
    if graining.window == "block":
        return _average_blocks(grid, graining.grain)
    return _average_around(grid, graining.grain, torus=graining.torus)


def bucket(averages: Averages, graining: Graining) -> Buckets:
    """Return the bucket of each average, from 0.

    Examples
    --------
    The value 5/6 is in the bucket of 5/6:

    >>> averages = Averages(np.array([[5, 6, 7]]), np.array([[6, 6, 6]]))
    >>> bucket(averages, Graining(1, thresholds="paper"))
    array([[5, 6, 6]], dtype=uint8)
    >>> bucket(averages, Graining(1, thresholds="equal"))
    array([[5, 6, 6]], dtype=uint8)
    """
    sums, cells, count = averages.sums, averages.cells, graining.buckets
    slack = _SLACK * cells if sums.dtype.kind == "f" else 0
    if graining.thresholds == "equal":
        found = count * (sums + slack) // (cells * graining.largest)
    elif count == 3:
        thirds = 3 * (sums - slack)
        found = np.add(thirds > cells, thirds > 2 * cells, dtype=np.int64)
    else:
        found = -((1 - count) * (sums - slack) // (cells * graining.largest))
    return np.clip(found, 0, count - 1).astype(np.uint8)


def settle_rows(buckets: Buckets, rule: str) -> Buckets:
    """Return an array whose rows follow one of the `ROW_RULES`; see `Graining`.

    Examples
    --------
    >>> rows = np.array([[3, 3, 4, 1], [3, 3, 4, 4]], np.uint8)
    >>> settle_rows(rows, "text")
    array([[3, 3, 3, 1],
           [3, 3, 3, 3]], dtype=uint8)
    >>> settle_rows(rows, "code")
    array([[3, 3, 4, 1],
           [3, 3, 3, 3]], dtype=uint8)
    """
    _check_name("row rule", rule, ROW_RULES)
    if rule == "none":
        return buckets
    majority = majorities(buckets)[:, None]
    if rule == "text":
        return settle(buckets, majority)
    spread = np.ptp(buckets, axis=1, keepdims=True)
    return np.where(spread <= 1, majority, buckets)


def settle(buckets: Buckets, target: Buckets) -> Buckets:
    """Return an array in which every cell within one bucket of its target takes its value."""
    distance = np.abs(np.subtract(buckets, target, dtype=np.int16))
    return np.where(distance <= 1, target, buckets)


def majorities(buckets: Buckets) -> Buckets:
    """Return the most frequent bucket of each row, of several the one met first.

    Examples
    --------
    >>> majorities(np.array([[2, 0, 0, 2], [1, 0, 0, 5]], np.uint8))
    array([2, 0], dtype=uint8)
    """
    levels = range(int(buckets.max()) + 1)
    counts = np.stack([np.count_nonzero(buckets == level, axis=1) for level in levels], axis=1)
    most = np.take_along_axis(counts, buckets.astype(np.intp), axis=1)
    first = np.argmax(most == counts.max(axis=1)[:, None], axis=1)
    return np.asarray(buckets[np.arange(len(buckets)), first])


def check_graining(grid: Grid, graining: Graining) -> None:
    """Raise ParameterError unless a grid can be coarse-grained so."""
    if grid.ndim != 2 or grid.size == 0:
        raise ParameterError(f"no grid: got shape {grid.shape}; need rows and columns.")
    rows, columns = grid.shape
    if not 1 <= graining.grain <= min(rows, columns):
        raise ParameterError(
            f"grain out of range: got {shorten(graining.grain)} for a {rows}x{columns} grid; "
            f"need 1 to {min(rows, columns)}. Try {default_grain(min(rows, columns))}."
        )
    if not 2 <= graining.buckets <= MOST_BUCKETS or graining.largest < 1:
        raise ParameterError(
            f"no buckets: got {shorten(graining.buckets)} up to {shorten(graining.largest)}; "
            f"need 2 to {MOST_BUCKETS}, up to 1 or more."
        )
    _check_name("window", graining.window, WINDOWS)
    _check_name("thresholds", graining.thresholds, THRESHOLDS)
    _check_name("row rule", graining.row_rule, ROW_RULES)


def _check_name(noun: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ParameterError(f"unknown {noun}: got '{shorten(name)}'. {nearest(name, list(known))}")


def _average_around(grid: Grid, grain: int, *, torus: bool) -> Averages:
    before, after = grain // 2, (grain - 1) // 2
    if torus:
        wide = np.pad(grid, ((before, after), (before, after)), mode="wrap")
        sums = _rectangles(wide, *(_full_windows(size, grain) for size in wide.shape))
        return Averages(sums, np.full(grid.shape, grain * grain))
    windows = [_clipped_windows(size, before, after) for size in grid.shape]
    sides = [ends - starts for starts, ends in windows]
    return Averages(_rectangles(grid, *windows), np.multiply.outer(*sides))


def _average_blocks(grid: Grid, grain: int) -> Averages:
    rows, columns = (size // grain for size in grid.shape)
    kept = grid[: rows * grain, : columns * grain].reshape(rows, grain, columns, grain)
    sums = kept.sum(axis=(1, 3), dtype=_sum_type(grid))
    cropped = (grid.shape[0] % grain, grid.shape[1] % grain)
    return Averages(sums, np.full(sums.shape, grain * grain), cropped)


def _full_windows(size: int, grain: int) -> tuple[Places, Places]:
    starts = np.arange(size - grain + 1)
    return starts, starts + grain


def _clipped_windows(size: int, before: int, after: int) -> tuple[Places, Places]:
    places = np.arange(size)
    return np.maximum(places - before, 0), np.minimum(places + after + 1, size)


def _rectangles(
    grid: Grid, rows: tuple[Places, Places], columns: tuple[Places, Places]
) -> NDArray[Any]:
    """Return the sums over all rectangles of these rows and columns, by a summed-area table."""
    table = np.zeros((grid.shape[0] + 1, grid.shape[1] + 1), _sum_type(grid))
    table[1:, 1:] = np.cumsum(np.cumsum(grid, axis=0, dtype=table.dtype), axis=1)
    bands = table[rows[1]] - table[rows[0]]
    return np.asarray(bands[:, columns[1]] - bands[:, columns[0]])


def _sum_type(grid: Grid) -> type[np.float64] | type[np.int64]:
    return np.float64 if grid.dtype.kind == "f" else np.int64
