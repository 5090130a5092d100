"""Zstandard on the bytes of the words."""

from __future__ import annotations

from typing import ClassVar

from kolmo.complexity.estimators import zstd as estimator
from kolmo.weights.coder import Form, Payload, Words
from kolmo.weights.coders._words import byte_pieces, check_nothing, check_words, gathered

EXAMPLES: list[dict[str, int]] = [{}]

LEVEL = 19
LARGEST_WINDOW_LOG2 = 23
"""Weights repeat nearby or not at all, and the memory of a coder is a multiple of its window."""


class Zstd:
    """Zstandard at level 19, of the words or of what distinguishes them from a base.

    Its window fits the tensor, up to 8 MiB. See `kolmo.complexity.estimators.zstd`, whose frames
    these are.
    """

    name: ClassVar[str] = "zstd"
    quantised: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, words: Words, form: Form, base: Words | None = None) -> bytes:
        """Return one frame; nothing if there are no words."""
        check_words(words, form, base)
        if not words.size:
            return b""
        return b"".join(_frames(form).compress(byte_pieces(words, base), _size(form)))

    def decode(self, payload: Payload, form: Form, base: Words | None = None) -> Words:
        """Return the words; DecodeError where the payload is no frame of as many."""
        if not form.words:
            check_nothing(payload)
            return gathered((), form, base)
        return gathered(_frames(form).decompress((memoryview(payload),), _size(form)), form, base)


def _size(form: Form) -> int:
    return form.words * form.dtype.word_bytes


def _frames(form: Form) -> estimator.Zstd:
    large = _size(form) > 1 << LARGEST_WINDOW_LOG2
    window = {"window": LARGEST_WINDOW_LOG2} if large else {}
    return estimator.Zstd(level=LEVEL, **window)
