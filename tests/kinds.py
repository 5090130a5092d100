"""Data of the kinds that the context mixer has models for, generated the same everywhere."""

import random
import struct
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTRUCTIONS = ["8b45f8", "8945fc", "83c410", "85c07408", "8b550889542404", "31c0", "0fb600"]


def source_text(length: int) -> bytes:
    """Return Python code of this repository."""
    files = sorted((ROOT / "kolmo" / "coding").glob("*.py"))
    return b"".join(path.read_bytes() for path in files)[:length]


def records(length: int, stride: int, seed: int = 1) -> bytes:
    """Return rows with a rising time, a kind, a letter and a reading; the rest never changes."""
    source = random.Random(seed)
    filling = bytes(source.randrange(256) for _ in range(stride))
    found, time = bytearray(), 1000
    while len(found) < length:
        time += source.randrange(1, 30)
        kind, reading = source.randrange(5) * 257, source.randrange(-300, 300)
        row = struct.pack("<IHBh", time, kind, source.choice(b"ABC"), reading)
        found += (row + filling)[:stride]
    return bytes(found[:length])


def picture(width: int = 256, height: int = 200, seed: int = 3) -> bytes:
    """Return a bitmap of rings, discs and lines, eight pixels in a byte."""
    source = random.Random(seed)
    rings = [
        (source.randrange(width), source.randrange(height), source.randrange(8, 60))
        for _ in range(12)
    ]
    lines = [(source.randrange(-9, 10), source.randrange(1, 10)) for _ in range(8)]

    def is_black(x: int, y: int) -> bool:
        squares = [((x - a) ** 2 + (y - b) ** 2, r) for a, b, r in rings]
        crossed = sum((r - 4) ** 2 <= square <= r * r for square, r in squares) % 2
        return bool(crossed) or any(abs(a * x + b * y - 40 * b * k) <= 8 for k, (a, b) in drawn)

    drawn = list(enumerate(lines))
    rows = ("".join("01"[is_black(x, y)] for x in range(width)) for y in range(height))
    return b"".join(int(row, 2).to_bytes(width // 8, "big") for row in rows)


def machine_code(length: int, seed: int = 2) -> bytes:
    """Return what looks like functions for an x86 that call each other by relative addresses."""
    source = random.Random(seed)
    targets = [source.randrange(length) for _ in range(40)]
    found = bytearray()
    while len(found) < length:
        found += b"\x55\x89\xe5\x83\xec" + bytes([8 * source.randrange(1, 6)])
        for _ in range(source.randrange(3, 20)):
            found += bytes.fromhex(source.choice(INSTRUCTIONS))
            if source.random() < 0.35:
                operand = source.choice(targets) - (len(found) + 5)
                found += b"\xe8" + operand.to_bytes(4, "little", signed=True)
        found += b"\xc9\xc3"
    return bytes(found[:length])


def faulty_copies(length: int, seed: int = 4) -> bytes:
    """Return a random block again and again, each time with a few bytes changed."""
    source = random.Random(seed)
    block = bytearray(source.randbytes(60))
    found = bytearray()
    while len(found) < length:
        found += block
        block[source.randrange(60)] = source.randrange(256)
    return bytes(found[:length])


def letters_of_dna(length: int, seed: int) -> bytes:
    """Return random letters of four."""
    return bytes(random.Random(seed).choices(b"ACGT", k=length))


def mutated(dna: bytes, share: float, seed: int) -> bytes:
    """Return letters of which a share was replaced by others."""
    source = random.Random(seed)
    others = {letter: bytes(set(b"ACGT") - {letter}) for letter in b"ACGT"}
    changed = (source.random() < share for _ in dna)
    choices = {letter: sorted(rest) for letter, rest in others.items()}
    return bytes(
        source.choice(choices[letter]) if is_changed else letter
        for letter, is_changed in zip(dna, changed, strict=True)
    )
