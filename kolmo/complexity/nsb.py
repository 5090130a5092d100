"""The entropy estimate of Nemenman, Shafee and Bialek: a mixture of Dirichlet priors.

One Dirichlet prior fixes the entropy almost entirely before any datum is seen. The mixture over
its concentration b is weighted so that the prior of the entropy is nearly flat from 0 to ln K;
with the counts, evidence and posterior moments of each member are closed sums, and what remains
is one integral over ln b.

References
----------
I. Nemenman, F. Shafee, W. Bialek (2002). Entropy and inference, revisited. Advances in Neural
Information Processing Systems 14. arXiv:physics/0108025.

D. H. Wolpert, D. R. Wolf (1995). Estimating functions of probability distributions from a finite
set of samples. Physical Review E 52, 6841. doi:10.1103/PhysRevE.52.6841. The second moment.
"""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from kolmo.errors import ParameterError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Function = Callable[[Floats], Floats]

_LOWEST, _HIGHEST = -60.0, 60.0  # of ln b: all tops lie well within
_NEGLIGIBLE = 40.0
_POINTS = 129
_LARGEST_TABLE = 1 << 18


class Posterior(NamedTuple):
    """Mean and standard deviation of the entropy, in bits per symbol."""

    mean_bits: float
    deviation_bits: float


def nsb_entropy(tally: Mapping[int, int], alphabet: int) -> Posterior:
    """Return the posterior mean and deviation of the entropy of independent symbols.

    The choice among such estimates where symbols are few: it works once some of them coincide,
    for about the square root of the samples that the plain count needs.

    Parameters
    ----------
    tally : mapping of int to int
        For each number of occurrences > 0, how many symbols occur that often.
    alphabet : int
        K, the number of possible symbols, those that do not occur included.

    Returns
    -------
    Posterior
        An estimate, in bits per symbol; nothing is known of no symbols, which have 0 here.

    Raises
    ------
    ParameterError
        If more symbols occur than are possible.

    Notes
    -----
    Time is that of some 400 sums over the different counts, whatever their size.

    Examples
    --------
    One symbol says nothing of the entropy: half of log2 K stays the mean.

    >>> round(nsb_entropy({1: 1}, 256).mean_bits, 6)
    4.0
    """
    seen = sum(tally.values())
    if seen > alphabet:
        raise ParameterError(
            f"alphabet too small: got {alphabet}, but {seen} different symbols; need {seen} or more"
        )
    if seen == 0 or alphabet == 1:
        return Posterior(0.0, 0.0)
    return _Counts(tally, alphabet).posterior()


class _Counts:
    """Counts as arrays: each different one, and how many symbols have it.

    The methods take points t = ln b as an array, and return as many values.
    """

    def __init__(self, tally: Mapping[int, int], alphabet: int) -> None:
        import numpy as np

        unseen = alphabet - sum(tally.values())
        pairs = [(0, unseen), *sorted(tally.items())]
        self.counts = np.array([n for n, _ in pairs], np.float64)
        self.times = np.array([times for _, times in pairs], np.float64)
        self.alphabet = float(alphabet)
        self.total = float(self.counts @ self.times)

    def log_weight(self, points: "Floats") -> "Floats":
        """Return ln of evidence times prior at b = e**t, for an integral over t."""
        import numpy as np

        from kolmo.complexity.polygamma import log_rising

        b = np.exp(points)
        whole = log_rising(self.alphabet * b, np.full_like(b, self.total))
        steps = np.broadcast_to(self.counts, (len(b), len(self.counts)))
        grown = log_rising(np.broadcast_to(b[:, None], steps.shape), steps)
        weights: Floats = grown @ self.times - whole + np.log(self._slope(b)) + points
        return weights

    def _slope(self, b: "Floats") -> "Floats":
        """Return the derivative of the prior's mean entropy, which makes that entropy flat."""
        import numpy as np

        from kolmo.complexity.polygamma import trigamma

        k = self.alphabet  # far out the first terms of two series cancel
        far = ((1 - 1 / k) / 2 - (1 - 1 / k**2) / (6 * b)) / b**2
        return np.where(b > 1e3, far, k * trigamma(k * b + 1) - trigamma(b + 1))

    def moments(self, points: "Floats") -> "Floats":
        """Return mean and variance of the entropy in nats under each Dirichlet prior.

        The second moment is taken about the mean: about 0, its terms would cancel.
        """
        import numpy as np

        from kolmo.complexity.polygamma import digamma, trigamma

        b = np.exp(points)
        a, total = self.counts + b[:, None], self.total + self.alphabet * b
        log_share = digamma(a + 1) - digamma(total + 1)[:, None]
        mean = -(a * log_share) @ self.times / total
        about = log_share + (mean - 1 / (total + 1))[:, None]
        curve = trigamma(total + 2)
        cross = ((a * about) @ self.times) ** 2 - (a * about) ** 2 @ self.times
        cross -= curve * (total**2 - a**2 @ self.times)
        second = (about + 1 / (a + 1)) ** 2 + trigamma(a + 2) - curve[:, None]
        own = (a * (a + 1) * second) @ self.times
        return np.array([mean, (cross + own) / (total * (total + 1))])

    def posterior(self) -> Posterior:
        """Return the moments of the mixture; the rule of equal steps suits a smooth bell."""
        import numpy as np

        points = _support(self._in_parts(self.log_weight))
        heights = self._in_parts(self.log_weight)(points)
        weights = np.exp(heights - heights.max())
        weights /= weights.sum()
        means, variances = self._in_parts(self.moments)(points)
        mean = float(weights @ means)
        variance = float(weights @ (np.maximum(variances, 0.0) + (means - mean) ** 2))
        return Posterior(mean / math.log(2), math.sqrt(variance) / math.log(2))

    def _in_parts(self, function: "Function") -> "Function":
        """Return ``function`` computed for a few points at a time, in bounded memory."""
        import numpy as np

        step = max(1, _LARGEST_TABLE // len(self.counts))

        def whole(points: "Floats") -> "Floats":
            starts = range(0, len(points), step)
            return np.concatenate([function(points[i : i + step]) for i in starts], axis=-1)

        return whole


def _support(log_weight: "Function") -> "Floats":
    """Return equally spaced points over all where a bell has weight.

    The top is found on a grid and finer ones around it, the edges at distances that grow.
    """
    import numpy as np

    grid = np.arange(_LOWEST, _HIGHEST + 1)
    top = grid[log_weight(grid).argmax()]
    for width in (1.0, 0.1, 0.01, 0.001):
        grid = top + width * np.linspace(-1, 1, 21)
        heights = log_weight(grid)
        top = grid[heights.argmax()]
    level = heights.max() - _NEGLIGIBLE
    away = np.geomspace(1e-4, _HIGHEST, 60)
    low, high = top - away, top + away
    edges = (low[(log_weight(low) < level).argmax()], high[(log_weight(high) < level).argmax()])
    return np.linspace(*edges, _POINTS)
