"""Integer shares of cream in each row after a time of diffusion, alike on every machine.

The mean of row i at time t of the edge clock is the sum over rows k that were full of h(i - k),
where h is the heat kernel of a circle of L rows,

    h(d) = 1/L * sum over modes m of exp(-t (2 - 2 cos(2 pi m / L))) * cos(2 pi m d / L).

Walls are mirrors: the rows and their image make a circle of L = 2 rows. Encoder and decoder compute
this by the arithmetic of `kolmo.coding.portable`, and round it to shares of 2**24, of which each
symbol has at least one. A time is one of 256: t = 0, and from 2**-15.9 rows**2 to rows**2 in steps
of a factor 2**(1/16), finer than the cells of a grid of 1000 rows can tell apart.
"""

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.portable import LOG2_E, exp2, polynomial
from kolmo.errors import ParameterError, shorten

Reals = NDArray[np.float64]
Places = NDArray[np.int64]

TIMES = 256
"""Number of times."""

_STEPS_PER_OCTAVE = 16
_SHARE_TOTAL = 1 << 24
_PI = 3.141592653589793
_TERMS = 10
# cos(x) and sin(x) / x in powers of x**2, |x| <= pi / 4
_COSINE = tuple((-1) ** k / math.factorial(2 * k) for k in range(_TERMS))
_SINE = tuple((-1) ** k / math.factorial(2 * k + 1) for k in range(_TERMS))


class Diffusion:
    """The mean of each row over time, from a start in which rows were full or empty.

    Parameters
    ----------
    rows : int
        Number of rows.
    start : sequence of int, optional
        0 or 1 for each row at t = 0; by default the first rows // 2 are 1.
    torus : bool
        Whether the last row touches the first.

    Examples
    --------
    >>> Diffusion(4).shares(0)
    [(1, 16777215), (1, 16777215), (16777215, 1), (16777215, 1)]
    """

    def __init__(
        self, rows: int, *, start: Sequence[int] | None = None, torus: bool = False
    ) -> None:
        given = [1] * (rows // 2) + [0] * (rows - rows // 2) if start is None else list(start)
        if len(given) != rows or not set(given) <= {0, 1}:
            raise ParameterError(
                f"no start: got {shorten(given)}; need 0 or 1 for each of {rows} rows."
            )
        self.rows = rows
        self._circle = np.array(given if torus else given + given[::-1], np.int64)

    def edge_time(self, index: int) -> float:
        """Return the time of an index from 0 to 255, in units of the edge clock."""
        if index == 0:
            return 0.0
        exponent = np.array([(index + 1 - TIMES) / _STEPS_PER_OCTAVE])
        return float(exp2(exponent)[0]) * self.rows * self.rows

    def shares(self, index: int) -> list[tuple[int, int]]:
        """Return the shares of coffee and of cream in each row, at a time; their sum is 2**24."""
        ones = np.rint(self._mean(self.edge_time(index)) * _SHARE_TOTAL)
        kept = np.clip(ones, 1, _SHARE_TOTAL - 1).astype(np.int64).tolist()
        return [(_SHARE_TOTAL - one, one) for one in kept]

    def best_time(self, ones: Places, columns: int) -> int:
        """Return the index of the time at which these row sums are most probable.

        By Fourier transforms: only the encoder asks, and any answer decodes.
        """
        likely = np.log2(self._table) @ ones + np.log2(1 - self._table) @ (columns - ones)
        return int(np.argmax(likely))

    @cached_property
    def _table(self) -> Reals:
        """Return float64[256, rows], all means, away from 0 and 1 by the least share."""
        length = self._circle.size
        modes = np.arange(length // 2 + 1)
        eigenvalues = 2 - 2 * np.cos(2 * np.pi * modes / length)
        times = [self.edge_time(index) for index in range(TIMES)]
        kept = np.fft.rfft(self._circle) * np.exp(-np.outer(times, eigenvalues))
        means = np.fft.irfft(kept, n=length, axis=1)[:, : self.rows]
        return np.clip(means, 1 / _SHARE_TOTAL, 1 - 1 / _SHARE_TOTAL)

    def _mean(self, time: float) -> Reals:
        """Return the mean of each row, with the same bits everywhere."""
        kernel = self._heat_kernel(time)
        found = np.zeros(self._circle.size)
        for full in np.flatnonzero(self._circle).tolist():
            found += np.roll(kernel, full)
        return found[: self.rows]

    def _heat_kernel(self, time: float) -> Reals:
        length = self._circle.size
        cosines, places = self._cosines, np.arange(length)
        decays = exp2(-LOG2_E * time * (2 - 2 * cosines))
        found = np.zeros(length)
        for mode in np.flatnonzero(decays).tolist():
            found += decays[mode] * cosines[mode * places % length]
        return found / length

    @cached_property
    def _cosines(self) -> Reals:
        return circle_cosines(self._circle.size)


def circle_cosines(length: int) -> Reals:
    """Return cos(2 pi j / length) for j from 0 to ``length`` - 1, alike on every machine.

    Each angle is folded, in integers, to one of at most pi / 4.

    Examples
    --------
    >>> circle_cosines(4).tolist(), circle_cosines(6).round(12).tolist()
    ([1.0, 0.0, -1.0, 0.0], [1.0, 0.5, -0.5, -1.0, -0.5, 0.5])
    """
    places = np.arange(length)
    turned = 2 * np.minimum(places, length - places)
    obtuse = 2 * turned > length
    turned = np.where(obtuse, length - turned, turned)
    steep = 4 * turned > length
    quarter = np.where(steep, (length - 2 * turned) / (2 * length), turned / length) * _PI
    squares = quarter * quarter
    found = np.where(steep, quarter * polynomial(_SINE, squares), polynomial(_COSINE, squares))
    return np.where(obtuse, -found, found)
