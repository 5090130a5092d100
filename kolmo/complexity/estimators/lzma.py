"""LZMA: LZ77 over a large window with a context-modelling range coder."""

import itertools
import lzma
from collections.abc import Iterable, Iterator
from typing import Any

from kolmo.complexity.estimator import Bound, Parameter
from kolmo.complexity.estimators._streams import compressed, decompressed, fitted_log2
from kolmo.data import Buffer
from kolmo.errors import DecodeError

EXAMPLES: list[dict[str, int]] = [{}, {"preset": 1}, {"window": 12}]

SMALLEST_LOG2, DEFAULT_LOG2 = 12, 26
SAMPLE_BYTES = 1 << 18
TEXT_PREFIX_BYTES = 4096

# One byte names the variant: below 225 it is (pb * 5 + lp) * 9 + lc, as in the .lzma header;
# above, a converter of branch addresses before the default (3, 0, 2).
CONVERTERS = (
    lzma.FILTER_X86,
    lzma.FILTER_SPARC,
    lzma.FILTER_ARM,
    lzma.FILTER_ARMTHUMB,
    lzma.FILTER_POWERPC,
    lzma.FILTER_IA64,
)
FIRST_CONVERTER = 225
DEFAULT_VARIANT = 93
VARIANTS = (DEFAULT_VARIANT, 3, 4, 90, 110, 0)  # (lc,lp,pb): 302, 300, 400, 002, 022, 000
LARGEST_LITERAL_BITS = 4  # the library's limit on lc + lp


class Lzma(Bound):
    """Raw LZMA1 with its end marker, preset 9e, window and variant fitted to the input.

    Six settings of the literal and position contexts, and six converters of machine code where
    the input is not text, are tried on a sample; the choice is part of the payload.

    References
    ----------
    I. Pavlov, LZMA specification, 7-Zip SDK (2015).
    """

    name = "lzma"
    formula = (
        "raw LZMA1; the 13-byte .lzma header is removed, its properties byte takes the place "
        "of the constant 0 with which each stream begins"
    )
    effort = 9
    PARAMETERS = {
        "preset": Parameter(9, 0, 9, "effort, always with 'extreme'"),
        "window": Parameter(0, SMALLEST_LOG2, 30, "log2 of the window in bytes", decoding=True),
    }

    def compress(
        self,
        blocks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the variant's byte and the stream without its first byte."""
        sample, rest = _sampled(blocks)
        variant = _best_variant(sample)
        filters = _filters(variant, 1 << self._log2(length), self.values["preset"])
        compressor = lzma.LZMACompressor(format=lzma.FORMAT_RAW, filters=filters)
        first = True
        for chunk in compressed(compressor, rest):
            yield bytes([variant]) + chunk[1:] if first and chunk else chunk
            first = first and not chunk

    def decompress(
        self,
        chunks: Iterable[Buffer],
        length: int,
        given: bytes = b"",
    ) -> Iterator[Buffer]:
        """Yield the data; ``length`` only saves memory."""
        stream = (bytes(chunk) for chunk in chunks if len(chunk))
        head = next(stream, b"")
        if not head:
            raise DecodeError("the stream ends early")
        filters = _filters(_known(head[0]), 1 << self._log2(length), None)
        decompressor = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=filters)
        whole = itertools.chain((b"\0" + head[1:],), stream)
        yield from decompressed(decompressor, whole, (lzma.LZMAError, EOFError))

    def memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return about 11 bytes per byte of the window."""
        return 11 * (1 << self._log2(length)) + (4 << 20)

    def decoder_memory_bytes(self, length: int, given_bytes: int = 0) -> int:
        """Return the window and a little more."""
        return (1 << self._log2(length)) + (1 << 20)

    def window_bytes(self, length: int, given_bytes: int = 0) -> int | None:
        """Return the window, fitted up to 64 MiB unless a larger one is asked for."""
        return 1 << self._log2(length)

    def _log2(self, length: int) -> int:
        return self.values["window"] or fitted_log2(length, SMALLEST_LOG2, DEFAULT_LOG2)


def _sampled(blocks: Iterable[Buffer]) -> tuple[bytes, Iterator[Buffer]]:
    """Return the first bytes for trials, and all blocks."""
    stream = iter(blocks)
    first: list[Buffer] = []
    while sum(map(len, first)) < SAMPLE_BYTES and (block := next(stream, None)) is not None:
        first.append(block)
    return b"".join(first)[:SAMPLE_BYTES], itertools.chain(first, stream)


def _best_variant(sample: bytes) -> int:
    """Return the variant that makes the shortest stream of the sample, at a quick preset."""
    candidates = list(VARIANTS)
    if 0 in sample[:TEXT_PREFIX_BYTES]:
        candidates += [FIRST_CONVERTER + index for index in range(len(CONVERTERS))]
    return min(candidates, key=lambda variant: _trial_bytes(sample, variant))


def _trial_bytes(sample: bytes, variant: int) -> int:
    filters = _filters(variant, 1 << fitted_log2(len(sample), SMALLEST_LOG2, DEFAULT_LOG2), None)
    return len(lzma.compress(sample, format=lzma.FORMAT_RAW, filters=filters))


def _filters(variant: int, window: int, preset: int | None) -> list[dict[str, Any]]:
    converter = CONVERTERS[variant - FIRST_CONVERTER] if variant >= FIRST_CONVERTER else None
    contexts = DEFAULT_VARIANT if converter is not None else variant
    settings: dict[str, Any] = {
        "id": lzma.FILTER_LZMA1,
        "preset": 0 if preset is None else preset | lzma.PRESET_EXTREME,
        "dict_size": window,
        "lc": contexts % 9,
        "lp": contexts // 9 % 5,
        "pb": contexts // 45,
    }
    return [settings] if converter is None else [{"id": converter}, settings]


def _known(variant: int) -> int:
    beyond = variant >= FIRST_CONVERTER + len(CONVERTERS)
    if beyond or (
        variant < FIRST_CONVERTER and variant % 9 + variant // 9 % 5 > LARGEST_LITERAL_BITS
    ):
        raise DecodeError(f"unknown variant {variant}")
    return variant
