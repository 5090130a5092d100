"""The vector of all that is trained, from a posterior and its prior, and back; and its bounds."""

import numpy as np
from numpy.typing import NDArray

from kolmo.weights.noisy.net import Architecture, Posterior, Prior

Floats = NDArray[np.float64]

LEAST_DEVIATION = 2.0**-9  # of a weight, in steps of 2**-12 still 8: it can be sent
LEAST_PRIOR_DEVIATION = 2.0**-8
LARGEST_DEVIATION = 64.0
LARGEST_MEAN = 1024.0
LARGEST_LOGIT = 12.0
LEAST_NOISE = 0.3989422804014327  # 1 / sqrt(2 pi): no case then costs less than nothing
LARGEST_LOG_NOISE = 20.0
START_DEVIATION = 0.1
START_PRIOR_DEVIATION = 0.5
HALVING = 0.6931471805599453
SPREAD_OF_MEANS, SPREAD_OF_LOGS = 1.5, 0.7


def pack(posterior: Posterior) -> Floats:
    """Return a posterior as the vector of kernels: means, log variances, prior, log noise."""
    scales = _scales(posterior.architecture, posterior.noise.size)
    prior = posterior.prior
    return np.concatenate(
        [
            posterior.means,
            2.0 * logarithms(posterior.deviations),
            logarithms(prior.shares),
            prior.means,
            logarithms(prior.deviations),
            logarithms(posterior.noise / scales),
        ]
    )


def unpack(theta: Floats, architecture: Architecture, components: int) -> Posterior:
    """Return a vector as a posterior with its prior; the inverse of ``pack``, but for rounding."""
    count, k = architecture.weights, components
    means, variances, logits, centres, deviations, noise = np.split(
        theta, np.cumsum([count, count, k, k, k])
    )
    powers = exponentials(logits - logits.max())
    shares = powers / float(np.add.accumulate(powers)[-1])
    prior = Prior(shares, centres.copy(), exponentials(deviations))
    noise = exponentials(noise) * _scales(architecture, noise.size)
    return Posterior(architecture, means.copy(), exponentials(0.5 * variances), prior, noise)


def start_vector(architecture: Architecture, components: int, seed: int, restart: int) -> Floats:
    """Return where a descent starts: small random means, narrow posteriors, and the prior.

    The components are equal if the restart is even, else each is half as wide as the one before.
    """
    from kolmo.weights.kernels.descent import normals

    weights = np.empty(architecture.weights)
    with np.errstate(over="ignore"):
        normals(start_key(seed, restart), weights)
    fans = np.full(architecture.weights, float(architecture.inputs + 1))
    if architecture.hidden:
        fans[(architecture.inputs + 1) * architecture.hidden :] = architecture.hidden + 1
    logs = logarithms(np.array([START_DEVIATION, START_PRIOR_DEVIATION]))
    return np.concatenate(
        [
            weights / np.sqrt(fans),
            np.full(weights.size, 2.0 * logs[0]),
            np.zeros(components),
            np.zeros(components),
            logs[1] - HALVING * (restart % 2) * np.arange(components),
            np.zeros(architecture.outputs if architecture.likelihood == "normal" else 0),
        ]
    )


def spread(theta: Floats, weights: int, components: int, *, key: int, way: int) -> Floats:
    """Return the vector with the components of its prior, still all equal, spread at random.

    Way 0 spreads nothing. Equal components have equal gradients, hence act as one Gaussian until
    they are spread: components that move while weights are cheap tie weights that should be free.
    """
    from kolmo.weights.kernels.descent import normals

    theta = theta.copy()
    noise = np.zeros(3 * components)
    if way > 0:
        with np.errstate(over="ignore"):
            normals(start_key(key, way), noise)
    at = 2 * weights
    k = components
    deviation = exponentials(theta[at + 2 * k : at + 2 * k + 1])[0]
    theta[at : at + k] += SPREAD_OF_LOGS * noise[:k]
    theta[at + k : at + 2 * k] += SPREAD_OF_MEANS * deviation * noise[k : 2 * k]
    theta[at + 2 * k : at + 3 * k] += SPREAD_OF_LOGS * np.minimum(noise[2 * k :], 1.0)
    return theta


def start_key(seed: int, restart: int) -> int:
    """Return the key of the random numbers of a restart, below 2**62."""
    from kolmo.weights.kernels.elementary import mix

    with np.errstate(over="ignore"):
        return int(mix(np.uint64(restart), np.uint64(seed))) >> 2


def bounds_of(architecture: Architecture, components: int) -> Floats:
    """Return the least and the largest value of everything in the vector, as two rows."""
    noise = architecture.outputs if architecture.likelihood == "normal" else 0
    logs = logarithms(np.array([LEAST_DEVIATION, LEAST_PRIOR_DEVIATION, LARGEST_DEVIATION]))
    least_noise = logarithms(LEAST_NOISE / _scales(architecture, noise))
    parts = [
        (architecture.weights, -LARGEST_MEAN, LARGEST_MEAN),
        (architecture.weights, 2.0 * logs[0], 2.0 * logs[2]),
        (components, -LARGEST_LOGIT, LARGEST_LOGIT),
        (components, -LARGEST_MEAN, LARGEST_MEAN),
        (components, logs[1], logs[2]),
    ]
    low = [np.full(count, least) for count, least, _ in parts]
    high = [np.full(count, most) for count, _, most in parts]
    return np.array(
        [
            np.concatenate([*low, least_noise]),
            np.concatenate([*high, least_noise + LARGEST_LOG_NOISE]),
        ]
    )


def _scales(architecture: Architecture, outputs: int) -> Floats:
    return np.array(architecture.scales or (1.0,) * outputs)[:outputs]


def exponentials(values: Floats) -> Floats:
    """Return the exponential of every value, the same bits on every machine."""
    from kolmo.weights.kernels import descent

    found = np.empty(values.size)
    descent.exponentials(np.ascontiguousarray(values), found)
    return found


def logarithms(values: Floats) -> Floats:
    """Return the natural logarithm of every value, the same bits on every machine."""
    from kolmo.weights.kernels import descent

    found = np.empty(values.size)
    descent.logarithms(np.ascontiguousarray(values), found)
    return found
