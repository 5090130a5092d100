"""A family of models of a target column given features, which the decoder knows, too.

A predictor is a `Family` that has been told the features: its parameter code and its data code may
depend on them in any way that encoder and decoder compute alike. That rules out mathematics
libraries and sums whose order is not fixed: `kolmo.coding.portable` has powers and logarithms, and
kernels add one after the other.
"""

from __future__ import annotations

from copy import copy
from typing import Self

from kolmo.mdl.family import Family, P
from kolmo.mdl.features import Features
from kolmo.mdl.models.values import Values


class Predictor(Family[P]):
    """A set of models of a target given features.

    Attributes
    ----------
    features : Features
        What is known of the rows whose target has a value; set by `given`.

    Notes
    -----
    `Family.fits` is asked with the target's column; ``features`` are there by then. In
    `Family.describe` a predictor names features by `Features.names`.
    """

    features: Features

    def given(self, features: Features) -> Self:
        """Return this predictor, told the features."""
        told = copy(self)
        told.features = features
        return told

    def expected(self, parameters: P, values: Values) -> Values | None:
        """Return the number that each row is expected to have, for pictures; None if none has.

        Parameters
        ----------
        parameters : tuple
            Of the model.
        values : int64[n] or object[n]
            The target.
        """
        code = self.data_code(parameters, values.size)
        found: Values | None = getattr(code, "predicted", None)
        return found
