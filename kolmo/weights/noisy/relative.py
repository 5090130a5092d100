"""Weights by relative-entropy coding: the number of a random candidate that would do.

The weights are cut in blocks. For each, sender and receiver can draw the same candidates from the
prior; the sender picks one that could as well come from the posterior, and sends its number. With
as many candidates as 2 to the divergence in bits there is about one. So the message stands alone:
no payload draws the weights. How candidates are picked is the sender's affair: see
`kolmo.weights.noisy.picking`.

Blocks are cut from a shuffled list of the weights. They are equally long, or their sizes are sent;
then weights that are too far from the prior are sent as they are.

References
----------
M. Havasi, R. Peharz, J. M. Hernandez-Lobato (2018). Minimal random code learning. arXiv:1810.00440.
Section 3. We differ in blocks of unequal size, and in the choice among several samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.classes import class_table
from kolmo.coding.code import TOTAL_BITS, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.portable import LOG2_E, log2
from kolmo.errors import ParameterError
from kolmo.mdl.cells import Flag
from kolmo.mdl.packed import count_code
from kolmo.weights.noisy.grid import prior_shape, weights_code
from kolmo.weights.noisy.sent import Rounded

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_INDEX_BITS = 16
SHUFFLES = 16
_CHUNK = 1 << 18
_BUCKET_BITS = 20
_KEY_WORDS = 4


class Layout(NamedTuple):
    """How weights are cut in blocks.

    Attributes
    ----------
    index_bits : int
        There are 2**index_bits candidates of each block.
    shuffle : int
        Which of the orders.
    sizes : tuple of int
        Of the blocks; 0 stands for a single weight that is sent as it is.
    """

    index_bits: int
    shuffle: int
    sizes: tuple[int, ...]

    def places(self) -> Iterator[Integers]:
        """Yield the places of the weights in each block."""
        weights = sum(max(1, size) for size in self.sizes)
        order, done = shuffled(weights, self.shuffle), 0
        for size in self.sizes:
            yield order[done : done + max(1, size)]
            done += max(1, size)


class Chosen(NamedTuple):
    """Weights by their candidates.

    Attributes
    ----------
    layout : Layout
        The blocks.
    indices : tuple of int
        Number of a candidate for each block; a weight itself if it is sent as it is.
    weights : int64[w]
        What they stand for.
    """

    layout: Layout
    indices: tuple[int, ...]
    weights: Integers


class Candidates:
    """The candidates of a prior.

    Parameters
    ----------
    rounded : Rounded
        The prior.
    """

    def __init__(self, rounded: Rounded) -> None:
        try:
            lows, widths, shares = class_table(prior_shape(rounded))
        except ParameterError as error:
            raise damaged(str(error)) from error
        bounds = np.concatenate([[0], np.cumsum(shares)])
        levels = np.frexp(widths.astype(np.float64))[1].astype(np.int64) - 1
        firsts = np.arange(0, 1 << TOTAL_BITS, 1 << _BUCKET_BITS)
        buckets = np.searchsorted(bounds, firsts, side="right") - 1
        buckets = np.append(buckets, lows.size - 1).astype(np.int64)
        self._classes = (bounds.astype(np.uint64), buckets, lows, levels)
        self._shares = shares

    def make(self, block: int, number: int, size: int) -> Integers:
        """Return one candidate of a block."""
        from kolmo.weights.kernels.sampling import make_candidate

        weights = np.empty(size, np.int64)
        make_candidate(_keys(block), number, self._classes, weights)
        return weights

    def scores(self, block: int, count: int, means: Floats, scales: Floats) -> Floats:
        """Return log2 of posterior over prior for the first candidates, but for a constant."""
        from kolmo.weights.kernels.sampling import score_candidates

        found = np.empty(count)
        step = max(1, _CHUNK // max(1, means.size))
        posterior = (means, 1 / scales, self._heights)
        for first in range(0, count, step):
            part = found[first : first + step]
            score_candidates(_keys(block), first, self._classes, posterior, part)
        return found * (LOG2_E / 2)

    @cached_property
    def _heights(self) -> Floats:
        levels = self._classes[3]
        return np.asarray((log2(self._shares.astype(np.float64)) - levels) / (LOG2_E / 2))


def encode_weights(chosen: Chosen, rounded: Rounded, coder: Writer) -> None:
    """Store weights by their candidates."""
    encode_layout(chosen.layout, coder)
    bits = chosen.layout.index_bits
    for size, index in zip(chosen.layout.sizes, chosen.indices, strict=True):
        if size:
            Uniform(1 << bits).encode(index, coder)
        else:
            weights_code(rounded, 1).encode(np.array([index]), coder)


def decode_weights(count: int, rounded: Rounded, coder: Reader) -> Integers:
    """Return the weights stored next; DecodeError if there are none."""
    candidates, layout = Candidates(rounded), decode_layout(count, coder)
    weights = np.zeros(count, np.int64)
    for number, (size, places) in enumerate(zip(layout.sizes, layout.places(), strict=True)):
        if size:
            index = Uniform(1 << layout.index_bits).decode(coder)
            weights[places] = candidates.make(number, index, size)
        else:
            weights[places] = weights_code(rounded, 1).decode(coder)
    return weights


def encode_layout(layout: Layout, coder: Writer) -> None:
    """Store how weights are cut."""
    weights = sum(max(1, size) for size in layout.sizes)
    Uniform(LARGEST_INDEX_BITS + 1).encode(layout.index_bits, coder)
    Uniform(SHUFFLES).encode(layout.shuffle, coder)
    equal = layout.sizes == equal_sizes(weights, len(layout.sizes))
    Flag().encode(equal, coder)
    if equal:
        count_code(weights).encode(len(layout.sizes), coder)
        return
    limit = max(layout.sizes)
    count_code(weights).encode(limit, coder)
    for size in layout.sizes:
        Uniform(limit + 1).encode(size, coder)


def decode_layout(count: int, coder: Reader) -> Layout:
    """Return how so many weights are cut."""
    index_bits = Uniform(LARGEST_INDEX_BITS + 1).decode(coder)
    shuffle = Uniform(SHUFFLES).decode(coder)
    if Flag().decode(coder):
        blocks = count_code(count).decode(coder)
        if blocks == 0:
            raise damaged("no blocks")
        return Layout(index_bits, shuffle, equal_sizes(count, blocks))
    limit, sizes, done = count_code(count).decode(coder), list[int](), 0
    while done < count:
        sizes.append(Uniform(limit + 1).decode(coder))
        done += max(1, sizes[-1])
    if done > count:
        raise damaged("more weights than the net has")
    return Layout(index_bits, shuffle, tuple(sizes))


def equal_sizes(weights: int, blocks: int) -> tuple[int, ...]:
    """Return the sizes of blocks that are equally long, but for one weight.

    Examples
    --------
    >>> equal_sizes(8, 3)
    (3, 3, 2)
    """
    least, rest = divmod(weights, blocks)
    return (least + 1,) * rest + (least,) * (blocks - rest)


def shuffled(count: int, shuffle: int) -> Integers:
    """Return the places of the weights in an order that is the same for all."""
    from hashlib import shake_256

    stream = shake_256(b"kolmo order" + bytes([shuffle])).digest(8 * count)
    return np.argsort(np.frombuffer(stream, "<u8"), kind="stable")


def _keys(block: int) -> NDArray[np.uint64]:
    from hashlib import shake_256

    stream = shake_256(b"kolmo candidates" + block.to_bytes(8, "little"))
    return np.frombuffer(stream.digest(4 * _KEY_WORDS), "<u4").astype(np.uint64)
