"""Thousands of odd inputs and damaged streams, for the codes that kolmo's own kernels make."""

import random
from collections.abc import Iterator

import pytest
from conftest import samples

from kolmo.complexity import choice
from kolmo.errors import DecodeError

LABELS = ("mix", "mix:preset=1", "mix:preset=2", "mix:preset=3", "mix:preset=4", "ctw")
LABELS += ("ctw:symbol=1", "ctw:symbol=8")
TEXT = samples()["text"]
LARGEST_BYTES = 1 << 9
some_or_many = pytest.mark.parametrize("count", [60, pytest.param(10_000, marks=pytest.mark.slow)])


def pieces(source: random.Random) -> bytes:
    """Return a few bytes of a kind that some model expects, or that none does."""
    size = source.choice([0, 1, 2, 3, 7, 40, 100])
    number = source.randrange(1 << 16)
    kinds = [
        source.randbytes(size),
        bytes([source.choice([0, 1, 10, 32, 65, 127, 128, 255])]) * size,
        TEXT[number : number + size],
        b"".join(((number + i) % 65536).to_bytes(4, "little") for i in range(size // 4)),
        bytes(source.choices(b"01", k=size)),
        b"\xe8" + number.to_bytes(4, "little") + b"\x8b\x45" * (size // 8),
        bytes(source.choices([0, 0, 0, 255, 240], k=size)),
    ]
    return source.choice(kinds)


def inputs(count: int, seed: str) -> Iterator[bytes]:
    """Yield inputs of few kinds of pieces, some twice; the same on every run."""
    source = random.Random(seed)
    for _ in range(count):
        parts = [pieces(source) for _ in range(source.randrange(6))]
        yield b"".join(source.choices(parts, k=8) if parts else [])[:LARGEST_BYTES]


def damaged(payload: bytes, source: random.Random) -> bytes:
    """Return a payload that is cut, altered, lengthened, moved about, or made up."""
    start, stop = sorted(source.randrange(len(payload) + 1) for _ in range(2))
    flipped = bytearray(payload or b"\0")
    for _ in range(source.choice([1, 1, 2, 9])):
        flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
    return source.choice(
        [
            payload[:start],
            bytes(flipped),
            payload[:start] + source.randbytes(stop - start) + payload[stop:],
            payload[:start] + payload[stop:],
            payload + source.randbytes(source.choice([1, 2, 30])),
            payload[stop:] + payload[:stop],
            bytes([source.choice([0, 255])]) * len(payload),
            source.randbytes(source.randrange(80)),
        ]
    )


@some_or_many
@pytest.mark.parametrize("label", LABELS)
def test_every_input_is_given_back(label, count):
    (code,) = choice.make_estimators([label])
    side, source = b"", random.Random(label)
    for data in inputs(count, label):
        payload = b"".join(code.compress([data], len(data), side))
        assert b"".join(code.decompress([payload], len(data), side)) == data
        side = data if source.random() < 0.5 else b""


@some_or_many
@pytest.mark.parametrize("label", LABELS)
def test_every_damaged_stream_ends_in_data_or_in_decode_error(label, count):
    (code,) = choice.make_estimators([label])
    source, refused = random.Random(label), 0
    for data in inputs(count, f"{label} again"):
        altered = damaged(b"".join(code.compress([data], len(data))), source)
        length = source.choice([len(data), len(data), len(data) + 1, source.randrange(2000)])
        found = 0
        try:
            for piece in code.decompress([altered], length):
                found += len(piece)
            assert found == length
        except DecodeError:
            refused += 1
    assert refused > count / 4
