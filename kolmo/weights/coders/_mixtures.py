"""The mixture of normal distributions with the shortest message of some indices."""

from __future__ import annotations

import numpy as np

from kolmo.mdl.families.mixture import Mixture
from kolmo.mdl.models.mixed import Mixed, mixed_classes
from kolmo.mdl.models.mixing import binned, mixtures
from kolmo.mdl.models.quantising import Counted, sendable
from kolmo.weights.coders._indices import Tally

_INDICES_EACH = 24  # a component costs more than it could save on fewer
_LEAST_DISTINCT = 4
_BINS = 1 << 12
_PATIENCE = 2


def best_mixture(found: Tally, count: int, largest: int, bits: float) -> Mixed | None:
    """Return the best mixture of 2 to ``largest`` components; None if none is below ``bits``.

    Two numbers of components in a row that do not pay end the search. See
    `kolmo.mdl.models.mixing` for how the most likely ones are found.

    Parameters
    ----------
    found : Tally
        Of the indices, or of a sample.
    count : int
        How many indices there are.
    largest : int
        Most components; there is one for each 24 indices at most.
    bits : float
        Length of the message without a mixture.
    """
    largest = min(largest, count // _INDICES_EACH)
    if largest < 2 or found.distinct.size < _LEAST_DISTINCT:
        return None
    lowest = int(found.distinct[0])
    distances = (found.distinct - lowest).astype(np.float64)
    fine = binned(distances, found.counts, _BINS)
    column = Counted(fine._replace(counts=fine.counts * (count / found.size)), lowest)
    best, idle = None, 0
    for mix in mixtures(distances, found.counts, largest):
        mixed = sendable(mix, column)
        total = mixture_bits(mixed, found, count)
        best, bits, idle = (mixed, total, 0) if total < bits else (best, bits, idle + 1)
        if idle == _PATIENCE:
            break
    return best


def mixture_bits(mixed: Mixed, found: Tally, count: int) -> float:
    """Return the bits of a mixture and of ``count`` indices like those counted."""
    code = Mixture(max(mixed.components, 2)).parameter_code(count)
    data = mixed_classes(mixed, found.size).counts_bits(found.distinct - mixed.origin, found.counts)
    return code.codelength(mixed) + data * count / found.size
