"""Tensors of a report as lines, several joined where their names begin alike; lines as rows."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from kolmo.weights.report import Length, TensorReport, WeightReport

from .weights_models import finite

MOST_LINES = 40
_ENDS = re.compile(r"[./]")


class Line(NamedTuple):
    """One tensor, or several together.

    Attributes
    ----------
    shape : tuple of int or None
        None for several.
    mantissa_bits : int or None
        The most that any of them uses.
    lengths : tuple of Length
        By each coder; none where all repeat earlier tensors.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    tensors: int
    weights: int
    raw_bits: int
    mantissa_bits: int | None
    same_as: str | None
    lengths: tuple[Length, ...]

    @property
    def best(self) -> Length | None:
        """The shortest."""
        return min(self.lengths, key=lambda row: row.payload_bits, default=None)


def make_lines(report: WeightReport, depth: int | None) -> list[Line]:
    """Return a line for each tensor, or for all whose names share ``depth`` parts."""
    if depth == 0:
        return []
    found: dict[str, list[TensorReport]] = {}
    for place, tensor in enumerate(report.tensors):
        key = str(place) if depth is None else _prefix(tensor.tensor, depth)
        found.setdefault(key, []).append(tensor)
    return [_line(name, members) for name, members in found.items()]


def table_depth(report: WeightReport) -> int | None:
    """Return the largest depth with at most `MOST_LINES` lines; None where tensors are so few."""
    if len(report.tensors) <= MOST_LINES:
        return None
    names = [tensor.tensor for tensor in report.tensors]
    deepest = max(len(_ENDS.findall(name)) for name in names)
    for depth in range(deepest, 0, -1):
        if len({_prefix(name, depth) for name in names}) <= MOST_LINES:
            return depth
    return 0


def make_rows(report: WeightReport, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Return a row for each line and coder, the shortest first, then the totals."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        lengths = sorted(line.lengths, key=lambda length: length.payload_bits)
        rows += [_row(report.file, line, length) for length in lengths or (None,)]
    everything = Line(
        "", "", None, len(report.tensors), report.weights, report.raw_bits, None, None, ()
    )
    return rows + [
        _row(report.file, everything, total) | {"tensor": None, "dtype": None}
        for total in report.totals
    ]


def _row(file: str, line: Line, length: Length | None) -> dict[str, Any]:
    return {
        "file": file,
        "tensor": line.name,
        "tensors": line.tensors,
        "dtype": line.dtype,
        "shape": None if line.shape is None else list(line.shape),
        "weights": line.weights,
        "raw_bits": line.raw_bits,
        **length_record(length),
        "mantissa_bits": line.mantissa_bits,
        "same_as": line.same_as,
    }


def length_record(length: Length | None) -> dict[str, Any]:
    """Return what a row says of a length; all None where there is none."""
    names = ("coder", "kind", "payload_bits", "container_bits", "bits_per_weight", "ratio")
    record = {name: getattr(length, name, None) for name in (*names, "step", "rmse")}
    return {**record, "rmse": finite(record["rmse"])}


def _prefix(name: str, depth: int) -> str:
    ends = [match.start() for match in _ENDS.finditer(name)]
    return name if len(ends) < depth else name[: ends[depth - 1]]


def _line(name: str, members: Sequence[TensorReport]) -> Line:
    first = members[0]
    single = len(members) == 1
    weights = sum(member.weights for member in members)
    raw_bits = sum(member.raw_bits for member in members)
    used = [member.mantissa_bits for member in members if member.mantissa_bits is not None]
    sent = [member for member in members if member.same_as is None]
    return Line(
        first.tensor if single else name,
        ",".join(dict.fromkeys(member.dtype for member in members)),
        first.shape if single else None,
        len(members),
        weights,
        raw_bits,
        max(used, default=None),
        None if sent else first.same_as,
        first.lengths if single else _joined(sent, weights, raw_bits),
    )


def _joined(sent: Sequence[TensorReport], weights: int, raw_bits: int) -> tuple[Length, ...]:
    """Return the lengths of several tensors together, by each coder."""
    found = []
    for lengths in zip(*(member.lengths for member in sent), strict=True):
        bits = sum(length.payload_bits for length in lengths)
        lossy = [
            (member.weights, length.rmse)
            for member, length in zip(sent, lengths, strict=True)
            if length.rmse is not None
        ]
        count = sum(size for size, _ in lossy)
        total = sum(size * rmse**2 for size, rmse in lossy)
        found.append(
            replace(
                lengths[0],
                payload_bits=bits,
                bits_per_weight=bits / weights if weights else None,
                ratio=bits / raw_bits if raw_bits else None,
                step=max((length.step for length in lengths if length.step), default=None),
                rmse=(total / count) ** 0.5 if count else None,
                exact=not count,
            )
        )
    return tuple(found)
