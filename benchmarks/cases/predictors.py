"""Predicting a target: subsets, degrees and cuts by kolmo, beside what its peers choose."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.race import optional, race
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Integers = np.ndarray[Any, np.dtype[np.int64]]

PEERS = ("abess", "sklearn", "statsmodels")
USES_CORPORA = False
SUBSET_ROWS, SUBSET_FEATURES = 1000, 20
TRUE_FEATURES = (2, 5, 11, 17)
CUT_ROWS, QUICK_CUT_ROWS = 100_000, 10_000
TABLE_ROWS, QUICK_TABLE_ROWS = 1_000_000, 10_000
TABLE_FEATURES = 9
DEGREES = 10
OURS = "kolmo linear, all subsets"
_HALF = (759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048)
WAMPLER = (*_HALF, 2048, *reversed(_HALF))
NOTES = (
    f"subsets: {SUBSET_ROWS} rows in hundredths, {SUBSET_FEATURES} features, the target depends on "
    f"{len(TRUE_FEATURES)}; kolmo's seconds are those of all subsets, and of the messages of the "
    "best of each size; true and false: chosen features that are in the data's formula, or not",
    "degrees: Wampler's y = 1 + x + ... + x^5 with certified errors times 1, 100 and 10000; kolmo "
    "for the shortest message, statsmodels for AIC and BIC",
    "cuts: one numeric feature, three classes; mdlp: Fayyad and Irani's rule; modl: the shortest "
    "message; sklearn's tree is told how many leaves it has",
    "table: kolmo mdl-select --target on a CSV file, from text to a decoded message",
    "ratio: kolmo's seconds to the peer's in the same rounds",
)


def run(context: Context) -> CaseResult:
    """Measure subsets, degrees and cuts beside peers, and a large table alone."""
    runs = 1 if context.quick else 5
    context.report("subsets")
    rows = subset_rows(runs)
    context.report("degrees")
    rows += degree_rows(runs)
    context.report("cuts")
    rows += cut_rows(QUICK_CUT_ROWS if context.quick else CUT_ROWS, runs)
    context.report("a large table")
    table = table_row(context, QUICK_TABLE_ROWS if context.quick else TABLE_ROWS)
    return CaseResult(tuple(rows), (table,), NOTES)


def subset_rows(runs: int) -> list[Row]:
    """Return a row for each method that chooses features."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(1))
    x = np.rint(source.normal(size=(SUBSET_ROWS, SUBSET_FEATURES)) * 100) / 100
    x[:, 1] = np.rint(100 * (x[:, 2] + 0.5 * source.normal(size=SUBSET_ROWS))) / 100
    sums = x[:, TRUE_FEATURES] @ np.array([1.0, -0.6, 0.3, 0.15])
    y = np.rint(100 * (sums + source.normal(size=SUBSET_ROWS))).astype(np.int64)
    names = [f"x{place}" for place in range(SUBSET_FEATURES)]
    features = features_of(x, names)
    abess, sklearn = optional("abess"), optional("sklearn.linear_model")
    methods: dict[str, Callable[[], Sequence[int]]] = {OURS: lambda: by_linear(features, y, names)}
    if abess:
        methods["abess LinearRegression, ic bic"] = lambda: by_abess(abess, x, y)
    for criterion in ("aic", "bic") if sklearn else ():
        methods[f"sklearn LassoLarsIC, {criterion}"] = partial(by_lars, sklearn, x, y, criterion)
    return [
        {
            "task": f"subsets, p = {SUBSET_FEATURES}, n = {SUBSET_ROWS}",
            "method": method,
            "chosen": f"{len(finish.answer)} features: "
            f"{len(set(finish.answer) & set(TRUE_FEATURES))} true, "
            f"{len(set(finish.answer) - set(TRUE_FEATURES))} false",
            **finish.columns,
        }
        for method, finish in race(methods, ours=OURS, runs=runs).items()
    ]


def features_of(x: Floats, names: list[str]) -> Any:
    """Return a matrix in hundredths as the features of a decoder."""
    from kolmo.mdl.features import read_features

    lines = [",".join(f"{value:.2f}" for value in row) for row in x.tolist()]
    return read_features("\n".join([*lines, ""]).encode(), names)


def by_linear(features: Any, y: Integers, names: list[str]) -> list[int]:
    """Return the features of kolmo's shortest message."""
    from kolmo.mdl.predictors.linear import Linear

    model = Linear().given(features).fit(y)
    return [names.index(name) for name in model.parameters["features"]]


def by_abess(abess: Any, x: Floats, y: Integers) -> list[int]:
    """Return abess's best subset, its size chosen by BIC."""
    model = abess.LinearRegression(support_size=range(SUBSET_FEATURES + 1), ic_type="bic")
    return [place for place, beta in enumerate(model.fit(x, y / 100).coef_) if beta]


def by_lars(sklearn: Any, x: Floats, y: Integers, criterion: str) -> list[int]:
    """Return the features along the lasso's path that a criterion prefers."""
    model = sklearn.LassoLarsIC(criterion=criterion).fit(x, y / 100)
    return [place for place, beta in enumerate(model.coef_) if beta]


def degree_rows(runs: int) -> list[Row]:
    """Return what degree each method chooses for Wampler's data."""
    statsmodels, rows = optional("statsmodels.api"), []
    x = range(21)
    for number, factor in ((3, 1), (4, 100), (5, 10_000)):
        y = [
            sum(place**power for power in range(6)) + factor * error
            for place, error in zip(x, WAMPLER, strict=True)
        ]
        methods: dict[str, Callable[[], int]] = {
            "kolmo polynomial beside normal": partial(by_polynomial, list(x), y)
        }
        for criterion in ("aic", "bic") if statsmodels else ():
            peer = f"statsmodels OLS, {criterion}"
            methods[peer] = partial(by_ols, statsmodels, list(x), y, criterion)
        finishes = race(methods, ours="kolmo polynomial beside normal", runs=runs)
        rows += [
            {
                "task": f"degree, Wampler {number}",
                "method": method,
                "chosen": f"degree {finish.answer}",
                **finish.columns,
            }
            for method, finish in finishes.items()
        ]
    return rows


def by_polynomial(x: list[int], y: list[int]) -> int:
    """Return the degree of kolmo's shortest message, 0 if it is that of a normal distribution."""
    from kolmo.mdl.families.normal import Normal
    from kolmo.mdl.features import read_features
    from kolmo.mdl.predictors.polynomial import Polynomial

    features = read_features("\n".join([*map(str, x), ""]).encode(), ["x"])
    model = Polynomial(limit=DEGREES).given(features).fit(y)
    degree: int = model.parameters["degree"]
    return degree if model.total_bits < Normal().fit(y).total_bits else 0


def by_ols(statsmodels: Any, x: list[int], y: list[int], criterion: str) -> int:
    """Return the degree that a criterion prefers."""
    import numpy as np

    basis = np.polynomial.chebyshev.chebvander(np.array(x) / 10 - 1, DEGREES)
    fits = [
        statsmodels.OLS(np.array(y, float), basis[:, : degree + 1]).fit()
        for degree in range(DEGREES + 1)
    ]
    return min(range(DEGREES + 1), key=lambda degree: float(getattr(fits[degree], criterion)))


def cut_rows(size: int, runs: int) -> list[Row]:
    """Return the cuts of a numeric feature for three classes."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(2))
    x = source.integers(0, 1000, size)
    zone = np.digitize(x, (250, 600))
    y = np.where(source.random(size) < 0.2, source.integers(0, 3, size), zone).astype(np.int64)
    from kolmo.mdl.features import read_features

    features = read_features("\n".join([*map(str, x.tolist()), ""]).encode(), ["x"])
    methods: dict[str, Callable[[], list[float]]] = {}
    for name in ("mdlp", "modl"):
        methods[f"kolmo {name}"] = partial(by_cuts, name, features, y)
    sklearn = optional("sklearn.tree")
    if sklearn:
        methods["sklearn DecisionTreeClassifier, 3 leaves"] = lambda: by_tree(sklearn, x, y)
    return [
        {
            "task": f"cuts, n = {size:,}",
            "method": method,
            "chosen": "cuts " + ", ".join(f"{cut:g}" for cut in finish.answer),
            **finish.columns,
        }
        for method, finish in race(methods, ours="kolmo mdlp", runs=runs).items()
    ]


def by_cuts(name: str, features: Any, y: Integers) -> list[float]:
    """Return the cuts of one of kolmo's discretisations."""
    from kolmo.registry import predictors

    model = predictors.make(name).given(features).fit(y)
    found: list[float] = model.parameters["cuts"]
    return found


def by_tree(sklearn: Any, x: Integers, y: Integers) -> list[float]:
    """Return the thresholds of a tree of known size."""
    tree = sklearn.DecisionTreeClassifier(max_leaf_nodes=3).fit(x.reshape(-1, 1), y).tree_
    return sorted(float(cut) for cut in tree.threshold[tree.feature >= 0])


def table_row(context: Context, size: int) -> Row:
    """Return time and memory of the command on a table of ten columns."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, size)
        envelope, done = context.envelope("mdl-select", path.name, "--target", "y", cwd=path.parent)
        file_bytes = path.stat().st_size
    if not envelope.get("results"):
        raise KolmoError(f"no results: got exit code {done.sample.exit_code}; need rows.")
    best, sample = envelope["results"][0], done.sample
    peak = sample.peak_rss_bytes
    return {
        "rows": size,
        "columns": TABLE_FEATURES + 1,
        "file_MB": rounded(file_bytes / 1e6),
        "wall_seconds": rounded(sample.wall_seconds),
        "cpu_seconds": rounded(sample.cpu_seconds),
        "peak_rss_MB": None if peak is None else rounded(peak / 1e6),
        "peak_times_file": None if peak is None else rounded(peak / file_bytes),
        "best": f"{best['family']} {best['parameters'].get('features', '')}",
        "kind": best["kind"],
        "bits_per_row": rounded(best["bits_per_row"]),
    }


def write_table(path: Path, size: int) -> None:
    """Write nine features in hundredths, and a target that depends on three of them."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(3))
    x = np.rint(source.normal(size=(size, TABLE_FEATURES)) * 100).astype(np.int64)
    y = 2 * x[:, 0] - x[:, 3] + x[:, 7] // 2 + np.rint(source.normal(0, 80, size)).astype(np.int64)
    with path.open("w", encoding="ascii", newline="") as out:
        out.write(",".join([*(f"x{place}" for place in range(TABLE_FEATURES)), "y"]) + "\n")
        for row in np.column_stack([x, y]).tolist():
            out.write(",".join(f"{value / 100:.2f}" for value in row) + "\n")
