"""Lengths of a target under a fitted net, and under the models that need none.

All are of the target's values alone; see `kolmo.weights.noisy.study`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kolmo.errors import CertificationError
from kolmo.mdl.cells import CellsCode
from kolmo.mdl.selection import Candidate, ColumnChoice
from kolmo.progress import Progress
from kolmo.registry import predictors
from kolmo.weights.noisy.assembling import frame_of, sent_noise
from kolmo.weights.noisy.bitsback import Recorder
from kolmo.weights.noisy.data import Problem
from kolmo.weights.noisy.frame import write_net, write_target
from kolmo.weights.noisy.labels import codelength
from kolmo.weights.noisy.message import receive, send
from kolmo.weights.noisy.net import Architecture, Fitted
from kolmo.weights.noisy.sent import round_prior
from kolmo.weights.noisy.theory import Theory

IN_1993 = "as-in-1993"
NETS = ("honest", "relative-entropy", "two-part")
"""Codes of the net; `IN_1993` is none, as it leaves out what the receiver needs."""

PREQUENTIAL = "prequential"
_BY_ORDER = ("changepoint", "markov", "progression")
_LN_2 = math.log(2)


@dataclass(frozen=True)
class Length:
    """The length of a target under one code.

    Attributes
    ----------
    code : str
        ``as-in-1993``, misfit and weights of the noisy net alone; ``honest``, its prior, noise
        and shape as well: what bits-back takes on average, but for how to train the net again;
        ``relative-entropy`` and ``two-part``, messages of the same net that stand alone;
        ``prequential``; ``constant``, the best distribution without features; ``mdl-select``,
        the best of all its models.
    kind : {"certified", "codelength", "estimate"}
        Whether a message was decoded in this run, or could be sent, or neither.
    model : str
        In words.
    model_bits, misfit_bits, total_bits : float
        The model, the values under it, and the sum.
    error_bits : float
        Standard error, where the misfit is sampled; else 0.
    delta_bits : float
        How much longer than the shortest code.
    container_bits : int or None
        Length of the ``.klm`` file with this message, if it was made.
    """

    code: str
    kind: str
    model: str
    model_bits: float
    misfit_bits: float
    total_bits: float
    error_bits: float = 0.0
    delta_bits: float = 0.0
    container_bits: int | None = None


def shape_words(architecture: Architecture) -> str:
    """Return the shape of a net in words.

    Examples
    --------
    >>> shape_words(Architecture(10, 4, 1))
    '10-4-1 tanh net'
    """
    inputs, hidden, outputs, unit = architecture[:4]
    return f"{inputs}-{hidden}-{outputs} {unit} net" if hidden else f"{inputs}-{outputs} linear net"


def net_words(architecture: Architecture, components: int) -> str:
    """Return a net and its coding prior in words.

    Examples
    --------
    >>> net_words(Architecture(10, 0, 1), 2)
    '10-1 linear net, mixture of 2'
    """
    prior = "gaussian prior" if components == 1 else f"mixture of {components}"
    return f"{shape_words(architecture)}, {prior}"


def ranked(lengths: Sequence[Length]) -> tuple[Length, ...]:
    """Return lengths in order, each with what it is longer than the shortest code."""
    codes = [length for length in lengths if length.code != IN_1993]
    least = min(length.total_bits for length in codes)
    order = sorted(lengths, key=lambda length: (length.code == IN_1993, length.total_bits))
    return tuple(replace(length, delta_bits=length.total_bits - least) for length in order)


def of_net(problem: Problem, fitted: Fitted, formulas: Theory) -> Iterator[Length]:
    """Yield the lengths by the formulas, then those of the messages that stand alone."""
    posterior, misfit = fitted.posterior, formulas.misfit_bits
    model = net_words(posterior.architecture, posterior.prior.shares.size)
    error = fitted.misfit_error_nats / _LN_2
    for code, model_bits, kind in (
        (IN_1993, formulas.weight_bits, "estimate"),
        (
            "honest",
            formulas.weight_bits + formulas.sent_bits + _shape_bits(problem, fitted),
            "estimate" if error else "codelength",
        ),
    ):
        yield Length(code, kind, model, model_bits, misfit, model_bits + misfit, error)
    for code in ("relative-entropy", "two-part"):
        yield _sent(problem, fitted, code, model)


def side_table(problem: Problem) -> bytes:
    """Return a CSV file with the features, as a receiver may have them; any if there are none."""
    return problem.known.to_csv_bytes() if problem.known.names else problem.data


def _sent(problem: Problem, fitted: Fitted, code: str, model: str) -> Length:
    """Return the length of a message, having decoded it."""
    sent = send(problem, fitted, code=code)
    if receive(sent.container, side_table(problem)).data != problem.data:
        raise CertificationError(f"{code}: the message does not decode to the target: a bug.")
    model_bits = _shape_bits(problem, fitted) + sent.parts["prior"] + sent.parts["weights"]
    misfit = sent.parts["misfit"]
    if code == "two-part":
        model = f"{shape_words(fitted.posterior.architecture)}, rounded"
    bits = 8 * len(sent.container)
    total = model_bits + misfit
    return Length(code, "certified", model, model_bits, misfit, total, container_bits=bits)


def _shape_bits(problem: Problem, fitted: Fitted) -> float:
    """Return the bits of the net's shape, and of the place and scale of its output."""
    posterior = fitted.posterior
    frame = frame_of(problem, posterior, round_prior(posterior.prior), sent_noise(posterior))
    shape, form = Recorder(), Recorder()
    write_net(frame, shape)
    write_target(frame._replace(header=None), len(problem.data), form)
    return shape.bits + form.bits - cells_bits(problem)


def cells_bits(problem: Problem) -> float:
    """Return the bits of rows, spelling and names of labels, which every code has to send."""
    return CellsCode(len(problem.data)).codelength(problem.cells)


def of_rivals(
    choice: ColumnChoice, container: bytes | None, learnt: Length | None
) -> Iterator[Length]:
    """Yield the best model of all, the best without features, and the best that learns.

    Parameters
    ----------
    choice : ColumnChoice
        Of the target.
    container : bytes or None
        With the target by the best model; None if there is none.
    learnt : Length or None
        What learns as it goes, where that is no model of the choice.
    """
    if choice.best is not None:
        bits = None if container is None else 8 * len(container)
        yield replace(_of_candidate("mdl-select", choice.best), container_bits=bits)
    alone = [row for row in choice.profile if _is_constant(row)]
    if alone:
        yield _of_candidate("constant", min(alone, key=lambda row: row.total_bits))
    learning = [row for row in choice.profile if _family(row) == PREQUENTIAL]
    if learning:
        yield _of_candidate(PREQUENTIAL, min(learning, key=lambda row: row.total_bits))
    elif learnt is not None:
        yield learnt


def learnt_labels(problem: Problem, seed: int, progress: Progress) -> Length | None:
    """Return the length of labels by a softmax regression that learns; None for numbers."""
    if problem.likelihood != "softmax":
        return None
    found = codelength(problem, seed=seed, codes=[PREQUENTIAL], progress=progress)[PREQUENTIAL]
    labels = found.parts["labels"]
    return Length(PREQUENTIAL, found.kind, found.model, found.bits - labels, labels, found.bits)


def _of_candidate(code: str, row: Candidate) -> Length:
    model_bits = (row.model_bits or 0.0) + (row.parameters_bits or 0.0)
    misfit = row.data_bits or 0.0
    return Length(code, row.kind, row.words, model_bits, misfit, model_bits + misfit)


def _family(row: Candidate) -> str:
    return row.family.split(":")[0]


def _is_constant(row: Candidate) -> bool:
    """Tell whether all rows have one distribution, whatever their features and their order."""
    return _family(row) not in (*predictors.names(), *_BY_ORDER)
