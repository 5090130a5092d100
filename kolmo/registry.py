"""Plug-ins by name: one file in a folder is one plug-in, imported when it is asked for.

The file's name is the registered name; it holds a class whose ``name`` is that name, and
``EXAMPLES``, the parameters that the contract tests use. Other distributions join through entry
points, which are looked at only when the folder has no such name.
"""

import importlib
import importlib.util
import os
import re
from collections.abc import Callable
from typing import Any

from kolmo.errors import ParameterError, UnavailableError, nearest, shorten

LONGEST_NUMBER = 4000  # digits, which Python still converts


class Registry:
    """The plug-ins of one kind.

    Parameters
    ----------
    noun : str
        What one of them is, for messages.
    package : str
        Package whose modules are the plug-ins; names that begin with ``_`` are not.
    group : str
        Entry-point group of other distributions.
    """

    def __init__(self, noun: str, package: str, group: str) -> None:
        self.noun, self.package, self.group = noun, package, group
        self._own: list[str] | None = None
        self._others: dict[str, Any] | None = None

    def own_names(self) -> list[str]:
        """Return the names in kolmo's folder, sorted; nothing of them is imported."""
        if self._own is None:
            folder = next(iter(importlib.import_module(self.package).__path__))
            self._own = sorted(
                entry[:-3]
                for entry in os.listdir(folder)
                if entry.endswith(".py") and not entry.startswith("_")
            )
        return self._own

    def names(self) -> list[str]:
        """Return all names, those of other distributions included."""
        return sorted({*self.own_names(), *self._entry_points()})

    def get(self, name: str) -> Any:
        """Return the class called ``name``.

        Raises
        ------
        ParameterError
            If there is none; the nearest name is suggested.
        """
        if name in self.own_names():
            return self._class_in(importlib.import_module(f"{self.package}.{name}"), name)
        if entry := self._entry_points().get(name):
            try:
                return entry.load()
            except Exception as error:  # another distribution's code may fail in any way
                raise UnavailableError(
                    f"{self.noun} {name} is unavailable, because its distribution fails: {error}"
                ) from error
        raise ParameterError(f"unknown {self.noun}: got '{name}'. {nearest(name, self.names())}")

    def examples(self, name: str) -> list[dict[str, int]]:
        """Return the parameters that the contract tests try for ``name``."""
        module = importlib.import_module(self.get(name).__module__)
        return list(module.EXAMPLES)

    def missing(self, name: str) -> str | None:
        """Return why ``name`` is unavailable here and how to install it, or None if it is not."""
        try:
            plugin = self.get(name)
        except UnavailableError as error:
            return str(error)
        absent = [item for item in plugin.requires if importlib.util.find_spec(item) is None]
        if not absent:
            return None
        return (
            f"{self.noun} {name} is unavailable, because {', '.join(absent)} is not installed. "
            f"Install it with: pip install 'kolmo-toolkit[{plugin.extra}]'"
        )

    def make(self, name: str, /, **parameters: int) -> Any:
        """Return the plug-in ``name`` with ``parameters``.

        Raises
        ------
        ParameterError
            If the name or a parameter is unknown, or a value out of range.
        UnavailableError
            If an optional dependency is missing.
        """
        plugin = self.get(name)
        if reason := self.missing(name):
            raise UnavailableError(reason)
        return plugin(**parameters)

    def _class_in(self, module: Any, name: str) -> Any:
        return next(
            item
            for item in vars(module).values()
            if isinstance(item, type) and item.__dict__.get("name") == name
        )

    def _entry_points(self) -> dict[str, Any]:
        if self._others is None:  # looking through all distributions takes 10 ms and more
            from importlib.metadata import entry_points

            self._others = {entry.name: entry for entry in entry_points(group=self.group)}
        return self._others


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    known = digits.isdecimal() and digits.isascii() and len(digits) <= LONGEST_NUMBER
    return int(text) if known else None


def decimal(text: str) -> int | float | None:
    """Return the integer or the finite decimal number that a text stands for; None if neither."""
    if (whole := _integer(text)) is not None:
        return whole
    return float(text) if re.fullmatch(r"-?[0-9]{0,20}\.[0-9]{1,20}", text) else None


estimators = Registry("estimator", "kolmo.complexity.estimators", "kolmo.estimators")
families = Registry("family", "kolmo.mdl.families", "kolmo.families")
predictors = Registry("predictor", "kolmo.mdl.predictors", "kolmo.predictors")
suites = Registry("suite", "kolmo.bench.suites", "kolmo.suites")
rules = Registry("rule", "kolmo.automaton.rules", "kolmo.rules")
readers = Registry("checkpoint format", "kolmo.weights.readers", "kolmo.checkpoint_readers")
weight_coders = Registry("weight coder", "kolmo.weights.coders", "kolmo.weight_coders")

streams = Registry("code", "kolmo.mdl.streams", "kolmo.streams")
weight_streams = Registry("code", "kolmo.weights.streams", "kolmo.streams")

CODES = (estimators, streams, weight_streams)


def make_code(name: str, parameters: dict[str, int]) -> Any:
    """Return the code that a container names, looked for among all kinds of plug-ins.

    Raises
    ------
    ParameterError
        If no plug-in of that name can encode and decode.
    """
    for registry in CODES:
        if name in registry.own_names() or name in registry.names():
            made = registry.make(name, **parameters)
            if hasattr(made, "decompress"):
                return made
            raise ParameterError(f"not a code: got '{name}', which only estimates. Try lzma.")
    known = [
        name
        for registry in CODES
        for name in registry.own_names()
        if hasattr(registry.get(name), "decompress")
    ]
    raise ParameterError(f"unknown code: got '{name}'. {nearest(name, known)}")


def parse_label(label: str, *, number: Callable[[str], Any] = _integer) -> tuple[str, Any]:
    """Return name and parameters of ``name:key=value:key=value``.

    Parameters
    ----------
    label : str
        What a user writes.
    number : callable
        Returns the value that a text stands for, or None; by default an integer, with
        `decimal` any number.

    Examples
    --------
    >>> parse_label("zstd:level=19")
    ('zstd', {'level': 19})
    >>> parse_label("stirred:amplitude=9:period=.01", number=decimal)
    ('stirred', {'amplitude': 9, 'period': 0.01})
    """
    name, *settings = label.strip().split(":")
    parameters: dict[str, Any] = {}
    for setting in settings:
        key, _, text = setting.partition("=")
        value = number(text)
        if not key or value is None:
            need = "integer" if number is _integer else "number"
            raise ParameterError(
                f"malformed parameter: got '{shorten(setting)}'; need name:key={need}"
            )
        if key in parameters:
            raise ParameterError(f"parameter given twice: got '{shorten(setting)}' for {name}")
        parameters[key] = value
    return name, parameters
