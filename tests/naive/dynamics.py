"""Slow, obvious twins of the automaton's dynamics, written from the definitions."""

import random
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np

MASK = (1 << 64) - 1
Cells = tuple[int, ...]


def rotate(word: int, places: int) -> int:
    return ((word << places) | (word >> (64 - places))) & MASK


def xoshiro(words: list[int]) -> Iterator[int]:
    """Yield the draws of xoshiro256++ (Blackman and Vigna 2021, figure 4)."""
    a, b, c, d = words
    while True:
        yield (rotate((a + d) & MASK, 23) + a) & MASK
        shifted = (b << 17) & MASK
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = rotate(d, 45)


def splitmix(key: int, number: int) -> int:
    """Return draw number ``number``, from 0, of SplitMix64 (Steele, Lea, Flood 2014, figure 16)."""
    z = (key + (number + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def slots(rows: int, columns: int, *, torus: bool) -> list[tuple[int, int]]:
    """Return the two cells of every slot, right and down of each cell; None twice at a wall."""
    found = []
    for row in range(rows):
        for column in range(columns):
            for i, j in ((row, column + 1), (row + 1, column)):
                if torus:
                    i, j = i % rows, j % columns
                inside = i < rows and j < columns
                here = row * columns + column
                found.append((here, i * columns + j if inside else here))
    return found


def picked(draws: Sequence[int], count: int) -> list[int]:
    """Return the slots of 32-bit draws by Lemire's method: refused draws give none."""
    return [draw * count >> 32 for draw in draws if draw * count % (1 << 32) >= (1 << 32) % count]


def exclude(cells: list[int], pairs: Sequence[tuple[int, int]], picks: Sequence[int]) -> int:
    """Exchange the cells of slots in turn; return how many differed."""
    swaps = 0
    for pick in picks:
        here, there = pairs[pick]
        swaps += cells[here] != cells[there]
        cells[here], cells[there] = cells[there], cells[here]
    return swaps


def configurations(cells: int, cream: int) -> list[Cells]:
    """Return every grid with so much cream."""
    chosen = combinations(range(cells), cream)
    return [tuple(int(i in places) for i in range(cells)) for places in chosen]


def law(start: Cells, side: int, picks: int, *, lazy: bool) -> dict[Cells, float]:
    """Return the probability of every grid after some picks, by the matrix of one pick."""
    grids = configurations(side * side, sum(start))
    index = {grid: i for i, grid in enumerate(grids)}
    step = np.zeros((len(grids), len(grids)))
    pairs = slots(side, side, torus=False)
    for grid, i in index.items():
        for here, there in pairs:
            after = list(grid)
            after[here], after[there] = after[there], after[here]
            step[i, index[tuple(after)]] += 1 / len(pairs)
    if lazy:
        step = (step + np.eye(len(grids))) / 2
    found = np.linalg.matrix_power(step, picks)[index[start]]
    return dict(zip(grids, found, strict=True))


def walk(place: tuple[int, int], bits: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return where a free walk ends: two coins a step turn row + column and row - column."""
    row, column = place
    for first, second in bits:
        along, across = 2 * first - 1, 2 * second - 1
        row, column = row + (along + across) // 2, column + (along - across) // 2
    return row, column


def walker_bits(key: int, walkers: int, walker: int, step: int) -> tuple[int, int]:
    """Return the two coins of a step: bits step % 32 of the halves of one SplitMix64 draw."""
    word = splitmix(key, step // 32 * walkers + walker)
    return (word >> step % 32) & 1, (word >> (32 + step % 32)) & 1


def walled(place: int, size: int, moves: int, source: random.Random) -> int:
    """Return the place of a lazy walk of one coordinate that stays put at the walls."""
    for _ in range(moves):
        amount = source.choice((-1, 0, 0, 1))
        place = min(max(place + amount, 0), size - 1)
    return place


def waiting_law(inside: int, rows: int, longest: int) -> list[Fraction]:
    """Return the geometric law of failures before a success, and the rest."""
    success = Fraction(inside, rows)
    law = [success * (1 - success) ** i for i in range(longest)]
    return [*law, 1 - sum(law)]


def tendril(
    grid: list[list[int]], key: int, moves: int, *, torus: bool
) -> tuple[list[list[int]], int]:
    """Return the grid after a tip has crawled from the middle, and how many cells it entered."""
    rows, columns = len(grid), len(grid[0])
    row, column, feed, swaps = rows // 2, columns // 2, 0, 0
    for move in range(moves):
        direction = (splitmix(key, move // 32) >> 2 * (move % 32)) & 3
        down, right = ((-1, 0), (1, 0), (0, -1), (0, 1))[direction]
        if torus:
            row, column = (row + down) % rows, (column + right) % columns
        elif 0 <= row + down < rows and 0 <= column + right < columns:
            row, column = row + down, column + right
        if grid[row][column] == 0 and any(map(any, grid)):
            while grid[feed // columns][feed % columns] == 0:
                feed = (feed + 1) % (rows * columns)
            grid[feed // columns][feed % columns] = 0
            feed = (feed + 1) % (rows * columns)
            grid[row][column] = 1
            swaps += 1
    return grid, swaps
