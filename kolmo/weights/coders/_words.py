"""Words of a tensor in pieces, less those of a base where there is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import check_length, damaged
from kolmo.data import Buffer
from kolmo.errors import ParameterError
from kolmo.weights.coder import Form, Payload, Words

PIECE_WORDS = 1 << 20
"""How many words are worked on at once: what bounds the memory of an encoder and a decoder."""


def word_type(form: Form) -> np.dtype[Any]:
    """Return the type of the words: unsigned and little-endian."""
    return np.dtype(f"<u{form.dtype.word_bytes}")


def check_words(words: Words, form: Form, base: Words | None) -> None:
    """Raise ParameterError unless words, and those of a base, are those of a form."""
    for given in (words, base):
        if given is None:
            continue
        check_length(given.size, form.words)
        if given.dtype != word_type(form):
            raise ParameterError(f"wrong words: got {given.dtype}; need {word_type(form)}.")


def pieces(words: Words, base: Words | None) -> Iterator[Words]:
    """Yield the words, XOR those of the base, in pieces of `PIECE_WORDS`."""
    for start in range(0, words.size, PIECE_WORDS):
        part = slice(start, start + PIECE_WORDS)
        piece = words[part] if base is None else words[part] ^ base[part]
        yield np.ascontiguousarray(piece)


def byte_pieces(words: Words, base: Words | None) -> Iterator[memoryview]:
    """Yield the bytes of the same."""
    return (as_bytes(piece).data for piece in pieces(words, base))


def as_bytes(words: Words) -> NDArray[np.uint8]:
    """Return contiguous words as their bytes, which are not copied."""
    return words.view(np.uint8)


def gathered(chunks: Iterable[Buffer], form: Form, base: Words | None) -> Words:
    """Return the words of which `byte_pieces` are; DecodeError where they are too few or many."""
    words = np.empty(form.words, word_type(form))
    room, end = as_bytes(words), 0
    for chunk in chunks:
        start, end = end, end + len(chunk)
        if end > room.size:
            raise damaged(f"it holds more than {room.size} bytes")
        room[start:end] = np.frombuffer(chunk, np.uint8)
    if end < room.size:
        raise damaged(f"it holds {end} bytes of {room.size}")
    add_base(words, base)
    return words


def add_base(words: Words, base: Words | None) -> None:
    """XOR the words of a base into others."""
    if base is not None:
        np.bitwise_xor(words, base, out=words)


def check_nothing(payload: Payload) -> None:
    """Raise DecodeError unless the payload of a tensor without words is empty."""
    if payload:
        raise damaged(f"{len(payload)} bytes are left over")
