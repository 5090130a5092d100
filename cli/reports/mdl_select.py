"""The work of ``kolmo mdl-select``: a file to columns, these to candidates, these to rows."""

import csv
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kolmo.data import open_input
from kolmo.mdl.contest import Request as Wanted
from kolmo.mdl.direction import directions
from kolmo.mdl.features import Features
from kolmo.mdl.methods import parse_method
from kolmo.mdl.select import Sent, container, keeps_rows, select_each
from kolmo.mdl.selection import Candidate, ColumnChoice
from kolmo.mdl.streams.predicted import TargetMessage
from kolmo.mdl.target import choose_target, feature_names, target_container
from kolmo.parallel import in_background
from kolmo.table import Limits, Table, read_table

from ..artefacts import check_apart, check_names, open_artefact, open_picture
from ..errors import INCONCLUSIVE
from ..memory import return_large_blocks
from ..output import Column, Output, note, number, print_paragraph, print_table, setting, write
from ..progress import Bar
from ..text import visible

if TYPE_CHECKING:
    from ..plots.picture import Picture

LONGEST_NUMBER = 60
LONGEST_LIST = 12
LONGEST_GIVEN = 6


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
        _only_feature(request, table)
    if output.format == "table":
        _render_table(table)
    if request.associations:
        return _associate(request, table, output, picture)
    choices, made = _choose(request, wanted, table, output)
    if artefact is not None:
        artefact.write(made())
        artefact.commit()
    directed = _direct(request, wanted, table, output)
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


def _direct(request: Request, wanted: Wanted, table: Table, output: Output) -> bool:
    """Show both ways if they are asked for; return whether there is nothing undecided."""
    if not request.direction:
        return True
    assert request.target is not None
    name = _only_feature(request, table)
    found = directions(table, name, request.target, wanted, jobs=request.jobs)
    assert output.groups is not None
    output.groups[-1]["direction"] = found.to_dict()
    if output.format == "table":
        print_table(WAY_COLUMNS, [way.to_dict() for way in found.ways])
        print_paragraph(f"{found.sentence} (estimate: a difference of code lengths)")
        print_paragraph(
            "this compares two descriptions by these families; it is no proof of cause and effect"
        )
    elif output.format != "json":
        note(f"both ways: {found.sentence} (estimate: a difference of code lengths)")
    return found.conclusive


def _only_feature(request: Request, table: Table) -> str:
    """Return the one feature that there is."""
    assert request.target is not None
    names = feature_names(table, request.target, request.feature_names(table))
    if len(names) != 1:
        raise click.UsageError(
            f"--direction needs one feature: got {len(names)}. Choose it by --features"
        )
    return names[0]


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
    output.rows(rows, lambda: _render(choice, request))
    if request.plot and choice.sketch is not None:
        from ..plots.columns import draw_column

        draw_column(choice, to_stderr=output.format != "table")
    if setting("verbose") or (choice.about["rows"] and not choice.candidates):
        for item in choice.left_out:
            note(f"column {choice.column!r}: {item.family} left out: {item.reason}")


def _render_table(table: Table) -> None:
    """Say what was found out about the file."""
    dialect = table.dialect
    delimiter = {"\t": "tabs", ",": "commas", ";": "semicolons"}.get(
        dialect.delimiter, repr(dialect.delimiter)
    )
    header = "with a header" if dialect.header else "without a header"
    print_paragraph(
        f"{table.file}: {table.rows:,} rows x {len(table.names):,} columns, {header}, "
        f"{dialect.encoding}" + (f", {delimiter}" if len(table.names) > 1 else "")
    )
    write("\n")


def _render(choice: ColumnChoice, request: Request) -> None:
    """Draw the table of one column for people."""
    name = _named(choice)
    print_paragraph(f"{name}: {_about(choice.about)}")
    rows = [row.to_dict() | {"words": row.words} for row in choice.rows]
    if not choice.candidates:
        rows = []
    columns = (*COLUMNS, *CRITERIA) if request.criteria else COLUMNS
    if rows:
        print_table(columns, rows)
        if choice.best is not None:
            print_paragraph(_describe(choice.best))
    print_paragraph(f"{name}: {choice.verdict.sentence}")
    _render_gain(choice)
    _render_baseline(choice)
    write("\n")


def _named(choice: ColumnChoice) -> str:
    """Return the column, and what is known beside it if it is a target."""
    names = choice.about["features"]
    if names is None:
        return choice.column
    more = f" and {len(names) - LONGEST_GIVEN} more" if len(names) > LONGEST_GIVEN else ""
    shown = [repr(name) if "," in name else name for name in names[:LONGEST_GIVEN]]
    return f"{choice.column} given {', '.join(shown) or 'nothing'}{more}"


def _render_gain(choice: ColumnChoice) -> None:
    """Say what the features are worth: the best without them beside the best of all."""
    without = choice.about["without_features_bits"]
    if without is None or choice.best is None or not choice.about["features"]:
        return
    gain = without - choice.best.total_bits
    if gain > 0:
        print_paragraph(
            f"the features save {gain:,.1f} bits (estimate: a difference of code lengths) of the "
            f"{without:,.1f} (codelength) that {choice.column} takes without them"
        )
    else:
        print_paragraph(f"the features are of no use: nothing predicts {choice.column} from them")


def _describe(best: Candidate) -> str:
    """Return the winner, its length and kind whatever the table leaves out, and its numbers."""
    parameters = f": {_parameters(best.parameters)}" if best.parameters else ""
    return f"{best.words}, {best.length}{parameters}"


def _render_baseline(choice: ColumnChoice) -> None:
    """Say so if a compressor of the cells' text is shorter than all models."""
    shorter = [row for row in choice.baselines if choice.candidates and row.delta_bits < 0]
    for row in shorter:
        print_paragraph(
            f"but {row.family} of the cells is {-row.delta_bits:,.1f} bits shorter: no model here "
            "describes this column"
        )


def _about(about: dict[str, Any]) -> str:
    words = [about["type"], f"{about['rows']:,} rows"]
    if about["missing"]:
        stray = f", {about['stray']:,} of them stray text" if about["stray"] else ""
        words.append(f"{about['missing']:,} missing{stray}")
    if about["levels"] is not None:
        words.append(f"{about['levels']:,} different")
    elif about["unit"] is not None:
        words.append(f"unit {about['unit']:g}")
    return ", ".join(words)


def _parameters(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {_value(value)}" for key, value in parameters.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"({_parameters(value)})"
    if isinstance(value, list):
        shown = ", ".join(map(_value, value[:LONGEST_LIST]))
        more = f", ... {len(value) - LONGEST_LIST} more" if len(value) > LONGEST_LIST else ""
        return f"[{shown}{more}]"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= LONGEST_NUMBER else f"{Decimal(value):.6g}"


def _criterion(key: str) -> Any:
    def text(row: dict[str, Any]) -> str:
        value = (row["criteria"] or {}).get(key)
        return "" if value is None else format(value, ",.1f")

    return text


COLUMNS = (
    Column("rank", number("rank", "d"), 6),
    Column("model", lambda row: visible(row["words"]), 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("k", number("free_parameters", "d"), 8),
    Column("L(cells)", number("cells_bits", ",.1f"), 9),
    Column("L(model)", number("model_bits", ",.1f"), 10),
    Column("L(parameters)", number("parameters_bits", ",.1f"), 4),
    Column("L(data)", number("data_bits", ",.1f"), 3),
    Column("total bits", number("total_bits", ",.1f"), 0),
    Column("bits/row", number("bits_per_row", ",.3f"), 7),
    Column("delta", number("delta_bits", ",.1f"), 2),
    Column("2^-delta", number("evidence_bound", ".2g"), 5),
    Column("sent bits", number("message_bits", ",d"), 11),
)
WAY_COLUMNS = (
    Column("first", lambda row: visible(row["cause"]), 0, left=True),
    Column("by", lambda row: visible(row["cause_model"]), 4, left=True),
    Column("L(first)", number("cause_bits", ",.1f"), 2),
    Column("then", lambda row: visible(row["effect"]), 0, left=True),
    Column("given it by", lambda row: visible(row["effect_model"]), 3, left=True),
    Column("L(then | first)", number("effect_bits", ",.1f"), 1),
    Column("total bits", number("total_bits", ",.1f"), 0),
)
CRITERIA = (
    Column("BIC/2 (criterion)", _criterion("bic_bits"), 12),
    Column("AIC/2 (criterion)", _criterion("aic_bits"), 13),
    Column("AICc/2 (criterion)", _criterion("aicc_bits"), 14),
    Column("RNML (criterion)", _criterion("rnml_bits"), 15),
    Column("gMDL (criterion)", _criterion("gmdl_bits"), 16),
)
