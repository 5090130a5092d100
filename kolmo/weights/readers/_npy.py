"""The header of one array of numpy, and its bytes put in order."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from kolmo.errors import shorten
from kolmo.weights.checkpoint import DTYPES, DType
from kolmo.weights.readers._checks import Complaint, checked_shape
from kolmo.weights.readers._magic import NPY

LARGEST_HEADER = 1 << 16  # bytes
LENGTH_BYTES = {1: 2, 2: 4, 3: 4}  # by version
CODES = {
    "f8": "F64",
    "f4": "F32",
    "f2": "F16",
    "c8": "C64",
    "i8": "I64",
    "i4": "I32",
    "i2": "I16",
    "i1": "I8",
    "u8": "U64",
    "u4": "U32",
    "u2": "U16",
    "u1": "U8",
    "b1": "BOOL",
}
ITEM = re.compile(
    r"""\s*(?P<q>['"])(?P<key>\w{1,20})(?P=q)\s*:\s*"""
    r"""(?:['"](?P<text>[^'"]*)['"]|(?P<truth>True|False)|\((?P<sizes>[0-9L,\s]*)\))\s*(?:,|$)""",
    re.ASCII,
)
BLANKS = " \t\r\n"
OBJECTS = "it would need pickle, which runs code. Save arrays of numbers."
OTHERS = "save it as .safetensors, or as float32"


class Layout(NamedTuple):
    """How an array lies in its file.

    Attributes
    ----------
    start : int
        Where its bytes begin, after the header.
    swapped, transposed : bool
        Whether words are big-endian, and whether the first index runs fastest.
    """

    dtype: DType
    shape: tuple[int, ...]
    start: int
    swapped: bool
    transposed: bool

    @property
    def bytes(self) -> int:
        """Number of bytes after the header."""
        return math.prod(self.shape) * self.dtype.bytes


def read_layout(read: Callable[[int, int], bytes], name: str, complain: Complaint) -> Layout:
    """Return the layout that a header tells.

    Parameters
    ----------
    read : callable
        Returns the bytes from one position of the array's file to another, or fewer at its end.
    name : str
        Of the array, for messages.
    """
    start, text = _header(read, name, complain)
    items = _items(text, name, complain)
    code, order, sizes = items["descr"], items["fortran_order"], items["shape"]
    shape = checked_shape(_sizes(sizes, name, complain), name, complain)
    dtype = _dtype(code, name, complain)
    return Layout(dtype, shape, start, code[0] == ">" and dtype.word_bytes > 1, order == "True")


def put_in_order(pieces: Iterable[bytes], layout: Layout) -> bytes:
    """Return the bytes of an array, little-endian and in C order, of pieces that hold them all."""
    buffer = bytearray(layout.bytes)
    filled = 0
    for piece in pieces:
        buffer[filled : filled + len(piece)] = piece
        filled += len(piece)
    if layout.swapped:
        np.frombuffer(buffer, f"u{layout.dtype.word_bytes}").byteswap(inplace=True)
    if not layout.transposed:
        return bytes(buffer)
    elements = np.frombuffer(buffer, f"u{layout.dtype.bytes}")
    return elements.reshape(layout.shape[::-1]).T.tobytes()


def _header(read: Callable[[int, int], bytes], name: str, complain: Complaint) -> tuple[int, str]:
    head = read(0, 12)
    version = head[6] if len(head) > 10 and head[:6] == NPY else 0
    if version not in LENGTH_BYTES or head[7] != 0:
        raise complain(f"got no .npy header of version 1, 2 or 3 in '{shorten(name)}'")
    start = 8 + LENGTH_BYTES[version]
    size = int.from_bytes(head[8:start], "little")
    if size > LARGEST_HEADER:
        raise complain(f"got a header of {size} bytes in '{shorten(name)}'; need {LARGEST_HEADER}")
    text = read(start, start + size)
    if len(text) != size:
        raise complain(f"got a header cut short in '{shorten(name)}'; need {size} bytes")
    return start + size, text.decode("latin-1")


def _items(text: str, name: str, complain: Complaint) -> dict[str, str]:
    """Return the values of the header's three keys, as text; `ast` would warn and recurse."""
    if re.search(r"""['"]descr['"]\s*:\s*\[""", text):
        raise complain.unsupported(
            f"got records in '{shorten(name)}'; need one number per element. Save the fields apart."
        )
    inner = text.strip(BLANKS)
    open_text = inner[:-1]
    found: dict[str, str] = {}
    position = 1
    while inner[:1] == "{" and (item := ITEM.match(open_text, position)):
        if item["key"] in found:
            break
        found[item["key"]] = next(
            value for key in ("text", "truth", "sizes") if (value := item[key]) is not None
        )
        position = item.end()
    closed = inner[-1:] == "}" and not inner[position:-1].strip(BLANKS)
    if not closed or found.keys() != {"descr", "fortran_order", "shape"}:
        raise complain(f"got header {shorten(inner)} in '{shorten(name)}'; need numpy's three keys")
    if found["fortran_order"] not in ("True", "False"):
        raise complain(f"got fortran_order that is no truth value in '{shorten(name)}'")
    return found


def _sizes(text: str, name: str, complain: Complaint) -> list[int]:
    """Return the numbers of a tuple; Python 2 wrote an L after large ones."""
    *parts, last = (part.strip().removesuffix("L") for part in text.split(","))
    sizes = [*parts, last] if parts and last else parts
    digits = all(re.fullmatch("[0-9]{1,18}", part) for part in sizes)
    if not digits or (last and not parts):
        raise complain(f"got shape ({shorten(text)}) of '{shorten(name)}'; need a tuple of sizes")
    return [int(part) for part in sizes]


def _dtype(code: str, name: str, complain: Complaint) -> DType:
    known = CODES.get(code[1:]) if code[:1] in ("<", ">", "|") else None
    if known and (code[0] != "|" or DTYPES[known].word_bytes == 1):
        return DTYPES[known]
    why = OBJECTS if code[1:2] in ("O", "") else OTHERS
    raise complain.unsupported(
        f"got type '{shorten(code)}' of '{shorten(name)}'; need one of {', '.join(CODES)}: {why}"
    )
