"""Complexity of one grid at every scale: the sizes of its block averages.

L. Trevisan proposed to ask at which scale a picture is complex, instead of choosing a grain: a
comment in S. Aaronson, The First Law of Complexodynamics (2011). One map for each time of a run,
side by side, makes the map of scale and time.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from kolmo.automaton.coarse import Graining, Grid, average, bucket
from kolmo.automaton.sizes import DEFAULT_MEASURE, Size, measure_buckets, measure_grid


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


def _size(grid: Grid, graining: Graining, buckets: int | None, measure: str, verify: bool) -> Size:
    averages = average(grid, graining)
    if buckets is None:
        return measure_grid(np.asarray(averages.sums), measure, verify=verify)
    return measure_buckets(bucket(averages, graining), buckets, measure, verify=verify)
