"""A long piece of work on its way, as a file: what was asked, what is known, and where it stands.

Behind the header stand the grids of the samples, deflated, eight cells a byte if all hold 0 or 1;
then the state as `kolmo.automaton.checkpoint` writes it. See `kolmo.automaton.sealed`.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo import __version__
from kolmo.automaton.sealed import DIGEST_BYTES, seal, unseal
from kolmo.automaton.state import Grid
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import CorruptFileError, InputError, MemoryLimitError, shorten

MAGIC = b"KLMRUN\r\n"
VERSION = 2
FAST = 1
"""Level of DEFLATE."""


class Record(NamedTuple):
    """What an interrupted piece of work leaves.

    Attributes
    ----------
    work : str
        What it is: ``run`` or ``scan``.
    parameters : dict
        What was asked; JSON-safe.
    rows : sequence of dict
        What is known; JSON-safe.
    grids : mapping of int to uint8[rows, columns]
        Of some rows, by their number; all of one shape.
    state : bytes
        From which the run goes on.
    """

    work: str
    parameters: dict[str, Any]
    rows: Sequence[dict[str, Any]]
    grids: Mapping[int, Grid] = MappingProxyType({})
    state: bytes = b""

    def to_bytes(self) -> bytes:
        """Return the record as the bytes of a file."""
        kept = list(self.grids.values())
        grids = np.stack(kept) if kept else np.zeros((0, 0, 0), np.uint8)
        packed = int(grids.max(initial=0)) <= 1
        cells = zlib.compress((np.packbits(grids) if packed else grids).tobytes(), FAST)
        header = {
            "kolmo": __version__,
            "work": self.work,
            "parameters": self.parameters,
            "rows": list(self.rows),
            "grids": list(grids.shape),
            "numbers": list(self.grids),
            "packed": packed,
            "sizes": [len(cells), len(self.state)],
        }
        return seal(MAGIC, VERSION, header, [cells, self.state])

    def check_parameters(self, wanted: Mapping[str, Any]) -> None:
        """Raise InputError, naming the difference, if something else was asked than is wanted."""
        for name, value in wanted.items():
            if self.parameters.get(name) != value:
                raise InputError(
                    f"checkpoint of another {self.work}: {name} is "
                    f"{shorten(self.parameters.get(name))} there; got {shorten(value)}. Leave out "
                    "what the checkpoint knows."
                )


def read_record(data: bytes, work: str, *, memory_limit: int = MEMORY_LIMIT) -> Record:
    """Return the record that `Record.to_bytes` made bytes of.

    Parameters
    ----------
    data : bytes
        A whole file.
    work : str
        Whose it must be.
    memory_limit : int
        The most bytes that its grids may take.

    Raises
    ------
    CorruptFileError
        If it is none, was cut short or altered.
    InputError
        If another version of kolmo, or other work, made it.
    MemoryLimitError
        If its grids are too large.

    Examples
    --------
    >>> grids = {0: np.eye(3, dtype=np.uint8)}
    >>> record = Record("run", {"size": 3}, [{"picks": 0}], grids, b"state")
    >>> found = read_record(record.to_bytes(), "run")
    >>> found.rows, found.grids[0].tolist(), found.state
    ([{'picks': 0}], [[1, 0, 0], [0, 1, 0], [0, 0, 1]], b'state')
    """
    header, start = unseal(data, MAGIC, VERSION)
    try:
        _check_origin(header, work)
        first, second = (int(size) for size in header["sizes"])
        shape = [int(side) for side in header["grids"]]
        if min(first, second, *shape) < 0 or start + first + second + DIGEST_BYTES != len(data):
            raise ValueError(f"sizes do not fit the {len(data)} bytes of the file")
        grids = _grids(data[start : start + first], shape, bool(header["packed"]), memory_limit)
        state = data[start + first : start + first + second]
        kept = dict(zip(map(int, header["numbers"]), grids, strict=True))
        return Record(work, dict(header["parameters"]), list(header["rows"]), kept, state)
    except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as error:
        raise CorruptFileError("header", 0, start, f"malformed: {error}") from error


def _check_origin(header: Any, work: str) -> None:
    if header["kolmo"] != __version__:
        raise InputError(
            f"checkpoint of another version: got kolmo {shorten(header['kolmo'])}; need "
            f"{__version__}. Start the work anew."
        )
    if header["work"] != work:
        raise InputError(f"checkpoint of other work: got a {shorten(header['work'])}; need {work}.")


def _grids(deflated: bytes, shape: list[int], packed: bool, memory_limit: int) -> NDArray[np.uint8]:
    count, rows, columns = shape
    cells = count * rows * columns
    if cells > memory_limit:
        raise MemoryLimitError(
            f"grids too large: got {count} of {rows}x{columns}; the limit is {memory_limit} bytes."
        )
    size = -(-cells // 8) if packed else cells
    found = zlib.decompressobj().decompress(deflated, size + 1)
    if len(found) != size:
        raise ValueError(f"grids of {len(found)} bytes, not {size}")
    values = np.frombuffer(found, np.uint8)
    values = np.unpackbits(values, count=cells) if packed else values.copy()
    return values.reshape(shape)
