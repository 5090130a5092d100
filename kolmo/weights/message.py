"""The payload of a checkpoint: an index, then one stream after the other, each with its checksum.

=====================  =====================================================================
bytes                  meaning
=====================  =====================================================================
number + index         length of the index, and the index
for each tensor that does not repeat an earlier one:
number                 its coder's place in the index
number                 length of the stream
4                      CRC-32 of the tensor's bytes, big-endian
any                    the stream of `kolmo.weights.coders`
=====================  =====================================================================

A number is LEB128. The index is JSON, deflated: names of coders, the step in hexadecimal, metadata,
name, type and shape of each tensor, and which repeat which. Sent is the checkpoint as a safetensors
file: whoever decodes the payload has that file, byte by byte.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from kolmo.coding.code import damaged
from kolmo.data import Buffer
from kolmo.header import CRC_BYTES, number_bytes
from kolmo.registry import weight_coders
from kolmo.weights.checkpoint import DTYPES, LARGEST_ELEMENTS, Tensor
from kolmo.weights.coder import Payload

LARGEST_INDEX = 1 << 28
LARGEST_STREAM = 1 << 48


class Index(NamedTuple):
    """What the decoder is told before the first stream.

    Attributes
    ----------
    coders : tuple of str
        To which the streams refer.
    step : float
        Of the quantised ones; 0 if there are none.
    tensors : tuple of Tensor
        Whose bytes are yet to come.
    repeats : dict of int to int
        Places of tensors, and of the earlier ones that have the same type, shape and bytes.
    """

    coders: tuple[str, ...]
    step: float
    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]
    repeats: dict[int, int]

    def to_bytes(self) -> bytes:
        """Return the index as it stands in the payload, its length first."""
        shown: dict[str, Any] = {
            "coders": self.coders,
            "tensors": [[t.name, t.dtype.name, t.shape] for t in self.tensors],
        }
        if self.step:
            shown["step"] = self.step.hex()
        if self.repeats:
            shown["repeats"] = sorted(self.repeats.items())
        if self.metadata:
            shown["metadata"] = self.metadata
        text = json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode()
        squeezer = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
        packed = squeezer.compress(text) + squeezer.flush()
        return number_bytes(len(packed)) + packed


class Streams:
    """Takes an index and streams off the chunks of a payload; DecodeError where they end early."""

    def __init__(self, chunks: Iterable[Buffer]) -> None:
        self._chunks = iter(chunks)
        self._held = bytearray()

    def take(self, count: int) -> bytearray:
        """Return the next bytes, which nobody else holds."""
        taken = self._held[:count]
        del self._held[:count]
        while len(taken) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise damaged(f"it ends {count - len(taken)} bytes too early")
            part = count - len(taken)
            taken += chunk[:part]
            self._held += chunk[part:]
        return taken

    def number(self, limit: int) -> int:
        """Return the next number, at most ``limit``."""
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 56:
                raise damaged("a number is too long")
        if value > limit:
            raise damaged(f"a number is out of range: {value} is more than {limit}")
        return value

    def index(self) -> Index:
        """Return the index."""
        packed = self.take(self.number(LARGEST_INDEX))
        opener = zlib.decompressobj(-15)
        try:
            text = opener.decompress(packed, LARGEST_INDEX)
            if not opener.eof or opener.unconsumed_tail or opener.unused_data:
                raise damaged("the index does not end where it should")
            return _index(json.loads(text))
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
            zlib.error,
        ) as error:
            raise damaged(f"the index is none: {error}") from error

    def finish(self) -> None:
        """Raise DecodeError unless nothing is left."""
        left = len(self._held) + sum(len(chunk) for chunk in self._chunks)
        if left:
            raise damaged(f"{left} bytes are left over")


class Stream(NamedTuple):
    """One tensor as it is sent: which, by which coder, what that made, and its CRC-32."""

    tensor: Tensor
    coder: str
    payload: Payload
    crc: bytes | bytearray

    def head(self, index: Index) -> bytes:
        """Return what stands before the payload."""
        place = number_bytes(index.coders.index(self.coder))
        return place + number_bytes(len(self.payload)) + self.crc


def read_streams(source: Streams, index: Index) -> Iterator[Stream]:
    """Yield the stream of each tensor; a repetition is the earlier one's stream once more."""
    wanted = set(index.repeats.values())
    held: dict[int, Stream] = {}
    for place, tensor in enumerate(index.tensors):
        if place in index.repeats:
            yield held[index.repeats[place]]._replace(tensor=tensor)
            continue
        coder = index.coders[source.number(len(index.coders) - 1)]
        length = source.number(LARGEST_STREAM)
        crc = source.take(CRC_BYTES)
        stream = Stream(tensor, coder, source.take(length), crc)
        if place in wanted:
            held[place] = stream
        yield stream
        del stream


def _unloaded() -> bytes:
    raise damaged("nothing can be loaded from an index")


def _index(shown: dict[str, Any]) -> Index:
    coders = tuple(map(str, shown["coders"]))
    for name in coders:
        if name not in weight_coders.names():
            raise damaged(f"unknown coder '{name}'")
    step = float.fromhex(shown.get("step", "0x0p+0"))
    if not 0 <= step < math.inf:
        raise damaged(f"an impossible step: {step}")
    metadata = {str(key): str(value) for key, value in shown.get("metadata", {}).items()}
    tensors = tuple(_tensor(*item) for item in shown["tensors"])
    repeats = {int(place): int(earlier) for place, earlier in shown.get("repeats", [])}
    for place, earlier in repeats.items():
        if not 0 <= earlier < place < len(tensors) or earlier in repeats:
            raise damaged("a tensor repeats none")
        if tensors[place][1:3] != tensors[earlier][1:3]:
            raise damaged("a tensor repeats one of another shape")
    return Index(coders, step, tensors, metadata, repeats)


def _tensor(name: str, dtype: str, shape: list[int]) -> Tensor:
    if not isinstance(name, str) or not all(type(size) is int and size >= 0 for size in shape):
        raise damaged("a tensor without a name, or with an impossible shape")
    tensor = Tensor(name, DTYPES[dtype], tuple(shape), None, _unloaded)
    if len(shape) > 64 or tensor.elements > LARGEST_ELEMENTS:
        raise damaged("a tensor is too large")
    return tensor
