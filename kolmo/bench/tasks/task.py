"""What a task of `kolmo bench` is: bits drawn by a known law, or made by a known short program."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Source(ABC):
    """A law of bit strings whose probabilities are known exactly.

    Attributes
    ----------
    name : str
        Unique among all tasks.
    about : str
        What it is, in a line.
    group : str
        What a user who does not know the law might know of it: ``finite memory``, ``repetition``.
    rate : float or None
        Entropy rate in bits a symbol; None where the entropy is not about linear in n.
    parameters : int or None
        Free parameters of the law as a tree source: a universal code needs half of log2 n bits for
        each of them. None if it is none.
    multiple : int
        Lengths are multiples of it.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    group: ClassVar[str]
    rate: ClassVar[float | None] = None
    parameters: ClassVar[int | None] = None
    multiple: ClassVar[int] = 8

    @abstractmethod
    def draw(self, n: int, seed: int) -> NDArray[np.uint8]:
        """Return ``n`` zeros and ones, the same for the same seed on every machine."""

    @abstractmethod
    def truth_bits(self, bits: NDArray[np.uint8]) -> float:
        """Return -log2 of the exact probability of a string among all of its length.

        Infinite for a string that cannot come.
        """


class Sequence(ABC):
    """An infinite bit sequence that a short program prints.

    Attributes
    ----------
    name : str
        Unique among all tasks.
    about : str
        What it is, in a line.
    largest : int
        The longest beginning that takes a few seconds to make.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    largest: ClassVar[int] = 1 << 22

    @abstractmethod
    def bits(self, n: int) -> NDArray[np.uint8]:
        """Return the first ``n`` zeros and ones."""

    @abstractmethod
    def program_bits(self, n: int) -> int:
        """Return a bound of K of the first ``n`` bits, Python given: the program that made them.

        It is the source of the generating function, deflated, and ``n`` in Elias' delta code.
        """
