"""Bytes by fixed shares of 2**14: four interleaved stacks of asymmetric numeral systems.

Byte i belongs to stack i % 4. A stack is a number x from 2**15 to below 2**31; a byte with the
share f from the start s takes it to x // f * 2**14 + x % f + s, after its 16 low bits have gone out
if it would grow too large. The writer begins at the last byte and fills its words from their end,
so that the reader goes forwards. The four stacks do not wait for each other.

Every number is below 2**63, hence int64 serves. Nothing here divides: x // f is x * inverse >>
shift, with inverse = ceil(2**shift / f), shift = 31 + b, and 2**b the first power from f on; this
is exact for x below 2**31, and inverse is at most 2**32 - 1.

References
----------
J. Duda (2013). Asymmetric numeral systems: entropy coding combining speed of Huffman coding with
compression rate of arithmetic coding. arXiv:1311.2540. Section 2, the range variant.

F. Giesen (2014). Interleaved entropy coders. arXiv:1402.3392. Section 2. We differ in using no
vector instructions.

T. Granlund, P. L. Montgomery (1994). Division by invariant integers using multiplication. PLDI
1994. doi:10.1145/178243.178249. Theorem 4.2.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint16]
Numbers = NDArray[np.int64]

SHARE_BITS = 14
STACKS = 4
WORD_BITS = 16
FLOOR = 1 << 15  # a stack is never less
LIMIT_BITS = 17  # a share f takes x < f << 17, so that what comes out is below 2**31

_SLOT_MASK = (1 << SHARE_BITS) - 1
_WORD_MASK = (1 << WORD_BITS) - 1


@kernel
def count_bytes(plane: Bytes, counts: Numbers) -> None:
    """Add how often each byte occurs to ``counts``, int64[4, 256].

    Four rows, as a sum that follows a sum of the same number must wait for it.
    """
    size = plane.size & ~3
    for i in range(0, size, 4):
        counts[0, plane[i]] += 1
        counts[1, plane[i + 1]] += 1
        counts[2, plane[i + 2]] += 1
        counts[3, plane[i + 3]] += 1
    for i in range(size, plane.size):
        counts[0, plane[i]] += 1


@kernel
def push(x: int, at: int, words: Words, row: Numbers) -> tuple[int, int]:
    """Return a stack after one byte, and where the next word goes."""
    share, start, inverse, shift = row[0], row[1], row[2], row[3]
    words[at] = x & _WORD_MASK
    out = 1 if x >= (share << LIMIT_BITS) else 0
    x >>= out << 4
    quotient = (x * inverse) >> shift
    return x + start + quotient * ((1 << SHARE_BITS) - share), at - out


@kernel
def pack_bytes(plane: Bytes, rows: Numbers, words: Words, stacks: Numbers) -> int:
    """Fill ``words`` from their end; return the first index that holds one.

    Parameters
    ----------
    plane : uint8[n]
        The bytes.
    rows : int64[256, 4]
        Share, start, inverse and shift of each byte; the shares of bytes that occur are 1 or more.
    words : uint16[n + 1]
        A byte gives one word at most. The word before the first is spoilt.
    stacks : int64[4]
        `FLOOR` each; receives the stacks.
    """
    at = words.size - 1
    size = plane.size & ~3
    a, b, c, d = stacks[0], stacks[1], stacks[2], stacks[3]
    if size + 2 < plane.size:
        c, at = push(c, at, words, rows[plane[size + 2]])
    if size + 1 < plane.size:
        b, at = push(b, at, words, rows[plane[size + 1]])
    if size < plane.size:
        a, at = push(a, at, words, rows[plane[size]])
    for i in range(size - 4, -1, -4):
        d, at = push(d, at, words, rows[plane[i + 3]])
        c, at = push(c, at, words, rows[plane[i + 2]])
        b, at = push(b, at, words, rows[plane[i + 1]])
        a, at = push(a, at, words, rows[plane[i]])
    stacks[0], stacks[1], stacks[2], stacks[3] = a, b, c, d
    return at + 1


@kernel
def pull(x: int, at: int, words: Words, symbol: int, rows: Numbers) -> tuple[int, int]:
    """Return a stack without the byte on top of it, and where the next word is."""
    x = rows[symbol, 0] * (x >> SHARE_BITS) + (x & _SLOT_MASK) - rows[symbol, 1]
    want = 1 if x < FLOOR else 0
    word: Any = np.int64(words[at])
    return (x << (want << 4)) | (word & -want), at + want


@kernel
def unpack_bytes(plane: Bytes, symbols: Bytes, rows: Numbers, words: Words, stacks: Numbers) -> int:
    """Fill ``plane`` from the stacks; return how many words that took, or -1 if they are too few.

    Parameters
    ----------
    symbols : uint8[2**14]
        The byte of each unit of share.
    rows : int64[256, 2]
        Share and start of each byte.
    words : uint16[m + 4]
        Words, and four more that are not.
    stacks : int64[4]
        From `FLOOR` to below 2**31 each; receives what is left.
    """
    at, last = 0, words.size - STACKS
    size = plane.size & ~3
    a, b, c, d = stacks[0], stacks[1], stacks[2], stacks[3]
    for i in range(0, size, 4):
        if at > last:
            return -1
        p, q = symbols[a & _SLOT_MASK], symbols[b & _SLOT_MASK]
        r, s = symbols[c & _SLOT_MASK], symbols[d & _SLOT_MASK]
        plane[i], plane[i + 1], plane[i + 2], plane[i + 3] = p, q, r, s
        a, at = pull(a, at, words, p, rows)
        b, at = pull(b, at, words, q, rows)
        c, at = pull(c, at, words, r, rows)
        d, at = pull(d, at, words, s, rows)
    stacks[0], stacks[1], stacks[2], stacks[3] = a, b, c, d
    for j in range(plane.size - size):
        if at > last:
            return -1
        plane[size + j] = symbols[stacks[j] & _SLOT_MASK]
        stacks[j], at = pull(stacks[j], at, words, plane[size + j], rows)
    return at if at <= last else -1
