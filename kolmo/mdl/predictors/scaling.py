"""Targets that scale with one or two features: powers, exponentials, logarithms, and their sums."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kolmo.coding.code import Code
from kolmo.errors import ParameterError
from kolmo.mdl.features import Features
from kolmo.mdl.models.design import Basis, Rest
from kolmo.mdl.models.form import Law
from kolmo.mdl.models.law_search import Weighed, shortest_laws
from kolmo.mdl.models.laws import FORMS, Choices, describe
from kolmo.mdl.models.locating import is_varied
from kolmo.mdl.models.values import Values, column_values
from kolmo.mdl.predictor import Predictor

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}]


class Scaling(Predictor[Law]):
    """A law of one or two numeric features; the form is chosen.

    Of one variable: power, exponential, both also with an offset, logarithm, log-quadratic; of
    two: E + A/N^a + B/D^b, the same with a = b, and Kaplan's equation 1.5. Powers and logarithms
    are taken of features that are positive in all rows.

    Sent are the form, the features, the exponents as binary fractions, the factors, and the target
    less the prediction. Exponents are looked for from a grid, where the factors are those of least
    squares, and again with outliers weighted down; their digits are chosen by the length of the
    message. Pairs are tried of the six features at most that predict best by themselves.

    Attributes
    ----------
    effort : int
        How dense the grid is and how many of its points are starts; encoding alone depends on it.

    References
    ----------
    G. H. Golub, V. Pereyra (1973), as for `kolmo.mdl.models.refining`. J. Kaplan et al. (2020), as
    for `kolmo.mdl.models.surfaces.Kaplan`.

    Examples
    --------
    >>> from kolmo.mdl.features import read_features
    >>> known = read_features(b"1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n", ["side"])
    >>> model = Scaling().given(known).fit([6 * side**2 for side in range(1, 10)])
    >>> model.parameters["formula"], round(model.parameters["factors"]["a"], 2)
    ('a side^2', 6.0)
    """

    name = "scaling"
    in_units = ("factors", "scale")

    effort: ClassVar[int] = 1

    def __init__(self) -> None:
        self._choices: Choices | None = None

    def given(self, features: Features) -> Self:
        """Return this predictor, told the features."""
        told = super().given(features)
        told._choices = None
        return told

    @property
    def choices(self) -> Choices:
        """What each form can be of."""
        if self._choices is None:
            self._choices = Choices(self.features)
        return self._choices

    def fits(self, column: Column) -> bool:
        """Return whether the target has different numbers, and some feature too."""
        varied = column.numbers is not None and is_varied(column_values(column))
        return varied and bool(self.choices.forms)

    def choose(self, values: Values) -> Law:
        """Return the law with the shortest message."""
        found = self._weighed(values).values()
        proper = [one for one in found if not FORMS[one.law.form].is_simpler(one.law)]
        return min(proper or found, key=lambda weighed: weighed.bits).law

    def members(self, values: Values) -> Iterator[Law]:
        """Yield the best law of each form, those of the fewest numbers first.

        Those that a simpler form can say too are left out, as x^(2 + 0 ln x).
        """
        found = self._weighed(values)
        for form in sorted(found, key=lambda form: FORMS[form].numbers):
            if not FORMS[form].is_simpler(found[form].law):
                yield found[form].law

    def parameter_code(self, rows: int) -> Code[Law]:
        """Return the code of form, features, exponents, factors, and what is left."""
        return self.choices.law_code(rows)

    def data_code(self, parameters: Law, rows: int) -> Code[Any]:
        """Return the code of the target less its prediction."""
        basis = Basis(self.choices.columns(parameters))
        return Rest(basis.predict(parameters.fitted), parameters.fitted.rest)

    def describe(self, parameters: Law) -> dict[str, Any]:
        """Return the form, features, the formula, exponents, factors and what is left."""
        places = self.choices.of(parameters.form)[parameters.choice]
        factors = Basis(self.choices.columns(parameters)).coefficients(parameters.fitted)
        names = [self.features.names[place] for place in places]
        return describe(parameters, factors, self.choices.axes(parameters.form, places), names)

    def free_parameters(self, parameters: Law) -> int:
        """Return the numbers of the form, and the scale of what is left."""
        return FORMS[parameters.form].numbers + 1

    def _weighed(self, values: Values) -> dict[int, Weighed]:
        """Return the best law of each form, by the place of the form."""
        if not self.choices.forms:
            raise ParameterError("no law: got no numeric feature that varies; need 1 or more.")
        return shortest_laws(self.choices, values, self.effort)
