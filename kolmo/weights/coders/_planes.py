"""One plane of bytes: as it is, as one byte, or by fixed shares.

The shares are parts of 2**14. They are told from the first byte that has one to the last: each as a
number of 7 bits to the byte, the low ones first; and after a 0 how many more follow, in a byte.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import damaged
from kolmo.coding.portable import log2
from kolmo.weights.coder import Payload

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

RAW, CONSTANT, CODED = range(3)
KIND_BITS = 2

SHARE_BITS, STACKS, WORD_BITS, FLOOR = 14, 4, 16, 1 << 15
_QUOTIENT_BITS = 31
_STACK_BYTES = 4
_LEAST_GAIN = 9  # a plane is coded if that saves a 2**9th of it: it takes time on both sides
_LARGEST_NUMBER_BYTES = 5


class Cursor:
    """Reads a payload from its beginning; DecodeError at its end."""

    def __init__(self, payload: Payload) -> None:
        self.payload, self.position = memoryview(payload), 0

    def take(self, count: int) -> memoryview:
        """Return the next bytes."""
        start = self.position
        if count > len(self.payload) - start:
            raise damaged(f"it ends too early, after {len(self.payload)} bytes")
        self.position += count
        return self.payload[start : self.position]

    def number(self) -> int:
        """Return a number of 7 bits to the byte."""
        found = 0
        for place in range(_LARGEST_NUMBER_BYTES):
            byte = self.take(1)[0]
            found |= (byte & 127) << 7 * place
            if byte < 128:
                return found
        raise damaged(f"a number is too long before byte {self.position}")

    def finish(self) -> None:
        """Raise DecodeError unless everything is read."""
        if left := len(self.payload) - self.position:
            raise damaged(f"{left} bytes are left over")


class Plane(NamedTuple):
    """A plane as it is stored: how, and the bytes."""

    kind: int
    content: bytes | memoryview


def stored(plane: Bytes) -> Plane:
    """Return a plane in its shortest form, or as it is if that is hardly longer."""
    from kolmo.weights.kernels import count_bytes

    rows = np.zeros((STACKS, 256), np.int64)
    count_bytes(plane, rows)
    counts = rows.sum(axis=0)
    if int(counts.max()) == plane.size > 1:
        return Plane(CONSTANT, bytes(plane[:1]))
    shares = rounded(counts)
    table = told(shares)
    used = counts > 0
    bits = counts[used] * (SHARE_BITS - log2(shares[used].astype(np.float64)))
    size = len(table) + STACKS * _STACK_BYTES + int(np.add.accumulate(bits)[-1]) // 8
    if size + (plane.size >> _LEAST_GAIN) >= plane.size:
        return Plane(RAW, plane.data)
    return Plane(CODED, table + _packed(plane, shares))


def restored(kind: int, cursor: Cursor, plane: Bytes) -> None:
    """Fill a plane with what is stored next."""
    if kind == RAW:
        plane[:] = np.frombuffer(cursor.take(plane.size), np.uint8)
    elif kind == CONSTANT:
        plane[:] = cursor.take(1)[0]
    elif kind == CODED:
        _unpack(cursor, read_shares(cursor), plane)
    else:
        raise damaged(f"a plane of unknown kind before byte {cursor.position}")


def rounded(counts: Integers) -> Integers:
    """Return shares of 2**14 nearly in proportion to counts: 0 for 0, else 1 or more.

    Examples
    --------
    >>> rounded(np.array([0, 1, 1, 4 << 20])).tolist()
    [0, 1, 1, 16382]
    """
    total = int(counts.sum())
    parts = counts << SHARE_BITS
    shares: Integers = np.maximum(parts // total, counts > 0)
    spare = (1 << SHARE_BITS) - int(shares.sum())
    if spare > 0:
        shares[np.argsort(-(parts % total), kind="stable")[:spare]] += 1
    while spare < 0:
        largest = int(np.argmax(shares))
        less = min(-spare, int(shares[largest]) >> 1)
        shares[largest] -= less
        spare += less
    return shares


def told(shares: Integers) -> bytes:
    """Return the bytes that tell the shares."""
    first, last = (int(end) for end in np.flatnonzero(shares)[[0, -1]])
    found = bytearray((first, last))
    zeros = 0
    for share in shares[first : last + 1].tolist():
        if share == 0:
            zeros += 1
            continue
        if zeros:
            found += bytes((0, zeros - 1))
            zeros = 0
        found += spelt(share)
    return bytes(found)


def read_shares(cursor: Cursor) -> Integers:
    """Return the shares that are told next."""
    first, last = cursor.take(2)
    shares = np.zeros(256, np.int64)
    place = first
    while place <= last:
        share = cursor.number()
        shares[place] = share
        place += 1 if share else 1 + cursor.take(1)[0]
    if int(shares.sum()) != 1 << SHARE_BITS:
        raise damaged(f"shares have another sum before byte {cursor.position}")
    return shares


def spelt(number: int) -> bytes:
    """Return a number in 7 bits to the byte, the low ones first."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)


def _packed(plane: Bytes, shares: Integers) -> bytes:
    """Return the number of words, the stacks, and the words."""
    from kolmo.weights.kernels import pack_bytes

    stacks = np.full(STACKS, FLOOR, np.int64)
    words = np.empty(plane.size + 1, np.uint16)
    first = pack_bytes(plane, _writing_rows(shares), words, stacks)
    heads = stacks.astype("<u4").tobytes()
    return spelt(words.size - first) + heads + words[first:].astype("<u2", copy=False).tobytes()


def _unpack(cursor: Cursor, shares: Integers, plane: Bytes) -> None:
    from kolmo.weights.kernels import unpack_bytes

    count = cursor.number()
    stacks = np.frombuffer(cursor.take(STACKS * _STACK_BYTES), "<u4").astype(np.int64)
    found = np.frombuffer(cursor.take(2 * count), "<u2")
    if int(stacks.min()) < FLOOR or int(stacks.max()) >> _QUOTIENT_BITS:
        raise damaged(f"a stack is out of range before byte {cursor.position}")
    words = np.zeros(count + STACKS, np.uint16)
    words[:count] = found
    symbols = np.repeat(np.arange(256, dtype=np.uint8), shares)
    rows = np.stack([shares, np.cumsum(shares) - shares], axis=1)
    used = unpack_bytes(plane, symbols, rows, words, stacks)
    if used != count or np.any(stacks != FLOOR):
        raise damaged(f"a plane does not end as it should before byte {cursor.position}")


def _writing_rows(shares: Integers) -> Integers:
    """Return share, start, inverse and shift of each byte."""
    bits = [(share - 1).bit_length() if share else 0 for share in shares.tolist()]
    shifts = np.array(bits, np.int64) + _QUOTIENT_BITS
    divisors = np.maximum(shares, 1)
    inverses = -(-(np.int64(1) << shifts) // divisors)
    return np.stack([shares, np.cumsum(shares) - shares, inverses, shifts], axis=1)
