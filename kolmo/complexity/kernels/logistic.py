"""Logistic mixing of binary predictions in two layers, all in integers, as for every mixing model.

A prediction is a *logit*, 256 ln(p / (1 - p)), within +-2047, or a share of 2**16. Inputs are
weighted and added; several sets of weights, each chosen by a context of its own, make a logit each,
and a last set mixes these. Every set learns from its own error. Two adaptive tables then say how
often a logit was right in a context.

Everything stands in flat arrays, listed below; indices are unsigned, since a sign would cost a test
for each element and keep the compiler from using vectors.

Weights have 16 bits, 2**12 for 1, so that the rows of a few sets stay in the nearest cache. Steps
are finer than that: they are rounded up or down by a draw that both sides make, hence right on
average.

Largest values: inputs are below 2**11 and weights 2**14, hence sums of 64 products, of which the
last input is 256, below 2**31; shares are 2**16, rates below 2**6, steps below 2**18, and a step
times an input below 2**29.

References
----------
M. Mahoney (2005). Adaptive weighing of context models for lossless data compression. Florida Tech
TR CS-2005-16. We differ in shares of 16 bits, in a rate that falls like 1/n to a floor, in leaving
out steps too small to matter, and in mixing the refined shares linearly.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import lean_kernel

Numbers = NDArray[Any]
Int = Any  # int64 in numba's eyes; numpy's own stubs lose the type in every operation
Memory = tuple[Numbers, ...]

# Memory is (state int64, tables int32, inputs int16, weights int16, counters uint32, refiners
# uint16, histories uint8, places int32, last weights int32).

# tables[], int32: logits of 4096 shares, shares of the logits -3072 to 3071, 2**16 / (n + 1.6)
STRETCH, SQUASH, PACE = 0, 4096, 4096 + 6144
TABLE_WORDS = PACE + 1024
MIDDLE = 3072
LARGEST_LOGIT, LARGEST_MIXED = 2047, 2815
# state[]: what is set once, and what the mixer keeps for a bit
INPUTS, SETS, CONTEXTS, SLOT_MASK, STRIDE, RATE, LIMIT, LAST_RATE = 0, 1, 2, 3, 4, 5, 6, 7
CHOSEN, LOGIT, SHARE = 8, 16, 23  # of each set: its place among the weights, what it says
DITHER, FINAL, MIXED, REFINED = 31, 32, 33, 34  # REFINED: two places
FIRST_FREE = 40

FIRST_RATE, RATE_SPAN = 40 << 8, 512
FINAL_RATE = 1
LARGEST_WEIGHT = (1 << 14) - 1
DITHER_BITS = 20
NEGLIGIBLE = 640
KNOTS = 33
COUNT_MASK = 1023
CERTAIN = (1 << 22) - 1
HALF = 1 << 31  # a counter that has seen nothing
MASK_32 = 0xFFFFFFFF


@lean_kernel
def hashed(first: Int, second: Int) -> Int:
    """Return 32 bits made of two times 32; no product passes 2**63."""
    found = (first * 0x2F0B4C47 + second * 0x3A5D39EB + 0x1234567) & MASK_32
    found ^= found >> 15
    return (found * 0x5BD1E995) & MASK_32


@lean_kernel
def mix(memory: Memory) -> Int:
    """Return the share of a one by all inputs, given the places of the chosen sets."""
    state, tables, finals = memory[0], memory[1], memory[8]
    size, sets = state[INPUTS], state[SETS]
    final = state[FINAL]
    total = np.int64(0)
    for k in range(sets):
        sum_ = _product(memory[2], memory[3], state[CHOSEN + k], size)
        logit: Int = min(max(sum_ >> 12, -LARGEST_LOGIT), LARGEST_LOGIT)
        state[LOGIT + k] = logit
        state[SHARE + k] = tables[np.uint64(SQUASH + MIDDLE + logit)]
        total += logit * np.int64(finals[np.uint64(final + k)])
    mixed: Int = min(max(total >> 16, -LARGEST_MIXED), LARGEST_MIXED)
    state[MIXED] = mixed
    return np.int64(tables[np.uint64(SQUASH + MIDDLE + mixed)])


@lean_kernel
def learn(memory: Memory, share: Int, bit: Int) -> None:
    """Move the weights towards a bit that had been given ``share`` by `mix`."""
    state, finals = memory[0], memory[8]
    sets, rate = state[SETS], state[RATE] >> 8
    final = state[FINAL]
    target = bit << 16
    error = (target - share) * FINAL_RATE
    dither = (state[DITHER] * 0x41C64E6D + 12345) & 0x7FFFFFFF
    state[DITHER] = dither
    for k in range(sets):
        place = np.uint64(final + k)
        finals[place] = np.int64(finals[place]) + ((state[LOGIT + k] * error + (1 << 17)) >> 18)
        own = target - state[SHARE + k]
        if own >= NEGLIGIBLE or own <= -NEGLIGIBLE:
            _move(memory, state[CHOSEN + k], (own * rate) >> 4, dither >> 11)


@lean_kernel
def slow_down(state: Numbers, place: Int) -> None:
    """Set the rate of learning for the byte at ``place``."""
    state[RATE] = state[LAST_RATE] + FIRST_RATE * RATE_SPAN // (place + RATE_SPAN)


@lean_kernel
def _product(inputs: Numbers, weights: Numbers, place: Int, size: Int) -> Int:
    """Return the sum of inputs times weights: 16 bits times 16, which vectors do best."""
    total = np.int32(0)
    start = np.uint64(place)
    for j in range(np.uint64(size)):
        part = np.int32(np.int16(inputs[j])) * np.int32(np.int16(weights[start + j]))
        total = np.int32(total + part)
    return np.int64(total)


@lean_kernel
def _move(memory: Memory, place: Int, step: Int, dither: Int) -> None:
    """Move a set of weights by ``step`` times the inputs, rounded up or down by chance."""
    state, inputs, weights = memory[0], memory[2], memory[3]
    start, narrow, noise = np.uint64(place), np.int32(step), np.int32(dither)
    for j in range(np.uint64(state[INPUTS])):
        part = np.multiply(np.int32(inputs[j]), narrow)  # 32 bits, where * makes 64
        moved = np.int32(weights[start + j] + np.int32(np.int32(part + noise) >> DITHER_BITS))
        weights[start + j] = min(max(moved, np.int32(-LARGEST_WEIGHT)), np.int32(LARGEST_WEIGHT))


@lean_kernel
def refine(memory: Memory, share: Int, first: Int, second: Int) -> Int:
    """Return the share corrected by what two contexts knew of such logits, within 1 and 65535."""
    state = memory[0]
    logit = min(max(state[MIXED], -LARGEST_LOGIT), LARGEST_LOGIT) + LARGEST_LOGIT + 1
    one = _knot(memory, 0, first * KNOTS + (logit >> 7), logit & 127)
    two = _knot(memory, 1, second * KNOTS + (logit >> 7), logit & 127)
    return min(max((2 * share + 3 * one + 3 * two + 4) >> 3, 1), 65535)


@lean_kernel
def _knot(memory: Memory, number: Int, place: Int, weight: Int) -> Int:
    """Return the share between two knots, and remember the nearer one."""
    state, refiners = memory[0], memory[5]
    low = np.int64(refiners[np.uint64(place)])
    high = np.int64(refiners[np.uint64(place + 1)])
    state[REFINED + number] = place + (weight >> 6)
    return (low * (128 - weight) + high * weight) >> 7


@lean_kernel
def learn_refining(memory: Memory, bit: Int) -> None:
    """Move the two knots that spoke for the last bit."""
    state, refiners = memory[0], memory[5]
    target = bit * 65535
    for number in range(2):
        place = np.uint64(state[REFINED + number])
        held = np.int64(refiners[place])
        refiners[place] = held + ((target - held) >> 6)


@lean_kernel
def say(memory: Memory, place: Int, number: Int, known: Int) -> None:
    """Set inputs ``number`` and the next to what a counter says, its logit and its share.

    ``known`` is 1, or 0 for inputs that say nothing: a product costs less than a branch that goes
    one way or the other.
    """
    tables, inputs, counters = memory[1], memory[2], memory[4]
    share = np.int64(counters[np.uint64(place)]) >> 20
    inputs[np.uint64(number)] = known * np.int64(tables[np.uint64(STRETCH + share)])
    inputs[np.uint64(number + 1)] = known * (share - 2048)


@lean_kernel
def count(memory: Memory, place: Int, bit: Int, limit: Int) -> None:
    """Move a counter towards ``bit`` by 1 / (n + 1.6), n being what it has seen, at most a limit.

    It holds 22 bits of the share of ones and 10 of n.
    """
    tables, counters = memory[1], memory[4]
    held = np.int64(counters[np.uint64(place)])
    seen = held & COUNT_MASK
    share = held >> 10
    share += ((bit * CERTAIN - share) * np.int64(tables[np.uint64(PACE + seen)])) >> 16
    counters[np.uint64(place)] = (share << 10) | min(seen + 1, limit)
