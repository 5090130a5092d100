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
_LARGEST_FAST = 1 << 62


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


class Line(NamedTuple):
    """Where edges lie: edge j at (origin + j step) // whole, in 2**-UNIT_BITS standard units."""

    origin: int
    step: int
    whole: int

    @property
    def reach(self) -> int:
        """The edges from -reach to reach have coordinates by 63-bit arithmetic; none if < 0."""
        if max(self.step, self.whole) >= _LARGEST_FAST:
            return -1
        return (_LARGEST_FAST - 1 - abs(self.origin)) // self.step


def place_bounds(grid: Grid, tail: list[int]) -> NDArray[np.uint64]:
    """Return the bounds of the shares of all places, each share at least 1, their sum 2**32.

    ``tail`` is a table of `kolmo.coding.tails`; between its knots it is interpolated.
    """
    import numpy as np

    below = np.zeros(PLACES + 1, np.int64)
    below[1:-1] = _below(_coordinates(grid), np.array(tail, np.int64))
    below[-1] = 1 << TAIL_BITS
    return np.asarray(_shares(below) + np.arange(PLACES + 1, dtype=np.uint64), np.uint64)


def line(grid: Grid) -> Line:
    """Return where the edges of cells lie.

    The lower edge of the integer v lies at v - 1/2. What origin and step have below the common
    power of 2 of step and whole changes no quotient.
    """
    step_bits = 1 + grid.fraction_bits + grid.shift + UNIT_BITS
    origin = ((2 * grid.anchor - 1) << grid.fraction_bits) - 2 * grid.location << UNIT_BITS
    whole = 2 * grid.scale
    common = min(step_bits, (whole & -whole).bit_length() - 1)
    return Line(origin >> common, 1 << step_bits - common, whole >> common)


def cell_bits(
    cells: Integers,
    below: NDArray[np.bool_],
    lines: tuple[Integers, Integers, Integers],
    tail: Integers,
) -> NDArray[np.float64]:
    """Return the bits of the class of each cell, and of its place in the class.

    Parameters
    ----------
    cells : int64[n]
        Cells counted outwards from the anchor, below `LIMIT`.
    below : bool[n]
        Whether a cell lies below the anchor.
    lines : (int64[n], int64[n], int64[n])
        Origin, step and whole of the line of each; twice the cell, and 1, are in its reach.
    tail : int64[n]
        As in `place_bounds`, of whose intervals these are the lengths.
    """
    import numpy as np

    binary_digits = np.frexp(cells.astype(np.float64))[1].astype(np.int64)
    inner = np.where(cells < LINEAR, 0, binary_digits - CELL_BITS - 1)
    first = cells >> inner << inner
    last = first + (1 << inner)
    low, high = np.where(below, -last, first), np.where(below, -first, last)
    origin, step, whole = lines
    places = np.concatenate([low, high]).reshape(2, -1) * step + origin
    limit = knots()[-1] - 1
    found = np.clip(places // whole, -limit, limit)
    bounds = _shares(_below(found, tail))
    return np.asarray(TOTAL_BITS - np.log2(bounds[1] - bounds[0] + np.uint64(1)) + inner)


def bucket_places(bounds: NDArray[np.uint64]) -> Integers:
    """Return the place of every 2**20th share, and the last place."""
    import numpy as np

    firsts = np.arange(0, TOTAL_LIMIT, 1 << _BUCKET_BITS, dtype=np.uint64)
    return np.append(np.searchsorted(bounds, firsts, side="right") - 1, PLACES - 1)


@cache
def _edges() -> Integers:
    """Return all edges in ascending order: the cells outwards from the anchor, and the first.

    Upwards these are the first cell of each class, and the first beyond.
    """
    import numpy as np

    octaves = [
        (LINEAR << octave) + (step << octave + LINEAR_BITS - CELL_BITS)
        for octave in range(OCTAVES)
        for step in range(1 << CELL_BITS)
    ]
    upper = np.array([*range(LINEAR), *octaves, LIMIT], np.int64)
    return np.concatenate([-upper[:0:-1], upper])


def _coordinates(grid: Grid) -> Integers:
    """Return the standard coordinates of all edges, in 2**-UNIT_BITS units, rounded down."""
    import numpy as np

    edges, limit = _edges(), knots()[-1] - 1
    origin, step, whole = found = line(grid)
    coordinates = np.empty(edges.size, np.int64)
    start = stop = 0
    if (reach := min(found.reach, LIMIT)) >= 0:
        start, stop = np.searchsorted(edges, [-reach, reach + 1])
        near = (edges[start:stop] * step + origin) // whole
        coordinates[start:stop] = np.clip(near, -limit, limit)
    for far in (slice(0, start), slice(stop, None)):
        exact = ((origin + edge * step) // whole for edge in edges[far].tolist())
        coordinates[far] = [max(-limit, min(limit, coordinate)) for coordinate in exact]
    return coordinates


def _shares(below: Integers) -> NDArray[np.uint64]:
    """Return the shares of 2**32 below each bound, but for the least share of every place."""
    import numpy as np

    shares = (below >> TAIL_BITS - TOTAL_BITS).astype(np.uint64)
    scaled = shares * np.uint64(TOTAL_LIMIT - PLACES)
    return np.asarray(scaled >> np.uint64(TOTAL_BITS), np.uint64)


def _below(coordinates: Integers, tail: Integers) -> Integers:
    """Return the share of 2**TAIL_BITS below each coordinate.

    Products stay below 2**62: tails have at most 46 bits, places between knots 16.
    """
    import numpy as np

    marks, drops = _marks()
    distance = np.abs(coordinates)
    index = np.searchsorted(marks, distance, side="right") - 1
    width = marks[index + 1] - marks[index]
    drop = drops[index]
    part = (distance - marks[index] >> drop) * (tail[index] - tail[index + 1])
    above = tail[index] - part // (width >> drop)
    return np.asarray(np.where(coordinates < 0, above, (1 << TAIL_BITS) - above), np.int64)


@cache
def _marks() -> tuple[Integers, Integers]:
    """Return the knots, and how many digits of a place after each are dropped.

    The distances of neighbouring knots are powers of two.
    """
    import numpy as np

    gaps = [(b - a).bit_length() - 1 for a, b in pairwise(knots())]
    return np.array(knots(), np.int64), np.array([max(0, gap - _PART_BITS) for gap in gaps])
