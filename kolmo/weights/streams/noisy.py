"""Containers with one column of a CSV file, by a noisy net given the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kolmo.data import MEMORY_LIMIT, Buffer, Input, MemoryInput
from kolmo.errors import InputError, ParameterError, shorten
from kolmo.mdl.features import features_text
from kolmo.table import Limits, read_table
from kolmo.weights.noisy.reading import Decoded, decode_message, open_message

EXAMPLES: list[dict[str, int]] = [{}]

_ALL = 1 << 62
_MEMORY_FACTOR = 64
_LEAST_MEMORY = 1 << 26


class Noisy:
    """The code of a target by a Hinton-van Camp net; ``kolmo weights send`` writes it.

    The side information is a CSV file with the features, found by their names, whatever else it
    holds; the container keeps the SHA-256 of their cells. Decoded are the cells of the target,
    exactly, with canonical quoting and line feeds, under its name.

    Attributes
    ----------
    decoded : Decoded or None
        All that came out of the last message: weights, and what it takes to get the payload.
    memory_limit : int
        Largest number of bytes for running the net.
    """

    name = "noisy"
    primes = True
    given_bytes = _ALL
    given_words = "the sender's features, row for row and spelled alike,"
    requires: tuple[str, ...] = ()
    extra = ""

    def __init__(self) -> None:
        self.decoded: Decoded | None = None
        self.memory_limit = MEMORY_LIMIT

    def parameters(self) -> dict[str, int]:
        """Return nothing: the payload tells all."""
        return {}

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Refuse: a net has to be fitted first."""
        raise ParameterError("no code of bytes: got 'noisy'. Try kolmo weights send FILE -o OUT.")

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory encoding takes."""
        return _MEMORY_FACTOR * (length + given_bytes) + _LEAST_MEMORY

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory decoding takes."""
        return _MEMORY_FACTOR * (length + given_bytes) + _LEAST_MEMORY

    def side_information(self, payload: Iterable[Buffer], given: Input) -> Input:
        """Return the cells of the features in the fixed form, found in a CSV file by their names.

        Raises
        ------
        InputError
            If the file is no table, or lacks one of the features, which is named.
        DecodeError
            If the payload is damaged.
        """
        _, _, known = open_message(b"".join(payload))
        missing: ParameterError | None = None
        for mark in (known.delimiter, None):  # as the sender's file, or as this one may be written
            table = read_table(
                given,
                delimiter=mark,
                header="yes" if known.header else "no",
                encoding=known.encoding,
                limits=Limits(memory_bytes=max(MEMORY_LIMIT, 32 * given.size)),
            )
            try:
                return MemoryInput(features_text(table, known.names))
            except ParameterError as error:
                missing = missing or error
        raise InputError(f"feature missing in '{shorten(given.name)}': {missing}") from missing

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the CSV file with the target."""
        self.decoded = decode_message(b"".join(chunks), given, length, self.memory_limit)
        yield self.decoded.data
