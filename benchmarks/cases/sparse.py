"""A 10 GB sparse file by the default set: constant memory, exact counts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.case import CaseResult, Context, Row, rounded
from kolmo.bench.harness import Finished
from kolmo.errors import KolmoError

PEERS = ()
USES_CORPORA = False
TARGET_RSS_MB = 300


def run(context: Context) -> CaseResult:
    """Run kolmo once on zeros that take no place on the disk."""
    size = 10**9 if context.quick else 10**10
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "zeros"
        with file.open("wb") as out:
            out.truncate(size)
        context.report(f"{size / 1e9:.0f} GB of zeros")
        envelope, done = context.envelope("complexity", "zeros", "--no-verify", cwd=file.parent)
    results = envelope.get("results", [])
    if not results:
        raise KolmoError(f"no results: got exit code {done.sample.exit_code}; need rows.")
    return CaseResult(
        rows=(whole_run(size, results, done),),
        details=tuple(estimator_row(size, result) for result in results),
    )


def whole_run(size: int, results: list[dict[str, Any]], done: Finished) -> Row:
    """Return time and memory of the run, and whether every size is exact."""
    sample = done.sample
    peak = sample.peak_rss_bytes
    return {
        "input_bytes": size,
        "estimators": len(results),
        "wall_seconds": rounded(sample.wall_seconds),
        "cpu_seconds": rounded(sample.cpu_seconds),
        "MB_per_second": rounded(size / 1e6 / sample.wall_seconds),
        "peak_rss_MB": None if peak is None else rounded(peak / 1e6),
        "target_peak_rss_MB": TARGET_RSS_MB,
        "exit_code": sample.exit_code,
        "sizes_exact": all(is_exact(size, result) for result in results),
    }


def estimator_row(size: int, result: dict[str, Any]) -> Row:
    """Return one estimator's message for the file."""
    return {
        "estimator": result["estimator"],
        "kind": result.get("kind"),
        "payload_bits": result.get("payload_bits"),
        "size_exact": is_exact(size, result),
    }


def is_exact(size: int, result: dict[str, Any]) -> bool:
    """Return whether the row counts every byte of the input, beyond 32 bits too.

    The count is `input_bytes` where the row has one; else the quotient of its two
    figures, which differs from a whole number by rounding only.
    """
    if "input_bytes" in result:
        return int(result["input_bytes"]) == size
    if not result.get("bits_per_byte"):
        return False
    counted = float(result["payload_bits"]) / float(result["bits_per_byte"])
    return abs(counted / size - 1) < 1e-12
