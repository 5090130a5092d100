"""Messages of labels, given inputs that the receiver has; three ways to use a net.

A message has no container: `kolmo.weights.noisy.labels` makes it to certify its length. It begins
with the number of hidden units (and the seed, if the receiver trains), 1 bit each where they are 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Interval, Reader, damaged
from kolmo.coding.integers import EliasDelta
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.errors import ParameterError, shorten
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy.bitsback import Recorder
from kolmo.weights.noisy.net import Architecture
from kolmo.weights.noisy.prequential import Prequential
from kolmo.weights.noisy.softmax import (
    Trained,
    misfit_of,
    put_labels,
    read_labels,
    train_all,
)
from kolmo.weights.noisy.twopart import Multiples, best_multiples, decode_multiples, multiples_code

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_SEED = (1 << 62) - 1
LARGEST_NET = 1 << 20
"""Most weights of a net."""

_FLOAT_BITS = 32
_LARGEST_INPUT = 2.0**40


class Labelled(NamedTuple):
    """Labels and what is known beside them.

    Attributes
    ----------
    x : float64[n, d]
        Inputs, standardised or of about that size.
    labels : int64[n]
        From 0 to classes - 1.
    classes : int
        How many labels there are; the receiver knows it.
    """

    x: Floats
    labels: Integers
    classes: int


class Message(NamedTuple):
    """A message and what it is made of.

    Attributes
    ----------
    body : bytes
        What the receiver gets.
    parts : dict of str to float
        Ideal bits of each part, in the order of reading.
    details : dict
        What the sender chose.
    """

    body: bytes
    parts: dict[str, float]
    details: dict[str, Any]


def check_arrays(x: Floats, labels: Integers, classes: int) -> Labelled:
    """Return arrays of the types that kernels take; ParameterError if they are no labels."""
    x, given = np.ascontiguousarray(x, np.float64), np.asarray(labels)
    if x.ndim != 2 or len(x) == 0 or given.shape != (len(x),):
        raise ParameterError(
            f"labels do not suit inputs: got shapes {shorten(given.shape)} and {shorten(x.shape)}; "
            "need (n,) and (n, d), n at least 1. Give one label for each row."
        )
    if not (np.abs(x) < _LARGEST_INPUT).all():
        raise ParameterError(
            "inputs out of range: got NaN, infinity or 2**40 and more; need standardised numbers. "
            "Divide them by their standard deviation."
        )
    if given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= classes:
        raise ParameterError(
            f"labels out of range: got {shorten(given.min())} to {shorten(given.max())}; need "
            f"integers from 0 to {shorten(classes - 1)}. Number the classes."
        )
    return Labelled(x, np.ascontiguousarray(given, np.int64), classes)


def check_size(inputs: int, hidden: int, classes: int) -> Architecture:
    """Return a net of that shape for labels; ParameterError if it is too large."""
    net = Architecture(inputs, hidden, classes, likelihood="softmax")
    if net.weights > LARGEST_NET:
        raise ParameterError(
            f"net too large: got {shorten(net.weights)} weights; need at most {LARGEST_NET}. "
            "Use fewer hidden units or inputs."
        )
    return net


def send_two_part(
    x: Floats,
    labels: Integers,
    classes: int,
    *,
    hidden: int = 0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Message:
    """Return the message of a trained net, its weights rounded to the best step, and of labels.

    Nets are trained under several strengths of a penalty; the shortest message wins.
    """
    net = check_size(x.shape[1], hidden, classes)
    misfit, code = misfit_of(x, labels, net), multiples_code(net.weights)

    def measure(pair: tuple[Trained, Multiples]) -> float:
        return code.codelength(pair[1]) + misfit(pair[1].weights)

    nets = train_all(x, labels, net, seed=seed, progress=progress)
    pairs = [(trained, best_multiples(trained.weights, misfit)) for trained in nets]
    trained, best = min(pairs, key=measure)
    details = {"step": best.law.step, "decay": trained.decay}
    parts = {"net": Recorder(), "weights": Recorder(), "labels": Recorder()}
    _write_number(hidden, parts["net"])
    code.encode(best, parts["weights"])
    put_labels(x, labels, net, best.weights, parts["labels"])
    return _finish(parts, details)


def send_floats(
    x: Floats,
    labels: Integers,
    classes: int,
    *,
    hidden: int = 0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Message:
    """Return the message of a trained net, its weights as float32, and of labels."""
    net = check_size(x.shape[1], hidden, classes)
    misfit = misfit_of(x, labels, net)
    nets = train_all(x, labels, net, seed=seed, progress=progress)
    best = min(nets, key=lambda trained: misfit(_narrow(trained.weights)))
    parts = {"net": Recorder(), "weights": Recorder(), "labels": Recorder()}
    _write_number(hidden, parts["net"])
    words = best.weights.astype("<f4").view("<u4").tolist()
    parts["weights"].put([Interval(word, 1, 1 << _FLOAT_BITS) for word in words])
    put_labels(x, labels, net, _narrow(best.weights), parts["labels"])
    return _finish(parts, {"decay": best.decay})


def send_prequential(
    x: Floats,
    labels: Integers,
    classes: int,
    *,
    hidden: int = 0,
    seed: int = 0,
    progress: Progress = SILENT,
) -> Message:
    """Return the message of labels alone; the receiver trains as it reads."""
    check_size(x.shape[1], hidden, classes)
    parts = {"net": Recorder(), "seed": Recorder(), "labels": Recorder()}
    _write_number(hidden, parts["net"])
    _write_number(seed, parts["seed"])
    code = Prequential(x, classes, hidden=hidden, seed=seed, progress=progress)
    code.encode(labels, parts["labels"])
    return _finish(parts, {})


def receive(
    body: bytes, x: Floats, classes: int, *, code: str, progress: Progress = SILENT
) -> Integers:
    """Return the labels of a message of ``two-part``, ``float32`` or ``prequential``.

    Raises
    ------
    DecodeError
        If the message is damaged, and it shows. A complete code cannot notice all damage.
    """
    coder = RangeDecoder(body)
    hidden = _read_number(coder, LARGEST_NET)
    net = Architecture(x.shape[1], hidden, classes, likelihood="softmax")
    if net.weights > LARGEST_NET:
        raise damaged(f"a net of {net.weights} weights")
    if code == "prequential":
        seed = _read_number(coder, LARGEST_SEED)
        learner = Prequential(x, classes, hidden=hidden, seed=seed, progress=progress)
        labels = learner.decode(coder)
    else:
        weights = _WEIGHTS[code](net.weights, coder)
        labels = read_labels(x, net, weights, coder)
    coder.finish()
    return labels


def _read_floats(count: int, coder: Reader) -> Floats:
    coder.require_bits(_FLOAT_BITS * count)
    words = []
    for _ in range(count):
        word = coder.peek(1 << _FLOAT_BITS)
        coder.skip(Interval(word, 1, 1 << _FLOAT_BITS))
        words.append(word)
    floats = np.array(words, "<u4").view("<f4")
    if not np.isfinite(floats).all():
        raise damaged("a weight that is not finite")
    return floats.astype(np.float64)


_WEIGHTS: dict[str, Callable[[int, Reader], Floats]] = {
    "two-part": decode_multiples,
    "float32": _read_floats,
}


def _narrow(weights: Floats) -> Floats:
    return weights.astype(np.float32).astype(np.float64)


def number_bits(number: int) -> float:
    """Return what a number of hidden units, or a seed, costs."""
    return EliasDelta().codelength(number + 1)


def _write_number(number: int, to: Recorder) -> None:
    EliasDelta().encode(number + 1, to)


def _read_number(coder: Reader, largest: int) -> int:
    found = EliasDelta().decode(coder) - 1
    if found > largest:
        raise damaged("a number out of range")
    return found


def _finish(parts: dict[str, Recorder], details: dict[str, Any]) -> Message:
    coder = RangeEncoder()
    for part in parts.values():
        coder.put_blocks(part.blocks)
    bits = {name: part.bits for name, part in parts.items()}
    return Message(coder.finish(), bits, details)
