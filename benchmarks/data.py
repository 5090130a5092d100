"""Inputs for the cases: made from a seed, or listed from a folder of real files."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from kolmo.errors import InputError

LETTERS = "eeeeetttaaaooiinnsshhrrddllcumwfgypbvk"
BLOCK_WORDS = 200_000

NILE_CSV = Path(__file__).resolve().parent.parent / "tests" / "data" / "nile.csv"
"""Year and annual flow of the Nile at Aswan, 10**8 m3, 1871 to 1970; public domain."""


def text_blocks(size: int, seed: int = 0) -> Iterator[bytes]:
    """Yield `size` bytes of pseudo-text: words and phrases drawn by Zipf's law.

    Compresses about as English does (a third by zlib) and repeats nothing exactly.
    """
    source = random.Random(seed)
    pieces = vocabulary(source)
    weights = list(accumulate(1 / rank for rank in range(1, len(pieces) + 1)))
    left = size
    while left > 0:
        words = source.choices(pieces, cum_weights=weights, k=BLOCK_WORDS)
        block = "".join(words).encode("ascii")[:left]
        left -= len(block)
        yield block


def vocabulary(source: random.Random) -> list[str]:
    """Return 8,000 words and 4,000 phrases of them, in random order of frequency."""
    words = ["".join(source.choices(LETTERS, k=source.randint(2, 9))) for _ in range(8000)]
    joined = [" ".join(source.choices(words, k=source.randint(2, 5))) for _ in range(4000)]
    ends = [" "] * 8 + [", ", ".\n"]
    pieces = [piece + source.choice(ends) for piece in words + joined]
    source.shuffle(pieces)
    return pieces


def text(size: int, seed: int = 0) -> bytes:
    """Return `size` bytes of pseudo-text."""
    return b"".join(text_blocks(size, seed))


def write_text(file: Path, size: int) -> str:
    """Write `size` bytes of pseudo-text and return their SHA-256."""
    digest = hashlib.sha256()
    with file.open("wb") as out:
        for block in text_blocks(size):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def corpus_files(folder: Path) -> list[Path]:
    """Return the files of a corpus, relative to its folder.

    They are the entries of a SHA256SUMS manifest in the folder or its parent, checked;
    without one, every regular file of the folder.
    """
    for home in (folder, folder.resolve().parent):
        if (home / "SHA256SUMS").is_file():
            return manifest_files(home, folder)
    return sorted(file.relative_to(folder) for file in folder.iterdir() if file.is_file())


def manifest_files(home: Path, folder: Path) -> list[Path]:
    """Return the manifest's files that lie in the folder, after checking their contents."""
    root, files = folder.resolve(), []
    for line in (home / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        expected, _, name = line.partition(" ")
        file = (home / name.strip().lstrip("*")).resolve()
        if not name or not file.is_relative_to(root):
            continue
        if hashlib.sha256(file.read_bytes()).hexdigest() != expected:
            raise InputError(f"changed file: got another {name.strip()} than SHA256SUMS lists.")
        files.append(file.relative_to(root))
    return files
