"""The logarithm of the gamma function and its first two derivatives, on arrays.

Arguments below 10 are shifted up by the recurrence; above it the asymptotic series is exact to
about 1e-15. For estimates only: they need not be the same to the last bit on every machine.

References
----------
NIST Digital Library of Mathematical Functions, sections 5.5 and 5.11.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_SHIFTS = 10
_HALF_LOG_TWO_PI = 0.9189385332046727


def log_gamma(x: "Floats") -> "Floats":
    """Return ln Gamma(x) for x > 0."""
    import numpy as np

    product, high = np.zeros_like(x), _shifted(x)
    for k in range(_SHIFTS):
        product += np.where(x < _SHIFTS, np.log(x + k), 0.0)
    return (high - 0.5) * np.log(high) - high + _HALF_LOG_TWO_PI + _stirling(high) - product


def digamma(x: "Floats") -> "Floats":
    """Return the derivative of ln Gamma at x > 0."""
    import numpy as np

    lower, high = np.zeros_like(x), _shifted(x)
    for k in range(_SHIFTS):
        lower += np.where(x < _SHIFTS, 1 / (x + k), 0.0)
    s = 1 / high**2
    series = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132)))))
    return np.log(high) - 0.5 / high - series - lower


def trigamma(x: "Floats") -> "Floats":
    """Return the second derivative of ln Gamma at x > 0."""
    import numpy as np

    lower, high = np.zeros_like(x), _shifted(x)
    for k in range(_SHIFTS):
        lower += np.where(x < _SHIFTS, 1 / (x + k) ** 2, 0.0)
    s = 1 / high**2
    series = s * (1 / 6 - s * (1 / 30 - s * (1 / 42 - s * (1 / 30 - s * (5 / 66)))))
    return 1 / high + 0.5 * s + series / high + lower


def log_rising(x: "Floats", steps: "Floats") -> "Floats":
    """Return ln(Gamma(x + steps) / Gamma(x)), steps >= 0, without cancelling for large x."""
    import numpy as np

    high = np.maximum(x, _SHIFTS)
    far = high + steps
    large = steps * np.log(far) + (high - 0.5) * np.log1p(steps / high) - steps
    large += _stirling(far) - _stirling(high)
    if bool(np.all(x >= _SHIFTS)):
        return large
    return np.where(x < _SHIFTS, log_gamma(x + steps) - log_gamma(x), large)


def _shifted(x: "Floats") -> "Floats":
    import numpy as np

    return np.where(x < _SHIFTS, x + _SHIFTS, x)


def _stirling(x: "Floats") -> "Floats":
    s = 1 / x**2
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188))))) / x
