"""The codes of a column in segments: how long they are, how each is distributed, and its rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kolmo.coding.code import Code, Reader, Writer
from kolmo.coding.continuous import Laplace, Normal, Quantised
from kolmo.coding.counts import UniformCounts
from kolmo.coding.integers import EliasGamma, Signed
from kolmo.coding.logstar import LogStar
from kolmo.mdl.located import Located, ScaleCode, distribution, made, usual_precision
from kolmo.mdl.parts import Bounded, Chain
from kolmo.mdl.values import LARGEST_BITS, Values


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
        self._codes = [_part_code(whole, length) for length in lengths] if divided else []
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
        return math.fsum(code.codelength(piece) for code, piece in self._split(value))

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column."""
        for code, piece in self._split(value):
            code.encode(piece, coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        found = [distribution(Normal, part).many(n).decode(coder) for part, n in self._pieces]
        return np.concatenate([np.asarray(piece) for piece in found])

    def _split(self, value: Values) -> Iterator[tuple[Code[Any], Values]]:
        for (part, n), piece in zip(self._pieces, np.split(value, self._ends), strict=True):
            yield distribution(Normal, part).many(n), piece


def _part_code(whole: Located, length: int) -> Code[tuple[int, int]]:
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
