"""The non-interacting automaton: every particle of cream walks, and any number share a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from kolmo.automaton.rule import Rule
from kolmo.automaton.state import State
from kolmo.progress import Progress

EXAMPLES: list[dict[str, Any]] = [{}, {"boundary": "torus"}]
CHUNK = 1 << 22  # walker blocks, of 32 steps each, in about 10 ms
FARTHEST = 1 << 62


class NonInteracting(Rule):
    """Independent random walks, exact in law.

    An event is a step: every particle moves to one of four neighbours, each with probability 1/4,
    and stays where it is if that is beyond a wall. There is no clock of swaps; four steps are a
    unit of edge time.

    Parameters
    ----------
    boundary, engine : str
        As for `Rule`; there is one engine, which walks without walls, 32 steps to a random word,
        and folds the places afterwards.

    Notes
    -----
    About 1 ns for 32 steps of a particle, and one picture at the end of each call. The grid holds
    how many particles share a cell; as the mean never exceeds 1, a cell of more than 255 has
    a probability below 10**-500.

    References
    ----------
    S. Aaronson, S. M. Carroll, L. Ouellette (2014). arXiv:1405.6903. Section 4.

    Examples
    --------
    >>> import numpy as np
    >>> rule = NonInteracting()
    >>> state = rule.start(np.eye(4, dtype=np.uint8), seed=1)
    >>> int(rule.advance(state, picks=1000).grid.sum()), state.edge_time
    (4, Fraction(250, 1))
    """

    name = "noninteracting"
    event = "step"
    clocks = ("picks", "edge_time")
    engines = ("auto", "folded")
    exclusive = False
    cell_bytes = 48  # rows and columns of as many walkers as cells, folded, and their counts

    def picks_per_unit(self, rows: int, columns: int) -> int:
        """Return 4: in a step a particle crosses one of its four edges."""
        return 4

    def is_sound(self, state: State) -> bool:
        """Return whether a kernel can go on from a loaded state."""
        walkers, key = state.arrays["walkers"], state.arrays["key"]
        if walkers.ndim != 2 or len(walkers) != 2 or walkers.dtype != np.int64:
            return False
        bounded = bool(key.shape == (1,) and key.dtype == np.uint64)
        bounded &= bool((walkers < FARTHEST).all() and (walkers > -FARTHEST).all())
        return super().is_sound(state) and bounded

    def _prepare(self, state: State, seed: SeedSequence) -> None:
        state.arrays["walkers"] = np.array(np.nonzero(state.grid), np.int64)
        state.arrays["key"] = seed.generate_state(1, np.uint64)

    def _run(self, state: State, picks: int, swaps: int, progress: Progress) -> None:
        from kolmo.automaton.kernels import walk

        walkers, key = state.arrays["walkers"], state.arrays["key"][0]
        chunk = 32 * max(CHUNK // max(walkers.shape[1], 1), 1)
        while picks > 0:
            steps = min(picks, chunk)
            with np.errstate(over="ignore"):
                walk(walkers, key, state.picks, steps)
            picks -= steps
            state.picks += steps
            progress.advance(steps)
        state.grid[...] = self._picture(walkers, *state.grid.shape)

    def _picture(self, walkers: NDArray[np.int64], rows: int, columns: int) -> NDArray[np.int64]:
        """Return how many walkers each cell holds, the walls folded in."""
        fold = wrapped if self.boundary == "torus" else folded
        cells = fold(walkers[0], rows) * columns + fold(walkers[1], columns)
        return np.bincount(cells, minlength=rows * columns).reshape(rows, columns)


def folded(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return places on a free lattice, folded at -1/2 and size - 1/2.

    Examples
    --------
    >>> import numpy as np
    >>> folded(np.array([-2, -1, 0, 2, 3, 5, 6]), 3).tolist()
    [1, 0, 0, 2, 2, 0, 0]
    """
    around = places % (2 * size)
    return np.minimum(around, 2 * size - 1 - around)


def wrapped(places: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return places on a free lattice, wound around a circle."""
    return places % size
