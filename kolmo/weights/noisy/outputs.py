"""The target given what a net with certain weights predicts: a number with noise, or a label.

A number is an integer of steps under a quantised normal distribution around the prediction; a label
has integer shares by the softmax of the outputs. Predictions are the same bits on every machine,
and everything after them is integers or `kolmo.coding.portable`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Block, Interval, Reader, Writer, damaged, read_symbol
from kolmo.coding.continuous import Normal
from kolmo.coding.portable import LOG2_E, exp2, log2, total
from kolmo.mdl.models.row_code import RowCode

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_PRECISION_BITS = 16  # of predictions, below the noise
_LARGEST_OUTPUT = 2.0**62
_SHARE_BITS = 24
_HALF_LOG2_TWO_PI = 1.3257480647361595


class Outputs(NamedTuple):
    """How a target is coded given predictions.

    Attributes
    ----------
    likelihood : {"normal", "softmax"}
        Number or label.
    noise : float
        Standard deviation of a number, in steps.
    """

    likelihood: str
    noise: float = 1.0

    def encode(self, values: Integers, predicted: Floats, coder: Writer) -> None:
        """Store a target."""
        require_finite(predicted)
        if self.likelihood == "softmax":
            coder.put_blocks([_label_block(_bounds(predicted), values)])
            return
        found: list[Interval] = []
        for value, code in zip(values.tolist(), self._codes(predicted), strict=True):
            found += code.intervals(value)
        coder.put(found)

    def decode(self, predicted: Floats, coder: Reader) -> Integers:
        """Return the target stored next."""
        require_finite(predicted)
        if self.likelihood == "softmax":
            rows = _bounds(predicted).tolist()
            return np.array([read_symbol(coder, row) for row in rows], np.int64)
        found = [code.decode(coder) for code in self._codes(predicted)]
        if any(abs(value) >> 62 for value in found):
            raise damaged("a number that no encoder sends")
        return np.array(found, np.int64)

    def misfit_bits(self, values: Integers, predicted: Floats) -> float:
        """Return about the length of a target, infinite if predictions are out of range."""
        if not _is_finite(predicted):
            return math.inf
        if self.likelihood == "softmax":
            logs = predicted * LOG2_E
            logs = logs - logs.max(axis=1, keepdims=True)
            sums = np.add.accumulate(exp2(logs), axis=1)[:, -1]
            return total(log2(sums) - logs[np.arange(values.size), values])
        z = (values - predicted[:, 0]) / self.noise
        width = _log2(self.noise) + _HALF_LOG2_TWO_PI
        return total(z * z) * LOG2_E / 2 + values.size * width

    def best_noise(self, values: Integers, predicted: Floats) -> float:
        """Return the root of the mean square of what is left; infinite if out of range."""
        if not _is_finite(predicted):
            return math.inf
        left = values - predicted[:, 0]
        return float(np.sqrt(total(left * left) / values.size))

    def _codes(self, predicted: Floats) -> Iterator[RowCode]:
        bits = max(0, _PRECISION_BITS - math.frexp(self.noise)[1])
        scale = max(1, round(math.ldexp(self.noise, bits)))
        places = np.rint(np.ldexp(predicted[:, 0], bits)).tolist()
        return (RowCode(Normal(int(place), scale, bits)) for place in places)


@lru_cache(maxsize=256)
def _log2(number: float) -> float:
    return float(log2(np.array([number]))[0])


def require_finite(predicted: Floats) -> None:
    """Raise DecodeError unless all predictions are finite and not huge."""
    if not _is_finite(predicted):
        raise damaged("the net's outputs are out of range")


def _is_finite(predicted: Floats) -> bool:
    return bool((np.abs(predicted) < _LARGEST_OUTPUT).all())


def _bounds(logits: Floats) -> NDArray[np.int64]:
    """Return the bounds of the shares of the labels, int64[n, labels + 1]; each share is >= 1."""
    logs = logits * LOG2_E
    shares = exp2(logs - logs.max(axis=1, keepdims=True))
    sums = np.add.accumulate(shares, axis=1)[:, -1:]
    found = np.zeros((logits.shape[0], logits.shape[1] + 1), np.int64)
    parts = np.floor(shares / sums * (1 << _SHARE_BITS)).astype(np.int64) + 1
    np.cumsum(parts, axis=1, out=found[:, 1:])
    return found


def _label_block(bounds: NDArray[np.int64], labels: Integers) -> Block:
    rows = np.arange(labels.size)
    starts, stops = bounds[rows, labels], bounds[rows, labels + 1]
    columns = (starts, stops - starts, bounds[:, -1])
    return Block(*(np.ascontiguousarray(column).astype(np.uint64) for column in columns))
