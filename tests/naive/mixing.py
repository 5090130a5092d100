"""Slow, obvious twins of what all models of the context mixer share, in whole numbers.

What an encoder and a decoder must agree on is here as numbers; the models of bytes and of pixels
are in `naive.bytemix` and `naive.pixelmix`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, reduce

from naive.histories import State, counts

MASK = (1 << 32) - 1
FAST, TEXT, BINARY, PICTURE = 1, 2, 3, 4
TENTH = 410  # of 2**12
SLOWEST = {FAST: 2, TEXT: 2, BINARY: 4, PICTURE: 6}


def clip(value: int, largest: int) -> int:
    return max(-largest, min(largest, value))


@cache
def logit_of(share: int) -> int:
    """Return 256 ln(p / (1 - p)) of the middle of one of 4096 shares."""
    p = (share + 0.5) / 4096
    return clip(round(256 * math.log(p / (1 - p))), 2047)


@cache
def share_of(logit: int) -> int:
    """Return the share of 2**16 that a logit stands for."""
    return max(1, min(65535, round(65536 / (1 + math.exp(-logit / 256)))))


def hashed(first: int, second: int) -> int:
    found = (first * 0x2F0B4C47 + second * 0x3A5D39EB + 0x1234567) & MASK
    return ((found ^ (found >> 15)) * 0x5BD1E995) & MASK


def chained(first: int, *parts: int) -> int:
    return reduce(hashed, parts, first)


def rate_after(place: int, preset: int) -> int:
    """Return the rate of learning after a byte: it falls like 1/n from 40 above the slowest."""
    return SLOWEST[preset] + 40 * 512 // (max(place, 0) + 512)


class Counter:
    """How likely a one is, of 2**22, and how many bits told it."""

    def __init__(self, share: int = 1 << 21, limit: int = 255) -> None:
        self.share, self.limit, self.seen = share, limit, 0

    def learn(self, bit: int) -> None:
        pace = 655360 // (10 * self.seen + 16)
        target = (1 << 22) - 1 if bit else 0
        self.share += (target - self.share) * pace >> 16
        self.seen = min(self.seen + 1, self.limit)

    def logit(self) -> int:
        return logit_of(self.share >> 10)

    def both(self) -> list[int]:
        """Return what it tells a mixer: its logit and its share."""
        return [self.logit(), (self.share >> 10) - 2048]


class HistoryCounter(Counter):
    """Learns what comes after a history; at first the counts themselves speak."""

    def __init__(self, state: State) -> None:
        zeros, ones = counts(state)
        super().__init__((5 * ones + 2) * (1 << 22) // (5 * (zeros + ones) + 4))


class Refiner:
    """What really came at each of 33 logits, at first what the logits say."""

    def __init__(self) -> None:
        self.shares = [share_of(clip(128 * k, 2047)) for k in range(-16, 17)]

    def share(self, logit: int) -> int:
        low, part = divmod(clip(logit, 2047) + 2048, 128)
        self.nearer = low + (part >= 64)
        return (self.shares[low] * (128 - part) + self.shares[low + 1] * part) >> 7

    def learn(self, bit: int) -> None:
        self.shares[self.nearer] += (65535 * bit - self.shares[self.nearer]) >> 6


class Mixer:
    """Two layers of weights, and two refiners at the end; each set is chosen by a context."""

    def __init__(self, sets: int, first: Sequence[int]) -> None:
        self.sets, self.first = sets, first
        self.weights: dict[tuple[int, object], list[int]] = {}
        self.finals: dict[object, list[int]] = {}
        self.refiners: dict[tuple[int, object], Refiner] = {}
        self.chance = 0

    def share(self, inputs: list[int], rows: Sequence[object], final: object, refining) -> int:
        """Return the refined share of a one."""
        assert len(rows) == self.sets
        assert len(inputs) == len(self.first)
        self.loud = [(j, x) for j, x in enumerate(inputs) if x]
        self.rows = [self.weights.setdefault(key, list(self.first)) for key in enumerate(rows)]
        sums = [sum(x * row[j] for j, x in self.loud) for row in self.rows]
        self.logits = [clip(total >> 12, 2047) for total in sums]
        self.final = self.finals.setdefault(final, [65536 // self.sets] * self.sets)
        total = sum(x * w for x, w in zip(self.logits, self.final, strict=True))
        mixed = clip(total >> 16, 2815)
        self.mixed = share_of(mixed)
        self.asked = [self.refiners.setdefault(key, Refiner()) for key in enumerate(refining)]
        one, two = (refiner.share(mixed) for refiner in self.asked)
        return max(1, min(65535, (2 * self.mixed + 3 * one + 3 * two + 4) >> 3))

    def learn(self, bit: int, rate: int) -> None:
        for refiner in self.asked:
            refiner.learn(bit)
        self.chance = (self.chance * 0x41C64E6D + 12345) % (1 << 31)
        error = 65536 * bit - self.mixed
        for k, logit in enumerate(self.logits):
            self.final[k] += (logit * error + (1 << 17)) >> 18
            own = 65536 * bit - share_of(logit)
            if abs(own) >= 640:
                self.move(self.rows[k], own * rate >> 4)

    def move(self, row: list[int], step: int) -> None:
        """Move weights, rounded up or down by the 20 highest bits of a generator."""
        for j, x in self.loud:
            row[j] = clip(row[j] + ((x * step + (self.chance >> 11)) >> 20), (1 << 14) - 1)
