"""Containers with the columns of a CSV file, each by its best model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kolmo.container import pack
from kolmo.data import Buffer, MemoryInput
from kolmo.errors import InputError, ParameterError
from kolmo.mdl.message import TableMessage, read_table_message, write_table
from kolmo.mdl.methods import edition

EXAMPLES: list[dict[str, int]] = [{}]

_MEMORY_FACTOR = 24
_LEAST_MEMORY = 1 << 24


class Columns:
    """The code of a CSV file by columns; ``kolmo mdl-select -o`` writes it.

    Decoded are the cells, exactly, with canonical quoting, line feeds, and no byte order mark.

    Parameters
    ----------
    edition : int, optional
        Which families were known to the encoder; those known here if not given.

    Raises
    ------
    InputError
        If it is another edition: its numbers of families mean others here.
    """

    name = "columns"
    requires: tuple[str, ...] = ()
    extra = ""
    primes = False
    given_bytes = 0

    def __init__(self, edition: int | None = None) -> None:
        if edition is not None and edition != _current():
            raise InputError(
                f"other families: the file was made by edition {edition} of kolmo's families; "
                f"this is edition {_current()}. Use the kolmo that made it."
            )

    def parameters(self) -> dict[str, int]:
        """Return the edition."""
        return {"edition": _current()}

    def container(self, message: TableMessage, data: bytes) -> bytes:
        """Return the container of a table whose CSV file is ``data``."""
        payload = write_table(message, len(data))
        return b"".join(pack(self, MemoryInput(data), [payload]))

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Refuse: the models have to be chosen."""
        raise ParameterError("no code of bytes: got 'columns'. Try kolmo mdl-select FILE -o OUT.")

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the CSV file."""
        yield read_table_message(b"".join(chunks), length)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory encoding takes."""
        return _MEMORY_FACTOR * length + _LEAST_MEMORY

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory decoding takes."""
        return _MEMORY_FACTOR * length + _LEAST_MEMORY


def _current() -> int:
    return edition()
