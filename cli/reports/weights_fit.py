"""The work of ``kolmo weights fit``: a column to a net, net and rivals to lengths and rows."""

import math
from typing import Any, NamedTuple

from kolmo.mdl.features import Features
from kolmo.mdl.methods import Method, parse_method
from kolmo.weights.noisy.data import Problem
from kolmo.weights.noisy.lengths import Length
from kolmo.weights.noisy.study import Study, Wish, study

from ..artefacts import check_names, open_picture
from ..memory import return_large_blocks
from ..noisy_options import Net, Source
from ..output import Column, Output, note, number, print_paragraph, print_table, write
from ..progress import Bar
from ..text import visible
from .choices import LONGEST_GIVEN
from .weights_models import aside

LARGE_WORK = 2e10


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    source: Source
    net: Net
    family: str | None
    test: str | None
    plot: bool
    plot_file: str | None
    jobs: int

    def methods(self) -> tuple[Method, ...] | None:
        """Return the models to compare with; None for all."""
        if self.family is None:
            return None
        labels = dict.fromkeys(self.family.split(","))
        return tuple(parse_method(label, Features([])) for label in labels)

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        return {
            **self.source.parameters(),
            **self.net.parameters(),
            "family": self.family,
            "test": self.test,
        }


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    source, net = request.source, request.net
    check_names([source.file, request.test])
    methods = request.methods()
    output = Output("weights fit", request.parameters())
    output.seed = net.seed
    picture = open_picture(request.plot_file, source.file, request.test)
    return_large_blocks()
    found = _study(request, methods, output)
    output.groups = [_group(found)]
    output.rows([_row(found, item) for item in found.lengths], lambda: _render(found, net))
    if request.plot:
        from ..plots.noisy import draw_study

        draw_study(found, to_stderr=output.format != "table")
    output.finish()
    if picture is not None:
        from ..plots.noisy import draw_picture

        draw_picture(picture, found)
    return 0


def _study(request: Request, methods: tuple[Method, ...] | None, output: Output) -> Study:
    source, net = request.source, request.net
    table = source.read()
    test = None if request.test is None else source.read(request.test)
    for read in (table, *([] if test is None else [test])):
        output.warnings += [caution.to_dict() for caution in read.cautions]
    wish = Wish(net.hidden, net.unit, net.settings(), methods, source.memory_limit)
    warn_of_work(net, table.rows, len(table.names))
    with Bar(silent=output.format == "json", unit="steps") as bar:
        return aside(
            lambda: study(
                table,
                source.target,
                source.names(table),
                wish,
                test=test,
                jobs=request.jobs,
                progress=bar,
            )
        )


def warn_of_work(net: Net, rows: int, columns: int) -> None:
    """Say so beforehand if training will take long."""
    weights = columns * max(1, net.hidden)
    work = 10_000.0 * net.restarts * rows * weights
    if work > LARGE_WORK:
        note(
            f"large: {net.restarts} restarts over {rows:,} rows and about {weights:,} weights may "
            "take many minutes. Try fewer --features, or --restarts 1."
        )


def target_record(source: Source, problem: Problem) -> dict[str, Any]:
    """Return what is to be predicted from what, for the envelope."""
    return {
        "file": source.file,
        "target": source.target,
        "features": list(problem.known.names),
        "rows": problem.rows,
        "likelihood": problem.likelihood,
    }


def given_words(target: str, names: tuple[str, ...]) -> str:
    """Return the target and the features in words."""
    more = f" and {len(names) - LONGEST_GIVEN} more" if len(names) > LONGEST_GIVEN else ""
    return f"{target} given {', '.join(names[:LONGEST_GIVEN]) or 'nothing'}{more}"


def _row(found: Study, length: Length) -> dict[str, Any]:
    return {
        "file": found.file,
        "target": found.target,
        "code": length.code,
        "kind": length.kind,
        "model": length.model,
        "model_bits": length.model_bits,
        "misfit_bits": length.misfit_bits,
        "total_bits": length.total_bits,
        "error_bits": length.error_bits,
        "delta_bits": length.delta_bits,
        "container_bits": length.container_bits,
    }


def _group(found: Study) -> dict[str, Any]:
    fitted, tested = found.fitted, found.held_out
    prior = fitted.posterior.prior
    return {
        "file": found.file,
        "target": found.target,
        "features": list(found.problem.known.names),
        "rows": found.problem.rows,
        "likelihood": found.problem.likelihood,
        "weights": found.architecture.weights,
        "restart": fitted.restart,
        "noise": [float(value) * _step(found) for value in fitted.posterior.noise],
        "prior": {name: part.tolist() for name, part in prior._asdict().items()},
        "weight_bits": found.weight_bits.tolist(),
        "misfit_bits": found.theory.misfit_bits,
        "sent_bits": found.theory.sent_bits,
        "cells_bits": found.cells_bits,
        "best": found.best.code,
        "sentence": found.sentence,
        "test": None if tested is None else tested._asdict(),
        "stages": [stage._asdict() for stage in fitted.trace],
    }


def _step(found: Study) -> float:
    """Return the step of the target's numbers, which the net counts in."""
    return float(found.problem.cells.unit)


def _render(found: Study, net: Net) -> None:
    """Draw the table for people."""
    weights, fitted = found.architecture.weights, found.fitted
    print_paragraph(
        f"{found.file}: {found.problem.rows:,} rows, "
        f"{given_words(found.target, found.problem.known.names)}; net with {weights:,} weights, "
        f"the best of {net.restarts} restart{'s' * (net.restarts != 1)} is number "
        f"{fitted.restart + 1}, seed {net.seed}"
    )
    print_table(COLUMNS, [_row(found, length) for length in found.lengths])
    print_paragraph(found.sentence)
    _render_totals(found)
    _render_test(found)
    write("\n")


def _render_totals(found: Study) -> None:
    honest, bare = found["honest"], found["as-in-1993"]
    error = f" +- {honest.error_bits:,.1f}" if honest.error_bits else ""
    print_paragraph(
        f"the net as in 1993: {bare.misfit_bits:,.1f}{error} misfit + {bare.model_bits:,.1f} "
        f"weights = {bare.total_bits:,.1f} bits ({bare.kind}); honest, with prior, noise and "
        f"shape: {honest.total_bits:,.1f} bits ({honest.kind}). Not counted for any code: "
        f"{found.cells_bits:,.1f} bits of rows and spelling, names, container"
    )


def _render_test(found: Study) -> None:
    tested = found.held_out
    if tested is None:
        return
    if tested.error is None:
        print_paragraph(f"{tested.file}: the target is always the same, so there is no error of it")
        return
    assert math.isfinite(tested.error)
    what = "of variance" if found.problem.likelihood == "normal" else "of rows"
    print_paragraph(
        f"{tested.measure} on {tested.file}, {tested.rows:,} rows: {tested.error:.3f} {what}"
    )


COLUMNS = (
    Column("code", lambda row: row["code"], 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("model", lambda row: visible(row["model"]), 5, left=True),
    Column("L(model)", number("model_bits", ",.1f"), 4),
    Column("L(data)", number("misfit_bits", ",.1f"), 3),
    Column("total bits", number("total_bits", ",.1f"), 0),
    Column("delta", number("delta_bits", ",.1f"), 2),
    Column("file bits", number("container_bits", ","), 6),
)
