"""The scale-mixing coder of one tensor: magnitudes and signs through one adaptive model."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.discrete import Uniform
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.weights.coder import Payload
from kolmo.weights.shapes import tables

PIECE = 1 << 14
_ROOM = 64  # bytes that a magnitude may take: 24 steps at 12 bits, 62 plain ones
_LEAST_ROWS = 6
_SHAPE_WEIGHT, _COUNTER_WEIGHT = 5900, 6600
_MOST_DROPPED = 63
_SAMPLE = 1 << 10  # magnitudes of each piece
LARGEST_BITS = 62

Magnitudes = NDArray[np.int64]
Signs = NDArray[np.uint8]
Pair = tuple[Magnitudes, Signs]
NOTHING: Pair = (np.zeros(0, np.int64), np.zeros(0, np.uint8))


class Layout(NamedTuple):
    """How the magnitudes of a type are made.

    Attributes
    ----------
    floating : bool
        Whether the upper bits of a magnitude are an exponent; else it is a whole number.
    width : int
        Bits of the mantissa.
    top : int
        The last bucket there is.
    """

    floating: bool
    width: int
    top: int


class Traits(NamedTuple):
    """What a payload says of its tensor before the first weight.

    Attributes
    ----------
    start : int
        The bucket of most magnitudes, from which steps to all others begin.
    dropped : int
        How many of the lowest bits are 0 in all.
    zeros : bool
        Whether a float may be 0, which is then told first.
    trellis : bool
        Whether indices are those of the trellis; the decoder knows.
    """

    layout: Layout
    start: int
    dropped: int
    zeros: bool
    trellis: bool = False

    def encode(self, coder: RangeEncoder) -> None:
        """Store them."""
        Uniform(self.layout.top + 1).encode(self.start, coder)
        Uniform(_MOST_DROPPED + 1).encode(self.dropped, coder)
        Uniform(2).encode(int(self.zeros), coder)

    @classmethod
    def decode(cls, coder: RangeDecoder, layout: Layout, *, trellis: bool = False) -> Traits:
        """Return the traits stored next."""
        start = Uniform(layout.top + 1).decode(coder)
        dropped = Uniform(_MOST_DROPPED + 1).decode(coder)
        return cls(layout, start, dropped, Uniform(2).decode(coder) == 1, trellis)


class Survey(NamedTuple):
    """What magnitudes have in common: all their bits together, and a sample of them."""

    union: int
    zeros: bool
    sample: Magnitudes

    @property
    def bits(self) -> int:
        """How many bits the largest magnitude has; 64 if one is out of range."""
        return self.union.bit_length() if self.union >= 0 else 64

    def traits(self, layout: Layout, *, trellis: bool = False) -> Traits:
        """Return the traits of the magnitudes."""
        lowest = (self.union & -self.union).bit_length() - 1
        if layout.floating:
            buckets = self.sample[self.sample > 0] >> layout.width
            dropped = max(0, min(lowest, layout.width, _MOST_DROPPED))
        else:
            buckets = np.frexp(self.sample.astype(np.float64))[1] - 1
            buckets = np.clip(buckets, 0, layout.top)
            dropped = max(0, min(lowest, _MOST_DROPPED))
        start = int(np.bincount(buckets).argmax()) if buckets.size else 0
        return Traits(layout, start, dropped, layout.floating and self.zeros, trellis)


def survey(pairs: Iterable[Pair]) -> Survey:
    """Return what the magnitudes of a tensor, in pieces, have in common."""
    union, zeros, sample = 0, False, []
    for magnitudes, _ in pairs:
        union |= int(np.bitwise_or.reduce(magnitudes, initial=0))
        zeros = zeros or not bool(magnitudes.all())
        sample.append(magnitudes[:: max(1, magnitudes.size // _SAMPLE)][:_SAMPLE].copy())
    return Survey(union, zeros, np.concatenate(sample) if sample else np.zeros(0, np.int64))


def writable(payload: Payload) -> memoryview:
    """Return a payload as the kernel takes it, which reads and writes by the same code."""
    return memoryview(payload if isinstance(payload, bytearray) else bytearray(payload))


class ScaleMixer:
    """The model of a tensor of ``rows`` by ``columns``; a new one for each tensor."""

    def __init__(self, traits: Traits, rows: int, columns: int) -> None:
        from kolmo.weights.kernels import magnitudes as kernels

        layout, matrix = traits.layout, rows >= _LEAST_ROWS
        state = _fresh_state(2 * columns if matrix else 0)
        level = 1 << min(kernels.LEVEL_BITS + (0 if layout.floating else traits.start), 44)
        state[: kernels.PARAMETERS] = (
            layout.floating,
            layout.width,
            traits.dropped,
            traits.start,
            max(columns, 1),
            traits.trellis,
            traits.zeros,
            layout.top,
            matrix,
        )
        state[kernels.SEEN] = kernels.ROW_PRIOR
        state[kernels.NEAR] = level
        for place in (kernels.TOTAL, kernels.ROW_SUM, kernels.ROW_EXPECTED):
            state[place] = kernels.ROW_PRIOR * level
        state[kernels.MEANS :] = level
        self._memory = (state, _constants())
        self._loop = kernels.code_magnitudes

    def write(self, values: Pair, coder: RangeEncoder, given: Pair = NOTHING) -> None:
        """Store magnitudes below 2**62 and signs, the next of the tensor."""
        room = _ROOM * (values[0].size + 1)
        coder.write(self._loop, room, values, given, self._memory)

    def read(self, count: int, coder: RangeDecoder, given: Pair = NOTHING) -> Pair:
        """Return the next magnitudes and signs."""
        values = np.zeros(count, np.int64), np.zeros(count, np.uint8)
        coder.read(self._loop, values, given, self._memory)
        return values


def _fresh_state(columns: int) -> NDArray[np.int64]:
    """Return the state of a model that has seen nothing, with room for the columns' means."""
    from kolmo.weights.kernels import magnitudes as kernels
    from kolmo.weights.kernels import mixing

    state = np.zeros(kernels.MEANS + columns, np.int64)
    weights = state[mixing.WEIGHT : mixing.COUNTER].reshape(mixing.WEIGHT_SETS, mixing.INPUTS)
    shapes = mixing.SHAPES * mixing.SCALES
    weights[:, :shapes] = _SHAPE_WEIGHT
    weights[:, shapes : shapes + mixing.COUNTERS] = _COUNTER_WEIGHT
    state[mixing.RATE : mixing.WEIGHT] = mixing.FIRST_RATE
    state[mixing.COUNTER : kernels.MEANS] = mixing.HALF
    return state


@cache
def _constants() -> NDArray[np.int32]:
    from kolmo.weights.kernels import mixing

    made = tables()
    found = np.zeros(mixing.SHAPE + made.shapes.size, np.int32)
    counts = np.arange(mixing.LARGEST_COUNT + 1)
    for place, part in (
        (mixing.STRETCH, made.stretch),
        (mixing.SQUASH, made.squash),
        (mixing.PACE, (2 << 16) // (2 * counts + 3)),
        (mixing.LOG, made.logs),
        (mixing.SHAPE, made.shapes),
    ):
        found[place : place + part.size] = part
    return found
