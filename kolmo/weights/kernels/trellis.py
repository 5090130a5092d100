"""Trellis-coded quantisation with eight states: the best path by Viterbi's algorithm.

Points are whole multiples j of a step. In an even state j is even, j = 2 k; in an odd one j is odd
or 0, j = 2 k - sign(k). Which half of these (k even or odd, hence every fourth j) is chosen tells
the next state. So a decoder that follows the states knows j from k, while the encoder may choose
among all j, at the price of the few paths that do not meet.

|k| is below 2**30, as the caller sees to; squared errors are summed from 0 in each block of at
most 2**16 weights.

References
----------
M. W. Marcellin, T. R. Fischer (1990). Trellis coded quantization of memoryless and Gauss-Markov
sources. IEEE Trans. Communications 38:82. The trellis is Ungerboeck's. We differ in the point 0 of
the odd states, as in dependent quantisation (H. Schwarz et al. 2019, Data Compression Conference).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel

Values = NDArray[Any]
Int = Any  # int64 in numba's eyes; numpy's own stubs lose the type in every operation
STATES = 8


@kernel
def next_state(state: Int, index: Int) -> Int:
    """Return the state that follows ``state`` where an index was coded; (7, 1) leads to 7."""
    branch = index & 1
    if 2 <= state <= 5:
        branch = 1 - branch
    return ((2 * state) & 7) + branch


@kernel
def nearest_index(value: float, odd: Int, parity: Int) -> Int:
    """Return the index of a parity whose point is nearest to ``value``, in steps."""
    size = abs(value)
    if odd == 0:
        near = 2 * int(np.rint((size - 2 * parity) / 4)) + parity
        near = abs(near)
    elif parity == 1:
        near = 2 * int(np.rint((size - 1) / 4)) + 1
        near = max(near, 1)
    else:
        near = 2 * int(np.rint((size - 3) / 4)) + 2
        if size < 1.5 or near < 2:
            near = 0
    return near if value >= 0 else -near


@kernel
def point(index: Int, odd: Int) -> Int:
    """Return the multiple j of the step that an index stands for."""
    if odd == 0 or index == 0:
        return 2 * index
    return 2 * index - 1 if index > 0 else 2 * index + 1


@kernel
def best_path(values: Values, step: float, state: Int, indices: Values, choices: Values) -> Int:
    """Write the indices of the nearest path that begins in ``state``; return its last state.

    Parameters
    ----------
    values : float[n]
        Finite, below 2**30 steps.
    indices : int32[n]
        Receives the indices.
    choices : uint8[>= n]
        Scratch: for each weight, which of its two predecessors every state has.
    """
    costs = np.full(STATES, np.inf)
    costs[state] = 0.0
    later = np.empty(STATES)
    branches = np.empty((2, 2))
    for i in range(values.size):
        value = np.float64(values[i]) / step
        for odd in range(2):
            for parity in range(2):
                error = value - point(nearest_index(value, odd, parity), odd)
                branches[odd, parity] = error * error
        chosen = 0
        for target in range(STATES):
            first, second = target >> 1, (target >> 1) + 4
            a = costs[first] + branches[first & 1, _parity(first, target & 1)]
            b = costs[second] + branches[second & 1, _parity(second, target & 1)]
            if b < a:
                chosen |= 1 << target
                later[target] = b
            else:
                later[target] = a
        choices[i] = chosen
        costs[:] = later
    best = 0
    for target in range(STATES):
        if costs[target] < costs[best]:
            best = target
    _trace(values, step, best, indices, choices)
    return best


@kernel
def _parity(state: Int, branch: Int) -> Int:
    return 1 - branch if 2 <= state <= 5 else branch


@kernel
def _trace(values: Values, step: float, last: Int, indices: Values, choices: Values) -> None:
    target = last
    for k in range(values.size):
        i = values.size - 1 - k
        before = (target >> 1) + 4 * ((np.int64(choices[i]) >> target) & 1)
        value = np.float64(values[i]) / step
        indices[i] = nearest_index(value, before & 1, _parity(before, target & 1))
        target = before


@kernel
def points(indices: Values, state: Int, found: Values) -> Int:
    """Write the multiples of the step that indices stand for; return the last state."""
    for i in range(indices.size):
        found[i] = point(indices[i], state & 1)
        state = next_state(state, indices[i])
    return state
