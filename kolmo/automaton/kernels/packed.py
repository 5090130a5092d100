"""Exclusion with eight cells in a byte: the engine of grids that no cache holds one to a byte.

The picks are those of `pick_cells`, hence so are the bits of the result.
"""

from typing import Any

import numpy as np

from kolmo.automaton.kernels.picks import POSITION, Scratch, draw_picks, next_block, room
from kolmo.automaton.kernels.xoshiro import LANE_WORDS, Bytes, Counts, Places, Words
from kolmo.jit import kernel

EIGHTH, IN_BYTE = np.uint64(3), np.uint64(7)
BIT = np.uint8(1)


@kernel
def pick_packed(
    packed: Bytes, shape: Words, stream: Words, limits: Counts, work: Scratch
) -> tuple[int, int]:
    """Do picks until one of the limits is reached; return the picks and the swaps done.

    Parameters
    ----------
    packed : uint8[ceil(rows * columns / 8)]
        Cell i is bit i % 8 of byte i // 8.
    shape, stream, limits, work
        As in `pick_cells`.
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
        swaps += exchange_bits(packed, work[2][position:stop], work[3][position:stop])
        picks += stop - position
        position = stop
    stream[POSITION] = np.uint64(position)
    return picks, swaps


@kernel
def exchange_bits(packed: Bytes, here: Places, there: Places) -> int:
    """Exchange pairs of bits in turn; return how many pairs differed."""
    swaps: Any = np.uint64(0)
    for i in range(here.size):
        mine, other = np.uint64(here[i]), np.uint64(there[i])
        at_mine, at_other = np.uint8(mine & IN_BYTE), np.uint8(other & IN_BYTE)
        byte = packed[mine >> EIGHTH]
        change = ((byte >> at_mine) ^ (packed[other >> EIGHTH] >> at_other)) & BIT
        packed[mine >> EIGHTH] = byte ^ (change << at_mine)
        packed[other >> EIGHTH] ^= change << at_other
        swaps += np.uint64(change)
    return np.int64(swaps)  # type: ignore[return-value]
