"""Slow, obvious twins of the entropy estimates, written from the papers; natural logarithms."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy import special


def plug_in(counts: Sequence[int]) -> float:
    """Return the entropy of the relative frequencies."""
    n = sum(counts)
    return -sum(c / n * math.log(c / n) for c in counts if c)


def grassberger_g(n: int) -> float:
    """Return G(n) as Grassberger 2003 defines it."""
    half = special.digamma((n + 1) / 2) - special.digamma(n / 2)
    return float(special.digamma(n) + 0.5 * (-1) ** n * half)


def grassberger(counts: Sequence[int]) -> float:
    """Return Grassberger's entropy of 2003."""
    n = sum(counts)
    return math.log(n) - sum(c * grassberger_g(c) for c in counts if c) / n


def chao_shen(counts: Sequence[int]) -> float:
    """Return Horvitz and Thompson's sum over coverage-adjusted shares (Chao and Shen 2003)."""
    n, once = sum(counts), counts.count(1)
    coverage = 1 - (once - 1 if once == n else once) / n
    shares = [coverage * c / n for c in counts if c]
    return -sum(p * math.log(p) / (1 - (1 - p) ** n) for p in shares)


def nsb(counts: Sequence[int], alphabet: int) -> tuple[float, float]:
    """Return posterior mean and deviation: every bin by itself, every pair of bins, many points.

    Nemenman, Shafee and Bialek 2002; the moments of one Dirichlet prior as in
    Wolpert and Wolf 1995. The integral over ln b is a sum over 4,001 points from -25 to 25.
    """
    bins = np.array([*counts, *[0] * (alphabet - len(counts))], float)
    points = np.linspace(-25, 25, 4001)
    logs, means, seconds = [], [], []
    for b in np.exp(points):
        a = bins + b
        total = a.sum()
        evidence = special.gammaln(alphabet * b) - special.gammaln(total)
        evidence += (special.gammaln(a) - special.gammaln(b)).sum()
        slope = alphabet * special.polygamma(1, alphabet * b + 1) - special.polygamma(1, b + 1)
        logs.append(evidence + np.log(max(slope * b, 1e-300)))
        means.append((a / total * (special.digamma(total + 1) - special.digamma(a + 1))).sum())
        seconds.append(_second_moment(a))
    weights = np.exp(np.array(logs) - max(logs))
    weights /= weights.sum()
    mean = float(weights @ np.array(means))
    return mean, math.sqrt(float(weights @ np.array(seconds)) - mean**2)


def _second_moment(a: np.ndarray) -> float:
    total = a.sum()
    below = special.digamma(a + 1) - special.digamma(total + 2)
    pairs = np.outer(a * below, a * below) - np.outer(a, a) * special.polygamma(1, total + 2)
    np.fill_diagonal(pairs, 0)
    above = special.digamma(a + 2) - special.digamma(total + 2)
    own = above**2 + special.polygamma(1, a + 2) - special.polygamma(1, total + 2)
    return float((pairs.sum() + (a * (a + 1) * own).sum()) / (total * (total + 1)))


def occurrences(text: bytes, width: int, stop: int) -> list[int]:
    """Return how often the substring at each position below ``stop`` starts below it."""
    grams = [text[i : i + width] for i in range(stop)]
    counts = Counter(grams)
    return [counts[gram] for gram in grams]


def surprisal_sums(text: bytes, order: int, size: int) -> list[float]:
    """Return the sums of -log2 p(symbol | context) over successive batches."""
    stop = len(text) - order
    contexts, grams = (occurrences(text, order + k, stop) for k in (0, 1))
    terms = [math.log2(c / g) for c, g in zip(contexts, grams, strict=True)]
    return [sum(terms[i : i + size]) for i in range(0, stop - size + 1, size)]


def renewal_rate(text: bytes) -> float:
    """Return the entropy of the waiting times by their mean, in bits (Gao et al. 2008)."""
    ones = [i for i, symbol in enumerate(text) if symbol]
    waits = [after - before for before, after in pairwise(ones)]
    if not waits:
        return 0.0
    return plug_in(list(Counter(waits).values())) / math.log(2) / (sum(waits) / len(waits))
