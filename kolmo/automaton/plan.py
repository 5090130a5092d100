"""A run before it begins: all that its rows depend on, checked; and the loop that makes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from time import monotonic
from typing import Any, NamedTuple

from kolmo.automaton.checkpoint import load
from kolmo.automaton.coarse import Graining, Grid, check_graining, default_grain
from kolmo.automaton.initial import initial as initial_grid
from kolmo.automaton.mean import has_exact_mean
from kolmo.automaton.paper import Protocol
from kolmo.automaton.paper import protocol as published
from kolmo.automaton.rule import Rule, chosen_seed
from kolmo.automaton.sample import Meter, Sample
from kolmo.automaton.schedule import Schedule, Time, paper_schedule, schedule
from kolmo.automaton.sizes import DEFAULT_MEASURE, PAPER
from kolmo.automaton.state import State, check_grid
from kolmo.complexity.choice import make_estimators
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import InputError, ParameterError, nearest, shorten
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.registry import decimal, parse_label, rules

PROTOCOLS = ("default", "paper")
SAMPLES = 60
DEFAULT_TIMES: dict[str, Any] = {"clock": "edge_time", "samples": SAMPLES, "spacing": "linear"}
FIRST_CHUNK = 1 << 12
CHUNK_SECONDS = 0.2
"""A pause comes after 1 to 4 times as long."""

Keep = Callable[[Sample, State], None]


class Clocks(NamedTuple):
    """When: events and swaps (None if the rule counts none) so far, and edge time."""

    picks: int
    swaps: int | None
    edge_time: float


class Step(NamedTuple):
    """Where a run stands.

    Attributes
    ----------
    row : Sample or None
        What was measured, if it is time for a sample; None in a pause between two.
    state : State
        To be read only, and before the next step is asked for: it then goes on.
    fresh : bool
        False for a row from before a checkpoint.
    """

    row: Sample | None
    state: State
    fresh: bool = True


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
        for row, state, fresh in self.steps(resume, earlier, progress=progress):
            if row is not None:
                if keep is not None and fresh:
                    keep(row, state)
                yield row

    def steps(
        self,
        resume: bytes | None = None,
        earlier: Sequence[Sample] = (),
        *,
        jobs: int = 1,
        progress: Progress = SILENT,
    ) -> Iterator[Step]:
        """Yield the rows with their states, and a pause about every half second between them.

        At each step a checkpoint can be made of the state; a run that is cut there goes on as if
        nothing had happened. With two ``jobs`` or more the run goes on while others measure.
        """
        meter, before = self._meter(), self.start()
        state = before.copy()
        if resume is not None:
            state = self._resumed(resume, before)
            for row in self._first_rows(meter, before, state, earlier):
                yield Step(row, state, fresh=False)

        def measured(item: tuple[bool, State]) -> Step:
            sampled, state = item
            self.rule.check_conserved(before, state)
            return Step(meter.measure(state) if sampled else None, state)

        cuts = self.stretches(state, progress, begun=resume is not None)
        if jobs == 1:
            yield from (measured((sampled, state)) for sampled in cuts)
        else:
            copies = ((sampled, state.copy()) for sampled in cuts)
            yield from ordered_map(measured, copies, jobs - 1)

    def states(self, progress: Progress = SILENT) -> Iterator[tuple[Clocks, State]]:
        """Yield a copy of the state at every sample, for other measures than those of `rows`."""
        state = self.start()
        counted = "swaps" in self.rule.clocks
        for sampled in self.stretches(state, progress):
            if sampled:
                swaps = state.swaps if counted else None
                yield Clocks(state.picks, swaps, float(state.edge_time)), state.copy()

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

    def stretches(
        self, state: State, progress: Progress = SILENT, *, begun: bool = False
    ) -> Iterator[bool]:
        """Advance a state along the schedule; yield True at each target, False in a pause.

        Parameters
        ----------
        state : State
            As `start` or a checkpoint gave it; changed in place.
        begun : bool
            Whether the target where the state stands, if any, is done with.
        """
        position = getattr(state, self.schedule.clock)
        progress.add(max(self.schedule.total - position, 0))
        for target in self.schedule.targets:
            if target == position and not begun:
                yield True
            if target > position:
                for _ in self._advance(state, target - position, progress):
                    yield False
                yield True
                position = target

    def _advance(self, state: State, amount: int, progress: Progress) -> Iterator[None]:
        """Advance a state by an amount of the clock; yield in every pause on the way."""
        chunk = FIRST_CHUNK
        while amount > 0:
            part, begun = min(chunk, amount), monotonic()
            if self.schedule.clock == "picks":
                self.rule.advance(state, picks=part, progress=progress)
            else:
                self.rule.advance(state, swaps=part)
                progress.advance(part)
            amount -= part
            seconds = monotonic() - begun
            if seconds >= CHUNK_SECONDS and amount > 0:
                yield
            chunk *= 2 if seconds < 2 * CHUNK_SECONDS else 1

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


def make_plan(
    rule: str = "interacting",
    size: int = 256,
    *,
    initial: str | Grid = "half",
    boundary: str = "walls",
    engine: str = "auto",
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    time: Time | None = None,
    clock: str = "edge_time",
    samples: int = SAMPLES,
    spacing: str = "linear",
    also: Sequence[Time] = (),
    graining: Graining | Mapping[str, Any] | None = None,
    measures: str | Sequence[str] | None = None,
    protocol: str = "default",
    audit: bool = True,
    two_part: bool = False,
    memory_limit: int = MEMORY_LIMIT,
) -> Plan:
    """Return the plan of a run, everything checked; see `kolmo.automaton.curve.run`."""
    made = _make_rule(rule, boundary=boundary, engine=engine, **(settings or {}))
    chosen = chosen_seed(seed)
    grid = _grid(initial, size, chosen, memory_limit)
    times: dict[str, Any] = {"clock": clock, "samples": samples, "spacing": spacing}
    paper = _published(made, grid, protocol, times)
    if paper:
        found = paper_schedule(paper, time, also=also)
    else:
        rows, columns = grid.shape
        found = schedule(made, (rows, columns), time=time, also=also, **times)
    changes = {} if graining is None or isinstance(graining, Graining) else dict(graining)
    usual = graining if isinstance(graining, Graining) else _graining(made, grid, paper, found)
    return Plan(
        rule=made,
        grid=grid,
        origin=initial if isinstance(initial, str) else "given",
        seed=chosen,
        schedule=found,
        graining=usual._replace(**changes),
        measures=_labels(measures, paper),
        audited=audit and has_exact_mean(made.name, found.clock),
        two_part=two_part,
        paper=paper,
        memory_limit=memory_limit,
    )


def _make_rule(label: str, **settings: Any) -> Rule:
    name, own = parse_label(label, number=decimal)
    if twice := own.keys() & settings.keys():
        raise ParameterError(f"setting given twice: got {', '.join(sorted(twice))} for {name}.")
    given, known = {**own, **settings}, list(signature(rules.get(name)).parameters)
    for key in given:
        if key not in known:
            hint = nearest(key, known)
            raise ParameterError(f"unknown setting of the rule {name}: got '{key}'. {hint}")
    made: Rule = rules.make(name, **given)
    return made


def _grid(initial: str | Grid, size: int, seed: int, memory_limit: int) -> Grid:
    if isinstance(initial, str):
        return initial_grid(initial, size, seed, memory_limit=memory_limit)
    return check_grid(initial, memory_limit=memory_limit)


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


def _size(state: State) -> str:
    rows, columns = state.grid.shape
    return f"{state.cream} cream in {rows}x{columns} cells"
