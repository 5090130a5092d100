"""The files of a folder with a manifest: sizes, excess over published bests, speeds, memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kolmo.bench import files, published
from kolmo.bench.manifest import find_manifest, read_manifest
from kolmo.bench.suite import Advice, Cell, Found, Result, Scores, Suite, check_whole, failures_of
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import ParameterError

EXAMPLES: list[dict[str, Any]] = []

MOST_ROUNDS = 1000


class Corpus(Suite):
    """Files that a ``SHA256SUMS`` manifest lists, each checked against it before the work.

    Parameters
    ----------
    folder : str
        Holds the files, and itself or its parent the manifest.
    rounds : int
        How often each file is written and read, for its speed.
    memory_limit : int
        An estimator that would need more bytes fails, the others run.
    """

    name = "corpus"
    about = "files of a folder: excess over published bests, speeds both ways, peak memory"
    timed = True

    def __init__(
        self, *, folder: str | None = None, rounds: int = 1, memory_limit: int = MEMORY_LIMIT
    ) -> None:
        if folder is None:
            raise ParameterError("no folder: suite corpus needs one with a SHA256SUMS manifest")
        self.rounds = check_whole("number of rounds", rounds, 1, MOST_ROUNDS)
        self.folder, self.memory_limit = folder, memory_limit
        self.members = {member.name: member for member in read_manifest(folder)}

    @property
    def parameters(self) -> dict[str, Any]:
        """The folder."""
        return {"folder": self.folder}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The manifest and the files."""
        return (find_manifest(self.folder) or "", *(one.path for one in self.members.values()))

    def default_labels(self) -> list[str]:
        """Return all codes that are installed."""
        return files.code_labels()

    def cells(self, labels: Sequence[str]) -> list[Cell]:
        """Return a cell for each file and estimator; its key holds the file's SHA-256."""
        return [
            Cell(self.name, member.name, 8 * member.size, self.rounds, member.sha256, label)
            for member in self.members.values()
            for label in labels
        ]

    def measure(self, cell: Cell) -> Result:
        """Return what the estimator makes of the file, in a process of its own."""
        path = self.members[cell.task].path
        return files.measured(cell, path, rounds=self.rounds, memory_limit=self.memory_limit)

    def score(self, found: Found) -> Scores:
        """Return scores by file and estimator, totals by code, and advice."""
        rows = [
            files.score_file(cell, result, published.best(cell.form))
            for cell, result in found
            if "error" not in result
        ]
        place = {name: number for number, name in enumerate(self.members)}
        rows.sort(key=lambda row: (place[row.task], not row.is_code, row.bits, row.estimator))
        sums = files.totals(rows)
        return Scores(
            suite=self.name,
            parameters=self.parameters,
            rows=tuple(rows),
            groups=tuple(sums),
            advice=tuple(advise(sums)),
            failures=failures_of(found),
            seconds=files.cpu_seconds(found),
        )


def advise(sums: Sequence[files.Total]) -> list[Advice]:
    """Return whom to trust with files such as these; no word on speeds, which vary."""
    if not sums:
        return []
    best = sums[0]
    above = "" if best.excess is None else f", {best.excess:.1%} above the published bests"
    text = (
        f"for files like these, trust {best.estimator} ({best.kind}): {int(best.bits) // 8:,} "
        f"bytes, the shortest on {best.shortest} of {best.files}{above}"
    )
    return [Advice(0, text)]
