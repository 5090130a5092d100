"""Bits, one after the other, through a range coder: for models that learn from each.

The coder is that of `kolmo.coding.rangecoder`, whose head it shares; here a model calls it from its
own loop, in the same words when it writes and when it reads. The share of a one is an integer of
2**16, 1 to 65,535, or a fine one of 2**32, for models that may be surer than that; all numbers are
uint64, and no sum or product passes 2**64.
"""

import numpy as np

from kolmo.coding.kernels.coder import (
    BYTE,
    FLOOR,
    KIND,
    LARGEST,
    OFFSET,
    ONE,
    POSITION,
    RANGE,
    RANGE_CODER,
    TOP_SHIFT,
    UNIT,
    ZERO,
    Bytes,
    Word,
    Words,
    add_one,
)
from kolmo.jit import lean_kernel

# A head that writes has the low end of its interval in OFFSET, the bytes that came out since it was
# made in POSITION, and in CARRY whether 1 must be added to the bytes before.
WRITER = np.uint64(2)
SILENT = np.uint64(3)  # a head that neither reads nor writes: a loop that learns looks for it
CARRY = UNIT
SHARE_BITS = np.uint64(16)
FINE_BITS = np.uint64(32)


@lean_kernel
def code_bit(head: Words, data: Bytes, share: Word, bit: Word) -> Word:
    """Write ``bit``, or read one and return it; a one has ``share`` of 2**16."""
    return _cut(head, data, (head[RANGE] >> SHARE_BITS) * np.uint64(share), bit)


@lean_kernel
def code_fine_bit(head: Words, data: Bytes, share: Word, bit: Word) -> Word:
    """Write ``bit``, or read one and return it; a one has ``share`` of 2**32.

    A bit shrinks the range to no less than 2**24, hence shifts at most 4 bytes.
    """
    return _cut(head, data, (head[RANGE] >> FINE_BITS) * np.uint64(share), bit)


@lean_kernel
def _cut(head: Words, data: Bytes, bound: Word, bit: Word) -> Word:
    """Write ``bit``, or read one and return it; ones have the lowest ``bound`` of the range."""
    if head[KIND] == RANGE_CODER:
        found = 1 if head[OFFSET] < bound else 0
        if found == 1:
            head[RANGE] = bound
        else:
            head[OFFSET] -= bound
            head[RANGE] -= bound
        if head[RANGE] < FLOOR:
            _shift_in(head, data)
        return found
    if bit == 1:
        head[RANGE] = bound
    else:
        head[RANGE] -= bound
        _raise(head, data, bound)
    if head[RANGE] < FLOOR:
        _shift_out(head, data)
    return bit


@lean_kernel
def code_plain(head: Words, data: Bytes, value: Word, width: int) -> Word:
    """Write the ``width`` low bits of ``value``, or read as many and return them; at most 32."""
    if width == 0:
        return ZERO
    bits = np.uint64(width)
    unit = head[RANGE] >> bits
    head[RANGE] = unit
    if head[KIND] == RANGE_CODER:
        found = head[OFFSET] // unit
        top = (ONE << bits) - ONE
        if found > top:  # a damaged payload
            found = top
        head[OFFSET] -= found * unit
        if head[OFFSET] >= unit:
            head[OFFSET] = unit - ONE
        _shift_in(head, data)
        return found
    _raise(head, data, unit * value)
    _shift_out(head, data)
    return value


@lean_kernel
def _raise(head: Words, out: Bytes, step: Word) -> None:
    room = LARGEST - head[OFFSET]
    if step > room:
        head[OFFSET] = step - room - ONE
        written: Word = np.int64(head[POSITION])
        if add_one(out, written):
            head[CARRY] = ONE
    else:
        head[OFFSET] += step


@lean_kernel
def _shift_out(head: Words, out: Bytes) -> None:
    while head[RANGE] < FLOOR:
        position = np.int64(head[POSITION])
        out[position] = np.uint8(head[OFFSET] >> TOP_SHIFT)
        head[POSITION] = np.uint64(position + 1)
        head[OFFSET] = head[OFFSET] << BYTE
        head[RANGE] = head[RANGE] << BYTE


@lean_kernel
def _shift_in(head: Words, payload: Bytes) -> None:
    """Shift in what the encoder shifted out; zeros follow the end, which `POSITION` may pass."""
    while head[RANGE] < FLOOR:
        position = np.int64(head[POSITION])
        ahead = position + 8
        byte = np.uint64(payload[ahead]) if ahead < payload.size else ZERO
        head[OFFSET] = (head[OFFSET] << BYTE) | byte
        head[RANGE] = head[RANGE] << BYTE
        head[POSITION] = np.uint64(position + 1)
