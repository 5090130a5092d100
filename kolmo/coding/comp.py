"""The normalising sums of normalised maximum likelihood, COMP, and textbook lengths from counts.

The price of not knowing the parameters is log2 COMP bits. These are formulas in floating point,
for prices and comparisons; what can be sent is in `kolmo.coding.counts`.

References
----------
P. Kontkanen, P. Myllymäki (2007). A linear-time algorithm for computing the multinomial stochastic
complexity. Information Processing Letters 103(6), 227-233. doi:10.1016/j.ipl.2007.04.003.

T. Mononen, P. Myllymäki (2008). Computing the multinomial stochastic complexity in sub-linear time.
Proceedings of PGM 2008, 209-216.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import chain

from kolmo.errors import ParameterError

_RESCALE_BITS = 512
_RESCALE = 2.0**_RESCALE_BITS
_STIRLING_FROM = 32
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680)
_STIRLING_BLOCK = 1 << 20


def multinomial_complexity_bits(categories: int, length: int) -> float:
    """Return log2 of COMP for ``length`` symbols of ``categories`` kinds, an NML price in bits.

    Parameters
    ----------
    categories : int
        Number of kinds K, >= 1.
    length : int
        Number of symbols n, >= 0.

    Returns
    -------
    float
        log2 C(K, n), a criterion; >= 0, growing with K and n.

    Notes
    -----
    C(2, n) is the sum of the falling products n (n - 1) ... / n**k, about 9 sqrt(n) positive terms;
    then C(K + 2, n) = C(K + 1, n) + n / K C(K, n), rescaled by powers of two. Relative error below
    10**-12. (The sum over counts by the gamma function is off by 10**-7 bits at n = 10**6.)

    Examples
    --------
    C(2, 2) = 1 + 2 (1/2)**2 + 1 = 5/2:

    >>> round(2 ** multinomial_complexity_bits(2, 2), 12)
    2.5
    """
    if categories < 1 or length < 0:
        raise ParameterError(
            f"no model: got {categories} categories, {length} symbols; need 1 or more, 0 or more."
        )
    if length == 0 or categories == 1:
        return 0.0
    previous, current, exponent = 1.0, binary_complexity(length), 0
    for k in range(1, categories - 1):
        previous, current = current, current + length / k * previous
        if current > _RESCALE:
            previous, current = previous / _RESCALE, current / _RESCALE
            exponent += _RESCALE_BITS
    return math.log2(current) + exponent


def binary_complexity(length: int) -> float:
    """Return C(2, n), the NML sum of n binary symbols, n >= 1."""
    return math.fsum(_falling_products(length))


def poisson_complexity(largest_total: int) -> float:
    """Return COMP of Poisson variables whose sum is at most ``largest_total``.

    Parameters
    ----------
    largest_total : int
        n M if each of n counts is at most M; >= 0.

    Returns
    -------
    float
        The sum of e**-t t**t / t! for t = 0 to n M; its price is the log2.

    Notes
    -----
    Time O(n M); relative error about 10**-13.

    Examples
    --------
    >>> round(poisson_complexity(100), 8)
    8.33874097
    """
    _check_total(largest_total)
    exact = (math.exp(t * math.log(t) - t) / math.factorial(t) for t in range(1, _STIRLING_FROM))
    terms = [1.0, *exact][: largest_total + 1]
    return math.fsum(chain(terms, _stirling_sums(largest_total)))


def geometric_complexity(length: int, largest_total: int) -> float:
    """Return COMP of ``length`` geometric variables (from 0) of a sum up to ``largest_total``.

    Parameters
    ----------
    length : int
        Number n of variables, >= 1.
    largest_total : int
        n M if each is at most M; >= 0.

    Returns
    -------
    float
        The sum of C(n + t - 1, t) p**n (1 - p)**t for p = n / (n + t) and t = 0 to n M.

    Notes
    -----
    Time O(n M); relative error below 10**-9 up to n + t = 10**6.

    Examples
    --------
    >>> round(geometric_complexity(10, 100), 8)
    5.05848275
    """
    _check_total(largest_total)
    if length < 1:
        raise ParameterError(f"no variables: got {length}; need 1 or more.")
    return math.fsum(_geometric_term(length, total) for total in range(largest_total + 1))


def maximum_likelihood_bits(counts: Sequence[int]) -> float:
    """Return n H of the counts' own frequencies: no code, as no decoder knows them.

    Examples
    --------
    >>> round(maximum_likelihood_bits([3, 7]), 6)
    8.812909
    """
    length = sum(counts)
    return math.fsum(count * math.log2(length / count) for count in counts if count)


def nml_bits(counts: Sequence[int]) -> float:
    """Return the textbook NML length in bits of a sequence with these counts.

    What can be sent is `kolmo.coding.counts.NML`.

    Examples
    --------
    >>> round(nml_bits([3, 7]), 6)
    11.033306
    """
    price = multinomial_complexity_bits(len(counts), sum(counts))
    return maximum_likelihood_bits(counts) + price


def _falling_products(length: int) -> Iterator[float]:
    """Yield n (n - 1) ... (n - k + 1) / n**k for k = 0, 1 ... until it is too small to count."""
    product = 1.0
    for k in range(length + 1):
        yield product
        product *= (length - k) / length
        if product < 1e-18:
            return


def _check_total(total: int) -> None:
    if total < 0:
        raise ParameterError(f"total too small: got {total}; need 0 or more.")


def _geometric_term(length: int, total: int) -> float:
    if total == 0:
        return 1.0
    both = length + total
    ways = math.lgamma(both) - math.lgamma(length) - math.lgamma(total + 1)
    return math.exp(ways - length * math.log(both / length) - total * math.log(both / total))


def _stirling_sums(largest: int) -> Iterator[float]:
    """Yield the sums of e**-t t**t / t! over blocks of t from _STIRLING_FROM on."""
    if largest < _STIRLING_FROM:
        return
    import numpy as np

    for start in range(_STIRLING_FROM, largest + 1, _STIRLING_BLOCK):
        t = np.arange(start, min(start + _STIRLING_BLOCK, largest + 1), dtype=np.float64)
        series = sum(factor / t ** (2 * i + 1) for i, factor in enumerate(_STIRLING))
        yield float((np.exp(-series) / np.sqrt(2 * np.pi * t)).sum())
