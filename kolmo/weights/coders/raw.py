"""The words as they are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from kolmo.coding.code import damaged
from kolmo.weights.coder import Form, Payload, Words
from kolmo.weights.coders._words import check_words, word_type

EXAMPLES: list[dict[str, int]] = [{}]


class Raw:
    """The bytes of the words; what everything else must beat. A base saves nothing here."""

    name: ClassVar[str] = "raw"
    quantised: ClassVar[bool] = False
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, words: Words, form: Form, base: Words | None = None) -> bytes:
        """Return the bytes."""
        check_words(words, form, base)
        return words.tobytes()

    def decode(self, payload: Payload, form: Form, base: Words | None = None) -> Words:
        """Return the words, which share the memory of the payload, so cannot be written to."""
        wanted = form.words * form.dtype.word_bytes
        if len(payload) != wanted:
            raise damaged(f"it has {len(payload)} bytes; need {wanted}")
        return np.frombuffer(payload, word_type(form))
