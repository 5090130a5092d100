"""A whole run: entropy and complexity over time, with the audit's verdict on what it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kolmo.automaton.audit import Verdict
from kolmo.automaton.coarse import Graining, Grid
from kolmo.automaton.plan import Keep, Plan, make_plan
from kolmo.automaton.remarks import cautions_of, verdict_of
from kolmo.automaton.sample import Sample
from kolmo.automaton.schedule import Time
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import ParameterError
from kolmo.progress import SILENT, Progress
from kolmo.results import Caution

SHOWN_ROWS = 24


@dataclass(frozen=True, eq=False)
class Curve:
    """What a run measured, over its time.

    Attributes
    ----------
    rows : tuple of Sample
        In the order of time, the first at t = 0.
    parameters : dict
        What the rows depend on, beside the seed; JSON-safe.
    seed : int
        The one that was given, or chosen.
    conserved : dict of str to int
        Quantities that were compared with the start at every sample, and are the same.
    verdict : Verdict or None
        Of the audit, if there was one by a measure that makes messages.
    cautions : tuple of Caution
        What to know when reading the rows.
    """

    rows: tuple[Sample, ...]
    parameters: dict[str, Any]
    seed: int
    conserved: dict[str, int]
    verdict: Verdict | None
    cautions: tuple[Caution, ...]

    @property
    def peak(self) -> Sample:
        """The row of the largest complexity by the first measure; the first of equal ones."""
        return max(self.rows, key=lambda row: row.complexity.bits)

    @property
    def length(self) -> str:
        """How long the run was, in words: in all its clocks, and beside its size."""
        last, side = self.rows[-1], max(self.parameters["shape"])
        swaps = "" if last.swaps is None else f", {last.swaps:,} swaps"
        return (
            f"t = {last.edge_time / side**2:.4g} n^2 in edge time (n = {side}): "
            f"{last.picks:,} {self.parameters['event']}s{swaps}"
        )

    def headline(self) -> str:
        """Return the peak in words, with its kind."""
        peak = self.peak
        return (
            f"complexity is largest at {peak.edge_time:,.6g} of {self.rows[-1].edge_time:,.6g} "
            f"units of edge time: {peak.complexity.bits:,.0f} bits ({peak.complexity.kind}, "
            f"{peak.complexity.measure}), {self.rows[0].complexity.bits:,.0f} at the start and "
            f"{self.rows[-1].complexity.bits:,.0f} at the end"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the record, rows and all, as a dictionary that is JSON-safe."""
        return {
            "parameters": self.parameters,
            "seed": self.seed,
            "length": self.length,
            "rows": [row.to_dict() for row in self.rows],
            "peak": self.peak.to_dict(),
            "conserved": self.conserved,
            "verdict": self.verdict and self.verdict.to_dict(),
            "warnings": [caution.to_dict() for caution in self.cautions],
        }

    def _repr_html_(self) -> str:
        from html import escape

        step = -(-len(self.rows) // SHOWN_ROWS)
        head = "<tr><th>edge time</th><th>entropy, bits</th><th>complexity, bits</th></tr>"
        body = "".join(
            f"<tr><td>{row.edge_time:,.6g}</td><td>{row.entropy.bits:,.0f}</td>"
            f"<td>{row.complexity.bits:,.0f}</td></tr>"
            for row in self.rows[::step]
        )
        verdict = [self.verdict.sentence] if self.verdict else []
        words = [self.headline(), *verdict, *(caution.message for caution in self.cautions)]
        return f"<table>{head}{body}</table>" + "".join(f"<p>{escape(word)}</p>" for word in words)


def run(
    rule: str = "interacting",
    size: int = 256,
    *,
    initial: str | Grid = "half",
    boundary: str = "walls",
    engine: str = "auto",
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
    time: Time | None = None,
    clock: str = "edge_time",
    samples: int = 60,
    spacing: str = "linear",
    also: Sequence[Time] = (),
    graining: Graining | Mapping[str, Any] | None = None,
    measures: str | Sequence[str] | None = None,
    protocol: str = "default",
    audit: bool = True,
    two_part: bool = False,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress = SILENT,
    resume: bytes | None = None,
    earlier: Sequence[Sample] = (),
    keep: Keep | None = None,
) -> Curve:
    """Return entropy and apparent complexity in bits over the time of one run.

    Parameters
    ----------
    rule : str
        A registered rule, with settings as in ``stirred:amplitude=9``.
    size : int
        Side of the grid, 3 or more; not used where ``initial`` is a grid.
    initial : str or uint8[rows, columns]
        As for `kolmo.automaton.initial.initial`, or the grid itself, such as a picture by
        `kolmo.automaton.image.from_image`.
    boundary, engine : str
        As for `kolmo.automaton.rule.Rule`.
    settings : mapping, optional
        Parameters that only this rule has, such as ``{"amplitude": 9}``.
    seed : int, optional
        0 or more; chosen, and stated in the result, if None.
    time, clock, samples, spacing, also
        As for `kolmo.automaton.schedule.schedule`. By default until the grid has mixed.
    graining : Graining or mapping, optional
        Of the complexity; a mapping changes fields of the default: 7 buckets of the paper's grain;
        the text's row rule for rules without exact mean, whose border noise no audit removes, and
        no row rule for the others.
    measures : str or sequence of str, optional
        Labels of estimators; the first counts for the peak and the audit. ``zlib`` by default.
    protocol : str
        ``paper``: length, clock and samples, buckets and measure as published; ``time`` in that
        clock, ``also``, ``graining`` and ``measures`` may still be given.
    audit : bool
        Correct to the exact mean, where the rule has one and the clock is not swaps.
    two_part : bool
        Add two-part codes of every grid.
    memory_limit : int
        The most bytes that the run may take.
    progress : Progress
        Told of picks, or of swaps where these are the clock.
    resume : bytes, optional
        A checkpoint of the same run, by `kolmo.automaton.checkpoint.dump`; it needs the seed.
    earlier : sequence of Sample
        Rows of the run up to the checkpoint, if the result is to hold them.
    keep : callable, optional
        Called with each row and its state as soon as it is measured, to store, draw or checkpoint.
        An interrupted run leaves what was kept; the state is to be read only.

    Raises
    ------
    ParameterError
        If a name or number is wrong, or no swap is possible and they are the clock.
    MemoryLimitError
        If the grid would be too large.
    InputError, CorruptFileError
        If the checkpoint is of another run, or damaged.

    Notes
    -----
    Rows depend on their time and the seed alone: not on which others are sampled, and not on
    whether the run was resumed. The number of picks is fixed, hence the audit's mean is exact at
    every sample. The published headline was withdrawn; see `kolmo.automaton.audit`.

    References
    ----------
    S. Aaronson, S. M. Carroll, L. Ouellette (2014). arXiv:1405.6903. Sections 4 and 5.

    Examples
    --------
    >>> found = run(size=16, seed=1, samples=4)
    >>> [row.picks for row in found.rows], found.conserved
    ([0, 11796, 23593, 35389, 47186], {'cream': 128})
    >>> found.length[:32]
    't = 0.36 n^2 in edge time (n = 1'
    """
    if resume is not None and seed is None:
        raise ParameterError("no seed: a checkpoint does not hold it; need that of the run.")
    plan = make_plan(
        rule,
        size,
        initial=initial,
        seed=seed,
        boundary=boundary,
        engine=engine,
        settings=settings,
        time=time,
        clock=clock,
        samples=samples,
        spacing=spacing,
        also=also,
        graining=graining,
        measures=measures,
        protocol=protocol,
        audit=audit,
        two_part=two_part,
        memory_limit=memory_limit,
    )
    rows = tuple(plan.rows(resume, earlier, progress=progress, keep=keep))
    return conclude(plan, rows, audit=audit, partly=resume is not None and not earlier)


def conclude(
    plan: Plan, rows: tuple[Sample, ...], *, audit: bool = True, partly: bool = False
) -> Curve:
    """Return the curve of what a run has measured, with its verdict and cautions.

    Parameters
    ----------
    plan : Plan
        Of the run.
    rows : tuple of Sample
        One at least; a run that was interrupted has fewer than it was to have.
    audit : bool
        Whether an audit was asked for.
    partly : bool
        Whether rows before a checkpoint are missing.
    """
    cautions = cautions_of(plan, rows, audit=audit, partly=partly)
    begun = plan.start()
    conserved = {name: int(getattr(begun, name)) for name in plan.rule.conserves}
    return Curve(rows, plan.parameters, plan.seed, conserved, verdict_of(rows), cautions)
