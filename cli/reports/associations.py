"""The work of ``kolmo mdl-select --associations``: pairs of columns and what they share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolmo.mdl.associations import Associations, associations
from kolmo.parallel import in_background
from kolmo.table import Table

from ..output import Column, Output, number, print_paragraph, print_table, write
from ..text import visible

if TYPE_CHECKING:
    from ..plots.picture import Picture
    from .mdl_select import Request

MOST_SHOWN = 12  # columns of the matrix in a terminal
NAME_WIDTH = 16


def report(table: Table, output: Output, request: "Request", picture: "Picture | None") -> None:
    """Show the mutual information of all pairs of columns, and draw it."""
    (found,) = in_background(_found(table, request))
    output.groups = None
    output.rows(list(_pairs(found)), lambda: _render(found))
    if request.plot:
        from ..plots.associations import draw_matrix

        draw_matrix(found, to_stderr=output.format != "table")
    output.finish()
    if picture is not None:
        from ..plots.associations import draw_picture

        draw_picture(picture, found)


def _found(table: Table, request: "Request") -> Iterator[Associations]:
    yield associations(table, list(request.column) or None, jobs=request.jobs)


def _pairs(found: Associations) -> Iterator[dict[str, Any]]:
    """Yield a row for each pair, the closest first."""
    size = len(found.names)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    for i, j in sorted(pairs, key=lambda pair: -found.matrix[pair]):
        yield {
            "column": found.names[i],
            "other": found.names[j],
            "mutual_information_bits": float(found.matrix[i, j]),
            "plugin_bits": float(found.plugin[i, j]),
            "kind": found.kind,
        }


def _render(found: Associations) -> None:
    print_paragraph(f"mutual information in bits per row ({found.kind}: {found.formula})")
    shown = list(enumerate(found.names))[:MOST_SHOWN]
    columns = [
        Column("", lambda row: row["name"], 0, left=True),
        *(Column(visible(name)[:NAME_WIDTH], number(str(j), ".3f"), 1 + j) for j, name in shown),
    ]
    rows = [
        {"name": visible(name), **{str(j): float(found.matrix[i, j]) for j, _ in shown}}
        for i, name in enumerate(found.names)
    ]
    print_table(columns, rows, best=0)
    if len(found.names) > MOST_SHOWN:
        print_paragraph(
            f"the first {MOST_SHOWN} of {len(found.names)} columns; all in --format tsv"
        )
    print_paragraph("on the diagonal: the entropy of each column, in classes (estimates)")
    write("\n")
