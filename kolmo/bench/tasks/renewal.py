"""A renewal process: ones at random distances, each of which forgets all before it."""

from __future__ import annotations

from math import inf, log2
from typing import ClassVar

import numpy as np

from kolmo.bench.tasks.draws import Bits, entropy_bits, uniforms
from kolmo.bench.tasks.task import Source


class Renewal(Source):
    """Zeros with a one at the end of each gap; the first gap begins with the string.

    Notes
    -----
    How many zeros came since the last one, 0 to 18 or at least 19, is all that matters: it is a
    tree source of 20 leaves, all but two of which leave no choice.
    """

    name = "renewal"
    about = "a one ends each gap of 3, 7 or 20 symbols, chances .5, .3, .2"
    group = "renewals"
    gaps: ClassVar[tuple[int, ...]] = (3, 7, 20)
    chances: ClassVar[tuple[float, ...]] = (0.5, 0.3, 0.2)
    rate = entropy_bits(chances) / (0.5 * 3 + 0.3 * 7 + 0.2 * 20)
    parameters = 20

    def draw(self, n: int, seed: int) -> Bits:
        """Return ``n`` symbols; the last gap may stay open."""
        drawn = uniforms(self.name, -(-n // min(self.gaps)), seed)
        which = np.searchsorted(np.cumsum(self.chances)[:-1], drawn, side="right")
        ends = np.cumsum(np.array(self.gaps)[which]) - 1
        bits = np.zeros(n, np.uint8)
        bits[ends[ends < n]] = 1
        return bits

    def truth_bits(self, bits: Bits) -> float:
        """Return -log2 of the probability; the last gap is known to be longer than what is seen."""
        ends = np.flatnonzero(bits)
        closed = np.diff(ends, prepend=-1)
        left = len(bits) - 1 - int(ends[-1]) if len(ends) else len(bits)
        counts = [int(np.count_nonzero(closed == gap)) for gap in self.gaps]
        longer = [chance for gap, chance in zip(self.gaps, self.chances, strict=True) if gap > left]
        if sum(counts) < len(ends) or not longer:
            return inf
        spent = sum(-count * log2(p) for count, p in zip(counts, self.chances, strict=True))
        return spent - (log2(sum(longer)) if left >= min(self.gaps) else 0.0)
