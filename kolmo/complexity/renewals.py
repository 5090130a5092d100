"""The entropy rate of a binary renewal process: independent waiting times from one 1 to the next.

References
----------
Y. Gao, I. Kontoyiannis, E. Bienenstock (2008). Estimating the entropy of binary time series.
Entropy 10(2), 71-99. doi:10.3390/entropy-e10020071. Section 2, the renewal estimator.
"""

import math
from collections import Counter

from kolmo.complexity.errorbars import FEWEST

_CHUNK_SYMBOLS = 1 << 20


def renewal_bits(text: bytes) -> tuple[float, float | None]:
    """Return n times the entropy of the waiting times by their mean, with its error, in bits.

    For events whose memory reaches back to the last one and no further, such as spikes: long
    waits cost it nothing. Blind to any dependence between waiting times.

    Parameters
    ----------
    text : bytes
        Symbols 0 and 1, one to a byte; 1 marks an event.

    Returns
    -------
    tuple of float, and float or None
        An estimate, n H(T) / mean(T) with the plain count's entropy H of the waiting times T, 0
        if there are fewer than two events. Then its standard error to first order, for
        independent waiting times; None of fewer than four.

    Notes
    -----
    Time O(n log n), memory that of the different waiting times. Like any plain count it is
    biased downwards where most waiting times occur once.

    Examples
    --------
    Waits of 1, 2, 1, 2: one bit each, 1.5 symbols each, over nine symbols.

    >>> round(renewal_bits(bytes([1, 1, 0, 1, 1, 0, 1, 0, 0]))[0], 6)
    6.0
    """
    tally, span = _waiting_times(text)
    events = sum(tally.values())
    if not events:
        return 0.0, None
    surprisals = {wait: math.log2(events / count) for wait, count in tally.items()}
    rate = math.fsum(count * surprisals[wait] for wait, count in tally.items()) / span
    if events < FEWEST:
        return len(text) * rate, None
    squares = ((surprisals[wait] - rate * wait) ** 2 * count for wait, count in tally.items())
    deviation = math.sqrt(math.fsum(squares) * events / (events - 1))
    return len(text) * rate, len(text) * deviation / span


def _waiting_times(text: bytes) -> tuple[Counter[int], int]:
    """Return how often each waiting time occurs, and the sum of all."""
    import numpy as np

    symbols = np.frombuffer(text, np.uint8)
    tally: Counter[int] = Counter()
    first = last = -1
    for start in range(0, len(text), _CHUNK_SYMBOLS):
        events = start + np.flatnonzero(symbols[start : start + _CHUNK_SYMBOLS])
        if not events.size:
            continue
        known = events if last < 0 else np.concatenate(([last], events))
        waits, counts = np.unique(np.diff(known), return_counts=True)
        tally.update(dict(zip(waits.tolist(), counts.tolist(), strict=True)))
        first, last = (int(events[0]) if first < 0 else first), int(events[-1])
    return tally, last - first
