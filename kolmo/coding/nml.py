"""Integer shares of the NML distribution of counts, made alike on every machine.

Only additions, multiplications, divisions and square roots of IEEE doubles, which are correctly
rounded everywhere, in a fixed order; no other function of the mathematics library.

References
----------
P. Flajolet, P. J. Grabner, P. Kirschenhofer, H. Prodinger (1995). On Ramanujan's Q-function.
Journal of Computational and Applied Mathematics 58(1), 103-116. The expansion of R(n) - Q(n).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kolmo.coding.code import TOTAL_LIMIT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Reals = NDArray[np.float64]
    Scaled = tuple[Reals, NDArray[np.int64]]  # value = mantissa * 2**(_SCALE_BITS * exponent)

_SCALE_BITS = 512
_SCALE = 2.0**_SCALE_BITS
_RECIPROCAL_E = 0.36787944117144233
_TWO_PI = 6.283185307179586
_STIRLING_FROM = 16
# n! / (sqrt(2 pi n) n**n e**-n) in powers of 1/n
_STIRLING = (
    1.0,
    1 / 12,
    1 / 288,
    -139 / 51840,
    -571 / 2488320,
    163879 / 209018880,
    5246819 / 75246796800,
)
# R(n) - Q(n) in powers of 1/n, where C(2, n) = 1 + Q(n) and Q(n) + R(n) = n! e**n / n**n
_RAMANUJAN = (2 / 3, 8 / 135, -16 / 2835, -32 / 8505, 17984 / 12629925, 668288 / 492567075)


class SplitTables:
    """The tables for splitting groups whose left half has ``size`` symbols, or one less."""

    def __init__(self, size: int, length: int) -> None:
        """Make what all groups of this size share; sums are at most ``length``."""
        self._likelihoods = _likelihoods(length)
        self._sums = _multinomial_sums(size, length)

    def __call__(self, left: int, right: int, total: int) -> NDArray[np.int64]:
        """Return the bounds of the shares of 0, 1 ... ``total`` symbols in the left half."""
        import numpy as np

        mantissas, exponents = (part[: total + 1] for part in self._sums[left])
        others, other_exponents = (part[total::-1] for part in self._sums[right])
        once = self._likelihoods[: total + 1]
        powers = exponents + other_exponents
        below = np.maximum(powers - powers.max(), -2)
        scale = np.array([0.0, 1 / _SCALE, 1.0])[below + 2]
        weights = once * once[::-1] * (mantissas / _SCALE) * others * scale
        return _bounds(weights)


def _bounds(weights: Reals) -> NDArray[np.int64]:
    """Return bounds of integer shares of 2**32, each at least 1, in proportion to weights."""
    import numpy as np

    sums = np.add.accumulate(weights)  # one after the other, unlike numpy's sum
    free = TOTAL_LIMIT - weights.size
    bounds = np.zeros(weights.size + 1, np.int64)
    bounds[1:] = sums / sums[-1] * free
    return bounds + np.arange(weights.size + 1)


def _likelihoods(length: int) -> Reals:
    """Return g(r) = (r/e)**r / r! for r = 0 to ``length``, without the mathematics library."""
    import numpy as np

    r = np.arange(1, length + 1, dtype=np.float64)
    series = _polynomial(_STIRLING, 1 / r)
    found = np.concatenate([[1.0], 1 / (np.sqrt(_TWO_PI * r) * series)])
    for small in range(1, min(length + 1, _STIRLING_FROM)):
        value = 1.0
        for factor in range(1, small + 1):
            value *= small * _RECIPROCAL_E / factor
        found[small] = value
    return found


def _polynomial(coefficients: Sequence[float], x: Reals) -> Reals:
    value = coefficients[-1] + 0 * x
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def _binary_sums(length: int) -> Reals:
    """Return C(2, m) for m = 0 to ``length``, by Ramanujan's Q-function beyond 16."""
    import numpy as np

    m = np.arange(1, length + 1, dtype=np.float64)
    whole = 1 / _likelihoods(length)[1:]
    found = np.concatenate([[1.0], 1 + (whole - _polynomial(_RAMANUJAN, 1 / m)) / 2])
    for small in range(1, min(length + 1, _STIRLING_FROM)):
        product = total = 1.0
        for k in range(small):
            product *= (small - k) / small
            total += product
        found[small] = total
    return found


def _multinomial_sums(size: int, length: int) -> dict[int, Scaled]:
    """Return C(size - 1, m) and C(size, m) for m = 0 to ``length``, with their exponents."""
    import numpy as np

    m = np.arange(length + 1, dtype=np.float64)
    exponents = np.zeros(length + 1, np.int64)
    kept = {1: (np.ones(length + 1), exponents)}
    previous, current = kept[1][0], _binary_sums(length)
    for k in range(2, size + 1):
        kept = {k - 1: (previous, exponents), k: (current, exponents)}
        previous, current = current, current + m / (k - 1) * previous
        large = current > _SCALE
        factor = np.where(large, 1 / _SCALE, 1.0)
        previous, current = previous * factor, current * factor
        exponents = exponents + large
    return kept
