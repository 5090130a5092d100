"""The work of ``kolmo nml``: sizes to rows, rows to a table."""

from collections.abc import Sequence
from typing import Any

import click

from kolmo.mdl.sums import MODELS, Complexity, nml_complexities

from ..output import Column, Output, print_table

Numbers = tuple[int, ...] | None


def run(model: str, categories: Numbers, n: Numbers, largest: Numbers) -> None:
    """Compute, and write one row for each pair of sizes."""
    sizes = {"categories": categories, "n": n, "largest": largest}
    _check_options(model, sizes)
    output = Output("nml", {"model": model, **sizes})
    rows = nml_complexities(model, n=n or (), categories=categories, largest=largest)
    output.rows([row.to_dict() for row in rows], lambda: _render(model, rows))
    output.finish()


def _check_options(model: str, sizes: dict[str, Numbers]) -> None:
    """Refuse what the model does not use, and ask for what it needs."""
    needed = MODELS[model].arguments
    for name, numbers in sizes.items():
        if numbers is not None and name not in needed:
            raise click.UsageError(f"--{name} is not used by --model {model}: leave it out")
    for name in needed:
        if sizes[name] is None:
            wanted = " and ".join(f"--{name}" for name in needed)
            raise click.UsageError(f"missing --{name}: --model {model} needs {wanted}")


def _render(model: str, rows: Sequence[Complexity]) -> None:
    used = [
        Column(name, lambda row, name=name: f"{row[name]:,}", 0)  # type: ignore[misc]
        for name in MODELS[model].arguments
    ]
    print_table((*COLUMNS[:2], *used, *COLUMNS[2:]), [row.to_dict() for row in rows], best=0)


def _complexity(row: dict[str, Any]) -> str:
    return "no float" if row["complexity"] is None else f"{row['complexity']:,.9g}"


COLUMNS = (
    Column("model", lambda row: row["model"], 2, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("COMP", _complexity, 1),
    Column("log2 COMP, bits", lambda row: f"{row['bits']:,.6f}", 0),
)
