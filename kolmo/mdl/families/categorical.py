"""Independent symbols with unknown frequencies."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolmo.coding.code import Code
from kolmo.coding.counts import Enumerative
from kolmo.coding.discrete import Uniform
from kolmo.coding.urn import KT
from kolmo.mdl.alphabet import (
    Shifted,
    has_alphabet,
    largest_size,
    lowest_code,
    size_code,
    to_symbols,
)
from kolmo.mdl.family import Family
from kolmo.mdl.parts import Chain
from kolmo.mdl.values import Values

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}]

CODES: tuple[type[KT] | type[Enumerative], ...] = (KT, Enumerative)


class Alphabet(NamedTuple):
    """Which integers occur, and which of `CODES` has the shorter message."""

    lowest: int
    size: int
    code: int


class Categorical(Family[Alphabet]):
    """Independent symbols: Krichevsky-Trofimov or enumerative, one bit says which.

    Symbols are label codes, or integers in a short range.

    References
    ----------
    R. E. Krichevsky, V. K. Trofimov (1981). The performance of universal encoding. IEEE
    Transactions on Information Theory 27(2), 199-207. doi:10.1109/TIT.1981.1056331.

    T. M. Cover (1973). Enumerative source encoding. IEEE Transactions on Information Theory 19(1),
    73-77. doi:10.1109/TIT.1973.1054929.

    Examples
    --------
    Three of one kind and seven of the other, as in the enumerative code:

    >>> model = Categorical().fit([0, 1, 1, 0, 1, 1, 1, 0, 1, 1])
    >>> model.parameters, round(model.data_bits, 6)
    ({'lowest': 0, 'size': 2, 'code': 'enumerative'}, 10.366322)
    """

    name = "categorical"

    def fits(self, column: "Column") -> bool:
        """Return whether the values lie in a range of 2**16, or of one for each row."""
        return has_alphabet(column, largest_size(column.rows))

    def choose(self, values: Values) -> Alphabet:
        """Return the range of the values, and the shorter code."""
        lowest, size, symbols = to_symbols(values, largest_size(values.size))
        counts = np.bincount(symbols, minlength=size).tolist()
        lengths = [code(size, values.size).counts_bits(counts) for code in CODES]
        return Alphabet(lowest, size, lengths.index(min(lengths)))

    def parameter_code(self, rows: int) -> Code[Alphabet]:
        """Return the code of the range and of one bit."""
        return Chain(
            Alphabet,
            lowest_code,
            lambda *_: size_code(largest_size(rows)),
            lambda *_: Uniform(len(CODES)),
        )

    def data_code(self, parameters: Alphabet, rows: int) -> Code[Any]:
        """Return the chosen code."""
        return Shifted(CODES[parameters.code](parameters.size, rows), parameters.lowest)

    def describe(self, parameters: Alphabet) -> dict[str, Any]:
        """Return the parameters for people."""
        code = CODES[parameters.code].__name__
        named = "enumerative" if code == "Enumerative" else code
        return {"lowest": parameters.lowest, "size": parameters.size, "code": named}
