"""Pictures of columns: the data with the chosen model, and code length against complexity."""

import textwrap
from collections.abc import Sequence
from typing import Any

from kolmo.errors import InputError
from kolmo.mdl.selection import Candidate, ColumnChoice
from kolmo.mdl.sketch import Sketch

from ..output import ascii_only, note, terminal_width
from ..text import visible
from .canvas import scatter
from .picture import MARKERS, PALETTE, Picture, bar, escaped, show

MOST_COLUMNS = 12
HEIGHT, SCATTER_HEIGHT = 8, 12
MOST_PROFILE = 16
TOO_LARGE = "numbers beyond 1e300 are not drawn"


def draw_column(choice: ColumnChoice, *, to_stderr: bool) -> None:
    """Draw one column in the terminal; where standard output holds data, on stderr."""
    assert choice.sketch is not None
    lines = [*_data_lines(choice, choice.sketch), "", *_profile_lines(choice)]
    show([part for line in lines for part in _fitting(line)], to_stderr=to_stderr)


def _fitting(line: str) -> list[str]:
    """Return a line, in several if it is words too wide for the terminal."""
    width = terminal_width()
    return [line] if len(line) <= width else textwrap.wrap(line, width)


def _data_lines(choice: ColumnChoice, sketch: Sketch) -> list[str]:
    if sketch.labels:
        return _label_lines(sketch)
    if sketch.points:
        return _point_lines(choice, sketch)
    return _histogram_lines(choice, sketch) if sketch.counts else [TOO_LARGE]


def _point_lines(choice: ColumnChoice, sketch: Sketch) -> list[str]:
    plain = ascii_only()
    lines = scatter(sketch.points, width=terminal_width(), height=SCATTER_HEIGHT, plain=plain)
    mark, best = "o" if plain else "•", choice.best
    assert best is not None
    words = f"{choice.column} over {sketch.axis}; {mark} expected by {best.words}"
    return [*lines, visible(words)]


def _label_lines(sketch: Sketch) -> list[str]:
    labels = [visible(label)[:24] for label in sketch.labels]
    side, end = max(map(len, labels)), max(len(f"{count:,}") for count in sketch.counts)
    room = max(5, terminal_width() - side - end - 3)
    most, plain = max(sketch.counts), ascii_only()
    return [
        f"{label:<{side}} {bar(count / most * room, room, plain=plain)} {count:>{end},}"
        for label, count in zip(labels, sketch.counts, strict=True)
    ]


def _histogram_lines(choice: ColumnChoice, sketch: Sketch) -> list[str]:
    """Return upright bars, the model's expectation as dots."""
    plain = ascii_only()
    expected = sketch.expected or ()
    most = max([*sketch.counts, *expected, 1])
    wide = max(1, (terminal_width() - 10) // max(1, len(sketch.counts)))
    repeat = min(wide, 3)
    lines = []
    for level in range(HEIGHT, 0, -1):
        cells = [
            _cell(count / most * HEIGHT, mark / most * HEIGHT, level, plain=plain)
            for count, mark in zip(
                sketch.counts, expected or [-1] * len(sketch.counts), strict=True
            )
        ]
        label = f"{most:>8,.0f}" if level == HEIGHT else " " * 8
        lines.append(f"{label} " + "".join(cell * repeat for cell in cells))
    first, last = f"{sketch.edges[0]:g}", f"{sketch.edges[-1]:g}"
    width = repeat * len(sketch.counts)
    lines.append(" " * 9 + first + last.rjust(max(len(last) + 1, width - len(first))))
    best = choice.best
    if expected and best is not None:
        lines.append(f"{'':9}{'o' if plain else '•'} rows expected by {best.words}")
    return lines


def _cell(height: float, mark: float, level: int, *, plain: bool) -> str:
    """Return one character: the dot of the model, or as much of the bar as is on this level."""
    if mark >= 0 and level - 1 <= mark < level:
        return "o" if plain else "•"
    filled = height - (level - 1)
    if filled <= 0:
        return " "
    if plain:
        return "#" if filled >= 0.5 else "."
    return " ▁▂▃▄▅▆▇█"[max(1, min(8, round(8 * filled)))]


def _profile_lines(choice: ColumnChoice) -> list[str]:
    """Return how the code length depends on the complexity, for each family that has one."""
    lines: list[str] = []
    for family, members in profiles(choice).items():
        name = members[0].complexity_name
        least = min(member.total_bits for member in members)
        near = sorted(members, key=lambda member: member.total_bits)[:MOST_PROFILE]
        shown = [member for member in members if member in near]
        lines.append(f"{family}: code lengths in bits above its shortest ({least:,.1f}) by {name}")
        lines += _bars(shown, least)
    return lines


def _bars(members: Sequence[Candidate], least: float) -> list[str]:
    most = max(member.total_bits - least for member in members) or 1.0
    room, plain = max(5, min(40, terminal_width() - 24)), ascii_only()
    return [
        f"{member.complexity:>6} "
        f"{bar((member.total_bits - least) / most * room, room, plain=plain)} "
        f"{member.total_bits - least:>10,.1f}"
        for member in members
    ]


def profiles(choice: ColumnChoice) -> dict[str, list[Candidate]]:
    """Return the members of each family with two or more, by complexity."""
    found: dict[str, list[Candidate]] = {}
    for candidate in choice.profile:
        if candidate.complexity is not None:
            found.setdefault(candidate.family, []).append(candidate)
    return {
        family: sorted(members, key=lambda member: member.complexity or 0)
        for family, members in found.items()
        if len(members) > 1
    }


def draw_picture(picture: Picture, choices: Sequence[ColumnChoice]) -> None:
    """Write a row of two panels for each column: data with model, length against complexity."""
    shown = [choice for choice in choices if choice.sketch is not None]
    if not shown:
        raise InputError("nothing to draw: got no column with a value; need one.")
    from matplotlib.figure import Figure

    if len(shown) > MOST_COLUMNS:
        note(f"the picture shows the first {MOST_COLUMNS} of {len(shown)} columns. Try --column.")
        shown = shown[:MOST_COLUMNS]
    figure = Figure(figsize=(10, 3.2 * len(shown)), layout="constrained")
    grid = figure.subplots(len(shown), 2, squeeze=False)
    for (left, right), choice in zip(grid, shown, strict=True):
        assert choice.sketch is not None
        _draw_data(left, choice, choice.sketch)
        _draw_lengths(right, choice)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
            axes.tick_params(labelsize=8)
    picture.save(figure)


def _draw_data(axes: Any, choice: ColumnChoice, sketch: Sketch) -> None:
    best = choice.best
    assert best is not None
    if sketch.labels:
        _draw_labels(axes, sketch)
    elif sketch.points:
        _draw_points(axes, choice, sketch)
    elif not sketch.counts:
        axes.text(0.5, 0.5, TOO_LARGE, ha="center", fontsize=9, transform=axes.transAxes)
    elif sketch.trace:
        _draw_trace(axes, choice, sketch)
    else:
        _draw_histogram(axes, sketch, best)
    axes.set_title(_title(choice), fontsize=9, loc="left")


def _title(choice: ColumnChoice) -> str:
    best = choice.best
    assert best is not None
    decided = "" if choice.verdict.conclusive else "inconclusive: "
    words = f"{decided}{best.words}, {best.length}"
    return escaped(f"{choice.column[:40]}: {words}")


def _draw_labels(axes: Any, sketch: Sketch) -> None:
    names = [escaped(label[:24]) for label in sketch.labels]
    axes.barh(range(len(names)), sketch.counts[::1], color=PALETTE[0])
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("rows", fontsize=8)


def _draw_histogram(axes: Any, sketch: Sketch, best: Candidate) -> None:
    axes.stairs(sketch.counts, sketch.edges, fill=True, color=PALETTE[5], label="rows")
    if sketch.expected is not None:
        axes.stairs(
            sketch.expected,
            sketch.edges,
            color=PALETTE[1],
            linewidth=1.6,
            label=f"expected by {escaped(best.words)}",
        )
    axes.set_ylim(bottom=0)
    axes.set_xlabel("value", fontsize=8)
    axes.set_ylabel("rows", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def _draw_points(axes: Any, choice: ColumnChoice, sketch: Sketch) -> None:
    places, heights, means = zip(*sketch.points, strict=True)
    style = {"linestyle": "none", "marker": ".", "markersize": 4}
    axes.plot(places, heights, color=PALETTE[0], label=escaped(choice.column[:40]), **style)
    best = choice.best
    assert best is not None
    axes.plot(
        places, means, color=PALETTE[1], linewidth=1.6, label=f"expected by {escaped(best.words)}"
    )
    axes.set_xlabel(escaped(sketch.axis[:40]), fontsize=8)
    axes.set_ylabel("value", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def _draw_trace(axes: Any, choice: ColumnChoice, sketch: Sketch) -> None:
    rows = [row for row, _ in sketch.trace]
    axes.plot(
        rows,
        [value for _, value in sketch.trace],
        linestyle="none",
        marker=".",
        markersize=4,
        color=PALETTE[0],
        label=escaped(choice.column[:40]),
    )
    for number, (start, stop, location, scale) in enumerate(sketch.levels):
        axes.plot(
            [start - 0.5, stop - 0.5],
            [location, location],
            color=PALETTE[1],
            label="location of each segment, +- scale" if number == 0 else None,
        )
        axes.fill_between(
            [start - 0.5, stop - 0.5],
            location - scale,
            location + scale,
            color=PALETTE[1],
            alpha=0.2,
            linewidth=0,
        )
    axes.set_xlabel("row, from 0", fontsize=8)
    axes.set_ylabel("value", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def _draw_lengths(axes: Any, choice: ColumnChoice) -> None:
    """Draw code length against complexity, or a bar for each candidate if none has one."""
    found = profiles(choice)
    if not found:
        _draw_candidates(axes, choice)
        return
    best = choice.best
    assert best is not None
    for index, (family, members) in enumerate(found.items()):
        axes.plot(
            [member.complexity for member in members],
            [member.total_bits for member in members],
            marker=MARKERS[index % len(MARKERS)],
            markersize=4,
            color=PALETTE[index % len(PALETTE)],
            label=escaped(f"{family} ({members[0].complexity_name})"),
        )
    axes.axhline(
        best.total_bits, color=PALETTE[4], linewidth=0.8, linestyle=":", label=escaped(best.words)
    )
    axes.set_ylim(*_window(choice, found))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("complexity", fontsize=8)
    axes.set_ylabel("code length, bits", fontsize=8)
    axes.legend(fontsize=8, frameon=False)


def _window(choice: ColumnChoice, found: dict[str, list[Candidate]]) -> tuple[float, float]:
    """Return limits that show the minima: a far candidate would squeeze them together."""
    best = choice.best
    assert best is not None
    least = [min(member.total_bits for member in members) for members in found.values()]
    top = max(least)
    lengths = sorted(member.total_bits for members in found.values() for member in members)
    half = lengths[len(lengths) // 2] - best.total_bits
    spread = max(top - best.total_bits, 0.02 * best.total_bits, 8.0)
    above = max(top - best.total_bits + 0.6 * spread, 1.1 * half)
    return best.total_bits - 0.1 * above, best.total_bits + above


def _draw_candidates(axes: Any, choice: ColumnChoice) -> None:
    rows = choice.candidates[::-1]
    bars = axes.barh(
        [escaped(row.words) for row in rows], [row.total_bits for row in rows], color=PALETTE[0]
    )
    axes.bar_label(bars, [f" {row.total_bits:,.0f}" for row in rows], fontsize=8)
    axes.margins(x=0.15)
    axes.set_xlabel("code length, bits", fontsize=8)
