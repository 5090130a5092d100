"""Weights as whole numbers of a step, rounded one by one or along a trellis, and back.

The decoder's half is exact: a whole number times the step in IEEE doubles, rounded to the type of
the weight, has the same bits on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError
from kolmo.weights.coder import Indices

SCALAR, TRELLIS = "scalar", "trellis"
LARGEST_STEPS = 1 << 30
PIECE = 1 << 16

Floats = NDArray[Any]


def check_step(step: float) -> float:
    """Return a step that can be used; ParameterError if it is not a positive number."""
    if not 0 < step < math.inf:
        raise ParameterError(f"step out of range: got {step}; need a number above 0.")
    return step


def quantise(values: Floats, step: float, quantiser: str = SCALAR) -> Indices:
    """Return the index of each value.

    Parameters
    ----------
    values : float32 or float64[n]
        Finite.
    step : float
        Distance of neighbouring points; the trellis alternates between two halves of them.
    quantiser : {"scalar", "trellis"}
        Rounding to the nearest point, or the path with the least squared error.

    Returns
    -------
    int32[n]

    Raises
    ------
    ParameterError
        If a value lies 2**30 steps or more from 0.

    Examples
    --------
    >>> quantise(np.array([0.4, -1.6]), 0.5).tolist()
    [1, -3]
    """
    check_step(step)
    flat = values.reshape(-1)
    largest = max((float(np.abs(flat[part]).max()) for part in _pieces(flat.size)), default=0.0)
    if not largest / step < LARGEST_STEPS:
        raise ParameterError(
            f"step too fine: got {step:g} for weights up to {largest:g}; need at least "
            f"{1.01 * largest / LARGEST_STEPS:.3g}."
        )
    indices = np.empty(flat.size, np.int32)
    if quantiser == TRELLIS:
        from kolmo.weights.kernels.trellis import best_path

        choices, state = np.empty(PIECE, np.uint8), 0
        for part in _pieces(flat.size):
            state = best_path(flat[part].astype(np.float64), step, state, indices[part], choices)
        return indices
    for part in _pieces(flat.size):
        indices[part] = np.rint(flat[part].astype(np.float64) / step)
    return indices


def dequantise(indices: Indices, step: float, quantiser: str = SCALAR) -> NDArray[np.float64]:
    """Return the values that indices stand for, float64[n].

    Examples
    --------
    >>> dequantise(np.array([1, -3], np.int32), 0.5).tolist()
    [0.5, -1.5]
    """
    found = np.empty(indices.size)
    for part, values in zip(
        _pieces(indices.size), dequantised(indices, step, quantiser), strict=True
    ):
        found[part] = values
    return found


def dequantised(
    indices: Indices, step: float, quantiser: str = SCALAR
) -> Iterator[NDArray[np.float64]]:
    """Yield the values that indices stand for, in pieces."""
    if quantiser == TRELLIS:
        from kolmo.weights.kernels.trellis import points

        state = 0
        for part in _pieces(indices.size):
            multiples = np.empty(part.stop - part.start, np.int64)
            state = points(indices[part], state, multiples)
            yield _scaled(multiples, step)
        return
    for part in _pieces(indices.size):
        yield _scaled(indices[part], step)


def _scaled(multiples: NDArray[Any], step: float) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):  # beyond all doubles: the caller takes the largest
        return multiples * np.float64(step)


def _pieces(size: int) -> Iterator[slice]:
    return (slice(start, min(start + PIECE, size)) for start in range(0, size, PIECE))
