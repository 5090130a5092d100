"""Weights rounded to multiples of one step: the classical two-part message.

The means of the noisy net are rounded; all steps of a quarter octave are tried. The multiples are
sent under a normal or a Laplace distribution around 0, whose width is sent as well.

References
----------
J. Rissanen (1978). Modeling by shortest data description. Automatica 14, 465-471.
doi:10.1016/0005-1098(78)90005-5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, Reader, damaged
from kolmo.coding.continuous import Laplace, Normal, Quantised
from kolmo.coding.discrete import Uniform
from kolmo.coding.portable import total
from kolmo.mdl.models.parts import Chain
from kolmo.weights.noisy.sent import Scale

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEP = Scale(-16, 5, 2)
SPREAD = Scale(-4, 6, 3)
_SPREAD_BITS = 8
_LARGEST = 1 << 48
_OCTAVES = range(-14, 8)


class Law(NamedTuple):
    """What the receiver has to know of the multiples.

    Attributes
    ----------
    step : float
        The step.
    laplace : int
        Whether their distribution is Laplace's, or normal.
    spread : float
        Its scale, in steps.
    """

    step: float
    laplace: int
    spread: float

    def code(self) -> Quantised:
        """Return the distribution of a multiple."""
        scale = max(1, round(math.ldexp(self.spread, _SPREAD_BITS)))
        return (Laplace if self.laplace else Normal)(0, scale, _SPREAD_BITS)


class Multiples(NamedTuple):
    """A law and the multiples of its step, one for each weight."""

    law: Law
    numbers: Integers

    @property
    def weights(self) -> Floats:
        """The rounded weights."""
        return np.asarray(self.numbers * self.law.step)


def multiples_code(count: int) -> Code[Multiples]:
    """Return the code of a net of so many weights."""
    law = Chain(Law, lambda: STEP, lambda _: Uniform(2), lambda *_: SPREAD)
    return Chain(Multiples, lambda: law, lambda found: found.code().many(count))


def best_multiples(means: Floats, misfit: Callable[[Floats], float]) -> Multiples:
    """Return the rounding of trained weights that makes the shortest message.

    Parameters
    ----------
    means : float64[w]
        Weights.
    misfit : callable
        Takes weights and returns the bits of the target given them.
    """
    best: tuple[float, Multiples] | None = None
    for octave in _OCTAVES:
        for quarter in range(4):
            step = STEP.round(math.ldexp(4 + quarter, octave - 2))
            found = _round(means, step)
            if found is None:
                continue
            length = multiples_code(means.size).codelength(found) + misfit(found.weights)
            if best is None or length < best[0]:
                best = length, found
    if best is None:
        raise damaged("weights too large to be rounded")
    return best[1]


def decode_multiples(count: int, coder: Reader) -> Floats:
    """Return the weights stored next."""
    found = multiples_code(count).decode(coder)
    numbers = np.asarray(found.numbers)
    if numbers.dtype != np.int64 or int(np.abs(numbers).max(initial=0)) > _LARGEST:
        raise damaged("a weight that no encoder sends")
    return Multiples(found.law, numbers).weights


def _round(means: Floats, step: float) -> Multiples | None:
    """Return the multiples nearest to weights under the better law; None if they are too large."""
    quotients = np.rint(means / step)
    if not (np.abs(quotients) < _LARGEST).all():
        return None
    numbers = quotients.astype(np.int64)
    size = np.abs(quotients)
    spreads = (math.sqrt(total(size * size) / size.size), total(size) / size.size)
    code = multiples_code(means.size)
    laws = (Law(step, kind, SPREAD.round(spread)) for kind, spread in enumerate(spreads))
    return min((Multiples(law, numbers) for law in laws), key=code.codelength)
