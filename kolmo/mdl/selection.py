"""What model selection hands to its users: candidates, verdicts, and what a column is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from kolmo.results import Caution

if TYPE_CHECKING:
    from kolmo.mdl.sketch import Sketch

MIN_GAIN_BITS = 6.64
"""Default margin of a verdict: log2 100, a bound of .01 for a rival named beforehand."""

LARGEST_EXPONENT = 1074


@dataclass(frozen=True)
class Candidate:
    """One model of a column, and the length of the column's message under it.

    Attributes
    ----------
    rank : int or None
        From 1, over all candidates; None for a baseline, which is no model.
    family : str
        Registered name, with settings that are not the defaults.
    complexity : int or None
        What `complexity_name` counts: bins, order, segments, components.
    parameters : dict
        Names and numbers, in the units of the file.
    free_parameters : int or None
        How many numbers were fitted, as BIC and the like count them.
    cells_bits : float
        Everything but the values: rows, missing values, spelling, labels; the same for all.
    model_bits, parameters_bits, data_bits : float
        Naming the family with its settings; its parameters; the values under them.
    total_bits : float
        The sum: ideal length of the message; the realised one has at most ceil + 16.
    delta_bits : float
        How much longer than the shortest candidate.
    bits_per_row : float
        Total by the number of rows.
    evidence_bound : float
        2**-delta: bounds the probability, under this candidate's own coding distribution, that a
        rival named beforehand comes out so much shorter. No posterior, and no p-value.
    kind : str
        ``certified`` if the message was decoded in this run, else ``codelength``.
    message_bits : int or None
        Realised length of the column's message, where it was made.
    criteria : dict or None
        BIC and the like in bits, halved; no codes.
    """

    file: str
    column: str
    rank: int | None
    family: str
    complexity: int | None
    complexity_name: str
    parameters: dict[str, Any]
    free_parameters: int | None
    cells_bits: float | None
    model_bits: float | None
    parameters_bits: float | None
    data_bits: float | None
    total_bits: float
    delta_bits: float
    bits_per_row: float
    evidence_bound: float
    kind: str
    message_bits: int | None = None
    criteria: dict[str, float | None] | None = None

    @property
    def length(self) -> str:
        """The length of the message that was decoded, or else the code length, and its kind."""
        if self.message_bits is None:
            return f"{self.total_bits:,.1f} bits ({self.kind})"
        return f"{self.message_bits:,d} bits ({self.kind}; code length {self.total_bits:,.1f})"

    @property
    def words(self) -> str:
        """Return the model in words: ``histogram with 6 bins``, ``polynomial of degree 2``."""
        if "form" in self.parameters:
            return f"{self.family}, {self.parameters['form']}"
        if self.complexity is None:
            return self.family
        name = self.complexity_name
        if name in ("order", "degree"):
            return f"{self.family} of {name} {self.complexity}"
        if self.complexity == 1:
            name = name.removesuffix("s")
        return f"{self.family} with {self.complexity} {name}"

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True)
class LeftOut:
    """A family without a model of the column, and why."""

    family: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """One sentence, and what it says.

    Attributes
    ----------
    conclusive : bool
        Whether the shortest candidate is shorter than all others by the margin asked for.
    margin_bits : float or None
        By how much it is shorter than the next; None if there is no other.
    """

    sentence: str
    conclusive: bool
    margin_bits: float | None


@dataclass(frozen=True, eq=False)
class ColumnChoice:
    """All candidates for one column, the shortest first.

    Attributes
    ----------
    about : dict
        What the column is: type, rows, missing values, decimals, levels, unit; of a target, its
        features, and the bits of the best candidate without them.
    candidates : tuple of Candidate
        The best of each family, the runner-up, and all that are within the margin of the first.
    profile : tuple of Candidate
        All that were tried, by family and complexity.
    baselines : tuple of Candidate
        The cells' text raw, and by xz.
    sketch : Sketch or None
        What a picture needs: the data, and the first candidate drawn over them.
    """

    file: str
    column: str
    about: dict[str, Any]
    candidates: tuple[Candidate, ...]
    profile: tuple[Candidate, ...]
    baselines: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    verdict: Verdict
    cautions: tuple[Caution, ...] = ()
    sketch: Sketch | None = field(default=None, repr=False)

    @property
    def best(self) -> Candidate | None:
        """The shortest candidate; None if the column has no value."""
        return self.candidates[0] if self.candidates else None

    @property
    def rows(self) -> Iterator[Candidate]:
        """Yield candidates and baselines, the shortest first in each."""
        yield from self.candidates
        yield from self.baselines

    def summary(self) -> dict[str, Any]:
        """Return what is said of the column as a whole."""
        return {
            **self.about,
            "verdict": self.verdict.sentence,
            "conclusive": self.verdict.conclusive,
            "margin_bits": self.verdict.margin_bits,
            "left_out": {item.family: item.reason for item in self.left_out},
            "direction": None,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {
            **self.summary(),
            "rows": [row.to_dict() for row in self.rows],
            "warnings": [caution.to_dict() for caution in self.cautions],
        }


@dataclass(frozen=True, eq=False)
class Selection:
    """The choice for each column of a file.

    Attributes
    ----------
    container : bytes or None
        The columns by their shortest messages, as a ``.klm`` file, if it was asked for.
    """

    file: str
    columns: tuple[ColumnChoice, ...]
    cautions: tuple[Caution, ...] = ()
    container: bytes | None = field(default=None, repr=False)

    def __getitem__(self, column: str) -> ColumnChoice:
        """Return the choice for the column of that name; KeyError if there is none."""
        for choice in self.columns:
            if choice.column == column:
                return choice
        raise KeyError(column)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {
            "file": self.file,
            "columns": [choice.to_dict() for choice in self.columns],
            "warnings": [caution.to_dict() for caution in self.cautions],
        }

    def _repr_html_(self) -> str:
        from html import escape

        head = "<tr><th>column</th><th>model</th><th>kind</th><th>bits</th><th>delta</th></tr>"
        body = "".join(
            f"<tr><td>{escape(row.column)}</td><td>{escape(row.words)}</td><td>{row.kind}</td>"
            f"<td>{row.total_bits:,.1f}</td><td>{row.delta_bits:,.1f}</td></tr>"
            for choice in self.columns
            for row in choice.rows
        )
        words = "".join(f"<p>{escape(choice.verdict.sentence)}</p>" for choice in self.columns)
        return f"<table>{head}{body}</table>{words}"


def judge(candidates: tuple[Candidate, ...], tried: int, min_gain_bits: float) -> Verdict:
    """Return whether the first candidate wins, in words.

    Parameters
    ----------
    candidates : tuple of Candidate
        Of one column, the shortest first; the first two are those of all that were tried.
    tried : int
        How many were compared.
    min_gain_bits : float
        Margin from which on there is a winner.
    """
    if not candidates:
        return Verdict("no value, hence no model", True, None)
    first = candidates[0]
    if len(candidates) == 1:
        return Verdict(f"{first.words}: the only candidate", True, None)
    second = candidates[1]
    margin = second.total_bits - first.total_bits
    among = f"the best of {tried} candidates"
    if margin >= min_gain_bits:
        sentence = f"{first.words} wins, {among}: {margin:,.2f} bits shorter than {second.words}"
        return Verdict(sentence, True, margin)
    close = sum(row.delta_bits < min_gain_bits for row in candidates[2:])
    more = f", and {close} more within {min_gain_bits:g}" if close else ""
    sentence = (
        f"inconclusive: {first.words} is {among}, but {second.words} is only {margin:,.2f} bits "
        f"longer{more}; a verdict needs {min_gain_bits:g} bits"
    )
    return Verdict(sentence, False, margin)


def evidence_bound(delta_bits: float) -> float:
    """Return 2**-delta, 0 where floats end; at most 1, for a baseline may be shorter."""
    return 2.0 ** -max(0.0, delta_bits) if delta_bits < LARGEST_EXPONENT else 0.0
