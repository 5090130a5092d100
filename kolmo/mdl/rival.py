"""A compressor as a model of a column: is it better than any distribution?"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.family import Family
from kolmo.mdl.models.parts import Chain
from kolmo.mdl.models.values import Values, add_offsets, bounds, offsets, to_values
from kolmo.mdl.packed import Compressed

if TYPE_CHECKING:
    from kolmo.container import Packer
    from kolmo.table import Column

TEXT, BYTES, DIFFERENCES = "text", "bytes", "differences"
LAYOUTS = (TEXT, BYTES, DIFFERENCES)
LONGEST = 1 << 40

_WORD_BYTES = 8
_LARGEST_OFFSET = 1 << 62
_LONGEST_NUMBER = 4932  # digits; Python refuses to read much longer ones
_SAMPLE = 1 << 15
_CHUNK = 1 << 14


class Layout(NamedTuple):
    """How the values become bytes, and for a known column their payload.

    Attributes
    ----------
    layout : int
        Which of `LAYOUTS`: a line of digits for each; its distance from ``lowest`` in ``width``
        bytes, the high ones first; or so its difference from the value before.
    known : tuple of bytes or None
        SHA-256 of the data and their payload, for an encoder that has compressed them; not part
        of the message.
    """

    layout: int
    lowest: int
    width: int
    known: tuple[bytes, bytes] | None = None


class Rival(Family[Layout]):
    """A bound estimator as a family with one member for each layout of the values.

    Parameters
    ----------
    packer : Packer
        The estimator.
    """

    def __init__(self, packer: Packer) -> None:
        self.packer = packer
        self.name = packer.name  # type: ignore[misc]

    def fits(self, column: Column) -> bool:
        """Return whether there is a value."""
        return len(column.content) > 0

    def choose(self, values: Values) -> Layout:
        """Return the layout with the shortest payload; tried on the first rows if many."""
        layouts = list(_layouts(values))
        if values.size > _SAMPLE:
            sample = values[:_SAMPLE]
            layouts = [min(layouts, key=lambda layout: self._bits(layout, sample))]
        found = [self._compressed(layout, values) for layout in layouts]
        code = self.parameter_code(values.size)

        def bits(layout: Layout) -> float:
            return code.codelength(layout) + self.data_code(layout, values.size).codelength(values)

        return min(found, key=bits)

    def parameter_code(self, rows: int) -> Code[Layout]:
        """Return the code of the layout."""
        return Chain(
            Layout,
            lambda: Uniform(len(LAYOUTS)),
            lambda _: Signed(LogStar()),
            lambda *_: _Width(),
        )

    def data_code(self, parameters: Layout, rows: int) -> Code[Any]:
        """Return the code of the values as compressed bytes."""
        return _Stream(self.packer, parameters, rows)

    def free_parameters(self, parameters: Layout) -> int | None:
        """Return None: a compressor fits no numbers that could be counted."""
        return None

    def describe(self, parameters: Layout) -> dict[str, Any]:
        """Return the layout."""
        return {"layout": LAYOUTS[parameters.layout]}

    def _bits(self, layout: Layout, values: Values) -> float:
        return self.data_code(layout, values.size).codelength(values)

    def _compressed(self, layout: Layout, values: Values) -> Layout:
        data = _to_bytes(layout, values)
        payload = Compressed(self.packer, LONGEST).compress(data)
        return layout._replace(known=(sha256(data).digest(), payload))


class _Width(Code[int]):
    """From 1 to 8 bytes."""

    _code = Uniform(_WORD_BYTES)

    def codelength(self, value: int, /) -> float:
        """Return 3 bits."""
        return self._code.codelength(value - 1)

    def encode(self, value: int, coder: Writer, /) -> None:
        """Store a width."""
        self._code.encode(value - 1, coder)

    def decode(self, coder: Reader, /) -> int:
        """Return the width stored next."""
        return self._code.decode(coder) + 1


class _Stream(Code[Values]):
    """Values as compressed bytes."""

    def __init__(self, packer: Packer, layout: Layout, rows: int) -> None:
        self.layout, self.rows = layout, rows
        limit = rows * (_LONGEST_NUMBER + 2)
        self._code = Compressed(_guarded(packer), limit)

    def codelength(self, value: Values, /) -> float:
        """Return the length of a column in bits."""
        return self._code.payload_bits(*self._compress(value))

    def encode(self, value: Values, coder: Writer, /) -> None:
        """Store a column."""
        self._code.put(*self._compress(value), coder)

    def decode(self, coder: Reader, /) -> Values:
        """Return the column stored next."""
        values = _from_bytes(self.layout, self._code.decode(coder))
        if values.size != self.rows:
            raise damaged(f"{values.size} values where {self.rows} are announced")
        return values

    def _compress(self, value: Values) -> tuple[bytes, bytes]:
        data, known = _to_bytes(self.layout, value), self.layout.known
        if known is not None and known[0] == sha256(data).digest():
            return data, known[1]
        return data, self._code.compress(data)


def _guarded(packer: Packer) -> Packer:
    """Return the estimator, decoding in a process of its own where damage could crash it."""
    if not getattr(packer, "isolated", False):
        return packer
    from kolmo.isolation import Isolated

    return Isolated(packer)


def _layouts(values: Values) -> list[Layout]:
    """Return all layouts that the values fit."""
    found = [Layout(LAYOUTS.index(TEXT), 0, 1)]
    lowest, size = bounds(values)
    if size <= _LARGEST_OFFSET:
        found.append(Layout(LAYOUTS.index(BYTES), lowest, _bytes_of(size - 1)))
        largest = int(_folded_differences(values, lowest).max())
        found.append(Layout(LAYOUTS.index(DIFFERENCES), lowest, _bytes_of(largest)))
    return found


def _bytes_of(largest: int) -> int:
    return max(1, -(-largest.bit_length() // 8))


def _folded_differences(values: Values, lowest: int) -> Values:
    """Return 0, -1, 1, -2, ... as 0, 1, 2, 3, ...; the first value less ``lowest``."""
    steps = np.diff(offsets(values, lowest), prepend=0)
    return np.where(steps >= 0, 2 * steps, -2 * steps - 1)


def _to_bytes(layout: Layout, values: Values) -> bytes:
    name = LAYOUTS[layout.layout]
    if name == TEXT:
        return b"".join(map(_lines, np.array_split(values, 1 + values.size // _CHUNK)))
    numbers = offsets(values, layout.lowest)
    if name == DIFFERENCES:
        numbers = _folded_differences(values, layout.lowest)
    size = 1 << 8 * layout.width
    if numbers.dtype != np.int64 or numbers.min(initial=0) < 0 or numbers.max(initial=0) >= size:
        raise ParameterError(f"another column: its values do not fit {layout.width} bytes.")
    words = numbers.astype(">u8").view(np.uint8).reshape(-1, _WORD_BYTES)
    return words[:, _WORD_BYTES - layout.width :].tobytes()


def _lines(values: Values) -> bytes:
    return b"".join([b"%d\n" % value for value in values.tolist()])


def _from_bytes(layout: Layout, data: bytes) -> Values:
    reader: dict[str, Callable[[Layout, bytes], Values]] = {
        TEXT: lambda _, lines: _read_lines(lines),
        BYTES: lambda layout, words: add_offsets(layout.lowest, _read_words(layout, words)),
        DIFFERENCES: _read_differences,
    }
    return reader[LAYOUTS[layout.layout]](layout, data)


def _read_lines(data: bytes) -> Values:
    *lines, end = data.split(b"\n")
    if end or not all(map(_is_number, lines)):
        raise damaged("a line that is no number")
    return to_values([int(line) for line in lines])


def _is_number(line: bytes) -> bool:
    return len(line) <= _LONGEST_NUMBER and line.removeprefix(b"-").isdigit()


def _read_words(layout: Layout, data: bytes) -> Values:
    if len(data) % layout.width:
        raise damaged("the last word is cut")
    words = np.frombuffer(data, np.uint8).reshape(-1, layout.width)
    wide = np.zeros((len(words), _WORD_BYTES), np.uint8)
    wide[:, _WORD_BYTES - layout.width :] = words
    numbers = wide.view(">u8").reshape(-1).astype(np.int64)
    if numbers.min(initial=0) < 0 or numbers.max(initial=0) >= 2 * _LARGEST_OFFSET:
        raise damaged("a word of more than 63 bits")
    return numbers


def _read_differences(layout: Layout, data: bytes) -> Values:
    folded = _read_words(layout, data)
    steps = np.where(folded & 1, -(folded >> 1) - 1, folded >> 1)
    with np.errstate(over="ignore"):
        numbers = np.cumsum(steps)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < _LARGEST_OFFSET:
        raise damaged("differences that lead out of range")
    return add_offsets(layout.lowest, numbers)
