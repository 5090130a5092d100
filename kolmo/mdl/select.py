"""The best model of each column of a table: the public entry, and the walk over columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from kolmo.errors import ParameterError, shorten
from kolmo.mdl.contest import Attempt, Contest, Request
from kolmo.mdl.features import Features
from kolmo.mdl.message import ColumnMessage, TableMessage
from kolmo.mdl.methods import Method, parse_method
from kolmo.mdl.selection import MIN_GAIN_BITS, ColumnChoice, Selection
from kolmo.mdl.streams.columns import Columns
from kolmo.mdl.target import choose_target, target_container
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.table import Table, Texts, apply_missing, csv_bytes, read_table

LARGEST_BATCH = 1 << 18  # cells


class Sent(NamedTuple):
    """A column's place in its table, its shortest message, and what this decodes to."""

    place: int
    message: ColumnMessage
    texts: Texts

    @property
    def complete(self) -> bool:
        """Whether a model sends the values, if there are any."""
        return self.message.chosen is not None or self.message.values.size == 0


def select(
    source: Any,
    *,
    columns: Sequence[str] | None = None,
    target: str | None = None,
    features: Sequence[str] | None = None,
    families: Iterable[str] | None = None,
    missing: str = "code",
    precisions: dict[str, Fraction] | None = None,
    min_gain_bits: float = MIN_GAIN_BITS,
    criteria: bool = False,
    verify: bool = False,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> Selection:
    r"""Return the best model of each column of a table, by the length of its message in bits.

    Parameters
    ----------
    source : Table, str, path or bytes
        A table, or a CSV file for `kolmo.table.read_table`.
    columns : sequence of str, optional
        Names of the columns to model; all if not given.
    target : str, optional
        The one column to model, given ``features``; see `kolmo.mdl.target`.
    features : sequence of str, optional
        The columns that the decoder of the target has; all others if not given.
    families : iterable of str, optional
        Families or bound estimators, with settings as in ``markov:limit=3``; all available
        families and four compressors if not given.
    missing : {"code", "drop", "error"}
        What happens to cells without a value.
    precisions : dict of Fraction, optional
        By column: the step of its numbers, if coarser than the last digit.
    min_gain_bits : float
        By how much a winner has to be shorter, >= 0.
    criteria : bool
        Add BIC/2, AIC/2 and AICc/2, which are no codes.
    verify : bool
        Decode every listed candidate in a fresh process; else the winner only, in this one.
    jobs : int
        Number of threads; the result does not depend on it.

    Returns
    -------
    Selection
        Candidates with their code lengths, verdicts, and the winners as a ``.klm`` container.

    Raises
    ------
    ParameterError
        If a name or a setting is unknown, or a precision does not suit.
    InputError
        If the file is no table, or has missing values under ``missing="error"``.
    CertificationError
        If a message decodes to something else: then a code is broken.

    Notes
    -----
    Under ``missing="drop"`` the message holds the cells that have a value; it is left out if the
    columns then lack values in different rows.

    Examples
    --------
    >>> found = select(b"x\n" + b"".join(b"%d\n" % (i % 4) for i in range(400)))
    >>> found["x"].best.words, found["x"].best.kind
    ('markov of order 1', 'certified')
    """
    table = source if isinstance(source, Table) else read_table(source)
    if target is None and features is not None:
        raise ParameterError("no target: got features; need the column that they predict.")
    known = None if target is None else Features([])
    labels = None if families is None else list(families)
    methods = None if labels is None else tuple(parse_method(label, known) for label in labels)
    request = Request(methods, missing, precisions, min_gain_bits, criteria, verify)
    if target is not None:
        choice, message = choose_target(
            table, target, features, request, jobs=jobs, progress=progress
        )
        sendable = message.column.chosen is not None or not message.column.values.size
        packed = target_container(table, target, message) if sendable else None
        return Selection(table.file, (choice,), table.cautions, packed)
    pairs = list(select_each(table, request, columns=columns, jobs=jobs, progress=progress))
    sent = [message for _, message in pairs]
    same = keeps_rows(table, missing, columns) and all(item.complete for item in sent)
    return Selection(
        table.file,
        tuple(choice for choice, _ in pairs),
        table.cautions,
        container(table, sent) if same else None,
    )


def select_each(
    table: Table,
    request: Request,
    *,
    columns: Sequence[str] | None = None,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> Iterator[tuple[ColumnChoice, Sent]]:
    """Yield the choice for each column, and its shortest message, one column after the other."""
    names = table.names if columns is None else tuple(dict.fromkeys(columns))
    for name in (*names, *(request.precisions or {})):
        table.find(name)
    progress.add(table.rows * len(names))
    width = max(1, LARGEST_BATCH // max(1, table.rows))
    for first in range(0, len(names), width):
        batch = names[first : first + width]
        for choice, sent in _select_batch(table, request, batch, jobs):
            progress.advance(table.rows)
            yield choice, sent


def _select_batch(
    table: Table, request: Request, names: Sequence[str], jobs: int
) -> Iterator[tuple[ColumnChoice, Sent]]:
    """Yield the choices for some columns, which are in memory at the same time."""

    def tasks() -> Iterator[tuple[Contest, Method | None]]:
        for name in names:
            contest = _contest(table, name, request)
            yield from ((contest, method) for method in contest.methods)
            yield contest, None

    def work(task: tuple[Contest, Method | None]) -> tuple[Contest, Attempt | None]:
        contest, method = task
        return contest, None if method is None else contest.attempt(method)

    attempts: list[Attempt] = []
    waiting = map(table.find, names)
    for contest, attempt in ordered_map(work, tasks(), jobs):
        if attempt is not None:
            attempts.append(attempt)
            continue
        choice, message = contest.decide(attempts)
        yield choice, Sent(next(waiting), message, contest.texts)
        attempts = []


def _contest(table: Table, name: str, request: Request) -> Contest:
    column = apply_missing(table.column(name), request.missing)
    texts = table.cells[table.find(name)]
    return Contest(column, texts if len(texts) == column.rows else column.texts(), request)


def keeps_rows(table: Table, missing: str, columns: Sequence[str] | None = None) -> bool:
    """Return whether the cells that are left still stand in rows: none dropped, or whole rows."""
    if missing != "drop":
        return True
    names = list(table.names if columns is None else columns)
    first, *others = [table.column(name).missing.marks > 0 for name in names]
    return all(np.array_equal(first, other) for other in others)


def container(table: Table, sent: Sequence[Sent]) -> bytes:
    """Return the ``.klm`` file with these columns, each by its message.

    Raises
    ------
    ParameterError
        If the columns have different lengths, or one has values and no model.
    """
    for item in sent:
        if not item.complete:
            raise ParameterError(
                f"no message: got no model for column {shorten(repr(table.names[item.place]))}; "
                "need one for each. Use other families, or --column."
            )
    delimiter = table.dialect.delimiter.encode()
    header = None
    if table.header is not None:
        header = tuple(table.header[item.place] for item in sent)
    data = csv_bytes([item.texts for item in sent], header=header, delimiter=delimiter)
    message = TableMessage(delimiter, header, tuple(item.message for item in sent))
    return Columns().container(message, data)
