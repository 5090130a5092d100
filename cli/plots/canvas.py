"""Curves, shades and small pictures made of characters."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..output import has_color

SHADES, PLAIN_SHADES = " ░▒▓█", " .:+#"
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille cell, by row
BRAILLE = 0x2800
COLOURS = (33, 166, 36, 175)  # of 256, near the palette of pictures
LABEL_WIDTH = 10


class Series:
    """One curve: its letter, its name, and its points."""

    def __init__(self, letter: str, name: str, points: Sequence[tuple[float, float]]) -> None:
        self.letter, self.name, self.points = letter, name, points


def curves(
    series: Sequence[Series], *, width: int, height: int, plain: bool, right: str = ""
) -> list[str]:
    """Return the lines of a diagram: braille dots, or letters where there is only ASCII.

    Every curve has its letter at its end, in the margin; where there is colour, one of its own.
    """
    most = max((y for one in series for _, y in one.points), default=0.0) or 1.0
    ends = [""] * height
    for one in series:
        if one.points:
            place = min(int(one.points[-1][1] / most * height), height - 1)
            ends[height - 1 - place] += one.letter
    room = max(width - LABEL_WIDTH - 1 - max(map(len, ends)), 8)
    last = max((x for one in series for x, _ in one.points), default=0.0) or 1.0
    cells = [[" "] * room for _ in range(height)]
    owner = [[-1] * room for _ in range(height)]
    dots = [[0] * room for _ in range(height)]
    for number, one in enumerate(series):
        for x, y in _path(one.points, 2 * room, 4 * height, last, most):
            row, column = y // 4, x // 2
            owner[row][column] = number
            dots[row][column] |= DOTS[y % 4][x % 2]
            cells[row][column] = one.letter if plain else chr(BRAILLE + dots[row][column])
    lines = []
    for row in range(height):
        label = f"{most:,.0f}" if row == 0 else "0" if row == height - 1 else ""
        text = _coloured(cells[row], owner[row])
        lines.append(f"{label:>{LABEL_WIDTH - 1}} {text} {ends[row]}".rstrip())
    if len(right) < room:
        return [*lines, f"{'':{LABEL_WIDTH}}0{right:>{room - 1}}"]
    return [*lines, f"{'':{LABEL_WIDTH}}0", f"{right:>{LABEL_WIDTH + room}}"]


def scatter(
    points: Sequence[tuple[float, float, float]], *, width: int, height: int, plain: bool
) -> list[str]:
    """Return the lines of a diagram of (x, y, expected y): dots, and what is expected over them."""
    room = max(width - LABEL_WIDTH - 1, 8)
    xs = [x for x, _, _ in points]
    ys = [y for _, *pair in points for y in pair]
    (left, right), (low, high) = (min(xs), max(xs)), (min(ys), max(ys))
    dots = [[0] * room for _ in range(height)]

    def place(x: float, y: float) -> tuple[int, int]:
        across = (x - left) / ((right - left) or 1.0) * (2 * room - 1)
        return round((high - y) / ((high - low) or 1.0) * (4 * height - 1)), round(across)

    for x, y, _ in points:
        row, column = place(x, y)
        dots[row // 4][column // 2] |= DOTS[row % 4][column % 2]
    cells = [
        [(" " if not dot else "." if plain else chr(BRAILLE + dot)) for dot in line]
        for line in dots
    ]
    for x, _, y in points:
        row, column = place(x, y)
        cells[row // 4][column // 2] = "o" if plain else "•"
    labels = {0: f"{high:.4g}", height - 1: f"{low:.4g}"}
    lines = [
        f"{labels.get(row, ''):>{LABEL_WIDTH - 1}} {''.join(line)}".rstrip()
        for row, line in enumerate(cells)
    ]
    first, last = f"{left:.4g}", f"{right:.4g}"
    return [*lines, f"{'':{LABEL_WIDTH}}{first}{last:>{max(room - len(first), len(last) + 1)}}"]


def legend(series: Sequence[Series]) -> str:
    """Return what the letters mean."""
    return ", ".join(f"{one.letter}: {one.name}" for one in series)


def thumbnail(grid: Any, *, width: int, height: int, plain: bool) -> list[str]:
    """Return a grid as shades of its averages; the largest average, at least 1, is the fullest."""
    shades = PLAIN_SHADES if plain else SHADES
    means = _averages(np.asarray(grid, float), height, width)
    levels = np.rint(means / max(1.0, float(means.max())) * (len(shades) - 1)).astype(int)
    return ["".join(shades[level] for level in row) for row in levels]


def beside(blocks: Sequence[Sequence[str]], gap: int = 2) -> list[str]:
    """Return blocks of lines side by side; all lines of a block are equally long."""
    return [(" " * gap).join(parts) for parts in zip(*blocks, strict=True)]


def _averages(grid: Any, rows: int, columns: int) -> Any:
    """Return averages over nearly equal rectangles."""
    table = np.zeros((grid.shape[0] + 1, grid.shape[1] + 1))
    table[1:, 1:] = grid.cumsum(axis=0).cumsum(axis=1)
    down, across = _cuts(grid.shape[0], rows), _cuts(grid.shape[1], columns)
    sums = table[down[1]] - table[down[0]]
    sums = sums[:, across[1]] - sums[:, across[0]]
    return sums / np.multiply.outer(down[1] - down[0], across[1] - across[0])


def _cuts(size: int, parts: int) -> tuple[Any, Any]:
    starts = np.arange(parts) * size // parts
    stops = np.maximum((np.arange(parts) + 1) * size // parts, starts + 1)
    return starts, stops


def _path(
    points: Sequence[tuple[float, float]], width: int, height: int, last: float, most: float
) -> list[tuple[int, int]]:
    """Return the dots of a curve, neighbouring points joined by lines."""
    places = [
        (round(x / last * (width - 1)), round((1 - max(y, 0) / most) * (height - 1)))
        for x, y in points
    ]
    found = places[:1]
    for (x0, y0), (x1, y1) in pairwise(places):
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        found += [
            (x0 + round((x1 - x0) * k / steps), y0 + round((y1 - y0) * k / steps))
            for k in range(1, steps + 1)
        ]
    return found


def _coloured(cells: list[str], owner: list[int]) -> str:
    if not has_color():
        return "".join(cells)
    text, current = "", -1
    for cell, number in zip(cells, owner, strict=True):
        if number != current and cell != " ":
            text += f"\x1b[38;5;{COLOURS[number % len(COLOURS)]}m"
            current = number
        text += cell
    return text + ("\x1b[0m" if current >= 0 else "")
