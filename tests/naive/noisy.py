"""Slow, obvious twins of noisy nets, written from the papers with numpy and scipy."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats

Floats = NDArray[np.float64]

UNITS: dict[str, Callable[[Floats], Floats]] = {
    "tanh": np.tanh,
    "probit": special.ndtr,
    "relu": lambda x: np.maximum(x, 0.0),
    "step": lambda x: (x > 0.0).astype(float),
}


def gaussian_divergence(mean: float, deviation: float, centre: float, spread: float) -> float:
    """Equation 9, in nats."""
    away = mean - centre
    return float(
        np.log(spread / deviation) + (deviation**2 - spread**2 + away**2) / (2 * spread**2)
    )


def mixture_bound(mean: float, deviation: float, prior: tuple[Floats, Floats, Floats]) -> float:
    """Equation 17, in nats."""
    costs = [gaussian_divergence(mean, deviation, m, s) for m, s in zip(*prior[1:], strict=True)]
    return float(-special.logsumexp(np.log(prior[0]) - np.array(costs)))


def mixture_divergence(
    mean: float, deviation: float, prior: tuple[Floats, Floats, Floats]
) -> float:
    """The divergence from a mixture by quadrature, in nats."""

    def integrand(z: float) -> float:
        x = mean + deviation * z
        parts = np.log(prior[0]) + stats.norm.logpdf(x, prior[1], prior[2])
        own = stats.norm.logpdf(z) - np.log(deviation)
        return float(stats.norm.pdf(z) * (own - special.logsumexp(parts)))

    return float(integrate.quad(integrand, -12, 12, limit=500, epsabs=1e-12)[0])


def unit_moments(unit: str, mean: float, variance: float) -> tuple[float, float]:
    """Mean and mean square of a unit's output, by 40,001 points; a jump or bend lies on one."""
    z = np.linspace(-12, 12, 40_001)
    corner = -mean / np.sqrt(variance)
    z = z + (corner - z[np.argmin(np.abs(z - corner))]) if abs(corner) < 11 else z
    weights = stats.norm.pdf(z) * (z[1] - z[0])
    values = UNITS[unit](mean + np.sqrt(variance) * z)
    if unit == "step" and abs(corner) < 11:
        values[np.argmin(np.abs(z - corner))] = 0.5
        return float(weights @ values), float(weights @ values)
    return float(weights @ values), float(weights @ values**2)


def layers(weights: Floats, sizes: tuple[int, int, int]) -> tuple[Floats, Floats]:
    """The matrix of the hidden layer and that of the outputs, biases last."""
    inputs, hidden, outputs = sizes
    cut = hidden * (inputs + 1)
    width = hidden if hidden else inputs
    return weights[:cut].reshape(hidden, inputs + 1), weights[cut:].reshape(outputs, width + 1)


def run_net(weights: Floats, x: Floats, sizes: tuple[int, int, int], unit: str) -> Floats:
    """What one net puts out."""
    first, second = layers(weights, sizes)
    ones = np.ones((len(x), 1))
    if sizes[1]:
        x = UNITS[unit](np.hstack([x, ones]) @ first.T)
    return np.hstack([x, ones]) @ second.T


def expected_misfit(
    means: Floats,
    variances: Floats,
    data: tuple[Floats, Floats, Floats],
    net: tuple[int, int, int, str],
) -> float:
    """Equations 1 to 3 and 10 to 12, in nats, for targets in steps of 1."""
    x, y, noise = data
    *sizes, unit = net
    mean_1, mean_2 = layers(means, tuple(sizes))
    variance_1, variance_2 = layers(variances, tuple(sizes))
    total = 0.0
    for case, target in zip(x, y, strict=True):
        inputs = np.append(case, 1.0)
        middle, spread = inputs, np.zeros(inputs.size)
        if sizes[1]:
            found = [
                unit_moments(unit, m @ inputs, v @ inputs**2)
                for m, v in zip(mean_1, variance_1, strict=True)
            ]
            middle = np.array([*(m for m, _ in found), 1.0])
            spread = np.array([*(square - m * m for m, square in found), 0.0])
        outputs = mean_2 @ middle
        variance = mean_2**2 @ spread + variance_2 @ middle**2 + variance_2 @ spread
        errors = (target - outputs) ** 2 + variance
        total += float(np.sum(np.log(noise * np.sqrt(2 * np.pi)) + errors / (2 * noise**2)))
    return total
