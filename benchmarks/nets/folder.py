"""The trained networks as files: those of a folder, or trained anew where torch is."""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.case import Context
from benchmarks.peers import missing
from kolmo.errors import KolmoError

NETS, QUICK_NETS = ("mlp", "conv", "lstm", "transformer"), ("mlp", "conv")
TEACHERS = ("torch", "sklearn")
ROOT = Path(__file__).resolve().parents[2]
NEEDED = (
    "needs trained nets: pip install torch scikit-learn, "
    "or --corpora DIR as python -m benchmarks.train_nets DIR makes it"
)


@contextlib.contextmanager
def trained(context: Context) -> Iterator[dict[str, Path] | None]:
    """Yield a copy of each net's file in a folder of its own, or None if there is none."""
    names = QUICK_NETS if context.quick else NETS
    with tempfile.TemporaryDirectory() as name:
        files = {net: Path(name) / f"{net}.safetensors" for net in names}
        given = {net: (context.corpora or Path(name)) / file.name for net, file in files.items()}
        if all(file.is_file() for file in given.values()):
            for net, file in files.items():
                file.write_bytes(given[net].read_bytes())
        elif missing(TEACHERS):
            yield None
            return
        else:
            train(context, Path(name), names)
        yield files


def train(context: Context, folder: Path, names: tuple[str, ...]) -> None:
    """Train nets in a process of their own, so that torch leaves no trace in this one."""
    context.report(f"training {', '.join(names)}")
    command = [sys.executable, "-m", "benchmarks.train_nets", str(folder), *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip().rpartition("\n")[2]
        raise KolmoError(f"no nets: got {said}; need trained ones.")
    for line in done.stderr.splitlines():
        context.report(line)


def digests(files: dict[str, Path]) -> str:
    """Return a note of which nets they are."""
    short = {net: hashlib.sha256(file.read_bytes()).hexdigest() for net, file in files.items()}
    return "nets, SHA-256: " + ", ".join(f"{net} {digest[:16]}" for net, digest in short.items())
