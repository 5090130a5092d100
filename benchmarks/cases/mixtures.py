"""How many normal distributions are mixed, 1 to 5: kolmo beside scikit-learn's BIC."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.race import optional, race

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[Any, np.dtype[np.int64]]

PEERS = ("sklearn",)
USES_CORPORA = False
SIZES, QUICK_SIZES = (1000, 100_000), (1000,)
MOST = 5
SETTINGS: tuple[dict[str, Any], ...] = (
    {"n_init": 1},
    {"n_init": 10},
)
OURS = "kolmo Mixture(5).fit"
NOTES = (
    "data: in hundredths, which kolmo reads as integers and the peer as floats",
    f"components: chosen among 1 to {MOST}, by kolmo for the shortest message, by the peer for BIC",
    "log2 likelihood: of each row under the densities found, in hundredths; kolmo's are "
    "quantised, as they are sent",
    "n_init: starts of the peer for each number of components; tol: the gain at which it stops, "
    "else .001 nats of each row; kolmo's starts are fixed",
    "ratio: kolmo's seconds to the peer's on the same values; kolmo's are those of quantising and "
    "of code lengths too",
)


class Mixed(NamedTuple):
    """A mixture of normal distributions, in hundredths."""

    weights: Sequence[float]
    means: Sequence[float]
    deviations: Sequence[float]


TRUTHS = {
    "three apart": Mixed((0.5, 0.3, 0.2), (-400.0, 0.0, 300.0), (100.0, 80.0, 150.0)),
    "wide on narrow": Mixed((0.6, 0.4), (0.0, 50.0), (60.0, 240.0)),
}


def run(context: Context) -> CaseResult:
    """Measure both on the same values."""
    sklearn, rows = optional("sklearn.mixture"), []
    for name, truth in TRUTHS.items():
        for size in QUICK_SIZES if context.quick else SIZES:
            context.report(f"{name}, {size:,} values")
            runs = 1 if context.quick else 3
            rows += rows_of(name, drawn(truth, size), sklearn, runs)
    return CaseResult(tuple(rows), notes=NOTES)


def drawn(truth: Mixed, size: int) -> Numbers:
    """Return values of a mixture, rounded."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(size))
    which = source.choice(len(truth.weights), size, p=truth.weights)
    normal = source.normal(np.array(truth.means)[which], np.array(truth.deviations)[which])
    return np.asarray(np.rint(normal), np.int64)


def rows_of(name: str, values: Numbers, sklearn: Any | None, runs: int) -> list[Row]:
    """Return a row for each method, and one for the true mixture."""
    methods: dict[str, Callable[[], Mixed]] = {OURS: lambda: by_kolmo(values)}
    for setting in SETTINGS if sklearn else ():
        words = ", ".join(f"{key}={value}" for key, value in setting.items() if key != "max_iter")
        methods[f"sklearn GaussianMixture, {words}"] = by_peer(sklearn, values, setting)
    finishes = race(methods, ours=OURS, runs=runs)
    known = {"data": name, "values": int(values.size)}
    return [
        {**known, "method": method, **quality(finish.answer, values), **finish.columns}
        for method, finish in finishes.items()
    ] + [{**known, "method": "the true mixture", **quality(TRUTHS[name], values)}]


def quality(found: Mixed, values: Numbers) -> Row:
    """Return the number of components, and the mean log2 of their density at the values."""
    import numpy as np

    distances = (values[:, None] - np.array(found.means)) / np.array(found.deviations)
    heights = np.array(found.weights) / np.array(found.deviations) / math.sqrt(2 * math.pi)
    bits = np.log2((heights * np.exp(-0.5 * distances**2)).sum(axis=1))
    return {
        "components": len(found.weights),
        "log2_likelihood_per_row": rounded(float(bits.mean()), 6),
    }


def by_kolmo(values: Numbers) -> Mixed:
    """Return the mixture of kolmo's shortest message, one normal distribution included."""
    from kolmo.mdl.families.mixture import Mixture
    from kolmo.mdl.families.normal import Normal

    one, more = Normal().fit(values), Mixture(MOST).fit(values)
    if one.total_bits <= more.total_bits:
        return Mixed([1.0], [one.parameters["location"]], [one.parameters["scale"]])
    return Mixed(*(more.parameters[key] for key in ("weights", "locations", "scales")))


def by_peer(sklearn: Any, values: Numbers, setting: dict[str, Any]) -> Callable[[], Mixed]:
    """Return the peer's fits of each number of components, of which BIC chooses."""
    numbers = values.reshape(-1, 1) / 100

    def fit() -> Mixed:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of starts that do not converge
            models = [
                sklearn.GaussianMixture(number, random_state=0, **setting).fit(numbers)
                for number in range(1, MOST + 1)
            ]
        best = min(models, key=lambda model: model.bic(numbers))
        means, variances = best.means_[:, 0], best.covariances_[:, 0, 0]
        return Mixed(best.weights_.tolist(), 100 * means, 100 * variances**0.5)

    return fit
