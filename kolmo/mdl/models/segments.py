"""Where a column's level or spread changes: the cuts, by dynamic programming over densities.

References
----------
R. Killick, P. Fearnhead, I. A. Eckley (2012). Optimal detection of changepoints with a linear
computational cost. Journal of the American Statistical Association 107, 1590-1598.
doi:10.1080/01621459.2012.737745. Section 3, PELT. We differ in the price of a segment, which grows
with its length, and in keeping a candidate until shorter last segments are possible.

K. Haynes, I. A. Eckley, P. Fearnhead (2017). Computationally efficient changepoint detection for a
range of penalties. Journal of Computational and Graphical Statistics 26(1), 134-143.
doi:10.1080/10618600.2015.1116445. Section 3, the next price to try between two solutions. We differ
in trying only those beside the solution that is best by another measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_CHUNK_STEPS = 1 << 22
_CHUNK_PLACES = 1 << 10
_LARGEST_EXACT = 1 << 12
_EXACT_WORK = 1 << 25  # candidates weighed, at about 1 ns
_EXACT_WORK_PER_ROW = 1 << 8
_REACH = 2
_COARSER = 8
_LAST_REACH = 32
_FIRST_PRICES = (1.0, 0.6)  # of log2 n, that of a place in the column
_CHEAPER = 0.75
_LEAST_PRICE = 0.3
_LARGEST_RUNS = 12


class Sums(NamedTuple):
    """Of a column, up to each row: the sums of its numbers and of their squares; and log2."""

    totals: Floats
    squares: Floats
    logs: Floats


class Solution(NamedTuple):
    """Segments, what all but the prices cost, and the length of the column's message."""

    lengths: tuple[int, ...]
    density_bits: float
    total_bits: float


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
    Exact up to 4096 rows. For more the cuts are first chosen among 4096 evenly spaced rows. If
    half the squares of the segments' lengths are then at most 2**25 + 256 n, or there are as few
    candidates all along, all rows are searched, and the result is exact too. Else the evenly
    spaced rows and those near the cuts are, in steps as small as this work allows, at last in
    single rows: a further segment that is shorter than their distance may be missed.

    Examples
    --------
    >>> segment_lengths(np.array([0., 1, 0, 1, 9, 8, 9, 8]), 2, 3.0)[0]
    (4, 4)
    """
    sums = _sums(numbers)
    edges = _best_edges(sums, minimum, price_bits, floor)
    return tuple(np.diff(edges).tolist()), _bits(sums, edges, price_bits, floor)


def solutions(
    numbers: Floats, minimum: int, floor: float, total_bits: Callable[[tuple[int, ...]], float]
) -> dict[int, Solution]:
    """Return the best segments found for some numbers of segments, from 1.

    The price of a segment is varied until the numbers of segments next to the best, in length of
    the message, are known, or there are no such for any price. Those then come from the best by
    leaving out the cut that tells least, or adding the one that tells most.

    Parameters
    ----------
    numbers, minimum, floor
        As in `segment_lengths`.
    total_bits : callable
        The length of the message with segments of given lengths.

    Notes
    -----
    At most 12 runs of `segment_lengths`.
    """
    sums = _sums(numbers)
    found: dict[int, Solution] = {}

    def keep(edges: Integers) -> None:
        lengths = tuple(np.diff(edges).tolist())
        old = found.get(len(lengths))
        if old is None or old.lengths != lengths:
            new = Solution(lengths, _bits(sums, edges, 0.0, floor), total_bits(lengths))
            found[len(lengths)] = min(old or new, new, key=_total_bits)

    keep(np.array([0, numbers.size]))
    tried: list[float] = []
    while numbers.size >= 2 * minimum and len(tried) < _LARGEST_RUNS:
        price = _next_price(found, tried, math.log2(numbers.size))
        if price is None:
            break
        tried.append(price)
        keep(_best_edges(sums, minimum, price, floor))
    best = np.cumsum([0, *min(found.values(), key=_total_bits).lengths])
    for edges in (_with_fewer(sums, best, floor), _with_more(sums, best, minimum, floor)):
        if edges.size - 1 not in found:
            keep(edges)
    return dict(sorted(found.items()))


def _total_bits(solution: Solution) -> float:
    return solution.total_bits


def _next_price(found: dict[int, Solution], tried: list[float], usual: float) -> float | None:
    """Return a price that may give a number of segments next to the best one."""
    if len(tried) < len(_FIRST_PRICES):
        return _FIRST_PRICES[len(tried)] * usual
    best = min(found, key=lambda number: found[number].total_bits)
    fewer = max((number for number in found if number < best), default=best)
    more = min((number for number in found if number > best), default=best)
    if more == best and min(tried) > _LEAST_PRICE * usual:
        return _CHEAPER * min(tried)
    for low, high in ((fewer, best), (best, more)):
        if high - low > 1:
            price = (found[low].density_bits - found[high].density_bits) / (high - low)
            if price > 0 and price not in tried:
                return price
    return None


def _with_fewer(sums: Sums, edges: Integers, floor: float) -> Integers:
    """Return the edges without the cut that tells least, if there is one."""
    if edges.size < 3:
        return edges
    gains = _gains(sums, (edges[:-2], edges[1:-1], edges[2:]), floor)
    return np.delete(edges, 1 + np.argmin(gains))


def _with_more(sums: Sums, edges: Integers, minimum: int, floor: float) -> Integers:
    """Return the edges and the further cut that tells most, if there is room for one."""
    lengths = np.diff(edges)
    cuts = np.arange(edges[-1])
    firsts, lasts = np.repeat(edges[:-1], lengths), np.repeat(edges[1:], lengths)
    able = np.flatnonzero((cuts - firsts >= minimum) & (lasts - cuts >= minimum))
    if able.size == 0:
        return edges
    gains = _gains(sums, (firsts[able], cuts[able], lasts[able]), floor)
    return np.sort(np.append(edges, able[np.argmax(gains)]))


def _best_edges(sums: Sums, minimum: int, price_bits: float, floor: float) -> Integers:
    """Return row 0, the best cuts, and the number of rows."""
    prices = (price_bits, floor)
    size = sums.totals.size - 1
    step = -(-size // _LARGEST_EXACT)
    coarse = np.append(np.arange(size // step) * step, size)
    edges = _best_of(sums, coarse, minimum, prices)
    if step == 1:
        return edges
    every, limit = np.arange(size + 1), _EXACT_WORK + _EXACT_WORK_PER_ROW * size
    most = math.inf if _work(every, edges) <= limit else limit / size
    exact = _best_of(sums, every, minimum, prices, most)
    if exact.size:
        return exact
    while step > 1:
        reach, step = _REACH * step, _finer(coarse, edges, step, limit)
        edges = _best_of(sums, _near(coarse, edges, reach, step), minimum, prices)
    return _best_of(sums, _near(coarse, edges, _LAST_REACH, 1), minimum, prices)


def _finer(coarse: Integers, edges: Integers, step: int, limit: int) -> int:
    """Return the least step below ``step`` in which rows near the edges can be searched."""
    finer = 1
    while finer * _COARSER < step:
        if _work(_near(coarse, edges, _REACH * step, finer), edges) <= limit:
            break
        finer *= _COARSER
    return finer


def _best_of(
    sums: Sums,
    rows: Integers,
    minimum: int,
    prices: tuple[float, float],
    most: float = math.inf,
) -> Integers:
    """Return the best edges among some rows, the first and the last of which are edges.

    There are none if ever more than ``most`` candidates are left after some thousand places.
    """
    from kolmo.mdl.kernels import LANES, best_segments

    last, room = rows.size - 1, rows.size + LANES
    running = (sums.totals[rows], sums.squares[rows], rows.astype(np.float64))
    least, befores = np.zeros(last + 1), np.zeros(last + 1, np.int64)
    counts, scratch = np.zeros(2, np.int64), np.zeros((4, room))
    starts = (*np.zeros((5, room)), np.zeros(room, np.int64))
    state = (least, befores, counts, starts, (*scratch, *scratch[:3].view(np.int64)))
    place = 1
    while place <= last:
        stop = min(last, place + min(_CHUNK_PLACES, _CHUNK_STEPS // (int(counts[0]) + 64)))
        best_segments(running, minimum, (*prices, sums.logs), state, (place, stop))
        place = stop + 1
        if counts[0] > most:
            return np.empty(0, np.int64)
    return rows[_trace(befores, last)]


def _near(coarse: Integers, edges: Integers, reach: int, step: int) -> Integers:
    """Return the coarse rows, the edges, and those in reach of an edge by whole steps."""
    shifts = np.arange(-(reach // step), reach // step + 1) * step
    wanted = np.zeros(edges[-1] + 1, np.bool_)
    wanted[coarse] = True
    wanted[np.clip(edges[1:-1, None] + shifts, 0, edges[-1])] = True
    return np.flatnonzero(wanted)


def _work(rows: Integers, edges: Integers) -> int:
    """Return about how many candidates are weighed if the best cuts are near the edges."""
    places = np.diff(np.searchsorted(rows, edges))
    return int(places @ places) // 2


def _gains(sums: Sums, cuts: tuple[Integers, Integers, Integers], floor: float) -> Floats:
    """Return how many bits fewer two segments have than one, for first, cut and last row."""
    first, cut, last = cuts
    apart = _density_bits(sums, first, cut, floor) + _density_bits(sums, cut, last, floor)
    return np.asarray(_density_bits(sums, first, last, floor) - apart)


def _density_bits(sums: Sums, firsts: Integers, lasts: Integers, floor: float) -> Floats:
    """Return n/2 log2(2 pi e (v + floor)) + log2 n of segments."""
    sizes = lasts - firsts
    means = (sums.totals[lasts] - sums.totals[firsts]) / sizes
    squares = (sums.squares[lasts] - sums.squares[firsts]) / sizes
    variances = np.maximum(0.0, squares - means * means) + floor
    with np.errstate(divide="ignore"):
        bits = sizes / 2 * np.log2(2 * math.pi * math.e * variances)
    return np.asarray(bits + sums.logs[sizes])


def _bits(sums: Sums, edges: Integers, price_bits: float, floor: float) -> float:
    """Return the sum of the bits of all segments."""
    bits = _density_bits(sums, edges[:-1], edges[1:], floor)
    return float(bits.sum()) + price_bits * bits.size


def _sums(numbers: Floats) -> Sums:
    """Return the sums up to each row."""
    totals, squares = np.zeros(numbers.size + 1), np.zeros(numbers.size + 1)
    np.cumsum(numbers, out=totals[1:])
    np.cumsum(numbers * numbers, out=squares[1:])
    return Sums(totals, squares, np.log2(np.maximum(1, np.arange(numbers.size + 1))))


def _trace(befores: Integers, place: int) -> list[int]:
    places = [place]
    while places[-1] > 0:
        places.append(int(befores[places[-1]]))
    return places[::-1]
