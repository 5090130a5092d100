"""The interacting automaton: neighbours change places, so that a cell never holds two particles."""

from __future__ import annotations

from typing import Any

from numpy.random import SeedSequence

from kolmo.automaton import exclusion
from kolmo.automaton.rule import Rule
from kolmo.automaton.state import State
from kolmo.errors import ParameterError
from kolmo.progress import Progress

EXAMPLES: list[dict[str, Any]] = [{}, {"boundary": "torus"}, {"engine": "band"}]


class Interacting(Rule):
    """The symmetric simple exclusion process (SSEP), exact in law.

    An event is a pick of one of 2 rows columns slots, uniformly: a cell, and right or down. If the
    slot has an edge, its two cells change places; only if they differ is that a swap. The paper
    picks until two cells differ and counts only those: its clock is ours of swaps.

    Parameters
    ----------
    boundary, engine : str
        As for `Rule`; engines ``cells``, ``packed`` and ``band`` (walls only).

    Notes
    -----
    About 1.5 ns for a pick at 256x256. ``cells`` and ``packed`` give the same bits; ``band``, with
    which ``auto`` begins between walls, draws its picks elsewhere and agrees in law only.

    References
    ----------
    S. Aaronson, S. M. Carroll, L. Ouellette (2014). Quantifying the rise and fall of complexity in
    closed systems: the coffee automaton. arXiv:1405.6903. Section 4.

    T. M. Liggett (1985). Interacting particle systems. Springer. Chapter VIII.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Interacting()
    >>> state = rule.start(np.repeat(np.array([[1], [0], [0]], np.uint8), 3, axis=1), seed=1)
    >>> state = rule.advance(state, swaps=1)
    >>> state.grid[0].sum(), state.grid[1].sum(), state.swaps
    (np.uint64(2), np.uint64(1), 1)
    """

    name = "interacting"
    engines = exclusion.BANDED_ENGINES

    def __init__(self, *, boundary: str = "walls", engine: str = "auto") -> None:
        super().__init__(boundary=boundary, engine=engine)
        if (boundary, engine) == ("torus", "band"):
            raise ParameterError(
                "no band on a torus: got engine 'band'; need walls, or another engine. Try auto."
            )

    def is_sound(self, state: State) -> bool:
        """Return whether a kernel can go on from a loaded state."""
        return super().is_sound(state) and exclusion.is_sound(state)

    def _prepare(self, state: State, seed: SeedSequence) -> None:
        exclusion.prepare(state, seed, engine=self.engine, banded=self.boundary == "walls")

    def _run(self, state: State, picks: int, swaps: int, progress: Progress) -> None:
        torus = self.boundary == "torus"
        exclusion.run(state, picks, swaps, engine=self.engine, torus=torus, progress=progress)
