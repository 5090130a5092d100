"""Features moved to lie around 0, by themselves or as logarithms: what scaling laws are made of.

Then powers and exponentials are 1 in the middle of the data, whatever the unit of a feature.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding import portable

Floats = NDArray[np.float64]


class Axis(NamedTuple):
    """A feature, moved to lie around 0.

    Attributes
    ----------
    numbers : float64[n]
        (log2 x - centre) or (x - centre) / 2**exponent.
    centre : float
        Middle between the smallest and the largest.
    exponent : int
        0 for logarithms.
    half : float
        The largest of the numbers.
    """

    numbers: Floats
    centre: float
    exponent: int
    half: float

    def take(self, rows: NDArray[np.int64]) -> Axis:
        """Return the axis of some of the rows."""
        return self._replace(numbers=self.numbers[rows])


Axes = Sequence[Axis]


def power_axis(x: Floats) -> Axis | None:
    """Return log2 x around 0; None if a number is not positive or all logarithms are the same."""
    if not x.size or not x.min() > 0:
        return None
    return _axis(portable.log2(x), scaled=False)


def linear_axis(x: Floats) -> Axis | None:
    """Return x around 0, divided by a power of two so that the largest is from 1/2 to 1."""
    return _axis(x, scaled=True) if x.size else None


def _axis(x: Floats, *, scaled: bool) -> Axis | None:
    centre = float(x.min()) / 2 + float(x.max()) / 2
    moved = x - centre
    exponent = int(np.frexp(np.abs(moved).max())[1]) if scaled else 0
    numbers = np.ldexp(moved, -exponent)
    half = float(np.abs(numbers).max())
    usable = half > 0 and math.isfinite(half)
    return Axis(numbers, centre, exponent, half) if usable else None
