"""Planes of bytes, each by its own shares."""

from __future__ import annotations

import io
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from kolmo.weights.checkpoint import DType
from kolmo.weights.coder import Form, Payload, Words
from kolmo.weights.coders._planes import KIND_BITS, Cursor, restored, stored
from kolmo.weights.coders._words import (
    PIECE_WORDS,
    add_base,
    as_bytes,
    check_words,
    pieces,
    word_type,
)

EXAMPLES: list[dict[str, int]] = [{}]


class Planes:
    """The words turned so that a byte holds the exponent, and each byte of them apart.

    The bits of a float are turned to the left: past its sign, and where the exponent has more than
    8 bits past its first, which hardly change. The highest bytes of all words make a plane, the
    next ones another, and so on. A plane is stored as it is, as one byte, or by how often each byte
    occurs, for 2**20 words at a time. Integers are not turned.

    Fast, for files that should not grow old on the disk; `mix` is smaller.

    References
    ----------
    M. Hershcovitch et al. (2024). ZipNN: lossless compression for AI models. arXiv:2411.05239.
    Exponents apart from the rest. We differ in interleaved stacks in place of Huffman's code, and
    in coding any plane that gains.
    """

    name: ClassVar[str] = "planes"
    quantised: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, words: Words, form: Form, base: Words | None = None) -> bytes:
        """Return, for each piece, the kinds of its planes and the planes, the lowest first."""
        check_words(words, form, base)
        turn = _turn(form.dtype)
        out = io.BytesIO()  # its value is not copied
        for piece in pieces(words, base):
            _write(out, _planes(_turned(piece, turn)))
        return out.getvalue()

    def decode(self, payload: Payload, form: Form, base: Words | None = None) -> Words:
        """Return the words; DecodeError where the payload is not one of so many."""
        turn = 8 * form.dtype.word_bytes - _turn(form.dtype)
        words = np.empty(form.words, word_type(form))
        cursor = Cursor(payload)
        for start in range(0, words.size, PIECE_WORDS):
            piece = words[start : start + PIECE_WORDS]
            _read(cursor, _planes(piece))
            piece[:] = _turned(piece, turn)
        cursor.finish()
        add_base(words, base)
        return words


def _turn(dtype: DType) -> int:
    """Return by how many bits a word is turned to the left."""
    return max(1, dtype.exponent_bits - 7) if dtype.is_float and dtype.word_bytes > 1 else 0


def _turned(words: Words, count: int) -> Words:
    """Return words turned to the left."""
    width = 8 * words.dtype.itemsize
    if count % width == 0:
        return words
    found: Words = words << words.dtype.type(count)
    found |= words >> words.dtype.type(width - count)
    return found


def _planes(words: Words) -> NDArray[np.uint8]:
    """Return views of the bytes, the lowest of all words first."""
    return as_bytes(words).reshape(words.size, -1).T


def _kinds_bytes(planes: NDArray[np.uint8]) -> int:
    return -(-KIND_BITS * len(planes) // 8)


def _write(out: io.BytesIO, planes: NDArray[np.uint8]) -> None:
    found = [stored(np.ascontiguousarray(plane)) for plane in planes]
    kinds = sum(plane.kind << KIND_BITS * place for place, plane in enumerate(found))
    out.write(kinds.to_bytes(_kinds_bytes(planes), "little"))
    for plane in found:
        out.write(plane.content)


def _read(cursor: Cursor, planes: NDArray[np.uint8]) -> None:
    kinds = int.from_bytes(cursor.take(_kinds_bytes(planes)), "little")
    whole = np.empty(planes.shape[1], np.uint8)
    for place, plane in enumerate(planes):
        restored(kinds >> KIND_BITS * place & (1 << KIND_BITS) - 1, cursor, whole)
        plane[:] = whole
