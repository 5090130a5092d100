"""Containers with the tensors of a checkpoint, each by a coder of its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from kolmo.coding.code import damaged
from kolmo.data import MEMORY_LIMIT, Buffer, Input
from kolmo.errors import DecodeError, KolmoError, MemoryLimitError, ParameterError, shorten
from kolmo.header import crc_bytes
from kolmo.parallel import ordered_map
from kolmo.weights.canonical import CanonicalInput, canonical_header
from kolmo.weights.checkpoint import Checkpoint, Tensor, read_checkpoint
from kolmo.weights.coder import Words
from kolmo.weights.message import Index, Stream, Streams, read_streams
from kolmo.weights.method import decode_words
from kolmo.weights.tensors import load_words

EXAMPLES: list[dict[str, int]] = [{}]

MEMORY_FACTOR = 4
_LEAST_MEMORY = 1 << 24


class Weights:
    """The code of a checkpoint; ``kolmo weights pack`` writes it.

    Decoded is a safetensors file with the tensors in the order of the original, whatever its format
    was. Side information is a checkpoint of any format with tensors of the same names; the SHA-256
    of its safetensors file is kept.

    Parameters
    ----------
    base : Checkpoint, optional
        Side information that is known already.

    Attributes
    ----------
    memory_limit : int
        Largest number of bytes for one tensor and its decoder.
    jobs : int
        How many tensors are decoded at once.
    """

    name = "weights"
    primes = True
    given_bytes = 0
    given_words = "a checkpoint that makes a safetensors file"
    requires: tuple[str, ...] = ()
    extra = ""

    def __init__(self, base: Checkpoint | None = None, *, jobs: int = 1) -> None:
        self.memory_limit, self.jobs = MEMORY_LIMIT, jobs
        self._base = _by_name(base)

    def parameters(self) -> dict[str, int]:
        """Return nothing: the payload tells all."""
        return {}

    def compress(
        self, blocks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Refuse: the tensors have to be found first."""
        raise ParameterError(
            "no code of bytes: got 'weights'. Try kolmo weights pack MODEL -o OUT."
        )

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return how much memory encoding takes beside one tensor."""
        return _LEAST_MEMORY

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return how much memory decoding takes beside one tensor, which is checked apart."""
        return _LEAST_MEMORY

    def side_information(self, payload: Iterable[Buffer], given: Input) -> Input:
        """Return the safetensors file of a base, and remember its tensors."""
        base = read_checkpoint(given)
        self._base = _by_name(base)
        return CanonicalInput(base)

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the safetensors file, one tensor after the other."""
        streams = Streams(chunks)
        index = streams.index()
        try:
            header = canonical_header(index.tensors, index.metadata)
        except KolmoError as error:
            raise damaged(str(error)) from error
        if len(header) + sum(tensor.bytes for tensor in index.tensors) != length:
            raise damaged(f"the tensors of the index do not have {length} bytes")
        yield header
        ahead = 0 if self.jobs == 1 else 1
        yield from ordered_map(
            lambda stream: self._decoded(stream, index),
            read_streams(streams, index),
            self.jobs,
            ahead=ahead,
        )
        streams.finish()

    def _decoded(self, stream: Stream, index: Index) -> Buffer:
        """Return the bytes of a tensor; DecodeError naming it if they are not those sent."""
        tensor = stream.tensor
        if MEMORY_FACTOR * tensor.bytes > self.memory_limit:
            raise MemoryLimitError(
                f"too much memory: '{shorten(tensor.name)}' has {tensor.bytes} bytes, of which a "
                f"decoder needs {MEMORY_FACTOR} times as many; the limit is {self.memory_limit}. "
                "Use --memory-limit if you trust the file."
            )
        try:
            words = self._words(stream, index)
        except DecodeError as error:
            raise DecodeError(f"{error} (tensor '{shorten(tensor.name)}')") from error
        if crc_bytes(zlib.crc32(words.data)) != stream.crc:
            raise damaged(f"CRC-32 of the tensor '{shorten(tensor.name)}' is another")
        return words.view(np.uint8).data

    def _words(self, stream: Stream, index: Index) -> Words:
        tensor = stream.tensor
        base = self._base.get(tensor.name)
        if base is not None and (base.dtype, base.shape) != (tensor.dtype, tensor.shape):
            raise damaged("the base has another type or shape")
        given = None if base is None else load_words(base)
        return decode_words(tensor, stream.coder, stream.payload, index.step, given)


def _by_name(base: Checkpoint | None) -> dict[str, Tensor]:
    return {} if base is None else {tensor.name: tensor for tensor in base.tensors}
