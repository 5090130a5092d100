"""All subsets of columns by their sums of squares, from one triangle by deleting columns.

References
----------
C. Gatu, E. J. Kontoghiorghes (2006). Branch-and-bound algorithms for computing the best-subset
regression models. Journal of Computational and Graphical Statistics 15(1), 139-156.
doi:10.1198/106186006X100290. The tree of columns deleted in turn. We differ in keeping several
subsets of each size, and in leaving out those whose columns depend on each other.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@kernel
def visit_subsets(
    triangle: Floats, smallest: float, largest: int, squares: Floats, masks: Integers
) -> None:
    """Write the subsets of each size that leave the least sum of squares.

    Parameters
    ----------
    triangle : float64[p, p + 1]
        Upper triangle of an orthogonal decomposition of p columns of length about 1, and the
        target's coordinates in the same basis as the last column; p is at most 62.
    smallest : float
        Least element on the diagonal of a column that does not depend on those before.
    largest : int
        Largest size that counts.
    squares : float64[p + 1, m]
        By size: the m least sums of squares of the target's coordinates, ascending, beyond which
        there is what no column tells. Infinite at first.
    masks : int64[p + 1, m]
        The same subsets, a binary digit for each column.

    Notes
    -----
    At each depth of the tree one column fewer is left. A node that is made by deleting the column
    at place i has new rows from i on, hence these alone are copied; its leading columns, more than
    i, are the new subsets: each occurs once. Most nodes have few columns after i, so that all
    2**p subsets cost about as much as 2**p times a few dozen operations.
    """
    p = triangle.shape[0]
    work = np.zeros((p, p, p + 1))
    left = np.zeros((p, p), np.int64)
    counts = np.zeros(p, np.int64)
    following = np.zeros(p, np.int64)
    work[0] = triangle
    left[0] = np.arange(p)
    counts[0] = p
    ends = np.zeros(p, np.int64)
    ends[0] = record_leading(work[0], left[0], 0, (smallest, largest), squares, masks)
    depth = 0
    while depth >= 0:
        count, place = counts[depth], following[depth]
        if place >= min(count - 1, ends[depth] + 1):
            depth -= 1
            continue
        following[depth] += 1
        delete_column(work[depth], work[depth + 1], place, count)
        left[depth + 1, :place] = left[depth, :place]
        left[depth + 1, place : count - 1] = left[depth, place + 1 : count]
        depth += 1
        counts[depth], following[depth] = count - 1, place
        columns = left[depth, : count - 1]
        limits = (smallest, largest)
        ends[depth] = record_leading(work[depth], columns, place, limits, squares, masks)


@kernel
def delete_column(old: Floats, new: Floats, place: int, count: int) -> None:
    """Write the rows from ``place`` on of the triangle of ``count`` columns without one of them.

    The last row becomes what the deleted column told: its last element alone is kept, in the row
    after the columns, where `record_leading` adds it.
    """
    last = old.shape[1] - 1
    for i in range(place, count):
        for j in range(max(i, place + 1), count):
            new[i, j - 1] = old[i, j]
        new[i, last] = old[i, last]
    for i in range(count, old.shape[0]):
        new[i, last] = old[i, last]
    for i in range(place, count - 1):
        # now the row below has an element at column i as well
        a, b = new[i, i], old[i + 1, i + 1]
        length = np.sqrt(a * a + b * b)
        if length == 0.0:
            continue
        cosine, sine = a / length, b / length
        new[i, i] = length
        for j in range(i + 1, count - 1):
            upper, lower = new[i, j], new[i + 1, j]
            new[i, j] = cosine * upper + sine * lower
            new[i + 1, j] = cosine * lower - sine * upper
        upper, lower = new[i, last], new[i + 1, last]
        new[i, last] = cosine * upper + sine * lower
        new[i + 1, last] = cosine * lower - sine * upper


@kernel
def record_leading(
    triangle: Floats,
    columns: Integers,
    known: int,
    limits: tuple[float, int],
    squares: Floats,
    masks: Integers,
) -> int:
    """Keep the first columns, of each number above ``known``, where they are among the best.

    Returns the place of the first column that depends on those before, or their number. No subset
    with all of the columns up to that place counts.
    """
    smallest, largest = limits
    last = triangle.shape[1] - 1
    end = known
    while end < columns.size and abs(triangle[end, end]) > smallest:
        end += 1
    mask = 0
    for i in range(end):
        mask |= 1 << columns[i]
    beyond = 0.0
    for i in range(triangle.shape[0] - 1, end - 1, -1):
        beyond += triangle[i, last] ** 2
    for i in range(end - 1, known - 1, -1):
        if i < largest:
            keep(beyond, mask, squares[i + 1], masks[i + 1])
        mask ^= 1 << columns[i]
        beyond += triangle[i, last] ** 2
    return end


@kernel
def keep(square: float, mask: int, squares: Floats, masks: Integers) -> None:
    """Insert one subset in an ascending list, whose last one falls out."""
    place = squares.size - 1
    if square >= squares[place]:
        return
    while place > 0 and squares[place - 1] > square:
        squares[place] = squares[place - 1]
        masks[place] = masks[place - 1]
        place -= 1
    squares[place] = square
    masks[place] = mask
