"""A bar on stderr for work that takes more than a second."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Any

from .output import is_terminal, setting

PATIENCE_SECONDS = 1.0


class Bar:
    """Counts work from any thread; draws only in a terminal, and only after a second.

    Parameters
    ----------
    silent : bool
        Whether it stays away unless asked for.
    unit : str
        What is counted.
    """

    def __init__(self, *, silent: bool, unit: str = "bytes") -> None:
        self.unit = unit
        wanted = setting("progress")
        default = is_terminal(sys.stderr) and not silent and not setting("quiet")
        self.shown = default if wanted is None else bool(wanted)
        self.total, self.done = 0, 0
        self.start = monotonic()
        self._lock = threading.Lock()
        self._drawn: Any = None
        self._task: Any = None

    def add(self, units: int) -> None:
        """Announce more work."""
        with self._lock:
            self.total += units

    def advance(self, units: int) -> None:
        """Report work done."""
        with self._lock:
            self.done += units
            if self.shown and monotonic() - self.start > PATIENCE_SECONDS:
                self._draw()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bar away while something else is written."""
        shown = self.shown
        self._hide()
        try:
            yield
        finally:
            self.shown = shown

    def _hide(self) -> None:
        with self._lock:
            self.shown = False
            if self._drawn is not None:
                self._drawn.stop()
                self._drawn = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hide()

    def _draw(self) -> None:
        if self._drawn is None:
            self._drawn = self._new_bar()
            self._task = self._drawn.add_task("", total=self.total)
            self._drawn.start()
        self._drawn.update(self._task, total=self.total, completed=self.done)

    def _new_bar(self) -> Any:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        counts = (
            (DownloadColumn(), TransferSpeedColumn())
            if self.unit == "bytes"
            else (MofNCompleteColumn(), TextColumn(self.unit))
        )
        return Progress(
            BarColumn(),
            *counts,
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
