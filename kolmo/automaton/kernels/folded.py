"""Independent random walks, 32 steps to a word: the walls are folded in afterwards.

A step to one of four neighbours changes row + column and row - column by +1 or -1, two fair coins
that do not depend on each other: in 32 steps, two numbers of ones. A walk that stays where it is
when it would leave the grid is a free walk folded at -1/2 and n - 1/2.
"""

import numpy as np

from kolmo.automaton.kernels.xoshiro import Counts, Word, mix
from kolmo.jit import kernel

STEPS = 32
ONE, ZERO = np.uint64(1), np.uint64(0)
HALF, LOW_HALF = np.uint64(32), np.uint64((1 << 32) - 1)
PAIRS, FOURS, EIGHTS = (
    np.uint64(0x5555555555555555),
    np.uint64(0x3333333333333333),
    np.uint64(0x0F0F0F0F0F0F0F0F),
)
TWO, FOUR, TOP = np.uint64(2), np.uint64(4), np.uint64(24)
SUM, BYTE = np.uint64(0x01010101), np.uint64(255)


@kernel
def walk(walkers: Counts, key: Word, start: int, steps: int) -> None:
    """Move every walker by steps number ``start`` to ``start + steps - 1``, on a free lattice.

    Parameters
    ----------
    walkers : int64[2, n]
        Rows and columns of the walkers, which change; below 2**62 in absolute value.
    key : uint64
        The random bits of walker i in the steps 32 w to 32 w + 31 are number n w + i of SplitMix64
        started at this key: the result does not depend on where a run is cut.
    start, steps : int
        At least 0; n * (start + steps) / 32 < 2**63.
    """
    rows, columns, stop = walkers[0], walkers[1], start + steps
    count = rows.size
    for block in range(start // STEPS, (stop + STEPS - 1) // STEPS):
        low, high = max(start - block * STEPS, 0), min(stop - block * STEPS, STEPS)
        mask = ((ONE << np.uint64(high)) - ONE) & ~((ONE << np.uint64(low)) - ONE)
        mask |= mask << HALF
        for i in range(count):
            sums, differences = ones(mix(np.uint64(block * count + i), key) & mask)
            rows[i] += sums + differences - (high - low)
            columns[i] += sums - differences


@kernel
def ones(bits: Word) -> tuple[int, int]:
    """Return how many ones the two halves of a word have."""
    bits -= (bits >> ONE) & PAIRS
    bits = (bits & FOURS) + ((bits >> TWO) & FOURS)
    bits = (bits + (bits >> FOUR)) & EIGHTS
    low = (((bits & LOW_HALF) * SUM) >> TOP) & BYTE
    high = (((bits >> HALF) * SUM) >> TOP) & BYTE
    return np.int64(low), np.int64(high)  # type: ignore[return-value]
