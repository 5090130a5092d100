"""Mean and variance of a hidden unit's output where its input is Gaussian, with derivatives.

By Price's theorem the derivative of E f(X) by the mean of X is E f'(X), and by its variance
E f''(X) / 2. For tanh, f' = 1 - f**2, so four sums over the same points give everything.

The sums for tanh are trapezoid rules, which converge like exp(-pi**2 / step): a narrow Gaussian is
summed at 23 points that move with it, .6 of its deviations apart; a wide one at up to 59 fixed
points .35 apart, after taking off an error function whose mean is known. Means and variances err by
less than 10**-8; Gauss-Hermite quadrature would fail for large variances.

References
----------
G. E. Hinton, D. van Camp (1993). Keeping neural networks simple by minimizing the description
length of the weights. COLT. doi:10.1145/168304.168306. Section 5; there the moments are tabulated.

R. Price (1958). A useful theorem for nonlinear devices having Gaussian inputs. IRE Transactions on
Information Theory 4:69.
"""

import math

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel
from kolmo.weights.kernels.elementary import (
    DENSITY_AT_0,
    TWO_PI,
    cumulative,
    density,
    exp,
    owens_t,
    tanh,
)

Floats = NDArray[np.float64]
Moments = tuple[float, float, float, float, float, float]

TANH, PROBIT, RELU, STEP = 0, 1, 2, 3
SMALLEST_VARIANCE = 1e-24
LARGEST_INPUT = 30.0  # farther out, a narrow Gaussian sees a constant

NARROW = 0.6
NARROW_STEP = 0.6
NARROW_POINTS = 11
WIDE_STEP = 0.35
WIDE_POINTS = 29
REACH = 6.6
E_TO_STEP = 2.0137527074704766  # e**.7, hence tanh at a fixed point from the one before
BASELINE = 0.9  # the wide sums take off erf(.9 x)


def _narrow_weights() -> Floats:
    """Return probabilities of -11 to 11 points, proportional to the Gaussian density there."""
    weights, ratio = [1.0], 0.835270211411272  # exp(-.18)
    for _ in range(NARROW_POINTS):
        weights.append(weights[-1] * ratio)
        ratio *= 0.697676326071031  # exp(-.36)
    total = 1.0
    for weight in weights[1:]:
        total += 2.0 * weight
    return np.array([weight / total for weight in weights[:0:-1] + weights])


def _error_function(x: float, gauss: float) -> float:
    """Return erf(x) by its series of positive terms, given e**(-x**2)."""
    term = total = x
    for k in range(1, 400):
        term = term * 2.0 * x * x / (2 * k + 1)
        total += term
    return 1.1283791670955126 * gauss * total


def _wide_table() -> Floats:
    """Return t less the baseline, t', t t' and (t t')' of t = tanh at 59 points."""
    rows = [(0.0, 1.0, 0.0, 1.0)]
    grown, gauss, ratio = 1.0, 1.0, 0.905538938839136  # exp(-(.9 * .35)**2)
    for k in range(1, WIDE_POINTS + 1):
        grown *= E_TO_STEP
        gauss *= ratio
        ratio *= 0.8200007697539087  # exp(-2 (.9 * .35)**2)
        value = 1.0 - 2.0 / (1.0 + grown)
        slope = 4.0 * grown / (1.0 + grown) / (1.0 + grown)
        less = value - _error_function(BASELINE * WIDE_STEP * k, gauss)
        rows.append((less, slope, value * slope, slope * (3.0 * slope - 2.0)))
    mirrored = [(-less, slope, -product, third) for less, slope, product, third in rows[:0:-1]]
    return np.array(mirrored + rows)


NARROW_WEIGHTS = _narrow_weights()
WIDE_TABLE = _wide_table()


@kernel
def tanh_narrow(mean: float, deviation: float) -> tuple[float, float, float, float]:
    """Return E t, E t**2, E t t' and E (t t')' of t = tanh(X), for a deviation below .6."""
    mean = min(max(mean, -LARGEST_INPUT), LARGEST_INPUT)
    grown = exp(2.0 * (mean - REACH * deviation))
    factor = exp(2.0 * NARROW_STEP * deviation)
    first, second, product, third = 0.0, 0.0, 0.0, 0.0
    for k in range(2 * NARROW_POINTS + 1):
        inverse = 1.0 / (1.0 + grown)
        value = 1.0 - 2.0 * inverse
        slope = 4.0 * (grown * inverse) * inverse
        weight = NARROW_WEIGHTS[k]
        first += weight * value
        second += weight * (value * value)
        product += weight * (value * slope)
        third += weight * (slope * (3.0 * slope - 2.0))
        grown *= factor
    return first, second, product, third


@kernel
def tanh_wide(mean: float, deviation: float) -> tuple[float, float, float, float]:
    """Return E t, E t**2, E t t' and E (t t')' of t = tanh(X), for a deviation of .6 or more."""
    reach = REACH * deviation
    low = int(max(math.floor((mean - reach) / WIDE_STEP), -float(WIDE_POINTS)))
    high = int(min(math.floor((mean + reach) / WIDE_STEP), float(WIDE_POINTS)))
    away = (low * WIDE_STEP - mean) / deviation
    step = WIDE_STEP / deviation
    weight = step * DENSITY_AT_0 * exp(-0.5 * away * away)
    factor = exp(-step * (away + 0.5 * step))
    shrink = exp(-step * step)
    first, slopes, product, third = 0.0, 0.0, 0.0, 0.0
    for k in range(low + WIDE_POINTS, high + WIDE_POINTS + 1):
        first += weight * WIDE_TABLE[k, 0]
        slopes += weight * WIDE_TABLE[k, 1]
        product += weight * WIDE_TABLE[k, 2]
        third += weight * WIDE_TABLE[k, 3]
        weight *= factor
        factor *= shrink
    square = 2.0 * BASELINE * BASELINE
    place = mean * math.sqrt(square) / math.sqrt(1.0 + square * deviation * deviation)
    return first + (2.0 * cumulative(place) - 1.0), 1.0 - slopes, product, third


@kernel
def tanh_moments(mean: float, variance: float) -> Moments:
    """Return the moments of tanh; see ``moments``."""
    deviation = math.sqrt(variance)
    if deviation < NARROW:
        first, second, product, third = tanh_narrow(mean, deviation)
    else:
        first, second, product, third = tanh_wide(mean, deviation)
    slope = 1.0 - second
    spread = max(second - first * first, 0.0)
    by_mean = 2.0 * product - 2.0 * first * slope
    by_variance = third + 2.0 * first * product
    return first, spread, slope, -product, by_mean, by_variance


@kernel
def probit_moments(mean: float, variance: float) -> Moments:
    """Return the moments of the normal distribution function; see ``moments``."""
    wide = 1.0 + variance
    place = mean / math.sqrt(wide)
    ratio = 1.0 / math.sqrt(1.0 + 2.0 * variance)
    first = cumulative(place)
    second = first - 2.0 * owens_t(place, ratio)
    here = density(place)
    by_mean = here / math.sqrt(wide)
    by_variance = -0.5 * here * place / wide
    # of T by its first argument, and by its second
    by_place = -here * (cumulative(place * ratio) - 0.5)
    rise = 1.0 + ratio * ratio
    by_ratio = exp(-0.5 * place * place * rise) / (TWO_PI * rise)
    second_by_mean = by_mean - 2.0 * by_place / math.sqrt(wide)
    second_by_variance = (
        by_variance + by_place * place / wide + 2.0 * by_ratio * ratio * ratio * ratio
    )
    spread = max(second - first * first, 0.0)
    return (
        first,
        spread,
        by_mean,
        by_variance,
        second_by_mean - 2.0 * first * by_mean,
        second_by_variance - 2.0 * first * by_variance,
    )


@kernel
def relu_moments(mean: float, variance: float) -> Moments:
    """Return the moments of the larger of X and 0; see ``moments``."""
    deviation = math.sqrt(variance)
    place = mean / deviation
    above, here = cumulative(place), density(place)
    first = mean * above + deviation * here
    second = (mean * mean + variance) * above + mean * deviation * here
    spread = max(second - first * first, 0.0)
    by_variance = 0.5 * here / deviation
    by_mean = 2.0 * first * (1.0 - above)
    return first, spread, above, by_variance, by_mean, above - 2.0 * first * by_variance


@kernel
def step_moments(mean: float, variance: float) -> Moments:
    """Return the moments of 1 where X > 0, else 0; see ``moments``."""
    deviation = math.sqrt(variance)
    place = mean / deviation
    first, here = cumulative(place), density(place)
    by_mean = here / deviation
    by_variance = -0.5 * here * place / variance
    left = 1.0 - 2.0 * first
    return first, first * (1.0 - first), by_mean, by_variance, left * by_mean, left * by_variance


@kernel
def moments(unit: int, mean: float, variance: float) -> Moments:
    """Return the mean and variance of a unit's output, and their derivatives.

    Parameters
    ----------
    unit : int
        TANH, PROBIT, RELU or STEP.
    mean, variance : float
        Of the Gaussian input; a variance below 10**-24 counts as that.

    Returns
    -------
    tuple
        Mean, variance, mean by mean, mean by variance, variance by mean, variance by variance.
    """
    variance = max(variance, SMALLEST_VARIANCE)
    if unit == TANH:
        return tanh_moments(mean, variance)
    if unit == PROBIT:
        return probit_moments(mean, variance)
    if unit == RELU:
        return relu_moments(mean, variance)
    return step_moments(mean, variance)


@kernel
def output(unit: int, x: float) -> tuple[float, float]:
    """Return a unit's output at a certain input, and its derivative there."""
    if unit == TANH:
        value = tanh(x)
        return value, 1.0 - value * value
    if unit == PROBIT:
        return cumulative(x), density(x)
    if unit == RELU:
        return (x, 1.0) if x > 0.0 else (0.0, 0.0)
    return (1.0, 0.0) if x > 0.0 else (0.0, 0.0)
