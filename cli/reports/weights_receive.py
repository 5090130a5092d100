"""The work of ``kolmo weights receive``: a message to a column and a payload."""

from typing import Any, NamedTuple

import click

from kolmo.data import open_input
from kolmo.errors import InputError, shorten
from kolmo.progress import Progress
from kolmo.weights.noisy.lengths import shape_words
from kolmo.weights.noisy.message import Received, receive

from ..artefacts import check_apart, check_names, open_artefact
from ..errors import FAILED, say
from ..output import Column, Output, number, print_paragraph, print_table, setting, write_artefact
from ..progress import Bar
from .weights_models import aside


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    file: str
    given: str
    output: str | None
    payload_out: str | None
    memory_limit: int


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.file, request.given])
    inputs = [request.file, request.given]
    beside = request.output not in (None, "-")
    if not beside and (setting("json") or setting("format")):
        raise click.UsageError("the column takes standard output: use -o FILE beside --format")
    if request.payload_out == "-":
        raise click.UsageError("--payload-out - would mix it with the column: name a file")
    _check_two_outputs(request)
    output = Output("weights receive", {"given": request.given, "payload_out": request.payload_out})
    column = open_artefact(request.output, inputs)
    payload = open_artefact(request.payload_out, inputs)
    with Bar(silent=output.format == "json", unit="steps") as bar:
        found = aside(lambda: _receive(request, bar))
    refused = found.payload_error
    if payload is not None and found.payload is None and refused is None:
        raise InputError(
            f"no payload: '{shorten(request.file)}' was sent without one. Leave out --payload-out."
        )
    write_artefact(column, [found.data])
    if payload is not None and found.payload is not None:
        write_artefact(payload, [found.payload])
    if beside:
        row = _row(request, found)
        output.rows([row], lambda: _render(row))
        output.finish()
    if refused is None:
        return 0
    say(f"{shorten(request.file)}: {refused}.")
    return FAILED


def _check_two_outputs(request: Request) -> None:
    try:
        check_apart(request.output, None, request.payload_out)
    except click.UsageError:
        raise click.UsageError("-o and --payload-out name the same file: need two") from None


def _receive(request: Request, progress: Progress) -> Received:
    """Return what is in the message; the net is trained only for a payload that is wanted."""
    message = open_input(request.file, memory_limit=request.memory_limit)
    side = open_input(request.given, memory_limit=request.memory_limit)
    try:
        return receive(
            message,
            side,
            payload=request.payload_out is not None,
            memory_limit=request.memory_limit,
            progress=progress,
        )
    finally:
        message.close()
        side.close()


def _row(request: Request, found: Received) -> dict[str, Any]:
    return {
        "file": request.file,
        "given": request.given,
        "kind": "certified",
        "net": shape_words(found.architecture),
        "weights": found.weights.size,
        "data_bytes": len(found.data),
        "payload": _fate(request, found),
        "payload_bytes": None if found.payload is None else len(found.payload),
    }


def _fate(request: Request, found: Received) -> str:
    if request.payload_out is None:
        return "not asked for"
    return "received" if found.payload is not None else "refused"


def _render(row: dict[str, Any]) -> None:
    print_table(COLUMNS, [row], best=0)
    print_paragraph(f"{row['file']}: the column came out exactly; payload {row['payload']}")


COLUMNS = (
    Column("file", lambda row: row["file"], 5, left=True),
    Column("net", lambda row: row["net"], 3, left=True),
    Column("weights", number("weights", ","), 2),
    Column("column bytes", number("data_bytes", ","), 0),
    Column("payload", lambda row: row["payload"], 0, left=True),
    Column("payload bytes", number("payload_bytes", ","), 1),
)
