"""Phrases of the exhaustive history of Lempel and Ziv (LZ76), in linear time.

The longest earlier occurrence of the text at t starts at one of the two positions smaller than t
that are nearest to t in the suffix array. Both come from one array of n + 1 numbers: the next
smaller position, which a linked list of the positions seen so far then overwrites.

References
----------
A. Lempel, J. Ziv (1976). On the complexity of finite sequences. IEEE Transactions on Information
Theory 22(1), 75-81. doi:10.1109/TIT.1976.1055501.

J. Kärkkäinen, D. Kempa, S. J. Puglisi (2013). Linear time Lempel-Ziv factorization: simple, fast,
small. Combinatorial Pattern Matching, LNCS 7922, 189-200. doi:10.1007/978-3-642-38905-4_19.
Algorithm KKP2; we differ in ending each phrase with a new symbol and in counting only.
"""

from kolmo.complexity.kernels.sais import suffix_array
from kolmo.complexity.kernels.text import Positions, Text, positions, read_only
from kolmo.jit import kernel


def lz76_phrases(text: Text) -> int:
    """Return the number of phrases in the exhaustive history of ``text``.

    Each phrase is the longest prefix of the rest that also starts earlier (it may overlap
    itself), and one symbol more; a last phrase cut short by the end counts as one.

    Parameters
    ----------
    text : uint8[n]
        One symbol for each byte, n >= 0.

    Notes
    -----
    Time O(n). Memory: that of the suffix array, whose 4n bytes are then joined by 4n more.

    Examples
    --------
    The phrases 0 001 10 100 1000 101:

    >>> import numpy as np
    >>> lz76_phrases(np.frombuffer(b"0001101001000101", np.uint8))
    6
    """
    suffixes = suffix_array(text)
    links = positions(text.size + 1, text.size)
    link_next_smaller(suffixes, links)
    return int(count_phrases(read_only(text), links))


# In both kernels: n = text.size; all positions and counts lie in 0..n, and n means "none".


@kernel
def link_next_smaller(suffixes: Positions, links: Positions) -> None:
    """Set links[p] to the first smaller position after p in ``suffixes``, which is used up."""
    none = suffixes.size
    depth = 0  # suffixes[:depth] is a stack of ascending positions; depth <= i
    for i in range(suffixes.size):
        p = suffixes[i]
        while depth > 0 and suffixes[depth - 1] > p:
            depth -= 1
            links[suffixes[depth]] = p
        suffixes[depth] = p
        depth += 1
    for i in range(depth):
        links[suffixes[i]] = none
    links[none] = none


@kernel
def match_length(text: Text, source: int, start: int) -> int:
    """Return how many symbols agree from two positions on; 0 if there is no source."""
    length = 0
    if source < start:
        while start + length < text.size and text[source + length] == text[start + length]:
            length += 1
    return length


@kernel
def count_phrases(text: Text, links: Positions) -> int:
    """Return the number of phrases; links[:t] and links[n] list the positions < t in order."""
    phrases = 0
    start = 0
    for t in range(text.size):
        after = links[t]
        before = links[after]
        links[t] = before
        links[after] = t
        if t == start:
            phrases += 1
            start += 1 + max(match_length(text, before, t), match_length(text, after, t))
    return phrases
