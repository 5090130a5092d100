r"""The header of a ``.klm`` file, and with it the layout of the whole.

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

Beside name and parameters that is at most 40 bytes.
"""

import zlib
from typing import NamedTuple

from kolmo.data import Input
from kolmo.errors import CorruptFileError, InputError, ParameterError, shorten

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
        return head + crc_bytes(zlib.crc32(head))


def minimal_json(parameters: dict[str, int]) -> bytes:
    """Return JSON without spaces, keys sorted; nothing at all for no parameters."""
    if not parameters:
        return b""
    import json

    return json.dumps(parameters, sort_keys=True, separators=(",", ":")).encode("ascii")


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
        if stored != crc_bytes(crc):
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


def crc_bytes(crc: int) -> bytes:
    """Return a CRC-32 as it stands in a file."""
    return crc.to_bytes(CRC_BYTES, "big")
