"""Slow, obvious twin of the context mixer over pixels: a picture is a row of bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from naive.histories import State, after
from naive.mixing import (
    MASK,
    PICTURE,
    TENTH,
    Counter,
    HistoryCounter,
    Mixer,
    chained,
    rate_after,
)


class PixelModel:
    """The mixer over pixels of black and white; each context has so many ``places``."""

    def __init__(self, stride: int, places: int) -> None:
        self.stride, self.places = stride, places
        self.mixer = Mixer(4, [TENTH, 0] * 13 + [0] * 14)
        self.states: dict[tuple[int, int], State] = {}
        self.counters: dict[tuple[int, State], HistoryCounter] = {}
        self.direct: dict[tuple[int, int], Counter] = {}

    def shares(self, text: bytes) -> Iterator[int]:
        """Yield the share of a one that each pixel of a picture has."""
        pixels = [int(digit) for byte in text for digit in format(byte, "08b")]
        for place in range(len(pixels)):
            yield self.bit(pixels, place)

    def bit(self, pixels: list[int], place: int) -> int:
        """Return the share of a one; then learn the pixel."""

        def left(width: int) -> int:
            return number_of(pixels[max(0, place - width) : place])

        def above(row: int, before: int, later: int) -> int:
            """Return the pixels of a row; of the byte that is being coded all are white."""
            middle = place - 8 * row * self.stride
            window = range(middle - before, middle + later + 1)
            return number_of([pixels[q] if 0 <= q < place // 8 * 8 else 0 for q in window])

        bit = pixels[place]
        cells = self.cells(left, above, place % (8 * self.stride))
        states = [self.states.get(cell, "") for cell in cells]
        told = [
            self.counters.setdefault((i, state), HistoryCounter(state))
            for i, state in enumerate(states)
        ]
        direct = [self.direct.setdefault(cell, Counter()) for cell in cells]
        spoken = [c.both() if s else [0, 0] for c, s in zip(told, states, strict=True)]
        inputs = [number for pair in spoken for number in pair]
        inputs += [*[c.logit() for c in direct], 256]
        three_1, three_2 = above(1, 1, 1), above(2, 1, 1)
        rows = [(above(1, 2, 2), left(3)), (three_1, three_2, left(2)), left(8), above(1, 3, 4)]
        refining = (left(8), three_1), (left(4), above(1, 3, 3), three_2)
        share = self.mixer.share(inputs, rows, (left(2), three_1), refining)
        self.mixer.learn(bit, rate_after(place // 8 - 1, PICTURE))
        for counter in told + direct:
            counter.learn(bit)
        self.states.update({c: after(s, bit) for c, s in zip(cells, states, strict=True)})
        return share

    def cells(self, left, above, column: int) -> list[tuple[int, int]]:
        """Return the place of each context in its table."""
        three = [above(row, 1, 1) for row in (1, 2, 3, 4, 5)]
        ahead = [(above(1, 0, 2), 3), (above(2, 0, 3), 4)]
        ahead += [(above(row, 0, 4), 5) for row in (3, 4, 5)]
        wide = above(2, 8, 8) | (above(3, 6, 6) << 17)
        shapes = [
            (packed((left(4), 4), (above(1, 3, 3), 7), (above(2, 2, 2), 5)), 0),
            (packed((left(8), 8), (above(1, 4, 4), 9)), 0),
            (packed((left(6), 6), *[(above(row, 2, 2), 5) for row in (1, 2, 3)]), 0),
            (packed((above(1, 6, 6), 13), (above(2, 3, 3), 7), (left(3), 3)), 0),
            (
                packed((left(12), 12), (above(1, 6, 6), 13)),
                packed((above(2, 4, 4), 9), (above(3, 3, 3), 7), (above(4, 2, 2), 5)),
            ),
            (left(20), 0),
            (packed(*[(part, 3) for part in three], (left(3), 3)), 0),
            (packed((left(2), 2), (three[0], 3), (above(2, 0, 0), 1)), 0),
            (left(24), above(1, 12, 10)),
            (packed((left(5), 5), (above(1, 5, 5), 11), (above(2, 5, 5), 11)), 0),
            (packed((left(15), 15), (above(1, 8, 8), 17)), wide),
            (packed((left(3), 3), (above(1, 2, 2), 5), (column, 32)) & MASK, 0),
            (packed((left(1), 1), *ahead), 0),
        ]
        return [
            (i, chained(i + 1, first, second) % self.places)
            for i, (first, second) in enumerate(shapes)
        ]


def number_of(bits: Sequence[int]) -> int:
    return reduce(lambda number, bit: 2 * number + bit, bits, 0)


def packed(*parts: tuple[int, int]) -> int:
    """Return numbers side by side, the first lowest, each with so many bits."""
    number = at = 0
    for value, width in parts:
        number |= value << at
        at += width
    return number
