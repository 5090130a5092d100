"""Canonical files: any checkpoint as safetensors or npz, piece by piece, always the same bytes."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator

from kolmo.data import Buffer
from kolmo.errors import CheckpointError, shorten
from kolmo.weights.checkpoint import Checkpoint, Tensor

ALIGNMENT = 8
METADATA = "__metadata__"

NUMPY_CODES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "C64": "<c8",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
NPY_ALIGNMENT = 64
VERSION, LONG_VERSION = 20, 45  # of the zip format that a member needs
UTF8_NAME = 0x800  # flag
FIRST_DATE = 0x21  # 1 January 1980
LARGEST = 0xFFFFFFFF  # of a 4-byte field, which then points to the extra field
MOST_MEMBERS = 0xFFFF


def canonical_header(tensors: Iterable[Tensor], metadata: dict[str, str]) -> bytes:
    """Return the first bytes of a safetensors file: a length, and JSON padded with spaces.

    Parameters
    ----------
    tensors : iterable of Tensor
        In the order of their bytes; nothing is loaded.
    metadata : dict of str to str
        Left out where it is empty.

    Raises
    ------
    CheckpointError
        If two tensors have one name, or one the name of the metadata.

    Examples
    --------
    >>> canonical_header([], {})
    b'\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x00{}      '
    """
    header: dict[str, object] = {METADATA: metadata} if metadata else {}
    cursor = 0
    for tensor in tensors:
        if tensor.name in header or tensor.name == METADATA:
            raise CheckpointError(
                f"cannot name a tensor: got '{shorten(tensor.name)}' twice, or as reserved; "
                "need names that differ"
            )
        offsets = [cursor, cursor := cursor + tensor.bytes]
        header[tensor.name] = {
            "dtype": tensor.dtype.name,
            "shape": list(tensor.shape),
            "data_offsets": offsets,
        }
    try:
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise CheckpointError(
            f"a name or metadata that is no text: got {shorten(ascii(error.object[error.start]))}; "
            "need Unicode without lone surrogates."
        ) from None
    text += b" " * (-len(text) % ALIGNMENT)
    return struct.pack("<Q", len(text)) + text


def canonical_bytes(checkpoint: Checkpoint) -> Iterator[bytes]:
    """Yield a checkpoint as a safetensors file, with one tensor in memory at a time.

    Two checkpoints with the same tensors in the same order make the same bytes, whatever their
    formats were; only metadata may differ.
    """
    yield canonical_header(checkpoint.tensors, checkpoint.metadata)
    for tensor in checkpoint.tensors:
        yield tensor.read()


class CanonicalInput:
    """The safetensors file of a checkpoint as an input, read one tensor at a time.

    Parameters
    ----------
    checkpoint : Checkpoint
        Whose bytes are loaded whenever the input is read.
    """

    truncated = False

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint, self.name = checkpoint, checkpoint.file
        self.size = (
            len(canonical_header(checkpoint.tensors, checkpoint.metadata)) + checkpoint.bytes
        )

    def blocks(self) -> Iterator[Buffer]:
        """Yield the file."""
        yield from canonical_bytes(self.checkpoint)

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return a part of the file."""
        stop = self.size if stop is None else min(stop, self.size)
        parts, position = [], 0
        for piece in self.blocks() if start < stop else ():
            parts.append(bytes(piece[max(0, start - position) : max(0, stop - position)]))
            position += len(piece)
            if position >= stop:
                break
        return b"".join(parts)

    def close(self) -> None:
        """Do nothing."""


def npz_bytes(checkpoint: Checkpoint) -> Iterator[bytes]:
    """Yield a checkpoint as an uncompressed .npz file, with one tensor in memory at a time.

    Every member has the date 1980-01-01, so that two runs make the same bytes. Metadata are left
    out, which the format has no place for.

    Raises
    ------
    CheckpointError
        If two tensors have one name, or one a type or a name that the format cannot hold; before
        anything is yielded.
    """
    names = [_member_name(tensor) for tensor in checkpoint.tensors]
    if len(set(names)) != len(names):
        raise CheckpointError("cannot write .npz: got two tensors with one name; need one of each")
    cursor, directory = 0, []
    for name, tensor in zip(names, checkpoint.tensors, strict=True):
        head = _npy_header(tensor)
        data = tensor.read()
        check = zlib.crc32(data, zlib.crc32(head))
        size = len(head) + len(data)
        local = _local_header(name, check, size)
        directory.append(_central_header(name, check, size, cursor))
        cursor += len(local) + size
        yield local + head
        yield data
        del data
    yield from directory
    yield _end(len(directory), sum(map(len, directory)), cursor)


def _member_name(tensor: Tensor) -> bytes:
    """Return the name with ``.npy``, which a reader takes away once."""
    name = f"{tensor.name}.npy".encode()
    if tensor.dtype.name not in NUMPY_CODES:
        raise CheckpointError(
            f"cannot write .npz: got type {tensor.dtype.name} of '{shorten(tensor.name)}', which "
            "numpy lacks. Write .safetensors."
        )
    if len(name) > MOST_MEMBERS or "\0" in tensor.name:
        raise CheckpointError(
            f"cannot write .npz: got the name '{shorten(tensor.name)}'; need less than 65,000 "
            "bytes without NUL. Write .safetensors."
        )
    return name


def _npy_header(tensor: Tensor) -> bytes:
    code = NUMPY_CODES[tensor.dtype.name]
    text = f"{{'descr': '{code}', 'fortran_order': False, 'shape': {tensor.shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % NPY_ALIGNMENT) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def _flags(name: bytes) -> int:
    return 0 if name.isascii() else UTF8_NAME


def _local_header(name: bytes, check: int, size: int) -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= LARGEST else b""
    shown = min(size, LARGEST)
    version = LONG_VERSION if extra else VERSION
    return (
        struct.pack(
            "<4sHHHHHLLL", b"PK\3\4", version, _flags(name), 0, 0, FIRST_DATE, check, shown, shown
        )
        + struct.pack("<HH", len(name), len(extra))
        + name
        + extra
    )


def _central_header(name: bytes, check: int, size: int, offset: int) -> bytes:
    long = [value for value in (size, size, offset) if max(size, offset) >= LARGEST]
    extra = struct.pack(f"<HH{len(long)}Q", 1, 8 * len(long), *long) if long else b""
    shown = LARGEST if long else size
    version = LONG_VERSION if long else VERSION
    return (
        struct.pack("<4sHHHHHH", b"PK\1\2", version, version, _flags(name), 0, 0, FIRST_DATE)
        + struct.pack("<LLLHHHHHL", check, shown, shown, len(name), len(extra), 0, 0, 0, 0)
        + struct.pack("<L", LARGEST if long else offset)
        + name
        + extra
    )


def _end(members: int, size: int, offset: int) -> bytes:
    """Return the end of the directory, with the longer one before it where numbers need it."""
    long = members >= MOST_MEMBERS or max(size, offset) >= LARGEST
    record = struct.pack(
        "<4sQHHLLQQQQ",
        b"PK\6\6",
        44,
        LONG_VERSION,
        LONG_VERSION,
        0,
        0,
        members,
        members,
        size,
        offset,
    ) + struct.pack("<4sLQL", b"PK\6\7", 0, offset + size, 1)
    short = min(members, MOST_MEMBERS)
    end = struct.pack(
        "<4sHHHHLLH", b"PK\5\6", 0, 0, short, short, min(size, LARGEST), min(offset, LARGEST), 0
    )
    return record * long + end
