"""The work of ``kolmo mdl-select``: a file to columns, these to candidates, these to rows."""

import csv
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kolmo.data import open_input
from kolmo.mdl.contest import Request as Wanted
from kolmo.mdl.features import Features
from kolmo.mdl.methods import parse_method
from kolmo.mdl.select import Sent, container, keeps_rows, select_each
from kolmo.mdl.selection import ColumnChoice
from kolmo.mdl.streams.predicted import TargetMessage
from kolmo.mdl.target import choose_target, target_container
from kolmo.parallel import in_background
from kolmo.table import Limits, Table, read_table

from ..artefacts import check_apart, check_names, open_artefact, open_picture
from ..errors import INCONCLUSIVE
from ..memory import return_large_blocks
from ..output import Output, note, setting
from ..progress import Bar
from .choices import render, render_file
from .direction import direct, only_feature

if TYPE_CHECKING:
    from ..plots.picture import Picture


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    file: str
    column: tuple[str, ...]
    family: str | None
    target: str | None
    features: tuple[str, ...]
    direction: bool
    associations: bool
    missing: str
    precision: tuple[tuple[str, Fraction], ...]
    min_gain: float
    strict: bool
    criteria: bool
    all: bool
    output: str | None
    verify: bool
    plot: bool
    plot_file: str | None
    csv_header: str
    delimiter: str | None
    encoding: str
    jobs: int
    memory_limit: int

    def wanted(self) -> Wanted:
        """Return what the library is asked for."""
        methods = None
        if self.family is not None:
            labels = dict.fromkeys(self.family.split(","))
            known = None if self.target is None else Features([])
            methods = tuple(parse_method(label, known) for label in labels)
        return Wanted(
            methods=methods,
            missing=self.missing,
            precisions=dict(self.precision),
            min_gain_bits=self.min_gain,
            criteria=self.criteria,
            verify=self.verify,
            sketch=self.plot or self.plot_file is not None,
            every=self.all,
        )

    def feature_names(self, table: Table | None = None) -> list[str] | None:
        """Return the names of the features, None for all columns beside the target.

        A name with commas is one that the table has, or stands in quotes.
        """
        known = () if table is None else table.names
        found = [
            name
            for names in self.features
            for name in ([names] if names in known else next(csv.reader([names]), [""]))
        ]
        return found or None

    def check(self) -> None:
        """Refuse options that do not go together."""
        if self.features and self.target is None:
            raise click.UsageError("--features needs --target: the column that they predict")
        if self.target is not None and self.column:
            raise click.UsageError("--target is the one column to model: leave out --column")
        if self.target is not None and self.missing == "drop":
            raise click.UsageError(
                "--missing drop with --target: the decoder has all rows of the features; need "
                "code or error"
            )
        if self.direction and self.target is None:
            raise click.UsageError("--direction needs --target and one feature")
        if self.associations and (self.target is not None or self.output is not None):
            raise click.UsageError("--associations is for all columns: no --target, no -o")

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {
            "columns": list(self.column) or None,
            "family": self.family,
            "target": self.target,
            "features": list(self.features) or None,
            "direction": self.direction,
            "associations": self.associations,
            "missing": self.missing,
            "precision": {name: str(step) for name, step in self.precision},
            "min_gain_bits": self.min_gain,
            "criteria": self.criteria,
            "all": self.all,
            "verify": self.verify,
            "csv_header": self.csv_header,
            "delimiter": self.delimiter,
            "encoding": self.encoding,
            "memory_limit": self.memory_limit,
        }


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    request.check()
    check_names([request.file])
    if request.output == "-":
        raise click.UsageError("-o - would mix the message with the table: name a file")
    check_apart(request.output, request.plot_file)
    return_large_blocks()
    wanted = request.wanted()
    output = Output("mdl-select", request.parameters())
    output.groups = []
    picture = open_picture(request.plot_file, request.file)
    artefact = open_artefact(request.output, [request.file])
    table = _read(request)
    output.warnings += [caution.to_dict() for caution in table.cautions]
    if request.output is not None and request.target is None:
        _check_rows(request, table)
    if request.direction:
        only_feature(request, table)
    if output.format == "table":
        render_file(table)
    if request.associations:
        return _associate(request, table, output, picture)
    choices, made = _choose(request, wanted, table, output)
    if artefact is not None:
        artefact.write(made())
        artefact.commit()
    directed = direct(request, wanted, table, output)
    output.finish()
    if picture is not None:
        from ..plots.columns import draw_picture

        draw_picture(picture, choices)
    undecided = not directed or any(not choice.verdict.conclusive for choice in choices)
    return INCONCLUSIVE if request.strict and undecided else 0


def _read(request: Request) -> Table:
    source = open_input(request.file, memory_limit=request.memory_limit)
    try:
        return read_table(
            source,
            delimiter=request.delimiter,
            header=request.csv_header,
            encoding=request.encoding,
            limits=Limits(memory_bytes=request.memory_limit),
        )
    finally:
        source.close()


def _check_rows(request: Request, table: Table) -> None:
    """Refuse a message whose rows would hold cells of different rows of the file."""
    if not keeps_rows(table, request.missing, request.column or None):
        raise click.UsageError(
            "--missing drop with -o: got columns that lack values in different rows; need the "
            "same rows in all. Use --column for one, or --missing code"
        )


def _choose(
    request: Request, wanted: Wanted, table: Table, output: Output
) -> tuple[list[ColumnChoice], Callable[[], bytes]]:
    """Write the candidates; return the choices, and what makes the container."""
    if request.target is None:
        choices, sent = _choose_all(request, wanted, table, output)
        return choices, lambda: container(table, sent)
    target = request.target
    with Bar(silent=output.format == "json", unit="families") as bar:
        (found,) = in_background(_predicted(request, wanted, table, bar))
    choice, message = found
    _report(choice, output, request)
    return [choice], lambda: target_container(table, target, message)


def _predicted(
    request: Request, wanted: Wanted, table: Table, bar: Bar
) -> Iterator[tuple[ColumnChoice, TargetMessage]]:
    """Yield the choice for the target, and its message."""
    assert request.target is not None
    names = request.feature_names(table)
    yield choose_target(table, request.target, names, wanted, jobs=request.jobs, progress=bar)


def _associate(request: Request, table: Table, output: Output, picture: "Picture | None") -> int:
    """Show the mutual information of all pairs of columns."""
    from .associations import report

    report(table, output, request, picture)
    return 0


def _choose_all(
    request: Request, wanted: Wanted, table: Table, output: Output
) -> tuple[list[ColumnChoice], list[Sent]]:
    """Write the candidates of each column as soon as they are known."""
    choices, sent = [], []
    with Bar(silent=output.format == "json", unit="rows of columns") as bar:
        found = select_each(
            table,
            wanted,
            columns=request.column or None,
            jobs=request.jobs,
            progress=bar,
        )
        for choice, message in in_background(found):
            with bar.paused():
                _report(choice, output, request)
            choices.append(choice)
            if request.output is not None:
                sent.append(message)
    return choices, sent


def _report(choice: ColumnChoice, output: Output, request: Request) -> None:
    output.warnings += [caution.to_dict() for caution in choice.cautions]
    rows = [candidate.to_dict() for candidate in choice.rows]
    assert output.groups is not None
    output.groups.append(choice.summary())
    output.rows(rows, lambda: render(choice, criteria=request.criteria))
    if request.plot and choice.sketch is not None:
        from ..plots.columns import draw_column

        draw_column(choice, to_stderr=output.format != "table")
    if setting("verbose") or (choice.about["rows"] and not choice.candidates):
        for item in choice.left_out:
            note(f"column {choice.column!r}: {item.family} left out: {item.reason}")
