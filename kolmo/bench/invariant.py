"""The law of all codes: no code beats the truth by t bits with a probability above 2^-t.

If x has probability P(x) and L is the length of a uniquely decodable code, then the sum over x of
P(x) 2^-(L(x) + log2 P(x)) is that of 2^-L(x), at most 1 (Kraft). By Markov's inequality the regret
r = L(x) + log2 P(x) is below -t with probability at most 2^-t: each 2^r is a p-value. A code whose
regrets are smaller than chance allows does not count all that its decoder needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, lgamma, log, log1p, log2
from typing import Any, NamedTuple

ALARM_BITS = 20.0
_LN_2 = log(2.0)


class Verdict(NamedTuple):
    """What independent regrets say of a code.

    Attributes
    ----------
    evidence_bits : float
        -log2 of the probability that some code does as well by chance, at most; 0 if nothing
        speaks against it.
    worst_bits : float
        The smallest regret.
    """

    evidence_bits: float
    worst_bits: float

    @property
    def violated(self) -> bool:
        """Whether chance is ruled out: a false alarm of one verdict has probability 2^-20."""
        return self.evidence_bits >= ALARM_BITS

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as a dictionary."""
        return {**self._asdict(), "violated": self.violated}


def judge(regrets: Sequence[float]) -> Verdict:
    """Return the evidence, in bits, that regrets of independent strings are no code's.

    For each k it takes the k-th smallest regret -t: k or more of n are so small with the
    probability of a binomial tail with p = 2^-t at most. The best of the n, times n, is the answer.

    References
    ----------
    R. H. Berk, D. H. Jones (1979). Goodness-of-fit test statistics that dominate the Kolmogorov
    statistics. Z. Wahrscheinlichkeitstheorie verw. Gebiete 47, 47-59, doi:10.1007/BF00533250; here
    with Bonferroni's correction. M. Li, P. Vitányi (2019), section 4.3.5, for the law itself.

    Examples
    --------
    >>> judge([3.0, 8.0, -1.0]).violated, judge([-21.0]).violated
    (False, True)
    >>> judge([-30.0]).evidence_bits
    30.0
    """
    ordered, count = sorted(regrets), len(regrets)
    if not ordered:
        return Verdict(0.0, inf)
    found = max(_tail_bits(count, k, regret) for k, regret in enumerate(ordered, 1))
    return Verdict(max(0.0, found - log2(count)), ordered[0])


def _tail_bits(count: int, least: int, regret: float) -> float:
    """Return -log2 P(Binomial(count, 2^regret) >= least), from below; 0 at the mean and below it.

    Above the mean each term is smaller than the one before it by a factor that itself falls: a
    geometric series bounds the sum.
    """
    chance = 2.0 ** min(regret, 0.0)
    if least <= count * chance:
        return 0.0
    others = count - least
    first = _log_choose(count, least) + least * regret * _LN_2 + others * log1p(-chance)
    ratio = others * chance / ((least + 1) * (1.0 - chance))
    return (log1p(-ratio) - first) / _LN_2


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
