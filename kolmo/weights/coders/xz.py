"""LZMA on the bytes of the words."""

from __future__ import annotations

import lzma
from typing import Any, ClassVar

from kolmo.complexity.estimators._streams import compressed, decompressed, fitted_log2, stripped
from kolmo.data import Buffer
from kolmo.weights.coder import Form, Payload, Words
from kolmo.weights.coders._words import byte_pieces, check_nothing, check_words, gathered

EXAMPLES: list[dict[str, int]] = [{}]

SMALLEST_WINDOW_LOG2, LARGEST_WINDOW_LOG2 = 12, 23
"""The encoder takes about 11 bytes for each of its window."""

_CONTEXT_BITS = 4  # the library's limit on lc + lp


class Xz:
    """What xz does at its preset 9e, of the words or of what distinguishes them from a base.

    A raw LZMA1 stream with its end marker, without the byte 0 that each begins with. The window
    fits the tensor, up to 8 MiB; literals and matches know their place in a word. All that is
    known from the form, so a payload cannot ask for memory.

    References
    ----------
    I. Pavlov, LZMA specification, 7-Zip SDK (2015).
    """

    name: ClassVar[str] = "xz"
    quantised: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, words: Words, form: Form, base: Words | None = None) -> bytes:
        """Return the stream; nothing if there are no words."""
        check_words(words, form, base)
        if not words.size:
            return b""
        compressor = lzma.LZMACompressor(format=lzma.FORMAT_RAW, filters=_filters(form))
        return b"".join(stripped(compressed(compressor, byte_pieces(words, base)), 1))

    def decode(self, payload: Payload, form: Form, base: Words | None = None) -> Words:
        """Return the words; DecodeError where the payload is no stream of as many."""
        if not form.words:
            check_nothing(payload)
            return gathered((), form, base)
        decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=_filters(form))
        stream: tuple[Buffer, ...] = (b"\0", memoryview(payload))
        found = decompressed(decompressor, stream, (lzma.LZMAError, EOFError))
        return gathered(found, form, base)


def _filters(form: Form) -> list[dict[str, Any]]:
    size = form.words * form.dtype.word_bytes
    place_bits = form.dtype.word_bytes.bit_length() - 1
    return [
        {
            "id": lzma.FILTER_LZMA1,
            "preset": 9 | lzma.PRESET_EXTREME,
            "dict_size": 1 << fitted_log2(size, SMALLEST_WINDOW_LOG2, LARGEST_WINDOW_LOG2),
            "lc": _CONTEXT_BITS - max(place_bits, 1),
            "lp": place_bits,
            "pb": place_bits,
        }
    ]
