"""Exclusion while most rows are still all of one colour: only picks that can matter are made.

Above the band all rows have one colour, and below it, too; a pick there does nothing. How many
such picks come before the next one in the band is geometric, drawn from a table of integers.
"""

from typing import Any

import numpy as np

from kolmo.automaton.kernels.picks import (
    COLUMNS,
    FIRST,
    LAST,
    POSITION,
    WAIT,
    ZERO,
    Scratch,
    draw_picks,
    fill_block,
    next_block,
)
from kolmo.automaton.kernels.xoshiro import LANE_WORDS, ONE, Bytes, Counts, Places, Words
from kolmo.jit import kernel

COLUMN_SHIFT = np.uint64(56)
FRACTION = np.uint64((1 << 56) - 1)
LONGEST = 255  # outcome i < LONGEST: i picks are outside, then one inside; LONGEST: all outside


@kernel
def pick_band(
    grid: Bytes,
    shape: Words,
    stream: Words,
    limits: Counts,
    work: tuple[Scratch, Words, Words, Bytes],
) -> tuple[int, int, bool]:
    """Do picks until a limit; return picks, swaps, and whether the band became too narrow.

    Parameters
    ----------
    grid, shape, stream, limits
        As in `pick_cells`; FIRST and LAST are the rows of the band. The rows up to FIRST have one
        colour, and the rows from LAST on.
    work : tuple, uint64[BLOCK], uint64[256], uint8[256]
        Scratch: that of `draw_picks`, and the draws of the waiting times; then the alias table of
        these: how much of each column, in units of 2**-56, is its own, and whose the rest is.

    Notes
    -----
    When a cell of the outermost rows changes, the block ends: its later picks would be drawn for
    the wrong band. The waiting time has no memory, so nothing is lost with it.
    """
    lanes = stream[:LANE_WORDS].copy()
    _, _, here, there = work[0]
    size = draw_waits(lanes, shape, work)
    position: Any = np.int64(stream[POSITION])
    wait: Any = np.int64(stream[WAIT])
    picks, swaps, touched = 0, 0, False
    while picks < limits[0] and swaps < limits[1] and not touched:
        if position >= size:
            next_block(lanes, stream)
            size, position = draw_waits(lanes, shape, work), 0
            continue
        left = limits[0] - picks
        many = min(size - position, limits[1] - swaps, left // LONGEST)
        if wait == 0 and many > 0:
            stop = position + many
            part = here[position:stop], there[position:stop], work[1][position:stop]
            done, passed, changed, touched = exchange_band(grid, shape, part)
            position, picks, swaps = position + done, picks + passed, swaps + changed
            continue
        due = wait if wait > 0 else np.int64(work[1][position])
        wait = max(due - left, 0)
        picks += due - wait
        if wait == 0:
            part = here[position:], there[position:], work[1][position : position + 1]
            done, _, changed, touched = exchange_band(grid, shape, part)
            position, swaps = position + 1, swaps + changed
    stream[POSITION], stream[WAIT] = np.uint64(position), np.uint64(wait)
    if touched:
        next_block(lanes, stream)
    return picks, swaps, touched


@kernel
def draw_waits(lanes: Words, shape: Words, work: tuple[Scratch, Words, Words, Bytes]) -> int:
    """Draw a block of picks, and how many picks each ends; return how many there are.

    Outcome LONGEST of the alias table (Walker 1977, doi:10.1145/355744.355749) is no pick in the
    band: both ends of what was drawn for it become the same cell.
    """
    scratch, waits, shares, aliases = work
    size = draw_picks(lanes, shape, scratch)
    fill_block(lanes, scratch[0], waits)
    here, there = scratch[2], scratch[3]
    for i in range(size):
        column = waits[i] >> COLUMN_SHIFT
        own = (waits[i] & FRACTION) < shares[column]
        outcome = column if own else np.uint64(aliases[column])
        waits[i] = min(outcome + ONE, np.uint64(LONGEST))
        there[i] = here[i] if outcome == np.uint64(LONGEST) else there[i]
    return size


@kernel
def exchange_band(
    grid: Bytes, shape: Words, part: tuple[Places, Places, Words]
) -> tuple[int, int, int, bool]:
    """Exchange pairs of cells until a change reaches the rows that bound the band.

    Returns
    -------
    done, passed, changed : int
        How many pairs were exchanged, the sum of their waiting times, and how many differed.
    touched : bool
        Whether the last of them changed an outermost row.
    """
    here, there, waits = part
    floor = (shape[FIRST] + ONE) * shape[COLUMNS] if shape[FIRST] else ZERO
    ceiling = shape[LAST] * shape[COLUMNS]
    passed, swaps = ZERO, ZERO
    for i in range(waits.size):
        first, second = here[i], there[i]
        mine, other = grid[first], grid[second]
        grid[first], grid[second] = other, mine
        passed += waits[i]
        swaps += np.uint64(mine ^ other)
        if (first < floor or second >= ceiling) and mine != other:
            return i + 1, np.int64(passed), np.int64(swaps), True  # type: ignore[return-value]
    return waits.size, np.int64(passed), np.int64(swaps), False  # type: ignore[return-value]
