"""The context mixer over pictures of black and white: each bit is a pixel, eight in a byte.

A context is a shape of pixels around the next one, in its row and up to five rows above. Its hash
is a place in a table of its own, which holds a history of bits and a counter: both speak to the
mixer. There are no checks; rows before the first are white.

Largest values: windows of a row have 48 bits, hashes 32; see the logistic part for the rest.

References
----------
M. Mahoney (2005), as in `kolmo.complexity.kernels.logistic`. ITU-T T.88 (2000), section 6.2.5.3:
the shape of sixteen pixels, near which the first contexts lie.
"""

import numpy as np

from kolmo.coding.kernels.binary import SILENT, code_bit
from kolmo.coding.kernels.coder import KIND, Bytes, Words
from kolmo.complexity.kernels.logistic import (
    CHOSEN,
    FINAL,
    FIRST_FREE,
    INPUTS,
    LIMIT,
    MASK_32,
    SETS,
    SLOT_MASK,
    STRETCH,
    STRIDE,
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

CONTEXTS = 13
SETS_OF_PIXELS = 4
# state[]: the last four bytes; a window of each row above; the place of each context; what the
# sets and refiners are chosen by
LAST_4 = FIRST_FREE
ABOVE = LAST_4 + 1  # five
PLACES = ABOVE + 6
ROWS_CHOSEN = PLACES + CONTEXTS  # four rows of weights, then the row of final ones, two refiners
STATE_WORDS = ROWS_CHOSEN + 8
ROW_1, ROW_2, ROW_3, ROWS = 256, 512, 768, 1024
REFINERS, SECOND_REFINER = 2048 + 16384, 2048
STATES = 256
DIRECT_LIMIT = 255
DIRECT = STATES * CONTEXTS  # counters[]: those of histories first, then one for each place


@lean_kernel
def mix_pixels(
    head: Words, data: Bytes, text: tuple[Bytes, Int, Int], shares: Numbers, memory: Memory
) -> Int:
    """Write bytes of pixels, or read and set them; or only learn from them. Return their number.

    The parameters are those of `kolmo.complexity.kernels.bytemix.mix_bytes`.
    """
    pixels, start, stop = text
    state = memory[0]
    for place in range(start, stop):
        _look_above(state, pixels, place)
        byte: Int = np.int64(pixels[np.uint64(place)])
        so_far: Int = 1
        for number in range(8):
            left = (state[LAST_4] << number) | (so_far & ((1 << number) - 1))
            _find_places(state, left, number, place)
            _ask(memory)
            _choose(state, left, number)
            mixed = mix(memory)
            share = refine(memory, mixed, state[ROWS_CHOSEN + 5], state[ROWS_CHOSEN + 6])
            bit = (byte >> (7 - number)) & 1
            if head[KIND] != SILENT:
                bit = code_bit(head, data, share, bit)
            if shares.size:
                shares[8 * (place - start) + number] = share if bit == 1 else 65536 - share
            learn_refining(memory, bit)
            learn(memory, mixed, bit)
            _tell(memory, bit)
            so_far = 2 * so_far + bit
        byte = so_far & 255
        pixels[np.uint64(place)] = byte
        slow_down(state, place)
        state[LAST_4] = ((state[LAST_4] << 8) | byte) & MASK_32
    return stop - start


@lean_kernel
def _look_above(state: Numbers, pixels: Bytes, place: Int) -> None:
    """Set of the five rows above the two bytes before, the one above, and three after it."""
    stride = state[STRIDE]
    for row in range(5):
        window: Int = 0
        first = place - (row + 1) * stride - 2
        for k in range(6):
            window <<= 8
            if 0 <= first + k < place:
                window |= np.int64(pixels[np.uint64(first + k)])
        state[ABOVE + row] = window


@lean_kernel
def _window(state: Numbers, row: Int, number: Int, before: Int, after: Int) -> Int:
    """Return the pixels of a row above, from ``before`` left of the next one to ``after`` right."""
    return (state[ABOVE + row] >> (31 - number - after)) & ((1 << (before + after + 1)) - 1)


@lean_kernel
def _find_places(state: Numbers, left: Int, number: Int, place: Int) -> None:
    """Set the place of each context's history and counter."""
    three_1, three_2 = _window(state, 0, number, 1, 1), _window(state, 1, number, 1, 1)
    three_3, three_4 = _window(state, 2, number, 1, 1), _window(state, 3, number, 1, 1)
    five_1, five_2 = _window(state, 0, number, 2, 2), _window(state, 1, number, 2, 2)
    five_3 = _window(state, 2, number, 2, 2)
    seven_1, nine_1 = _window(state, 0, number, 3, 3), _window(state, 0, number, 4, 4)
    thirteen_1, nine_2 = _window(state, 0, number, 6, 6), _window(state, 1, number, 4, 4)
    column = 8 * (place % state[STRIDE]) + number
    _place(state, 0, (left & 15) | seven_1 << 4 | five_2 << 11, 0)
    _place(state, 1, (left & 255) | nine_1 << 8, 0)
    _place(state, 2, (left & 63) | five_1 << 6 | five_2 << 11 | five_3 << 16, 0)
    _place(state, 3, thirteen_1 | _window(state, 1, number, 3, 3) << 13 | (left & 7) << 20, 0)
    rows = nine_2 | _window(state, 2, number, 3, 3) << 9 | _window(state, 3, number, 2, 2) << 16
    _place(state, 4, (left & 0xFFF) | thirteen_1 << 12, rows)
    _place(state, 5, left & 0xFFFFF, 0)
    rows = three_1 | three_2 << 3 | three_3 << 6 | three_4 << 9
    _place(state, 6, rows | _window(state, 4, number, 1, 1) << 12 | (left & 7) << 15, 0)
    _place(state, 7, (left & 3) | three_1 << 2 | _window(state, 1, number, 0, 0) << 5, 0)
    _place(state, 8, left & 0xFFFFFF, _window(state, 0, number, 12, 10))
    eleven_1, eleven_2 = _window(state, 0, number, 5, 5), _window(state, 1, number, 5, 5)
    _place(state, 9, (left & 31) | eleven_1 << 5 | eleven_2 << 16, 0)
    rows = _window(state, 1, number, 8, 8) | (_window(state, 2, number, 6, 6) & 0x1FFF) << 17
    _place(state, 10, (left & 0x7FFF) | _window(state, 0, number, 8, 8) << 15, rows)
    _place(state, 11, (left & 7) | five_1 << 3 | column << 8, 0)
    ahead = (left & 1) | _window(state, 0, number, 0, 2) << 1 | _window(state, 1, number, 0, 3) << 4
    ahead |= _window(state, 2, number, 0, 4) << 8 | _window(state, 3, number, 0, 4) << 13
    _place(state, 12, ahead | _window(state, 4, number, 0, 4) << 18, 0)


@lean_kernel
def _place(state: Numbers, context: Int, first: Int, second: Int) -> None:
    slot = hashed(hashed(context + 1, first & MASK_32), second) & state[SLOT_MASK]
    state[PLACES + context] = slot * CONTEXTS + context


@lean_kernel
def _ask(memory: Memory) -> None:
    """Set the three inputs of each context, and the last one, which is always the same."""
    state, tables, inputs, counters, slots = memory[0], memory[1], memory[2], memory[4], memory[6]
    for i in range(CONTEXTS):
        place = state[PLACES + i]
        history = np.int64(slots[np.uint64(place)])
        share = np.int64(counters[np.uint64(DIRECT + place)]) >> 20
        inputs[np.uint64(2 * CONTEXTS + i)] = tables[np.uint64(STRETCH + share)]
        say(memory, STATES * i + history, 2 * i, np.int64(history != 0))
    inputs[np.uint64(3 * CONTEXTS)] = 256


@lean_kernel
def _choose(state: Numbers, left: Int, number: Int) -> None:
    """Choose the sets of weights and the refiners by the pixels around."""
    size = state[INPUTS]
    three_1, three_2 = _window(state, 0, number, 1, 1), _window(state, 1, number, 1, 1)
    state[CHOSEN] = (_window(state, 0, number, 2, 2) << 3 | (left & 7)) * size
    state[CHOSEN + 1] = (ROW_1 + (three_1 << 5 | three_2 << 2 | (left & 3))) * size
    state[CHOSEN + 2] = (ROW_2 + (left & 255)) * size
    state[CHOSEN + 3] = (ROW_3 + _window(state, 0, number, 3, 4)) * size
    state[FINAL] = ((left & 3) | three_1 << 2) * state[SETS]
    state[ROWS_CHOSEN + 5] = (left & 255) | three_1 << 8
    around = (left & 15) | _window(state, 0, number, 3, 3) << 4 | three_2 << 11
    state[ROWS_CHOSEN + 6] = SECOND_REFINER + around


@lean_kernel
def _tell(memory: Memory, bit: Int) -> None:
    """Tell all counters and histories the bit."""
    state, tables, slots = memory[0], memory[1], memory[6]
    limit = state[LIMIT]
    for i in range(CONTEXTS):
        place = state[PLACES + i]
        history = np.int64(slots[np.uint64(place)])
        count(memory, STATES * i + history, bit, limit)
        count(memory, DIRECT + place, bit, DIRECT_LIMIT)
        slots[np.uint64(place)] = tables[np.uint64(TABLE_WORDS + 2 * history + bit)]
