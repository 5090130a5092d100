"""Standard errors of sums and means over a text whose neighbouring symbols depend on each other.

The text is cut into about as many pieces as each has symbols. Pieces that long are nearly
independent where the dependence has a short range, so the spread of their sums tells the error of
the whole; that of single symbols would tell too little.

References
----------
S. N. Lahiri (2003). Resampling Methods for Dependent Data, sections 2.5 and 3.2.
doi:10.1007/978-1-4757-3803-2.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEWEST = 4  # terms; of fewer no error is told
_CHUNK_SYMBOLS = 1 << 20
_REPLICATES = 200


def batch_size(terms: int) -> int:
    """Return how many terms make a batch: the whole part of their square root."""
    return max(1, math.isqrt(terms))


def batch_sums(terms: "Floats", size: int) -> "Floats":
    """Return the sums of successive batches; what is left over at the end is left out."""
    whole = len(terms) // size * size
    sums: Floats = terms[:whole].reshape(-1, size).sum(axis=1)
    return sums


def sum_error(sums: "Floats", scale: float) -> float:
    """Return the standard error of a sum over ``scale`` times as many terms as a batch has."""
    return math.sqrt(scale * float(sums.var(ddof=1)))


def bootstrap_error(sums: "Floats", value: "Callable[[Floats], Floats]", seed: int = 0) -> float:
    """Return the standard deviation of ``value`` over means of batches drawn with replacement.

    Parameters
    ----------
    sums : float64[m]
        Sums of batches.
    value : callable
        Turns the means of the drawn sums, float64[200], into as many values.
    seed : int
        The same seed gives the same draws.
    """
    import numpy as np

    generator = np.random.Generator(np.random.PCG64(seed))
    drawn = [sums[generator.integers(0, len(sums), len(sums))].mean() for _ in range(_REPLICATES)]
    return float(value(np.array(drawn)).std(ddof=1))


def entropy_error_bits(text: bytes, order: int) -> float | None:
    """Return one standard error of n times the entropy of a symbol given its context, in bits.

    To first order an entropy varies like the sum of the surprisals -log2 p(symbol | context): the
    spread of that sum is told, over batches. It is the sampling error and not the bias, which is
    the larger of the two where many contexts occur once; there Chao and Shen's formula varies more
    than this says, too.

    Parameters
    ----------
    text : bytes
        One symbol for each byte.
    order : int
        Length of a context, >= 0.

    Returns
    -------
    float or None
        An estimate; None of fewer than four symbols with a whole context.
    """
    import numpy as np

    n = len(text) - order
    if n < FEWEST:
        return None
    size = batch_size(n)
    pieces = [batch_sums(item, size) for item in _surprisals(text, order, size)]
    return sum_error(np.concatenate(pieces), n / size)


def _surprisals(text: bytes, order: int, size: int) -> "Iterator[Floats]":
    """Yield the surprisals in the order of the text, in pieces of whole batches."""
    import numpy as np

    n = len(text) - order
    step = size * max(1, _CHUNK_SYMBOLS // size)
    pieces = [slice(start, min(start + step, n)) for start in range(0, n, step)]
    lookup = _table if order < 2 else _occurrences
    for contexts, grams in lookup(text, order, pieces):
        yield np.log2(contexts / grams)


def _table(text: bytes, order: int, pieces: Iterable[slice]) -> Iterator[tuple[Any, Any]]:
    """Yield the counts of context and gram at each position, for orders 0 and 1."""
    import numpy as np

    symbols = np.frombuffer(text, np.uint8)
    pieces = list(pieces)

    def keys(piece: slice) -> Any:
        first = symbols[piece].astype(np.intp)
        return 256 * first + symbols[piece.start + 1 : piece.stop + 1] if order else first

    grams = sum(np.bincount(keys(piece), minlength=256 ** (order + 1)) for piece in pieces)
    contexts = np.repeat(np.asarray(grams).reshape(-1, 256).sum(axis=1), 256)
    for piece in pieces:
        index = keys(piece)
        yield contexts[index], np.asarray(grams)[index]


def _occurrences(text: bytes, order: int, pieces: Iterable[slice]) -> Iterator[tuple[Any, Any]]:
    """Yield the same for any order."""
    import numpy as np

    from kolmo.complexity.kernels import count_at_positions, suffix_array

    symbols = np.frombuffer(text, np.uint8)
    suffixes = suffix_array(symbols)
    contexts, grams = np.empty_like(suffixes), np.empty_like(suffixes)
    stop = len(text) - order
    count_at_positions(symbols, suffixes, order, stop, contexts)
    count_at_positions(symbols, suffixes, order + 1, stop, grams)
    for piece in pieces:
        yield contexts[piece], grams[piece]
