"""Indices under one normal distribution."""

from __future__ import annotations

import math
from typing import ClassVar

from kolmo.coding.continuous import Normal, Quantised
from kolmo.weights.coders._indices import Tally
from kolmo.weights.coders._located import LocatedCoder

EXAMPLES: list[dict[str, int]] = [{}]


class Gaussian(LocatedCoder):
    """Mean and standard deviation, then each index under the normal distribution.

    The weights of one layer are often nearly normal; where some are much larger, `gaussians` is
    shorter.
    """

    name: ClassVar[str] = "gaussian"
    shape: ClassVar[type[Quantised]] = Normal

    def estimate(self, found: Tally) -> tuple[float, float]:
        """Return mean and standard deviation."""
        mean = float((found.distinct * found.counts).sum()) / found.size
        squares = (found.distinct - mean) ** 2 * found.counts
        return mean, math.sqrt(float(squares.sum()) / found.size)
