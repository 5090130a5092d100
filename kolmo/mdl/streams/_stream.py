"""What the containers of columns share: an edition of families, and the memory they take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from kolmo.data import Buffer
from kolmo.errors import InputError, ParameterError
from kolmo.mdl.methods import edition as current_edition

_MEMORY_FACTOR = 24
_LEAST_MEMORY = 1 << 24


class Stream:
    """The code of columns by models that are chosen beforehand.

    Parameters
    ----------
    edition : int, optional
        Which families were known to the encoder; those known here if not given.

    Attributes
    ----------
    predicting : bool
        Whether predictors are among the families.
    nouns : str
        What the edition is of.
    command : str
        What makes such a container.

    Raises
    ------
    InputError
        If it is another edition: its numbers of families mean others here.
    """

    name: ClassVar[str]
    predicting: ClassVar[bool]
    nouns: ClassVar[str]
    command: ClassVar[str]
    requires: tuple[str, ...] = ()
    extra = ""

    def __init__(self, edition: int | None = None) -> None:
        current = current_edition(predicting=self.predicting)
        if edition is not None and edition != current:
            raise InputError(
                f"other families: the file was made by edition {edition} of kolmo's {self.nouns}; "
                f"this is edition {current}. Use the kolmo that made it."
            )

    def parameters(self) -> dict[str, int]:
        """Return the edition."""
        return {"edition": current_edition(predicting=self.predicting)}

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Refuse: the models have to be chosen."""
        raise ParameterError(f"no code of bytes: got '{self.name}'. Try {self.command}.")

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory encoding takes."""
        return _MEMORY_FACTOR * (length + given_bytes) + _LEAST_MEMORY

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory decoding takes."""
        return _MEMORY_FACTOR * (length + given_bytes) + _LEAST_MEMORY
