"""Noisy nets: exact gradients, equal bits everywhere, and lengths on real data."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from naive import noisy as naive
from sklearn.datasets import load_diabetes, load_digits
from weights.peptides import make_peptides
from weights.tiny_fits import digest

from kolmo.errors import ParameterError
from kolmo.weights.noisy import (
    Architecture,
    Posterior,
    Prior,
    divergence,
    expected_output,
    fit,
    predict,
    training,
)
from kolmo.weights.noisy.net import case_rows, scratch_for, size_vector
from kolmo.weights.noisy.prior import pack, unpack

TESTS = Path(__file__).parent.parent
BITS = 1 / math.log(2)
DIGEST = "54cbff084a551cf61a0295019ca8716664b70da4bfe7f6bed18408cb2951b004"
UNITS = ["tanh", "probit", "relu", "step"]


def diabetes():
    x, y = load_diabetes(return_X_y=True)
    x = x[:300]
    return (x - x.mean(axis=0)) / x.std(axis=0), y[:300, None]


def some_net(unit, hidden=3, outputs=2, components=3, seed=0, likelihood="normal"):
    source = np.random.default_rng(seed)
    net = Architecture(4, hidden, outputs, unit, likelihood)
    prior = Prior(
        source.dirichlet(np.ones(components)),
        source.normal(size=components),
        np.exp(0.3 * source.normal(size=components)),
    )
    noise = np.exp(source.normal(size=outputs)) if likelihood == "normal" else np.zeros(0)
    means = source.normal(size=net.weights)
    deviations = np.exp(0.5 * source.normal(size=net.weights) - 1)
    x = source.normal(size=(7, 4))
    y = source.normal(size=(7, outputs))
    return Posterior(net, means, deviations, prior, noise), x, y


def total_and_gradient(theta, net, rows, components, price):
    from kolmo.weights.kernels.descent import add_costs
    from kolmo.weights.kernels.noisy import misfit

    sizes = size_vector(net, rows.shape[1], components)
    gradient = np.zeros(theta.size)
    scratch = scratch_for(net, rows.shape[1])
    nats = misfit(theta, gradient, sizes, rows, scratch)
    return nats + price * add_costs(theta, gradient, sizes, price), gradient


@pytest.mark.parametrize("hidden", [0, 3])
@pytest.mark.parametrize("unit", UNITS)
def test_misfit_agrees_with_its_naive_twin(unit, hidden):
    posterior, x, y = some_net(unit, hidden)
    found, _ = total_and_gradient(pack(posterior), posterior.architecture, case_rows(x, y), 3, 0.0)
    net = (*posterior.architecture[:3], unit)
    data = x, y, posterior.noise
    expected = naive.expected_misfit(posterior.means, posterior.deviations**2, data, net)
    assert found == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("unit", "likelihood", "hidden"),
    [
        *((unit, "normal", 3) for unit in UNITS),
        ("tanh", "normal", 0),
        ("tanh", "softmax", 3),
        ("probit", "softmax", 3),
        ("tanh", "softmax", 0),
    ],
)
def test_gradient_agrees_with_differences(unit, likelihood, hidden):
    """For softmax the draws belong to their counters, so they are the same at every point."""
    posterior, x, y = some_net(unit, hidden, likelihood=likelihood)
    if likelihood == "softmax":
        y = np.arange(7.0)[:, None] % 2
    net, rows, theta = posterior.architecture, case_rows(x, y), pack(posterior)

    def value(i, step):
        moved = theta.copy()
        moved[i] += step
        with np.errstate(over="ignore"):
            return total_and_gradient(moved, net, rows, 3, 0.7)[0]

    with np.errstate(over="ignore"):
        _, gradient = total_and_gradient(theta, net, rows, 3, 0.7)
    step = 1e-3
    for i in range(theta.size):
        near, far = value(i, step) - value(i, -step), value(i, 2 * step) - value(i, -2 * step)
        slope = (8 * near - far) / (12 * step)
        assert gradient[i] == pytest.approx(slope, rel=1e-6, abs=2e-6), i


def test_vector_and_posterior_convert_into_each_other():
    posterior, _, _ = some_net("tanh")
    theta = pack(posterior)
    again = unpack(theta, posterior.architecture, 3)
    np.testing.assert_allclose(pack(again), theta, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(again.prior.shares.sum(), 1.0)


@pytest.mark.parametrize("hidden", [0, 3])
@pytest.mark.parametrize("unit", UNITS)
def test_prediction_agrees_with_its_naive_twin(unit, hidden):
    posterior, x, _ = some_net(unit, hidden)
    net = posterior.architecture
    found = predict(posterior.means, x, net)
    expected = naive.run_net(posterior.means, x, net[:3], unit)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    alone = np.concatenate([predict(posterior.means, x[i : i + 1], net) for i in range(7)])
    assert alone.tobytes() == found.tobytes()


def test_expected_output_is_the_mean_of_many_nets():
    """Six standard errors of 20,000 nets: a false alarm in 10**8; half the variance fails."""
    posterior, x, _ = some_net("tanh")
    net = posterior.architecture._replace(centres=(3.0, -1.0), scales=(2.0, 0.5))
    posterior = posterior._replace(architecture=net)
    source = np.random.default_rng(1)
    nets = posterior.means + posterior.deviations * source.normal(size=(20_000, net.weights))
    found = np.array([predict(weights, x, net) for weights in nets])
    means, variances = expected_output(posterior, x)
    errors = np.sqrt(variances / len(nets))
    assert (np.abs(found.mean(axis=0) - means) < 6 * errors).all()
    np.testing.assert_allclose(found.var(axis=0), variances, rtol=0.15)


@pytest.mark.parametrize("chunk", [64, 3])
def test_bits_are_those_of_any_machine_for_any_chunk(chunk):
    assert digest(chunk) == DIGEST


def test_bits_are_the_same_without_compiling():
    run = subprocess.run(
        [sys.executable, "-c", "from weights.tiny_fits import digest; print(digest(64))"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(TESTS)},
    )
    assert run.stdout.strip() == DIGEST


def test_fit_has_stages_whose_last_is_the_result():
    x, y = diabetes()
    fitted = fit(x, y, Architecture(10, 2, 1), restarts=2, steps_per_stage=20)
    assert [stage.price for stage in fitted.trace] == [*training.PRICES, 1.0]
    assert fitted.trace[-1][1:] == (fitted.misfit_nats, fitted.weight_nats)
    assert fitted.weight_nats == pytest.approx(divergence(fitted.posterior).sum())


def test_constant_targets_cost_nothing():
    x, _ = diabetes()
    fitted = fit(x, np.full((300, 1), 7.0), Architecture(10, 2, 1), restarts=1)
    assert 0 <= fitted.misfit_nats < 1
    assert fitted.weight_nats < 30


def test_wrong_requests_are_refused():
    x, y = diabetes()
    for change in (
        {"architecture": Architecture(9, 2, 1)},
        {"architecture": Architecture(10, 2, 2)},
        {"architecture": Architecture(10, 2, 1, "sigmoid")},
        {"architecture": Architecture(10, 2, 1, likelihood="poisson")},
        {"architecture": Architecture(10, 2, 2, "step", "softmax"), "y": y[:, 0] > 100},
        {"architecture": Architecture(10, 2, 2, likelihood="softmax"), "y": y[:, 0]},
        {"x": np.where(x > 2, np.nan, x)},
        {"restarts": 0},
        {"components": 0},
    ):
        request = {"x": x, "y": y, "architecture": Architecture(10, 2, 1), **change}
        with pytest.raises(ParameterError, match=r"got .* need "):
            fit(request.pop("x"), request.pop("y"), request.pop("architecture"), **request)


@pytest.mark.slow
@pytest.mark.parametrize(("components", "bits"), [(1, 2388.0), (5, 2385.0)])
def test_diabetes_takes_no_more_bits_than_the_specification_says(components, bits):
    """Its prototype: 2382.22 bits, with a constant 2497.6."""
    x, y = diabetes()
    fitted = fit(x, y, Architecture(10, 4, 1), components=components)
    assert fitted.total_nats * BITS < bits


@pytest.mark.slow
def test_digits_take_fewer_bits_than_the_specification_says():
    """Variational softmax: at most 1000 bits of 5969.5."""
    x, labels = load_digits(return_X_y=True)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    fitted = fit(x, labels, Architecture(64, 0, 10, likelihood="softmax"), restarts=1)
    assert fitted.total_nats * BITS < 1000
    assert fitted.misfit_error_nats * BITS < 5


@pytest.mark.slow
def test_annealing_pays_on_a_set_like_the_peptides():
    """521 weights, 105 cases: at the full price from the start the net gives up."""
    data = make_peptides()
    totals = [
        fit(data.x, data.y, Architecture(128, 4, 1), components=5, annealed=annealed).total_nats
        for annealed in (True, False)
    ]
    assert totals[0] < totals[1] - 1
