"""Results of a long run in an SQLite file, which is intact after SIGKILL at any time.

A run that is stopped finds in it what it has done, and goes on. One process holds the file; a
store whose results depend on other software than what runs now is refused.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self
from zlib import crc32

from kolmo.errors import InputError, UnavailableError, shorten

APPLICATION_ID = 0x6B6C6D62  # "klmb", in the header of the file
FORMAT = 1  # user_version, in the header of the file
LOCK_SECONDS = 1.0

TABLES = (
    "CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE results (key TEXT PRIMARY KEY, result TEXT NOT NULL, crc32 INTEGER NOT NULL) "
    "WITHOUT ROWID",
)
# The key is cast, as names of files may hold what is no UTF-8.
GET = "SELECT result, crc32 FROM results WHERE key = CAST(? AS TEXT)"
PUT = "INSERT OR REPLACE INTO results VALUES (CAST(? AS TEXT), ?, ?)"

ANOTHER_FILE = "Take another file, or a new name."
REASONS = {
    "SQLITE_BUSY": (
        "is in use: got the lock of another running kolmo; need the file alone. "
        "Wait for that run to end, or take another file."
    ),
    "SQLITE_NOTADB": f"is not a store: got another kind of file; need an SQLite file. "
    f"{ANOTHER_FILE}",
    "SQLITE_FULL": "cannot be written: got a full disk; need room. Free some and run again.",
    "SQLITE_READONLY": "cannot be written: got a read-only file or folder; need a writable one. "
    f"{ANOTHER_FILE}",
    "SQLITE_CANTOPEN": "cannot be opened: got a refusal; need a file and a folder that can be "
    f"written. {ANOTHER_FILE}",
    "SQLITE_IOERR": "cannot be read or written: got an error of the disk, or a full one; need "
    f"room and a disk that works. {ANOTHER_FILE}",
}
DAMAGED = "is damaged: got {}; need a whole store. Delete it and run again."


class Store:
    """Results by key, in a file that a later run goes on with, or in memory only.

    Use it wherever a run takes longer than one would like to repeat; the callers' code is the same
    with a file and without.

    Parameters
    ----------
    path : str or None
        The file, made if there is none; None keeps the results in memory.
    identity : mapping of str to str or None
        What the results depend on: versions of kolmo, Python and libraries; None for what is not
        installed.

    Raises
    ------
    InputError
        If the file is no store, is damaged, is in use by another process, cannot be written, or
        was made with another identity. A file that is no store is left as it is.
    UnavailableError
        If there is a path and this Python was built without sqlite3.

    Notes
    -----
    Every ``put`` is a transaction of its own in a write-ahead log: a process that is killed loses
    nothing that ``put`` returned for. After a power failure the last results may be missing (they
    reach the disk when the log is merged, or at ``close``), and the file is intact.

    ``get`` and ``put`` are called from one thread only. The lock lasts as long as the process, and
    no longer: after SIGKILL the file can be opened at once. ``close`` merges the log, so that one
    file is left.

    Examples
    --------
    >>> with Store(None, {"kolmo": "1.0"}) as store:
    ...     store.put("ctw at 8 bits", {"payload_bits": 12})
    ...     print(len(store), store.get("ctw at 8 bits"), store.get("another"))
    1 {'payload_bits': 12} None
    """

    def __init__(self, path: str | None, identity: Mapping[str, str | None]) -> None:
        self._memory: dict[str, str] = {}
        self._path = path
        self._connection: Any = None
        self._closed = False
        if path is None:
            return
        self._sqlite3 = _sqlite3()
        self._place = _checked_place(path)
        with self._plain_errors():
            self._refuse_strangers()
            self._open(dict(identity))

    def get(self, key: str) -> dict[str, Any] | None:
        """Return the result put under ``key``, a new object every time; None if there is none."""
        self._check_open()
        if self._connection is None:
            text = self._memory.get(key)
            return None if text is None else json.loads(text)
        with self._plain_errors():
            row = self._connection.execute(GET, (_raw(key),)).fetchone()
        return None if row is None else self._parsed(*row)

    def put(self, key: str, result: dict[str, Any]) -> None:
        """Keep ``result`` under ``key``, in place of an older one; it is safe upon return.

        Raises
        ------
        ValueError, TypeError
            If the result is no JSON: NaN and infinity are none.
        InputError
            If the file can no longer be written.
        """
        self._check_open()
        text = json.dumps(result, allow_nan=False, separators=(",", ":"))
        if self._connection is None:
            self._memory[key] = text
            return
        with self._plain_errors():
            self._connection.execute(PUT, (_raw(key), text, crc32(text.encode())))

    def __len__(self) -> int:
        """Return the number of keys."""
        self._check_open()
        if self._connection is None:
            return len(self._memory)
        with self._plain_errors():
            return int(self._connection.execute("SELECT count(*) FROM results").fetchone()[0])

    def close(self) -> None:
        """Merge the log into the file and let go of it; once is enough, twice does no harm."""
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None:
            with self._plain_errors():
                connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ValueError("the store is closed")

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Turn what SQLite raises into one line."""
        try:
            yield
        except self._sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", "")
            found = (text for start, text in REASONS.items() if name.startswith(start))
            raise self._fault(next(found, DAMAGED.format(shorten(error)))) from error

    def _fault(self, text: str) -> InputError:
        return InputError(f"store {shorten(self._path)} {text}")

    def _refuse_strangers(self) -> None:
        """Look at the header without a lock or a log, so that a foreign file is not touched.

        SQLite itself looks: to open and close the file would end the lock of a store that this
        process holds (POSIX), and it takes any file of one byte for an empty database.
        """
        if not os.path.exists(self._place) or os.path.getsize(self._place) == 0:
            return
        place = f"{Path(self._place).as_uri()}?mode=ro&immutable=1"
        peek = self._sqlite3.connect(place, uri=True)
        try:
            number = peek.execute("PRAGMA application_id").fetchone()[0]
        finally:
            peek.close()
        if number != APPLICATION_ID:
            raise self._fault(
                "is not a store: got a file that something else made; need one that kolmo bench "
                f"made. {ANOTHER_FILE}"
            )

    def _open(self, identity: dict[str, str | None]) -> None:
        self._connection = self._sqlite3.connect(
            self._place,
            timeout=LOCK_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._prepare(identity)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, identity: dict[str, str | None]) -> None:
        """Take the lock for good; make the tables or check them; then start the log.

        The tables come in one transaction with the numbers in the header: who is killed before
        its end leaves an empty file, and that is filled here.
        """
        execute = self._connection.execute
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("BEGIN EXCLUSIVE")
        if os.path.getsize(self._place) == 0:
            self._create(identity)
        self._check_format()
        self._check_identity(identity)
        self._check_pages()
        execute("COMMIT")
        execute("PRAGMA journal_mode = WAL")
        execute("PRAGMA synchronous = NORMAL")

    def _create(self, identity: dict[str, str | None]) -> None:
        execute = self._connection.execute
        execute(f"PRAGMA application_id = {APPLICATION_ID}")
        execute(f"PRAGMA user_version = {FORMAT}")
        for table in TABLES:
            execute(table)
        self._connection.executemany("INSERT INTO identity VALUES (?, ?)", identity.items())

    def _check_format(self) -> None:
        number = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if number != FORMAT:
            raise self._fault(
                f"is of another format: got number {number}; need {FORMAT}. "
                "Take a new file, or the kolmo that made this one."
            )

    def _check_identity(self, identity: dict[str, str | None]) -> None:
        kept = dict(self._connection.execute("SELECT name, value FROM identity"))
        for name in [*identity, *sorted(set(kept) - set(identity))]:
            got, need = kept.get(name), identity.get(name)
            if got != need:
                raise self._fault(
                    f"was made with other software: got {_version(name, got)}; need "
                    f"{_version(name, need)}, as runs now. Take a new file, or delete this one."
                )

    def _check_pages(self) -> None:
        """Look at every page: a file that lost bytes would else only lack results."""
        found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self._fault(DAMAGED.format(shorten(" ".join(found.split()))))

    def _parsed(self, text: Any, seal: Any) -> dict[str, Any]:
        """Return a result; SQLite has no checksum of its own for what a disk altered."""
        try:
            result = json.loads(text) if crc32(text.encode()) == seal else None
        except (ValueError, TypeError, AttributeError):
            result = None
        if not isinstance(result, dict):
            raise self._fault(DAMAGED.format(f"the result {shorten(text, 30)!r}"))
        return result


def _sqlite3() -> ModuleType:
    try:
        import sqlite3
    except ImportError as error:
        raise UnavailableError(
            "a store is unavailable, because this Python was built without sqlite3. "
            "Use another build of Python, or run without a store"
        ) from error
    return sqlite3


def _checked_place(path: str) -> str:
    """Return the absolute path, which SQLite takes for nothing but the name of a file.

    Refuse what it has no clear words for: a directory, a device, a missing folder.
    """
    place = os.path.abspath(path)
    try:
        mode = os.stat(place).st_mode
    except ValueError as error:
        raise InputError(f"store {shorten(path)!r} has no name of a file: {error}.") from error
    except FileNotFoundError:
        if not os.path.isdir(os.path.dirname(place)):
            raise InputError(
                f"store {shorten(path)} cannot be made: got a folder that does not exist; "
                "need one that does. Make it first."
            ) from None
        if not os.access(os.path.dirname(place), os.W_OK):
            raise InputError(
                f"store {shorten(path)} cannot be made: got a folder that cannot be written; need "
                f"one that can. {ANOTHER_FILE}"
            ) from None
        return place
    except OSError as error:
        raise InputError(f"store {shorten(path)} cannot be opened: {error.strerror}.") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise InputError(
            f"store {shorten(path)} is not a store: got {what}; need a file. {ANOTHER_FILE}"
        )
    return place


def _raw(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _version(name: str, value: str | None) -> str:
    return f"no {name}" if value is None else f"{name} {shorten(value)}"
