"""What a suite is: cells of work, how one is measured, and the scores that all of them make."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from kolmo.bench.invariant import Verdict
from kolmo.errors import ParameterError, shorten
from kolmo.results import Caution, Failure

Result = dict[str, Any]


class Cell(NamedTuple):
    """One estimator on one string: the smallest piece of work, which any worker can do alone.

    Attributes
    ----------
    suite, task : str
        Names of a suite and of a source, a sequence or a file.
    n : int
        Its length, in bits.
    seed : int
        Of the draw.
    form : str
        How the string becomes bytes; of a file its SHA-256.
    label : str
        The estimator, as `kolmo.bench.estimators.make_estimator` takes it.
    mark : str or None
        SHA-256 of the user's file that the label names: results of another file are not its.
    """

    suite: str
    task: str
    n: int
    seed: int
    form: str
    label: str
    mark: str | None = None

    @property
    def key(self) -> str:
        """What it is called in a store."""
        return json.dumps(self)


Found = Sequence[tuple[Cell, Result]]


class Advice(NamedTuple):
    """Whom to trust.

    Attributes
    ----------
    n : int
        For strings of so many bits; 0 for any.
    """

    n: int
    text: str


class Scores(NamedTuple):
    """What a suite says of its estimators.

    Attributes
    ----------
    rows : tuple
        One for each estimator on each task and length, best first; with ``estimator`` and
        ``to_dict``.
    groups : tuple
        Of ``sources`` the slopes of regrets, of ``corpus`` and ``speed`` the totals.
    advice : tuple of Advice
        Sentences, each for a kind of data and a size.
    verdicts : dict of str to Verdict
        Of each code over all strings; see `kolmo.bench.invariant.judge`.
    violators : tuple of str
        Codes that beat the truth by more than chance allows, on a task or over all: they miscount.
    failures : tuple of Failure
        Estimators that failed, each message once.
    seconds : dict of str to float
        CPU time by estimator; no part of ``to_dict``.
    """

    suite: str
    parameters: dict[str, Any]
    rows: tuple[Any, ...]
    groups: tuple[Any, ...] = ()
    advice: tuple[Advice, ...] = ()
    verdicts: dict[str, Verdict] = {}
    violators: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    failures: tuple[Failure, ...] = ()
    seconds: dict[str, float] = {}

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as a JSON-safe dictionary."""
        return {
            "suite": self.suite,
            "parameters": self.parameters,
            "rows": [row.to_dict() for row in self.rows],
            "groups": [group.to_dict() for group in self.groups],
            "advice": [one.text for one in self.advice],
            "verdicts": {label: one.to_dict() for label, one in self.verdicts.items()},
            "violators": list(self.violators),
            "warnings": [caution.to_dict() for caution in self.cautions],
            "failures": [failure._asdict() for failure in self.failures],
        }

    def _repr_html_(self) -> str:
        from html import escape

        rows = [row.to_dict() for row in self.rows]
        names = list(rows[0]) if rows else []
        head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(_shown(value))}</td>' for value in row.values())}</tr>"
            for row in rows
        )
        advice = "".join(f"<li>{escape(one.text)}</li>" for one in self.advice)
        return f"<table><tr>{head}</tr>{body}</table><ul>{advice}</ul>"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


class Suite(ABC):
    """A set of tasks for estimators; a worker elsewhere gets it by pickle.

    Attributes
    ----------
    name : str
        Registered name, the same as the file's.
    about : str
        What it shows, in a line.
    timed : bool
        Whether speeds are part of its scores: then only this machine can do its cells.
    audits : bool
        Whether users' codes are held against coin flips first, as its own data cannot tell.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    timed: ClassVar[bool] = False
    audits: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("numpy", "numba")

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """All settings that can change the result."""

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What is left out, and why."""
        return ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Files that it reads, which nothing may overwrite."""
        return ()

    @abstractmethod
    def default_labels(self) -> list[str]:
        """Return the labels of all estimators that are installed and that it can score."""

    @abstractmethod
    def cells(self, labels: Sequence[str]) -> list[Cell]:
        """Return all that is to be done."""

    @abstractmethod
    def measure(self, cell: Cell) -> Result:
        """Do a cell; return a JSON-safe dictionary, with ``error`` alone where it failed."""

    @abstractmethod
    def score(self, found: Found) -> Scores:
        """Return the scores of all cells, those that failed among them."""


def failures_of(found: Found) -> tuple[Failure, ...]:
    """Return what failed: each kind of message of an estimator once, with the first of its tasks.

    Messages that differ in their numbers only are of one kind.
    """
    groups: dict[tuple[str, str], list[tuple[Cell, str]]] = {}
    for cell, result in found:
        if message := result.get("error"):
            kind = re.sub(r"0x[0-9a-f]+|[0-9][0-9.]*", "#", message)
            groups.setdefault((cell.label, kind), []).append((cell, message))
    return tuple(
        Failure(f"{failed[0][0].task}{_more(len(failed))}", label, failed[0][1])
        for (label, _), failed in groups.items()
    )


def _more(count: int) -> str:
    return f" and {count - 1} more" if count > 1 else ""


def seconds_of(found: Found) -> dict[str, float]:
    """Return the CPU seconds of each estimator."""
    total: dict[str, float] = {}
    for cell, result in found:
        total[cell.label] = total.get(cell.label, 0.0) + result.get("seconds", 0.0)
    return total


def check_whole(name: str, value: int, low: int, high: int) -> int:
    """Return a setting, refused if it is no whole number in its range."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ParameterError(
            f"{name} out of range: got {shorten(value)}; need a whole number from {low} to {high}"
        )
    return value


def check_sizes(
    sizes: int | Iterable[int], low: int, high: int, *, unit: int = 1
) -> tuple[int, ...]:
    """Return sizes in order, each once; refused where one is out of range or there is none."""
    listed = [sizes] if isinstance(sizes, int) else sizes
    found = tuple(sorted({check_whole("size", size, low, high) for size in listed}))
    if not found:
        raise ParameterError("no sizes: got an empty list; need one or more")
    for size in found:
        if size % unit:
            below = size - size % unit
            raise ParameterError(
                f"size {size} is no multiple of {unit}. Take {below or unit} or {below + unit}"
            )
    return found
