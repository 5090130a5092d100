"""Entropies from counts, each with another remedy for what the plain count leaves out.

Counts come as a tally: for each number of occurrences, how many symbols occur that often. That is
all these formulas need, and it is short however long the text is. With contexts, each entropy
serves for a difference of block entropies, h = H(order + 1) - H(order).
"""

import math
from collections.abc import Callable, Mapping

from kolmo.complexity.empirical import empirical_entropy_bits, gram_tallies

Tally = Mapping[int, int]
EULER_GAMMA = 0.5772156649015329


def miller_madow_entropy(tally: Tally) -> float:
    """Return the plug-in entropy and (m - 1) / 2n nats, m the number of symbols that occur.

    Removes the first term of the bias where all symbols are common; use another where many occur
    once.

    Parameters
    ----------
    tally : mapping of int to int
        For each number of occurrences > 0, how many symbols occur that often.

    Returns
    -------
    float
        An estimate, in bits per symbol; 0 of no symbols.

    References
    ----------
    G. A. Miller (1955). Note on the bias of information estimates. In: Information Theory in
    Psychology, 95-100.

    Examples
    --------
    Two symbols, twice each: 1 bit and 1 / 8 nats.

    >>> round(miller_madow_entropy({2: 2}), 4)
    1.1803
    """
    n, seen = _total(tally), sum(tally.values())
    if n == 0:
        return 0.0
    return plug_in_entropy(tally) + (seen - 1) / (2 * n * math.log(2))


def plug_in_entropy(tally: Tally) -> float:
    """Return the entropy of the relative frequencies, in bits per symbol.

    Its bias is downwards, about -(K - 1) / 2n nats for K common symbols; see the others here.

    Examples
    --------
    >>> plug_in_entropy({2: 2})
    1.0
    """
    n = _total(tally)
    terms = (times * count / n * math.log2(n / count) for count, times in tally.items())
    return math.fsum(terms) if n else 0.0


def grassberger_entropy(tally: Tally) -> float:
    """Return Grassberger's estimate of 2003, ln n - sum n_i G(n_i) / n, in bits per symbol.

    G(n) replaces ln n so that the bias nearly vanishes for rare symbols, too.

    Parameters
    ----------
    tally : mapping of int to int
        For each number of occurrences > 0, how many symbols occur that often.

    References
    ----------
    P. Grassberger (2003). Entropy estimates from insufficient samplings. arXiv:physics/0307138.

    Examples
    --------
    Two symbols, twice each: ln 4 - G(2), where G(2) = 2 - gamma - ln 2.

    >>> round(grassberger_entropy({2: 2}), 4)
    0.9474
    """
    n = _total(tally)
    if n == 0:
        return 0.0
    inner = math.fsum(times * count * _grassberger(count) for count, times in tally.items())
    return (math.log(n) - inner / n) / math.log(2)


def chao_shen_entropy(tally: Tally) -> float:
    """Return the coverage-adjusted entropy of Chao and Shen, in bits per symbol.

    The share of symbols that occur once tells how much of the distribution was never seen (Good
    and Turing); the sum over those seen is then raised by how likely each is to be seen
    (Horvitz and Thompson). For many rare symbols; it varies more than the others.

    Parameters
    ----------
    tally : mapping of int to int
        For each number of occurrences > 0, how many symbols occur that often.

    Notes
    -----
    Where all occur once the coverage would be 0; then one of them is not counted as such.

    References
    ----------
    A. Chao, T.-J. Shen (2003). Nonparametric estimation of Shannon's index of diversity when there
    are unseen species in sample. Environmental and Ecological Statistics 10, 429-443.
    doi:10.1023/A:1026096204727.

    Examples
    --------
    No symbol occurs once, so all is covered: 1 bit divided by 1 - (1 - 1/2)**4.

    >>> chao_shen_entropy({2: 2})
    1.0666666666666667
    """
    n = _total(tally)
    if n == 0:
        return 0.0
    once = tally.get(1, 0)
    coverage = 1 - min(once, n - 1) / n
    return math.fsum(
        times * _chao_shen_term(coverage * count / n, n) for count, times in tally.items()
    )


def rate_bits(text: bytes, order: int, entropy: Callable[[Tally], float]) -> float:
    """Return n times the difference of two block entropies, H(order + 1) - H(order), in bits.

    Parameters
    ----------
    text : bytes
        One symbol for each byte.
    order : int
        Number of preceding symbols that predict the next, >= 0.
    entropy : callable
        Any of the entropies here.

    Returns
    -------
    float
        An estimate, at least 0; n counts the symbols that have a whole context.
    """
    n = len(text) - order
    if n <= 0:
        return 0.0
    if entropy is plug_in_entropy:
        return empirical_entropy_bits(text, order)
    contexts, grams = gram_tallies(text, order)
    before = entropy(contexts) if order else 0.0
    return max(0.0, n * (entropy(grams) - before))


def _total(tally: Tally) -> int:
    return sum(count * times for count, times in tally.items())


def _grassberger(count: int) -> float:
    """Return G(n): digamma(m + 1/2) + ln 2 of the even number n = 2m; an odd one adds nothing."""
    if count < 2:
        return -EULER_GAMMA - math.log(2)
    m = count // 2
    shift = max(0, 10 - m)
    high = m + shift + 0.5
    lower = math.fsum(1 / (m + 0.5 + k) for k in range(shift))
    s = 1 / high**2
    series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s / 132))))
    return math.log(2 * high) - 0.5 / high - series - lower


def _chao_shen_term(share: float, n: int) -> float:
    """Return -p log2 p / (1 - (1 - p)^n); of a certain symbol, nothing."""
    if share >= 1:
        return 0.0
    return share * math.log2(share) / math.expm1(n * math.log1p(-share))
