"""The best model of one column given others: the contest of predictors for a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kolmo.errors import ParameterError, shorten
from kolmo.mdl.contest import Attempt, Contest, Request
from kolmo.mdl.features import Known, known_columns
from kolmo.mdl.selection import ColumnChoice
from kolmo.mdl.streams.predicted import Predicted, TargetMessage
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.registry import predictors
from kolmo.results import Caution
from kolmo.table import Column, Table, apply_missing, csv_bytes

NO_DROP = (
    "no rows can be dropped: got missing = drop with a target; need code or error. The decoder "
    "has all rows of the features."
)


def choose_target(
    table: Table,
    target: str,
    features: Sequence[str] | None,
    request: Request,
    *,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> tuple[ColumnChoice, TargetMessage]:
    """Return the choice for a target, and its shortest message.

    Parameters
    ----------
    table : Table
        The rows.
    target : str
        The column to predict.
    features : sequence of str, optional
        The columns that the decoder has; all others if not given.
    request : Request
        What the user wants; families and predictors are tried alike.
    """
    place, names = table.find(target), feature_names(table, target, features)
    if request.missing == "drop":
        raise ParameterError(NO_DROP)
    known = known_columns(table, names)
    column = apply_missing(table.column(target), request.missing)
    contest = Contest(column, table.cells[place], request, known)
    methods = contest.methods
    progress.add(len(methods))

    def attempt(number: int) -> Attempt:
        found = contest.attempt(methods[number])
        progress.advance(1)
        return found

    choice, message = contest.decide(list(ordered_map(attempt, range(len(methods)), jobs)))
    alone = [row for row in choice.profile if row.family.split(":")[0] not in predictors.names()]
    about = {
        **choice.about,
        "features": list(names),
        "without_features_bits": min((row.total_bits for row in alone), default=None),
    }
    cautions = (*choice.cautions, *_cautions(table, column, known))
    found = replace(choice, about=about, cautions=cautions)
    header = None if table.header is None else table.header[place]
    return found, TargetMessage(header, message, known)


def target_container(table: Table, target: str, message: TargetMessage) -> bytes:
    """Return the ``.klm`` file with a target; ParameterError if it has values and no model."""
    column = message.column
    if column.chosen is None and column.values.size:
        raise ParameterError("no message: got no model for the target. Use other families.")
    header = None if message.header is None else (message.header,)
    data = csv_bytes([table.cells[table.find(target)]], header=header)
    return Predicted().container(message, data)


def feature_names(table: Table, target: str, features: Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the features; ParameterError if one is unknown, or the target."""
    if features is None:
        return tuple(name for name in table.names if name != target)
    for name in features:
        table.find(name)
    if target in features:
        raise ParameterError(
            f"target among the features: got {shorten(repr(target))}; need other columns."
        )
    return tuple(dict.fromkeys(features))


def _cautions(table: Table, column: Column, known: Known) -> tuple[Caution, ...]:
    """Return what to know of the features: copies of the target."""
    target = table.cells[table.find(column.name)]
    copies = [name for name in known.names if table.cells[table.find(name)].equals(target)]
    if not copies or not column.rows:
        return ()
    return (
        Caution(
            "target-among-features",
            f"feature {shorten(repr(copies[0]))} holds the same cells as the target "
            f"{shorten(repr(column.name))}",
            "whatever predicts from it says nothing new.",
            column.file,
        ),
    )
