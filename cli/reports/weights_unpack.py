"""The work of ``kolmo weights unpack``: a container to a safetensors or npz file."""

import os
import tempfile
from collections.abc import Iterable, Iterator

import click

from kolmo.data import IN_MEMORY_BYTES, Buffer, FileInput, Input, MemoryInput
from kolmo.errors import KolmoError
from kolmo.messages import decode_stream
from kolmo.parallel import in_background
from kolmo.weights.canonical import npz_bytes
from kolmo.weights.checkpoint import read_checkpoint

from ..artefacts import check_names, open_artefact
from ..output import refuse_binary_on_terminal, write_artefact
from .weights_models import open_file, open_packed

SAFETENSORS, NPZ = ".safetensors", ".npz"


def run(file: str, output: str | None, given: str | None, *, jobs: int, memory_limit: int) -> None:
    """Do the work."""
    check_names([file, given])
    refuse_binary_on_terminal(output)
    suffix = _suffix(output)
    artefact = open_artefact(output, [name for name in (file, given) if name is not None])
    opened = open_packed(open_file(file, memory_limit))
    side = None if given is None else open_file(given, memory_limit)

    def pieces() -> Iterator[Buffer]:
        return decode_stream(opened, side, memory_limit=memory_limit, jobs=jobs)

    if suffix == NPZ:
        source = _kept(in_background(pieces()), opened.header.length, file)
        write_artefact(artefact, npz_bytes(read_checkpoint(source)))
        source.close()
        return
    if artefact is None or artefact.direct:
        for _ in in_background(pieces()):
            pass
    write_artefact(artefact, pieces())


def _suffix(path: str | None) -> str:
    """Return what tells the format; safetensors for standard output, a device or a pipe."""
    if path is None or path == "-":
        return SAFETENSORS
    suffix = os.path.splitext(path)[1].lower()
    if suffix in (SAFETENSORS, NPZ):
        return suffix
    if path and os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        return SAFETENSORS
    raise click.UsageError(
        f"unknown format of models: got '{path[-60:]}'; need one of {SAFETENSORS}, {NPZ}"
    )


def _kept(chunks: Iterable[Buffer], size: int, name: str) -> Input:
    """Return decoded data as an input: in memory, or in a file without a name."""
    if size <= IN_MEMORY_BYTES:
        return MemoryInput(b"".join(chunks), name)
    try:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
    except OSError as error:
        raise KolmoError(f"cannot keep the model in a temporary file: {error.strerror}") from None
    return FileInput(file, name, size, truncated=False)
