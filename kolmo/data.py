"""Inputs: the only place that opens the files a user names.

An input can be read again and again, block by block, from any thread. Small inputs and streams
are held in memory; a large file stays on disk and is read at explicit offsets, so that any number
of estimators can stream it at once and a rename does not disturb them. A regular file that
changes between the first and the last byte is an error, never a wrong number.
"""

import io
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Protocol

from kolmo.errors import InputError, MemoryLimitError, ParameterError, shorten

BLOCK_BYTES = 1 << 18
IN_MEMORY_BYTES = 1 << 26
MEMORY_LIMIT = 1 << 30

Buffer = bytes | memoryview

_POSITION = threading.Lock()


class Input(Protocol):
    """Bytes that can be read more than once.

    Attributes
    ----------
    name : str
        As the user wrote it; ``-`` is standard input.
    size : int
        Number of bytes that `blocks` yields.
    truncated : bool
        True if ``max_bytes`` cut the input short.
    """

    name: str
    size: int
    truncated: bool

    def blocks(self) -> Iterator[Buffer]:
        """Yield the bytes in order, at most `BLOCK_BYTES` at a time."""

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the bytes from ``start`` to ``stop`` (default: the end)."""

    def close(self) -> None:
        """Release the file, if there is one."""


class MemoryInput:
    """An input held in memory."""

    def __init__(self, data: bytes, name: str = "(bytes)", *, truncated: bool = False) -> None:
        self.data, self.name, self.truncated = data, name, truncated
        self.size = len(data)

    def blocks(self) -> Iterator[Buffer]:
        """Yield views of the bytes."""
        view = memoryview(self.data)
        for start in range(0, self.size, BLOCK_BYTES):
            yield view[start : start + BLOCK_BYTES]

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return a slice of the bytes."""
        return self.data if start == 0 and stop is None else self.data[start:stop]

    def close(self) -> None:
        """Do nothing."""


class FileInput:
    """A large regular file, read at offsets from one descriptor that this object owns."""

    def __init__(self, file: io.FileIO, name: str, size: int, *, truncated: bool) -> None:
        self.file, self.name, self.size, self.truncated = file, name, size, truncated
        self._start = file.tell() if file.seekable() else 0
        self._stamp = self._read_stamp()

    def blocks(self) -> Iterator[Buffer]:
        """Yield the bytes from disk."""
        for start in range(0, self.size, BLOCK_BYTES):
            yield self.read(start, min(start + BLOCK_BYTES, self.size))

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return a range of the file, if it is still the one that was opened."""
        wanted = max(0, min(self.size, self.size if stop is None else stop) - start)
        try:
            data = _read_at(self.file, self._start + start, wanted)
        except OSError as error:
            raise _unreadable(self.name, error) from None
        if len(data) != wanted:
            raise _changed(self.name)
        self._check_unchanged()
        return data

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _read_stamp(self) -> tuple[int, int]:
        status = os.fstat(self.file.fileno())
        return status.st_size, status.st_mtime_ns

    def _check_unchanged(self) -> None:
        if self._read_stamp() != self._stamp:
            raise _changed(self.name)


class JoinedInput:
    """Two inputs, one after the other."""

    def __init__(self, first: Input, second: Input) -> None:
        self.first, self.second = first, second
        self.name = f"{first.name} + {second.name}"
        self.size = first.size + second.size
        self.truncated = first.truncated or second.truncated

    def blocks(self) -> Iterator[Buffer]:
        """Yield the blocks of both."""
        yield from self.first.blocks()
        yield from self.second.blocks()

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return a range of the concatenation."""
        stop = self.size if stop is None else min(stop, self.size)
        cut = self.first.size
        return self.first.read(min(start, cut), min(stop, cut)) + self.second.read(
            max(start - cut, 0), max(stop - cut, 0)
        )

    def close(self) -> None:
        """Close both."""
        self.first.close()
        self.second.close()


Readable = bytes | bytearray | memoryview | str | os.PathLike[str] | Input


def as_input(data: Readable) -> Input:
    """Return an input for bytes, for the name of a file, or for an input (returned as it is)."""
    if isinstance(data, bytes | bytearray | memoryview):
        return MemoryInput(bytes(data))
    if isinstance(data, str | os.PathLike):
        return open_input(os.fspath(data))
    if hasattr(data, "blocks"):
        return data
    raise ParameterError(
        f"cannot read a value of type {type(data).__name__}; need bytes, the name of a file, "
        "or an object that open_input returned. Try data.tobytes() for an array."
    )


def open_input(
    name: str,
    *,
    max_bytes: int | None = None,
    memory_limit: int = MEMORY_LIMIT,
    in_memory: int | None = None,
) -> Input:
    """Return the input that ``name`` stands for.

    Parameters
    ----------
    name : str
        Path of a file, pipe or device, or ``-`` for standard input.
    max_bytes : int, optional
        Take only the first so many bytes.
    memory_limit : int
        Longest stream, in bytes, that is held in memory; regular files have no limit.
    in_memory : int, optional
        Longest regular file that is read at once; `IN_MEMORY_BYTES` if not given.

    Raises
    ------
    ParameterError
        If the name is empty.
    InputError
        If it cannot be read, is endless, or changes while it is read.
    MemoryLimitError
        If a stream is longer than the limit.

    Examples
    --------
    >>> open_input("no such file")
    Traceback (most recent call last):
    kolmo.errors.InputError: cannot read 'no such file': No such file or directory
    """
    if name == "":
        raise ParameterError("empty file name: got ''; need the name of a file, or - for stdin")
    file = _open_stdin() if name == "-" else _open_file(name)
    try:
        held = IN_MEMORY_BYTES if in_memory is None else in_memory
        return _classify(file, name, max_bytes, (memory_limit, held))
    except OSError as error:
        file.close()
        raise _unreadable(name, error) from None
    except BaseException:
        file.close()
        raise


def walk(
    folder: str,
    on_error: Callable[[InputError], None],
    on_skip: Callable[[str, str], None],
) -> Iterator[str]:
    """Yield the regular files below ``folder``, sorted; symbolic links are not followed.

    Parameters
    ----------
    on_error : callable
        Told of each folder that cannot be read.
    on_skip : callable
        Told of each name that is no regular file, and why.
    """

    def unreadable(error: OSError) -> None:
        on_error(_unreadable(str(error.filename), error))

    for parent, folders, files in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(parent, name)
            if os.path.islink(path):
                on_skip(path, "a symbolic link")
            elif not os.path.isfile(path):
                on_skip(path, "not a regular file")
            else:
                yield path


def _open_stdin() -> io.FileIO:
    try:
        if sys.stdin is None:
            raise OSError(9, "standard input is closed")
        return io.FileIO(sys.stdin.fileno(), "rb", closefd=False)
    except (OSError, ValueError) as error:
        raise InputError("cannot read '-': standard input is closed") from error


def _open_file(name: str) -> io.FileIO:
    try:
        return io.FileIO(name, "rb")
    except IsADirectoryError:
        raise InputError(
            f"cannot read '{shorten(name)}': it is a directory. Use --recursive where there is one."
        ) from None
    except OSError as error:
        raise _unreadable(name, error) from None
    except ValueError as error:
        raise InputError(f"cannot read '{shorten(name)}': {error}") from None


def _classify(file: io.FileIO, name: str, max_bytes: int | None, limits: tuple[int, int]) -> Input:
    memory_limit, in_memory = limits
    status = os.fstat(file.fileno())
    if stat.S_ISREG(status.st_mode) and status.st_size > 0:
        opened = _regular(file, name, status.st_size, max_bytes)
        return opened if opened.size > in_memory else _held(opened)
    endless = stat.S_ISCHR(status.st_mode) and not file.isatty()
    return _stream(file, name, max_bytes, memory_limit, endless=endless)


def _regular(file: io.FileIO, name: str, file_size: int, max_bytes: int | None) -> FileInput:
    rest = max(0, file_size - file.tell())
    size = rest if max_bytes is None else min(rest, max_bytes)
    return FileInput(file, name, size, truncated=size < rest)


def _held(opened: FileInput) -> Input:
    """Return a file's bytes as an input that no later change of the file disturbs."""
    data = opened.read()
    opened.close()
    return MemoryInput(data, opened.name, truncated=opened.truncated)


def _stream(
    file: io.FileIO, name: str, max_bytes: int | None, memory_limit: int, *, endless: bool
) -> Input:
    limit = memory_limit if max_bytes is None else min(max_bytes, memory_limit)
    parts: list[bytes] = []
    held = 0
    while held <= limit and (part := file.read(min(BLOCK_BYTES, limit + 1 - held))):
        if endless and max_bytes is None:
            raise InputError(f"cannot read '{shorten(name)}': endless device. Use --max-bytes.")
        parts.append(part)
        held += len(part)
    file.close()
    if held > limit and limit != max_bytes:
        raise MemoryLimitError(
            f"stream too long: got more than {limit} bytes from '{shorten(name)}', which the "
            "memory limit does not hold. Save it to a file first, or use --max-bytes."
        )
    return MemoryInput(b"".join(parts)[:limit], name, truncated=held > limit)


def _read_at(file: io.FileIO, offset: int, count: int) -> bytes:
    if not hasattr(os, "pread"):  # Windows: one position, shared by all threads
        with _POSITION:
            file.seek(offset)
            return file.read(count) or b""
    parts: list[bytes] = []
    while count > 0 and (part := os.pread(file.fileno(), count, offset)):
        parts.append(part)
        offset += len(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _unreadable(name: str, error: OSError) -> InputError:
    return InputError(f"cannot read '{shorten(name)}': {error.strerror or error}")


def _changed(name: str) -> InputError:
    return InputError(f"cannot use '{shorten(name)}': it changed while reading. Try again.")
