"""The form of kolmo's checkpoints: a header of JSON and bytes, sealed by a sum of all.

Layout: a magic of 8 bytes; the version, 2 bytes; the length of the header, 4 bytes, both with the
low byte first; the header, JSON; whatever it describes; 32 bytes of SHA-256 of all before. Nothing
in it is ever run, and who reads it compares sizes before anything is allocated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from kolmo.errors import CorruptFileError, InputError

MAGIC_BYTES = 8
PREFIX_BYTES = MAGIC_BYTES + 2 + 4
DIGEST_BYTES = hashlib.sha256().digest_size


def seal(magic: bytes, version: int, header: dict[str, Any], body: Iterable[bytes]) -> bytes:
    """Return header and body as the bytes of a file, for `unseal`."""
    words = json.dumps(header, sort_keys=True, allow_nan=False).encode()
    prefix = magic + version.to_bytes(2, "little") + len(words).to_bytes(4, "little")
    joined = b"".join([prefix, words, *body])
    return joined + hashlib.sha256(joined).digest()


def unseal(data: bytes, magic: bytes, version: int) -> tuple[Any, int]:
    """Return the header, whatever JSON it is, and where the body begins.

    Raises
    ------
    CorruptFileError
        If it is no such file, was cut short or altered.
    InputError
        If another version made it.

    Examples
    --------
    >>> data = seal(b"EXAMPLE.", 1, {"size": 3}, [b"abc"])
    >>> header, start = unseal(data, b"EXAMPLE.", 1)
    >>> header, data[start : start + header["size"]]
    ({'size': 3}, b'abc')
    """
    if data[:MAGIC_BYTES] != magic:
        raise CorruptFileError("header", 0, MAGIC_BYTES, "not a checkpoint of kolmo automaton")
    found = int.from_bytes(data[MAGIC_BYTES : MAGIC_BYTES + 2], "little")
    if len(data) >= PREFIX_BYTES and found != version:
        raise InputError(
            f"checkpoint of another version: got {found}; need {version}. Start the run anew."
        )
    stop = len(data) - DIGEST_BYTES
    if stop < PREFIX_BYTES or hashlib.sha256(data[:stop]).digest() != data[stop:]:
        raise CorruptFileError("trailer", max(stop, 0), len(data), "the SHA-256 does not fit")
    start = PREFIX_BYTES + int.from_bytes(data[MAGIC_BYTES + 2 : PREFIX_BYTES], "little")
    try:
        return json.loads(data[PREFIX_BYTES : min(start, stop)]), start
    except (ValueError, RecursionError) as error:
        raise CorruptFileError("header", PREFIX_BYTES, stop, "not JSON") from error
