"""Elementary functions of the noisy nets, against decimals and scipy."""

import decimal
import random

import numpy as np
import pytest
from numpy.polynomial import legendre
from scipy import special, stats

from kolmo.weights.kernels import elementary

EPSILON = 2.0**-52
PI = decimal.Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


def worst(function, reference, points):
    """Return the largest relative error, in units of the last place of 1."""
    with decimal.localcontext(prec=60):
        return max(
            abs(float(decimal.Decimal(function(x)) / reference(decimal.Decimal(x)) - 1)) / EPSILON
            for x in points
        )


def uniform(low, high, count=300, seed=1):
    source = random.Random(seed)
    return [source.uniform(low, high) for _ in range(count)]


def tail(x):
    """Return the normal probability above x > 0, in decimals."""
    density = (-(x * x) / 2).exp() / (2 * PI).sqrt()
    if x > 4:
        fraction = x
        for k in range(400, 0, -1):
            fraction = x + k / fraction
        return density / fraction
    total = term = x
    for k in range(1, 200):
        term = term * x * x / (2 * k + 1)
        total += term
    return decimal.Decimal("0.5") - density * total


def tanh(x):
    grown = (2 * x).exp()
    return (grown - 1) / (grown + 1)


@pytest.mark.parametrize(
    ("name", "reference", "low", "high", "units"),
    [
        ("exp", decimal.Decimal.exp, -700.0, 700.0, 1.1),
        ("exp", decimal.Decimal.exp, -1.0, 1.0, 1.1),
        ("log", decimal.Decimal.ln, 1e-9, 3.0, 1.1),
        ("log", decimal.Decimal.ln, 0.999, 1.001, 1.1),
        ("tanh", tanh, 1e-9, 0.2, 3.0),
        ("tanh", tanh, -5.0, -0.1, 3.0),
        ("density", lambda x: (-(x * x) / 2).exp() / (2 * PI).sqrt(), -37.0, 37.0, 3.0),
    ],
)
def test_error_is_a_few_last_places(name, reference, low, high, units):
    assert worst(getattr(elementary, name), reference, uniform(low, high)) < units


def test_normal_tail_is_accurate_far_out():
    found = worst(lambda x: elementary.cumulative(-x), tail, uniform(1e-3, 37.0, 60))
    assert found < 4


def test_cumulative_and_quantile_agree_with_scipy():
    x = np.array(uniform(-8.0, 8.0))
    found = np.array([elementary.cumulative(value) for value in x])
    np.testing.assert_allclose(found, special.ndtr(x), rtol=1e-13)
    shares = 2.0 ** np.array(uniform(-52.0, -1e-3))
    places = np.array([elementary.quantile(share) for share in shares])
    np.testing.assert_allclose(places, special.ndtri(shares), rtol=1e-12, atol=1e-15)


def test_error_function_agrees_with_scipy():
    x = np.array([*uniform(-6.0, 6.0), *uniform(-1e-6, 1e-6)])
    found = [elementary.erf(value) for value in x]
    np.testing.assert_allclose(found, special.erf(x), rtol=1e-14)


def test_owens_t_agrees_with_scipy():
    for h, a in zip(uniform(-9.0, 9.0), uniform(0.0, 1.0, seed=2), strict=True):
        assert elementary.owens_t(h, a) == pytest.approx(special.owens_t(h, a), abs=3e-16)


def test_nodes_are_those_of_gauss_and_legendre():
    nodes, weights = legendre.leggauss(20)
    np.testing.assert_allclose(elementary.NODES, nodes[10:], rtol=4e-15)
    np.testing.assert_allclose(elementary.NODE_WEIGHTS, weights[10:], rtol=1e-13)


def test_ends_of_range_are_zero_infinity_or_sign():
    assert elementary.exp(-1e4) == 0.0
    assert elementary.exp(1e4) == np.inf
    assert np.isnan(elementary.exp(np.nan))
    assert elementary.tanh(-1e9) == -1.0
    assert (elementary.cumulative(-1e9), elementary.cumulative(1e9)) == (0.0, 1.0)


def test_random_bits_are_those_of_splitmix64():
    """The first outputs of the published generator started at 0."""
    with np.errstate(over="ignore"):
        first = [int(elementary.mix(np.uint64(i), np.uint64(0))) for i in range(2)]
    assert first == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


@pytest.mark.parametrize(("scale", "passes"), [(1.0, True), (1.02, False)])
def test_normal_numbers_follow_the_normal_law(scale, passes):
    """The seed is fixed, so no false alarm; normals 2 % too wide are refused."""
    from kolmo.weights.kernels.descent import normals

    found = np.empty(100_000)
    with np.errstate(over="ignore"):
        normals(7, found)
    assert bool(stats.kstest(scale * found, "norm").pvalue > 0.01) is passes
