"""The ``.klm`` file: one self-describing, checksummed container for whatever kolmo encodes.

Its layout stands in `kolmo.header`, byte by byte. A reader verifies header, payload and, once
decoded, the data against their sums before anything is released; the 8 bytes of SHA-256 are what
tells wrong data from right even in a file that was altered on purpose.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from kolmo.data import BLOCK_BYTES, MEMORY_LIMIT, Buffer, Input
from kolmo.errors import (
    CorruptFileError,
    DecodeError,
    MemoryLimitError,
    ParameterError,
    shorten,
)
from kolmo.header import CRC_BYTES, DIGEST_BYTES, Header, crc_bytes, parse_header


class Packer(Protocol):
    """What a container asks of a code: a pair of inverse transformations of byte streams."""

    @property
    def name(self) -> str:
        """Return the registered name."""

    @property
    def primes(self) -> bool:
        """Return whether side information can prime the code."""

    @property
    def given_bytes(self) -> int:
        """Return how much of the side information, from its end, the code can use."""

    def parameters(self) -> dict[str, int]:
        """Return the parameters that are not the defaults and that decoding needs."""

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the payload for ``length`` bytes of data."""

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the data again; raise DecodeError where the payload is not one of this code."""

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about how much memory encoding takes."""

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return how much memory decoding may take, checked before a decoder is built."""


def digest(data: Input) -> bytes:
    """Return the first 8 bytes of the SHA-256 of an input."""
    from hashlib import sha256

    state = sha256()
    for block in data.blocks():
        state.update(block)
    return state.digest()[:DIGEST_BYTES]


def overhead_bytes(code: Packer, length: int, *, given: bool = False) -> int:
    """Return how many bytes a container of ``code`` has beside the payload."""
    header = Header(
        code.name,
        length,
        bytes(DIGEST_BYTES),
        code.parameters(),
        bytes(DIGEST_BYTES) if given else b"",
    )
    return len(header.to_bytes()) + CRC_BYTES


def pack(
    code: Packer, data: Input, payload: Iterable[Buffer], given: Input | None = None
) -> Iterator[Buffer]:
    """Yield the container of a payload that ``code`` made from ``data``, piece by piece."""
    given_digest = digest(given) if given is not None else b""
    yield Header(code.name, data.size, digest(data), code.parameters(), given_digest).to_bytes()
    crc = 0
    for chunk in payload:
        crc = zlib.crc32(chunk, crc)
        yield chunk
    yield crc_bytes(crc)


def priming(code: Packer, given: Input | None) -> bytes:
    """Return the end of the side information that ``code`` can use."""
    return b"" if given is None else given.read(max(0, given.size - code.given_bytes))


class Container:
    """A container file opened for reading; its header and payload sums are verified at once.

    Parameters
    ----------
    source : Input
        The file.

    Raises
    ------
    CorruptFileError
        If a sum or a length does not fit, naming section, byte range and check.
    InputError
        If the file was made by another format version, or is no container at all.
    """

    def __init__(self, source: Input) -> None:
        self.source = source
        self.header, self.header_bytes = parse_header(source)
        self.payload_stop = source.size - CRC_BYTES
        if self.payload_stop < self.header_bytes:
            raise CorruptFileError(
                "trailer", self.header_bytes, source.size, "the file ends before the payload's sum"
            )
        self._check_payload()

    @property
    def payload_bytes(self) -> int:
        """Length of the payload in bytes."""
        return self.payload_stop - self.header_bytes

    def payload(self) -> Iterator[Buffer]:
        """Yield the payload."""
        for start in range(self.header_bytes, self.payload_stop, BLOCK_BYTES):
            yield self.source.read(start, min(start + BLOCK_BYTES, self.payload_stop))

    def data(
        self, code: Packer, given: Input | None = None, *, memory_limit: int = MEMORY_LIMIT
    ) -> Iterator[Buffer]:
        """Yield the decoded data; the last sum is verified after the last piece.

        A caller releases nothing before the iteration has ended without an error.

        Raises
        ------
        CorruptFileError
            If the decoder refuses the payload, or the data have another length or SHA-256.
        ParameterError
            If ``given`` is missing, not needed, or another one than the container names.
        MemoryLimitError
            If decoding would need more than ``memory_limit`` bytes.
        """
        from hashlib import sha256

        given = self._side_information(code, given)
        self._check_side_information(given, getattr(code, "given_words", "the file"))
        side = priming(code, given)
        self._check_memory(code, len(side), memory_limit)
        state, count = sha256(), 0
        decoded = code.decompress(self.payload(), self.header.length, side)
        while (piece := self._next(decoded)) is not None:
            count += len(piece)
            if count > self.header.length:
                raise self._corrupt(f"decodes to more than the {self.header.length} bytes stated")
            state.update(piece)
            yield piece
        if count != self.header.length:
            raise self._corrupt(f"decodes to {count} bytes, the header says {self.header.length}")
        if state.digest()[:DIGEST_BYTES] != self.header.digest:
            raise CorruptFileError(
                "data", 0, count, "SHA-256 of the decoded data is not the one in the header"
            )

    def _next(self, decoded: Iterator[Buffer]) -> Buffer | None:
        try:
            return next(decoded, None)
        except DecodeError as error:
            raise self._corrupt(str(error)) from error

    def _corrupt(self, check: str) -> CorruptFileError:
        return CorruptFileError("payload", self.header_bytes, self.payload_stop, check)

    def _check_payload(self) -> None:
        crc = 0
        for chunk in self.payload():
            crc = zlib.crc32(chunk, crc)
        stored = self.source.read(self.payload_stop)
        if stored != crc_bytes(crc):
            raise self._corrupt(
                f"CRC-32 is {crc:08x}, the trailer says {stored.hex()}: altered or cut short"
            )

    def _check_memory(self, code: Packer, given_bytes: int, memory_limit: int) -> None:
        needed = code.decoder_memory_bytes(self.header.length, given_bytes)
        if needed > memory_limit:
            raise MemoryLimitError(
                f"too much memory: {code.name} needs {needed} bytes to decode this file; the limit "
                f"is {memory_limit}. Use --memory-limit if you trust the file."
            )

    def _side_information(self, code: Packer, given: Input | None) -> Input | None:
        """Return what the code takes of a file: all, or what it finds by what the payload says."""
        find = getattr(code, "side_information", None)
        if find is None or given is None or not self.header.given_digest:
            return given
        try:
            found: Input = find(self.payload(), given)
        except DecodeError as error:
            raise self._corrupt(str(error)) from error
        found.name = given.name
        return found

    def _check_side_information(self, given: Input | None, words: str) -> None:
        wanted = self.header.given_digest
        if not wanted:
            if given is not None:
                raise ParameterError("side information not needed: this file has none. Drop it.")
            return
        if given is None:
            raise ParameterError(
                f"side information missing: need {words} whose SHA-256 begins with "
                f"{wanted.hex()}. Use --given FILE."
            )
        if digest(given) != wanted:
            raise ParameterError(
                f"wrong side information: got '{shorten(given.name)}'; need {words} whose "
                f"SHA-256 begins with {wanted.hex()}."
            )
