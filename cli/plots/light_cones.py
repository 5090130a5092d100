"""What the past of a cell tells about its future, over the time of a run."""

from collections.abc import Sequence

from kolmo.automaton.lightcone import LightCone
from kolmo.automaton.plan import Clocks

from ..output import ascii_only, terminal_width
from .canvas import Series, curves
from .picture import PALETTE, Picture, show

HEIGHT = 10
TITLE = "I(past; future) of a cell, bits (estimates)"
Cones = Sequence[tuple[Clocks, LightCone]]


def draw_cones(found: Cones, side: int, *, to_stderr: bool) -> None:
    """Draw the curve in the terminal, in thousandths of a bit; on stderr beside data."""
    points = [(x, 1000 * y) for x, y in _points(found, side)]
    end = f"t = {points[-1][0]:.3g} n^2"
    lines = curves(
        [Series("i", TITLE, points)],
        width=terminal_width(),
        height=HEIGHT,
        plain=ascii_only(),
        right=end,
    )
    show([f"{TITLE}, in thousandths", *lines, ""], to_stderr=to_stderr)


def draw_picture(picture: Picture, found: Cones, side: int) -> None:
    """Write the curve."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    points = _points(found, side)
    axes.plot(
        [x for x, _ in points], [y for _, y in points], color=PALETTE[0], marker="o", markersize=3
    )
    axes.axhline(0, color=PALETTE[4], linewidth=0.5)
    axes.set_title(TITLE, fontsize=9, loc="left")
    axes.set_xlabel("edge time / n^2", fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    picture.save(figure)


def _points(found: Cones, side: int) -> list[tuple[float, float]]:
    return [(clocks.edge_time / side**2, each.estimate_bits) for clocks, each in found]
