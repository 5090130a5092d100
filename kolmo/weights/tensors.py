"""Tensors as words and as numbers, and what of a checkpoint can be rounded to steps."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import CheckpointError, shorten
from kolmo.weights.checkpoint import Checkpoint, DType, Tensor
from kolmo.weights.coder import Form, Words

QUANTISABLE = ("F64", "F32", "F16", "BF16")
PIECE = 1 << 20
_LEAST_SHARED = 64  # bytes: of smaller tensors, a repetition costs as much as the stream
_LARGEST = {"F16": 65504.0, "BF16": 3.3895313892515355e38, "F32": 3.4028234663852886e38}

Floats = NDArray[Any]


def form(tensor: Tensor) -> Form:
    """Return what a decoder knows of a tensor."""
    return Form(tensor.dtype, tensor.shape)


def load_words(tensor: Tensor) -> Words:
    """Return the words of a tensor; CheckpointError if there are others than it says."""
    return np.frombuffer(tensor.read(), word_type(tensor.dtype))


def word_type(dtype: DType) -> np.dtype[Any]:
    """Return the type of words: unsigned, little-endian."""
    return np.dtype(f"<u{dtype.word_bytes}")


def is_kept(tensor: Tensor, keep: tuple[str, ...]) -> bool:
    """Tell whether a tensor is coded without loss: by its type, or by a pattern of names."""
    kept = any(fnmatchcase(tensor.name, pattern) for pattern in keep)
    return kept or tensor.dtype.name not in QUANTISABLE or not tensor.elements


def floats(words: Words, dtype: DType) -> Floats:
    """Return the numbers that the words of a float type are: float64 for F64, else float32."""
    if dtype.name == "BF16":
        return (words.astype(np.uint32) << np.uint32(16)).view(np.float32)
    numbers = words.view(f"<f{dtype.word_bytes}")
    return numbers.astype(np.float32) if dtype.name == "F16" else numbers


def rounded(values: NDArray[np.float64], dtype: DType) -> Words:
    """Return the words of the finite numbers nearest to some values; ties go to even ones."""
    largest = _LARGEST.get(dtype.name, float(np.finfo(np.float64).max))
    values = np.clip(values, -largest, largest)
    if dtype.name != "BF16":
        return values.astype(f"<f{dtype.word_bytes}").view(word_type(dtype))
    bits = values.astype(np.float32).view(np.uint32)
    even = (bits >> np.uint32(16)) & np.uint32(1)
    return ((bits + np.uint32(0x7FFF) + even) >> np.uint32(16)).astype("<u2")


def is_finite(numbers: Floats) -> bool:
    """Tell whether no number is infinite or NaN."""
    return all(bool(np.isfinite(piece).all()) for piece in pieces(numbers))


def pieces(numbers: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield an array in pieces, so that what is made of them stays small."""
    for start in range(0, numbers.size, PIECE):
        yield numbers[start : start + PIECE]


def matched(checkpoint: Checkpoint, base: Checkpoint | None) -> dict[str, Tensor]:
    """Return the tensors of a base that a checkpoint has, too, by name.

    Raises
    ------
    CheckpointError
        If one has another type or shape there, or if none has a name in common.
    """
    if base is None:
        return {}
    known = {tensor.name: tensor for tensor in base.tensors}
    found = {t.name: known[t.name] for t in checkpoint.tensors if t.name in known}
    for tensor in checkpoint.tensors:
        other = found.get(tensor.name, tensor)
        if (other.dtype, other.shape) != (tensor.dtype, tensor.shape):
            raise CheckpointError(
                f"another tensor in '{shorten(base.file)}': got '{shorten(tensor.name)}' of "
                f"{describe(other)}; need {describe(tensor)} as in '{shorten(checkpoint.file)}'."
            )
    if checkpoint.tensors and not found:
        raise CheckpointError(
            f"no tensor of '{shorten(checkpoint.file)}' has its name in '{shorten(base.file)}'. "
            "Use a base of the same architecture."
        )
    return found


def describe(tensor: Tensor) -> str:
    """Return type and shape, as in F32 256x128."""
    return f"{tensor.dtype.name} {'x'.join(map(str, tensor.shape)) or 'scalar'}"


def find_repeats(
    tensors: Sequence[Tensor], keep: tuple[str, ...] = (), bases: Mapping[str, Tensor] | None = None
) -> dict[int, int]:
    """Return the places of tensors that have the bytes of an earlier one, and the earlier places.

    Only tensors of one type and shape are compared, both kept or both not, and whose bases have
    the same bytes, too: a decoder then makes the same of both.
    """
    alike: dict[tuple[Hashable, ...], list[int]] = {}
    for place, tensor in enumerate(tensors):
        if tensor.bytes >= _LEAST_SHARED:
            kind = (tensor.dtype.name, tensor.shape, is_kept(tensor, keep))
            alike.setdefault(kind, []).append(place)
    repeats: dict[int, int] = {}
    for places in alike.values():
        if len(places) < 2:
            continue
        first: dict[Hashable, int] = {}
        for place in places:
            base = (bases or {}).get(tensors[place].name)
            key = (_digest(tensors[place]), None if base is None else _digest(base))
            if (earlier := first.setdefault(key, place)) != place:
                repeats[place] = earlier
    return repeats


def _digest(tensor: Tensor) -> bytes:
    return sha256(load_words(tensor).data).digest()
