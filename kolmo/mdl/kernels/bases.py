"""Orthonormal bases and predictions with the same bits everywhere: one operation after the other.

Sums are not reordered: four run side by side, each in the order of the rows, and are added last.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Floats = NDArray[np.float64]
LANES = 4


@kernel
def orthonormalise(columns: Floats, smallest: float) -> None:
    """Make rows of ``columns`` orthonormal in turn, by Gram and Schmidt, twice for each.

    Parameters
    ----------
    columns : float64[k, n]
        Changed in place. A row of which less than ``smallest`` of its length is left, as it depends
        on those before, becomes zero.
    """
    for j in range(columns.shape[0]):
        before = np.sqrt(dot(columns[j], columns[j]))
        for _ in range(2):
            for i in range(j):
                take_off(columns[j], columns[i], dot(columns[j], columns[i]))
        left: Any = np.sqrt(dot(columns[j], columns[j]))
        factor = 0.0 if left <= smallest * before else 1.0 / left
        for i in range(columns.shape[1]):
            columns[j, i] *= factor


@kernel
def dot(a: Floats, b: Floats) -> float:
    """Return the scalar product."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    whole = a.size - a.size % LANES
    for i in range(0, whole, LANES):
        first += a[i] * b[i]
        second += a[i + 1] * b[i + 1]
        third += a[i + 2] * b[i + 2]
        fourth += a[i + 3] * b[i + 3]
    for i in range(whole, a.size):
        first += a[i] * b[i]
    return (first + second) + (third + fourth)


@kernel
def take_off(a: Floats, b: Floats, factor: float) -> None:
    """Subtract ``factor`` times b from a."""
    for i in range(a.size):
        a[i] -= factor * b[i]


@kernel
def combine(basis: Floats, factors: Floats) -> Floats:
    """Return the sum of the rows of a basis, each times its factor, in turn."""
    found = np.zeros(basis.shape[1])
    for j in range(basis.shape[0]):
        for i in range(basis.shape[1]):
            found[i] += factors[j] * basis[j, i]
    return found
