"""Which candidates a sender picks in relative-entropy coding.

Candidates of a block are drawn by importance weights; of some dozens the one is taken with which
the net fits the target best, given what was taken in the other blocks. That is shorter than to
take the first: it makes the message not longer, and the misfit smaller than expected.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import TOTAL_BITS
from kolmo.coding.portable import log2
from kolmo.weights.noisy.bitsback import Recorder
from kolmo.weights.noisy.grid import FRACTION_BITS, Cloud, divergence_bits
from kolmo.weights.noisy.relative import (
    LARGEST_INDEX_BITS,
    SHUFFLES,
    Candidates,
    Chosen,
    Layout,
    encode_weights,
    equal_sizes,
    shuffled,
)
from kolmo.weights.noisy.sent import Rounded

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Misfit = Callable[[Integers], float]

_CHOICES = ((10, 0), (12, 0), (14, -1), (14, 1), (16, -2), (16, 0))
_FEW_CHOICES = ((14, 0),)
_MANY_DRAWS = 1 << 25  # candidates times weights; beyond, few choices are tried
_HEAVY_BITS = 3
_PICKED, _LEAST_PICKED = 128, 8
_WORK = 1 << 27  # rows times weights times evaluations
_ROUNDS = 2


class _Block(NamedTuple):
    """A block of the search: places of its weights, and candidates drawn for it."""

    number: int
    places: Integers
    picked: dict[int, Integers]


def choose(cloud: Cloud, rounded: Rounded, misfit: Misfit, rows: int) -> Chosen:
    """Return the choice of candidates that makes the shortest message.

    Parameters
    ----------
    cloud : Cloud
        The posterior.
    rounded : Rounded
        The prior.
    misfit : callable
        Takes weights on the grid and returns the bits of the target given them.
    rows : int
        How many cases it looks at.

    Notes
    -----
    Time: up to 2**16 draws for each weight, and up to some hundred misfits for each block, fewer
    where rows and weights are many.
    """
    search = _Search(cloud, Candidates(rounded), misfit, rows)
    best: tuple[float, Chosen] | None = None
    for layout in _layouts(divergence_bits(rounded, cloud)):
        chosen = search.run(layout)
        recorder = Recorder()
        encode_weights(chosen, rounded, recorder)
        length = recorder.bits + misfit(chosen.weights)
        if best is None or length < best[0]:
            best = length, chosen
    assert best is not None
    return best[1]


class _Search:
    """The search for good candidates."""

    def __init__(self, cloud: Cloud, candidates: Candidates, misfit: Misfit, rows: int) -> None:
        unit = float(1 << FRACTION_BITS)
        self.means, self.scales = cloud.means / unit, cloud.scales / unit
        self.candidates, self.misfit = candidates, misfit
        self.work = max(1, rows) * self.means.size

    def run(self, layout: Layout) -> Chosen:
        """Return a choice for given blocks."""
        weights = np.rint(self.means).astype(np.int64)
        blocks = self._blocks(layout)
        taken: dict[int, int] = {}
        for _ in range(_ROUNDS):
            before = dict(taken)
            for block in blocks:
                taken[block.number] = self._settle(block, weights)
            if taken == before:
                break
        indices = [
            taken[number] if size else int(weights[places[0]])
            for number, (size, places) in enumerate(zip(layout.sizes, layout.places(), strict=True))
        ]
        return Chosen(layout, tuple(indices), weights)

    def _blocks(self, layout: Layout) -> list[_Block]:
        """Return the blocks that have candidates, with those that importance weights drew."""
        count = 1 << layout.index_bits
        evaluations = _WORK // self.work // (_ROUNDS * len(layout.sizes))
        wanted = min(_PICKED, max(_LEAST_PICKED, evaluations))
        found = []
        for number, places in enumerate(layout.places()):
            if layout.sizes[number] == 0:
                continue
            scores = self.candidates.scores(number, count, self.means[places], self.scales[places])
            keys = scores - log2(-log2(_uniforms(number, count)))
            order = np.argsort(-keys, kind="stable")[:wanted].tolist()
            made = {index: self.candidates.make(number, index, places.size) for index in order}
            found.append(_Block(number, places, made))
        return found

    def _settle(self, block: _Block, weights: Integers) -> int:
        """Put the candidate that fits best in place, and return its number."""
        best, best_index = math.inf, next(iter(block.picked))
        for index, candidate in block.picked.items():
            weights[block.places] = candidate
            found = self.misfit(weights)
            if found < best:
                best, best_index = found, index
        weights[block.places] = block.picked[best_index]
        return best_index


def _layouts(bits: Floats) -> Iterator[Layout]:
    """Yield the layouts that are tried, for weights of these divergences."""
    many = (bits.size << LARGEST_INDEX_BITS) > _MANY_DRAWS
    whole = math.fsum(bits.tolist())
    for index_bits, margin in _FEW_CHOICES if many else _CHOICES:
        heavy = bool((bits > index_bits + _HEAVY_BITS).any())
        blocks = min(bits.size, max(1, math.ceil(whole / (index_bits - margin))))
        if not heavy:
            yield _balanced(bits, index_bits, blocks)
        if heavy or blocks > SHUFFLES:
            yield Layout(index_bits, 0, _cut(bits, index_bits - margin, index_bits + _HEAVY_BITS))


def _balanced(bits: Floats, index_bits: int, blocks: int) -> Layout:
    """Return equally long blocks, in the order that makes their divergences the most alike."""
    sizes = equal_sizes(bits.size, blocks)
    layouts = [Layout(index_bits, shuffle, sizes) for shuffle in range(SHUFFLES)]

    def largest(layout: Layout) -> float:
        return max(math.fsum(bits[places].tolist()) for places in layout.places())

    return min(layouts, key=largest)


def _cut(bits: Floats, room: float, heavy: float) -> tuple[int, ...]:
    """Return sizes of blocks with so many bits of divergence at most; 0 for a heavy weight."""
    sizes: list[int] = []
    held, used = 0, 0.0
    for weight in bits[shuffled(bits.size, 0)].tolist():
        if held and (weight > heavy or used + weight > room):
            sizes.append(held)
            held, used = 0, 0.0
        if weight > heavy:
            sizes.append(0)
        else:
            held, used = held + 1, used + weight
    return (*sizes, held) if held else tuple(sizes)


def _uniforms(block: int, count: int) -> Floats:
    """Return numbers between 0 and 1, the same every time."""
    from hashlib import shake_256

    stream = shake_256(b"kolmo choice" + block.to_bytes(8, "little")).digest(4 * count)
    return np.asarray((np.frombuffer(stream, "<u4").astype(np.float64) + 0.5) / (1 << TOTAL_BITS))
