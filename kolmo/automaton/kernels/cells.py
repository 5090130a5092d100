"""Exclusion on a grid of bytes: exchange the two cells of each pick, whatever they hold."""

from typing import Any

import numpy as np

from kolmo.automaton.kernels.picks import POSITION, Scratch, draw_picks, next_block, room
from kolmo.automaton.kernels.xoshiro import LANE_WORDS, Bytes, Counts, Places, Words
from kolmo.jit import kernel


@kernel
def pick_cells(
    grid: Bytes, shape: Words, stream: Words, limits: Counts, work: Scratch
) -> tuple[int, int]:
    """Do picks until one of the limits is reached; return the picks and the swaps done.

    Parameters
    ----------
    grid : uint8[rows * columns]
        0 or 1, row by row.
    shape : uint64[5]
        As in `draw_picks`.
    stream : uint64[STREAM_WORDS]
        The generators where the block begins, and the position in it.
    limits : int64[2]
        The most picks and the most swaps, below 2**62.
    work
        As in `draw_picks`.
    """
    lanes = stream[:LANE_WORDS].copy()
    position: Any = np.int64(stream[POSITION])
    size = draw_picks(lanes, shape, work)
    picks, swaps = 0, 0
    while room(limits, picks, swaps) > 0:
        if position >= size:
            next_block(lanes, stream)
            size, position = draw_picks(lanes, shape, work), 0
            continue
        stop = position + min(size - position, room(limits, picks, swaps))
        swaps += exchange_cells(grid, work[2][position:stop], work[3][position:stop])
        picks += stop - position
        position = stop
    stream[POSITION] = np.uint64(position)
    return picks, swaps


@kernel
def exchange_cells(grid: Bytes, here: Places, there: Places) -> int:
    """Exchange pairs of cells in turn; return how many pairs differed."""
    swaps: Any = np.uint64(0)
    for i in range(here.size):
        first, second = here[i], there[i]  # read once: the compiler cannot know what grid overlaps
        mine, other = grid[first], grid[second]
        grid[first], grid[second] = other, mine
        swaps += np.uint64(mine ^ other)
    return np.int64(swaps)  # type: ignore[return-value]
