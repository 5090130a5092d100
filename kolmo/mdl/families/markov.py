"""Symbols that depend on the ones before: a Markov chain of chosen order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.coding.code import Code
from kolmo.coding.discrete import Uniform
from kolmo.errors import ParameterError
from kolmo.mdl.family import Family
from kolmo.mdl.models.alphabet import Shifted, has_alphabet, lowest_code, size_code, to_symbols
from kolmo.mdl.models.contexts import Contexts
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.values import Values, offsets

if TYPE_CHECKING:
    from kolmo.table import Column

EXAMPLES: list[dict[str, int]] = [{}, {"limit": 3}]

LARGEST_SIZE = 1 << 10
LARGEST_TABLE = 1 << 22
LARGEST_LIMIT = 64


class Chained(NamedTuple):
    """Which integers occur, and how many symbols predict the next."""

    lowest: int
    size: int
    order: int


class Markov(Family[Chained]):
    """A Markov chain of order 0 to ``limit``, Krichevsky-Trofimov in each context.

    The first symbols, as many as the order, are uniform. All contexts together have at most 2**22
    entries, which limits the order too.

    Parameters
    ----------
    limit : int
        Largest order tried, 0 to 64.

    References
    ----------
    P. Grünwald (2004). A tutorial introduction to the minimum description length principle.
    arXiv:math/0406077, example 2.8. We differ in the code of each context, KT for two parts.

    Examples
    --------
    >>> model = Markov().fit([0, 0, 0, 1] * 256)
    >>> model.parameters["order"], round(model.data_bits, 4)
    (3, 22.2973)
    """

    name = "markov"
    complexity_name = "order"
    in_units = ("lowest",)

    def __init__(self, limit: int = 16) -> None:
        if not 0 <= limit <= LARGEST_LIMIT:
            raise ParameterError(f"limit out of range: got {limit}; need 0 to {LARGEST_LIMIT}.")
        self.limit = limit

    def fits(self, column: Column) -> bool:
        """Return whether there are at most 1024 different symbols."""
        return has_alphabet(column, LARGEST_SIZE)

    def choose(self, values: Values) -> Chained:
        """Return the range of the values, and the order with the shortest message."""
        lowest, size, symbols = to_symbols(values, LARGEST_SIZE)
        orders = range(self._largest_order(size, symbols.size) + 1)
        lengths = [Contexts(size, order, symbols.size).codelength(symbols) for order in orders]
        return Chained(lowest, size, lengths.index(min(lengths)))

    def members(self, values: Values) -> Iterator[Chained]:
        """Yield the chain of each order from 1; that of order 0 is the family categorical."""
        lowest, size, symbols = to_symbols(values, LARGEST_SIZE)
        for order in range(1, self._largest_order(size, symbols.size) + 1):
            yield Chained(lowest, size, order)

    def parameter_code(self, rows: int) -> Code[Chained]:
        """Return the code of the range and of the order."""
        return Chain(
            Chained,
            lowest_code,
            lambda *_: size_code(LARGEST_SIZE),
            lambda _, size: Uniform(self._largest_order(size, rows) + 1),
        )

    def data_code(self, parameters: Chained, rows: int) -> Code[Any]:
        """Return the code by contexts."""
        return Shifted(Contexts(parameters.size, parameters.order, rows), parameters.lowest)

    def complexity(self, parameters: Chained) -> int:
        """Return the order."""
        return parameters.order

    def free_parameters(self, parameters: Chained) -> int:
        """Return all shares but one in each context."""
        contexts: int = parameters.size**parameters.order
        return (parameters.size - 1) * contexts

    def likelihood_bits(self, parameters: Chained, values: Values) -> float:
        """Return the length by the frequencies in each context of the column itself."""
        contexts = Contexts(parameters.size, parameters.order, values.size)
        return contexts.likelihood_bits(offsets(values, parameters.lowest))

    def _largest_order(self, size: int, rows: int) -> int:
        order = 0
        while (
            size > 1 and order < min(self.limit, rows - 1) and size ** (order + 2) <= LARGEST_TABLE
        ):
            order += 1
        return order
