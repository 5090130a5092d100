"""Two columns both ways: ``kolmo mdl-select --target Y --features X --direction``."""

from typing import TYPE_CHECKING

import click

from kolmo.mdl.contest import Request as Wanted
from kolmo.mdl.direction import directions
from kolmo.mdl.target import feature_names
from kolmo.table import Table

from ..output import Column, Output, note, number, print_paragraph, print_table
from ..text import visible

if TYPE_CHECKING:
    from .mdl_select import Request


def direct(request: "Request", wanted: Wanted, table: Table, output: Output) -> bool:
    """Show both ways if they are asked for; return whether there is nothing undecided."""
    if not request.direction:
        return True
    assert request.target is not None
    name = only_feature(request, table)
    found = directions(table, name, request.target, wanted, jobs=request.jobs)
    assert output.groups is not None
    output.groups[-1]["direction"] = found.to_dict()
    if output.format == "table":
        print_table(WAY_COLUMNS, [way.to_dict() for way in found.ways])
        print_paragraph(f"{found.sentence} (estimate: a difference of code lengths)")
        print_paragraph(
            "this compares two descriptions by these families; it is no proof of cause and effect"
        )
    elif output.format != "json":
        note(f"both ways: {found.sentence} (estimate: a difference of code lengths)")
    return found.conclusive


def only_feature(request: "Request", table: Table) -> str:
    """Return the one feature that there is."""
    assert request.target is not None
    names = feature_names(table, request.target, request.feature_names(table))
    if len(names) != 1:
        raise click.UsageError(
            f"--direction needs one feature: got {len(names)}. Choose it by --features"
        )
    return names[0]


WAY_COLUMNS = (
    Column("first", lambda row: visible(row["cause"]), 0, left=True),
    Column("by", lambda row: visible(row["cause_model"]), 4, left=True),
    Column("L(first)", number("cause_bits", ",.1f"), 2),
    Column("then", lambda row: visible(row["effect"]), 0, left=True),
    Column("given it by", lambda row: visible(row["effect_model"]), 3, left=True),
    Column("L(then | first)", number("effect_bits", ",.1f"), 1),
    Column("total bits", number("total_bits", ",.1f"), 0),
)
