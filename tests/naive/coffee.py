"""Slow, obvious twins of the coffee automaton and its measures, written from the papers.

Aaronson, Carroll, Ouellette (2014), arXiv:1405.6903, sections 3, 4 and 6; Shalizi, Shalizi,
Haslinger (2004), doi:10.1103/PhysRevLett.93.118701.
"""

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

Cells = list[list[Fraction]]


def swap_edges(grid: np.ndarray, slots: np.ndarray) -> int:
    """Exchange the two ends of each picked edge; return how many exchanges changed the grid.

    Slot 2 c is cell c and the one below, 2 c + 1 the one to its right; over a wall nothing happens.
    """
    rows, columns = grid.shape
    swaps = 0
    for slot in slots:
        i, j = (slot >> 1) // columns, (slot >> 1) % columns
        k, m = (i, j + 1) if slot & 1 else (i + 1, j)
        if k < rows and m < columns and grid[i, j] != grid[k, m]:
            grid[i, j], grid[k, m] = grid[k, m], grid[i, j]
            swaps += 1
    return swaps


def stroke(grid: np.ndarray, amplitude: float, phase: float, axis: int) -> np.ndarray:
    """Shift row i (axis 1) or column i (axis 0) by round(A sin(2 pi i / n + phase)), around."""
    lines = grid if axis == 1 else grid.T
    size = len(lines)
    shifts = [round(amplitude * math.sin(2 * math.pi * i / size + phase)) for i in range(size)]
    moved = np.array([np.roll(line, shift) for line, shift in zip(lines, shifts, strict=True)])
    return moved if axis == 1 else moved.T


def walk(grid: np.ndarray, directions: Sequence[int]) -> np.ndarray:
    """Move every particle one step in its direction, from 0 to 3; walls hold it where it is."""
    rows, columns = grid.shape
    found = np.zeros_like(grid)
    particle = 0
    for i in range(rows):
        for j in range(columns):
            for _ in range(grid[i, j]):
                down, right = [(-1, 0), (1, 0), (0, -1), (0, 1)][directions[particle]]
                k, m = i + down, j + right
                found[min(max(k, 0), rows - 1), min(max(m, 0), columns - 1)] += 1
                particle += 1
    return found


def mean_after_picks(grid: np.ndarray, picks: int, *, torus: bool) -> Cells:
    """Return the exact mean of each cell: each pick exchanges any of 2 n slots, or none."""
    rows, columns = grid.shape
    mean = [[Fraction(int(cell)) for cell in row] for row in grid]
    for _ in range(picks):
        before = [row[:] for row in mean]
        for i in range(rows):
            for j in range(columns):
                for k, m in ((i + 1, j), (i, j + 1)):
                    if torus:
                        k, m = k % rows, m % columns
                    if k < rows and m < columns:
                        flow = (before[k][m] - before[i][j]) / (2 * rows * columns)
                        mean[i][j] += flow
                        mean[k][m] -= flow
    return mean


def mean_after_steps(grid: np.ndarray, steps: int, *, torus: bool) -> Cells:
    """Return the exact mean number of independent walkers in each cell."""
    rows, columns = grid.shape
    mean = [[Fraction(int(cell)) for cell in row] for row in grid]
    for _ in range(steps):
        after = [[Fraction(0)] * columns for _ in range(rows)]
        for i in range(rows):
            for j in range(columns):
                for k, m in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
                    if torus:
                        k, m = k % rows, m % columns
                    stays = not (0 <= k < rows and 0 <= m < columns)
                    after[i if stays else k][j if stays else m] += mean[i][j] / 4
        mean = after
    return mean


def average(grid: np.ndarray, grain: int, *, torus: bool = False) -> Cells:
    """Return the mean over the window around each cell, over existing cells or around a torus."""
    rows, columns = grid.shape
    reach = range(-(grain // 2), grain - grain // 2)
    found = []
    for i in range(rows):
        row = []
        for j in range(columns):
            around = [(i + a, j + b) for a in reach for b in reach]
            if torus:
                around = [(k % rows, m % columns) for k, m in around]
            seen = [int(grid[k, m]) for k, m in around if 0 <= k < rows and 0 <= m < columns]
            row.append(Fraction(sum(seen), len(seen)))
        found.append(row)
    return found


def threshold(value: Fraction, count: int, largest: int) -> int:
    """Return the bucket of the authors' code, in exact arithmetic (section 4, and 6 for 7)."""
    if count == 3:
        return 0 if value <= Fraction(1, 3) else 1 if value <= Fraction(2, 3) else 2
    for bucket in range(count):
        if value / largest <= Fraction(bucket, count - 1):
            return bucket
    return count - 1


def majority(row: Sequence[int]) -> int:
    """Return the most frequent bucket, of several the one met first."""
    return Counter(row).most_common(1)[0][0]


def settle_text(row: Sequence[int]) -> list[int]:
    """Return a row by the rule of the paper's text (section 6)."""
    most = majority(row)
    return [most if abs(cell - most) <= 1 else cell for cell in row]


def settle_code(row: Sequence[int]) -> list[int]:
    """Return a row by the rule of the authors' code."""
    return [majority(row)] * len(row) if max(row) - min(row) <= 1 else list(row)


def text(cells: Sequence[Sequence[float]]) -> str:
    """Return the cells as the authors' code writes them."""
    return " ".join(" ".join(str(float(cell)) for cell in row) for row in cells)


def information(history: np.ndarray, depth: int) -> float:
    """Return the plug-in I(past cone; future cone) in bits over cells whose cones fit."""
    frames, rows, columns = history.shape
    seen = []
    for t in range(depth, frames - depth):
        for i in range(depth, rows - depth):
            for j in range(depth, columns - depth):
                cells = [
                    (d, int(history[t + d, i + a, j + b]))
                    for d in range(-depth, depth + 1)
                    for a in range(-depth, depth + 1)
                    for b in range(-depth, depth + 1)
                    if abs(a) + abs(b) <= abs(d)
                ]
                past = tuple(cell for d, cell in cells if d <= 0)
                seen.append((past, tuple(cell for d, cell in cells if d > 0)))
    joint = Counter(seen)
    before, after = Counter(past for past, _ in seen), Counter(future for _, future in seen)
    return sum(
        count / len(seen) * math.log2(count * len(seen) / before[past] / after[future])
        for (past, future), count in joint.items()
    )
