"""Finds the cases, runs them, writes their JSON and the README's sections, prints their tables."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from benchmarks import peers, readme, render
from benchmarks.case import CaseResult, Context, Showing, installed_kolmo
from benchmarks.versions import versions
from kolmo.bench.harness import machine
from kolmo.errors import KolmoError, nearest

HERE = Path(__file__).resolve().parent
RESULTS, README = HERE / "results", HERE.parent / "README.md"

Outcome = Literal["done", "not stored", "skipped", "failed"]


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
    """Return for each case a line about it, and one about its peers if it has any."""
    lines = []
    for name in case_names():
        case = load(name)
        lines.append(f"{name:<16}  {title(case)}")
        if case.PEERS:
            lines.append(f"{'':<16}  peers: {'; '.join(map(peers.described, case.PEERS))}")
    return "\n".join(lines)


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
    if not quick and not has_sound_readme():
        return 1
    return exit_code({run_one(name, quick=quick, corpora=corpora) for name in chosen})


def exit_code(outcomes: set[Outcome]) -> int:
    """Return the exit code of cases that ended so."""
    if "failed" in outcomes:
        return 1
    if "not stored" in outcomes:
        return 3
    return 0 if "done" in outcomes else 2


def has_sound_readme() -> bool:
    """Return whether the README's markers are whole, which is asked before hours of work."""
    try:
        readme.update(README, {})
    except KolmoError as error:
        tell(str(error))
        return False
    return True


def run_one(name: str, *, quick: bool, corpora: Path | None) -> Outcome:
    """Run one case, print its tables, store it unless the run is quick or lacks a peer."""
    context = Context(installed_kolmo(), quick, corpora, lambda line: tell(f"{name}: {line}"))
    try:
        outcome = load(name).run(context)
        if outcome.skipped is not None:
            tell(f"{name}: skipped: {outcome.skipped}")
            return "skipped"
        result = describe(name, context, outcome)
        print(render.markdown(result), flush=True)
        return "done" if quick else keep(name, result)
    except (KolmoError, OSError, ImportError) as error:
        tell(f"{name}: failed: {error}")
    except Exception:
        tell(f"{name}: failed: {traceback.format_exc().rstrip()}")
    return "failed"


def describe(name: str, context: Context, outcome: CaseResult) -> dict[str, Any]:
    """Return the JSON object of a case: its rows, and all that they depend on."""
    case = load(name)
    missing = peers.missing(case.PEERS, start=not context.quick)
    return {
        "case": name,
        "title": title(case),
        "command": command_line(name, context),
        "quick": context.quick,
        "complete": not context.quick and not missing,
        "machine": machine(),
        "versions": versions(case.PEERS),
        "rows": list(outcome.rows),
        "details": list(outcome.details),
        "notes": list(outcome.notes),
        "missing": missing,
    }


def command_line(name: str, context: Context) -> str:
    """Return the command that repeats this case; a folder's place is the reader's affair."""
    words = ["python -m benchmarks", name]
    words += ["--quick"] if context.quick else []
    words += ["--corpora DIR"] if context.corpora and load(name).USES_CORPORA else []
    return " ".join(words)


def keep(name: str, result: dict[str, Any]) -> Outcome:
    """Store a complete result and show it in the README; leave the old one otherwise."""
    lacks = result["missing"] or lost(result, RESULTS / f"{name}.json")
    if lacks:
        tell(f"{name}: not stored: missing {'; '.join(lacks)}")
        return "not stored"
    store(name, result)
    readme.update(README, {name: section(result)})
    return "done"


def lost(result: dict[str, Any], stored: Path) -> list[str]:
    """Return what the stored result was given and this one was not: a folder of files."""
    words = "--corpora DIR"
    try:
        had = words in readme.load_result(stored)["command"]
    except (KolmoError, OSError, KeyError):
        return []
    return (
        [f"{words}, which the stored result had"] if had and words not in result["command"] else []
    )


def store(name: str, result: dict[str, Any]) -> None:
    """Write a result where it is to be committed, in the old one's place at once."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    readme.write(RESULTS / f"{name}.json", text + "\n")


def section(result: dict[str, Any]) -> str:
    """Return what the README shows of a result, as its case wants it."""
    return render.section(result, getattr(load(result["case"]), "README", Showing()))


def refresh_readme() -> int:
    """Render all stored results into the README, say what changed, and return the exit code."""
    try:
        contents = {name: section(result) for name, result in readme.load_results(RESULTS).items()}
        changed = readme.update(README, contents, whole=True)
    except (KolmoError, OSError, ImportError) as error:
        tell(str(error))
        return 1
    print(f"{README.name}: changed: {', '.join(changed) or 'nothing'}")
    return 0


def tell(line: str) -> None:
    """Print progress or a complaint."""
    print(line, file=sys.stderr, flush=True)
