"""Telling texts apart by a hash table."""

from kolmo.jit import kernel
from kolmo.table.kernels.arrays import Bytes, Offsets


@kernel
def number_texts(
    data: Bytes,
    starts: Offsets,
    stops: Offsets,
    first: int,
    last: int,
    slots: Offsets,
    codes: Offsets,
    firsts: Offsets,
    distinct: int,
) -> int:
    """Write which distinct text each text is, in order of first appearance; return how many.

    ``distinct`` were found before ``first``, and the work ends before ``last``.
    ``slots`` is a hash table of a power of two places, more than there are texts, filled with -1;
    ``firsts`` receives where each distinct text appears first. The hash stays below 2**31, so
    that its product with the 25-bit prime fits int64.
    """
    mask = slots.size - 1
    for i in range(first, last):
        start, stop = int(starts[i]), int(stops[i])
        state = 40389
        for p in range(start, stop):
            state = ((state ^ int(data[p])) * 16777619) & 0x7FFFFFFF
        slot = (state ^ (state >> 13)) & mask
        while True:
            code = slots[slot]
            if code < 0:
                slots[slot] = distinct
                firsts[distinct] = i
                codes[i] = distinct
                distinct += 1
                break
            known = int(starts[firsts[code]])
            k = 0
            if int(stops[firsts[code]]) - known == stop - start:
                while start + k < stop and data[known + k] == data[start + k]:
                    k += 1
                if start + k == stop:
                    codes[i] = code
                    break
            slot = (slot + 1) & mask
    return distinct
