"""How far the text at each position repeats one that starts in a window before it.

The longest match starts at one of the two window positions that are nearest in the suffix array.
The ranks of the window's positions stand in a tree of bits, whose words of 32 bits each say which
words below them are not empty: a neighbour is found in two walks of log32(n) words. Then two
passes measure the matches, each going on from one symbol less than the position before.

References
----------
T. Kasai, G. Lee, H. Arimura, S. Arikawa, K. Park (2001). Linear-time longest-common-prefix
computation in suffix arrays and its applications. CPM 2001, LNCS 2089, 181-192.
doi:10.1007/3-540-48194-X_17. We differ in measuring neighbours within the window.
"""

import numpy as np
from numpy.typing import NDArray

from kolmo.complexity.kernels.sais import suffix_array
from kolmo.complexity.kernels.text import Positions, Text, positions, read_only
from kolmo.jit import kernel, lean_kernel

Words = NDArray[np.int64]
_NONE = -1


def longest_matches(text: Text, window: int) -> Positions:
    """Return how many symbols from each position on repeat an earlier start in its window.

    Parameters
    ----------
    text : uint8[n]
        One symbol for each byte, n >= 0.
    window : int
        How many positions before each may start the match, >= 1; from n on it is all of them. The
        match may run into what it repeats.

    Returns
    -------
    int32[n], or int64[n] from n = 2**31 - 1 on
        Lengths from 0 to n - 1.

    Notes
    -----
    Time O(n log32 n). Memory: 20n bytes beside the text.

    Examples
    --------
    >>> import numpy as np
    >>> longest_matches(np.frombuffer(b"abababc", np.uint8), 7).tolist()
    [0, 0, 4, 3, 2, 1, 0]
    """
    text = read_only(text)
    suffixes = suffix_array(text)
    ranks = positions(text.size, text.size)
    invert_ranks(suffixes, ranks)
    lower, higher = positions(text.size, text.size), positions(text.size, text.size)
    levels = _level_starts(text.size)
    words = np.zeros(int(levels[-1]), np.int64)
    link_neighbours(ranks, words, levels, window, lower, higher)
    lengths = ranks  # every rank has been used
    lengths[:] = 0
    for neighbours in (lower, higher):
        ranks_to_positions(suffixes, neighbours)
        raise_to_match_lengths(text, neighbours, lengths)
    return lengths


def _level_starts(size: int) -> Words:
    """Return where the words of each level begin, lowest first, and the number of all words."""
    starts, width = [0], size
    while width > 1 or len(starts) == 1:
        width = max(1, (width + 31) // 32)
        starts.append(starts[-1] + width)
    return np.array(starts, np.int64)


# Below: n = text.size; ranks, positions and lengths lie in 0..n-1, and -1 means "none"; words lie
# in 0..2**32-1, and levels - 1 is at most 7.


@kernel
def invert_ranks(suffixes: Positions, ranks: Positions) -> None:
    """Write the inverse of a permutation."""
    for i in range(suffixes.size):
        ranks[suffixes[i]] = i


@kernel
def ranks_to_positions(suffixes: Positions, neighbours: Positions) -> None:
    """Replace ranks by the positions that have them."""
    for i in range(neighbours.size):
        if neighbours[i] >= 0:
            neighbours[i] = suffixes[neighbours[i]]


@lean_kernel
def highest_bit(word: int) -> int:
    """Return the number of the highest bit of a word > 0."""
    bit = 0
    for step in (16, 8, 4, 2, 1):
        if word >> step:
            word >>= step
            bit += step
    return bit


@lean_kernel
def insert(words: Words, levels: Words, key: int) -> None:
    """Add ``key`` to the set, as far up as words were empty."""
    for level in range(levels.size - 1):
        place = levels[level] + (key >> 5)
        before = words[place]
        words[place] = before | (1 << (key & 31))
        if before != 0:
            return
        key >>= 5


@lean_kernel
def remove(words: Words, levels: Words, key: int) -> None:
    """Take ``key`` out of the set, as far up as words become empty."""
    for level in range(levels.size - 1):
        place = levels[level] + (key >> 5)
        words[place] &= ~(1 << (key & 31))
        if words[place] != 0:
            return
        key >>= 5


@lean_kernel
def below(words: Words, levels: Words, key: int) -> int:
    """Return the largest member < key, or -1."""
    for level in range(levels.size - 1):
        rest = words[levels[level] + (key >> 5)] & ((1 << (key & 31)) - 1)
        key = key >> 5 << 5
        if rest != 0:
            key += highest_bit(rest)
            for under in range(level - 1, -1, -1):
                key = (key << 5) + highest_bit(words[levels[under] + key])
            return key
        key >>= 5
    return _NONE


@lean_kernel
def above(words: Words, levels: Words, key: int) -> int:
    """Return the smallest member > key, or -1."""
    for level in range(levels.size - 1):
        rest = words[levels[level] + (key >> 5)] >> (key & 31) >> 1
        if rest != 0:
            key += 1 + highest_bit(rest & -rest)
            for under in range(level - 1, -1, -1):
                word = words[levels[under] + key]
                key = (key << 5) + highest_bit(word & -word)
            return key
        key >>= 5
    return _NONE


@kernel
def link_neighbours(
    ranks: Positions, words: Words, levels: Words, window: int, lower: Positions, higher: Positions
) -> None:
    """Write, for each position, the ranks next to its own among those of its window."""
    for i in range(ranks.size):
        key = int(ranks[i])
        lower[i] = below(words, levels, key)
        higher[i] = above(words, levels, key)
        insert(words, levels, key)
        if i >= window:
            remove(words, levels, int(ranks[i - window]))


@kernel
def raise_to_match_lengths(text: Text, sources: Positions, lengths: Positions) -> None:
    """Raise each length to that of the match with the position's source.

    If the text at i - 1 and its source agree in k > 0 symbols, the text at i has a source in its
    window on the same side that agrees in k - 1, and the nearest one agrees in no fewer.
    """
    k = 0
    for i in range(text.size):
        j = sources[i]
        if j < 0:
            k = 0
        else:
            while i + k < text.size and text[j + k] == text[i + k]:
                k += 1
            lengths[i] = max(lengths[i], k)
            k = max(0, k - 1)
