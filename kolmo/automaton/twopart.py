"""Two-part codes of a grid, decoded and compared; and the sophistication that they suggest.

The shortest is a bound that follows the grid's own physics, and beats general compressors while
it mixes. Sophistication asks how much of the shortest description is model. Here: the fewest model
bits among the codes that come within c bits of the shortest. This is a proxy; it bounds the true
sophistication neither from above nor from below.

References
----------
M. Koppel (1987). Complexity, depth, and sophistication. Complex Systems 1(6), 1087-1091.
P. Gács, J. T. Tromp, P. M. B. Vitányi (2001). Algorithmic statistics. IEEE Transactions on
Information Theory 47(6), 2443-2463. doi:10.1109/18.945257. We differ in a fixed list of models.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kolmo.automaton.coarse import Grid
from kolmo.automaton.gridcodes import GridCode, Shortest, grid_codes
from kolmo.coding.laws import OVERHEAD_BITS
from kolmo.coding.rangecoder import read, write
from kolmo.errors import CertificationError


class TwoPartRow(NamedTuple):
    """One two-part code of one grid.

    Attributes
    ----------
    code : str
        Its name.
    kind : str
        ``certified``: a message of ``payload_bits`` was decoded in this run; else
        ``codelength``, which the message would exceed by at most 16 bits.
    model_bits : float
        Ideal length of the model, the code's name included.
    data_bits : float
        Ideal length of the grid given the model.
    payload_bits : int or None
        The message's length, if it was made.
    """

    code: str
    kind: str
    model_bits: float
    data_bits: float
    payload_bits: int | None

    @property
    def total_bits(self) -> float:
        """Both parts."""
        return self.model_bits + self.data_bits

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {**self._asdict(), "total_bits": self.total_bits}


class TwoParts(NamedTuple):
    """All two-part codes of one grid, the shortest first.

    Attributes
    ----------
    rows : tuple of TwoPartRow
        The codes.
    slack_bits : float
        c: codes up to so much longer than the shortest count for the sophistication.
    sophistication_bits : float
        Fewest model bits among them: a proxy, neither an upper nor a lower bound.
    sophistication_code : str
        Whose these are.
    """

    rows: tuple[TwoPartRow, ...]
    slack_bits: float
    sophistication_bits: float
    sophistication_code: str

    @property
    def best(self) -> TwoPartRow:
        """The shortest."""
        return self.rows[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {**self._asdict(), "rows": [row.to_dict() for row in self.rows]}


def two_part(
    grid: Grid,
    codes: Sequence[GridCode] | None = None,
    *,
    slack_bits: float = OVERHEAD_BITS,
    verify: bool = True,
) -> TwoParts:
    """Return the lengths of all two-part codes of a grid, in bits, and its sophistication.

    Parameters
    ----------
    grid : integer[rows, columns]
        Cells of 0 and 1.
    codes : sequence of GridCode, optional
        By default those of `grid_codes` for walls and cream in the upper half at t = 0.
    slack_bits : float
        c of the sophistication; by default what a message may lose to rounding.
    verify : bool
        Make and decode every message, which makes it ``certified``.

    Raises
    ------
    ParameterError
        If a cell holds more than 1.

    Notes
    -----
    Each length holds the 2 bits that say which of the codes it is; the shape is known.
    Making and decoding all takes about 10 ms at 100 x 100, 35 ms at 256 x 256. For many grids of
    one shape, make the codes once.

    Examples
    --------
    >>> start = np.repeat([[1], [0]], 8, axis=0) * np.ones((1, 16), np.uint8)
    >>> found = two_part(start)
    >>> [(row.code, round(row.total_bits)) for row in found.rows]
    [('diffusion-time', 10), ('row-counts', 67), ('plain', 258), ('density', 262)]
    >>> found.best.kind, found.best.payload_bits, found.sophistication_bits
    ('certified', 16, 10.0)
    """
    used = grid_codes(*grid.shape) if codes is None else list(codes)
    found = [_row(grid, Shortest(used, use=i), verify=verify) for i in range(len(used))]
    found.sort(key=lambda row: row.total_bits)
    near = [row for row in found if row.total_bits <= found[0].total_bits + slack_bits]
    least = min(near, key=lambda row: row.model_bits)
    return TwoParts(tuple(found), slack_bits, least.model_bits, least.code)


def _row(grid: Grid, code: Shortest, *, verify: bool) -> TwoPartRow:
    code.check(grid)
    kind, payload_bits = "codelength", None
    if verify:
        message = write(code, grid)
        if not np.array_equal(read(code, message), grid):
            raise CertificationError("a two-part code decodes to another grid")
        kind, payload_bits = "certified", 8 * len(message)
    name = code.codes[code.choose(grid)].name
    return TwoPartRow(name, kind, code.model_bits(grid), code.data_bits(grid), payload_bits)
