"""Safetensors: a header in JSON, and the tensors one after the other."""

from __future__ import annotations

import collections
import functools
import json
from typing import TYPE_CHECKING, Any

from kolmo.errors import shorten
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.readers import _magic
from kolmo.weights.readers._checks import (
    Complaint,
    checked_dtype,
    checked_name,
    checked_shape,
    is_count,
)

if TYPE_CHECKING:
    from kolmo.data import Input

EXAMPLES: list[dict[str, int]] = [{}]

LENGTH_BYTES = 8
LARGEST_HEADER = 100_000_000  # bytes; the format's own limit
SPARE_BRACKETS, DENSEST = 2000, 8  # so many, and one for so many bytes: each becomes an object
METADATA = "__metadata__"
KEYS = {"dtype", "shape", "data_offsets"}


class Safetensors:
    """Reads safetensors files.

    Notes
    -----
    The tensors must fill the file: each begins where the one before it ends, and the last ends
    with the file. Reading takes time and memory in proportion to the header.
    """

    name = "safetensors"
    requires: tuple[str, ...] = ()
    extra = ""

    @staticmethod
    def recognises(source: Input) -> bool:
        """Return whether a header seems to begin after eight bytes."""
        return _magic.is_safetensors(source)

    @staticmethod
    def read(source: Input) -> Checkpoint:
        """Return the tensors in the order of their bytes."""
        complain = Complaint("safetensors", source)
        start, entries = _header(source, complain)
        metadata = _metadata(entries.pop(METADATA, {}), complain)
        tensors, cursor = [], 0
        for name, entry in sorted(
            entries.items(), key=lambda item: _offsets(item[0], item[1], complain)
        ):
            checked_name(name, complain)
            tensor = _tensor(name, entry, source, start, complain)
            _check_extent(tensor, entry["data_offsets"], cursor, complain)
            cursor += tensor.bytes
            tensors.append(tensor)
        if start + cursor != source.size:
            raise complain(f"got {source.size - start} bytes of data; need {cursor}")
        return Checkpoint(source.name, Safetensors.name, tuple(tensors), metadata)


def _header(source: Input, complain: Complaint) -> tuple[int, dict[str, Any]]:
    """Return where the data begin, and the header."""
    size = int.from_bytes(source.read(0, LENGTH_BYTES), "little")
    if source.size < LENGTH_BYTES or size > min(LARGEST_HEADER, source.size - LENGTH_BYTES):
        raise complain(
            f"got a header of {size} bytes in a file of {source.size}; need one that fits, of at "
            f"most {LARGEST_HEADER}"
        )
    text = source.read(LENGTH_BYTES, LENGTH_BYTES + size)
    if (brackets := text.count(b"[") + text.count(b"{")) > SPARE_BRACKETS + size // DENSEST:
        raise complain(f"got {brackets} brackets in a header of {size} bytes; need three a tensor")
    return LENGTH_BYTES + size, _parsed(text, complain)


def _parsed(text: bytes, complain: Complaint) -> dict[str, Any]:
    try:
        header = json.loads(text.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError:
        raise complain("got a header with too many levels; need two") from None
    except ValueError as error:
        raise complain(f"got a header that is no JSON: {shorten(error)}") from None
    if not isinstance(header, dict):
        raise complain(f"got a header of type {type(header).__name__}; need an object")
    return header


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        (twice, _), *_ = collections.Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"the key '{shorten(twice)}' is there twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _metadata(found: Any, complain: Complaint) -> dict[str, str]:
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return found
    raise complain(f"got {METADATA} that is not all text; need text for each key")


def _offsets(name: str, entry: Any, complain: Complaint) -> tuple[int, int]:
    if not isinstance(entry, dict) or entry.keys() != KEYS or not isinstance(entry["shape"], list):
        raise complain(f"got an entry '{shorten(name)}' without {', '.join(sorted(KEYS))} alone")
    match entry["data_offsets"]:
        case [int(start), int(stop)] if is_count(start) and is_count(stop):
            return start, stop
    raise complain(f"got offsets of '{shorten(name)}' that are not two integers from 0")


def _tensor(
    name: str, entry: dict[str, Any], source: Input, data: int, complain: Complaint
) -> Tensor:
    dtype = checked_dtype(entry["dtype"], name, complain)
    shape = checked_shape(entry["shape"], name, complain)
    start, stop = entry["data_offsets"]
    return Tensor(
        name, dtype, shape, None, functools.partial(source.read, data + start, data + stop)
    )


def _check_extent(
    tensor: Tensor, offsets: tuple[int, int], cursor: int, complain: Complaint
) -> None:
    start, stop = offsets
    name = shorten(tensor.name)
    if start != cursor:
        what = "a hole before" if start > cursor else "an overlap with"
        raise complain(f"got {what} '{name}', at {shorten(start)}; need it at {cursor}")
    if stop - start != tensor.bytes:
        raise complain(
            f"got {shorten(stop - start)} bytes of '{name}'; need {tensor.bytes} for its shape"
        )
