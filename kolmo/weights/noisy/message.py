"""A target in a container, by a noisy net really sent; and back.

Three codes: ``bits-back``, the message of 1993, for whoever has a payload to send along;
``relative-entropy``, which stands alone; and ``two-part``, the rounded weights.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.rangecoder import RangeEncoder
from kolmo.container import Container
from kolmo.data import MEMORY_LIMIT, Readable, as_input
from kolmo.errors import DecodeError, InputError, ParameterError, nearest, shorten
from kolmo.progress import SILENT, Progress
from kolmo.weights.noisy import bitsback, relative, twopart
from kolmo.weights.noisy.assembling import (
    Content,
    Fits,
    Sent,
    frame_of,
    pack_parts,
    sent_noise,
    write_frame,
    write_misfit,
)
from kolmo.weights.noisy.bitsback import Recorder
from kolmo.weights.noisy.data import Problem
from kolmo.weights.noisy.frame import Settings, Training, check_settings, check_size
from kolmo.weights.noisy.grid import to_cloud, to_weights
from kolmo.weights.noisy.net import Architecture, Fitted, Posterior
from kolmo.weights.noisy.picking import choose
from kolmo.weights.noisy.reading import METHODS, Decoded
from kolmo.weights.noisy.sent import SPREAD, round_prior

if TYPE_CHECKING:
    from kolmo.weights.streams.noisy import Noisy

Floats = NDArray[np.float64]

CODES = ("bits-back", "relative-entropy", "two-part")


@dataclass(frozen=True, eq=False)
class Received:
    """What came out of a message.

    Attributes
    ----------
    data : bytes
        The CSV file with the target, exactly.
    weights : float64[w]
        The weights that it was sent with.
    architecture : Architecture
        Of the net.
    payload : bytes or None
        What else was sent; None if nothing, if it was not asked for, or if it is refused.
    payload_error : str or None
        Why the payload is refused.
    """

    data: bytes
    weights: Floats
    architecture: Architecture
    payload: bytes | None
    payload_error: str | None


def send(
    problem: Problem,
    fitted: Fitted,
    *,
    code: str | None = None,
    payload: bytes | None = None,
    settings: Settings | None = None,
    scheme: str = "mixture",
) -> Sent:
    """Return the message of a target by a net.

    Parameters
    ----------
    problem : Problem
        Features and target.
    fitted : Fitted
        What `kolmo.weights.noisy.theory.fit_problem` returned.
    code : str, optional
        One of `CODES`; bits-back if there is a payload, else relative-entropy.
    payload : bytes, optional
        What is to be sent along with bits-back.
    settings : Settings, optional
        What the net was fitted with: bits-back tells the receiver, who gets the payload only if
        they are right. `receive` finds out.
    scheme : {"mixture", "components"}
        How bits-back sends weights; see `kolmo.weights.noisy.bitsback`.

    Raises
    ------
    ParameterError
        If the code is unknown, a payload has no place in it, or the net is not of this problem.
    """
    chosen = _choose_code(code, payload, scheme)
    _check_fit(problem, fitted.posterior)
    if chosen == "bits-back":
        return _send_bits_back(problem, fitted, payload or b"", settings or Settings(), scheme)
    return _send_alone(problem, fitted.posterior, chosen)


def receive(
    container: Readable,
    given: Readable,
    *,
    payload: bool = True,
    memory_limit: int = MEMORY_LIMIT,
    progress: Progress = SILENT,
) -> Received:
    """Return the target, the weights and the payload of a message.

    Parameters
    ----------
    container : bytes, str or Input
        The message; a str is the name of a file.
    given : bytes, str or Input
        A CSV file with the features.
    payload : bool
        Whether to train the net again for the payload, if there may be one.

    Raises
    ------
    InputError
        If it is no message of a net, or a feature is missing.
    ParameterError
        If the features are others.
    CorruptFileError
        If a check fails: the target comes out right, or not at all.

    Notes
    -----
    A payload that does not come back as it was sent is no error: see `Received.payload_error`.
    """
    from kolmo.weights.streams.noisy import Noisy

    opened = Container(as_input(container))
    if opened.header.code != Noisy.name or opened.header.parameters:
        raise InputError(
            f"no message of a net: '{shorten(opened.source.name)}' was made by code "
            f"{opened.header.code}. Use kolmo decode."
        )
    reader: Noisy = Noisy()
    reader.memory_limit = memory_limit
    data = b"".join(opened.data(reader, as_input(given), memory_limit=memory_limit))
    decoded = reader.decoded
    assert decoded is not None
    content, reason = None, None
    if payload and decoded.pending is not None:
        content, reason = _recover(decoded, progress)
    return Received(data, decoded.weights, decoded.frame.architecture, content, reason)


def _recover(decoded: Decoded, progress: Progress) -> tuple[bytes | None, str | None]:
    try:
        return decoded.payload(progress=progress), None
    except DecodeError as error:
        return None, str(error)


def _choose_code(code: str | None, payload: bytes | None, scheme: str) -> str:
    chosen = code or ("relative-entropy" if payload is None else "bits-back")
    if chosen not in CODES:
        raise ParameterError(
            f"unknown code: got {shorten(repr(code))}. {nearest(chosen, [*CODES])}"
        )
    if payload is not None and chosen != "bits-back":
        raise ParameterError(
            f"no place for a payload: got code {chosen}; need bits-back. Drop the payload."
        )
    if scheme not in bitsback.SCHEMES:
        raise ParameterError(
            f"unknown scheme: got {shorten(repr(scheme))}. {nearest(scheme, [*bitsback.SCHEMES])}"
        )
    return chosen


def _check_fit(problem: Problem, posterior: Posterior) -> None:
    found = posterior.architecture
    wanted = (problem.x.shape[1], problem.outputs, problem.likelihood)
    if (found.inputs, found.outputs, found.likelihood) != wanted:
        raise ParameterError(
            f"another net: got {found.inputs} inputs and {found.outputs} outputs ("
            f"{found.likelihood}); need {wanted[0]} and {wanted[1]} ({wanted[2]}). Fit it again."
        )
    check_size(found)
    exact = found.scales == tuple(map(SPREAD.round, found.scales))
    if not exact or found.centres != tuple(map(round, found.centres)):
        raise ParameterError(
            f"scaling that cannot be sent: got centres {shorten(found.centres)} and scales "
            f"{shorten(found.scales)}. Fit the net without any."
        )


def _check_settings(fitted: Fitted, settings: Settings) -> None:
    """Raise ParameterError if a net was obviously not fitted so: the payload would be lost."""
    check_settings(settings._replace(seed=fitted.seed))
    annealed = fitted.trace[0].price < 1
    if annealed != settings.annealed or fitted.restart >= settings.restarts:
        raise ParameterError(
            f"other settings: got {'an annealed' if annealed else 'no annealed'} net from restart "
            f"{fitted.restart + 1}; need the settings that it was fitted with."
        )


def _send_bits_back(
    problem: Problem, fitted: Fitted, payload: bytes, settings: Settings, scheme: str
) -> Sent:
    _check_settings(fitted, settings)
    posterior = fitted.posterior
    rounded, noise = round_prior(posterior.prior), sent_noise(posterior)
    cloud = to_cloud(posterior)
    drawn = bitsback.draw(payload, cloud, rounded, scheme)
    checksum = zlib.crc32(payload, zlib.crc32(cloud.checked_bytes))
    again = settings._replace(
        components=len(rounded.shares), restarts=fitted.restart + 1, seed=fitted.seed
    )
    training = Training(again, checksum, drawn.padding)
    parts = write_frame(problem, frame_of(problem, posterior, rounded, noise, training))
    parts["weights"] = Recorder()
    bitsback.write_weights(drawn.chosen, drawn.weights, rounded, scheme, parts["weights"])
    weights = to_weights(drawn.weights)
    parts["misfit"] = write_misfit(problem, posterior.architecture, weights, noise)
    drawn.stack.put_blocks([block for part in parts.values() for block in part.blocks])
    body = bytes([METHODS.index(scheme)]) + drawn.stack.to_bytes()
    extra = {"refund": -drawn.refund_bits, "padding": 8.0 * drawn.padding}
    return pack_parts(problem, "bits-back", body, Content(parts, extra, weights, len(payload)))


def _send_alone(problem: Problem, posterior: Posterior, code: str) -> Sent:
    architecture = posterior.architecture
    fits = Fits(problem, architecture)
    rounded = round_prior(posterior.prior) if code == "relative-entropy" else None
    recorder = Recorder()
    if rounded is not None:
        cloud = to_cloud(posterior)
        chosen = choose(cloud, rounded, lambda w: fits.bits(to_weights(w)), problem.rows)
        relative.encode_weights(chosen, rounded, recorder)
        weights = to_weights(chosen.weights)
    else:
        multiples = twopart.best_multiples(posterior.means, fits.bits)
        twopart.multiples_code(architecture.weights).encode(multiples, recorder)
        weights = multiples.weights
    noise = fits.noise(weights)
    parts = write_frame(problem, frame_of(problem, posterior, rounded, noise))
    parts["weights"] = recorder
    parts["misfit"] = write_misfit(problem, architecture, weights, noise)
    coder = RangeEncoder()
    coder.put_blocks([block for part in parts.values() for block in part.blocks])
    body = bytes([METHODS.index(code)]) + coder.finish()
    return pack_parts(problem, code, body, Content(parts, {}, weights, 0))
