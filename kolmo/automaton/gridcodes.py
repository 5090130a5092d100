"""Codes of a grid of 0 and 1, each in two parts: a model of the grid, then the grid given it.

They differ in what the model tells: nothing; how much cream there is; how much in each row; or
how long ago the cream and the coffee were apart.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from kolmo.automaton.coarse import Grid
from kolmo.automaton.diffusion import TIMES, Diffusion
from kolmo.coding.code import Block, Code, Reader, Writer, to_block
from kolmo.coding.counts import UniformCounts
from kolmo.coding.discrete import Uniform, Uniforms
from kolmo.coding.urn import Arrangement, Urn
from kolmo.errors import ParameterError

Places = NDArray[np.int64]


class GridCode(Code[Grid]):
    """A two-part code of grids of one shape, which the decoder knows.

    Values are integer arrays of 0 and 1, decoded as uint8.

    Parameters
    ----------
    rows, columns : int
        The shape.
    """

    name: ClassVar[str]

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.cells = rows * columns

    @abstractmethod
    def model_bits(self, value: Grid, /) -> float:
        """Return the length of the model that this code takes for a grid."""

    @abstractmethod
    def data_bits(self, value: Grid, /) -> float:
        """Return the length of the grid given this model."""

    def codelength(self, value: Grid, /) -> float:
        """Return the length of both parts in bits."""
        self.check(value)
        return self.model_bits(value) + self.data_bits(value)

    def encode(self, value: Grid, coder: Writer, /) -> None:
        """Store the model, then the grid."""
        self.check(value)
        coder.put_blocks(self.blocks(value))

    @abstractmethod
    def blocks(self, value: Grid, /) -> Iterator[Block]:
        """Yield the intervals of the model, then of a grid that is one of this code's."""

    def check(self, value: Grid) -> None:
        """Raise ParameterError unless a grid is one of this code's."""
        if value.shape != (self.rows, self.columns):
            raise ParameterError(
                f"wrong shape: got {value.shape}; need {(self.rows, self.columns)}."
            )
        if value.size and not 0 <= int(value.min()) <= int(value.max()) <= 1:
            raise ParameterError(
                f"no word: got cells of {value.min()} to {value.max()}; need 0 or 1."
            )

    def _shaped(self, cells: NDArray[Any]) -> Grid:
        return cells.reshape(self.rows, self.columns)


class Plain(GridCode):
    """No model: one bit a cell.

    Examples
    --------
    >>> Plain(4, 5).codelength(np.zeros((4, 5), np.uint8))
    20.0
    """

    name = "plain"

    def model_bits(self, value: Grid, /) -> float:
        """Return 0."""
        return 0.0

    def data_bits(self, value: Grid, /) -> float:
        """Return the number of cells."""
        return float(self.cells)

    def blocks(self, value: Grid, /) -> Iterator[Block]:
        """Yield the intervals of the cells."""
        return self._all().blocks(value.ravel())

    def decode(self, coder: Reader, /) -> Grid:
        """Return the grid stored next."""
        return self._shaped(self._all().decode(coder))

    def _all(self) -> Urn:
        return Urn([1, 1], step=0, length=self.cells)


class Density(GridCode):
    """The model is how much cream there is; all grids with so much have equal shares.

    Examples
    --------
    Eleven densities, and ten ways to place a single particle in ten cells:

    >>> grid = np.array([[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]])
    >>> round(2 ** Density(2, 5).codelength(grid), 6)
    110.0
    """

    name = "density"

    def model_bits(self, value: Grid, /) -> float:
        """Return log2(cells + 1)."""
        return UniformCounts(2, self.cells).codelength(self._counts(value))

    def data_bits(self, value: Grid, /) -> float:
        """Return log2 of the number of grids with as much cream."""
        counts = self._counts(value)
        return Arrangement(counts).counts_bits(counts)

    def blocks(self, value: Grid, /) -> Iterator[Block]:
        """Yield the intervals of the number, then of the places."""
        counts = self._counts(value)
        yield from UniformCounts(2, self.cells).blocks(counts)
        yield from Arrangement(counts).blocks(value.ravel())

    def decode(self, coder: Reader, /) -> Grid:
        """Return the grid stored next."""
        counts = UniformCounts(2, self.cells).decode(coder)
        return self._shaped(Arrangement(counts).decode(coder))

    def _counts(self, value: Grid) -> tuple[int, int]:
        ones = int(np.count_nonzero(value))
        return self.cells - ones, ones


class RowCounts(GridCode):
    """The model is how much cream each row has; all rows with so much have equal shares.

    rows * log2(columns + 1) bits of model.

    Examples
    --------
    >>> grid = np.array([[1, 1, 1], [0, 1, 0]])
    >>> code = RowCounts(2, 3)
    >>> code.model_bits(grid), round(2 ** code.data_bits(grid), 6)
    (4.0, 3.0)
    """

    name = "row-counts"

    def model_bits(self, value: Grid, /) -> float:
        """Return rows * log2(columns + 1)."""
        return self._first().codelength(_row_sums(value))

    def data_bits(self, value: Grid, /) -> float:
        """Return the sum over rows of log2 of the number of rows with as much cream."""
        counts = [(self.columns - ones, ones) for ones in _row_sums(value).tolist()]
        return float(sum(Arrangement(pair).counts_bits(pair) for pair in counts))

    def blocks(self, value: Grid, /) -> Iterator[Block]:
        """Yield the intervals of all numbers, then of the places row by row."""
        sums = _row_sums(value)
        yield from self._first().blocks(sums)
        for row, ones in zip(value, sums.tolist(), strict=True):
            yield from self._row(ones).blocks(row)

    def decode(self, coder: Reader, /) -> Grid:
        """Return the grid stored next."""
        sums = self._first().decode(coder).tolist()
        return self._shaped(np.concatenate([self._row(ones).decode(coder) for ones in sums]))

    def _first(self) -> Uniforms:
        return Uniforms(np.full(self.rows, self.columns + 1))

    def _row(self, ones: int) -> Arrangement:
        return Arrangement([self.columns - ones, ones])


class DiffusionTime(GridCode):
    """The model is a time: cells are independent, with the exact mean of their row at that time.

    Parameters
    ----------
    rows, columns : int
        The shape, as for all.
    start : sequence of int, optional
        What each row held at t = 0, 0 or 1; by default the upper half (of an odd number of rows
        the smaller part) is 1. The decoder knows it.
    torus : bool
        Whether the last row touches the first.

    Notes
    -----
    8 bits of model. The encoder tries all 256 times. See `kolmo.automaton.diffusion` for the
    shares, which are the same on every machine.

    Examples
    --------
    >>> grid = np.repeat([[1], [0]], 8, axis=0) * np.ones((1, 16), np.uint8)
    >>> round(DiffusionTime(16, 16).codelength(grid), 3)
    8.0
    """

    name = "diffusion-time"

    def __init__(
        self, rows: int, columns: int, *, start: Sequence[int] | None = None, torus: bool = False
    ) -> None:
        super().__init__(rows, columns)
        self.diffusion = Diffusion(rows, start=start, torus=torus)

    def model_bits(self, value: Grid, /) -> float:
        """Return log2 of the number of times."""
        return Uniform(TIMES).codelength(0)

    def data_bits(self, value: Grid, /) -> float:
        """Return the length of the cells at the best time."""
        sums = _row_sums(value)
        urns = self._urns(self.best_time(value))
        pairs = zip(urns, sums.tolist(), strict=True)
        return float(sum(urn.counts_bits([self.columns - ones, ones]) for urn, ones in pairs))

    def best_time(self, value: Grid, /) -> int:
        """Return the index of the time that makes a grid shortest; see `Diffusion.edge_time`."""
        return self.diffusion.best_time(_row_sums(value), self.columns)

    def blocks(self, value: Grid, /) -> Iterator[Block]:
        """Yield the intervals of the time, then of the cells row by row."""
        index = self.best_time(value)
        yield to_block(Uniform(TIMES).intervals(index))
        for row, urn in zip(value, self._urns(index), strict=True):
            yield from urn.blocks(row)

    def decode(self, coder: Reader, /) -> Grid:
        """Return the grid stored next."""
        urns = self._urns(Uniform(TIMES).decode(coder))
        return self._shaped(np.concatenate([urn.decode(coder) for urn in urns]))

    def _urns(self, index: int) -> list[Urn]:
        shares = self.diffusion.shares(index)
        return [Urn(pair, step=0, length=self.columns) for pair in shares]


class Shortest(GridCode):
    """The shortest of several codes, named first: log2 of their number more.

    Parameters
    ----------
    codes : sequence of GridCode
        Of one shape.
    use : int, optional
        Take this one for every grid, instead of the shortest; decoding does not depend on it.
    """

    name = "shortest"

    def __init__(self, codes: Sequence[GridCode], *, use: int | None = None) -> None:
        super().__init__(codes[0].rows, codes[0].columns)
        self.codes, self.use = codes, use
        self._choice = Uniform(len(codes))

    def model_bits(self, value: Grid, /) -> float:
        """Return the length of the name and of that code's model."""
        index = self.choose(value)
        return self._choice.codelength(index) + self.codes[index].model_bits(value)

    def data_bits(self, value: Grid, /) -> float:
        """Return the length of the grid given this model."""
        return self.codes[self.choose(value)].data_bits(value)

    def choose(self, value: Grid, /) -> int:
        """Return the index of the code to take."""
        if self.use is not None:
            return self.use
        lengths = [code.codelength(value) for code in self.codes]
        return lengths.index(min(lengths))

    def blocks(self, value: Grid, /) -> Iterator[Block]:
        """Yield the intervals of the index, then of the grid."""
        index = self.choose(value)
        yield to_block(self._choice.intervals(index))
        yield from self.codes[index].blocks(value)

    def decode(self, coder: Reader, /) -> Grid:
        """Return the grid stored next."""
        return self.codes[self._choice.decode(coder)].decode(coder)


def grid_codes(
    rows: int, columns: int, *, start: Sequence[int] | None = None, torus: bool = False
) -> list[GridCode]:
    """Return all two-part codes for grids of one shape; see `DiffusionTime` for the rest."""
    simple: list[Callable[[int, int], GridCode]] = [Plain, Density, RowCounts]
    codes = [make(rows, columns) for make in simple]
    return [*codes, DiffusionTime(rows, columns, start=start, torus=torus)]


def _row_sums(value: Grid) -> Places:
    return np.asarray(value.sum(axis=1, dtype=np.int64))
