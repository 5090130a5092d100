"""Numbers as they are sent: the prior and the noise, rounded to a few bits each.

Whoever computes with them takes what was rounded. The paper counts no bits for them; here they are
part of the message: about 11 bits for the width of a component of the prior, as many for its mean,
8 for its share, 14 for the noise.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kolmo.coding.code import Code, Interval, IntervalCode, Reader, damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.models.mixed import Shares
from kolmo.mdl.models.parts import Bounded, Chain

if TYPE_CHECKING:
    from kolmo.weights.noisy.net import Prior


class Scale(IntervalCode[float]):
    """A positive number, rounded: a binary exponent and some digits, all equally long.

    Parameters
    ----------
    lowest : int
        The smallest number is 2**lowest.
    octaves_bits, digits : int
        There are 2**octaves_bits octaves, each with 2**digits numbers.
    """

    def __init__(self, lowest: int, octaves_bits: int, digits: int) -> None:
        self.lowest, self.octaves_bits, self.digits = lowest, octaves_bits, digits

    def round(self, number: float) -> float:
        """Return the number nearest to a given one."""
        return self._number(self._index(number))

    def intervals(self, value: float, /) -> list[Interval]:
        """Return the interval of a rounded number."""
        return self._code().intervals(self._index(value))

    def decode(self, coder: Reader, /) -> float:
        """Return the number stored next."""
        return self._number(self._code().decode(coder))

    def _code(self) -> Uniform:
        return Uniform(1 << self.octaves_bits + self.digits)

    def _index(self, number: float) -> int:
        mantissa, exponent = math.frexp(number)
        place = round((2 * mantissa - 1) * (1 << self.digits))
        index = (exponent - 1 - self.lowest << self.digits) + place
        return min(max(0, index), (1 << self.octaves_bits + self.digits) - 1)

    def _number(self, index: int) -> float:
        octave, place = divmod(index, 1 << self.digits)
        return math.ldexp((1 << self.digits) + place, self.lowest + octave - self.digits)


NOISE = Scale(-20, 7, 7)
"""The noise, in steps of the target: 14 bits."""

SPREAD = Scale(-40, 7, 2)
"""The unit of an output, in steps of the target: 9 bits."""

WIDTH = Scale(-12, 6, 5)
"""The standard deviation of a component of the prior: 11 bits."""

SHARES = 256
_MEAN_BITS = 4
_FARTHEST = 1 << 24  # mean of a component, in 16ths of its standard deviation or so
LARGEST_COMPONENTS = 64


class Component(NamedTuple):
    """A component of the prior as it is sent: its width, and its mean in 16ths of 2**exponent."""

    width: float
    steps: int

    @property
    def mean(self) -> float:
        """The mean."""
        return self.steps * _step(self.width)


class Rounded(NamedTuple):
    """The prior as it is sent: parts of 256 in descending order, and the components."""

    shares: tuple[int, ...]
    components: tuple[Component, ...]

    @property
    def prior(self) -> Prior:
        """The same as floats."""
        from kolmo.weights.noisy.net import Prior

        return Prior(
            np.array(self.shares, np.float64) / sum(self.shares),
            np.array([component.mean for component in self.components]),
            np.array([component.width for component in self.components]),
        )


def round_prior(prior: Prior) -> Rounded:
    """Return the prior that is sent in place of a given one.

    Raises
    ------
    ParameterError
        If it has too many components, or is not finite.
    """
    if not 1 <= len(prior.shares) <= LARGEST_COMPONENTS:
        raise ParameterError(
            f"too many components: got {len(prior.shares)} in the prior; need 1 to "
            f"{LARGEST_COMPONENTS}. Fit it with fewer."
        )
    if not all(np.isfinite(part).all() for part in prior):
        raise ParameterError("no prior: got numbers that are not finite. Fit the net again.")
    order = sorted(range(len(prior.shares)), key=lambda i: (-float(prior.shares[i]), i))
    parts = [max(1, round(float(prior.shares[i]) * SHARES)) for i in order]
    while (excess := sum(parts) - SHARES) != 0:  # what rounding leaves goes to the largest
        place = max(range(len(parts)), key=parts.__getitem__)
        parts[place] = max(1, parts[place] - excess)
    components = [
        _round_component(float(prior.means[i]), float(prior.deviations[i])) for i in order
    ]
    pairs = sorted(zip(parts, components, strict=True), reverse=True)
    return Rounded(tuple(part for part, _ in pairs), tuple(item for _, item in pairs))


def prior_code(components: int) -> Code[Rounded]:
    """Return the code of a prior with so many components."""
    if not 1 <= components <= LARGEST_COMPONENTS:
        raise damaged(f"a prior of {components} components")
    each = Chain(
        Component, lambda: WIDTH, lambda _: Bounded(Signed(LogStar()), -_FARTHEST, _FARTHEST)
    )
    return Chain(
        Rounded,
        lambda: Shares(components, SHARES),
        lambda _: Chain(lambda *found: found, *[lambda *_: each] * components),
    )


def _round_component(mean: float, deviation: float) -> Component:
    width = WIDTH.round(deviation)
    steps = round(mean / _step(width))
    return Component(width, min(max(-_FARTHEST, steps), _FARTHEST))


@cache
def _step(width: float) -> float:
    return math.ldexp(1.0, math.frexp(width)[1] - 1 - _MEAN_BITS)
