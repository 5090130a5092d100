"""Numbers that are a sum of some of the numeric features, each times a factor, and noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kolmo.coding.code import Code
from kolmo.mdl.models.design import Basis, Fitted, Rest, fitted_code
from kolmo.mdl.models.least_squares import fit, rest_bits
from kolmo.mdl.models.numeric import INTERCEPT, SumPredictor
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.subsets import Places
from kolmo.mdl.models.tables import Some
from kolmo.mdl.models.values import Values

EXAMPLES: list[dict[str, int]] = [{}]

_SPARE_ROWS = 2


class Chosen(NamedTuple):
    """Which of the numeric features, counted from 1, and the prediction by them."""

    features: Places
    fitted: Fitted


class Linear(SumPredictor[Chosen]):
    """A linear regression on some of the numeric features; which ones, and how many, is chosen.

    Sent are the number of features, which ones, the coordinates of the prediction in an orthonormal
    basis of an intercept and the features, and the distribution of what is left.

    Of each size the subsets with the least sums of squares are weighed: of all subsets if there are
    up to 20 features, else of those that splicing finds.

    References
    ----------
    C. Gatu, E. J. Kontoghiorghes (2006), as for `kolmo.mdl.kernels.subsets`; J. Zhu and others
    (2020), as for `kolmo.mdl.models.subsets.best_subsets`. We differ in what decides between sizes:
    the length of a message that is sent.
    """

    name = "linear"
    complexity_name = "features"
    in_units = ("coefficients", "scale")

    def parameter_code(self, rows: int) -> Code[Chosen]:
        """Return the code of the features and of the prediction by them."""
        return Chain(
            Chosen,
            lambda: Some(len(self.known.columns), rows - _SPARE_ROWS),
            lambda features: fitted_code(1 + len(features), rows),
        )

    def data_code(self, parameters: Chosen, rows: int) -> Code[Any]:
        """Return the code of a column given its prediction."""
        fitted = parameters.fitted
        return Rest(self.known.basis(parameters.features).predict(fitted), fitted.rest)

    def basis_of(self, parameters: Chosen) -> Basis:
        """Return the basis of an intercept and the features."""
        return self.known.basis(parameters.features)

    def complexity(self, parameters: Chosen) -> int:
        """Return the number of features."""
        return len(parameters.features)

    def free_parameters(self, parameters: Chosen) -> int:
        """Return a factor for each feature, the intercept and the scale."""
        return len(parameters.features) + 2

    def describe(self, parameters: Chosen) -> dict[str, Any]:
        """Return the features, their factors in units of the values, and the noise."""
        features, fitted = parameters
        names = self.known.named(features)
        intercept, *factors = self.known.basis(features).coefficients(fitted)
        return {
            "features": names,
            "coefficients": {
                INTERCEPT: intercept + fitted.origin,
                **dict(zip(names, factors, strict=True)),
            },
            **fitted.describe(),
            "search": self.known.search,
        }

    def weighed(self, values: Values) -> Iterator[tuple[Chosen, float]]:
        """Yield the best features of each number, and the length of their message."""
        code = self.parameter_code(values.size)
        for close in self.known.close_subsets(values, values.size - _SPARE_ROWS):
            found = []
            for features in close:
                basis = self.known.basis(features)
                chosen = Chosen(features, fit(basis, values))
                bits = code.codelength(chosen) + rest_bits(chosen.fitted, basis, values)
                found.append((chosen, bits))
            yield min(found, key=lambda pair: pair[1])
