"""The tip of a tendril: a random walk that leaves cream, one cell for each new cell it enters."""

from typing import Any

import numpy as np

from kolmo.automaton.kernels.xoshiro import Bytes, Counts, Word, mix
from kolmo.jit import kernel

MOVES = 32  # in a word of 64 bits
TWO, DIRECTIONS = np.uint64(2), np.uint64(3)
ROW, COLUMN, FEED = 0, 1, 2


@kernel
def crawl(grid: Bytes, tip: Counts, key: Word, limits: Counts, torus: bool) -> tuple[int, int]:
    """Do moves until a limit is reached; return the moves and the cells exchanged.

    Parameters
    ----------
    grid : uint8[rows, columns]
        0 or 1.
    tip : int64[3]
        ROW and COLUMN of the tip, and FEED: the cell from which on cream is looked for.
    key : uint64
        Move s takes bits 2 (s % 32) and the next of word s // 32 of SplitMix64 started here.
    limits : int64[3]
        The number of the first move, the most moves, and the most exchanges.
    torus : bool
        Whether the grid has no walls; else a move off the grid is none.
    """
    rows, columns = grid.shape
    moves, swaps = 0, 0
    bits = np.uint64(0)
    while moves < limits[1] and swaps < limits[2]:
        number = limits[0] + moves
        if moves == 0 or number % MOVES == 0:
            bits = mix(np.uint64(number // MOVES), key)
        direction: Any = np.int64((bits >> (TWO * np.uint64(number % MOVES))) & DIRECTIONS)
        amount = 2 * (direction & 1) - 1
        tip[ROW] = moved(tip[ROW], amount if direction < 2 else 0, rows, torus)
        tip[COLUMN] = moved(tip[COLUMN], amount if direction >= 2 else 0, columns, torus)
        if grid[tip[ROW], tip[COLUMN]] == 0:
            swaps += fed(grid, tip)
        moves += 1
    return moves, swaps


@kernel
def moved(place: int, amount: int, size: int, torus: bool) -> int:
    """Return the place after a step along one side."""
    if torus:
        return (place + amount + size) % size
    return min(max(place + amount, 0), size - 1)


@kernel
def fed(grid: Bytes, tip: Counts) -> int:
    """Exchange the coffee under the tip with the next cream, row by row; return 1, or 0 if none."""
    rows, columns = grid.shape
    for _ in range(rows * columns):
        row, column = tip[FEED] // columns, tip[FEED] % columns
        tip[FEED] = (tip[FEED] + 1) % (rows * columns)
        if grid[row, column] == 1:
            grid[row, column] = 0
            grid[tip[ROW], tip[COLUMN]] = 1
            return 1
    return 0
