"""Independent counts under one Poisson distribution."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kolmo.coding.classes import Floats, Shape
from kolmo.coding.portable import log2, log2_gamma
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.shaped import CountFamily, Estimate, Member, Sample

EXAMPLES: list[dict[str, int]] = [{}]


class Poisson(CountFamily):
    """The Poisson distribution: origin and square root of the mean, then the counts.

    The mean is counted from the origin. Its root is sent in steps of 2**-(precision + 1), as the
    root of a count varies by about 1/2, whatever the mean.

    References
    ----------
    M. S. Bartlett (1936). The square root transformation in analysis of variance. Supplement to
    the Journal of the Royal Statistical Society 3(1), 68-78. doi:10.2307/2983678. The variance of
    the root of a count.

    Examples
    --------
    >>> model = Poisson().fit([0] * 37 + [1] * 37 + [2] * 18 + [3] * 6 + [4] * 2)
    >>> model.parameters
    {'origin': 0, 'mean': 1.0}
    """

    name = "poisson"
    in_units = ("origin", "mean")
    sends_scale = False

    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return the root of the mean."""
        return [Estimate(math.sqrt(sample.mean()), 0.0)]

    def place(self, estimate: Estimate, precision: int) -> Located:
        """Return the root in steps."""
        return Located(0, precision, 0, round(math.ldexp(estimate.location, precision + 1)))

    def shape(self, place: Located) -> Shape:
        """Return the probability mean**u / u! of each count."""
        mean = self.mean_of(place)
        log2_mean = float(log2(np.array([mean]))[0])

        def log2_probability(points: Floats) -> Floats:
            return points * log2_mean - log2_gamma(points + 1)

        spread = math.sqrt(mean)
        return Shape(log2_probability, [(mean, spread)], discrete=True, two_sided=False)

    def mean_of(self, place: Located) -> float:
        """Return the mean, counted from the origin."""
        root = math.ldexp(place.location, -place.precision - 1)
        return root * root

    def describe(self, parameters: Member) -> dict[str, Any]:
        """Return the origin, and the mean count from there."""
        return {"origin": parameters.origin, "mean": self.mean_of(parameters.place)}
