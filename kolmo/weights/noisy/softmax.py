"""A classifier trained as usual, its weights sent first, and labels given what it says.

The receiver runs the same net, and need not train. Training is stochastic gradient descent, the
same bits on every machine, so that two runs make the same message.

References
----------
L. Blier, Y. Ollivier (2018). The description length of deep learning models. NeurIPS.
arXiv:1802.07044. Section 3, two-part codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Reader, Writer
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy.net import Architecture, predict
from kolmo.weights.noisy.outputs import Outputs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DECAYS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Strengths of the squared penalty that are tried: half of each times the sum of squares."""

_UPDATES, _FEWEST_ROUNDS, _MOST_ROUNDS = 200_000, 5, 500
_RATES = (0.3, 1.0)  # of a hidden layer and of the last
_CHUNK = 4096
_OUTPUTS = Outputs("softmax")


class Trained(NamedTuple):
    """A classifier.

    Attributes
    ----------
    decay : float
        The strength of the penalty that it was trained with.
    weights : float64[w]
        In the order of `kolmo.weights.noisy.net`.
    """

    decay: float
    weights: Floats


def to_rows(x: Floats) -> Floats:
    """Return inputs with a column of ones, as kernels read them."""
    return np.ascontiguousarray(np.hstack([x, np.ones((len(x), 1))]))


def start_net(inputs: int, hidden: int, classes: int, seed: int) -> tuple[Floats, Floats]:
    """Return the first weights of both layers: the last is 0, units have small random weights."""
    inner = np.zeros(((inputs + 1) * hidden,))
    if hidden:
        from kolmo.weights.kernels.descent import normals

        with np.errstate(over="ignore"):
            normals(seed, inner)
        inner /= np.sqrt(inputs + 1.0)
    return inner.reshape(inputs + 1, hidden), np.zeros(((hidden or inputs) + 1, classes))


def train(
    x: Floats,
    labels: Integers,
    architecture: Architecture,
    *,
    decay: float,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Trained:
    """Return a classifier with about the least misfit plus penalty, the same bits everywhere.

    Parameters
    ----------
    x : float64[n, d]
    labels : int64[n]
    decay : float
        Of the penalty, in nats: half of it times the sum of the squares of all weights.
    """
    from kolmo.weights.kernels.labels import square_sums, train_net

    rows, count = to_rows(x), len(x)
    steps = count * min(max(_UPDATES // count, _FEWEST_ROUNDS), _MOST_ROUNDS)
    net = start_net(architecture.inputs, architecture.hidden, architecture.outputs, seed)
    sums = np.zeros(count + 1)
    sums[-1] = square_sums(rows, sums[:-1])
    plan = np.array([*_RATES, decay / count])
    progress.add(steps)
    for first in range(0, steps, _CHUNK):
        stop = min(first + _CHUNK, steps)
        with np.errstate(over="ignore"):
            train_net(rows, labels, net, plan, sums, (first, stop, steps, seed))
        progress.advance(stop - first)
    return Trained(decay, np.concatenate([layer.T.ravel() for layer in net]))


def train_all(
    x: Floats,
    labels: Integers,
    architecture: Architecture,
    *,
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Trained]:
    """Return one classifier for each of `DECAYS`."""
    return [
        train(x, labels, architecture, decay=decay, seed=seed, progress=progress)
        for decay in DECAYS
    ]


def misfit_of(x: Floats, labels: Integers, net: Architecture) -> Callable[[Floats], float]:
    """Return the function from weights to about the bits of the labels."""
    return lambda weights: _OUTPUTS.misfit_bits(labels, predict(weights, x, net))


def put_labels(x: Floats, labels: Integers, net: Architecture, weights: Floats, to: Writer) -> None:
    """Store labels given weights."""
    _OUTPUTS.encode(labels, predict(weights, x, net), to)


def read_labels(x: Floats, net: Architecture, weights: Floats, coder: Reader) -> Integers:
    """Return the labels stored next, given weights."""
    return _OUTPUTS.decode(predict(weights, x, net), coder)
