"""Two columns both ways: is one and then the other given it shorter, or the other way round?

Each way is a message that can be sent: the first column by its best model, the second by its best
model given the first. The difference of the two lengths says which of two stories these families
tell in fewer bits. It is no proof of cause and effect: another family may tell another story.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from kolmo.errors import ParameterError
from kolmo.mdl.contest import Request
from kolmo.mdl.select import select_each
from kolmo.mdl.selection import ColumnChoice
from kolmo.mdl.target import choose_target
from kolmo.registry import predictors
from kolmo.table import Table


class Way(NamedTuple):
    """One column, and the other given it.

    Attributes
    ----------
    cause, effect : str
        The column that is sent first, and the one that is predicted from it.
    cause_bits, effect_bits : float
        Code lengths of the best messages.
    cause_model, effect_model : str
        In words.
    """

    cause: str
    effect: str
    cause_bits: float
    effect_bits: float
    cause_model: str
    effect_model: str

    @property
    def total_bits(self) -> float:
        """Length of both messages in bits, a code length."""
        return self.cause_bits + self.effect_bits

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {**self._asdict(), "total_bits": self.total_bits, "kind": "codelength"}


class Direction(NamedTuple):
    """Both ways, the shorter first, and what this says.

    Attributes
    ----------
    sentence : str
        In words, with the margin.
    conclusive : bool
        Whether the margin is at least the one asked for.
    """

    ways: tuple[Way, Way]
    sentence: str
    conclusive: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        ways = [way.to_dict() for way in self.ways]
        return {"ways": ways, "sentence": self.sentence, "conclusive": self.conclusive}


def directions(table: Table, one: str, other: str, request: Request, *, jobs: int = 1) -> Direction:
    """Return two columns both ways.

    Parameters
    ----------
    table : Table
        The rows.
    one, other : str
        Names of columns.
    request : Request
        What the user wants; predictors among its methods take part where there is a feature.

    Raises
    ------
    ParameterError
        If a column is unknown, has no value, or both are the same.
    """
    if one == other:
        raise ParameterError(f"no direction: got column {one!r} twice; need two.")
    plain = replace(request, sketch=False, verify=False, criteria=False)
    alone = {name: _alone(table, name, plain, jobs) for name in (one, other)}
    ways = [
        _way(alone[first], _given(table, second, first, plain, jobs))
        for first, second in ((one, other), (other, one))
    ]
    ways.sort(key=lambda way: way.total_bits)
    margin = ways[1].total_bits - ways[0].total_bits
    conclusive = margin >= request.min_gain_bits
    first = ways[0]
    sentence = (
        f"{first.cause} first, then {first.effect} given it, is {margin:,.2f} bits shorter than "
        "the other way round"
    )
    if not conclusive:
        sentence = f"inconclusive: {sentence}; a verdict needs {request.min_gain_bits:g} bits"
    return Direction((ways[0], ways[1]), sentence, conclusive)


def _alone(table: Table, name: str, request: Request, jobs: int) -> ColumnChoice:
    """Return the choice for a column by itself."""
    own = [method for method in request.methods or () if method.name not in predictors.names()]

    def choose(wanted: Request) -> ColumnChoice:
        ((choice, _),) = select_each(table, wanted, columns=[name], jobs=jobs)
        return choice

    return _with_a_model(choose, replace(request, methods=tuple(own) or None))


def _given(table: Table, name: str, feature: str, request: Request, jobs: int) -> ColumnChoice:
    """Return the choice for a column given another one."""
    return _with_a_model(
        lambda wanted: choose_target(table, name, [feature], wanted, jobs=jobs)[0], request
    )


def _with_a_model(choose: Callable[[Request], ColumnChoice], request: Request) -> ColumnChoice:
    """Return a choice; by all families if none of those wanted suits the column."""
    choice = choose(request)
    return choice if choice.best is not None else choose(replace(request, methods=None))


def _way(cause: ColumnChoice, effect: ColumnChoice) -> Way:
    first, second = cause.best, effect.best
    if first is None or second is None:
        raise ParameterError(f"no direction: got no value in {cause.column!r}; need some.")
    return Way(
        cause.column,
        effect.column,
        first.total_bits,
        second.total_bits,
        first.words,
        second.words,
    )
