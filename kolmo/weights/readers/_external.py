"""Files beside a model that hold its tensors: only inside the model's own folder."""

from __future__ import annotations

import os
import stat
import threading
import weakref
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from kolmo.data import open_input
from kolmo.errors import shorten

if TYPE_CHECKING:
    from kolmo.data import Input
    from kolmo.weights.readers._checks import Complaint


class Folder:
    """The folder of a model, of whose files one is open at a time.

    Notes
    -----
    A location is refused if it is absolute, has a part ``..``, or leads out of the folder by a
    symbolic link.
    """

    def __init__(self, model: Input, complain: Complaint) -> None:
        self.complain = complain
        self._model = model.name
        self._checked: dict[str, tuple[str, int]] = {}
        self._open: list[Input] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._open)

    def check(self, location: str, start: int, size: int) -> None:
        """Complain unless a file inside the folder has ``size`` bytes at ``start``."""
        if location not in self._checked:
            self._checked[location] = self._resolved(location)
        held = self._checked[location][1]
        if start + size > held:
            raise self.complain(
                f"got {size} bytes at {start} of '{shorten(location)}'; need a range of its "
                f"{held} bytes"
            )

    def read(self, location: str, start: int, size: int) -> bytes:
        """Return a range of a file that was checked before."""
        path, held = self._checked[location]
        with self._lock:
            if not self._open or self._open[0].name != path:
                _close(self._open)
                self._open.append(open_input(path))
            if self._open[0].size != held:
                raise self.complain(f"got '{shorten(location)}', which changed. Try again.")
            return self._open[0].read(start, start + size)

    def _resolved(self, location: str) -> tuple[str, int]:
        """Return path and size of a file in the folder."""
        if self._model in ("-", "(bytes)") or not os.path.isfile(self._model):
            raise self.complain.unsupported(
                f"got tensors in another file, '{shorten(location)}'; need a model with a name. "
                "Give the model's file, not a stream or bytes."
            )
        folder = os.path.realpath(os.path.dirname(os.path.abspath(self._model)))
        path = os.path.realpath(os.path.join(folder, location)) if _is_inner(location) else ""
        if not path or os.path.commonpath([folder, path]) != folder:
            raise self.complain(
                f"unsafe location: got '{shorten(location)}'; need a file in the model's folder"
            )
        try:
            status = os.stat(path)
        except OSError as error:
            raise self.complain(f"cannot read '{shorten(location)}': {error.strerror}") from None
        if not stat.S_ISREG(status.st_mode):
            raise self.complain(f"got '{shorten(location)}', which is no regular file")
        return path, status.st_size


def _is_inner(location: str) -> bool:
    """Return whether a path is relative and never goes up, on this system and on others."""
    windows = PureWindowsPath(location)
    parts = {*PurePosixPath(location).parts, *windows.parts}
    rooted = PurePosixPath(location).is_absolute() or windows.drive or windows.root
    return bool(parts) and not rooted and ".." not in parts and location.isprintable()


def _close(opened: list[Input]) -> None:
    while opened:
        opened.pop().close()
