"""Histograms of 1,000 and 100,000 values beside four packages, and Old Faithful."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.race import optional, race
from benchmarks.verdict import selected
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[np.int64]]
    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Edges = Callable[[], Floats]

PEERS = ("khisto", "mdl_density_hist", "astropy")
USES_CORPORA = True
SIZES, QUICK_SIZES = (1000, 100_000), (300, 10_000)
SPAN = 1000  # at most as many integers: kolmo's finest lattice then has a cell for each
STEP = 0.1  # of the data: the peers are given tenths
QUADRATIC_ROWS = 1000  # more take mdl_density_hist an hour
QUADRATIC_BINS = 12
OURS = "kolmo Histogram().fit"
FAITHFUL = "faithful.csv"
FAITHFUL_EDGES = [43, 45, 61, 73, 85, 91, 97]  # lower ends of cells, half a unit above the borders
INCONCLUSIVE = 3
NOTES = (
    "data: half normal, a quarter normal, a quarter uniform, from 0 to 100 in tenths",
    "bits: the whole message in kolmo's histogram code with this method's cuts, moved to the cells "
    "of the lattice that makes it shortest and keeps the bins apart; excess: beyond kolmo's",
    "ratio: kolmo's seconds to the method's, on the same values; kolmo's are those of the whole "
    "fit, its code lengths too",
    "khisto starts a program of its own and writes the values to a file; this counts",
    f"mdl_density_hist: accuracy {STEP}, at most {QUADRATIC_BINS} bins; its time grows with the "
    "square of the values",
    "numpy: two rules for the number of equal bins, no search; knuth: the likeliest number of them",
)


def run(context: Context) -> CaseResult:
    """Measure all methods on the same values, then ask the command line about Old Faithful."""
    runs, rows = 3 if context.quick else 7, []
    for size in QUICK_SIZES if context.quick else SIZES:
        context.report(f"{size:,} values")
        rows += rows_of(three_parts(size), runs)
    file = faithful(context.corpora)
    details = faithful_rows(context, file) if file else []
    notes = NOTES if file else (*NOTES, f"Old Faithful left out: needs --corpora with {FAITHFUL}")
    return CaseResult(tuple(rows), tuple(details), notes)


def three_parts(size: int) -> Numbers:
    """Return values from two normal distributions and a uniform one, in tenths."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(size))
    half, quarter = size // 2, size // 4
    parts = (
        source.normal(30, 3, half),
        source.normal(60, 8, quarter),
        source.uniform(0, 99.9, size - half - quarter),
    )
    tenths = np.rint(np.concatenate(parts) / STEP).clip(0, SPAN - 1)
    return np.asarray(source.permutation(tenths), np.int64)


def rows_of(values: Numbers, runs: int) -> list[Row]:
    """Return a row for each method."""
    methods = {OURS: kolmo_edges(values)} | peer_edges(values)
    finishes = race(methods, ours=OURS, runs=runs)
    found = {name: in_kolmos_code(values, finish.answer) for name, finish in finishes.items()}
    return [
        {
            "values": int(values.size),
            "method": name,
            "bins": found[name][0],
            "bits": rounded(found[name][1], 7),
            "excess_bits": rounded(found[name][1] - found[OURS][1]),
            **finish.columns,
        }
        for name, finish in finishes.items()
    ]


def kolmo_edges(values: Numbers) -> Edges:
    """Return kolmo's fit, whose edges are moved to between values."""
    import numpy as np

    from kolmo.mdl.families.histogram import Histogram

    return lambda: (np.array(Histogram().fit(values).parameters["edges"]) - 0.5) * STEP


def peer_edges(values: Numbers) -> dict[str, Edges]:
    """Return the methods of the peers that are here."""
    import numpy as np

    numbers = values * STEP
    found: dict[str, Edges] = {}
    if khisto := khisto_module():
        found["khisto"] = lambda: khisto.histogram(numbers)[1]
    quadratic = optional("mdl_density_hist") if values.size <= QUADRATIC_ROWS else None
    if quadratic:
        search = quadratic.mdl_optimal_histogram
        found["mdl_density_hist"] = lambda: search(numbers, STEP, QUADRATIC_BINS)[0]
    if astropy := optional("astropy.stats"):
        found["astropy bayesian_blocks"] = lambda: astropy.bayesian_blocks(numbers)
        found["astropy knuth"] = lambda: astropy.knuth_bin_width(numbers, return_bins=True)[1]
    for rule in ("auto", "doane"):
        found[f"numpy {rule}"] = partial(np.histogram_bin_edges, numbers, rule)
    return found


def khisto_module() -> Any | None:
    """Return khisto, told where its program is; it would look on the PATH only."""
    program = Path(sys.executable).parent / "khisto"
    if program.exists():
        os.environ.setdefault("KHISTO_BIN_DIR", str(program))
    return optional("khisto")


def in_kolmos_code(values: Numbers, edges: Floats) -> tuple[int, float]:
    """Return bins and bits of the shortest message with these cuts, on lattices that part them."""
    import numpy as np

    from kolmo.mdl.families.histogram import Histogram

    family = Histogram()
    best: Any = family.fit(values).chosen
    inner = np.ceil((edges[1:-1] / STEP).round(6)) - best.lowest
    found: list[tuple[float, int]] = []
    for shift in range(best.size.bit_length()):
        cells = -(-best.size >> shift)
        cuts = np.unique(np.rint(inner / (1 << shift)).clip(0, cells))
        cuts = cuts[(cuts > 0) & (cuts < cells)].astype(np.int64)
        if found and cuts.size + 1 < found[0][1]:
            break  # a lattice so coarse that it joins bins
        inside = np.searchsorted(cuts << shift, values - best.lowest, side="right")
        counts = np.bincount(inside, minlength=cuts.size + 1).tolist()
        moved = best._replace(
            coarseness=shift, bins=len(counts), cuts=tuple(cuts.tolist()), counts=tuple(counts)
        )
        bits = family.parameter_code(values.size).codelength(moved)
        found.append((bits + family.data_code(moved, values.size).codelength(values), len(counts)))
    bits, bins = min(found)
    return bins, bits


def faithful(folder: Path | None) -> Path | None:
    """Return the file of Old Faithful in the folder, or in `data` beside it."""
    places = () if folder is None else (folder, folder.resolve().parent / "data")
    return next((place / FAITHFUL for place in places if (place / FAITHFUL).is_file()), None)


def faithful_rows(context: Context, file: Path) -> list[Row]:
    """Return what the command line says of the waiting times, by histograms and by all families."""
    rows = []
    for family in ("histogram", None):
        best, row = selected(context, file, "waiting", family)
        if family and best["family"] != family:
            raise KolmoError(f"another family: got {best['family']}; need {family}.")
        edges = best["parameters"].get("edges", [])
        if family and (edges, row["strict_exit"]) != (FAITHFUL_EDGES, INCONCLUSIVE):
            raise KolmoError(f"Old Faithful: got {edges} and exit {row['strict_exit']}.")
        rows.append(
            {
                "old_faithful": row.pop("command"),
                "best": row.pop("best"),
                "parts": f"{best['complexity']} {best['complexity_name']}",
                "edges": ", ".join(f"{edge - 0.5:g}" for edge in edges) or None,
                **row,
            }
        )
    return rows
