"""Scaling laws of two variables: sums of two powers, and Kaplan's equation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kolmo.mdl.models.axes import Axes
from kolmo.mdl.models.form import Floats, Form, Law, Letters, Maths, Numbers, Slopes, times


class Additive(Form):
    """E + A / N^a + B / D^b."""

    name, exponents, numbers, variables = "E + A/N^a + B/D^b", 2, 5, 2
    offset = True

    def is_simpler(self, law: Law) -> bool:
        """Return whether both exponents are the same, or it is a constant."""
        return super().is_simpler(law) or len({item.value for item in law.exponents}) == 1

    def powers(self, sent: Sequence[Any], axes: Axes, maths: Maths) -> list[Floats]:
        """Return -a log2 N and -b log2 D."""
        return [-sent[0] * axes[0].numbers, -sent[-1] * axes[1].numbers]

    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return -log2 N and -log2 D."""
        return [[-axes[0].numbers, None], [None, -axes[1].numbers]]

    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return E, A, B, a and b."""
        first = times(factors[1], sent[0] * axes[0].centre)
        second = times(factors[2], sent[-1] * axes[1].centre)
        return dict(zip("ab", sent, strict=False)), {"E": factors[0], "A": first, "B": second}

    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula."""
        first, second = exponents["a"], exponents.get("b", exponents["a"])
        return f"E + A / {names[0]}^{first} + B / {names[1]}^{second}"


class AdditiveAlike(Additive):
    """E + A / N^a + B / D^a."""

    name, exponents, numbers = "E + A/N^a + B/D^a", 1, 4

    def is_simpler(self, law: Law) -> bool:
        """Return whether it is a constant."""
        return Form.is_simpler(self, law)

    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return -log2 N and -log2 D."""
        return [[-axes[0].numbers], [-axes[1].numbers]]


class Kaplan(Form):
    """((N_c / N)^(a_N / a_D) + D_c / D)^a_D.

    Written C ((M / N)^(a_N / a_D) + 1 / D)^a_D: then C alone has the unit of the target. Hence
    D_c = C^(1 / a_D) and N_c = M C^(1 / a_N). Sent are a_N, a_D, and where the two terms are
    equally large: a_N log2 M around the middle.

    References
    ----------
    J. Kaplan et al. (2020). Scaling laws for neural language models. arXiv:2001.08361. Equation
    1.5.
    """

    name, exponents, numbers, variables = "Kaplan 1.5", 3, 4, 2
    ordered = True

    def powers(self, sent: Sequence[Any], axes: Axes, maths: Maths) -> list[Floats]:
        """Return a_D log2 of the mean of both terms, which is 0 in the middle if they balance."""
        first, second = self._terms(sent, axes)
        smaller = maths.exp2(-np.abs(first - second))
        return [sent[1] * (np.maximum(first, second) + (maths.log2_1p(smaller) - 1))]

    def slopes(self, sent: Numbers, axes: Axes, maths: Maths) -> Slopes:
        """Return the derivatives by a_N, by a_D, and by the balance of the terms."""
        first, second = self._terms(sent, axes)
        smaller = maths.exp2(-np.abs(first - second))
        mean = np.maximum(first, second) + (maths.log2_1p(smaller) - 1)
        share = np.where(first > second, 1.0, smaller) / (1 + smaller)
        return [[-axes[0].numbers * share, mean - share * first, share]]

    def read(self, sent: Numbers, factors: Numbers, axes: Axes) -> Letters:
        """Return a_N, a_D, M and C."""
        first, second, balance = sent
        moved = second * axes[1].centre
        middle = times(1.0, axes[0].centre + (balance - moved) / first if first else math.inf)
        factor = times(factors[0], moved - second)
        return {"a_N": first, "a_D": second, "M": middle}, {"C": factor}

    def formula(self, exponents: dict[str, str], names: Sequence[str]) -> str:
        """Return the formula."""
        power = f"({exponents['a_N']} / {exponents['a_D']})"
        first = f"({exponents['M']} / {names[0]})^{power}"
        return f"C ({first} + 1 / {names[1]})^{exponents['a_D']}"

    def is_simpler(self, law: Law) -> bool:
        """Return whether an exponent is 0; the balance of the terms may be."""
        return super().is_simpler(law._replace(exponents=law.exponents[:2]))

    def _terms(self, sent: Sequence[Any], axes: Axes) -> tuple[Floats, Floats]:
        """Return log2 of both terms."""
        first: Floats = (sent[2] - sent[0] * axes[0].numbers) / sent[1]
        return first, -axes[1].numbers
