"""The arrays that the text kernels share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Text = NDArray[np.uint8]
Positions = NDArray[np.signedinteger[Any]]


def read_only(text: Text) -> Text:
    """Return a contiguous read-only view of ``text``, so that one compiled form serves all.

    Raises
    ------
    TypeError
        If the symbols are not bytes: the kernels would write outside their tables.
    """
    if text.dtype != np.uint8 or text.ndim != 1:
        raise TypeError(f"text must be uint8[n]: got {text.dtype}, {text.ndim} dimensions")
    view = np.ascontiguousarray(text).view()
    view.flags.writeable = False
    return view


def positions(size: int, limit: int) -> Positions:
    """Return an uninitialised array of ``size`` numbers, each at most ``limit`` in magnitude."""
    return np.empty(size, np.int32 if limit < np.iinfo(np.int32).max else np.int64)
