"""Integers as cells around an anchor: a class with its share, and the plain bits inside the class.

See `kolmo.coding.cells` for the layout, which is passed in as (linear bits, cell bits, octaves).
Of a distance u, t is u if u >= 0, else ~u; t >> shift is the number of its cell. Each of the
2**(linear bits) inner cells is a class; beyond, each octave of cells has 2**(cell bits) classes.
The two outermost classes are for what lies further: they stop the loops.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import ONE, TOTAL_LIMIT, Bytes, Word, Words, peek, skip
from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Layout = tuple[int, int, int]

LARGEST_BITS = 62
BUCKET_SHIFT = np.uint64(20)

# |u| < 2**62 and shift <= 50, hence t < 2**62; a class's index fits in 14 bits.


@kernel
def cell_intervals(
    distances: Numbers,
    table: tuple[Words, int, Layout],
    columns: tuple[Words, Words, Words],
    counts: Numbers,
) -> None:
    """Write the intervals of some distances, three at most for each.

    ``table`` holds bounds, shift and layout. ``counts`` receives the number of distances used and
    of intervals written; the first distance without a class is not used.
    """
    bounds, shift, (linear_bits, cell_bits, octaves) = table
    starts, frequencies, totals = columns
    linear = 1 << linear_bits
    side = linear + (octaves << cell_bits)
    k = 0
    for i in range(distances.size):
        u = distances[i]
        t = u if u >= 0 else ~u
        index, plain = t >> shift, shift
        if index >= linear:
            octave = 0
            while (index >> octave) >= 2 * linear:
                octave += 1
            if octave >= octaves:
                counts[0], counts[1] = i, k
                return
            inner = octave + linear_bits - cell_bits
            index = linear + ((octave - 1) << cell_bits) + (index >> inner)
            plain += inner
        place = 1 + side + index if u >= 0 else side - index
        starts[k] = bounds[place]
        frequencies[k] = bounds[place + 1] - bounds[place]
        totals[k] = TOTAL_LIMIT
        k += 1
        while plain > 0:
            width = plain & 31 if plain & 31 > 0 else 32
            plain -= width
            starts[k] = (t >> plain) & ((1 << width) - 1)
            frequencies[k] = ONE
            totals[k] = 1 << width
            k += 1
    counts[0], counts[1] = distances.size, k


@kernel
def find_class(bounds: Words, buckets: Numbers, target: Word) -> int:
    """Return the class whose interval holds ``target`` < 2**32.

    buckets[j] is the class that holds j * 2**20; the rest of the way is a binary search.
    """
    bucket = np.int64(target >> BUCKET_SHIFT)
    low, high = buckets[bucket], buckets[bucket + 1]
    while low < high:
        middle = (low + high + 1) >> 1
        if bounds[middle] <= target:
            low = middle
        else:
            high = middle - 1
    return int(low)


@kernel
def read_cells(
    head: Words,
    payload: Bytes,
    distances: Numbers,
    table: tuple[Words, int, Layout],
    buckets: Numbers,
) -> int:
    """Read distances until their array is full; return how many were read, or -1 on damage.

    Stops early after a class that is outermost or too far for 62 bits, and leaves it in place of
    the distance.
    """
    bounds, shift, (linear_bits, cell_bits, octaves) = table
    linear = 1 << linear_bits
    side = linear + (octaves << cell_bits)
    for i in range(distances.size):
        target = peek(head, TOTAL_LIMIT)
        if target >= TOTAL_LIMIT:
            return -1
        place = find_class(bounds, buckets, target)
        frequency = bounds[place + 1] - bounds[place]
        if not skip(head, payload, bounds[place], frequency, TOTAL_LIMIT):
            return -1
        index = place - side - 1 if place > side else side - place
        t, plain = index, shift
        if index >= linear:
            octave = (index - linear) >> cell_bits
            t = (1 << cell_bits) + ((index - linear) & ((1 << cell_bits) - 1))
            plain = shift + octave + linear_bits - cell_bits
            if index == side or plain + cell_bits + 1 > LARGEST_BITS:
                distances[i] = place
                return i
        while plain > 0:
            width = plain & 31 if plain & 31 > 0 else 32
            total = ONE << np.uint64(width)
            piece = peek(head, total)
            if piece >= total or not skip(head, payload, piece, ONE, total):
                return -1
            low: Any = np.int64(piece)
            t = (t << width) | low
            plain -= width
        distances[i] = t if place > side else ~t
    return distances.size
