"""What the coders of indices by scale mixing share; they differ in what makes the indices."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from kolmo.coding.code import check_length, damaged
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.weights.coder import Form, Indices, Payload
from kolmo.weights.coders._numbers import parts
from kolmo.weights.coders._words import check_nothing
from kolmo.weights.scalemix import Layout, Pair, ScaleMixer, Traits, survey, writable

_LAYOUT = Layout(False, 0, 31)
_LARGEST = (1 << 31) - 1


class MixedIndices:
    """The code of indices by `kolmo.weights.scalemix`."""

    name: ClassVar[str]
    quantiser: ClassVar[str]
    quantised: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, indices: Indices, form: Form) -> bytes:
        """Return where most indices lie, and the indices."""
        check_length(indices.size, form.words)
        if not indices.size:
            return b""
        seen = survey(_pair(indices[part]) for part in parts(indices.size))
        traits = seen.traits(_LAYOUT, trellis=self.quantiser == "trellis")
        coder = RangeEncoder()
        traits.encode(coder)
        mixer = ScaleMixer(traits, *form.rows)
        for part in parts(indices.size):
            mixer.write(_pair(indices[part]), coder)
        return coder.finish()

    def decode(self, payload: Payload, form: Form) -> Indices:
        """Return the indices; DecodeError where the payload is not theirs."""
        found = np.empty(form.words, np.int32)
        if not found.size:
            check_nothing(payload)
            return found
        coder = RangeDecoder(writable(payload))
        traits = Traits.decode(coder, _LAYOUT, trellis=self.quantiser == "trellis")
        mixer = ScaleMixer(traits, *form.rows)
        for part in parts(found.size):
            magnitudes, signs = mixer.read(part.stop - part.start, coder)
            numbers = np.where(signs == 1, -magnitudes, magnitudes)
            if int(numbers.max()) > _LARGEST or int(numbers.min()) < -_LARGEST - 1:
                raise damaged("an index has more than 32 bits")
            found[part] = numbers
        coder.finish()
        return found


def _pair(indices: Indices) -> Pair:
    wide = indices.astype(np.int64)
    return np.abs(wide), (wide < 0).astype(np.uint8)
