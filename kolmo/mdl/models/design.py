"""Numbers predicted by a sum of known columns: what is sent, and how precisely.

Encoder and decoder make the same orthonormal basis of the columns. Sent are the coordinates of the
prediction in it, each in steps of a power of two, and the distribution of what is left, at the
precision of the target. In such a basis the nearest point of the lattice is found by rounding each
coordinate (Babai's rounding), and a step of about sqrt(12) standard deviations of the rest costs
half a nat for each coordinate beyond its digits, which is the least in all.

The usual coefficients, in units of the columns, are for people; they are not sent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.coding.continuous import Laplace, Normal
from kolmo.coding.continuous import Student as StudentCode
from kolmo.coding.integers import EliasGamma, Signed
from kolmo.coding.logstar import LogStar
from kolmo.mdl.cells import Flag
from kolmo.mdl.models.located import (
    FRACTION_BITS,
    Located,
    Maker,
    distribution,
    located_code,
    student,
)
from kolmo.mdl.models.parts import Bounded, Chain, Moved
from kolmo.mdl.models.values import LARGEST_BITS, Values, to_values
from kolmo.mdl.packed import Known

Floats = NDArray[np.float64]

SHAPES: tuple[tuple[str, Maker], ...] = (
    ("normal", Normal),
    ("laplace", Laplace),
    ("student 3", student(3)),
)
"""Distributions of what is left."""

SMALLEST_SHARE = 2.0**-36
"""A column of which less is left depends on those before, and adds nothing."""

_NEAR_USUAL = Bounded(Signed(EliasGamma()), -64, 64)
_SMALL = 1 << 61
_LARGEST_EXPONENT = 1100
_LARGEST_PREDICTION = 2.0**52


class Fitted(NamedTuple):
    """A prediction in a basis, and how far off the target is.

    Attributes
    ----------
    rest : Located
        The distribution of target less prediction; its shape is one of `SHAPES`.
    far : bool
        Whether origin and shift are not both 0, as for huge targets.
    origin, shift : int
        The prediction is (origin + round(sum)) * 2**shift.
    exponent : int
        Coordinates are in steps of 2**exponent.
    spread : int
        The coordinates after the first are sent by a Cauchy distribution of scale 2**spread.
    coordinates : tuple of int
        In the basis, one for each column.
    """

    rest: Located
    far: bool
    origin: int
    shift: int
    exponent: int
    spread: int
    coordinates: tuple[int, ...]

    def describe(self) -> dict[str, Any]:
        """Return the distribution of what is left, in units of the values."""
        return {"noise": SHAPES[self.rest.shape][0], "scale": self.rest.describe()["scale"]}


class Basis:
    """An orthonormal basis of columns.

    Parameters
    ----------
    columns : sequence of float64[n]
        Finite. They are divided by a power of two near their largest value, so that no square
        overflows.
    """

    def __init__(self, columns: Sequence[Floats]) -> None:
        from kolmo.mdl.kernels.bases import orthonormalise

        self._columns = np.array([_near_one(column) for column in columns], np.float64)
        self._exponents = [_exponent(column) for column in columns]
        self.rows = self._columns.copy()
        orthonormalise(self.rows, SMALLEST_SHARE)

    @property
    def independent(self) -> bool:
        """Whether no column depends on those before."""
        return bool((np.abs(self.rows).max(axis=1, initial=0.0) > 0).all())

    def coefficients(self, fitted: Fitted) -> list[float]:
        """Return about the factors of the columns, in units of the values; for people.

        The origin of the prediction is not among them.
        """
        step = math.ldexp(1.0, fitted.exponent)
        sums = step * np.array(fitted.coordinates, np.float64) @ self.rows
        found = np.linalg.lstsq(self._columns.T, sums, rcond=None)[0]
        return [
            _scaled(value, fitted.shift - exponent)
            for value, exponent in zip(found.tolist(), self._exponents, strict=True)
        ]

    def predict(self, fitted: Fitted) -> Values:
        """Return the prediction of each row; damaged if one is beyond 2**52 steps."""
        from kolmo.mdl.kernels.bases import combine

        try:
            step = math.ldexp(1.0, fitted.exponent)
            factors = np.array([step * float(b) for b in fitted.coordinates])
        except OverflowError:
            raise damaged("a coordinate beyond the doubles") from None
        sums = np.rint(combine(self.rows, factors))
        if not bool((np.abs(sums) <= _LARGEST_PREDICTION).all()):
            raise damaged("a prediction beyond 2**52")
        whole: Values = sums.astype(np.int64)
        if fitted.origin == fitted.shift == 0:
            return whole
        return to_values((whole.astype(np.object_) + fitted.origin) << fitted.shift)


class Rest(Code[Any]):
    """The code of a target, given its prediction."""

    def __init__(self, predicted: Values, place: Located) -> None:
        self.predicted = predicted
        self._code = distribution(SHAPES[place.shape][1], place).many(predicted.size)

    def codelength(self, value: Any, /) -> float:
        """Return the length in bits."""
        return self._code.codelength(self._differences(value))

    def encode(self, value: Any, coder: Writer, /) -> None:
        """Store a target."""
        self._code.encode(self._differences(value), coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the target stored next."""
        return difference(to_values(self._code.decode(coder)), -self.predicted)

    def _differences(self, value: Any) -> Values:
        return difference(to_values(value), self.predicted)


class Coordinates(Code[tuple[int, ...]]):
    """The coordinates: the first by its size alone, the others by a Cauchy distribution."""

    def __init__(self, count: int, spread: int) -> None:
        self.count = count
        self._first = Signed(LogStar())
        self._others = StudentCode(0, 1 << spread, degrees=1).many(max(0, count - 1))

    def codelength(self, value: tuple[int, ...], /) -> float:
        """Return the length in bits."""
        if not value:
            return 0.0
        return self._first.codelength(value[0]) + self._others.codelength(to_values(value[1:]))

    def encode(self, value: tuple[int, ...], coder: Writer, /) -> None:
        """Store coordinates."""
        if value:
            self._first.encode(value[0], coder)
            self._others.encode(to_values(value[1:]), coder)

    def decode(self, coder: Reader, /) -> tuple[int, ...]:
        """Return the coordinates stored next."""
        if self.count == 0:
            return ()
        first = self._first.decode(coder)
        return (first, *(int(b) for b in self._others.decode(coder)))


def fitted_code(count: int, rows: int) -> Code[Fitted]:
    """Return the code of a prediction by so many columns."""
    largest = Moved(Bounded(LogStar(), 1, LARGEST_BITS), -1)
    return Chain(
        Fitted,
        lambda: located_code(len(SHAPES), rows),
        lambda _: Flag(),
        lambda _, far: Signed(LogStar()) if far else Known(0),
        lambda _, far, *__: largest if far else Known(0),
        lambda rest, _far, _origin, shift: Moved(_NEAR_USUAL, usual_exponent(rest, shift)),
        lambda *_: Moved(Bounded(LogStar(), 1, _LARGEST_EXPONENT), -1),
        lambda *fields: Coordinates(count, fields[-1]),
    )


def usual_exponent(rest: Located, shift: int) -> int:
    """Return about log2 of sqrt(12) standard deviations of the rest, in steps of 2**shift."""
    return rest.exponent - FRACTION_BITS + 2 - shift


def difference(values: Values, predicted: Values) -> Values:
    """Return values less predictions, exactly."""
    if values.dtype == predicted.dtype == np.int64 and _is_small(values) and _is_small(predicted):
        return np.asarray(values - predicted)
    return to_values(values.astype(np.object_) - predicted.astype(np.object_))


def _is_small(values: Values) -> bool:
    """Return whether sums of two such values fit 64 bits."""
    return not values.size or (values.min() > -_SMALL and values.max() < _SMALL)


def _exponent(column: Floats) -> int:
    """Return the exponent of the power of two that a column is divided by."""
    return int(np.frexp(np.abs(column).max(initial=0.0))[1])


def _scaled(value: float, exponent: int) -> float:
    """Return value * 2**exponent, as an integer where floats end."""
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return round(Fraction(value) * (1 << exponent))


def _near_one(column: Floats) -> Floats:
    return np.ldexp(column, -_exponent(column))
