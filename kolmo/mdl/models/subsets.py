"""The subsets of columns that predict best, of each size: all are visited, or the best spliced."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.mdl.models.design import SMALLEST_SHARE
from kolmo.mdl.models.locating import ROUNDING_VARIANCE

Floats = NDArray[np.float64]
Places = tuple[int, ...]

LARGEST_EXHAUSTIVE = 20
"""Up to so many columns all subsets are visited."""

_CLOSEST = 4
_CLOSE_BITS = 8.0
_SWAPPED = 4
_LEAST_GAIN = 1e-9
_LEAST_LEFT = 1e-9
_WORSE_BITS = 64.0


class Found(NamedTuple):
    """A subset of columns, counted from 0, and the sum of squares that it leaves."""

    columns: Places
    square: float


def best_subsets(columns: Sequence[Floats], heights: Floats, largest: int) -> Iterator[list[Found]]:
    """Yield, for each size from 1, a few subsets that predict best, by an intercept as well.

    Parameters
    ----------
    columns : sequence of float64[n]
        Finite.
    heights : float64[n]
        What is predicted, in steps of its precision.
    largest : int
        Largest size.

    Notes
    -----
    Up to 20 columns all subsets are visited, exactly. For more, each size starts with the best of
    the size before and the column that tells most. Then the columns that tell least are swapped for
    the one outside that tells most, until nothing improves; this may miss the best. It ends at the
    size whose estimated message is 64 bits longer than the shortest one.

    References
    ----------
    J. Zhu, C. Wen, J. Zhu, H. Zhang, X. Wang (2020). A polynomial algorithm for best-subset
    selection problem. Proceedings of the National Academy of Sciences 117(52), 33117-33123.
    doi:10.1073/pnas.2014241117. Splicing. We differ in swapping one column at a time and in
    starting from the size before.
    """
    centred = _standardised(columns)
    target = heights - heights.mean()
    largest = min(largest, len(columns))
    if len(columns) <= LARGEST_EXHAUSTIVE:
        yield from _visited(centred, target, largest)
        return
    if target.size > len(columns):  # a triangle has the same lengths and angles
        corner = np.asarray(np.linalg.qr(np.vstack([centred, target]).T, mode="r"))
        centred, target = corner[:, :-1].T, corner[:, -1]
    yield from _Splicing(centred, target).solutions(largest, heights.size)


def _standardised(columns: Sequence[Floats]) -> Floats:
    """Return the columns about their means, of length 1; zeros if they hardly vary."""
    found = np.array([column / np.abs(column).max() for column in columns])
    lengths = np.sqrt((found * found).sum(axis=1))
    found -= found.mean(axis=1, keepdims=True)
    found -= found.mean(axis=1, keepdims=True)
    left = np.sqrt((found * found).sum(axis=1))
    varied = left > SMALLEST_SHARE * lengths
    return np.where(varied[:, None], found / np.where(varied, left, 1.0)[:, None], 0.0)


def _visited(columns: Floats, target: Floats, largest: int) -> Iterator[list[Found]]:
    """Yield the close subsets of each size, all subsets visited."""
    from kolmo.mdl.kernels import visit_subsets

    count = len(columns)
    basis, corner = np.linalg.qr(columns.T)
    height = basis.T @ target
    triangle = np.zeros((count, count + 1))
    triangle[: len(corner), :count], triangle[: len(corner), count] = corner, height
    rest = target - basis @ height
    squares = np.full((count + 1, _CLOSEST), np.inf)
    masks = np.zeros((count + 1, _CLOSEST), np.int64)
    visit_subsets(triangle, 2 * SMALLEST_SHARE, largest, squares, masks)
    squares += rest @ rest
    for size in range(1, largest + 1):
        pairs = zip(masks[size].tolist(), squares[size].tolist(), strict=True)
        found = [Found(_members(mask), square) for mask, square in pairs if square < np.inf]
        yield _close(found, target.size)


def _members(mask: int) -> Places:
    return tuple(place for place in range(mask.bit_length()) if mask >> place & 1)


def _close(found: list[Found], rows: int) -> list[Found]:
    """Return those whose messages can be about as short as that of the first."""
    return [subset for subset in found if _rest_bits(subset, rows) <= _limit(found[0], rows)]


def _limit(best: Found, rows: int) -> float:
    return _rest_bits(best, rows) + _CLOSE_BITS


def _rest_bits(found: Found, rows: int) -> float:
    """Return about how long the rows are, given their predictions, but for a constant."""
    return rows / 2 * math.log2(max(found.square, 0.0) / rows + ROUNDING_VARIANCE)


class _Splicing:
    """The search for good subsets of many columns."""

    def __init__(self, columns: Floats, target: Floats) -> None:
        self._columns, self._target = columns, target
        self._heights = columns @ target
        self._varied = np.abs(columns).max(axis=1) > 0
        self._products: dict[int, Floats] = {}

    def solutions(self, largest: int, rows: int) -> Iterator[list[Found]]:
        """Yield a subset of each size, until messages become much longer."""
        count = len(self._columns)
        chosen: list[int] = []
        least = math.inf
        for size in range(1, largest + 1):
            added = self._most(chosen)
            if added is None:
                return
            chosen = self._spliced([*chosen, added])
            found = Found(tuple(sorted(chosen)), self._square(chosen))
            yield [found]
            which = math.lgamma(count + 1) - math.lgamma(size + 1) - math.lgamma(count - size + 1)
            price = size / 2 * math.log2(rows) + which / math.log(2)
            bits = _rest_bits(found, rows) + price
            least = min(least, bits)
            if bits > least + _WORSE_BITS:
                return

    def _spliced(self, chosen: list[int]) -> list[int]:
        """Return the columns after swaps that leave less, as long as there are any."""
        square = self._square(chosen)
        improved = len(chosen) > 1
        while improved:
            improved = False
            for place in np.argsort(self._losses(chosen))[:_SWAPPED].tolist():
                kept = chosen[:place] + chosen[place + 1 :]
                added = self._most(kept)
                if added is None or added == chosen[place]:
                    continue
                found = self._square([*kept, added])
                if found < square * (1 - _LEAST_GAIN):
                    chosen, square, improved = [*kept, added], found, True
                    break
        return chosen

    def _rows(self, chosen: list[int]) -> Floats:
        """Return the products of the chosen columns with all."""
        for place in chosen:
            if place not in self._products:
                self._products[place] = self._columns @ self._columns[place]
        return np.array([self._products[place] for place in chosen])

    def _most(self, chosen: list[int]) -> int | None:
        """Return the column that tells most beside the chosen ones, None if all depend on them."""
        left, heights = np.ones(len(self._columns)), self._heights
        if chosen:
            rows = self._rows(chosen)
            solved = np.linalg.solve(rows[:, chosen], rows)
            left = left - (rows * solved).sum(axis=0)
            heights = heights - self._heights[chosen] @ solved
            left[chosen] = 0.0
        able = (left > _LEAST_LEFT) & self._varied
        if not able.any():
            return None
        return int(np.argmax(np.where(able, heights**2 / np.where(able, left, 1.0), -1.0)))

    def _losses(self, chosen: list[int]) -> Floats:
        """Return by how much the sum of squares grows without each of the columns."""
        inverse = np.linalg.inv(self._rows(chosen)[:, chosen])
        factors = inverse @ self._heights[chosen]
        return np.asarray(factors**2 / np.diagonal(inverse))

    def _square(self, chosen: list[int]) -> float:
        """Return the sum of squares that is left."""
        columns = self._columns[chosen].T
        factors = np.linalg.lstsq(columns, self._target, rcond=None)[0]
        rest = self._target - columns @ factors
        return float(rest @ rest)
