"""How long work tells how far it is: a protocol, and its silent default."""

from typing import Protocol


class Progress(Protocol):
    """Receives counts of work units (bytes, steps); called from any thread."""

    def add(self, units: int) -> None:
        """Announce ``units`` more units of work to come."""

    def advance(self, units: int) -> None:
        """Report that ``units`` units of work are done."""


class Silent:
    """The default: reports nothing."""

    def add(self, units: int) -> None:
        """Ignore the announcement."""

    def advance(self, units: int) -> None:
        """Ignore the report."""


SILENT = Silent()
