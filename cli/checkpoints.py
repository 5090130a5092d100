"""Checkpoints of long work: a file that is always whole, and the parameters in it."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from kolmo.automaton.record import Record, read_record
from kolmo.data import open_input

from .artefacts import open_artefact

if TYPE_CHECKING:
    from kolmo.artefact import Artefact

EVERY_SECONDS = 2.0
SHARE = 20  # of the time, at most one part goes into writing


class Keeper:
    """Writes what is known into a file, now and then; each time the whole file or nothing.

    Parameters
    ----------
    path : str or None
        None keeps nothing. Whether it can be written is found out at once.
    inputs : list of str
        Files that it must not overwrite.
    """

    def __init__(self, path: str | None, inputs: list[str]) -> None:
        self.path, self.inputs = path, inputs
        if path == "-":
            raise click.UsageError("a checkpoint is a file: got '-'; need a name")
        self._first = open_artefact(path, inputs)
        self._due = 0.0

    def keep(self, record: Callable[[], Record], *, now: bool = False) -> None:
        """Write the record that a function makes, if it is time or must be ``now``."""
        begun = monotonic()
        if self.path is None or (begun < self._due and not now):
            return
        artefact = self._artefact()
        artefact.write(record().to_bytes())
        artefact.commit()
        artefact.close()
        self._due = monotonic() + max(EVERY_SECONDS, SHARE * (monotonic() - begun))

    def _artefact(self) -> "Artefact":
        opened, self._first = self._first, None
        if opened is None:
            opened = open_artefact(self.path, self.inputs)
            assert opened is not None
        return opened


def resumed(
    path: str | None, work: str, wanted: Mapping[str, Any], memory_limit: int
) -> Record | None:
    """Return the record to go on from, or None; what was asked for now must be what it knows.

    Parameters
    ----------
    wanted : mapping
        Parameters that the user named in this command line, by the names of the options.
    """
    if path is None:
        return None
    source = open_input(path, memory_limit=memory_limit)
    try:
        record = read_record(bytes(source.read()), work, memory_limit=memory_limit)
    finally:
        source.close()
    record.check_parameters(wanted)
    return record


def named_options() -> set[str]:
    """Return the names of the parameters that the user gave, by an option or a variable."""
    context = click.get_current_context()
    defaults = (click.core.ParameterSource.DEFAULT, click.core.ParameterSource.DEFAULT_MAP)
    return {name for name in context.params if context.get_parameter_source(name) not in defaults}
