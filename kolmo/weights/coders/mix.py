"""Adaptive mixing of exponents and the highest bits of mantissas, whose other bits are plain."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from kolmo.coding.code import damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.weights.checkpoint import DTYPES
from kolmo.weights.coder import Form, Payload, Words
from kolmo.weights.coders._numbers import Numbers, is_near, parts
from kolmo.weights.coders._words import check_nothing, check_words, word_type
from kolmo.weights.scalemix import LARGEST_BITS, ScaleMixer, Survey, Traits, survey, writable

EXAMPLES: list[dict[str, int]] = [{}]

ALONE, GIVEN, HALVES = 0, 1, 2
_MODES = 3


class Mix:
    """The scale-mixing coder of `kolmo.weights.scalemix` on the words of a tensor, bit by bit.

    A float is sign, exponent and mantissa; an integer a sign and a magnitude. With a base, words
    are told as distances from those of the base: the longer, the smaller the base's exponent.
    """

    name: ClassVar[str] = "mix"
    quantised: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, words: Words, form: Form, base: Words | None = None) -> bytes:
        """Return how the words are told, what their bits have in common, and the words."""
        check_words(words, form, base)
        if not words.size:
            return b""
        coder = RangeEncoder()
        mode, told, numbers, seen = _way(words, form, base)
        Uniform(_MODES).encode(mode, coder)
        traits = seen.traits(numbers.layout)
        traits.encode(coder)
        words = words.view(word_type(told))
        mixer = ScaleMixer(traits, *told.rows)
        for part in parts(words.size):
            mixer.write(numbers.pair(words[part], part), coder, numbers.given(part))
        return coder.finish()

    def decode(self, payload: Payload, form: Form, base: Words | None = None) -> Words:
        """Return the words; DecodeError where the payload is not theirs."""
        if not form.words:
            check_nothing(payload)
            return np.empty(0, word_type(form))
        coder = RangeDecoder(writable(payload))
        mode = Uniform(_MODES).decode(coder)
        if mode == GIVEN and base is None:
            raise damaged("it was made given a base")
        told = _halves(form) if mode == HALVES else form
        numbers = Numbers(told, base if mode == GIVEN else None)
        mixer = ScaleMixer(Traits.decode(coder, numbers.layout), *told.rows)
        words = np.empty(told.words, word_type(told))
        for part in parts(words.size):
            pair = mixer.read(part.stop - part.start, coder, numbers.given(part))
            words[part] = numbers.words(pair, part)
        coder.finish()
        return words.view(word_type(form))


def _way(words: Words, form: Form, base: Words | None) -> tuple[int, Form, Numbers, Survey]:
    """Return how words are told: given a base if it is near, alone, or large ones in halves."""
    if base is not None and is_near(words, base, form):
        numbers = Numbers(form, base)
        seen = survey(numbers.pairs(words))
        if seen.bits <= LARGEST_BITS:
            return GIVEN, form, numbers, seen
    numbers = Numbers(form)
    seen = survey(numbers.pairs(words))
    if numbers.layout.floating or seen.bits <= LARGEST_BITS:
        return ALONE, form, numbers, seen
    told = _halves(form)
    numbers = Numbers(told)
    return HALVES, told, numbers, survey(numbers.pairs(words.view(word_type(told))))


def _halves(form: Form) -> Form:
    """Return the form of words of 8 bytes, told as two halves each."""
    if form.dtype.word_bytes != 8:
        raise damaged("only words of 8 bytes are told in halves")
    return Form(DTYPES["U32"], (*form.shape, 2) if form.shape else (2,))
