"""The work of ``kolmo weights send``: a column and a net to a message and what its parts cost."""

from typing import Any, NamedTuple

import click

from kolmo.data import open_input
from kolmo.errors import CertificationError, InputError
from kolmo.progress import Progress
from kolmo.table import Table
from kolmo.weights.noisy.assembling import Sent
from kolmo.weights.noisy.data import Problem, read_problem
from kolmo.weights.noisy.lengths import net_words, side_table
from kolmo.weights.noisy.message import receive, send
from kolmo.weights.noisy.net import Fitted
from kolmo.weights.noisy.study import check_memory
from kolmo.weights.noisy.theory import architecture_of, fit_problem

from ..artefacts import check_names, open_artefact
from ..noisy_options import Net, Source
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
from .weights_fit import given_words, target_record, warn_of_work
from .weights_models import aside

BITS_BACK = "bits-back"
TOTAL = "total"


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    source: Source
    net: Net
    output: str | None
    payload: str | None
    code: str | None

    def check(self) -> str:
        """Return the code; UsageError if it and the payload do not go together."""
        if self.payload is None and self.code == BITS_BACK:
            raise click.UsageError("--code bits-back needs --payload: what pays for the noise")
        if self.payload is not None and self.code not in (None, BITS_BACK):
            raise click.UsageError(f"--code {self.code} has no place for a payload: leave it out")
        return self.code or ("relative-entropy" if self.payload is None else BITS_BACK)

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {
            **self.source.parameters(),
            **self.net.parameters(),
            "payload": self.payload,
            "code": self.check(),
        }


class Made(NamedTuple):
    """A message, and what it is made of."""

    problem: Problem
    fitted: Fitted
    sent: Sent


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    source = request.source
    inputs = [name for name in (source.file, request.payload) if name is not None]
    check_names(inputs)
    refuse_binary_on_terminal(request.output)
    request.check()
    if request.output in (None, "-") and (setting("json") or setting("format")):
        raise click.UsageError("the message takes standard output: use -o FILE beside --format")
    output = Output("weights send", request.parameters())
    output.seed = request.net.seed
    artefact = open_artefact(request.output, inputs)
    payload = _read_payload(request)
    table = source.read()
    output.warnings += [caution.to_dict() for caution in table.cautions]
    warn_of_work(request.net, table.rows, len(table.names))
    with Bar(silent=output.format == "json", unit="steps") as bar:
        made = aside(lambda: _make(request, table, payload, bar))
    write_artefact(artefact, [made.sent.container])
    _report(request, output, made)
    return 0


def _read_payload(request: Request) -> bytes | None:
    if request.payload is None:
        return None
    opened = open_input(request.payload, memory_limit=request.source.memory_limit)
    try:
        if opened.size > request.source.memory_limit:
            raise InputError(
                f"payload too large: got {opened.size} bytes; the limit is "
                f"{request.source.memory_limit}. Use --memory-limit."
            )
        return b"".join(bytes(block) for block in opened.blocks())
    finally:
        opened.close()


def _make(request: Request, table: Table, payload: bytes | None, progress: Progress) -> Made:
    """Return the message, received again."""
    source, net, settings = request.source, request.net, request.net.settings()
    problem = read_problem(table, source.target, source.names(table))
    architecture = architecture_of(problem, net.hidden, net.unit)
    check_memory(problem, architecture, source.memory_limit)
    fitted = fit_problem(problem, architecture, settings, progress=progress)
    sent = send(problem, fitted, code=request.check(), payload=payload, settings=settings)
    found = receive(
        sent.container,
        side_table(problem),
        memory_limit=source.memory_limit,
        progress=progress,
    )
    if found.data != problem.data or found.payload != payload:
        raise CertificationError(
            f"not certified: {found.payload_error or 'the message decodes to something else'}: "
            "a bug."
        )
    return Made(problem, fitted, sent)


def _report(request: Request, output: Output, made: Made) -> None:
    """Write the parts; where the message has standard output, say their sum on stderr."""
    if request.output in (None, "-"):
        note(headline(request, made))
    else:
        output.groups = [_group(request, made)]
        output.rows(_rows(request, made), lambda: _render(request, made))
        output.finish()
    if made.sent.padding_bytes:
        note(
            f"the payload is too short for so many noisy weights: it got "
            f"{made.sent.padding_bytes} bytes of padding, counted in the net length. Try a "
            "longer one."
        )


def headline(request: Request, made: Made) -> str:
    """Return the net length in words."""
    sent, source = made.sent, request.source
    words = net_words(made.fitted.posterior.architecture, request.net.prior)
    given = given_words(source.target, made.problem.known.names)
    text = f"L({given}) <= {sent.net_bits:,} bits (certified): {sent.code}, {words}"
    if request.payload is None:
        return f"{text}, with names, checksums and the column's form"
    return (
        f"{text}; the file's {8 * len(sent.container):,} bits less {8 * sent.payload_bytes:,} of "
        "the payload, which comes back"
    )


def _rows(request: Request, made: Made) -> list[dict[str, Any]]:
    about = {
        "file": request.source.file,
        "target": request.source.target,
        "code": made.sent.code,
        "kind": "certified",
    }
    parts = {**made.sent.parts, TOTAL: made.sent.net_bits}
    return [{**about, "part": name, "bits": float(bits)} for name, bits in parts.items()]


def _group(request: Request, made: Made) -> dict[str, Any]:
    sent = made.sent
    return {
        **target_record(request.source, made.problem),
        "code": sent.code,
        "kind": "certified",
        "weights": made.fitted.posterior.architecture.weights,
        "restart": made.fitted.restart,
        "net_bits": sent.net_bits,
        "container_bits": 8 * len(sent.container),
        "payload_bytes": sent.payload_bytes,
        "padding_bytes": sent.padding_bytes,
        "headline": headline(request, made),
    }


def _render(request: Request, made: Made) -> None:
    rows = _rows(request, made)
    print_table(COLUMNS, [row | {"words": WORDS[row["part"]]} for row in rows], best=0)
    print_paragraph(headline(request, made))


WORDS = {
    "container": "header and checksums of the file",
    "features": "names of the columns that the receiver has",
    "target": "name, rows and spelling of the column",
    "net": "shape of the net, and how to train it again",
    "prior": "coding prior of the weights, and noise",
    "weights": "the weights, drawn or rounded",
    "misfit": "the column, given the weights",
    "refund": "bits of the payload that chose the weights",
    "padding": "bytes added to a payload that is too short",
    "rounding": "whole bytes, and the coder's last word",
    TOTAL: "the file without the payload",
}
COLUMNS = (
    Column("part", lambda row: row["part"], 0, left=True),
    Column("bits", number("bits", ",.1f"), 0),
    Column("kind", lambda row: row["kind"], 2, left=True),
    Column("what it is", lambda row: row["words"], 3, left=True),
)
