"""The most likely mixtures of normal densities, K components after K - 1: for encoders only.

Each round of EM lengthens no message: components take their share of every value, and then weight,
mean and variance from their shares. It only finds the nearest valley; so the search for K starts in
many places at once, all of them deterministic: one component of the best K - 1 is cut in two, at
each quartile of its values or around their middle half; and the values are cut in K slices of equal
number or of equal width.

References
----------
A. P. Dempster, N. M. Laird, D. B. Rubin (1977). Maximum likelihood from incomplete data via the EM
algorithm. Journal of the Royal Statistical Society B 39(1), 1-38. Section 4.3, mixtures.

J. J. Verbeek, N. Vlassis, B. Kröse (2003). Efficient greedy learning of Gaussian mixture models.
Neural Computation 15(2), 469-485. doi:10.1162/089976603762553004. Section 3, a component more from
the values of each. We differ in cuts at quartiles, where they draw at random.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NARROWEST_VARIANCE = 1 / (2 * math.pi)
"""Of values rounded to integers; a density of less would exceed 1, which no probability does."""

FINE_BINS = 1 << 14
"""How many values, or bins of them, the last rounds look at."""

_SEARCH_BINS = 1 << 10
_SCREENING_ROUNDS, _ROUNDS, _LAST_ROUNDS = 12, 400, 20
_FINALISTS = 3
_ENOUGH_BITS = 2e-3
_TINY = 1e-9

_SMOOTH_SCALE = 2.0
_POINTS = [(i + 0.5) / 16 - 0.5 for i in range(16)]
_GAUSS_POINTS = [-math.sqrt(1 / 12), math.sqrt(1 / 12)]


class Sample(NamedTuple):
    """Values in ascending order, or bins of neighbouring ones; float64[m] each.

    Attributes
    ----------
    places, counts, spreads
        Mean, number, and variance of the values of each bin.
    """

    places: Floats
    counts: Floats
    spreads: Floats


class Mix(NamedTuple):
    """Mixtures of K normal densities, one or many; float64[..., K] each.

    Attributes
    ----------
    weights, means, variances
        Of each component; the weights have sum 1.
    """

    weights: Floats
    means: Floats
    variances: Floats


def mixtures(distinct: Floats, counts: Integers, largest: int) -> Iterator[Mix]:
    """Yield a very likely mixture for each number of components, from 2 to ``largest``.

    Parameters
    ----------
    distinct : float64[m]
        The different values in ascending order, integers or near to them.
    counts : int64[m]
        How often each occurs.
    largest : int
        Most components.

    Notes
    -----
    Likely means: likelihood less the price of narrow components, whose location must be sent to
    more digits; without it two neighbouring values would often make a component.

    O(K**2) trials of O(K min(m, 2**10)) a round, and some rounds of O(K min(m, 2**14)).

    Examples
    --------
    >>> values = np.array([-51., -50, -49, 49, 50, 51])
    >>> mix = next(mixtures(values, np.array([5, 10, 5, 5, 10, 5]), 2))
    >>> mix.means.round(6).tolist(), mix.variances.round(6).tolist()
    ([-50.0, 50.0], [0.5, 0.5])
    """
    centre = float(distinct @ counts / counts.sum())
    fine = binned(distinct - centre, counts, FINE_BINS)
    rough = binned(distinct - centre, counts, _SEARCH_BINS)
    best = _moments(rough, rough.counts[None])
    for components in range(2, largest + 1):
        best = _search(rough, best, components)
        found, _ = improve(fine, best, _LAST_ROUNDS)
        order = np.argsort(found.means, kind="stable")
        yield Mix(found.weights[order], found.means[order] + centre, found.variances[order])


def binned(places: Floats, counts: Integers, limit: int) -> Sample:
    """Return a sample of about ``limit`` bins at most, one for each place if there are few.

    Half of the edges divide the values in equal numbers, half of them in equal widths.
    """
    if places.size <= limit:
        return Sample(places, counts.astype(np.float64), np.zeros(places.size))
    ranks = (np.cumsum(counts) - 0.5 * counts) / counts.sum()
    widths = (places - places[0]) / (places[-1] - places[0])
    labels = [(part * (limit // 2)).astype(np.int64) for part in (ranks, widths)]
    changes = (np.diff(labels[0]) > 0) | (np.diff(labels[1]) > 0)
    starts = np.flatnonzero(np.concatenate([[True], changes]))
    numbers = np.add.reduceat(counts, starts).astype(np.float64)
    means = np.add.reduceat(counts * places, starts) / numbers
    each = np.repeat(means, np.diff([*starts, places.size]))
    squares = np.add.reduceat(counts * (places - each) ** 2, starts)
    return Sample(means, numbers, squares / numbers)


def improve(sample: Sample, mix: Mix, rounds: int) -> tuple[Mix, Floats]:
    """Return mixtures after so many rounds of EM, or fewer if they gain nothing, and their bits."""
    bits = np.full(mix.weights.shape[:-1], np.inf)
    for _ in range(rounds):
        before = bits
        bits, shares, squares = _divide(sample, mix)
        if bool(np.all(before - bits < _ENOUGH_BITS)):
            break
        mix = _gather(sample, mix, shares, squares)
    return mix, bits


def _search(sample: Sample, smaller: Mix, components: int) -> Mix:
    """Return the best mixture found from all starts."""
    starts = [*_splits(sample, smaller), *_slices(sample, components)]
    trials = Mix(*(np.array(column) for column in zip(*starts, strict=True)))
    trials, bits = improve(sample, trials, _SCREENING_ROUNDS)
    kept = np.argsort(bits + _price_bits(sample, trials), kind="stable")[:_FINALISTS]
    trials, bits = improve(sample, Mix(*(column[kept] for column in trials)), _ROUNDS)
    winner = int(np.argmin(bits + _price_bits(sample, trials)))
    return Mix(*(column[winner] for column in trials))


def _divide(sample: Sample, mix: Mix) -> tuple[Floats, Floats, Floats]:
    """Return the bits under each mixture, the shares [..., K, m] of values, squared distances."""
    squares = sample.places - mix.means[..., None]
    squares *= squares
    squares += sample.spreads
    shares = squares * (-0.5 / mix.variances)[..., None]
    shares += (np.log(mix.weights) - 0.5 * np.log(2 * np.pi * mix.variances))[..., None]
    highest = shares.max(axis=-2, keepdims=True)
    np.exp(np.subtract(shares, highest, out=shares), out=shares)
    sums = shares.sum(axis=-2, keepdims=True)
    logs = (highest + np.log(sums))[..., 0, :]
    shares *= sample.counts / sums
    return np.asarray(-(logs @ sample.counts) / math.log(2)), shares, squares


def _gather(sample: Sample, mix: Mix, shares: Floats, squares: Floats) -> Mix:
    """Return the mixtures whose components have the moments of their shares."""
    numbers = shares.sum(axis=-1) + _TINY
    means = (shares @ sample.places + _TINY * mix.means) / numbers
    spreads = np.einsum("...m,...m->...", shares, squares) + _TINY * mix.variances
    variances = spreads / numbers - (means - mix.means) ** 2
    weights = numbers / numbers.sum(axis=-1, keepdims=True)
    return Mix(weights, means, np.maximum(variances, NARROWEST_VARIANCE))


def _moments(sample: Sample, shares: Floats) -> Mix:
    """Return the mixture whose components have the moments of some shares [K, m]."""
    numbers = shares.sum(axis=-1) + _TINY
    means = shares @ sample.places / numbers
    squares = (sample.places - means[:, None]) ** 2 + sample.spreads
    variances = (shares * squares).sum(axis=-1) / numbers
    return Mix(numbers / numbers.sum(), means, np.maximum(variances, NARROWEST_VARIANCE))


def _splits(sample: Sample, mix: Mix) -> Iterator[Mix]:
    """Yield the mixture with each of its components cut in two, in four ways."""
    _, shares, _ = _divide(sample, mix)
    for k, share in enumerate(shares):
        ranks = (np.cumsum(share) - 0.5 * share) / (share.sum() + _TINY)
        sides: list[NDArray[Any]] = [ranks < quartile for quartile in (0.25, 0.5, 0.75)]
        for side in [*sides, sides[2] & ~sides[0]]:
            halves = _moments(sample, np.array([share * side, share * ~side]))
            rest = Mix(*(np.delete(column, k) for column in mix))
            joined = [np.concatenate(pair) for pair in zip(rest, halves, strict=True)]
            joined[0][-2:] *= mix.weights[k]
            yield Mix(*joined)


def _slices(sample: Sample, components: int) -> Iterator[Mix]:
    """Yield the mixtures of slices of equal number and of equal width, if none is empty."""
    low, high = sample.places[0], sample.places[-1]
    ranks = (np.cumsum(sample.counts) - 0.5 * sample.counts) / sample.counts.sum()
    for part in (ranks, (sample.places - low) / max(high - low, _TINY)):
        labels = np.minimum(part * components, components - 1).astype(np.int64)
        if np.unique(labels).size == components:
            members = labels == np.arange(components)[:, None]
            yield _moments(sample, members * sample.counts)


def _price_bits(sample: Sample, mix: Mix) -> Floats:
    """Return what scales and locations cost, about: digits for the step of each, and exponents."""
    places, rows = sample.places, float(sample.counts.sum())
    variance = max(float(places * places @ sample.counts) / rows, NARROWEST_VARIANCE)
    octaves = 0.5 * np.log2(variance / mix.variances)
    digits = np.log2(np.maximum(rows * mix.weights, 1.0))
    return np.asarray((octaves + digits + 2 * np.log2(1 + np.abs(octaves))).sum(axis=-1))


def cell_masses(places: Floats, mean: float, scale: float) -> Floats:
    """Return about the probability of the integers at some places, under a normal distribution."""
    inside = _POINTS if scale < _SMOOTH_SCALE else _GAUSS_POINTS
    masses = np.zeros(places.size)
    for point in inside:
        z = (places + (point - mean)) / scale
        masses += np.exp(-0.5 * z * z)
    return masses / (len(inside) * scale * math.sqrt(2 * math.pi))
