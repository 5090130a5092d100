"""The message of 1993 on a stack: weights drawn by bits that the receiver gets back.

The payload lies on the stack. The sender pops the weights from it under the posterior Q, pushes the
target under the net with these weights, and the weights under the prior P. The receiver pops
weights and target, trains the same net on the target, hence knows Q, and pushes the weights back
under Q: what is left is the payload. Popped are log 1/Q bits, pushed log 1/P: the weights cost
their divergence on average, and no net ever cost less.

Two schemes send the weights: under the mixture P itself; or a component first, drawn with its
responsibility, and the weight under this component, which is never shorter on average.

Payloads are no random bits: they are hidden under a fixed stream of such, or a payload of zeros
would draw weights 7 standard deviations away.

References
----------
G. E. Hinton, D. van Camp (1993). Keeping neural networks simple by minimizing the description
length of the weights. COLT, 5-13. doi:10.1145/168304.168306. Sections 4 and 6.

B. J. Frey, G. E. Hinton (1996). Free energy coding. Data Compression Conference, 73-81.
doi:10.1109/DCC.1996.488312.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.ans import Stack
from kolmo.coding.code import (
    Block,
    Interval,
    Reader,
    block_bits,
    read_symbol,
    symbol_interval,
    to_block,
)
from kolmo.coding.continuous import Normal
from kolmo.coding.discrete import Categorical
from kolmo.errors import DecodeError
from kolmo.weights.noisy.grid import (
    FRACTION_BITS,
    GRID_BITS,
    Cloud,
    responsibilities,
    weights_code,
)
from kolmo.weights.noisy.sent import Component, Rounded

Integers = NDArray[np.int64]

SCHEMES = ("mixture", "components")
_HEAD_BYTES = 8
_STEP_BYTES = 4
_PAYLOAD_STREAM, _PADDING_STREAM = b"kolmo payload", b"kolmo padding"


class Recorder:
    """A writer that keeps intervals in the order of reading, and counts their bits."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    def put(self, intervals: Sequence[Interval], /) -> None:
        """Store intervals, to be read in this order."""
        self.blocks.append(to_block(intervals))

    def put_blocks(self, blocks: Iterable[Block], /) -> None:
        """Store many intervals, to be read in this order."""
        self.blocks += blocks

    @property
    def bits(self) -> float:
        """The ideal length of what is stored."""
        return math.fsum(block_bits(block) for block in self.blocks)


class Drawn(NamedTuple):
    """Weights that a payload drew, and the stack without the bits that did.

    Attributes
    ----------
    stack : Stack
        What the rest of the message is pushed on.
    weights : int64[w]
        On the grid.
    chosen : int64[w]
        The component of each; all 0 under the mixture.
    refund_bits : float
        What the receiver gets back.
    padding : int
        Bytes that were put on a payload that is too short.
    """

    stack: Stack
    weights: Integers
    chosen: Integers
    refund_bits: float
    padding: int


def draw(payload: bytes, cloud: Cloud, rounded: Rounded, scheme: str) -> Drawn:
    """Return weights drawn from the posterior by a payload, padded if it is too short."""
    law = Law(cloud, rounded, scheme)
    hidden = hide(payload)
    padding = max(0, law.least_bytes - len(payload))
    while True:
        stack = Stack(hidden + padding_bytes(padding))
        try:
            chosen, weights = law.read(stack)
        except DecodeError:  # the stack ran empty
            padding += _STEP_BYTES
            continue
        if stack.state[1] >> 8 * (_HEAD_BYTES - 1):
            return Drawn(stack, weights, chosen, law.write(chosen, weights).bits, padding)
        padding += _STEP_BYTES


def give_back(stack: Stack, drawn: tuple[Integers, Integers], law: Law, padding: int) -> bytes:
    """Return the payload, once the receiver knows the posterior; DecodeError if it was another."""
    chosen, weights = drawn
    stack.put_blocks(law.write(chosen, weights).blocks)
    found = stack.leftover()
    if padding > len(found) or found[len(found) - padding :] != padding_bytes(padding):
        raise DecodeError("payload refused: its padding is another")
    return hide(found[: len(found) - padding])


class Law:
    """The posterior of components and weights, as intervals.

    Parameters
    ----------
    cloud : Cloud
        Distribution of each weight.
    rounded : Rounded
        The prior.
    scheme : str
        One of `SCHEMES`.
    """

    def __init__(self, cloud: Cloud, rounded: Rounded, scheme: str) -> None:
        self.codes = [cloud.code(place) for place in range(cloud.means.size)]
        self.bounds: list[list[int]] | None = None
        if scheme == "components" and len(rounded.shares) > 1:
            shares = responsibilities(rounded, cloud).tolist()
            self.bounds = [[0, *accumulate(row)] for row in shares]

    @property
    def least_bytes(self) -> int:
        """About how many bytes weights take, and rather less; without those of components."""
        spreads = [max(1, code.scale >> FRACTION_BITS).bit_length() for code in self.codes]
        return sum(spreads) // 8

    def read(self, coder: Reader) -> tuple[Integers, Integers]:
        """Return components and weights."""
        chosen = np.zeros(len(self.codes), np.int64)
        if self.bounds is not None:
            chosen[:] = [read_symbol(coder, bounds) for bounds in self.bounds]
        weights = [code.decode(coder) for code in self.codes]
        return chosen, np.array(weights, np.int64)

    def write(self, chosen: Integers, weights: Integers) -> Recorder:
        """Return the intervals of components and weights; DecodeError if one is out of reach."""
        found: list[Interval] = []
        if self.bounds is not None:
            pairs = zip(self.bounds, chosen.tolist(), strict=True)
            found += [symbol_interval(bounds, place) for bounds, place in pairs]
        for code, value in zip(self.codes, weights.tolist(), strict=True):
            found += code.intervals(value)
        recorder = Recorder()
        recorder.put(found)
        return recorder


def write_weights(
    chosen: Integers, weights: Integers, rounded: Rounded, scheme: str, recorder: Recorder
) -> None:
    """Store weights under the prior, by one of the schemes."""
    if scheme == "mixture" or len(rounded.shares) == 1:
        weights_code(rounded, weights.size).encode(weights, recorder)
        return
    Categorical(rounded.shares).many(weights.size).encode(chosen, recorder)
    for index, component in enumerate(rounded.components):
        code = component_code(component).many(int((chosen == index).sum()))
        code.encode(weights[chosen == index], recorder)


def read_weights(
    coder: Reader, count: int, rounded: Rounded, scheme: str
) -> tuple[Integers, Integers]:
    """Return components and weights stored under the prior."""
    chosen = np.zeros(count, np.int64)
    if scheme == "mixture" or len(rounded.shares) == 1:
        return chosen, weights_code(rounded, count).decode(coder)
    chosen[:] = Categorical(rounded.shares).many(count).decode(coder)
    weights = np.zeros(count, np.int64)
    for index, component in enumerate(rounded.components):
        code = component_code(component).many(int((chosen == index).sum()))
        weights[chosen == index] = code.decode(coder)
    return chosen, weights


def component_code(component: Component) -> Normal:
    """Return the distribution of a weight under one component of the prior."""
    bits = GRID_BITS + FRACTION_BITS
    location, scale = math.ldexp(component.mean, bits), math.ldexp(component.width, bits)
    return Normal(int(location), int(scale), FRACTION_BITS)


def hide(payload: bytes) -> bytes:
    """Return a payload under a fixed stream of random bits; done twice, the payload itself."""
    from hashlib import shake_256

    stream = shake_256(_PAYLOAD_STREAM).digest(len(payload))
    mixed = np.frombuffer(payload, np.uint8) ^ np.frombuffer(stream, np.uint8)
    return mixed.tobytes()


def padding_bytes(count: int) -> bytes:
    """Return the bytes that are put on a payload that is too short."""
    from hashlib import shake_256

    return shake_256(_PADDING_STREAM).digest(count)
