"""A run of the automaton in the terminal: grids above, curves below."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from kolmo.automaton.curve import Curve
from kolmo.automaton.sample import Sample

from ..output import ascii_only, terminal_width
from .canvas import Series, beside, curves, legend, thumbnail
from .picture import show

GAP = 2
SMALLEST, LARGEST = 8, 24  # characters that a grid is wide
ENTROPY_HEIGHT, COMPLEXITY_HEIGHT = 5, 10


class Snapshot(NamedTuple):
    """A grid to be drawn.

    Attributes
    ----------
    row : Sample
        What was measured then.
    grid, buckets : uint8[rows, columns]
        The grid, and its averages in buckets.
    """

    row: Sample
    grid: Any
    buckets: Any


def draw_run(curve: Curve, snapshots: Sequence[Snapshot], *, to_stderr: bool) -> None:
    """Draw snapshots and curves; where standard output holds data, on stderr."""
    width, plain = terminal_width(), ascii_only()
    entropy, complexities = series_of(curve)
    end = f"t = {share(curve, curve.rows[-1]):.3g} n^2"
    kind, measure = curve.peak.complexity.kind, curve.peak.complexity.measure
    lines = [
        *_snapshots(curve, snapshots, width, plain=plain),
        *_wrapped(f"entropy, bits ({kind}, {measure})", width),
        *curves([entropy], width=width, height=ENTROPY_HEIGHT, plain=plain, right=end),
        *_wrapped(f"complexity, bits ({kind}, {measure})", width),
        *curves(complexities, width=width, height=COMPLEXITY_HEIGHT, plain=plain, right=end),
        *_wrapped(legend(complexities), width),
        "",
    ]
    show(lines, to_stderr=to_stderr)


def series_of(curve: Curve) -> tuple[Series, list[Series]]:
    """Return the curves of a run over t / n^2: its entropy, and all kinds of complexity."""
    times = [share(curve, row) for row in curve.rows]

    def made(letter: str, name: str, sizes: Sequence[Any]) -> Series:
        points = [
            (time, float(size.bits))
            for time, size in zip(times, sizes, strict=True)
            if size is not None
        ]
        return Series(letter, name, points)

    entropy = made("e", "entropy", [row.entropy for row in curve.rows])
    rule = curve.parameters["graining"]["row_rule"]
    settled = "as measured" if rule == "none" else f"by the row rule '{rule}'"
    found = [made("m", settled, [row.complexity for row in curve.rows])]
    audits = [row.audit for row in curve.rows if row.audit is not None]
    if len(audits) == len(curve.rows):
        if rule != "text":
            found.append(made("t", "by the text's row rule", [one.text for one in audits]))
        found.append(made("c", "corrected to the exact mean", [one.corrected for one in audits]))
        if any(one.control for one in audits):
            found.append(made("i", "independent cells, corrected", [one.control for one in audits]))
    return entropy, found


def share(curve: Curve, row: Sample) -> float:
    """Return edge time in squares of the longer side."""
    side: int = max(curve.parameters["shape"])
    return row.edge_time / side**2


def _snapshots(
    curve: Curve, snapshots: Sequence[Snapshot], width: int, *, plain: bool
) -> list[str]:
    most = max((width + GAP) // (SMALLEST + GAP), 1)
    shown = list(snapshots)
    if len(shown) > most:  # evenly, the first and the last among them
        places = {round(k * (len(shown) - 1) / max(most - 1, 1)) for k in range(most)}
        shown = [shown[place] for place in sorted(places)]
    if not shown:
        return []
    wide = min((width + GAP) // len(shown) - GAP, LARGEST)
    rows, columns = curve.parameters["shape"]
    high = min(max(round(wide / 2 * rows / columns), 1), 2 * wide)
    blocks = [
        [
            f"{share(curve, one.row):.2g}n^2"[:wide].ljust(wide),
            *thumbnail(one.grid, width=wide, height=high, plain=plain),
        ]
        for one in shown
    ]
    return [*beside(blocks, GAP), ""]


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)
