"""One modelled bit: mixed in the logistic domain from distributions and counters, integers only.

Three distributions (`kolmo.weights.shapes`) say how likely a step is at three estimates of the
local scale; three counters how often it was taken in like places. Their log-odds are added with
weights that learn from every bit.

Everything that changes stands in one array, everything that does not in another: an argument costs
more than a sum. The places of both are listed below; tensors of any kind share them.

The largest values: log-odds are below 2**11; a bit moves a mixing weight by less than 2**13, hence
after 2**32 bits it is below 2**46, and the sum of 13 products below 2**61; a counter holds 22 bits
of probability and 10 of a count.

References
----------
M. Mahoney (2005). Adaptive weighing of context models for lossless data compression. Florida Tech
TR CS-2005-16: the mixing of log-odds, its gradient. We differ in that fixed distributions are mixed
in, in counters that remember how often they were asked, and in the arithmetic.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.binary import code_bit
from kolmo.coding.kernels.coder import Bytes, Words
from kolmo.jit import lean_kernel

Numbers = NDArray[Any]
Int = Any  # int64 in numba's eyes; numpy's own stubs lose the type in every operation

SHAPES, SCALES, COUNTERS = 3, 3, 3
INPUTS = SHAPES * SCALES + COUNTERS + 1
WEIGHT_SETS = 22
# state[]: int64; the first 48 are the caller's
PLACE = 48  # of the shapes at each scale, of the counters, and of the weights
CHOSEN = PLACE + SCALES + COUNTERS
INPUT = CHOSEN + 1
RATE = INPUT + INPUTS
WEIGHT = RATE + WEIGHT_SETS
COUNTER = WEIGHT + WEIGHT_SETS * INPUTS
# tables[]: int32
STRETCH, SQUASH, PACE, LOG, SHAPE = 0, 4096, 8192, 8192 + 1024, 8192 + 1024 + 256

BIAS = 256
LARGEST_ODDS = 2047
FIRST_RATE, LAST_RATE, RATE_DECAY = 1 << 16, 1 << 11, 9
COUNT_BITS = 10
COUNT_MASK = (1 << COUNT_BITS) - 1
LARGEST_COUNT = 1000
CERTAIN = (1 << 22) - 1
HALF = 1 << 31  # a counter that has seen nothing


@lean_kernel
def mixed_bit(head: Words, data: Bytes, bit: Int, state: Numbers, tables: Numbers) -> Int:
    """Write ``bit``, or read one and return it; then learn from it."""
    chosen = state[CHOSEN]
    base = WEIGHT + chosen * INPUTS
    dot = BIAS * state[base + INPUTS - 1]
    for j in range(SCALES):
        at = SHAPE + state[PLACE + j]
        for k in range(SHAPES):
            value = np.int64(tables[at + k])
            state[INPUT + j * SHAPES + k] = value
            dot += value * state[base + j * SHAPES + k]
    for j in range(COUNTERS):
        value = np.int64(tables[STRETCH + (state[COUNTER + state[PLACE + SCALES + j]] >> 20)])
        state[INPUT + SHAPES * SCALES + j] = value
        dot += value * state[base + SHAPES * SCALES + j]
    state[INPUT + INPUTS - 1] = BIAS
    odds = min(max(dot >> 16, -LARGEST_ODDS), LARGEST_ODDS)
    share = np.int64(tables[SQUASH + odds + LARGEST_ODDS + 1])
    found = code_bit(head, data, share, bit)
    rate = state[RATE + chosen]
    step = ((found << 16) - share) * (rate >> 8)
    state[RATE + chosen] = rate - ((rate - LAST_RATE) >> RATE_DECAY)
    for j in range(INPUTS):
        state[base + j] += (state[INPUT + j] * step + (1 << 21)) >> 22
    for j in range(COUNTERS):
        count_bit(state, COUNTER + state[PLACE + SCALES + j], found, tables)
    return found


@lean_kernel
def counted_bit(
    coder: tuple[Words, Bytes], bit: Int, cell: Int, state: Numbers, tables: Numbers
) -> Int:
    """Write ``bit``, or read one and return it, by one counter alone."""
    share = min(max(state[COUNTER + cell] >> 16, 32), 65536 - 32)
    found = code_bit(coder[0], coder[1], share, bit)
    count_bit(state, COUNTER + cell, found, tables)
    return found


@lean_kernel
def count_bit(state: Numbers, place: Int, bit: Int, tables: Numbers) -> None:
    """Move a counter towards ``bit`` by 1 / (n + 3/2), n being what it has seen, at most 1000."""
    held = state[place]
    count = held & COUNT_MASK
    probability = held >> COUNT_BITS
    probability += ((bit * CERTAIN - probability) * np.int64(tables[PACE + count])) >> 16
    seen: Int = min(count + 1, LARGEST_COUNT)
    state[place] = (probability << COUNT_BITS) | seen
