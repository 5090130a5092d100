"""The work of ``kolmo complexity``: arguments to inputs, inputs to rows, rows to output."""

import os
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kolmo.complexity import panel, price
from kolmo.complexity.estimator import Estimator
from kolmo.data import Input, MemoryInput, open_input, walk
from kolmo.errors import KolmoError
from kolmo.results import Bounds

from ..artefacts import check_apart, check_names, open_artefact, open_picture
from ..errors import FAILED, say
from ..output import (
    Column,
    Output,
    note,
    number,
    plus_minus,
    print_paragraph,
    print_table,
    setting,
    write,
)
from ..progress import Bar
from ..text import visible
from .chosen import Chooser, chosen

if TYPE_CHECKING:
    from kolmo.artefact import Artefact


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    files: tuple[str, ...]
    string: str | None
    recursive: bool
    estimator: str | None
    predictor: tuple[str, ...]
    max: bool
    all: bool
    given: str | None
    verify: bool | None
    max_bytes: int | None
    output: str | None
    timings: bool
    plot: bool
    plot_file: str | None
    jobs: int
    memory_limit: int

    def names(self) -> tuple[str, ...]:
        """Return the files, standard input if there is nothing else."""
        if self.string is not None:
            if self.files:
                raise click.UsageError("--string and FILE exclude each other: use one of them")
            check_names([self.given])
            return ()
        names = self.files or ("-",)
        check_names([*names, self.given])
        return names

    def check_output(self) -> None:
        """Refuse an artefact that more than one input would have to share."""
        if self.output is None:
            return
        if self.output == "-":
            raise click.UsageError("-o - would mix the message with the table: name a file")
        if len(self.files) > 1 or self.recursive:
            raise click.UsageError("-o takes one input: got more. Run kolmo once for each")

    def parameters(self, asked: list[Estimator] | None) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {
            "estimators": None if asked is None else [item.label for item in asked],
            "predictors": list(self.predictor),
            "given": self.given,
            "max_bytes": self.max_bytes,
            "verify": self.verify,
            "memory_limit": self.memory_limit,
        }


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    names = request.names()
    request.check_output()
    asked = chosen(request)
    output = Output("complexity", request.parameters(asked))
    if request.timings:
        output.timings = []
    files = [*names, *([request.given] if request.given else [])]
    check_apart(request.output, request.plot_file)
    picture = open_picture(request.plot_file, *files)
    artefact = _open_message(request, files)
    reader = _Reader(request, names)
    given = open_input(request.given, memory_limit=request.memory_limit) if request.given else None
    choose = Chooser(request, asked, given, table=output.format == "table")
    reports = []
    with Bar(silent=output.format == "json") as bar:
        found = panel.bounds_each(
            reader.inputs(),
            choose,
            given,
            verify=request.verify,
            keep=artefact is not None,
            jobs=request.jobs,
            memory_limit=request.memory_limit,
            progress=bar,
        )
        for bounds in found:
            with bar.paused():
                _report(bounds, output, request)
            reader.failed |= bool(bounds.failures)
            if artefact is not None:
                _write_message(artefact, bounds, reader, given)
            reader.opened.popleft().close()
            if picture is not None:
                reports.append(bounds.without_payloads())
    output.finish()
    if choose.advice is not None:
        note(choose.advice)
    if reader.skipped and not setting("verbose"):
        note(f"{reader.skipped} links and special files were skipped; --verbose names them")
    if picture is not None:
        from ..plots.bounds import draw_picture

        draw_picture(picture, [bounds for bounds in reports if bounds.rows])
    return FAILED if reader.failed else 0


class _Reader:
    """Opens the inputs one after the other; what cannot be read is said and passed over."""

    def __init__(self, request: Request, names: tuple[str, ...]) -> None:
        self.request, self.names = request, names
        self.failed = False
        self.skipped = 0
        self.opened: deque[Input] = deque()

    def inputs(self) -> Iterator[Input]:
        """Yield the inputs, opened."""
        if self.request.string is not None:
            yield self._keep(MemoryInput(os.fsencode(self.request.string), "(string)"))
        for name in self._files():
            try:
                yield self._keep(self.open(name))
            except KolmoError as error:
                self._fail(error)

    def open(self, name: str) -> Input:
        """Open one input."""
        return open_input(
            name, max_bytes=self.request.max_bytes, memory_limit=self.request.memory_limit
        )

    def _files(self) -> Iterator[str]:
        for name in self.names:
            if self.request.recursive and os.path.isdir(name):
                yield from walk(name, self._fail, self._skip)
            else:
                yield name

    def _keep(self, data: Input) -> Input:
        self.opened.append(data)
        return data

    def _skip(self, name: str, reason: str) -> None:
        self.skipped += 1
        if setting("verbose"):
            note(f"{name}: skipped, {reason}")

    def _fail(self, error: KolmoError) -> None:
        self.failed = True
        say(str(error))


def _report(bounds: Bounds, output: Output, request: Request) -> None:
    for failure in bounds.failures:
        where = f"{failure.estimator} on {failure.file}: " if failure.estimator else ""
        say(f"{where}{failure.message}")
    output.warnings += [caution.to_dict() for caution in bounds.cautions]
    if output.timings is not None:
        output.timings += [
            {"file": row.file, "estimator": row.estimator, "seconds": row.seconds}
            for row in bounds.rows
        ]
    rows = [row.to_dict() for row in bounds.rows]
    output.rows(rows, lambda: _render(bounds))
    if request.plot and rows:
        from ..plots.bounds import draw_bars

        draw_bars(bounds, to_stderr=output.format != "table")


def _render(bounds: Bounds) -> None:
    """Draw the table of one input for people."""
    if not bounds.rows:
        return
    given = f", given {bounds.given}" if bounds.given is not None else ""
    print_paragraph(f"{bounds.file}: {bounds.input_bytes:,} bytes{given}")
    rows = [{**row.to_dict(), "seconds": row.seconds} for row in bounds.rows]
    with_information = bounds.given is not None
    columns = INFORMATION_COLUMNS if with_information else COLUMNS
    print_table(columns, rows, best=int(bounds.best is not None))
    print_paragraph(bounds.headline())
    _render_deficiency(bounds)
    if bounds.best is not None:
        print_paragraph(
            f"c = the decoder, independent of x: {price.decoder_bits():,} bits (bound: the source "
            f"of kolmo's decoding modules, deflated), and {price.decoder_parts()}, not counted"
        )
    if with_information:
        _render_information(bounds)
    write("\n")


def _render_deficiency(bounds: Bounds) -> None:
    """Say what the message saves, which fair coin flips hardly ever do."""
    best, saved = bounds.best, bounds.deficiency_bits
    if best is None or saved is None or saved <= 0:
        return
    print_paragraph(
        f"randomness deficiency >= {saved:,} - c bits ({best.kind}): {8 * best.input_bytes:,} less "
        f"{best.bound_bits:,}; fair coin flips save as much with probability 2^-{saved:,} at most"
    )


def _render_information(bounds: Bounds) -> None:
    best = bounds.best
    if best is None:
        return
    print_paragraph(
        f"I(x:y) ~ {best.information_estimate_bits:,} bits (estimate: C(x) + C(y) - C(xy) with "
        f"{best.estimator}, a difference of upper bounds, which bounds nothing); |C(xy) - C(yx)| = "
        f"{best.order_dependence_estimate_bits:,} bits (estimate of the order dependence)"
    )


def _open_message(request: Request, files: list[str]) -> "Artefact | None":
    if request.output is None:
        return None
    return open_artefact(request.output, files)


def _write_message(
    artefact: "Artefact", bounds: Bounds, reader: _Reader, given: Input | None
) -> None:
    """Write the shortest message; an input of which no bound is known leaves the old file."""
    from kolmo import container, messages

    best = min(
        (row for row in bounds.rows if row.container_bits is not None),
        key=lambda row: row.container_bits or 0,
        default=None,
    )
    if best is None:
        reader.failed = True
        say(f"{bounds.file}: no message to write: no chosen estimator made one")
        return
    if bounds.best is not None and bounds.best.container_bits is None:
        note(
            f"{bounds.best.estimator}'s message is shorter, but its decoder holds your predictor, "
            f"and no .klm file does: {best.estimator}'s is written"
        )
    data = reader.opened[0]
    packer = messages.make_packer(best.estimator, primed=given is not None)
    if best.payload is not None:
        chunks = container.pack(packer, data, [best.payload], given)
    else:
        chunks = messages.encode_stream(data, packer, given)
    for chunk in chunks:
        artefact.write(chunk)
    artefact.commit()


def _bits(row: dict[str, Any]) -> str:
    if row["payload_bits"] is not None:
        return f"{row['payload_bits']:,}"
    value, error = row["estimate_bits"], row["error_bits"]
    return f"{value:,.1f}" if error is None else f"{value:,.1f} {plus_minus()} {error:,.1f}"


def _time(row: dict[str, Any]) -> str:
    seconds: float = row["seconds"]
    return f"{1000 * seconds:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


COLUMNS = (
    Column("estimator", lambda row: visible(row["estimator"]), 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("bits", _bits, 0),
    Column("container bits", number("container_bits", ","), 6),
    Column("bits/byte", number("bits_per_byte", ".3f"), 2),
    Column("ratio", number("ratio", ".4f"), 3),
    Column("time", _time, 5),
)
INFORMATION_COLUMNS = (
    *COLUMNS[:-1],
    Column("I(x:y) estimate, bits", number("information_estimate_bits", ","), 4),
    Column("order estimate, bits", number("order_dependence_estimate_bits", ","), 7),
    COLUMNS[-1],
)
