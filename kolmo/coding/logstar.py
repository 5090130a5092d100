"""Rissanen's universal prior of the positive integers as a code that can be sent.

2**-log*(n) is the product of 1/x over x = n, log2 n, log2 log2 n ... while x > 1. The shares
come from this formula by decimal arithmetic, whose logarithm is correctly rounded by its
specification, hence the same everywhere; nothing here calls the mathematics library.

Three kinds of classes share one table: each n below 64; each octave of n, b = floor(log2 n), below
64; and each octave of b beyond. Inside an octave 64 cells follow the formula to .01 bits (.04 where
n is just above 64), and the digits below them are plain.

References
----------
J. Rissanen (1983). A universal prior for integers and estimation by minimum description length.
Annals of Statistics 11(2), 416-431. doi:10.1214/aos/1176346150. Equation 2.11. We differ in the
constant: 2.865064 in the text has a Kraft sum of 1.0000155.
"""

import math
from decimal import Context, Decimal, localcontext
from functools import cache, lru_cache

from kolmo.coding.code import (
    TOTAL_LIMIT,
    Interval,
    IntervalCode,
    Reader,
    damaged,
    raw_intervals,
    read_raw,
    read_symbol,
    symbol_interval,
)
from kolmo.coding.integers import require_positive
from kolmo.errors import ParameterError

LOG_STAR_CONSTANT = 2.86510841584
_CONSTANT = Decimal("2.86510841584")
_LN_2 = Decimal("0.693147180559945309417232121458")
_CELL_BITS = 6
_CELLS = 1 << _CELL_BITS
_FIRST_OCTAVE, _OCTAVES = _CELL_BITS, 64
_LAST_DOUBLE_OCTAVE = 32
_PRECISION = Context(prec=30)


def log_star_bits(value: int) -> float:
    """Return log2 c + log2 n + log2 log2 n + ..., the textbook length of a positive integer.

    A formula; what `LogStar` sends is within .04 bits of it.

    Examples
    --------
    >>> round(log_star_bits(1), 6), round(log_star_bits(16), 6)
    (1.51859, 8.51859)
    """
    bits, term = math.log2(LOG_STAR_CONSTANT), _log2(require_positive(value))
    while term > 0:
        bits += term
        term = math.log2(term)
    return bits


class LogStar(IntervalCode[int]):
    """Rissanen's code of the positive integers, of up to 2**32 binary digits.

    The shortest of the universal codes for numbers of wholly unknown size; costs a table of some
    150 shares, made on first use in about 25 ms.

    Examples
    --------
    >>> round(LogStar().codelength(16), 3)
    8.519
    """

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the class of a positive integer, its cells and its plain digits."""
        octave = require_positive(value).bit_length() - 1
        double = octave.bit_length() - 1
        if octave < _FIRST_OCTAVE:
            return [_class_interval(value - 1)]
        if octave < _OCTAVES:
            return [_class_interval(_octave_class(octave)), *_mantissa(value, octave)]
        if double >= _LAST_DOUBLE_OCTAVE:
            raise ParameterError("number too large: need at most 2**32 binary digits.")
        first = _class_interval(_double_class(double))
        return [first, *_mantissa(octave, double), *_mantissa(value, octave)]

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        found = read_symbol(coder, _classes())
        if found < _octave_class(_FIRST_OCTAVE):
            return found + 1
        if found < _double_class(_FIRST_OCTAVE):
            return _read_mantissa(coder, found - _octave_class(0))
        if found == _double_class(_LAST_DOUBLE_OCTAVE):
            raise damaged("an integer of more than 2**32 digits")
        return _read_mantissa(coder, _read_mantissa(coder, found - _double_class(0)))


def _log2(value: int) -> float:
    """Return log2 of an integer that may be larger than any float."""
    shift = max(0, value.bit_length() - 64)
    return math.log2(value >> shift) + shift


def _octave_class(octave: int) -> int:
    return _CELLS - 1 + octave - _FIRST_OCTAVE


def _double_class(double: int) -> int:
    return _octave_class(_OCTAVES) + double - _FIRST_OCTAVE


def _class_interval(index: int) -> Interval:
    return symbol_interval(_classes(), index)


def _mantissa(value: int, octave: int) -> list[Interval]:
    """Return the intervals of the digits after the first, 2**octave <= value < 2**(octave + 1)."""
    rest = octave - _CELL_BITS
    cell = symbol_interval(_cells(octave), (value >> rest) - _CELLS)
    return [cell, *raw_intervals(value & (1 << rest) - 1, rest)]


def _read_mantissa(coder: Reader, octave: int) -> int:
    coder.require_bits(octave - _CELL_BITS)
    cell = _CELLS + read_symbol(coder, _cells(octave))
    return cell << octave - _CELL_BITS | read_raw(coder, octave - _CELL_BITS)


@cache
def _classes() -> list[int]:
    """Return the bounds of all classes; the last is what is left for still larger numbers.

    The mass of the octave from 2**b to 2**(b + 1) is ln 2 times the integral of 2**-log*(u) from
    b to b + 1, as u = log2 n; and once more for octaves of b.
    """
    with localcontext(_PRECISION):
        masses = [_prior(Decimal(n)) for n in range(1, _CELLS)]
        masses += [_LN_2 * _prior_over(b) for b in range(_FIRST_OCTAVE, _OCTAVES)]
        doubles = range(_FIRST_OCTAVE, _LAST_DOUBLE_OCTAVE)
        masses += [_LN_2 * _LN_2 * _prior_over(double) for double in doubles]
        shares = [int(mass / _CONSTANT * TOTAL_LIMIT) for mass in masses]
    return [*_running_sums(shares), TOTAL_LIMIT]


@lru_cache(maxsize=256)
def _cells(octave: int) -> list[int]:
    """Return the bounds of the cells of an octave, where u = log2 n has a linear density."""
    with localcontext(_PRECISION):
        first = _prior(Decimal(octave))
        slope = _prior(Decimal(octave + 1)) - first
        masses = [log * (first + slope * log / 2) for log in _cell_logarithms()]
        return [int(mass / masses[-1] * TOTAL_LIMIT) for mass in masses]


@cache
def _cell_logarithms() -> list[Decimal]:
    with localcontext(_PRECISION):
        logarithms = [Decimal(cell).ln() / _LN_2 for cell in range(_CELLS, 2 * _CELLS)]
        return [logarithm - _CELL_BITS for logarithm in logarithms] + [Decimal(1)]


def _prior(value: Decimal) -> Decimal:
    """Return 2**-log*(value)."""
    product = Decimal(1)
    while value > 1:
        product *= value
        value = value.ln() / _LN_2
    return 1 / product


def _prior_over(start: int) -> Decimal:
    """Return the integral of the prior from ``start`` to ``start + 1``, by Simpson's rule."""
    left, middle = Decimal(start), start + Decimal("0.5")
    return (_prior(left) + 4 * _prior(middle) + _prior(left + 1)) / 6


def _running_sums(shares: list[int]) -> list[int]:
    sums = [0]
    for share in shares:
        sums.append(sums[-1] + share)
    return sums
