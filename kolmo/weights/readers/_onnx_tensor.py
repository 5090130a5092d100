"""One TensorProto of ONNX: where its numbers lie, and how they become bytes.

Numbers stand as raw bytes, as packed or single numbers of a typed field, or in another file.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import shorten
from kolmo.weights.checkpoint import DTYPES, DType, Tensor
from kolmo.weights.readers._checks import checked_name, checked_shape
from kolmo.weights.readers._external import Folder
from kolmo.weights.readers._protobuf import BYTES, FIXED32, FIXED64, VARINT, Field, Wire

DIMS, TYPE, SEGMENT, STRINGS, NAME, RAW, EXTERNAL, LOCATION = 1, 2, 3, 6, 8, 9, 13, 14
FLOATS, INT32, INT64, DOUBLES, UINT64 = 4, 5, 7, 10, 11
NUMBERS = {FLOATS: FIXED32, INT32: VARINT, INT64: VARINT, DOUBLES: FIXED64, UINT64: VARINT}
WIRES = {DIMS: VARINT, TYPE: VARINT, LOCATION: VARINT, **NUMBERS}
MOST_DIGITS = 18


class Kind(NamedTuple):
    """A type of ONNX: its name in safetensors, and the field of its numbers."""

    dtype: str
    field: int


KINDS = {
    1: Kind("F32", FLOATS),
    2: Kind("U8", INT32),
    3: Kind("I8", INT32),
    4: Kind("U16", INT32),
    5: Kind("I16", INT32),
    6: Kind("I32", INT32),
    7: Kind("I64", INT64),
    9: Kind("BOOL", INT32),
    10: Kind("F16", INT32),
    11: Kind("F64", DOUBLES),
    12: Kind("U32", UINT64),
    13: Kind("U64", UINT64),
    14: Kind("C64", FLOATS),
    16: Kind("BF16", INT32),
    17: Kind("F8_E4M3", INT32),
    18: Kind("F8_E4M3FNUZ", INT32),
    19: Kind("F8_E5M2", INT32),
    20: Kind("F8_E5M2FNUZ", INT32),
    24: Kind("F8_E8M0", INT32),
}
REFUSED = {
    0: "UNDEFINED",
    8: "STRING",
    15: "COMPLEX128",
    21: "UINT4",
    22: "INT4",
    23: "FLOAT4E2M1",
    25: "UINT2",
    26: "INT2",
}


@dataclass
class Parts:
    """What the fields of a TensorProto say, before anything is believed."""

    name: str = ""
    kind: int = 0
    dims: list[int] = field(default_factory=list)
    external: dict[str, str] = field(default_factory=dict)
    is_external: bool = False
    raw: Field | None = None
    counts: dict[int, int] = field(default_factory=dict)  # numbers in each typed field


def read_tensor(
    wire: Wire, message: Field, folder: Folder, make_name: Callable[[str], str]
) -> Tensor:
    """Return the tensor in a field.

    Parameters
    ----------
    make_name : callable
        Returns the tensor's name, given the one that it has in the file.
    """
    parts = _parts(wire, message)
    complain = wire.complain
    shown = shorten(parts.name)
    if parts.kind not in KINDS:
        known = REFUSED.get(parts.kind, f"number {parts.kind}")
        raise complain.unsupported(
            f"got type {known} of '{shown}'; need numbers of whole bytes. Convert the model first."
        )
    kind = KINDS[parts.kind]
    dtype = DTYPES[kind.dtype]
    shape = checked_shape(parts.dims, parts.name, complain)
    storage, load = _loader(wire, message, parts, folder, math.prod(shape))
    name = checked_name(make_name(parts.name), complain)
    return Tensor(name, dtype, shape, storage and (*storage, dtype.name, shape), load)


def _parts(wire: Wire, message: Field) -> Parts:
    parts = Parts()
    for item in wire.fields(message.start, message.stop):
        number = item.number
        if number in (SEGMENT, STRINGS):
            raise wire.complain.unsupported("got a tensor in segments, or of text; need numbers")
        if item.wire not in (WIRES.get(number, BYTES), BYTES):
            raise wire.complain(f"got wire type {item.wire} of field {number} of a tensor")
        if number == DIMS:
            parts.dims += _signed(wire, item)
        elif number == TYPE:
            parts.kind = item.value
        elif number == NAME:
            parts.name = wire.text(item)
        elif number == LOCATION:
            parts.is_external = item.value == 1
        elif number == EXTERNAL:
            _add_external(wire, item, parts)
        elif number == RAW:
            if parts.raw is not None:
                raise wire.complain("got raw numbers of a tensor twice")
            parts.raw = item
        elif number in NUMBERS:
            parts.counts[number] = parts.counts.get(number, 0) + _count(wire, item)
    return parts


def _signed(wire: Wire, item: Field) -> list[int]:
    if item.stop - item.start > 1000:
        raise wire.complain("got too many dimensions of a tensor")
    packed = wire.varints(item.start, item.stop)
    values = [item.value] if item.wire == VARINT else [int(x) for part in packed for x in part]
    return [value - ((value >> 63) << 64) for value in values]


def _add_external(wire: Wire, item: Field, parts: Parts) -> None:
    pair = {entry.number: wire.text(entry) for entry in wire.fields(item.start, item.stop)}
    key = pair.get(1, "")
    if key in parts.external:
        raise wire.complain(f"got '{shorten(key)}' of external data twice")
    parts.external[key] = pair.get(2, "")


def _count(wire: Wire, item: Field) -> int:
    """Return how many numbers a field of them has."""
    native = NUMBERS[item.number]
    if item.wire == native:
        return 1
    size = item.stop - item.start
    if native == VARINT:
        return sum(len(part) for part in wire.varints(item.start, item.stop))
    width = 4 if native == FIXED32 else 8
    if size % width:
        raise wire.complain(f"got {size} bytes of packed numbers; need a multiple of {width}")
    return size // width


def _loader(
    wire: Wire, message: Field, parts: Parts, folder: Folder, elements: int
) -> tuple[tuple[Hashable, ...] | None, Callable[[], bytes]]:
    """Return the storage and the function that returns the bytes."""
    kind = KINDS[parts.kind]
    dtype = DTYPES[kind.dtype]
    size = elements * dtype.bytes
    if parts.is_external:
        if parts.raw or parts.counts:
            raise wire.complain(f"got '{shorten(parts.name)}' both in another file and in this")
        return _external(wire, parts, folder, size)
    if parts.raw:
        start, stop = parts.raw.start, parts.raw.stop
        if stop - start != size or parts.counts:
            raise wire.complain(
                f"got {stop - start} raw bytes of '{shorten(parts.name)}'; need {size} alone"
            )
        return None, functools.partial(wire.source.read, start, stop)
    wanted = {kind.field: elements * dtype.words} if size else {}
    if {key: count for key, count in parts.counts.items() if count} != wanted:
        raise wire.complain(
            f"got {sum(parts.counts.values())} numbers of '{shorten(parts.name)}'; need "
            f"{elements * dtype.words} in the field of {dtype.name}"
        )
    return None, functools.partial(_typed, wire, message, kind.field, dtype)


def _external(
    wire: Wire, parts: Parts, folder: Folder, size: int
) -> tuple[tuple[Hashable, ...], Callable[[], bytes]]:
    location = parts.external.get("location", "")
    numbers = {"offset": 0, "length": size}
    for key in numbers:
        if text := parts.external.get(key, ""):
            if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
                raise wire.complain(
                    f"got {key} '{shorten(text)}' of external data; need an integer"
                )
            numbers[key] = int(text)
    if numbers["length"] != size:
        raise wire.complain(
            f"got {numbers['length']} external bytes of '{shorten(parts.name)}'; need {size}"
        )
    folder.check(location, numbers["offset"], size)
    load = functools.partial(folder.read, location, numbers["offset"], size)
    return (location, numbers["offset"]), load


def _typed(wire: Wire, message: Field, number: int, dtype: DType) -> bytes:
    """Return the bytes of the numbers in a typed field."""
    fresh = Wire(wire.source, wire.complain)
    fields = fresh.fields(message.start, message.stop)
    return b"".join(
        piece for item in fields if item.number == number for piece in _pieces(fresh, item, dtype)
    )


def _pieces(wire: Wire, item: Field, dtype: DType) -> Iterator[bytes]:
    if NUMBERS[item.number] != VARINT:
        yield wire.source.read(item.start, item.stop)
    elif item.wire == VARINT:
        yield _narrow(np.array([item.value], np.uint64), wire, dtype)
    else:
        for values in wire.varints(item.start, item.stop):
            yield _narrow(values, wire, dtype)


def _narrow(values: NDArray[np.uint64], wire: Wire, dtype: DType) -> bytes:
    """Return words of numbers, each of which must be one of them, with a sign or without."""
    bits = 8 * dtype.word_bytes
    if bits < 64:
        signed = values.view(np.int64)
        if len(values) and (signed.min() < -(1 << (bits - 1)) or signed.max() >= 1 << bits):
            raise wire.complain(f"got a number beyond {dtype.name}")
    return values.astype(f"<u{dtype.word_bytes}").tobytes()
