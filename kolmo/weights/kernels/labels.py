"""Labels predicted by small nets that learn from the rows before, with the same bits everywhere.

A net has one layer (softmax regression) or two. ``inner`` is float64[inputs + 1, units], the
weights of hidden units; ``outer`` is float64[width + 1, labels], where width counts the units, or
the inputs if there are none. A row of ``rows`` ends in a 1, whose weights are biases. Loops run
along the outputs, so that a processor's vector units serve them without another order of any sum.

Sender and receiver run these loops alike: the sender in `put_labels`, the receiver in
`read_labels`. The net learns a new row at once, then rows drawn again from all so far. Several nets
that learn at other rates predict together with the frequencies of the labels and with equal shares;
each counts by how well it did, so that labels without any rule cost little more than plain ones.

References
----------
A. P. Dawid (1984). Present position and potential developments: some personal views: statistical
theory: the prequential approach. J. R. Stat. Soc. A 147:278. doi:10.2307/2981683.

M. Herbster, M. K. Warmuth (1998). Tracking the best expert. Machine Learning 32:151.
doi:10.1023/A:1007424614876. Section 4, fixed share; here the share falls with the rows.

R. Krichevsky, V. Trofimov (1981). The performance of universal encoding. IEEE Trans. Inf. Theory
27:199. doi:10.1109/TIT.1981.1056331.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.kernels.coder import HALF, Bytes, Words, peek, skip
from kolmo.jit import kernel
from kolmo.weights.kernels.elementary import exp, mix, tanh

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
State = Any  # a tuple of arrays, see `predict_row`
Word = Any

SHARE = float(1 << 24)
REPLAYS = 96
AVERAGED_EVERY = 8
AVERAGED_PART = 0.15
EQUAL, FREQUENCIES, FIRST_NET = 0, 1, 2  # places of those that predict
INNER_RATE, OUTER_RATE, DECAY = 0, 1, 2  # of a row of plan


@kernel
def to_shares(values: Floats) -> None:
    """Replace logits by the shares of their softmax."""
    largest, total = values[0], 0.0
    for j in range(1, values.size):
        largest = max(largest, values[j])
    for j in range(values.size):
        values[j] = exp(values[j] - largest)
        total += values[j]
    for j in range(values.size):
        values[j] /= total


@kernel
def feed(row: Floats, inner: Floats, outer: Floats, hidden: Floats, shares: Floats) -> None:
    """Write what hidden units put out (or the inputs), with a 1 behind, and the labels' shares."""
    units = inner.shape[1]
    if units == 0:
        hidden[:] = row
    else:
        hidden[:units] = 0.0
        hidden[units] = 1.0
        for i in range(row.size):
            for h in range(units):
                hidden[h] += row[i] * inner[i, h]
        for h in range(units):
            hidden[h] = tanh(hidden[h])
    shares[:] = 0.0
    for i in range(hidden.size):
        for j in range(shares.size):
            shares[j] += hidden[i] * outer[i, j]
    to_shares(shares)


@kernel
def descend_row(
    row: Floats,
    label: int,
    net: tuple[Floats, Floats],
    rates: Floats,
    scratch: tuple[Floats, Floats],
) -> None:
    """Take a step down the gradient of one row's misfit; the decay shrinks weights, never beyond 0.

    Parameters
    ----------
    net : tuple of float64[inputs + 1, units], float64[width + 1, labels]
        What is changed.
    rates : float64[3]
        Rates of both layers, and the decay.
    scratch : tuple of float64[width + 1], float64[labels]
    """
    inner, outer = net
    hidden, shares = scratch
    feed(row, inner, outer, hidden, shares)
    shares[label] -= 1.0
    units, keep = inner.shape[1], 1.0 / (1.0 + rates[INNER_RATE] * rates[DECAY])
    for h in range(units):
        slope = 0.0
        for j in range(shares.size):
            slope += outer[h, j] * shares[j]
        slope *= rates[INNER_RATE] * (1.0 - hidden[h] * hidden[h])
        for i in range(row.size):
            inner[i, h] = inner[i, h] * keep - slope * row[i]
    keep = 1.0 / (1.0 + rates[OUTER_RATE] * rates[DECAY])
    for i in range(hidden.size):
        pull = rates[OUTER_RATE] * hidden[i]
        for j in range(shares.size):
            outer[i, j] = outer[i, j] * keep - pull * shares[j]


@kernel
def set_rates(norm: float, usual: float, units: int, plan: Floats, rates: Floats) -> None:
    """Write the rates for a row whose square sum is ``norm``, ``usual`` being the mean of all.

    A step along a row changes its logits by the rate times that sum: below 4 it cannot diverge.
    """
    along = max(norm, usual)
    rates[INNER_RATE] = plan[INNER_RATE] / along
    rates[OUTER_RATE] = plan[OUTER_RATE] / (units + 1.0 if units > 0 else along)
    rates[DECAY] = plan[DECAY]


@kernel
def square_sums(rows: Floats, found: Floats) -> float:
    """Write the sum of squares of every row, and return their mean."""
    total = 0.0
    for t in range(rows.shape[0]):
        found[t] = 0.0
        for i in range(rows.shape[1]):
            found[t] += rows[t, i] * rows[t, i]
        total += found[t]
    return float(total / rows.shape[0])


@kernel
def draw_row(number: int, below: int, key: int) -> int:
    """Return a random row from 0 to ``below`` - 1, below 2**31."""
    word = mix(np.uint64(number), np.uint64(key)) >> HALF
    return int(np.int64((word * np.uint64(below)) >> HALF))


@kernel
def train_net(
    rows: Floats,
    labels: Integers,
    net: tuple[Floats, Floats],
    plan: Floats,
    sums: Floats,
    steps: tuple[int, int, int, int],
) -> None:
    """Take steps along random rows, at rates that fall to 0.

    Parameters
    ----------
    sums : float64[n + 1]
        Square sums of the rows; their mean.
    steps : tuple of int
        The first step, the one after the last, how many there are in all, the key.
    """
    first, stop, count, key = steps
    inner, outer = net
    scratch = np.empty(outer.shape[0]), np.empty(outer.shape[1])
    rates, last = np.empty(3), sums.size - 1
    for number in range(first, stop):
        t = draw_row(number, last, key)
        set_rates(sums[t], sums[last], inner.shape[1], plan, rates)
        part = 1.0 - number / count
        rates[INNER_RATE] *= part
        rates[OUTER_RATE] *= part
        descend_row(rows[t], labels[t], net, rates, scratch)


@kernel
def learn_row(rows: Floats, labels: Integers, t: int, state: State, key: int) -> None:
    """Let every net learn row t, and rows drawn again from the first to row t."""
    inner, outer, plan, sums = state[0], state[1], state[2], state[3]
    scratch = np.empty(outer.shape[2]), np.empty(outer.shape[3])
    rates, n = np.empty(3), rows.shape[0]
    for net in range(outer.shape[0]):
        now = inner[net, 0], outer[net, 0]
        for r in range(REPLAYS):
            s = t if r == 0 else draw_row(t * REPLAYS + r, t + 1, key)
            set_rates(sums[s], sums[n], inner.shape[3], plan[net], rates)
            rates[DECAY] /= t + 1.0
            descend_row(rows[s], labels[s], now, rates, scratch)
            if r % AVERAGED_EVERY == 0:
                move(inner[net, 0], inner[net, 1])
                move(outer[net, 0], outer[net, 1])


@kernel
def move(target: Floats, average: Floats) -> None:
    """Move an average towards weights."""
    for i in range(average.shape[0]):
        for j in range(average.shape[1]):
            average[i, j] += AVERAGED_PART * (target[i, j] - average[i, j])


@kernel
def predict_row(row: Floats, t: int, state: State) -> None:
    """Write the bounds of the labels' shares of about 2**24, each 1 or more.

    ``state`` holds weights now and averaged of all nets, their plans, the rows' square sums, how
    much each prediction counts, the predictions, counts of the labels, and the bounds.
    """
    inner, outer, trust, guesses, counts, bounds = (
        state[0],
        state[1],
        state[4],
        state[5],
        state[6],
        state[7],
    )
    k = counts.size
    hidden = np.empty(outer.shape[2])
    for j in range(k):
        guesses[EQUAL, j] = 1.0 / k
        guesses[FREQUENCIES, j] = (counts[j] + 0.5) / (t + 0.5 * k)
    for net in range(outer.shape[0]):
        feed(row, inner[net, 1], outer[net, 1], hidden, guesses[FIRST_NET + net])
    for j in range(k):
        share = 0.0
        for e in range(trust.size):
            share += trust[e] * guesses[e, j]
        bounds[j + 1] = bounds[j] + np.int64(min(share, 1.0) * SHARE) + 1


@kernel
def judge(label: int, t: int, state: State) -> None:
    """Count the label, and trust each prediction by the share that it gave it."""
    trust, guesses, counts = state[4], state[5], state[6]
    counts[label] += 1.0
    total = 0.0
    for e in range(trust.size):
        trust[e] *= guesses[e, label]
        total += trust[e]
    change = 1.0 / (t + 2.0)
    for e in range(trust.size):
        trust[e] = (1.0 - change) * (trust[e] / total) + change / trust.size


@kernel
def put_labels(
    rows: Floats,
    labels: Integers,
    span: tuple[int, int, int],
    state: State,
    columns: tuple[Words, Words, Words],
) -> None:
    """Write the intervals of the labels from the first row of a span to before its last.

    The third number of ``span`` is the key of random rows.
    """
    first, stop, key = span
    bounds = state[7]
    for t in range(first, stop):
        predict_row(rows[t], t, state)
        label = labels[t]
        columns[0][t - first] = np.uint64(bounds[label])
        columns[1][t - first] = np.uint64(bounds[label + 1] - bounds[label])
        columns[2][t - first] = np.uint64(bounds[bounds.size - 1])
        judge(label, t, state)
        learn_row(rows, labels, t, state, key)


@kernel
def read_labels(
    head: Words,
    payload: Bytes,
    rows: Floats,
    labels: Integers,
    span: tuple[int, int, int],
    state: State,
) -> int:
    """Read the labels of a span of rows; return a negative number on damage."""
    first, stop, key = span
    bounds = state[7]
    for t in range(first, stop):
        predict_row(rows[t], t, state)
        total = np.uint64(bounds[bounds.size - 1])
        place = peek(head, total)
        if place >= total:
            return -1
        label = 0
        while np.uint64(bounds[label + 1]) <= place:
            label += 1
        start = np.uint64(bounds[label])
        if not skip(head, payload, start, np.uint64(bounds[label + 1]) - start, total):
            return -1
        labels[t] = label
        judge(label, t, state)
        learn_row(rows, labels, t, state, key)
    return 0
