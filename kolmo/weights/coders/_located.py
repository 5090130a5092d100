"""Indices under one distribution with a location and a scale, both told at a fitting precision."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from kolmo.coding import cells
from kolmo.coding.code import Reader, damaged
from kolmo.coding.continuous import Quantised
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.complexity.estimators._streams import refusing
from kolmo.errors import ParameterError
from kolmo.mdl.models.located import (
    FRACTION_BITS,
    Located,
    Maker,
    distribution,
    located_code,
    quantise,
    usual_precision,
)
from kolmo.mdl.models.locating import move_scale
from kolmo.weights.coder import Form, Indices, Payload
from kolmo.weights.coders._indices import (
    LARGEST_DISTANCE_BITS,
    Tally,
    read_all,
    tally,
    thinned,
    write_all,
)
from kolmo.weights.coders._words import check_nothing

_SEARCHED = 1 << 12
_TRIES = 120


class LocatedCoder(ABC):
    """The coder of one shape of distributions; its children say which, and where to begin."""

    quantised: ClassVar[bool] = True
    quantiser: ClassVar[str] = "scalar"
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    shape: ClassVar[type[Quantised]]

    @abstractmethod
    def estimate(self, found: Tally) -> tuple[float, float]:
        """Return about the most likely location and scale."""

    def encode(self, indices: Indices, form: Form) -> bytes:
        """Return location and scale, and the indices."""
        if not indices.size:
            return b""
        coder = RangeEncoder()
        place = fitted(tally(indices), indices.size, self.shape, self.estimate)
        located_code(1, indices.size).encode(place, coder)
        write_all(distribution(self.shape, place).many, indices, coder)
        return coder.finish()

    def decode(self, payload: Payload, form: Form) -> Indices:
        """Return the indices; DecodeError where the payload is not one of so many."""
        if not form.words:
            check_nothing(payload)
            return np.empty(0, np.int32)
        coder = RangeDecoder(payload)
        with refusing(ParameterError):
            code = distribution(self.shape, read_place(coder, form.words))
            found = read_all(code.many, form.words, coder)
        coder.finish()
        return found


def read_place(coder: Reader, count: int) -> Located:
    """Return the location and scale stored next; DecodeError if no encoder sends these."""
    place = located_code(1, count).decode(coder)
    distance = abs(place.location) << place.exponent >> place.fraction_bits
    if place.exponent > FRACTION_BITS + LARGEST_DISTANCE_BITS or distance >> LARGEST_DISTANCE_BITS:
        raise damaged("location or scale is out of range")
    return place


def fitted(
    found: Tally, count: int, make: Maker, estimate: Callable[[Tally], tuple[float, float]]
) -> Located:
    """Return the location and scale with about the shortest message, of ``count`` indices."""
    some = thinned(found, _SEARCHED)
    lengths = cache(lambda place: located_bits(place, make, some, count))
    location, scale = (Fraction(number) for number in estimate(found))
    usual = usual_precision(count)
    starts = [
        quantise(location, scale, precision)
        for precision in (usual, usual - 1, usual + 1)
        if precision >= 0
    ]
    return _refined(min(starts, key=lengths), lengths)


def located_bits(place: Located, make: Maker, found: Tally, count: int) -> float:
    """Return the bits of a distribution and of ``count`` indices like those counted.

    Indices too far away for 63 bits count as nearer ones.
    """
    told = located_code(1, count).codelength(place)
    code = make(
        place.location << place.exponent, place.digits << place.exponent, place.fraction_bits
    )
    grid = cells.Grid(code.location, code.scale, code.fraction_bits, code.anchor, code.shift)
    line = cells.line(grid)
    reach = min((line.reach - 1) // 2, cells.LIMIT - 1)
    if reach < 0:
        return math.inf
    distances = found.distinct - code.anchor
    outwards = np.where(distances < 0, ~distances, distances) >> code.shift
    columns = (np.array([line.origin]), np.array([line.step]), np.array([line.whole]))
    near = np.minimum(outwards, reach)
    bits = cells.cell_bits(near, distances < 0, columns, _tail(code)) + code.shift
    return told + float((bits * found.counts).sum()) * count / found.size


def _refined(best: Located, lengths: Callable[[Located], float]) -> Located:
    """Return the best place that steps of half the scale, a quarter ... lead to."""
    step = 1 << best.precision
    for _ in range(_TRIES):
        better = min(_neighbours(best, step), key=lengths)
        if lengths(better) < lengths(best):
            best = better
        elif step > 1:
            step >>= 1
        else:
            break
    return best


def _neighbours(place: Located, step: int) -> Iterator[Located]:
    for change in (step, -step):
        yield place._replace(location=place.location + change)
        if place.scale + change >= 0:
            yield move_scale(place, change)


def _tail(code: Quantised) -> NDArray[np.int64]:
    return _tail_array(type(code))


@cache
def _tail_array(kind: type[Quantised]) -> NDArray[np.int64]:
    return np.array(kind(0, 1).tail(), np.int64)
