"""Independent values under one normal distribution."""

from collections.abc import Sequence

from kolmo.coding.continuous import Normal as NormalCode
from kolmo.mdl.models.located import Maker
from kolmo.mdl.models.locating import Estimate, Floats, LocatedFamily

EXAMPLES: list[dict[str, int]] = [{}]


class Normal(LocatedFamily):
    """The normal distribution: mean and standard deviation, then the values.

    Examples
    --------
    >>> model = Normal().fit([98, 99, 100, 101, 102] * 20)
    >>> model.parameters["location"]
    100.0
    >>> round(model.total_bits / 100, 1)
    2.8
    """

    name = "normal"

    @property
    def shapes(self) -> Sequence[Maker]:
        """The one shape."""
        return (NormalCode,)

    def estimate(self, numbers: Floats) -> Estimate:
        """Return mean and standard deviation."""
        return Estimate(0, float(numbers.mean()), float(numbers.std()))
