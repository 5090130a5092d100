"""The context mixer over bytes: one loop that writes, reads, or only learns.

Each context of a byte has two slots, one for its first four bits and one for the rest, each with
15 histories of bits: what followed in this context, as one of some 200 states. A counter for each
state says how often a one came next; it speaks to the mixer by its logit and its share. Two match
models expect the byte that followed the last occurrence of the recent bytes; the last one goes on
after a miss.

A slot is 16 bytes, the first a check of the context; of three places in one line of a cache the
one with the shortest history of its first bit is given to a new context.

Largest values: hashes are below 2**32, places below 2**31; see the logistic part for the rest.

References
----------
M. Mahoney (2005), as in `kolmo.complexity.kernels.logistic`: indirect histories, slots with checks,
match models. We differ in the states, the contexts, and a match model that recovers.
"""

import numpy as np

from kolmo.coding.kernels.binary import SILENT, code_bit
from kolmo.coding.kernels.coder import KIND, Bytes, Words
from kolmo.complexity.kernels.bytecontexts import (
    AFTER_1,
    AFTER_2,
    CHECK,
    EXPECTED,
    FAST,
    HASH,
    LAST_4,
    LAST_8,
    LAST_12,
    MATCH,
    MODELS,
    ORDERS,
    PRESET,
    SLOT,
    TOUCHED,
    set_contexts,
)
from kolmo.complexity.kernels.logistic import (
    CHOSEN,
    CONTEXTS,
    FINAL,
    INPUTS,
    LIMIT,
    MASK_32,
    SETS,
    SLOT_MASK,
    TABLE_WORDS,
    Int,
    Memory,
    Numbers,
    count,
    hashed,
    learn,
    learn_refining,
    mix,
    refine,
    say,
    slow_down,
)
from kolmo.jit import lean_kernel

SLOT_BYTES = 16
STATES = 256
# A match model: where the expected byte stands (0: none), how many came true since the last miss,
# and the last eight outcomes.
PLACE, RUN, OUTCOMES = 0, 1, 2
MATCH_WORDS = 3
SHORT_MATCH, LONG_MATCH = 6, 12
LONGEST_CHECK, LONGEST_RUN = 32, 65535
FEWEST_HITS = 8  # of the last sixteen, or the long match is given up
# counters[]: STATES for each context, then two match models, then order 0
MATCH_COUNTERS, RUNS = 1024, 32
# places[]: what followed each byte, and each pair; then for each match model where hashes occurred
AFTER_PAIRS, FIRST_HASH = 256, 256 + 65536
MATCH_LIMIT, ORDER_0_LIMIT = 1000, 250
# rows of weights: by the bits so far, the last byte, the one before, the longest known order, and
# the kinds of the last two bytes
ROW_1, ROW_2, ROW_3, ROW_4, ROWS = 256, 512, 768, 832, 1344
REFINER_BITS = 14
REFINERS = (1 << 16) + (1 << REFINER_BITS)


@lean_kernel
def mix_bytes(
    head: Words, data: Bytes, text: tuple[Bytes, Int, Int], shares: Numbers, memory: Memory
) -> Int:
    """Write bytes of a text, or read and set them; or only learn from them. Return their number.

    Parameters
    ----------
    head, data : uint64[5], uint8[]
        The coder; see `kolmo.coding.kernels.binary`. With `SILENT` in its head nothing is coded.
    text : (uint8[], int64, int64)
        Bytes, and which ones: from start to stop; all before them are there.
    shares : int64[8 (stop - start)], or empty
        Receives of each bit its share of 2**16.
    memory : tuple of arrays
        As listed in `kolmo.complexity.kernels.logistic`; kept from call to call.
    """
    symbols, start, stop = text
    state = memory[0]
    for place in range(start, stop):
        _expect(state, symbols)
        set_contexts(state, symbols, place)
        byte: Int = np.int64(symbols[np.uint64(place)])
        so_far: Int = 1
        for number in range(8):
            if number == 0 or number == 4:
                _find_slots(memory, so_far)
                node: Int = 1
                if number == 0:
                    known = _known_order(memory)
            _ask(memory, node, so_far, number, symbols)
            _choose(state, so_far, number, known)
            mixed = mix(memory)
            last = state[LAST_4]
            pair = hashed(so_far, last & 0xFFFF) >> (32 - REFINER_BITS)
            share = refine(memory, mixed, (last & 0xFF) << 8 | so_far, 65536 + pair)
            bit = (byte >> (7 - number)) & 1
            if head[KIND] != SILENT:
                bit = code_bit(head, data, share, bit)
            if shares.size:
                shares[8 * (place - start) + number] = share if bit == 1 else 65536 - share
            learn_refining(memory, bit)
            learn(memory, mixed, bit)
            _tell(memory, node, so_far, number, bit, symbols)
            so_far = 2 * so_far + bit
            node = 2 * node + bit
        byte = so_far & 255
        symbols[np.uint64(place)] = byte
        slow_down(state, place)
        _remember(memory, symbols, place, byte)
    return stop - start


@lean_kernel
def _expect(state: Numbers, text: Bytes) -> None:
    """Set the byte that a match expects, the short one first, plus one; 0 if none does."""
    found: Int = 0
    for model in range(state[MODELS]):
        place = state[MATCH + MATCH_WORDS * model + PLACE]
        if place > 0 and found == 0:
            found = np.int64(text[np.uint64(place)]) + 1
    state[EXPECTED] = found


@lean_kernel
def _find_slots(memory: Memory, so_far: Int) -> None:
    """Set the place of each context's slot; a new context gets an empty one.

    All lines are touched before the first is needed: they come from memory together, where a
    branch that waits for each would fetch them one after the other.
    """
    state, slots = memory[0], memory[6]
    mask = state[SLOT_MASK]
    touched = np.int64(0)
    for i in range(state[CONTEXTS]):
        hash_ = hashed(state[HASH + i], so_far)
        line = ((hash_ >> 3) & mask) * SLOT_BYTES
        state[CHECK + i] = max(((hash_ * 0x1E3779B1) & MASK_32) >> 24, 1)
        state[SLOT + i] = line
        touched += np.int64(slots[np.uint64(line)])
    state[TOUCHED] = touched
    for i in range(state[CONTEXTS]):
        check = np.uint8(state[CHECK + i])
        first = state[SLOT + i]
        if slots[np.uint64(first)] == check:
            continue
        second, third = first ^ SLOT_BYTES, first ^ (2 * SLOT_BYTES)
        if slots[np.uint64(second)] == check:
            state[SLOT + i] = second
        elif slots[np.uint64(third)] == check:
            state[SLOT + i] = third
        else:
            state[SLOT + i] = _empty_slot(slots, first, second, third)
            slots[np.uint64(state[SLOT + i])] = check


@lean_kernel
def _empty_slot(slots: Bytes, first: Int, second: Int, third: Int) -> Int:
    """Empty the least used of three slots, and return its place."""
    found = first
    if slots[np.uint64(first)] != 0:
        if slots[np.uint64(second + 1)] < slots[np.uint64(first + 1)]:
            found = second
        if slots[np.uint64(third + 1)] < slots[np.uint64(found + 1)]:
            found = third
        for j in range(np.uint64(1), np.uint64(SLOT_BYTES)):
            slots[np.uint64(found) + j] = 0
    return found


@lean_kernel
def _known_order(memory: Memory) -> Int:
    """Return the number of the longest context among the orders that occurred before."""
    state, slots = memory[0], memory[6]
    found = 0
    for i in range(state[ORDERS]):
        if slots[np.uint64(state[SLOT + i] + 1)] != 0:
            found = i + 1
    return found


@lean_kernel
def _ask(memory: Memory, node: Int, so_far: Int, number: Int, text: Bytes) -> None:
    """Set all inputs of the mixer for the next bit."""
    state, inputs, slots = memory[0], memory[2], memory[6]
    contexts = state[CONTEXTS]
    for i in range(contexts):
        history = np.int64(slots[np.uint64(state[SLOT + i] + node)])
        say(memory, STATES * i + history, 2 * i, np.int64(history != 0))
    at = 2 * contexts
    for model in range(state[MODELS]):
        place = _match_counter(state, text, model, so_far, number)
        say(memory, max(place, 0), at + 2 * model, np.int64(place >= 0))
    at += 2 * state[MODELS]
    say(memory, STATES * contexts + 2 * MATCH_COUNTERS + so_far, at, 1)
    inputs[np.uint64(at + 2)] = 256


@lean_kernel
def _match_counter(state: Numbers, text: Bytes, model: Int, so_far: Int, number: Int) -> Int:
    """Return the counter of a match model for the bit it expects; -1 if it expects none."""
    base = MATCH + MATCH_WORDS * model
    if state[base + PLACE] == 0:
        return -1
    expected = np.int64(text[np.uint64(state[base + PLACE])]) + 256
    if expected >> (8 - number) != so_far:
        return -1
    run = state[base + RUN]
    length = run if run < 16 else min(16 + ((run - 16) >> 3), RUNS - 1)
    if model + 1 == state[MODELS]:
        length = min(length, 15) + 16 * (state[base + OUTCOMES] & 15)
    bit = (expected >> (7 - number)) & 1
    return STATES * state[CONTEXTS] + MATCH_COUNTERS * model + 2 * length + bit


@lean_kernel
def _choose(state: Numbers, so_far: Int, number: Int, known: Int) -> None:
    """Choose the sets of weights by their contexts."""
    size = state[INPUTS]
    last = state[LAST_4]
    one, two = last & 0xFF, (last >> 8) & 0xFF
    state[CHOSEN] = so_far * size
    state[CHOSEN + 1] = (ROW_3 + 8 * known + number) * size
    if state[PRESET] != FAST:
        state[CHOSEN + 2] = (ROW_1 + one) * size
        state[CHOSEN + 3] = (ROW_2 + two) * size
        state[CHOSEN + 4] = (ROW_4 + 64 * (one >> 5) + 8 * (two >> 5) + number) * size
    state[FINAL] = so_far * state[SETS]


@lean_kernel
def _tell(memory: Memory, node: Int, so_far: Int, number: Int, bit: Int, text: Bytes) -> None:
    """Tell all counters and histories the bit."""
    state, tables, slots = memory[0], memory[1], memory[6]
    contexts, limit = state[CONTEXTS], state[LIMIT]
    for i in range(contexts):
        place = np.uint64(state[SLOT + i] + node)
        history = np.int64(slots[place])
        count(memory, STATES * i + history, bit, limit)
        slots[place] = tables[np.uint64(TABLE_WORDS + 2 * history + bit)]
    for model in range(state[MODELS]):
        counter = _match_counter(state, text, model, so_far, number)
        if counter >= 0:
            count(memory, counter, bit, MATCH_LIMIT)
    count(memory, STATES * contexts + 2 * MATCH_COUNTERS + so_far, bit, ORDER_0_LIMIT)


@lean_kernel
def _remember(memory: Memory, text: Bytes, place: Int, byte: Int) -> None:
    """Take a whole byte into the past."""
    state, places = memory[0], memory[7]
    last = state[LAST_4]
    _append(places, last & 0xFF, byte)
    _append(places, AFTER_PAIRS + (last & 0xFFFF), byte)
    state[LAST_12] = ((state[LAST_12] << 8) | (state[LAST_8] >> 24)) & MASK_32
    state[LAST_8] = ((state[LAST_8] << 8) | (last >> 24)) & MASK_32
    last = ((last << 8) | byte) & MASK_32
    state[LAST_4] = last
    state[AFTER_1] = np.int64(places[np.uint64(byte)])
    state[AFTER_2] = np.int64(places[np.uint64(AFTER_PAIRS + (last & 0xFFFF))])
    size = (places.size - FIRST_HASH) >> 1
    short = hashed(hashed(6, last), state[LAST_8] & 0xFFFF) & (size - 1)
    _follow(memory, text, 0, place, FIRST_HASH + short)
    if state[MODELS] > 1:
        long = hashed(hashed(hashed(12, last), state[LAST_8]), state[LAST_12]) & (size - 1)
        _follow(memory, text, 1, place, FIRST_HASH + size + long)


@lean_kernel
def _append(places: Numbers, place: Int, byte: Int) -> None:
    places[np.uint64(place)] = ((np.int64(places[np.uint64(place)]) << 8) | byte) & 0xFFFF


@lean_kernel
def _follow(memory: Memory, text: Bytes, model: Int, place: Int, key: Int) -> None:
    """Move a match model on over the byte at ``place``; look for a new match if it has none."""
    state, places = memory[0], memory[7]
    base = MATCH + MATCH_WORDS * model
    shortest = LONG_MATCH if model == 1 else SHORT_MATCH
    if state[base + PLACE] > 0:
        _check(state, base, model, text[np.uint64(state[base + PLACE])] == text[np.uint64(place)])
    if place + 1 < shortest:
        return
    if state[base + PLACE] == 0:
        found = np.int64(places[np.uint64(key)])
        length = _common(text, found, place + 1) if found > 0 else 0
        if length >= shortest:
            state[base + PLACE], state[base + RUN] = found, length
            state[base + OUTCOMES] = 0xFFFF
    places[np.uint64(key)] = place + 1


@lean_kernel
def _check(state: Numbers, base: Int, model: Int, hit: bool) -> None:
    """Note whether the expected byte came; give a match up that fails."""
    state[base + PLACE] += 1
    if hit:
        state[base + RUN] = min(state[base + RUN] + 1, LONGEST_RUN)
        state[base + OUTCOMES] = ((state[base + OUTCOMES] << 1) | 1) & 0xFFFF
        return
    state[base + RUN] = 0
    state[base + OUTCOMES] = (state[base + OUTCOMES] << 1) & 0xFFFF
    hits = 0
    for k in range(16):
        hits += (state[base + OUTCOMES] >> k) & 1
    if model + 1 < state[MODELS] or hits < FEWEST_HITS:
        state[base + PLACE] = 0


@lean_kernel
def _common(text: Bytes, first: Int, second: Int) -> Int:
    """Return how many bytes before two places are the same, at most 32; first < second."""
    length = 0
    while (
        length < LONGEST_CHECK
        and length < first
        and text[np.uint64(first - 1 - length)] == text[np.uint64(second - 1 - length)]
    ):
        length += 1
    return length
