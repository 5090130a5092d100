"""What stores the weights of a network elsewhere: each returns bytes, and weights of bytes."""

from __future__ import annotations

import contextlib
import importlib
import io
import lzma
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.nets.tensors import Array

ZSTD_LEVEL = 19


def started(module: str) -> tuple[Any | None, str]:
    """Return a peer's module, or None and why it does not start."""
    try:
        with silence():
            return importlib.import_module(module), ""
    except (ImportError, RuntimeError, AttributeError) as error:
        return None, str(error).partition("\n")[0]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep what a peer prints out of the results."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def zstd(data: bytes) -> bytes:
    """Return data as zstd packs them, on one thread."""
    import zstandard

    return bytes(zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress(data))


def unzstd(packed: bytes) -> bytes:
    """Return the data that zstd packed."""
    import zstandard

    return bytes(zstandard.ZstdDecompressor().decompress(packed))


def xz(data: bytes) -> bytes:
    """Return data as xz packs them."""
    return lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)


def zipnn(data: bytes, kind: str) -> bytes:
    """Return data as ZipNN packs them, of type float32 or bfloat16; on one thread.

    It reorders the bytes that it is given in place, so it is given a copy.
    """
    module = importlib.import_module("zipnn")
    with silence():
        return bytes(module.ZipNN(bytearray_dtype=kind, threads=1).compress(bytes(bytearray(data))))


def unzipnn(packed: bytes, kind: str) -> bytes:
    """Return the data that ZipNN packed."""
    module = importlib.import_module("zipnn")
    with silence():
        return bytes(module.ZipNN(bytearray_dtype=kind, threads=1).decompress(packed))


def nncodec(tensors: Mapping[str, Array], qp: int) -> bytes:
    """Return float32 tensors as NNCodec quantises and packs them; every one by the same qp.

    Without `nonweight_qp` it would store biases and norms far finer, which costs much and
    lowers the error over all weights little.
    """
    import numpy as np

    module = importlib.import_module("nncodec.nn")
    with silence(), tempfile.TemporaryDirectory() as folder:
        settings = {"qp": qp, "nonweight_qp": qp, "results": folder, "verbose": False}
        own = {name: np.array(tensor) for name, tensor in tensors.items()}
        return bytes(module.encode(own, settings))


def unnncodec(packed: bytes) -> dict[str, Array]:
    """Return the tensors that NNCodec packed; it takes a bytearray and nothing else."""
    module = importlib.import_module("nncodec.nn")
    with silence():
        return dict(module.decode(bytearray(packed)))
