"""Training of noisy nets, the same bits on every machine, as the receiver of a message repeats it.

All that is trained goes down one gradient by Adam with a fixed number of steps. Weights are cheap
at first, else the net gives up: at the full price the first steps find that saying nothing is the
shortest message. The best of several random starts wins.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError, shorten
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy import net, prior
from kolmo.weights.noisy.net import Architecture, Fitted, Posterior, Stage

Floats = NDArray[np.float64]

PRICES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
POLISHING_STAGES = 4
STEPS_PER_STAGE = 400
SPREADS = 5
FIRST_RATE, LAST_RATE = 0.02, 0.0002
BATCH = 256
CHUNK = 64
FRESH_SAMPLES = 200
SAMPLE_KEY = 0x5A3D1E5


class _Task(NamedTuple):
    """One descent: what it needs and what it changes."""

    architecture: Architecture
    components: int
    sizes: NDArray[np.int64]
    cases: Floats
    scratch: Floats
    bounds: Floats
    whole: int


class Schedule(NamedTuple):
    """How a descent goes: price and steps of every stage, then polishing at the price 1."""

    stages: tuple[tuple[float, int], ...]
    polishing: int
    spreads: int

    @property
    def steps(self) -> int:
        """Return how many steps a descent takes."""
        return sum(count for _, count in self.stages) + self.spreads * self.polishing


class _Steps(NamedTuple):
    """Takes steps, a chunk at a time, so that one can see and stop them."""

    chunk: int
    progress: Progress

    def take(self, task: _Task, state: Floats, sizes: NDArray[np.int64], plan: Floats) -> None:
        """Take all the steps of a stage."""
        from kolmo.weights.kernels.descent import descend

        left = int(plan[3])
        while left > 0:
            taken = min(self.chunk, left)
            with np.errstate(over="ignore"):
                descend(state, sizes, task.cases, task.scratch, plan, task.bounds, taken)
            self.progress.advance(taken)
            left -= taken


def fit(
    x: Floats,
    y: NDArray[np.generic],
    architecture: Architecture,
    *,
    components: int = 1,
    restarts: int = 5,
    seed: int = 0,
    annealed: bool = True,
    steps_per_stage: int = STEPS_PER_STAGE,
    chunk: int = CHUNK,
    progress: Progress = SILENT,
) -> Fitted:
    """Return the noisy net whose message is the shortest found, misfit and weights in nats.

    Parameters
    ----------
    x : float64[n, inputs]
        Standardised inputs.
    y : float64[n, outputs] or int64[n]
        Targets in units of their step, or labels from 0 to outputs - 1.
    architecture : Architecture
        If it has no scales, they are made from ``y`` (see ``scaled``); the posterior's
        architecture has them.
    components : int
        Gaussians in the coding prior. They are spread in five ways, one of them not at all, each
        polished: the best counts.
    restarts : int
        Random starts.
    annealed : bool
        Whether the price of weights rises slowly to 1; if not, it is 1 for as many steps.
    steps_per_stage : int
        Steps of the descent at each of 12 prices; polishing takes four times as many.
    chunk : int
        Steps between two reports of progress; the result does not depend on it.

    Raises
    ------
    ParameterError
        If the shapes do not fit, a value is not finite, or softmax meets units without a slope.

    Notes
    -----
    The misfit takes the density for the probability of a step of 1, as the paper does (1 to 3). So
    the noise of an output is at least 1 / sqrt(2 pi) steps: no case costs less than 0.

    References
    ----------
    G. E. Hinton, D. van Camp (1993). Keeping neural networks simple by minimizing the description
    length of the weights. COLT. doi:10.1145/168304.168306. Sections 5 to 8.
    """
    targets = _check(x, y, architecture, components, restarts)
    if architecture.likelihood == "normal" and not architecture.scales:
        architecture = net.scaled(architecture, targets)
    task = _prepare(np.asarray(x, dtype=np.float64), targets, architecture, components)
    schedule = _schedule(annealed, steps_per_stage, components)
    steps = _Steps(chunk, progress)
    progress.add(restarts * schedule.steps)
    best: Fitted | None = None
    for restart in range(restarts):
        found = _descend(task, schedule, (seed, restart), steps)
        if best is None or found.total_nats < best.total_nats:
            best = found
    assert best is not None  # restarts is at least 1
    return best


def _schedule(annealed: bool, steps: int, components: int) -> Schedule:
    prices = PRICES if annealed else (1.0,) * len(PRICES)
    spreads = 1 if components == 1 else SPREADS
    return Schedule(tuple((price, steps) for price in prices), POLISHING_STAGES * steps, spreads)


def _check(
    x: Floats, y: NDArray[np.generic], architecture: Architecture, components: int, restarts: int
) -> Floats:
    """Return the targets as float64[n, outputs or 1]."""
    net.check(architecture)
    softmax = architecture.likelihood == "softmax"
    columns = 1 if softmax else architecture.outputs
    targets = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
    if np.ndim(x) != 2 or np.shape(x)[1] != architecture.inputs or len(x) < 1:
        raise ParameterError(
            f"inputs do not suit the net: got shape {shorten(np.shape(x))}; need at least 1 case "
            f"of {architecture.inputs}. Change the net or the inputs."
        )
    if targets.shape != (len(x), columns):
        raise ParameterError(
            f"targets do not suit the net: got shape {shorten(np.shape(y))}; need "
            f"{(len(x), columns)}. Change the net or the targets."
        )
    if not (np.isfinite(x).all() and np.isfinite(targets).all()):
        raise ParameterError("not finite: got NaN or infinity; need numbers. Leave them out.")
    if softmax and not np.isin(targets, np.arange(architecture.outputs)).all():
        raise ParameterError(
            f"labels out of range: got {shorten(targets.min())} to {shorten(targets.max())}; need "
            f"whole numbers from 0 to {architecture.outputs - 1}. Number the classes."
        )
    if softmax and architecture.hidden and architecture.unit == "step":
        raise ParameterError(
            "units without a slope: got step units under softmax; need tanh, probit or relu. "
            "Take another unit."
        )
    if components < 1 or restarts < 1:
        raise ParameterError(
            f"nothing to train: got {shorten(components)} components, {shorten(restarts)} "
            "restarts; need at least 1 of each. Raise them."
        )
    return targets


def _prepare(x: Floats, targets: Floats, architecture: Architecture, components: int) -> _Task:
    count = batch = len(x)
    if architecture.likelihood == "normal":
        targets = (targets - np.array(architecture.centres)) / np.array(architecture.scales)
    else:
        batch = min(count, BATCH)
    cases = net.case_rows(x, targets)
    if batch < count:
        cases = np.concatenate([cases, cases[:, :batch]], axis=1)
    return _Task(
        architecture,
        components,
        net.size_vector(architecture, batch, components),
        cases,
        net.scratch_for(architecture, batch),
        prior.bounds_of(architecture, components),
        count,
    )


def _descend(task: _Task, schedule: Schedule, start: tuple[int, int], steps: _Steps) -> Fitted:
    """Go down from one random start, then polish with every way to spread the prior."""
    key = prior.start_key(*start)
    theta = prior.start_vector(task.architecture, task.components, *start)
    state = np.zeros((4, theta.size))
    state[0] = np.clip(theta, *task.bounds)
    sizes, powers = task.sizes.copy(), np.ones(2)
    sizes[-1] = key
    trace = []
    for price, count in schedule.stages:
        plan = np.array([price, FIRST_RATE, FIRST_RATE, count, 0.0, *powers, task.whole])
        steps.take(task, state, sizes, plan)
        powers = plan[5:7]
        posterior, misfit, weights, _ = _measure(task, state[0])
        trace.append(Stage(price, misfit, weights))
    best: Fitted | None = None
    for spread in range(schedule.spreads):
        polished = np.zeros_like(state)
        polished[0] = prior.spread(
            state[0], task.architecture.weights, task.components, key=key, way=spread
        )
        polished[0] = np.clip(polished[0], *task.bounds)
        plan = np.array([1.0, FIRST_RATE, LAST_RATE, schedule.polishing, 0, 1, 1, task.whole])
        steps.take(task, polished, sizes, plan)
        posterior, misfit, weights, error = _measure(task, polished[0])
        whole = (*trace, Stage(1.0, misfit, weights))
        found = Fitted(posterior, misfit, weights, whole, *start, error)
        if best is None or found.total_nats < best.total_nats:
            best = found
    assert best is not None  # there is at least one way
    return best


def _measure(task: _Task, theta: Floats) -> tuple[Posterior, float, float, float]:
    """Return the posterior, its misfit and its cost in nats, and the error of the misfit."""
    posterior = prior.unpack(theta, task.architecture, task.components)
    misfit, error = _misfit(task, posterior)
    return posterior, misfit, _total(net.divergence(posterior)), error


def _misfit(task: _Task, posterior: Posterior) -> tuple[float, float]:
    """Return the expected misfit in nats and its standard error."""
    if task.architecture.likelihood == "softmax":
        return _sampled_misfit(task, posterior)
    from kolmo.weights.kernels.noisy import misfit

    theta = prior.pack(posterior)
    nats = misfit(theta, np.zeros(theta.size), task.sizes, task.cases, task.scratch)
    return nats + task.whole * _total(prior.logarithms(np.array(task.architecture.scales))), 0.0


def _sampled_misfit(task: _Task, posterior: Posterior) -> tuple[float, float]:
    """Return the mean misfit of fresh nets drawn from the posterior, and its standard error."""
    from kolmo.weights.kernels.descent import sample_misfits

    sizes, whole = task.sizes.copy(), task.whole
    sizes[-1] = SAMPLE_KEY
    found = np.empty(FRESH_SAMPLES)
    cases = np.ascontiguousarray(task.cases[:, :whole])
    with np.errstate(over="ignore"):
        sample_misfits(prior.pack(posterior), sizes, cases, found)
    mean = _total(found) / found.size
    away = found - mean
    return mean, math.sqrt(_total(away * away) / (found.size - 1) / found.size)


def _total(values: Floats) -> float:
    """Return the sum in order."""
    return float(np.add.accumulate(values)[-1]) if values.size else 0.0
