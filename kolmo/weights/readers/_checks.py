"""What all readers check, and how they complain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kolmo.errors import CheckpointError, shorten
from kolmo.weights.checkpoint import DTYPES, LARGEST_ELEMENTS, DType

if TYPE_CHECKING:
    from kolmo.data import Input

LARGEST_RANK = 32  # of arrays in numpy 1
LONGEST_NAME = 1 << 16  # bytes


class Complaint:
    """Makes the errors of one file: all begin with its kind and its name.

    Parameters
    ----------
    kind : str
        Of the file, as a user calls it.
    source : Input
        The file.
    """

    def __init__(self, kind: str, source: Input) -> None:
        self.kind, self.file = kind, shorten(source.name)

    def __call__(self, problem: str) -> CheckpointError:
        """Return the error that says ``problem`` of a malformed file."""
        return CheckpointError(f"malformed {self.kind} '{self.file}': {_printable(problem)}")

    def unsupported(self, problem: str) -> CheckpointError:
        """Return the error that says ``problem`` of a file that is well formed."""
        return CheckpointError(f"unsupported {self.kind} '{self.file}': {_printable(problem)}")


def is_count(value: object) -> bool:
    """Return whether a value is an integer, no truth value, and not negative."""
    return type(value) is int and value >= 0


def checked_shape(sizes: Sequence[object], name: str, complain: Complaint) -> tuple[int, ...]:
    """Return the shape of a tensor that an array can have.

    Sizes beside a zero are bounded too: an array without elements still has strides.
    """
    if len(sizes) > LARGEST_RANK:
        raise complain(
            f"got {len(sizes)} dimensions of '{shorten(name)}'; need at most {LARGEST_RANK}"
        )
    shape = tuple(size for size in sizes if type(size) is int and size >= 0)
    if len(shape) != len(sizes) or math.prod(size or 1 for size in shape) > LARGEST_ELEMENTS:
        raise complain(
            f"got shape {shorten(_shown(sizes))} of '{shorten(name)}'; need sizes from 0 whose "
            f"product is at most {LARGEST_ELEMENTS}"
        )
    return shape


def checked_dtype(name: object, tensor: str, complain: Complaint) -> DType:
    """Return the type called ``name`` in the words of safetensors."""
    if isinstance(name, str) and name in DTYPES:
        return DTYPES[name]
    raise complain.unsupported(
        f"got type {shorten(_shown(name))} of '{shorten(tensor)}'; need one of {', '.join(DTYPES)}"
    )


def checked_name(name: str, complain: Complaint) -> str:
    """Return the name of a tensor that can be written as UTF-8 again."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise complain("got a tensor's name with half a surrogate pair; need Unicode") from None
    if size > LONGEST_NAME:
        raise complain(f"got a tensor's name of {size} bytes; need at most {LONGEST_NAME}")
    return name


def _printable(text: str) -> str:
    """Return text in one line: a file's own text may hold anything."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _shown(value: object) -> str:
    """Return a value as text, however many digits or levels it has."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_plain(item) for item in value[:8])}{', ...' * (len(value) > 8)}]"
    return _plain(value)


def _plain(value: object) -> str:
    if type(value) is int and value.bit_length() > 128:
        return f"{'-' * (value < 0)}2^{value.bit_length() - 1} or more"
    known = value is None or isinstance(value, str | int | float)
    return str(value) if known else f"a {type(value).__name__}"
