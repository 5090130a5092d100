"""Size in bits of a grid or of its coarse picture, by any registered estimator or as the paper did.

The default measure compresses bits (eight cells a byte) or one byte for each bucket. The measure
``paper`` is the published one: the cells as text, ``1.0 0.0 0.5 ...``, in a gzip file.
What a constant picture of the same shape takes stands beside every size.
"""

import zlib
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.automaton.coarse import Buckets, Grid
from kolmo.complexity.choice import make_estimators
from kolmo.complexity.estimator import Bound, length_of
from kolmo.data import MemoryInput
from kolmo.errors import CertificationError

PAPER = "paper"
DEFAULT_MEASURE = "zlib"
GZIP_BYTES = 26
"""Of a gzip file, beside raw DEFLATE: header and trailer, 18, and a name of 7 letters with NUL."""

_PAPER_LEVEL = 6


class Size(NamedTuple):
    """The size of one picture.

    Attributes
    ----------
    measure : str
        Label of an estimator, or ``paper``.
    kind : str
        ``certified`` (decoded in this run), ``bound`` (can be decoded) or ``estimate``.
    bits : float
        The size; of a message, its payload without constant headers (``paper`` with them).
    baseline_bits : float
        The same for a picture of the same shape in which every cell is 0.
    input_bytes : int
        How many bytes were measured.
    """

    measure: str
    kind: str
    bits: float
    baseline_bits: float
    input_bytes: int

    @property
    def net_bits(self) -> float:
        """What the picture takes beyond a constant one; may be negative for an estimate."""
        return self.bits - self.baseline_bits

    @property
    def size_bytes(self) -> float:
        """The size in bytes, as published figures give it."""
        return self.bits / 8

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {**self._asdict(), "net_bits": self.net_bits}


def measure_grid(grid: Grid, measure: str = DEFAULT_MEASURE, *, verify: bool = True) -> Size:
    """Return the size of a grid in bits: the fine-grained entropy of the paper.

    Parameters
    ----------
    grid : integer[rows, columns]
        Cream in each cell.
    measure : str
        Label of a registered estimator such as ``zstd:level=19``, or ``paper``.
    verify : bool
        Decode a bound at once, which makes it ``certified``.

    Raises
    ------
    ParameterError
        If there is no such estimator.

    Examples
    --------
    >>> size = measure_grid(np.eye(64, dtype=np.uint8), "stored")
    >>> size.kind, size.bits, size.input_bytes
    ('certified', 4096, 512)
    """
    picture = _text(grid, 1) if measure == PAPER else grid_bytes(grid)
    return _measure(picture, grid.size, measure, verify=verify)


def measure_buckets(
    buckets: Buckets, count: int, measure: str = DEFAULT_MEASURE, *, verify: bool = True
) -> Size:
    """Return the size of a coarse picture in bits: the apparent complexity of the paper.

    Parameters
    ----------
    buckets : uint8[rows, columns]
        Buckets from 0 to ``count`` - 1.
    count : int
        Number of buckets; the measure ``paper`` writes j as j / (count - 1).
    measure, verify
        As for `measure_grid`.

    Notes
    -----
    For 3 buckets ``paper`` is the published measure to the byte. For other numbers the digits of
    j / (count - 1) are Python's shortest, where the published figures have those of Python 2.

    Examples
    --------
    >>> measure_buckets(np.zeros((8, 8), np.uint8), 3, "stored").net_bits
    0
    """
    picture = _text(buckets, count - 1) if measure == PAPER else buckets.tobytes()
    return _measure(picture, buckets.size, measure, verify=verify)


def grid_bytes(grid: Grid) -> bytes:
    """Return a grid as bytes: eight cells a byte if all are 0 or 1, else 1, 2 or 4 bytes a cell.

    Examples
    --------
    >>> grid_bytes(np.array([[1, 0, 1, 0]])), grid_bytes(np.array([[1, 2]]))
    (b'\\xa0', b'\\x01\\x02')
    """
    most = int(grid.max(initial=0))
    if most <= 1:
        return np.packbits(grid.astype(np.uint8)).tobytes()
    smallest = np.min_scalar_type(most).newbyteorder("<")
    return grid.astype(smallest).tobytes()


def paper_text(values: NDArray[np.float64]) -> bytes:
    """Return the cells as the authors' code writes them.

    Examples
    --------
    >>> paper_text(np.array([[1, 0], [0, 0.5]]))
    b'1.0 0.0 0.0 0.5'
    """
    levels, places = np.unique(values, return_inverse=True)
    words = np.array([str(level) for level in levels.tolist()], object)
    return " ".join(words[places.ravel()].tolist()).encode()


def _text(cells: NDArray[Any], largest: int) -> bytes:
    """Return the text of cells that stand for so many ``largest``-ths."""
    words = [str(level / largest) for level in range(int(cells.max(initial=0)) + 1)]
    if len({len(word) for word in words}) > 1:
        return paper_text(cells / largest)
    table = np.array([f"{word} " for word in words], "S")  # all alike long: no need to join them
    text: bytes = table[cells.ravel()].tobytes()
    return text[:-1]


def _measure(picture: bytes, cells: int, measure: str, *, verify: bool) -> Size:
    bits, kind = _bits(picture, measure, verify=verify)
    blank = cells if measure == PAPER else len(picture)
    return Size(measure, kind, bits, _constant_bits(blank, measure), len(picture))


@lru_cache(maxsize=256)
def _constant_bits(count: int, measure: str) -> float:
    """Return the size of a constant picture of so many cells (as text) or bytes."""
    picture = (b"0.0 " * count).rstrip() if measure == PAPER else bytes(count)
    return _bits(picture, measure, verify=False)[0]


def _bits(picture: bytes, measure: str, *, verify: bool) -> tuple[float, str]:
    if measure == PAPER:
        return _gzip_bits(picture, verify=verify)
    (estimator,) = make_estimators([measure])
    data = MemoryInput(picture)
    if verify and isinstance(estimator, Bound):
        row = estimator.estimate(data)
        return row.bits, row.kind
    return length_of(estimator, data), estimator.kind


def _gzip_bits(text: bytes, *, verify: bool) -> tuple[int, str]:
    """Return the bits of a gzip file of text as ``gzip name`` makes it, and their kind."""
    compressor = zlib.compressobj(_PAPER_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    payload = compressor.compress(text) + compressor.flush()
    if verify and zlib.decompress(payload, -zlib.MAX_WBITS) != text:
        raise CertificationError("the text of a grid decodes to another one")
    return 8 * (len(payload) + GZIP_BYTES), "certified" if verify else "bound"
