"""A checkpoint into a container: tensors in parallel, streams kept aside until it is whole."""

from __future__ import annotations

import io
import tempfile
import weakref
import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import IO, NamedTuple

from kolmo.container import digest, overhead_bytes
from kolmo.data import BLOCK_BYTES, Buffer
from kolmo.errors import CertificationError, DecodeError, KolmoError
from kolmo.header import CRC_BYTES, DIGEST_BYTES, Header, crc_bytes, number_bytes
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.registry import weight_coders
from kolmo.weights.canonical import CanonicalInput, canonical_header
from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.coder import Payload
from kolmo.weights.message import Index, Stream
from kolmo.weights.method import (
    Coded,
    Method,
    check_coders,
    code_tensor,
)
from kolmo.weights.quantising import check_step
from kolmo.weights.streams.weights import Weights
from kolmo.weights.tensors import find_repeats, load_words, matched

_IN_MEMORY = 1 << 22
NO_LIMIT = 1 << 62


class Sent(NamedTuple):
    """What became of one tensor.

    Attributes
    ----------
    coder : str or None
        None if it repeats the tensor called ``repeats``.
    payload_bits : int
        Length of its stream, without what stands before it.
    squared_error : float or None
        Sum over all weights; None where nothing was lost.
    """

    tensor: Tensor
    coder: str | None
    payload_bits: int
    squared_error: float | None = None
    repeats: str | None = None


class Spool:
    """Bytes that are written once, then read; many of them stand in a file without a name."""

    def __init__(self) -> None:
        self._file: IO[bytes] = io.BytesIO()
        self._closing = weakref.finalize(self, self._file.close)
        self.size = 0

    def write(self, data: Payload) -> None:
        """Append bytes; KolmoError if the disk is full."""
        try:
            self._write(data)
        except OSError as error:
            raise KolmoError(
                f"cannot keep streams in a temporary file: {error.strerror}. Set TMPDIR to a "
                "folder with more room."
            ) from None

    def _write(self, data: Payload) -> None:
        if self.size <= _IN_MEMORY < self.size + len(data):
            held = self._file
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            self._closing = weakref.finalize(self, self._file.close)
            self._file.write(held.getvalue())  # type: ignore[attr-defined]
        self._file.write(data)
        self.size += len(data)

    def chunks(self) -> Iterator[bytes]:
        """Yield what was written."""
        self._file.seek(0)
        while chunk := self._file.read(BLOCK_BYTES):
            yield chunk


class Packed(NamedTuple):
    """A checkpoint as a container, and what became of its tensors.

    Attributes
    ----------
    kind : str
        ``certified`` if the message was decoded in this run, else ``bound``.
    """

    header: Header
    payload: Spool
    sent: tuple[Sent, ...]

    kind: str

    @property
    def container_bits(self) -> int:
        """Length of the whole file."""
        return 8 * (len(self.header.to_bytes()) + self.payload.size + CRC_BYTES)

    def chunks(self) -> Iterator[Buffer]:
        """Yield the container."""
        yield self.header.to_bytes()
        crc = 0
        for chunk in self.payload.chunks():
            crc = zlib.crc32(chunk, crc)
            yield chunk
        yield crc_bytes(crc)

    def rmse(self) -> float | None:
        """Return the root mean squared error over all quantised weights; None if there are none."""
        return root_mean_square(self.sent)


def root_mean_square(sent: Iterable[Sent]) -> float | None:
    """Return the root mean squared error over the tensors that were quantised."""
    lossy = [
        (item.squared_error, item.tensor.elements)
        for item in sent
        if item.squared_error is not None
    ]
    count = sum(elements for _, elements in lossy)
    return (sum(error for error, _ in lossy) / count) ** 0.5 if count else None


def pack(
    checkpoint: Checkpoint,
    method: Method | None = None,
    base: Checkpoint | None = None,
    *,
    certify: bool = False,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> Packed:
    """Return a checkpoint coded by a method, as a container that can be written.

    Parameters
    ----------
    method : Method, optional
        Without loss by ``mix`` if not given.
    base : Checkpoint, optional
        Side information: a model of which this one is a later version.
    certify : bool
        Whether the whole message is decoded again at once.
    jobs : int
        Tensors coded at once; the container is the same for any number.
    progress : Progress
        Told the bytes of tensors.

    Raises
    ------
    ParameterError
        If a coder or the step of the method does not exist.
    CheckpointError
        If a tensor cannot be read, or the base has another one of its name.
    CertificationError
        If the message decodes to something else than what was coded.
    """
    method = method or Method()
    check_coders(method.lossless, method.quantised)
    if method.quantised is not None:
        check_step(method.step)
    bases = matched(checkpoint, base)
    repeats = find_repeats(checkpoint.tensors, method.keep, bases)
    index = make_index(checkpoint, method, repeats)
    progress.add(checkpoint.bytes)
    payload = Spool()
    payload.write(index.to_bytes())
    sums = sha256(canonical_header(checkpoint.tensors, checkpoint.metadata))
    sent: list[Sent] = []
    for coded in _coded(index, method, bases, jobs):
        tensor = checkpoint.tensors[len(sent)]
        sums.update(coded.words.data)
        progress.advance(tensor.bytes)
        if (earlier := repeats.get(len(sent))) is not None:
            sent.append(Sent(tensor, None, 0, None, checkpoint.tensors[earlier].name))
            continue
        crc = crc_bytes(zlib.crc32(coded.words.data))
        payload.write(Stream(tensor, coded.coder, coded.payload, crc).head(index))
        payload.write(coded.payload)
        sent.append(Sent(tensor, coded.coder, 8 * len(coded.payload), coded.squared_error))
        del coded
    header = Header(
        Weights.name,
        CanonicalInput(checkpoint).size,
        sums.digest()[:DIGEST_BYTES],
        {},
        digest(CanonicalInput(base)) if base is not None else b"",
    )
    if certify:
        progress.add(header.length)
        _certify(header, payload, Weights(base, jobs=jobs), progress)
    return Packed(header, payload, tuple(sent), "certified" if certify else "bound")


def _certify(header: Header, payload: Spool, code: Weights, progress: Progress) -> None:
    """Decode the whole payload; CertificationError unless the file comes out that was coded."""
    code.memory_limit = NO_LIMIT  # what was coded here needs no more to be decoded
    sums = sha256()
    try:
        for piece in code.decompress(payload.chunks(), header.length):
            sums.update(piece)
            progress.advance(len(piece))
    except DecodeError as error:
        raise CertificationError(f"the message just made does not decode: {error}") from error
    if sums.digest()[:DIGEST_BYTES] != header.digest:
        raise CertificationError("the message just made decodes to other weights than were coded")


def overhead_bits(index: Index, lengths: Iterable[int], *, given: bool = False) -> int:
    """Return what a container has beside streams of these lengths, in bytes."""
    size = len(canonical_header(index.tensors, index.metadata))
    size += sum(tensor.bytes for tensor in index.tensors)
    heads = sum(1 + len(number_bytes(length)) + CRC_BYTES for length in lengths)
    return 8 * (overhead_bytes(Weights(), size, given=given) + len(index.to_bytes()) + heads)


def make_index(checkpoint: Checkpoint, method: Method, repeats: dict[int, int]) -> Index:
    """Return the index of a checkpoint that is coded by a method."""
    step = 0.0 if method.quantised is None else method.step
    names = _coder_names(method)
    return Index(names, step, checkpoint.tensors, checkpoint.metadata, repeats)


def _coder_names(method: Method) -> tuple[str, ...]:
    """Return the coders that streams may name: the method's first, then all that lose nothing."""
    names = [method.quantised] if method.quantised is not None else []
    exact = [name for name in weight_coders.own_names() if not weight_coders.get(name).quantised]
    return tuple(dict.fromkeys([*names, method.lossless, *exact]))


def _coded(index: Index, method: Method, bases: dict[str, Tensor], jobs: int) -> Iterator[Coded]:
    """Yield each tensor coded; of one that repeats another, the other."""
    wanted = set(index.repeats.values())
    held: dict[int, Coded] = {}

    def code(place: int) -> Coded | None:
        if place in index.repeats:
            return None
        tensor = index.tensors[place]
        base = bases.get(tensor.name)
        given = None if base is None else load_words(base)
        return code_tensor(tensor, load_words(tensor), method, given)

    results = ordered_map(code, range(len(index.tensors)), jobs, ahead=0 if jobs == 1 else 1)
    for place in range(len(index.tensors)):
        coded = next(results)
        if coded is None:
            yield held[index.repeats[place]]
            continue
        if place in wanted:
            held[place] = coded._replace(payload=b"")
        yield coded
        del coded
