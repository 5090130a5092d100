"""The work of ``kolmo automaton scales``: sizes of block averages, for all grains and times."""

from typing import Any, NamedTuple

from kolmo.automaton.plan import Clocks
from kolmo.automaton.scales import ScaleMap, scale_maps
from kolmo.parallel import in_background

from ..artefacts import check_names, open_picture
from ..output import Column, Output, print_paragraph, print_table, write
from ..progress import Bar
from ..run_options import RunRequest

MOST_SHOWN = 8
Maps = list[tuple[Clocks, ScaleMap]]


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    run: RunRequest
    measure: str | None
    grains: tuple[int, ...] | None
    buckets: int | None
    plot: bool
    plot_file: str | None
    jobs: int

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope."""
        own = {"measure": self.measure, "grains": self.grains, "buckets": self.buckets}
        return {**self.run.parameters(), **own}


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.run.image])
    picture = open_picture(request.plot_file, request.run.image)
    output = Output("automaton scales", request.parameters())
    plan = request.run.plan(measures=request.measure, audit=False)
    output.seed = plan.seed
    maps: Maps = []
    with Bar(silent=output.format == "json", unit=f"{plan.rule.event}s") as bar:
        found = scale_maps(
            plan, request.grains, buckets=request.buckets, jobs=request.jobs, progress=bar
        )
        for clocks, each in in_background(found):
            rows = _records(len(maps), clocks, each)
            maps.append((clocks, each))
            with bar.paused():
                output.rows(rows, lambda: None)
    side = max(plan.grid.shape)
    if output.format == "table":
        rows, columns = plan.grid.shape
        print_paragraph(f"{plan.rule.name}, {rows} x {columns} cells, seed {plan.seed}")
        _render(maps, side)
    if request.plot:
        from ..plots.scale_maps import draw_map

        draw_map(maps, side, to_stderr=output.format != "table")
    output.finish()
    if picture is not None:
        from ..plots.scale_maps import draw_picture

        draw_picture(picture, maps, side)
    return 0


def _records(number: int, clocks: Clocks, found: ScaleMap) -> list[dict[str, Any]]:
    return [
        {
            "sample": number,
            **clocks._asdict(),
            "grain": grain,
            "measure": size.measure,
            "kind": size.kind,
            "bits": size.bits,
            "baseline_bits": size.baseline_bits,
            "net_estimate_bits": size.net_bits,
        }
        for grain, size in zip(found.grains, found.sizes, strict=True)
    ]


def _render(maps: Maps, side: int) -> None:
    """Draw a table of net bits: a row for each grain, some of the times beside one another."""
    places = sorted({round(k * (len(maps) - 1) / (MOST_SHOWN - 1)) for k in range(MOST_SHOWN)})
    first = maps[0][1].sizes[0]
    print_paragraph(
        f"net bits of block averages (estimate: a difference of two sizes that are {first.kind}, "
        f"{first.measure}), by grain and t / n^2"
    )
    write("\n")
    columns = [Column("grain", lambda row: str(row["grain"]), 0)]
    for rank, place in enumerate(places, 1):
        clocks, _ = maps[place]
        columns.append(
            Column(f"{clocks.edge_time / side**2:.3g}", _cell(place), len(places) - rank)
        )
    rows = [
        {"grain": grain, "bits": [found.net_bits[index] for _, found in maps]}
        for index, grain in enumerate(maps[0][1].grains)
    ]
    print_table(columns, rows, best=0)


def _cell(place: int) -> Any:
    return lambda row: f"{row['bits'][place]:,.0f}"
