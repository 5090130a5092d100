"""Inputs for the cases: made from a seed, or listed from a folder of real files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from kolmo.bench.inputs import text as text
from kolmo.bench.inputs import text_blocks
from kolmo.bench.manifest import find_manifest, read_manifest

NILE_CSV = Path(__file__).resolve().parent.parent / "tests" / "data" / "nile.csv"
"""Year and annual flow of the Nile at Aswan, 10**8 m3, 1871 to 1970; public domain."""


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
    if find_manifest(str(folder)):
        return manifest_files(folder)
    return sorted(file.relative_to(folder) for file in folder.iterdir() if file.is_file())


def manifest_files(folder: Path) -> list[Path]:
    """Return the manifest's files that lie in the folder, after checking their contents."""
    return [Path(member.name) for member in read_manifest(str(folder))]
