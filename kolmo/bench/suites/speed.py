"""Made files of several kinds and sizes: megabytes a second both ways, and peak memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kolmo.bench import files
from kolmo.bench.alone import made_path
from kolmo.bench.inputs import INPUTS
from kolmo.bench.suite import (
    Cell,
    Found,
    Result,
    Scores,
    Suite,
    check_sizes,
    check_whole,
    failures_of,
)
from kolmo.data import MEMORY_LIMIT

EXAMPLES: list[dict[str, Any]] = [{"sizes": [1000]}]

SIZES = (10_000, 100_000, 1_000_000)
LARGEST = 1 << 30
ROUNDS, MOST_ROUNDS = 3, 1000


class Speed(Suite):
    """Files made from a seed, written and read by each code in a process of its own.

    Parameters
    ----------
    sizes : sequence of int
        In bytes.
    seed : int
        Of the files.
    rounds : int
        How often each is written and read.
    memory_limit : int
        An estimator that would need more bytes fails, the others run.
    """

    name = "speed"
    about = "made files: megabytes a second both ways, peak memory"
    timed = True

    def __init__(
        self,
        *,
        sizes: Sequence[int] = SIZES,
        seed: int = 0,
        rounds: int = ROUNDS,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        self.sizes = check_sizes(sizes, 1, LARGEST)
        self.seed = check_whole("seed", seed, 0, (1 << 63) - 1)
        self.rounds = check_whole("number of rounds", rounds, 1, MOST_ROUNDS)
        self.memory_limit = memory_limit

    @property
    def parameters(self) -> dict[str, Any]:
        """Sizes, seed and rounds."""
        return {"sizes": list(self.sizes), "seed": self.seed, "rounds": self.rounds}

    def default_labels(self) -> list[str]:
        """Return all codes that are installed."""
        return files.code_labels()

    def cells(self, labels: Sequence[str]) -> list[Cell]:
        """Return a cell for each file and estimator."""
        return [
            Cell(self.name, kind, 8 * size, self.seed, f"{self.rounds} rounds", label)
            for size in self.sizes
            for kind in INPUTS
            for label in labels
        ]

    def measure(self, cell: Cell) -> Result:
        """Return what the estimator makes of the file, in a process of its own."""
        path = made_path(cell.task, cell.n // 8, cell.seed)
        return files.measured(cell, path, rounds=self.rounds, memory_limit=self.memory_limit)

    def score(self, found: Found) -> Scores:
        """Return scores by size, kind and estimator, and totals of the largest size."""
        rows = [
            files.score_file(cell, result, with_speeds=True)
            for cell, result in found
            if "error" not in result
        ]
        place = {name: number for number, name in enumerate(INPUTS)}
        rows.sort(key=lambda row: (row.input_bytes, place[row.task], row.write_seconds))
        largest = [row for row in rows if row.input_bytes == max(self.sizes)]
        return Scores(
            suite=self.name,
            parameters=self.parameters,
            rows=tuple(rows),
            groups=tuple(files.totals(largest)),
            failures=failures_of(found),
            seconds=files.cpu_seconds(found),
        )
