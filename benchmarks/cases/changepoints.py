"""Change points of up to 100,000 rows beside ruptures, and the dam of the Nile."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.data import NILE_CSV
from benchmarks.race import optional, race
from benchmarks.verdict import selected

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[np.int64]]
    Method = Callable[[], list[int]]

PEERS = ("ruptures",)
USES_CORPORA = False
SIZES = ((1000, 10), (10_000, 10), (10_000, 100), (100_000, 10), (100_000, 1000))
QUICK_SIZES = SIZES[:3]
NILE_FIRST_YEAR = 1871
PYTHON_ROWS = 1000  # more take its searches in Python minutes
MINIMUM = 10
SPREAD = 10
SEARCH, FIT = "kolmo segment_lengths", "kolmo Changepoint().fit"
NOTES = (
    "data: normal noise of standard deviation 10 about levels that change by 20 to 40, in integers",
    "exact, near: true changes found at the very row, within 2 rows; other: those found elsewhere",
    "segment_lengths: one price, log2 n for each segment, means and deviations unknown; "
    "ratio: its seconds to the peer's",
    "Changepoint().fit: the price is chosen by the length of the message, and the segments coded; "
    "fit ratio: its median seconds to the peer's",
    "KernelCPD: PELT in C on means alone; it is given the true deviation, penalty 2 s**2 ln n; "
    "Dynp and KernelCPD k are given the true number of changes",
    "Pelt normal: the same cost as kolmo's, in Python, penalty 4 ln n; Dynp: on means, in Python, "
    "every 5th row",
)


@dataclass(frozen=True)
class Load:
    """A column, and the first rows of its segments but the first."""

    values: Numbers
    changes: list[int]
    deviation: float


def run(context: Context) -> CaseResult:
    """Measure kolmo and the peer on the same columns, then ask all about the Nile."""
    ruptures, runs = optional("ruptures"), 3 if context.quick else 7
    rows: list[Row] = []
    for size, segments in QUICK_SIZES if context.quick else SIZES:
        context.report(f"{size:,} rows, {segments} segments")
        rows += rows_of(piecewise(size, segments), ruptures, runs)
    return CaseResult(tuple(rows), tuple(nile_rows(context, ruptures)), NOTES)


def piecewise(size: int, segments: int) -> Load:
    """Return segments of different lengths, each with its level."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(segments))
    shares = source.dirichlet(np.full(segments, 20.0))
    starts = np.rint(np.cumsum(shares)[:-1] * size).astype(np.int64)
    steps = source.choice([-1, 1], segments) * source.integers(20, 41, segments)
    levels = np.repeat(np.cumsum(steps), np.diff([0, *starts, size]))
    values = np.rint(levels + source.normal(0, SPREAD, size)).astype(np.int64)
    return Load(values, starts.tolist(), SPREAD)


def rows_of(load: Load, ruptures: Any | None, runs: int) -> list[Row]:
    """Return a row for each method."""
    methods = kolmo_methods(load) | (peer_methods(load, ruptures) if ruptures else {})
    finishes = race(methods, ours=SEARCH, runs=runs)
    fit_seconds = finishes[FIT].columns["seconds_median"]
    return [
        {
            "rows": int(load.values.size),
            "true_changes": len(load.changes),
            "method": name,
            **found_columns(load, finish.answer),
            **finish.columns,
            "fit_ratio_median": None
            if name in (SEARCH, FIT)
            else rounded(fit_seconds / finish.columns["seconds_median"]),
        }
        for name, finish in finishes.items()
    ]


def found_columns(load: Load, found: Sequence[int]) -> Row:
    """Return how many true changes are found, and how many others."""
    misses = [min((abs(change - f) for f in found), default=math.inf) for change in load.changes]
    near = sum(miss <= 2 for miss in misses)
    return {
        "exact": sum(miss == 0 for miss in misses),
        "near": near,
        "other": len(found) - near,
    }


def kolmo_methods(load: Load) -> dict[str, Method]:
    """Return kolmo's search for one price, and its whole fit."""
    import numpy as np

    from kolmo.mdl.families.changepoint import Changepoint
    from kolmo.mdl.models.segments import segment_lengths

    def search() -> list[int]:
        numbers = load.values - load.values.mean()
        lengths, _ = segment_lengths(numbers, MINIMUM, math.log2(numbers.size))
        return [int(start) for start in np.cumsum(lengths)[:-1]]

    def fit() -> list[int]:
        starts: list[int] = Changepoint(MINIMUM).fit(load.values).parameters["starts"]
        return starts[1:]

    return {SEARCH: search, FIT: fit}


def peer_methods(load: Load, ruptures: Any) -> dict[str, Method]:
    """Return the peer's searches; those in Python on few rows only."""
    numbers = load.values.astype(float).reshape(-1, 1)
    log_rows, known = math.log(numbers.size), len(load.changes)
    kernel: dict[str, Any] = {"kernel": "linear", "min_size": MINIMUM}

    def penalised() -> list[int]:
        search = ruptures.KernelCPD(**kernel).fit(numbers)
        return starts_of(search.predict(pen=2 * load.deviation**2 * log_rows))

    def counted() -> list[int]:
        return starts_of(ruptures.KernelCPD(**kernel).fit(numbers).predict(n_bkps=known))

    def normal() -> list[int]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the peer tells of a change of its own
            search = ruptures.Pelt(model="normal", min_size=MINIMUM, jump=1).fit(numbers)
        return starts_of(search.predict(pen=4 * log_rows))

    def dynamic() -> list[int]:
        search = ruptures.Dynp(model="l2", min_size=MINIMUM, jump=5).fit(numbers)
        return starts_of(search.predict(n_bkps=known))

    found: dict[str, Method] = {"ruptures KernelCPD": penalised}
    if numbers.size > PYTHON_ROWS:
        return found
    return found | {
        "ruptures KernelCPD k": counted,
        "ruptures Pelt normal": normal,
        "ruptures Dynp": dynamic,
    }


def starts_of(ends: Sequence[Any]) -> list[int]:
    """Return the peer's ends of segments, without the last, as first rows of the next."""
    return [int(end) for end in ends[:-1]]


def nile_rows(context: Context, ruptures: Any | None) -> list[Row]:
    """Return what the command line says of the Nile, and what the peer's searches say."""
    import numpy as np

    rows = []
    for family in ("changepoint", None):
        best, row = selected(context, NILE_CSV, "flow", family)
        starts = best["parameters"].get("starts", [0])
        rows.append({"nile": row.pop("command"), **nile_columns(starts[1:]), **row})
    years, values = np.loadtxt(NILE_CSV, np.int64, delimiter=",", skiprows=1, unpack=True)
    assert years[0] == NILE_FIRST_YEAR
    noise = float(np.std(np.diff(values)) / math.sqrt(2))
    asked = peer_methods(Load(values, [28], noise), ruptures) if ruptures else {}
    return rows + [{"nile": name, **nile_columns(method())} for name, method in asked.items()]


def nile_columns(starts: Sequence[int]) -> Row:
    """Return the number of changes, and the last year before each."""
    years = ", ".join(str(NILE_FIRST_YEAR + start - 1) for start in starts)
    return {"changes": len(starts), "last_year_before": years or None}
