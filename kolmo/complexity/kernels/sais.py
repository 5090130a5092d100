"""Suffix arrays in linear time by induced sorting (SA-IS).

A suffix is S-type if it is smaller than the next suffix, else L-type; the empty suffix at n is
the smallest of all. An LMS position is an S-type one after an L-type one; there are at most n/2.
The substrings from one LMS position to the next are sorted by two scans of the suffix array and
replaced by their ranks, the shorter text of ranks is sorted by the same method, and two more
scans then induce the order of all suffixes. Pending entries are told from finished ones by their
sign (``~j`` is ``-1 - j``), a device of Mori's sais-lite.

References
----------
G. Nong, S. Zhang, W. H. Chan (2011). Two efficient algorithms for linear time suffix array
construction. IEEE Transactions on Computers 60(10), 1471-1484. doi:10.1109/TC.2010.188.
Algorithm SA-IS; we differ in having no sentinel symbol and no table of types.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.complexity.kernels.text import Positions, Text, positions, read_only
from kolmo.jit import kernel

Symbols = NDArray[Any]


def suffix_array(text: Text) -> Positions:
    """Return the start positions of all suffixes of ``text`` in lexicographic order.

    Parameters
    ----------
    text : uint8[n]
        Any bytes, n >= 0.

    Returns
    -------
    int32[n], or int64[n] from n = 2**31 - 1 on
        ``text[result[i]:] < text[result[i + 1]:]``; a proper prefix comes first.

    Notes
    -----
    Time O(n). Memory beside the text: 6n to 7n bytes on most files, 10n at worst on those seen
    (4n for the result, 2n to 4n for LMS positions, and two numbers for each different rank).

    Examples
    --------
    >>> import numpy as np
    >>> suffix_array(np.frombuffer(b"banana", np.uint8)).tolist()
    [5, 3, 1, 0, 4, 2]
    """
    suffixes = positions(text.size, text.size)
    _sort_suffixes(read_only(text), 256, suffixes)
    return suffixes


def _sort_suffixes(text: Symbols, alphabet: int, suffixes: Positions) -> None:
    """Sort one level; the next has at most half its length, so there are at most log2(n)."""
    if text.size < 2:
        suffixes[:] = 0
        return
    lms = np.empty(text.size // 2, suffixes.dtype)
    lms = lms[lms.size - gather_lms(text, lms) :]
    if lms.size < 2:
        suffixes[: lms.size] = 0
    else:
        _sort_lms_substrings(text, alphabet, lms, suffixes)
        ranks = suffixes[text.size - lms.size :]
        distinct = rank_lms(text, lms, suffixes)
        if distinct < lms.size:
            _sort_suffixes(ranks, distinct, suffixes[: lms.size])
        else:
            invert(ranks, suffixes)
    _induce_all(text, alphabet, lms, suffixes)


def _sort_lms_substrings(text: Symbols, alphabet: int, lms: Positions, suffixes: Positions) -> None:
    bounds = np.zeros(alphabet + 1, suffixes.dtype)
    count_up_to(text, bounds[1:])
    suffixes[:] = 0
    place_lms(text, lms, bounds[1:].copy(), suffixes)
    sort_left(text, bounds[:-1].copy(), suffixes)
    sort_right(text, bounds[1:], suffixes)
    compact(suffixes)


def _induce_all(text: Symbols, alphabet: int, lms: Positions, suffixes: Positions) -> None:
    bounds = np.zeros(alphabet + 1, suffixes.dtype)
    count_up_to(text, bounds[1:])
    spread_lms(text, lms, bounds[1:].copy(), suffixes)
    induce_left(text, bounds[:-1].copy(), suffixes)
    induce_right(text, bounds[1:], suffixes)


# In every kernel below: n = text.size >= 2; symbols are < alphabet; positions, counts and
# entries of ``heads`` and ``tails`` lie in 0..n; entries of ``suffixes`` in -n..n-1.


@kernel
def gather_lms(text: Symbols, lms: Positions) -> int:
    """Write the LMS positions in ascending order to the end of ``lms``; return their number."""
    count = 0
    right = text[text.size - 1]
    right_is_s = False
    for i in range(text.size - 2, -1, -1):
        left = text[i]
        left_is_s = (left < right) | ((left == right) & right_is_s)
        if right_is_s > left_is_s:
            count += 1
            lms[lms.size - count] = i + 1
        right = left
        right_is_s = left_is_s
    return count


@kernel
def count_up_to(text: Symbols, tails: Positions) -> None:
    """Turn zeros into the number of symbols <= c, which is where the bucket of c ends."""
    for i in range(text.size):
        tails[text[i]] += 1
    for c in range(1, tails.size):
        tails[c] += tails[c - 1]


@kernel
def place_lms(text: Symbols, lms: Positions, tails: Positions, suffixes: Positions) -> None:
    """Put the predecessors of all LMS positions but the first at the ends of their buckets."""
    for t in range(1, lms.size):
        c = text[lms[t]]
        tails[c] -= 1
        suffixes[tails[c]] = lms[t] - 1


@kernel
def sort_left(text: Symbols, heads: Positions, suffixes: Positions) -> None:
    """Sort the L-type parts; entry j > 0 asks for position j, entry ~j waits for sort_right."""
    j = text.size - 1
    c = text[j]
    suffixes[heads[c]] = ~(j - 1) if text[j - 1] < c else j - 1
    heads[c] += 1
    for i in range(text.size):
        j = suffixes[i]
        if j > 0:
            c = text[j]
            b = heads[c]
            heads[c] = b + 1
            suffixes[b] = ~(j - 1) if text[j - 1] < c else j - 1
            suffixes[i] = 0
        elif j < 0:
            suffixes[i] = ~j


@kernel
def sort_right(text: Symbols, tails: Positions, suffixes: Positions) -> None:
    """Sort the S-type parts; entry ~j is then the LMS position j, all others are 0."""
    for i in range(text.size - 1, -1, -1):
        j = suffixes[i]
        if j > 0:
            c = text[j]
            b = tails[c] - 1
            tails[c] = b
            suffixes[b] = ~j if text[j - 1] > c else j - 1
            suffixes[i] = 0


@kernel
def compact(suffixes: Positions) -> None:
    """Move the sorted LMS positions, marked by their sign, to the front."""
    count = 0
    for i in range(suffixes.size):
        if suffixes[i] < 0:
            suffixes[count] = ~suffixes[i]
            count += 1


@kernel
def same_substring(text: Symbols, p: int, q: int, length: int) -> bool:
    """Return whether two substrings are equal; one that touches the end of the text is not."""
    if max(p, q) + length > text.size:
        return False
    k = 0
    while k < length and text[p + k] == text[q + k]:
        k += 1
    return k == length


@kernel
def rank_lms(text: Symbols, lms: Positions, suffixes: Positions) -> int:
    """Write the rank of each LMS substring, in text order, to the end; return how many differ.

    LMS positions are never adjacent, so ``suffixes[m + p // 2]`` is free to hold first the
    length (at most n + 1, for the last) and then the rank (at most m) of the substring at p.
    """
    n, m = text.size, lms.size
    for t in range(m - 1):
        suffixes[m + lms[t] // 2] = lms[t + 1] - lms[t] + 1
    suffixes[m + lms[m - 1] // 2] = n - lms[m - 1] + 1
    rank, q, q_length = -1, 0, 0
    for i in range(m):
        p = suffixes[i]
        length = suffixes[m + p // 2]
        if length != q_length or not same_substring(text, p, q, length):
            rank += 1
            q, q_length = p, length
        suffixes[m + p // 2] = rank
    for t in range(m - 1, -1, -1):
        suffixes[n - m + t] = suffixes[m + lms[t] // 2]
    return rank + 1


@kernel
def invert(ranks: Positions, suffixes: Positions) -> None:
    """Write the inverse of a permutation."""
    for t in range(ranks.size):
        suffixes[ranks[t]] = t


@kernel
def spread_lms(text: Symbols, lms: Positions, tails: Positions, suffixes: Positions) -> None:
    """Turn the order of LMS suffixes, held in front, into entries at the ends of buckets."""
    m = lms.size
    suffixes[m:] = 0
    for t in range(m - 1, -1, -1):
        p = lms[suffixes[t]]
        suffixes[t] = 0
        c = text[p]
        tails[c] -= 1
        suffixes[tails[c]] = p


@kernel
def induce_left(text: Symbols, heads: Positions, suffixes: Positions) -> None:
    """Place the L-type suffixes; afterwards an entry > 0 precedes an S-type suffix."""
    j = text.size - 1
    c = text[j]
    suffixes[heads[c]] = ~j if text[j - 1] < c else j
    heads[c] += 1
    for i in range(text.size):
        j = suffixes[i]
        suffixes[i] = ~j
        if j > 0:
            j -= 1
            c = text[j]
            b = heads[c]
            heads[c] = b + 1
            suffixes[b] = ~j if j > 0 and text[j - 1] < c else j


@kernel
def induce_right(text: Symbols, tails: Positions, suffixes: Positions) -> None:
    """Place the S-type suffixes and undo the marks that are left."""
    for i in range(text.size - 1, -1, -1):
        j = suffixes[i]
        if j > 0:
            j -= 1
            c = text[j]
            b = tails[c] - 1
            tails[c] = b
            suffixes[b] = ~j if j == 0 or text[j - 1] > c else j
        else:
            suffixes[i] = ~j
