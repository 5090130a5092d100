"""What holds for every file that a command writes: found out before the work starts."""

import os
from collections.abc import Iterable

import click

from kolmo.artefact import Artefact
from kolmo.errors import ParameterError


def refuse_overwriting(path: str | None, inputs: Iterable[str]) -> None:
    """Refuse an output that is one of the inputs, by whatever name."""
    if path is None or path == "-":
        return
    for name in inputs:
        try:
            same = name != "-" and os.path.samefile(path, name) and os.path.isfile(path)
        except (OSError, ValueError):
            continue
        if same:
            raise ParameterError(f"output would overwrite an input: got '{path}' for both")


def open_artefact(path: str | None, inputs: Iterable[str]) -> Artefact | None:
    """Return the file to be written, open; None for none, or for standard output."""
    if path is None or path == "-":
        return None
    refuse_overwriting(path, inputs)
    opened = Artefact(path)
    click.get_current_context().call_on_close(opened.close)
    return opened


def refuse_terminals(file: str, given: str | None = None) -> None:
    """Refuse to wait for bytes that a person would have to type, or to read stdin twice."""
    import sys

    from .output import is_terminal

    if file == "-" and is_terminal(sys.stdin):
        raise click.UsageError("missing FILE: need the name of a file, or - for standard input")
    if file == "-" and given == "-":
        raise click.UsageError("standard input named twice: as FILE and as --given")
