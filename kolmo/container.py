r"""The ``.klm`` file: one self-describing, checksummed container for whatever kolmo encodes.

Format 0.1, byte by byte. A *number* is LEB128: seven bits a byte, lowest first, the high bit set
on all bytes but the last, no padding, below 2^56.

====================  ======================================================================
bytes                 meaning
====================  ======================================================================
4                     magic: ``K L M`` and the format number, 1
1 + name              length of the code's name, and the name in ASCII
number + parameters   length of the parameters, and minimal JSON; none if all are the defaults
number                n, the length of the data in bytes
1 + 0 or 8            8 if side information is needed, and the start of its SHA-256
8                     start of the SHA-256 of the data
4                     CRC-32 of all bytes before, big-endian
any                   payload, which only the code understands
4                     CRC-32 of the payload, big-endian
====================  ======================================================================

Beside name and parameters that is at most 40 bytes. A reader verifies header, payload and, once
decoded, the data against their sums before anything is released; the 8 bytes of SHA-256 are what
tells wrong data from right even in a file that was altered on purpose.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from kolmo.data import BLOCK_BYTES, MEMORY_LIMIT, Buffer, Input
from kolmo.errors import (
    CorruptFileError,
    DecodeError,
    InputError,
    MemoryLimitError,
    ParameterError,
    shorten,
)

FORMAT = 1
MAGIC = b"KLM"
DIGEST_BYTES = 8
CRC_BYTES = 4
LARGEST_NUMBER = 1 << 56
LONGEST_NAME = 64
LONGEST_PARAMETERS = 4096
LONGEST_HEADER = (
    4 + 1 + LONGEST_NAME + 8 + LONGEST_PARAMETERS + 8 + 1 + 2 * DIGEST_BYTES + CRC_BYTES
)


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

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return how much memory decoding may take, checked before a decoder is built."""


class Header(NamedTuple):
    """All of a container but its payload.

    Attributes
    ----------
    code : str
        Registered name of the code.
    length : int
        Bytes of data.
    digest, given_digest : bytes
        First 8 bytes of SHA-256; ``given_digest`` is empty if no side information is needed.
    """

    code: str
    length: int
    digest: bytes
    parameters: dict[str, int]
    given_digest: bytes = b""

    def to_bytes(self) -> bytes:
        """Return the header as it stands in the file.

        Raises
        ------
        ParameterError
            If name or parameters are such that no reader would accept them.
        """
        name, parameters = self.code.encode("utf-8"), minimal_json(self.parameters)
        if not _is_name(name) or len(parameters) > LONGEST_PARAMETERS:
            raise ParameterError(
                f"code cannot be stored: got '{shorten(self.code)}' with {len(parameters)} bytes "
                f"of parameters; need 1 to {LONGEST_NAME} of A-Z a-z 0-9 _ - and at most "
                f"{LONGEST_PARAMETERS} bytes"
            )
        fields = (
            MAGIC,
            bytes([FORMAT, len(name)]),
            name,
            number_bytes(len(parameters)),
            parameters,
            number_bytes(self.length),
            bytes([len(self.given_digest)]),
            self.given_digest,
            self.digest,
        )
        head = b"".join(fields)
        return head + _crc_bytes(zlib.crc32(head))


def digest(data: Input) -> bytes:
    """Return the first 8 bytes of the SHA-256 of an input."""
    from hashlib import sha256

    state = sha256()
    for block in data.blocks():
        state.update(block)
    return state.digest()[:DIGEST_BYTES]


def minimal_json(parameters: dict[str, int]) -> bytes:
    """Return JSON without spaces, keys sorted; nothing at all for no parameters."""
    if not parameters:
        return b""
    import json

    return json.dumps(parameters, sort_keys=True, separators=(",", ":")).encode("ascii")


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
    yield _crc_bytes(crc)


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

        self._check_side_information(given)
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
        if stored != _crc_bytes(crc):
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

    def _check_side_information(self, given: Input | None) -> None:
        wanted = self.header.given_digest
        if not wanted:
            if given is not None:
                raise ParameterError("side information not needed: this file has none. Drop it.")
            return
        if given is None:
            raise ParameterError(
                f"side information missing: need the file whose SHA-256 begins with {wanted.hex()}."
                " Use --given FILE."
            )
        if digest(given) != wanted:
            raise ParameterError(
                f"wrong side information: got '{shorten(given.name)}'; need the file whose SHA-256 "
                f"begins with {wanted.hex()}."
            )


def parse_header(source: Input) -> tuple[Header, int]:
    """Return the header of a container and its length in bytes; see `Container` for errors."""
    reader = _HeaderReader(source.read(0, min(LONGEST_HEADER, source.size)))
    if reader.take(len(MAGIC), "magic") != MAGIC:
        raise InputError(f"not a container: '{shorten(source.name)}' does not begin with KLM")
    if (number := reader.take(1, "format")[0]) != FORMAT:
        raise InputError(
            f"unknown container format: got 0.{number}; this kolmo reads 0.{FORMAT}. "
            f"Use the kolmo 0.{number} that made it."
        )
    name = reader.take(reader.below(LONGEST_NAME, reader.take(1, "name")[0], "name"), "name")
    size = reader.below(LONGEST_PARAMETERS, reader.number("parameters"), "parameters")
    parameters = reader.take(size, "parameters")
    length = reader.number("length")
    side = reader.take(1, "side information")[0]
    if side not in (0, DIGEST_BYTES):
        raise reader.corrupt(f"side information has {side} bytes; need 0 or {DIGEST_BYTES}")
    given_digest = reader.take(side, "side information")
    data_digest = reader.take(DIGEST_BYTES, "SHA-256")
    reader.check_crc()
    header = Header(
        reader.text(name), length, data_digest, reader.parameters(parameters), given_digest
    )
    return header, reader.position


class _HeaderReader:
    """Takes fields off the start of a file, never beyond it."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def take(self, count: int, what: str) -> bytes:
        stop = self.position + count
        if stop > len(self.data):
            raise self.corrupt(f"the file ends within its {what}")
        taken = self.data[self.position : stop]
        self.position = stop
        return taken

    def number(self, what: str) -> int:
        value = shift = 0
        while True:
            byte = self.take(1, what)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift >= 56:
                raise self.corrupt(f"{what} is a number of 2^56 or more")
        if byte == 0 and shift > 7:
            raise self.corrupt(f"{what} is a padded number")
        return value

    def below(self, limit: int, value: int, what: str) -> int:
        if value > limit:
            raise self.corrupt(f"{what} has {value} bytes; need at most {limit}")
        return value

    def check_crc(self) -> None:
        crc = zlib.crc32(self.data[: self.position])
        stored = self.take(CRC_BYTES, "CRC-32")
        if stored != _crc_bytes(crc):
            raise self.corrupt(f"CRC-32 is {crc:08x}, the file says {stored.hex()}: altered")

    def text(self, name: bytes) -> str:
        if not _is_name(name):
            raise self.corrupt("the code's name is not made of ASCII letters, digits, _ and -")
        return name.decode("ascii")

    def parameters(self, stored: bytes) -> dict[str, int]:
        import json

        try:
            values = json.loads(stored) if stored else {}
        except (ValueError, RecursionError):
            raise self.corrupt("parameters are not JSON") from None
        if not isinstance(values, dict) or not all(type(item) is int for item in values.values()):
            raise self.corrupt("parameters are not an object of integers")
        return values

    def corrupt(self, check: str) -> CorruptFileError:
        return CorruptFileError("header", 0, self.position, check)


def _is_name(name: bytes) -> bool:
    letters = name.replace(b"_", b"").replace(b"-", b"")
    return letters.isalnum() and len(name) <= LONGEST_NAME


def number_bytes(value: int) -> bytes:
    """Return ``value`` as LEB128.

    Examples
    --------
    >>> number_bytes(300).hex()
    'ac02'
    """
    if value >= LARGEST_NUMBER:
        raise ParameterError(f"too long: got {value} bytes; need less than 2^56")
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _crc_bytes(crc: int) -> bytes:
    return crc.to_bytes(CRC_BYTES, "big")
