"""The forms in which a file holds symbols for a tree: bytes, packed bits, or written bits."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kolmo.complexity.adaptive import AdaptiveModel
from kolmo.complexity.treeweighting import BIT_DEPTH, BYTE_DEPTH, BitTree, ByteTree
from kolmo.data import Buffer
from kolmo.errors import ParameterError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kolmo.coding.rangecoder import RangeDecoder

BYTES, PACKED, WRITTEN, WRITTEN_LINE = 0, 1, 2, 3
SAMPLE_BYTES = 1 << 15
DIGITS = b"01"


def written_form(data: bytes) -> int | None:
    """Return the form of bits written as 0 and 1, maybe with a newline at the end; else None."""
    end = len(data) - data.endswith(b"\n")
    if end == 0 or data[:end].translate(None, DIGITS):
        return None
    return WRITTEN if end == len(data) else WRITTEN_LINE


def find_form(data: bytes, given: bytes, depth: int, forms: tuple[int, ...]) -> int:
    """Return which of the forms the data take.

    Raises
    ------
    ParameterError
        If it must be written bits, and other characters are among them.
    """
    if len(forms) == 1:
        return forms[0]
    if BYTES in forms:
        return choose_form(data, given, depth)
    form = written_form(data)
    if form is None:
        strange = data.translate(None, DIGITS)[:1]
        found = f"byte {strange[0]:#04x} at {data.index(strange)}" if strange else "no character"
        raise ParameterError(f"not written bits: got {found}; need 0 and 1. Drop symbol=2.")
    return form


def choose_form(data: bytes, given: bytes, depth: int) -> int:
    """Return the form that promises the shortest message: written bits, or what a sample says.

    The sample is the middle of the data and the end of the side information, at most 32 KiB each.
    """
    form = written_form(data)
    if form is not None:
        return form
    first = max(0, (len(data) - SAMPLE_BYTES) // 2)
    sample, side = data[first : first + SAMPLE_BYTES], given[-SAMPLE_BYTES:]
    return min((BYTES, PACKED), key=lambda form: _sample_bits(form, sample, side, depth))


def _sample_bits(form: int, sample: bytes, side: bytes, depth: int) -> float:
    text = Text.open(form, len(sample), side, depth, data=sample)
    text.tree.learn(0, text.start)
    return float(text.tree.costs(text.start, text.stop).sum())


class Text(NamedTuple):
    """Data in a form, after the side information: the symbols ``start`` to ``stop`` of a tree."""

    form: int
    tree: AdaptiveModel
    start: int
    stop: int

    @classmethod
    def open(
        cls, form: int, length: int, given: bytes, depth: int, *, data: bytes | None = None
    ) -> "Text":
        """Return a text of ``length`` bytes: those of ``data``, or those to be read.

        Parameters
        ----------
        depth : int
            Longest context; 0 stands for the default of the form.
        """
        import numpy as np

        if form in (WRITTEN, WRITTEN_LINE):
            length -= form == WRITTEN_LINE
            given = b"" if written_form(given) is None else given.removesuffix(b"\n")
        start, stop = len(given), len(given) + length
        symbols = np.zeros(stop, np.uint8)
        symbols[:start] = np.frombuffer(given, np.uint8)
        if data is not None:
            symbols[start:] = np.frombuffer(data, np.uint8, length)
        if form == BYTES:
            return cls(form, ByteTree(symbols, stop, depth or BYTE_DEPTH), start, stop)
        if form == PACKED:
            start, stop = 8 * start, 8 * stop
        else:
            symbols = np.packbits(symbols & 1)
        return cls(form, BitTree(symbols, stop, depth or BIT_DEPTH), start, stop)

    def read(self, coder: "RangeDecoder") -> Iterator[Buffer]:
        """Yield the data that a coder holds."""
        done = self.start
        for stop in self.tree.read(self.start, self.stop, coder):
            yield self._data(done, stop)
            done = stop
        if self.form == WRITTEN_LINE:
            yield b"\n"

    def _data(self, start: int, stop: int) -> bytes:
        import numpy as np

        text: NDArray[np.uint8] = self.tree.text
        if self.form == BYTES:
            return text[start:stop].tobytes()
        if self.form == PACKED:
            return text[start >> 3 : stop >> 3].tobytes()
        bits = np.unpackbits(text[start >> 3 : -(-stop >> 3)])
        return (bits[start & 7 : (start & 7) + stop - start] + DIGITS[0]).tobytes()
