"""What the commands about weights share: models that fit memory, and what a measure allows."""

import math
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from kolmo.container import Container
from kolmo.data import Input, open_input
from kolmo.errors import InputError, MemoryLimitError, shorten
from kolmo.parallel import in_background
from kolmo.weights.checkpoint import Checkpoint, read_checkpoint
from kolmo.weights.method import Method
from kolmo.weights.streams.weights import MEMORY_FACTOR, Weights
from kolmo.weights.tuning import Trial, Tuned, tune

from ..output import note
from ..weight_options import Loss

R = TypeVar("R")

CERTIFY_BYTES = 1 << 26
HELD_BYTES = 1 << 22  # larger files are read tensor by tensor


def open_file(name: str, memory_limit: int) -> Input:
    """Return a file of which no more is held than one tensor, unless it is small."""
    return open_input(name, memory_limit=memory_limit, in_memory=HELD_BYTES)


def open_model(name: str, memory_limit: int) -> Checkpoint:
    """Return a checkpoint none of whose tensors needs more memory than there may be."""
    found = read_checkpoint(open_file(name, memory_limit))
    for tensor in found.tensors:
        if MEMORY_FACTOR * tensor.bytes > memory_limit:
            raise MemoryLimitError(
                f"too much memory: '{shorten(tensor.name)}' of '{shorten(name)}' has "
                f"{tensor.bytes} bytes, of which coders need {MEMORY_FACTOR} times as many; the "
                f"limit is {memory_limit}. Use --memory-limit."
            )
    return found


def say_unused(patterns: tuple[str, ...], checkpoint: Checkpoint) -> None:
    """Say which patterns of ``--keep`` name no tensor."""
    for pattern in patterns:
        if not any(fnmatchcase(tensor.name, pattern) for tensor in checkpoint.tensors):
            note(f"--keep '{shorten(pattern)}' names no tensor")


def open_base(name: str | None, memory_limit: int) -> Checkpoint | None:
    """Return the checkpoint of ``--given``, if there is one."""
    return None if name is None else open_model(name, memory_limit)


def is_certified(certify: bool | None, *models: Checkpoint) -> bool:
    """Return whether streams are decoded now: as the user says, else up to `CERTIFY_BYTES`."""
    small = sum(model.bytes for model in models) <= CERTIFY_BYTES
    return small if certify is None else certify


def aside(work: Callable[[], R]) -> R:
    """Return the result of long work, done in a thread so that Ctrl-C need not wait for it."""
    (found,) = in_background(work() for _ in range(1))
    return found


def tuned(checkpoint: Checkpoint, loss: Loss, coder: str, base: Checkpoint | None) -> Tuned | None:
    """Return what ``--eval`` finds, if it is given; each trial is said on stderr."""
    if loss.eval is None or loss.tol is None:
        return None
    method = Method(quantised=coder, keep=loss.keep)
    return tune(checkpoint, loss.eval, loss.tol, method, base, report=_say_trial)


def tuning_record(found: Tuned | None, loss: Loss) -> dict[str, Any] | None:
    """Return the trials for the envelope."""
    if found is None:
        return None
    return {
        "command": loss.eval,
        "tolerance": loss.tol,
        "reference": finite(found.reference),
        "step": found.step,
        "value": finite(found.value),
        "trials": [{**trial._asdict(), "value": finite(trial.value)} for trial in found.trials],
    }


def finite(value: float | None) -> float | None:
    """Return a number as JSON can hold it: None for what is not finite."""
    return value if value is not None and math.isfinite(value) else None


def open_packed(source: Input) -> Container:
    """Return an opened container of a model; InputError if it holds something else."""
    opened = Container(source)
    if opened.header.code != Weights.name:
        raise InputError(
            f"not a packed model: got '{shorten(source.name)}', a container of code "
            f"'{shorten(opened.header.code)}'. Use kolmo decode."
        )
    return opened


def _say_trial(trial: Trial) -> None:
    if not trial.step:
        note(f"the model itself: {trial.value:g}")
    else:
        note(f"step {trial.step:.4g}: {trial.value:g}, {'good' if trial.holds else 'too far off'}")
