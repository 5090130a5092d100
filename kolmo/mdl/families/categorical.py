"""Independent symbols with unknown frequencies."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolmo.coding.code import Code, damaged
from kolmo.coding.comp import maximum_likelihood_bits
from kolmo.coding.counts import LARGEST_LENGTH, NML, Enumerative
from kolmo.coding.discrete import Uniform
from kolmo.coding.urn import KT
from kolmo.errors import ParameterError
from kolmo.mdl.family import Family
from kolmo.mdl.models.alphabet import (
    Shifted,
    has_alphabet,
    largest_size,
    lowest_code,
    size_code,
    to_symbols,
)
from kolmo.mdl.models.parts import Chain, Moved
from kolmo.mdl.models.values import Values, bounds, column_values, offsets

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}, {"code": 1}, {"code": 2}, {"code": 3}]

CODES: tuple[type[KT] | type[Enumerative] | type[NML], ...] = (KT, Enumerative, NML)
NAMES = ("kt", "enumerative", "nml")

_AUTO = 0
_LARGEST_NML_SIZE = 1 << 8
_LARGEST_NML_TABLE = 1 << 25  # symbols times rows, which takes .3 s


class Alphabet(NamedTuple):
    """Which integers occur, and which of `CODES` is used."""

    lowest: int
    size: int
    code: int


class Categorical(Family[Alphabet]):
    """Independent symbols by the shortest of three codes, log2 3 bits say which.

    Symbols are label codes, or integers in a short range. The codes are Krichevsky-Trofimov,
    enumerative, and normalised maximum likelihood; the last for at most 256 symbols, 2**24 rows,
    and 2**25 symbols times rows. If it is out of question, or a code is given, less is sent.

    Parameters
    ----------
    code : int
        0 for the shortest, 1 for Krichevsky-Trofimov, 2 for enumerative, 3 for normalised maximum
        likelihood.

    References
    ----------
    R. E. Krichevsky, V. K. Trofimov (1981). The performance of universal encoding. IEEE
    Transactions on Information Theory 27(2), 199-207. doi:10.1109/TIT.1981.1056331.

    T. M. Cover (1973). Enumerative source encoding. IEEE Transactions on Information Theory 19(1),
    73-77. doi:10.1109/TIT.1973.1054929.

    J. Rissanen (1996). Fisher information and stochastic complexity. IEEE Transactions on
    Information Theory 42(1), 40-47. doi:10.1109/18.481776. Normalised maximum likelihood.

    Examples
    --------
    Three of one kind and seven of the other, as in the enumerative code:

    >>> model = Categorical().fit([0, 1, 1, 0, 1, 1, 1, 0, 1, 1])
    >>> model.parameters, round(model.data_bits, 6)
    ({'lowest': 0, 'size': 2, 'code': 'enumerative'}, 10.366322)
    """

    name = "categorical"
    in_units = ("lowest",)

    def __init__(self, code: int = _AUTO) -> None:
        if not 0 <= code <= len(CODES):
            raise ParameterError(f"code out of range: got {code}; need 0 to {len(CODES)}.")
        self._given = code

    def fits(self, column: "Column") -> bool:
        """Return whether the values lie in a range of 2**16, or of one for each row."""
        if not has_alphabet(column, largest_size(column.rows)):
            return False
        values = column_values(column)
        return len(self._codes(bounds(values)[1], values.size)) > 0

    def choose(self, values: Values) -> Alphabet:
        """Return the range of the values, and the shortest code."""
        lowest, size, symbols = to_symbols(values, largest_size(values.size))
        counts = np.bincount(symbols, minlength=size).tolist()
        codes = self._codes(size, values.size)
        if not codes:
            raise ParameterError(
                f"too much for NML: got {size} symbols, {values.size} rows. Try KT."
            )
        lengths = {code: CODES[code](size, values.size).counts_bits(counts) for code in codes}
        return Alphabet(lowest, size, min(codes, key=lambda code: lengths[code]))

    def parameter_code(self, rows: int) -> Code[Alphabet]:
        """Return the code of the range and of which code is used."""
        return Chain(
            Alphabet,
            lowest_code,
            lambda *_: size_code(largest_size(rows)),
            lambda _, size: self._which(size, rows),
        )

    def data_code(self, parameters: Alphabet, rows: int) -> Code[Any]:
        """Return the chosen code."""
        return Shifted(CODES[parameters.code](parameters.size, rows), parameters.lowest)

    def free_parameters(self, parameters: Alphabet) -> int:
        """Return all shares but one."""
        return parameters.size - 1

    def likelihood_bits(self, parameters: Alphabet, values: Values) -> float:
        """Return the length by the frequencies of the column itself."""
        return maximum_likelihood_bits(np.bincount(offsets(values, parameters.lowest)).tolist())

    def describe(self, parameters: Alphabet) -> dict[str, Any]:
        """Return the parameters for people."""
        return parameters._asdict() | {"code": NAMES[parameters.code]}

    def _codes(self, size: int, rows: int) -> range:
        """Return which codes may be used."""
        small = size <= _LARGEST_NML_SIZE and size * rows <= _LARGEST_NML_TABLE
        most = len(CODES) if small and rows <= LARGEST_LENGTH else len(CODES) - 1
        if self._given == _AUTO:
            return range(most)
        return range(self._given - 1, min(self._given, most))

    def _which(self, size: int, rows: int) -> Code[int]:
        codes = self._codes(size, rows)
        if not codes:
            raise damaged("too many symbols for NML")
        return Moved(Uniform(len(codes)), codes.start)
