"""What predicts the next byte: hashes of what came before, one for each context.

Three lists: a short one for speed, one for text, one for records and machine code. Hashes of
different contexts differ by a number of their own. Everything is int64 and below 2**32.

References
----------
M. Mahoney (2005), as in `kolmo.complexity.kernels.logistic`: orders, words, sparse and record
contexts. We differ in the lists, which were chosen by leaving each out in turn.
"""

import numpy as np

from kolmo.complexity.kernels.logistic import (
    CONTEXTS,
    FIRST_FREE,
    STRIDE,
    Int,
    Numbers,
    hashed,
)
from kolmo.jit import lean_kernel

FAST, TEXT, BINARY = 0, 1, 2
# state[]: the last twelve bytes, the newest lowest; words, the newest first; where the last word
# and the two last lines began; the expected byte + 1; what followed earlier contexts.
PRESET = FIRST_FREE
LAST_4, LAST_8, LAST_12 = PRESET + 1, PRESET + 2, PRESET + 3
WORD, WORD_1, WORD_2 = PRESET + 4, PRESET + 5, PRESET + 6
WORD_END, SEPARATOR, LINE, LINE_ABOVE = PRESET + 8, PRESET + 9, PRESET + 10, PRESET + 11
EXPECTED, AFTER_1, AFTER_2 = PRESET + 12, PRESET + 13, PRESET + 14
ORDERS = PRESET + 15  # how many of the first contexts are orders
MODELS = PRESET + 16  # match models, one or two
MATCH = PRESET + 17  # two match models of three numbers each
WITHOUT = PRESET + 23  # a bit for each context that is left out, to see what it is worth
HASH = PRESET + 24
MOST_CONTEXTS = 32
SLOT = HASH + MOST_CONTEXTS
CHECK = SLOT + MOST_CONTEXTS
TOUCHED = CHECK + MOST_CONTEXTS
STATE_WORDS = TOUCHED + 1

LONGEST_LINE = 255
NEWLINE = 10


@lean_kernel
def set_contexts(state: Numbers, text: Numbers, place: Int) -> None:
    """Set the hashes of all contexts for the byte at ``place``."""
    _follow_words(state, place)
    if state[PRESET] == TEXT:
        _set_text(state, text, place)
    elif state[PRESET] == BINARY:
        _set_binary(state, text, place)
    else:
        _set_fast(state)
    if state[WITHOUT] != 0:
        for i in range(state[CONTEXTS]):
            if (state[WITHOUT] >> i) & 1:
                state[HASH + i] = 0


@lean_kernel
def _follow_words(state: Numbers, place: Int) -> None:
    """Take the last byte into the word it belongs to, or end the word."""
    last = state[LAST_4] & 255
    letter = last + 32 if 65 <= last <= 90 else last
    if 97 <= letter <= 122 or last >= 128:
        state[WORD] = hashed(state[WORD], letter)
    elif state[WORD] != 0:
        state[WORD_2] = state[WORD_1]
        state[WORD_1] = state[WORD]
        state[WORD] = 0
        state[WORD_END] = place
        state[SEPARATOR] = last
    if last == NEWLINE:
        state[LINE_ABOVE] = state[LINE]
        state[LINE] = place


@lean_kernel
def _set_fast(state: Numbers) -> None:
    last, before = state[LAST_4], state[LAST_8]
    state[HASH] = hashed(1, last & 0xFF)
    state[HASH + 1] = hashed(2, last & 0xFFFF)
    state[HASH + 2] = hashed(3, last & 0xFFFFFF)
    state[HASH + 3] = hashed(4, last)
    state[HASH + 4] = hashed(hashed(5, last), before & 0xFFFF)
    state[HASH + 5] = hashed(hashed(6, state[WORD]), last & 0xFF)


@lean_kernel
def _set_text(state: Numbers, text: Numbers, place: Int) -> None:
    last, before, expected = state[LAST_4], state[LAST_8], state[EXPECTED]
    one = last & 0xFF
    word, word_1, word_2 = state[WORD], state[WORD_1], state[WORD_2]
    column = min(place - state[LINE], LONGEST_LINE)
    above: Int = 0
    if state[LINE_ABOVE] + column < state[LINE]:
        above = np.int64(text[np.uint64(state[LINE_ABOVE] + column)])
    gap = place - state[WORD_END] if word == 0 else 0
    state[HASH] = hashed(1, one)
    state[HASH + 1] = hashed(2, last & 0xFFFF)
    state[HASH + 2] = hashed(3, last & 0xFFFFFF)
    state[HASH + 3] = hashed(4, last)
    state[HASH + 4] = hashed(hashed(5, last), before & 0xFF)
    state[HASH + 5] = hashed(hashed(6, last), before & 0xFFFF)
    state[HASH + 6] = hashed(hashed(7, last), before)
    state[HASH + 7] = hashed(hashed(8, word), one)
    state[HASH + 8] = hashed(hashed(9, word), word_1)
    state[HASH + 9] = hashed(hashed(10, word), word_2)
    state[HASH + 10] = hashed(hashed(hashed(11, word), word_1), word_2)
    state[HASH + 11] = hashed(hashed(12, word), state[SEPARATOR] + 256 * min(gap, 255))
    state[HASH + 12] = hashed(hashed(13, word_1), one)
    state[HASH + 13] = hashed(14, last & 0xFF00FF)
    state[HASH + 14] = hashed(15, last & 0xF0F0F0F0)
    state[HASH + 15] = hashed(16, last & 0xE0E0FFFF)
    state[HASH + 16] = hashed(hashed(17, column), one)
    state[HASH + 17] = hashed(hashed(18, column), above)
    state[HASH + 18] = hashed(hashed(19, state[AFTER_2]), one)
    state[HASH + 19] = hashed(hashed(20, one), expected)
    state[HASH + 20] = hashed(hashed(21, word), expected)


@lean_kernel
def _set_binary(state: Numbers, text: Numbers, place: Int) -> None:
    last, before, expected = state[LAST_4], state[LAST_8], state[EXPECTED]
    one, stride = last & 0xFF, state[STRIDE]
    column = place % stride
    up, up_2 = _at(text, place - stride), _at(text, place - 2 * stride)
    left = _at(text, place - stride - 1)
    right = _at(text, place - stride + 1) if stride > 1 else 0  # the byte itself is not known yet
    fifth, sixth, seventh = before & 0xFF, (before >> 8) & 0xFF, (before >> 16) & 0xFF
    state[HASH] = hashed(1, one)
    state[HASH + 1] = hashed(2, last & 0xFFFF)
    state[HASH + 2] = hashed(3, last & 0xFFFFFF)
    state[HASH + 3] = hashed(4, last)
    state[HASH + 4] = hashed(hashed(5, last), before & 0xFFFF)
    state[HASH + 5] = hashed(hashed(6, state[WORD]), one)
    state[HASH + 6] = hashed(7, last & 0xFF00)
    state[HASH + 7] = hashed(8, last & 0xFF0000)
    state[HASH + 8] = hashed(9, last & 0xFFFF00)
    state[HASH + 9] = hashed(10, last & 0xFF00FF)
    state[HASH + 10] = hashed(11, last & 0xFFFF0000)
    state[HASH + 11] = hashed(12, last & 0xF0F0F0F0)
    state[HASH + 12] = hashed(hashed(13, last >> 24), fifth)
    state[HASH + 13] = hashed(hashed(14, last >> 24), last & 0xFFFF)
    state[HASH + 14] = hashed(hashed(15, fifth), sixth)
    state[HASH + 15] = hashed(hashed(16, sixth), seventh)
    state[HASH + 16] = hashed(17, before & 0xFFFF0000)
    state[HASH + 17] = hashed(hashed(18, fifth), one)
    state[HASH + 18] = hashed(hashed(19, sixth), one)
    state[HASH + 19] = hashed(hashed(20, sixth), last & 0xFFFF)
    state[HASH + 20] = hashed(hashed(21, seventh), last & 0xFFFF)
    state[HASH + 21] = hashed(hashed(22, up), one)
    state[HASH + 22] = hashed(hashed(23, up + 256 * up_2), column)
    state[HASH + 23] = hashed(hashed(24, up), left + 256 * one)
    state[HASH + 24] = hashed(hashed(25, column), up)
    state[HASH + 25] = hashed(hashed(26, column), one)
    state[HASH + 26] = hashed(hashed(27, up + 256 * right), one + 256 * left)
    state[HASH + 27] = hashed(hashed(28, state[AFTER_1]), one)
    state[HASH + 28] = hashed(hashed(29, one), expected)


@lean_kernel
def _at(text: Numbers, place: Int) -> Int:
    return np.int64(text[np.uint64(place)]) if place >= 0 else 0
