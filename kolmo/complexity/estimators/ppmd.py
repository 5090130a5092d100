"""PPMd variant H: prediction by partial matching, as in 7-Zip."""

from collections.abc import Iterable, Iterator
from typing import Any

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import bites, refusing, stripped, trailing
from kolmo.data import Buffer
from kolmo.errors import DecodeError

EXAMPLES: list[dict[str, int]] = [{}, {"order": 12}]

MODEL_BYTES_PER_BYTE = 24
SMALLEST_MODEL, LARGEST_MODEL = 1 << 20, 1 << 29
ENDING_BYTES = 5
BITE_BYTES = 1 << 13


class Ppmd(Bound):
    """PPMd7 with a model of 24 bytes per byte of input, so that it never restarts.

    References
    ----------
    D. Shkarin, PPM: one step to practicality, Data Compression Conference 2002,
    doi:10.1109/DCC.2002.999958.
    """

    name = "ppmd"
    formula = "the PPMd7 range-coder stream; its constant first byte 0 is removed"
    requires = ("pyppmd",)
    effort = 6
    self_delimiting = False
    isolated = True
    PARAMETERS = {"order": Parameter(6, 2, 64, "longest context", decoding=True)}

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the stream."""
        import pyppmd

        encoder = pyppmd.Ppmd7Encoder(self.values["order"], _model_bytes(length))
        yield from stripped(_encoded(encoder, blocks), 1)

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data, all at once."""
        import pyppmd

        payload = b"\0" + b"".join(chunks)
        if len(payload) < ENDING_BYTES:
            raise DecodeError("the stream ends early")
        with refusing(ValueError, SystemError, pyppmd.PpmdError):
            decoder = pyppmd.Ppmd7Decoder(self.values["order"], _model_bytes(length))
            yield decoder.decode(payload, length)
            if decoder.unused_data:
                raise trailing(len(decoder.unused_data))

    def lengths(self, payload_bytes: int, length: int) -> tuple[int, ...]:
        """Return both lengths: the decoder needs n, and does not find the end."""
        return (payload_bytes, length)

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the model's size and the payload's."""
        return _model_bytes(length) + 2 * length

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the model's size and the data's."""
        return _model_bytes(length) + 2 * length


def _encoded(encoder: Any, blocks: Iterable[Buffer]) -> Iterator[Buffer]:
    """Feed bites: the library can lose a byte where one call's output passes 32 KiB."""
    for bite in bites(blocks, BITE_BYTES):
        yield encoder.encode(bite)
    yield encoder.flush()


def _model_bytes(length: int) -> int:
    return min(max(MODEL_BYTES_PER_BYTE * length, SMALLEST_MODEL), LARGEST_MODEL)
