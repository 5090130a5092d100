"""The tendril: a tip that walks at random through the coffee and leaves a trail of cream."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import SeedSequence

from kolmo.automaton.rule import Rule
from kolmo.automaton.state import State
from kolmo.progress import Progress

EXAMPLES: list[dict[str, Any]] = [{}, {"boundary": "torus"}]
CHUNK = 1 << 20
UNIT = 4


class Tendril(Rule):
    """A random walk that writes: complex for as long as its trail is neither short nor everywhere.

    An event is a move of the tip, which begins in the middle, to one of four neighbours; it stays
    where it is at a wall. When it enters coffee, this cell becomes cream, and the next cell of
    cream, row by row from the first and again from there, becomes coffee: cream is conserved, as
    if it were drawn from the top through the tip. That is a swap. Once no cream is left where it
    was, the trail is drawn from its own cells, so that it never freezes.

    Parameters
    ----------
    boundary, engine : str
        As for `Rule`; there is one engine.

    Notes
    -----
    Not a model of diffusion: there is no mean to correct for, and four moves are called a unit of
    edge time only because a walker of the other rules crosses four edges in one.

    References
    ----------
    S. Aaronson (2011). The first law of complexodynamics. Shtetl-Optimized, 23 September 2011: the
    tendrils of milk. The rule is ours.

    Examples
    --------
    >>> import numpy as np
    >>> grid = np.repeat(np.array([[1], [0], [0]], np.uint8), 3, axis=1)
    >>> rule = Tendril()
    >>> state = rule.advance(rule.start(grid, seed=1), swaps=2)
    >>> int(state.grid[0].sum()), int(state.grid[1:].sum())
    (1, 2)
    """

    name = "tendril"
    event = "move"
    engines = ("auto", "crawl")
    mixing = 2.0  # 8 moves for each cell

    def picks_per_unit(self, rows: int, columns: int) -> int:
        """Return 4, as for a walker."""
        return UNIT

    def is_sound(self, state: State) -> bool:
        """Return whether a kernel can go on from a loaded state."""
        tip, key, (rows, columns) = state.arrays["tip"], state.arrays["key"], state.grid.shape
        if tip.shape != (3,) or tip.dtype != np.int64 or key.shape != (1,):
            return False
        inside = 0 <= tip[0] < rows and 0 <= tip[1] < columns and 0 <= tip[2] < state.grid.size
        return super().is_sound(state) and bool(inside) and bool(state.grid.max() <= 1)

    def _prepare(self, state: State, seed: SeedSequence) -> None:
        rows, columns = state.grid.shape
        state.arrays["tip"] = np.array([rows // 2, columns // 2, 0], np.int64)
        state.arrays["key"] = seed.generate_state(1, np.uint64)

    def _run(self, state: State, picks: int, swaps: int, progress: Progress) -> None:
        from kolmo.automaton.kernels import crawl

        tip, key = state.arrays["tip"], state.arrays["key"][0]
        while picks > 0 and swaps > 0:
            limits = np.array([state.picks, min(picks, CHUNK), swaps], np.int64)
            with np.errstate(over="ignore"):
                done = crawl(state.grid, tip, key, limits, self.boundary == "torus")
            picks, swaps = picks - done[0], swaps - done[1]
            state.picks += done[0]
            state.swaps += done[1]
            progress.advance(done[0])
