"""Moments of hidden units, and the cost of a noisy weight."""

import numpy as np
import pytest
from naive import noisy as naive

from kolmo.weights.kernels import moments
from kolmo.weights.noisy import Architecture, Posterior, Prior, divergence

POINTS = [
    (0.7, 2.3),
    (0.7, 100.0),
    (-3.0, 100.0),
    (0.3, 0.3599),
    (0.3, 0.36),
    (-1.3, 1e-3),
    (0.2, 1e-9),
    (5.0, 0.3),
    (40.0, 1000.0),
    (-12.0, 0.5),
    (0.0, 1.0),
]
NAMES = ["tanh", "probit", "relu", "step"]


def priced(mean, deviation, shares, means, deviations):
    prior = Prior(*(np.array(part, dtype=float) for part in (shares, means, deviations)))
    net = Architecture(0, 0, 1)
    posterior = Posterior(net, np.array([mean]), np.array([deviation]), prior, np.ones(1))
    return divergence(posterior)[0], tuple(prior)


def test_published_moments_at_one_point():
    """Numbers of the specification."""
    mean, variance, *_ = moments.moments(moments.PROBIT, 0.7, 2.3)
    assert mean == pytest.approx(0.650006241717, abs=1e-11)
    assert variance + mean * mean == pytest.approx(0.532344380118, abs=1e-11)
    mean, variance, *_ = moments.moments(moments.RELU, 0.7, 2.3)
    assert mean == pytest.approx(1.018354065333, abs=1e-11)
    assert variance + mean * mean == pytest.approx(2.271796650542, abs=1e-11)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("mean", "variance"), POINTS)
def test_moments_agree_with_quadrature(name, mean, variance):
    found, spread, *_ = moments.moments(NAMES.index(name), mean, variance)
    first, second = naive.unit_moments(name, mean, variance)
    scale = max(1.0, mean * mean + variance) if name == "relu" else 1.0
    assert found == pytest.approx(first, abs=2e-8 * scale)
    assert spread == pytest.approx(second - first * first, abs=2e-8 * scale)


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_agree_with_differences(name):
    def at(mean, variance):
        return np.array(moments.moments(NAMES.index(name), mean, variance)[:2])

    def slope(function, step):
        near, far = function(step) - function(-step), function(2 * step) - function(-2 * step)
        return (8 * near - far) / (12 * step)

    for mean, variance in [(0.7, 2.3), (-1.0, 0.2), (2.0, 9.0), (0.1, 0.05)]:
        by_mean = slope(lambda d, m=mean, v=variance: at(m + d, v), 1e-3)
        by_variance = slope(lambda d, m=mean, v=variance: at(m, v + d), 1e-3 * variance)
        exact = moments.moments(NAMES.index(name), mean, variance)[2:]
        expected = [by_mean[0], by_variance[0], by_mean[1], by_variance[1]]
        np.testing.assert_allclose(exact, expected, rtol=1e-6, atol=2e-7)


@pytest.mark.parametrize(
    ("q", "p", "nats"),
    [((0.5, 0.1), (0, 1), 1.932585092994), ((1, 0.5), (-1, 2), 1.417544361120)],
)
def test_divergence_of_gaussians_is_that_of_the_specification(q, p, nats):
    assert priced(*q, [1.0], [p[0]], [p[1]])[0] == pytest.approx(nats, abs=1e-11)


def test_mixture_bound_is_that_of_the_specification():
    """The components are equally far, so the bound is the divergence from either."""
    bound, prior = priced(0.5, 0.3, [0.5, 0.5], [0, 1], [0.2, 0.2])
    assert bound == pytest.approx(3.344534892, abs=1e-8)
    assert naive.mixture_divergence(0.5, 0.3, prior) == pytest.approx(0.959816799, abs=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_mixture_bound_is_never_below_the_divergence(seed):
    """Unequal components; one Gaussian gives equality."""
    source = np.random.default_rng(seed)
    k = 1 + seed % 4
    shares = source.dirichlet(np.ones(k))
    parts = shares, source.normal(size=k), np.exp(source.normal(size=k) - 0.5)
    mean, deviation = source.normal(), np.exp(source.normal() - 1)
    bound, prior = priced(mean, deviation, *parts)
    assert bound == pytest.approx(naive.mixture_bound(mean, deviation, prior), rel=1e-12)
    true = naive.mixture_divergence(mean, deviation, prior)
    assert bound >= true - 1e-9
    if k == 1:
        assert bound == pytest.approx(true, abs=1e-8)
