"""The work of ``kolmo automaton light-cone``: estimates over the time of a run."""

from fractions import Fraction
from typing import Any, NamedTuple

import click

from kolmo.automaton.lightcone import LightCone, light_cones
from kolmo.automaton.plan import Clocks
from kolmo.errors import MemoryLimitError
from kolmo.parallel import in_background

from ..artefacts import check_names, open_picture
from ..output import Column, Output, print_paragraph, print_table, write
from ..progress import Bar
from ..run_options import RunRequest

MOST_SHOWN = 20


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    run: RunRequest
    frames: int
    frame_time: tuple[Fraction, ...]
    past_depth: int
    future_depth: int
    plot: bool
    plot_file: str | None
    jobs: int

    def cones(self) -> dict[str, Any]:
        """Return what the cones are like."""
        return {
            "frames": self.frames,
            "frame_time": float(self.frame_time[0]),
            "past_depth": self.past_depth,
            "future_depth": self.future_depth,
        }


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.run.image])
    picture = open_picture(request.plot_file, request.run.image)
    output = Output("automaton light-cone", {**request.run.parameters(), **request.cones()})
    plan = request.run.plan(audit=False)
    output.seed = plan.seed
    found: list[tuple[Clocks, LightCone]] = []
    with Bar(silent=output.format == "json", unit=f"{plan.rule.event}s") as bar:
        try:
            cones = light_cones(plan, **request.cones(), jobs=request.jobs, progress=bar)
        except MemoryLimitError as error:
            raise click.UsageError(str(error)) from None
        for clocks, each in in_background(cones):
            found.append((clocks, each))
            with bar.paused():
                output.rows([_record(len(found) - 1, clocks, each)], lambda: None)
    side = max(plan.grid.shape)
    if output.format == "table":
        _render(found, side, f"{plan.rule.name}, seed {plan.seed}")
    if request.plot:
        from ..plots.light_cones import draw_cones

        draw_cones(found, side, to_stderr=output.format != "table")
    output.finish()
    if picture is not None:
        from ..plots.light_cones import draw_picture

        draw_picture(picture, found, side)
    return 0


def _record(number: int, clocks: Clocks, found: LightCone) -> dict[str, Any]:
    return {
        "sample": number,
        **clocks._asdict(),
        "kind": found.kind,
        "estimate_bits": found.estimate_bits,
        "plugin_estimate_bits": found.plugin_bits,
        "bias_estimate_bits": found.bias_bits,
        "cells": found.samples,
        "formula": found.formula,
    }


def _render(found: list[tuple[Clocks, LightCone]], side: int, words: str) -> None:
    print_paragraph(f"{words}: I(past; future) of a cell, {found[0][1].samples:,} cells each")
    print_paragraph(f"estimate: {found[0][1].formula}")
    write("\n")
    places = sorted({round(k * (len(found) - 1) / (MOST_SHOWN - 1)) for k in range(MOST_SHOWN)})
    rows = [
        _record(place, *found[place]) | {"share": found[place][0].edge_time / side**2}
        for place in places
    ]
    print_table(COLUMNS, rows, best=0)


COLUMNS = (
    Column("t / n^2", lambda row: f"{row['share']:.4f}", 0),
    Column("edge time", lambda row: f"{row['edge_time']:,.6g}", 3),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("bits a cell", lambda row: f"{row['estimate_bits']:.4f}", 0),
    Column("before the bias", lambda row: f"{row['plugin_estimate_bits']:.4f}", 4),
    Column("bias", lambda row: f"{row['bias_estimate_bits']:.4f}", 5),
)
