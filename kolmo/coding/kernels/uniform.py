"""Integers that are uniform below bounds of their own: a part of at most 24 bits, then plain bits.

Sizes and values are below 2**62, hence a value has at most 38 plain bits, in two pieces.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import ONE, Bytes, Words, peek, skip
from kolmo.jit import kernel

Numbers = NDArray[np.int64]


@kernel
def plain_bits(size: int, part_bits: int) -> int:
    """Return how many low bits of a value below ``size`` are plain."""
    plain = 0
    while (size - 1) >> plain >= 1 << part_bits:
        plain += 1
    return plain


@kernel
def uniform_intervals(
    values: Numbers, sizes: Numbers, part_bits: int, columns: tuple[Words, Words, Words]
) -> int:
    """Write the intervals of some values, three at most for each; return their number."""
    starts, frequencies, totals = columns
    k = 0
    for i in range(values.size):
        plain = plain_bits(sizes[i], part_bits)
        starts[k] = values[i] >> plain
        frequencies[k] = ONE
        totals[k] = ((sizes[i] - 1) >> plain) + 1
        k += 1
        while plain > 0:
            width = plain & 31 if plain & 31 > 0 else 32
            plain -= width
            starts[k] = (values[i] >> plain) & ((1 << width) - 1)
            frequencies[k] = ONE
            totals[k] = 1 << width
            k += 1
    return k


@kernel
def read_uniform(
    head: Words, payload: Bytes, values: Numbers, sizes: Numbers, part_bits: int
) -> int:
    """Read values until their array is full; return their number, or -1 on damage."""
    for i in range(values.size):
        plain = plain_bits(sizes[i], part_bits)
        total = np.uint64(((sizes[i] - 1) >> plain) + 1)
        piece = peek(head, total)
        if piece >= total or not skip(head, payload, piece, ONE, total):
            return -1
        value: Any = np.int64(piece)
        while plain > 0:
            width = plain & 31 if plain & 31 > 0 else 32
            plain -= width
            total = ONE << np.uint64(width)
            piece = peek(head, total)
            if piece >= total or not skip(head, payload, piece, ONE, total):
                return -1
            value = (value << width) | np.int64(piece)
        if value >= sizes[i]:
            return -1
        values[i] = value
    return values.size
