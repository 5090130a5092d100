"""The work of ``kolmo weights pack``: a checkpoint and a method to a container."""

from typing import Any, NamedTuple

import click

from kolmo.progress import Progress
from kolmo.registry import weight_coders
from kolmo.weights.checkpoint import Checkpoint
from kolmo.weights.distortion import find_step
from kolmo.weights.method import DEFAULT_LOSSLESS, DEFAULT_QUANTISED, Method, check_coders
from kolmo.weights.packing import Packed, pack
from kolmo.weights.tuning import Tuned

from ..artefacts import check_names, open_artefact
from ..output import (
    Column,
    Output,
    note,
    number,
    print_paragraph,
    print_table,
    refuse_binary_on_terminal,
    setting,
    write_artefact,
)
from ..progress import Bar
from ..weight_options import WAYS, Loss
from .weights_models import (
    aside,
    finite,
    is_certified,
    open_base,
    open_model,
    say_unused,
    tuned,
    tuning_record,
)


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    model: str
    output: str | None
    lossless: bool
    coder: str | None
    loss: Loss
    given: str | None
    certify: bool | None
    jobs: int
    memory_limit: int

    def method(self) -> Method:
        """Return the coder, its step yet to be found; UsageError if it is not one for this."""
        self.loss.check()
        if self.lossless and self.loss.wanted:
            raise click.UsageError("--lossless loses nothing: leave out what says how much")
        if not self.loss.wanted:
            name = self.coder or DEFAULT_LOSSLESS
            if weight_coders.get(name).quantised:
                raise click.UsageError(f"{name} quantises: say what may be lost by {WAYS}")
            return Method(lossless=name)
        name = self.coder or DEFAULT_QUANTISED
        check_coders(DEFAULT_LOSSLESS, name)
        return Method(quantised=name, keep=self.loss.keep)

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {
            "coder": self.coder,
            **self.loss.parameters(),
            "given": self.given,
            "certify": self.certify,
            "memory_limit": self.memory_limit,
        }


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.model, request.given])
    refuse_binary_on_terminal(request.output)
    method = request.method()
    if request.output in (None, "-") and (setting("json") or setting("format")):
        raise click.UsageError("the container takes standard output: use -o FILE beside --format")
    output = Output("weights pack", request.parameters())
    inputs = [name for name in (request.model, request.given) if name is not None]
    artefact = open_artefact(request.output, inputs)
    base = open_base(request.given, request.memory_limit)
    checkpoint = open_model(request.model, request.memory_limit)
    say_unused(request.loss.keep, checkpoint)
    found = tuned(checkpoint, request.loss, method.quantised or DEFAULT_QUANTISED, base)
    with Bar(silent=output.format == "json") as bar:
        packed, method = aside(lambda: _packed(request, checkpoint, method, base, found, bar))
    write_artefact(artefact, packed.chunks())
    _report(request, output, _row(checkpoint, packed, method), found)
    return 0


def _packed(
    request: Request,
    checkpoint: Checkpoint,
    method: Method,
    base: Checkpoint | None,
    found: Tuned | None,
    progress: Progress,
) -> tuple[Packed, Method]:
    """Return the container, and the method with its step."""
    distortion = request.loss.distortion()
    if found is not None:
        method = method._replace(step=found.step)
    elif distortion is not None and method.quantised is not None:
        loss = find_step(
            checkpoint,
            distortion,
            method.quantised,
            keep=method.keep,
            base=base,
            progress=progress,
        )
        method = method._replace(step=loss.step)
    certify = is_certified(request.certify, checkpoint)
    made = pack(checkpoint, method, base, certify=certify, jobs=request.jobs, progress=progress)
    return made, method


def _row(checkpoint: Checkpoint, packed: Packed, method: Method) -> dict[str, Any]:
    weights = sum(tensor.elements for tensor in checkpoint.tensors)
    raw_bits, bits = 8 * checkpoint.bytes, sum(item.payload_bits for item in packed.sent)
    return {
        "file": checkpoint.file,
        "coder": method.quantised or method.lossless,
        "kind": packed.kind,
        "tensors": len(packed.sent),
        "quantised_tensors": sum(item.squared_error is not None for item in packed.sent),
        "weights": weights,
        "raw_bits": raw_bits,
        "payload_bits": bits,
        "container_bits": packed.container_bits,
        "bits_per_weight": bits / weights if weights else None,
        "ratio": bits / raw_bits if raw_bits else None,
        "step": method.step or None,
        "rmse": finite(packed.rmse()),
    }


def _report(request: Request, output: Output, row: dict[str, Any], found: Tuned | None) -> None:
    """Write the record; where the container has standard output, say it on stderr."""
    if request.output in (None, "-"):
        note(headline(row, request.given))
        return
    output.groups = [{"file": row["file"], "tuning": tuning_record(found, request.loss)}]
    output.rows([row], lambda: _render(row, request.given))
    output.finish()


def headline(row: dict[str, Any], given: str | None) -> str:
    """Return ``L(MODEL) <= N`` in words."""
    of = row["file"] if given is None else f"{row['file']}|{given}"
    text = f"L({of}) <= {row['container_bits']:,} bits ({row['kind']}): {row['coder']}"
    if row["step"] is not None:
        text += f", step {row['step']:.4g}, {row['quantised_tensors']} tensors quantised"
        text += "" if row["rmse"] is None else f", RMSE {row['rmse']:.4g}"
    return text + ", with names, shapes and checksums"


def _render(row: dict[str, Any], given: str | None) -> None:
    print_table([column for column in COLUMNS if column.text(row)], [row], best=0)
    print_paragraph(headline(row, given))


COLUMNS = (
    Column("coder", lambda row: row["coder"], 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("tensors", number("tensors", ","), 6),
    Column("weights", number("weights", ","), 4),
    Column("bits before", number("raw_bits", ","), 5),
    Column("container bits", number("container_bits", ","), 0),
    Column("bits/weight", number("bits_per_weight", ".3f"), 2),
    Column("ratio", number("ratio", ".4f"), 3),
    Column("step", number("step", ".4g"), 7),
    Column("RMSE", number("rmse", ".4g"), 4),
)
