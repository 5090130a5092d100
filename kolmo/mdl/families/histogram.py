"""Independent values in bins: exact choice of cuts on a lattice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.coding.code import Code
from kolmo.coding.comp import maximum_likelihood_bits
from kolmo.coding.counts import UniformCounts
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.family import Family
from kolmo.mdl.models.bins import InBins
from kolmo.mdl.models.cuts import Search
from kolmo.mdl.models.locating import is_varied
from kolmo.mdl.models.parts import Bounded, Chain, Moved, Subset
from kolmo.mdl.models.values import LARGEST_BITS, Values, bounds, column_values, offsets

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}, {"cells": 32}]

LARGEST_CELLS = 1 << 12

_EXCESS_BITS = 2.0**-19  # for each row: of uniform codes over their ideal length, and then some


class Binned(NamedTuple):
    """A histogram; see `Histogram` for what the fields say."""

    lowest: int
    size: int
    coarseness: int
    bins: int
    cuts: tuple[int, ...]
    counts: tuple[int, ...]


class Histogram(Family[Binned]):
    """A histogram with bins of any widths: their cuts, their counts, then the values.

    The range of the values is divided in at most ``cells`` lattice cells of 2**s integers, and
    the cuts lie between cells. Sent are: the smallest value, the range, s above the least that is
    possible, the number of bins, the cuts (all sets of cuts equally long), the counts (all count
    vectors equally long), which value is in which bin, and where in its bin, uniformly.

    For each lattice the choice is exact, as the length of a bin does not depend on the others;
    beyond 256 cells, among all sets of cuts that lie beside values.

    Parameters
    ----------
    cells : int
        Most lattice cells, 1 to 4096. The time is O(cells**2 bins + n).

    References
    ----------
    P. Kontkanen, P. Myllymäki (2007). MDL histogram density estimation. AISTATS, PMLR 2, 219-226.
    Section 4, dynamic programming. We differ in the code, which can be sent: cuts are priced on
    the whole lattice, counts are enumerated.

    Examples
    --------
    >>> model = Histogram().fit([*range(10)] * 20 + [*range(90, 100)] * 40)
    >>> model.parameters["edges"], model.parameters["counts"]
    ([0, 10, 90, 100], [200, 0, 400])
    """

    name = "histogram"
    complexity_name = "bins"
    in_units = ("edges",)

    def __init__(self, cells: int = 1024) -> None:
        if not 1 <= cells <= LARGEST_CELLS:
            raise ParameterError(f"cells out of range: got {cells}; need 1 to {LARGEST_CELLS}.")
        self.cells = cells

    def fits(self, column: Column) -> bool:
        """Return whether the column has different numbers."""
        return column.numbers is not None and is_varied(column_values(column))

    def choose(self, values: Values) -> Binned:
        """Return the best histogram over all lattices and numbers of bins."""
        search, code = self._search(values), self.parameter_code(values.size)
        limit = min(search.bits) + _EXCESS_BITS * values.size
        near = [bins for bins, bits in enumerate(search.bits, 1) if bits <= limit]
        return min(
            self._members(values, search, near),
            key=lambda b: code.codelength(b) + self._bins(b).codelength(values),
        )

    def members(self, values: Values) -> Iterator[Binned]:
        """Yield the best histogram of each number of bins, from 2 to where more cannot pay.

        One bin is the uniform family.
        """
        search = self._search(values)
        return self._members(values, search, range(2, len(search.bits) + 1))

    def parameter_code(self, rows: int) -> Code[Binned]:
        """Return the code of range, lattice, cuts and counts."""
        return Chain(
            Binned,
            lambda: Signed(LogStar()),
            lambda _: Bounded(LogStar(), 1, 1 << LARGEST_BITS),
            lambda _, size: Moved(Bounded(LogStar(), 1, 1 + self._coarsest(size)), -1),
            lambda _, size, s: Bounded(LogStar(), 1, self._cells(size, s)),
            lambda _, size, s, bins: Subset(self._cells(size, s) - 1, bins - 1),
            lambda *fields: UniformCounts(fields[3], rows),
        )

    def data_code(self, parameters: Binned, rows: int) -> Code[Any]:
        """Return the code of values in bins."""
        return self._bins(parameters)

    def complexity(self, parameters: Binned) -> int:
        """Return the number of bins."""
        return parameters.bins

    def free_parameters(self, parameters: Binned) -> int:
        """Return all edges, and all shares but one."""
        return 2 * parameters.bins

    def likelihood_bits(self, parameters: Binned, values: Values) -> float:
        """Return the length by the share of each bin, uniform inside."""
        edges = self._bins(parameters).edges
        pairs = zip(parameters.counts, pairwise(edges), strict=True)
        inside = [count * math.log2(stop - start) for count, (start, stop) in pairs]
        return maximum_likelihood_bits(parameters.counts) + math.fsum(inside)

    def describe(self, parameters: Binned) -> dict[str, Any]:
        """Return edges and counts; a bin holds the integers from one edge to below the next."""
        bins = self._bins(parameters)
        return {
            "bins": parameters.bins,
            "edges": [parameters.lowest + edge for edge in bins.edges],
            "counts": list(parameters.counts),
        }

    def _search(self, values: Values) -> Search:
        lowest, size = bounds(values)
        shifts = [self._shift(size, s) for s in range(self._coarsest(size) + 1)]
        return Search(offsets(values, lowest), size, shifts)

    def _members(self, values: Values, search: Search, numbers: Iterable[int]) -> Iterator[Binned]:
        """Yield the best histogram for each of some numbers of bins."""
        lowest, size = bounds(values)
        for bins in numbers:
            coarseness, inner, counts = search.best(bins)
            yield Binned(lowest, size, coarseness, bins, tuple(inner), tuple(counts))

    def _bins(self, binned: Binned) -> InBins:
        shift = self._shift(binned.size, binned.coarseness)
        edges = [0, *(cut << shift for cut in binned.cuts), binned.size]
        return InBins(binned.lowest, edges, binned.counts)

    def _shift(self, size: int, coarseness: int) -> int:
        """Return s, where a cell holds 2**s integers."""
        return (-(-size // self.cells) - 1).bit_length() + coarseness

    def _cells(self, size: int, coarseness: int) -> int:
        return -(-size >> self._shift(size, coarseness))

    def _coarsest(self, size: int) -> int:
        """Return how much coarser the lattice of one cell is, at most."""
        return (self._cells(size, 0) - 1).bit_length()
