"""Labels beside dots that cover no dot, no line and no other label."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import Any, NamedTuple

from .looks import SMALL

RADII = (0, 6, 12, 20, 30, 42, 56, 72, 90, 110, 135, 165, 200)  # pixels between a dot and its label
DIRECTIONS = 16
DOT = 6.0
GAP = 3.0
STEP = 6.0  # pixels between the boxes that stand for a line
LEADER = 6  # a label farther away than this is tied to its dot
LINE_COLOR = "0.5"


class Label(NamedTuple):
    """A text, and its dot in the units of the axes."""

    x: float
    y: float
    text: str


class Panel(NamedTuple):
    """Axes, what to write in them, and a line that no label may cover."""

    axes: Any
    labels: Sequence[Label]
    line: Sequence[tuple[float, float]]


class Box(NamedTuple):
    """A rectangle of the picture, in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Return whether two boxes share a point."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def holds(self, other: "Box") -> bool:
        """Return whether the other box is inside."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.bottom <= other.bottom and other.top <= self.top


def place_labels(figure: Any, panels: Sequence[Panel]) -> None:
    """Write labels near their dots, the first ones nearest; where none is free, on the right."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # labels must not move what they stand beside
    for panel in panels:
        _place(panel, renderer)


def _place(panel: Panel, renderer: Any) -> None:
    axes = panel.axes
    inside = Box(*axes.get_window_extent(renderer).extents)
    dots = [axes.transData.transform((label.x, label.y)).tolist() for label in panel.labels]
    taken = [_around(x, y, DOT) for x, y in dots]
    taken += _boxes_along([axes.transData.transform(point).tolist() for point in panel.line])
    for label, dot in zip(panel.labels, dots, strict=True):
        text = axes.annotate(
            label.text,
            (label.x, label.y),
            xytext=(0, 0),
            textcoords="figure fraction",
            fontsize=SMALL,
            ha="left",
            va="bottom",
            zorder=5,
        )
        extent = text.get_window_extent(renderer)
        radius, box = _free_place(dot, (extent.width, extent.height), taken, inside)
        taken.append(box)
        text.set_position(_fraction(axes.figure, box.left, box.bottom))
        if radius > LEADER:
            _tie(axes, label, box)


def _free_place(
    dot: Sequence[float], size: tuple[float, float], taken: Sequence[Box], inside: Box
) -> tuple[float, Box]:
    places = list(_places(dot, size))
    for radius, box in places:
        if inside.holds(box) and not any(box.meets(other) for other in taken):
            return radius, box
    return places[0]


def _places(dot: Sequence[float], size: tuple[float, float]) -> Iterator[tuple[float, Box]]:
    """Yield where a label of a size can stand: ever farther away, the right-hand side first."""
    width, height = size
    for radius in RADII:
        for number in range(DIRECTIONS):
            turn = (number + 1) // 2 * (-1) ** number * 2 * pi / DIRECTIONS
            x = dot[0] + cos(turn) * (DOT + GAP + radius + width / 2)
            y = dot[1] + sin(turn) * (DOT + GAP + radius + height / 2)
            half = (width / 2, height / 2)
            yield radius, Box(x - half[0], y - half[1], x + half[0], y + half[1])


def _tie(axes: Any, label: Label, box: Box) -> None:
    """Draw a thin line from a dot to the nearest point of its label."""
    x, y = axes.transData.transform((label.x, label.y))
    end = (min(max(x, box.left), box.right), min(max(y, box.bottom), box.top))
    axes.annotate(
        "",
        (label.x, label.y),
        xytext=_fraction(axes.figure, *end),
        textcoords="figure fraction",
        arrowprops={"arrowstyle": "-", "color": LINE_COLOR, "linewidth": 0.6, "shrinkB": 4},
        zorder=1,
    )


def _fraction(figure: Any, x: float, y: float) -> tuple[float, float]:
    """Return a place that does not depend on how many pixels the file will have."""
    return x / figure.bbox.width, y / figure.bbox.height


def _around(x: float, y: float, half: float) -> Box:
    return Box(x - half, y - half, x + half, y + half)


def _boxes_along(points: Sequence[Sequence[float]]) -> list[Box]:
    """Return small boxes that cover a line."""
    found = []
    for (x0, y0), (x1, y1) in pairwise(points):
        steps = int(hypot(x1 - x0, y1 - y0) / STEP) + 1
        found += [
            _around(x0 + (x1 - x0) * k / steps, y0 + (y1 - y0) * k / steps, 1.5)
            for k in range(steps + 1)
        ]
    return found
