"""Finds the cases, runs them, writes their JSON and prints their tables."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import peers, render
from benchmarks.case import CaseResult, Context, installed_kolmo
from benchmarks.versions import versions
from kolmo.bench.harness import machine
from kolmo.errors import KolmoError, nearest

HERE = Path(__file__).resolve().parent


def case_names() -> list[str]:
    """Return the names of all cases: their files' names, with hyphens."""
    files = (HERE / "cases").glob("[!_]*.py")
    return sorted(file.stem.replace("_", "-") for file in files)


def load(name: str) -> ModuleType:
    """Return the module of a case."""
    return importlib.import_module(f"benchmarks.cases.{name.replace('-', '_')}")


def title(case: ModuleType) -> str:
    """Return the one-line description of a case."""
    return (case.__doc__ or "").strip().partition("\n")[0]


def listing() -> str:
    """Return one line for each case."""
    return "\n".join(f"{name:<12}  {title(load(name))}" for name in case_names())


def run_all(names: Iterable[str], *, quick: bool, corpora: Path | None) -> int:
    """Run the named cases, or every one, and return the exit code."""
    chosen = list(dict.fromkeys(names)) or case_names()
    for name in chosen:
        if name not in case_names():
            tell(f"unknown case: got {name!r}. {nearest(name, case_names())}")
            return 2
    if corpora is not None and not corpora.is_dir():
        tell(f"--corpora is no folder: got {corpora}; need a folder of files.")
        return 2
    outcomes = {run_one(name, quick=quick, corpora=corpora) for name in chosen}
    if "failed" in outcomes:
        return 1
    return 0 if "done" in outcomes else 2


def run_one(name: str, *, quick: bool, corpora: Path | None) -> str:
    """Run one case; return "done", "skipped" or "failed"."""
    context = Context(installed_kolmo(), quick, corpora, lambda line: tell(f"{name}: {line}"))
    try:
        outcome = load(name).run(context)
    except (KolmoError, OSError, ImportError) as error:
        tell(f"{name}: failed: {error}")
        return "failed"
    if outcome.skipped is not None:
        tell(f"{name}: skipped: {outcome.skipped}")
        return "skipped"
    result = describe(name, context, outcome)
    if not quick:
        store(name, result)
    print(render.markdown(result), flush=True)
    return "done"


def describe(name: str, context: Context, outcome: CaseResult) -> dict[str, Any]:
    """Return the JSON object of a case: its rows, and all that they depend on."""
    case = load(name)
    return {
        "case": name,
        "title": title(case),
        "command": command_line(name, context),
        "quick": context.quick,
        "machine": machine(),
        "versions": versions(case.PEERS),
        "rows": list(outcome.rows),
        "details": list(outcome.details),
        "notes": list(outcome.notes),
        "missing": peers.missing(case.PEERS),
    }


def command_line(name: str, context: Context) -> str:
    """Return the command that repeats this case; a folder's place is the reader's affair."""
    words = ["python -m benchmarks", name]
    words += ["--quick"] if context.quick else []
    words += ["--corpora DIR"] if context.corpora and load(name).USES_CORPORA else []
    return " ".join(words)


def store(name: str, result: dict[str, Any]) -> None:
    """Write a result where it is to be committed."""
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def tell(line: str) -> None:
    """Print progress or a complaint."""
    print(line, file=sys.stderr, flush=True)
