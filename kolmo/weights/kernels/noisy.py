"""The misfit of a noisy net in nats, and its exact gradient.

One vector ``theta`` holds everything that is trained: the means of W weights, the logarithms of
their variances, the prior's k share logits, k means and k log deviations, and the logarithms of the
noise of every output. ``sizes`` says what it means and which cases count (see the names below).

``cases`` has a row for every input, a row of ones (so a bias is a weight), a row for every target
or one of labels, and a column for every case. ``scratch`` is float64[12, rows, cases], as many rows
as a layer has inputs and outputs at most; its planes are named below. Loops run along the cases, so
that a processor's vector units serve them without another order of any sum.

References
----------
G. E. Hinton, D. van Camp (1993). Keeping neural networks simple by minimizing the description
length of the weights. COLT. doi:10.1145/168304.168306. Equations 1 to 3, 9 to 12, 17, 26.

D. P. Kingma, T. Salimans, M. Welling (2015). Variational dropout and the local reparameterization
trick. NIPS. arXiv:1506.02557. Section 2.2, how softmax outputs are sampled.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.jit import kernel
from kolmo.weights.kernels.elementary import exp, log, normal
from kolmo.weights.kernels.moments import SMALLEST_VARIANCE, moments, output

Floats = NDArray[np.float64]
Sizes = NDArray[np.int64]
Word = Any

NORMAL, SOFTMAX = 0, 1
# sizes: of the net and its prior; the range of cases; how many draws came before, under which key
INPUTS, HIDDEN, OUTPUTS, UNIT, LIKELIHOOD, COMPONENTS, START, COUNT, DRAWS, KEY = range(10)
# scratch: outputs of units, their mean and variance by mean and variance, misfit by mean and
# variance of a unit's output, mean and variance of its input, misfit by those of a net's output
MEAN, SPREAD, MEAN_M, MEAN_V, SPREAD_M, SPREAD_V, BY_MEAN, BY_SPREAD, IN_M, IN_V, OUT_M, OUT_V = (
    range(12)
)
PLANES = 12
HALF_LOG_TWO_PI = 0.9189385332046727


@kernel
def weight_count(sizes: Sizes) -> int:
    """Return the number of weights, biases among them."""
    hidden = sizes[HIDDEN]
    if hidden == 0:
        return int((sizes[INPUTS] + 1) * sizes[OUTPUTS])
    return int((sizes[INPUTS] + 1) * hidden + (hidden + 1) * sizes[OUTPUTS])


@kernel
def fill(row: Floats, value: float) -> None:
    """Write one value everywhere."""
    for c in range(row.size):
        row[c] = value


@kernel
def add_scaled(row: Floats, factor: float, sums: Floats) -> None:
    """Add ``factor`` times a row."""
    for c in range(sums.size):
        sums[c] += row[c] * factor


@kernel
def add_both(row: Floats, mean: float, variance: float, means: Floats, variances: Floats) -> None:
    """Add what a noisy weight makes of a row of certain inputs: mean and variance."""
    for c in range(means.size):
        x = row[c]
        means[c] += x * mean
        variances[c] += x * x * variance


@kernel
def inner(a: Floats, b: Floats, row: Floats) -> tuple[float, float]:
    """Return the sums of a x and of b x**2 over a row of x, each as four interleaved sums."""
    a_0, a_1, a_2, a_3 = 0.0, 0.0, 0.0, 0.0
    b_0, b_1, b_2, b_3 = 0.0, 0.0, 0.0, 0.0
    whole = a.size - a.size % 4
    for c in range(0, whole, 4):
        x_0, x_1, x_2, x_3 = row[c], row[c + 1], row[c + 2], row[c + 3]
        a_0 += a[c] * x_0
        a_1 += a[c + 1] * x_1
        a_2 += a[c + 2] * x_2
        a_3 += a[c + 3] * x_3
        b_0 += b[c] * (x_0 * x_0)
        b_1 += b[c + 1] * (x_1 * x_1)
        b_2 += b[c + 2] * (x_2 * x_2)
        b_3 += b[c + 3] * (x_3 * x_3)
    for c in range(whole, a.size):
        a_0 += a[c] * row[c]
        b_0 += b[c] * (row[c] * row[c])
    return (a_0 + a_1) + (a_2 + a_3), (b_0 + b_1) + (b_2 + b_3)


@kernel
def draw(sizes: Sizes, number: int) -> float:
    """Return the normal number that is ``number`` draws after those before."""
    return normal(np.uint64(sizes[DRAWS] + number), np.uint64(sizes[KEY]))


@kernel
def enter_units(theta: Floats, sizes: Sizes, cases: Floats, scratch: Floats) -> None:
    """Compute mean and variance of the input of every hidden unit."""
    fan, start, count = sizes[INPUTS] + 1, sizes[START], sizes[COUNT]
    weights = weight_count(sizes)
    for h in range(sizes[HIDDEN]):
        means, variances = scratch[IN_M, h, :count], scratch[IN_V, h, :count]
        fill(means, 0.0)
        fill(variances, 0.0)
        for i in range(fan):
            place = h * fan + i
            row, variance = cases[i, start : start + count], exp(theta[weights + place])
            add_both(row, theta[place], variance, means, variances)


@kernel
def pass_units(sizes: Sizes, scratch: Floats) -> None:
    """Compute moments of the output of every hidden unit; for softmax, draw it."""
    count, unit = sizes[COUNT], sizes[UNIT]
    for h in range(sizes[HIDDEN]):
        for c in range(count):
            mean, variance = scratch[IN_M, h, c], scratch[IN_V, h, c]
            if sizes[LIKELIHOOD] == NORMAL:
                found = moments(unit, mean, variance)
            else:
                deviation = math.sqrt(max(variance, SMALLEST_VARIANCE))
                noise = draw(sizes, h * count + c)
                value, slope = output(unit, mean + deviation * noise)
                found = (value, 0.0, slope, 0.5 * slope * noise / deviation, 0.0, 0.0)
            scratch[MEAN, h, c], scratch[SPREAD, h, c] = found[0], found[1]
            scratch[MEAN_M, h, c], scratch[MEAN_V, h, c] = found[2], found[3]
            scratch[SPREAD_M, h, c], scratch[SPREAD_V, h, c] = found[4], found[5]


@kernel
def enter_outputs(theta: Floats, sizes: Sizes, cases: Floats, scratch: Floats) -> None:
    """Compute mean and variance of every output (10, 11), from hidden units or from inputs."""
    count, start, width = sizes[COUNT], sizes[START], sizes[HIDDEN]
    base, weights = width * (sizes[INPUTS] + 1), weight_count(sizes)
    if width == 0:
        width = sizes[INPUTS]
        for i in range(width):
            fill(scratch[MEAN, i, :count], 0.0)
            add_scaled(cases[i, start : start + count], 1.0, scratch[MEAN, i, :count])
            fill(scratch[SPREAD, i, :count], 0.0)
    fill(scratch[MEAN, width, :count], 1.0)
    fill(scratch[SPREAD, width, :count], 0.0)
    for j in range(sizes[OUTPUTS]):
        means, variances = scratch[OUT_M, j, :count], scratch[OUT_V, j, :count]
        fill(means, 0.0)
        fill(variances, 0.0)
        for h in range(width + 1):
            mean, variance = theta[base + h], exp(theta[weights + base + h])
            add_both(scratch[MEAN, h], mean, variance, means, variances)
            add_scaled(scratch[SPREAD, h], mean * mean + variance, variances)
        base += width + 1


@kernel
def compare_normal(
    theta: Floats, gradient: Floats, sizes: Sizes, cases: Floats, scratch: Floats
) -> float:
    """Return the misfit in nats (12); its derivatives take the place of the outputs' moments."""
    count, start, outputs = sizes[COUNT], sizes[START], sizes[OUTPUTS]
    noises = theta.size - outputs
    total = 0.0
    for j in range(outputs):
        inverse = exp(-2.0 * theta[noises + j])
        targets = cases[sizes[INPUTS] + 1 + j]
        errors = 0.0
        for c in range(count):
            error = scratch[OUT_M, j, c] - targets[start + c]
            errors += error * error + scratch[OUT_V, j, c]
            scratch[OUT_M, j, c] = error * inverse
            scratch[OUT_V, j, c] = 0.5 * inverse
        total += count * (theta[noises + j] + HALF_LOG_TWO_PI) + 0.5 * errors * inverse
        gradient[noises + j] = count - errors * inverse
    return total


@kernel
def compare_softmax(sizes: Sizes, cases: Floats, scratch: Floats) -> float:
    """Return the misfit of drawn logits in nats; its derivatives take the place of moments."""
    count, start, outputs = sizes[COUNT], sizes[START], sizes[OUTPUTS]
    labels = cases[sizes[INPUTS] + 1]
    total = 0.0
    for c in range(count):
        largest = -1e300
        for j in range(outputs):
            deviation = math.sqrt(max(scratch[OUT_V, j, c], SMALLEST_VARIANCE))
            noise = draw(sizes, (sizes[HIDDEN] + j) * count + c)
            scratch[OUT_M, j, c] += deviation * noise
            scratch[OUT_V, j, c] = 0.5 * noise / deviation
            largest = max(largest, scratch[OUT_M, j, c])
        label = int(labels[start + c])
        own = scratch[OUT_M, label, c] - largest
        powers = 0.0
        for j in range(outputs):
            scratch[OUT_M, j, c] = exp(scratch[OUT_M, j, c] - largest)
            powers += scratch[OUT_M, j, c]
        total += log(powers) - own
        for j in range(outputs):
            by_logit = scratch[OUT_M, j, c] / powers - (1.0 if j == label else 0.0)
            scratch[OUT_M, j, c] = by_logit
            scratch[OUT_V, j, c] *= by_logit
    return total


@kernel
def leave_outputs(theta: Floats, gradient: Floats, sizes: Sizes, scratch: Floats) -> None:
    """Write derivatives by the outputs' weights, and by what their inputs are."""
    count, width = sizes[COUNT], sizes[HIDDEN]
    base, weights = width * (sizes[INPUTS] + 1), weight_count(sizes)
    passed = width
    if width == 0:
        width = sizes[INPUTS]
    for h in range(passed):
        fill(scratch[BY_MEAN, h, :count], 0.0)
        fill(scratch[BY_SPREAD, h, :count], 0.0)
    for j in range(sizes[OUTPUTS]):
        by_mean, by_variance = scratch[OUT_M, j, :count], scratch[OUT_V, j, :count]
        for h in range(width + 1):
            mean, variance = theta[base + h], exp(theta[weights + base + h])
            firsts, squares = inner(by_mean, by_variance, scratch[MEAN, h])
            spreads = inner(by_variance, by_variance, scratch[SPREAD, h])[0] if passed else 0.0
            gradient[base + h] = firsts + 2.0 * mean * spreads
            gradient[weights + base + h] = variance * (squares + spreads)
            if h < passed:
                add_scaled(by_mean, mean, scratch[BY_MEAN, h, :count])
                add_scaled(by_variance, mean * mean + variance, scratch[BY_SPREAD, h, :count])
                for c in range(count):
                    both = 2.0 * variance * scratch[MEAN, h, c]
                    scratch[BY_MEAN, h, c] += by_variance[c] * both
        base += width + 1


@kernel
def leave_units(
    theta: Floats, gradient: Floats, sizes: Sizes, cases: Floats, scratch: Floats
) -> None:
    """Write derivatives by the hidden units' weights."""
    fan, start, count = sizes[INPUTS] + 1, sizes[START], sizes[COUNT]
    weights = weight_count(sizes)
    for h in range(sizes[HIDDEN]):
        by_mean, by_variance = scratch[IN_M, h, :count], scratch[IN_V, h, :count]
        for c in range(count):
            mean, spread = scratch[BY_MEAN, h, c], scratch[BY_SPREAD, h, c]
            by_mean[c] = mean * scratch[MEAN_M, h, c] + spread * scratch[SPREAD_M, h, c]
            by_variance[c] = mean * scratch[MEAN_V, h, c] + spread * scratch[SPREAD_V, h, c]
        for i in range(fan):
            place = h * fan + i
            firsts, squares = inner(by_mean, by_variance, cases[i, start : start + count])
            gradient[place] = firsts
            gradient[weights + place] = exp(theta[weights + place]) * squares


@kernel
def forward(theta: Floats, sizes: Sizes, cases: Floats, scratch: Floats) -> None:
    """Compute the moments of all outputs, in the planes OUT_M and OUT_V."""
    enter_units(theta, sizes, cases, scratch)
    pass_units(sizes, scratch)
    enter_outputs(theta, sizes, cases, scratch)


@kernel
def misfit(theta: Floats, gradient: Floats, sizes: Sizes, cases: Floats, scratch: Floats) -> float:
    """Return the expected misfit in nats, or a drawn one for softmax, and write its gradient.

    The prior's part of the gradient becomes 0.
    """
    forward(theta, sizes, cases, scratch)
    weights = weight_count(sizes)
    fill(gradient[2 * weights :], 0.0)
    if sizes[LIKELIHOOD] == NORMAL:
        total = compare_normal(theta, gradient, sizes, cases, scratch)
    else:
        total = compare_softmax(sizes, cases, scratch)
    leave_outputs(theta, gradient, sizes, scratch)
    leave_units(theta, gradient, sizes, cases, scratch)
    return total
