"""Trained nets bit by bit: kolmo weights pack beside zstd, xz and ZipNN."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.case import CaseResult, Context, Row, rounded
from benchmarks.nets import folder, packing, rivals, tensors

PEERS = ("torch", "sklearn", "zipnn")
USES_CORPORA = True
NOTES = (
    "bits per weight: 8 times the bytes of the whole file made of a whole .safetensors file, "
    "to the number of weights",
    "zstd: level 19; xz: preset 9, extreme; ZipNN: its own choice of method for the type",
    "bfloat16: the same nets, rounded",
    "ratio: kolmo's size to the peer's; kolmo's and ZipNN's files were unpacked and compared",
)
PUBLISHED = (
    "published for four such nets (float32): zstd 29.5 to 29.8, ZipNN 26.57 to 26.79; "
    "(bfloat16) zstd 12.3 to 12.5, ZipNN 10.64 to 10.80"
)


def run(context: Context) -> CaseResult:
    """Measure every net in both types."""
    zipnn, why = rivals.started("zipnn")
    with folder.trained(context) as files:
        if files is None:
            return CaseResult(skipped=folder.NEEDED)
        notes = [*NOTES, folder.digests(files)]
        notes += [] if zipnn else [f"ZipNN does not start: {why}", PUBLISHED]
        rows: list[Row] = []
        for net, file in files.items():
            rows += rows_of(context, net, file, "float32", zipnn is not None)
            half = file.with_name(f"{net}-bfloat16.safetensors")
            rounded_weights = tensors.bfloat16(tensors.from_bytes(file.read_bytes()))
            half.write_bytes(tensors.to_bytes(rounded_weights))
            rows += rows_of(context, net, half, "bfloat16", zipnn is not None)
    return CaseResult(tuple(rows), notes=tuple(notes))


def rows_of(context: Context, net: str, file: Path, kind: str, has_zipnn: bool) -> list[Row]:
    """Return a row for kolmo and for each peer."""
    context.report(f"{net}, {kind}")
    data = file.read_bytes()
    weights = tensors.elements(tensors.from_bytes(data))
    ours = packing.pack_exactly(context, file)
    peers: dict[str, Callable[[], int]] = {
        "zstd -19": lambda: len(rivals.zstd(data)),
        "xz -9e": lambda: len(rivals.xz(data)),
        **({"ZipNN": lambda: zipnn_size(data, kind)} if has_zipnn else {}),
    }
    sizes = {"kolmo": ours} | {name: size() for name, size in peers.items()}
    return [
        {
            "net": net,
            "weights": weights,
            "type": kind,
            "method": name,
            "bytes": size,
            "bits_per_weight": rounded(8 * size / weights, 5),
            "ratio": None if name == "kolmo" else rounded(ours / size),
        }
        for name, size in sizes.items()
    ]


def zipnn_size(data: bytes, kind: str) -> int:
    """Return the size that ZipNN makes of data, after unpacking them again."""
    packed = rivals.zipnn(data, kind)
    if rivals.unzipnn(packed, kind) != data:
        raise OSError("ZipNN changed the data: got other bytes; need those that were packed.")
    return len(packed)
