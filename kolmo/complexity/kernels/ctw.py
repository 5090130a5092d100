"""Context-tree weighting of bits: exact, with one node for each context that occurred twice.

A node holds how many zeros and ones followed its context, and beta: how much better its own
estimator has coded them than the two longer contexts together. The next bit's probability is

    P = (beta P_own + P_longer) / (beta + 1), from the longest context to the shortest.

Below a context that occurred once all estimators have seen the same single bit; such a node keeps
the place of that bit instead of children, and gets them when it occurs again. The values are those
of the full tree.

Only + - x / of IEEE doubles in a fixed order, hence the same numbers on every machine; a share is
an integer of 2**32. Largest values: counts are halved at 2**30; places and nodes are below 2**31;
beta is kept within 2**-900 and 2**900, and one bit moves it by less than 2**64.

References
----------
F. M. J. Willems, Y. M. Shtarkov, T. J. Tjalkens (1995). The context-tree weighting method: basic
properties. IEEE Trans. Inf. Theory 41(3), 653-664. doi:10.1109/18.382012: the weighted probability
of a node. F. M. J. Willems, T. J. Tjalkens (1997). Complexity reduction of the context-tree
weighting algorithm. EIDMA report RS.97.01: the ratio beta. We differ in the node that stands for a
chain of contexts that occurred once.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.binary import SILENT, code_fine_bit
from kolmo.coding.kernels.coder import KIND, RANGE_CODER, Bytes, Words
from kolmo.jit import lean_kernel

Numbers = NDArray[Any]
Memory = tuple[Numbers, Numbers, Numbers, Numbers]
Int = Any  # int64 in numba's eyes; numpy's own stubs lose the type in every operation

# A node in nodes[], int32: two children, or a place; two counts; and beta, the same bytes seen as
# float64, which is the third of its three in betas[].
NODE_WORDS, ZEROS, ONES, BETA_WORDS, BETA = 6, 2, 3, 3, 2
NODE_BYTES = 4 * NODE_WORDS
# state[], int64. CONTEXT: the last bits, the newest lowest. LAST: how many nodes the path has
# below the root. OPEN: whether the path goes on to a node that is not yet there.
USED, DEPTH, ROOM, CONTEXT, LAST, OPEN, PATH = 0, 1, 2, 3, 4, 5, 6
LARGEST_DEPTH = 48
STATE_WORDS = PATH + LARGEST_DEPTH + 1
WORK_WORDS = 2 * (LARGEST_DEPTH + 1)  # own and longer P(1) at each node of the path


SHARES = 4294967296.0
LARGEST_SHARE = (1 << 32) - 1
CONTEXT_MASK = (1 << LARGEST_DEPTH) - 1
LARGEST_COUNT = 1 << 30
LARGEST_PLACE = (1 << 31) - 1
LARGEST_BETA, SMALLEST_BETA = 2.0**900, 2.0**-900


@lean_kernel
def code_tree_bits(
    head: Words, data: Bytes, text: tuple[Bytes, Int, Int], shares: Numbers, memory: Memory
) -> Int:
    """Write bits of a text, or read and set them; or only learn from them. Return their number.

    Parameters
    ----------
    head, data : uint64[5], uint8[]
        The coder; see `kolmo.coding.kernels.binary`. With `SILENT` in its head nothing is coded.
    text : (uint8[], int64, int64)
        Bits, the highest of a byte first, and which ones: from start to stop. Those to be read are
        0, all before them are there.
    shares : int64[stop - start], or empty
        Receives of each bit its share of 2**32.
    memory : (int32[], float64[], int64[], float64[])
        nodes, betas, state and work, as listed on top; kept from call to call.
    """
    bits, start, stop = text
    for place in range(start, stop):
        bit = _bit(bits, place)
        share = _predict(place, bits, memory)
        if head[KIND] != SILENT:
            bit = np.int64(code_fine_bit(head, data, share, bit))
        if head[KIND] == RANGE_CODER:
            bits[place >> 3] |= np.uint8(bit << (7 - (place & 7)))
        if shares.size > 0:
            shares[place - start] = share if bit == 1 else LARGEST_SHARE + 1 - share
        _learn(place, bit, memory)
    return stop - start


@lean_kernel
def _bit(text: Bytes, place: Int) -> Int:
    """Return a bit; 0 before the first."""
    if place < 0:
        return 0
    return (np.int64(text[place >> 3]) >> (7 - (place & 7))) & 1


@lean_kernel
def _has_room(place: Int, state: Numbers) -> bool:
    """Return whether one more node can be made: once it cannot, it never can again."""
    return bool(state[USED] < state[ROOM] and place < LARGEST_PLACE)


@lean_kernel
def _predict(place: Int, text: Bytes, memory: Memory) -> Int:
    """Return the share of a one at ``place``, and note what leads to it in state and work."""
    nodes, betas, state, work = memory
    _walk(place, text, memory)
    last = state[LAST]
    longer = 0.5
    for depth in range(last, -1, -1):
        node = state[PATH + depth]
        zeros = float(nodes[NODE_WORDS * node + ZEROS])
        ones = float(nodes[NODE_WORDS * node + ONES])
        own = (ones + 0.5) / (zeros + ones + 1.0)
        work[2 * depth], work[2 * depth + 1] = own, longer
        if depth == last and state[OPEN] == 0:
            longer = own
        else:
            part = 1.0 / (betas[BETA_WORDS * node + BETA] + 1.0)
            longer = own * (1.0 - part) + longer * part
    return min(max(np.int64(longer * SHARES + 0.5), 1), LARGEST_SHARE)


@lean_kernel
def _walk(place: Int, text: Bytes, memory: Memory) -> None:
    """Find the nodes of the context of ``place``; give children to those that occurred once."""
    nodes, _betas, state, _work = memory
    node, depth = np.int64(0), 0
    state[PATH] = 0
    while depth < state[DEPTH]:
        at = NODE_WORDS * node
        if nodes[at + ZEROS] + nodes[at + ONES] == 1:
            _unfold(at, depth, text, memory)
        child = np.int64(nodes[at + ((state[CONTEXT] >> depth) & 1)])
        if child == 0:
            break
        node = child
        depth += 1
        state[PATH + depth] = node
    state[LAST] = depth
    state[OPEN] = int(depth < state[DEPTH] and _has_room(place, state))


@lean_kernel
def _unfold(at: Int, depth: Int, text: Bytes, memory: Memory) -> None:
    """Put a child in place of the place of the one bit that followed a context so far."""
    nodes, _betas, state, _work = memory
    place = np.int64(nodes[at])
    nodes[at] = 0
    if _has_room(place, state):
        child = state[USED]
        nodes[at + _bit(text, place - 1 - depth)] = child
        _make_node(place, np.int64(nodes[at + ONES]), memory)


@lean_kernel
def _make_node(place: Int, bit: Int, memory: Memory) -> None:
    """Make the next node, whose context one bit has followed."""
    nodes, betas, state, _work = memory
    node = state[USED]
    state[USED] = node + 1
    at = NODE_WORDS * node
    nodes[at] = place
    nodes[at + ZEROS + bit] = 1
    betas[BETA_WORDS * node + BETA] = 1.0


@lean_kernel
def _learn(place: Int, bit: Int, memory: Memory) -> None:
    """Update the nodes of the path, add one to its end, and append the bit to the context."""
    nodes, betas, state, work = memory
    last = state[LAST]
    grows = state[OPEN] == 1
    for depth in range(last + 1):
        node = state[PATH + depth]
        own, longer = work[2 * depth], work[2 * depth + 1]
        if depth < last or grows:
            ratio = own / longer if bit == 1 else (1.0 - own) / (1.0 - longer)
            beta = betas[BETA_WORDS * node + BETA] * ratio
            betas[BETA_WORDS * node + BETA] = min(max(beta, SMALLEST_BETA), LARGEST_BETA)
        _count(NODE_WORDS * node, bit, nodes)
    at = NODE_WORDS * state[PATH + last]
    if nodes[at + ZEROS] + nodes[at + ONES] == 1:
        nodes[at] = place  # the first bit of all
    elif grows:
        nodes[at + ((state[CONTEXT] >> last) & 1)] = state[USED]
        _make_node(place, bit, memory)
    state[CONTEXT] = ((state[CONTEXT] << 1) | bit) & CONTEXT_MASK


@lean_kernel
def _count(at: Int, bit: Int, nodes: Numbers) -> None:
    nodes[at + ZEROS + bit] += 1
    if nodes[at + ZEROS + bit] >= LARGEST_COUNT:
        nodes[at + ZEROS] = (nodes[at + ZEROS] + 1) >> 1
        nodes[at + ONES] = (nodes[at + ONES] + 1) >> 1
