"""Containers with the columns of a CSV file, each by its best model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kolmo.container import pack
from kolmo.data import Buffer, MemoryInput
from kolmo.mdl.message import TableMessage, read_table_message, write_table
from kolmo.mdl.streams._stream import Stream

EXAMPLES: list[dict[str, int]] = [{}]


class Columns(Stream):
    """The code of a CSV file by columns; ``kolmo mdl-select -o`` writes it.

    Decoded are the cells, exactly, with canonical quoting, line feeds, and no byte order mark.
    """

    name = "columns"
    predicting = False
    nouns = "families"
    command = "kolmo mdl-select FILE -o OUT"
    primes = False
    given_bytes = 0

    def container(self, message: TableMessage, data: bytes) -> bytes:
        """Return the container of a table whose CSV file is ``data``."""
        payload = write_table(message, len(data))
        return b"".join(pack(self, MemoryInput(data), [payload]))

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the CSV file."""
        yield read_table_message(b"".join(chunks), length)
