"""Bits per weight along a network: bars in the terminal, steps in a picture."""

from collections.abc import Sequence
from typing import Any

from kolmo.weights.report import WeightReport

from ..output import ascii_only, terminal_width
from ..reports.weights_rows import Line
from ..text import visible
from .picture import PALETTE, Picture, bar, escaped, show

MOST_NAMES = 60
LEAST_BAR = 8
DASHES = ("-", "--")


def draw_lines(report: WeightReport, lines: Sequence[Line], *, to_stderr: bool) -> None:
    """Draw bars for the best coder of each sort; where standard output holds data, on stderr."""
    coders = _best(report)
    rows = [row for line in lines for row in _bars(line, coders)]
    most = max((value for _, _, value in rows), default=0.0) or 1.0
    end = max((len(f"{value:.2f} {coder}") for _, coder, value in rows), default=0)
    side = min(
        max((len(name) for name, _, _ in rows), default=0),
        max(LEAST_BAR, terminal_width() - end - LEAST_BAR - 3),
    )
    room = max(5, terminal_width() - side - end - 3)
    plain = ascii_only()
    drawn = [
        f"{name[-side:] if side else '':<{side}} {bar(value / most * room, room, plain=plain)} "
        f"{f'{value:.2f} {coder}':<{end}}".rstrip()
        for name, coder, value in rows
    ]
    show([*drawn, "bits per weight along the network"], to_stderr=to_stderr)


def draw_picture(picture: Picture, report: WeightReport, lines: Sequence[Line]) -> None:
    """Write a step for each line, in the order of the file: best coders, and plain bits."""
    from matplotlib.figure import Figure

    named = len(lines) <= MOST_NAMES
    width = min(16.0, max(6.0, 2.5 + 0.22 * len(lines)))
    figure = Figure(figsize=(width, 5.2 if named else 4.2), layout="constrained")
    axes = figure.add_subplot()
    edges = [place - 0.5 for place in range(len(lines) + 1)]
    plain = [line.raw_bits / line.weights if line.weights else None for line in lines]
    _draw(axes, edges, plain, color=PALETTE[7], linestyle=":", label="as they are")
    for number, coder in enumerate(_best(report)):
        values = [_rate(line, coder) for line in lines]
        kind = next(total.kind for total in report.totals if total.coder == coder)
        label = escaped(f"{coder} ({kind})")
        _draw(axes, edges, values, color=PALETTE[number], linestyle=DASHES[number], label=label)
    axes.set_ylim(bottom=0)
    axes.set_xlim(-0.5, max(len(lines), 1) - 0.5)
    axes.set_ylabel("bits per weight", fontsize=8)
    axes.set_title(escaped(report.file[-60:]), fontsize=9, loc="left")
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    if named:
        names = [escaped(line.name[-32:]) for line in lines]
        axes.set_xticks(range(len(lines)), names, rotation=90, fontsize=7)
    else:
        axes.set_xlabel("tensors in the order of the file", fontsize=8)
    axes.legend(fontsize=8, frameon=False)
    picture.save(figure)


def _best(report: WeightReport) -> list[str]:
    """Return the best coder that loses nothing, and the best of the others."""
    found = [
        next((total.coder for total in report.totals if total.exact is exact), None)
        for exact in (True, False)
    ]
    return [coder for coder in found if coder is not None]


def _bars(line: Line, coders: Sequence[str]) -> list[tuple[str, str, float]]:
    """Return name, coder and value of each bar of a line; the name stands at the first."""
    values = [(coder, rate) for coder in coders if (rate := _rate(line, coder)) is not None]
    name = visible(line.name)
    return [(name if k == 0 else "", coder, rate) for k, (coder, rate) in enumerate(values)]


def _rate(line: Line, coder: str) -> float | None:
    return next((row.bits_per_weight for row in line.lengths if row.coder == coder), None)


def _draw(axes: Any, edges: Sequence[float], values: Sequence[float | None], **look: Any) -> None:
    """Draw steps with gaps where there is no value."""
    gaps = [float("nan") if value is None else value for value in values]
    axes.stairs(gaps, edges, baseline=None, linewidth=1.4, **look)
