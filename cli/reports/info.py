"""The rows of ``kolmo info``."""

import sys
from typing import Any, NamedTuple

from kolmo.errors import UnavailableError
from kolmo.registry import estimators
from kolmo.versions import versions

from ..output import Column, is_terminal, print_table, terminal_width, write


class EstimatorInfo(NamedTuple):
    """One estimator: what it is, and whether it can run here."""

    name: str
    kind: str
    available: bool
    parameters: str
    note: str


class Info(NamedTuple):
    """All that ``kolmo info`` knows."""

    versions: dict[str, str | None]
    estimators: list[EstimatorInfo]

    def record(self) -> dict[str, Any]:
        """Return one JSON object: versions by name, and the estimators."""
        return {**self.versions, "estimators": [item._asdict() for item in self.estimators]}

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each version and estimator."""
        first = [
            {"topic": "version", "name": name, "value": value or "not installed", "note": ""}
            for name, value in self.versions.items()
        ]
        return first + [
            {"topic": "estimator", "name": item.name, "value": item.kind, "note": item.note}
            for item in self.estimators
        ]


def collect() -> Info:
    """Look everything up."""
    return Info(versions(), [_estimator(name) for name in estimators.names()])


def _estimator(name: str) -> EstimatorInfo:
    missing = estimators.missing(name)
    try:
        plugin = estimators.get(name)
    except UnavailableError as error:
        return EstimatorInfo(name, "unknown", False, "", str(error))
    settings = [f"{key}={item.low}..{item.high}" for key, item in plugin.PARAMETERS.items()]
    return EstimatorInfo(
        name, plugin.kind, missing is None, " ".join(settings), missing or plugin.formula
    )


def render(info: Info) -> None:
    """Draw both tables for people."""
    versions = [{"name": name, "value": text} for name, text in info.versions.items()]
    print_table(VERSION_COLUMNS, versions, best=0)
    write("\n")
    for item in info.estimators:
        _render_estimator(item)


def _render_estimator(item: EstimatorInfo) -> None:
    import textwrap

    head = f"{item.name} ({item.kind}) {item.parameters}".rstrip()
    width = terminal_width() if is_terminal(sys.stdout) else 100
    note = textwrap.fill(item.note, width, initial_indent="  ", subsequent_indent="  ")
    write(f"{head}\n{note}\n")


VERSION_COLUMNS = (
    Column("library", lambda row: row["name"], 0, left=True),
    Column("version", lambda row: row["value"] or "not installed", 0, left=True),
)
