"""Views of a storage: checked against its size, and gathered into C order."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kolmo.errors import shorten
from kolmo.weights.checkpoint import DType, Tensor
from kolmo.weights.readers._checks import checked_name, checked_shape, is_count
from kolmo.weights.readers._torch_objects import View
from kolmo.weights.readers._zip import Archive, Member

MOST_EXPANDED = 1 << 34  # bytes of a tensor that repeats elements of its storage
MOST_REPEATED = 1000  # times that it may be larger, beyond
SMALL = 1 << 20  # bytes


class Span(NamedTuple):
    """The part of a storage from a view's first element to its last.

    Attributes
    ----------
    start, elements : int
        Where it begins, and its length, in elements.
    strides : tuple of int
        In elements; 0 for dimensions of one element.
    plain : bool
        Whether the part is the tensor, in C order.
    """

    dtype: DType
    shape: tuple[int, ...]
    start: int
    elements: int
    strides: tuple[int, ...]
    plain: bool


def view_tensor(
    name: str, view: View, archive: Archive, member: Member, *, swapped: bool
) -> Tensor:
    """Return the tensor that a view describes.

    Parameters
    ----------
    member : Member
        The storage's bytes.
    swapped : bool
        Whether words are big-endian.

    Raises
    ------
    CheckpointError
        If the view leaves the storage, or repeats it too often.
    """
    complain = archive.complain
    checked_name(name, complain)
    shape = checked_shape(view.shape, name, complain)
    span = _span(view, shape)
    stored = view.storage.elements * (view.storage.dtype.bytes if view.storage.dtype else 1)
    if stored != member.bytes:
        raise complain(
            f"got {member.bytes} bytes of storage {shorten(view.storage.key)}; need "
            f"{shorten(stored)}"
        )
    if span is None or (span.start + span.elements) * span.dtype.bytes > stored:
        raise complain(
            f"got '{shorten(name)}' that leaves its storage of {stored} bytes; need sizes, "
            "strides and an offset inside"
        )
    size = math.prod(shape) * span.dtype.bytes
    if size > stored and (size > MOST_EXPANDED or size > max(SMALL, MOST_REPEATED * stored)):
        raise complain.unsupported(
            f"got '{shorten(name)}' of {size} bytes that repeats {stored}. Save it contiguous."
        )
    storage = (view.storage.key, span.dtype.name, span.start, shape, span.strides)
    return Tensor(name, span.dtype, shape, storage, _loader(span, archive, member, swapped))


def _span(view: View, shape: tuple[int, ...]) -> Span | None:
    if not is_count(view.offset) or len(view.strides) != len(shape):
        return None
    if not all(is_count(stride) for stride in view.strides):
        return None
    strides = tuple(stride * (size > 1) for stride, size in zip(view.strides, shape, strict=True))
    if 0 in shape:
        return Span(view.dtype, shape, 0, 0, (0,) * len(shape), True)
    last = sum((size - 1) * stride for stride, size in zip(strides, shape, strict=True))
    dense = [math.prod(shape[index + 1 :]) * (size > 1) for index, size in enumerate(shape)]
    return Span(view.dtype, shape, view.offset, last + 1, strides, list(strides) == dense)


def _loader(span: Span, archive: Archive, member: Member, swapped: bool) -> Callable[[], bytes]:
    return functools.partial(_load, span, archive, member, swapped)


def _load(span: Span, archive: Archive, member: Member, swapped: bool) -> bytes:
    data = _part(span, archive, member)
    if swapped and span.dtype.word_bytes > 1:
        words = np.frombuffer(data, f"u{span.dtype.word_bytes}").byteswap()
        del data
        data = words.tobytes()
        del words
    if span.plain:
        return data
    elements = np.frombuffer(data, f"u{span.dtype.bytes}")
    strides = tuple(stride * span.dtype.bytes for stride in span.strides)
    return np.lib.stride_tricks.as_strided(elements, span.shape, strides, writeable=False).tobytes()


def _part(span: Span, archive: Archive, member: Member) -> bytes:
    """Return the span's bytes; the checksum is of use where that is the whole storage."""
    start, size = span.start * span.dtype.bytes, span.elements * span.dtype.bytes
    if size == member.bytes:
        return b"".join(archive.pieces(member))
    return archive.read(member, start, start + size)
