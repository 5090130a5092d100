"""A model that learns from each bit it codes: one loop writes, reads, weighs, or only learns."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder

BYTES_A_BIT = 4  # that a coder shifts out at most


class AdaptiveModel:
    """A model of the symbols in an array, each coded given those before, in pieces of some 10 ms.

    Parameters
    ----------
    text : uint8[]
        What is coded; a reader fills it.
    loop : callable
        A kernel of (head, data, (text, start, stop), shares, memory).
    memory : tuple of arrays
        All that the model knows.

    Attributes
    ----------
    piece, bits : int
        How many symbols make a piece, and bits a symbol.
    share_bits : int
        Shares are integers of 2**share_bits.
    """

    piece: ClassVar[int]
    bits: ClassVar[int]
    share_bits: ClassVar[int] = 32

    def __init__(self, text: "NDArray[np.uint8]", loop: Callable[..., int], memory: Any) -> None:
        import numpy as np

        self.text = text
        self._loop, self._memory = loop, memory
        self._nothing = np.zeros(0, np.int64)

    def learn(self, start: int, stop: int) -> None:
        """Learn from symbols without coding them."""
        for first, last in self._pieces(start, stop):
            self._weigh(first, last, self._nothing)

    def costs(self, start: int, stop: int) -> "NDArray[np.float64]":
        """Learn from symbols; return what each bit of them costs, in bits."""
        import numpy as np

        found = np.empty(self.bits * (stop - start))
        for first, last in self._pieces(start, stop):
            shares = np.empty(self.bits * (last - first), np.int64)
            self._weigh(first, last, shares)
            at = self.bits * (first - start)
            found[at : at + shares.size] = self.share_bits - np.log2(shares)
        return found

    def write(self, start: int, stop: int, coder: "RangeEncoder") -> Iterator[int]:
        """Store symbols; yield after each piece up to where they are stored."""
        for first, last in self._pieces(start, stop):
            room = BYTES_A_BIT * self.bits * (last - first)
            text = self.text, first, last
            coder.write(self._loop, room, text, self._nothing, self._memory)
            yield last

    def read(self, start: int, stop: int, coder: "RangeDecoder") -> Iterator[int]:
        """Read symbols into the array; yield now and then up to where they are there."""
        for first, last in self._pieces(start, stop):
            coder.read(self._loop, (self.text, first, last), self._nothing, self._memory)
            yield last

    def _weigh(self, first: int, last: int, shares: "NDArray[np.int64]") -> None:
        import numpy as np

        from kolmo.coding.kernels.binary import SILENT

        head = np.array([SILENT, 0, 0, 0, 0], np.uint64)
        self._loop(head, np.zeros(0, np.uint8), (self.text, first, last), shares, self._memory)

    def _pieces(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        for first in range(start, stop, self.piece):
            yield first, min(first + self.piece, stop)
