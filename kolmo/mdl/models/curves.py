"""Scaling laws of one variable: powers, exponentials, logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from kolmo.mdl.models.axes import Axes
from kolmo.mdl.models.form import (
    LN_2,
    Floats,
    Form,
    Letters,
    Maths,
    Numbers,
    Slopes,
    nearest,
    times,
)


class Power(Form):
    """a x^b."""

    name, exponents, numbers = "power", 1, 2

    def powers(self, sent: Sequence[Any], axes: Axes, maths: Maths) -> list[Floats]:
        """Return b log2 x."""
        return [sent[0] * axes[0].numbers]

    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return log2 x."""
        return [[axes[0].numbers]]

    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return a and b, and c if there is an offset."""
        found = {"a": times(factors[-1], -sent[0] * axes[0].centre)}
        return {"b": sent[0]}, found | dict(zip("c", factors[:-1], strict=False))

    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula."""
        return f"a {names[0]}^{exponents['b']}" + " + c" * self.offset


class PowerOffset(Power):
    """a x^b + c."""

    name, numbers, offset = "power + offset", 3, True


class Exponential(Power):
    """a e^(b x)."""

    name, logarithmic = "exponential", False

    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return a and b, and c if there is an offset."""
        axis = axes[0]
        rate = times(sent[0], -axis.exponent)
        found = {"a": times(factors[-1], -rate * axis.centre)}
        return {"b": rate * LN_2}, found | dict(zip("c", factors[:-1], strict=False))

    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula."""
        return f"a e^({exponents['b']} {names[0]})" + " + c" * self.offset


class ExponentialOffset(Exponential):
    """a e^(b x) + c."""

    name, numbers, offset = "exponential + offset", 3, True


class Logarithm(Form):
    """a + b ln x."""

    name, exponents, numbers = "logarithm", 0, 2

    def plain(self, axes: Axes) -> list[Floats]:
        """Return both columns."""
        return [np.ones_like(axes[0].numbers), axes[0].numbers]

    def powers(self, sent: Sequence[Any], axes: Axes, maths: Maths) -> list[Floats]:
        """Return none."""
        return []

    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return none."""
        return []

    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return a and b."""
        offset = nearest(Fraction(factors[0]) - Fraction(factors[1]) * Fraction(axes[0].centre))
        return {}, {"a": offset, "b": nearest(Fraction(factors[1]) / Fraction(LN_2))}

    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula."""
        return f"a + b ln {names[0]}"


class LogQuadratic(Form):
    """a x^(b + c ln x): log y is a polynomial of degree 2 in log x."""

    name, exponents, numbers = "log-quadratic", 2, 3

    def powers(self, sent: Sequence[Any], axes: Axes, maths: Maths) -> list[Floats]:
        """Return (b + c log2 x) log2 x, around the middle."""
        logs = axes[0].numbers
        return [(sent[0] + sent[1] * logs) * logs]

    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return log2 x and its square."""
        logs = axes[0].numbers
        return [[logs, logs * logs]]

    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return a, b and c."""
        first, second = sent
        centre = axes[0].centre
        factor = times(factors[0], (second * centre - first) * centre)
        return {"b": first - 2 * second * centre, "c": second / LN_2}, {"a": factor}

    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula."""
        first, second = exponents["b"], exponents["c"]
        sign = "-" if second.startswith("-") else "+"
        return f"a {names[0]}^({first} {sign} {second.removeprefix('-')} ln {names[0]})"
