"""Context-tree weighting: codelengths of bit strings, and the coders of bits and of bytes.

Over bits it is the method as published: the codelength is within 1/2 log2 n + 1 bits for each of
the parameters, and 2 bits for each of the contexts, of the best tree source with hindsight, on
every string. Over bytes it is the method of choice for text among those with a theory.
"""

from typing import TYPE_CHECKING, Any

from kolmo.complexity.adaptive import AdaptiveModel
from kolmo.errors import ParameterError, shorten

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


LARGEST_DEPTH = 48
BIT_DEPTH, BYTE_DEPTH = 24, 8
NODE_BYTES, NODES_PER_BIT, SPARE_NODES, MOST_NODES = 24, 4, 64, 1 << 24
SLOT_BYTES, SLOTS_PER_BYTE, FEWEST_SLOTS, MOST_SLOTS = 128, 4, 1 << 10, 1 << 22


def ctw_codelength(bits: "NDArray[Any]", *, depth: int = BIT_DEPTH) -> float:
    """Return the codelength of a bit string by context-tree weighting, in bits.

    Parameters
    ----------
    bits : array_like[n]
        Zeros and ones, n >= 0.
    depth : int
        Length of the longest context, 0 to 48. With 0 it is the code of Krichevsky and Trofimov.

    Returns
    -------
    float
        Ideal bits of the code of the estimator ``ctw``, under the integer shares that it uses; its
        message takes at most 10 bits more. A codelength, for a decoder that knows n.

    Notes
    -----
    At most 1/2 log2 n + 1 above -log2 of the largest likelihood without memory at depth 0, and
    1/2 log2 n + 2 at any other; for a tree of s contexts s/2 log2(n/s) + s + 2s - 1. Before the
    first bit there are zeros. Time O(n depth), some 10**6 bits a second at least; memory up to 96
    bytes a bit, at most 400 MB: the tree stops to grow there.

    References
    ----------
    F. M. J. Willems, Y. M. Shtarkov, T. J. Tjalkens (1995). The context-tree weighting method:
    basic properties. IEEE Trans. Inf. Theory 41(3), 653-664. doi:10.1109/18.382012. Theorem 2.

    Examples
    --------
    Four ones cost 1/2 x 3/4 x 5/6 x 7/8, which is 35/128:

    >>> from math import log2
    >>> round(ctw_codelength([1, 1, 1, 1], depth=0), 6), round(log2(128 / 35), 6)
    (1.870717, 1.870717)
    """
    return float(ctw_costs(bits, depth=depth).sum())


def ctw_costs(bits: "NDArray[Any]", *, depth: int = BIT_DEPTH) -> "NDArray[np.float64]":
    """Return what each bit costs by context-tree weighting, in bits; see `ctw_codelength`.

    The costs of a beginning of the string are the beginning of its costs.

    Examples
    --------
    >>> ctw_costs([0, 1, 0, 0], depth=0).round(3).tolist()
    [1.0, 2.0, 1.0, 0.678]
    """
    import numpy as np

    values = np.asarray(bits)
    if values.ndim != 1 or not bool(((values == 0) | (values == 1)).all()):
        raise ParameterError("not a bit string: need one dimension, and only zeros and ones")
    if not 0 <= depth <= LARGEST_DEPTH:
        raise ParameterError(f"depth out of range: got {shorten(depth)}; need 0 to {LARGEST_DEPTH}")
    tree = BitTree(np.packbits(values.astype(np.uint8)), values.size, depth)
    return tree.costs(0, values.size)


class BitTree(AdaptiveModel):
    """The tree over bits, the highest of a byte first."""

    piece, bits = 1 << 14, 1

    def __init__(self, text: "NDArray[np.uint8]", count: int, depth: int) -> None:
        import numpy as np

        from kolmo.complexity.kernels import ctw as kernels

        table = np.zeros(bit_tree_bytes(count), np.uint8)
        nodes, betas = table.view(np.int32), table.view(np.float64)
        state = np.zeros(kernels.STATE_WORDS, np.int64)
        state[kernels.DEPTH], state[kernels.USED] = depth, 1
        state[kernels.ROOM] = table.size // kernels.NODE_BYTES
        betas[kernels.BETA] = 1.0
        memory = nodes, betas, state, np.zeros(kernels.WORK_WORDS)
        super().__init__(text, kernels.code_tree_bits, memory)


class ByteTree(AdaptiveModel):
    """The tree over bytes."""

    piece, bits = 1 << 11, 8

    def __init__(self, text: "NDArray[np.uint8]", count: int, depth: int) -> None:
        import numpy as np

        from kolmo.complexity.kernels import ctwbytes as kernels

        table = _aligned(byte_tree_bytes(count))
        state = np.zeros(kernels.STATE_WORDS, np.int64)
        state[kernels.DEPTH], state[kernels.SLOTS] = depth, table.size // kernels.SLOT_BYTES
        views = table.view(np.uint16), table.view(np.float32), table.view(np.int32)
        memory = *views, state, np.zeros(kernels.WORK_WORDS)
        super().__init__(text, kernels.code_tree_bytes, memory)


def _aligned(size: int) -> "NDArray[np.uint8]":
    """Return zeros whose address is a multiple of `SLOT_BYTES`: a slot is two lines of a cache."""
    import numpy as np

    table = np.zeros(size + SLOT_BYTES, np.uint8)
    first = -table.ctypes.data % SLOT_BYTES
    return table[first : first + size]


def bit_tree_bytes(count: int) -> int:
    """Return the size of the table of a tree over ``count`` bits."""
    return NODE_BYTES * min(NODES_PER_BIT * count + SPARE_NODES, MOST_NODES)


def byte_tree_bytes(count: int) -> int:
    """Return the size of the table of a tree over ``count`` bytes."""
    wanted = 1 << (SLOTS_PER_BYTE * count).bit_length()
    return SLOT_BYTES * min(max(wanted, FEWEST_SLOTS), MOST_SLOTS)
