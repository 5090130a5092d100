"""The description length of a checkpoint: every tensor under every coder, and all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kolmo.data import Input
from kolmo.errors import ParameterError
from kolmo.parallel import ordered_map
from kolmo.progress import SILENT, Progress
from kolmo.registry import weight_coders
from kolmo.results import Caution
from kolmo.weights.checkpoint import Checkpoint, Tensor, as_checkpoint
from kolmo.weights.coder import Words
from kolmo.weights.distortion import Distortion, Found, find_step
from kolmo.weights.method import Coded, Method, check_coded, code_coarsely
from kolmo.weights.packing import make_index, overhead_bits
from kolmo.weights.tensors import find_repeats, floats, form, is_kept, load_words, matched, pieces

SLOW = ("xz", "zstd")
SLOW_FROM_BYTES = 1 << 26
LOSSLESS = ("raw", "zstd", "xz", "planes", "mix")
QUANTISED = ("gaussian", "laplace", "gaussians", "histogram", "scales", "trellis")


@dataclass(frozen=True)
class Length:
    """The length of one tensor, or of all, under one coder.

    Attributes
    ----------
    kind : str
        ``certified`` if every stream was decoded in this run, else ``bound``.
    payload_bits : int
        Of the streams alone.
    bits_per_weight, ratio : float or None
        Bits by number of elements, and by plain bits; None where there are none.
    step, rmse : float or None
        Of a quantised coder: distance of values, and the error they make.
    exact : bool
        Whether nothing was lost, on purpose or because a tensor cannot be quantised.
    """

    coder: str
    kind: str
    payload_bits: int
    bits_per_weight: float | None
    ratio: float | None
    step: float | None = None
    rmse: float | None = None
    exact: bool = True
    container_bits: int | None = None


@dataclass(frozen=True)
class TensorReport:
    """One tensor and its lengths.

    Attributes
    ----------
    mantissa_bits : int or None
        How many bits of the mantissa are used by any number: the effective precision; None for
        integers.
    same_as : str or None
        The earlier tensor that has the same bytes; sent once, hence without lengths of its own.
    """

    tensor: str
    dtype: str
    shape: tuple[int, ...]
    weights: int
    raw_bits: int
    mantissa_bits: int | None
    rms: float | None
    same_as: str | None
    lengths: tuple[Length, ...]


@dataclass(frozen=True)
class WeightReport:
    """What the coders say of a checkpoint.

    Attributes
    ----------
    totals : tuple of Length
        Of all tensors that are sent, one for each coder, the shortest file first.
    weights, raw_bits : int
        Of all tensors, repetitions included.
    """

    file: str
    format: str
    tensors: tuple[TensorReport, ...]
    totals: tuple[Length, ...]
    weights: int
    raw_bits: int
    given: str | None = None
    cautions: tuple[Caution, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dictionary."""
        return asdict(self)

    def _repr_html_(self) -> str:
        head = "<tr><th>coder</th><th>kind</th><th>bits</th><th>bits/weight</th><th>RMSE</th></tr>"
        body = "".join(
            f"<tr><td>{row.coder}</td><td>{row.kind}</td><td>{row.container_bits:,}</td>"
            f"<td>{'' if row.bits_per_weight is None else format(row.bits_per_weight, '.3f')}</td>"
            f"<td>{'0' if row.rmse is None else format(row.rmse, '.3g')}</td></tr>"
            for row in self.totals
        )
        return f"<table>{head}{body}</table>"


@dataclass(frozen=True)
class Plan:
    """Which coders are asked, and what quantised ones may lose.

    Attributes
    ----------
    steps : dict of str to float
        Of each quantised coder.
    """

    coders: tuple[str, ...]
    steps: dict[str, float]
    keep: tuple[str, ...] = ()
    certify: bool = True


def code_weights(
    model: Checkpoint | Input | str | bytes | Mapping[str, Any],
    coders: Sequence[str] | None = None,
    distortion: Distortion | None = None,
    *,
    keep: tuple[str, ...] = (),
    base: Checkpoint | Input | str | bytes | Mapping[str, Any] | None = None,
    certify: bool = True,
    jobs: int = 1,
    progress: Progress = SILENT,
) -> WeightReport:
    """Return the length of every tensor under every coder.

    Parameters
    ----------
    model : Checkpoint, Input, str, bytes or mapping of str to numpy arrays
        A checkpoint, or what `kolmo.weights.checkpoint.as_checkpoint` makes one of.
    coders : sequence of str, optional
        Registered weight coders. If not given, all that lose nothing (without xz and zstd from 64
        MiB, where they take long) and, where a distortion is given, all that quantise.
    distortion : Distortion, optional
        What quantised coders may lose.
    keep : tuple of str
        Patterns of names of tensors that are not quantised.
    base : the same, optional
        Side information: a model of which this one is a later version.
    certify : bool
        Whether every stream is decoded in this run.
    jobs : int
        Tensors coded at once; the numbers are the same for any number.

    Raises
    ------
    ParameterError
        If a coder is unknown, a quantised one has no distortion, or a distortion is out of range.
    CheckpointError
        If a tensor cannot be read, or the base has another one of its name.

    Examples
    --------
    >>> import numpy as np
    >>> total = code_weights({"layer": np.zeros((100, 100), np.float32)}, ["mix"]).totals[0]
    >>> total.payload_bits, total.kind
    (40, 'certified')
    """
    checkpoint = as_checkpoint(model)
    base = None if base is None else as_checkpoint(base)
    cautions: list[Caution] = []
    chosen = _choose(checkpoint, coders, distortion, cautions)
    steps = _steps(checkpoint, chosen, distortion, keep, base, progress)
    plan = Plan(chosen, steps, keep, certify)
    bases = matched(checkpoint, base)
    repeats = find_repeats(checkpoint.tensors, keep, bases)
    progress.add(checkpoint.bytes * len(chosen))

    def work(place: int) -> TensorReport:
        tensor = checkpoint.tensors[place]
        same = repeats.get(place)
        if same is not None:
            progress.advance(tensor.bytes * len(chosen))
            return describe_tensor(tensor, None, (), checkpoint.tensors[same].name)
        other = bases.get(tensor.name)
        given = None if other is None else load_words(other)
        words = load_words(tensor)
        return describe_tensor(tensor, words, _lengths(tensor, words, plan, given, progress))

    count = len(checkpoint.tensors)
    found = tuple(ordered_map(work, range(count), jobs, ahead=0 if jobs == 1 else 1))
    return WeightReport(
        checkpoint.file,
        checkpoint.format,
        found,
        _totals(checkpoint, found, plan, repeats, given=base is not None),
        sum(tensor.elements for tensor in checkpoint.tensors),
        8 * checkpoint.bytes,
        None if base is None else base.file,
        tuple(cautions),
    )


def describe_tensor(
    tensor: Tensor, words: Words | None, lengths: tuple[Length, ...], same_as: str | None = None
) -> TensorReport:
    """Return what is known of a tensor: its use of the mantissa, its size, and its lengths."""
    mantissa = rms = None
    if words is not None and tensor.dtype.is_float and words.size:
        union = int(np.bitwise_or.reduce(words))
        lowest = (union & -union).bit_length() - 1 if union else tensor.dtype.mantissa_bits
        mantissa = max(0, tensor.dtype.mantissa_bits - lowest)
        rms = _root_mean_square(tensor, words)
    return TensorReport(
        tensor.name,
        tensor.dtype.name,
        tensor.shape,
        tensor.elements,
        8 * tensor.bytes,
        mantissa,
        rms,
        same_as,
        lengths,
    )


def _root_mean_square(tensor: Tensor, words: Words) -> float | None:
    """Return the root mean square of floats; None if it is not finite, or the type too short."""
    if is_kept(tensor, ()):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        parts = (floats(piece, tensor.dtype).astype(np.float64) for piece in pieces(words))
        value = float((sum(float(np.dot(part, part)) for part in parts) / words.size) ** 0.5)
    return value if np.isfinite(value) else None


def _choose(
    checkpoint: Checkpoint,
    coders: Sequence[str] | None,
    distortion: Distortion | None,
    cautions: list[Caution],
) -> tuple[str, ...]:
    """Return the coders to be asked, each once."""
    if coders is not None:
        chosen = tuple(dict.fromkeys(coders))
        if any(weight_coders.get(name).quantised for name in chosen) and distortion is None:
            raise ParameterError(
                "distortion missing: a quantised coder needs one of step, rel_rmse, bits and snr."
            )
        return chosen
    exact: tuple[str, ...] = LOSSLESS
    if checkpoint.bytes >= SLOW_FROM_BYTES:
        exact = tuple(name for name in LOSSLESS if name not in SLOW)
        cautions.append(
            Caution(
                "slow-coders-left-out",
                f"{' and '.join(SLOW)} were left out, which take long from 64 MiB",
                "Name them to have them.",
                checkpoint.file,
            )
        )
    return exact + (QUANTISED if distortion is not None else ())


def _steps(
    checkpoint: Checkpoint,
    coders: tuple[str, ...],
    distortion: Distortion | None,
    keep: tuple[str, ...],
    base: Checkpoint | None,
    progress: Progress,
) -> dict[str, float]:
    """Return the step of each quantised coder; those of one quantiser share it, but for bits."""
    steps: dict[str, float] = {}
    known: dict[str, Found] = {}
    for name in coders:
        made = weight_coders.get(name)
        if distortion is None or not made.quantised:
            continue
        key = name if distortion.kind == "bits" else made.quantiser
        if key not in known:
            known[key] = find_step(
                checkpoint, distortion, name, keep=keep, base=base, progress=progress
            )
        steps[name] = known[key].step
    return steps


def _lengths(
    tensor: Tensor, words: Words, plan: Plan, base: Words | None, progress: Progress
) -> tuple[Length, ...]:
    """Return a tensor's length under each coder."""
    found = []
    for name in plan.coders:
        coded = _coded(tensor, words, name, plan, base)
        step = plan.steps.get(name, 0.0)
        if plan.certify:
            check_coded(tensor, coded, step, base)
        error = coded.squared_error
        rmse = None if error is None else (error / tensor.elements) ** 0.5
        kind = "certified" if plan.certify else "bound"
        found.append(
            _length(
                (name, 8 * len(coded.payload), kind),
                (tensor.elements, 8 * tensor.bytes),
                None if error is None else step,
                rmse,
            )
        )
        progress.advance(tensor.bytes)
    return tuple(found)


def _coded(tensor: Tensor, words: Words, name: str, plan: Plan, base: Words | None) -> Coded:
    """Return a tensor by one coder; by mix, without loss, where that one cannot quantise it."""
    if name in plan.steps and not is_kept(tensor, plan.keep):
        coarse = code_coarsely(tensor, words, name, plan.steps[name], base)
        if coarse is not None:
            return coarse
    exact = name if name not in plan.steps else "mix"
    return Coded(exact, weight_coders.make(exact).encode(words, form(tensor), base), words)


def _totals(
    checkpoint: Checkpoint,
    found: Sequence[TensorReport],
    plan: Plan,
    repeats: dict[int, int],
    *,
    given: bool,
) -> tuple[Length, ...]:
    """Return the sums over all tensors that are sent, the shortest file first."""
    sent = [report for report in found if report.same_as is None]
    totals = []
    for place, name in enumerate(plan.coders):
        rows = [(report.weights, report.lengths[place]) for report in sent]
        step = plan.steps.get(name)
        method = Method(quantised=name, step=step) if step else Method(lossless=name)
        index = make_index(checkpoint, method, repeats)
        streams = [row.payload_bits // 8 for _, row in rows]
        totals.append(
            _length(
                (name, 8 * sum(streams), "certified" if plan.certify else "bound"),
                (sum(tensor.elements for tensor in checkpoint.tensors), 8 * checkpoint.bytes),
                step,
                _joint_error(rows),
                8 * sum(streams) + overhead_bits(index, streams, given=given),
            )
        )
    return tuple(sorted(totals, key=lambda row: row.container_bits or 0))


def _joint_error(rows: Sequence[tuple[int, Length]]) -> float | None:
    """Return the root mean squared error over all tensors that were quantised."""
    lossy = [(weights, row.rmse) for weights, row in rows if row.rmse is not None]
    count = sum(weights for weights, _ in lossy)
    return (sum(weights * rmse**2 for weights, rmse in lossy) / count) ** 0.5 if count else None


def _length(
    what: tuple[str, int, str],
    size: tuple[int, int],
    step: float | None,
    rmse: float | None,
    container_bits: int | None = None,
) -> Length:
    """Return a length of some bits, of so many weights and plain bits."""
    (coder, bits, kind), (weights, raw_bits) = what, size
    return Length(
        coder,
        kind,
        bits,
        bits / weights if weights else None,
        bits / raw_bits if raw_bits else None,
        step,
        rmse,
        rmse is None,
        container_bits,
    )
