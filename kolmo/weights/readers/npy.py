"""Npy: one array of numpy."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from kolmo.weights.checkpoint import Checkpoint, Tensor
from kolmo.weights.readers import _magic
from kolmo.weights.readers._checks import Complaint, checked_name
from kolmo.weights.readers._npy import Layout, put_in_order, read_layout

if TYPE_CHECKING:
    from kolmo.data import Input

EXAMPLES: list[dict[str, int]] = [{}]

PIECE_BYTES = 1 << 18
UNNAMED = "array"


class Npy:
    """Reads .npy files of versions 1 to 3, as one tensor with the file's name.

    Notes
    -----
    Arrays of objects would need pickle and are refused; so are records and text.
    """

    name = "npy"
    requires: tuple[str, ...] = ()
    extra = ""

    @staticmethod
    def recognises(source: Input) -> bool:
        """Return whether the file begins as numpy's files do."""
        return _magic.is_npy(source)

    @staticmethod
    def read(source: Input) -> Checkpoint:
        """Return the one tensor."""
        complain = Complaint("npy", source)
        name = _stem(source.name)
        layout = read_layout(source.read, name, complain)
        if layout.start + layout.bytes != source.size:
            raise complain(
                f"got {source.size - layout.start} bytes of data; need {layout.bytes} for shape "
                f"{layout.shape}"
            )
        load = functools.partial(_load, source, layout)
        tensor = Tensor(checked_name(name, complain), layout.dtype, layout.shape, None, load)
        return Checkpoint(source.name, Npy.name, (tensor,), {})


def _stem(path: str) -> str:
    """Return the name of a file without folder and ending, where that is a name."""
    stem = os.path.basename(path).removesuffix(".npy")
    named = stem.isprintable() and stem not in ("", "-", "(bytes)")
    return stem if named else UNNAMED


def _load(source: Input, layout: Layout) -> bytes:
    if not layout.swapped and not layout.transposed:
        return source.read(layout.start, source.size)
    starts = range(layout.start, source.size, PIECE_BYTES)
    return put_in_order((source.read(start, start + PIECE_BYTES) for start in starts), layout)
