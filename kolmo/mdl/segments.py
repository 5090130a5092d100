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
from collections.abc import Callable, Iterator
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Moments = tuple[Floats, Floats]

_CHUNK_STEPS = 1 << 20
_CHUNK_CUTS = 1 << 16
_LARGEST_EXACT = 1 << 12
_SWEEPS = 2
_FIRST_PRICES = (1.0, 0.6)  # of log2 n, that of a place in the column
_CHEAPER = 0.75
_LEAST_PRICE = 0.3
_LARGEST_RUNS = 12


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
    sums, squares = moments = _moments(numbers)
    running = (sums[rows], squares[rows], rows)
    steps = -(-minimum // int(rows[1]))
    if steps >= rows.size:
        return (numbers.size,), _bits(moments, [0, numbers.size], price_bits, floor)
    edges = rows[_best_places(running, steps, (price_bits, floor))].tolist()
    for _ in range(_SWEEPS if rows[1] > 1 else 0):
        _move_cuts(numbers, edges, minimum, int(rows[1]), floor)
        _drop_cuts(numbers, edges, price_bits, floor)
    return tuple(np.diff(edges).tolist()), _bits(moments, edges, price_bits, floor)


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

    def solve(price_bits: float) -> Solution:
        lengths, bits = segment_lengths(numbers, minimum, price_bits, floor)
        return Solution(lengths, bits - price_bits * len(lengths), total_bits(lengths))

    found: dict[int, Solution] = {}

    def keep(lengths: tuple[int, ...]) -> None:
        edges = [0, *accumulate(lengths)]
        new = Solution(lengths, _bits(moments, edges, 0.0, floor), total_bits(lengths))
        old = found.get(len(lengths), new)
        found[len(lengths)] = min(old, new, key=lambda solution: solution.total_bits)

    moments = _moments(numbers)
    keep((numbers.size,))
    tried: list[float] = []
    while numbers.size >= 2 * minimum and len(tried) < _LARGEST_RUNS:
        price = _next_price(found, tried, math.log2(numbers.size))
        if price is None:
            break
        tried.append(price)
        keep(segment_lengths(numbers, minimum, price, floor)[0])
    best = min(found.values(), key=lambda solution: solution.total_bits).lengths
    for lengths in _neighbours(numbers, best, minimum, floor):
        if len(lengths) not in found:
            keep(lengths)
    return dict(sorted(found.items()))


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


def _neighbours(
    numbers: Floats, lengths: tuple[int, ...], minimum: int, floor: float
) -> Iterator[tuple[int, ...]]:
    """Yield segments without the cut that tells least, and with the further one that tells most."""
    edges = [0, *accumulate(lengths)]
    if len(lengths) > 1:
        gains = []
        for first, cut, last in zip(edges, edges[1:], edges[2:], strict=False):
            place = np.array([cut - first])
            gains.append(_gains(numbers[first:last], place, floor)[0])
        worst = 1 + int(np.argmin(gains))
        yield tuple(np.diff(edges[:worst] + edges[worst + 1 :]).tolist())
    best, more = -math.inf, 0
    for first, last in pairwise(edges):
        cuts = np.arange(minimum, last - first - minimum + 1)
        if cuts.size:
            found = _gains(numbers[first:last], cuts, floor)
            if found.max() > best:
                best, more = float(found.max()), first + int(cuts[np.argmax(found)])
    if more:
        yield tuple(np.diff(sorted([*edges, more])).tolist())


def _best_places(
    running: tuple[Floats, Floats, Integers], minimum: int, prices: tuple[float, float]
) -> list[int]:
    """Return the places of the best cuts, the first and the last place included."""
    from kolmo.mdl.kernels import best_segments

    last = running[2].size - 1
    least = np.full(last + 1, math.inf)
    least[0] = 0.0
    starts, candidates = np.zeros(last + 1, np.int64), np.zeros(last + 1, np.int64)
    until = np.full(last + 1, last + 1, np.int64)
    state = (least, starts, candidates, until, np.zeros(last + 1))
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
        low = max(minimum, edges[i] - reach - first)
        high = min(last - first - minimum, edges[i] + reach - first)
        cuts = np.arange(low, high + 1)
        edges[i] = first + int(cuts[np.argmax(_gains(numbers[first:last], cuts, floor))])


def _drop_cuts(numbers: Floats, edges: list[int], price_bits: float, floor: float) -> None:
    """Remove each cut, in turn, that does not pay."""
    i = 1
    while i < len(edges) - 1:
        first, cut, last = edges[i - 1 : i + 2]
        inner = [0, cut - first, last - first]
        moments = _moments(numbers[first:last])
        whole_bits = _bits(moments, [0, last - first], price_bits, floor)
        if whole_bits <= _bits(moments, inner, price_bits, floor):
            del edges[i]
        else:
            i += 1


def _gains(numbers: Floats, cuts: Integers, floor: float) -> Floats:
    """Return how many bits fewer two segments have than one, for each cut between them."""
    sums, squares = _moments(numbers)
    whole = _density_bits(sums[-1:], squares[-1:], np.array([numbers.size]), floor)
    gains = np.empty(cuts.size)
    for start in range(0, cuts.size, _CHUNK_CUTS):
        some = slice(start, start + _CHUNK_CUTS)
        a, b, size = sums[cuts[some]], squares[cuts[some]], cuts[some]
        left = _density_bits(a, b, size, floor)
        right = _density_bits(sums[-1] - a, squares[-1] - b, numbers.size - size, floor)
        gains[some] = whole - left - right
    return gains


def _density_bits(sums: Floats, squares: Floats, sizes: Integers, floor: float) -> Floats:
    """Return n/2 log2(2 pi e (v + floor)) + log2 n of segments."""
    means = sums / sizes
    variances = np.maximum(0.0, squares / sizes - means * means) + floor
    with np.errstate(divide="ignore"):
        bits = sizes / 2 * np.log2(2 * math.pi * math.e * variances)
    return np.asarray(bits + np.log2(sizes))


def _bits(moments: Moments, edges: list[int], price_bits: float, floor: float) -> float:
    """Return the sum of the bits of all segments."""
    sums, squares = (np.diff(part[edges]) for part in moments)
    bits = _density_bits(sums, squares, np.diff(edges), floor)
    return float(bits.sum()) + price_bits * bits.size


def _moments(numbers: Floats) -> Moments:
    """Return the sums of the numbers and of their squares up to each row."""
    sums, squares = np.zeros(numbers.size + 1), np.zeros(numbers.size + 1)
    np.cumsum(numbers, out=sums[1:])
    np.multiply(numbers, numbers, out=squares[1:])
    np.cumsum(squares[1:], out=squares[1:])
    return sums, squares


def _trace(starts: Integers, place: int) -> list[int]:
    places = [place]
    while places[-1] > 0:
        places.append(int(starts[places[-1]]))
    return places[::-1]
