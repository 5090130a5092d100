"""Two-part codes of a sequence: first how often each symbol occurs, then in which order.

`Enumerative` gives all count vectors the same share, `NML` gives each its share of the normalised
maximum likelihood. Both end with `Arrangement`, equal shares for all orders.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from kolmo.coding.code import (
    Block,
    Code,
    Interval,
    IntervalCode,
    Reader,
    Writer,
    check_length,
    read_symbol,
    symbol_interval,
    to_block,
)
from kolmo.coding.nml import SplitTables
from kolmo.coding.urn import Arrangement, Urn, require_alphabet
from kolmo.errors import ParameterError, shorten

if TYPE_CHECKING:
    from kolmo.coding.urn import Symbols

Counts = tuple[int, ...]

LARGEST_LENGTH = 1 << 24


class CountsCode(Code[Counts]):
    """A code of how often each of K symbols occurs among n; the decoder knows K and n.

    Parameters
    ----------
    alphabet : int
        Number of symbols K, >= 1.
    length : int
        Their sum n, >= 0.
    """

    def __init__(self, alphabet: int, length: int) -> None:
        self.alphabet, self.length = require_alphabet(alphabet), length

    @abstractmethod
    def blocks(self, value: Counts, /) -> Iterator[Block]:
        """Yield the intervals of a count vector."""

    def encode(self, value: Counts, coder: Writer, /) -> None:
        """Store a count vector."""
        coder.put_blocks(self.blocks(value))

    def check(self, value: Counts) -> None:
        """Raise ParameterError unless ``value`` is a count vector of this code."""
        if len(value) != self.alphabet or min(value) < 0 or sum(value) != self.length:
            raise ParameterError(
                f"no such counts: got {shorten(value)}; need {self.alphabet} of sum {self.length}."
            )


class UniformCounts(CountsCode):
    """Equal shares for all C(n + K - 1, K - 1) count vectors.

    Realised as one of the equally probable arrangements of n stars and K - 1 bars, in O(n + K).

    Examples
    --------
    >>> round(2 ** UniformCounts(3, 4).codelength((4, 0, 0)), 9)
    15.0
    """

    def __init__(self, alphabet: int, length: int) -> None:
        super().__init__(alphabet, length)
        self._stars_and_bars = Arrangement([length, alphabet - 1])

    def codelength(self, value: Counts, /) -> float:
        """Return log2 C(n + K - 1, K - 1)."""
        self.check(value)
        return self._stars_and_bars.counts_bits([self.length, self.alphabet - 1])

    def blocks(self, value: Counts, /) -> Iterator[Block]:
        """Yield the intervals of stars (0) and bars (1)."""
        import numpy as np

        self.check(value)
        drawn = np.zeros(self._stars_and_bars.length, np.int64)
        drawn[np.cumsum(np.add(value, 1))[:-1] - 1] = 1
        return self._stars_and_bars.blocks(drawn)

    def decode(self, coder: Reader, /) -> Counts:
        """Return the count vector stored next."""
        import numpy as np

        drawn = self._stars_and_bars.decode(coder)
        bars = np.flatnonzero(drawn).tolist()
        edges = zip([-1, *bars], [*bars, drawn.size], strict=True)
        return tuple(right - left - 1 for left, right in edges)


class NMLCounts(CountsCode, IntervalCode[Counts]):
    """To each count vector its share of the normalised maximum likelihood.

    The symbols are halved again and again: r of the m symbols of a group are in its left half with
    probability proportional to g(r) g(m - r) C(K1, r) C(K2, m - r), where g(r) = (r/e)**r / r! and
    C is the multinomial sum. The shares are integers of total 2**32, at least 1.

    Notes
    -----
    Both sides make the same tables by additions, multiplications, divisions and square roots of
    IEEE doubles, which are correctly rounded everywhere, in a fixed order. Time O(K n), memory
    O(n); n is at most 2**24. At n = 10**6 and K = 256 the length
    is .002 bits above the formula, unless this gives a split less than 2**-32.

    References
    ----------
    P. Kontkanen, P. Myllymäki, W. Buntine, J. Rissanen, H. Tirri (2005). An MDL framework for data
    clustering. In: Advances in Minimum Description Length, MIT Press. Section 4, the recurrence
    by convolution.
    """

    def __init__(self, alphabet: int, length: int) -> None:
        super().__init__(alphabet, length)
        if length > LARGEST_LENGTH:
            raise ParameterError(f"too long for NML: got {length}; need at most 2**24. Try KT.")

    def intervals(self, value: Counts, /) -> list[Interval]:
        """Return the intervals of the number in each left half, the largest groups first."""
        self.check(value)
        groups = [value]
        found = []
        for tables in self._levels():
            halves = [_halve(group) for group in groups]
            sides = [(left, right) for left, right in halves if sum(left) + sum(right) and right]
            found += [
                symbol_interval(tables(len(a), len(b), sum(a) + sum(b)), sum(a)) for a, b in sides
            ]
            groups = [half for pair in halves for half in pair if half]
        return found

    def blocks(self, value: Counts, /) -> Iterator[Block]:
        """Yield all intervals at once."""
        return iter([to_block(self.intervals(value))])

    def decode(self, coder: Reader, /) -> Counts:
        """Return the count vector stored next."""
        groups = [(self.alphabet, self.length)]
        for tables in self._levels():
            smaller = []
            for size, total in groups:
                left = (size + 1) // 2
                share = total
                if size > 1 and total:
                    share = read_symbol(coder, tables(left, size - left, total))
                smaller += [(left, share), (size - left, total - share)]
            groups = [(size, total) for size, total in smaller if size]
        return tuple(total for _, total in groups)

    codelength = IntervalCode.codelength

    def _levels(self) -> Iterator[SplitTables]:
        """Yield the tables for halving groups of 2, then of 4 symbols and so on, downwards."""
        size = self.alphabet
        while size > 1:
            size = (size + 1) // 2
            yield SplitTables(size, self.length)


class TwoPart(Code["Symbols"]):
    """A sequence as its counts and their arrangement.

    Parameters
    ----------
    counts : CountsCode
        The first part; it holds the alphabet and the length, which the decoder knows.
    """

    def __init__(self, counts: CountsCode) -> None:
        self.counts = counts

    def codelength(self, value: Symbols, /) -> float:
        """Return the length of both parts in bits."""
        return self.counts_bits(self._count(value))

    def counts_bits(self, counts: Sequence[int]) -> float:
        """Return the length in bits of any sequence with these counts of the symbols."""
        order_bits = Arrangement(counts).counts_bits(counts)
        return self.counts.codelength(tuple(counts)) + order_bits

    def encode(self, value: Symbols, coder: Writer, /) -> None:
        """Store the counts, then the order."""
        found = self._count(value)
        coder.put_blocks(chain(self.counts.blocks(found), Arrangement(found).blocks(value)))

    def decode(self, coder: Reader, /) -> Symbols:
        """Return the sequence stored next."""
        return Arrangement(self.counts.decode(coder)).decode(coder)

    def _count(self, value: Symbols) -> Counts:
        import numpy as np

        check_length(len(value), self.counts.length)
        known = Urn([1] * self.counts.alphabet, step=0, length=len(value))
        known.check(value)
        found = np.bincount(np.asarray(value, np.int64), minlength=self.counts.alphabet)
        return tuple(found.tolist())


class Enumerative(TwoPart):
    """The enumerative code: log2 C(n + K - 1, K - 1) + log2 (n! / (n_1! n_2! ...)) bits.

    Exact in integers, and exactly as long as `kolmo.coding.urn.Succession`.

    Parameters
    ----------
    alphabet, length : int
        Number of symbols K and length n; the decoder knows them.

    References
    ----------
    T. M. Cover (1973). Enumerative source encoding. IEEE Transactions on Information Theory 19(1),
    73-77. doi:10.1109/TIT.1973.1054929. We differ in coding the rank symbol by symbol.

    Examples
    --------
    >>> round(Enumerative(2, 10).counts_bits([3, 7]), 6)
    10.366322
    """

    def __init__(self, alphabet: int, length: int) -> None:
        super().__init__(UniformCounts(alphabet, length))


class NML(TwoPart):
    """The normalised maximum likelihood code of a memoryless source, as it can be sent.

    The textbook length is `kolmo.coding.comp.nml_bits`; this one differs by what rounding to
    integer shares costs, usually below .001 bits, and is much shorter for counts to which the
    formula gives less than 2**-32.

    Parameters
    ----------
    alphabet, length : int
        Number of symbols K and length n, at most 2**24; the decoder knows them.

    Examples
    --------
    >>> round(NML(2, 10).counts_bits([3, 7]), 6)
    11.033306
    """

    def __init__(self, alphabet: int, length: int) -> None:
        super().__init__(NMLCounts(alphabet, length))


def _halve(group: Counts) -> tuple[Counts, Counts]:
    middle = (len(group) + 1) // 2
    return group[:middle], group[middle:]
