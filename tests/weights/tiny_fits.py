"""Tiny fits of noisy nets, whose bits a test compares between machines, processes and settings."""

import hashlib

import numpy as np

from kolmo.weights.noisy import Architecture, fit

INPUTS = [[-1.0, 0.5], [0.25, -1.5], [1.0, 1.0], [0.5, -0.25], [-0.75, 1.25]]
VALUES = [[3.0], [8.0], [-2.0], [5.0], [1.0]]
LABELS = [0, 2, 1, 2, 0]


def digest(chunk: int) -> str:
    """Return the SHA-256 of all that three small nets have learnt."""
    found = hashlib.sha256()
    for y, unit, outputs, likelihood, restarts in (
        (VALUES, "tanh", 1, "normal", 2),
        (VALUES, "probit", 1, "normal", 1),
        (LABELS, "relu", 3, "softmax", 1),
    ):
        net = Architecture(2, 2, outputs, unit, likelihood)
        fitted = fit(
            np.array(INPUTS),
            np.array(y),
            net,
            components=2,
            restarts=restarts,
            steps_per_stage=1,
            chunk=chunk,
        )
        posterior = fitted.posterior
        lengths = np.array([fitted.misfit_nats, fitted.weight_nats])
        for part in (*posterior[1:3], *posterior.prior, posterior.noise, lengths):
            found.update(part.tobytes())
    return found.hexdigest()
