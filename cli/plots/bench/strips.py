"""Scores in the terminal: a letter for each estimator, on one axis for all tasks."""

from collections.abc import Sequence
from math import copysign, log2, log10
from textwrap import wrap
from typing import Any, NamedTuple

from kolmo.bench.scoring import SourceScore
from kolmo.bench.suite import Scores

from ...output import ascii_only, terminal_width
from ...text import visible
from ..canvas import COLOURS
from .letters import coloured, legend_lines, letters_for
from .looks import bent_ticks, count, kinds_of, ranked, short
from .sequences import longest

LONGEST_NAME = 14
MOST_LANES = 3
MARK, MORE = "|", "+"


class Axis(NamedTuple):
    """A range that is logarithmic beyond the threshold on either side of 0."""

    low: float
    high: float
    threshold: float

    def place(self, value: float) -> float:
        """Return where a value stands, from 0 to 1."""
        low, high = _bent(self.low, self.threshold), _bent(self.high, self.threshold)
        return (_bent(value, self.threshold) - low) / (high - low)


class Strip(NamedTuple):
    """One task: letters with their values, and what theory or a program says."""

    name: str
    points: list[tuple[str, float]]
    mark: float | None


def source_lines(scores: Scores) -> list[str]:
    """Return the regret of codes and the bias of estimates at the largest length of each source."""
    rows = longest(scores.rows)
    codes = [row for row in rows if row.code]
    estimates = [row for row in rows if not row.code]
    slopes = {one.task: one.theory for one in scores.groups if one.theory is not None}
    marks = {row.task: slopes[row.task] * log2(row.n) for row in codes if row.task in slopes}
    miscount = f"; {', '.join(map(visible, scores.violators))} miscounts" * bool(scores.violators)
    return [
        *_block(
            f"Codes at {_lengths(codes)}: regret L(x) + log2 P(x), bits, mean of "
            f"{_strings(codes)}{_said(marks, 'parameters/2 log2 n')}{miscount}",
            codes,
            marks,
            threshold=1.0,
        ),
        *_block(
            f"Estimates at {_lengths(estimates)}, which bound nothing: bias, bits per symbol, "
            f"mean of {_strings(estimates)}",
            estimates,
            {},
            threshold=0.001,
        ),
    ]


def sequence_lines(scores: Scores) -> list[str]:
    """Return bits per symbol of the longest beginning of each sequence."""
    rows = longest(scores.rows)
    marks = {row.task: row.program_bits / row.n for row in rows}
    said = _said(marks, "a program that prints it (certified, Python given)")
    found = []
    for is_code, who in ((True, "Codes"), (False, "Estimates, which bound nothing,")):
        mine = [row for row in rows if row.code is is_code]
        title = f"{who} at {_lengths(mine)}: bits per symbol; 1 for coin flips{said}"
        found += _block(title, mine, marks, threshold=0.01)
    return found


def _block(
    title: str, rows: Sequence[Any], marks: dict[str, float], *, threshold: float
) -> list[str]:
    """Return a title, the strips of all tasks under their axis, and the legend."""
    if not rows:
        return []
    width = terminal_width()
    order = ranked(rows)
    letters, kinds = letters_for(order), kinds_of(rows)
    tasks = dict.fromkeys(row.task for row in rows)
    strips = [
        Strip(
            visible(task)[:LONGEST_NAME],
            [(letters[row.estimator], _value(row)) for row in rows if row.task == task],
            marks.get(task),
        )
        for task in tasks
    ]
    owner = {letters[label]: place for place, label in enumerate(order[: len(COLOURS)])}
    legend = [(letters[label], f"{short(label)} ({kinds[label]})") for label in order]
    drawn = _strips(strips, _axis(strips, threshold), width, owner)
    if any(MORE in line for line in drawn):
        legend.append((MORE, "others, no better than those above"))
    return [*wrap(title, width), *drawn, *legend_lines(legend, width), ""]


def _value(row: Any) -> float:
    if not isinstance(row, SourceScore):
        return float(row.per_symbol)
    return row.difference.mean if row.code else row.difference.mean / row.n


def _axis(strips: Sequence[Strip], threshold: float) -> Axis:
    values = [value for strip in strips for _, value in strip.points]
    values += [strip.mark for strip in strips if strip.mark is not None]
    return Axis(min(0.0, *values), max(threshold, *values), threshold)


def _strips(strips: Sequence[Strip], axis: Axis, width: int, owner: dict[str, int]) -> list[str]:
    side = max(len(strip.name) for strip in strips)
    room = max(width - side - 2, 8)
    ticks = {
        round(axis.place(tick) * (room - 1)): count(tick)
        for tick in bent_ticks(axis.low, axis.high, axis.threshold)
    }
    lines = [f"{'':{side}} {_ruler(ticks, room)}".rstrip()]
    for strip in strips:
        lanes = _lanes(strip, axis, room, ticks)
        names = [strip.name, *[""] * (len(lanes) - 1)]
        lines += [
            f"{name:<{side}} {coloured(lane, owner)}".rstrip()
            for name, lane in zip(names, lanes, strict=True)
        ]
    return lines


def _lanes(strip: Strip, axis: Axis, room: int, ticks: dict[int, str]) -> list[list[str]]:
    """Return as many lines as letters at the same place need; the best are on top."""
    columns: dict[int, list[str]] = {}
    points = strip.points if strip.mark is None else [(MARK, strip.mark), *strip.points]
    for letter, value in points:
        columns.setdefault(round(axis.place(value) * (room - 1)), []).append(letter)
    dot = "." if ascii_only() else "\u00b7"
    ground = [dot if place in ticks else " " for place in range(room)]
    lanes = [list(ground) for _ in range(min(MOST_LANES, max(map(len, columns.values()))))]
    for place, letters in columns.items():
        if len(letters) > MOST_LANES:
            letters = [*letters[: MOST_LANES - 1], MORE]
        for lane, letter in zip(lanes, letters, strict=False):
            lane[place] = letter
    return lanes


def _ruler(ticks: dict[int, str], room: int) -> str:
    """Return the numbers of the axis; one that would touch its neighbour is left out."""
    line, free = [" "] * room, 0
    for place, text in ticks.items():
        start = min(max(place - len(text) // 2, 0), room - len(text))
        if start >= free:
            line[start : start + len(text)] = text
            free = start + len(text) + 1
    return "".join(line)


def _bent(value: float, threshold: float) -> float:
    """Return a value on a scale that is linear up to the threshold and logarithmic beyond it."""
    size = abs(value) / threshold
    bent = size / 2 if size <= 1 else 0.5 + log10(size)
    return copysign(bent, value)


def _lengths(rows: Sequence[Any]) -> str:
    lengths = sorted({row.n for row in rows})
    if not lengths:
        return ""
    first, last = f"{lengths[0]:,}", f"{lengths[-1]:,}"
    return f"n = {last} bits" if first == last else f"n = {first} to {last} bits"


def _strings(rows: Sequence[Any]) -> str:
    strings = max((row.strings for row in rows), default=0)
    return f"{strings} string{'s' if strings != 1 else ''}"


def _said(marks: dict[str, float], what: str) -> str:
    return f"; {MARK} is {what}" if marks else ""
