"""CPU time of `kolmo --help` and of a first small file, beside `import click`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.case import CaseResult, Context, Row, columns
from benchmarks.data import text
from benchmarks.versions import is_editable
from kolmo.bench.harness import Comparison, Task, command, compare

PEERS = ()
USES_CORPORA = False
PEER = 'python -c "import click"'
HELP = "kolmo --help"
SMALL = "kolmo complexity FILE (1 KB)"
EDITABLE = "kolmo is installed as editable, which starts slower; the targets are for a regular one"
TARGETS = {HELP: 1.3, SMALL: 1.4}


def run(context: Context) -> CaseResult:
    """Compare three whole processes with piped output, in a folder of their own."""
    runs = 7 if context.quick else 41
    context.report(f"{runs} rounds of three processes")
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        (folder / "small.txt").write_bytes(text(1000))
        compared = compare(tasks(context, folder), peer=PEER, runs=runs, warmups=3)
    rows = tuple(row(compared, name) for name in (HELP, SMALL, PEER))
    return CaseResult(rows=rows, notes=(EDITABLE,) if is_editable() else ())


def tasks(context: Context, folder: Path) -> list[Task]:
    """Return the two start-ups and the peer."""
    return [
        command(HELP, [*context.kolmo, "--help"], cwd=folder),
        command(SMALL, [*context.kolmo, "complexity", "small.txt"], cwd=folder),
        command(PEER, [sys.executable, "-c", "import click"], cwd=folder),
    ]


def row(compared: Comparison, name: str) -> Row:
    """Return one process: CPU seconds, ratios to the peer in the same round, target."""
    timing = compared.timing(name)
    return {
        "command": name,
        **columns("cpu_seconds", timing.spread("cpu_seconds")),
        **columns("ratio", compared.ratio(name)),
        "target": TARGETS.get(name),
        "runs": len(timing.samples),
    }
