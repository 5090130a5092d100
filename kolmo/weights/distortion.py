"""Which step loses as much as one is ready to lose: in error, in bits, or in decibels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from kolmo.errors import ParameterError
from kolmo.progress import SILENT, Progress
from kolmo.registry import weight_coders
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.coder import Words
from kolmo.weights.method import code_coarsely, received_words, squared_error
from kolmo.weights.quantising import check_step
from kolmo.weights.tensors import (
    find_repeats,
    floats,
    is_finite,
    is_kept,
    load_words,
    matched,
    pieces,
)

STEP, RELATIVE, BITS, SNR = "step", "rel_rmse", "bits", "snr"
KINDS = (STEP, RELATIVE, BITS, SNR)
TRIALS = 24
CLOSE = 0.998  # of the error that is allowed
CLOSE_BITS = 0.01
_DECIBELS = 20.0
_FIRST, _LONGEST, _FARTHEST = 6.0, 4.0, 40.0  # octaves


class Distortion(NamedTuple):
    """What may be lost.

    Attributes
    ----------
    kind : {"step", "rel_rmse", "bits", "snr"}
        Distance of neighbouring values; root mean squared error over that of the weights; bits for
        each quantised weight; signal-to-noise ratio in decibels.
    value : float
        Above 0; a ``rel_rmse`` below 1.
    """

    kind: str
    value: float

    def check(self) -> None:
        """Raise ParameterError if the value is out of range."""
        limit = 1.0 if self.kind == RELATIVE else math.inf
        if self.kind not in KINDS:
            raise ParameterError(f"unknown distortion: got '{self.kind}'; need one of {KINDS}")
        if not 0 < self.value < limit:
            below = " and below 1" if self.kind == RELATIVE else ""
            raise ParameterError(
                f"{self.kind} out of range: got {self.value:g}; need more than 0{below}."
            )


class Found(NamedTuple):
    """A step, and what it costs.

    Attributes
    ----------
    rmse : float or None
        Over all quantised weights; None if the step was given.
    bits : float or None
        For each quantised weight, if that was the aim.
    """

    step: float
    rmse: float | None = None
    bits: float | None = None


def find_step(
    checkpoint: Checkpoint,
    distortion: Distortion,
    coder: str,
    *,
    keep: tuple[str, ...] = (),
    base: Checkpoint | None = None,
    progress: Progress = SILENT,
) -> Found:
    """Return the coarsest step that a distortion allows, to about .2 % of error or .01 bits.

    Parameters
    ----------
    coder : str
        A quantised one; its quantiser makes the error.
    keep : tuple of str
        Patterns of names of tensors that are not quantised.
    base : Checkpoint, optional
        Weights are then multiples of the step away from the base's.
    progress : Progress
        Told the bytes of tensors in each trial.

    Raises
    ------
    ParameterError
        If the distortion is out of range, or there is nothing to be quantised.
    """
    distortion.check()
    if distortion.kind == STEP:
        return Found(check_step(distortion.value))
    trial = _Trial(checkpoint, coder, keep, base, progress)
    if distortion.kind == BITS:
        aim = distortion.value
        step, bits = trial.search(trial.bits, (aim - CLOSE_BITS, aim), lambda bits: bits - aim)
        return Found(step, bits=bits)
    share = distortion.value
    if distortion.kind == SNR:
        share = 10 ** (-distortion.value / _DECIBELS)
    most = share * trial.rms
    step, rmse = trial.search(
        trial.rmse, (CLOSE * most, most), lambda rmse: math.log2(most / rmse) if rmse else 1.0
    )
    return Found(step, rmse=rmse)


def root_mean_square(checkpoint: Checkpoint, keep: tuple[str, ...] = ()) -> float:
    """Return the root mean square of all weights that can be quantised, each repetition once.

    Raises
    ------
    ParameterError
        If there are none, or their squares vanish or are beyond all doubles.
    """
    repeats = find_repeats(checkpoint.tensors, keep)
    sent = [tensor for place, tensor in enumerate(checkpoint.tensors) if place not in repeats]
    return _root_mean_square([tensor for tensor in sent if not is_kept(tensor, keep)])


def _root_mean_square(tensors: Sequence[Tensor]) -> float:
    squares, count = 0.0, 0
    for tensor in tensors:
        numbers = floats(load_words(tensor), tensor.dtype)
        if is_finite(numbers):
            wide = (piece.astype(np.float64) for piece in pieces(numbers))
            with np.errstate(over="ignore", under="ignore"):
                squares += sum(float(np.dot(piece, piece)) for piece in wide)
            count += tensor.elements
    if not 0 < squares < math.inf:
        raise ParameterError(
            "nothing to be quantised: got no float tensor with a finite root mean square above 0. "
            "Leave the distortion out, or use --step."
        )
    return math.sqrt(squares / count)


class _Trial:
    """The quantised tensors of a checkpoint, tried with one step after the other."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        coder: str,
        keep: tuple[str, ...],
        base: Checkpoint | None,
        progress: Progress,
    ) -> None:
        self.coder, self.progress = coder, progress
        self._bases = matched(checkpoint, base)
        repeats = find_repeats(checkpoint.tensors, keep, self._bases)
        self._tensors = [
            tensor
            for place, tensor in enumerate(checkpoint.tensors)
            if place not in repeats and not is_kept(tensor, keep)
        ]
        self.rms = _root_mean_square(self._tensors)

    def rmse(self, step: float) -> float:
        """Return the root mean squared error at a step."""
        quantiser = weight_coders.get(self.coder).quantiser
        total, count = 0.0, 0
        for tensor, words, base in self._loaded():
            received = received_words(tensor, words, quantiser, step, base)
            if received is not None:
                total += squared_error(tensor, words, received)
                count += tensor.elements
        return math.sqrt(total / count) if count else 0.0

    def bits(self, step: float) -> float:
        """Return the bits of all quantised streams at a step, for each of their weights."""
        total = count = 0
        for tensor, words, base in self._loaded():
            coded = code_coarsely(tensor, words, self.coder, step, base)
            if coded is not None:
                total += 8 * len(coded.payload)
                count += tensor.elements
        return total / count if count else math.inf

    def search(
        self,
        measure: Callable[[float], float],
        aim: tuple[float, float],
        octaves: Callable[[float], float],
    ) -> tuple[float, float]:
        """Return a step whose measure lies in a range, and the measure; else one just below it.

        Parameters
        ----------
        octaves : callable
            How much coarser the next step should be, given the measure of this one.
        """
        place = math.log2(self.rms) - _FIRST
        inside, outside = -math.inf, math.inf  # log2 of steps that are known, either way round
        best: tuple[float, float] | None = None
        for _ in range(TRIALS):
            value = measure(2.0**place)
            if value <= aim[1]:
                best, inside = (2.0**place, value), place
                if value >= aim[0]:
                    break
            else:
                outside = place
            further = place + min(max(octaves(value), -_LONGEST), _LONGEST)
            both = math.isfinite(inside) and math.isfinite(outside)
            if both and not min(inside, outside) < further < max(inside, outside):
                further = (inside + outside) / 2
            if further == place or abs(further - math.log2(self.rms)) > _FARTHEST:
                break
            place = further
        if best is None:
            raise ParameterError(
                f"out of reach: got {aim[1]:g}, which no step of these weights allows. Allow more."
            )
        return best

    def _loaded(self) -> Iterator[tuple[Tensor, Words, Words | None]]:
        self.progress.add(sum(tensor.bytes for tensor in self._tensors))
        for tensor in self._tensors:
            base = self._bases.get(tensor.name)
            yield tensor, load_words(tensor), None if base is None else load_words(base)
            self.progress.advance(tensor.bytes)
