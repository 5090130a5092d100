"""Slow, obvious twin of the context mixer over bytes: dictionaries and small objects.

It yields the share of a one that each bit of a text has beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from naive.histories import State, after, numbers
from naive.mixing import (
    BINARY,
    FAST,
    MASK,
    TENTH,
    TEXT,
    Counter,
    HistoryCounter,
    Mixer,
    chained,
    hashed,
    rate_after,
)


class Slots:
    """A table of so many lines: a check of the context, and the histories of 15 nodes."""

    def __init__(self, lines: int) -> None:
        self.lines, self.replaced = lines, 0
        self.table: dict[int, tuple[int, dict[int, State]]] = {}

    def find(self, context: int) -> int:
        """Return the line of a context; the least used of three is emptied for a new one."""
        check = max((context * 0x1E3779B1 & MASK) >> 24, 1)
        first = (context >> 3) % self.lines
        three = [first, first ^ 1, first ^ 2]
        for line in three:
            if line in self.table and self.table[line][0] == check:
                return line
        line = min(three, key=self.use)
        self.replaced += line in self.table
        self.table[line] = (check, {})
        return line

    def use(self, line: int) -> int:
        return numbers()[self.nodes(line).get(1, "")]

    def nodes(self, line: int) -> dict[int, State]:
        return self.table[line][1] if line in self.table else {}


class Match:
    """Expects the byte that followed the last occurrence of the recent bytes."""

    def __init__(self, shortest: int, recovers: bool, keys: int) -> None:
        self.shortest, self.recovers, self.keys = shortest, recovers, keys
        self.place = self.run = self.outcomes = self.recovered = self.lost = 0
        self.known: dict[int, int] = {}
        self.counters: dict[tuple[int, bool], Counter] = {}

    def counter(self, text: Sequence[int], so_far: str) -> Counter | None:
        """Return who speaks for the next bit, if the byte expected fits the bits so far."""
        bits = format(text[self.place], "08b") if self.place else ""
        if not self.place or not bits.startswith(so_far):
            return None
        length = self.run if self.run < 16 else min(16 + (self.run - 16) // 8, 31)
        kind = min(length, 15) + 16 * (self.outcomes % 16) if self.recovers else length
        sure = kind % 16 if self.recovers else kind
        one = bits[len(so_far)] == "1"
        if (kind, one) not in self.counters:
            misses = (1 << 22) // (sure + 2)
            self.counters[kind, one] = Counter((1 << 22) - misses if one else misses, 1000)
        return self.counters[kind, one]

    def follow(self, text: Sequence[int], place: int, key: int) -> None:
        """Take in the byte at a place, and the hash of what ends with it."""
        if self.place:
            self.check(text[self.place] == text[place])
        if place + 1 < self.shortest:
            return
        found = self.known.get(key % self.keys, 0)
        if not self.place and found:
            length = 0
            while length < min(32, found) and text[found - 1 - length] == text[place - length]:
                length += 1
            if length >= self.shortest:
                self.place, self.run, self.outcomes = found, length, 0xFFFF
        self.known[key % self.keys] = place + 1

    def check(self, hit: bool) -> None:
        self.place += 1
        self.run = min(self.run + 1, 65535) if hit else 0
        self.outcomes = (2 * self.outcomes + hit) % 65536
        if not hit:
            stays = self.recovers and self.outcomes.bit_count() >= 8
            self.recovered += stays
            self.lost += not stays
            self.place = self.place if stays else 0


class Words:
    """Hashes of the word that is being spelt and of those before it, and where lines began."""

    def __init__(self) -> None:
        self.word, self.earlier = 0, [0, 0, 0]
        self.end = self.separator = self.line = self.line_above = 0

    def follow(self, last: int, place: int) -> None:
        letter = last + 32 if chr(last) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" else last
        if chr(letter) in "abcdefghijklmnopqrstuvwxyz" or last >= 128:
            self.word = hashed(self.word, letter)
        elif self.word:
            self.earlier = [self.word, *self.earlier[:2]]
            self.word, self.end, self.separator = 0, place, last
        if last == 10:
            self.line_above, self.line = self.line, place


class ByteModel:
    """The mixer over bytes; ``lines`` and ``keys`` are the sizes of its tables."""

    def __init__(self, preset: int, stride: int, lines: int, keys: int) -> None:
        number, self.orders = {FAST: (6, 5), TEXT: (21, 7), BINARY: (29, 5)}[preset]
        self.preset, self.stride = preset, stride
        lone = [Match(6, True, keys)]
        pair = [Match(6, False, keys), Match(12, True, keys)]
        self.matches = lone if preset == FAST else pair
        first = [TENTH, 0] * (number + len(self.matches)) + [0, 0, 0]
        self.mixer = Mixer(1 if preset == FAST else 5, first)
        self.slots, self.words = Slots(lines), Words()
        self.counters: dict[tuple[int, State], HistoryCounter] = {}
        self.order_0: dict[str, Counter] = {}
        self.followers: dict[bytes, int] = {}

    def shares(self, text: bytes) -> Iterator[int]:
        """Yield the share of a one that each bit of a text has."""
        for place, byte in enumerate(text):
            past = bytes(12) + text[:place]
            self.words.follow(past[-1], place)
            contexts = self.contexts(text, place, past)
            bits = format(byte, "08b")
            for k in range(8):
                if k in (0, 4):
                    lines = [self.slots.find(hashed(c, int("1" + bits[:k], 2))) for c in contexts]
                if k == 0:
                    seen = [1 in self.slots.nodes(line) for line in lines[: self.orders]]
                    known = max((i + 1 for i, is_seen in enumerate(seen) if is_seen), default=0)
                yield self.bit(text, past, (bits[:k], int(bits[k])), lines, known)
            self.remember(text, place)

    def bit(self, text: bytes, past: bytes, at: tuple[str, int], lines: list[int], known: int):
        """Return the share of a one; then learn the bit."""
        so_far, bit = at
        node = int("1" + so_far[4 * (len(so_far) // 4) :], 2)
        matches = [model.counter(text, so_far) for model in self.matches]
        lone = self.order_0.setdefault(so_far, Counter(limit=250))
        spoken = [self.history(i, line, node) for i, line in enumerate(lines)] + matches
        inputs = [number for c in spoken for number in (c.both() if c else [0, 0])]
        one, two = past[-1], past[-2]
        rows = [so_far, (known, len(so_far)), one, two, (one >> 5, two >> 5, len(so_far))]
        pair = hashed(int("1" + so_far, 2), one + 256 * two) >> 18
        inputs += [*lone.both(), 256]
        refining = (one, so_far), pair
        share = self.mixer.share(inputs, rows[: self.mixer.sets], so_far, refining)
        self.mixer.learn(bit, rate_after(len(past) - 13, self.preset))
        for i, line in enumerate(lines):
            self.tell(i, line, node, bit)
        for counter in [c for c in matches if c] + [lone]:
            counter.learn(bit)
        return share

    def history(self, i: int, line: int, node: int) -> Counter | None:
        """Return who speaks for the history of a node; nobody if it has seen nothing."""
        state = self.slots.nodes(line).get(node, "")
        return self.counters.setdefault((i, state), HistoryCounter(state)) if state else None

    def tell(self, i: int, line: int, node: int, bit: int) -> None:
        """Tell a context the bit; of two that share a slot, the second sees what the first left."""
        nodes = self.slots.nodes(line)
        state = nodes.get(node, "")
        self.counters.setdefault((i, state), HistoryCounter(state)).learn(bit)
        nodes[node] = after(state, bit)

    def remember(self, text: bytes, place: int) -> None:
        """Take a whole byte into the past."""
        past = bytes(12) + text[: place + 1]
        for context in (past[-2:-1], past[-3:-1]):
            self.followers[context] = (self.followers.get(context, 0) << 8 | text[place]) & 0xFFFF
        last, before, earlier = (little(past[-n - 4 : len(past) - n]) for n in (0, 4, 8))
        keys = chained(6, last, before & 0xFFFF), chained(12, last, before, earlier)
        for match, key in zip(self.matches, keys, strict=False):
            match.follow(text, place, key)

    def contexts(self, text: bytes, place: int, past: bytes) -> list[int]:
        """Return the hash of each context; the first few are orders, the longest last."""
        last, before = little(past[-4:]), little(past[-8:-4])
        expected = [text[m.place] + 1 for m in self.matches if m.place]
        kind = {FAST: self.fast, TEXT: self.text, BINARY: self.binary}[self.preset]
        found = kind(last, before, (text, place), (expected or [0])[0])
        return [chained(number + 1, *parts) for number, parts in enumerate(found)]

    def fast(self, last: int, before: int, at, expected: int) -> list[tuple[int, ...]]:
        orders = [(last % 256**n,) for n in (1, 2, 3, 4)]
        return [*orders, (last, before & 0xFFFF), (self.words.word, last & 255)]

    def text(self, last: int, before: int, at, expected: int) -> list[tuple[int, ...]]:
        (text, place), words, one = at, self.words, last & 255
        word, (word_1, word_2, _) = words.word, words.earlier
        column = min(place - words.line, 255)
        over = words.line_above + column
        above = text[over] if over < words.line else 0
        gap = 0 if word else min(place - words.end, 255)
        followed = self.followers.get(bytes([last >> 8 & 255, one]), 0)
        return [
            *[(last % 256**n,) for n in (1, 2, 3, 4)],
            *[(last, before % 256**n) for n in (1, 2, 4)],
            *[(word, one), (word, word_1), (word, word_2), (word, word_1, word_2)],
            *[(word, words.separator + 256 * gap), (word_1, one)],
            *[(last & 0xFF00FF,), (last & 0xF0F0F0F0,), (last & 0xE0E0FFFF,)],
            *[(column, one), (column, above), (followed, one), (one, expected), (word, expected)],
        ]

    def binary(self, last: int, before: int, at, expected: int) -> list[tuple[int, ...]]:
        (text, place), stride, one = at, self.stride, last & 255
        b4, b5, b6, b7 = last >> 24, before & 255, before >> 8 & 255, before >> 16 & 255
        up, up_2, left = (byte_at(text, place - n) for n in (stride, 2 * stride, stride + 1))
        right = byte_at(text, place - stride + 1) if stride > 1 else 0
        column, followed = place % stride, self.followers.get(bytes([one]), 0)
        masks = 0xFF00, 0xFF0000, 0xFFFF00, 0xFF00FF, 0xFFFF0000, 0xF0F0F0F0
        return [
            *[(last % 256**n,) for n in (1, 2, 3, 4)],
            *[(last, before & 0xFFFF), (self.words.word, one)],
            *[(last & mask,) for mask in masks],
            *[(b4, b5), (b4, last & 0xFFFF), (b5, b6), (b6, b7), (before & 0xFFFF0000,)],
            *[(b5, one), (b6, one), (b6, last & 0xFFFF), (b7, last & 0xFFFF)],
            *[(up, one), (up + 256 * up_2, column), (up, left + 256 * one), (column, up)],
            *[(column, one), (up + 256 * right, one + 256 * left), (followed, one)],
            (one, expected),
        ]


def little(part: bytes) -> int:
    """Return four bytes as a number, the last one lowest."""
    return int.from_bytes(part, "big")


def byte_at(text: bytes, place: int) -> int:
    return text[place] if place >= 0 else 0
