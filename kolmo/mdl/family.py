"""What a family of models of one column is, and what all families share.

A family chooses parameters for a column, has a code of the parameters, and a code of the column
given the parameters. The message is the one after the other, hence decodable by anyone who knows
the family, its settings and the number of rows. Every length is that of the message itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from kolmo.coding.code import Code
from kolmo.coding.rangecoder import read, write
from kolmo.errors import ParameterError
from kolmo.mdl.parts import Chain
from kolmo.mdl.values import Values, to_values

if TYPE_CHECKING:
    from kolmo.table import Column

P = TypeVar("P", bound=tuple[Any, ...])


@dataclass(frozen=True, eq=False)
class Model:
    """One member of a family, chosen for a column.

    Attributes
    ----------
    family : str
        Registered name.
    rows : int
        Length of the column.
    parameters : dict
        For people: names and numbers.
    parameters_bits, data_bits : float
        Code lengths of the two parts of the message.
    """

    family: str
    rows: int
    parameters: dict[str, Any]
    parameters_bits: float
    data_bits: float
    _encode: Callable[[Values], bytes]

    @property
    def total_bits(self) -> float:
        """Length of the message in ideal bits; the realised one has at most ceil + 16."""
        return self.parameters_bits + self.data_bits

    def encode(self, values: Any) -> bytes:
        """Return the message: the parameters, then the column under them.

        Raises
        ------
        ParameterError
            If this model has no message for ``values``; it always has one for those it was
            fitted to.
        """
        return self._encode(to_values(values))


class Family(ABC, Generic[P]):
    """A set of models of one column, with codes for which model and for the column under it.

    Attributes
    ----------
    name : str
        Registered name, the same as the file's.
    requires : tuple of str
        Modules that must be installed.
    extra : str
        The extra of ``kolmo-toolkit`` that installs them.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    @abstractmethod
    def fits(self, column: Column) -> bool:
        """Return whether the family has a model for this column, without looking for it."""

    @abstractmethod
    def choose(self, values: Values) -> P:
        """Return the parameters with the shortest message that this family looks for."""

    @abstractmethod
    def parameter_code(self, rows: int) -> Code[P]:
        """Return the code of the parameters; the decoder knows the number of rows."""

    @abstractmethod
    def data_code(self, parameters: P, rows: int) -> Code[Any]:
        """Return the code of a column given the parameters."""

    def describe(self, parameters: P) -> dict[str, Any]:
        """Return the parameters for people."""
        return {key: getattr(parameters, key) for key in getattr(parameters, "_fields", ())}

    def fit(self, values: Any) -> Model:
        """Return the best model of a column.

        Parameters
        ----------
        values : int64[n], or sequence of int
            The numbers of a column at its stated precision, or its label codes; n >= 1.

        Raises
        ------
        ParameterError
            If there is no row, or the family has no model for such values.
        """
        column = to_values(values)
        if column.size == 0:
            raise ParameterError("no model: got 0 rows; need 1 or more.")
        rows, chosen = column.size, self.choose(column)
        return Model(
            self.name,
            rows,
            self.describe(chosen),
            self.parameter_code(rows).codelength(chosen),
            self.data_code(chosen, rows).codelength(column),
            lambda other: write(self.code(rows), (chosen, other)),
        )

    def decode(self, payload: bytes, rows: int) -> Values:
        """Return the column of a message; label codes come back as int64.

        Raises
        ------
        DecodeError
            If no column of so many rows has this message.
        """
        return to_values(read(self.code(rows), payload)[1])

    def code(self, rows: int) -> Code[tuple[P, Any]]:
        """Return the code of parameters and column together."""
        return Chain(
            lambda parameters, values: (parameters, values),
            lambda: self.parameter_code(rows),
            lambda parameters: self.data_code(parameters, rows),
        )
