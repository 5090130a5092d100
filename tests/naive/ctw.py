"""Slow, obvious twins of context-tree weighting, written from the papers."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

HALF = Fraction(1, 2)


def estimated(zeros: int, ones: int) -> Fraction:
    """Return the probability of Krichevsky and Trofimov of a string with these counts.

    Krichevsky and Trofimov 1981: each bit has (its count + 1/2) / (n + 1).
    """
    probability = Fraction(1)
    for i in range(zeros):
        probability *= (i + HALF) / (i + 1)
    for i in range(ones):
        probability *= (i + HALF) / (zeros + i + 1)
    return probability


def weighted(bits: Sequence[int], depth: int) -> Fraction:
    """Return the weighted probability of ``bits`` after zeros (Willems et al. 1995)."""
    past = [0] * depth + list(bits)

    def node(length: int, places: list[int]) -> Fraction:
        if not places:
            return Fraction(1)
        ones = sum(past[place] for place in places)
        own = estimated(len(places) - ones, ones)
        if length == depth:
            return own
        longer = Fraction(1)
        for older in (0, 1):
            longer *= node(length + 1, [p for p in places if past[p - 1 - length] == older])
        return (own + longer) / 2

    return node(0, list(range(depth, len(past))))


class ByteTree:
    """The weighting of bytes by the rules that `kolmo.complexity.kernels.ctwbytes` states.

    Cells in a dictionary: how often zero and one followed, in sixteenths, and beta.
    """

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.cells: dict[tuple[bytes, str], list[float]] = {}

    def probabilities(self, data: bytes) -> Iterator[float]:
        """Yield the probability that each bit had beforehand."""
        for place in range(len(data)):
            contexts = [self.context(data, place, length) for length in range(self.depth + 1)]
            digits = format(data[place], "08b")
            for k in range(8):
                if k in (0, 4):
                    asked = self.asked(contexts, digits[:k])
                yield self.bit([(context, digits[:k]) for context in asked], int(digits[k]))

    def context(self, data: bytes, place: int, length: int) -> bytes:
        return (bytes(length) + data[:place])[place : place + length]

    def asked(self, contexts: list[bytes], digits: str) -> list[bytes]:
        """Return the contexts that have occurred, and two more: the shortest come first."""
        new = [i for i, context in enumerate(contexts) if (context, digits) not in self.cells]
        return contexts[: new[1] + 1] if len(new) > 1 else contexts

    def bit(self, names: list[tuple[bytes, str]], bit: int) -> float:
        old = [self.cells[name] for name in names if name in self.cells]
        own, mixed = [], [0.5]
        for depth, (zeros, ones, _) in enumerate(old):
            prior = max(6 - depth, 2)
            own.append((ones + prior) / (zeros + ones + 2 * prior))
        for depth in reversed(range(len(old))):
            beta = old[depth][2]
            last = depth == len(old) - 1
            mixed.append(own[depth] if last else (beta * own[depth] + mixed[-1]) / (beta + 1))
        longer = mixed[-2::-1]
        for depth in range(len(old) - 1):
            ratio = own[depth] / longer[depth]
            if bit == 0:
                ratio = (1 - own[depth]) / (1 - longer[depth])
            old[depth][2] = float(np.float32(min(max(old[depth][2] * ratio, 2**-10), 2**10)))
        for name in names:
            self.count(self.cells.setdefault(name, [0, 0, 0.625]), bit)
        return mixed[-1] if bit == 1 else 1 - mixed[-1]

    def count(self, cell: list[float], bit: int) -> None:
        cell[bit] += 16
        cell[1 - bit] = min(cell[1 - bit], 48 + (cell[1 - bit] - 48) * 5 // 8)
        if cell[bit] > 65472:
            cell[bit], cell[1 - bit] = cell[bit] // 2, (cell[1 - bit] + 1) // 2
