"""The classes of a quantised distribution: where they lie, and their integer shares.

Around an anchor the integers are cut in cells of 2**shift. The inner 4096 cells on each side are
classes of their own; further out each octave of cells is divided in 32 classes, for 32 octaves;
and the last class on each side is all that lies beyond. From the lowest to the highest, a class has
a place: 0 and PLACES - 1 are the outermost.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from kolmo.coding.code import TOTAL_BITS, TOTAL_LIMIT
from kolmo.coding.tails import TAIL_BITS, UNIT_BITS, knots

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

LINEAR_BITS, CELL_BITS, OCTAVES = LAYOUT = (12, 5, 32)
LINEAR = 1 << LINEAR_BITS
SIDE = LINEAR + (OCTAVES << CELL_BITS)
PLACES = 2 * SIDE + 2
OUTERMOST = (0, PLACES - 1)
LIMIT = 1 << LINEAR_BITS + OCTAVES
"""The first cell that has only the outermost class."""

_PART_BITS = 16  # of the place between two knots
_BUCKET_BITS = 20


class Grid(NamedTuple):
    """Where cells lie: the standard coordinate of v is (v 2**fraction_bits - location) / scale."""

    location: int
    scale: int
    fraction_bits: int
    anchor: int
    shift: int


def classify(cell: int) -> tuple[int, int]:
    """Return the index of a cell's class, counted outwards, and the log2 of the class's cells."""
    if cell < LINEAR:
        return cell, 0
    octave = cell.bit_length() - LINEAR_BITS - 1
    if octave >= OCTAVES:
        return SIDE, 0
    inner = octave + LINEAR_BITS - CELL_BITS
    return LINEAR + ((octave - 1) << CELL_BITS) + (cell >> inner), inner


def first_cell(index: int) -> tuple[int, int]:
    """Return the first cell of a class, without its lowest bits, and how many these are."""
    if index < LINEAR:
        return index, 0
    octave, cell = divmod(index - LINEAR, 1 << CELL_BITS)
    return (1 << CELL_BITS) + cell, octave + LINEAR_BITS - CELL_BITS


def place_bounds(grid: Grid, tail: list[int]) -> NDArray[np.uint64]:
    """Return the bounds of the shares of all places, each share at least 1, their sum 2**32.

    ``tail`` is a table of `kolmo.coding.tails`; between its knots it is interpolated.
    """
    import numpy as np

    below = np.zeros(PLACES + 1, np.int64)
    below[1:-1] = _below(_coordinates(grid), np.array(tail, np.int64))
    below[-1] = 1 << TAIL_BITS
    shares = (below >> TAIL_BITS - TOTAL_BITS).astype(np.uint64)
    found = np.right_shift(shares * np.uint64(TOTAL_LIMIT - PLACES), np.uint64(TOTAL_BITS))
    return np.asarray(found + np.arange(PLACES + 1, dtype=np.uint64), np.uint64)


def bucket_places(bounds: NDArray[np.uint64]) -> Integers:
    """Return the place of every 2**20th share, and the last place."""
    import numpy as np

    firsts = np.arange(0, TOTAL_LIMIT, 1 << _BUCKET_BITS, dtype=np.uint64)
    return np.append(np.searchsorted(bounds, firsts, side="right") - 1, PLACES - 1)


@cache
def _edges() -> list[int]:
    """Return the first cell of each class outwards from the anchor, and the first beyond."""
    octaves = [
        (LINEAR << octave) + (step << octave + LINEAR_BITS - CELL_BITS)
        for octave in range(OCTAVES)
        for step in range(1 << CELL_BITS)
    ]
    return [*range(LINEAR), *octaves, LIMIT]


def _coordinates(grid: Grid) -> Integers:
    """Return the standard coordinates of all edges, in 2**-UNIT_BITS units, rounded down.

    The lower edge of the integer v lies at v - 1/2.
    """
    import numpy as np

    step = 2 << grid.fraction_bits + grid.shift + UNIT_BITS
    origin = ((2 * grid.anchor - 1) << grid.fraction_bits) - 2 * grid.location << UNIT_BITS
    whole = 2 * grid.scale
    edges = [-edge for edge in _edges()[:0:-1]] + _edges()
    found = [(origin + edge * step) // whole for edge in edges]
    limit = knots()[-1] - 1
    if found[0] < -limit or found[-1] > limit:
        found = [max(-limit, min(limit, coordinate)) for coordinate in found]
    return np.array(found, np.int64)


def _below(coordinates: Integers, tail: Integers) -> Integers:
    """Return the share of 2**TAIL_BITS below each coordinate.

    Products stay below 2**62: tails have at most 46 bits, places between knots 16.
    """
    import numpy as np

    marks = np.array(knots(), np.int64)
    distance = np.abs(coordinates)
    index = np.searchsorted(marks, distance, side="right") - 1
    width = marks[index + 1] - marks[index]
    drop = np.array([max(0, (b - a).bit_length() - 1 - _PART_BITS) for a, b in _gaps()])[index]
    part = (distance - marks[index] >> drop) * (tail[index] - tail[index + 1])
    above = tail[index] - part // (width >> drop)
    return np.asarray(np.where(coordinates < 0, above, (1 << TAIL_BITS) - above), np.int64)


@cache
def _gaps() -> list[tuple[int, int]]:
    """Return neighbouring knots; their distances are powers of two."""
    return list(pairwise(knots()))
