"""Indices under one Laplace distribution."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from kolmo.coding.continuous import Laplace as LaplaceCode
from kolmo.coding.continuous import Quantised
from kolmo.weights.coders._indices import Tally
from kolmo.weights.coders._located import LocatedCoder

EXAMPLES: list[dict[str, int]] = [{}]


class Laplace(LocatedCoder):
    """Median and mean distance from it, then each index under the Laplace distribution.

    For weights of which most are near 0, as those trained under an L1 penalty.
    """

    name: ClassVar[str] = "laplace"
    shape: ClassVar[type[Quantised]] = LaplaceCode

    def estimate(self, found: Tally) -> tuple[float, float]:
        """Return median and mean distance."""
        middle = int(np.searchsorted(np.cumsum(found.counts), found.size >> 1, side="right"))
        median = int(found.distinct[middle])
        distances = np.abs(found.distinct - median) * found.counts
        return float(median), float(distances.sum()) / found.size
