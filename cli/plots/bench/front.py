"""Pictures of the suites of files: bits against speed, and whom no other code beats in both."""

from collections.abc import Sequence
from typing import Any

from kolmo.bench.files import Total
from kolmo.bench.harness import machine
from kolmo.bench.suite import Scores

from ..picture import PALETTE, Picture, escaped
from .labels import Label, Panel, place_labels
from .looks import SMALL, count, plain_frame, set_title, short

STORED = "stored"  # always 8 bits per byte: it would squeeze the others together
FRONT, BEHIND = PALETTE[0], PALETTE[4]
Point = tuple[float, float, Total]


def drawable(scores: Scores) -> list[Total]:
    """Return the codes that have bits per byte and a speed, without those that only store."""
    found = [
        one
        for one in scores.groups
        if isinstance(one, Total) and one.per_byte is not None and one.write_speed
    ]
    others = [one for one in found if one.estimator != STORED]
    return others if len(others) > 1 else found


def per_byte(one: Total) -> float:
    """Return bits per byte of a code that is drawn."""
    return one.per_byte or 0.0


def left_out(scores: Scores) -> str:
    """Return what is not drawn, in words that follow others."""
    shown = [one.estimator for one in drawable(scores)]
    gone = any(one.estimator == STORED for one in scores.groups) and STORED not in shown
    return "; left out: stored, 8 bits per byte" if gone else ""


def kinds(totals: Sequence[Total]) -> str:
    """Return the kinds of all bits that are drawn."""
    return " or ".join(sorted({kind for one in totals for kind in one.kind.split("/")}))


def title(scores: Scores) -> str:
    """Return what was measured, on what machine."""
    totals = drawable(scores)
    files, size = totals[0].files, totals[0].input_bytes
    return (
        f"Bits and speed of codes: {files} file{'s' if files > 1 else ''}, {size:,} bytes, "
        f"on {machine()['cpu']}{left_out(scores)}"
    )


def draw_front(picture: Picture, scores: Scores) -> None:
    """Write bits per byte against the speed of writing, and of reading."""
    from matplotlib.figure import Figure

    totals = drawable(scores)
    figure = Figure(figsize=(11, 5.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    writing = [(per_byte(one), one.write_speed or 0.0, one) for one in totals]
    reading = [(per_byte(one), one.read_speed, one) for one in totals if one.read_speed]
    _draw_panel(left, writing, "Writing; filled and joined: none is both shorter and faster")
    _draw_panel(right, reading, "Reading; filled: those on the front of writing")
    front = sorted((x, y) for x, y, one in writing if one.on_front)
    left.plot([x for x, _ in front], [y for _, y in front], color=FRONT, linewidth=1.2, zorder=2)
    for axes in (left, right):
        axes.set_xlabel(f"bits per byte of input ({kinds(totals)})", fontsize=SMALL)
        axes.set_ylabel("megabytes of input a second of CPU time", fontsize=SMALL)
    set_title(figure, title(scores))
    panels = [Panel(left, _labels(writing), front), Panel(right, _labels(reading), [])]
    place_labels(figure, panels)
    picture.save(figure)


def _draw_panel(axes: Any, points: Sequence[Point], heading: str) -> None:
    plain_frame(axes)
    axes.set_yscale("log")
    for is_on_front in (False, True):
        mine = [(x, y) for x, y, one in points if one.on_front is is_on_front]
        axes.plot(
            [x for x, _ in mine],
            [y for _, y in mine],
            linestyle="none",
            marker="o",
            markersize=6,
            color=FRONT if is_on_front else BEHIND,
            markerfacecolor=FRONT if is_on_front else "white",
            zorder=3,
        )
    axes.margins(x=0.12, y=0.1)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_formatter(lambda value, _: count(value))
    axes.yaxis.set_minor_formatter(lambda value, _: count(value) if high < 10 * low else "")
    axes.set_title(heading, fontsize=9, loc="left")


def _labels(points: Sequence[Point]) -> list[Label]:
    """Return what stands beside the dots, those on the front first: they get the best places."""
    order = sorted(points, key=lambda point: not point[2].on_front)
    return [Label(x, y, escaped(short(one.estimator))) for x, y, one in order]
