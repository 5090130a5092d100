"""Slow, obvious twins of the kernels of bits, of mixing and of the trellis: whole numbers only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import product

WORD = 1 << 64
FLOOR = 1 << 56


class BitWriter:
    """A range coder whose low end is one long number; nothing is ever carried."""

    def __init__(self) -> None:
        self.low, self.range, self.shifts = 0, WORD - 1, 0

    def write(self, share: int, bit: int, width: int = 16) -> None:
        """Store a bit; a one has ``share`` of 2**width, at the bottom."""
        bound = (self.range >> width) * share
        self._narrow(0 if bit else bound, bound if bit else self.range - bound)

    def write_plain(self, value: int, width: int) -> None:
        """Store as many bits, all alike."""
        if width:
            unit = self.range >> width
            self._narrow(unit * value, unit)

    def _narrow(self, step: int, size: int) -> None:
        self.low, self.range = self.low + step, size
        while self.range < FLOOR:
            self.low, self.range, self.shifts = self.low << 8, self.range << 8, self.shifts + 1

    def finish(self) -> bytes:
        """Return the lowest multiple of 2**56 in the interval, without a zero at its end."""
        digits = -(-self.low // FLOOR)
        message = digits.to_bytes(self.shifts + 1, "big")
        return message[:-1] if message[-1] == 0 else message


class BitReader:
    """Holds the whole payload as a number, and the low end that its writer had."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.low, self.range, self.shifts = 0, WORD - 1, 0

    def read(self, share: int, width: int = 16) -> int:
        """Return the next bit."""
        bound = (self.range >> width) * share
        bit = int(self._offset() < bound)
        self._narrow(0 if bit else bound, bound if bit else self.range - bound)
        return bit

    def read_plain(self, width: int) -> int:
        """Return the next bits."""
        if not width:
            return 0
        unit = self.range >> width
        value = self._offset() // unit
        self._narrow(unit * value, unit)
        return value

    def _offset(self) -> int:
        seen = self.payload[: self.shifts + 8].ljust(self.shifts + 8, b"\0")
        return int.from_bytes(seen, "big") - self.low

    def _narrow(self, step: int, size: int) -> None:
        self.low, self.range = self.low + step, size
        while self.range < FLOOR:
            self.low, self.range, self.shifts = self.low << 8, self.range << 8, self.shifts + 1


def log_level(level: int) -> int:
    """Return 8 log2 of level + 1, cut to its 9 highest bits, rounded down."""
    number = level + 1
    power = number.bit_length() - 1
    top = number << 8 >> power  # 256 to 511
    eighths = max(t for t in range(8) if 2**t * 256**8 <= top**8)
    return 8 * power + eighths


# Ungerboeck's trellis of eight states: where an even and an odd index lead.
SUCCESSORS = ((0, 1), (2, 3), (5, 4), (7, 6), (1, 0), (3, 2), (4, 5), (6, 7))


def next_state(state: int, index: int) -> int:
    """Return the state after an index."""
    return SUCCESSORS[state][index % 2]


def point(index: int, state: int) -> int:
    """Return the multiple of the step: 2k, or 2k - sign(k) in an odd state."""
    sign = (index > 0) - (index < 0)
    return 2 * index - sign * (state % 2)


def points(indices: Iterable[int], state: int = 0) -> list[int]:
    """Return the multiples of the step that a row of indices stands for."""
    found = []
    for index in indices:
        found.append(point(index, state))
        state = next_state(state, index)
    return found


def least_error(value: float, odd: int, parity: int) -> float:
    """Return the least squared error of all indices of a parity, by trying those around."""
    near = int(value // 2)
    tried = [k for k in range(near - 4, near + 6) if k % 2 == parity]
    return min((value - point(k, odd)) ** 2 for k in tried)


def least_path_error(values: Sequence[float], state: int = 0) -> float:
    """Return the least squared error of all paths: each of the 2**n rows of parities in turn."""
    least = math.inf
    for parities in product((0, 1), repeat=len(values)):
        here, total = state, 0.0
        for value, parity in zip(values, parities, strict=True):
            total += least_error(value, here % 2, parity)
            here = next_state(here, parity)
        least = min(least, total)
    return least


def least_sequence_error(values: Sequence[float], reach: int) -> float:
    """Return the least squared error of all rows of indices from -reach to reach."""
    rows = product(range(-reach, reach + 1), repeat=len(values))
    return min(sum((v - p) ** 2 for v, p in zip(values, points(row), strict=True)) for row in rows)


class Counter:
    """How likely a one is, of 2**22, and how often the counter was asked."""

    def __init__(self, probability: int = 1 << 21, count: int = 0) -> None:
        self.probability, self.count = probability, count

    @property
    def held(self) -> int:
        """Both as one number."""
        return self.probability * 1024 + self.count

    def learn(self, bit: int) -> None:
        """Move towards a bit by 1 / (n + 3/2)."""
        pace = (2 << 16) // (2 * self.count + 3)
        target = (1 << 22) - 1 if bit else 0
        self.probability += (target - self.probability) * pace // 65536
        self.count = min(self.count + 1, 1000)


class Mixer:
    """Thirteen log-odds and the weights that add them up."""

    def __init__(self, weights: Sequence[int], stretch: Sequence[int], squash: Sequence[int]):
        self.weights, self.stretch, self.squash = list(weights), stretch, squash
        self.rate = 1 << 16

    def share(self, shapes: Sequence[int], counters: Sequence[Counter]) -> int:
        """Return the share of a one, of 2**16, from nine shapes, three counters and the bias."""
        odds = [self.stretch[counter.probability >> 10] for counter in counters]
        self.inputs = [*shapes, *odds, 256]
        dot = sum(w * x for w, x in zip(self.weights, self.inputs, strict=True))
        return self.squash[min(max(dot >> 16, -2047), 2047) + 2048]

    def learn(self, bit: int, share: int, counters: Sequence[Counter]) -> None:
        """Move the weights against the error, and the counters towards the bit."""
        step = (65536 * bit - share) * (self.rate // 256)
        self.rate -= (self.rate - 2048) // 512
        self.weights = [
            w + (x * step + (1 << 21) >> 22) for w, x in zip(self.weights, self.inputs, strict=True)
        ]
        for counter in counters:
            counter.learn(bit)
