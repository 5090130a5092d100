"""The work of ``kolmo automaton``: a run to rows, these to a verdict, tables and pictures."""

import io
import json
from bisect import bisect_left
from collections.abc import Iterator
from fractions import Fraction
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import numpy as np

from kolmo.automaton.checkpoint import dump
from kolmo.automaton.coarse import coarse_grain
from kolmo.automaton.curve import Curve, conclude
from kolmo.automaton.plan import Plan
from kolmo.automaton.record import Record
from kolmo.automaton.sample import Sample
from kolmo.automaton.state import Grid, State
from kolmo.errors import InputError
from kolmo.parallel import in_background
from kolmo.results import Caution

from ..artefacts import check_apart, check_names, open_artefact
from ..checkpoints import Keeper, named_options, resumed
from ..errors import Stopped
from ..output import Column, Output, number, print_paragraph, print_table, write
from ..progress import Bar
from ..run_options import CLOCKS, RunRequest

if TYPE_CHECKING:
    from ..plots.automaton import Snapshot

MOST_SHOWN = 20
SHARES = (0.0, 1 / 30, 0.1, 0.25, 0.5, 1.0)
"""Of the time: when grids are drawn if nobody says when."""

SHAPING = (
    "measure",
    "grain",
    "window",
    "buckets",
    "row_rule",
    "protocol",
    "audit",
    "two_part",
)
INTERRUPTED = Caution("interrupted", "the run was interrupted: these are its first rows", "", "")


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    run: RunRequest
    measure: str | None
    grain: int | None
    window: str | None
    buckets: int | None
    row_rule: str | None
    protocol: str
    audit: bool
    two_part: bool
    output: str | None
    checkpoint: str | None
    resume: str | None
    plot: bool
    plot_file: str | None
    snapshots: tuple[Fraction, ...] | None
    jobs: int

    def plan(self) -> Plan:
        """Return the plan of the run."""
        coarse = ("grain", "window", "buckets", "row_rule")
        return self.run.plan(
            also=self.snapshots or (),
            graining={
                name: getattr(self, name) for name in coarse if getattr(self, name) is not None
            },
            measures=self.measure.split(",") if self.measure is not None else None,
            protocol=self.protocol,
            audit=self.audit,
            two_part=self.two_part,
        )

    def parameters(self) -> dict[str, Any]:
        """Return what can change the result, for the envelope and for checkpoints."""
        snapshots = [str(time) for time in self.snapshots] if self.snapshots else None
        own = {name: getattr(self, name) for name in SHAPING}
        return {**self.run.parameters(), **own, "snapshots": snapshots}

    def restored(self, stored: dict[str, Any]) -> "Request":
        """Return this request with the parameters of a checkpoint."""
        try:
            snapshots = stored["snapshots"]
            return self._replace(
                run=self.run.restored(stored),
                snapshots=tuple(map(Fraction, snapshots)) if snapshots else None,
                **{name: stored[name] for name in SHAPING},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"checkpoint without the parameters of a run: {error}") from error

    def snapshot_samples(self, plan: Plan) -> list[int]:
        """Return the numbers of the samples whose grids are to be drawn."""
        targets = plan.schedule.targets
        if self.snapshots is None:
            places = (bisect_left(targets, share * targets[-1]) for share in SHARES)
            return sorted({min(place, len(targets) - 1) for place in places})
        edge = CLOCKS[self.run.clock or "edge"] == "edge_time" and plan.paper is None
        rows, columns = plan.grid.shape
        times = [
            plan.rule.picks_at(time, rows, columns) if edge else int(time)
            for time in self.snapshots
        ]
        return [targets.index(time) for time in times]


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    check_names([request.run.image, request.resume])
    if request.output == "-":
        raise click.UsageError("-o - would mix the grids with the table: name a file")
    kept = request.checkpoint or request.resume
    check_apart(request.output, request.plot_file, kept)
    record = _resumed(request)
    inputs = [request.run.image] if request.run.image is not None else []
    picture = _open_picture(request, [*inputs, *([request.resume] if request.resume else [])])
    artefact = open_artefact(request.output, inputs)
    keeper = Keeper(kept, inputs)
    if record is not None:
        request = request.restored(record.parameters)
    output = Output("automaton", request.parameters())
    output.groups = []
    plan = request.plan()
    output.seed = plan.seed
    work = _Work(request, plan, output, record)
    work.go(keeper, film=picture is not None and picture.is_film)
    curve = conclude(plan, tuple(work.rows), audit=request.audit)
    work.report(curve)
    if artefact is not None:
        artefact.write(_npz(work))
        artefact.commit()
    if picture is not None:
        picture.draw(curve, work.snapshots(), work.all_grids() if picture.is_film else [])
    return 0


class _Work:
    """The run as far as it is: rows, grids, and the state from which it could go on."""

    def __init__(self, request: Request, plan: Plan, output: Output, record: Record | None) -> None:
        self.request, self.plan, self.output = request, plan, output
        self.rows: list[Sample] = []
        self.chosen = request.snapshot_samples(plan)
        self.grids: dict[int, Grid] = dict(record.grids) if record else {}
        self.earlier = _samples(record)
        self.state = record.state if record else b""
        self.begun = monotonic()

    def go(self, keeper: Keeper, *, film: bool) -> None:
        """Make all rows; when interrupted, keep and show what there is."""
        everything = self._check_grids(film, keep=keeper.path is not None)
        try:
            with Bar(silent=self.output.format == "json", unit=f"{self.plan.rule.event}s") as bar:
                steps = self.plan.steps(
                    self.state or None, self.earlier, jobs=self.request.jobs, progress=bar
                )
                for row, state, fresh in in_background(steps):
                    if row is not None:
                        self._keep_grid(state, fresh=fresh, everything=everything)
                        self.rows.append(row)
                        with bar.paused():
                            self._write_row(row)
                    if keeper.path is not None:
                        self.state = dump(state)
                        keeper.keep(self.record)
        except Stopped:
            self._interrupted(keeper)
            raise
        keeper.keep(self.record, now=True)

    def record(self) -> Record:
        """Return what a checkpoint holds."""
        parameters = {**self.request.parameters(), "seed": self.plan.seed}
        rows = [row.to_dict() for row in self.rows]
        return Record("run", parameters, rows, self.grids, self.state)

    def report(self, curve: Curve) -> None:
        """Show what all rows say together."""
        output = self.output
        output.warnings += [caution.to_dict() for caution in curve.cautions]
        assert output.groups is not None
        output.groups.append(_summary(curve))
        if output.format == "table":
            self._render(curve)
        if self.request.plot:
            from ..plots.automaton import draw_run

            draw_run(curve, self.snapshots(), to_stderr=output.format != "table")
        output.finish()

    def snapshots(self) -> "list[Snapshot]":
        """Return the grids to be drawn, as far as they are known, with their averages."""
        from ..plots.automaton import Snapshot

        return [
            Snapshot(self.rows[i], self.grids[i], coarse_grain(self.grids[i], self.plan.graining))
            for i in self.chosen
            if i in self.grids
        ]

    def all_grids(self) -> list[Grid]:
        """Return the grids of all samples; InputError if a checkpoint lacked some."""
        if len(self.grids) < len(self.rows):
            raise InputError(
                "no grids of all samples: the checkpoint was too small for them. Run anew."
            )
        return [self.grids[i] for i in range(len(self.rows))]

    def _check_grids(self, film: bool, *, keep: bool) -> bool:
        """Return whether all grids are kept; UsageError if they must be and are too many."""
        plan, limit = self.plan, self.request.run.memory_limit
        needed = plan.grid.size * len(plan.schedule.targets)
        if self.request.output is None and not film:
            return keep and needed <= limit // 4
        if needed > limit:
            raise click.UsageError(
                f"too many grids to keep: {len(plan.schedule.targets)} samples need {needed} "
                f"bytes; --memory-limit is {limit}. Try fewer --samples"
            )
        return True

    def _keep_grid(self, state: State, *, fresh: bool, everything: bool) -> None:
        number = len(self.rows)
        if fresh and (everything or number in self.chosen):
            self.grids[number] = state.grid.copy()

    def _write_row(self, row: Sample) -> None:
        self.output.rows(list(records(len(self.rows) - 1, row)), lambda: None)

    def _interrupted(self, keeper: Keeper) -> None:
        if self.rows:
            keeper.keep(self.record, now=True)
            if self.output.format == "table":
                self._render_rows(None)
            elif self.output.format == "json":
                self.output.warnings.append(INTERRUPTED.to_dict())
                self.output.finish()

    def _render(self, curve: Curve) -> None:
        parameters = curve.parameters
        rows, columns = parameters["shape"]
        print_paragraph(
            f"{parameters['rule']}, {rows} x {columns} cells, {self.plan.rule.boundary}, start "
            f"{parameters['initial']}, seed {curve.seed}: {curve.length}"
        )
        graining = self.plan.graining
        print_paragraph(
            f"complexity: {graining.buckets} buckets of averages over {graining.grain} x "
            f"{graining.grain} cells, row rule {graining.row_rule}"
        )
        write("\n")
        self._render_rows(curve.peak)
        write("\n")
        print_paragraph(curve.headline())
        if curve.verdict is not None:
            print_paragraph(f"audit: {curve.verdict.sentence}")
        print_paragraph(f"{len(curve.rows)} samples in {monotonic() - self.begun:.1f} s")

    def _render_rows(self, peak: Sample | None) -> None:
        side = max(self.plan.grid.shape)
        shown = _evenly(len(self.rows), MOST_SHOWN)
        if peak is not None:
            shown = sorted({*shown, self.rows.index(peak)})
        found = [
            record
            | {"share": self.rows[i].edge_time / side**2, "mark": "<- peak"}
            | ({} if self.rows[i] is peak else {"mark": ""})
            for i in shown
            for record in records(i, self.rows[i])
        ]
        columns = [column for column in COLUMNS if _is_shown(column, found)]
        print_table(columns, found, best=0)


def records(number: int, row: Sample) -> Iterator[dict[str, Any]]:
    """Yield one flat record for each measure of a sample; the first has audit and two parts."""
    for place, (entropy, complexity) in enumerate(
        zip(row.entropies, row.complexities, strict=True)
    ):
        audit = row.audit if place == 0 else None
        parts = row.two_parts if place == 0 else None
        best = parts.best if parts else None
        yield {
            "sample": number,
            "picks": row.picks,
            "swaps": row.swaps,
            "edge_time": row.edge_time,
            "measure": complexity.measure,
            "kind": complexity.kind,
            "entropy_bits": entropy.bits,
            "entropy_baseline_bits": entropy.baseline_bits,
            "complexity_bits": complexity.bits,
            "complexity_baseline_bits": complexity.baseline_bits,
            "raw_bits": audit and audit.raw.bits,
            "text_rule_bits": audit and audit.text.bits,
            "corrected_bits": audit and audit.corrected.bits,
            "control_bits": audit and audit.control and audit.control.bits,
            "two_part_code": best and best.code,
            "two_part_kind": best and best.kind,
            "two_part_bits": best and (best.payload_bits or best.total_bits),
            "sophistication_estimate_bits": parts and parts.sophistication_bits,
        }


def _summary(curve: Curve) -> dict[str, Any]:
    """Return what is said of the run as a whole, without its rows."""
    whole = curve.to_dict()
    peak = whole.pop("peak")
    kept = {name: whole[name] for name in ("parameters", "length", "conserved", "verdict")}
    return {**kept, "peak_picks": peak["picks"], "peak_edge_time": peak["edge_time"]}


def _samples(record: Record | None) -> list[Sample]:
    try:
        return [Sample.from_dict(row) for row in record.rows] if record else []
    except (KeyError, TypeError) as error:
        raise InputError(f"checkpoint without the rows of a run: {error}") from error


def _resumed(request: Request) -> Record | None:
    now = {**request.parameters(), "seed": request.run.seed}
    wanted = {name: now[name] for name in sorted(named_options() & now.keys())}
    return resumed(request.resume, "run", wanted, request.run.memory_limit)


def _npz(work: _Work) -> bytes:
    """Return times, grids and parameters as the bytes of an .npz file."""
    rows = work.rows
    made = io.BytesIO()
    arrays: dict[str, Any] = {
        "picks": np.array([row.picks for row in rows], np.int64),
        "swaps": np.array([-1 if row.swaps is None else row.swaps for row in rows], np.int64),
        "edge_time": np.array([row.edge_time for row in rows]),
        "grids": np.stack(work.all_grids()),
        "parameters": np.array(json.dumps({**work.plan.parameters, "seed": work.plan.seed})),
    }
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def _evenly(count: int, most: int) -> list[int]:
    if count <= most:
        return list(range(count))
    return sorted({round(k * (count - 1) / (most - 1)) for k in range(most)})


def _open_picture(request: Request, inputs: list[str]) -> Any:
    if request.plot_file is None:
        return None
    from ..plots.automaton_picture import RunPicture

    return RunPicture(request.plot_file, inputs)


def _is_shown(column: Column, rows: list[dict[str, Any]]) -> bool:
    """Leave out what is empty everywhere, and the measure if there is but one."""
    texts = {column.text(row) for row in rows}
    return texts != {""} and not (column.title == "measure" and len(texts) == 1)


COLUMNS = (
    Column("t / n^2", number("share", ".4f"), 0),
    Column("edge time", number("edge_time", ",.6g"), 8),
    Column("picks", number("picks", ",d"), 9),
    Column("swaps", number("swaps", ",d"), 7),
    Column("measure", lambda row: row["measure"], 1, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("entropy bits", number("entropy_bits", ",.0f"), 1),
    Column("complexity bits", number("complexity_bits", ",.0f"), 0),
    Column("text rule bits", number("text_rule_bits", ",.0f"), 5),
    Column("corrected bits", number("corrected_bits", ",.0f"), 3),
    Column("control bits", number("control_bits", ",.0f"), 6),
    Column("two-part bits", number("two_part_bits", ",.0f"), 4),
    Column("two-part kind", lambda row: row["two_part_kind"] or "", 5, left=True),
    Column("two-part code", lambda row: row["two_part_code"] or "", 6, left=True),
    Column(
        "model bits (estimate of sophistication)",
        number("sophistication_estimate_bits", ",.0f"),
        10,
    ),
    Column("", lambda row: row["mark"], 3, left=True),
)
