"""What a noisy net is: its shape, its posterior, its coding prior, and what it puts out.

Weights are in one vector: for every hidden unit the weights of its inputs, then its bias; for every
output the weights of the hidden units (of the inputs, if there are none), then its bias. Everything
here has the same bits on every machine, as encoder and decoder both run it.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.errors import ParameterError, shorten
from kolmo.weights.noisy.units import likelihood_code, unit_code

Floats = NDArray[np.float64]

_MANTISSA_BITS = 3
_SCALE_EXPONENT = 2


class Architecture(NamedTuple):
    """The shape of a net.

    Parameters
    ----------
    inputs, hidden, outputs : int
        Sizes of the layers. Without hidden units outputs are linear in the inputs.
    unit : {"tanh", "probit", "relu", "step"}
        What hidden units do.
    likelihood : {"normal", "softmax"}
        Real outputs with normal noise, or the classes 0 to outputs - 1.
    centres, scales : tuple of float
        An output is its centre plus its scale times what the weights make of the inputs, so that
        one coding prior suits weights of all layers; ``scaled`` makes them. Empty: 0 and 1.
    """

    inputs: int
    hidden: int
    outputs: int
    unit: str = "tanh"
    likelihood: str = "normal"
    centres: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @property
    def weights(self) -> int:
        """Return how many weights there are, biases among them.

        Examples
        --------
        >>> Architecture(128, 4, 1).weights
        521
        """
        if not self.hidden:
            return (self.inputs + 1) * self.outputs
        return (self.inputs + 1) * self.hidden + (self.hidden + 1) * self.outputs


class Prior(NamedTuple):
    """The coding prior of a weight: a mixture of Gaussians, or one.

    Parameters
    ----------
    shares, means, deviations : float64[k]
        Of the components; the shares sum to 1.
    """

    shares: Floats
    means: Floats
    deviations: Floats


class Posterior(NamedTuple):
    """Independent Gaussians, one for each weight.

    Parameters
    ----------
    means, deviations : float64[weights]
    prior : Prior
    noise : float64[outputs]
        Standard deviation of each output in units of y; for softmax there is none, float64[0].
    """

    architecture: Architecture
    means: Floats
    deviations: Floats
    prior: Prior
    noise: Floats


class Stage(NamedTuple):
    """What stood at the end of a stage of annealing: the price of weights, and lengths in nats."""

    price: float
    misfit_nats: float
    weight_nats: float


class Fitted(NamedTuple):
    """The best of several descents.

    Parameters
    ----------
    posterior : Posterior
    misfit_nats : float
        Expected misfit of all cases; below 0 never.
    weight_nats : float
        Cost of all weights: the divergence from the prior, or its bound if that is a mixture.
    trace : tuple of Stage
    seed, restart : int
        Which descent it was.
    misfit_error_nats : float
        Standard error of the misfit, which is sampled for softmax; else 0.
    """

    posterior: Posterior
    misfit_nats: float
    weight_nats: float
    trace: tuple[Stage, ...]
    seed: int
    restart: int
    misfit_error_nats: float = 0.0

    @property
    def total_nats(self) -> float:
        """Return the misfit plus the cost of the weights."""
        return self.misfit_nats + self.weight_nats


def scaled(architecture: Architecture, y: Floats) -> Architecture:
    """Return the architecture with a centre and a scale for every output, from targets.

    Parameters
    ----------
    y : float64[n, outputs]
        The targets in units of their step.

    Notes
    -----
    A centre is the whole number nearest to the mean; a scale is four standard deviations,
    rounded to three bits, 1 if that is 0: both are cheap to send. Four, so that hidden units with
    small weights, hence nearly linear, need no large ones behind them.

    Examples
    --------
    >>> scaled(Architecture(1, 0, 1), np.array([[10.0], [30.0]]))[5:]
    ((20.0,), (40.0,))
    """
    centres, scales = [], []
    for column in y.T.tolist():
        mean = math.fsum(column) / max(len(column), 1)
        squares = math.fsum((value - mean) * (value - mean) for value in column)
        fraction, exponent = math.frexp(math.sqrt(squares / max(len(column), 1)))
        exponent += _SCALE_EXPONENT
        rounded = math.floor(math.ldexp(fraction, _MANTISSA_BITS) + 0.5)
        centres.append(float(math.floor(mean + 0.5)))
        scales.append(math.ldexp(rounded, exponent - _MANTISSA_BITS) if rounded else 1.0)
    return architecture._replace(centres=tuple(centres), scales=tuple(scales))


def check(architecture: Architecture) -> None:
    """Raise ParameterError unless a net of that shape can be made."""
    unit_code(architecture.unit)
    likelihood_code(architecture.likelihood)
    sizes = architecture[:3]
    if architecture.inputs < 0 or architecture.hidden < 0 or architecture.outputs < 1:
        raise ParameterError(
            f"no such net: got {shorten(sizes)} inputs, hidden units and outputs; need at least "
            "0, 0 and 1. Change the sizes."
        )
    for values in (architecture.centres, architecture.scales):
        if len(values) not in {0, architecture.outputs}:
            raise ParameterError(
                f"scaling of another net: got {len(values)} values; need {architecture.outputs}, "
                "one for each output. Use scaled()."
            )


def size_vector(architecture: Architecture, count: int, components: int = 1) -> NDArray[np.int64]:
    """Return what kernels know of a net, with ``count`` cases."""
    codes = unit_code(architecture.unit), likelihood_code(architecture.likelihood)
    return np.array([*architecture[:3], *codes, components, 0, count, 0, 0], dtype=np.int64)


def case_rows(x: Floats, targets: Floats | None = None) -> Floats:
    """Return the rows that kernels read: inputs, ones, targets; a column for every case."""
    count, inputs = x.shape
    rows = np.ones((inputs + 1 + (0 if targets is None else targets.shape[1]), count))
    rows[:inputs] = x.T
    if targets is not None:
        rows[inputs + 1 :] = targets.T
    return rows


def scratch_for(architecture: Architecture, count: int) -> Floats:
    """Return room for the kernels of ``noisy``."""
    from kolmo.weights.kernels.noisy import PLANES

    widest = max(architecture.hidden or architecture.inputs, architecture.outputs) + 1
    return np.zeros((PLANES, widest, count))


def unscale(architecture: Architecture, outputs: Floats) -> Floats:
    """Return outputs float64[outputs, n] in units of y, as float64[n, outputs]."""
    centres = np.array(architecture.centres or (0.0,) * architecture.outputs)
    scales = np.array(architecture.scales or (1.0,) * architecture.outputs)
    return np.ascontiguousarray(outputs.T * scales + centres)


def predict(weights: Floats, x: Floats, architecture: Architecture) -> Floats:
    """Return what one net puts out, in units of y, or its logits.

    Parameters
    ----------
    weights : float64[architecture.weights]
    x : float64[n, inputs]
    architecture : Architecture
        That of the posterior, as its centres and scales count.

    Returns
    -------
    float64[n, outputs]
        The same bits on every machine, and for a case alone as among others.

    Examples
    --------
    >>> predict(np.array([2.0, 1.0]), np.array([[3.0]]), Architecture(1, 0, 1))
    array([[7.]])
    """
    from kolmo.weights.kernels.descent import run_net

    check(architecture)
    rows = case_rows(_matrix(x, architecture.inputs))
    hidden = np.ones((architecture.hidden + 1, rows.shape[1]))
    found = np.empty((architecture.outputs, rows.shape[1]))
    sizes = size_vector(architecture, rows.shape[1])
    run_net(np.ascontiguousarray(weights, dtype=np.float64), sizes, rows, hidden, found)
    return unscale(architecture, found)


def _matrix(x: Floats, columns: int) -> Floats:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != columns:
        raise ParameterError(
            f"inputs of another net: got shape {shorten(x.shape)}; need (cases, {columns}). "
            "Give one column for every input."
        )
    return x


def expected_output(posterior: Posterior, x: Floats) -> tuple[Floats, Floats]:
    """Return the mean and the variance of what the noisy net puts out, in units of y, or of logits.

    Parameters
    ----------
    x : float64[n, inputs]

    Returns
    -------
    means, variances : float64[n, outputs]
        Without the noise of the outputs themselves.

    References
    ----------
    G. E. Hinton, D. van Camp (1993). Keeping neural networks simple by minimizing the description
    length of the weights. COLT. doi:10.1145/168304.168306. Equations 10 and 11.
    """
    from kolmo.weights.kernels.noisy import NORMAL, forward
    from kolmo.weights.noisy.prior import pack

    architecture = posterior.architecture
    rows = case_rows(_matrix(x, architecture.inputs))
    count = rows.shape[1]
    sizes, scratch = size_vector(architecture, count), scratch_for(architecture, count)
    sizes[4] = NORMAL
    forward(pack(posterior), sizes, rows, scratch)
    means, variances = scratch[-2:, : architecture.outputs]
    scales = np.array(architecture.scales or (1.0,) * architecture.outputs)
    return unscale(architecture, means), np.ascontiguousarray(variances.T * (scales * scales))


def divergence(posterior: Posterior) -> Floats:
    """Return what every weight costs, in nats.

    Returns
    -------
    float64[weights]
        The divergence of its Gaussian from the prior; from a mixture the bound of equation 17,
        which a sender reaches by choosing a component, so it is never below the divergence.

    Examples
    --------
    >>> one = Prior(np.ones(1), np.zeros(1), np.ones(1))
    >>> net = Architecture(0, 0, 1)
    >>> divergence(Posterior(net, np.array([0.5]), np.array([0.1]), one, np.ones(1))).round(9)
    array([1.93258509])
    """
    from kolmo.weights.kernels.descent import all_costs
    from kolmo.weights.noisy.prior import pack

    sizes = size_vector(posterior.architecture, 0, posterior.prior.shares.size)
    found = np.empty(posterior.architecture.weights)
    all_costs(pack(posterior), sizes, found)
    return found
