"""Where a run stands: the grid, the clocks, and everything that the next pick depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.data import MEMORY_LIMIT
from kolmo.errors import MemoryLimitError, ParameterError

Grid = NDArray[np.uint8]
SMALLEST_SIDE = 3
LARGEST_SLOTS = (1 << 32) - 1
LARGEST_COUNT = (1 << 62) - 1  # of picks, so that a sum of two of them is an int64


@dataclass
class State:
    """A run of a rule up to now; `Rule.advance` changes it in place.

    Attributes
    ----------
    rule : str
        Registered name of the rule.
    settings : dict
        Its parameters; JSON-safe.
    grid : uint8[rows, columns]
        How much cream each cell holds: 0 or 1, or the number of walkers in it. To be read only.
    picks : int
        Events so far, of the rule's own kind: picks, steps or moves.
    swaps : int
        How many events changed the grid; stays 0 for a rule without this clock.
    picks_per_unit : int
        Events in a unit of edge time.
    arrays : dict of str to ndarray
        What else the next event depends on: the words of the generator, walkers, a tip.
    """

    rule: str
    settings: dict[str, Any]
    grid: Grid
    picks_per_unit: int
    picks: int = 0
    swaps: int = 0
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def edge_time(self) -> Fraction:
        """Return the edge time, in which every edge rings once in a unit; exact."""
        return Fraction(self.picks, self.picks_per_unit)

    @property
    def cream(self) -> int:
        """Return how much cream there is."""
        return int(self.grid.sum(dtype=np.int64))

    def copy(self) -> State:
        """Return a state that goes on by itself."""
        arrays = {name: values.copy() for name, values in self.arrays.items()}
        return State(
            self.rule,
            dict(self.settings),
            self.grid.copy(),
            self.picks_per_unit,
            self.picks,
            self.swaps,
            arrays,
        )


def check_shape(
    rows: int, columns: int, *, cell_bytes: int = 2, memory_limit: int = MEMORY_LIMIT
) -> None:
    """Refuse a grid that is too small, or needs too much memory, before anything is allocated.

    Parameters
    ----------
    rows, columns : int
        Its sides, each at least 3.
    cell_bytes : int
        How many bytes each cell needs.
    memory_limit : int
        The most bytes.

    Raises
    ------
    ParameterError
        If a side is below 3.
    MemoryLimitError
        If the grid has more than 2**31 cells or needs more bytes than the limit.

    Examples
    --------
    >>> check_shape(10**6, 10**6)
    Traceback (most recent call last):
    kolmo.errors.MemoryLimitError: grid too large: got 1000000x1000000, which needs about \
2000000000000 bytes; the limit is 1073741824. Try a smaller size.
    """
    if min(rows, columns) < SMALLEST_SIDE:
        raise ParameterError(
            f"grid too small: got {rows}x{columns}; need at least {SMALLEST_SIDE} rows and columns."
        )
    needed = rows * columns * cell_bytes
    if needed > memory_limit or 2 * rows * columns > LARGEST_SLOTS:
        limit = min(memory_limit, LARGEST_SLOTS // 2 * cell_bytes)
        raise MemoryLimitError(
            f"grid too large: got {rows}x{columns}, which needs about {needed} bytes; "
            f"the limit is {limit}. Try a smaller size."
        )


def check_grid(grid: Grid, *, cell_bytes: int = 2, memory_limit: int = MEMORY_LIMIT) -> Grid:
    """Return a contiguous copy of a grid of zeros and ones; ParameterError for any other array."""
    grid = np.asarray(grid)
    if grid.ndim != 2 or grid.dtype != np.uint8:
        raise ParameterError(f"not a grid: got {grid.dtype}{list(grid.shape)}; need uint8[r, c].")
    check_shape(*grid.shape, cell_bytes=cell_bytes, memory_limit=memory_limit)
    if grid.max() > 1:
        raise ParameterError(f"not a grid: got a cell that holds {grid.max()}; need 0 or 1.")
    return np.array(grid, np.uint8, order="C")
