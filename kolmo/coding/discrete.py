"""Codes of integers below a bound: uniform, and with given shares."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from kolmo.coding.code import (
    BLOCK_VALUES,
    Block,
    Code,
    Interval,
    IntervalCode,
    Reader,
    Writer,
    block_bits,
    check_length,
    damaged,
    describe,
    empty_block,
    raw_intervals,
    read_raw,
    read_symbol,
    symbol_interval,
)
from kolmo.coding.urn import Urn, check_weights
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Symbols = NDArray[np.integer[Any]]

_LARGEST_SIZE = 1 << 62
_PART_BITS = 22  # of a uniform code: the stack rounds larger totals too coarsely


class Uniform(IntervalCode[int]):
    """Equal shares for the integers from 0 to ``size`` - 1, however many.

    log2(size) bits; above 2**22 in parts, the rest in plain bits, which costs at most 2**-20 more.

    Parameters
    ----------
    size : int
        At least 1.

    Examples
    --------
    >>> Uniform(8).codelength(5)
    3.0
    """

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ParameterError(f"no values: got size {describe(size)}; need 1 or more.")
        self.size = size
        self._plain = max(0, (size - 1).bit_length() - _PART_BITS)
        self._parts = -(-size >> self._plain)

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the part that holds ``value``, and its place in the part."""
        if not 0 <= value < self.size:
            raise ParameterError(
                f"value out of range: got {describe(value)}; need 0 to {describe(self.size - 1)}."
            )
        low = value & (1 << self._plain) - 1
        part = Interval(value >> self._plain, 1, self._parts)
        return [part, *raw_intervals(low, self._plain)]

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        coder.require_bits(self._plain)
        part = coder.peek(self._parts)
        coder.skip(Interval(part, 1, self._parts))
        value = part << self._plain | read_raw(coder, self._plain)
        if value >= self.size:
            raise damaged(f"{describe(value)} is not below {describe(self.size)}")
        return value


class Uniforms(Code["Symbols"]):
    """A sequence whose i-th value is uniform from 0 to sizes[i] - 1, in bulk.

    Parameters
    ----------
    sizes : int64[n]
        From 1 to 2**62 each; the decoder knows them.

    Examples
    --------
    >>> import numpy as np
    >>> Uniforms(np.array([2, 8, 16])).codelength(np.array([1, 0, 9]))
    8.0
    """

    def __init__(self, sizes: Symbols) -> None:
        import numpy as np

        self.sizes = np.ascontiguousarray(sizes, np.int64)
        if self.sizes.size and not 1 <= self.sizes.min() <= self.sizes.max() <= _LARGEST_SIZE:
            raise ParameterError(
                f"no values: got sizes {self.sizes.min()} to {self.sizes.max()}; need 1 to 2**62."
            )

    def codelength(self, value: Symbols, /) -> float:
        """Return the length of a sequence in bits."""
        return math.fsum(block_bits(block) for block in self.blocks(value))

    def encode(self, value: Symbols, coder: Writer, /) -> None:
        """Store a sequence."""
        coder.put_blocks(self.blocks(value))

    def blocks(self, value: Symbols, /) -> Iterator[Block]:
        """Yield the intervals of a sequence, some thousands of values at a time."""
        import numpy as np

        from kolmo.coding.kernels import uniform_intervals

        check_length(len(value), self.sizes.size)
        if self.sizes.size and (np.min(value) < 0 or np.any(value >= self.sizes)):
            raise ParameterError("value out of range: need 0 or more, and less than its size.")
        for start in range(0, self.sizes.size, BLOCK_VALUES):
            part = slice(start, start + BLOCK_VALUES)
            values = np.ascontiguousarray(value[part], np.int64)
            block = empty_block(3 * values.size)
            columns = (block.starts, block.frequencies, block.totals)
            written = uniform_intervals(values, self.sizes[part], _PART_BITS, columns)
            yield Block(*(column[:written] for column in block))

    def decode(self, coder: Reader, /) -> Symbols:
        """Return the sequence stored next, as int64."""
        import numpy as np

        from kolmo.coding.kernels import read_uniform

        values = np.empty(self.sizes.size, np.int64)
        for start in range(0, values.size, BLOCK_VALUES):
            part = slice(start, start + BLOCK_VALUES)
            coder.read(read_uniform, values[part], self.sizes[part], _PART_BITS)
        return values


class Categorical(IntervalCode[int]):
    """Given integer shares for the symbols 0, 1, 2 ...

    Parameters
    ----------
    frequencies : sequence of int
        At least 0 each, their sum from 1 to 2**32; a symbol of frequency 0 has no word.

    Examples
    --------
    >>> Categorical([1, 2, 1]).codelength(1)
    1.0
    """

    def __init__(self, frequencies: Sequence[int]) -> None:
        self.frequencies = check_weights(frequencies)
        if not any(self.frequencies):
            raise ParameterError("no shares: got frequencies of 0; need a symbol with a share.")
        self._bounds = [0, *accumulate(self.frequencies)]

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the interval of a symbol."""
        if not (0 <= value < len(self.frequencies) and self.frequencies[value]):
            raise ParameterError(f"no share: got symbol {describe(value)}; need one with a share.")
        return [symbol_interval(self._bounds, value)]

    def decode(self, coder: Reader, /) -> int:
        """Return the symbol stored next."""
        return read_symbol(coder, self._bounds)

    def many(self, length: int) -> Urn:
        """Return the code of ``length`` independent symbols, in bulk."""
        return Urn(self.frequencies, step=0, length=length)
