"""Complexity of one grid at every scale: the sizes of its block averages.

L. Trevisan proposed to ask at which scale a picture is complex, instead of choosing a grain: a
comment in S. Aaronson, The First Law of Complexodynamics (2011). One map for each time of a run,
side by side, makes the map of scale and time.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from kolmo.automaton.coarse import Graining, Grid, average, bucket
from kolmo.automaton.plan import Clocks, Plan
from kolmo.automaton.sizes import DEFAULT_MEASURE, Size, measure_buckets, measure_grid
from kolmo.automaton.state import State
from kolmo.errors import ParameterError, shorten
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress


class ScaleMap(NamedTuple):
    """Sizes of the block averages of one grid.

    Attributes
    ----------
    grains : tuple of int
        Sides of the blocks.
    sizes : tuple of Size
        One for each grain.
    buckets : int or None
        Number of buckets of equal width, or None for exact sums.
    """

    grains: tuple[int, ...]
    sizes: tuple[Size, ...]
    buckets: int | None

    @property
    def bits(self) -> list[float]:
        """Bits for each grain, the baseline not subtracted."""
        return [size.bits for size in self.sizes]

    @property
    def net_bits(self) -> list[float]:
        """Bits for each grain beyond a constant picture of the same shape."""
        return [size.net_bits for size in self.sizes]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {**self._asdict(), "sizes": [size.to_dict() for size in self.sizes]}


def scale_map(
    grid: Grid,
    grains: Iterable[int] | None = None,
    *,
    buckets: int | None = None,
    measure: str = DEFAULT_MEASURE,
    verify: bool = True,
) -> ScaleMap:
    """Return the size in bits of the averages over blocks, for many grains.

    Parameters
    ----------
    grid : integer[rows, columns]
        Cream in each cell.
    grains : iterable of int, optional
        By default all from 1 to half of the smaller side.
    buckets : int, optional
        Put averages into so many buckets; else exact sums are measured, in as few bytes a cell
        as hold the largest.
    measure, verify
        As for `kolmo.automaton.sizes.measure_grid`.

    Notes
    -----
    Rows and columns that fill no block are left out. The number of blocks, hence the most that a
    size can be, falls with the square of the grain.

    Examples
    --------
    >>> checks = np.indices((8, 8)).sum(axis=0) % 2
    >>> scale_map(checks, measure="stored").bits
    [64, 128, 32, 32]
    """
    chosen = tuple(grains) if grains is not None else tuple(range(1, min(grid.shape) // 2 + 1))
    sizes = [
        _size(grid, Graining(grain, window="block", buckets=buckets or 2), buckets, measure, verify)
        for grain in chosen
    ]
    return ScaleMap(chosen, tuple(sizes), buckets)


def scale_maps(
    plan: Plan,
    grains: Iterable[int] | None = None,
    *,
    buckets: int | None = None,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> Iterator[tuple[Clocks, ScaleMap]]:
    """Return an iterator over the maps at every sample of a run: the map of scale and time.

    Parameters
    ----------
    plan : Plan
        Of the run; its first measure counts, its graining is not used.
    grains : iterable of int, optional
        By default `usual_grains`.
    buckets : int, optional
        As for `scale_map`.
    jobs : int
        Threads; the result is the same for any number.
    progress : Progress
        Told of events.

    Raises
    ------
    ParameterError
        If a grain does not fit the grid, before the run begins.

    Examples
    --------
    >>> from kolmo.automaton.plan import make_plan
    >>> plan = make_plan(size=8, seed=1, time=5, samples=1, measures="stored")
    >>> [(clocks.picks, found.bits) for clocks, found in scale_maps(plan)]
    [(0, [64, 128, 32, 32]), (640, [64, 128, 32, 32])]
    """
    side = min(plan.grid.shape)
    chosen = tuple(dict.fromkeys(usual_grains(side) if grains is None else grains))
    if not chosen or not 1 <= min(chosen) <= max(chosen) <= side:
        raise ParameterError(f"grains out of range: got {shorten(list(chosen))}; need 1 to {side}.")

    def measure(item: tuple[Clocks, State]) -> tuple[Clocks, ScaleMap]:
        clocks, state = item
        found = scale_map(state.grid, chosen, buckets=buckets, measure=plan.measures[0])
        return clocks, found

    return ordered_map(measure, plan.states(progress), jobs)


def usual_grains(side: int) -> list[int]:
    """Return grains from 1 to half of a side, each about the square root of 2 times the last.

    Examples
    --------
    >>> usual_grains(64)
    [1, 2, 3, 4, 6, 8, 11, 16, 23, 32]
    """
    most = max(side // 2, 1)
    steps = (round(2 ** (step / 2)) for step in range(2 * most.bit_length() + 1))
    return sorted({step for step in steps if step <= most})


def _size(grid: Grid, graining: Graining, buckets: int | None, measure: str, verify: bool) -> Size:
    averages = average(grid, graining)
    if buckets is None:
        return measure_grid(np.asarray(averages.sums), measure, verify=verify)
    return measure_buckets(bucket(averages, graining), buckets, measure, verify=verify)
