"""A run before it begins: all that its rows depend on, checked; and the loop that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import SeedSequence

from kolmo.automaton.checkpoint import load
from kolmo.automaton.coarse import Graining, Grid, check_graining, default_grain
from kolmo.automaton.initial import initial as initial_grid
from kolmo.automaton.mean import has_exact_mean
from kolmo.automaton.paper import Protocol
from kolmo.automaton.paper import protocol as published
from kolmo.automaton.rule import Rule
from kolmo.automaton.sample import Meter, Sample
from kolmo.automaton.schedule import Schedule, paper_schedule, schedule
from kolmo.automaton.sizes import DEFAULT_MEASURE, PAPER
from kolmo.automaton.state import State, check_grid
from kolmo.complexity.panel import make_estimators
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import InputError, ParameterError, nearest, shorten
from kolmo.progress import SILENT, Progress
from kolmo.registry import rules

PROTOCOLS = ("default", "paper")
DEFAULT_TIMES: dict[str, Any] = {"clock": "edge_time", "samples": 60, "spacing": "linear"}

Keep = Callable[[Sample, State], None]


@dataclass(frozen=True, eq=False)
class Plan:
    """What the rows of a run depend on.

    Attributes
    ----------
    rule : Rule
        The dynamics.
    grid : uint8[rows, columns]
        The start.
    origin : str
        Its name, or ``given``.
    seed : int
        Of the whole run.
    schedule : Schedule
        When to measure.
    graining : Graining
        Of the complexity.
    measures : tuple of str
        Labels; the first counts.
    audited, two_part : bool
        Whether to audit, and to make two-part codes.
    paper : Protocol or None
        The published protocol, if it is followed.
    memory_limit : int
        The most bytes that a run may take.
    """

    rule: Rule
    grid: Grid
    origin: str
    seed: int
    schedule: Schedule
    graining: Graining
    measures: tuple[str, ...]
    audited: bool
    two_part: bool
    paper: Protocol | None
    memory_limit: int

    def __post_init__(self) -> None:
        check_graining(self.grid, self.graining)
        if self.two_part and not self.rule.exclusive:
            raise ParameterError(
                f"no two-part codes: cells of the rule {self.rule.name} hold more than 1."
            )
        if self.schedule.clock == "swaps" and self.grid.min() == self.grid.max():
            raise ParameterError("no swaps: got a grid of one colour; need both, or clock picks.")

    @property
    def parameters(self) -> dict[str, Any]:
        """All that the rows depend on beside the seed, JSON-safe."""
        return {
            "rule": self.rule.name,
            "settings": self.rule.settings(),
            "event": self.rule.event,
            "shape": list(self.grid.shape),
            "initial": self.origin,
            "protocol": "paper" if self.paper else "default",
            "clock": self.schedule.clock,
            "time": self.schedule.total,
            "samples": len(self.schedule.targets) - 1,
            "graining": self.graining._asdict(),
            "measures": list(self.measures),
            "audit": self.audited,
            "two_part": self.two_part,
        }

    def start(self) -> State:
        """Return the state in which the run begins."""
        return self.rule.start(self.grid, self.seed, memory_limit=self.memory_limit)

    def rows(
        self,
        resume: bytes | None = None,
        earlier: Sequence[Sample] = (),
        *,
        progress: Progress = SILENT,
        keep: Keep | None = None,
    ) -> Iterator[Sample]:
        """Yield the rows, each as soon as it is measured; see `kolmo.automaton.curve.run`."""
        state = self.start()
        meter, before = self._meter(), state.copy()
        if resume is None:
            yield _kept(meter.measure(state), state, keep)
        else:
            state = self._resumed(resume, before)
            yield from self._first_rows(meter, before, state, earlier)
        position = getattr(state, self.schedule.clock)
        progress.add(max(self.schedule.total - position, 0))
        for target in self.schedule.targets:
            if target > position:
                self._advance(state, target - position, progress)
                self.rule.check_conserved(before, state)
                yield _kept(meter.measure(state), state, keep)
                position = target

    def _advance(self, state: State, amount: int, progress: Progress) -> None:
        if self.schedule.clock == "picks":
            self.rule.advance(state, picks=amount, progress=progress)
        else:
            self.rule.advance(state, swaps=amount)
            progress.advance(amount)

    def _meter(self) -> Meter:
        return Meter(
            self.rule,
            self.grid,
            measures=self.measures,
            graining=self.graining,
            seed=self.seed,
            audited=self.audited,
            two_part=self.two_part,
        )

    def _resumed(self, resume: bytes, before: State) -> State:
        state = load(resume, self.rule, memory_limit=self.memory_limit)
        if state.grid.shape != self.grid.shape or state.cream != before.cream:
            raise InputError(
                f"checkpoint of another run: got {_size(state)}; need {_size(before)}. "
                "Give the parameters and the seed of the run that made it."
            )
        return state

    def _first_rows(
        self, meter: Meter, before: State, state: State, earlier: Sequence[Sample]
    ) -> Sequence[Sample]:
        """Return the rows up to a checkpoint: those that are known, or the first at least."""
        known = [row for row in earlier if row.picks <= state.picks]
        first = meter.measure(before)
        if known and known[0] != first:
            raise InputError(
                "rows of another run: the first is not that of this grid and these measures. "
                "Give the parameters and the seed of the run that made them."
            )
        return known or [first]


def make_plan(
    rule: str,
    size: int,
    *,
    initial: str | Grid,
    seed: int | None,
    boundary: str,
    engine: str,
    settings: Mapping[str, Any] | None,
    times: Mapping[str, Any],
    graining: Graining | None,
    measures: str | Sequence[str] | None,
    protocol: str,
    audit: bool,
    two_part: bool,
    memory_limit: int = MEMORY_LIMIT,
) -> Plan:
    """Return the plan of a run, everything checked; see `kolmo.automaton.curve.run`.

    ``times`` holds ``time``, ``clock``, ``samples`` and ``spacing``.
    """
    made = _make_rule(rule, boundary=boundary, engine=engine, **(settings or {}))
    chosen = int(SeedSequence().generate_state(1)[0]) if seed is None else seed
    grid = _grid(initial, size, chosen, memory_limit)
    paper = _published(made, grid, protocol, times)
    found = paper_schedule(paper, times["time"]) if paper else _schedule(made, grid, times)
    return Plan(
        rule=made,
        grid=grid,
        origin=initial if isinstance(initial, str) else "given",
        seed=chosen,
        schedule=found,
        graining=graining or _graining(made, grid, paper, found),
        measures=_labels(measures, paper),
        audited=audit and has_exact_mean(made.name, found.clock),
        two_part=two_part,
        paper=paper,
        memory_limit=memory_limit,
    )


def _make_rule(name: str, **settings: Any) -> Rule:
    try:
        made: Rule = rules.get(name)(**settings)
    except TypeError as error:
        raise ParameterError(f"bad settings of the rule {name}: {shorten(error, 200)}") from error
    return made


def _grid(initial: str | Grid, size: int, seed: int, memory_limit: int) -> Grid:
    if isinstance(initial, str):
        return initial_grid(initial, size, seed, memory_limit=memory_limit)
    return check_grid(initial, memory_limit=memory_limit)


def _schedule(rule: Rule, grid: Grid, times: Mapping[str, Any]) -> Schedule:
    rows, columns = grid.shape
    return schedule(rule, (rows, columns), **times)


def _published(rule: Rule, grid: Grid, protocol: str, times: Mapping[str, Any]) -> Protocol | None:
    if protocol not in PROTOCOLS:
        hint = nearest(protocol, list(PROTOCOLS))
        raise ParameterError(f"unknown protocol: got '{shorten(protocol)}'. {hint}")
    if protocol == "default":
        return None
    rows, columns = grid.shape
    if rows != columns:
        raise ParameterError(f"no published runs: got a {rows}x{columns} grid; need a square.")
    found = published(rule.name, rows)
    own = {**DEFAULT_TIMES, "clock": found.clock}
    for name, value in DEFAULT_TIMES.items():
        if times[name] not in (value, own[name]):
            raise ParameterError(
                f"{name} given twice: got {times[name]}; the protocol paper has its own. "
                "Try the default protocol."
            )
    return found


def _graining(rule: Rule, grid: Grid, paper: Protocol | None, found: Schedule) -> Graining:
    if paper:
        return paper.coarse._replace(torus=rule.boundary == "torus")
    correctable = has_exact_mean(rule.name, found.clock)
    return Graining(
        default_grain(min(grid.shape)),
        torus=rule.boundary == "torus",
        row_rule="none" if correctable else "text",
    )


def _labels(measures: str | Sequence[str] | None, paper: Protocol | None) -> tuple[str, ...]:
    """Return the labels of all measures, each one checked."""
    if measures is None:
        return (paper.measure if paper else DEFAULT_MEASURE,)
    labels = (measures,) if isinstance(measures, str) else tuple(measures)
    if labels != (PAPER,):
        make_estimators(label for label in labels if label != PAPER)
    return tuple(dict.fromkeys(labels))


def _kept(row: Sample, state: State, keep: Keep | None) -> Sample:
    if keep is not None:
        keep(row, state)
    return row


def _size(state: State) -> str:
    rows, columns = state.grid.shape
    return f"{state.cream} cream in {rows}x{columns} cells"
