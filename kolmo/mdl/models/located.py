"""Distributions with a location and a scale, each coded at a chosen precision.

The scale is a binary floating number: an exponent, and ``precision`` digits after the first. The
location is a multiple of a step, the scale's first digit shifted down by as many digits. With n
rows a misfit by half a step costs a fixed part of a bit if the step is the scale times
sqrt(12 / n): the usual precision; a family may send another one.

References
----------
J. Rissanen (1983). A universal prior for integers and estimation by minimum description length.
Annals of Statistics 11(2), 416-431. doi:10.1214/aos/1176346150. Section 3, the precision of
parameters. We differ in steps that are powers of two.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from kolmo.coding.code import Code, Interval, IntervalCode, Reader
from kolmo.coding.continuous import Quantised, Student
from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import EliasGamma, Signed
from kolmo.coding.logstar import LogStar
from kolmo.mdl.models.parts import Bounded, Chain, Moved
from kolmo.mdl.models.values import LARGEST_BITS

FRACTION_BITS = 6
"""The smallest scale is 2**-6: a column of one value then costs next to nothing."""

LARGEST_PRECISION = 40


class Located(NamedTuple):
    """One distribution.

    Attributes
    ----------
    shape : int
        Which of the family's shapes.
    precision : int
        Digits of the scale after the first.
    scale : int
        The exponent, counted from that of the smallest scale, and then the digits:
        exponent * 2**precision + digits.
    location : int
        In steps.
    """

    shape: int
    precision: int
    scale: int
    location: int

    @property
    def exponent(self) -> int:
        """Exponent of the scale; a step is 2**exponent units of 2**-fraction_bits."""
        return self.scale >> self.precision

    @property
    def digits(self) -> int:
        """The scale in steps, from 2**precision to less than twice that."""
        return (1 << self.precision) + self.scale - (self.exponent << self.precision)

    @property
    def fraction_bits(self) -> int:
        """Binary places of location and scale."""
        return FRACTION_BITS + self.precision

    def describe(self) -> dict[str, Any]:
        """Return location and scale as numbers."""
        step = Fraction(1 << self.exponent, 1 << self.fraction_bits)
        return {"location": number(self.location * step), "scale": number(self.digits * step)}


class ScaleCode(IntervalCode[int]):
    """The scale of `Located`: the exponent by a given code, and plain digits."""

    def __init__(self, exponent: IntervalCode[int], precision: int, origin: int) -> None:
        self.exponent, self.precision, self.origin = exponent, precision, origin

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the intervals of a scale."""
        exponent, digits = divmod(value, 1 << self.precision)
        plain = Uniform(1 << self.precision).intervals(digits)
        return self.exponent.intervals(exponent - self.origin) + plain

    def decode(self, coder: Reader, /) -> int:
        """Return the scale stored next."""
        exponent = self.exponent.decode(coder) + self.origin
        return (exponent << self.precision) + Uniform(1 << self.precision).decode(coder)


def located_code(shapes: int, rows: int) -> Code[Located]:
    """Return the code of a distribution for so many rows, one of so many shapes."""
    usual = usual_precision(rows)
    shifts = Bounded(Signed(EliasGamma()), -usual, LARGEST_PRECISION - usual)
    return Chain(
        Located,
        lambda: Uniform(shapes),
        lambda _: Moved(shifts, usual),
        lambda _, precision: ScaleCode(Bounded(LogStar(), 1, LARGEST_BITS), precision, -1),
        lambda *_: Signed(LogStar()),
    )


def usual_precision(rows: int) -> int:
    """Return about log2 sqrt(rows / 12), a whole number.

    Examples
    --------
    >>> [usual_precision(rows) for rows in (1, 100, 10**6)]
    [0, 1, 8]
    """
    return max(0, ((rows * rows // 72).bit_length() - 1) // 4)


def quantise(location: Fraction, scale: Fraction, precision: int, shape: int = 0) -> Located:
    """Return the distribution nearest to a location and a scale, at a precision."""
    units = scale * (1 << FRACTION_BITS)
    exponent = 0
    if units > 1:
        exponent = max(0, int(units).bit_length() - 1)
    digits = round(units * (1 << precision) / (1 << exponent)) - (1 << precision)
    index = max(0, (exponent << precision) + digits)
    exponent = index >> precision
    steps = location * (1 << FRACTION_BITS + precision) / (1 << exponent)
    return Located(shape, precision, index, round(steps))


Maker = Callable[[int, int, int], Quantised]


def distribution(make: Maker, place: Located) -> Quantised:
    """Return the code of one value."""
    location, scale = place.location << place.exponent, place.digits << place.exponent
    return made(make, location, scale, place.fraction_bits)


@lru_cache(maxsize=64)
def made(make: Maker, location: int, scale: int, fraction_bits: int) -> Quantised:
    """Return the code of one value, made once for the same parameters."""
    return make(location, scale, fraction_bits)


@lru_cache(maxsize=64)
def student(degrees: int) -> Maker:
    """Return what makes Student's distribution with so many degrees of freedom."""
    return lambda location, scale, bits: Student(location, scale, bits, degrees=degrees)


def number(value: Fraction) -> float | int:
    """Return a float, or a whole number where floats end."""
    return float(value) if abs(value) < sys.float_info.max else round(value)
