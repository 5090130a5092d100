"""Methods at one task, timed in turn: what each answers, its seconds, and kolmo's ratio to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.case import Row, columns, rounded
from kolmo.bench.harness import Comparison, Timing, call, interleave


@dataclass(frozen=True)
class Finish:
    """What a method answered in its last run, and how long it took beside kolmo."""

    answer: Any
    columns: Row


def race(methods: Mapping[str, Callable[[], Any]], *, ours: str, runs: int) -> dict[str, Finish]:
    """Return how each method finished; ratios are of the seconds of ``ours`` to its own."""
    answers: dict[str, Any] = {}

    def task(name: str, method: Callable[[], Any]) -> Callable[[], None]:
        def run() -> None:
            answers[name] = method()

        return run

    timings = interleave([call(name, task(name, do)) for name, do in methods.items()], runs=runs)
    return {
        timing.name: Finish(answers[timing.name], finish_columns(timing, timings, ours))
        for timing in timings
    }


def finish_columns(timing: Timing, timings: tuple[Timing, ...], ours: str) -> Row:
    """Return the seconds of a method and, for a peer, kolmo's ratio to it."""
    seconds = timing.spread("wall_seconds")
    rival = None if timing.name.startswith("kolmo") else timing.name
    ratio = Comparison(rival, "wall_seconds", timings).ratio(ours) if rival else None
    median = rounded(seconds.median) if seconds else None
    return {"seconds_median": median, **columns("ratio", ratio), "runs": len(timing.samples)}


def optional(module: str) -> Any | None:
    """Return a peer's module, or None if it is not here."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
