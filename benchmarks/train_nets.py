"""`python -m benchmarks.train_nets OUTDIR [NET...]` trains, `--evaluate NET FILE` judges."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.nets import tensors
from benchmarks.nets.models import HELD_OUT, LESSONS, Lesson, torch

SEED = 20250601
BATCHES_JUDGED = 24


def parse(words: list[str]) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_nets", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, metavar="OUTDIR")
    parser.add_argument("nets", nargs="*", metavar="NET", help="default: every net")
    parser.add_argument("--evaluate", nargs=2, metavar=("NET", "FILE"), help="print its loss")
    options = parser.parse_args(words)
    if (options.folder is None) == (options.evaluate is None):
        parser.error("need OUTDIR, or --evaluate NET FILE.")
    for name in [*options.nets, *(options.evaluate or ())[:1]]:
        if name not in LESSONS:
            parser.error(f"unknown net: got {name!r}; need one of {', '.join(LESSONS)}.")
    return options


def train(name: str, file: Path) -> tuple[float, float]:
    """Write a trained net to a file; return its held-out loss before and after, in nats."""
    lesson = LESSONS[name]
    prepare()
    net = lesson.make()
    shown, wanted = lesson.data()
    kept = len(shown) // HELD_OUT
    before = loss_of(net, lesson)
    optimiser = torch.optim.AdamW(net.parameters(), lr=lesson.rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lesson.rate, lesson.steps)
    for _ in range(lesson.steps):
        rows = torch.randint(kept, len(shown), (lesson.batch,))
        optimiser.zero_grad()
        misfit(net(shown[rows]), wanted[rows]).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    found = {key: value.numpy() for key, value in net.state_dict().items()}
    file.write_bytes(tensors.to_bytes(found))
    return before, loss_of(net, lesson)


def prepare() -> None:
    """Make torch do the same every time, on one thread."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)


def misfit(scores: Any, wanted: Any) -> Any:
    """Return the mean loss of each answer, in nats."""
    rows = scores.reshape(-1, scores.shape[-1])
    return torch.nn.functional.cross_entropy(rows, wanted.reshape(-1))


def loss_of(net: Any, lesson: Lesson) -> float:
    """Return the mean loss on examples that are never learnt, in nats."""
    shown, wanted = lesson.data()
    kept = min(len(shown) // HELD_OUT, BATCHES_JUDGED * lesson.batch)
    with torch.no_grad():
        return float(misfit(net(shown[:kept]), wanted[:kept]))


def evaluate(name: str, file: Path) -> float:
    """Return the held-out loss of a net whose weights lie in a file, in nats."""
    prepare()
    lesson = LESSONS[name]
    net = lesson.make()
    found = tensors.float32(tensors.from_bytes(file.read_bytes()))
    net.load_state_dict({key: torch.tensor(value) for key, value in found.items()})
    return loss_of(net, lesson)


def train_all(folder: Path, names: list[str]) -> None:
    """Train nets into NET.safetensors of a folder, and tell of each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        start = time.perf_counter()
        before, after = train(name, folder / f"{name}.safetensors")
        seconds = time.perf_counter() - start
        print(f"{name}: loss {before:.4f} -> {after:.4f} nats, {seconds:.1f} s", file=sys.stderr)


def main(words: list[str]) -> int:
    """Train or judge, and return the exit code."""
    options = parse(words)
    if options.evaluate:
        name, file = options.evaluate
        print(f"{evaluate(name, Path(file)):.6f}")
    else:
        train_all(options.folder, options.nets or list(LESSONS))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
