"""Independent values whose distances from an origin have a lognormal distribution."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from kolmo.coding.classes import Floats, Shape
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.coding.portable import LOG2_E, exp2, log2
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.parts import Bounded
from kolmo.mdl.models.shaped import LARGEST_STEPS, Estimate, Member, Sample, ShapedFamily

EXAMPLES: list[dict[str, int]] = [{}]

_LN_2 = 0.6931471805599453
_MEAN_OF_ZERO = 0.25  # for estimates, of the distances from 0 to 1/2


class Lognormal(ShapedFamily):
    """The lognormal distribution: origin, mean and deviation of log2, then the values.

    Mean and standard deviation of log2 of the distance from the origin are sent as location and
    scale, in units of 2**-10. The origin is 0, or one below the lowest value; in the first case a
    value of 0 has the probability below 1/2.

    Examples
    --------
    Factors of 1.1 up and down from 10,000:

    >>> model = Lognormal().fit([round(10_000 * 1.1**k) for k in range(-20, 21)] * 5)
    >>> model.parameters["origin"], round(model.parameters["median"] / 10_000)
    (0, 1)
    """

    name = "lognormal"
    in_units = ("origin", "median")
    location_code = Bounded(Signed(LogStar()), -LARGEST_STEPS, LARGEST_STEPS)
    unit_bits = 10

    def origins(self, lowest: int, span: int) -> list[int]:
        """Return one below the lowest value, and 0 if no value is negative or huge."""
        return sorted({lowest - 1, *(0 for low in super().origins(lowest, span) if low == 0)})

    def is_valid(self, place: Located) -> bool:
        """Return whether there is such a distribution: always."""
        return True

    def estimates(self, sample: Sample) -> Iterable[Estimate]:
        """Return mean and standard deviation of log2."""
        logs = np.log2(np.maximum(sample.numbers, _MEAN_OF_ZERO))
        return [Estimate(sample.mean(logs), sample.deviation(logs))]

    def shape(self, place: Located) -> Shape:
        """Return the density exp(-((log2 u - location) / scale)**2 / 2) / u."""
        location, scale = self.location_of(place), self.scale_of(place)

        def log2_density(points: Floats) -> Floats:
            logs = log2(np.where(points > 0, points, 1.0))
            z = (logs - location) / scale
            return np.where(points > 0, -LOG2_E / 2 * z * z - logs, -np.inf)

        median = float(exp2(np.array([location]))[0])
        return Shape(log2_density, [(median, median * scale * _LN_2)], two_sided=False)

    def describe(self, parameters: Member) -> dict[str, Any]:
        """Return origin, median from there, and the standard deviation of the natural logarithm."""
        location, scale = self.location_of(parameters.place), self.scale_of(parameters.place)
        median = 2.0 ** min(location, 1000.0)
        return {"origin": parameters.origin, "median": median, "sigma": scale * math.log(2)}
