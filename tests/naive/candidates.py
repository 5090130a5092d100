"""The slow twin of the kernel that draws candidates: whole numbers, and a list searched from below.

Written from the description in `kolmo.weights.kernels.sampling`; the hash is Wellons' lowbias32.
"""

from collections.abc import Sequence
from itertools import accumulate

MASK = (1 << 32) - 1


def stirred(word: int) -> int:
    word = (word ^ word >> 16) * 0x7FEB352D & MASK
    word = (word ^ word >> 15) * 0x846CA68B & MASK
    return word ^ word >> 16


def word(keys: Sequence[int], counter: int, lane: int) -> int:
    first = stirred(counter & MASK ^ keys[2 * lane])
    return stirred(first + (counter >> 32) + keys[2 * lane + 1] & MASK)


def candidate(
    keys: Sequence[int], number: int, size: int, classes: Sequence[tuple[int, int, int]]
) -> list[int]:
    """Return the weights of a candidate; a class is lowest integer, width and share of 2**32."""
    stops = list(accumulate(share for _, _, share in classes))
    found = []
    for counter in range(number * size, (number + 1) * size):
        share, place = word(keys, counter, 0), word(keys, counter, 1)
        low, width, _ = next(c for c, stop in zip(classes, stops, strict=True) if share < stop)
        found.append(low + (place % width if width <= 1 << 32 else place * (width >> 32)))
    return found
