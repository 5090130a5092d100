"""What a net costs by the formulas of 1993, to compare real messages with; and fitting it."""

from __future__ import annotations

import math
from typing import NamedTuple

from kolmo.coding.portable import total
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy.assembling import frame_of, sent_noise
from kolmo.weights.noisy.bitsback import Recorder
from kolmo.weights.noisy.data import Problem
from kolmo.weights.noisy.frame import Settings, check_size, write_prior
from kolmo.weights.noisy.grid import divergence_bits, to_cloud
from kolmo.weights.noisy.net import Architecture, Fitted, expected_output
from kolmo.weights.noisy.outputs import Outputs
from kolmo.weights.noisy.reading import retrain
from kolmo.weights.noisy.sent import round_prior

_LN_2 = math.log(2)


class Theory(NamedTuple):
    """What a net costs by the formulas of 1993, with prior and noise as they are sent.

    Attributes
    ----------
    misfit_bits : float
        The expected length of the target.
    weight_bits : float
        The divergence of all weights, or its bound for a mixture.
    sent_bits : float
        What prior and noise cost, which the paper leaves out.
    """

    misfit_bits: float
    weight_bits: float
    sent_bits: float

    @property
    def as_in_1993_bits(self) -> float:
        """The total without prior and noise."""
        return self.misfit_bits + self.weight_bits

    @property
    def honest_bits(self) -> float:
        """The total."""
        return self.as_in_1993_bits + self.sent_bits


def architecture_of(problem: Problem, hidden: int, unit: str = "tanh") -> Architecture:
    """Return the net with so many hidden units for a problem."""
    found = Architecture(problem.x.shape[1], hidden, problem.outputs, unit, problem.likelihood)
    check_size(found)
    return found


def fit_problem(
    problem: Problem,
    architecture: Architecture,
    settings: Settings | None = None,
    *,
    progress: Progress = SILENT,
) -> Fitted:
    """Return a noisy net fitted to a problem, as a receiver would fit it."""
    return retrain(problem.x, problem.y, architecture, settings or Settings(), progress=progress)


def theory(problem: Problem, fitted: Fitted) -> Theory:
    """Return what a net costs by the formulas; the parts of real messages come near to it."""
    posterior = fitted.posterior
    rounded, noise = round_prior(posterior.prior), sent_noise(posterior)
    recorder = Recorder()
    write_prior(frame_of(problem, posterior, rounded, noise), recorder)
    weight_bits = total(divergence_bits(rounded, to_cloud(posterior)))
    return Theory(_expected_misfit(problem, fitted, noise), weight_bits, recorder.bits)


def _expected_misfit(problem: Problem, fitted: Fitted, noise: float) -> float:
    """Return the bits of the target expected over the posterior."""
    if problem.likelihood != "normal":
        return fitted.misfit_nats / _LN_2
    means, variances = expected_output(fitted.posterior, problem.x)
    outputs = Outputs(problem.likelihood, noise)
    spread = total(variances[:, 0]) / (2 * noise * noise * _LN_2)
    return outputs.misfit_bits(problem.values, means) + spread
