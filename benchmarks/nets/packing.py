"""Whole checkpoints by kolmo's command line: packed, unpacked, at an error that is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmarks.case import Context
from benchmarks.nets import tensors
from kolmo.bench.harness import Finished, run_process
from kolmo.errors import KolmoError

CLOSE = 0.999
TRIALS = 8


class Packed(NamedTuple):
    """A checkpoint that was packed with a step: its size, and the error of its weights."""

    step: float
    size: int
    rmse: float


def pack(context: Context, model: Path, *options: str) -> tuple[Path, Finished]:
    """Return the file that kolmo makes of a checkpoint, and the run that made it."""
    made = model.with_suffix(".klm")
    made.unlink(missing_ok=True)
    return made, finished(context, "pack", str(model), "-o", str(made), *options)


def unpack(context: Context, packed: Path) -> Path:
    """Return the checkpoint that kolmo makes of its file."""
    made = packed.with_suffix(".unpacked.safetensors")
    made.unlink(missing_ok=True)
    finished(context, "unpack", str(packed), "-o", str(made))
    return made


def finished(context: Context, *words: str) -> Finished:
    """Return a run of `kolmo weights`; KolmoError if it fails."""
    done = run_process([*context.kolmo, "weights", *words])
    if done.sample.exit_code != 0:
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise KolmoError(
            f"kolmo weights {words[0]} failed: got exit code {done.sample.exit_code} ({said}); "
            "need 0."
        )
    return done


def pack_exactly(context: Context, model: Path) -> int:
    """Return the size of a checkpoint without loss, after unpacking it again."""
    packed, _ = pack(context, model, "--lossless")
    if unpack(context, packed).read_bytes() != model.read_bytes():
        raise KolmoError(f"{model.name} changed: got other bytes; need those that were packed.")
    return packed.stat().st_size


def pack_at(context: Context, model: Path, step: float) -> Packed:
    """Return what a checkpoint is with a step, its error measured on what is unpacked."""
    packed, _ = pack(context, model, "--step", repr(step))
    truth = tensors.from_bytes(model.read_bytes())
    found = tensors.from_bytes(unpack(context, packed).read_bytes())
    return Packed(step, packed.stat().st_size, tensors.rmse(truth, found))


def pack_within(context: Context, model: Path, limit: float) -> Packed:
    """Return the smallest file found whose error is at most the limit, and near it.

    The error is nearly proportional to the step, so a few trials are enough.
    """
    trial, within = pack_at(context, model, 2 * limit), []
    for _ in range(TRIALS):
        if trial.rmse <= limit:
            within.append(trial)
        if CLOSE * limit <= trial.rmse <= limit:
            break
        trial = pack_at(context, model, trial.step * (1 + CLOSE) / 2 * limit / trial.rmse)
    if not within:
        raise KolmoError(f"no step found for {model.name}: got {trial.rmse}; need {limit} at most.")
    return min(within, key=lambda packed: packed.size)
