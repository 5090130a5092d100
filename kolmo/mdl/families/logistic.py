"""Independent values under one logistic distribution."""

from collections.abc import Sequence

import numpy as np

from kolmo.coding.continuous import Logistic as LogisticCode
from kolmo.mdl.models.located import Maker
from kolmo.mdl.models.locating import Estimate, Floats, LocatedFamily

EXAMPLES: list[dict[str, int]] = [{}]

_ROUNDS = 30
_NARROWEST = 0.05


class Logistic(LocatedFamily):
    """The logistic distribution: location and scale, then the values.

    Examples
    --------
    >>> Logistic().fit([98, 99, 100, 101, 102] * 20).parameters["location"]
    100.0
    """

    name = "logistic"

    @property
    def shapes(self) -> Sequence[Maker]:
        """The one shape."""
        return (LogisticCode,)

    def estimate(self, numbers: Floats) -> Estimate:
        """Return the most likely member, by repeating its two equations.

        The sums of tanh(z / 2) and of z tanh(z / 2) - 1 are zero, z = (x - location) / scale.
        """
        location = float(np.median(numbers))
        scale = max(_NARROWEST, float(np.abs(numbers - location).mean()) / (2 * np.log(2)))
        for _ in range(_ROUNDS):
            distances = numbers - location
            pulls = np.tanh(distances / (2 * scale))
            weights = np.where(distances == 0, 1 / (2 * scale), 0.0)
            np.divide(pulls, distances, out=weights, where=distances != 0)
            location += float(pulls.sum() / weights.sum())
            scale = max(_NARROWEST, float((distances * pulls).mean()))
        return Estimate(0, location, scale)
