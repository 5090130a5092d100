"""One target under every code that kolmo has: a noisy net beside simpler models.

All lengths are of the target's values alone. What no code can do without is left out of all: the
container, the features' names, and the cells without their values (`Study.cells_bits`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import MemoryLimitError
from kolmo.mdl.contest import Request
from kolmo.mdl.methods import Method
from kolmo.mdl.target import choose_target, target_container
from kolmo.progress import SILENT, Progress
from kolmo.table import Table
from kolmo.weights.noisy.data import Problem, read_problem
from kolmo.weights.noisy.frame import Settings
from kolmo.weights.noisy.grid import divergence_bits, to_cloud
from kolmo.weights.noisy.held_out import HeldOut, held_out
from kolmo.weights.noisy.lengths import (
    NETS,
    Length,
    cells_bits,
    learnt_labels,
    of_net,
    of_rivals,
    ranked,
)
from kolmo.weights.noisy.net import Architecture, Fitted
from kolmo.weights.noisy.sent import round_prior
from kolmo.weights.noisy.theory import Theory, architecture_of, fit_problem, theory

Floats = NDArray[np.float64]

_PLANES, _BYTES = 14, 8


class Wish(NamedTuple):
    """The net that is wanted, and its rivals.

    Attributes
    ----------
    hidden : int
        Hidden units; 0 for a linear model.
    unit : str
        What they do.
    settings : Settings
        How the net is trained.
    methods : tuple of Method or None
        Which of `mdl-select`'s models are tried; None for all.
    memory_limit : int or None
        Largest number of bytes to train with.
    """

    hidden: int = 4
    unit: str = "tanh"
    settings: Settings = Settings()
    methods: tuple[Method, ...] | None = None
    memory_limit: int | None = None


@dataclass(frozen=True, eq=False)
class Study:
    """A target under every code, the shortest first; `IN_1993` comes last.

    Attributes
    ----------
    theory : Theory
        Lengths of the noisy net by the formulas.
    weight_bits : float64[w]
        What each weight costs.
    cells_bits : float
        Rows, spelling, names of labels: the same for all codes, and in none of them.
    held_out : HeldOut or None
        The net's error on other rows.
    """

    file: str
    target: str
    problem: Problem
    fitted: Fitted
    theory: Theory
    weight_bits: Floats
    lengths: tuple[Length, ...]
    cells_bits: float
    held_out: HeldOut | None

    @property
    def architecture(self) -> Architecture:
        """The net's shape."""
        return self.fitted.posterior.architecture

    @property
    def best(self) -> Length:
        """The shortest of all codes that can be sent: an estimate wins nothing."""
        return next(length for length in self.lengths if length.kind != "estimate")

    def __getitem__(self, code: str) -> Length:
        """Return the length under one code; KeyError if it has none here."""
        for length in self.lengths:
            if length.code == code:
                return length
        raise KeyError(code)

    @property
    def sentence(self) -> str:
        """Which is the shortest, in words: net or simple model, and by how much."""
        codes = [length for length in self.lengths if length.kind != "estimate"]
        nets = [length for length in codes if length.code in NETS]
        others = [length for length in codes if length.code not in NETS]
        best, won = self.best, self.best.code in NETS
        said = f"{_named(best)} is the shortest, {best.total_bits:,.1f} bits ({best.kind}): "
        if not others:
            return f"{said}no simpler model was tried"
        rival = others[0] if won else nets[0]
        gap = f"{rival.total_bits - best.total_bits:,.1f} bits"
        if won:
            return f"{said}the net wins, {gap} shorter than {_named(rival)}"
        return f"{said}the simple model wins, {gap} shorter than the net by {rival.code}"


def study(
    table: Table,
    target: str,
    features: Sequence[str] | None = None,
    wish: Wish | None = None,
    *,
    test: Table | None = None,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> Study:
    """Return the lengths of a target under a noisy net, and under all its rivals.

    Parameters
    ----------
    table : Table
        Every cell of the columns that are used has a value.
    features : sequence of str, optional
        The columns that the receiver has, too; all others if not given.
    test : Table, optional
        Other rows, to tell the net's error.

    Raises
    ------
    InputError
        If a value is missing, naming column and line.
    ParameterError
        If a column is unknown, or there is no such net.
    MemoryLimitError
        If training would need too much memory.
    CertificationError
        If a message decodes to something else: a bug.
    """
    wish = wish or Wish()
    problem = read_problem(table, target, features)
    architecture = architecture_of(problem, wish.hidden, wish.unit)
    check_memory(problem, architecture, wish.memory_limit)
    fitted = fit_problem(problem, architecture, wish.settings, progress=progress)
    tested = None if test is None else held_out(problem, fitted, test, target)
    formulas = theory(problem, fitted)
    request = Request(wish.methods, missing="error")
    choice, message = choose_target(
        table, target, problem.known.names, request, jobs=jobs, progress=progress
    )
    container = None if choice.best is None else target_container(table, target, message)
    learnt = learnt_labels(problem, wish.settings.seed, progress)
    rivals = of_rivals(choice, container, learnt)
    lengths = ranked([*of_net(problem, fitted, formulas), *rivals])
    prior = round_prior(fitted.posterior.prior)
    costs = divergence_bits(prior, to_cloud(fitted.posterior))
    return Study(
        table.file, target, problem, fitted, formulas, costs, lengths, cells_bits(problem), tested
    )


def check_memory(problem: Problem, architecture: Architecture, limit: int | None) -> None:
    """Raise MemoryLimitError if a net cannot be trained within so many bytes."""
    widest = max(architecture.hidden, architecture.inputs, architecture.outputs) + 1
    needed = _PLANES * _BYTES * widest * problem.rows
    if limit is not None and needed > limit:
        raise MemoryLimitError(
            f"too much memory: {problem.rows} rows, {architecture.inputs} inputs and "
            f"{architecture.hidden} hidden units need about {needed} bytes; the limit is {limit}. "
            "Use fewer features or units, or --memory-limit."
        )


def _named(length: Length) -> str:
    return f"{length.code} ({length.model})"
