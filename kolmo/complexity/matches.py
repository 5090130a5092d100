"""The entropy rate by match lengths: how soon the text does what it did not do before.

A text of entropy rate h repeats, at each place, about log2(m) / h symbols of the m before it.

References
----------
I. Kontoyiannis, P. H. Algoet, Yu. M. Suhov, A. J. Wyner (1998). Nonparametric entropy estimation
for stationary processes and random fields. IEEE Transactions on Information Theory 44(3),
1319-1327. doi:10.1109/18.669425.

Y. Gao, I. Kontoyiannis, E. Bienenstock (2008). Estimating the entropy of binary time series.
Entropy 10(2), 71-99. doi:10.3390/entropy-e10020071. Section 2.
"""

from typing import TYPE_CHECKING

from kolmo.complexity.errorbars import FEWEST, batch_size, batch_sums, bootstrap_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_CHUNK_SYMBOLS = 1 << 20


def match_length_bits(text: bytes, window: int = 0, *, seed: int = 0) -> tuple[float, float | None]:
    """Return n times the entropy rate by match lengths, and its standard error, in bits.

    Finds structure of any range without a model, and converges slowly: the bias of the rate falls
    like 1 / log n.

    Parameters
    ----------
    text : bytes
        One symbol for each byte.
    window : int
        How many symbols before each position are searched, at least 2; 0 for all of them
        (increasing window). Positions with fewer symbols before them search those.
    seed : int
        Of the bootstrap.

    Returns
    -------
    tuple of float, and float or None
        An estimate, n / mean(L_i / log2 m_i), where m_i symbols before position i are searched
        and L_i is 1 + the longest match, at most m_i, that starts among them. Then the standard
        deviation of 200 bootstrap values, from batches of about sqrt(n) positions; None of fewer
        than four positions.

    Notes
    -----
    From the first match on that reaches the end of the text, lengths are cut short: those are
    left out, as are positions with fewer than two symbols before them. Time O(n log n), memory
    about 21n bytes.

    Examples
    --------
    Of abab only position 2 is cut by the end, and none remains:

    >>> match_length_bits(b"abab")
    (0.0, None)
    >>> match_length_bits(b"aabb")  # position 2 has m = 2 and L = 1, position 3 meets the end
    (4.0, None)
    """
    terms, sums, total = _ratio_sums(text, window)
    if terms == 0:
        return 0.0, None
    n = len(text)
    value = n * terms / total
    if terms < FEWEST:
        return value, None
    length = batch_size(terms)
    return value, bootstrap_error(sums, lambda means: n * length / means, seed)


def _ratio_sums(text: bytes, window: int) -> "tuple[int, Floats, float]":
    """Return how many positions count, and the sums of L / log2 m over batches and over all."""
    import numpy as np

    from kolmo.complexity.kernels import longest_matches

    n = len(text)
    reach = min(window or n, n)
    lengths = longest_matches(np.frombuffer(text, np.uint8), max(reach, 1))
    stop = _first_cut(lengths, reach)
    terms = max(0, stop - 2)
    size = batch_size(terms)
    step = size * max(1, _CHUNK_SYMBOLS // size)
    sums, total = [np.empty(0)], 0.0
    for start in range(2, stop, step):
        place = np.arange(start, min(start + step, stop))
        searched = np.minimum(place, reach)
        ratios = (1 + np.minimum(lengths[place], searched)) / np.log2(searched)
        sums.append(batch_sums(ratios, size))
        total += float(ratios.sum())
    return terms, np.concatenate(sums), total


def _first_cut(lengths: "NDArray[np.signedinteger]", reach: int) -> int:
    """Return the first position whose match, as long as it may count, reaches the end."""
    import numpy as np

    n = len(lengths)
    for start in range(0, n, _CHUNK_SYMBOLS):
        place = np.arange(start, min(start + _CHUNK_SYMBOLS, n))
        cut = place + np.minimum(lengths[place], np.minimum(place, reach)) >= n
        if cut.any():
            return start + int(cut.argmax())
    return n
