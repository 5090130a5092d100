"""Independent values under one Laplace distribution."""

from collections.abc import Sequence

import numpy as np

from kolmo.coding.continuous import Laplace as LaplaceCode
from kolmo.mdl.models.located import Maker
from kolmo.mdl.models.locating import Estimate, Floats, LocatedFamily

EXAMPLES: list[dict[str, int]] = [{}]


class Laplace(LocatedFamily):
    """The Laplace distribution: median and mean distance from it, then the values.

    Examples
    --------
    >>> Laplace().fit([98, 99, 100, 100, 100, 101, 102] * 20).parameters["location"]
    100.0
    """

    name = "laplace"

    @property
    def shapes(self) -> Sequence[Maker]:
        """The one shape."""
        return (LaplaceCode,)

    def estimate(self, numbers: Floats) -> Estimate:
        """Return the median and the mean distance from it."""
        median = float(np.median(numbers))
        return Estimate(0, median, float(np.abs(numbers - median).mean()))
