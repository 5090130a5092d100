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

HALF, HALF_AND_ONE, LOW_HALF = np.uint64(32), np.uint64(33), np.uint64((1 << 32) - 1)
ZERO = np.uint64(0)
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
        ROWS, COLUMNS, TORUS, FIRST, LAST; 2 * rows * columns <= 2**32.
    work : uint64[4 * SPAN], uint64[DRAWS], uint32[BLOCK], uint32[BLOCK]
        Scratch: the history of the generators; the draws, each of which makes two picks, the low
        halves first; the two ends of each pick, as cells counted row by row.

    Notes
    -----
    The row is the integer part of x * rows, the slot in it that of the fraction times its width;
    together they are Lemire's floor(x * slots / 2**32), exactly. He refuses the x whose last
    fraction is below 2**32 mod slots, hence no slot is favoured at any size.
    """
    history, draws, here, there = work
    fill(lanes, history, draws)
    half = draws.size
    bad = place(draws, ZERO, shape, here[:half], there[:half])
    bad += place(draws, HALF, shape, here[half:], there[half:])
    if bad == ZERO:
        return 2 * half
    return leave_out(draws, shape, here, there)


@kernel
def place(draws: Words, shift: Word, shape: Words, here: Places, there: Places) -> Word:
    """Find the ends of the picks in one half of the draws; return how many are to be refused."""
    rows, columns, first = shape[ROWS], shape[COLUMNS], shape[FIRST]
    count, width = shape[LAST] - first, columns + columns
    refused = (ONE << HALF) % (count * width)
    right_end = ONE - columns if shape[TORUS] else ZERO  # modulo 2**64, as the sums below
    down_end = columns - rows * columns if shape[TORUS] else ZERO
    bad = ZERO
    for i in range(draws.size):
        scaled = ((draws[i] >> shift) & LOW_HALF) * count
        slot = (scaled & LOW_HALF) * width
        row, column = first + (scaled >> HALF), slot >> HALF_AND_ONE
        right = right_end if column == columns - ONE else ONE
        down = down_end if row == rows - ONE else columns
        cell = row * columns + column
        here[i] = np.uint32(cell)
        there[i] = np.uint32(cell + (down if (slot >> HALF) & ONE else right))
        bad += np.uint64((slot & LOW_HALF) < refused)
    return bad


@kernel
def leave_out(draws: Words, shape: Words, here: Places, there: Places) -> int:
    """Close the gaps of the refused picks; return how many remain."""
    slots = (shape[LAST] - shape[FIRST]) * (shape[COLUMNS] + shape[COLUMNS])
    refused = (ONE << HALF) % slots
    kept: int = 0
    for i in range(here.size):
        draw = draws[i % draws.size] >> (HALF if i >= draws.size else ZERO)
        if (((draw & LOW_HALF) * slots) & LOW_HALF) >= refused:
            here[kept], there[kept] = here[i], there[i]
            kept += 1
    return kept


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
