"""A bar on stderr for work that takes more than a second."""

import sys
import threading
from time import monotonic
from types import TracebackType
from typing import Any

from .output import is_terminal, setting

PATIENCE_SECONDS = 1.0


class Bar:
    """Counts bytes of work from any thread; draws only in a terminal, and only after a second."""

    def __init__(self, *, silent: bool) -> None:
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

    def pause(self) -> None:
        """Take the bar away, so that something else can be written; it comes back by itself."""
        with self._lock:
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
        self.shown = False
        self.pause()

    def _draw(self) -> None:
        if self._drawn is None:
            self._drawn = self._new_bar()
            self._task = self._drawn.add_task("", total=self.total)
            self._drawn.start()
        self._drawn.update(self._task, total=self.total, completed=self.done)

    @staticmethod
    def _new_bar() -> Any:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )

        return Progress(
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
