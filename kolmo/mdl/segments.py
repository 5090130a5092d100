"""Where a column's level or spread changes: the cuts, by dynamic programming over densities.

References
----------
R. Killick, P. Fearnhead, I. A. Eckley (2012). Optimal detection of changepoints with a linear
computational cost. Journal of the American Statistical Association 107, 1590-1598.
doi:10.1080/01621459.2012.737745. Section 3, PELT. We differ in the price of a segment, which grows
with its length, and in keeping a candidate until shorter last segments are possible.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_CHUNK_STEPS = 1 << 20
_LARGEST_EXACT = 1 << 12
_SWEEPS = 2


def segment_lengths(
    numbers: Floats, minimum: int, price_bits: float, floor: float = 0.0
) -> tuple[tuple[int, ...], float]:
    """Return the lengths of the segments with the least sum of bits, and this sum.

    A segment of n values with variance v costs n/2 log2(2 pi e (v + floor)) + log2 n + a price:
    the maximised normal density, and its two parameters to a precision of 1/sqrt(n).

    Parameters
    ----------
    numbers : float64[n]
        The column, n >= minimum.
    minimum : int
        Least length of a segment, >= 1; the variance needs more than the floor if it is below 2.
    price_bits : float
        For each segment; log2 n is that of a place in the column.
    floor : float
        Added to each variance, the variance of rounding for example.

    Returns
    -------
    tuple
        The lengths, and a criterion in bits: no code of the column.

    Notes
    -----
    Exact up to 4096 rows, in time between O(n) for many changes and O(n**2) for none. For more
    rows the cuts are first chosen exactly among 4096 evenly spaced rows, and then each is moved
    to the best row nearby, and dropped if it does not pay.

    Examples
    --------
    >>> segment_lengths(np.array([0., 1, 0, 1, 9, 8, 9, 8]), 2, 3.0)[0]
    (4, 4)
    """
    rows = np.arange(0, numbers.size + 1, -(-numbers.size // _LARGEST_EXACT))
    rows[-1] = numbers.size
    running = (_sums(numbers)[rows], _sums(numbers * numbers)[rows], rows)
    steps = -(-minimum // int(rows[1]))
    if steps >= rows.size:
        return (numbers.size,), _bits(numbers, [0, numbers.size], price_bits, floor)
    edges = rows[_best_places(running, steps, (price_bits, floor))].tolist()
    for _ in range(_SWEEPS if rows[1] > 1 else 0):
        _move_cuts(numbers, edges, minimum, int(rows[1]), floor)
        _drop_cuts(numbers, edges, price_bits, floor)
    return tuple(np.diff(edges).tolist()), _bits(numbers, edges, price_bits, floor)


def _best_places(
    running: tuple[Floats, Floats, Integers], minimum: int, prices: tuple[float, float]
) -> list[int]:
    """Return the places of the best cuts, the first and the last place included."""
    from kolmo.mdl.kernels import best_segments

    last = running[2].size - 1
    least = np.full(last + 1, math.inf)
    least[0] = 0.0
    starts, candidates = np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64)
    state = (least, starts, candidates, np.full(last + 1, last + 1, np.int64))
    alive, place = 0, minimum
    while place <= last:
        stop = min(last, place + _CHUNK_STEPS // (alive + 64))
        alive = best_segments(running, minimum, prices, state, (place, stop, alive))
        place = stop + 1
    return _trace(starts, last)


def _move_cuts(numbers: Floats, edges: list[int], minimum: int, reach: int, floor: float) -> None:
    """Move each cut, in turn, to the best row within reach."""
    for i in range(1, len(edges) - 1):
        first, last = edges[i - 1], edges[i + 1]
        part = numbers[first:last]
        sums, squares = _sums(part), _sums(part * part)
        low = max(minimum, edges[i] - reach - first)
        high = min(last - first - minimum, edges[i] + reach - first)
        cuts = np.arange(low, high + 1)
        left = _density_bits(sums[cuts], squares[cuts], cuts, floor)
        right = _density_bits(
            sums[-1] - sums[cuts], squares[-1] - squares[cuts], last - first - cuts, floor
        )
        edges[i] = first + int(cuts[np.argmin(left + right)])


def _drop_cuts(numbers: Floats, edges: list[int], price_bits: float, floor: float) -> None:
    """Remove each cut, in turn, that does not pay."""
    i = 1
    while i < len(edges) - 1:
        first, cut, last = edges[i - 1 : i + 2]
        inner = [0, cut - first, last - first]
        part = numbers[first:last]
        if _bits(part, [0, last - first], price_bits, floor) <= _bits(
            part, inner, price_bits, floor
        ):
            del edges[i]
        else:
            i += 1


def _density_bits(sums: Floats, squares: Floats, sizes: Integers, floor: float) -> Floats:
    """Return n/2 log2(2 pi e (v + floor)) + log2 n of segments."""
    means = sums / sizes
    variances = np.maximum(0.0, squares / sizes - means * means) + floor
    with np.errstate(divide="ignore"):
        bits = sizes / 2 * np.log2(2 * math.pi * math.e * variances)
    return np.asarray(bits + np.log2(sizes))


def _bits(numbers: Floats, edges: list[int], price_bits: float, floor: float) -> float:
    """Return the sum of the bits of all segments."""
    sums, squares = np.diff(_sums(numbers)[edges]), np.diff(_sums(numbers * numbers)[edges])
    bits = _density_bits(sums, squares, np.diff(edges), floor)
    return float(bits.sum()) + price_bits * bits.size


def _sums(numbers: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(numbers)])


def _trace(starts: Integers, place: int) -> list[int]:
    places = [place]
    while places[-1] > 0:
        places.append(int(starts[places[-1]]))
    return places[::-1]
