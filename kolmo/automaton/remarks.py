"""What to know when reading a curve: its verdict, and its cautions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kolmo.automaton.audit import Verdict, judge
from kolmo.automaton.mean import has_exact_mean
from kolmo.automaton.plan import Plan
from kolmo.automaton.sample import Sample
from kolmo.results import Caution

WITHDRAWN = (
    "the paper's headline was withdrawn by its author on 3 June 2014: the rise of the interacting "
    "automaton comes from border pixels"
)

AUDIT_IT = "Follow a run by the default protocol: its audit shows it."


def verdict_of(rows: Sequence[Sample]) -> Verdict | None:
    """Return the audit's verdict, or None if there was no audit or its sizes are no messages."""
    audits = [row.audit for row in rows if row.audit is not None]
    if not audits or audits[0].raw.kind != "certified":
        return None
    return judge(audits)


def cautions_of(
    plan: Plan, rows: Sequence[Sample], *, audit: bool, partly: bool = False
) -> tuple[Caution, ...]:
    """Return what is true of a run and changes how its rows should be read.

    Parameters
    ----------
    plan : Plan
        Of the run.
    rows : sequence of Sample
        What it measured.
    audit : bool
        Whether an audit was asked for.
    partly : bool
        Whether rows before a checkpoint are missing.
    """
    found = [*_of_protocol(plan), *_of_window(plan), *_of_audit(plan, rows, audit=audit)]
    peak = max(rows, key=lambda row: row.complexity.bits)
    rises = peak.complexity.bits > rows[0].complexity.bits
    if rises and peak is rows[-1] and not any(item[0] == "ends-before-peak" for item in found):
        found.append(
            ("peak-at-the-end", "the complexity is largest at the last sample", "Run longer.")
        )
    if partly:
        message = "rows between the start and the checkpoint are missing from peak and verdict"
        found.append(("resumed", message, "Give the rows that were kept as well."))
    return tuple(Caution(*item, file="") for item in found)


def _of_protocol(plan: Plan) -> Iterator[tuple[str, str, str]]:
    paper = plan.paper
    if paper is None:
        return
    last = plan.schedule.total
    if paper.peak_time is not None and last < paper.peak_time:
        message = (
            f"the run ends at {last:,} {paper.clock}, before the complexity peaks at about "
            f"{paper.peak_time:,.0f}"
        )
        yield "ends-before-peak", message, f"Try a time of {paper.ensemble_time}."
    if plan.origin != "half" or plan.rule.boundary != "walls":
        message = "published runs begin with cream in the upper half, between walls"
        yield "not-published", message, "Compare no figures with the paper's."
    if paper.rule == "interacting":
        yield "headline-withdrawn", WITHDRAWN, AUDIT_IT


def _of_window(plan: Plan) -> Iterator[tuple[str, str, str]]:
    grain = plan.graining.grain
    rows, columns = (side % grain for side in plan.grid.shape)
    if plan.graining.window == "block" and (rows or columns):
        message = f"{rows} rows and {columns} columns at the end fill no block of {grain}"
        yield "cropped", f"{message}: complexity leaves them out", "Try a grain that divides."


def _of_audit(plan: Plan, rows: Sequence[Sample], *, audit: bool) -> Iterator[tuple[str, str, str]]:
    if audit and not plan.audited:
        known = has_exact_mean(plan.rule.name)
        why = "clock of swaps" if known else f"rule {plan.rule.name}"
        advice = "Use the clock of picks or edge time." if known else "Read the text's row rule."
        yield "no-audit", f"no audit: the {why} has no exact mean", advice
    elif plan.audited and verdict_of(rows) is None:
        message = f"no verdict: sizes by {plan.measures[0]} are estimates, not messages"
        yield "no-verdict", message, "Put a measure such as zlib first."
