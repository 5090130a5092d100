"""The work of ``kolmo weights compare``: two checkpoints to four lengths and a distance."""

from typing import Any

from kolmo.weights.comparison import FORMULA, compare

from ..artefacts import check_names
from ..output import Column, Output, print_paragraph, print_table
from ..progress import Bar
from .weights_models import aside, is_certified, open_model


def run(a: str, b: str, *, certify: bool | None, jobs: int, memory_limit: int) -> int:
    """Do the work; return the exit code."""
    check_names([a, b])
    output = Output("weights compare", {"certify": certify, "memory_limit": memory_limit})
    models = (open_model(a, memory_limit), open_model(b, memory_limit))
    with Bar(silent=output.format == "json") as bar:
        found = aside(
            lambda: compare(
                *models, certify=is_certified(certify, *models), jobs=jobs, progress=bar
            )
        )
    row = {**found.to_dict(), "formula": FORMULA}
    output.rows([row], lambda: _render(row))
    output.finish()
    return 0


def _render(row: dict[str, Any]) -> None:
    lengths = [
        {"length": f"L({row['a']})", "bits": row["a_bits"], "kind": row["kind"]},
        {"length": f"L({row['b']})", "bits": row["b_bits"], "kind": row["kind"]},
        {"length": f"L({row['a']}|{row['b']})", "bits": row["a_given_b_bits"], "kind": row["kind"]},
        {"length": f"L({row['b']}|{row['a']})", "bits": row["b_given_a_bits"], "kind": row["kind"]},
    ]
    print_table(COLUMNS, lengths, best=0)
    print_paragraph(
        f"distance {row['distance']:.4f} (estimate: {row['formula']} with A = {row['a']}, B = "
        f"{row['b']}): {_words(row)}"
    )


def _words(row: dict[str, Any]) -> str:
    saved = 1 - row["b_given_a_bits"] / row["b_bits"]
    if saved <= 0:
        return f"to know {row['a']} saves nothing of {row['b']}"
    return f"to know {row['a']} saves {saved:.1%} of {row['b']}"


COLUMNS = (
    Column("length", lambda row: row["length"], 0, left=True),
    Column("bits", lambda row: f"{row['bits']:,}", 0),
    Column("kind", lambda row: row["kind"], 1, left=True),
)
