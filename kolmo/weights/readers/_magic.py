"""Which reader a file is for: one decision for all, so that no two take the same file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolmo.errors import CheckpointError
from kolmo.weights.readers import _protobuf

if TYPE_CHECKING:
    from kolmo.data import Input

NPY = b"\x93NUMPY"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
KERAS = "config.json"


def is_safetensors(source: Input) -> bool:
    """Return whether a header fits, or seems to begin and no other format does."""
    if holds_header(source) or source.read(8, 9) != b"{":
        return holds_header(source)
    return not is_npy(source) and source.read(0, 4) not in ZIP and not is_onnx(source)


def is_npy(source: Input) -> bool:
    """Return whether the file begins as a .npy file."""
    return source.read(0, len(NPY)) == NPY


def is_onnx(source: Input) -> bool:
    """Return whether the file is a sequence of fields of a model, with a graph among them."""
    if holds_header(source) or source.read(0, 1) in (b"", b"\0", b"\x93", b"P"):
        return False
    fields = _protobuf.top_level(source, _protobuf.MODEL_FIELDS)
    return fields is not None and 7 in fields


def zip_kind(source: Input) -> str:
    """Return ``torch``, ``keras`` or ``npz`` for a zip file, and nothing for another file.

    A zip file whose directory cannot be read counts as ``npz``, whose reader says what is wrong.
    """
    from kolmo.weights.readers import _zip

    if source.read(0, 4) not in ZIP or holds_header(source):
        return ""
    try:
        names = _zip.names(source)
    except CheckpointError:
        return "npz"
    last = {name.rsplit("/", 1)[-1] for name in names}
    if last & {"data.pkl", "constants.pkl"}:
        return "torch"
    return "keras" if KERAS in names and any(name.endswith(".h5") for name in names) else "npz"


def holds_header(source: Input) -> bool:
    """Return whether the file begins as a safetensors file whose header fits into it."""
    head = source.read(0, 9)
    return head[8:] == b"{" and 8 + int.from_bytes(head[:8], "little") <= source.size
