"""The best cuts of a column, by dynamic programming over the densities of its segments.

Every candidate for the start of the last segment is weighed at every place, hence the loops over
candidates are simple enough for the compiler to do several at once: sums, binary digits, and a
logarithm of our own, right to 2**-50.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]
Running = tuple[Floats, Floats, Floats]
Starts = tuple[Floats, Floats, Floats, Floats, Floats, Numbers]
Digits = tuple[Floats, Floats, Floats, Floats, Numbers, Numbers, Numbers]

_HALF_ROOT = np.int64(0x3FE6A09E667F3BCC)  # the binary digits of sqrt(1/2), as those below
_TO_ONE = np.int64(0x3FF0000000000000) - _HALF_ROOT
_MANTISSA = np.int64(0x000FFFFFFFFFFFFF)
_WHOLE = np.int64(0x4330000000000000)  # 2**52; with an integer in its last digits, the sum
_EXPONENT_ORIGIN = 2.0**52 + 1023
_TWO_PI_E = 2 * np.pi * np.e
_SERIES = 2 / np.log(2) / np.arange(1, 21, 2)
_0, _1, _2, _3, _4, _5, _6, _7, _8, _9 = _SERIES.tolist()
_PRUNING_STEP = 8
LANES = 16
"""How many candidates there must be room for beyond their number."""

# Rows are below 2**53, as whole floats. Running: the sums of the values and of their squares up to
# each place, and its row. Starts, for each candidate: the same three, the least bits up to it, from
# which row on it is no candidate, infinite at first, and its place. Digits is scratch, a number for
# each candidate: densities, exponents and mantissas of these, and bits; then the memory of the
# first three as int64, below 2**63.
# The loops run over multiples of LANES, which the compiler does at once; what lies beyond the
# candidates is zeros or former candidates, whose rows are below all ends. Arrays are taken from
# tuples by number: taken apart, each would be counted in and out, at the cost of some candidates.


@kernel
def write_densities(
    ends: tuple[float, float, float], floor: float, starts: Starts, count: int, densities: Floats
) -> None:
    """Write 2 pi e times the variance, floor included, of the values from each start to the end."""
    total, square, row = ends
    totals, squares, rows = starts[0], starts[1], starts[2]
    for k in range(count):
        part = 1.0 / (row - rows[k])
        mean = (total - totals[k]) * part
        variance = (square - squares[k]) * part - mean * mean
        densities[k] = _TWO_PI_E * ((variance if variance > 0.0 else 0.0) + floor)


@kernel
def split_digits(digits: Numbers, count: int, exponents: Numbers, mantissas: Numbers) -> None:
    """Write floats that are 2**52 and an exponent, and mantissas from sqrt(1/2) to sqrt(2)."""
    for k in range(count):
        moved = digits[k] + _TO_ONE
        exponents[k] = (moved >> 52) | _WHOLE
        mantissas[k] = (moved & _MANTISSA) + _HALF_ROOT


@kernel
def write_bits(row: float, starts: Starts, count: int, scratch: Digits) -> None:
    """Write the least bits up to each start, and those of the density of all values after it.

    log2 m is 2 / ln 2 (s + s**3/3 + s**5/5 ...), s = (m - 1) / (m + 1), at most .172.
    """
    exponents, mantissas, bits = scratch[1], scratch[2], scratch[3]
    rows, least = starts[2], starts[3]
    for k in range(count):
        s = (mantissas[k] - 1.0) / (mantissas[k] + 1.0)
        z = s * s
        high = _5 + z * (_6 + z * (_7 + z * (_8 + z * _9)))
        series = _0 + z * (_1 + z * (_2 + z * (_3 + z * (_4 + z * high))))
        log = (exponents[k] - _EXPONENT_ORIGIN) + s * series
        bits[k] = least[k] + 0.5 * (row - rows[k]) * log


@kernel
def least_start(
    row: float, starts: Starts, bits: Floats, count: int, prices: tuple[float, float, Floats]
) -> tuple[float, int]:
    """Return the least of bits, price and log2(length), and which candidate has it, or -1."""
    price, logs, rows = prices[0], prices[2], starts[2]
    best, found = np.inf, -1
    for k in range(count):
        if bits[k] + price < best:
            cost = bits[k] + logs[int(row - rows[k])] + price
            if cost < best:
                best, found = cost, k
    return best, found


@kernel
def prune_starts(
    row: float, limits: tuple[float, int], bits: Floats, count: int, starts: Starts
) -> int:
    """Remove candidates that are none from ``row`` on; return how many are left.

    Those with ``best`` bits or more are given up where a cut at ``row`` can have followed.
    """
    best, minimum = limits
    totals, squares, rows, least, until, places = starts
    kept = 0
    for k in range(count):
        if until[k] > row:
            last = row + minimum if bits[k] >= best else np.inf
            totals[kept], squares[kept], rows[kept] = totals[k], squares[k], rows[k]
            least[kept], places[kept] = least[k], places[k]
            until[kept] = min(until[k], last)
            kept += 1
    return kept


@kernel
def add_start(running: Running, place: int, bits: float, starts: Starts, count: int) -> None:
    """Write a candidate behind the others."""
    totals, squares, rows, least, until, places = starts
    totals[count], squares[count] = running[0][place], running[1][place]
    rows[count], least[count], until[count], places[count] = running[2][place], bits, np.inf, place


@kernel
def best_segments(
    running: Running,
    minimum: int,
    prices: tuple[float, float, Floats],
    state: tuple[Floats, Numbers, Numbers, Starts, Digits],
    span: tuple[int, int],
) -> None:
    """Extend the best segmentation to the places from span[0] to span[1].

    Parameters
    ----------
    running : (float64[n + 1], float64[n + 1], float64[n + 1])
        Sums of the values and of their squares up to each place, and its row.
    minimum : int
        Least number of rows from a cut to the next, >= 1.
    prices : (float, float, float64[rows + 1])
        Bits for each segment; the floor of the variance; and log2 of all lengths.
    state : (float64[n + 1], int64[n + 1], int64[2], starts, digits)
        Least bits up to each place, 0 for the first; where its last segment starts; how many
        candidates there are, and the first place that is not yet one; the candidates; scratch.
    span : (int, int)
        First place, last place.

    Notes
    -----
    A start s is given up from t + minimum on if a cut at t is never worse: least[s] and the
    density's bits from s to t reach least[t], as log2(a) + log2(b) - log2(a + b) <= log2(a).
    """
    totals, squares, rows = running
    least, befores, counts, starts, scratch = state
    densities, bits = scratch[0], scratch[3]
    digits, exponents, mantissas = scratch[4], scratch[5], scratch[6]
    count, newest = counts[0], counts[1]
    for t in range(span[0], span[1] + 1):
        row = rows[t]
        while rows[newest] + minimum <= row:
            if least[newest] < np.inf:
                add_start(running, newest, least[newest], starts, count)
                count += 1
            newest += 1
        padded = (count + LANES - 1) // LANES * LANES
        write_densities((totals[t], squares[t], row), prices[1], starts, padded, densities)
        split_digits(digits, padded, exponents, mantissas)
        write_bits(row, starts, padded, scratch)
        least[t], found = least_start(row, starts, bits, count, prices)
        befores[t] = starts[5][found] if found >= 0 else 0
        if t % _PRUNING_STEP == 0:
            count = prune_starts(row, (least[t], minimum), bits, count, starts)
    counts[0], counts[1] = count, newest
