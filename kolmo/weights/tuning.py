"""The coarsest step at which a user's own measure of a model still holds."""

from __future__ import annotations

import math
import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from kolmo.errors import KolmoError, ParameterError, shorten
from kolmo.registry import weight_coders
from kolmo.weights.canonical import canonical_header
from kolmo.weights.checkpoint import Checkpoint
from kolmo.weights.distortion import root_mean_square
from kolmo.weights.method import Method, received_words
from kolmo.weights.tensors import is_kept, load_words, matched

PLACEHOLDER = "{}"
FINEST_OCTAVES, COARSEST_OCTAVES, STEPS_PER_OCTAVE = -12, 2, 4
_MOST_PRINTED = 1 << 24
_NUMBER = re.compile(
    rb"(?<![\w.])[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?)(?![\w.])", re.I
)


class Trial(NamedTuple):
    """One step and the measure at it; a step of 0 is the model itself."""

    step: float
    value: float
    holds: bool


class Tuned(NamedTuple):
    """The coarsest step that holds, and all that were tried, in their order."""

    step: float
    value: float
    reference: float
    trials: tuple[Trial, ...]


def tune(
    checkpoint: Checkpoint,
    command: str,
    tolerance: float,
    method: Method,
    base: Checkpoint | None = None,
    *,
    report: Callable[[Trial], None] = lambda _: None,
) -> Tuned:
    """Return the coarsest step, in quarter octaves, at which a measure stays within a tolerance.

    Parameters
    ----------
    command : str
        What measures a model: split into words as a shell would, but not run by one; ``{}`` is
        replaced by the name of a safetensors file. The last number it prints counts.
    tolerance : float
        How far, either way, the measure may be from that of the model itself.
    method : Method
        The quantised coder and what it keeps; its step is not looked at.
    report : callable
        Told of each trial.

    Raises
    ------
    ParameterError
        If the command has no ``{}``, or the tolerance is negative or no number.
    KolmoError
        If the command fails or prints no number, or if not even the finest step holds.

    Notes
    -----
    The steps are bisected: a measure that leaves the tolerance and comes back is not searched.
    """
    words = _words(command)
    if not 0 <= tolerance < math.inf:
        raise ParameterError(f"tolerance out of range: got {tolerance}; need 0 or more.")
    scale = root_mean_square(checkpoint, method.keep)
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="kolmo-") as folder:
        path = os.path.join(folder, "model.safetensors")

        def measure(step: float, reference: float | None) -> Trial:
            _write(path, received_file(checkpoint, method._replace(step=step), base))
            value = _run(words, path)
            holds = reference is None or abs(value - reference) <= tolerance
            trials.append(Trial(step, value, holds))
            report(trials[-1])
            return trials[-1]

        reference = measure(0.0, None).value
        if not math.isfinite(reference):
            raise KolmoError(f"no measure of the model itself: got {reference}; need a number.")
        finest, coarsest = (
            STEPS_PER_OCTAVE * octaves for octaves in (FINEST_OCTAVES, COARSEST_OCTAVES)
        )
        low, high = finest, coarsest + 1
        best: Trial | None = None
        while high - low > 1 or best is None:
            middle = (low + high) // 2 if best is not None else low
            trial = measure(scale * 2.0 ** (middle / STEPS_PER_OCTAVE), reference)
            if trial.holds:
                low, best = middle, trial
            elif best is None:
                raise KolmoError(
                    f"no step holds: got {trial.value:g} at the finest, {trial.step:.3g}, for "
                    f"{reference:g} of the model itself; need a larger --tol."
                )
            else:
                high = middle
    return Tuned(best.step, best.value, reference, tuple(trials))


def received_file(
    checkpoint: Checkpoint, method: Method, base: Checkpoint | None = None
) -> Iterator[bytes]:
    """Yield the safetensors file that a receiver would have; at a step of 0 the model's own."""
    bases = matched(checkpoint, base)
    quantiser = weight_coders.get(method.quantised or "trellis").quantiser
    yield canonical_header(checkpoint.tensors, checkpoint.metadata)
    for tensor in checkpoint.tensors:
        words = load_words(tensor)
        received = None
        if method.step and not is_kept(tensor, method.keep):
            other = bases.get(tensor.name)
            given = None if other is None else load_words(other)
            received = received_words(tensor, words, quantiser, method.step, given)
        yield (words if received is None else received).tobytes()


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ParameterError(f"malformed command: got '{shorten(command)}' ({error}).") from None
    if not any(PLACEHOLDER in word for word in words):
        raise ParameterError(
            f"no {PLACEHOLDER} in the command: got '{shorten(command)}'; need the place of the "
            "model's file, as in 'python test.py {}'."
        )
    return words


def _write(path: str, chunks: Iterator[bytes]) -> None:
    try:
        with open(path, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
    except OSError as error:
        raise KolmoError(f"cannot write a model to be measured: {error.strerror}") from None


def _run(words: list[str], path: str) -> float:
    """Return the last number that a command prints about a file."""
    named = [word.replace(PLACEHOLDER, path) for word in words]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        status = _wait(named, out, complaints)
        printed, said = _read(out), _read(complaints)
    if status != 0:
        last = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise KolmoError(
            f"the measure failed: '{shorten(named[0])}' ended with {status}"
            + (f": {shorten(last[0], 120)}" if last else "")
        )
    numbers = _NUMBER.findall(printed)
    if not numbers:
        raise KolmoError(
            f"no measure: '{shorten(named[0])}' printed no number; need one at the end."
        )
    return float(numbers[-1])


def _wait(named: list[str], out: IO[bytes], complaints: IO[bytes]) -> int:
    """Return how a command ended, all that it had started ended with it."""
    try:
        child = subprocess.Popen(
            named,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=complaints,
            start_new_session=True,
        )
    except OSError as error:
        raise KolmoError(f"cannot run '{shorten(named[0])}': {error.strerror or error}") from None
    try:
        return child.wait()
    finally:
        if hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        child.wait()


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read(_MOST_PRINTED)
