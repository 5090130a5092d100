"""What a case is given, and what it returns."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kolmo.bench.harness import Finished, Sample, Spread, Task, run_process

Row = dict[str, Any]


@dataclass(frozen=True)
class CaseResult:
    """Rows of a table (flat, JSON-safe), a second more detailed table, and remarks.

    A case that cannot run without something it was not given returns no rows and says
    in `skipped` what it needs.
    """

    rows: tuple[Row, ...] = ()
    details: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str | None = None


@dataclass(frozen=True)
class Showing:
    """How the README shows a case: its `README`, or else both tables, whole.

    `rows` chooses some for the eye and `about` says which; all of them stand folded beneath.
    The second table stands folded unless `details`.
    """

    rows: Callable[[Row], bool] | None = None
    about: str = ""
    details: bool = True


def unheard(_line: str) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Context:
    """What a case may use: the command to measure, the user's wishes, and a voice."""

    kolmo: tuple[str, ...]
    quick: bool = False
    corpora: Path | None = None
    report: Callable[[str], None] = unheard

    def watched(self, task: Task) -> Task:
        """Return the task, which now reports each of its runs."""

        def run() -> Sample:
            sample = task.run()
            self.report(f"{task.name}: {sample.wall_seconds:.2f} s")
            return sample

        return Task(task.name, run)

    def envelope(
        self, subcommand: str, *words: str, cwd: Path | None = None
    ) -> tuple[dict[str, Any], Finished]:
        """Return kolmo's JSON envelope for a command line, and the run that printed it.

        The envelope is empty where kolmo printed no JSON object.
        """
        done = run_process([*self.kolmo, subcommand, "--json", *words], cwd=cwd)
        try:
            found = json.loads(done.stdout)
        except ValueError:
            found = {}
        return (found if isinstance(found, dict) else {}), done


def installed_kolmo() -> tuple[str, ...]:
    """Return the start of a command line that runs this environment's kolmo."""
    script = shutil.which("kolmo", path=str(Path(sys.executable).parent))
    return (script,) if script else (sys.executable, "-P", "-m", "kolmo_cli")


def columns(prefix: str, spread: Spread | None, digits: int = 4) -> Row:
    """Return the three columns of a spread, rounded to significant digits."""
    names = ("min", "median", "max")
    if spread is None:
        return {f"{prefix}_{name}": None for name in names}
    return {f"{prefix}_{name}": rounded(getattr(spread, name), digits) for name in names}


def rounded(value: float | None, digits: int = 4) -> float | None:
    """Return the value to that many significant digits; more would be noise in a table."""
    return None if value is None else float(f"{value:.{digits}g}")
