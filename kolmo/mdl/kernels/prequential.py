"""A linear prediction of each row from the rows before, with the same bits everywhere.

The rows before are kept as the upper triangle of an orthogonal decomposition; a new row is rotated
into it, so that only additions, multiplications, divisions and square roots of doubles occur, one
after the other.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Floats = NDArray[np.float64]

SQUARE, RANK = 0, 1
LOCATION, SCALE, DEGREES = 0, 1, 2
LARGEST_STUDENT = 48
_SMALLEST = 2.0**-20  # of columns whose elements are about 1
_LARGEST_LEVERAGE = 2.0**30
_ROUNDING_VARIANCE = 1 / 12


@kernel
def forecast_rows(rows: Floats, heights: Floats, triangle: Floats, found: Floats) -> None:
    """Write what `forecast` finds for each row, given the rows before and their heights.

    Parameters
    ----------
    rows : float64[n, k]
        The known columns.
    heights : float64[n]
        The target.
    triangle : float64[k + 1, k + 1]
        Zeros; the state of the recursion.
    found : float64[n, 3]
        Location, scale, and degrees of freedom of each row; 0 where there is no prediction.
    """
    for i in range(rows.shape[0]):
        forecast(rows[i], i, triangle, found[i])
        absorb(rows[i], heights[i], triangle)


@kernel
def forecast(row: Floats, before: int, triangle: Floats, found: Floats) -> None:
    """Write the location, the scale and the degrees of freedom of the height of a row.

    Parameters
    ----------
    row : float64[k]
        The known columns.
    before : int
        How many rows the triangle holds.
    triangle : float64[k + 1, k + 1]
        Row j and column j belong to known column j, the last column to the heights. The last row
        holds the sum of squares that is left, and then the rank.
    found : float64[3]
        Degrees are 0 where the row does not depend on those before, or these leave no degree of
        freedom. From `LARGEST_STUDENT` degrees on the scale is the standard deviation.
    """
    k = row.size
    solved = np.zeros(k)
    location, leverage = 0.0, 1.0
    outside = False
    for j in range(k):
        left = row[j]
        for i in range(j):
            left -= solved[i] * triangle[i, j]
        if triangle[j, j] > 0.0:
            solved[j] = left / triangle[j, j]
            location += solved[j] * triangle[j, k]
            leverage += solved[j] * solved[j]
        elif abs(left) > _SMALLEST:
            outside = True
    degrees = before - triangle[k, RANK]
    found[:] = 0.0
    if outside or degrees < 1.0 or leverage > _LARGEST_LEVERAGE:
        return
    variance = (triangle[k, SQUARE] + _ROUNDING_VARIANCE) / degrees * leverage
    if degrees >= LARGEST_STUDENT:
        variance *= degrees / (degrees - 2.0)
    found[LOCATION], found[SCALE], found[DEGREES] = location, np.sqrt(variance), degrees


@kernel
def absorb(row: Floats, height: float, triangle: Floats) -> None:
    """Rotate a row and its height into the triangle."""
    k = row.size
    rest = np.empty(k + 1)
    rest[:k] = row
    rest[k] = height
    for j in range(k):
        diagonal = triangle[j, j]
        if diagonal == 0.0:
            if abs(rest[j]) <= _SMALLEST:
                continue
            sign = 1.0 if rest[j] > 0.0 else -1.0
            for i in range(j, k + 1):
                triangle[j, i] = sign * rest[i]
            triangle[k, RANK] += 1.0
            return
        length = np.sqrt(diagonal * diagonal + rest[j] * rest[j])
        cosine, sine = diagonal / length, rest[j] / length
        for i in range(j, k + 1):
            upper, lower = triangle[j, i], rest[i]
            triangle[j, i] = cosine * upper + sine * lower
            rest[i] = cosine * lower - sine * upper
    triangle[k, SQUARE] += rest[k] * rest[k]
