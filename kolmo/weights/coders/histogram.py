"""Indices by how often each has occurred so far."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from kolmo.coding.code import Reader, Writer
from kolmo.coding.discrete import Uniform, Uniforms
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.coding.urn import KT
from kolmo.complexity.estimators._streams import refusing
from kolmo.errors import ParameterError
from kolmo.mdl.models.parts import Bounded
from kolmo.weights.coder import Form, Indices, Payload
from kolmo.weights.coders._indices import PIECE, narrowed, pieces, tally
from kolmo.weights.coders._outliers import (
    KINDS,
    LARGEST_ALPHABET,
    OCTAVES,
    Range,
    best_range,
    kinds_of,
    log2_floor,
)
from kolmo.weights.coders._words import check_nothing

EXAMPLES: list[dict[str, int]] = [{}]

SEGMENT = 1 << 30  # what one code of Krichevsky and Trofimov can count


class Histogram:
    """The range where most indices lie, then each by the code of Krichevsky and Trofimov.

    No shape is assumed. Indices beyond the range are rare symbols alike, and after them come side
    and octave of each, again by how often these have occurred, and the place in the octave in plain
    bits. The range is the one with the shortest message; the counts begin anew after 2**30 indices.

    References
    ----------
    R. E. Krichevsky, V. K. Trofimov (1981). The performance of universal encoding. IEEE
    Transactions on Information Theory 27(2), 199-207. doi:10.1109/TIT.1981.1056331.
    """

    name: ClassVar[str] = "histogram"
    quantised: ClassVar[bool] = True
    quantiser: ClassVar[str] = "scalar"
    requires: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""

    def encode(self, indices: Indices, form: Form) -> bytes:
        """Return the range, and the indices."""
        if not indices.size:
            return b""
        coder = RangeEncoder()
        chosen = best_range(tally(indices))
        chosen = chosen.checked(int(indices.min()), int(indices.max()))
        Signed(LogStar()).encode(chosen.lowest, coder)
        _size_code().encode(chosen.size, coder)
        Uniform(2).encode(int(chosen.outliers), coder)
        for start in range(0, indices.size, SEGMENT):
            _write(chosen, indices[start : start + SEGMENT], coder)
        return coder.finish()

    def decode(self, payload: Payload, form: Form) -> Indices:
        """Return the indices; DecodeError where the payload is not one of so many."""
        if not form.words:
            check_nothing(payload)
            return np.empty(0, np.int32)
        found = np.empty(form.words, np.int32)
        coder = RangeDecoder(payload)
        with refusing(ParameterError):
            chosen = _read_range(coder)
            for start in range(0, form.words, SEGMENT):
                _read(chosen, found[start : start + SEGMENT], coder)
        coder.finish()
        return found


def _size_code() -> Bounded:
    return Bounded(LogStar(), 1, LARGEST_ALPHABET)


def _read_range(coder: Reader) -> Range:
    lowest = Bounded(Signed(LogStar()), -(1 << 31), (1 << 31) - 1).decode(coder)
    return Range(lowest, _size_code().decode(coder), bool(Uniform(2).decode(coder)))


def _write(chosen: Range, indices: Indices, coder: Writer) -> None:
    """Store a segment: all symbols, then sides and octaves of the outliers, then their places."""
    symbols = np.concatenate([chosen.symbols_of(piece) for piece in pieces(indices)])
    coder.put_blocks(KT(chosen.symbols, symbols.size).blocks(symbols))
    if not chosen.outliers:
        return
    kinds = np.concatenate([kinds_of(*chosen.outliers_of(piece)) for piece in pieces(indices)])
    coder.put_blocks(KT(KINDS, kinds.size).blocks(kinds))
    for piece in pieces(indices):
        _, distances = chosen.outliers_of(piece)
        sizes = 1 << log2_floor(distances)
        coder.put_blocks(Uniforms(sizes).blocks(distances - sizes))


def _read(chosen: Range, room: Indices, coder: Reader) -> None:
    """Fill a segment."""
    symbols = KT(chosen.symbols, room.size).decode(coder)
    far = int(np.count_nonzero(symbols == chosen.size))
    kinds = KT(KINDS, far).decode(coder)
    done = 0
    for start in range(0, room.size, PIECE):
        found = symbols[start : start + PIECE].astype(np.int64)
        outliers = np.flatnonzero(found == chosen.size)
        some = kinds[done : done + outliers.size]
        sizes = 1 << (some % OCTAVES).astype(np.int64)
        distances = sizes + np.asarray(Uniforms(sizes).decode(coder))
        found[outliers] = chosen.joined(some >= OCTAVES, distances)
        room[start : start + PIECE] = narrowed(found + chosen.lowest)
        done += outliers.size
