"""Pictures of the suite sources: regret of codes and bias of estimates against n, by source."""

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, log2
from typing import Any, NamedTuple

from kolmo.bench.scoring import SourceScore
from kolmo.bench.suite import Scores

from ..picture import Picture, escaped
from .looks import (
    SMALL,
    Look,
    bend,
    handles,
    looks,
    miscounting,
    plain_frame,
    set_title,
)

COLUMNS = 4
MOST_LENGTHS = 5
ROAD = "0.8"  # theory lies under its codes as a broad light band
CODES = (
    "Codes: regret, L(x) + log\u2082 P(x), of lengths L whose kind is in the legend, from the "
    "source's formula P"
)
ESTIMATES = (
    "Estimates, which bound nothing: bias, from n times the entropy rate, or where there is none "
    "from \u2212log\u2082 P(x)"
)
SPREAD = 0.3  # of the gap between two lengths: curves stand beside each other


class Half(NamedTuple):
    """What one half of the picture shows.

    Attributes
    ----------
    threshold : float
        Below it the axis is linear.
    slopes : dict of str to float
        Theory: bits for each doubling of n.
    """

    rows: list[SourceScore]
    title: str
    unit: str
    threshold: float
    looks: dict[str, Look]
    slopes: dict[str, float]

    def interval(self, row: SourceScore) -> tuple[float, float, float]:
        """Return mean, low and high in the unit of the axis."""
        scale = 1 if row.code else row.n
        mean, low, high = row.difference
        return (
            mean / scale,
            (mean if low is None else min(low, mean)) / scale,
            (mean if high is None else max(high, mean)) / scale,
        )


def draw_sources(picture: Picture, scores: Scores) -> None:
    """Write a panel for each source: of codes above, of estimates below."""
    from matplotlib.figure import Figure

    halves = _halves(scores)
    panels = max(len(_tasks(half)) for half in halves)
    lines = [ceil(len(_tasks(half)) / COLUMNS) for half in halves]
    size = (max(7.0, 3.3 * min(COLUMNS, panels)), sum(1.7 + 2.2 * count for count in lines))
    figure = Figure(figsize=size, layout="constrained")
    ratios = [1.7 + 2.2 * count for count in lines]
    parts = figure.subfigures(len(halves), 1, squeeze=False, height_ratios=ratios, hspace=0.02)
    for part, half in zip(parts[:, 0], halves, strict=True):
        _draw_half(part, half)
    picture.save(figure)


def _halves(scores: Scores) -> list[Half]:
    codes = [row for row in scores.rows if row.code]
    estimates = [row for row in scores.rows if not row.code]
    remarks = miscounting(scores.violators)
    slopes = {one.task: one.theory for one in scores.groups if one.theory is not None}
    regret, bias = "regret, bits", "bias, bits per symbol"
    halves = [
        Half(codes, _title(codes, is_code=True), regret, 1.0, looks(codes, remarks), slopes),
        Half(estimates, _title(estimates, is_code=False), bias, 0.001, looks(estimates, {}), {}),
    ]
    return [half for half in halves if half.rows]


def _title(rows: Sequence[SourceScore], *, is_code: bool) -> str:
    strings = max((row.strings for row in rows), default=0)
    what = CODES if is_code else ESTIMATES
    means = f"means of {strings} strings with bootstrap intervals of 95\u00a0%"
    return f"{what}; {means if strings > 1 else 'a single string of each length'}"


def _draw_half(part: Any, half: Half) -> None:
    tasks = _tasks(half)
    columns = min(COLUMNS, len(tasks))
    grid = part.subplots(
        ceil(len(tasks) / columns), columns, sharex=True, sharey=True, squeeze=False
    )
    limits = _limits(half)
    for number, axes in enumerate(grid.flat):
        if number >= len(tasks):
            axes.set_visible(False)
            continue
        _draw_panel(axes, half, tasks[number])
        bend(axes.set_yscale, axes.yaxis, limits, half.threshold)
        axes.set_ylim(limits)
        if number % columns == 0:
            axes.set_ylabel(half.unit, fontsize=SMALL)
        if number + columns >= len(tasks):
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("n, bits", fontsize=SMALL)
    set_title(part, half.title)
    _draw_legend(part, half)


def _draw_panel(axes: Any, half: Half, task: str) -> None:
    rows = [row for row in half.rows if row.task == task]
    lengths = sorted({row.n for row in half.rows})
    axes.set_xscale("log", base=2)
    plain_frame(axes)
    axes.set_title(_heading(half, task), fontsize=9, loc="left")
    if task in half.slopes:
        heights = [half.slopes[task] * log2(n) for n in lengths]
        axes.plot(lengths, heights, color=ROAD, linewidth=5, solid_capstyle="butt", zorder=1)
    if not rows[0].code:
        axes.axhline(0, color="black", linewidth=0.8, zorder=1)
    for place, (label, look) in enumerate(half.looks.items()):
        mine = [row for row in rows if row.estimator == label]
        _draw_curve(axes, half, mine, look, _aside(place, half, lengths))
    ticks = lengths[:: ceil(len(lengths) / MOST_LENGTHS)]
    axes.set_xticks(ticks, [f"{n:,}" for n in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(lengths[0] / 1.35, lengths[-1] * 1.35)


def _heading(half: Half, task: str) -> str:
    name = escaped(task)
    if task not in half.slopes:
        return name
    slope = half.slopes[task]
    return f"{name}: theory {slope:g} log\u2082 n" if slope else f"{name}: theory 0"


def _draw_curve(
    axes: Any, half: Half, rows: Sequence[SourceScore], look: Look, aside: float
) -> None:
    found = [half.interval(row) for row in rows]
    axes.errorbar(
        [row.n * aside for row in rows],
        [mean for mean, _, _ in found],
        yerr=[[mean - low for mean, low, _ in found], [high - mean for mean, _, high in found]],
        color=look.color,
        linestyle=look.dash,
        linewidth=look.width,
        elinewidth=0.9,
        capsize=2 if look.named else 0,
        marker=look.marker,
        markersize=look.size,
        markerfacecolor=look.fill,
        zorder=4 if look.named else 2,
    )


def _aside(place: int, half: Half, lengths: Sequence[int]) -> float:
    """Return by what a length is multiplied, so that intervals of equal curves are all seen."""
    if half.rows[0].code or not half.looks:
        return 1.0
    gap = min((log2(b / a) for a, b in pairwise(lengths)), default=1.0)
    room = SPREAD * min(gap, 1.0)
    return float(2 ** (room * (place / max(len(half.looks) - 1, 1) - 0.5)))


def _limits(half: Half) -> tuple[float, float]:
    lows = [half.interval(row)[1] for row in half.rows]
    highs = [half.interval(row)[2] for row in half.rows]
    theory = [half.slopes[row.task] * log2(row.n) for row in half.rows if row.task in half.slopes]
    top = max(*highs, *theory, half.threshold) * 1.6
    if min(lows) >= 0:
        return 0.0, top
    return min(*lows, -half.threshold) * 1.6, top


def _draw_legend(part: Any, half: Half) -> None:
    from matplotlib.lines import Line2D

    shown = handles(half.looks, joined=True)
    if half.slopes:
        words = "theory: parameters/2 \u00b7 log\u2082 n"
        shown.append(Line2D([], [], color=ROAD, linewidth=5, label=words))
    wide = min(len(_tasks(half)), COLUMNS)
    part.legend(
        handles=shown,
        loc="outside lower left",
        ncols=max(2, wide),
        fontsize=SMALL,
        frameon=False,
        handlelength=3.5,
    )


def _tasks(half: Half) -> list[str]:
    return list(dict.fromkeys(row.task for row in half.rows))
