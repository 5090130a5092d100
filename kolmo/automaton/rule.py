"""What every dynamics offers: start, advance by a clock, and a check of what it conserves.

Clocks. An *event* of a rule is a pick (exclusion), a step of all walkers, or a move of the tip.
`picks` counts events, `swaps` those that changed the grid, and `edge_time` is the time in which
every edge rings once in a unit: t = picks / (2 rows columns) for exclusion, steps / 4 for
independent walkers, of which each step crosses one of four edges. Picks and edge time convert
exactly; swaps are counted as they happen.

Cutting. ``advance(picks=a)`` and then ``advance(picks=b)`` give the same state, bit for bit, as
``advance(picks=a + b)``, and so do swaps, also after `dump` and `load` in between; picks and swaps
may be mixed. An edge time is rounded to whole picks first: times that are whole numbers of picks
can be cut, too. To sample at given times, convert them all by `Rule.picks_at` and advance by the
differences.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Any, ClassVar

from numpy.random import SeedSequence

from kolmo.automaton.state import LARGEST_COUNT, Grid, State, check_grid
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import InputError, KolmoError, ParameterError, nearest
from kolmo.progress import SILENT, Progress

Seed = int | SeedSequence


def chosen_seed(seed: int | None = None) -> int:
    """Return the seed that is given, or else one by chance, 32 bits."""
    return int(SeedSequence().generate_state(1)[0]) if seed is None else seed


class Rule(ABC):
    """A dynamics.

    Parameters
    ----------
    boundary : str
        ``walls`` or ``torus``.
    engine : str
        One of the rule's `engines`; ``auto`` chooses by size and phase.

    Attributes
    ----------
    name : str
        Registered name.
    event : str
        What one event is called.
    conserves : tuple of str
        Attributes of a `State` that never change.
    clocks : tuple of str
        By what `advance` can go: ``picks``, ``edge_time``, and ``swaps`` where they are counted.
    cell_bytes : int
        About how many bytes a run takes for each cell, for a check before there is a grid.
    mixing : float
        Edge time of a whole run, in squares of the longer side. At .36 the slowest mode of
        diffusion between walls, exp(-pi**2 t / side**2), is down to 3 %.
    exclusive : bool
        Whether a cell holds 0 or 1, never more.
    """

    name: ClassVar[str]
    event: ClassVar[str] = "pick"
    conserves: ClassVar[tuple[str, ...]] = ("cream",)
    clocks: ClassVar[tuple[str, ...]] = ("picks", "swaps", "edge_time")
    boundaries: ClassVar[tuple[str, ...]] = ("walls", "torus")
    engines: ClassVar[tuple[str, ...]] = ("auto",)
    cell_bytes: ClassVar[int] = 4
    mixing: ClassVar[float] = 0.36
    exclusive: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def __init__(self, *, boundary: str = "walls", engine: str = "auto") -> None:
        self.boundary = _known("boundary", boundary, self.boundaries)
        self.engine = _known(f"engine of {self.name}", engine, self.engines)

    def settings(self) -> dict[str, Any]:
        """Return the parameters, JSON-safe; `type(self)(**settings)` is the same rule."""
        return {"boundary": self.boundary, "engine": self.engine}

    def start(self, grid: Grid, seed: Seed, *, memory_limit: int = MEMORY_LIMIT) -> State:
        """Return the state in which a run begins.

        Parameters
        ----------
        grid : uint8[rows, columns]
            0 or 1, as `kolmo.automaton.initial.initial` makes it; it is copied.
        seed : int or SeedSequence
            At least 0. The same seed gives the same bits, whatever the machine.
        memory_limit : int
            The most bytes that the run may take: `cell_bytes` for each cell.

        Raises
        ------
        ParameterError
            If it is no grid, or too small.
        MemoryLimitError
            If it is too large.
        """
        grid = check_grid(grid, cell_bytes=self.cell_bytes, memory_limit=memory_limit)
        unit = self.picks_per_unit(*grid.shape)
        state = State(self.name, self.settings(), grid, unit)
        self._prepare(state, seed if isinstance(seed, SeedSequence) else seed_sequence(seed))
        return state

    def advance(
        self,
        state: State,
        *,
        picks: int | None = None,
        swaps: int | None = None,
        edge_time: float | Fraction | None = None,
        progress: Progress = SILENT,
    ) -> State:
        """Return ``state``, changed in place: so many events, swaps or units of time later.

        Parameters
        ----------
        state : State
            Of this rule with these settings.
        picks, swaps : int, optional
            At least 0, below 2**62. Exactly so many swaps: the run stops at the last one. If no
            swap is possible it does not end; give ``picks``, too, as the most to try.
        edge_time : float or Fraction, optional
            Rounded to whole picks; not together with ``picks``.
        progress : Progress
            Told of the events done, about every 10 ms; the caller announces them.

        Raises
        ------
        ParameterError
            If the clock is unknown to the rule, missing or negative.

        Notes
        -----
        An exception in between, such as Ctrl-C, comes between two chunks and can leave a state
        whose clocks lag behind its grid. Go on from a copy or a checkpoint made before.
        """
        self.check(state)
        if edge_time is not None and picks is None:
            picks = self.picks_at(edge_time, *state.grid.shape)
            edge_time = None
        if edge_time is not None or (picks is None and swaps is None):
            raise ParameterError("need one clock: picks, swaps or edge_time")
        if swaps is not None and "swaps" not in self.clocks:
            raise ParameterError(
                f"rule {self.name} has no clock swaps: it has {', '.join(self.clocks)}."
            )
        self._run(state, count("picks", picks), count("swaps", swaps), progress)
        return state

    def picks_at(self, edge_time: float | Fraction, rows: int, columns: int) -> int:
        """Return how many events an edge time is, rounded.

        Raises
        ------
        ParameterError
            If it is negative, not finite, or 2**62 events or more.
        """
        if not 0 <= edge_time < LARGEST_COUNT:
            raise ParameterError(f"time out of range: got {edge_time}; need 0 to {LARGEST_COUNT}.")
        return count("picks", round(Fraction(edge_time) * self.picks_per_unit(rows, columns)))

    def picks_per_unit(self, rows: int, columns: int) -> int:
        """Return how many events there are in a unit of edge time."""
        return 2 * rows * columns

    def check(self, state: State) -> None:
        """Refuse a state of another rule, or of other settings, with InputError."""
        if state.rule != self.name:
            raise InputError(f"state of another rule: got {state.rule}; need {self.name}.")
        if state.settings != self.settings():
            raise InputError(
                f"state of other settings: got {state.settings}; need {self.settings()}."
            )

    def is_sound(self, state: State) -> bool:
        """Return whether a loaded state is one that a kernel can go on from."""
        return state.picks_per_unit == self.picks_per_unit(*state.grid.shape)

    def check_conserved(self, before: State, after: State) -> None:
        """Compare what the rule conserves; KolmoError if it changed, which would be a bug."""
        for quantity in self.conserves:
            was, became = getattr(before, quantity), getattr(after, quantity)
            if was != became:
                raise KolmoError(f"{quantity} not conserved by {self.name}: {was} became {became}")

    @abstractmethod
    def _prepare(self, state: State, seed: SeedSequence) -> None:
        """Add to a new state what the first event depends on."""

    @abstractmethod
    def _run(self, state: State, picks: int, swaps: int, progress: Progress) -> None:
        """Do events until one of the limits is reached."""


def seed_sequence(seed: int) -> SeedSequence:
    """Return the root of all seeds of a run; ParameterError if it is negative."""
    if seed < 0:
        raise ParameterError(f"seed out of range: got {seed}; need 0 or more.")
    return SeedSequence(seed)


def count(clock: str, value: int | None) -> int:
    """Return a number of events, the largest possible for None; ParameterError if out of range."""
    if value is None:
        return LARGEST_COUNT
    if not 0 <= value <= LARGEST_COUNT:
        raise ParameterError(f"{clock} out of range: got {value}; need 0 to {LARGEST_COUNT}.")
    return int(value)


def _known(noun: str, name: str, known: tuple[str, ...]) -> str:
    if name not in known:
        raise ParameterError(f"unknown {noun}: got '{name}'. {nearest(name, list(known))}")
    return name
