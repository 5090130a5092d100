"""Inputs on which speed is measured: made from a seed, the same bytes on every machine."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import accumulate

LETTERS = "eeeeetttaaaooiinnsshhrrddllcumwfgypbvk"
BLOCK_WORDS = 200_000
DRAW_BYTES, BLOCK_DRAWS = 4, 1 << 18  # the library's generator makes 32 bits at a time
RECORD_BYTES = 16


def text_blocks(size: int, seed: int = 0) -> Iterator[bytes]:
    """Yield ``size`` bytes of pseudo-text: words and phrases drawn by Zipf's law.

    Compresses about as English does (a third by zlib) and repeats nothing exactly.
    """
    source = random.Random(seed)
    pieces = vocabulary(source)
    weights = list(accumulate(1 / rank for rank in range(1, len(pieces) + 1)))
    left = size
    while left > 0:
        words = source.choices(pieces, cum_weights=weights, k=BLOCK_WORDS)
        block = "".join(words).encode("ascii")[:left]
        left -= len(block)
        yield block


def vocabulary(source: random.Random) -> list[str]:
    """Return 8,000 words and 4,000 phrases of them, in random order of frequency."""
    words = ["".join(source.choices(LETTERS, k=source.randint(2, 9))) for _ in range(8000)]
    joined = [" ".join(source.choices(words, k=source.randint(2, 5))) for _ in range(4000)]
    ends = [" "] * 8 + [", ", ".\n"]
    pieces = [piece + source.choice(ends) for piece in words + joined]
    source.shuffle(pieces)
    return pieces


def text(size: int, seed: int = 0) -> bytes:
    """Return ``size`` bytes of pseudo-text."""
    return b"".join(text_blocks(size, seed))


def random_bytes(size: int, seed: int = 0) -> bytes:
    """Return ``size`` bytes that nothing compresses."""
    source, draws = random.Random(seed), -(-size // DRAW_BYTES)
    counts = [BLOCK_DRAWS] * (draws // BLOCK_DRAWS) + [draws % BLOCK_DRAWS]
    return b"".join(source.randbytes(DRAW_BYTES * count) for count in counts)[:size]


def records(size: int, seed: int = 0) -> bytes:
    """Return ``size`` bytes of a binary table, as instruments and databases write them.

    Its rows have 16 bytes, little-endian: a counter and a clock of 4 bytes each, a level that
    wanders and a bell-shaped reading of 2, a class of 1 with unequal shares, and 3 of zeros.
    """
    import numpy as np

    rows = -(-size // RECORD_BYTES)
    noise = np.frombuffer(random_bytes(8 * rows, seed), np.uint8).reshape(rows, 8).astype(np.int64)
    table = np.zeros((rows, RECORD_BYTES), np.uint8)
    columns = (
        (4, np.arange(rows)),
        (4, np.cumsum(1000 + noise[:, 0] % 64)),
        (2, np.cumsum(noise[:, 1] % 7 - 3)),
        (2, noise[:, 2:6].sum(axis=1)),
        (1, noise[:, 6] & noise[:, 7] & 3),
    )
    at = 0
    for width, values in columns:
        octets = values.astype("<i8").view(np.uint8).reshape(rows, 8)
        table[:, at : at + width] = octets[:, :width]
        at += width
    return table.tobytes()[:size]


INPUTS: dict[str, Callable[[int, int], bytes]] = {
    "text": text,
    "random": random_bytes,
    "records": records,
}
"""Name -> maker of so many bytes from a seed."""
