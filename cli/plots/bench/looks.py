"""How estimators look in all pictures of scores: who has a colour of its own, marker and dash."""

from collections.abc import Sequence
from math import floor, log10
from textwrap import wrap
from typing import Any, NamedTuple

from ..picture import MARKERS, PALETTE, escaped

NAMED = 7  # curves in one panel that an eye still tells apart
DASHES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (6, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)))
OTHERS = PALETTE[7]
SHOWN_OTHERS = 4
LONGEST_LABEL, LONGEST_LINE = 30, 44
GRID = "0.88"
SMALL = 8
TITLE = 10
PER_INCH = 13  # letters of a title that surely fit


class Look(NamedTuple):
    """How an estimator is drawn; those that are not among the best are all thin and grey.

    Attributes
    ----------
    name : str
        Label and kind, safe to draw.
    hollow : bool
        Whether it is an estimate, which bounds nothing.
    """

    name: str
    color: str
    marker: str
    dash: Any
    named: bool
    hollow: bool

    @property
    def fill(self) -> str:
        """Colour inside the marker."""
        return "white" if self.hollow else self.color

    @property
    def size(self) -> float:
        """Size of the marker, in points."""
        return 4.8 if self.named else 2.5

    @property
    def width(self) -> float:
        """Width of the line, in points."""
        return 1.3 if self.named else 0.8


def ranked(rows: Sequence[Any]) -> list[str]:
    """Return labels, first who is best most often, then by the mean place.

    Rows are those of codes or those of estimates; within each task and length the best is first.
    """
    places: dict[str, list[int]] = {}
    seen: dict[tuple[str, int], int] = {}
    for row in rows:
        place = seen.get((row.task, row.n), 0)
        seen[row.task, row.n] = place + 1
        places.setdefault(row.estimator, []).append(place)
    return sorted(
        places, key=lambda one: (-places[one].count(0), sum(places[one]) / len(places[one]), one)
    )


def looks(rows: Sequence[Any], remarks: dict[str, str]) -> dict[str, Look]:
    """Return how each estimator is drawn, the best first; a remark stands beside its name."""
    order, kinds = ranked(rows), kinds_of(rows)
    hollow = {row.estimator: not row.code for row in rows}
    room = NAMED if len(order) > NAMED + 1 else len(order)
    found = {}
    for place, label in enumerate(order):
        named = place < room
        found[label] = Look(
            name=escaped(f"{short(label)} ({kinds[label]}){remarks.get(label, '')}"),
            color=PALETTE[place % len(PALETTE)] if named else OTHERS,
            marker=MARKERS[place % len(MARKERS)] if named else "o",
            dash=DASHES[place % len(DASHES)] if named else "-",
            named=named,
            hollow=hollow[label],
        )
    return found


def kinds_of(rows: Sequence[Any]) -> dict[str, str]:
    """Return what kinds of bits each estimator gave, such as ``certified/codelength``."""
    kinds: dict[str, set[str]] = {}
    for row in rows:
        kinds.setdefault(row.estimator, set()).update(row.kind.split("/"))
    return {label: "/".join(sorted(found)) for label, found in kinds.items()}


def miscounting(labels: Sequence[str]) -> dict[str, str]:
    """Return the remark on those that break the law of all codes."""
    return dict.fromkeys(labels, ", miscounts")


def short(label: str, longest: int = LONGEST_LABEL) -> str:
    """Return a label that fits, both ends kept.

    Examples
    --------
    >>> short("a/long/folder/mine.py:MyEstimator", 21)
    'a/long/fo...Estimator'
    """
    if len(label) <= longest:
        return label
    end = (longest - 3) // 2
    return f"{label[: longest - 3 - end]}...{label[len(label) - end :]}"


def grey_names(found: dict[str, Look]) -> str:
    """Return who is drawn in grey, or an empty text."""
    names = [short(label) for label, look in found.items() if not look.named]
    more = len(names) - SHOWN_OTHERS
    text = ", ".join(names[:SHOWN_OTHERS]) + (f" and {more} more" if more > 0 else "")
    lines = wrap(f"others: {text}", LONGEST_LINE, break_on_hyphens=False) if names else []
    return "\n".join(map(escaped, lines))


def handles(found: dict[str, Look], *, joined: bool) -> list[Any]:
    """Return what a legend shows of curves or of single dots, all grey ones as one."""
    from matplotlib.lines import Line2D

    entries = [(look, look.name) for look in found.values() if look.named]
    greys = [look for look in found.values() if not look.named]
    entries += [(look, grey_names(found)) for look in greys[:1]]
    return [
        Line2D(
            [],
            [],
            color=look.color,
            linestyle=look.dash if joined else "none",
            linewidth=look.width,
            marker=look.marker,
            markersize=look.size,
            markerfacecolor=look.fill,
            label=name,
        )
        for look, name in entries
    ]


def count(value: float) -> str:
    """Return a number on an axis.

    Examples
    --------
    >>> count(10000.0), count(0.01), count(0.0)
    ('10,000', '0.01', '0')
    """
    return f"{value:,.0f}" if abs(value) >= 1 else f"{value:g}"


def bent_ticks(low: float, high: float, threshold: float) -> list[float]:
    """Return 0 and powers of ten in a range, none of them below the threshold.

    Examples
    --------
    >>> bent_ticks(-20, 300, 1)
    [-10, -1, 0, 1, 10, 100]
    """

    def powers(limit: float) -> list[float]:
        least = round(log10(threshold))
        last = floor(log10(limit)) if limit >= threshold else least - 1
        return [10**k if k >= 0 else float(f"1e{k}") for k in range(least, last + 1)]

    zero = [0] if low <= 0 <= high else []
    ticks = [*(-tick for tick in reversed(powers(-low))), *zero, *powers(high)]
    return [tick for tick in ticks if low <= tick <= high]


def bend(scale: Any, axis: Any, limits: tuple[float, float], threshold: float) -> None:
    """Make an axis logarithmic beyond the threshold on either side of 0, with plain numbers."""
    scale("symlog", linthresh=threshold, linscale=0.5)
    ticks = bent_ticks(*limits, threshold)
    axis.set_ticks(ticks, [count(tick) for tick in ticks])
    axis.set_ticks([], minor=True)


def plain_frame(axes: Any) -> None:
    """Leave out what is no data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", labelsize=SMALL)
    axes.grid(visible=True, color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def set_title(part: Any, text: str) -> None:
    """Write the title of a figure, or of a part as wide as it, in as many lines as it takes."""
    width = int(PER_INCH * part.bbox.width / part.dpi)
    lines = "\n".join(wrap(escaped(text), width, break_on_hyphens=False))
    part.suptitle(lines, fontsize=TITLE, x=0.01, ha="left")
