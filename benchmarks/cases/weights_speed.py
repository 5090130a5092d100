"""Ten million float32 weights on one thread: kolmo's coders beside ZipNN, zstd and NNCodec."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.case import CaseResult, Context, Row, columns, rounded
from benchmarks.nets import packing, rivals, tensors
from kolmo.bench.harness import Spread, Timing, call, interleave

if TYPE_CHECKING:
    from benchmarks.nets.tensors import Array

PEERS = ("nncodec", "zipnn")
USES_CORPORA = False
SHAPE, QUICK_SHAPE = (2500, 4000), (250, 4000)
SEED, DEVIATION, QP = 6, 0.05, -32
TARGETS = {"kolmo planes": 100.0, "kolmo mix": 2.0, "kolmo trellis": 1.5}
MEMORY_TARGET = 3.0
ERROR = 0.00196
NOTES = (
    f"weights: one tensor of normal numbers, deviation {DEVIATION}, from a fixed seed",
    "MB per second: 10**6 bytes of the float32 weights, to seconds of CPU of all threads; "
    "all methods encode in turn, then all decode in turn",
    "quantised: quantising is part of encoding, and undoing it of decoding; "
    f"NNCodec's qp is {QP}, kolmo's steps make its error or a little less",
    "payload alone, without a file around it, for kolmo's coders; rmse 0: bit by bit",
    "target: MB per second at least, both ways; for memory, the multiple at most",
)
MEMORY_NOTES = (
    "peak: resident memory of the whole process of kolmo weights pack -j1; base: that of packing "
    "16 weights the same way; multiple: their difference to the bytes of the tensor",
)
PUBLISHED = "published for NNCodec 2.1.3: .7 to 1.0 MB per second, encoding"


@dataclass
class Method:
    """How weights are packed and restored, and what came of it in the last run."""

    encode: Callable[[], Any]
    decode: Callable[[Any], Any]
    packed: Any = None
    found: Any = field(default=None, repr=False)

    def pack(self) -> None:
        """Encode."""
        self.packed = self.encode()

    def restore(self) -> None:
        """Decode what was encoded."""
        self.found = self.decode(self.packed)


def run(context: Context) -> CaseResult:
    """Time each method, then weigh the memory of the command."""
    shape = QUICK_SHAPE if context.quick else SHAPE
    weights, (peers, notes) = drawn(shape), rivals_here()
    limit = error_of_nncodec(weights) if "NNCodec" in peers else ERROR
    for method in methods(drawn((50, 60)), limit, peers).values():  # compiles kernels
        method.pack()
        method.restore()
    found = methods(weights, limit, peers)
    runs = 1 if context.quick else 3
    encoded = timed(
        context, {f"encode {name}": method.pack for name, method in found.items()}, runs
    )
    decoded = timed(
        context, {f"decode {name}": method.restore for name, method in found.items()}, runs
    )
    rows = [
        row(name, method, weights, (encoded[f"encode {name}"], decoded[f"decode {name}"]))
        for name, method in found.items()
    ]
    details = memory(context, weights, limit)
    return CaseResult(tuple(rows), tuple(details), (*NOTES, *MEMORY_NOTES, *notes))


def drawn(shape: tuple[int, int]) -> Array:
    """Return normal float32 numbers."""
    import numpy as np

    source = np.random.Generator(np.random.PCG64(SEED))
    return np.asarray(DEVIATION * source.standard_normal(shape), np.float32)


def rivals_here() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which peers start, and notes about those that do not."""
    (zipnn, why), (nncodec, other) = rivals.started("zipnn"), rivals.started("nncodec.nn")
    if nncodec:
        rivals.started("torch")[0].set_num_threads(1)  # type: ignore[union-attr]
    here = ("zstd -19", *(["ZipNN"] if zipnn else []), *(["NNCodec"] if nncodec else []))
    notes = [] if zipnn else [f"ZipNN does not start: {why}"]
    return here, tuple(notes + ([] if nncodec else [f"NNCodec does not start: {other}", PUBLISHED]))


def error_of_nncodec(weights: Array) -> float:
    """Return the root of the mean squared error that NNCodec makes of some rows."""
    some = {"w.weight": weights[:100]}
    return tensors.rmse(some, rivals.unnncodec(rivals.nncodec(some, QP)))


def methods(weights: Array, limit: float, peers: tuple[str, ...]) -> dict[str, Method]:
    """Return every method at hand for weights, the quantised at an error."""
    data, named = weights.tobytes(), {"w.weight": weights}
    known = {
        "zstd -19": Method(lambda: rivals.zstd(data), rivals.unzstd),
        "ZipNN": Method(
            lambda: rivals.zipnn(data, "float32"), lambda packed: rivals.unzipnn(packed, "float32")
        ),
        "NNCodec": Method(
            lambda: rivals.nncodec(named, QP),
            lambda packed: rivals.unnncodec(packed)["w.weight"].tobytes(),
        ),
    }
    return {
        **{f"kolmo {name}": lossless(name, weights) for name in ("planes", "mix")},
        **{f"kolmo {name}": quantised(name, weights, limit) for name in ("scales", "trellis")},
        **{name: known[name] for name in peers},
    }


def lossless(name: str, weights: Array) -> Method:
    """Return the method of one of kolmo's lossless coders."""
    coder, form = coder_and_form(name, weights)
    words = weights.reshape(-1).view("<u4")
    return Method(
        lambda: coder.encode(words, form), lambda packed: coder.decode(packed, form).tobytes()
    )


def quantised(name: str, weights: Array, limit: float) -> Method:
    """Return the method of one of kolmo's quantised coders, at an error."""
    from kolmo.weights.quantising import dequantise, quantise

    coder, form = coder_and_form(name, weights)
    values, kind = weights.reshape(-1), coder.quantiser
    step = step_of(values[:100_000], kind, limit)
    return Method(
        lambda: coder.encode(quantise(values, step, kind), form),
        lambda packed: dequantise(coder.decode(packed, form), step, kind).astype("<f4").tobytes(),
    )


def coder_and_form(name: str, weights: Array) -> tuple[Any, Any]:
    """Return a coder, and what it is told of the weights."""
    from kolmo.registry import weight_coders
    from kolmo.weights.checkpoint import DTYPES
    from kolmo.weights.coder import Form

    return weight_coders.make(name), Form(DTYPES["F32"], weights.shape)


def step_of(values: Array, kind: str, limit: float) -> float:
    """Return a step at which quantising makes nearly that error."""
    from kolmo.weights.quantising import dequantise, quantise

    step = 2 * limit
    for _ in range(4):
        found = dequantise(quantise(values, step, kind), step, kind)
        step *= 0.9995 * limit / tensors.rmse({"": values}, {"": found})
    return step


def timed(context: Context, actions: dict[str, Callable[[], None]], runs: int) -> dict[str, Timing]:
    """Return the timings of actions in turn."""
    tasks = [context.watched(call(name, action)) for name, action in actions.items()]
    return {timing.name: timing for timing in interleave(tasks, runs=runs, warmups=0)}


def row(name: str, method: Method, weights: Array, timings: tuple[Timing, Timing]) -> Row:
    """Return how small, how exact and how fast a method is."""
    import numpy as np

    found = np.frombuffer(method.found, "<f4").reshape(weights.shape)
    return {
        "method": name,
        "bits_per_weight": rounded(8 * len(method.packed) / weights.size),
        "rmse": rounded(tensors.rmse({"": weights}, {"": found})),
        **columns("encode_MB_per_second", speed(timings[0], weights.nbytes)),
        **columns("decode_MB_per_second", speed(timings[1], weights.nbytes)),
        "target": TARGETS.get(name),
        "runs": len(timings[0].samples),
    }


def speed(timing: Timing, size: int) -> Spread | None:
    """Return the spread of 10**6 bytes to CPU seconds."""
    spent = timing.values("cpu_seconds")
    return Spread.of([size / 1e6 / seconds if seconds else None for seconds in spent])


def memory(context: Context, weights: Array, limit: float) -> list[Row]:
    """Return the peak memory of packing the tensor as a file, with and without loss."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        large, tiny = Path(name) / "large.safetensors", Path(name) / "tiny.safetensors"
        large.write_bytes(tensors.to_bytes({"w.weight": weights}))
        tiny.write_bytes(tensors.to_bytes({"w.weight": weights[:4, :4].copy()}))
        for options in (("--lossless",), ("--step", f"{2 * limit:.6g}")):
            peaks = [peak(context, file, options) for file in (tiny, tiny, large)]
            rows.append(memory_row(options, peaks[1], peaks[2], weights.nbytes))
    return rows


def peak(context: Context, file: Path, options: tuple[str, ...]) -> int | None:
    """Return the peak memory of packing a file, in bytes, where it can be measured."""
    context.report(f"packing {file.name} {' '.join(options)}")
    return packing.pack(context, file, "-j1", *options)[1].sample.peak_rss_bytes


def memory_row(options: tuple[str, ...], base: int | None, whole: int | None, size: int) -> Row:
    """Return peaks in 10**6 bytes, and what the tensor needs as a multiple of its size."""
    needed = whole - base if whole is not None and base is not None else None
    return {
        "command": " ".join(("kolmo weights pack -j1", *options)),
        "tensor_MB": rounded(size / 1e6),
        "peak_MB": rounded(whole / 1e6) if whole is not None else None,
        "base_MB": rounded(base / 1e6) if base is not None else None,
        "multiple": rounded(needed / size) if needed is not None else None,
        "target": MEMORY_TARGET,
    }
