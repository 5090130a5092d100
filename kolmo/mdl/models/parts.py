"""Codes that families put their parameters together from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from kolmo.coding.code import Code, Interval, IntervalCode, Reader, Writer, damaged, describe
from kolmo.coding.urn import Arrangement

T = TypeVar("T", bound=tuple[Any, ...])


class Chain(Code[T]):
    """A tuple, field after field; the code of each may depend on the fields before.

    Parameters
    ----------
    make : callable
        Makes the tuple of its fields.
    *codes : callable
        One for each field: takes the fields before and returns a code.

    Examples
    --------
    A size, and a number below it:

    >>> from kolmo.coding.discrete import Uniform
    >>> pair = Chain(lambda *fields: fields, lambda: Uniform(8), lambda size: Uniform(size))
    >>> pair.codelength((4, 3))
    5.0
    """

    def __init__(self, make: Callable[..., T], *codes: Callable[..., Code[Any]]) -> None:
        self._make, self._codes = make, codes

    def codelength(self, value: T, /) -> float:
        """Return the length of all fields in bits."""
        return math.fsum(code.codelength(field) for code, field in self._pairs(value))

    def encode(self, value: T, coder: Writer, /) -> None:
        """Store the fields, the first first."""
        for code, field in self._pairs(value):
            code.encode(field, coder)

    def decode(self, coder: Reader, /) -> T:
        """Return the tuple stored next."""
        fields: list[Any] = []
        for code in self._codes:
            fields.append(code(*fields).decode(coder))
        return self._make(*fields)

    def _pairs(self, value: T) -> list[tuple[Code[Any], Any]]:
        return [(self._codes[i](*value[:i]), value[i]) for i in range(len(self._codes))]


class Bounded(IntervalCode[int]):
    """A code of integers whose decoder refuses those outside of a range.

    Parameters
    ----------
    code : IntervalCode
        Of integers.
    low, high : int
        The smallest and the largest that may occur.
    """

    def __init__(self, code: IntervalCode[int], low: int, high: int) -> None:
        self.code, self.low, self.high = code, low, high

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the intervals of an integer."""
        return self.code.intervals(value)

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next; DecodeError if it is out of range."""
        value = self.code.decode(coder)
        if not self.low <= value <= self.high:
            raise damaged(f"{describe(value)} is out of range")
        return value


class Moved(IntervalCode[int]):
    """A code of the differences from ``origin``."""

    def __init__(self, code: IntervalCode[int], origin: int) -> None:
        self.code, self.origin = code, origin

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the intervals of an integer."""
        return self.code.intervals(value - self.origin)

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        return self.code.decode(coder) + self.origin


class Subset(Code[tuple[int, ...]]):
    """Which ``count`` of the integers from 1 to ``size``, in ascending order; all equally long.

    Examples
    --------
    >>> round(2 ** Subset(5, 2).codelength((1, 4)), 9)
    10.0
    """

    def __init__(self, size: int, count: int) -> None:
        self.size, self.count = size, count
        self._arrangement = Arrangement([size - count, count])

    def codelength(self, value: tuple[int, ...], /) -> float:
        """Return log2 of the number of subsets."""
        return self._arrangement.counts_bits([self.size - self.count, self.count])

    def encode(self, value: tuple[int, ...], coder: Writer, /) -> None:
        """Store a subset."""
        drawn = np.zeros(self.size, np.int64)
        drawn[np.array(value, np.int64) - 1] = 1
        self._arrangement.encode(drawn, coder)

    def decode(self, coder: Reader, /) -> tuple[int, ...]:
        """Return the subset stored next."""
        return tuple((np.flatnonzero(self._arrangement.decode(coder)) + 1).tolist())
