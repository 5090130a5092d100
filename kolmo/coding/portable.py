"""Powers, logarithms and the gamma function with the same bits on every machine.

What an encoder and a decoder must agree on may not come from a mathematics library: its last bit
differs between machines. These use additions, multiplications and divisions of IEEE doubles, which
are correctly rounded everywhere, one array operation after the other; and rounding to integers,
splitting off exponents and maxima, which are exact.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LN_2 = 0.6931471805599453
LOG2_E = 1.4426950408889634
_HALF_LOG2_TWO_PI = 1.3257480647361595
_ROOT_HALF = 0.7071067811865476
_SMALL = 0.25
_SMALLEST_POWER, _LARGEST_POWER = -1022.0, 1023.9999999999999
_STIRLING_FROM = 16

# e**t, |t| <= ln(2) / 2, in powers of t
_EXPONENTIAL = (
    1.0,
    1.0,
    1 / 2,
    1 / 6,
    1 / 24,
    1 / 120,
    1 / 720,
    1 / 5040,
    1 / 40320,
    1 / 362880,
    1 / 3628800,
    1 / 39916800,
    1 / 479001600,
    1 / 6227020800,
)
# artanh(s) / s, s**2 < .0295, in powers of s**2
_ARTANH = tuple(1 / odd for odd in range(1, 25, 2))
# x times the error of Stirling's formula for ln gamma(x), in powers of 1/x**2
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)


def exp2(x: Floats) -> Floats:
    """Return 2**x to a relative accuracy of 10**-15; below 2**-1022 it is 0.

    Parameters
    ----------
    x : float64[n]
        Any; infinite and NaN too.

    Examples
    --------
    >>> exp2(np.array([-1.0, 0.0, 10.0, -np.inf])).tolist()
    [0.5, 1.0, 1024.0, 0.0]
    """
    regular = (x >= _SMALLEST_POWER) & (x <= _LARGEST_POWER)
    inside = np.where(regular, x, 0.0)
    whole = np.rint(inside)
    powers = np.ldexp(polynomial(_EXPONENTIAL, (inside - whole) * _LN_2), whole.astype(np.intc))
    special = np.where(x < _SMALLEST_POWER, 0.0, np.where(x > _LARGEST_POWER, np.inf, np.nan))
    return np.where(regular, powers, special)


def log2(x: Floats) -> Floats:
    """Return log2(x) to a relative accuracy of 10**-15; log2(0) is -inf, below 0 NaN.

    Parameters
    ----------
    x : float64[n]
        Any; infinite and NaN too.

    Examples
    --------
    >>> log2(np.array([0.0, 0.25, 1.0, 1024.0])).tolist()
    [-inf, -2.0, 0.0, 10.0]
    """
    regular = (x > 0) & (x < np.inf)
    mantissas, exponents = np.frexp(np.where(regular, x, 1.0))
    low = mantissas < _ROOT_HALF
    mantissas = np.where(low, 2 * mantissas, mantissas)
    ratios = (mantissas - 1) / (mantissas + 1)
    special = np.where(x == 0, -np.inf, np.where(x == np.inf, np.inf, np.nan))
    return np.where(regular, exponents - low + _log2_series(ratios), special)


def log2_1p(x: Floats) -> Floats:
    """Return log2(1 + x), also for small x to a relative accuracy of 10**-15.

    Examples
    --------
    >>> float(log2_1p(np.array([1e-30]))[0]) / 1e-30  # log2(e)
    1.4426950408889634
    """
    small = np.abs(x) < _SMALL
    ratios = np.where(small, x, 0.0) / (2 + np.where(small, x, 0.0))
    return np.where(small, _log2_series(ratios), log2(1 + x))


def log2_gamma(x: Floats) -> Floats:
    """Return log2 of the gamma function, to about 10**-15 of the largest of 1, x and its value.

    Parameters
    ----------
    x : float64[n]
        Infinite at 0, NaN below.

    References
    ----------
    M. Abramowitz, I. A. Stegun (1964). Handbook of Mathematical Functions. 6.1.15, the recurrence,
    below 16; 6.1.41, Stirling's formula, above.

    Examples
    --------
    >>> 2 ** log2_gamma(np.array([1.0, 5.0])).round(12)
    array([ 1., 24.])
    """
    regular = (x > 0) & (x < np.inf)
    raised = np.where(regular, x, 1.0)
    product = np.ones_like(raised)
    for _ in range(_STIRLING_FROM):
        low = raised < _STIRLING_FROM
        product = np.where(low, product * raised, product)
        raised = np.where(low, raised + 1, raised)
    with np.errstate(over="ignore"):
        main = (raised - 0.5) * (log2(raised) - LOG2_E)
    found = main + stirling_error(raised) + (_HALF_LOG2_TWO_PI - LOG2_E / 2) - log2(product)
    return np.where(regular, found, np.where(x >= 0, np.inf, np.nan))


def stirling_error(x: Floats) -> Floats:
    """Return log2 of gamma(x) / (sqrt(2 pi / x) (x / e)**x), for x of 16 or more."""
    return LOG2_E * (polynomial(_STIRLING, 1 / x / x) / x)


def _log2_series(ratios: Floats) -> Floats:
    """Return log2((1 + s) / (1 - s)), where s**2 < .0295."""
    return 2 * LOG2_E * ratios * polynomial(_ARTANH, ratios * ratios)


def polynomial(coefficients: Sequence[float], x: Floats) -> Floats:
    """Return the sum of coefficients[k] * x**k, by Horner's rule."""
    value = np.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def total(x: Floats) -> float:
    """Return the sum, one after the other, unlike numpy's, whose order differs by machine."""
    return float(np.add.accumulate(x)[-1]) if x.size else 0.0
