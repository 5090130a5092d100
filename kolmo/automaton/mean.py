"""The exact mean of every cell at any time, for the rules that have one.

In the interacting automaton (the symmetric exclusion process) particles hinder each other, yet the
mean of each cell solves the discrete heat equation, as that of independent walkers does. A wall is
a mirror: the grid and its image make a torus of twice the side, whose Fourier modes are the DCT-II
modes of the grid. With the eigenvalues v = 4 - 2 cos(row mode) - 2 cos(column mode) of the grid's
graph, a mode of the start is multiplied

- by (1 - v / (2 rows columns))**k after k picks of one of 2 rows columns slots;
- by exp(-v t) at edge time t, where the number of picks is Poisson, of mean 2 rows columns t;
- by (1 - v / 4)**k after k steps of independent walkers, each in one of 4 directions, which stay
  where they are at a wall; their steps are called picks, too, and 4 are a unit of edge time.

After a given number of *swaps* the mean is not exact: the number of picks then depends on the grid.

References
----------
T. M. Liggett (1985). Interacting Particle Systems. Springer. Chapter VIII, section 1: duality, of
which the mean is the case of one particle. The DCT-II modes and discrete picks are ours.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kolmo.automaton.coarse import Grid
from kolmo.errors import ParameterError, nearest

Reals = NDArray[np.float64]

RULES = ("interacting", "noninteracting")
"""Rules whose mean is exact."""

CLOCKS = ("picks", "edge_time")
"""Clocks in which it is."""

STEPS_PER_UNIT = 4
"""Steps of a walker in a unit of edge time."""


class ExactMean:
    """The mean of every cell at any time, from a given start.

    Parameters
    ----------
    start : integer[rows, columns]
        The grid at t = 0.
    rule : str
        ``interacting`` or ``noninteracting``; see `has_exact_mean`.
    torus : bool
        Whether the grid has no walls.

    Notes
    -----
    A Fourier transform for each time: O(rows columns log), or O(rows log) where all columns of
    the start are alike. Accurate to about 10**-12; a formula, which no decoder needs.

    Examples
    --------
    Two cells exchange what they have, so that the mean tends to 1/2:

    >>> mean = ExactMean(np.array([[1], [0]]), "interacting")
    >>> [mean.at(k, "picks").ravel().round(6).tolist() for k in (0, 1, 50)]
    [[1.0, 0.0], [0.75, 0.25], [0.5, 0.5]]
    """

    def __init__(self, start: Grid, rule: str, *, torus: bool = False) -> None:
        if rule not in RULES:
            raise ParameterError(f"no exact mean: got '{rule}'. {nearest(rule, list(RULES))}")
        self.start, self.rule, self.torus = np.asarray(start, np.float64), rule, torus
        alike = bool((self.start == self.start[:, :1]).all())
        kept = self.start[:, :1] if alike else self.start
        mirrored = kept if torus else _mirror(kept, columns=not alike)
        self._shape = mirrored.shape
        self._modes = np.fft.rfft2(mirrored)
        self._eigenvalues = _eigenvalues(*mirrored.shape)

    def at(self, time: float, clock: str = "picks") -> Reals:
        """Return float64[rows, columns], the mean at a time of one of the `CLOCKS`.

        A run that advances by a given number of picks has its mean in this clock, whatever edge
        time they stand for.

        Raises
        ------
        ParameterError
            If the mean at such a time is not known exactly.
        """
        if clock not in CLOCKS:
            known = " or ".join(CLOCKS)
            raise ParameterError(f"no exact mean in this clock: got {clock}; need {known}.")
        if time == 0:
            return self.start
        modes = self._modes * self._decay(time, clock)
        found = np.fft.irfft2(modes, s=self._shape)
        rows, columns = self.start.shape
        return np.broadcast_to(found[:rows, :columns], (rows, columns))

    def draw(self, mean: Reals, seed: Sequence[int]) -> Grid:
        """Return a grid of independent cells with these means, or the start itself at t = 0.

        Of 0 and 1 for the interacting rule, whose cells are negatively dependent, hence whose
        windows deviate no more than these; else Poisson counts, which vary a little more than
        those of walkers.
        """
        source = np.random.default_rng(seed)
        if mean is self.start:
            return mean.astype(np.int64)
        if self.rule == "interacting":
            return np.asarray(source.random(mean.shape) < mean, np.int64)
        return np.asarray(source.poisson(np.maximum(mean, 0)), np.int64)

    def _decay(self, time: float, clock: str) -> Reals:
        if self.rule == "noninteracting":
            steps = round(STEPS_PER_UNIT * time) if clock == "edge_time" else int(time)
            return np.asarray(np.power(1 - self._eigenvalues / 4, steps))
        if clock == "edge_time":
            return np.asarray(np.exp(-time * self._eigenvalues))
        with np.errstate(divide="ignore"):
            each = np.log1p(-self._eigenvalues / (2 * self.start.size))
        return np.asarray(np.exp(time * each))


def has_exact_mean(rule: str, clock: str = "picks") -> bool:
    """Return whether the mean of a rule is exact in a clock.

    Examples
    --------
    >>> has_exact_mean("interacting", "picks"), has_exact_mean("stirred", "picks")
    (True, False)
    """
    return rule in RULES and clock in CLOCKS


def exact_mean(
    start: Grid, rule: str, time: float, clock: str = "picks", *, torus: bool = False
) -> Reals | None:
    """Return the mean of every cell at a time, or None where it is not exact.

    For many times of one start, make an `ExactMean` once.

    Examples
    --------
    >>> exact_mean(np.eye(3), "stirred", 7, "picks") is None
    True
    """
    if not has_exact_mean(rule, clock):
        return None
    return ExactMean(start, rule, torus=torus).at(time, clock)


def _mirror(grid: Reals, *, columns: bool) -> Reals:
    """Return a grid with its mirror image below, and beside if ``columns``."""
    tall = np.concatenate([grid, grid[::-1]])
    return np.concatenate([tall, tall[:, ::-1]], axis=1) if columns else tall


def _eigenvalues(rows: int, columns: int) -> Reals:
    """Return the eigenvalues of the modes of a torus, as `numpy.fft.rfft2` orders them."""
    down = 2 - 2 * np.cos(2 * np.pi * np.fft.fftfreq(rows))
    across = 2 - 2 * np.cos(2 * np.pi * np.fft.rfftfreq(columns))
    return np.asarray(np.add.outer(down, across))
