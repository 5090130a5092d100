"""What holds for every file that a command writes or reads: found out before the work starts."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from .output import is_terminal

if TYPE_CHECKING:
    from kolmo.artefact import Artefact

    from .plots.picture import Picture


def open_artefact(path: str | None, inputs: Iterable[str]) -> "Artefact | None":
    """Return the file to be written, open; None for none, or for standard output.

    Raises
    ------
    click.UsageError
        If it is one of the inputs, by whatever name, or stands in a folder that is one.
    """
    if path is None or path == "-":
        return None
    check_names([path])
    check_overwrites(path, inputs)
    from kolmo.artefact import Artefact

    opened = Artefact(path)
    click.get_current_context().call_on_close(opened.close)
    return opened


def check_overwrites(path: str, inputs: Iterable[str]) -> None:
    """Refuse to write where an input is."""
    for name in inputs:
        if _is_same(path, name):
            raise click.UsageError(f"output would overwrite an input: got '{path}' for both")


def open_picture(path: str | None, *inputs: str | None) -> "Picture | None":
    """Return the picture that a command is to draw, if it is to draw one; see `open_artefact`."""
    if path is None:
        return None
    from .plots.picture import Picture

    return Picture(path, [name for name in inputs if name is not None])


def check_apart(output: str | None, picture: str | None, checkpoint: str | None = None) -> None:
    """Refuse files that would overwrite each other."""
    named = {"-o": output, "--plot-file": picture, "the checkpoint": checkpoint}
    seen: dict[str, str] = {}
    for option, path in named.items():
        if path and (other := seen.setdefault(os.path.realpath(path), option)) != option:
            raise click.UsageError(f"{other} and {option} name the same file: need two")


def _is_same(path: str, name: str) -> bool:
    try:
        written = os.stat(path)
        if not os.path.isfile(path):
            return False
        if name == "-":
            return os.path.samestat(written, os.fstat(sys.stdin.fileno()))
        if os.path.isdir(name):
            folder = os.path.join(os.path.realpath(name), "")
            return os.path.realpath(path).startswith(folder)
        return os.path.samestat(written, os.stat(name))
    except (OSError, ValueError, AttributeError):
        return False


def check_names(names: Iterable[str | None]) -> None:
    """Refuse empty names, standard input named twice, and bytes that a person would type."""
    named = [name for name in names if name is not None]
    if "" in named:
        raise click.UsageError("empty file name: got ''; need a name, or - for standard input")
    if named.count("-") > 1:
        raise click.UsageError("standard input named twice: '-' can be read only once")
    if "-" in named and is_terminal(sys.stdin):
        raise click.UsageError("missing FILE: need the name of a file, or - for standard input")
