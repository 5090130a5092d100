"""The work of ``kolmo weights``: a checkpoint to lengths, lengths to tables and rows."""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from kolmo.registry import weight_coders
from kolmo.weights.distortion import Distortion
from kolmo.weights.report import QUANTISED, Length, WeightReport, code_weights
from kolmo.weights.tuning import Tuned

from ..artefacts import check_names, open_picture
from ..output import (
    Column,
    Output,
    is_terminal,
    note,
    number,
    print_paragraph,
    print_table,
    terminal_width,
    write,
)
from ..progress import Bar
from ..text import visible
from ..weight_options import WAYS, Loss
from .weights_models import (
    aside,
    is_certified,
    open_base,
    open_model,
    say_unused,
    tuned,
    tuning_record,
)
from .weights_rows import Line, length_record, make_lines, make_rows, table_depth

LEAST_NAME = 14


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    model: str
    coder: str | None
    loss: Loss
    given: str | None
    depth: int | None
    certify: bool | None
    plot: bool
    plot_file: str | None
    jobs: int
    memory_limit: int

    def coders(self) -> list[str] | None:
        """Return the coders that the user asked for; None for the default set."""
        if self.coder is None:
            return None
        names = [name.strip() for name in self.coder.split(",")]
        lossy = [name for name in names if weight_coders.get(name).quantised]
        if lossy and not self.loss.wanted:
            raise click.UsageError(f"{lossy[0]} quantises: say what may be lost by {WAYS}")
        if self.loss.wanted and not lossy:
            raise click.UsageError(f"nothing to lose it: name a coder such as {QUANTISED[-1]}")
        return names

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {
            "coders": self.coders(),
            **self.loss.parameters(),
            "given": self.given,
            "depth": self.depth,
            "certify": self.certify,
            "memory_limit": self.memory_limit,
        }


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.model, request.given])
    request.loss.check()
    output = Output("weights", request.parameters())
    picture = open_picture(request.plot_file, request.model, request.given)
    report, found = _measure(request, output)
    output.warnings += [caution.to_dict() for caution in report.cautions]
    output.groups = [_group(report, found, request)]
    lines = make_lines(report, request.depth)
    few = make_lines(report, table_depth(report))
    shown = few if request.depth is None else lines
    output.rows(make_rows(report, lines), lambda: _render(report, shown))
    if report.tensors and not few and request.depth is None and output.format == "table":
        note("totals alone are shown. Try --depth 1, or --format tsv, which has every tensor.")
    if request.plot:
        from ..plots.weights import draw_lines

        draw_lines(report, shown or few, to_stderr=output.format != "table")
    output.finish()
    if picture is not None:
        from ..plots.weights import draw_picture

        draw_picture(picture, report, lines or make_lines(report, None))
    return 0


def _measure(request: Request, output: Output) -> tuple[WeightReport, Tuned | None]:
    """Return the lengths, and the trials of ``--eval``."""
    base = open_base(request.given, request.memory_limit)
    checkpoint = open_model(request.model, request.memory_limit)
    coders, loss = request.coders(), request.loss
    say_unused(loss.keep, checkpoint)
    found = tuned(checkpoint, loss, _widest(coders), base)
    distortion = loss.distortion() if found is None else Distortion("step", found.step)
    with Bar(silent=output.format == "json") as bar:
        report = aside(
            lambda: code_weights(
                checkpoint,
                coders,
                distortion,
                keep=loss.keep,
                base=base,
                certify=is_certified(request.certify, checkpoint),
                jobs=request.jobs,
                progress=bar,
            )
        )
    return report, found


def _widest(coders: list[str] | None) -> str:
    """Return the coder whose quantiser errs most at a step: what holds for it holds for all."""
    names = [name for name in coders or QUANTISED if weight_coders.get(name).quantised]
    along = [name for name in names if weight_coders.get(name).quantiser == "trellis"]
    return [*along, *names, QUANTISED[-1]][0]


def _group(report: WeightReport, found: Tuned | None, request: Request) -> dict[str, Any]:
    return {
        "file": report.file,
        "format": report.format,
        "given": report.given,
        "tensors": len(report.tensors),
        "weights": report.weights,
        "raw_bits": report.raw_bits,
        "headline": " ".join(headlines(report)),
        "tuning": tuning_record(found, request.loss),
    }


def headlines(report: WeightReport) -> list[str]:
    """Return ``L(MODEL) <= N`` in words: without loss, and with the loss that was allowed."""
    of = report.file if report.given is None else f"{report.file}|{report.given}"
    said = []
    for exact in (True, False):
        best = next((total for total in report.totals if total.exact is exact), None)
        if best is None:
            continue
        about = _loss_words(best)
        said.append(
            f"L({of}) <= {best.container_bits:,} bits ({best.kind}): {best.coder}{about}, with "
            "names, shapes and checksums"
        )
    return said


def _loss_words(best: Length) -> str:
    return "" if best.exact else f", step {best.step:.4g}, RMSE {best.rmse:.4g}"


def _render(report: WeightReport, lines: list[Line]) -> None:
    """Draw both tables for people."""
    given = f", given {report.given}" if report.given is not None else ""
    count = len(report.tensors)
    print_paragraph(
        f"{report.file}: {report.format}, {count:,} tensor{'s' * (count != 1)}, "
        f"{report.weights:,} weights, {report.raw_bits:,} bits as they are{given}"
    )
    if lines:
        kinds = " or ".join(dict.fromkeys(total.kind for total in report.totals))
        print_paragraph(f"bits per weight by each coder ({kinds}){_joined_words(lines)}:")
        print_table(_columns(report), [_cells(line) for line in lines], best=0)
        write("\n")
    rows = [length_record(total) for total in report.totals]
    columns = [column for column in TOTALS if _is_used(column, rows)]
    print_table(columns, rows, best=1)
    for text in headlines(report):
        print_paragraph(text)


def _joined_words(lines: list[Line]) -> str:
    joined = any(line.tensors > 1 for line in lines)
    return ", tensors joined where their names begin alike" if joined else ""


def _is_used(column: Column, rows: list[dict[str, Any]]) -> bool:
    return column.title not in ("RMSE", "step") or any(column.text(row) for row in rows)


def _cells(line: Line) -> dict[str, Any]:
    """Return a line for the table."""
    best = line.best
    return {
        **line._asdict(),
        **{f"by {row.coder}": row.bits_per_weight for row in line.lengths},
        "best": "" if best is None else best.coder,
        "ratio": None if best is None else best.ratio,
    }


def _columns(report: WeightReport) -> list[Column]:
    """Return the columns of the tensors: one for each coder, in the order of the totals."""
    repeats = any(tensor.same_as for tensor in report.tensors)
    return [
        Column("tensor", _name, 0, left=True),
        Column("type", lambda row: row["dtype"], 5, left=True),
        Column("shape", _shape, 6),
        Column("weights", number("weights", ","), 2),
        *_coder_columns(report),
        Column("best", lambda row: row["best"], 4, left=True),
        Column("ratio", number("ratio", ".4f"), 3),
        Column("mantissa bits", number("mantissa_bits", "d"), 7),
        *([Column("same as", lambda row: row["same_as"] or "", 1, left=True)] if repeats else []),
    ]


def _coder_columns(report: WeightReport) -> list[Column]:
    """Return a column for each coder; those of the best are the last to be left out."""
    seen: set[bool] = set()
    columns = []
    for place, total in enumerate(report.totals):
        first = total.exact not in seen
        seen.add(total.exact)
        columns.append(Column(total.coder, _rate_by(total.coder), 1 if first else 8 + place))
    return columns


def _rate_by(coder: str) -> Callable[[dict[str, Any]], str]:
    def text(row: dict[str, Any]) -> str:
        value = row.get(f"by {coder}")
        return "" if value is None else f"{value:.3f}"

    return text


def _name(row: dict[str, Any]) -> str:
    """Return a name, its beginning left out where it would fill a narrow terminal."""
    name = visible(row["name"]) + (f" ({row['tensors']})" if row["tensors"] > 1 else "")
    room = max(LEAST_NAME, terminal_width() // 3)
    whole = len(name) <= room or not is_terminal(sys.stdout)
    return name if whole else f"...{name[3 - room :]}"


def _shape(row: dict[str, Any]) -> str:
    if row["shape"] is None:
        return ""
    return "x".join(map(str, row["shape"])) or "scalar"


TOTALS = (
    Column("coder", lambda row: row["coder"], 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("payload bits", number("payload_bits", ","), 5),
    Column("container bits", number("container_bits", ","), 0),
    Column("bits/weight", number("bits_per_weight", ".3f"), 2),
    Column("ratio", number("ratio", ".4f"), 4),
    Column("step", number("step", ".4g"), 6),
    Column("RMSE", number("rmse", ".4g"), 3),
)
