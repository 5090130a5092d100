"""Makes ``grids.npz``: ``PYTHONPATH=tests python tests/automaton/make_grids.py``.

By the naive loops, and only by hand: numpy may change what a seed gives, and the tests then mean
other grids.

``interacting100`` and ``interacting128`` are the symmetric exclusion process, from cream in the
upper half, at times t / n**2 of the edge clock; ``stirred128`` has a sine-flow stroke of amplitude
19, along rows and columns in turn, before every 8 units of the same clock. Bits are packed.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from naive.coffee import stroke, swap_edges

from kolmo.jit import kernel

FILE = Path(__file__).with_name("grids.npz")
TIMES_100 = (0.002, 0.005, 0.01, 0.02, 0.06, 0.1, 0.15)
TIMES_128 = (0.0, 0.002, 0.01, 0.03, 0.056, 0.117, 0.208, 0.36)
STROKES = (0, 4, 8, 12, 20, 28, 40)
STROKE_TIME, AMPLITUDE = 8, 19
CHUNK = 1 << 20

fast_swap_edges = kernel(swap_edges)


def half(size: int) -> np.ndarray:
    grid = np.zeros((size, size), np.uint8)
    grid[: size // 2] = 1
    return grid


def pick(grid: np.ndarray, count: int, source: np.random.Generator) -> None:
    while count:
        slots = source.integers(0, 2 * grid.size, min(count, CHUNK))
        fast_swap_edges(grid, slots)
        count -= slots.size


def picks_at(size: int, time: float) -> int:
    return round(time * size**2 * 2 * size**2)


def interacting(size: int, times: tuple[float, ...], seed: int) -> Iterator[np.ndarray]:
    grid, done, source = half(size), 0, np.random.default_rng(seed)
    for time in times:
        pick(grid, picks_at(size, time) - done, source)
        done = picks_at(size, time)
        yield grid.copy()


def stirred(size: int, strokes: tuple[int, ...], seed: int) -> Iterator[np.ndarray]:
    grid, source = half(size), np.random.default_rng(seed)
    for count in range(max(strokes) + 1):
        if count in strokes:
            yield grid.copy()
        phase = source.uniform(0, 2 * np.pi)
        grid = np.ascontiguousarray(stroke(grid, AMPLITUDE, phase, count % 2))
        pick(grid, STROKE_TIME * 2 * grid.size, source)


def packed(grids: Iterator[np.ndarray]) -> np.ndarray:
    return np.packbits(np.stack(list(grids)), axis=-1)


if __name__ == "__main__":
    np.savez_compressed(
        FILE,
        interacting100=packed(interacting(100, TIMES_100, seed=1)),
        interacting128=packed(interacting(128, TIMES_128, seed=2)),
        stirred128=packed(stirred(128, STROKES, seed=3)),
    )
