"""Named tensors to and from the safetensors format, as NumPy arrays; for files of our own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

TYPES = {"<f4": "F32", "<u2": "BF16"}
"""NumPy's and the format's name of each type; the upper halves of float32 are bfloat16."""


def to_bytes(tensors: Mapping[str, Array]) -> bytes:
    """Return a file that holds the tensors, in their order."""
    header, start = {}, 0
    for name, tensor in tensors.items():
        stop = start + tensor.nbytes
        kind = TYPES[tensor.dtype.newbyteorder("<").str]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [start, stop]}
        start = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join(
        [len(text).to_bytes(8, "little"), text, *(tensor.tobytes() for tensor in tensors.values())]
    )


def from_bytes(file: bytes) -> dict[str, Array]:
    """Return the tensors of a file, in their order."""
    import numpy as np

    length = int.from_bytes(file[:8], "little")
    header, body = json.loads(file[8 : 8 + length]), file[8 + length :]
    header.pop("__metadata__", None)
    kinds = {kind: dtype for dtype, kind in TYPES.items()}
    return {
        name: np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(
            entry["shape"]
        )
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    }


def bfloat16(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return float32 tensors rounded to bfloat16, ties to even, as upper halves."""
    import numpy as np

    def rounded(tensor: Array) -> Array:
        bits = tensor.view("<u4")
        return np.asarray((bits + 0x7FFF + (bits >> 16 & 1)) >> 16, "<u2")

    return {name: rounded(tensor) for name, tensor in tensors.items()}


def float32(tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return tensors as float32, which makes wide numbers of upper halves."""
    import numpy as np

    return {
        name: (tensor.astype("<u4") << np.uint32(16)).view("<f4")
        if tensor.itemsize == 2
        else tensor
        for name, tensor in tensors.items()
    }


def elements(tensors: Mapping[str, Array]) -> int:
    """Return the number of weights."""
    return sum(tensor.size for tensor in tensors.values())


def rmse(tensors: Mapping[str, Array], others: Mapping[str, Array]) -> float:
    """Return the root of the mean squared difference of all weights."""
    import numpy as np

    squares = sum(
        float(np.square(tensor.astype(float) - others[name].astype(float)).sum())
        for name, tensor in tensors.items()
    )
    return float((squares / elements(tensors)) ** 0.5)
