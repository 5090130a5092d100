"""A checkpoint: named tensors of a trained network, whose bytes are read when they are asked for.

Types carry the names of the safetensors format. The bytes of a tensor are little-endian and in C
order, whatever the file has; NaN payloads, signs of zero and denormals are kept, bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.errors import CheckpointError, shorten
from kolmo.registry import readers

if TYPE_CHECKING:
    from kolmo.data import Input

LARGEST_ELEMENTS = 1 << 48

ByteString = bytes  # where a class has a member of that name


class DType(NamedTuple):
    """How the bits of an element are to be understood.

    Attributes
    ----------
    name : str
        In the words of safetensors: ``F32``, ``BF16``, ``I64`` and so on.
    word_bytes : int
        Size of a word, 1, 2, 4 or 8; a complex number is two words.
    words : int
        Words of an element.
    exponent_bits, mantissa_bits : int
        Of a float, whose highest bit is the sign; both 0 for integers and truth values.
    """

    name: str
    word_bytes: int
    words: int = 1
    exponent_bits: int = 0
    mantissa_bits: int = 0

    @property
    def is_float(self) -> bool:
        """Whether words are floating-point numbers."""
        return self.exponent_bits > 0

    @property
    def bytes(self) -> int:
        """Size of an element."""
        return self.word_bytes * self.words


DTYPES = {
    dtype.name: dtype
    for dtype in (
        DType("F64", 8, 1, 11, 52),
        DType("F32", 4, 1, 8, 23),
        DType("F16", 2, 1, 5, 10),
        DType("BF16", 2, 1, 8, 7),
        DType("F8_E5M2", 1, 1, 5, 2),
        DType("F8_E4M3", 1, 1, 4, 3),
        DType("F8_E5M2FNUZ", 1, 1, 5, 2),
        DType("F8_E4M3FNUZ", 1, 1, 4, 3),
        DType("F8_E8M0", 1),
        DType("C64", 4, 2, 8, 23),
        DType("I64", 8),
        DType("I32", 4),
        DType("I16", 2),
        DType("I8", 1),
        DType("U64", 8),
        DType("U32", 4),
        DType("U16", 2),
        DType("U8", 1),
        DType("BOOL", 1),
    )
}


class Tensor(NamedTuple):
    """One tensor of a checkpoint.

    Attributes
    ----------
    storage : hashable or None
        Tensors with equal storages are views of the same bytes in the file, hence tied; None
        where the format cannot say so.
    load : callable
        Returns the bytes, little-endian and in C order; raises CheckpointError or InputError.
    """

    name: str
    dtype: DType
    shape: tuple[int, ...]
    storage: Hashable
    load: Callable[[], bytes]

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Number of bytes."""
        return self.elements * self.dtype.bytes

    def read(self) -> ByteString:
        """Return the bytes; CheckpointError if they are more or fewer than the shape says."""
        data = self.load()
        if len(data) != self.bytes:
            raise CheckpointError(
                f"tensor cut short: got {len(data)} bytes of '{shorten(self.name)}'; need "
                f"{self.bytes}"
            )
        return data


class Checkpoint(NamedTuple):
    """The tensors of a file, in its order.

    Attributes
    ----------
    file, format : str
        The file's name as the user wrote it, and the name of its reader.
    metadata : dict of str to str
        What the file says beside tensors, where its format has a place for that.
    """

    file: str
    format: str
    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]

    @property
    def bytes(self) -> int:
        """Number of bytes of all tensors."""
        return sum(tensor.bytes for tensor in self.tensors)


def read_checkpoint(source: Input) -> Checkpoint:
    """Return the checkpoint in a file, whose format its first bytes tell.

    Parameters
    ----------
    source : Input
        The file; it must stay open while tensors are loaded.

    Raises
    ------
    CheckpointError
        If it is malformed, unsafe, or of a format that cannot be read safely; the message says
        how to convert it.
    """
    from kolmo.weights.readers._known import refuse_known

    refuse_known(source)
    for name in readers.names():
        reader = readers.get(name)
        if reader.recognises(source):
            found: Checkpoint = reader.read(source)
            return found
    raise CheckpointError(
        f"unknown kind of checkpoint: got '{shorten(source.name)}'; need safetensors, npz, npy, "
        "onnx, or a zip file of torch.save"
    )


def as_checkpoint(source: Checkpoint | Input | str | bytes | Mapping[str, Any]) -> Checkpoint:
    """Return a checkpoint: read from a file's name, its bytes, or an input; or made of arrays.

    Parameters
    ----------
    source : Checkpoint, Input, str, bytes or mapping of str to numpy arrays
        Arrays of numbers; numpy has no bf16 and f8.

    Raises
    ------
    CheckpointError
        If the file is malformed, or an array has a type that no checkpoint holds.

    Examples
    --------
    >>> import numpy as np
    >>> [tensor.shape for tensor in as_checkpoint({"layer.bias": np.zeros(3)}).tensors]
    [(3,)]
    """
    if isinstance(source, Checkpoint):
        return source
    if isinstance(source, Mapping):
        return Checkpoint("(arrays)", "arrays", tuple(map(_of_array, source.items())), {})
    from kolmo.data import MemoryInput, open_input

    if isinstance(source, str):
        return read_checkpoint(open_input(source))
    return read_checkpoint(MemoryInput(source) if isinstance(source, bytes) else source)


def _of_array(item: tuple[str, Any]) -> Tensor:
    name, array = item
    kind = {"f": "F", "i": "I", "u": "U", "c": "C"}.get(array.dtype.kind, "")
    dtype = "BOOL" if array.dtype.kind == "b" else f"{kind}{8 * array.dtype.itemsize}"
    if dtype not in DTYPES:
        raise CheckpointError(
            f"unknown type of array: got {array.dtype} of '{shorten(name)}'; need numbers of at "
            "most 64 bits."
        )
    little = array.dtype.newbyteorder("<")
    return Tensor(
        name, DTYPES[dtype], array.shape, None, lambda: bytes(array.astype(little).tobytes())
    )
