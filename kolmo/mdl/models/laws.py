"""Which scaling laws there are, what each can be of, and their code.

Sent are the form, which feature or pair, the exponents as binary fractions, the factors and the
distribution of what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, permutations
from typing import Any

import numpy as np

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform
from kolmo.mdl.features import Features
from kolmo.mdl.models.axes import Axes, Axis, linear_axis, power_axis
from kolmo.mdl.models.curves import (
    Exponential,
    ExponentialOffset,
    Logarithm,
    LogQuadratic,
    Power,
    PowerOffset,
)
from kolmo.mdl.models.design import fitted_code
from kolmo.mdl.models.exponents import Exponents
from kolmo.mdl.models.form import Floats, Form, Law, columns
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.surfaces import Additive, AdditiveAlike, Kaplan

FORMS: tuple[Form, ...] = (
    Power(),
    PowerOffset(),
    Exponential(),
    ExponentialOffset(),
    Logarithm(),
    LogQuadratic(),
    Additive(),
    AdditiveAlike(),
    Kaplan(),
)
"""Of one variable and of two; messages name one by its place."""


class Choices:
    """What each form can be of, given the features; encoder and decoder find the same.

    Parameters
    ----------
    features : Features
        Those that vary count; for logarithms and powers those that are positive.
    """

    def __init__(self, features: Features) -> None:
        numeric = [(place, features.numbers(place)) for place in features.numeric()]
        columns = [(place, x) for place, x in numeric if x is not None]
        self._power = {place: power_axis(x) for place, x in columns}
        self._linear = {place: linear_axis(x) for place, x in columns}
        self._of = [self._find(form) for form in FORMS]

    @property
    def forms(self) -> list[int]:
        """The forms that can be of some feature."""
        return [number for number, choices in enumerate(self._of) if choices]

    def of(self, form: int) -> list[tuple[int, ...]]:
        """Return the places of features, or ordered or unordered pairs of them, for a form."""
        return self._of[form]

    def axes(self, form: int, places: Sequence[int]) -> list[Axis]:
        """Return the axes of a form of these features."""
        axes = self._power if FORMS[form].logarithmic else self._linear
        return [axis for place in places if (axis := axes[place]) is not None]

    def ends(self) -> list[int]:
        """Return the rows where some feature is least or largest."""
        axes = [axis for axis in self._linear.values() if axis is not None]
        return [int(end(axis.numbers)) for axis in axes for end in (np.argmin, np.argmax)]

    def law_code(self, rows: int) -> Code[Law]:
        """Return the code of a law: form, features, exponents, factors, what is left."""
        forms = self.forms
        if not forms:
            raise damaged("a law without a feature")
        return Chain(
            Law,
            lambda: _Listed(forms),
            lambda form: Uniform(len(self.of(form))),
            lambda form, _: Exponents(FORMS[form].exponents),
            lambda form, *_: fitted_code(columns_of(form), rows),
        )

    def columns(self, law: Law) -> list[Floats]:
        """Return the columns that a law adds up; damaged if one is beyond the range."""
        axes = self.axes(law.form, self.of(law.form)[law.choice])
        sent = [exponent.value for exponent in law.exponents]
        return columns(FORMS[law.form], sent, axes)

    def _find(self, form: Form) -> list[tuple[int, ...]]:
        axes = self._power if form.logarithmic else self._linear
        places = [place for place, axis in axes.items() if axis is not None]
        return [*(permutations if form.ordered else combinations)(places, form.variables)]


class _Listed(Code[int]):
    """One of some numbers, all equally long."""

    def __init__(self, listed: Sequence[int]) -> None:
        self._listed, self._code = listed, Uniform(len(listed))

    def codelength(self, value: int, /) -> float:
        """Return the length in bits."""
        return self._code.codelength(self._listed.index(value))

    def encode(self, value: int, coder: Writer, /) -> None:
        """Store a number."""
        self._code.encode(self._listed.index(value), coder)

    def decode(self, coder: Reader, /) -> int:
        """Return the number stored next."""
        return self._listed[self._code.decode(coder)]


def columns_of(form: int) -> int:
    """Return how many columns a form adds up."""
    return FORMS[form].numbers - FORMS[form].exponents


def describe(
    law: Law, factors: Sequence[float], axes: Axes, names: Sequence[str]
) -> dict[str, Any]:
    """Return the form, its features, the formula, and its numbers in units of the values."""
    form = FORMS[law.form]
    exponents, found = form.read([item.value for item in law.exponents], factors, axes)
    written = {letter: f"{value:.6g}" for letter, value in exponents.items()}
    return {
        "form": form.name,
        "features": list(names),
        "formula": form.formula(written, names),
        "exponents": exponents,
        "factors": found,
        **law.fitted.describe(),
    }
