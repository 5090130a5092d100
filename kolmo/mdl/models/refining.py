"""Exponents of one form of scaling law, moved until little is left of the target.

References
----------
G. H. Golub, V. Pereyra (1973). The differentiation of pseudo-inverses and nonlinear least squares
problems whose variables separate. SIAM Journal on Numerical Analysis 10(2), 413-432.
doi:10.1137/0710036. Steps of exponents with the factors eliminated, in Kaufman's form.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import DecodeError
from kolmo.mdl.models.axes import Axis
from kolmo.mdl.models.form import LN_2, QUICK, Form, columns

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

WEIGHTINGS = 5
"""So often outliers are weighted down anew."""

_LEAST_GAIN = 1e-11


class _Solved(NamedTuple):
    """Factors for given exponents: orthonormal columns, and what is left of the target."""

    basis: Floats
    factored: Floats
    left: Floats


class Refined(NamedTuple):
    """Exponents near an optimum, how sharp it is, and what is left of the target, with weights."""

    exponents: Floats
    loss: float
    curvature: Floats
    left: Floats
    weights: Floats


class _Loss(NamedTuple):
    """Half the square of what is left; beyond ``width`` it grows in proportion, without a kink."""

    width: float

    def total(self, left: Floats) -> float:
        """Return the sum."""
        if self.width == math.inf:
            return float(left @ left) / 2
        return float((self.width**2 * (np.sqrt(1 + (left / self.width) ** 2) - 1)).sum())

    def weights(self, left: Floats) -> Floats:
        """Return the weights with which squares have the same slope."""
        return np.asarray(1 / np.sqrt(1 + (left / self.width) ** 2), np.float64)


class Task(NamedTuple):
    """A form, its features, and the target divided by its largest value.

    ``least`` is half the last digit of the target, in its unit.
    """

    form: Form
    axes: list[Axis]
    target: Floats
    least: float

    def take(self, rows: Rows) -> Task:
        """Return the task for some of the rows."""
        return self._replace(axes=[axis.take(rows) for axis in self.axes], target=self.target[rows])

    def sample(self, order: Rows, rows: int) -> Task:
        """Return the task for the first so many rows in an order, and for the ends of each axis."""
        if self.target.size <= rows:
            return self
        ends = [end for axis in self.axes for end in (axis.numbers.argmin(), axis.numbers.argmax())]
        return self.take(np.unique([*order[:rows], *ends]))

    def solve(self, exponents: Floats, weights: Floats) -> _Solved | None:
        """Return the factors of weighted least squares; None if a column is out of range."""
        try:
            made = columns(self.form, exponents.tolist(), self.axes, QUICK)
        except DecodeError:
            return None
        roots = np.sqrt(weights)
        matrix = np.array(made)
        matrix /= np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.finfo(float).tiny)
        basis, triangle = np.linalg.qr((matrix * roots).T)
        heights = basis.T @ (self.target * roots)
        left = self.target - basis @ heights / roots
        factors = np.linalg.lstsq(triangle, heights, rcond=None)[0]
        return _Solved(basis, factors[:, None] * matrix, left)

    def jacobian(self, exponents: Floats, solved: _Solved, weights: Floats) -> Floats:
        """Return how the weighted prediction changes with each exponent, the factors following."""
        slopes = self.form.slopes(exponents.tolist(), self.axes, QUICK)
        powers = solved.factored[len(solved.factored) - len(slopes) :]
        changes = np.zeros((exponents.size, self.target.size))
        for power, row in zip(powers, slopes, strict=True):
            for place, slope in enumerate(row):
                if slope is not None:
                    changes[place] += power * slope
        changes *= LN_2 * np.sqrt(weights)
        return changes - (changes @ solved.basis) @ solved.basis.T

    def refine(self, exponents: Floats, rounds: int, *, robust: bool) -> Refined | None:
        """Return the exponents where the loss is least, by damped steps of Gauss and Newton."""
        solved = self.solve(exponents, np.ones_like(self.target))
        if solved is None:
            return None
        loss = _Loss(math.inf)
        weights = np.ones_like(self.target)
        for _ in range(WEIGHTINGS if robust else 0):
            loss = _Loss(max(self.least, float(np.median(np.abs(solved.left)))))
            weights = loss.weights(solved.left)
            solved = self.solve(exponents, weights) or solved
        damping = 1e-3
        for _ in range(rounds if exponents.size else 0):
            before = loss.total(solved.left)
            step = self._step(exponents, solved, weights, (loss, damping))
            if step is None:
                break
            exponents, solved, damping = step
            if robust:
                weights = loss.weights(solved.left)
                solved = self.solve(exponents, weights) or solved
            if before - loss.total(solved.left) <= _LEAST_GAIN * before:
                break
        slopes = self.jacobian(exponents, solved, weights)
        return Refined(exponents, loss.total(solved.left), slopes @ slopes.T, solved.left, weights)

    def _step(
        self, exponents: Floats, solved: _Solved, weights: Floats, tried: tuple[_Loss, float]
    ) -> tuple[Floats, _Solved, float] | None:
        """Return better exponents, and the next damping; None if no step is better."""
        loss, damping = tried
        slopes = self.jacobian(exponents, solved, weights)
        sizes = np.sqrt((slopes * slopes).sum(axis=1))
        if not np.isfinite(sizes).all():
            return None
        sizes[sizes == 0] = 1.0
        slopes /= sizes[:, None]
        curvature, gradient = slopes @ slopes.T, slopes @ (solved.left * np.sqrt(weights))
        before = loss.total(solved.left)
        for _ in range(8):
            damped = curvature + damping * np.eye(exponents.size)
            moved = exponents + np.linalg.solve(damped, gradient) / sizes
            found = self.solve(moved, weights)
            if found is not None and loss.total(found.left) < before:
                return moved, found, max(damping / 10, 1e-12)
            damping *= 8
        return None
