"""Encode, decode, inspect: containers for whatever has bytes, for Python and the command line."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

from kolmo import container, registry
from kolmo.container import Container, Packer
from kolmo.data import MEMORY_LIMIT, Buffer, Input, Readable, as_input
from kolmo.errors import (
    CertificationError,
    InputError,
    MemoryLimitError,
    ParameterError,
    shorten,
)
from kolmo.header import CRC_BYTES, FORMAT


@dataclass(frozen=True)
class Inspection:
    """What a container file says of itself.

    Attributes
    ----------
    kind : str
        ``certified`` if the message was decoded in this run, else ``bound``.
    header_bytes, payload_bytes, trailer_bytes : int
        Its sections, in the order of the file.
    data_digest, given_digest : str or None
        First 8 bytes of the SHA-256 of the data, and of the side information, in hexadecimal.
    """

    file: str
    code: str
    kind: str
    format: str
    parameters: dict[str, int]
    data_bytes: int
    payload_bits: int
    container_bits: int
    header_bytes: int
    payload_bytes: int
    trailer_bytes: int
    data_digest: str
    given_digest: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return asdict(self)


def make_packer(label: str, *, primed: bool = False) -> Packer:
    """Return the code of a label such as ``zstd:level=19``, refused if it must but cannot prime."""
    name, parameters = registry.parse_label(label)
    packer: Packer = registry.make_code(name, parameters)
    if primed and not packer.primes:
        raise ParameterError(
            f"no side information: got code '{name}', which cannot be primed. Try zstd or zlib."
        )
    return packer


def encode_stream(
    data: Input,
    packer: Packer,
    given: Input | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
) -> Iterator[Buffer]:
    """Yield the container of ``data``, piece by piece.

    Raises
    ------
    MemoryLimitError
        If encoding, or later decoding, would need more than ``memory_limit`` bytes.
    """
    side = given.size if given is not None else 0
    needed = max(packer.memory_bytes(data.size, side), packer.decoder_memory_bytes(data.size, side))
    if needed > memory_limit:
        raise MemoryLimitError(
            f"too much memory: {packer.name} needs about {needed} bytes; the limit is "
            f"{memory_limit}. Use --memory-limit, or another code."
        )
    payload = packer.compress(data.blocks(), data.size, container.priming(packer, given))
    yield from container.pack(packer, data, payload, given)


def encode(
    data: Readable,
    code: str = "zstd",
    given: Readable | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
) -> bytes:
    """Return a ``.klm`` container with ``data``.

    Parameters
    ----------
    data : bytes, str or Input
        What to encode; a str is the name of a file.
    code : str
        A registered code, with parameters as in ``zstd:level=19``.
    given : bytes, str or Input, optional
        Side information that the decoder will have, too.
    memory_limit : int
        Largest number of bytes that encoding or decoding may take.

    Examples
    --------
    >>> decode(encode(b"abc" * 1000)) == b"abc" * 1000
    True
    """
    side = None if given is None else as_input(given)
    packer = make_packer(code, primed=side is not None)
    return b"".join(encode_stream(as_input(data), packer, side, memory_limit=memory_limit))


def decode_stream(
    opened: Container,
    given: Input | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
    jobs: int = 1,
) -> Iterator[Buffer]:
    """Yield the data in a container; the last check comes after the last piece."""
    header = opened.header
    try:
        code = registry.make_code(header.code, header.parameters)
    except ParameterError as error:
        raise InputError(f"cannot decode '{shorten(opened.source.name)}': {error}") from error
    if hasattr(code, "memory_limit"):
        code.memory_limit = memory_limit
    if hasattr(code, "jobs"):
        code.jobs = jobs
    if getattr(code, "isolated", False):
        from kolmo.isolation import Isolated

        code = Isolated(code)
    yield from opened.data(code, given, memory_limit=memory_limit)


def compare(
    opened: Container,
    original: Input | None = None,
    given: Input | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
) -> None:
    """Decode a container, check every sum, and compare the data with ``original``.

    Raises
    ------
    CorruptFileError
        If a check fails.
    CertificationError
        If the container is sound but holds other data than ``original``.
    """
    position = 0
    for piece in decode_stream(opened, given, memory_limit=memory_limit):
        if original is not None:
            other = original.read(position, position + len(piece))
            if piece != other:
                pairs = zip(bytes(piece), other, strict=False)
                position += sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
                raise CertificationError(
                    f"not the same data: '{shorten(original.name)}' differs after byte {position}"
                )
        position += len(piece)
    if original is not None and original.size != position:
        raise CertificationError(
            f"not the same data: '{shorten(original.name)}' has {original.size} bytes, "
            f"the container {position}"
        )


def decode(
    message: Readable, given: Readable | None = None, *, memory_limit: int = MEMORY_LIMIT
) -> bytes:
    """Return the data in a ``.klm`` container, every check passed.

    Raises
    ------
    CorruptFileError
        If any check fails: nothing is returned then.
    MemoryLimitError
        If data or decoder need more than ``memory_limit`` bytes.
    """
    opened = Container(as_input(message))
    if opened.header.length > memory_limit:
        raise MemoryLimitError(
            f"too long: the data have {opened.header.length} bytes; the limit is {memory_limit}"
        )
    side = None if given is None else as_input(given)
    return b"".join(decode_stream(opened, side, memory_limit=memory_limit))


def inspect(message: Readable) -> Inspection:
    """Return what a ``.klm`` container says of itself; its data are not decoded."""
    source = as_input(message)
    return describe(Container(source), kind="bound")


def describe(opened: Container, kind: str) -> Inspection:
    """Return the record of an opened container, of which ``kind`` has been shown."""
    header = opened.header
    return Inspection(
        file=opened.source.name,
        code=header.code,
        kind=kind,
        format=f"0.{FORMAT}",
        parameters=header.parameters,
        data_bytes=header.length,
        payload_bits=8 * opened.payload_bytes,
        container_bits=8 * opened.source.size,
        header_bytes=opened.header_bytes,
        payload_bytes=opened.payload_bytes,
        trailer_bytes=CRC_BYTES,
        data_digest=header.digest.hex(),
        given_digest=header.given_digest.hex() or None,
    )
