"""How tensors are coded: without loss, or as multiples of a step; and one tensor coded so."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from kolmo.coding.code import damaged
from kolmo.errors import CertificationError, ParameterError, shorten
from kolmo.registry import weight_coders
from kolmo.weights.checkpoint import Tensor
from kolmo.weights.coder import Indices, Payload, Words
from kolmo.weights.quantising import LARGEST_STEPS, dequantised, quantise
from kolmo.weights.tensors import (
    QUANTISABLE,
    Floats,
    floats,
    form,
    is_finite,
    is_kept,
    pieces,
    rounded,
    word_type,
)

DEFAULT_LOSSLESS, DEFAULT_QUANTISED = "mix", "trellis"
_FLOATS = ("planes",)  # quick, and better where all are the same
_WHOLE = ("mix", "planes", "zstd", "raw")  # of integers, which are few
_SHORT = 8  # bytes, which no coder shortens


class Method(NamedTuple):
    """How the tensors of a checkpoint are coded.

    Attributes
    ----------
    lossless : str
        The coder of what is not quantised. By default the shortest of few; of any coder, where it
        is longer than the plain words, these.
    quantised : str or None
        The coder of indices; None to lose nothing.
    step : float
        Distance of neighbouring values.
    keep : tuple of str
        Patterns of names (``*.bias``) of what is not quantised.
    """

    lossless: str = DEFAULT_LOSSLESS
    quantised: str | None = None
    step: float = 0.0
    keep: tuple[str, ...] = ()


class Coded(NamedTuple):
    """One tensor as it is sent.

    Attributes
    ----------
    coder : str
        Which one was used.
    payload : bytes
        What it made.
    words : array of words
        What the decoder will have.
    squared_error : float or None
        Sum over all weights; None where nothing was lost on purpose.
    """

    coder: str
    payload: Payload
    words: Words
    squared_error: float | None = None


def check_coders(lossless: str, quantised: str | None) -> None:
    """Raise ParameterError if a name is that of no coder of its kind."""
    for name, wanted in ((lossless, False), (quantised, True)):
        if name is not None and weight_coders.get(name).quantised is not wanted:
            kind = "quantised" if wanted else "lossless"
            raise ParameterError(f"not a {kind} coder: got '{shorten(name)}'. See 'kolmo info'.")


def code_tensor(tensor: Tensor, words: Words, method: Method, base: Words | None = None) -> Coded:
    """Return a tensor coded by a method, given the words of a base where there is one.

    A tensor that has values which are not finite, or 2**30 steps from 0, is coded without loss; so
    is one whose indices would be longer than that.
    """
    if method.quantised is None or is_kept(tensor, method.keep):
        return code_exactly(tensor, words, method.lossless, base)
    coded = code_coarsely(tensor, words, method.quantised, method.step, base)
    if coded is not None and 2 * len(coded.payload) < tensor.bytes:
        return coded
    exact = code_exactly(tensor, words, method.lossless, base)
    shorter = coded is not None and len(coded.payload) < len(exact.payload)
    return coded if coded is not None and shorter else exact


def code_exactly(tensor: Tensor, words: Words, coder: str, base: Words | None = None) -> Coded:
    """Return a tensor without loss, by the shortest of few coders; see `Method`."""
    if tensor.bytes <= _SHORT:
        return Coded("raw", words.tobytes(), words)
    others: tuple[str, ...] = ()
    if coder == DEFAULT_LOSSLESS:
        others = _FLOATS if tensor.dtype.is_float else _WHOLE
    names = dict.fromkeys((coder, *others))
    payloads = {name: weight_coders.make(name).encode(words, form(tensor), base) for name in names}
    best = min(payloads, key=lambda name: len(payloads[name]))
    if len(payloads[best]) >= tensor.bytes:
        return Coded("raw", words.tobytes(), words)
    return Coded(best, payloads[best], words)


def code_coarsely(
    tensor: Tensor, words: Words, coder: str, step: float, base: Words | None = None
) -> Coded | None:
    """Return a tensor as multiples of a step from 0, or from a base; None where that cannot be."""
    made = weight_coders.make(coder)
    indices = _indices(tensor, words, made.quantiser, step, base)
    if indices is None:
        return None
    payload = made.encode(indices, form(tensor))
    received = restore(tensor, indices, made.quantiser, step, base)
    return Coded(coder, payload, received, squared_error(tensor, words, received))


def received_words(
    tensor: Tensor, words: Words, quantiser: str, step: float, base: Words | None = None
) -> Words | None:
    """Return what a decoder will have of a tensor, without coding it; None as above."""
    indices = _indices(tensor, words, quantiser, step, base)
    return None if indices is None else restore(tensor, indices, quantiser, step, base)


def check_coded(tensor: Tensor, coded: Coded, step: float, base: Words | None = None) -> None:
    """Decode a payload; CertificationError if it does not give the words that the decoder has."""
    received = decode_words(tensor, coded.coder, coded.payload, step, base)
    if not np.array_equal(received, coded.words):
        raise CertificationError(
            f"{coded.coder} decodes '{shorten(tensor.name)}' to something else than was coded"
        )


def decode_words(
    tensor: Tensor, coder: str, payload: Payload, step: float, base: Words | None = None
) -> Words:
    """Return the words of a tensor that a payload holds; DecodeError if it is damaged."""
    made = weight_coders.make(coder)
    if not made.quantised:
        found: Words = made.decode(payload, form(tensor), base)
        return found
    if tensor.dtype.name not in QUANTISABLE:
        raise damaged("only floats are quantised")
    return restore(tensor, made.decode(payload, form(tensor)), made.quantiser, step, base)


def restore(
    tensor: Tensor, indices: Words, quantiser: str, step: float, base: Words | None = None
) -> Words:
    """Return the words that a decoder makes of indices, whose place they may take."""
    same = tensor.dtype.word_bytes == indices.dtype.itemsize
    found = indices.view("<u4") if same else np.empty(indices.size, word_type(tensor.dtype))
    start = 0
    for values in dequantised(indices, step, quantiser):
        stop = start + values.size
        if base is not None:
            with np.errstate(over="ignore"):
                values = values + floats(base[start:stop], tensor.dtype)
        found[start:stop] = rounded(values, tensor.dtype)
        start = stop
    return found


def squared_error(tensor: Tensor, words: Words, received: Words) -> float:
    """Return the sum of squared differences of two tensors of floats."""
    total = 0.0
    for sent, got in zip(pieces(words), pieces(received), strict=True):
        difference = floats(sent, tensor.dtype).astype(np.float64)
        difference -= floats(got, tensor.dtype)
        with np.errstate(over="ignore"):
            total += float(np.dot(difference, difference))
    return total


def _indices(
    tensor: Tensor, words: Words, quantiser: str, step: float, base: Words | None
) -> Indices | None:
    """Return the indices of a tensor, or None if it has values that no index stands for."""
    values = floats(words, tensor.dtype)
    if base is not None:
        with np.errstate(over="ignore", invalid="ignore"):
            values = values - floats(base, tensor.dtype)
    if not is_finite(values) or not _largest(values) / step < LARGEST_STEPS:
        return None
    return quantise(values, step, quantiser)


def _largest(values: Floats) -> float:
    return max((float(np.abs(piece).max()) for piece in pieces(values)), default=0.0)
