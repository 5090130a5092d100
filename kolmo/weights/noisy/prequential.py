"""Labels one after the other, each under nets that have learnt from those before.

No weight is sent: the receiver lets the same nets learn from the labels that it has read, hence
knows how they predict the next one. Of all codes here this is usually the shortest, as what the
nets know is paid for by bad predictions of a few early rows only.

References
----------
L. Blier, Y. Ollivier (2018). The description length of deep learning models. NeurIPS.
arXiv:1802.07044. Section 3. We differ in the learner: it learns after every label, so that there
are no blocks, and the message is made, not only measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Block, Code, Reader, Writer, block_bits, check_length, empty_block
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy.softmax import start_net, to_rows

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LINEAR_PLANS = ((0.0, 2.0, 0.1), (0.0, 2.0, 1.0), (0.0, 2.0, 10.0))
HIDDEN_PLANS = ((0.5, 2.0, 0.3), (0.5, 2.0, 1.0), (0.5, 2.0, 3.0))
"""Rates of both layers, in parts of what keeps a step stable, and the decay, of each net."""

_CHUNK = 16


class Prequential(Code[Integers]):
    """The code of labels given inputs that the receiver has.

    Parameters
    ----------
    x : float64[n, d]
        The inputs, in the order of the labels.
    classes : int
        Labels are 0 to classes - 1.
    hidden : int
        Hidden units of the nets; 0: softmax regression.
    seed : int
        Of the first weights, and of the rows that are learnt again.

    Notes
    -----
    Time is proportional to n, and to the weights. Whatever the labels: at most log2(n + 1) +
    2.4 bits above the code of equal shares.

    Examples
    --------
    >>> code = Prequential(np.linspace(-1, 1, 64).reshape(-1, 1), 2)
    >>> code.codelength((np.arange(64) >= 32).astype(np.int64)) < 32
    True
    """

    def __init__(
        self,
        x: Floats,
        classes: int,
        *,
        hidden: int = 0,
        seed: int = 0,
        progress: Progress = SILENT,
    ) -> None:
        self.rows, self.classes, self.hidden, self.seed = to_rows(x), classes, hidden, seed
        self._progress = progress

    def codelength(self, value: Integers, /) -> float:
        """Return the length of labels in bits."""
        return math.fsum(block_bits(block) for block in self._blocks(value))

    def encode(self, value: Integers, coder: Writer, /) -> None:
        """Store labels."""
        coder.put_blocks(self._blocks(value))

    def decode(self, coder: Reader, /) -> Integers:
        """Return the labels stored next."""
        from kolmo.weights.kernels.labels import read_labels

        labels = np.zeros(len(self.rows), np.int64)
        state = self._start()
        for span in self._spans():
            with np.errstate(over="ignore"):
                coder.read(read_labels, self.rows, labels, span, state)
            self._progress.advance(span[1] - span[0])
        return labels

    def _blocks(self, labels: Integers) -> Iterator[Block]:
        from kolmo.weights.kernels.labels import put_labels

        check_length(len(labels), len(self.rows))
        labels = np.ascontiguousarray(labels, np.int64)
        state = self._start()
        for span in self._spans():
            block = empty_block(span[1] - span[0])
            with np.errstate(over="ignore"):
                put_labels(self.rows, labels, span, state, (*block,))
            self._progress.advance(span[1] - span[0])
            yield block

    def _spans(self) -> Iterator[tuple[int, int, int]]:
        """Yield the first row of a chunk, the one after its last, and the key."""
        count = len(self.rows)
        self._progress.add(count)
        for start in range(0, count, _CHUNK):
            yield start, min(start + _CHUNK, count), self.seed

    def _start(self) -> tuple[Any, ...]:
        """Return what the kernels know before the first label; see `predict_row`."""
        from kolmo.weights.kernels.labels import FIRST_NET, square_sums

        plans = np.array(HIDDEN_PLANS if self.hidden else LINEAR_PLANS)
        inner, outer = start_net(self.rows.shape[1] - 1, self.hidden, self.classes, self.seed)
        sums = np.zeros(len(self.rows) + 1)
        sums[-1] = square_sums(self.rows, sums[:-1])
        voices = FIRST_NET + len(plans)
        return (
            np.tile(inner, (len(plans), 2, 1, 1)),
            np.tile(outer, (len(plans), 2, 1, 1)),
            plans,
            sums,
            np.full(voices, 1.0 / voices),
            np.zeros((voices, self.classes)),
            np.zeros(self.classes),
            np.zeros(self.classes + 1, np.int64),
        )
