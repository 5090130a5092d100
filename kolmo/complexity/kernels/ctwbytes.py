"""Context-tree weighting of bytes: contexts are whole bytes, each byte is eight binary decisions.

A context has a slot for each half of the next byte, of 15 cells, one for each way the bits before
may have gone. A cell holds how many zeros and ones it has seen, in sixteenths, and beta: how much
better its own estimator does than the longer contexts. The next bit's probability is

    P = (beta P_own + P_longer) / (beta + 1), from the longest context that has seen the cell.

Slots lie in a hash table. At most two new ones are made for half a byte, the shortest first; where
four places are taken, the one seen least gives way. Encoder and decoder do the same.

Only + - x / of IEEE floats in a fixed order, hence the same numbers on every machine; a share is an
integer of 2**32. Largest values: counts are halved at 2**16 - 64; hashes are below 2**32, and their
products with what is added below 2**63; beta is kept within 1/1024 and 1024.

References
----------
P. A. J. Volf (2002). Weighting techniques in data compression: theory and algorithms. Doctoral
thesis, Technische Universiteit Eindhoven: the binary decomposition, the ratio beta. We differ in
estimators that forget: each bit takes from the other's count three eighths of what that has beyond
three; and in the longest context, which is the longest that has occurred.
"""

import numpy as np

from kolmo.coding.kernels.binary import SILENT, code_fine_bit
from kolmo.coding.kernels.coder import KIND, RANGE_CODER, Bytes, Words
from kolmo.complexity.kernels.ctw import LARGEST_DEPTH, LARGEST_SHARE, SHARES, Int, Numbers
from kolmo.jit import lean_kernel

Memory = tuple[Numbers, Numbers, Numbers, Numbers, Numbers]

# A cell: two counts in counts[], uint16; beta in the same bytes seen as float32. Cell 0 of a slot
# holds the check of its context instead, seen as int32 in checks[].
CELLS, HALVES, WORDS, BETA = 16, 4, 2, 1
CELL_BYTES = 8
SLOT_BYTES = CELLS * CELL_BYTES
# state[], int64. LAST: the longest context that has seen the cell. TOP: the longest with a slot.
# CELL: which cell of every slot is asked for.
SLOTS, DEPTH, LAST, TOP, CELL, SLOT = 0, 1, 2, 3, 4, 5
CONTEXT = SLOT + LARGEST_DEPTH + 1
STATE_WORDS = CONTEXT + LARGEST_DEPTH + 1
WORK_WORDS = 2 * (LARGEST_DEPTH + 1)  # own and longer P(1) at each context

UNIT = 16  # one bit seen
SURE, KEPT = 3 * UNIT, 5  # of what a count has beyond SURE, KEPT eighths are kept
LARGEST_COUNT = (1 << 16) - 4 * UNIT
FIRST_PRIOR, LAST_PRIOR = 6, 2  # what either count is thought to be beforehand, by length
FIRST_BETA, LARGEST_BETA, SMALLEST_BETA = 0.625, 1024.0, 1.0 / 1024.0
PLACES, GROWTH = 4, 2
HASH_MASK, SPREAD, CHECK = (1 << 32) - 1, 0x2C9277B5, 0x1B873593


@lean_kernel
def code_tree_bytes(
    head: Words, data: Bytes, text: tuple[Bytes, Int, Int], shares: Numbers, memory: Memory
) -> Int:
    """Write bytes of a text, or read and set them; or only learn from them. Return their number.

    Parameters
    ----------
    head, data : uint64[5], uint8[]
        The coder; see `kolmo.coding.kernels.binary`. With `SILENT` in its head nothing is coded.
    text : (uint8[], int64, int64)
        Bytes, and which ones: from start to stop. All before them are there.
    shares : int64[8 * (stop - start)], or empty
        Receives of each bit its share of 2**32.
    memory : (uint16[], float32[], int32[], int64[], float64[])
        counts, betas, checks, state and work, as listed on top; kept from call to call.
    """
    symbols, start, stop = text
    for place in range(start, stop):
        _hash_contexts(place, symbols, memory[3])
        byte, found = np.int64(symbols[place]), np.int64(1)
        for k in range(8):
            bit = (byte >> (7 - k)) & 1
            share = _predict(found, k, memory)
            if head[KIND] != SILENT:
                bit = np.int64(code_fine_bit(head, data, share, bit))
            if shares.size > 0:
                at = 8 * (place - start) + k
                shares[at] = share if bit == 1 else LARGEST_SHARE + 1 - share
            _learn(bit, memory)
            found = 2 * found + bit
        if head[KIND] == RANGE_CODER:
            symbols[place] = np.uint8(found & 255)
    return stop - start


@lean_kernel
def _hash_contexts(place: Int, text: Bytes, state: Numbers) -> None:
    """Set the hashes of the contexts of ``place``; before the first byte there are zeros."""
    code = np.int64(0)
    for depth in range(state[DEPTH] + 1):
        state[CONTEXT + depth] = code
        before = place - 1 - depth
        byte = np.int64(text[before]) if before >= 0 else np.int64(0)
        code = _mixed(code + byte + 1 + (depth << 8), SPREAD)


@lean_kernel
def _mixed(value: Int, factor: Int) -> Int:
    product = ((value & HASH_MASK) * factor) & HASH_MASK
    return product ^ (product >> 15)


@lean_kernel
def _predict(found: Int, k: int, memory: Memory) -> Int:
    """Return the share of a one for bit ``k`` of a byte, after the bits in ``found``."""
    counts, betas, _checks, state, work = memory
    if k & 3 == 0:
        _find_slots(found, memory)
    mask = (1 << (k & 3)) - 1
    state[CELL] = (found & mask) | (mask + 1)
    last = _longest(memory)
    longer = 0.5
    for depth in range(last, -1, -1):
        cell = state[SLOT + depth] + state[CELL]
        prior = max(FIRST_PRIOR - depth, LAST_PRIOR)
        zeros, ones = np.int64(counts[HALVES * cell]), np.int64(counts[HALVES * cell + 1])
        own = (ones + prior) / (zeros + ones + 2 * prior)
        work[2 * depth], work[2 * depth + 1] = own, longer
        if depth == last:
            longer = own
        else:
            part = 1.0 / (np.float64(betas[WORDS * cell + BETA]) + 1.0)
            longer = own * (1.0 - part) + longer * part
    return min(max(np.int64(longer * SHARES + 0.5), 1), LARGEST_SHARE)


@lean_kernel
def _longest(memory: Memory) -> Int:
    """Return how long the longest context is that has seen the cell; -1 if none has."""
    counts, _betas, _checks, state, _work = memory
    depth = 0
    while depth <= state[TOP] and _seen(state[SLOT + depth] + state[CELL], counts) > 0:
        depth += 1
    state[LAST] = depth - 1
    return depth - 1


@lean_kernel
def _seen(cell: Int, counts: Numbers) -> Int:
    return np.int64(counts[HALVES * cell]) + np.int64(counts[HALVES * cell + 1])


@lean_kernel
def _find_slots(found: Int, memory: Memory) -> None:
    """Find or make the slots of all contexts, after the bits of this byte in ``found``."""
    counts, _betas, _checks, state, _work = memory
    made, depth = 0, 0
    while depth <= state[DEPTH] and made < GROWTH:
        slot = _find_slot(_mixed(state[CONTEXT + depth] + (found << 16), SPREAD), memory)
        state[SLOT + depth] = slot
        state[TOP] = depth
        if _seen(slot + 1, counts) == 0:
            made += 1
        depth += 1


@lean_kernel
def _find_slot(code: Int, memory: Memory) -> Int:
    """Return the first cell of the slot of a context, which is made if it is not there."""
    counts, _betas, checks, state, _work = memory
    check = (_mixed(code, CHECK) >> 1) | 1
    least, chosen = 1 << 20, np.int64(0)
    for k in range(PLACES):
        slot = CELLS * ((code + k) & (state[SLOTS] - 1))
        if checks[WORDS * slot] == check:
            return slot
        seen = _seen(slot + 1, counts) if checks[WORDS * slot] != 0 else -1
        if seen < least:
            least, chosen = seen, slot
    if least >= 0:
        for k in range(WORDS * CELLS):
            checks[WORDS * chosen + k] = 0
    checks[WORDS * chosen] = check
    return chosen


@lean_kernel
def _learn(bit: Int, memory: Memory) -> None:
    """Update the cells of all contexts that have a slot."""
    counts, betas, _checks, state, work = memory
    for depth in range(state[TOP] + 1):
        cell = state[SLOT + depth] + state[CELL]
        at = WORDS * cell + BETA
        if depth < state[LAST]:
            own, longer = work[2 * depth], work[2 * depth + 1]
            ratio = own / longer if bit == 1 else (1.0 - own) / (1.0 - longer)
            beta = np.float64(betas[at]) * ratio
            betas[at] = min(max(beta, SMALLEST_BETA), LARGEST_BETA)
        elif _seen(cell, counts) == 0:
            betas[at] = FIRST_BETA
        _count(HALVES * cell, bit, counts)


@lean_kernel
def _count(at: Int, bit: Int, counts: Numbers) -> None:
    same, other = np.int64(counts[at + bit]) + UNIT, np.int64(counts[at + 1 - bit])
    if other > SURE:
        other = SURE + (((other - SURE) * KEPT) >> 3)
    if same > LARGEST_COUNT:
        same, other = same >> 1, (other + 1) >> 1
    counts[at + bit], counts[at + 1 - bit] = same, other
