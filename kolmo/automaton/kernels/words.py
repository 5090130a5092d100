"""Exclusion of 64 replicas at once: a cell is a word, and each replica one of its bits.

All replicas of a word share each pick, and a fair coin of its own tells each whether to take it.
"""

from typing import Any

import numpy as np

from kolmo.automaton.kernels.picks import POSITION, Scratch, draw_picks, fill_block, next_block
from kolmo.automaton.kernels.xoshiro import LANE_WORDS, Places, Words
from kolmo.jit import kernel


@kernel
def pick_words(
    cells: Words, shape: Words, stream: Words, picks: int, work: tuple[Scratch, Words]
) -> int:
    """Do a number of shared picks; return that number.

    Parameters
    ----------
    cells : uint64[rows * columns]
        Bit r of a cell is its colour in replica r.
    shape, stream
        As in `pick_cells`.
    picks : int
        At least 0, below 2**62.
    work : tuple, uint64[BLOCK]
        Scratch: that of `draw_picks`, and the coins.
    """
    scratch, coins = work
    history, _, here, there = scratch
    lanes = stream[:LANE_WORDS].copy()
    position: Any = np.int64(stream[POSITION])
    size = draw_picks(lanes, shape, scratch)
    fill_block(lanes, history, coins)
    done = 0
    while done < picks:
        if position >= size:
            next_block(lanes, stream)
            size, position = draw_picks(lanes, shape, scratch), 0
            fill_block(lanes, history, coins)
            continue
        stop = position + min(size - position, picks - done)
        exchange_words(cells, here[position:stop], there[position:stop], coins[position:stop])
        done += stop - position
        position = stop
    stream[POSITION] = np.uint64(position)
    return done


@kernel
def exchange_words(cells: Words, here: Places, there: Places, coins: Words) -> None:
    """Exchange pairs of words in turn, in the bits that the coins allow."""
    for i in range(here.size):
        first, second = here[i], there[i]  # read once: the compiler cannot know what cells overlap
        mine, other = cells[first], cells[second]
        change = (mine ^ other) & coins[i]
        cells[first] = mine ^ change
        cells[second] = other ^ change
