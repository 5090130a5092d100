"""What the command line says of one column: the best candidate, and a row about its verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.case import Context, Row, rounded
from kolmo.errors import KolmoError


def selected(
    context: Context, file: Path, column: str, family: str | None
) -> tuple[dict[str, Any], Row]:
    """Return the best candidate that the command line finds for a column, and a row about it."""
    words = ["--column", column, *(["--family", family] if family else [])]
    envelope, done = context.envelope("mdl-select", file.name, *words, "--strict", cwd=file.parent)
    if not envelope.get("results"):
        raise KolmoError(f"no candidate: got exit code {done.sample.exit_code}; need results.")
    best: dict[str, Any] = envelope["results"][0]
    (group,) = envelope["groups"]
    return best, {
        "command": " ".join(["kolmo mdl-select", file.name, *words]),
        "best": best["family"],
        "total_bits": rounded(best["total_bits"], 6),
        "margin_bits": rounded(group["margin_bits"]),
        "verdict": "conclusive" if group["conclusive"] else "inconclusive",
        "strict_exit": done.sample.exit_code,
        "seconds": rounded(done.sample.wall_seconds),
    }
