"""Exponents of scaling laws as binary fractions: their code, and how many digits they deserve.

A digit too few moves the prediction, and what is left of the target becomes longer; a digit too
many is sent for nothing. Where rounding costs about half a nat, both together are least.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, Reader, Writer
from kolmo.coding.integers import EliasGamma, Signed
from kolmo.coding.logstar import LogStar
from kolmo.mdl.models.parts import Bounded, Moved

Floats = NDArray[np.float64]

LARGEST_DIGITS = 48
LARGEST_NUMERATOR = 1 << 52


class Exponent(NamedTuple):
    """The number numerator / 2**digits."""

    digits: int
    numerator: int

    @property
    def value(self) -> float:
        """The double, which is exact."""
        return math.ldexp(float(self.numerator), -self.digits)


class Exponents(Code[tuple[Exponent, ...]]):
    """Binary fractions: digits of the first, more or fewer digits of each other; numerators."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._first = Moved(Bounded(LogStar(), 1, LARGEST_DIGITS + 1), -1)
        self._number = Bounded(Signed(LogStar()), -LARGEST_NUMERATOR, LARGEST_NUMERATOR)

    def codelength(self, value: tuple[Exponent, ...], /) -> float:
        """Return the length in bits."""
        return math.fsum(code.codelength(number) for code, number in self._parts(value))

    def encode(self, value: tuple[Exponent, ...], coder: Writer, /) -> None:
        """Store exponents."""
        for code, number in self._parts(value):
            code.encode(number, coder)

    def decode(self, coder: Reader, /) -> tuple[Exponent, ...]:
        """Return the exponents stored next."""
        found: list[Exponent] = []
        for _ in range(self.count):
            digits = self._digits(found).decode(coder)
            found.append(Exponent(digits, self._number.decode(coder)))
        return tuple(found)

    def _parts(self, value: tuple[Exponent, ...]) -> list[tuple[Code[int], int]]:
        parts: list[tuple[Code[int], int]] = []
        for place, (digits, numerator) in enumerate(value):
            parts += [(self._digits(value[:place]), digits), (self._number, numerator)]
        return parts

    def _digits(self, before: Sequence[Exponent]) -> Moved:
        if not before:
            return self._first
        first = before[0].digits
        return Moved(Bounded(Signed(EliasGamma()), -first, LARGEST_DIGITS - first), first)


def usual_digits(curvature: Floats, variance: float) -> tuple[int, ...]:
    """Return the digits at which rounding each exponent costs half a nat at most or so.

    Parameters
    ----------
    curvature : float64[k, k]
        How the sum of squares grows by the exponents.
    variance : float
        Of what is left, in the same unit, for one row.
    """
    found = []
    for place in range(len(curvature)):
        later = np.linalg.pinv(curvature[place:, place:])[0, 0]
        octaves = math.log2(12 * variance * later) / 2 if later > 0 else 0.0
        found.append(min(max(round(-octaves), 0), LARGEST_DIGITS))
    return tuple(found)


def rounded(
    exponents: Floats, curvature: Floats, digits: Sequence[int]
) -> tuple[Exponent, ...] | None:
    """Return exponents rounded in turn, those that follow moved to make up for it.

    None if one is out of range.
    """
    wanted, found = exponents.copy(), []
    for place, count in enumerate(digits):
        scaled = math.ldexp(wanted[place], count)
        if not abs(scaled) <= LARGEST_NUMERATOR:
            return None
        exponent = Exponent(count, round(scaled))
        change = exponent.value - wanted[place]
        later = curvature[place + 1 :, place + 1 :]
        if later.size:
            across = curvature[place + 1 :, place]
            wanted[place + 1 :] -= np.linalg.pinv(later) @ across * change
        found.append(_shortened(exponent))
    return tuple(found)


def neighbouring_digits(digits: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield digits that differ by one, in all exponents at once or in one of them."""
    changes = [(step,) * len(digits) for step in (-1, 1)]
    if len(digits) > 1:
        units = np.eye(len(digits), dtype=int).tolist()
        changes += [tuple(step * unit for unit in row) for row in units for step in (-1, 1)]
    for change in changes:
        moved = tuple(count + step for count, step in zip(digits, change, strict=True))
        if all(0 <= count <= LARGEST_DIGITS for count in moved):
            yield moved


def _shortened(exponent: Exponent) -> Exponent:
    """Return the same number with as few digits as it needs."""
    digits, numerator = exponent
    while digits and numerator % 2 == 0:
        digits, numerator = digits - 1, numerator // 2
    return Exponent(digits, numerator)
