"""What a family of models of one column is, and what all families share.

A family chooses parameters for a column, has a code of the parameters, and a code of the column
given the parameters. The message is the one after the other, hence decodable by anyone who knows
the family, its settings and the number of rows. Every length is that of the message itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from kolmo.coding.code import Code
from kolmo.coding.rangecoder import read, write
from kolmo.errors import ParameterError
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.values import Values, to_values

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
    complexity : int or None
        How many bins, segments or the like it has, if the family's members differ in this.
    chosen : tuple
        The parameters as the family's codes take them.
    parameters_bits, data_bits : float
        Code lengths of the two parts of the message.
    """

    family: str
    rows: int
    parameters: dict[str, Any]
    complexity: int | None
    chosen: tuple[Any, ...]
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
    complexity_name : str
        What `complexity` counts, such as "bins"; empty if the members do not differ in this.
    in_units : tuple of str
        Keys of `describe`, at any depth, whose numbers are in units of the values.
    independent : bool
        Whether each row is coded alike and by itself, so that a density can be drawn.
    """

    name: ClassVar[str]
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    complexity_name: ClassVar[str] = ""
    in_units: ClassVar[tuple[str, ...]] = ()
    independent: ClassVar[bool] = False

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

    def complexity(self, parameters: P) -> int | None:
        """Return how many bins, segments or the like a member has; None if all are alike."""
        return None

    def free_parameters(self, parameters: P) -> int | None:
        """Return how many numbers are fitted, as BIC counts them; None if that says nothing."""
        return len(parameters)

    def likelihood_bits(self, parameters: P, values: Values) -> float:
        """Return -log2 of the maximised likelihood, or of that of the parameters as sent."""
        return self.data_code(parameters, values.size).codelength(values)

    def more_criteria(self, parameters: P, values: Values) -> dict[str, float | None]:
        """Return criteria, no codes, that are known for this family alone, in bits by name."""
        return {}

    def members(self, values: Values) -> Iterator[P]:
        """Yield the best member of each complexity, the simplest first.

        Members that belong to a simpler family too are left out, as a histogram of one bin, so
        there may be none.

        Raises
        ------
        ParameterError
            If the family has no model for such values.
        """
        yield self.choose(values)

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
        column = _require_rows(values)
        return self._model(column, self.choose(column))

    def fit_members(self, values: Any) -> list[Model]:
        """Return a model for each of the `members` of a column, the shortest first.

        Of equally long ones the simplest comes first. Parameters and exceptions are those of
        `fit`.
        """
        column = _require_rows(values)
        models = [self._model(column, chosen) for chosen in self.members(column)]
        return sorted(models, key=lambda model: model.total_bits)

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

    def _model(self, column: Values, chosen: P) -> Model:
        rows = column.size
        return Model(
            self.name,
            rows,
            self.describe(chosen),
            self.complexity(chosen),
            chosen,
            self.parameter_code(rows).codelength(chosen),
            self.data_code(chosen, rows).codelength(column),
            lambda other: write(self.code(rows), (chosen, other)),
        )


def _require_rows(values: Any) -> Values:
    column = to_values(values)
    if column.size == 0:
        raise ParameterError("no model: got 0 rows; need 1 or more.")
    return column
