"""100 MB of text by the default set, beside its slowest compressor run alone."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import benchmarks
from benchmarks.bare import HEADER_BYTES
from benchmarks.case import CaseResult, Context, Row, columns, rounded
from benchmarks.data import write_text
from kolmo.bench.harness import Spread, Task, Timing, command, interleave, run_process
from kolmo.errors import KolmoError
from kolmo.parallel import available_cores

PEERS = ()
USES_CORPORA = False
TARGET = 1.05
BARE = Path(benchmarks.__file__).parent / "bare.py"


def run(context: Context) -> CaseResult:
    """Measure all estimators at once, each alone, and the bare libraries, in turn."""
    size, runs = (68_000_000, 1) if context.quick else (100_000_000, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        context.report(f"making {size:,} bytes of text")
        digest = write_text(folder / "text", size)
        sizes = default_set(context, folder)
        tasks = [context.watched(task) for task in make_tasks(context, folder, list(sizes))]
        timings = {timing.name: timing for timing in interleave(tasks, runs=runs, warmups=0)}
        notes = [f"input: {size:,} bytes of pseudo-text, SHA-256 {digest}", *drift(folder, sizes)]
    return CaseResult(rows=tuple(rows(timings, list(sizes))), notes=tuple(notes))


def default_set(context: Context, folder: Path) -> dict[str, int]:
    """Return the estimators that kolmo chooses for this size, and their payload bytes.

    This run warms the caches up, too.
    """
    context.report("asking kolmo for its default set")
    envelope, done = context.envelope("complexity", "text", "--no-verify", cwd=folder)
    results = envelope.get("results", [])
    if not results:
        raise KolmoError(f"no results: got exit code {done.sample.exit_code}; need rows.")
    return {result["estimator"]: result["payload_bits"] // 8 for result in results}


def make_tasks(context: Context, folder: Path, names: list[str]) -> list[Task]:
    """Return the tasks: together, each alone, and the bare library where that is one call."""
    base = [*context.kolmo, "complexity", "text", "--no-verify"]
    bare = [sys.executable, "-P", str(BARE)]
    simple = [name for name in names if is_simple(name)]
    return [
        command("together", base, cwd=folder),
        *(
            command(f"{n} alone", [*base, "--estimator", n, "--jobs", "1"], cwd=folder)
            for n in names
        ),
        *(command(f"{n} bare library", [*bare, n, "text"], cwd=folder) for n in simple),
    ]


def is_simple(estimator: str) -> bool:
    """Return whether the bare library is one call of the standard library."""
    return estimator.partition(":")[0] in HEADER_BYTES


def drift(folder: Path, sizes: dict[str, int]) -> list[str]:
    """Return a note for each bare library whose payload is not as long as kolmo's."""
    notes = []
    for name in filter(is_simple, sizes):
        made = int(
            run_process([sys.executable, "-P", str(BARE), name, str(folder / "text")]).stdout
        )
        if made != sizes[name]:
            notes.append(f"{name}: settings differ: bare {made:,}, kolmo {sizes[name]:,} bytes")
    return notes


def rows(timings: dict[str, Timing], names: list[str]) -> list[Row]:
    """Return a row for each task, and its ratio to what it is held against."""
    alone = [timings[f"{name} alone"] for name in names]
    floors = lower_limits(alone, available_cores())
    against = f"max(slowest alone, CPU sum of all alone / {available_cores()} cores)"
    found = [row(timings["together"], against, floors) | {"target": TARGET}]
    for name in names:
        bare = timings.get(f"{name} bare library")
        found.append(row(timings[f"{name} alone"], f"{name} bare library", walls(bare)))
        found += [row(bare, None, [])] if bare else []
    return found


def lower_limits(alone: list[Timing], workers: int) -> list[float]:
    """Return for each round the wall seconds that no schedule on these cores can beat."""
    rounds = zip(*(timing.samples for timing in alone), strict=True)
    return [
        max(
            max(sample.wall_seconds for sample in samples),
            sum(sample.cpu_seconds or 0.0 for sample in samples) / workers,
        )
        for samples in rounds
    ]


def walls(timing: Timing | None) -> list[float]:
    """Return a timing's wall seconds, none if there is no such timing."""
    return [] if timing is None else [sample.wall_seconds for sample in timing.samples]


def row(timing: Timing, against: str | None, limits: list[float]) -> Row:
    """Return one task: wall, CPU, memory and ratios to the limits of the same rounds."""
    cpu, peak = timing.spread("cpu_seconds"), timing.spread("peak_rss_bytes")
    ratios = [wall / limit for wall, limit in zip(walls(timing), limits, strict=False)]
    return {
        "run": timing.name,
        **columns("wall_seconds", timing.spread("wall_seconds")),
        "cpu_seconds_median": rounded(cpu.median) if cpu else None,
        "peak_rss_MB_max": rounded(peak.max / 1e6) if peak else None,
        **columns("ratio", Spread.of(ratios)),
        "to": against if ratios else None,
        "target": None,
        "runs": len(timing.samples),
    }
