"""Trained nets, quantised: kolmo weights pack beside NNCodec at its error or a smaller one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.nets import folder, packing, rivals, tensors

PEERS = ("torch", "sklearn", "nncodec")
USES_CORPORA = True
QPS = (-38, -32, -26)
NOTES = (
    "rmse: root of the mean squared error over all weights, of what is unpacked",
    "bits per weight: 8 times the bytes of the whole file, to the number of weights",
    "NNCodec: trellis quantisation and its own search of parameters, as it does by default; "
    "nonweight_qp as qp, since its own -75 makes the file larger at equal error",
    "kolmo: the step whose error is at most NNCodec's, and within a thousandth of it if found",
    "ratio: kolmo's size to NNCodec's",
)
PUBLISHED = (
    "published for four such nets, bits per weight of NNCodec 2.1.3 (rmse): "
    "mlp 7.975 (.00074), conv 5.211 (.00196), lstm 4.528 (.0057), transformer 3.581 (.0057)"
)
WITHOUT = (0.00074, 0.00196, 0.0057)
"""Errors that kolmo is shown at where NNCodec is missing."""


def run(context: Context) -> CaseResult:
    """Measure every net at three rates."""
    nncodec, why = rivals.started("nncodec.nn")
    with folder.trained(context) as files:
        if files is None:
            return CaseResult(skipped=folder.NEEDED)
        notes = [*NOTES, folder.digests(files)]
        notes += [] if nncodec else [f"NNCodec does not start: {why}", PUBLISHED]
        rates: tuple[float, ...] = QPS if nncodec else WITHOUT
        rates = rates[1:2] if context.quick else rates
        rows = [row(context, net, file, rate) for net, file in files.items() for rate in rates]
    return CaseResult(tuple(rows), notes=tuple(notes))


def row(context: Context, net: str, file: Path, rate: float) -> Row:
    """Return what both make of a net; the rate is NNCodec's qp, or else the error allowed."""
    context.report(f"{net}, {'qp' if rate < 0 else 'rmse'} {rate}")
    weights = tensors.from_bytes(file.read_bytes())
    size, limit = by_nncodec(weights, int(rate)) if rate < 0 else (None, rate)
    ours = packing.pack_within(context, file, limit)
    count = tensors.elements(weights)
    return {
        "net": net,
        "weights": count,
        "nncodec_qp": int(rate) if size else None,
        "nncodec_rmse": rounded(limit) if size else None,
        "nncodec_bytes": size,
        "nncodec_bits_per_weight": rounded(8 * size / count) if size else None,
        "kolmo_step": rounded(ours.step),
        "kolmo_rmse": rounded(ours.rmse),
        "kolmo_bytes": ours.size,
        "kolmo_bits_per_weight": rounded(8 * ours.size / count),
        "ratio": rounded(ours.size / size) if size else None,
    }


def by_nncodec(weights: dict[str, tensors.Array], qp: int) -> tuple[int, float]:
    """Return the size of what NNCodec makes of weights, and the error of what it restores."""
    packed = rivals.nncodec(weights, qp)
    return len(packed), tensors.rmse(weights, rivals.unnncodec(packed))
