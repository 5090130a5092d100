"""The grid in which a run begins: 1 is cream, 0 is coffee."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kolmo.automaton.rule import seed_sequence
from kolmo.automaton.state import Grid, check_shape
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import ParameterError, nearest


def initial(kind: str, size: int, seed: int = 0, *, memory_limit: int = MEMORY_LIMIT) -> Grid:
    """Return an initial grid, uint8[size, size].

    Parameters
    ----------
    kind : str
        ``half``: the first size // 2 rows are cream (of an odd size, the row in the middle is
        coffee). ``stripe``: size // 2 rows in the middle. ``checker``: every other cell, the first
        included. ``drop``: the cells whose centre is at most size / 4 from that of the grid.
        ``random``: exactly size**2 // 2 cells, every choice of them with the same probability.
    size : int
        At least 3.
    seed : int
        For ``random`` only.
    memory_limit : int
        The most bytes that a run may take.

    Raises
    ------
    ParameterError
        If there is no such kind, or the size is too small.
    MemoryLimitError
        If the grid would be too large; nothing is allocated then.

    Examples
    --------
    >>> initial("half", 3).tolist()
    [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    >>> int(initial("random", 5, seed=1).sum())
    12
    """
    if kind not in KINDS:
        raise ParameterError(f"unknown initial grid: got '{kind}'. {nearest(kind, list(KINDS))}")
    random_bytes = 8 if kind == "random" else 0
    check_shape(size, size, cell_bytes=2 + random_bytes, memory_limit=memory_limit)
    return KINDS[kind](size, seed)


def _half(size: int, _seed: int) -> Grid:
    grid = np.zeros((size, size), np.uint8)
    grid[: size // 2] = 1
    return grid


def _stripe(size: int, seed: int) -> Grid:
    return np.roll(_half(size, seed), (size - size // 2) // 2, axis=0)


def _checker(size: int, _seed: int) -> Grid:
    side = np.arange(size, dtype=np.uint8) % 2
    return np.asarray(1 - (side[:, None] ^ side), np.uint8)


def _drop(size: int, _seed: int) -> Grid:
    side = 2 * np.arange(size) + 1 - size  # twice the distance from the centre
    return np.asarray(4 * (side[:, None] ** 2 + side**2) <= size**2, np.uint8)


def _random(size: int, seed: int) -> Grid:
    cells = np.zeros(size * size, np.uint8)
    cells[: size * size // 2] = 1
    # its own child of the seed, which the dynamics does not use; PCG64 is the same everywhere
    generator = np.random.Generator(np.random.PCG64(seed_sequence(seed).spawn(1)[0]))
    generator.shuffle(cells)
    return cells.reshape(size, size)


KINDS: dict[str, Callable[[int, int], Grid]] = {
    "half": _half,
    "stripe": _stripe,
    "checker": _checker,
    "drop": _drop,
    "random": _random,
}
