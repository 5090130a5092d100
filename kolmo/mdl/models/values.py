"""Columns as arrays of integers: int64 where all fit, else objects, which are Python integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from kolmo.table import Column

Values = NDArray[Any]
Integers = NDArray[np.int64]

LARGEST_BITS = 1 << 14
"""Digits of a number that any family takes: a decoder meets no parameter beyond."""

_LARGEST_FAST = 1 << 62
_EXACT_BITS = 40


def to_values(numbers: Any) -> Values:
    """Return integers as an array, int64 if all fit; ParameterError for anything else.

    Examples
    --------
    >>> to_values([1, -2]).dtype, to_values([1 << 70]).dtype
    (dtype('int64'), dtype('O'))
    """
    found = np.asarray(numbers) if len(numbers) else np.empty(0, np.int64)
    if found.dtype.kind == "f":  # what numpy makes of integers on both sides of 2**63
        found = np.array(numbers, np.object_)
    if found.ndim != 1 or not (found.dtype.kind in "iu" or _all_whole(found)):
        raise ParameterError(f"no column of integers: got {found.ndim}-d {found.dtype}; need 1-d.")
    if found.size and int(found.min()) >= -(1 << 63) and int(found.max()) < 1 << 63:
        return found.astype(np.int64)
    return found.astype(np.object_) if found.size else found.astype(np.int64)


def column_values(column: Column) -> Values:
    """Return the numbers of a column at its stated precision, or its label codes."""
    numbers, labels = column.numbers, column.labels
    if numbers is not None:
        return to_values(numbers.values)
    return to_values(labels.codes if labels is not None else [])


def bounds(values: Values) -> tuple[int, int]:
    """Return the smallest value, and how many integers there are from it to the largest."""
    lowest = int(values.min())
    return lowest, int(values.max()) - lowest + 1


def offsets(values: Values, lowest: int) -> Values:
    """Return the distances from ``lowest``, int64 if they fit in 62 bits.

    Examples
    --------
    >>> offsets(to_values([1 << 70, (1 << 70) + 3]), 1 << 70)
    array([0, 3])
    """
    near = values.dtype == np.int64 and -_LARGEST_FAST < lowest < _LARGEST_FAST
    if near and int(np.abs(values).max(initial=0)) < _LARGEST_FAST:
        return np.asarray(values - lowest)
    found: Values = values.astype(np.object_) - lowest
    small = all(-_LARGEST_FAST < distance < _LARGEST_FAST for distance in found)
    return found.astype(np.int64) if small else found


def add_offsets(lowest: int, distances: Values) -> Values:
    """Return ``lowest`` plus each of the distances."""
    if distances.dtype == np.object_ or not -_LARGEST_FAST < lowest < _LARGEST_FAST:
        return to_values(distances.astype(np.object_) + lowest)
    return np.asarray(distances + lowest)


def scaled(values: Values) -> tuple[NDArray[np.float64], int, int]:
    """Return floats x, a centre and a shift: each value is about centre + x * 2**shift.

    For estimates only: the floats keep 40 digits, whatever the size of the values.
    """
    lowest, size = bounds(values)
    shift = max(0, size.bit_length() - _EXACT_BITS)
    centre = lowest + (size >> 1)
    distances = values.astype(np.object_) - centre if shift else offsets(values, centre)
    return (distances >> shift).astype(np.float64), centre, shift


def _all_whole(found: Values) -> bool:
    whole = (int, np.integer)
    return found.dtype == np.object_ and all(isinstance(number, whole) for number in found)
