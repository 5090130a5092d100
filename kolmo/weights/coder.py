"""What a code of one tensor is: the contract of `kolmo.weights.coders`.

A lossless coder stores the words of a tensor, bit by bit. A quantised one stores whole numbers, of
which each stands for a weight (see `kolmo.weights.quantising`).
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from kolmo.weights.checkpoint import DType

Words = NDArray[Any]  # unsigned integers of 1, 2, 4 or 8 bytes
Indices = NDArray[np.int32]
Payload = bytes | bytearray


class Form(NamedTuple):
    """What the decoder knows of a tensor before it reads its payload.

    Attributes
    ----------
    dtype : DType
        Of the words; a quantised coder does not look at it.
    shape : tuple of int
        Of the tensor. It has ``words`` words.
    """

    dtype: DType
    shape: tuple[int, ...]

    @property
    def words(self) -> int:
        """Number of words, or of indices."""
        return math.prod(self.shape) * self.dtype.words

    @property
    def rows(self) -> tuple[int, int]:
        """The tensor as a matrix: the first dimension, and all others."""
        first = self.shape[0] if len(self.shape) > 1 else 1
        return (first, self.words // first) if first else (1, 0)


class LosslessCoder(Protocol):
    """A pair of inverse transformations of words, one after the other in C order.

    Attributes
    ----------
    name : str
        The registered name, also that of the file.
    quantised : bool
        False.
    requires, extra :
        Modules beyond the core dependencies, and the extra that installs them.
    """

    name: ClassVar[str]
    quantised: ClassVar[bool]
    requires: ClassVar[tuple[str, ...]]
    extra: ClassVar[str]

    def encode(self, words: Words, form: Form, base: Words | None = None) -> bytes:
        """Return the payload of words, given as many words of a base where there is one."""

    def decode(self, payload: Payload, form: Form, base: Words | None = None) -> Words:
        """Return the words; DecodeError where the payload is not one of this code."""


class QuantisedCoder(Protocol):
    """A pair of inverse transformations of indices, one after the other in C order.

    Attributes
    ----------
    quantised : bool
        True.
    quantiser : {"scalar", "trellis"}
        What makes the indices of weights, and weights of indices.
    """

    name: ClassVar[str]
    quantised: ClassVar[bool]
    quantiser: ClassVar[str]
    requires: ClassVar[tuple[str, ...]]
    extra: ClassVar[str]

    def encode(self, indices: Indices, form: Form) -> bytes:
        """Return the payload of indices, all parameters of the model included."""

    def decode(self, payload: Payload, form: Form) -> Indices:
        """Return the indices; DecodeError where the payload is not one of this code."""
