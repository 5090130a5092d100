"""Where to start looking for the exponents of a scaling law: the best places of a grid.

At each place the factors are those of least squares, and again with outliers weighted down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.mdl.models.axes import Axes
from kolmo.mdl.models.form import QUICK, Form
from kolmo.mdl.models.refining import WEIGHTINGS, Task

Floats = NDArray[np.float64]

_RIDGE = 1e-13
_LARGEST_POWER = 256.0


class Screened(NamedTuple):
    """What a grid tells of a feature or pair: the least losses, and where to start from."""

    choice: int
    losses: tuple[float, float]
    starts: tuple[list[Floats], list[Floats]]


def screen(task: Task, choice: int, density: int) -> Screened:
    """Return what a grid tells; ``density`` says how fine it is, and how many starts there are."""
    grid = _grid_of(task.form, density)
    points = [np.ravel(axis) for axis in np.meshgrid(*grid, indexing="ij")]
    exponents = _place(task.form, task.axes, points)
    losses = _grid_losses(task, exponents)
    shape = [axis.size for axis in grid]
    starts = [_lowest(loss, shape, 3 * density) for loss in losses]
    plain, robust = ([exponents[i] for i in found] for found in starts)
    return Screened(choice, (losses[0].min(), losses[1].min()), (plain, robust))


def _grid_of(form: Form, density: int) -> list[Floats]:
    """Return grids of the exponents, in octaves that a column changes by over half the data.

    Kaplan's balance of terms is in parts of what both change by.
    """
    if form.exponents == 0:
        return []
    if form.name == "Kaplan 1.5":
        ends = _signed(-2, 3, density)
        return [ends, ends, np.linspace(-1, 1, 4 * density + 1)]
    if form.variables == 2:
        return [_signed(-3, 4, density)] * form.exponents
    if form.exponents == 2:
        return [_signed(-3, 5, density, zero=True), _signed(-3, 4, density, zero=True)]
    return [_signed(-4, 6, density)]


def _signed(low: int, high: int, density: int, *, zero: bool = False) -> Floats:
    """Return powers of two of both signs, so many in each octave."""
    sizes = np.exp2(np.arange(low * density, high * density + 1) / density)
    return np.concatenate([-sizes[::-1], [0.0] if zero else [], sizes])


def _place(form: Form, axes: Axes, points: Sequence[Floats]) -> Floats:
    """Return the exponents of points of a grid, as rows."""
    if not points:
        return np.zeros((1, 0))
    halves = [axis.half for axis in axes]
    if form.name == "Kaplan 1.5":
        first, second, part = points
        balance = part * (np.abs(first) + np.abs(second))
        return np.array([first / halves[0], second / halves[1], balance]).T
    if form.exponents == 2 and form.variables == 1:
        return np.array([points[0] / halves[0], points[1] / halves[0] ** 2]).T
    if form.exponents == 1:
        return np.array([points[0] / max(halves)]).T
    return np.array([point / half for point, half in zip(points, halves, strict=True)]).T


def _grid_losses(task: Task, exponents: Floats) -> tuple[Floats, Floats]:
    """Return for each law the mean square of what is left, and the mean size, robustly fitted."""
    sent = [exponents[:, place : place + 1] for place in range(exponents.shape[1])]
    shape = exponents.shape[0], task.target.size
    made = [np.broadcast_to(column, shape) for column in task.form.plain(task.axes)]
    powers = task.form.powers(sent, task.axes, QUICK)
    made += [np.exp2(np.clip(power, -_LARGEST_POWER, _LARGEST_POWER)) for power in powers]
    matrix = np.stack(made, axis=1)
    matrix /= np.sqrt((matrix * matrix).sum(axis=2, keepdims=True))
    left = _leave(matrix, np.ones(shape), task.target)
    plain = (left * left).mean(axis=1)
    for _ in range(WEIGHTINGS):
        widths = np.maximum(np.median(np.abs(left), axis=1, keepdims=True), task.least)
        left = _leave(matrix, 1 / np.sqrt(1 + (left / widths) ** 2), task.target)
    return plain, np.abs(left).mean(axis=1)


def _leave(matrix: Floats, weights: Floats, target: Floats) -> Floats:
    """Return what weighted least squares leave of the target, for each law."""
    weighted = matrix * weights[:, None, :]
    normal = weighted @ matrix.transpose(0, 2, 1) + _RIDGE * np.eye(matrix.shape[1])
    factors = np.linalg.solve(normal, (weighted @ target)[:, :, None])
    return np.asarray(target - (factors * matrix).sum(axis=1), np.float64)


def _lowest(losses: Floats, shape: Sequence[int], count: int) -> list[int]:
    """Return the places of the least losses that are no neighbours in the grid."""
    places = np.stack(np.unravel_index(np.arange(losses.size), shape), axis=1) if shape else None
    found: list[int] = []
    for place in np.argsort(losses, kind="stable").tolist():
        if len(found) == count:
            break
        if places is None or all(
            np.abs(places[place] - places[other]).max() > 1 for other in found
        ):
            found.append(place)
    return found
