"""Strings of known laws: codes by their regret, estimates by their errors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from kolmo.bench import strings
from kolmo.bench.advice import advise_sources
from kolmo.bench.scoring import pooled, score_slopes, score_sources
from kolmo.bench.suite import (
    Cell,
    Found,
    Scores,
    check_whole,
    failures_of,
    seconds_of,
)
from kolmo.bench.tasks.sources import SOURCES
from kolmo.data import MEMORY_LIMIT
from kolmo.results import Caution

EXAMPLES: list[dict[str, Any]] = [{"sizes": [256], "seeds": 2}]

SIZES = (1 << 10, 1 << 12, 1 << 14, 1 << 16)
SEEDS, MOST_SEEDS = 20, 10_000
NO_CODE = "criterion"  # what miscounts is the length of no code, whatever it says of itself


class Sources(strings.OfStrings):
    """Sources of known entropy rate, and puzzles whose answer follows from the question.

    Codes are scored by pointwise regret L(x) + log2 P(x), which removes the source's own noise.

    Parameters
    ----------
    sizes : sequence of int
        Lengths in bits, multiples of 8.
    seeds, seed : int
        How many strings of each source and length, and the seed of the first.
    form : str
        How bits stand in a file: ``packed``, or ``written`` as characters 0 and 1.
    memory_limit : int
        An estimator that would need more bytes fails, the others run.
    """

    name = "sources"
    about = "bit strings of known laws: regret of codes, bias of estimates"
    audits = False

    def __init__(
        self,
        *,
        sizes: Sequence[int] = SIZES,
        seeds: int = SEEDS,
        seed: int = 0,
        form: str = strings.PACKED,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        super().__init__(sizes=sizes, form=form, memory_limit=memory_limit)
        self.seeds = check_whole("number of seeds", seeds, 1, MOST_SEEDS)
        self.seed = check_whole("seed", seed, 0, (1 << 63) - 1)

    @property
    def parameters(self) -> dict[str, Any]:
        """Sizes, number of strings, seed and form."""
        settings = {"sizes": list(self.sizes), "seeds": self.seeds}
        return {**settings, "seed": self.seed, "form": self.form}

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Lengths that do not suit some of the sources."""
        left_out = {
            n: [name for name, source in SOURCES.items() if n % source.multiple] for n in self.sizes
        }
        return tuple(
            Caution(
                "length-left-out",
                f"left out at {n} bits: {', '.join(names)}",
                f"they need multiples of {max(SOURCES[name].multiple for name in names)}",
                "",
            )
            for n, names in left_out.items()
            if names
        )

    def cells(self, labels: Sequence[str]) -> list[Cell]:
        """Return a cell for each string and estimator, strings outermost: they are drawn once."""
        return [
            Cell(self.name, name, n, self.seed + number, self.form, label)
            for n in self.sizes
            for name, source in SOURCES.items()
            if n % source.multiple == 0
            for number in range(self.seeds)
            for label in labels
        ]

    def string(self, cell: Cell) -> tuple[bytes, float]:
        """Return a string of the law, and -log2 P(x)."""
        return _drawn(cell.task, cell.n, cell.seed, cell.form)

    def score(self, found: Found) -> Scores:
        """Return scores by source, length and estimator, the slopes of regrets, and advice."""
        rows, verdicts = score_sources(found), pooled(found)
        miscounting = [label for label, verdict in verdicts.items() if verdict.violated]
        miscounting += [row.estimator for row in rows if row.verdict and row.verdict.violated]
        rows = [row._replace(kind=NO_CODE) if row.estimator in miscounting else row for row in rows]
        return Scores(
            suite=self.name,
            parameters=self.parameters,
            rows=tuple(rows),
            groups=tuple(score_slopes(found)),
            advice=tuple(advise_sources(rows, miscounting)),
            verdicts=verdicts,
            violators=tuple(dict.fromkeys(miscounting)),
            cautions=self.cautions,
            failures=failures_of(found),
            seconds=seconds_of(found),
        )


@lru_cache(maxsize=16)
def _drawn(task: str, n: int, seed: int, form: str) -> tuple[bytes, float]:
    source = SOURCES[task]
    bits = source.draw(n, strings.child_seed(seed, n))
    return strings.in_form(bits, form), source.truth_bits(bits)
