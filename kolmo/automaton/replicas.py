"""Many runs of one rule from one grid, for means and error bars.

Independent runs over threads, for every rule; or, for exclusion, 64 replicas in a word, which
share their picks: far more replicas for the time, but they are correlated within a word. Error
bars and tests of words must count words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from kolmo.automaton import exclusion
from kolmo.automaton.rule import Rule, Seed, count, seed_sequence
from kolmo.automaton.state import Grid, State, check_grid, check_shape
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import MemoryLimitError, ParameterError
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress

IN_WORD = 64
CHUNK = 1 << 22
LARGEST_COUNT = 1 << 20
LAZY = 2  # a replica takes half of its word's picks


def replicas(
    rule: Rule, grid: Grid, count: int, *, seed: Seed, memory_limit: int = MEMORY_LIMIT
) -> list[State]:
    """Return the states in which independent runs begin, each with a seed of its own.

    Parameters
    ----------
    rule : Rule
        Any rule.
    grid : uint8[rows, columns]
        Where they all begin.
    count : int
        1 to 2**20. Replica i is the same for any count above i.
    seed : int or SeedSequence
        The root of their seeds.
    memory_limit : int
        The most bytes that they may take together.

    Examples
    --------
    >>> from kolmo.automaton.initial import initial
    >>> from kolmo.automaton.rules.interacting import Interacting
    >>> rule = Interacting()
    >>> states = replicas(rule, initial("half", 4), 3, seed=1)
    >>> [state.picks for state in advance_all(rule, states, picks=10, jobs=2)]
    [10, 10, 10]
    """
    _check_count(grid, count, memory_limit)
    return [rule.start(grid, child) for child in _root(seed).spawn(count)]


def advance_all(
    rule: Rule,
    states: list[State],
    *,
    picks: int | None = None,
    swaps: int | None = None,
    edge_time: float | Fraction | None = None,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> list[State]:
    """Return the states, each advanced in place as by `Rule.advance`; the same for any ``jobs``."""

    def move(state: State) -> State:
        return rule.advance(state, picks=picks, swaps=swaps, edge_time=edge_time, progress=progress)

    return list(ordered_map(move, states, jobs))


@dataclass
class Words:
    """Replicas of exclusion, 64 in a word: `start_words` makes them.

    Attributes
    ----------
    cells : list of uint64[rows, columns]
        For each word, a bit for each of its replicas.
    streams : list of uint64[n]
        The generators of each word.
    picks : int
        Shared picks so far. In law, after k of them each replica is the start under ((I + P)/2)^k,
        P being one pick of exclusion: it has taken each of them with probability 1/2.
    torus : bool
        Whether the grid has no walls.
    """

    cells: list[NDArray[np.uint64]]
    streams: list[NDArray[np.uint64]]
    torus: bool
    picks: int = 0

    @property
    def count(self) -> int:
        """Return the number of replicas."""
        return IN_WORD * len(self.cells)

    @property
    def edge_time(self) -> Fraction:
        """Return the mean edge time of each replica: half of what the shared picks are."""
        return Fraction(self.picks, LAZY * 2 * self.cells[0].size)

    def advance(
        self,
        *,
        picks: int | None = None,
        edge_time: float | Fraction | None = None,
        jobs: int = 1,
        progress: Progress = SILENT,
    ) -> Words:
        """Return these replicas, changed in place; the same for any number of jobs.

        Parameters
        ----------
        picks : int, optional
            Shared picks, of which each replica takes each with probability 1/2.
        edge_time : float or Fraction, optional
            Instead of picks: the mean time of each replica, rounded to whole shared picks.
        jobs : int
            Threads, each with a word at a time.
        progress : Progress
            Told of the shared picks of all words.
        """
        if (picks is None) == (edge_time is None):
            raise ParameterError("need one clock: picks or edge_time")
        if edge_time is not None:
            if not 0 <= edge_time < float("inf"):
                raise ParameterError(f"time out of range: got {edge_time}; need 0 or more.")
            picks = round(Fraction(edge_time) * LAZY * 2 * self.cells[0].size)
        wanted = count("picks", picks)
        pairs = zip(self.cells, self.streams, strict=True)
        for _ in ordered_map(lambda pair: self._move(*pair, wanted, progress), pairs, jobs):
            pass
        self.picks += wanted
        return self

    def grids(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the grids of each word's replicas, uint8[64, rows, columns]."""
        for cells in self.cells:
            bits = np.unpackbits(_as_bytes(cells), axis=-1, bitorder="little")
            yield np.ascontiguousarray(np.moveaxis(bits, -1, 0))

    def row_means(self) -> NDArray[np.float64]:
        """Return the mean of each row of each replica, float64[words, 64, rows]."""
        return np.array([grids.mean(axis=2) for grids in self.grids()])

    def _move(
        self,
        cells: NDArray[np.uint64],
        stream: NDArray[np.uint64],
        picks: int,
        progress: Progress,
    ) -> None:
        from kolmo.automaton.kernels import BLOCK, pick_words

        shape = exclusion.shape_of(cells, torus=self.torus)
        work = (exclusion.scratch(), np.empty(BLOCK, np.uint64))
        while picks > 0:
            chunk = min(picks, CHUNK)
            with np.errstate(over="ignore"):
                pick_words(cells.reshape(-1), shape, stream, chunk, work)
            picks -= chunk
            progress.advance(chunk)


def start_words(
    grid: Grid,
    words: int,
    *,
    seed: Seed,
    boundary: str = "walls",
    memory_limit: int = MEMORY_LIMIT,
) -> Words:
    """Return 64 replicas of exclusion for each word, all in the same initial grid.

    Parameters
    ----------
    grid : uint8[rows, columns]
        0 or 1.
    words : int
        1 to 2**20; words are independent, the replicas within one are not. Word i is the same for
        any number of words above i.
    seed : int or SeedSequence
        The root of the words' seeds.
    boundary : str
        ``walls`` or ``torus``.
    memory_limit : int
        The most bytes that they may take together.

    Examples
    --------
    >>> from kolmo.automaton.initial import initial
    >>> found = start_words(initial("half", 4), 2, seed=1).advance(edge_time=3)
    >>> found.count, found.picks, found.row_means().shape
    (128, 192, (2, 64, 4))
    """
    from kolmo.automaton.kernels.picks import STREAM_WORDS
    from kolmo.automaton.kernels.xoshiro import LANE_WORDS

    if boundary not in Rule.boundaries:
        raise ParameterError(f"unknown boundary: got '{boundary}'; need walls or torus.")
    _check_count(grid, words, memory_limit, cell_bytes=8)
    first = np.where(check_grid(grid) == 1, ~np.uint64(0), np.uint64(0))
    streams = np.zeros((words, STREAM_WORDS), np.uint64)
    for stream, child in zip(streams, _root(seed).spawn(words), strict=True):
        stream[:LANE_WORDS] = child.generate_state(LANE_WORDS, np.uint64)
    return Words([first.copy() for _ in range(words)], list(streams), boundary == "torus")


def _as_bytes(cells: NDArray[np.uint64]) -> NDArray[Any]:
    """Return the bytes of words, uint8[rows, columns, 8], the lowest first."""
    return cells.astype("<u8").view(np.uint8).reshape(*cells.shape, 8)


def _root(seed: Seed) -> SeedSequence:
    return seed if isinstance(seed, SeedSequence) else seed_sequence(seed)


def _check_count(grid: Grid, number: int, memory_limit: int, *, cell_bytes: int = 2) -> None:
    if not 1 <= number <= LARGEST_COUNT:
        raise ParameterError(f"replicas out of range: got {number}; need 1 to {LARGEST_COUNT}.")
    check_shape(*grid.shape, memory_limit=memory_limit)
    if (needed := number * grid.size * cell_bytes) > memory_limit:
        raise MemoryLimitError(
            f"too many replicas: {number} of {grid.shape[0]}x{grid.shape[1]} need about {needed} "
            f"bytes; the limit is {memory_limit}. Try fewer."
        )
