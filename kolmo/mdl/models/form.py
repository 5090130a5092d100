"""What a form of scaling law is: columns with exponents and without, and how they read.

All forms are linear once their exponents are known, so the factors are the coordinates of a
prediction in the columns (`kolmo.mdl.models.design`). Encoder and decoder make the columns of the
same exponents.
"""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding import portable
from kolmo.coding.code import damaged
from kolmo.mdl.models.axes import Axes
from kolmo.mdl.models.design import Fitted
from kolmo.mdl.models.exponents import Exponent

Floats = NDArray[np.float64]
Slopes = list[list[Floats | None]]
Numbers = Sequence[float]
Letters = tuple[dict[str, float], dict[str, float]]

LARGEST_POWER = 512.0
"""Columns with exponents lie from 2**-512 to 2**512."""

LN_2 = math.log(2)

_LARGEST_OCTAVE = 1 << 11


class Maths(NamedTuple):
    """Powers of two, and log2(1 + x)."""

    exp2: Callable[[Floats], Floats]
    log2_1p: Callable[[Floats], Floats]


PORTABLE = Maths(portable.exp2, portable.log2_1p)
QUICK = Maths(np.exp2, lambda x: np.log1p(x) / LN_2)
"""For looking around; not the same on every machine."""


class Law(NamedTuple):
    """A law as it is sent.

    Attributes
    ----------
    form : int
        Place in `kolmo.mdl.models.laws.FORMS`.
    choice : int
        Which feature, or which pair, of those the form can take.
    exponents : tuple of Exponent
        Binary fractions.
    fitted : Fitted
        The factors, and the distribution of what is left.
    """

    form: int
    choice: int
    exponents: tuple[Exponent, ...]
    fitted: Fitted


class Form(ABC):
    """One form of law.

    Attributes
    ----------
    name : str
        For people.
    variables : int
        1 or 2.
    logarithmic : bool
        Whether it takes logarithms of features, which are then positive.
    ordered : bool
        Whether it changes if its two variables change places.
    offset : bool
        Whether a constant is added.
    numbers : int
        How many numbers are fitted.
    exponents : int
        How many of them are sent as binary fractions; one factor for each column is the rest.
    """

    name: ClassVar[str]
    variables: ClassVar[int] = 1
    logarithmic: ClassVar[bool] = True
    ordered: ClassVar[bool] = False
    offset: ClassVar[bool] = False
    exponents: ClassVar[int]
    numbers: ClassVar[int]

    def plain(self, axes: Axes) -> list[Floats]:
        """Return the columns that have no exponent."""
        return [np.ones_like(axes[0].numbers)] if self.offset else []

    @abstractmethod
    def powers(self, sent: Sequence[Any], axes: Axes, maths: Maths) -> list[Floats]:
        """Return log2 of the other columns; exponents may be arrays, for many laws at once."""

    @abstractmethod
    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return for each of `powers` its derivative by each exponent; None stands for 0."""

    def is_simpler(self, law: Law) -> bool:
        """Return whether a simpler form, or a constant, predicts the same."""
        first, *others = law.fitted.coordinates
        varied = others if others else [first]
        return not any(varied) or 0 in (item.numerator for item in law.exponents)

    @abstractmethod
    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return exponents and factors in units of the features, by their letters.

        What is beyond the doubles stands at their end.
        """

    @abstractmethod
    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula: exponents as numbers, factors by their letters."""


def columns(form: Form, sent: Sequence[float], axes: Axes, maths: Maths = PORTABLE) -> list[Floats]:
    """Return the columns of a form; damaged if one is beyond 2**512 or below 2**-512."""
    with np.errstate(all="ignore"):
        powers = form.powers(sent, axes, maths)
    if not all(bool((np.abs(power) <= LARGEST_POWER).all()) for power in powers):
        raise damaged("an exponent out of range")
    return [*form.plain(axes), *(maths.exp2(power) for power in powers)]


def times(value: float, octaves: float) -> float:
    """Return value * 2**octaves, at the end of the doubles if it is beyond."""
    if not abs(octaves) < _LARGEST_OCTAVE:
        return _last(value) if octaves > 0 else 0.0
    whole = math.floor(octaves)
    return nearest(Fraction(value) * Fraction(2.0 ** (octaves - whole)) * Fraction(2) ** whole)


def nearest(value: Fraction) -> float:
    """Return the double next to a number, the last one if there is none."""
    try:
        return float(value)
    except OverflowError:
        return _last(value)


def _last(value: float | Fraction) -> float:
    """Return the last double on the side of 0 where a number is."""
    return sys.float_info.max * ((value > 0) - (value < 0))
