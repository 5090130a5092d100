"""How the peak of complexity grows with the grid: ensembles of runs of many sizes, and fits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, NamedTuple

from numpy.random import SeedSequence

from kolmo.automaton.coarse import default_grain
from kolmo.automaton.paper import Fit, fit_polynomial, fit_power, fit_scale
from kolmo.automaton.paper import protocol as published
from kolmo.automaton.plan import Plan, make_plan
from kolmo.automaton.remarks import AUDIT_IT, WITHDRAWN
from kolmo.automaton.rule import chosen_seed
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import ParameterError, shorten
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.registry import decimal, parse_label, rules
from kolmo.results import Caution

MOST_REPLICAS = 1 << 20
LARGE = 60
"""The free power law of the peak's time is fitted from this size on, if there are three such."""

QUANTITIES = {
    "max_complexity_bits": "largest complexity, bits",
    "peak_time": "time of the peak",
    "max_entropy_bits": "largest entropy, bits",
}
"""What is measured of a run, and its title."""

DEGREES = {"max_complexity_bits": 1, "peak_time": 2, "max_entropy_bits": 2}
"""Of the polynomials that the paper fits."""

EXPONENTS = {"max_complexity_bits": 1.28, "peak_time": 4.0, "max_entropy_bits": 2.0}
"""Of the power laws with one parameter; the time of walkers, which do not meet, has 2."""


class Peak(NamedTuple):
    """The extremes of one run.

    Attributes
    ----------
    size, replica, seed : int
        Which run; `kolmo.automaton.curve.run` with this seed does it again.
    max_complexity_bits, max_entropy_bits : float
        The largest of all samples.
    peak_time : int
        When complexity was largest: in swaps, or in events where the rule counts none.
    last_time : int
        When the run ended, likewise.
    kind : str
        Of both sizes.
    """

    size: int
    replica: int
    seed: int
    max_complexity_bits: float
    peak_time: int
    max_entropy_bits: float
    last_time: int
    kind: str


class Mean(NamedTuple):
    """A mean over independent runs; the standard error of a single one is unknown, None."""

    value: float
    standard_error: float | None


class SizeRow(NamedTuple):
    """Means over the runs of one size.

    Attributes
    ----------
    size, grain, replicas : int
        Side of the grid, side of the window, number of runs.
    max_complexity_bits, peak_time, max_entropy_bits : Mean
        See `Peak`.
    """

    size: int
    grain: int
    replicas: int
    max_complexity_bits: Mean
    peak_time: Mean
    max_entropy_bits: Mean

    def to_dict(self) -> dict[str, Any]:
        """Return the row as a flat dictionary."""
        row: dict[str, Any] = {"size": self.size, "grain": self.grain, "replicas": self.replicas}
        for name in QUANTITIES:
            mean = getattr(self, name)
            plain = name.removesuffix("_bits")
            error = f"{plain}_standard_error{name.removeprefix(plain)}"
            row |= {name: mean.value, error: mean.standard_error}
        return row


@dataclass(frozen=True, eq=False)
class Scan:
    """Ensembles of many sizes.

    Attributes
    ----------
    rows : tuple of SizeRow
        The smallest size first.
    peaks : tuple of Peak
        All runs.
    fits : dict of str to dict of str to Fit
        For each of the `QUANTITIES`: ``paper``, its polynomial; ``scale``, a power law of one
        parameter; ``power``, one whose exponent is free. What has too few sizes is left out.
    parameters : dict
        What the runs depend on, beside the seed; JSON-safe.
    seed : int
        The one that was given, or chosen.
    cautions : tuple of Caution
        What to know when reading the rows.
    """

    rows: tuple[SizeRow, ...]
    peaks: tuple[Peak, ...]
    fits: dict[str, dict[str, Fit]]
    parameters: dict[str, Any]
    seed: int
    cautions: tuple[Caution, ...]

    @property
    def clock(self) -> str:
        """What the times of the peaks count: swaps, or events where the rule counts none."""
        rule = rules.get(self.parameters["rule"])
        return "swaps" if "swaps" in rule.clocks else f"{rule.event}s"

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary that is JSON-safe."""
        return {
            "parameters": self.parameters,
            "seed": self.seed,
            "rows": [row.to_dict() for row in self.rows],
            "peaks": [peak._asdict() for peak in self.peaks],
            "fits": {
                name: {kind: fit.to_dict() for kind, fit in fits.items()}
                for name, fits in self.fits.items()
            },
            "warnings": [caution.to_dict() for caution in self.cautions],
        }

    def _repr_html_(self) -> str:
        head = "<tr><th>size</th>" + "".join(f"<th>{name}</th>" for name in QUANTITIES) + "</tr>"
        body = "".join(
            f"<tr><td>{row.size}</td>"
            + "".join(f"<td>{getattr(row, name).value:,.0f}</td>" for name in QUANTITIES)
            + "</tr>"
            for row in self.rows
        )
        return f"<table>{head}{body}</table>"


def scan(
    sizes: Iterable[int],
    replicas: int = 10,
    *,
    rule: str = "interacting",
    protocol: str = "paper",
    jobs: int = 1,
    seed: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress = SILENT,
) -> Scan:
    """Return how the largest complexity in bits, its time and the entropy grow with the size.

    Parameters
    ----------
    sizes : iterable of int
        Sides of the grids, 3 or more, each once.
    replicas : int
        Independent runs of each size, 1 to 2**20.
    rule : str
        A registered rule.
    protocol : str
        ``paper``, up to max(published length, .2 size**4 swaps), or ``default``.
    jobs : int
        Threads; the result is the same for any number.
    seed : int, optional
        0 or more; chosen, and stated in the result, if None.
    memory_limit : int
        The most bytes of one run.
    progress : Progress
        Told of samples.

    Raises
    ------
    ParameterError
        If there is no size, one is given twice, or a name or number is wrong.

    Notes
    -----
    For rows as they come, and to keep those of an interrupted scan, use `peaks` and `summarise`.
    The paper fits a line to the complexity and parabolas to the rest, which hides that the time
    grows as size**4.

    References
    ----------
    S. Aaronson, S. M. Carroll, L. Ouellette (2014). arXiv:1405.6903. Figures 6 to 8.

    Examples
    --------
    >>> found = scan([5, 6], 2, rule="noninteracting", seed=1)
    >>> [(row.size, row.grain, row.replicas) for row in found.rows], len(found.peaks)
    ([(5, 1, 2), (6, 1, 2)], 4)
    """
    chosen = chosen_seed(seed)
    found = peaks(
        sizes,
        replicas,
        rule=rule,
        protocol=protocol,
        jobs=jobs,
        seed=chosen,
        memory_limit=memory_limit,
        progress=progress,
    )
    return summarise(found, rule=rule, protocol=protocol, seed=chosen)


def peaks(
    sizes: Iterable[int],
    replicas: int = 10,
    *,
    rule: str = "interacting",
    protocol: str = "paper",
    jobs: int = 1,
    seed: int,
    known: Iterable[Peak] = (),
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress = SILENT,
) -> Iterator[Peak]:
    """Return an iterator over the runs of a scan, in order of size, then replica; see `scan`.

    What is wrong is found before the first run. Each run depends on the seed, its size and its
    replica alone, so that more sizes or replicas leave the others as they are. Runs that are
    ``known`` from before are not done again.
    """
    ordered = sorted(sizes)
    _check(ordered, replicas)
    rules.get(parse_label(rule, number=decimal)[0])  # an unknown one is named before its protocol
    done = {(peak.size, peak.replica): peak for peak in known}

    def plan(size: int, replica: int) -> Plan:
        child = run_seed(seed, size, replica)
        return _plan(rule, size, protocol, child, memory_limit)

    def made(item: tuple[int, int]) -> Peak:
        return done.get(item) or _peak(plan(*item), item[1], progress)

    items = [(size, replica) for size in ordered for replica in range(replicas)]
    for size in ordered:
        missing = sum(item not in done for item in items if item[0] == size)
        progress.add(missing * len(plan(size, 0).schedule.targets))
    return ordered_map(made, items, jobs)


def summarise(
    found: Iterable[Peak], *, rule: str = "interacting", protocol: str = "paper", seed: int
) -> Scan:
    """Return means, standard errors and fits of runs, whether or not a scan was finished.

    Parameters
    ----------
    found : iterable of Peak
        Of `peaks`, in any order.
    rule, protocol, seed
        Those of the runs.
    """
    kept = tuple(sorted(found))
    sizes = sorted({peak.size for peak in kept})
    rows = tuple(_row([peak for peak in kept if peak.size == size]) for size in sizes)
    parameters = {"rule": rule, "protocol": protocol, "sizes": sizes}
    fits = {name: _fits(name, rows, rule) for name in QUANTITIES}
    cautions: tuple[Caution, ...] = ()
    if (rule, protocol) == ("interacting", "paper"):
        cautions = (Caution("headline-withdrawn", WITHDRAWN, AUDIT_IT, file=""),)
    return Scan(rows, kept, fits, parameters, seed, cautions)


def run_seed(seed: int, size: int, replica: int) -> int:
    """Return the seed of one run of a scan, 64 bits.

    Examples
    --------
    >>> run_seed(1, 20, 0) == run_seed(1, 20, 0) != run_seed(1, 20, 1)
    True
    """
    if seed < 0:
        raise ParameterError(f"seed out of range: got {seed}; need 0 or more.")
    low, high = SeedSequence(seed, spawn_key=(size, replica)).generate_state(2).tolist()
    return int(low + (high << 32))


def _check(sizes: Sequence[int], replicas: int) -> None:
    if not sizes or len(set(sizes)) < len(sizes):
        raise ParameterError(f"no scan: got sizes {shorten(list(sizes))}; need one or more, once.")
    if not 1 <= replicas <= MOST_REPLICAS:
        raise ParameterError(
            f"replicas out of range: got {shorten(replicas)}; need 1 to {MOST_REPLICAS}."
        )


def _plan(rule: str, size: int, protocol: str, seed: int, memory_limit: int) -> Plan:
    time = published(rule, size).ensemble_time if protocol == "paper" else None
    return make_plan(
        rule,
        size,
        seed=seed,
        time=time,
        protocol=protocol,
        audit=False,
        memory_limit=memory_limit,
    )


def _peak(plan: Plan, replica: int, progress: Progress) -> Peak:
    complexity = entropy = -math.inf
    peak_time = last_time = 0
    kind = ""
    for row in plan.rows():
        last_time = row.picks if row.swaps is None else row.swaps
        if row.complexity.bits > complexity:
            complexity, peak_time, kind = row.complexity.bits, last_time, row.complexity.kind
        entropy = max(entropy, row.entropy.bits)
        progress.advance(1)
    size = len(plan.grid)
    return Peak(size, replica, plan.seed, complexity, peak_time, entropy, last_time, kind)


def _row(found: Sequence[Peak]) -> SizeRow:
    size = found[0].size
    means = (_mean([getattr(peak, name) for peak in found]) for name in QUANTITIES)
    return SizeRow(size, default_grain(size), len(found), *means)


def _mean(values: Sequence[float]) -> Mean:
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return Mean(fmean(values), error)


def _fits(name: str, rows: Sequence[SizeRow], rule: str) -> dict[str, Fit]:
    points = [(row.size, getattr(row, name).value) for row in rows]
    walkers = name == "peak_time" and rule == "noninteracting"
    large = [point for point in points if point[0] >= LARGE]
    fits: dict[str, Fit] = {}
    if len(points) > DEGREES[name]:
        fits["paper"] = fit_polynomial(*_columns(points), DEGREES[name])
    if points:
        fits["scale"] = fit_scale(*_columns(points), 2.0 if walkers else EXPONENTS[name])
    used = large if name == "peak_time" and len(large) >= 3 else points
    if len(used) >= 2 and min(value for _, value in used) > 0:
        fits["power"] = fit_power(*_columns(used))
    return fits


def _columns(points: Sequence[tuple[int, float]]) -> tuple[list[float], list[float]]:
    return [float(size) for size, _ in points], [value for _, value in points]
