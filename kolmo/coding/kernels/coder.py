"""Store and read intervals: the loops of the range coder and of the stack.

An interval is (start, frequency, total) with start + frequency <= total <= 2**32. Both coders
work on bytes and keep their head in 64 bits, so that one model kernel reads from either: it calls
`peek` and `skip`, which look at the kind of coder in ``head[KIND]``.

Every number here is uint64, and no sum or product passes 2**64: the same code runs without the
compiler, where numpy would warn of an overflow.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Words = NDArray[np.uint64]
Bytes = NDArray[np.uint8]
Word = Any  # np.uint64: in numba's eyes; numpy's own stubs lose the type in every operation

ZERO = np.uint64(0)
ONE = np.uint64(1)
BYTE = np.uint64(8)
HALF = np.uint64(32)
TOP_SHIFT = np.uint64(56)
LOW_HALF = np.uint64((1 << 32) - 1)
TOTAL_LIMIT = np.uint64(1 << 32)
FLOOR = np.uint64(1 << 56)  # the range, and the head of a stack of one byte or more, never less
SEED = np.uint64(1 << 32)  # the head of an empty stack is never less
LARGEST = np.uint64((1 << 64) - 1)

# What head[] holds. OFFSET: payload less low, < range; or the head of the stack. UNIT: range //
# total of the last peek. POSITION: bytes shifted in, at most len(payload); or bytes in the stack.
KIND, OFFSET, RANGE, UNIT, POSITION = 0, 1, 2, 3, 4
HEAD_WORDS = 5
RANGE_CODER = np.uint64(0)
STACK = np.uint64(1)


@kernel
def put_range(starts: Words, frequencies: Words, totals: Words, state: Words, out: Bytes) -> int:
    """Append intervals to a range coder; return how many bytes came out, or -1 - i if i is bad.

    Parameters
    ----------
    starts, frequencies, totals : uint64[n]
        The intervals.
    state : uint64[3]
        low, range >= 2**56, and carry: whether 1 must be added to the bytes before ``out``. Not
        more than one carry can come out of all the bytes that follow a point.
    out : uint8[>= 4n]
        Receives the bytes: an interval shrinks the range by at most 2**32 + 2**8, hence shifts
        at most 4 bytes.
    """
    low, span = state[0], state[1]
    written = 0
    for i in range(starts.size):
        total = totals[i]
        if total > TOTAL_LIMIT or frequencies[i] == ZERO or starts[i] >= total:
            return -1 - i
        if frequencies[i] > total - starts[i]:
            return -1 - i
        unit = span // total
        step = unit * starts[i]
        span = unit * frequencies[i]
        room = LARGEST - low
        if step > room:
            low = step - room - ONE
            if add_one(out, written):
                state[2] = ONE
        else:
            low += step
        while span < FLOOR:
            out[written] = low >> TOP_SHIFT
            written += 1
            low = low << BYTE
            span = span << BYTE
    state[0], state[1] = low, span
    return written


@kernel
def add_one(out: Bytes, written: int) -> bool:
    """Add 1 to the number whose digits are the bytes so far; return whether it runs over."""
    j = written - 1
    while j >= 0 and out[j] == 255:
        out[j] = 0
        j -= 1
    if j >= 0:
        out[j] += 1
    return j < 0


@kernel
def push_stack(starts: Words, frequencies: Words, totals: Words, state: Words, out: Bytes) -> int:
    """Push intervals, the last first; return how many bytes came out, or -1 - i if i is bad.

    ``state`` is the head alone, uint64[1]; ``out`` takes at most 4 bytes for each interval, as
    the head falls from below 2**64 to no less than 2**24 times a frequency.
    """
    top = state[0]
    written = 0
    for k in range(starts.size):
        i = starts.size - 1 - k
        total = totals[i]
        if total > TOTAL_LIMIT or frequencies[i] == ZERO or starts[i] >= total:
            return -1 - i
        if frequencies[i] > total - starts[i]:
            return -1 - i
        start = scale(starts[i], total)
        frequency = scale(starts[i] + frequencies[i], total) - start
        while (top >> HALF) >= frequency:
            out[written] = top & np.uint64(255)
            written += 1
            top = top >> BYTE
        top = ((top // frequency) << HALF) + top % frequency + start
    state[0] = top
    return written


@kernel
def scale(bound: Word, total: Word) -> Word:
    """Return bound * 2**32 // total, for bound <= total <= 2**32: strictly increasing."""
    if bound == total:
        return TOTAL_LIMIT
    if total == TOTAL_LIMIT:
        return bound
    return (bound << HALF) // total


@kernel
def peek(head: Words, total: Word) -> Word:
    """Return the number that lies in the next interval, below ``total``; if not, it is damage.

    On the stack, the largest bound whose scaled value does not exceed the 32 lowest bits.
    """
    if head[KIND] == RANGE_CODER:
        unit = head[RANGE] // total
        head[UNIT] = unit
        return head[OFFSET] // unit
    slot = head[OFFSET] & LOW_HALF
    if total == TOTAL_LIMIT:
        return slot
    return ((slot + ONE) * total - ONE) >> HALF


@kernel
def skip(head: Words, payload: Bytes, start: Word, frequency: Word, total: Word) -> bool:
    """Step over the interval that the last `peek` fell in; return False if no payload is left.

    A range coder shifts in a byte of its payload for each byte that the encoder shifted out; it
    looks 8 bytes ahead, where zeros follow the end.
    """
    if head[KIND] == RANGE_CODER:
        offset = head[OFFSET] - start * head[UNIT]
        span = frequency * head[UNIT]
        while span < FLOOR:
            position = np.int64(head[POSITION])
            if position >= payload.size:
                return False
            ahead = position + 8
            byte = np.uint64(payload[ahead]) if ahead < payload.size else ZERO
            offset = (offset << BYTE) | byte
            span = span << BYTE
            head[POSITION] = np.uint64(position + 1)
        head[OFFSET], head[RANGE] = offset, span
        return True
    low = scale(start, total)
    top = (scale(start + frequency, total) - low) * (head[OFFSET] >> HALF)
    top += (head[OFFSET] & LOW_HALF) - low
    position = np.int64(head[POSITION])
    while top < FLOOR and position > 0:
        position -= 1
        top = (top << BYTE) | np.uint64(payload[position])
    head[OFFSET], head[POSITION] = top, np.uint64(position)
    return bool(top >= SEED)
