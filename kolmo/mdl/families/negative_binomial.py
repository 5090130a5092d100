"""Independent counts under one negative binomial distribution."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np

from kolmo.coding.classes import Floats, Shape
from kolmo.coding.portable import LOG2_E, log2, log2_1p, log2_gamma, stirling_error
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.shaped import CountFamily, Estimate, Member, Sample
from kolmo.mdl.models.values import Values

EXAMPLES: list[dict[str, int]] = [{}]

_LARGE_SIZE = 16.0


class NegativeBinomial(CountFamily):
    """The negative binomial distribution: origin, mean and standard deviation, then the counts.

    Mean and standard deviation are counted from the origin, and sent as location and scale. The
    variance is mean + mean**2 / size, hence larger than the mean; a size of 1 makes a geometric
    distribution, an infinite one Poisson's.

    References
    ----------
    N. L. Johnson, A. W. Kemp, S. Kotz (2005). Univariate Discrete Distributions, third edition.
    Wiley. Section 5.1, the distribution by its mean and size.

    Examples
    --------
    >>> model = NegativeBinomial().fit([0, 0, 0, 1, 1, 2, 3, 4, 7, 12] * 20)
    >>> 2.7 < model.parameters["mean"] < 3.3
    True
    """

    name = "negative_binomial"
    in_units = ("origin", "mean", "sd")

    def is_valid(self, place: Located) -> bool:
        """Return whether the variance is larger than the mean, and the mean than 0."""
        return place.location > 0 and _excess(place) > 0

    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return the moments, if the variance is larger than the mean."""
        mean, deviation = sample.mean(), sample.deviation()
        return [Estimate(mean, deviation)] if deviation * deviation > mean else []

    def shape(self, place: Located) -> Shape:
        """Return the probability gamma(u + r) / gamma(u + 1) (mean / (mean + r))**u of a count."""
        mean, size = self.location_of(place), _size(place)
        log2_probability = _close_to_poisson if size >= _LARGE_SIZE else _far_from_poisson
        return Shape(
            lambda points: log2_probability(points, mean, size),
            [(mean, self.scale_of(place))],
            discrete=True,
            two_sided=False,
        )

    def describe(self, parameters: Member) -> dict[str, Any]:
        """Return origin, mean and standard deviation from there, and the size."""
        place = parameters.place
        mean, sd = self.location_of(place), self.scale_of(place)
        return {"origin": parameters.origin, "mean": mean, "sd": sd, "size": _size(place)}

    def _complaint(self, values: Values) -> str:
        return (
            "no negative_binomial model: got counts that vary no more than Poisson's; need a "
            "variance above the mean. Try poisson."
        )


def _excess(place: Located) -> Fraction:
    """Return the variance less the mean, exactly."""
    step = Fraction(1 << place.exponent, 1 << place.fraction_bits)
    return (place.digits * step) ** 2 - place.location * step


def _size(place: Located) -> float:
    """Return mean**2 / (variance - mean), rounded once."""
    step = Fraction(1 << place.exponent, 1 << place.fraction_bits)
    return float((place.location * step) ** 2 / _excess(place))


def _far_from_poisson(points: Floats, mean: float, size: float) -> Floats:
    """Return log2 of the probabilities, up to a constant."""
    slope = float(log2_1p(np.array([size / mean]))[0])
    return log2_gamma(points + size) - log2_gamma(points + 1) - slope * points


def _close_to_poisson(points: Floats, mean: float, size: float) -> Floats:
    """Return the same up to another constant, as what a large size adds to Poisson's.

    Stirling's formula for both gamma functions of the size, with ratios near 1.
    """
    log2_mean = float(log2(np.array([mean]))[0])
    ratios = log2_1p((points - mean) / (size + mean))
    gammas = (points + size) * ratios - log2_1p(points / size) / 2 + stirling_error(points + size)
    return gammas + points * (log2_mean - LOG2_E) - log2_gamma(points + 1)
