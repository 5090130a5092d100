"""Bit histories: what a context has seen, as one of fewer than 256 states, and how each moves on.

A state is the whole history up to three bits; beyond that it is how many zeros and ones came, and
the last bit. A bit makes the opposite count forget, as old evidence counts less than new; counts
that are both large are cut, as the share is then known well enough.
"""

from functools import cache
from typing import NamedTuple

_WHOLE = 3
_LARGEST = (40, 24, 12, 7, 5)  # of the larger count, where the smaller is 0, 1, 2, 3, 4


class History(NamedTuple):
    """A state: the bits themselves while they are few, then their numbers and the last of them."""

    zeros: int = 0
    ones: int = 0
    last: int = 0
    bits: tuple[int, ...] | None = ()

    def after(self, bit: int) -> "History":
        """Return the state that follows when ``bit`` comes."""
        if self.bits is not None and len(self.bits) < _WHOLE:
            bits = (*self.bits, bit)
            return History(bits.count(0), bits.count(1), bit, bits)
        if bit:
            return _within(_less(self.zeros), self.ones + 1, bit)
        return _within(self.zeros + 1, _less(self.ones), bit)

    def share(self, scale: int) -> int:
        """Return the share of ones in ``scale`` that the counts suggest at first."""
        return (5 * self.ones + 2) * scale // (5 * (self.zeros + self.ones) + 4)


def _less(count: int) -> int:
    """Return what is left of a count when the opposite bit comes."""
    return count if count < 3 else count.bit_length()


def _within(zeros: int, ones: int, last: int) -> History:
    """Return the nearest state there is."""
    while not _exists(zeros, ones):
        zeros, ones = (zeros - 1, ones) if zeros > ones else (zeros, ones - 1)
    if zeros == 0 or ones == 0:
        last = int(ones > 0)
    return History(zeros, ones, last, None)


def _exists(zeros: int, ones: int) -> bool:
    fewer = min(zeros, ones)
    return fewer < len(_LARGEST) and max(zeros, ones) <= _LARGEST[fewer]


@cache
def histories() -> tuple[History, ...]:
    """Return all states, those with fewer bits first; the first has seen nothing."""
    found, waiting = {History()}, [History()]
    while waiting:
        state = waiting.pop()
        for follower in (state.after(0), state.after(1)):
            if follower not in found:
                found.add(follower)
                waiting.append(follower)
    return tuple(sorted(found, key=_order))


def _order(state: History) -> tuple[int, bool, tuple[int, ...]]:
    rest = state.bits if state.bits is not None else (state.zeros, state.ones, state.last)
    return state.zeros + state.ones, state.bits is None, rest


@cache
def followers() -> tuple[int, ...]:
    """Return the numbers of the states after a zero and after a one, for each state in turn."""
    states = histories()
    number = {state: i for i, state in enumerate(states)}
    return tuple(number[state.after(bit)] for state in states for bit in (0, 1))
