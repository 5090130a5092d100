"""How long labels are, given inputs, under codes that use nets in different ways.

Blier and Ollivier's comparison: the same kind of net can look poor or good, by how it is sent.
Sender and receiver have the inputs and know how many classes there are. Whatever else the receiver
needs is counted: the number of hidden units, the seed, the weights, the prior.

References
----------
L. Blier, Y. Ollivier (2018). The description length of deep learning models. NeurIPS.
arXiv:1802.07044. Section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import CertificationError, ParameterError, nearest, shorten
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy.data import Problem
from kolmo.weights.noisy.labelling import (
    LARGEST_SEED,
    Labelled,
    Message,
    check_arrays,
    check_size,
    number_bits,
    receive,
    send_floats,
    send_prequential,
    send_two_part,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

DEFAULT_CODES = ("uniform", "two-part", "variational", "prequential")
CODES = (*DEFAULT_CODES, "float32")

_STEPS_PER_STAGE = 150
_RESTARTS = 1
_LN_2 = math.log(2)


@dataclass(frozen=True)
class LabelLength:
    """The length of labels under one code.

    Attributes
    ----------
    kind : {"certified", "codelength", "estimate"}
        Whether a message was made and decoded, or could be, or a formula was evaluated.
    bits : float
        In whole bytes if certified.
    error_bits : float
        Standard error of an estimate; else 0.
    ratio : float or None
        Bits by those of the uniform code; None if these are 0.
    model : str
        What predicts the labels.
    parts : dict of str to float
        Bits of each part; they add up to ``bits``.
    details : dict
        What the code chose.
    """

    code: str
    kind: str
    bits: float
    error_bits: float
    ratio: float | None
    model: str
    parts: dict[str, float]
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelLengths:
    """The lengths of labels under several codes, in the order asked for."""

    rows: int
    inputs: int
    classes: int
    hidden: int
    seed: int
    lengths: tuple[LabelLength, ...]

    def __getitem__(self, code: str) -> LabelLength:
        """Return the length under one code."""
        for length in self.lengths:
            if length.code == code:
                return length
        raise KeyError(code)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a JSON-safe dictionary."""
        return asdict(self) | {"lengths": [asdict(length) for length in self.lengths]}


class _Task(NamedTuple):
    """What every code is given."""

    data: Labelled
    hidden: int
    seed: int
    progress: Progress


def codelength(
    problem: Problem | tuple[Floats, Integers, int],
    *,
    hidden: int = 0,
    seed: int = 0,
    codes: Sequence[str] = DEFAULT_CODES,
    progress: Progress = SILENT,
) -> LabelLengths:
    """Return the lengths in bits of labels given inputs, code by code.

    Take it to see what a net has learnt of labels, or whether there is anything to learn: random
    labels are as long as under the uniform code.

    Parameters
    ----------
    problem : Problem or (float64[n, d], int64[n], int)
        A target of labels; or inputs, labels from 0, and how many there are (see `Labelled`).
    hidden : int
        Units of a hidden layer of tanh units; 0: softmax regression.
    seed : int
        Of everything random; from 0 to 2**62 - 1.
    codes : sequence of str
        Which of `CODES`:

        * ``uniform``: log2(classes) for each label;
        * ``two-part``: the weights of a net, rounded to the best step, then the labels given them;
        * ``variational``: the expected misfit of a noisy net, plus the divergence of its weights
          from their prior, plus the prior;
        * ``prequential``: each label given nets that have learnt from those before;
        * ``float32``: as two-part, the weights as they are trained, 32 bits each.

    Raises
    ------
    ParameterError
        If a code is unknown, or problem, hidden or seed are out of range.
    CertificationError
        If a message decodes to something else: a bug.

    Notes
    -----
    Two-part, prequential and float32 messages are made and decoded. The variational length is an
    estimate: 200 nets are drawn for its misfit; ``error_bits`` is the standard error. Names of
    labels are not counted, by any code.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 80).reshape(-1, 1)
    >>> found = codelength((x, np.arange(80) // 40, 2), codes=["uniform", "prequential"])
    >>> [(length.code, length.kind) for length in found.lengths]
    [('uniform', 'codelength'), ('prequential', 'certified')]
    >>> found["uniform"].bits
    80.0
    """
    data = _as_labelled(problem)
    _check_request(hidden, seed, codes)
    check_size(data.x.shape[1], hidden, data.classes)
    task = _Task(data, hidden, seed, progress)
    lengths = tuple(_MAKERS[code](task) for code in codes)
    rows, inputs = data.x.shape
    return LabelLengths(rows, inputs, data.classes, hidden, seed, lengths)


def _as_labelled(problem: Problem | tuple[Floats, Integers, int]) -> Labelled:
    if not isinstance(problem, Problem):
        return check_arrays(*problem)
    if problem.likelihood != "softmax":
        raise ParameterError(
            "no labels: got a target of numbers; need labels. Read it with likelihood='softmax'."
        )
    return check_arrays(problem.x, problem.values, problem.outputs)


def _check_request(hidden: int, seed: int, codes: Sequence[str]) -> None:
    for code in codes:
        if code not in CODES:
            raise ParameterError(
                f"unknown code: got {shorten(code)!r}; need one of {', '.join(CODES)}. "
                f"{nearest(code, list(CODES))}"
            )
    if not 0 <= seed <= LARGEST_SEED:
        raise ParameterError(
            f"seed out of range: got {shorten(seed)}; need 0 to {LARGEST_SEED}. Choose another."
        )
    if hidden < 0:
        raise ParameterError(
            f"no such net: got {shorten(hidden)} hidden units; need 0 or more. Raise it."
        )


def _uniform(task: _Task) -> LabelLength:
    bits = _uniform_bits(task)
    return LabelLength(
        "uniform", "codelength", bits, 0.0, _ratio(task, bits), "none", {"labels": bits}
    )


def _two_part(task: _Task) -> LabelLength:
    return _certified(task, "two-part", send_two_part)


def _float32(task: _Task) -> LabelLength:
    return _certified(task, "float32", send_floats)


def _prequential(task: _Task) -> LabelLength:
    return _certified(task, "prequential", send_prequential)


def _certified(task: _Task, code: str, send: Callable[..., Message]) -> LabelLength:
    """Return the length of a message, having decoded it."""
    data = task.data
    message = send(*data, hidden=task.hidden, seed=task.seed, progress=task.progress)
    found = receive(message.body, data.x, data.classes, code=code, progress=task.progress)
    if not np.array_equal(found, data.labels):
        raise CertificationError(f"{code}: the message does not decode to the labels: a bug.")
    bits = 8.0 * len(message.body)
    parts = message.parts | {"rounding": bits - math.fsum(message.parts.values())}
    return LabelLength(
        code, "certified", bits, 0.0, _ratio(task, bits), _model(task), parts, message.details
    )


def _variational(task: _Task) -> LabelLength:
    """Return the expected length of a noisy net's message."""
    from kolmo.coding.portable import total
    from kolmo.weights.noisy.grid import divergence_bits, to_cloud
    from kolmo.weights.noisy.sent import prior_code, round_prior
    from kolmo.weights.noisy.training import FRESH_SAMPLES, fit

    x, labels, _ = task.data
    fitted = fit(
        x,
        labels,
        check_size(x.shape[1], task.hidden, task.data.classes),
        restarts=_RESTARTS,
        seed=task.seed,
        steps_per_stage=_STEPS_PER_STAGE,
        progress=task.progress,
    )
    rounded = round_prior(fitted.posterior.prior)
    parts = {
        "net": number_bits(task.hidden),
        "prior": prior_code(1).codelength(rounded),
        "weights": total(divergence_bits(rounded, to_cloud(fitted.posterior))),
        "labels": fitted.misfit_nats / _LN_2,
    }
    bits, error = math.fsum(parts.values()), fitted.misfit_error_nats / _LN_2
    details = {"samples": FRESH_SAMPLES, "restarts": _RESTARTS}
    return LabelLength(
        "variational", "estimate", bits, error, _ratio(task, bits), _model(task), parts, details
    )


def _uniform_bits(task: _Task) -> float:
    return task.data.labels.size * math.log2(task.data.classes)


def _ratio(task: _Task, bits: float) -> float | None:
    uniform = _uniform_bits(task)
    return bits / uniform if uniform else None


def _model(task: _Task) -> str:
    return f"net with {task.hidden} tanh units" if task.hidden else "softmax regression"


_MAKERS: dict[str, Callable[[_Task], LabelLength]] = {
    "uniform": _uniform,
    "two-part": _two_part,
    "variational": _variational,
    "prequential": _prequential,
    "float32": _float32,
}
