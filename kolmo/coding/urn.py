"""Codes of sequences whose shares the symbols change: Krichevsky-Trofimov and its relatives.

All are draws from an urn of weighted symbols; they differ in the weights at the start and in what
is put back.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kolmo.coding.code import (
    BLOCK_VALUES,
    TOTAL_LIMIT,
    Block,
    Code,
    Reader,
    Writer,
    check_length,
    describe,
    empty_block,
)
from kolmo.errors import ParameterError, shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Symbols = NDArray[np.integer[Any]]

_EXACT_FACTORS = 256


class Urn(Code["Symbols"]):
    """A sequence of symbols drawn from an urn: the weight of the drawn one changes by ``step``.

    All orders of the same symbols have the same length. `KT` and `Succession` are urns with equal
    weights; `Arrangement` is one without replacement.

    Parameters
    ----------
    weights : sequence of int
        Of the symbols 0, 1, 2 ... before the first draw, >= 0. The sum is at most 2**32, also
        after all draws.
    step : int
        2 for Krichevsky-Trofimov, 1 for Laplace, 0 for a fixed distribution, -1 for drawing
        without replacement.
    length : int
        How many symbols; the decoder knows it.

    Notes
    -----
    Values are arrays of any integer dtype, decoded into the smallest unsigned one. Time O(log K)
    for each symbol. Realised bits: those of the range coder's overhead more, as the shares are
    exact.
    """

    def __init__(self, weights: Sequence[int], *, step: int, length: int) -> None:
        self.weights = check_weights(weights)
        self.step, self.length = step, length
        first = sum(self.weights)
        if length < 0 or step < -1 or (length and first + step * (length - 1) < 1):
            raise ParameterError(
                f"no such urn: got {length} draws with step {step} from a weight of {first}; "
                "need a step of -1 or more and weight for each draw."
            )
        if first + step * length > TOTAL_LIMIT:
            raise ParameterError(
                f"too many draws: got {length}; need a weight of at most 2**32 after them."
            )

    def codelength(self, value: Symbols, /) -> float:
        """Return the length of a sequence in bits, from how often each symbol occurs."""
        import numpy as np

        self.check(value)
        counts = np.bincount(np.asarray(value, np.int64), minlength=len(self.weights))
        return self.counts_bits(counts.tolist())

    def counts_bits(self, counts: Sequence[int]) -> float:
        """Return the length in bits of any sequence with these counts of the symbols.

        Examples
        --------
        >>> round(KT(2, 10).counts_bits([3, 7]), 6)
        10.840129
        """
        check_length(sum(counts), self.length)
        alike = Counter(zip(self.weights, counts, strict=True))
        gains = [
            times * log2_product(weight, self.step, count)
            for (weight, count), times in alike.items()
            if count
        ]
        return log2_product(sum(self.weights), self.step, self.length) - math.fsum(gains)

    def encode(self, value: Symbols, coder: Writer, /) -> None:
        """Store a sequence."""
        coder.put_blocks(self.blocks(value))

    def blocks(self, value: Symbols, /) -> Iterator[Block]:
        """Yield the intervals of a sequence, some thousands at a time."""
        import numpy as np

        from kolmo.coding.kernels import draw_intervals

        self.check(value)
        urn = self._fill()
        for start in range(0, self.length, BLOCK_VALUES):
            symbols = np.ascontiguousarray(value[start : start + BLOCK_VALUES], np.int64)
            block = empty_block(symbols.size)
            draw_intervals(symbols, urn, *block)
            yield block

    def decode(self, coder: Reader, /) -> Symbols:
        """Return the sequence stored next."""
        import numpy as np

        from kolmo.coding.kernels import read_draws

        urn = self._fill()
        pieces = []
        for start in range(0, self.length, BLOCK_VALUES):
            symbols = np.empty(min(BLOCK_VALUES, self.length - start), np.int64)
            coder.read(read_draws, symbols, urn)
            pieces.append(symbols.astype(self.dtype))
        return np.concatenate(pieces) if pieces else np.empty(0, self.dtype)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the dtype of decoded symbols."""
        import numpy as np

        return np.min_scalar_type(len(self.weights) - 1)

    def check(self, value: Symbols) -> None:
        """Raise ParameterError unless ``value`` is a sequence of this code."""
        check_length(len(value), self.length)
        if self.length and (value.min() < 0 or value.max() >= len(self.weights)):
            raise ParameterError(
                f"symbols out of range: got {value.min()} to {value.max()}; "
                f"need 0 to {len(self.weights) - 1}."
            )

    def _fill(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        import numpy as np

        from kolmo.coding.kernels import plant

        weights = np.array(self.weights, np.int64)
        tree = np.zeros((1 << (weights.size - 1).bit_length()) + 1, np.int64)
        plant(weights, tree)
        return weights, tree, self.step


class KT(Urn):
    """The Krichevsky-Trofimov code of a sequence: p(a) = (2 n_a + 1) / (2 n + K).

    The universal code of a memoryless source with unknown frequencies; about (K - 1)/2 log2 n bits
    longer than if they were known.

    Parameters
    ----------
    alphabet : int
        Number of symbols K, >= 1; 2 length + K is at most 2**32.
    length : int
        How many symbols; the decoder knows it.

    References
    ----------
    R. E. Krichevsky, V. K. Trofimov (1981). The performance of universal encoding. IEEE
    Transactions on Information Theory 27(2), 199-207. doi:10.1109/TIT.1981.1056331.

    Examples
    --------
    >>> import numpy as np
    >>> round(KT(2, 10).codelength(np.array([0, 1, 1, 0, 1, 1, 1, 0, 1, 1])), 6)
    10.840129
    """

    def __init__(self, alphabet: int, length: int) -> None:
        super().__init__([1] * require_alphabet(alphabet), step=2, length=length)


class Succession(Urn):
    """Laplace's rule of succession: p(a) = (n_a + 1) / (n + K).

    Exactly as long as `kolmo.coding.counts.Enumerative`, in one pass.

    Parameters
    ----------
    alphabet : int
        Number of symbols K, >= 1; length + K is at most 2**32.
    length : int
        How many symbols; the decoder knows it.
    """

    def __init__(self, alphabet: int, length: int) -> None:
        super().__init__([1] * require_alphabet(alphabet), step=1, length=length)


class Arrangement(Urn):
    """The order of symbols whose counts are known: n! / (n_1! n_2! ...) equally long words.

    Parameters
    ----------
    counts : sequence of int
        How often each symbol occurs; their sum is the length.

    Examples
    --------
    Ten ways to arrange two of one kind and three of the other:

    >>> round(2 ** Arrangement([2, 3]).counts_bits([2, 3]), 9)
    10.0
    """

    def __init__(self, counts: Sequence[int]) -> None:
        super().__init__(counts, step=-1, length=sum(counts))


def require_alphabet(size: int) -> int:
    """Return ``size``, or raise ParameterError if it is below 1 or beyond any table."""
    if not 1 <= size < TOTAL_LIMIT:
        raise ParameterError(f"no alphabet: got {describe(size)} symbols; need 1 to 2**32 - 1.")
    return size


def check_weights(weights: Sequence[int]) -> list[int]:
    """Return weights as Python integers; ParameterError if a table cannot hold them."""
    listed = [int(weight) for weight in weights]
    if not listed or min(listed) < 0 or sum(listed) > TOTAL_LIMIT:
        raise ParameterError(
            f"weights out of range: got {shorten(listed)}; need one or more, none "
            "negative, with a sum of at most 2**32."
        )
    return listed


def log2_product(first: int, step: int, count: int) -> float:
    """Return log2 of first * (first + step) * ... with ``count`` factors; -inf if one is 0.

    Directly for short products, else by the gamma function, to about 10**-15 of the largest
    term: 10**-8 bits for 10**6 factors.
    """
    last = first + step * (count - 1)
    if count and min(first, last) <= 0:
        raise ParameterError(f"no share: a symbol is drawn {count} times with weight {first}.")
    if step == 0:
        return count * math.log2(first) if count else 0.0
    if count <= _EXACT_FACTORS:
        return math.fsum(math.log2(first + step * i) for i in range(count))
    low, size = min(first, last), abs(step)
    gammas = math.lgamma(low / size + count) - math.lgamma(low / size)
    return count * math.log2(size) + gammas / math.log(2)
