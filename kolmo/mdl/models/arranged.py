"""Rows in another order, which the decoder knows: by a feature, or group by group."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from kolmo.coding.code import Code, Reader, Writer, check_length
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.values import Integers, Values, to_values


class Arranged(Code[Values]):
    """A code of the rows in another order.

    Parameters
    ----------
    code : Code
        Of the values of the rows in ``order``.
    order : int64[n]
        A permutation, which the decoder knows.
    """

    def __init__(self, code: Code[Any], order: Integers) -> None:
        self.code, self.order = code, order

    def codelength(self, value: Values, /) -> float:
        """Return the length in bits."""
        check_length(len(value), self.order.size)
        return self.code.codelength(value[self.order])

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column."""
        check_length(len(value), self.order.size)
        self.code.encode(value[self.order], coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        inside = to_values(self.code.decode(coder))
        found = np.empty_like(inside)
        found[self.order] = inside
        return found


def locations(parts: Sequence[Located], lengths: Sequence[int], order: Integers) -> Values:
    """Return the location of the piece that each row is in, as whole numbers.

    Parameters
    ----------
    parts : sequence of Located
        The distributions of the pieces, one after the other in ``order``.
    lengths : sequence of int
        How many rows each has.
    order : int64[n]
        Which row stands where.
    """
    middles = [
        round(Fraction(part.location << part.exponent, 1 << part.fraction_bits)) for part in parts
    ]
    inside = np.repeat(to_values(middles), lengths)
    found = np.empty_like(inside)
    found[order] = inside
    return found
