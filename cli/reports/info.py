"""The rows of ``kolmo info``."""

import inspect
import math
import sys
from typing import Any, NamedTuple

from kolmo.errors import UnavailableError
from kolmo.registry import (
    Registry,
    estimators,
    families,
    predictors,
    readers,
    rules,
    suites,
    weight_coders,
)
from kolmo.versions import versions

from ..output import Column, is_terminal, print_table, terminal_width, write
from ..text import visible

KINDS = {
    "families": families,
    "predictors": predictors,
    "rules": rules,
    "weight_coders": weight_coders,
    "checkpoint_formats": readers,
    "suites": suites,
}
ROW_KEYS = ("topic", "name", "value", "note")


class EstimatorInfo(NamedTuple):
    """One estimator: what it is, and whether it can run here."""

    name: str
    kind: str
    available: bool
    parameters: str
    note: str


class PluginInfo(NamedTuple):
    """A plug-in of another kind: its settings with defaults, and whether it can run here."""

    name: str
    available: bool
    settings: dict[str, Any]
    note: str

    def settings_text(self) -> str:
        """Return the settings as ``name=default``."""
        return " ".join(f"{key}={value}" for key, value in self.settings.items())


class Info(NamedTuple):
    """All that ``kolmo info`` knows; plug-ins by what each kind of them is called."""

    versions: dict[str, str | None]
    estimators: list[EstimatorInfo]
    plugins: dict[str, list[PluginInfo]]

    def record(self) -> dict[str, Any]:
        """Return one JSON object: versions by name, and the plug-ins of each kind."""
        return {
            **self.versions,
            "estimators": [item._asdict() for item in self.estimators],
            **{
                key: [item._asdict() for item in self.plugins[kind.noun]]
                for key, kind in KINDS.items()
            },
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return one row for each version and plug-in."""
        found = [
            *(
                ("version", name, text or "not installed", "")
                for name, text in self.versions.items()
            ),
            *(("estimator", item.name, item.kind, item.note) for item in self.estimators),
            *(
                (noun, item.name, item.settings_text(), item.note)
                for noun, items in self.plugins.items()
                for item in items
            ),
        ]
        return [dict(zip(ROW_KEYS, row, strict=True)) for row in found]


def collect() -> Info:
    """Look everything up."""
    return Info(
        versions(),
        [_estimator(name) for name in estimators.names()],
        {kind.noun: [_plugin(kind, name) for name in kind.names()] for kind in KINDS.values()},
    )


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


def _plugin(registry: Registry, name: str) -> PluginInfo:
    try:
        plugin, missing = registry.get(name), registry.missing(name)
        first_line = (plugin.__doc__ or "").strip().partition("\n")[0]
        return PluginInfo(name, missing is None, _settings(plugin), missing or first_line)
    except UnavailableError as error:
        return PluginInfo(name, False, {}, str(error))
    except Exception as error:  # one broken plug-in must not hide the others
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        noun = registry.noun
        return PluginInfo(name, False, {}, f"{noun} {name} is unavailable, because of {reason}")


def _settings(plugin: type) -> dict[str, Any]:
    """Return the named arguments of a class with their defaults; None where there is none."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = {}
    for item in inspect.signature(plugin).parameters.values():
        if item.kind in named:
            default = None if item.default is item.empty else item.default
            plain = default is None or isinstance(default, str | int) or _is_finite(default)
            found[item.name] = default if plain else str(default)
    return found


def _is_finite(value: Any) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def render(info: Info) -> None:
    """Draw all of it for people."""
    versions = [{"name": name, "value": text} for name, text in info.versions.items()]
    print_table(VERSION_COLUMNS, versions, best=0)
    write("\n")
    for item in info.estimators:
        _render_item(f"{item.name} ({item.kind}) {item.parameters}", item.note)
    write("\n")
    for place, (noun, plugins) in enumerate(info.plugins.items(), start=1):
        for plugin in plugins:
            _render_item(f"{plugin.name} ({noun}) {plugin.settings_text()}", plugin.note)
        write("\n" * (place < len(info.plugins)))


def _render_item(head: str, note: str) -> None:
    import textwrap

    width = terminal_width() if is_terminal(sys.stdout) else 100
    text = textwrap.fill(visible(note), width, initial_indent="  ", subsequent_indent="  ")
    first = textwrap.fill(visible(head.rstrip()), width, subsequent_indent="    ")
    write(f"{first}\n{text}\n")


VERSION_COLUMNS = (
    Column("library", lambda row: row["name"], 0, left=True),
    Column("version", lambda row: row["value"] or "not installed", 0, left=True),
)
