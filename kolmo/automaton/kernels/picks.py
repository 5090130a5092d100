"""Draw a block of picks: the two cells of each, found before any of them is exchanged.

A pick is a slot, 2 * cell + direction, uniform over all cells and the directions right and down.
Where there is no edge, at a wall, both ends are the same cell, so that to exchange them does
nothing and nobody has to ask. Blocks are drawn from the words where they begin: what interrupts a
run stores these words and the position in the block, and draws the block again.

References
----------
D. Lemire (2019). Fast random integer generation in an interval. ACM Transactions on Modeling
and Computer Simulation 29(1), 3. doi:10.1145/3230636. Section 4.
"""

from typing import Any

import numpy as np

from kolmo.automaton.kernels.xoshiro import (
    DRAWS,
    LANE_WORDS,
    ONE,
    Counts,
    Places,
    Word,
    Words,
    fill,
)
from kolmo.jit import kernel

HALF, LOW_HALF = np.uint64(32), np.uint64((1 << 32) - 1)
ZERO, SMALL_ONE = np.uint64(0), np.uint32(1)
Scratch = tuple[Words, Words, Places, Places]
BLOCK = 2 * DRAWS

# What the stream holds after the words of the generators: how many picks of the block are done; the
# rows of the band, both 0 if there is none; how many picks to wait for the next one in the band.
POSITION, LOW, HIGH, WAIT = LANE_WORDS, LANE_WORDS + 1, LANE_WORDS + 2, LANE_WORDS + 3
STREAM_WORDS = LANE_WORDS + 4

# What the shape holds: rows and columns of the grid, 1 for a torus, first and last row of picks.
ROWS, COLUMNS, TORUS, FIRST, LAST = 0, 1, 2, 3, 4


@kernel
def draw_picks(lanes: Words, shape: Words, work: Scratch) -> int:
    """Find the ends of a block of picks; return how many there are.

    Parameters
    ----------
    lanes : uint64[LANE_WORDS]
        The generators, which change.
    shape : uint64[5]
        ROWS, COLUMNS, TORUS, FIRST, LAST; 2 * rows * columns < 2**32.
    work : uint64[4 * SPAN], uint64[DRAWS], uint32[BLOCK], uint32[BLOCK]
        Scratch: the history of the generators; the draws, each of which makes two picks, the low
        half first; the two ends of each pick, as cells counted row by row.

    Notes
    -----
    A slot is Lemire's floor(x * slots / 2**32), exactly; he refuses the x whose remainder is below
    2**32 mod slots, hence no slot is favoured at any size.
    """
    history, draws, here, there = work
    fill(lanes, history, draws)
    halves = draws.view(np.uint32)
    place(halves, shape, here, there)
    return leave_out(halves, shape, here, there)


@kernel
def place(halves: Places, shape: Words, here: Places, there: Places) -> None:
    """Find the ends of the pick that each half makes, in 32 bits, so that a vector holds many."""
    rows, columns, first = shape[ROWS], shape[COLUMNS], shape[FIRST]
    slots, count = slots_of(shape) & LOW_HALF, np.uint32(shape[LAST] - first)
    start, last_row = np.uint32(first * columns), np.uint32((rows - ONE) * columns)
    # The integer part of half * count is the row; at this fraction of it the last column begins.
    last_column = np.uint32((((columns - ONE) << HALF) + columns - ONE) // columns)
    right, down = np.uint32(1), np.uint32(columns)
    right_end = np.uint32(ONE - columns) if shape[TORUS] else np.uint32(0)  # modulo 2**32
    down_end = np.uint32(columns - rows * columns) if shape[TORUS] else np.uint32(0)
    for i in range(halves.size):
        half: Any = halves[i]
        slot: Any = np.uint32((np.uint64(half) * slots) >> HALF)
        cell = np.uint32(start + (slot >> SMALL_ONE))
        to_right = right_end if np.uint32(half * count) >= last_column else right
        to_down = down_end if cell >= last_row else down
        here[i] = cell
        there[i] = np.uint32(cell + (to_down if slot & SMALL_ONE else to_right))


@kernel
def leave_out(halves: Places, shape: Words, here: Places, there: Places) -> int:
    """Close the gaps of the picks that Lemire refuses; return how many remain."""
    slots = slots_of(shape)
    refused, factor = np.uint32((ONE << HALF) % slots), np.uint32(slots)
    if refused == 0 or not any_below(halves, factor, refused):
        return halves.size
    kept: int = 0
    for i in range(halves.size):
        if np.uint32(halves[i] * factor) >= refused:
            here[kept], there[kept] = here[i], there[i]
            kept += 1
    return kept


@kernel
def any_below(halves: Places, factor: Any, bound: Any) -> bool:
    """Return whether a product, modulo 2**32, is below a bound; without a branch in the loop."""
    found: Any = np.uint32(0)
    for i in range(halves.size):
        found += np.uint32(np.uint32(halves[i] * factor) < bound)
    return found > 0  # type: ignore[no-any-return]


@kernel
def slots_of(shape: Words) -> Word:
    """Return how many slots a pick is drawn from."""
    return (shape[LAST] - shape[FIRST]) * (shape[COLUMNS] + shape[COLUMNS])


@kernel
def fill_block(lanes: Words, history: Words, draws: Words) -> None:
    """Fill ``draws``, uint64[BLOCK], with uniform words."""
    fill(lanes, history, draws[:DRAWS])
    fill(lanes, history, draws[DRAWS:])


@kernel
def next_block(lanes: Words, stream: Words) -> None:
    """Let the stream begin where the generators are now."""
    stream[:LANE_WORDS] = lanes
    stream[POSITION] = ZERO
    stream[WAIT] = ZERO


@kernel
def room(limits: Counts, picks: int, swaps: int) -> int:
    """Return how many picks can follow without passing a limit: a pick is at most one swap."""
    left: int = min(limits[0] - picks, limits[1] - swaps)
    return left
