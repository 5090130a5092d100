"""How well a fitted net predicts rows that it has not seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.portable import total
from kolmo.errors import InputError, shorten
from kolmo.table import Table
from kolmo.weights.noisy.data import Problem, make_inputs, read_problem
from kolmo.weights.noisy.net import Fitted, expected_output, predict

Floats = NDArray[np.float64]


class HeldOut(NamedTuple):
    """An error on other rows.

    Attributes
    ----------
    file : str
        Where they are from.
    rows : int
        How many.
    error : float or None
        See ``measure``; None if the rows' numbers are all the same.
    measure : str
        Of numbers "relative error", the mean squared error by the variance of the rows' target,
        as in 1993; of labels "wrong labels", their share.
    """

    file: str
    rows: int
    error: float | None
    measure: str


def held_out(problem: Problem, fitted: Fitted, table: Table, target: str) -> HeldOut:
    """Return the error of a net on the rows of another table with the same columns.

    Numbers are predicted by the mean of the noisy net's output, labels by the net at the mean of
    all weights.

    Raises
    ------
    InputError
        If a value is missing, or numbers stand where there were labels, or the reverse.
    ParameterError
        If a column is missing.
    """
    likelihood = problem.likelihood if problem.likelihood == "softmax" else None
    other = read_problem(table, target, problem.known.names, likelihood=likelihood)
    if other.likelihood != problem.likelihood:
        raise InputError(
            f"another kind of target: got labels in {shorten(repr(target))} of "
            f"'{shorten(table.file)}'; need numbers, as in the file that the net is fitted to."
        )
    x = make_inputs(other.known.features, problem.inputs, other.rows)
    if problem.likelihood == "softmax":
        return HeldOut(table.file, other.rows, _wrong(problem, fitted, other, x), "wrong labels")
    return HeldOut(table.file, other.rows, _relative(problem, fitted, other, x), "relative error")


def _relative(problem: Problem, fitted: Fitted, other: Problem, x: Floats) -> float | None:
    """Return the mean squared error by the variance."""
    ratio = float(other.cells.unit / problem.cells.unit)
    actual = other.values.astype(np.float64) * ratio
    left = actual - expected_output(fitted.posterior, x)[0][:, 0]
    spread = actual - total(actual) / actual.size
    variance = total(spread * spread)
    return total(left * left) / variance if variance > 0 else None


def _wrong(problem: Problem, fitted: Fitted, other: Problem, x: Floats) -> float:
    """Return the share of labels that are not the likeliest."""
    posterior = fitted.posterior
    likeliest = predict(posterior.means, x, posterior.architecture).argmax(axis=1)
    known = [bytes(level) for level in problem.cells.levels]
    actual = [bytes(level) for level in other.cells.levels]
    places = np.array([known.index(level) if level in known else -1 for level in actual])
    return float(np.mean(places[other.values] != likeliest))
