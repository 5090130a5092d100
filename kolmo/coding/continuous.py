"""Integers coded by a normal, Laplace, logistic or Student distribution around a location.

The integer v stands for the interval from v - 1/2 to v + 1/2. Its share of 2**32 comes from the
integer tables of `kolmo.coding.tails` by integer arithmetic alone: hence encoder and decoder agree
on every machine. Where the scale is 512 or more, 2**shift neighbours share a cell of 1/512 to
1/256 of the scale, and the place in the cell is plain. Far out, the classes grow with the distance;
and beyond 2**44 cells an escape and Elias' delta code reach any integer.

What this costs beyond the formula, for 10**6 values: 3.4 bits, as each of 10,242 classes has a
share of at least 1; and about 2 bits, as cells are flat and tables are interpolated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from kolmo.coding import cells
from kolmo.coding.code import (
    BLOCK_VALUES,
    Block,
    Code,
    Interval,
    IntervalCode,
    Reader,
    Writer,
    block_bits,
    check_length,
    describe,
    empty_block,
    raw_intervals,
    read_raw,
    read_symbol,
    symbol_interval,
    to_block,
)
from kolmo.coding.integers import EliasDelta
from kolmo.coding.tails import tail
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.integer[Any]] | NDArray[np.object_] | Sequence[int]

_CELLS_PER_SCALE_BITS = 9  # the scale is below 2**9 cells, and at least 2**8 if they are shifted
_LARGEST_FAST = 1 << 62
_LARGEST_FAST_SHIFT = 50
_INTERVALS_PER_VALUE = 3


class Quantised(IntervalCode[int]):
    """A distribution over all integers with a location and a scale; take one of its children.

    Parameters
    ----------
    location : int
        Centre of the distribution, in units of 2**-fraction_bits.
    scale : int
        At least 1, in the same units: the standard deviation of `Normal`, the mean distance from
        the centre of `Laplace`, the usual parameter of `Logistic` and `Student`.
    fraction_bits : int
        How many binary places location and scale have, >= 0.

    Notes
    -----
    Location, scale and values may be of any size. Making a code takes about .4 ms, and the first
    of a shape up to 100 ms.
    """

    shape: str

    def __init__(self, location: int, scale: int, fraction_bits: int = 0) -> None:
        if scale < 1 or fraction_bits < 0:
            raise ParameterError(
                f"no distribution: got scale {describe(scale)}, {fraction_bits} fraction bits; "
                "need a scale of 1 or more and no negative number of bits."
            )
        self.location, self.scale, self.fraction_bits = location, scale, fraction_bits
        whole_bits = (scale >> fraction_bits).bit_length()
        self.shift = max(0, whole_bits - _CELLS_PER_SCALE_BITS)
        self.anchor = location >> fraction_bits

    def tail(self) -> list[int]:
        """Return the table of the standard distribution."""
        return tail(self.shape)

    @cached_property
    def bounds(self) -> NDArray[np.uint64]:
        """Return the bounds of the shares of all classes, from the lowest to the highest."""
        grid = cells.Grid(self.location, self.scale, self.fraction_bits, self.anchor, self.shift)
        return cells.place_bounds(grid, self.tail())

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the interval of the class of an integer, and its place in the class."""
        distance = int(value) - self.anchor
        t = distance if distance >= 0 else ~distance
        cell = t >> self.shift
        index, inner = cells.classify(cell)
        found = [symbol_interval(self._listed, _place(index, distance >= 0))]
        if index == cells.SIDE:
            found += EliasDelta().intervals(cell - cells.LIMIT + 1)
        plain = inner + self.shift
        return found + raw_intervals(t & (1 << plain) - 1, plain)

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        return self.anchor + self.finish(coder, read_symbol(coder, self._listed))

    def finish(self, coder: Reader, place: int) -> int:
        """Return the distance from the anchor, once its class has been read."""
        index = place - cells.SIDE - 1 if place > cells.SIDE else cells.SIDE - place
        start, inner = cells.first_cell(index)
        if index == cells.SIDE:
            start, inner = EliasDelta().decode(coder) + cells.LIMIT - 1, 0
        plain = inner + self.shift
        t = start << plain | read_raw(coder, plain)
        return t if place > cells.SIDE else ~t

    def many(self, length: int) -> QuantisedSequence:
        """Return the code of ``length`` independent integers, in bulk."""
        return QuantisedSequence(self, length)

    @cached_property
    def _listed(self) -> list[int]:
        return [int(bound) for bound in self.bounds]


class Normal(Quantised):
    """The normal distribution; ``scale`` is its standard deviation.

    Examples
    --------
    A standard deviation of 1000 costs log2(1000 sqrt(2 pi)) bits at the centre:

    >>> round(Normal(0, 1000).codelength(0), 2)
    11.29
    """

    shape = "normal"


class Laplace(Quantised):
    """The Laplace distribution; ``scale`` is the mean distance from the centre.

    Examples
    --------
    A density of 1/2 at the centre, divided by the scale:

    >>> round(Laplace(0, 1024).codelength(0), 2)
    11.0
    """

    shape = "laplace"


class Logistic(Quantised):
    """The logistic distribution; its standard deviation is pi / sqrt(3) times ``scale``.

    Examples
    --------
    A density of 1/4 at the centre:

    >>> round(Logistic(0, 1024).codelength(0), 3)
    12.0
    """

    shape = "logistic"


class Student(Quantised):
    """Student's distribution, with tails like 1 / z**degrees.

    Parameters
    ----------
    location, scale, fraction_bits : int
        As for `Quantised`.
    degrees : int
        Degrees of freedom, 1 (Cauchy) to 64.

    Examples
    --------
    A density of 1/pi at the centre of the Cauchy distribution:

    >>> round(Student(0, 1024, degrees=1).codelength(0), 2)
    11.65
    """

    shape = "student"

    def __init__(self, location: int, scale: int, fraction_bits: int = 0, *, degrees: int) -> None:
        super().__init__(location, scale, fraction_bits)
        self.degrees = degrees

    def tail(self) -> list[int]:
        """Return the table of the standard distribution."""
        return tail(self.shape, self.degrees)


class QuantisedSequence(Code["Integers"]):
    """A sequence of independent integers under one distribution, in bulk.

    Parameters
    ----------
    code : Quantised
        The distribution of each.
    length : int
        How many; the decoder knows it.

    Notes
    -----
    Values are int64 arrays, or sequences of Python integers of any size; decoded into an int64
    array if all fit in 62 bits around the centre, else into an array of objects.
    """

    def __init__(self, code: Quantised, length: int) -> None:
        self.code, self.length = code, length

    def codelength(self, value: Integers, /) -> float:
        """Return the length of a sequence in bits."""
        return math.fsum(block_bits(block) for block in self.blocks(value))

    def encode(self, value: Integers, coder: Writer, /) -> None:
        """Store a sequence."""
        coder.put_blocks(self.blocks(value))

    def blocks(self, value: Integers, /) -> Iterator[Block]:
        """Yield the intervals of a sequence, some thousands of values at a time."""
        check_length(len(value), self.length)
        for start in range(0, self.length, BLOCK_VALUES):
            piece = value[start : start + BLOCK_VALUES]
            distances = self._distances(piece)
            if distances is None:
                lists = map(self.code.intervals, piece)
                yield to_block([interval for found in lists for interval in found])
            else:
                yield from self._fast_blocks(distances)

    def decode(self, coder: Reader, /) -> Integers:
        """Return the sequence stored next."""
        import numpy as np

        pieces = [
            self._read(coder, min(BLOCK_VALUES, self.length - start))
            for start in range(0, self.length, BLOCK_VALUES)
        ]
        found = np.concatenate(pieces) if pieces else np.empty(0, np.int64)
        if found.dtype == np.object_ or not -_LARGEST_FAST < self.code.anchor < _LARGEST_FAST:
            return np.array([self.code.anchor + int(u) for u in found], np.object_)
        return found + self.code.anchor

    def _distances(self, value: Integers) -> NDArray[np.int64] | None:
        """Return the distances from the anchor if they suit the kernel, else None."""
        import numpy as np

        low, high = _extremes(value)
        anchor = self.code.anchor
        suits = max(anchor - low, high - anchor) < _LARGEST_FAST
        whole = min(low, anchor) >= -(1 << 63) and max(high, anchor) < 1 << 63
        if not (suits and whole) or self.code.shift > _LARGEST_FAST_SHIFT:
            return None
        return np.asarray(value, np.int64) - anchor

    def _fast_blocks(self, distances: NDArray[np.int64]) -> Iterator[Block]:
        import numpy as np

        from kolmo.coding.kernels import cell_intervals

        counts = np.zeros(2, np.int64)
        while distances.size:
            block = empty_block(_INTERVALS_PER_VALUE * distances.size)
            columns = (block.starts, block.frequencies, block.totals)
            cell_intervals(distances, self._table, columns, counts)
            used, written = counts.tolist()
            yield Block(*(column[:written] for column in block))
            if used < distances.size:
                yield to_block(self.code.intervals(self.code.anchor + int(distances[used])))
            distances = distances[used + 1 :]

    def _read(self, coder: Reader, size: int) -> NDArray[Any]:
        """Return the next distances: int64, or objects if one does not fit."""
        import numpy as np

        from kolmo.coding.kernels import read_cells

        if self.code.shift > _LARGEST_FAST_SHIFT:
            anchor = self.code.anchor
            return np.array([self.code.decode(coder) - anchor for _ in range(size)], np.object_)
        distances = np.empty(size, np.int64)
        far: dict[int, int] = {}
        start = 0
        while start < size:
            start += coder.read(read_cells, distances[start:], self._table, self._buckets)
            if start < size:
                far[start] = self.code.finish(coder, int(distances[start]))
                start += 1
        return _merge(distances, far)

    @cached_property
    def _table(self) -> tuple[NDArray[np.uint64], int, tuple[int, int, int]]:
        return self.code.bounds, self.code.shift, cells.LAYOUT

    @cached_property
    def _buckets(self) -> NDArray[np.int64]:
        return cells.bucket_places(self.code.bounds)


def _extremes(value: Integers) -> tuple[int, int]:
    import numpy as np

    if isinstance(value, np.ndarray):
        return int(value.min()), int(value.max())
    return min(value), max(value)


def _place(index: int, upper: bool) -> int:
    return cells.SIDE + 1 + index if upper else cells.SIDE - index


def _merge(distances: NDArray[np.int64], far: dict[int, int]) -> NDArray[Any]:
    """Return the distances with some of them replaced, as objects if these are large."""
    import numpy as np

    fits = all(-_LARGEST_FAST < u < _LARGEST_FAST for u in far.values())
    merged: NDArray[Any] = distances if fits else distances.astype(np.object_)
    for place, distance in far.items():
        merged[place] = distance
    return merged
