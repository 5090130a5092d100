"""Words as magnitudes and signs, alone or as distances from the words of a base, and back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kolmo.weights.coder import Form, Words
from kolmo.weights.coders._words import word_type
from kolmo.weights.scalemix import NOTHING, PIECE, Layout, Pair

Integers = NDArray[np.int64]

INTEGER_TOP = 61  # of the buckets of whole numbers
_FARTHEST_OCTAVE = 40
_SAMPLE = 1 << 16


class Numbers:
    """How the words of a form are understood.

    Parameters
    ----------
    form : Form
        Of the tensor.
    base : array of words, optional
        Floats are then told as the distance from these, in the order of numbers and in units of
        the last place.
    """

    def __init__(self, form: Form, base: Words | None = None) -> None:
        self.form, self.base = form, base
        dtype = form.dtype
        self._width, self._bits = dtype.mantissa_bits, 8 * dtype.word_bytes
        self._floating = dtype.is_float and base is None
        self._signed = dtype.name.startswith("I")
        self._reference = 0
        if base is not None and dtype.is_float and base.size:
            exponents = self._magnitudes(base[:_SAMPLE]) >> self._width
            self._reference = int(np.bincount(exponents).argmax())

    @property
    def layout(self) -> Layout:
        """How magnitudes are made: as floats, their mantissa's width, and the last bucket."""
        if self._floating:
            return Layout(True, self._width, (1 << self.form.dtype.exponent_bits) - 1)
        return Layout(False, 0, INTEGER_TOP)

    def pairs(self, words: Words) -> Iterator[Pair]:
        """Yield magnitudes and signs of all words, piece by piece."""
        for part in parts(words.size):
            yield self.pair(words[part], part)

    def pair(self, words: Words, part: slice) -> Pair:
        """Return magnitudes and signs of some words, whose places are ``part``."""
        if self._floating:
            return self._magnitudes(words), self._signs(words)
        numbers = self._ordered(words)
        if self.base is not None:
            numbers -= self._ordered(self.base[part])
        return np.abs(numbers), (numbers < 0).astype(np.uint8)

    def words(self, pair: Pair, part: slice) -> Words:
        """Return the words of magnitudes and signs."""
        magnitudes, signs = pair
        if self._floating:
            raw = magnitudes.view(np.uint64) | (
                signs.astype(np.uint64) << np.uint64(self._bits - 1)
            )
            return raw.astype(word_type(self.form))
        numbers = np.where(signs == 1, -magnitudes, magnitudes)
        if self.base is not None:
            numbers += self._ordered(self.base[part])
        return self._unordered(numbers)

    def given(self, part: slice) -> Pair:
        """Return what the base says of some places; see `kolmo.weights.scalemix`."""
        if self.base is None or not self.form.dtype.is_float:
            return NOTHING
        base = self.base[part]
        octaves = self._reference - (self._magnitudes(base) >> self._width)
        return np.clip(octaves, -_FARTHEST_OCTAVE, _FARTHEST_OCTAVE), self._signs(base)

    def _magnitudes(self, words: Words) -> Integers:
        mask = np.uint64((1 << (self._bits - 1)) - 1)
        return (words.astype(np.uint64) & mask).view(np.int64)

    def _signs(self, words: Words) -> NDArray[np.uint8]:
        return (words >> (self._bits - 1)).astype(np.uint8)

    def _ordered(self, words: Words) -> Integers:
        """Return integers in the order of the numbers; a float's -0 is -1."""
        if self.form.dtype.is_float:
            magnitudes = self._magnitudes(words)
            return np.where(self._signs(words) == 1, ~magnitudes, magnitudes)
        if self._signed:
            return words.view(f"<i{self.form.dtype.word_bytes}").astype(np.int64)
        return words.astype(np.uint64).view(np.int64)

    def _unordered(self, numbers: Integers) -> Words:
        if not self.form.dtype.is_float:
            return numbers.view(np.uint64).astype(word_type(self.form))
        negative = numbers < 0
        raw = np.where(negative, ~numbers, numbers).view(np.uint64)
        raw |= negative.astype(np.uint64) << np.uint64(self._bits - 1)
        return raw.astype(word_type(self.form))


def parts(size: int) -> Iterator[slice]:
    """Yield the places of the pieces that are worked on at once."""
    return (slice(start, min(start + PIECE, size)) for start in range(0, size, PIECE))


def is_near(words: Words, base: Words, form: Form) -> bool:
    """Tell whether the distances from a base are likely to be shorter than the words themselves.

    Of a sample of floats: whether log2 of a distance is below the width of a mantissa, on average.
    """
    if not form.dtype.is_float:
        return True
    some = slice(0, _SAMPLE)
    distances = Numbers(form, base).pair(words[some], some)[0].view(np.uint64)
    mean = float(np.log2(distances.astype(np.float64) + 1).mean()) if distances.size else 0.0
    return mean < form.dtype.mantissa_bits
