"""Markdown from a case's JSON object: the only place that words a benchmark's tables."""

from __future__ import annotations

from typing import Any

from benchmarks.case import Row, Showing

PEER = " (peer)"


def markdown(result: dict[str, Any]) -> str:
    """Return a case's heading, tables, remarks and circumstances as Markdown."""
    parts = [f"## {result['case']}", result["title"], table(result["rows"])]
    if result.get("details"):
        parts += [table(result["details"])]
    parts += [remarks(result), circumstances(result)]
    return joined(parts)


def section(result: dict[str, Any], showing: Showing) -> str:
    """Return what the README shows of a stored result: whole lines, without a heading."""
    rows, details = result["rows"], result.get("details", [])
    parts = [measured(result), *shown_rows(rows, showing)]
    parts += [table(details) if showing.details else folded("In detail", details)]
    return joined([*parts, remarks(result)])


def shown_rows(rows: list[Row], showing: Showing) -> list[str]:
    """Return the table of all rows, or that of some with the whole one folded beneath."""
    chosen = list(filter(showing.rows, rows)) if showing.rows else rows
    if len(chosen) == len(rows):
        return [table(rows)]
    return [table(chosen), folded(f"All {len(rows)} rows; above: {showing.about}", rows)]


def folded(summary: str, rows: list[Row]) -> str:
    """Return a table that opens on a click; the empty lines make it Markdown inside of HTML."""
    if not rows:
        return ""
    return f"<details><summary>{summary}</summary>\n\n{table(rows)}\n\n</details>"


def joined(parts: list[str]) -> str:
    """Return the parts that are there, with an empty line between them."""
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


def measured(result: dict[str, Any]) -> str:
    """Return one line: the command line, the machine, the versions of what stands beside kolmo."""
    machine = result["machine"]
    cpu = machine["cpu"].replace("(R)", "").replace("(TM)", "")
    peers = [
        f"{name.removesuffix(PEER)} {version}"
        for name, version in result["versions"].items()
        if name.endswith(PEER) and version
    ]
    others = f"; {', '.join(peers)}" if peers else ""
    return (
        f"`{result['command']}`, measured on {cpu}, {machine['cores']} cores, "
        f"{machine['python']}{others}."
    )
