"""Classes by intervals of a feature of numbers, the best cuts for each number of intervals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError
from kolmo.mdl.models.discretised import Discretiser, Divided, Scale, best_divisions
from kolmo.mdl.models.tables import count_table
from kolmo.mdl.models.values import Integers

EXAMPLES: list[dict[str, int]] = [{}]

LARGEST_BINS = 1 << 11
_LARGEST_WORK = 1 << 29  # squared bins times classes, at about 1 ns
_SWEEPS = 2


class Modl(Discretiser):
    r"""A class by the interval that one feature lies in, by Boullé's optimal discretisation.

    Dynamic programming over the places between different values of the feature, those between two
    that have one and the same class apart, where no best cut is. Up to 2048 such bins (fewer for
    many classes) it is exact. More are first merged to 2048 of about as many rows; each cut is
    then moved to the best place between its neighbours.

    The message differs from the published criterion, `modl_nats`, in what is free there, the
    feature and the classes; in the number of intervals, of which few cost less; and in the cuts,
    which are some of the places between different values, as the decoder knows the feature, not
    numbers of rows. In each interval it has the same enumerative code.

    References
    ----------
    M. Boullé (2006). MODL: a Bayes optimal discretization method for continuous attributes.
    Machine Learning 65, 131-165. doi:10.1007/s10994-006-8364-x. Section 3, the criterion; we
    search as in its appendix on optimal algorithms.

    Examples
    --------
    >>> from kolmo.mdl.features import read_features
    >>> text = "".join(f"{i}\n" for i in range(100)).encode()
    >>> told = Modl().given(read_features(text, ["x"]))
    >>> told.fit([0] * 40 + [1] * 60).parameters["cuts"]
    [39.5]
    """

    name = "modl"

    def divisions(self, symbols: Integers, size: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the best cuts of each feature for each number of intervals."""
        factorials = log2_factorials(symbols.size + size)
        for feature in range(len(self.features.numeric())):
            scale = self.scale(feature)
            inside = symbols[scale.order]
            bins, exact = _bins(scale, inside, _most_bins(size))
            if bins.size > 1:
                for cuts in _best_cuts(scale, inside, bins, size, factorials):
                    moved = cuts if exact else _moved(scale, inside, cuts, size, factorials)
                    yield feature, moved

    def describe(self, parameters: Divided) -> dict[str, Any]:
        """Return the feature's name, the cuts in its units, and how they were looked for."""
        few = self.scale(parameters.feature).places < _most_bins(parameters.size)
        search = "all places" if few else f"all places, or {_most_bins(parameters.size)} bins first"
        return {**super().describe(parameters), "search": search}


def modl_nats(counts: Any) -> float:
    """Return Boullé's criterion of a discretisation in nats: lower is better.

    A published criterion, for comparison; it charges neither the feature nor the classes. What is
    sent is `Modl`, which differs in the price of the cuts.

    Parameters
    ----------
    counts : int[intervals, classes]
        How often each class is in each interval, in the order of the feature.

    Returns
    -------
    float
        log N + log C(N + I - 1, I - 1), and for each interval log C(N_i + J - 1, J - 1) and the
        log of its multinomial coefficient.

    References
    ----------
    M. Boullé (2006). MODL: a Bayes optimal discretization method for continuous attributes.
    Machine Learning 65, 131-165. doi:10.1007/s10994-006-8364-x. Theorem 1.

    Examples
    --------
    One interval of three classes, 5.010635 + 9.348013 + 159.586805:

    >>> round(modl_nats([[50, 50, 50]]), 6)
    173.945453
    """
    table = np.asarray(counts)
    if table.ndim != 2 or table.dtype.kind not in "iu" or table.min() < 0 or table.sum() < 1:
        raise ParameterError("no discretisation: need counts of classes in intervals, 1 or more.")
    intervals, classes = table.shape
    rows = int(table.sum())
    inside = [_log_ways(int(row.sum()), classes) + _log_orders(row.tolist()) for row in table]
    return math.log(rows) + _log_ways(rows, intervals) + math.fsum(inside)


def log2_factorials(largest: int) -> NDArray[np.float64]:
    """Return log2 of 0!, 1! ... of the largest, for comparison."""
    return np.concatenate([[0.0], np.cumsum(np.log2(np.arange(1, largest + 1)))])


def _log_ways(total: int, parts: int) -> float:
    """Return ln C(total + parts - 1, parts - 1)."""
    return math.lgamma(total + parts) - math.lgamma(parts) - math.lgamma(total + 1)


def _log_orders(counts: list[int]) -> float:
    """Return ln of the multinomial coefficient."""
    return math.lgamma(sum(counts) + 1) - math.fsum(math.lgamma(n + 1) for n in counts)


def _most_bins(size: int) -> int:
    return min(LARGEST_BINS, math.isqrt(_LARGEST_WORK // size))


def _bins(scale: Scale, inside: Integers, most: int) -> tuple[Integers, bool]:
    """Return the places where bins begin, 0 first, and whether none was merged for speed."""
    firsts = scale.starts[:-1]
    low, high = (ufunc.reduceat(inside, firsts) for ufunc in (np.minimum, np.maximum))
    alike = (low[1:] == high[1:]) & (low[:-1] == high[:-1]) & (low[1:] == low[:-1])
    begins = np.concatenate([[0], 1 + np.flatnonzero(~alike)])
    if begins.size <= most:
        return begins, True
    wanted = np.linspace(0, inside.size, most, endpoint=False)
    near = np.searchsorted(firsts[begins], wanted)
    return np.unique(begins[np.minimum(near, begins.size - 1)]), False


def _best_cuts(
    scale: Scale, inside: Integers, bins: Integers, size: int, factorials: NDArray[np.float64]
) -> Iterator[tuple[int, ...]]:
    """Yield the best cuts among the places where bins begin, for each number of intervals."""
    from kolmo.mdl.kernels import interval_costs

    rows = np.diff(np.append(scale.starts[bins], inside.size))
    counts = count_table(np.repeat(np.arange(bins.size), rows), bins.size, inside, size)
    costs = np.full((bins.size, bins.size), np.inf)
    interval_costs(counts, factorials, costs)
    for _, cuts in best_divisions(costs, scale.places, bins.tolist()):
        yield cuts


def _moved(
    scale: Scale,
    inside: Integers,
    cuts: tuple[int, ...],
    size: int,
    factorials: NDArray[np.float64],
) -> tuple[int, ...]:
    """Return the cuts, each moved in turn to the best place between its neighbours, twice."""
    from kolmo.mdl.kernels import best_split

    edges = [0, *cuts, scale.places + 1]
    for _ in range(_SWEEPS):
        for i in range(1, len(edges) - 1):
            span = (edges[i - 1], edges[i + 1])
            edges[i] = best_split(inside, scale.starts, span, factorials, size)
    return tuple(edges[1:-1])
