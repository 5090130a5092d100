"""Pictures of the suite deterministic: who sees that a short program made the bits."""

from collections.abc import Sequence
from typing import Any

from kolmo.bench.suite import Scores
from kolmo.bench.suites.deterministic import SequenceScore

from ..picture import Picture, escaped
from .looks import SMALL, Look, bend, handles, looks, plain_frame, set_title

THRESHOLD = 0.01
ROOM = 0.76  # of the height of a row, for its dots
LANE, LEAST_ROW, LEGEND = 0.09, 0.42, 0.5  # inches
TITLE = (
    "Sequences that a short program prints: whoever stands at 1 takes them for coin flips; upright "
    "bars are the bits of such a program (certified, Python given), divided by n"
)
BAND = "0.95"
PROGRAM = "black"


def draw_sequences(picture: Picture, scores: Scores) -> None:
    """Write a row of dots for each sequence, at its longest beginning."""
    from matplotlib.figure import Figure

    rows = longest(scores.rows)
    halves = [[row for row in rows if row.code], [row for row in rows if not row.code]]
    halves = [half for half in halves if half]
    tasks = list(dict.fromkeys(row.task for row in rows))
    lanes = max(len({row.estimator for row in half}) for half in halves)
    height = len(tasks) * max(LEAST_ROW, LANE * lanes)
    size = (2.0 + 5.2 * len(halves), 2.3 + height)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(halves), sharey=True, squeeze=False)[0]
    limits = _limits(rows)
    for axes, half in zip(panels, halves, strict=True):
        _draw_half(axes, half, tasks)
        _draw_legend(axes, looks(half, {}), LEGEND / height)
        bend(axes.set_xscale, axes.xaxis, limits, THRESHOLD)
        axes.set_xlim(limits)
    panels[0].set_yticks(range(len(tasks)), [_name(rows, task) for task in tasks])
    panels[0].set_ylim(len(tasks) - 0.5, -0.5)
    set_title(figure, TITLE)
    picture.save(figure)


def longest(rows: Sequence[SequenceScore]) -> list[SequenceScore]:
    """Return the rows of each sequence's longest beginning."""
    most: dict[str, int] = {}
    for row in rows:
        most[row.task] = max(row.n, most.get(row.task, 0))
    return [row for row in rows if row.n == most[row.task]]


def _name(rows: Sequence[SequenceScore], task: str) -> str:
    n = next(row.n for row in rows if row.task == task)
    return f"{escaped(task)}\nn = {n:,}"


def _limits(rows: Sequence[SequenceScore]) -> tuple[float, float]:
    values = [row.per_symbol for row in rows] + [row.program_bits / row.n for row in rows]
    low = min(values)
    return (0.0 if low >= 0 else 1.4 * low), max(1.0, *values) * 1.4


def _draw_half(axes: Any, rows: Sequence[SequenceScore], tasks: Sequence[str]) -> None:
    found = looks(rows, {})
    plain_frame(axes)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    for place in range(0, len(tasks), 2):
        axes.axhspan(place - 0.5, place + 0.5, color=BAND, linewidth=0, zorder=0)
    axes.axvline(1, color="black", linestyle="--", linewidth=0.9, zorder=1)
    for task_place, task in enumerate(tasks):
        mine = [row for row in rows if row.task == task]
        if mine:
            share = mine[0].program_bits / mine[0].n
            axes.vlines(share, task_place - 0.42, task_place + 0.42, color=PROGRAM, linewidth=2.2)
    for place, (label, look) in enumerate(found.items()):
        lane = ROOM * ((place + 0.5) / len(found) - 0.5)
        points = [
            (row.per_symbol, tasks.index(row.task) + lane) for row in rows if row.estimator == label
        ]
        _draw_dots(axes, points, look)
    is_code = rows[0].code
    said = " or ".join(sorted({row.kind for row in rows}))
    kinds = said if is_code else "estimates, which bound nothing"
    axes.set_title("Codes" if is_code else "Estimates", fontsize=9, loc="left")
    axes.set_xlabel(f"bits per symbol ({kinds})", fontsize=SMALL)


def _draw_dots(axes: Any, points: Sequence[tuple[float, float]], look: Look) -> None:
    axes.plot(
        [x for x, _ in points],
        [y for _, y in points],
        linestyle="none",
        color=look.color,
        marker=look.marker,
        markersize=look.size,
        markerfacecolor=look.fill,
        zorder=4 if look.named else 3,
        clip_on=False,
    )


def _draw_legend(axes: Any, found: dict[str, Look], below: float) -> None:
    axes.legend(
        handles=handles(found, joined=False),
        loc="upper left",
        bbox_to_anchor=(-0.02, -below),
        ncols=2,
        fontsize=SMALL,
        frameon=False,
    )
