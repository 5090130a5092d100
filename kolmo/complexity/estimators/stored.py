"""The bytes themselves: keeps random input from costing more than its length."""

from collections.abc import Iterable, Iterator

from kolmo.complexity.estimator import Bound
from kolmo.data import Buffer

EXAMPLES: list[dict[str, int]] = [{}]


class Stored(Bound):
    """The identity code: eight bits a byte."""

    name = "stored"
    formula = "the bytes as they are; nothing removed"
    self_delimiting = False
    primes = True

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data."""
        yield from blocks

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data."""
        yield from chunks
