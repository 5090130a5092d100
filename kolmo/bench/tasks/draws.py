"""What all sources share: their uniform numbers, the counts of contexts, and entropies."""

from __future__ import annotations

from collections.abc import Iterable
from math import log2
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError

Bits = NDArray[np.uint8]


def uniforms(name: str, count: int, seed: int) -> NDArray[np.float64]:
    """Return numbers from [0, 1), the same for the same name and seed on every machine.

    Parameters
    ----------
    name : str
        The source, so that no two sources share their numbers.
    count : int
        At least 0.
    seed : int
        At least 0.

    Raises
    ------
    ParameterError
        If the seed is negative.

    Notes
    -----
    They are multiples of 2**-53: a law that compares them with its probabilities is met to 2**-53.
    """
    if seed < 0:
        raise ParameterError(f"seed out of range: got {seed}; need 0 or more")
    children = np.random.SeedSequence([seed, crc32(name.encode())])
    return np.random.Generator(np.random.PCG64(children)).random(count)


def require_multiple(name: str, n: int, unit: int) -> None:
    """Raise ParameterError if a source has no strings of ``n`` symbols."""
    if n < 0 or n % unit:
        raise ParameterError(f"no such length of '{name}': got {n}; need a multiple of {unit}")


def context_counts(bits: Bits, order: int) -> NDArray[np.int64]:
    """Return how often each word of ``order + 1`` symbols comes; its last symbol counts least.

    Examples
    --------
    >>> context_counts(np.array([0, 0, 1, 1, 0, 0], np.uint8), 1).tolist()  # 00 01 10 11
    [2, 1, 1, 1]
    """
    count = max(len(bits) - order, 0)
    words = np.zeros(count, np.int64)
    for place in range(order + 1):
        words = 2 * words + bits[place : place + count]
    return np.bincount(words, minlength=2 << order)


def bits_of(values: NDArray[np.int64], width: int) -> Bits:
    """Return the binary digits of all values, ``width`` for each, highest first."""
    places = np.arange(width)[::-1]
    return (values.reshape(-1, 1) >> places & 1).astype(np.uint8).ravel()


def values_of(bits: Bits, width: int) -> NDArray[np.int64]:
    """Return the values whose binary digits stand in a row, ``width`` for each."""
    return bits.reshape(-1, width).astype(np.int64) @ (1 << np.arange(width)[::-1])


def entropy_bits(law: Iterable[float]) -> float:
    """Return the entropy of a law, in bits.

    Examples
    --------
    >>> entropy_bits([0.5, 0.25, 0.25])
    1.5
    """
    return sum(-chance * log2(chance) for chance in law if chance)
