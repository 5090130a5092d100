"""Independent values whose distances from an origin have an exponential distribution."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kolmo.coding.classes import Floats, Shape
from kolmo.coding.portable import LOG2_E
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.shaped import Estimate, Member, Sample, ShapedFamily

EXAMPLES: list[dict[str, int]] = [{}]


class Exponential(ShapedFamily):
    """The exponential distribution: origin and mean, then the values.

    The mean is counted from the origin, and sent as a binary floating number.

    Examples
    --------
    A mean of 320; each value costs log2(320) + value / (320 ln 2) bits:

    >>> model = Exponential().fit([20, 60, 110, 160, 220, 300, 400, 560, 1050] * 40)
    >>> model.parameters
    {'origin': 0, 'mean': 320.0}
    """

    name = "exponential"
    in_units = ("origin", "mean")
    sends_location = False

    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return the mean."""
        return [Estimate(0.0, sample.mean())]

    def shape(self, place: Located) -> Shape:
        """Return the density exp(-u / mean)."""
        rate, mean = LOG2_E / self.scale_of(place), self.scale_of(place)

        def log2_density(points: Floats) -> Floats:
            return np.where(points >= 0, -rate * points, -np.inf)

        return Shape(log2_density, [(0.0, mean)], two_sided=False)

    def describe(self, parameters: Member) -> dict[str, Any]:
        """Return the origin, and the mean distance from it."""
        return {"origin": parameters.origin, "mean": self.scale_of(parameters.place)}
