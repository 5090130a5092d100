"""The scaling law with the shortest message, for each form: where to look, and how many digits.

The likeliest features or pairs of each form are screened on a grid and refined, by squares and
again with outliers weighted down; the digits of the exponents follow from the length of the
message. Encoder only: nothing of it has to be the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import DecodeError
from kolmo.mdl.models.axes import Axis
from kolmo.mdl.models.design import Basis, difference
from kolmo.mdl.models.exponents import neighbouring_digits, rounded, usual_digits
from kolmo.mdl.models.form import Law, columns
from kolmo.mdl.models.laws import FORMS, Choices
from kolmo.mdl.models.least_squares import fit, fit_rest
from kolmo.mdl.models.refining import Refined, Task
from kolmo.mdl.models.screening import Screened, screen
from kolmo.mdl.models.values import Values, to_values

Rows = NDArray[np.int64]

MOST_PAIRED = 6
"""Of so many features, those that predict best by themselves, all pairs are tried."""

_SEED = 20010836
_SCREENED_ROWS, _SEARCHED_ROWS = 128, 1024
_SCREENED_CHOICES = 2
_EXACT_BITS = 49
_ROUNDS, _LAST_ROUNDS = 40, 3
_LEAST_VARIANCE = 1 / 20
_TRIES, _SLOW_TRIES, _MANY_ROWS = 16, 3, 1 << 11
_HOPELESS_BITS = 256.0


class Weighed(NamedTuple):
    """A law, and the length of its message."""

    law: Law
    bits: float


def shortest_laws(choices: Choices, values: Values, effort: int) -> dict[int, Weighed]:
    """Return the best law of each form; from many rows some are drawn to look for it."""
    whole = _Search(choices, values, effort)
    if values.size <= _MANY_ROWS:
        return whole.weigh_all(whole.candidates())
    rows = np.unique([*_shuffle(values.size)[:_MANY_ROWS], *choices.ends()])
    some = _Search(choices, values, effort, rows)
    return whole.weigh_all([*filter(None, map(whole.adapt, some.candidates()))])


class _Candidate(NamedTuple):
    """A form of a feature or pair with its exponents, and whether outliers count less."""

    form: int
    choice: int
    robust: bool
    refined: Refined


class _Search:
    """The search for the shortest message of each form, over all rows or some."""

    def __init__(
        self, choices: Choices, values: Values, effort: int, rows: Rows | None = None
    ) -> None:
        self._choices, self._effort, self._rows = choices, effort, rows
        self._values = values if rows is None else values[rows]
        largest = max(abs(int(values.max())), abs(int(values.min())), 1)
        self._shift = max(0, largest.bit_length() - _EXACT_BITS)
        self._whole = to_values(self._values >> self._shift)
        self._size = float(largest >> self._shift)
        self._target = self._whole.astype(np.float64) / self._size
        self._order = _shuffle(self._values.size)
        self._paired: set[int] = set()

    def candidates(self) -> list[_Candidate]:
        """Return the likeliest exponents of the likeliest feature or pair, for each form."""
        best = []
        for form in self._choices.forms:
            found = [(self.weigh(one), one) for one in self._likely(form)]
            usable = [(weighed.bits, one) for weighed, one in found if weighed is not None]
            best += [one for _, one in sorted(usable, key=lambda item: item[0])[:1]]
        return best

    def adapt(self, candidate: _Candidate) -> _Candidate | None:
        """Return a candidate of some rows, refined on these; None if it is out of range."""
        task = self._task(candidate.form, candidate.choice)
        start, robust = candidate.refined.exponents, candidate.robust
        refined = task.refine(start, _LAST_ROUNDS, robust=robust)
        return None if refined is None else candidate._replace(refined=refined)

    def weigh_all(self, candidates: Sequence[_Candidate]) -> dict[int, Weighed]:
        """Return the best law of each form, by the place of the form."""
        found = {one.form: (self.weigh(one), one) for one in candidates}
        usable = {form: (law, one) for form, (law, one) in found.items() if law is not None}
        least = min((law.bits for law, _ in usable.values()), default=math.inf)
        return {
            form: self._descend(one, law) if law.bits < least + _HOPELESS_BITS else law
            for form, (law, one) in usable.items()
        }

    def _likely(self, form: int) -> Iterator[_Candidate]:
        """Yield the best exponents of the likeliest features, by both losses."""
        screened = [self._screen(form, choice) for choice in self._tried(form)]
        if FORMS[form].name == "power + offset":
            self._rank(form, screened)
        for robust in (False, True):
            best = sorted(screened, key=lambda item: item.losses[robust])[:_SCREENED_CHOICES]
            for item in best:
                refined = self._refine(form, item, robust=robust)
                if refined is not None:
                    yield _Candidate(form, item.choice, robust, refined)

    def _tried(self, form: int) -> list[int]:
        """Return which features, or which pairs, are tried."""
        listed = self._choices.of(form)
        single = FORMS[form].variables == 1
        return [i for i, places in enumerate(listed) if single or self._paired.issuperset(places)]

    def _rank(self, form: int, screened: Sequence[Screened]) -> None:
        """Note the features that predict best by themselves: pairs are made of them."""
        best = sorted(screened, key=lambda item: item.losses[True])[:MOST_PAIRED]
        self._paired = {self._choices.of(form)[item.choice][0] for item in best}

    def _axes(self, form: int, choice: int) -> list[Axis]:
        axes = self._choices.axes(form, self._choices.of(form)[choice])
        return axes if self._rows is None else [axis.take(self._rows) for axis in axes]

    def _task(self, form: int, choice: int) -> Task:
        axes = self._axes(form, choice)
        return Task(FORMS[form], axes, self._target, 0.5 / self._size)

    def _screen(self, form: int, choice: int) -> Screened:
        task = self._task(form, choice).sample(self._order, _SCREENED_ROWS)
        return screen(task, choice, self._effort)

    def _refine(self, form: int, screened: Screened, *, robust: bool) -> Refined | None:
        """Return the best of what the starts lead to on some rows, refined on all rows."""
        task = self._task(form, screened.choice)
        some = task.sample(self._order, _SEARCHED_ROWS)
        tried = [some.refine(s, _ROUNDS, robust=robust) for s in screened.starts[robust]]
        best = min(filter(None, tried), key=lambda refined: refined.loss, default=None)
        if best is None or some is task:
            return best
        return task.refine(best.exponents, _LAST_ROUNDS, robust=robust) or best

    def _aim(self, candidate: _Candidate) -> Values:
        """Return a target whose least squares are the robust fit: outliers are moved near it."""
        if not candidate.robust:
            return self._whole
        beyond = (1 - candidate.refined.weights) * candidate.refined.left * self._size
        return to_values(self._whole - np.rint(beyond).astype(np.int64))

    def _digits(self, refined: Refined) -> tuple[int, ...]:
        """Return the usual digits of the exponents; at least about rounding is left."""
        variance = float((refined.weights * refined.left**2).mean())
        return usual_digits(refined.curvature, max(variance, _LEAST_VARIANCE / self._size**2))

    def weigh(self, candidate: _Candidate, digits: tuple[int, ...] | None = None) -> Weighed | None:
        """Return the law with so many digits of the exponents; None if one is out of range."""
        digits = self._digits(candidate.refined) if digits is None else digits
        exponents = rounded(candidate.refined.exponents, candidate.refined.curvature, digits)
        if exponents is None:
            return None
        form, axes = FORMS[candidate.form], self._axes(candidate.form, candidate.choice)
        try:
            basis = Basis(columns(form, [item.value for item in exponents], axes))
        except DecodeError:
            return None
        fitted = fit(basis, self._aim(candidate))._replace(far=self._shift > 0, shift=self._shift)
        rest, bits = fit_rest(difference(self._values, basis.predict(fitted)))
        law = Law(candidate.form, candidate.choice, exponents, fitted._replace(rest=rest))
        return Weighed(law, self._choices.law_code(self._values.size).codelength(law) + bits)

    def _descend(self, candidate: _Candidate, weighed: Weighed) -> Weighed:
        """Return the best law with some more or fewer digits of the exponents."""
        digits = self._digits(candidate.refined)
        tries = _TRIES if self._values.size <= _MANY_ROWS else _SLOW_TRIES
        seen, improved = {digits}, True
        while improved:
            improved = False
            for moved in neighbouring_digits(digits):
                if moved in seen or len(seen) > tries:
                    continue
                seen.add(moved)
                other = self.weigh(candidate, moved)
                if other is not None and other.bits < weighed.bits:
                    weighed, digits, improved = other, moved, True
                    break
        return weighed


def _shuffle(rows: int) -> Rows:
    """Return the rows in an order without a pattern, always the same."""
    return np.random.default_rng(_SEED).permutation(rows)
