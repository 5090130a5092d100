"""The choice for a column as people see it: a table, the winner's numbers, the verdict."""

from decimal import Decimal
from typing import Any

from kolmo.mdl.selection import Candidate, ColumnChoice
from kolmo.table import Table

from ..output import Column, number, print_paragraph, print_table, write
from ..text import visible

LONGEST_NUMBER = 60
LONGEST_LIST = 12
LONGEST_GIVEN = 6


def render_file(table: Table) -> None:
    """Say what was found out about the file."""
    dialect = table.dialect
    delimiter = {"\t": "tabs", ",": "commas", ";": "semicolons"}.get(
        dialect.delimiter, repr(dialect.delimiter)
    )
    header = "with a header" if dialect.header else "without a header"
    print_paragraph(
        f"{table.file}: {table.rows:,} rows x {len(table.names):,} columns, {header}, "
        f"{dialect.encoding}" + (f", {delimiter}" if len(table.names) > 1 else "")
    )
    write("\n")


def render(choice: ColumnChoice, *, criteria: bool) -> None:
    """Draw the table of one column for people."""
    name = _named(choice)
    print_paragraph(f"{name}: {_about(choice.about)}")
    rows = [row.to_dict() | {"words": row.words} for row in choice.rows]
    if not choice.candidates:
        rows = []
    columns = (*COLUMNS, *CRITERIA) if criteria else COLUMNS
    if rows:
        print_table(columns, rows)
        if choice.best is not None:
            print_paragraph(_describe(choice.best))
    print_paragraph(f"{name}: {choice.verdict.sentence}")
    _render_gain(choice)
    _render_baseline(choice)
    write("\n")


def _named(choice: ColumnChoice) -> str:
    """Return the column, and what is known beside it if it is a target."""
    names = choice.about["features"]
    if names is None:
        return choice.column
    more = f" and {len(names) - LONGEST_GIVEN} more" if len(names) > LONGEST_GIVEN else ""
    shown = [repr(name) if "," in name else name for name in names[:LONGEST_GIVEN]]
    return f"{choice.column} given {', '.join(shown) or 'nothing'}{more}"


def _render_gain(choice: ColumnChoice) -> None:
    """Say what the features are worth: the best without them beside the best of all."""
    without = choice.about["without_features_bits"]
    if without is None or choice.best is None or not choice.about["features"]:
        return
    gain = without - choice.best.total_bits
    if gain > 0:
        print_paragraph(
            f"the features save {gain:,.1f} bits (estimate: a difference of code lengths) of the "
            f"{without:,.1f} (codelength) that {choice.column} takes without them"
        )
    else:
        print_paragraph(f"the features are of no use: nothing predicts {choice.column} from them")


def _describe(best: Candidate) -> str:
    """Return the winner, its length and kind whatever the table leaves out, and its numbers."""
    parameters = f": {_parameters(best.parameters)}" if best.parameters else ""
    return f"{best.words}, {best.length}{parameters}"


def _render_baseline(choice: ColumnChoice) -> None:
    """Say so if a compressor of the cells' text is shorter than all models."""
    shorter = [row for row in choice.baselines if choice.candidates and row.delta_bits < 0]
    for row in shorter:
        print_paragraph(
            f"but {row.family} of the cells is {-row.delta_bits:,.1f} bits shorter: no model here "
            "describes this column"
        )


def _about(about: dict[str, Any]) -> str:
    words = [about["type"], f"{about['rows']:,} rows"]
    if about["missing"]:
        stray = f", {about['stray']:,} of them stray text" if about["stray"] else ""
        words.append(f"{about['missing']:,} missing{stray}")
    if about["levels"] is not None:
        words.append(f"{about['levels']:,} different")
    elif about["unit"] is not None:
        words.append(f"unit {about['unit']:g}")
    return ", ".join(words)


def _parameters(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {_value(value)}" for key, value in parameters.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"({_parameters(value)})"
    if isinstance(value, list):
        shown = ", ".join(map(_value, value[:LONGEST_LIST]))
        more = f", ... {len(value) - LONGEST_LIST} more" if len(value) > LONGEST_LIST else ""
        return f"[{shown}{more}]"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= LONGEST_NUMBER else f"{Decimal(value):.6g}"


def _criterion(key: str) -> Any:
    def text(row: dict[str, Any]) -> str:
        value = (row["criteria"] or {}).get(key)
        return "" if value is None else format(value, ",.1f")

    return text


COLUMNS = (
    Column("rank", number("rank", "d"), 6),
    Column("model", lambda row: visible(row["words"]), 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("k", number("free_parameters", "d"), 8),
    Column("L(cells)", number("cells_bits", ",.1f"), 9),
    Column("L(model)", number("model_bits", ",.1f"), 10),
    Column("L(parameters)", number("parameters_bits", ",.1f"), 4),
    Column("L(data)", number("data_bits", ",.1f"), 3),
    Column("total bits", number("total_bits", ",.1f"), 0),
    Column("bits/row", number("bits_per_row", ",.3f"), 7),
    Column("delta", number("delta_bits", ",.1f"), 2),
    Column("2^-delta", number("evidence_bound", ".2g"), 5),
    Column("sent bits", number("message_bits", ",d"), 11),
)
CRITERIA = (
    Column("BIC/2 (criterion)", _criterion("bic_bits"), 12),
    Column("AIC/2 (criterion)", _criterion("aic_bits"), 13),
    Column("AICc/2 (criterion)", _criterion("aicc_bits"), 14),
    Column("RNML (criterion)", _criterion("rnml_bits"), 15),
    Column("gMDL (criterion)", _criterion("gmdl_bits"), 16),
)
