"""Candidates for relative-entropy coding: weights drawn from the prior by a counter.

Sender and receiver make the same ones, the receiver only those that were chosen. A draw takes two
words of 32 bits, hashed from counter and keys: one falls in a class of the prior, by its share of
2**32; the other is the place in the class.

Words are uint64 below 2**32, so that no product passes 2**64: the same code runs without the
compiler.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.cells import find_class
from kolmo.coding.kernels.coder import HALF, LOW_HALF, Word, Words
from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Classes = tuple[Words, Numbers, Numbers, Numbers]

FIRST_SHIFT, SECOND_SHIFT = np.uint64(16), np.uint64(15)
FIRST_FACTOR, SECOND_FACTOR = np.uint64(0x7FEB352D), np.uint64(0x846CA68B)
WORD_BITS = 32


@kernel
def stir(word: Word) -> Word:
    """Return a word below 2**32 that every bit of the given one changes about half of."""
    word = ((word ^ (word >> FIRST_SHIFT)) * FIRST_FACTOR) & LOW_HALF
    word = ((word ^ (word >> SECOND_SHIFT)) * SECOND_FACTOR) & LOW_HALF
    return word ^ (word >> FIRST_SHIFT)


@kernel
def hash_counter(keys: Words, counter: int, lane: int) -> Word:
    """Return one of two words below 2**32 for a counter below 2**62."""
    low, high = np.uint64(counter) & LOW_HALF, np.uint64(counter) >> HALF
    word = stir(low ^ keys[2 * lane])
    return stir((word + high + keys[2 * lane + 1]) & LOW_HALF)


@kernel
def draw_prior(keys: Words, counter: int, classes: Classes, found: Numbers) -> int:
    """Return the class that a counter falls in; ``found[0]`` receives the integer.

    ``classes`` holds the bounds of shares of 2**32, the class of every 2**20th share, and the
    lowest integer and log2 of the width of each.
    """
    bounds, buckets, lows, levels = classes
    index = find_class(bounds, buckets, hash_counter(keys, counter, 0))
    place = np.int64(hash_counter(keys, counter, 1))
    level = levels[index]
    inside = min(level, WORD_BITS)
    found[0] = lows[index] + ((place & ((1 << inside) - 1)) << (level - inside))
    return index


@kernel
def make_candidate(keys: Words, number: int, classes: Classes, weights: Numbers) -> None:
    """Fill ``weights`` with the candidate of a number."""
    found = np.empty(1, np.int64)
    for i in range(weights.size):
        draw_prior(keys, number * weights.size + i, classes, found)
        weights[i] = found[0]


@kernel
def score_candidates(
    keys: Words,
    first: int,
    classes: Classes,
    posterior: tuple[Floats, Floats, Floats],
    scores: Floats,
) -> None:
    """Write log2 of posterior over prior for candidates from ``first`` on, but for a constant.

    ``posterior`` holds means and inverse standard deviations, and log2 of the prior's density in
    each class, divided by log2(e) / 2.
    """
    means, inverses, heights = posterior
    found = np.empty(1, np.int64)
    for c in range(scores.size):
        score = 0.0
        for i in range(means.size):
            counter = (first + c) * means.size + i
            index = draw_prior(keys, counter, classes, found)
            z = (np.float64(found[0]) - means[i]) * inverses[i]
            score -= z * z + heights[index]
        scores[c] = score
