"""A corpus on disk: the files that a ``SHA256SUMS`` manifest lists, each checked against it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from typing import NamedTuple

from kolmo.data import open_input
from kolmo.errors import InputError, shorten

MANIFEST = "SHA256SUMS"
LARGEST_BYTES = 1 << 26
HOW_TO_MAKE = f"To make one, run in the folder: sha256sum * > {MANIFEST}"

_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *]([^\0]+)", re.DOTALL)
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}
_SHOWN_SUM = 12


class Member(NamedTuple):
    """One file of a corpus.

    Attributes
    ----------
    name : str
        Relative to the folder, with slashes.
    path : str
        Where it is.
    size : int
        In bytes.
    sha256 : str
        Of its contents, 64 digits in lower case: as listed, and as found.
    """

    name: str
    path: str
    size: int
    sha256: str


def read_manifest(folder: str) -> list[Member]:
    """Return the files of a corpus, in the order of its manifest, after checking their contents.

    Parameters
    ----------
    folder : str
        Holds a ``SHA256SUMS`` as ``sha256sum`` writes it; or its parent does, and lists files of
        the folder among others. Files that are not listed are no part of the corpus.

    Raises
    ------
    InputError
        If there is no folder, no manifest or nothing in it; if a line is malformed, given twice or
        names what is not in the folder; if a file is missing, changed or no regular file.

    Notes
    -----
    Every file is read once, block by block. A manifest's line for itself, which no manifest can
    get right, is passed over: the second ``sha256sum * > SHA256SUMS`` makes one.
    """
    if not os.path.isdir(folder):
        raise InputError(
            f"no such folder: got '{shorten(folder)}'; need one with a {MANIFEST} manifest"
        )
    found = _found(folder)
    if found is None:
        held = "a folder of zero files" if _is_empty(folder) else "a folder without one"
        raise InputError(f"no {MANIFEST}: got {held}, '{shorten(folder)}'. {HOW_TO_MAKE}")
    path, prefix = found
    members = [_checked(folder, prefix, entry) for entry in _within(prefix, _entries(path))]
    if not members:
        raise InputError(
            f"zero files: '{shorten(path)}' lists none in '{shorten(folder)}'. {HOW_TO_MAKE}"
        )
    return members


def find_manifest(folder: str) -> str | None:
    """Return the path of the manifest in a folder or in its parent, right or wrong, or None."""
    found = _found(folder)
    return None if found is None else found[0]


def _found(folder: str) -> tuple[str, str] | None:
    """Return the path of a manifest, and what stands there before the names of the folder."""
    parent, base = os.path.split(os.path.realpath(folder))
    for home, prefix in ((folder, ""), (parent, base + "/")):
        path = os.path.join(home, MANIFEST)
        if os.path.lexists(path):
            return path, prefix
    return None


def _is_empty(folder: str) -> bool:
    try:
        return not os.listdir(folder)
    except OSError:
        return False


class _Entry(NamedTuple):
    name: str
    sha256: str
    line: int

    @property
    def place(self) -> str:
        return f"line {self.line} of {MANIFEST}"


def _within(prefix: str, entries: Iterator[_Entry]) -> Iterator[_Entry]:
    """Yield the entries that speak of the folder, and refuse two for one file."""
    lines: dict[str, int] = {}
    for entry in entries:
        if not entry.name.startswith(prefix) or entry.name == MANIFEST:
            continue
        if entry.name in lines:
            raise InputError(
                f"file listed twice: got '{shorten(entry.name)}' in line {lines[entry.name]} and "
                f"in {entry.place}; need one of them"
            )
        lines[entry.name] = entry.line
        yield entry


def _entries(path: str) -> Iterator[_Entry]:
    for number, line in enumerate(_content(path).split(b"\n"), start=1):
        text = _decoded(line, number).removesuffix("\r")
        if text and not text.startswith("#"):
            yield _parsed(text, number)


def _content(path: str) -> bytes:
    opened = open_input(path, max_bytes=LARGEST_BYTES)
    try:
        if opened.truncated:
            raise InputError(
                f"manifest too long: '{shorten(path)}' has more than {LARGEST_BYTES} bytes; "
                "need one line for each file"
            )
        return opened.read().removeprefix(b"\xef\xbb\xbf")
    finally:
        opened.close()


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"manifest is not UTF-8: got byte {line[error.start]:#04x} in line {number} of "
            f"{MANIFEST}, byte {error.start + 1} of the line. Rename the file, list it anew"
        ) from None


def _parsed(text: str, number: int) -> _Entry:
    found = _LINE.fullmatch(text)
    name = found and (_unescaped(found[3]) if found[1] else found[3])
    if not found or name is None:
        raise InputError(
            f"malformed line {number} of {MANIFEST}: got {shorten(ascii(text))}; need 64 "
            f"hexadecimal digits, two blanks and a file's name. {HOW_TO_MAKE}"
        )
    entry = _Entry(name, found[2].lower(), number)
    if _leaves(name):
        raise _outside(entry)
    return entry._replace(name="/".join(part for part in name.split("/") if part not in ("", ".")))


def _unescaped(name: str) -> str | None:
    """Return a name that ``sha256sum`` wrote with escapes, or None if it did not."""
    if re.sub(r"\\[\\nr]", "", name).count("\\"):
        return None
    return re.sub(r"\\.", lambda found: _ESCAPES[found[0]], name)


def _leaves(name: str) -> bool:
    parts = name.split("/")
    drive = os.path.splitdrive(name)[0]
    return bool(drive) or os.path.isabs(name) or ".." in parts or not {*parts} - {"", "."}


def _outside(entry: _Entry) -> InputError:
    return InputError(
        f"file outside of the folder: got '{shorten(entry.name)}' in {entry.place}; need the name "
        "of a file in it"
    )


def _checked(folder: str, prefix: str, entry: _Entry) -> Member:
    name = entry.name.removeprefix(prefix)
    path = os.path.join(folder, *name.split("/"))
    _require_file(folder, path, entry)
    size, digest = _size_and_sum(path)
    if digest != entry.sha256:
        raise InputError(
            f"changed file: got '{shorten(entry.name)}' with SHA-256 {digest[:_SHOWN_SUM]}...; "
            f"need {entry.sha256[:_SHOWN_SUM]}..., {entry.place}. Restore it, or list it anew"
        )
    return Member(name, path, size, digest)


def _require_file(folder: str, path: str, entry: _Entry) -> None:
    """Refuse what cannot be opened as a file of the folder; a named pipe could wait for ever."""
    root = os.path.join(os.path.realpath(folder), "")
    if not os.path.realpath(path).startswith(root):
        raise _outside(entry)
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise InputError(
            f"missing file: got no '{shorten(entry.name)}' ({error.strerror}); need what "
            f"{entry.place} names"
        ) from None
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "no regular file"
        raise InputError(
            f"not a file: '{shorten(entry.name)}' is {what}; need files only, {entry.place}"
        )


def _size_and_sum(path: str) -> tuple[int, str]:
    opened = open_input(path, in_memory=0)
    try:
        digest, size = hashlib.sha256(), 0
        for block in opened.blocks():
            digest.update(block)
            size += len(block)
        return size, digest.hexdigest()
    finally:
        opened.close()
