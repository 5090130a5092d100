"""The receiver's side: a target and weights out of a message, and the net trained again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.ans import Stack
from kolmo.coding.code import Reader, damaged
from kolmo.coding.rangecoder import RangeDecoder
from kolmo.data import MEMORY_LIMIT
from kolmo.errors import DecodeError, InputError, MemoryLimitError, ParameterError
from kolmo.mdl.cells import put_together
from kolmo.mdl.features import read_features
from kolmo.progress import SILENT, Progress
from kolmo.table import csv_bytes
from kolmo.weights.noisy import bitsback, relative, twopart
from kolmo.weights.noisy.data import describe_inputs, make_inputs, training_target
from kolmo.weights.noisy.frame import Frame, Names, Settings, Training, read_frame, read_names
from kolmo.weights.noisy.grid import to_cloud, to_weights
from kolmo.weights.noisy.net import Architecture, Fitted, predict
from kolmo.weights.noisy.outputs import Outputs
from kolmo.weights.noisy.sent import Rounded
from kolmo.weights.noisy.training import fit

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_BYTES_PER_UNIT, _UNITS_BESIDE = 24, 16

METHODS = (*bitsback.SCHEMES, "relative-entropy", "two-part")


class Pending(NamedTuple):
    """What is left of a bits-back message once target and weights are out.

    Attributes
    ----------
    stack : Stack
        With the payload, less the bits that drew the weights.
    scheme : str
        How the weights were sent.
    chosen, weights : int64[w]
        Components and weights.
    """

    stack: Stack
    scheme: str
    chosen: Integers
    weights: Integers


@dataclass(frozen=True, eq=False)
class Decoded:
    """A target and weights.

    Attributes
    ----------
    data : bytes
        The CSV file with the target.
    weights : float64[w]
        The weights that it was sent with.
    x : float64[n, d]
        The net's inputs.
    values : int64[n]
        The target.
    pending : Pending or None
        With bits-back.
    """

    data: bytes
    frame: Frame
    weights: Floats
    x: Floats
    values: Integers
    pending: Pending | None

    def payload(self, *, progress: Progress = SILENT) -> bytes:
        """Return the payload, having trained the net again.

        Raises
        ------
        DecodeError
            If it does not come out as it was sent.
        """
        frame, pending = self.frame, self.pending
        assert pending is not None
        assert frame.training is not None
        assert frame.prior is not None
        training, architecture = frame.training, frame.architecture
        y = training_target(self.values, architecture.likelihood)
        try:
            fitted = retrain(self.x, y, architecture, training.settings, progress=progress)
        except ParameterError as error:
            raise damaged(str(error)) from error
        return _give_back(pending, fitted, frame.prior, training)


def retrain(
    x: Floats,
    y: Floats | Integers,
    architecture: Architecture,
    settings: Settings,
    *,
    progress: Progress = SILENT,
) -> Fitted:
    """Return the noisy net that a training gives, the same on every machine."""
    extra = (
        {} if settings.steps_per_stage is None else {"steps_per_stage": settings.steps_per_stage}
    )
    return fit(
        x,
        y,
        architecture,
        components=settings.components,
        restarts=settings.restarts,
        seed=settings.seed,
        annealed=settings.annealed,
        progress=progress,
        **extra,
    )


def _give_back(pending: Pending, fitted: Fitted, rounded: Rounded, training: Training) -> bytes:
    cloud = to_cloud(fitted.posterior)
    law = bitsback.Law(cloud, rounded, pending.scheme)
    stack = Stack.from_bytes(pending.stack.to_bytes())
    try:
        found = bitsback.give_back(stack, (pending.chosen, pending.weights), law, training.padding)
    except (DecodeError, ParameterError):
        found = None
    if found is None or zlib.crc32(found, zlib.crc32(cloud.checked_bytes)) != training.checksum:
        raise DecodeError(
            "payload refused: its checksum, or that of the net trained again, is another. Target "
            "and weights are right"
        )
    return found


def open_message(payload: bytes) -> tuple[str, Reader, Names]:
    """Return which code a message is in, the coder at its frame, and how to find the features."""
    if not payload or payload[0] >= len(METHODS):
        raise damaged("a code that is not known")
    method = METHODS[payload[0]]
    coder: Reader
    if method in bitsback.SCHEMES:
        coder = Stack.from_bytes(payload[1:])
    else:
        coder = RangeDecoder(payload[1:])
    return method, coder, read_names(coder)


def decode_message(
    payload: bytes, text: bytes, limit: int, memory_limit: int = MEMORY_LIMIT
) -> Decoded:
    """Return what a payload holds, given the features' text and the length of the file.

    Raises
    ------
    DecodeError
        If it is no message.
    MemoryLimitError
        If the net would need more than ``memory_limit`` bytes.
    """
    method, coder, names = open_message(payload)
    try:
        features = read_features(text, names.names)
        inputs = describe_inputs(features, names.names)
    except (InputError, ParameterError) as error:
        raise damaged(f"features: {error}") from error
    alone = method not in bitsback.SCHEMES
    frame = read_frame(
        coder, limit, max(1, len(inputs)), prior=method != "two-part", training=not alone
    )
    if len(features) and features.rows != frame.cells.rows:
        raise damaged(f"{frame.cells.rows} rows where the features have {features.rows}")
    _check_memory(frame, memory_limit)
    x = make_inputs(features, inputs, frame.cells.rows)
    weights, pending = _read_weights(method, coder, frame)
    outputs = Outputs(frame.architecture.likelihood, frame.noise)
    values = outputs.decode(predict(weights, x, frame.architecture), coder)
    if isinstance(coder, RangeDecoder):
        coder.finish()
    header = None if frame.header is None else (frame.header,)
    data = csv_bytes([put_together(frame.cells, values)], header=header)
    return Decoded(data, frame, weights, x, values, pending)


def _check_memory(frame: Frame, memory_limit: int) -> None:
    units = sum(frame.architecture[:3]) + _UNITS_BESIDE
    needed = _BYTES_PER_UNIT * units * frame.cells.rows
    if needed > memory_limit:
        raise MemoryLimitError(
            f"too much memory: the net needs about {needed} bytes; the limit is {memory_limit}. "
            "Use --memory-limit if you trust the file."
        )


def _read_weights(method: str, coder: Reader, frame: Frame) -> tuple[Floats, Pending | None]:
    count = frame.architecture.weights
    if method == "two-part":
        return twopart.decode_multiples(count, coder), None
    assert frame.prior is not None
    if method == "relative-entropy":
        return to_weights(relative.decode_weights(count, frame.prior, coder)), None
    chosen, weights = bitsback.read_weights(coder, count, frame.prior, method)
    assert isinstance(coder, Stack)
    return to_weights(weights), Pending(coder, method, chosen, weights)
