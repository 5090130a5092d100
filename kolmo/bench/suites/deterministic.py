"""Sequences that a short program prints: who sees it, and who takes them for chance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from kolmo.bench import strings
from kolmo.bench.suite import (
    Advice,
    Cell,
    Found,
    Result,
    Scores,
    failures_of,
    seconds_of,
)
from kolmo.bench.tasks.sequences import SEQUENCES
from kolmo.data import MEMORY_LIMIT
from kolmo.results import Caution

EXAMPLES: list[dict[str, Any]] = [{"sizes": [256]}]

SIZES = (1 << 12, 1 << 14, 1 << 16)
SEEN_BELOW = 0.9  # bits a symbol


class SequenceScore(NamedTuple):
    """One estimator on the beginning of a sequence.

    Attributes
    ----------
    program_bits : int
        A bound of K, Python given: the source of the function that made the bits in this run,
        deflated, and n in Elias' delta code.
    bits : float
        Of the ``kind`` that stands beside.
    per_symbol : float
        bits / n: near 1 for who takes the sequence for coin flips.
    """

    task: str
    n: int
    estimator: str
    kind: str
    code: bool
    program_bits: int
    bits: float
    per_symbol: float

    @property
    def seen(self) -> bool:
        """Whether the estimator sees that this is no chance."""
        return self.per_symbol < SEEN_BELOW

    def to_dict(self) -> dict[str, Any]:
        """Return the score as a flat dictionary."""
        return {
            "task": self.task,
            "n_bits": self.n,
            "estimator": self.estimator,
            "kind": self.kind,
            "program_bits": self.program_bits,
            "program_kind": "certified",
            "bits": self.bits,
            "bits_per_symbol": self.per_symbol,
        }


class Deterministic(strings.OfStrings):
    """Sequences of K = O(log n).

    Parameters
    ----------
    sizes : sequence of int
        Lengths in bits, multiples of 8.
    form : str
        How bits stand in a file: ``packed``, or ``written`` as characters 0 and 1.
    memory_limit : int
        An estimator that would need more bytes fails, the others run.
    """

    name = "deterministic"
    about = "sequences of short programs: who sees it, and who takes them for chance"

    def __init__(
        self,
        *,
        sizes: Sequence[int] = SIZES,
        form: str = strings.PACKED,
        memory_limit: int = MEMORY_LIMIT,
    ) -> None:
        super().__init__(sizes=sizes, form=form, memory_limit=memory_limit)

    @property
    def parameters(self) -> dict[str, Any]:
        """Sizes and form."""
        return {"sizes": list(self.sizes), "form": self.form}

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """Lengths that would take too long to make."""
        return tuple(
            Caution(
                "length-left-out",
                f"{name} is made up to {sequence.largest} bits",
                f"it is left out at {n}",
                "",
            )
            for n in self.sizes
            for name, sequence in SEQUENCES.items()
            if n > sequence.largest
        )

    def cells(self, labels: Sequence[str]) -> list[Cell]:
        """Return a cell for each beginning and estimator; there is no chance in it."""
        return [
            Cell(self.name, name, n, 0, self.form, label)
            for n in self.sizes
            for name, sequence in SEQUENCES.items()
            if n <= sequence.largest
            for label in labels
        ]

    def string(self, cell: Cell) -> tuple[bytes, float]:
        """Return a beginning, and the bound of its program."""
        return _made(cell.task, cell.n, cell.form)

    def score(self, found: Found) -> Scores:
        """Return scores by sequence, length and estimator, and who sees what."""
        rows = sorted(
            (_score(cell, result) for cell, result in found if "error" not in result),
            key=lambda row: (_place(row.task), row.n, not row.code, row.bits, row.estimator),
        )
        return Scores(
            suite=self.name,
            parameters=self.parameters,
            rows=tuple(rows),
            advice=tuple(_advise(rows)),
            cautions=self.cautions,
            failures=failures_of(found),
            seconds=seconds_of(found),
        )


def _score(cell: Cell, result: Result) -> SequenceScore:
    return SequenceScore(
        task=cell.task,
        n=cell.n,
        estimator=cell.label,
        kind=result["kind"],
        code=result["kind"] != "estimate",
        program_bits=int(result["truth_bits"]),
        bits=result["bits"],
        per_symbol=result["bits"] / cell.n,
    )


def _advise(rows: list[SequenceScore]) -> list[Advice]:
    """Return what the codes see of the longest beginnings, and what none of them does."""
    longest: dict[str, int] = {}
    for row in rows:
        longest[row.task] = max(row.n, longest.get(row.task, 0))
    codes = [row for row in rows if row.code and row.n == longest[row.task]]
    seen = {name: [row for row in codes if row.task == name and row.seen] for name in longest}
    lines = [
        f"{name}: {found[0].estimator} needs {found[0].bits:,.0f} bits ({found[0].kind}) for "
        f"{found[0].n:,}, a program {found[0].program_bits:,} (certified: it printed them)"
        for name, found in seen.items()
        if found
    ]
    unseen = [name for name, found in seen.items() if not found]
    if codes and unseen:
        lines.append(
            f"no code sees anything in {', '.join(unseen)}: that a file does not compress is no "
            "sign of chance"
        )
    return [Advice(0, line) for line in lines]


def _place(name: str) -> int:
    return list(SEQUENCES).index(name)


@lru_cache(maxsize=16)
def _made(task: str, n: int, form: str) -> tuple[bytes, int]:
    sequence = SEQUENCES[task]
    return strings.in_form(sequence.bits(n), form), sequence.program_bits(n)
