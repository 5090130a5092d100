"""The work of ``kolmo bench``: a suite and estimators to scores, and to what is said of them."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import click

from kolmo.bench.estimators import own_path
from kolmo.bench.running import chosen_labels, identity, make_suite, results
from kolmo.bench.store import Store
from kolmo.bench.suite import Scores, Suite
from kolmo.versions import versions

from ..artefacts import check_apart, check_names, check_overwrites, open_picture
from ..checkpoints import named_options
from ..errors import FAILED, Stopped, say
from ..output import Output, note, stdout_apart
from ..progress import Bar
from . import bench_tables

SETTINGS = ("sizes", "seeds", "seed", "form", "folder", "rounds", "memory_limit")


class Request(NamedTuple):
    """The arguments of the command, as the user gave them."""

    suite: str
    folder: str | None
    estimator: tuple[str, ...]
    sizes: tuple[int, ...] | None
    seeds: int | None
    seed: int | None
    form: str | None
    rounds: int | None
    store: str | None
    scheduler: str | None
    timings: bool
    plot: bool
    plot_file: str | None
    jobs: int
    memory_limit: int

    def labels(self) -> list[str] | None:
        """Return the estimators that were named, or None."""
        named = [label.strip() for text in self.estimator for label in text.split(",")]
        return named or None

    def check_store(self, inputs: Iterable[str]) -> None:
        """Refuse a store that has no name, or is a picture or an input, too."""
        check_names([self.store])
        if self.store == "-":
            raise click.UsageError("a store is a file: got '-'; need a name")
        check_apart(None, self.plot_file, self.store)
        if self.store is not None:
            check_overwrites(self.store, inputs)

    def make_suite(self) -> Suite:
        """Return the suite with those settings that were named."""
        named = named_options()
        settings = {name: getattr(self, name) for name in SETTINGS if name in named}
        if self.folder is None:
            settings.pop("folder", None)
        return make_suite(self.suite, **settings)


def run(request: Request) -> int:
    """Do the work; return the exit code."""
    suite = request.make_suite()
    with stdout_apart():
        labels = chosen_labels(suite, request.labels())
    output = Output(f"bench {suite.name}", _parameters(suite, labels))
    output.seed = suite.parameters.get("seed")
    inputs = [*suite.inputs, *filter(None, map(own_path, labels))]
    request.check_store(inputs)
    picture = open_picture(request.plot_file, request.store, *inputs)
    with stdout_apart():
        found = _done(request, suite, labels, output)
    scores = suite.score(found)
    _report(scores, output, request)
    if picture is not None:
        from ..plots.bench import draw_picture

        draw_picture(picture, scores)
    return FAILED if scores.failures or scores.violators else 0


def _parameters(suite: Suite, labels: list[str]) -> dict[str, Any]:
    """Return what can change the result: settings, estimators, versions of libraries."""
    return {**suite.parameters, "estimators": labels, "versions": versions()}


def _done(request: Request, suite: Suite, labels: list[str], output: Output) -> list[Any]:
    """Return all cells with their results; what is kept when interrupted is said."""
    jobs = request.jobs if not suite.timed or "jobs" in named_options() else 1
    found: list[Any] = []
    with (
        Store(request.store, identity(suite)) as kept,
        Bar(silent=output.format == "json", unit="cells") as bar,
    ):
        try:
            for pair in results(
                suite, labels, kept, jobs=jobs, scheduler=request.scheduler, progress=bar
            ):
                found.append(pair)
        except Stopped:
            if request.store is not None:
                note(f"{len(kept)} cells are kept: the same command goes on from there")
            raise
    return found


def _report(scores: Scores, output: Output, request: Request) -> None:
    """Write rows, groups and advice; then what failed, and who miscounts."""
    output.warnings += [caution.to_dict() for caution in scores.cautions]
    output.groups = [group.to_dict() for group in scores.groups] or None
    output.advice = [one.text for one in scores.advice]
    if request.timings:
        output.timings = bench_tables.timings(scores)
    rows = [row.to_dict() for row in scores.rows]
    output.rows(rows, lambda: bench_tables.render(scores))
    if request.plot and rows:
        from ..plots.bench import draw_scores

        draw_scores(scores, to_stderr=output.format != "table")
    output.finish()
    for failure in scores.failures:
        say(f"{failure.estimator} on {failure.file}: {failure.message}")
    for label in scores.violators:
        say(_miscounts(scores, label))


def _miscounts(scores: Scores, label: str) -> str:
    verdicts = [scores.verdicts[label]]
    verdicts += [row.verdict for row in scores.rows if row.estimator == label and row.verdict]
    worst = max(verdicts, key=lambda one: one.evidence_bits)
    return (
        f"{label} miscounts: it is {-worst.worst_bits:,.1f} bits below -log2 P(x), and a code is t "
        f"bits below with probability 2^-t at most; by chance its regrets have probability "
        f"2^-{worst.evidence_bits:,.0f}. Count all that its decoder needs"
    )
