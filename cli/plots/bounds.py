"""Pictures of bounds: bars in the terminal; bars or dots in a file."""

import os
from collections.abc import Sequence
from typing import Any

from kolmo.results import Bounds, Estimate

from ..output import ascii_only, plus_minus, terminal_width
from ..text import visible
from .picture import MARKERS, PALETTE, Picture, bar, escaped, show

MOST_FILES = 100


def draw_bars(bounds: Bounds, *, to_stderr: bool) -> None:
    """Draw one bar per estimator; where standard output holds data, on stderr."""
    labels = [f"{visible(row.estimator)} ({row.kind})" for row in bounds.rows]
    numbers = [_number(row) for row in bounds.rows]
    side, end = max(map(len, labels)), max(map(len, numbers))
    room = max(5, terminal_width() - side - end - 3)
    most = max(1.0, *(row.bits for row in bounds.rows))
    plain = ascii_only()
    lines = [
        f"{label:<{side}} {bar(row.bits / most * room, room, plain=plain)} {number:>{end}}"
        for label, number, row in zip(labels, numbers, bounds.rows, strict=True)
    ]
    show([*lines, ""], to_stderr=to_stderr)


def _number(row: Estimate) -> str:
    error = "" if row.error_bits is None else f" {plus_minus()} {row.error_bits:,.0f}"
    return f"{row.bits:,.0f}{error} bits"


def draw_picture(picture: Picture, reports: Sequence[Bounds]) -> None:
    """Write bars for one input, or a row of dots for each of several."""
    if not reports:
        return
    from matplotlib.figure import Figure

    shown = list(reports[:MOST_FILES])
    lines = len(shown[0].rows) if len(shown) == 1 else len(shown)
    figure = Figure(figsize=(8, 1.4 + 0.34 * lines), layout="constrained")
    axes = figure.add_subplot()
    if len(shown) == 1:
        _draw_one(axes, shown[0])
    else:
        _draw_many(axes, shown)
    axes.spines[["top", "right"]].set_visible(False)
    picture.save(figure)


def _draw_one(axes: Any, bounds: Bounds) -> None:
    rows = bounds.rows[::-1]
    hatches = ["//" if row.kind == "estimate" else "" for row in rows]
    bars = axes.barh(
        [f"{row.estimator}\n{row.kind}" for row in rows],
        [row.bits for row in rows],
        xerr=[row.error_bits or 0 for row in rows],
        color=[PALETTE[4] if row is bounds.best else PALETTE[0] for row in rows],
        hatch=hatches,
        edgecolor="white",
    )
    axes.bar_label(bars, [f" {row.bits:,.0f}" for row in rows], fontsize=8)
    axes.margins(x=0.15)
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel("bits" + _remark("hatched", wanted=any(hatches)))
    axes.set_title(escaped(bounds.headline().split(":")[0]), fontsize=9, loc="left")


def _draw_many(axes: Any, reports: list[Bounds]) -> None:
    kinds = _kinds(reports)
    if len(kinds) > 1:
        kinds.pop("stored", None)  # always 8 bits per byte: it would squeeze the others together
    seen = {True: 0, False: 0}
    for name, said in kinds.items():
        is_estimate = said == {"estimate"}
        index = seen[is_estimate]
        seen[is_estimate] += 1
        points = [
            (row.bits_per_byte, len(reports) - 1 - line)
            for line, bounds in enumerate(reports)
            if (row := _row(bounds, name)) is not None and row.bits_per_byte is not None
        ]
        axes.plot(
            [x for x, _ in points],
            [y for _, y in points],
            linestyle="none",
            marker=MARKERS[index % len(MARKERS)],
            color=PALETTE[index % len(PALETTE)],
            fillstyle="none" if is_estimate else "full",
            label=escaped(f"{name} ({' or '.join(sorted(said))})"),
            alpha=0.8,
        )
    axes.set_yticks(range(len(reports)), _names(reports[::-1]))
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("bits per byte" + _remark("hollow", wanted=seen[True] > 0))
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _kinds(reports: list[Bounds]) -> dict[str, set[str]]:
    """Return what kinds of numbers each estimator gave."""
    kinds: dict[str, set[str]] = {}
    for bounds in reports:
        for row in bounds.rows:
            kinds.setdefault(row.estimator, set()).add(row.kind)
    return kinds


def _remark(look: str, *, wanted: bool) -> str:
    return f" ({look}: estimates, which bound nothing)" if wanted else ""


def _names(reports: list[Bounds]) -> list[str]:
    """Return the files' names, without the folder if all of them share it."""
    shared = len({os.path.dirname(bounds.file) for bounds in reports}) == 1
    names = [os.path.basename(bounds.file) if shared else bounds.file for bounds in reports]
    return [escaped(name[-40:]) for name in names]


def _row(bounds: Bounds, name: str) -> Estimate | None:
    return next((row for row in bounds.rows if row.estimator == name), None)
