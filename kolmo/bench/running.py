"""Runs a suite: its cells in threads or on a cluster, through a store, to scores."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import kolmo.versions
from kolmo.bench.audit import miscounting
from kolmo.bench.estimators import absolute, fingerprint, made_once
from kolmo.bench.store import Store
from kolmo.bench.suite import Cell, Result, Scores, Suite, check_whole
from kolmo.errors import InputError, ParameterError
from kolmo.parallel import LARGEST_JOBS, ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.registry import suites

NO_MATTER = ("python", "click", "rich", "matplotlib")


def run(
    suite: str | Suite = "sources",
    estimators: str | Iterable[str] | None = None,
    *,
    jobs: int = 1,
    store: str | None = None,
    scheduler: str | None = None,
    progress: Progress = SILENT,
    **settings: Any,
) -> Scores:
    """Return the scores of estimators on a suite.

    Parameters
    ----------
    suite : str or Suite
        ``sources``: bit strings of known laws; codes by pointwise regret, in bits, which removes
        the source's own noise, and estimates by bias and coverage. ``deterministic``: sequences
        that a short program prints. ``corpus``: the files of a folder. ``speed``: made files.
    estimators : str or iterable of str, optional
        Labels such as ``"zstd:level=19"``, or ``"mine.py:MyEstimator"``; by default all that are
        installed, of the suites of files all codes.
    jobs : int
        Number of threads; scores are the same for any number, times are not.
    store : str, optional
        A file that keeps what is done, and from which the same call goes on.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://HOST:PORT``, whose workers do the cells.
    **settings
        Of the suite: ``sizes``, ``seeds``, ``seed``, ``form``, ``folder``, ``rounds``; see
        the classes in `kolmo.bench.suites`.

    Returns
    -------
    Scores
        Kinds stand beside all bits. An estimator that fails is among the failures.

    Raises
    ------
    ParameterError
        If the suite, an estimator or a setting is none.
    InputError
        If a manifest does not match its files, or store or scheduler cannot be used.

    Examples
    --------
    >>> scores = run("sources", ["stored"], sizes=[1024], seeds=2)
    >>> fair = next(row for row in scores.rows if row.task == "fair")
    >>> fair.kind, fair.difference.mean  # the payload's length, in Elias' delta code
    ('certified', 14.0)
    """
    check_whole("number of jobs", jobs, 1, LARGEST_JOBS)
    chosen = make_suite(suite, **settings) if isinstance(suite, str) else suite
    labels = chosen_labels(chosen, [estimators] if isinstance(estimators, str) else estimators)
    with Store(store, identity(chosen)) as kept:
        found = results(chosen, labels, kept, jobs=jobs, scheduler=scheduler, progress=progress)
        return chosen.score(list(found))


def make_suite(name: str, **settings: Any) -> Suite:
    """Return a suite; a setting that it does not have is refused."""
    known = list(inspect.signature(suites.get(name)).parameters)
    for setting in settings:
        if setting not in known:
            raise ParameterError(
                f"no such setting: got '{setting}' for suite {name}. It has: {', '.join(known)}"
            )
    made: Suite = suites.make(name, **settings)
    return made


def chosen_labels(suite: Suite, labels: Iterable[str] | None) -> list[str]:
    """Return labels, each once, all of them loaded; by default those of the suite."""
    found = suite.default_labels() if labels is None else list(dict.fromkeys(labels))
    if not found:
        raise ParameterError("no estimator: got an empty list; need one such as zstd")
    for label in found:
        made_once(label, fingerprint(label))
    return found


def identity(suite: Suite) -> dict[str, str | None]:
    """Return what results depend on beside their cells: versions, and for speeds the machine."""
    from kolmo.bench.harness import machine

    found = {"suite": suite.name, "kolmo's source": _source_digest(), **kolmo.versions.versions()}
    return found | ({"cpu": str(machine()["cpu"])} if suite.timed else {})


@cache
def _source_digest() -> str:
    """Return what tells kolmo from another kolmo of the same version, between two releases."""
    digest = sha256()
    home = kolmo.__path__[0]
    for folder, _, names in sorted(os.walk(home)):
        for name in sorted(name for name in names if name.endswith(".py")):
            with open(os.path.join(folder, name), "rb") as source:
                digest.update(f"{os.path.relpath(folder, home)} {name}\0".encode())
                digest.update(source.read())
    return digest.hexdigest()[:16]


def results(
    suite: Suite,
    labels: Sequence[str],
    kept: Store,
    *,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress = SILENT,
) -> Iterator[tuple[Cell, Result]]:
    """Yield all cells with their results, those that are known from the store.

    Raises
    ------
    ParameterError
        If speeds are to be measured on a cluster.
    """
    if scheduler is not None and suite.timed:
        raise ParameterError(
            f"no speeds on a cluster: suite {suite.name} measures this machine. Drop --scheduler"
        )
    marks = {label: fingerprint(label) for label in labels}
    caught = {label: miscounting(label, marks[label]) for label in labels if suite.audits}
    cells = [cell._replace(mark=marks[cell.label]) for cell in suite.cells(labels)]
    progress.add(len(cells))
    known = [_told(caught.get(cell.label)) or kept.get(cell.key) for cell in cells]
    todo = [cell for cell, result in zip(cells, known, strict=True) if result is None]
    fresh = iter(_mapped(suite, todo, jobs, scheduler))
    for cell, result in zip(cells, known, strict=True):
        if result is None:
            result = next(fresh)
            if "error" not in result:
                kept.put(cell.key, result)
        progress.advance(1)
        yield cell, result


def _told(message: str | None) -> Result | None:
    return {"error": message} if message else None


def _mapped(suite: Suite, cells: list[Cell], jobs: int, scheduler: str | None) -> Iterator[Result]:
    if scheduler is None:
        return ordered_map(suite.measure, cells, jobs)
    from kolmo.cluster import cluster_map

    sent = [cell._replace(label=absolute(cell.label)) for cell in cells]
    return cluster_map(Elsewhere(suite, identity(suite)), sent, scheduler, group=_weight)


@dataclass(frozen=True)
class Elsewhere:
    """Measures cells on a worker, if what results depend on is the same there as here."""

    suite: Suite
    identity: dict[str, str | None]

    def __call__(self, cell: Cell) -> Result:
        """Return the result of a cell."""
        for name, version in _worker_identity(self.suite.name).items():
            if self.identity.get(name) != version:
                raise InputError(
                    f"worker with other versions: got {name} {version}; need "
                    f"{self.identity.get(name)}, as here"
                )
        return self.suite.measure(cell)


@cache
def _worker_identity(name: str) -> dict[str, str | None]:
    """Return the identity of a worker; what only its command line needs may differ."""
    found = identity(suites.get(name)())
    return {key: value for key, value in found.items() if key not in NO_MATTER}


def _weight(cell: Cell) -> tuple[str, str, int]:
    """Return what tells how long a cell takes."""
    return cell.label, cell.task, cell.n
