"""Empirical entropy of a byte string: the ideal code length if its own frequencies were known.

Three ways to count, chosen by size alone, feed one exact formula, so they cannot disagree: a
dictionary for short texts (it needs neither numpy nor numba), tables for orders 0 and 1, and the
suffix array for the rest.

References
----------
G. Manzini (2001). An analysis of the Burrows-Wheeler transform. Journal of the ACM 48(3),
407-430. doi:10.1145/382780.382782. Section 2.
"""

import math
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SMALL_BYTES = 1 << 18
_CHUNK_BYTES = 1 << 20

Tallies = tuple[Counter[int], Counter[int]]


def empirical_entropy_bits(text: bytes, order: int) -> float:
    """Return n * H_k of ``text`` in bits, for the context length k = ``order``.

    An estimate and not a code length: a decoder would have to be told all the frequencies,
    which at high orders cost more than they save. Use it to compare with real coders.

    Parameters
    ----------
    text : bytes
        One symbol for each byte.
    order : int
        Number of preceding symbols that predict the next, >= 0; usually 0 to 8.

    Returns
    -------
    float
        The sum over all contexts c of n_c * H(next symbol | c), >= 0. The first ``order``
        symbols have no whole context and are left out; a text no longer than that has 0 bits.

    Raises
    ------
    ParameterError
        If ``order`` is negative.

    Notes
    -----
    Equals the sum of n_c log2 n_c over contexts less that of n_cs log2 n_cs over contexts with
    their next symbol. Equal counts are cancelled as integers and the rest summed by ``fsum``:
    hence the result does not depend on the order or the way of counting, and a text that its
    contexts determine has exactly 0 bits. Time O(n * (order + 1)); memory for large texts at most
    14n bytes, or 17 MB at orders 0 and 1.

    Examples
    --------
    In "mississippi" only i (to s, s, p), s (to s, i, s, i) and p (to p, i) are uncertain:

    >>> round(empirical_entropy_bits(b"mississippi", 1), 4)
    8.7549
    """
    if order < 0:
        raise ParameterError(f"order too small: got {order}; need 0 or more.")
    if len(text) <= order:
        return 0.0
    surplus, grams = gram_tallies(text, order)
    surplus.subtract(grams)
    return math.fsum(times * count * math.log2(count) for count, times in surplus.items())


def gram_tallies(text: bytes, order: int) -> Tallies:
    """Return how often contexts of ``order`` symbols occur, and contexts with their next symbol.

    Parameters
    ----------
    text : bytes
        One symbol for each byte, more than ``order`` of them.
    order : int
        Length of a context, >= 0.

    Returns
    -------
    tuple of two Counters
        For each number of occurrences, how many contexts, and how many contexts with a next
        symbol, occur that often. A context at the very end, which nothing follows, is left out.

    Examples
    --------
    In "abab" the context a occurs twice and b once; "ab" twice and "ba" once:

    >>> [sorted(tally.items()) for tally in gram_tallies(b"abab", 1)]
    [[(1, 1), (2, 1)], [(1, 1), (2, 1)]]
    """
    if len(text) <= _SMALL_BYTES:
        return _count_in_dictionary(text, order)
    return _count_in_table(text, order) if order < 2 else _count_in_suffix_array(text, order)


def _count_in_dictionary(text: bytes, order: int) -> Tallies:
    grams = Counter(text[i : i + order + 1] for i in range(len(text) - order))
    contexts: Counter[bytes] = Counter()
    for gram, count in grams.items():
        contexts[gram[:-1]] += count
    return Counter(contexts.values()), Counter(grams.values())


def _count_in_table(text: bytes, order: int) -> Tallies:
    import numpy as np

    symbols = np.frombuffer(text, np.uint8)
    table = np.zeros(256 ** (order + 1), np.int64)
    edges = [*range(0, len(text) - order, _CHUNK_BYTES), len(text) - order]
    for start, stop in pairwise(edges):
        keys = symbols[start:stop].astype(np.intp)
        for k in range(1, order + 1):
            keys = 256 * keys + symbols[start + k : stop + k]
        table += np.bincount(keys, minlength=table.size)
    return _tally(table.reshape(-1, 256).sum(axis=1)), _tally(table)


def _count_in_suffix_array(text: bytes, order: int) -> Tallies:
    import numpy as np

    from kolmo.complexity.kernels import run_lengths, suffix_array

    symbols = np.frombuffer(text, np.uint8)
    suffixes = suffix_array(symbols)
    lengths = np.empty_like(suffixes)
    stop = len(text) - order
    contexts = _tally(lengths[: run_lengths(symbols, suffixes, order, stop, lengths)])
    return contexts, _tally(lengths[: run_lengths(symbols, suffixes, order + 1, stop, lengths)])


def _tally(counts: "NDArray[np.signedinteger[Any]]") -> Counter[int]:
    import numpy as np

    values, times = np.unique(counts, return_counts=True)
    return Counter({v: t for v, t in zip(values.tolist(), times.tolist(), strict=True) if v > 0})
