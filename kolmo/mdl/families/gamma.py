"""Independent values whose distances from an origin have a gamma distribution."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kolmo.coding.classes import Floats, Shape
from kolmo.coding.portable import LOG2_E, log2, log2_1p
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.shaped import Estimate, Member, Sample, ShapedFamily

EXAMPLES: list[dict[str, int]] = [{}]

_ROUNDS = 20
_ASYMPTOTIC_FROM = 8
_MEAN_OF_ZERO = 0.2  # the geometric mean of the distances from 0 to 1/2, about


class Gamma(ShapedFamily):
    """The gamma distribution: origin, mean and standard deviation, then the values.

    Mean and standard deviation are counted from the origin, and sent as location and scale; the
    shape is (mean / sd)**2, and 1 makes an exponential distribution.

    References
    ----------
    S. C. Choi, R. Wette (1969). Maximum likelihood estimation of the parameters of the gamma
    distribution and their bias. Technometrics 11(4), 683-690. doi:10.1080/00401706.1969.10490731.
    Section 2, the equation of the most likely shape; we iterate differently.

    Examples
    --------
    >>> model = Gamma().fit([30, 50, 70, 80, 100, 120, 130, 160, 210, 250] * 10)
    >>> 110 < model.parameters["mean"] < 130
    True
    """

    name = "gamma"
    in_units = ("origin", "mean", "sd")

    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return the most likely member, and the one with the moments of the sample."""
        mean = sample.mean()
        logs = np.log(np.maximum(sample.numbers, _MEAN_OF_ZERO))
        gap = math.log(mean) - sample.mean(logs)
        found = [Estimate(mean, sample.deviation())]
        if gap > 0:
            found.append(Estimate(mean, mean / math.sqrt(_likely_shape(gap))))
        return found

    def shape(self, place: Located) -> Shape:
        """Return the density u**(a - 1) exp(-a u / mean), in a form that bears a large a."""
        mean, sd = self.location_of(place), self.scale_of(place)
        a = (mean / sd) * (mean / sd)

        def log2_density(points: Floats) -> Floats:
            safe = np.where(points > 0, points, mean)
            excess = (safe - mean) / mean
            logs = np.where(safe < mean / 2, log2(safe / mean), log2_1p(excess))
            return np.where(points > 0, a * (logs - LOG2_E * excess) - logs, -np.inf)

        return Shape(log2_density, [(mean, sd)], two_sided=False)

    def describe(self, parameters: Member) -> dict[str, Any]:
        """Return origin, mean and standard deviation from there, and the shape."""
        mean, sd = self.location_of(parameters.place), self.scale_of(parameters.place)
        return {"origin": parameters.origin, "mean": mean, "sd": sd, "shape": (mean / sd) ** 2}


def _likely_shape(gap: float) -> float:
    """Return a, where ln a - digamma(a) is the gap between ln mean and mean ln."""
    a = 1 / (2 * gap)
    for _ in range(_ROUNDS):
        a *= (math.log(a) - _digamma(a)) / gap
    return a


def _digamma(a: float) -> float:
    """Return the logarithmic derivative of the gamma function to about 10**-9, a > 0."""
    below = 0.0
    while a < _ASYMPTOTIC_FROM:
        below += 1 / a
        a += 1
    square = 1 / (a * a)
    series = square * (1 / 12 - square * (1 / 120 - square / 252))
    return math.log(a) - 1 / (2 * a) - series - below
