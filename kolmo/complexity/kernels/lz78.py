"""Phrases of the incremental parsing of Ziv and Lempel (LZ78), in linear expected time.

The dictionary is a trie whose edges stand in an open-addressing hash table with linear probing:
row (key, child), where key = 256 * parent + symbol and 0 marks an empty row. Nodes are numbered
from 1, the root, so no key is 0. The table is grown in Python, between calls of the loop.

References
----------
J. Ziv, A. Lempel (1978). Compression of individual sequences via variable-rate coding. IEEE
Transactions on Information Theory 24(5), 530-536. doi:10.1109/TIT.1978.1055934.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.complexity.kernels.text import Text, read_only
from kolmo.jit import kernel

Table = NDArray[np.int64]
_ROOT = 1
_FIRST_ROWS = 1 << 12
_LOW_32_BITS = (1 << 32) - 1
_MULTIPLIER = 1640531527  # odd, 2**32 less the 32-bit golden ratio; below 2**31


def lz78_phrases(text: Text) -> int:
    """Return the number of phrases of the incremental parsing of ``text``.

    Each phrase is the longest earlier phrase that starts the rest, and one symbol more; a last
    phrase cut short by the end counts as one.

    Parameters
    ----------
    text : uint8[n]
        One symbol for each byte, n >= 0.

    Notes
    -----
    Expected time O(n); memory at most 96 bytes for each phrase. The count does not depend on the
    order in the table.

    Examples
    --------
    The phrases 1 0 11 01 010 00 10:

    >>> import numpy as np
    >>> lz78_phrases(np.frombuffer(b"1011010100010", np.uint8))
    7
    """
    text = read_only(text)
    table = np.zeros((_FIRST_ROWS, 2), np.int64)
    state = np.array([0, _ROOT, 0], np.int64)
    while not parse_phrases(text, table, state):
        larger = np.zeros((2 * len(table), 2), np.int64)
        copy_rows(table, larger)
        table = larger
    return int(state[2])


@kernel
def find_row(table: Table, key: int) -> int:
    """Return the row of ``key``, or the empty row where it belongs.

    Nodes are < 2**31 and keys < 2**39. The factors have at most 32 and 31 bits, so the product
    stays below 2**63; the row is the top of its low 32 bits (there are at most 2**31 rows).
    """
    mask = table.shape[0] - 1
    mixed = ((key ^ (key >> 29)) & _LOW_32_BITS) * _MULTIPLIER & _LOW_32_BITS
    row: int = (mixed * table.shape[0]) >> 32
    while table[row, 0] != 0 and table[row, 0] != key:
        row = (row + 1) & mask
    return row


@kernel
def copy_rows(table: Table, larger: Table) -> None:
    """Insert every row of a table into an empty one of a larger power of two."""
    for i in range(table.shape[0]):
        if table[i, 0] != 0:
            row = find_row(larger, table[i, 0])
            larger[row, 0] = table[i, 0]
            larger[row, 1] = table[i, 1]


@kernel
def parse_phrases(text: Text, table: Table, state: NDArray[np.int64]) -> bool:
    """Parse on from ``state`` (position <= n, node, phrases <= n); return whether all is parsed.

    Stops early once the table is half full. Node numbers are at most phrases + 1, and the last
    phrase may end inside the trie: then it is counted but adds no node.
    """
    position, node, phrases = state[0], state[1], state[2]
    while position < text.size and 2 * phrases < table.shape[0]:
        key = 256 * node + np.int64(text[position])
        row = find_row(table, key)
        position += 1
        if table[row, 0] == key:
            node = table[row, 1]
        else:
            phrases += 1
            table[row, 0] = key
            table[row, 1] = phrases + _ROOT
            node = _ROOT
    done = bool(position == text.size)
    state[0], state[1] = position, node
    state[2] = phrases + 1 if done and node != _ROOT else phrases
    return done
