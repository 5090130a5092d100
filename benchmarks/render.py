"""Markdown from a case's JSON object: the only place that words a benchmark's tables."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]


def markdown(result: dict[str, Any]) -> str:
    """Return a case's heading, tables, remarks and circumstances as Markdown."""
    parts = [f"## {result['case']}", result["title"], table(result["rows"])]
    if result.get("details"):
        parts += [table(result["details"])]
    parts += [remarks(result), circumstances(result)]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(rows: list[Row]) -> str:
    """Return rows as a Markdown table; numbers stand at the right of their column."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return ""
    head = [name.replace("_", " ") for name in names]
    rule = ["---:" if is_numeric(rows, name) else "---" for name in names]
    body = [[cell(row.get(name)) for name in names] for row in rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, rule, *body])


def is_numeric(rows: list[Row], name: str) -> bool:
    """Return whether every value of the column that is there is a number."""
    values = [row[name] for row in rows if row.get(name) is not None]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def cell(value: object) -> str:
    """Return one value as text: four digits of a float, thousands apart, a dash for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and abs(value) >= 1000):
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def remarks(result: dict[str, Any]) -> str:
    """Return the case's notes and what it missed, as a list."""
    lines = [*result["notes"], *(f"missing: {entry}" for entry in result["missing"])]
    return "\n".join(f"- {line}" for line in lines)


def circumstances(result: dict[str, Any]) -> str:
    """Return one paragraph: the command line, the machine, the versions."""
    machine = result["machine"]
    versions = ", ".join(f"{name} {text or 'missing'}" for name, text in result["versions"].items())
    quick = " Quick run: for a look, not for the record." if result["quick"] else ""
    return (
        f"`{result['command']}` on {machine['cpu']}, {machine['cores']} cores, "
        f"{machine['python']}, {machine['platform']}; {versions}.{quick}"
    )
