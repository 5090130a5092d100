"""Formats that no reader takes: named, with the way to convert them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolmo.errors import CheckpointError, shorten
from kolmo.weights.readers import _magic, _protobuf

if TYPE_CHECKING:
    from kolmo.data import Input

PICKLE = (
    "a pickle, which runs code when it is loaded. Where you trust it, convert it: "
    "safetensors.torch.save_file(torch.load(F), G), or torch.save(torch.load(F), G)"
)
COMPRESSED = "a compressed file. Decompress it first"
HDF5 = "an HDF5 file. Convert it with h5py: numpy.savez(G, **{name: array}) of its datasets"
TENSORFLOW = "a model of TensorFlow. Convert it: numpy.savez(G, *model.get_weights()), or tf2onnx"
STARTS = (
    (b"\x89HDF\r\n\x1a\n", HDF5),
    (b"GGUF", "a GGUF file. Convert it with gguf: numpy.savez(G, **arrays) of its tensors"),
    (b"\x1f\x8b", COMPRESSED),
    (b"\xfd7zXZ\0", COMPRESSED),
    (b"\x28\xb5\x2f\xfd", COMPRESSED),
    (b"BZh", COMPRESSED),
    (b"7z\xbc\xaf\x27\x1c", COMPRESSED),
    *((bytes([0x80, version]), PICKLE) for version in (2, 3, 4, 5)),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file. Fetch it: git lfs pull"),
    (b"<!DOCTYPE", "a web page, not the file. Download it again"),
    (b"<html", "a web page, not the file. Download it again"),
)
KERAS = "a Keras file. Convert it: numpy.savez(G, *keras.saving.load_model(F).get_weights())"
TAR = "a tar file, as old versions of torch.save made. Load and save it with a newer one"
TFLITE = "a TensorFlow Lite file. Convert the model it was made of"
TENSORFLOW_INDEX = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"  # the last bytes of a table of LevelDB
SAVED_MODEL = {1: 0, 2: 2}  # version, and graphs with what belongs to them
FROZEN_GRAPH = {1: 2, 2: 2, 3: 0, 4: 2, 5: 2}  # nodes, library, version, versions


def refuse_known(source: Input) -> None:
    """Complain about a file of a known format that has no reader.

    Raises
    ------
    CheckpointError
        If it is one; the message says what it is, and how to convert it.
    """
    if what := _foreign(source):
        raise CheckpointError(f"cannot read '{shorten(source.name)}': it is {what}.")


def _foreign(source: Input) -> str:
    if _magic.holds_header(source):  # whose length may look like a pickle
        return ""
    head = source.read(0, 512)
    for start, what in STARTS:
        if head.startswith(start):
            return what
    if head[257:262] == b"ustar":
        return TAR
    if head[4:8] == b"TFL3":
        return TFLITE
    if source.read(max(0, source.size - 8), source.size) == TENSORFLOW_INDEX:
        return TENSORFLOW
    if _magic.zip_kind(source) == "keras":
        return KERAS
    return TENSORFLOW if _is_tensorflow(source, head) else ""


def _is_tensorflow(source: Input, head: bytes) -> bool:
    """Return whether a file has the fields of a saved model, or of a graph with its weights."""
    if head[:2] == b"\x08\x01":
        return _protobuf.top_level(source, SAVED_MODEL) == {1, 2}
    if head[:1] != b"\x0a":
        return False
    fields = _protobuf.top_level(source, FROZEN_GRAPH)
    return fields is not None and 1 in fields and b"\x12" in head
