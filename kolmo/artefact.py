"""Writing the one artefact of a command: the old file or the whole new one, never a part.

The file is opened before the work starts, so that an unwritable place is found out at once. On
Linux it has no name until it is complete: a killed run leaves nothing behind.
"""

import os
import stat
import warnings
from contextlib import suppress
from types import TracebackType

from kolmo.data import Buffer
from kolmo.errors import KolmoError, shorten


class Artefact:
    """A file that appears under its name only when `commit` has been called.

    Parameters
    ----------
    path : str
        Where the file shall stand. A symbolic link is kept and its target replaced; a device or
        pipe is written to directly.

    Raises
    ------
    KolmoError
        If nothing can be written there.

    Attributes
    ----------
    direct : bool
        True for a device or pipe: what is written is out at once, and `commit` does nothing.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._temporary: str | None = None
        self._descriptor = -1
        try:
            if path.endswith(("/", os.sep)):
                raise IsADirectoryError(21, os.strerror(21))
            self._target = path if _is_special(path) else os.path.realpath(path)
            self._descriptor = self._open()
        except OSError as error:
            self.close()
            raise self._unwritable(error) from None

    def write(self, data: Buffer) -> None:
        """Append ``data``."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            raise self._unwritable(error) from None

    def commit(self) -> None:
        """Give the complete file its name."""
        try:
            if not self.direct:
                os.fsync(self._descriptor)
                self._keep_mode()
                self._name_it()
        except OSError as error:
            raise self._unwritable(error) from None

    def close(self) -> None:
        """Close the file; without a `commit` before, nothing of it is left."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary is not None and os.path.lexists(self._temporary):
            os.unlink(self._temporary)

    def __enter__(self) -> "Artefact":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> int:
        folder, name = os.path.split(self._target)
        self._old_mode = _mode(self._target)
        self.direct = self._old_mode is not None and not stat.S_ISREG(self._old_mode)
        if self.direct:
            return os.open(self._target, os.O_WRONLY)
        if self._old_mode is not None and not os.access(self._target, os.W_OK):
            raise PermissionError(13, os.strerror(13))
        if hasattr(os, "O_TMPFILE"):
            try:
                return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
            except OSError as error:
                if not _lacks_tmpfile(error):
                    raise
        import tempfile

        self._descriptor, self._temporary = tempfile.mkstemp(dir=folder, prefix=f".{name[:100]}.")
        os.chmod(self._temporary, 0o666 & ~_umask())
        return self._descriptor

    def _keep_mode(self) -> None:
        if self._old_mode is not None and hasattr(os, "fchmod"):
            os.fchmod(self._descriptor, stat.S_IMODE(self._old_mode))

    def _name_it(self) -> None:
        if self._temporary is None:
            unnamed = f"/proc/self/fd/{self._descriptor}"
            if self._old_mode is None:
                try:
                    _link(unnamed, self._target)
                    return
                except FileExistsError:
                    pass
            folder, name = os.path.split(self._target)
            temporary = os.path.join(folder, f".{name[:100]}.{os.getpid()}.kolmo")
            _link_and_replace(unnamed, temporary, self._target)
            return
        os.close(self._descriptor)  # Windows replaces no open file
        self._descriptor = -1
        os.replace(self._temporary, self._target)

    def _unwritable(self, error: OSError) -> KolmoError:
        return KolmoError(f"cannot write '{shorten(self.path)}': {error.strerror or error}")


def _link(unnamed: str, path: str) -> None:
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:  # a folder descriptor makes Python call linkat, which can follow /proc/self/fd
        os.link(unnamed, path, src_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _link_and_replace(unnamed: str, temporary: str, target: str) -> None:
    """Name the file and put it in the place of the old one, in a child of its own session.

    Between the two steps a killed process would leave ``temporary``. Whoever kills kolmo, even
    with its whole process group, does not kill the child, which needs less than a millisecond.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child starts no thread
        child = os.fork()
    if child == 0:
        code = 0
        try:
            os.setsid()
            _link(unnamed, temporary)
            os.replace(temporary, target)
        except OSError as error:
            code = error.errno or 1
            with suppress(OSError):
                os.unlink(temporary)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if failed := os.waitstatus_to_exitcode(status):
        raise OSError(failed, os.strerror(failed))


def _is_special(path: str) -> bool:
    """Tell whether ``path`` is a device or a pipe, perhaps one without a name of its own."""
    mode = _mode(path)
    return mode is not None and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _lacks_tmpfile(error: OSError) -> bool:
    """Tell whether the file system (or an old kernel) knows no unnamed files."""
    import errno

    return error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
