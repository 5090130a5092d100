"""The codes of a column in segments: how long they are, how each is distributed, and its rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding import cells
from kolmo.coding.code import Code, Reader, Writer, check_length
from kolmo.coding.continuous import Laplace, Normal, Quantised
from kolmo.coding.counts import UniformCounts
from kolmo.coding.integers import EliasGamma, Signed
from kolmo.coding.logstar import LogStar
from kolmo.coding.tails import tail
from kolmo.mdl.models.located import Located, ScaleCode, distribution, made, usual_precision
from kolmo.mdl.models.parts import Bounded, Chain
from kolmo.mdl.models.values import LARGEST_BITS, Values

Integers = NDArray[np.int64]

_BLOCK_PIECES = 1 << 6
_LARGEST_PIECE = 1 << 10
_LARGEST_FAST = 1 << 61


class Segmented(NamedTuple):
    """A distribution of all rows; how long the segments are; and their own distributions."""

    whole: Located
    lengths: tuple[int, ...]
    parts: tuple[Located, ...]


def parts_of(segmented: Segmented) -> tuple[Located, ...]:
    """Return the distribution of each segment."""
    return segmented.parts or (segmented.whole,)


class Lengths(Code[tuple[int, ...]]):
    """The lengths of segments, each at least ``minimum``, or one of all ``rows``."""

    def __init__(self, rows: int, minimum: int) -> None:
        self.rows, self.minimum = rows, minimum
        self._number = Bounded(LogStar(), 1, max(1, rows // minimum))

    def codelength(self, value: tuple[int, ...], /) -> float:
        """Return the length of their number and of the lengths."""
        return self._number.codelength(len(value)) + self._rest(len(value)).codelength(
            self._spare(value)
        )

    def encode(self, value: tuple[int, ...], coder: Writer, /) -> None:
        """Store the lengths."""
        self._number.encode(len(value), coder)
        self._rest(len(value)).encode(self._spare(value), coder)

    def decode(self, coder: Reader, /) -> tuple[int, ...]:
        """Return the lengths stored next."""
        number = self._number.decode(coder)
        spare = self._rest(number).decode(coder)
        return tuple(length + self._least(number) for length in spare)

    def _least(self, number: int) -> int:
        return self.minimum if number > 1 else 0

    def _rest(self, number: int) -> UniformCounts:
        return UniformCounts(number, self.rows - number * self._least(number))

    def _spare(self, lengths: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(length - self._least(len(lengths)) for length in lengths)


class Parts(Code[tuple[Located, ...]]):
    """The distributions of the segments, given that of the whole column.

    The exponent of a scale is coded by its difference from that of the whole; the location by a
    Laplace distribution around that of the whole, as wide as the whole.
    """

    def __init__(self, whole: Located, lengths: tuple[int, ...]) -> None:
        divided = len(lengths) > 1
        self._codes = [part_code(whole, length) for length in lengths] if divided else []
        self._precisions = [usual_precision(length) for length in lengths] if divided else []

    def codelength(self, value: tuple[Located, ...], /) -> float:
        """Return the length of all distributions."""
        pairs = zip(self._codes, value, strict=True)
        return math.fsum(code.codelength((part.scale, part.location)) for code, part in pairs)

    def encode(self, value: tuple[Located, ...], coder: Writer, /) -> None:
        """Store the distributions."""
        for code, part in zip(self._codes, value, strict=True):
            code.encode((part.scale, part.location), coder)

    def decode(self, coder: Reader, /) -> tuple[Located, ...]:
        """Return the distributions stored next."""
        return tuple(
            Located(0, precision, *code.decode(coder))
            for precision, code in zip(self._precisions, self._codes, strict=True)
        )


class Pieces(Code[Values]):
    """The rows of each segment under its own distribution."""

    def __init__(self, segmented: Segmented) -> None:
        pairs = zip(parts_of(segmented), segmented.lengths, strict=True)
        self._pieces = [(part, length) for part, length in pairs if length]
        self._ends = np.cumsum([length for _, length in self._pieces])[:-1]

    def codelength(self, value: Values, /) -> float:
        """Return the length of a column in bits."""
        check_length(len(value), sum(length for _, length in self._pieces))
        return math.fsum(pieces_bits([part for part, _ in self._pieces], self._cut(value)))

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column."""
        for (part, n), piece in zip(self._pieces, self._cut(value), strict=True):
            distribution(Normal, part).many(n).encode(piece, coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        found = [distribution(Normal, part).many(n).decode(coder) for part, n in self._pieces]
        return np.concatenate([np.asarray(piece) for piece in found])

    def _cut(self, value: Values) -> list[Values]:
        return np.split(value, self._ends)


def pieces_bits(parts: Sequence[Located], pieces: Sequence[Values]) -> list[float]:
    """Return the lengths of columns, each under its own distribution, in bits.

    Of a short column only the classes of its values are worked out: a table of all is slower.
    """
    codes = [distribution(Normal, part) for part in parts]
    lines = [_fast_line(code, piece) for code, piece in zip(codes, pieces, strict=True)]
    slow = [i for i, line in enumerate(lines) if line is None]
    fast = [i for i, line in enumerate(lines) if line is not None]
    bits = {i: codes[i].many(pieces[i].size).codelength(pieces[i]) for i in slow}
    for start in range(0, len(fast), _BLOCK_PIECES):
        some = fast[start : start + _BLOCK_PIECES]
        found = _fast_bits([lines[i] for i in some], [pieces[i] for i in some])
        bits.update(zip(some, found, strict=True))
    return [bits[i] for i in range(len(parts))]


def _fast_line(code: Quantised, piece: Values) -> tuple[int, ...] | None:
    """Return anchor, shift and line of a code if they, and a short column, suit 63 bits."""
    if piece.dtype != np.int64 or piece.size > _LARGEST_PIECE:
        return None
    low, high = int(piece.min()), int(piece.max())
    if max(-low, high, abs(code.anchor)) >= _LARGEST_FAST:
        return None
    grid = cells.Grid(code.location, code.scale, code.fraction_bits, code.anchor, code.shift)
    line = cells.line(grid)
    largest = max(code.anchor - low, high - code.anchor) >> code.shift
    if largest >= cells.LIMIT or 2 * largest + 1 > line.reach:
        return None
    return (code.anchor, code.shift, *line)


def _fast_bits(lines: list[Any], pieces: list[Values]) -> list[float]:
    """Return the lengths of columns, given anchor, shift and line of each."""
    sizes = [piece.size for piece in pieces]
    anchors, shifts, *rest = np.repeat(np.array(lines, np.int64), sizes, axis=0).T
    distances = np.concatenate(pieces) - anchors
    outwards = np.where(distances < 0, ~distances, distances) >> shifts
    origins, steps, wholes = rest
    bits = cells.cell_bits(outwards, distances < 0, (origins, steps, wholes), _normal_tail())
    sums: list[float] = np.add.reduceat(bits + shifts, np.cumsum([0, *sizes[:-1]])).tolist()
    return sums


@cache
def _normal_tail() -> Integers:
    return np.array(tail("normal"), np.int64)


def part_code(whole: Located, length: int) -> Code[tuple[int, int]]:
    """Return the code of scale and location of one segment."""
    precision = usual_precision(length)
    ratio = Bounded(Signed(EliasGamma()), -whole.exponent, LARGEST_BITS - whole.exponent)
    return Chain(
        lambda scale, location: (scale, location),
        lambda: ScaleCode(ratio, precision, whole.exponent),
        lambda scale: around(whole, Located(0, precision, scale, 0)),
    )


def around(whole: Located, part: Located) -> Quantised:
    """Return the code of the location of a part, in its own steps."""
    finer = whole.exponent - part.exponent + part.precision - whole.precision
    up, down = max(0, finer), max(0, -finer)
    return made(Laplace, whole.location << up, whole.digits << up, down)
