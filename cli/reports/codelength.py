"""The work of ``kolmo codelength``: counts to rows, rows to a table with one line below."""

from collections.abc import Sequence
from typing import Any

import click

from kolmo.coding.comp import maximum_likelihood_bits
from kolmo.errors import shorten
from kolmo.mdl.counted import CODES, Codelength, codelengths, left_out

from ..output import Column, Output, note, print_paragraph, print_table

WORDS = {"kt": "KT", "enumerative": "the enumerative code", "nml": "NML"}


def run(counts: tuple[int, ...] | None, sequence: str | None, code: str | None) -> None:
    """Measure, and write one row for each code."""
    if counts is None and sequence is None:
        raise click.UsageError("nothing to measure: give --counts or --sequence")
    if counts is not None and sequence is not None:
        raise click.UsageError("--counts and --sequence exclude each other: use one of them")
    names = None if code is None else [name.strip() for name in code.split(",")]
    output = Output("codelength", {"counts": counts, "sequence": sequence, "codes": names})
    rows = _measured(counts, sequence, names)
    output.rows([row.to_dict() for row in rows], lambda: _render(rows))
    output.finish()


def _measured(
    counts: tuple[int, ...] | None, sequence: str | None, names: list[str] | None
) -> tuple[Codelength, ...]:
    """Return the rows; a code that does not reach so far is left out, if there are others."""
    beyond = {} if counts is None else left_out(counts, names)
    reaching = [name for name in names or CODES if name not in beyond]
    rows = codelengths(counts, reaching or names, sequence=sequence)
    for reason in beyond.values():
        note(reason)
    return rows


def _render(rows: Sequence[Codelength]) -> None:
    best = rows[0]
    print_paragraph(
        f"counts {shorten(','.join(map(str, best.counts)))}: n = {best.length:,}, "
        f"K = {best.symbols:,}"
    )
    sent = any(row.payload_bits is not None for row in rows)
    columns = COLUMNS if sent else COLUMNS[:-1]
    can_be_sent = best.kind != "criterion"
    print_table(columns, [row.to_dict() for row in rows], best=int(can_be_sent))
    print_paragraph(_difference(best) if can_be_sent else "no code: a criterion cannot be sent")


def _difference(row: Codelength) -> str:
    more = row.bits - maximum_likelihood_bits(row.counts)
    code = WORDS[row.code]
    return f"{code} is {more:,.2f} bits longer than the maximum likelihood, which is no code"


def _payload(row: dict[str, Any]) -> str:
    return "" if row["payload_bits"] is None else f"{row['payload_bits']:,}"


def _each(row: dict[str, Any]) -> str:
    return "" if row["bits_per_symbol"] is None else f"{row['bits_per_symbol']:.6f}"


COLUMNS = (
    Column("code", lambda row: row["code"], 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("bits", lambda row: f"{row['bits']:,.6f}", 0),
    Column("bits/symbol", _each, 2),
    Column("payload bits", _payload, 1),
)
