"""Slow, obvious twin of the histories of bits: a string of up to three, or (zeros, ones, last)."""

from collections import deque
from functools import cache

FORGOTTEN = {0: 0, 1: 1, 2: 2, 3: 2, **{n: n.bit_length() for n in range(4, 64)}}
LARGEST = {0: 40, 1: 24, 2: 12, 3: 7, 4: 5}
State = str | tuple[int, int, int]


def counts(state: State) -> tuple[int, int]:
    """Return how many zeros and ones a history remembers."""
    return (state.count("0"), state.count("1")) if isinstance(state, str) else state[:2]


def after(state: State, bit: int) -> State:
    """Return the history after one more bit."""
    if isinstance(state, str) and len(state) < 3:
        return state + str(bit)
    same, other = counts(state)[bit] + 1, FORGOTTEN[counts(state)[1 - bit]]
    zeros, ones = (other, same) if bit else (same, other)
    while max(zeros, ones) > LARGEST.get(min(zeros, ones), -1):
        if zeros > ones:
            zeros -= 1
        else:
            ones -= 1
    if not zeros or not ones:
        bit = 1 if ones else 0
    return (zeros, ones, bit)


@cache
def numbers() -> dict[State, int]:
    """Return the number of each history: shorter ones first."""
    found: set[State] = {""}
    waiting = deque(found)
    while waiting:
        state = waiting.popleft()
        new = {after(state, 0), after(state, 1)} - found
        found |= new
        waiting.extend(new)
    order = sorted(found, key=lambda s: (sum(counts(s)), not isinstance(s, str), s))
    return {state: number for number, state in enumerate(order)}
