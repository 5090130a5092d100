"""The cost of noisy weights under a mixture, Adam's descent, and the forward pass of one net.

``theta``, ``sizes``, ``cases`` and ``scratch`` are those of ``noisy``. ``plan`` says how to go
down; its places are named below.

References
----------
G. E. Hinton, D. van Camp (1993). Keeping neural networks simple by minimizing the description
length of the weights. COLT. doi:10.1145/168304.168306. Equations 9, 17 and 26.

D. P. Kingma, J. Ba (2015). Adam: a method for stochastic optimization. ICLR. arXiv:1412.6980.
"""

import math

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel
from kolmo.weights.kernels.elementary import exp, log, normal
from kolmo.weights.kernels.moments import output
from kolmo.weights.kernels.noisy import (
    COMPONENTS,
    COUNT,
    DRAWS,
    HIDDEN,
    INPUTS,
    LIKELIHOOD,
    NORMAL,
    OUTPUTS,
    START,
    UNIT,
    draw,
    fill,
    misfit,
    weight_count,
)

Floats = NDArray[np.float64]
Sizes = NDArray[np.int64]

# price of the weights, first and last rate of a stage, its steps, steps done, powers of the decays,
# the number of all cases
PRICE, FIRST_RATE, LAST_RATE, STEPS, DONE, POWER_1, POWER_2, CASES = range(8)
DECAY_1, DECAY_2, SMALLEST_ROOT = 0.9, 0.999, 1e-8


@kernel
def log_sum(values: Floats) -> float:
    """Return the logarithm of the sum of exponentials, and make ``values`` their shares."""
    largest = values[0]
    for k in range(1, values.size):
        largest = max(largest, values[k])
    total = 0.0
    for k in range(values.size):
        values[k] = exp(values[k] - largest)
        total += values[k]
    for k in range(values.size):
        values[k] /= total
    return float(largest + log(total))


@kernel
def component_cost(mean: float, log_variance: float, centre: float, log_deviation: float) -> float:
    """Return the divergence of a Gaussian from another in nats (9)."""
    inverse = exp(-2.0 * log_deviation)
    away = mean - centre
    ratio = (exp(log_variance) + away * away) * inverse
    return log_deviation - 0.5 * log_variance + 0.5 * (ratio - 1.0)


@kernel
def weight_cost(theta: Floats, sizes: Sizes, place: int, shares: Floats) -> float:
    """Return the bound on the divergence of a weight (17), and the responsibilities.

    ``shares`` holds the logarithms of the prior's shares, and receives the responsibilities.
    """
    weights, k = weight_count(sizes), sizes[COMPONENTS]
    centres, deviations = 2 * weights + k, 2 * weights + 2 * k
    if k == 1:
        shares[0] = 1.0
        return component_cost(
            theta[place], theta[weights + place], theta[centres], theta[deviations]
        )
    for i in range(k):
        shares[i] -= component_cost(
            theta[place], theta[weights + place], theta[centres + i], theta[deviations + i]
        )
    return -log_sum(shares)


@kernel
def add_costs(theta: Floats, gradient: Floats, sizes: Sizes, price: float) -> float:
    """Return the cost of all weights in nats, and add ``price`` times its gradient."""
    weights, k = weight_count(sizes), sizes[COMPONENTS]
    logits, centres, deviations = 2 * weights, 2 * weights + k, 2 * weights + 2 * k
    logs, shares, prior, inverse = np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    for i in range(k):
        prior[i] = theta[logits + i]
    norm = log_sum(prior)
    for i in range(k):
        logs[i] = theta[logits + i] - norm
        inverse[i] = exp(-2.0 * theta[deviations + i])
    total = 0.0
    for w in range(weights):
        for i in range(k):
            shares[i] = logs[i]
        total += weight_cost(theta, sizes, w, shares)
        variance = exp(theta[weights + w])
        by_mean, by_variance = 0.0, 0.0
        for i in range(k):
            pull = shares[i] * inverse[i]
            away = theta[w] - theta[centres + i]
            by_mean += pull * away
            by_variance += pull
            gradient[logits + i] += price * (prior[i] - shares[i])
            gradient[centres + i] -= price * (pull * away)
            gradient[deviations + i] += price * (shares[i] - pull * (variance + away * away))
        gradient[w] += price * by_mean
        gradient[weights + w] += price * (0.5 * (by_variance * variance - 1.0))
    return total


@kernel
def descend(
    state: Floats,
    sizes: Sizes,
    cases: Floats,
    scratch: Floats,
    plan: Floats,
    bounds: Floats,
    steps: int,
) -> None:
    """Take steps of Adam with a rate that falls by the step from first to last.

    Parameters
    ----------
    state : float64[4, n]
        Theta, its gradient, running means of the gradient and of its square.
    bounds : float64[2, n]
        The least and the largest that each parameter may be.
    """
    theta, gradient, firsts, squares = state[0], state[1], state[2], state[3]
    for _ in range(steps):
        misfit(theta, gradient, sizes, cases, scratch)
        if sizes[LIKELIHOOD] != NORMAL:
            advance_batch(sizes, gradient, plan)
        add_costs(theta, gradient, sizes, plan[PRICE])
        plan[POWER_1] *= DECAY_1
        plan[POWER_2] *= DECAY_2
        share = plan[DONE] / plan[STEPS]
        rate = plan[FIRST_RATE] + (plan[LAST_RATE] - plan[FIRST_RATE]) * share
        plan[DONE] += 1.0
        rate /= 1.0 - plan[POWER_1]
        correction = 1.0 / (1.0 - plan[POWER_2])
        for i in range(theta.size):
            slope = gradient[i]
            firsts[i] += (1.0 - DECAY_1) * (slope - firsts[i])
            squares[i] += (1.0 - DECAY_2) * (slope * slope - squares[i])
            root = math.sqrt(squares[i] * correction) + SMALLEST_ROOT
            moved = theta[i] - rate * firsts[i] / root
            theta[i] = min(max(moved, bounds[0, i]), bounds[1, i])


@kernel
def advance_batch(sizes: Sizes, gradient: Floats, plan: Floats) -> None:
    """Scale the gradient of a batch to all cases, and go to the next batch and its draws.

    A batch may begin at any case: the first cases stand once more behind the last.
    """
    count = sizes[COUNT]
    factor = plan[CASES] / count
    for i in range(2 * weight_count(sizes)):
        gradient[i] *= factor
    sizes[DRAWS] += (sizes[HIDDEN] + sizes[OUTPUTS]) * count
    sizes[START] += count
    if sizes[START] >= plan[CASES]:
        sizes[START] -= int(plan[CASES])


@kernel
def run_net(weights: Floats, sizes: Sizes, cases: Floats, hidden: Floats, found: Floats) -> None:
    """Compute the outputs of one net with certain weights.

    Parameters
    ----------
    hidden : float64[hidden + 1, n]
        Scratch: what the hidden units put out; the last row holds ones.
    found : float64[outputs, n]
        Receives the outputs.
    """
    fan = sizes[INPUTS] + 1
    for h in range(sizes[HIDDEN]):
        add_rows(weights[h * fan : (h + 1) * fan], cases, hidden[h])
        for c in range(hidden.shape[1]):
            hidden[h, c] = output(sizes[UNIT], hidden[h, c])[0]
    base, width = sizes[HIDDEN] * fan, sizes[HIDDEN] + 1
    if sizes[HIDDEN] == 0:
        width = fan
    for j in range(sizes[OUTPUTS]):
        own = weights[base + j * width : base + (j + 1) * width]
        add_rows(own, hidden if sizes[HIDDEN] > 0 else cases, found[j])


@kernel
def add_rows(factors: Floats, rows: Floats, sums: Floats) -> None:
    """Write the sum of rows, each times its factor, in their order."""
    fill(sums, 0.0)
    for i in range(factors.size):
        for c in range(sums.size):
            sums[c] += rows[i, c] * factors[i]


@kernel
def label_misfit(logits: Floats, labels: Floats) -> float:
    """Return the misfit of logits (a row for every output) to labels, in nats."""
    total = 0.0
    values = np.empty(logits.shape[0])
    for c in range(labels.size):
        for j in range(values.size):
            values[j] = logits[j, c]
        total += log_sum(values) - logits[int(labels[c]), c]
    return total


@kernel
def sample_misfits(theta: Floats, sizes: Sizes, cases: Floats, found: Floats) -> None:
    """Write the misfits in nats of nets for softmax that are drawn from the posterior."""
    hidden = np.ones((sizes[HIDDEN] + 1, cases.shape[1]))
    logits = np.empty((sizes[OUTPUTS], cases.shape[1]))
    drawn = np.empty(weight_count(sizes))
    for i in range(found.size):
        for w in range(drawn.size):
            deviation = exp(0.5 * theta[drawn.size + w])
            drawn[w] = theta[w] + deviation * draw(sizes, i * drawn.size + w)
        run_net(drawn, sizes, cases, hidden, logits)
        found[i] = label_misfit(logits, cases[sizes[INPUTS] + 1])


@kernel
def all_costs(theta: Floats, sizes: Sizes, found: Floats) -> None:
    """Write the cost of every weight in nats."""
    weights, k = weight_count(sizes), sizes[COMPONENTS]
    logs = theta[2 * weights : 2 * weights + k]
    norm = log_sum(logs.copy())
    for w in range(weights):
        shares = logs - norm
        found[w] = weight_cost(theta, sizes, w, shares)


@kernel
def exponentials(values: Floats, found: Floats) -> None:
    """Write the exponential of every value."""
    for i in range(values.size):
        found[i] = exp(values[i])


@kernel
def logarithms(values: Floats, found: Floats) -> None:
    """Write the natural logarithm of every value."""
    for i in range(values.size):
        found[i] = log(values[i])


@kernel
def normals(key: int, found: Floats) -> None:
    """Write the normal numbers that belong to the first counters under a key."""
    for i in range(found.size):
        found[i] = normal(np.uint64(i), np.uint64(key))
