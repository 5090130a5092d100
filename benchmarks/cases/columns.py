"""A CSV file of a million rows and three columns through the command line; no peer does this."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.case import CaseResult, Context, Row, rounded
from kolmo.bench.harness import Finished
from kolmo.errors import KolmoError

PEERS = ()
USES_CORPORA = False
ROWS, QUICK_ROWS = 1_000_000, 10_000
LABELS = ("red", "green", "blue", "grey", "amber")
SHARES = (0.4, 0.25, 0.2, 0.1, 0.05)
NOTES = (
    "all families and four compressors on every column; the winners are decoded in the run",
    "peak times file: largest resident memory as a multiple of the file's size; fixed is what a "
    "file of 10 rows takes, Python, numpy and the kernels",
    "no other tool reads a CSV file and ranks models of its columns by messages that it can "
    "decode, so there is no ratio",
)


def run(context: Context) -> CaseResult:
    """Run the command once on a small file, and once on the large one."""
    size = QUICK_ROWS if context.quick else ROWS
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.csv", Path(folder) / "many.csv"
        write_table(few, 10)
        write_table(many, size)
        context.envelope("mdl-select", few.name, cwd=few.parent)  # compiles what is not yet
        _, small = context.envelope("mdl-select", few.name, cwd=few.parent)
        context.report(f"{size:,} rows")
        envelope, large = context.envelope("mdl-select", many.name, cwd=many.parent)
        file_bytes = many.stat().st_size
    if not envelope.get("results"):
        raise KolmoError(f"no results: got exit code {large.sample.exit_code}; need rows.")
    row = whole_run(size, file_bytes, (small, large))
    return CaseResult((row,), tuple(winners(envelope)), NOTES)


def write_table(file: Path, size: int) -> None:
    """Write a table of counts, heights in hundredths, and labels."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(size))
    counts = source.poisson(40, size)
    heights = np.rint(source.normal(170, 9, size) * 100).astype(np.int64)
    labels = source.choice(LABELS, size, p=SHARES)
    cells = zip(counts.tolist(), heights.tolist(), labels.tolist(), strict=True)
    with file.open("w", encoding="ascii", newline="") as out:
        out.write("count,height,colour\n")
        out.writelines(f"{a},{b // 100}.{b % 100:02d},{c}\n" for a, b, c in cells)


def whole_run(size: int, file_bytes: int, runs: tuple[Finished, Finished]) -> Row:
    """Return time and memory of the run."""
    small, large = (done.sample for done in runs)
    peak, fixed = large.peak_rss_bytes, small.peak_rss_bytes
    return {
        "rows": size,
        "columns": 3,
        "file_bytes": file_bytes,
        "wall_seconds": rounded(large.wall_seconds),
        "cpu_seconds": rounded(large.cpu_seconds),
        "cells_per_second": rounded(3 * size / large.wall_seconds),
        "peak_rss_MB": None if peak is None else rounded(peak / 1e6),
        "peak_times_file": None if peak is None else rounded(peak / file_bytes),
        "fixed_rss_MB": None if fixed is None else rounded(fixed / 1e6),
        "above_fixed_times_file": None
        if peak is None or fixed is None
        else rounded((peak - fixed) / file_bytes),
        "exit_code": large.exit_code,
    }


def winners(envelope: dict[str, Any]) -> list[Row]:
    """Return the best candidate of each column, and how short it is."""
    groups = {group["column"]: group for group in envelope["groups"]}
    return [
        {
            "column": found["column"],
            "type": groups[found["column"]]["type"],
            "best": found["family"],
            "kind": found["kind"],
            "bits_per_row": rounded(found["bits_per_row"]),
            "margin_bits": rounded(groups[found["column"]]["margin_bits"]),
        }
        for found in envelope["results"]
        if found["rank"] == 1
    ]
