"""Slow, obvious twins of the kernels of labels: numpy's own functions, one formula a line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

AVERAGED_EVERY, AVERAGED_PART, REPLAYS = 8, 0.15, 96
WORD = 1 << 64


def random_row(number, below, key):
    """Return a row from 0 to below - 1: the upper half of SplitMix64's output, scaled."""
    word = (key + (number + 1) * 0x9E3779B97F4A7C15) % WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % WORD
    word ^= word >> 31
    return (word >> 32) * below >> 32


class Net:
    """One or two layers; inputs end in a 1."""

    def __init__(self, inner, outer, plan):
        self.inner, self.outer, self.plan = inner.copy(), outer.copy(), plan

    def hidden(self, row):
        """Return what the last layer is given."""
        if self.inner.shape[1] == 0:
            return row
        return np.append(np.tanh(row @ self.inner), 1.0)

    def predict(self, row):
        """Return the labels' probabilities."""
        logits = self.hidden(row) @ self.outer
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()

    def step(self, row, label, along, decay, part=1.0):
        """Go down the gradient of one row's misfit, then shrink the weights."""
        units = self.inner.shape[1]
        inner_rate = part * self.plan[0] / along
        outer_rate = part * self.plan[1] / (units + 1 if units else along)
        hidden = self.hidden(row)
        error = self.predict(row) - np.eye(self.outer.shape[1])[label]
        back = (self.outer[:units] @ error) * (1 - hidden[:units] ** 2)
        outer = self.outer / (1 + outer_rate * decay) - outer_rate * np.outer(hidden, error)
        self.inner = self.inner / (1 + inner_rate * decay) - inner_rate * np.outer(row, back)
        self.outer = outer


def train(rows, labels, inner, outer, plan, steps, key):
    """Return both layers after steps along random rows, at rates that fall to 0."""
    net, squares = Net(inner, outer, plan), (rows**2).sum(axis=1)
    for number in range(steps):
        t = random_row(number, len(rows), key)
        along = max(squares[t], squares.mean())
        net.step(rows[t], labels[t], along, plan[2], 1 - number / steps)
    return net.inner, net.outer


def prequential_bits(
    rows, labels, inner, outer, plans: Sequence[Sequence[float]], classes: int, key: int
) -> float:
    """Return the bits of labels, each under the mixture of nets, counts and equal shares."""
    nets = [Net(inner, outer, plan) for plan in plans]
    averages = [Net(inner, outer, plan) for plan in plans]
    squares = (rows**2).sum(axis=1)
    trust = np.full(2 + len(nets), 1 / (2 + len(nets)))
    counts, bits = np.zeros(classes), 0.0
    for t, (row, label) in enumerate(zip(rows, labels, strict=True)):
        frequencies = (counts + 0.5) / (t + classes / 2)
        equal = np.full(classes, 1 / classes)
        guesses = np.array([equal, frequencies, *(net.predict(row) for net in averages)])
        bits -= math.log2(trust @ guesses[:, label])
        counts[label] += 1
        trust = trust * guesses[:, label] / (trust @ guesses[:, label])
        trust = trust * (1 - 1 / (t + 2)) + 1 / (t + 2) / len(trust)
        for net, average in zip(nets, averages, strict=True):
            for r in range(REPLAYS):
                s = t if r == 0 else random_row(t * REPLAYS + r, t + 1, key)
                along = max(squares[s], squares.mean())
                net.step(rows[s], labels[s], along, net.plan[2] / (t + 1))
                if r % AVERAGED_EVERY == 0:
                    average.inner += AVERAGED_PART * (net.inner - average.inner)
                    average.outer += AVERAGED_PART * (net.outer - average.outer)
    return bits
