"""The stirred automaton: exclusion, and now and then a stroke of the spoon."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from kolmo.automaton import exclusion
from kolmo.automaton.rule import Rule
from kolmo.automaton.state import Grid, State
from kolmo.errors import ParameterError
from kolmo.progress import Progress

EXAMPLES: list[dict[str, Any]] = [{}, {"boundary": "torus"}, {"amplitude": 2, "period": 0.5}]
AMPLITUDE = 19 / 128  # of the side along which a line is shifted
PERIOD = 1 / 1024  # of the number of cells, in edge time
LARGEST_AMPLITUDE = 1 << 20


class Stirred(Rule):
    """Exclusion plus sine-flow strokes: its complexity does rise and fall.

    A stroke shifts each row i by round(A sin(2 pi i / rows + phi)) around the grid, or each
    column, in turn, with a random phase phi: a permutation of the cells, so that cream is
    conserved. Strokes stretch and fold the border into filaments, which diffusion then blurs.

    Parameters
    ----------
    boundary, engine : str
        As for `Rule`, for the picks between the strokes; strokes shift around in any case.
    amplitude : int, optional
        A in cells, at least 0; by default 19/128 of the side that it shifts along.
    period : float
        Edge time between two strokes, as a share of the number of cells.

    Notes
    -----
    The phase of a stroke is one of 2**16 and depends on the seed and the stroke's number alone. A
    stroke is done as soon as the picks before it are: a run that stops there includes it. Strokes
    count as neither picks nor swaps.

    At 128x128, in 7 buckets of grain 11 by the row rule of the paper's text, 8 seeds gave 52 bytes
    of zlib at the start, 770 to 1280 after 4 to 10 strokes (.004 to .01 of the number of cells in
    edge time), and 61 to 94 after 40.

    References
    ----------
    Sine flow: R. T. Pierrehumbert (1994). Tracer microstructure in the large-eddy dominated regime.
    Chaos, Solitons and Fractals 4(6), 1091-1110. doi:10.1016/0960-0779(94)90139-2. We shift whole
    cells.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Stirred(amplitude=1, period=0.5)
    >>> state = rule.start(np.eye(4, dtype=np.uint8), seed=1)
    >>> int(rule.advance(state, edge_time=100).grid.sum())
    4
    """

    name = "stirred"
    engines = exclusion.ENGINES
    mixing = 0.05  # about 50 strokes

    def __init__(
        self,
        *,
        boundary: str = "walls",
        engine: str = "auto",
        amplitude: int | None = None,
        period: float = PERIOD,
    ) -> None:
        super().__init__(boundary=boundary, engine=engine)
        whole = amplitude is None or isinstance(amplitude, int)
        if not whole or not 0 <= (amplitude or 0) <= LARGEST_AMPLITUDE:
            raise ParameterError(
                f"amplitude out of range: got {amplitude}; need a whole number, 0 to "
                f"{LARGEST_AMPLITUDE}."
            )
        if not 0 < period < math.inf:
            raise ParameterError(f"period out of range: got {period}; need more than 0.")
        self.amplitude, self.period = amplitude, float(period)

    def settings(self) -> dict[str, Any]:
        """Return the parameters."""
        return super().settings() | {"amplitude": self.amplitude, "period": self.period}

    def is_sound(self, state: State) -> bool:
        """Return whether a kernel can go on from a loaded state."""
        key, strokes = state.arrays["key"], state.arrays["strokes"]
        sound = key.shape == strokes.shape == (1,) and key.dtype == np.uint64
        return super().is_sound(state) and exclusion.is_sound(state) and sound

    def picks_per_stroke(self, rows: int, columns: int) -> int:
        """Return how many picks there are between two strokes, at least 1."""
        return max(round(self.period * rows * columns * self.picks_per_unit(rows, columns)), 1)

    def _prepare(self, state: State, seed: SeedSequence) -> None:
        exclusion.prepare(state, seed, engine=self.engine, banded=False)
        state.arrays["key"] = seed.generate_state(40, np.uint64)[-1:].copy()
        state.arrays["strokes"] = np.zeros(1, np.int64)

    def _run(self, state: State, picks: int, swaps: int, progress: Progress) -> None:
        stop, last = state.picks + picks, state.swaps + swaps
        between, torus = self.picks_per_stroke(*state.grid.shape), self.boundary == "torus"
        while state.picks < stop and state.swaps < last:
            wanted = min(stop, (state.picks // between + 1) * between) - state.picks
            left = last - state.swaps
            exclusion.run(state, wanted, left, engine=self.engine, torus=torus, progress=progress)
            if state.arrays["strokes"][0] < state.picks // between:
                self._stroke(state)

    def _stroke(self, state: State) -> None:
        """Shift all rows, or all columns, and count the stroke."""
        from kolmo.automaton.kernels import mix

        done = state.arrays["strokes"]
        with np.errstate(over="ignore"):
            phase = int(mix(np.uint64(done[0]), state.arrays["key"][0])) >> 48
        lines = state.grid if done[0] % 2 == 0 else state.grid.T
        amounts = shifts(len(lines), lines.shape[1], phase / 65536, self.amplitude)
        lines[...] = shifted(lines, amounts)
        done[0] += 1


def shifts(lines: int, length: int, phase: float, amplitude: int | None) -> NDArray[np.int64]:
    """Return by how many cells each line moves.

    Parameters
    ----------
    lines, length : int
        How many lines there are, and how long they are.
    phase : float
        In turns, 0 to 1.
    amplitude : int or None
        The farthest, in cells; None for the default share of the length.

    Examples
    --------
    >>> shifts(4, 128, 0.0, None).tolist()
    [0, 19, 0, -19]
    """
    reach = round(AMPLITUDE * length) if amplitude is None else amplitude
    turns = np.arange(lines) / lines + phase
    moved: NDArray[np.int64] = np.rint(reach * np.sin(2 * np.pi * turns)).astype(np.int64)
    return moved


def shifted(lines: Grid, amounts: NDArray[np.int64]) -> Grid:
    """Return lines moved around by some cells each.

    Examples
    --------
    >>> import numpy as np
    >>> shifted(np.array([[1, 0, 0], [1, 0, 0]], np.uint8), np.array([1, -1])).tolist()
    [[0, 1, 0], [0, 0, 1]]
    """
    places = (np.arange(lines.shape[1]) - amounts[:, None]) % lines.shape[1]
    return np.take_along_axis(lines, places, axis=1)
