"""The parts of a message, in the order of reading, and the container around them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.container import pack
from kolmo.data import MemoryInput
from kolmo.errors import DecodeError, KolmoError
from kolmo.weights.noisy.bitsback import Recorder
from kolmo.weights.noisy.data import Problem
from kolmo.weights.noisy.frame import (
    Frame,
    Training,
    write_names,
    write_net,
    write_prior,
    write_target,
)
from kolmo.weights.noisy.net import Architecture, Posterior, predict
from kolmo.weights.noisy.outputs import Outputs
from kolmo.weights.noisy.sent import NOISE, Rounded

Floats = NDArray[np.float64]

_LEAST_NOISE, _LARGEST_NOISE = 0.4, 2.0**62  # where a density stands for a probability
_SMALL_NOISES = tuple(NOISE.round(2.0**exponent) for exponent in (-2, -3, -5, -9))


@dataclass(frozen=True, eq=False)
class Sent:
    """A message, and what its parts cost.

    Attributes
    ----------
    code : str
        Which of `CODES`.
    container : bytes
        The ``.klm`` file.
    parts : dict of str to float
        Bits of each part; refunds are negative. They add up to `net_bits`.
    net_bits : int
        Length of the file less that of the payload.
    payload_bytes : int
        Length of the payload.
    padding_bytes : int
        How many bytes a payload that was too short got; part of the net length.
    weights : float64[w]
        The weights that the target is sent with.
    """

    code: str
    container: bytes
    parts: dict[str, float]
    net_bits: int
    payload_bytes: int
    padding_bytes: int
    weights: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return all but container and weights as a dictionary."""
        return {
            "code": self.code,
            "container_bits": 8 * len(self.container),
            "payload_bytes": self.payload_bytes,
            "padding_bytes": self.padding_bytes,
            "net_bits": self.net_bits,
            "parts_bits": dict(self.parts),
        }


class Content(NamedTuple):
    """All but the container.

    Attributes
    ----------
    parts : dict of str to Recorder
        What is written.
    extra : dict of str to float
        Bits of what is not: refund and padding.
    """

    parts: dict[str, Recorder]
    extra: dict[str, float]
    weights: Floats
    payload_bytes: int


def write_frame(problem: Problem, frame: Frame) -> dict[str, Recorder]:
    """Return the parts before the weights, in the order of reading."""
    limit = len(problem.data)
    writers: dict[str, Callable[[Recorder], None]] = {
        "features": lambda coder: write_names(problem.known, coder),
        "target": lambda coder: write_target(frame, limit, coder),
        "net": lambda coder: write_net(frame, coder),
        "prior": lambda coder: write_prior(frame, coder),
    }
    parts = {name: Recorder() for name in writers}
    for name, write in writers.items():
        write(parts[name])
    return parts


def write_misfit(
    problem: Problem, architecture: Architecture, weights: Floats, noise: float
) -> Recorder:
    """Return the target under the net with certain weights; KolmoError if that is impossible."""
    recorder = Recorder()
    predicted = predict(weights, problem.x, architecture)
    outputs = Outputs(problem.likelihood, noise)
    try:
        outputs.encode(problem.values, predicted, recorder)
    except DecodeError as error:
        raise KolmoError(f"no message: {error}. Fit another net.") from error
    return recorder


def sent_noise(posterior: Posterior) -> float:
    """Return the noise that is sent in place of the posterior's; 1 for labels."""
    if posterior.architecture.likelihood != "normal":
        return 1.0
    return NOISE.round(float(posterior.noise[0]))


def frame_of(
    problem: Problem,
    posterior: Posterior,
    rounded: Rounded | None,
    noise: float,
    training: Training | None = None,
) -> Frame:
    """Return the first part of a message."""
    return Frame(
        problem.header,
        problem.cells,
        posterior.architecture,
        rounded,
        noise,
        training,
    )


class Fits:
    """How long the target is given weights, with the noise that suits these best."""

    def __init__(self, problem: Problem, architecture: Architecture) -> None:
        self.problem, self.architecture = problem, architecture
        self.outputs = Outputs(problem.likelihood)

    def bits(self, weights: Floats) -> float:
        """Return about the length in bits; infinite if a prediction is out of range."""
        predicted = self._predict(weights)
        noise = self._usual_noise(predicted)
        return self.outputs._replace(noise=noise).misfit_bits(self.problem.values, predicted)

    def noise(self, weights: Floats) -> float:
        """Return the noise that is sent; a small one is tried out."""
        predicted = self._predict(weights)
        usual = self._usual_noise(predicted)
        if self.outputs.likelihood != "normal" or usual > 1:
            return usual
        return min((usual, *_SMALL_NOISES), key=lambda noise: self._exact_bits(predicted, noise))

    def _predict(self, weights: Floats) -> Floats:
        return predict(weights, self.problem.x, self.architecture)

    def _usual_noise(self, predicted: Floats) -> float:
        if self.outputs.likelihood != "normal":
            return 1.0
        left = self.outputs.best_noise(self.problem.values, predicted)
        return NOISE.round(min(max(left, _LEAST_NOISE), _LARGEST_NOISE))

    def _exact_bits(self, predicted: Floats, noise: float) -> float:
        recorder = Recorder()
        self.outputs._replace(noise=noise).encode(self.problem.values, predicted, recorder)
        return recorder.bits


def pack_parts(problem: Problem, code: str, body: bytes, content: Content) -> Sent:
    """Return a message in its container, and what each part costs; rounding is the last."""
    from kolmo.weights.streams.noisy import Noisy

    side = MemoryInput(problem.known.text)
    container = b"".join(pack(Noisy(), MemoryInput(problem.data), [body], side))
    net_bits = 8 * (len(container) - content.payload_bytes)
    parts = {"container": 8.0 * (len(container) - len(body) + 1)}
    parts |= {name: part.bits for name, part in content.parts.items()} | content.extra
    parts["rounding"] = net_bits - math.fsum(parts.values())
    padding = int(content.extra.get("padding", 0)) // 8
    weights = content.weights
    return Sent(code, container, parts, net_bits, content.payload_bytes, padding, weights)
