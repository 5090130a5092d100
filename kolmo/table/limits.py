"""How large a file, a line, a cell and a number may be, and from which size kernels pay."""

from dataclasses import dataclass

from kolmo.data import MEMORY_LIMIT

FAST_BYTES = 1 << 18  # smaller files are read without numba, whose import costs more than they do
FAST_ROWS = FAST_BYTES // 2
CHUNK_BYTES = 1 << 22  # kernels return to Python so often, about every 20 ms, for its signals
CHUNK_ROWS = 1 << 18
MEMORY_FACTOR = 6  # bytes of memory for each byte of a file, at most


@dataclass(frozen=True)
class Limits:
    """What `read_table` accepts.

    Attributes
    ----------
    cell_bytes : int
        Longest cell, 128 KiB as in the standard library's csv module.
    line_bytes : int
        Longest first line; later ones are held by the numbers of columns and bytes in a cell.
    columns : int
        Most columns.
    memory_bytes : int
        Files that need more than this, at six bytes for each of theirs, are refused.
    """

    cell_bytes: int = 1 << 17
    line_bytes: int = 1 << 24
    columns: int = 1 << 16
    memory_bytes: int = MEMORY_LIMIT


LIMITS = Limits()
