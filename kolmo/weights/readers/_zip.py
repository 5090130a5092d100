"""Members of a zip file, read at offsets and never extracted.

The directory is read by the standard library; what it says is checked before it is believed.
Members are stored or deflated, plain, named once, and do not overlap.
"""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kolmo.errors import KolmoError, shorten
from kolmo.weights.readers._checks import Complaint

if TYPE_CHECKING:
    from kolmo.data import Input

PIECE_BYTES = 1 << 18
LOCAL_BYTES = 30  # of the header before a member, without name and extra field
ENCRYPTED = 0x41  # flags
LARGEST_RATIO = 1040  # of a deflate stream; in fact 1032
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Member(NamedTuple):
    """Where a member lies, and what the directory says of it."""

    name: str
    start: int
    stored_bytes: int
    bytes: int
    deflated: bool
    check: int


class Archive:
    """The members of a zip file.

    Parameters
    ----------
    zero_is_unknown : bool
        Whether a checksum of 0 says that there is none.

    Raises
    ------
    CheckpointError
        If the directory is malformed, or a member encrypted, there twice, overlapping another,
        compressed by an uncommon method, or smaller than its size can be.
    """

    def __init__(
        self, source: Input, complain: Complaint, *, zero_is_unknown: bool = False
    ) -> None:
        self.source, self.complain = source, complain
        self._zero_is_unknown = zero_is_unknown
        self.members: dict[str, Member] = {}
        for info in _directory(source, complain):
            if info.orig_filename in self.members:
                raise complain(f"got two members called '{shorten(info.orig_filename)}'; need one")
            self.members[info.orig_filename] = self._member(info)
        self._check_overlaps()

    def read(self, member: Member, start: int, stop: int) -> bytes:
        """Return a range of a member's bytes; cheap near its start, and where it is stored."""
        if not member.deflated:
            first = member.start + min(start, member.bytes)
            return self.source.read(first, member.start + min(stop, member.bytes))
        found = b""
        for piece in self._inflated(member):
            found += piece
            if len(found) >= stop:
                break
        return found[start:stop]

    def pieces(self, member: Member, skip: int = 0) -> Iterator[bytes]:
        """Yield a member's bytes after the first ``skip``, then check size and checksum."""
        check = size = 0
        for piece in self._inflated(member) if member.deflated else self._stored(member):
            check = zlib.crc32(piece, check)
            size += len(piece)
            if size > member.bytes:
                break
            yield piece[min(len(piece), max(0, skip - (size - len(piece)))) :]
        unknown = self._zero_is_unknown and member.check == 0
        if size != member.bytes or (check != member.check and not unknown):
            what = "checksum" if size == member.bytes else "size"
            raise self.complain(f"got a wrong {what} of '{shorten(member.name)}'. Fetch it again.")

    def _stored(self, member: Member) -> Iterator[bytes]:
        stop = member.start + member.stored_bytes
        for start in range(member.start, stop, PIECE_BYTES):
            yield self.source.read(start, min(stop, start + PIECE_BYTES))

    def _inflated(self, member: Member) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for data in self._stored(member):
                while data and not inflater.eof:
                    yield inflater.decompress(data, PIECE_BYTES)
                    data = inflater.unconsumed_tail
            yield inflater.flush()
        except zlib.error as error:
            raise self.complain(f"got damage in '{shorten(member.name)}': {error}") from None
        if not inflater.eof:
            raise self.complain(f"got '{shorten(member.name)}' cut short")

    def _member(self, info: zipfile.ZipInfo) -> Member:
        name = shorten(info.orig_filename)
        if info.flag_bits & ENCRYPTED:
            raise self.complain.unsupported(f"got encrypted '{name}'; need plain members")
        if info.compress_type not in METHODS:
            raise self.complain.unsupported(
                f"got method {info.compress_type} of '{name}'; need stored or deflated members"
            )
        deflated = info.compress_type == zipfile.ZIP_DEFLATED
        most = info.compress_size * LARGEST_RATIO + PIECE_BYTES
        if info.file_size > most if deflated else info.file_size != info.compress_size:
            raise self.complain(
                f"got '{name}' of {info.file_size} bytes in {info.compress_size}, which cannot be"
            )
        start = self._data_start(info)
        return Member(
            info.orig_filename, start, info.compress_size, info.file_size, deflated, info.CRC
        )

    def _data_start(self, info: zipfile.ZipInfo) -> int:
        local = self.source.read(info.header_offset, info.header_offset + LOCAL_BYTES)
        if len(local) < LOCAL_BYTES or local[:4] != b"PK\x03\x04":
            raise self.complain(f"got no local header of '{shorten(info.orig_filename)}'")
        rest = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
        return info.header_offset + LOCAL_BYTES + rest

    def _check_overlaps(self) -> None:
        cursor = 0
        for member in sorted(self.members.values(), key=lambda member: member.start):
            stop = member.start + member.stored_bytes
            if member.start < cursor + LOCAL_BYTES or stop > self.source.size:
                raise self.complain(f"got '{shorten(member.name)}' across its neighbour or the end")
            cursor = stop


class _File(io.RawIOBase):
    """An input as the file that `zipfile` wants."""

    def __init__(self, source: Input) -> None:
        self.source, self.position = source, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.position, os.SEEK_END: self.source.size}[whence]
        if base + offset < 0:
            raise OSError("before the start")
        self.position = base + offset
        return self.position

    def read(self, size: int | None = -1) -> bytes:
        stop = self.source.size if size is None or size < 0 else self.position + size
        start = min(self.position, self.source.size)
        data = self.source.read(start, max(start, min(stop, self.source.size)))
        self.position += len(data)
        return data


def names(source: Input) -> set[str]:
    """Return the names of the members; what else the directory says is not checked."""
    return {info.orig_filename for info in _directory(source, Complaint("zip file", source))}


def _directory(source: Input, complain: Complaint) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(_File(source)) as archive:
            return archive.infolist()
    except KolmoError:
        raise
    except Exception as error:  # the library promises no closed list
        raise complain(f"got no directory of a zip file: {shorten(error)}") from None
