"""The front of bits and speed in the terminal: a letter for each code."""

from collections.abc import Sequence
from math import ceil, floor, log10
from string import ascii_lowercase
from textwrap import wrap

from kolmo.bench.files import Total
from kolmo.bench.suite import Scores

from ...output import ascii_only, terminal_width
from ...text import visible
from .front import drawable, kinds, per_byte, title
from .letters import coloured, legend_lines, letters_for
from .looks import count, short

HEIGHT = 12
SIDE = 9

Point = tuple[float, float, str]


def front_lines(scores: Scores) -> list[str]:
    """Return bits per byte against speeds; capitals are on the front, the shortest first."""
    totals, width = drawable(scores), terminal_width()
    letters = _letters(totals)
    owner = {letters[one.estimator]: 0 for one in totals if one.on_front}
    lines = wrap(visible(title(scores)), width)
    for way, speeds in (
        ("writing", [one.write_speed for one in totals]),
        ("reading", [one.read_speed for one in totals]),
    ):
        points = [
            (per_byte(one), log10(speed), letters[one.estimator])
            for one, speed in zip(totals, speeds, strict=True)
            if speed
        ]
        if points:
            heading = f"{way}: megabytes a second of CPU time (log) against bits per byte"
            lines += [*wrap(f"{heading} ({kinds(totals)})", width), *_scatter(points, width, owner)]
    names = [(letters[one.estimator], short(one.estimator)) for one in totals]
    about = "capitals: no code is both shorter and faster at writing"
    return [*lines, *legend_lines(names, width), *wrap(about, width), ""]


def _letters(totals: Sequence[Total]) -> dict[str, str]:
    """Return small letters, capitals for those on the front."""
    small = letters_for([one.estimator for one in totals], ascii_lowercase)
    return {
        one.estimator: small[one.estimator].upper() if one.on_front else small[one.estimator]
        for one in totals
    }


def _scatter(points: Sequence[Point], width: int, owner: dict[str, int]) -> list[str]:
    room = max(width - SIDE - 1, 8)
    low, high = min(x for x, _, _ in points), max(x for x, _, _ in points)
    bottom = floor(min(y for _, y, _ in points))
    top = max(ceil(max(y for _, y, _ in points)), bottom + 1)
    row_of = {power: _row(power, bottom, top) for power in range(bottom, top + 1)}
    dot = "." if ascii_only() else "\u00b7"
    cells = [
        [dot if row in row_of.values() and column % 4 == 0 else " " for column in range(room)]
        for row in range(HEIGHT)
    ]
    taken: set[tuple[int, int]] = set()
    for x, y, letter in points:
        column = round((x - low) / ((high - low) or 1.0) * (room - 1))
        row, column = _free(_row(y, bottom, top), column, room, taken)
        taken.add((row, column))
        cells[row][column] = letter
    labels = {row: count(10.0**power) for power, row in row_of.items()}
    lines = [
        f"{labels.get(row, ''):>{SIDE - 1}} {coloured(line, owner)}".rstrip()
        for row, line in enumerate(cells)
    ]
    first, last = f"{low:.2f}", f"{high:.2f}"
    return [*lines, f"{'':{SIDE}}{first}{last:>{max(room - len(first), len(last) + 1)}}"]


def _row(power: float, bottom: int, top: int) -> int:
    return round((top - power) / (top - bottom) * (HEIGHT - 1))


def _free(row: int, column: int, room: int, taken: set[tuple[int, int]]) -> tuple[int, int]:
    """Return the nearest place in a row that no letter has, or this place if all have one."""
    places = sorted(range(room), key=lambda other: (abs(other - column), other))
    return row, next((place for place in places if (row, place) not in taken), column)
