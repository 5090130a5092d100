"""The engines of exclusion: which kernel runs, in steps short enough for Ctrl-C and progress.

- ``cells``, a byte for each cell: for most grids the fastest.
- ``packed``, a bit for each cell: above 2**22 cells, which the caches no longer hold as bytes.
  Both follow the same picks, hence give the same bits, and `auto` is free to choose.
- ``band``: only rows near the interface are picked in, as long as all above have one colour and
  all below, too; exact in law, with a random number of picks outside between two inside. `auto`
  begins so between walls if the interface is narrow, and leaves it for good once a quarter of the
  rows is in the band. When that is depends on the run alone, hence not on where it is cut.

References
----------
F. Spitzer (1970). Interaction of Markov processes. Advances in Mathematics 5(2), 246-290.
doi:10.1016/0001-8708(70)90034-4. The symmetric exclusion process.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from kolmo.automaton.state import Grid, State
from kolmo.progress import Progress

ENGINES = ("auto", "cells", "packed")
BANDED_ENGINES = (*ENGINES, "band")
CHUNK = 1 << 22  # picks in about 10 ms
PACKED_CELLS = 1 << 22  # the most cells for which bytes are faster than bits
NARROW = 4  # a band is worth while as long as it has at most 1/NARROW of the rows
MARGIN = 8  # a band reaches beyond the interface by 1/MARGIN of its rows, and one
OUTCOMES = 256
WHOLE = 1 << 64

Words = NDArray[np.uint64]
Alias = tuple[Words, NDArray[np.uint8]]


def prepare(state: State, seed: SeedSequence, *, engine: str, banded: bool) -> None:
    """Give a state the words of its generators, and its first band if it is to have one."""
    from kolmo.automaton.kernels.picks import HIGH, LOW, STREAM_WORDS
    from kolmo.automaton.kernels.xoshiro import LANE_WORDS

    stream = np.zeros(STREAM_WORDS, np.uint64)
    stream[:LANE_WORDS] = seed.generate_state(LANE_WORDS, np.uint64)
    state.arrays["stream"] = stream
    if banded and engine in ("auto", "band"):
        stream[LOW], stream[HIGH] = band_of(state.grid, keep=engine == "band")


def run(
    state: State, picks: int, swaps: int, *, engine: str, torus: bool, progress: Progress
) -> None:
    """Do picks until one of the limits is reached, in chunks."""
    packed = _packed(state.grid) if _starts_packed(state, engine) else None
    try:
        while picks > 0 and swaps > 0:
            limits = np.array([min(picks, CHUNK), swaps], np.int64)
            if has_band(state):
                done = _pick_band(state, limits, keep=engine == "band")
                packed = _packed(state.grid) if _starts_packed(state, engine) else None
            else:
                done = _pick(state, packed, limits, torus=torus)
            picks, swaps = picks - done[0], swaps - done[1]
            state.picks += done[0]
            state.swaps += done[1]
            progress.advance(done[0])
    finally:
        if packed is not None:
            cells = np.unpackbits(packed, count=state.grid.size, bitorder="little")
            state.grid[...] = cells.reshape(state.grid.shape)


def is_sound(state: State) -> bool:
    """Return whether a kernel can go on from a loaded state."""
    from kolmo.automaton.kernels.band import LONGEST
    from kolmo.automaton.kernels.picks import BLOCK, HIGH, LOW, POSITION, STREAM_WORDS, WAIT

    stream = state.arrays["stream"]
    if stream.shape != (STREAM_WORDS,) or stream.dtype != np.uint64 or state.grid.max() > 1:
        return False
    if stream[POSITION] > BLOCK or stream[WAIT] > LONGEST:
        return False
    low, high = int(stream[LOW]), int(stream[HIGH])
    return low < high <= len(state.grid) or low == high == 0


def scratch() -> tuple[Any, ...]:
    """Return what a kernel needs to draw a block of picks."""
    from kolmo.automaton.kernels.picks import BLOCK
    from kolmo.automaton.kernels.xoshiro import DRAWS, SPAN

    words = np.empty(4 * SPAN, np.uint64), np.empty(DRAWS, np.uint64)
    return (*words, np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32))


def shape_of(grid: NDArray[Any], *, torus: bool, band: tuple[int, int] | None = None) -> Words:
    """Return the shape that kernels ask for: rows, columns, torus, first and last row of picks."""
    rows, columns = grid.shape
    return np.array([rows, columns, torus, *(band or (0, rows))], np.uint64)


def band_of(grid: Grid, *, keep: bool, within: tuple[int, int] | None = None) -> tuple[int, int]:
    """Return the rows outside of which no pick does anything, and a margin; or 0, 0 if too many.

    Parameters
    ----------
    grid : uint8[rows, columns]
        Any grid between walls.
    keep : bool
        Whether to return a band even if it has more than a quarter of the rows.
    within : tuple of int, optional
        The band up to now, last row included: all rows above it have the colour of the first row,
        all rows below it that of the last, so that they need not be looked at.
    """
    rows = len(grid)
    low, high = within or (0, rows)
    mixed = grid[low : high + 1]
    top = low + _leading_rows(mixed, grid[0, 0])
    bottom = min(high + 1, rows) - _leading_rows(mixed[::-1], grid[-1, -1])
    margin = 1 + max(bottom - top, 0) // MARGIN
    first, last = max(min(top, bottom) - 1 - margin, 0), min(max(top, bottom) + margin, rows)
    return (first, last) if keep or NARROW * (last - first) <= rows else (0, 0)


@lru_cache(maxsize=256)
def waiting_table(inside: int, rows: int) -> Alias:
    """Return the alias table of how many picks fall outside the band before one falls inside.

    Notes
    -----
    Outcome i < 255 has the probability q**i p with p = inside / rows and q = 1 - p, and outcome
    255 the rest, q**255; each is rounded to a multiple of 2**-64, by integers alone. Vose's
    method. As there is no pick in outcome 255, and the time has no memory, nothing is cut off.

    References
    ----------
    M. D. Vose (1991). A linear algorithm for generating random numbers with a given distribution.
    IEEE Transactions on Software Engineering 17(9), 972-975. doi:10.1109/32.92917.
    """
    column = WHOLE // OUTCOMES
    masses = _waiting_masses(inside, rows)
    shares, aliases = [column] * OUTCOMES, list(range(OUTCOMES))
    small = [i for i in range(OUTCOMES) if masses[i] < column]
    large = [i for i in range(OUTCOMES) if masses[i] >= column]
    while small:
        little, big = small.pop(), large.pop()
        shares[little], aliases[little] = masses[little], big
        masses[big] -= column - masses[little]
        (small if masses[big] < column else large).append(big)
    return np.array(shares, np.uint64), np.array(aliases, np.uint8)


def _waiting_masses(inside: int, rows: int) -> list[int]:
    """Return the probabilities of the outcomes in units of 2**-64; they sum to 2**64."""
    outside = rows - inside
    masses = [WHOLE * inside * outside**i // rows ** (i + 1) for i in range(OUTCOMES - 1)]
    return [*masses, WHOLE - sum(masses)]


def _leading_rows(grid: Grid, colour: np.uint8) -> int:
    """Return how many rows from the first on hold one colour and nothing else."""
    others = (grid != colour).any(axis=1)
    return int(others.argmax()) if others.any() else len(grid)


def has_band(state: State) -> bool:
    """Return whether only a band of rows is picked in."""
    from kolmo.automaton.kernels.picks import HIGH

    return bool(state.arrays["stream"][HIGH])


def _starts_packed(state: State, engine: str) -> bool:
    wanted = engine == "packed" or (engine == "auto" and state.grid.size > PACKED_CELLS)
    return wanted and not has_band(state)


def _packed(grid: Grid) -> NDArray[np.uint8]:
    return np.packbits(grid, bitorder="little")


def _pick(
    state: State, packed: NDArray[np.uint8] | None, limits: NDArray[np.int64], *, torus: bool
) -> tuple[int, int]:
    from kolmo.automaton.kernels import pick_cells, pick_packed

    shape, stream = shape_of(state.grid, torus=torus), state.arrays["stream"]
    with np.errstate(over="ignore"):
        if packed is None:
            done = pick_cells(state.grid.reshape(-1), shape, stream, limits, scratch())
        else:
            done = pick_packed(packed, shape, stream, limits, scratch())
    return int(done[0]), int(done[1])


def _pick_band(state: State, limits: NDArray[np.int64], *, keep: bool) -> tuple[int, int]:
    from kolmo.automaton.kernels import BLOCK, pick_band
    from kolmo.automaton.kernels.picks import HIGH, LOW

    stream = state.arrays["stream"]
    band = int(stream[LOW]), int(stream[HIGH])
    shape = shape_of(state.grid, torus=False, band=band)
    table = waiting_table(band[1] - band[0], len(state.grid))
    work = (scratch(), np.empty(BLOCK, np.uint64), *table)
    with np.errstate(over="ignore"):
        picks, swaps, touched = pick_band(state.grid.reshape(-1), shape, stream, limits, work)
    if touched:
        stream[LOW], stream[HIGH] = band_of(state.grid, keep=keep, within=band)
    return int(picks), int(swaps)
