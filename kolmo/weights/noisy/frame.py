"""The first part of every message: features' names, the target's form, the net, prior and noise.

It is the same for all codes but for what each needs: bits-back tells how the net was trained, as
the receiver does it again, and the checksum that says whether it came out the same.
"""

from __future__ import annotations

from typing import NamedTuple

from kolmo.coding.code import Code, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform
from kolmo.coding.integers import Signed
from kolmo.coding.logstar import LogStar
from kolmo.errors import ParameterError
from kolmo.mdl.cells import Cells, CellsCode, Flag
from kolmo.mdl.features import Known
from kolmo.mdl.models.parts import Bounded, Chain
from kolmo.mdl.packed import PackedTexts, TextList, count_code
from kolmo.table import Texts
from kolmo.weights.noisy.data import LIKELIHOODS
from kolmo.weights.noisy.net import Architecture
from kolmo.weights.noisy.sent import NOISE, SPREAD, Rounded, prior_code

UNITS = ("tanh", "probit", "relu", "step")
LARGEST_WEIGHTS = 1 << 20
_USUAL = (",", "utf-8")
_LARGEST_HIDDEN = 1 << 12
_LARGEST_NAMES = 1 << 24
_LARGEST_SEED = 1 << 63
_LARGEST_RESTARTS, _LARGEST_STEPS = 1 << 10, 1 << 20
_LARGEST_PADDING = 1 << 32
_LARGEST_CENTRE = 1 << 52


class Settings(NamedTuple):
    """How a net is trained: with the target, all that a receiver needs to train the same one.

    Attributes
    ----------
    components : int
        Of the prior; 1 is a single normal distribution.
    restarts : int
        How many nets are trained; the best is kept.
    seed : int
        Of all that is random.
    annealed : bool
        Whether the cost of the weights grows step by step.
    steps_per_stage : int or None
        Of the optimiser, in each of these steps; None for the usual number.
    """

    components: int = 1
    restarts: int = 5
    seed: int = 0
    annealed: bool = True
    steps_per_stage: int | None = None


class Training(NamedTuple):
    """What bits-back adds: how to train again, and what says that it came out the same.

    Attributes
    ----------
    settings : Settings
        With as many restarts as it takes: the last one is the best.
    checksum : int
        CRC-32 of the posterior on the grid, and after it the payload.
    padding : int
        Bytes that were put on the payload.
    """

    settings: Settings
    checksum: int
    padding: int


class Frame(NamedTuple):
    """All but weights and values.

    Attributes
    ----------
    header : bytes or None
        The target's name.
    cells : Cells
        The target without its values.
    prior : Rounded or None
        None if the code needs none.
    noise : float
        1 for labels.
    training : Training or None
        With bits-back.
    """

    header: bytes | None
    cells: Cells
    architecture: Architecture
    prior: Rounded | None
    noise: float
    training: Training | None


class Names(NamedTuple):
    """How the receiver finds the features in a CSV file."""

    names: tuple[str, ...]
    delimiter: str
    encoding: str
    header: bool


def write_names(known: Known, coder: Writer) -> None:
    """Store how to find the features."""
    TextList(_LARGEST_NAMES).encode(Texts.of([name.encode() for name in known.names]), coder)
    usual = (known.delimiter, known.encoding) == _USUAL
    Flag().encode(usual, coder)
    if not usual:
        written = Texts.of([known.delimiter.encode(), known.encoding.encode()])
        PackedTexts(2, _LARGEST_NAMES).encode(written, coder)
    Flag().encode(known.header, coder)


def read_names(coder: Reader) -> Names:
    """Return how to find the features."""
    try:
        names = tuple(bytes(text).decode() for text in TextList(_LARGEST_NAMES).decode(coder))
        delimiter, encoding = _USUAL
        if not Flag().decode(coder):
            written = PackedTexts(2, _LARGEST_NAMES).decode(coder)
            delimiter, encoding = (bytes(text).decode() for text in written)
    except UnicodeDecodeError as error:
        raise damaged("names that are not UTF-8") from error
    return Names(names, delimiter, encoding, Flag().decode(coder))


def write_target(frame: Frame, limit: int, coder: Writer) -> None:
    """Store the target's name and form, in a file of ``limit`` bytes."""
    Flag().encode(frame.header is not None, coder)
    if frame.header is not None:
        PackedTexts(1, _LARGEST_NAMES).encode(Texts.of([frame.header]), coder)
    CellsCode(limit).encode(frame.cells, coder)
    Flag().encode(frame.architecture.likelihood == LIKELIHOODS[1], coder)
    if frame.architecture.likelihood == LIKELIHOODS[0]:
        (centre,), (scale,) = frame.architecture.centres, frame.architecture.scales
        _scaling_code().encode((int(centre), scale), coder)


def write_net(frame: Frame, coder: Writer) -> None:
    """Store the architecture, and how it is trained if that is part of the message."""
    architecture, training = frame.architecture, frame.training
    count_code(_LARGEST_HIDDEN).encode(architecture.hidden, coder)
    Uniform(len(UNITS)).encode(UNITS.index(architecture.unit), coder)
    if training is not None:
        _training_code().encode(_flat(training), coder)


def write_prior(frame: Frame, coder: Writer) -> None:
    """Store prior and noise."""
    if frame.prior is not None:
        components = len(frame.prior.shares)
        _components_code().encode(components, coder)
        prior_code(components).encode(frame.prior, coder)
    if frame.architecture.likelihood == LIKELIHOODS[0]:
        NOISE.encode(frame.noise, coder)


def read_frame(coder: Reader, limit: int, inputs: int, *, prior: bool, training: bool) -> Frame:
    """Return what `write_target`, `write_net` and `write_prior` stored."""
    header = PackedTexts(1, _LARGEST_NAMES).decode(coder)[0] if Flag().decode(coder) else None
    cells = CellsCode(limit).decode(coder)
    likelihood = LIKELIHOODS[int(Flag().decode(coder))]
    number = likelihood == LIKELIHOODS[0]
    if number != cells.numeric or not cells.rows or cells.marks.any():
        raise damaged("a target that no net predicts")
    centre, scale = _scaling_code().decode(coder) if number else (0, 1.0)
    hidden = count_code(_LARGEST_HIDDEN).decode(coder)
    unit = UNITS[Uniform(len(UNITS)).decode(coder)]
    outputs = 1 if number else len(cells.levels)
    architecture = Architecture(inputs, hidden, outputs, unit, likelihood)
    if number:
        architecture = architecture._replace(centres=(float(centre),), scales=(scale,))
    try:
        check_size(architecture)
    except ParameterError as error:
        raise damaged(str(error)) from error
    trained = _nested(_training_code().decode(coder)) if training else None
    law = prior_code(_components_code().decode(coder)).decode(coder) if prior else None
    noise = NOISE.decode(coder) if number else 1.0
    if trained is not None and law is not None:
        settings = trained.settings._replace(components=len(law.shares))
        trained = trained._replace(settings=settings)
    return Frame(header, cells, architecture, law, noise, trained)


def check_size(architecture: Architecture) -> None:
    """Raise ParameterError if a net is too large for a message."""
    found = architecture.weights
    if not 1 <= found <= LARGEST_WEIGHTS or architecture.hidden > _LARGEST_HIDDEN:
        raise ParameterError(
            f"net too large: got {found} weights and {architecture.hidden} hidden units; need at "
            f"most {LARGEST_WEIGHTS} and {_LARGEST_HIDDEN}. Use fewer hidden units."
        )


def check_settings(settings: Settings) -> None:
    """Raise ParameterError if settings have no place in a message."""
    steps = settings.steps_per_stage
    if not (
        0 <= settings.seed <= _LARGEST_SEED
        and 1 <= settings.restarts <= _LARGEST_RESTARTS
        and (steps is None or 1 <= steps <= _LARGEST_STEPS)
    ):
        raise ParameterError(
            f"settings that cannot be sent: got seed {settings.seed}, {settings.restarts} restarts "
            f"and {steps or 'no'} steps; need a seed from 0 to 2**63, 1 to {_LARGEST_RESTARTS} "
            f"restarts and 1 to {_LARGEST_STEPS} steps."
        )


def _scaling_code() -> Code[tuple[int, float]]:
    """Return the code of centre and scale of the output."""
    centre = Bounded(Signed(LogStar()), -_LARGEST_CENTRE, _LARGEST_CENTRE)
    return Chain(lambda *fields: fields, lambda: centre, lambda _: SPREAD)


def _training_code() -> Code[tuple[int, ...]]:
    return Chain(
        lambda *fields: fields,
        lambda: Bounded(LogStar(), 1, _LARGEST_RESTARTS),
        lambda _: count_code(_LARGEST_SEED),
        lambda *_: Uniform(2),
        lambda *_: count_code(_LARGEST_STEPS),
        lambda *_: Uniform(1 << 32),
        lambda *_: count_code(_LARGEST_PADDING),
    )


def _components_code() -> Bounded:
    return Bounded(LogStar(), 1, 1 << 16)


def _flat(training: Training) -> tuple[int, ...]:
    settings = training.settings
    return (
        settings.restarts,
        settings.seed,
        int(settings.annealed),
        settings.steps_per_stage or 0,
        training.checksum,
        training.padding,
    )


def _nested(fields: tuple[int, ...]) -> Training:
    restarts, seed, annealed, steps, checksum, padding = fields
    settings = Settings(1, restarts, seed, bool(annealed), steps or None)
    return Training(settings, checksum, padding)
