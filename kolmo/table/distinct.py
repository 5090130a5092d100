"""Which texts are the same."""

import numpy as np
from numpy.typing import NDArray

from kolmo.table.limits import CHUNK_ROWS, FAST_BYTES
from kolmo.table.texts import Texts


def distinct_texts(texts: Texts) -> tuple[NDArray[np.uint32], Texts]:
    """Return the code of each text, and the distinct texts, both in order of first appearance.

    Examples
    --------
    >>> codes, levels = distinct_texts(Texts.of([b"b", b"a", b"b"]))
    >>> codes.tolist(), list(levels)
    ([0, 1, 0], [b'b', b'a'])
    """
    if texts.data.size < FAST_BYTES or len(texts) < 2:
        known: dict[bytes, int] = {}
        codes = [known.setdefault(text, len(known)) for text in texts]
        return np.array(codes, np.uint32), Texts.of(known)
    return _by_kernel(texts)


def _by_kernel(texts: Texts) -> tuple[NDArray[np.uint32], Texts]:
    from kolmo.table.kernels import number_texts

    starts, stops = map(np.ascontiguousarray, (texts.starts, texts.stops))
    codes = np.empty(len(texts), np.uint32)
    firsts = np.empty(len(texts), np.uint32)
    slots = np.full(1 << (3 * len(texts) // 2).bit_length(), -1, np.int32)
    count = 0
    for first in range(0, len(texts), CHUNK_ROWS):
        last = min(len(texts), first + CHUNK_ROWS)
        count = number_texts(texts.data, starts, stops, first, last, slots, codes, firsts, count)
    return codes, texts.take(firsts[:count]).packed()
