"""Independent counts under one geometric distribution."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kolmo.coding.classes import Floats, Shape
from kolmo.coding.portable import log2_1p
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.shaped import CountFamily, Estimate, Member, Sample

EXAMPLES: list[dict[str, int]] = [{}]


class Geometric(CountFamily):
    """The geometric distribution from the origin on: origin and mean, then the counts.

    The mean is counted from the origin, and sent as a binary floating number from 2**-16 on. Each
    count is m / (1 + m) times as likely as the one before.

    Examples
    --------
    A mean of 1, where each step halves the probability:

    >>> model = Geometric().fit([0] * 16 + [1] * 8 + [2] * 4 + [3] * 2 + [4, 5])
    >>> round(model.data_bits / 32, 1)
    2.0
    """

    name = "geometric"
    in_units = ("origin", "mean")
    sends_location = False
    unit_bits = 10

    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return the mean."""
        return [Estimate(0.0, sample.mean())]

    def shape(self, place: Located) -> Shape:
        """Return the probability (m / (1 + m))**u of each count."""
        mean = self.scale_of(place)
        slope = float(log2_1p(np.array([1 / mean]))[0])

        def log2_probability(points: Floats) -> Floats:
            return -slope * points

        return Shape(log2_probability, [(0.0, mean)], discrete=True, two_sided=False)

    def describe(self, parameters: Member) -> dict[str, Any]:
        """Return the origin, and the mean count from there."""
        return {"origin": parameters.origin, "mean": self.scale_of(parameters.place)}
