"""Scores of the suite ``sources``: regret of codes, errors of estimates, and what chance allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.bench.invariant import Verdict, judge
from kolmo.bench.suite import Cell, Found, Result
from kolmo.bench.tasks.sources import SOURCES

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES, FEWEST_RESAMPLES, MOST_DRAWN = 2000, 200, 1 << 21
COVERED = 1.959963984540054  # standard errors to either side of an interval of 95 %
LEVEL = 0.95


class Interval(NamedTuple):
    """A mean, and its bootstrap interval of 95 %.

    Attributes
    ----------
    low, high : float or None
        None for a single value.
    """

    mean: float
    low: float | None
    high: float | None


class SourceScore(NamedTuple):
    """One estimator on all strings of one length of a source.

    Attributes
    ----------
    kind : str
        ``codelength`` (ideal bits of a code whose messages were decoded, too), ``certified``,
        or ``estimate``; for a claim of the user's also ``estimate``, for what miscounts
        ``criterion``.
    code : bool
        Whether it is, or claims to be, a code: then it has a regret and a verdict.
    truth_bits, bits : float
        Means of -log2 P(x), a formula, and of what the estimator says.
    difference : Interval
        Of a code its regret L(x) + log2 P(x); of an estimate its error, of which the mean is the
        bias: from n times the entropy rate, or where there is none from -log2 P(x).
    sd_bits, rmse_bits : float or None
        Of the differences; the first is None for a single string.
    message_bits : float or None
        Mean length of the messages.
    coverage : float or None
        Of estimates with errors: how often the interval of 95 % holds the truth.
    verdict : Verdict or None
        Of codes.
    """

    task: str
    n: int
    estimator: str
    kind: str
    code: bool
    strings: int
    truth_bits: float
    bits: float
    difference: Interval
    sd_bits: float | None
    rmse_bits: float
    message_bits: float | None = None
    coverage: float | None = None
    verdict: Verdict | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the score as a flat dictionary; of regret and bias one is None."""
        regret, bias = (self.difference, None) if self.code else (None, self.difference)
        return {
            "task": self.task,
            "n_bits": self.n,
            "estimator": self.estimator,
            "kind": self.kind,
            "strings": self.strings,
            "truth_mean_bits": self.truth_bits,
            "mean_bits": self.bits,
            **_interval("regret", regret),
            **_interval("bias", bias),
            "sd_bits": self.sd_bits,
            "rmse_bits": self.rmse_bits,
            "message_mean_bits": self.message_bits,
            "coverage": self.coverage,
            "least_regret_bits": self.verdict.worst_bits if self.verdict else None,
            "evidence_bits": self.verdict.evidence_bits if self.verdict else None,
        }


class Slope(NamedTuple):
    """How the regret of a code grows: bits for each doubling of n.

    Attributes
    ----------
    theory : float or None
        Half of the number of the source's parameters, where it is a tree source.
    """

    task: str
    estimator: str
    value: Interval
    theory: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return the slope as a dictionary."""
        return {
            "task": self.task,
            "estimator": self.estimator,
            **_interval("slope", self.value),
            "theory_bits": self.theory,
        }


def _interval(name: str, interval: Interval | None) -> dict[str, float | None]:
    mean, low, high = interval or (None, None, None)
    return {f"{name}_mean_bits": mean, f"{name}_low_bits": low, f"{name}_high_bits": high}


def is_code(result: Result) -> bool:
    """Return whether a result is that of a code, or of what claims to be one."""
    return result["kind"] != "estimate" or "claimed" in result


def score_sources(found: Found) -> list[SourceScore]:
    """Return the scores of cells that did not fail: by task and n, codes first, the best on top."""
    groups: dict[tuple[str, int, str], list[tuple[Cell, Result]]] = {}
    for cell, result in found:
        if "error" not in result:
            groups.setdefault((cell.task, cell.n, cell.label), []).append((cell, result))
    scores = [_score(*key, [result for _, result in group]) for key, group in groups.items()]
    order = {name: place for place, name in enumerate(SOURCES)}
    return sorted(
        scores,
        key=lambda one: (
            *(order[one.task], one.n, not one.code),
            one.difference.mean if one.code else one.rmse_bits,
            one.estimator,
        ),
    )


def _score(task: str, n: int, label: str, results: list[Result]) -> SourceScore:
    kinds = {result["kind"] for result in results}
    code = is_code(results[0])
    rate = SOURCES[task].rate
    truths = [result["truth_bits"] for result in results]
    aims = truths if code or rate is None else [n * rate] * len(results)
    differences = [result["bits"] - aim for result, aim in zip(results, aims, strict=True)]
    messages = [result["message_bits"] for result in results if result.get("message_bits")]
    return SourceScore(
        task=task,
        n=n,
        estimator=label,
        kind="/".join(sorted(kinds)),
        code=code,
        strings=len(results),
        truth_bits=_mean(truths),
        bits=_mean([result["bits"] for result in results]),
        difference=mean_interval(differences),
        sd_bits=_sd(differences),
        rmse_bits=sqrt(_mean([value * value for value in differences])),
        message_bits=_mean(messages) if messages else None,
        coverage=None if code else _coverage(results, aims),
        verdict=judge(differences) if code else None,
    )


def _coverage(results: list[Result], aims: list[float]) -> float | None:
    """Return how often the truth lies within 1.96 standard errors; None where none is known."""
    pairs = [
        (abs(result["bits"] - aim), result["error_bits"])
        for result, aim in zip(results, aims, strict=True)
        if result.get("error_bits") is not None
    ]
    return _mean([off <= COVERED * error for off, error in pairs]) if pairs else None


def score_slopes(found: Found) -> list[Slope]:
    """Return the slopes of the regret against log2 n of codes that met two lengths or more."""
    groups: dict[tuple[str, str], dict[int, list[float]]] = {}
    for cell, result in found:
        if "error" not in result and is_code(result):
            by_length = groups.setdefault((cell.task, cell.label), {})
            by_length.setdefault(cell.n, []).append(result["bits"] - result["truth_bits"])
    return [
        Slope(task, label, slope_interval(by_length), _theory(task))
        for (task, label), by_length in groups.items()
        if len(by_length) > 1
    ]


def pooled(found: Found) -> dict[str, Verdict]:
    """Return the verdict on each code over all its strings: they are independent."""
    regrets: dict[str, list[float]] = {}
    for cell, result in found:
        if "error" not in result and is_code(result):
            regrets.setdefault(cell.label, []).append(result["bits"] - result["truth_bits"])
    return {label: judge(values) for label, values in regrets.items()}


def _theory(task: str) -> float | None:
    parameters = SOURCES[task].parameters
    return None if parameters is None else parameters / 2


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean and its percentile interval from a bootstrap with a fixed seed.

    References
    ----------
    B. Efron, R. J. Tibshirani (1993). An Introduction to the Bootstrap, section 13.3.
    """
    import numpy as np

    mean = _mean(values)
    if len(values) < 2:
        return Interval(mean, None, None)
    taken = np.asarray(values)[_places(len(values))].mean(axis=1)
    return Interval(mean, *_percentiles(taken))


def slope_interval(by_length: dict[int, list[float]]) -> Interval:
    """Return the least-squares slope against log2 n, strings drawn anew within each length.

    Examples
    --------
    >>> slope_interval({256: [4.0, 4.0], 1024: [5.0, 5.0]})
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    import numpy as np

    logs = np.log2(np.repeat(list(by_length), [len(values) for values in by_length.values()]))
    weights = logs - logs.mean()
    weights /= (weights * weights).sum()
    columns = [np.asarray(values) for values in by_length.values()]
    slope = float(weights @ np.concatenate(columns))
    if all(len(values) < 2 for values in columns):
        return Interval(slope, None, None)
    starts = np.cumsum([0, *(len(values) for values in columns)])
    parts = [
        values[_places(len(values))] @ weights[start : start + len(values)]
        for start, values in zip(starts, columns, strict=False)
    ]
    fewest = min(map(len, parts))
    return Interval(slope, *_percentiles(sum(part[:fewest] for part in parts)))


@lru_cache(maxsize=4)
def _places(count: int) -> NDArray[Any]:
    """Return which of so many values each resample takes; fewer resamples of very many values."""
    import numpy as np

    resamples = max(FEWEST_RESAMPLES, min(RESAMPLES, MOST_DRAWN // count))
    generator = np.random.Generator(np.random.PCG64(count))
    return generator.integers(0, count, (resamples, count))


def _percentiles(values: NDArray[Any]) -> tuple[float, float]:
    import numpy as np

    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return low, high


def _mean(values: Iterable[float]) -> float:
    taken = list(values)
    return sum(taken) / len(taken)


def _sd(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    return sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
