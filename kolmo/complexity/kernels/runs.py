"""How often the substrings of a given length occur, read off a suffix array."""

from kolmo.complexity.kernels.text import Positions, Text
from kolmo.jit import kernel


@kernel
def run_lengths(text: Text, suffixes: Positions, width: int, stop: int, lengths: Positions) -> int:
    """Write how often each substring of length ``width`` starts before ``stop``.

    Parameters
    ----------
    text : uint8[n]
        Any bytes.
    suffixes : int32[n] or int64[n]
        The suffix array of ``text``.
    width : int
        Length of the substrings, >= 0.
    stop : int
        Only positions below it count; at most n - width + 1.
    lengths : int32[>= stop] or int64[>= stop]
        Receives the counts, each from 1 to n, in lexicographic order of the substrings.

    Returns
    -------
    int
        The number of different substrings, at most ``stop``.

    Notes
    -----
    Time O(n * width), independent of the alphabet; exact for any width.
    """
    runs = 0
    last = -1
    for i in range(suffixes.size):
        p = suffixes[i]
        if p < stop:
            k = 0
            while last >= 0 and k < width and text[last + k] == text[p + k]:
                k += 1
            if last >= 0 and k == width:
                lengths[runs - 1] += 1
            else:
                lengths[runs] = 1
                runs += 1
            last = p
    return runs


@kernel
def count_at_positions(
    text: Text, suffixes: Positions, width: int, stop: int, counts: Positions
) -> None:
    """Write, for each position below ``stop``, how often the substring there starts below it.

    Parameters
    ----------
    text, suffixes, width, stop
        As for `run_lengths`.
    counts : int32[>= stop] or int64[>= stop]
        Receives the counts, each from 1 to n, in the order of the text.
    """
    head = -1  # the first member of a run holds the count, the others ~head, which is negative
    last = -1
    for i in range(suffixes.size):
        p = suffixes[i]
        if p < stop:
            k = 0
            while last >= 0 and k < width and text[last + k] == text[p + k]:
                k += 1
            if last >= 0 and k == width:
                counts[head] += 1
                counts[p] = ~head
            else:
                head = p
                counts[p] = 1
            last = p
    for p in range(stop):
        if counts[p] < 0:
            counts[p] = counts[~counts[p]]
