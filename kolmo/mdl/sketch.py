"""What a picture of a column and its model needs: a few numbers, computed once, drawn elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from kolmo.coding.code import Code
from kolmo.errors import ParameterError
from kolmo.mdl.cells import Cells
from kolmo.mdl.family import Family
from kolmo.mdl.models.values import Values, bounds, offsets
from kolmo.mdl.predictor import Predictor

BINS = 48
MOST_POINTS = 2000
MOST_LABELS = 24
_POINTS_PER_BIN = 8
_LARGEST = 10**300
_LARGEST_EXPONENT = 1000.0


@dataclass(frozen=True)
class Sketch:
    """Data, and a model drawn over them, in the units of the file; nothing beyond 1e300.

    Attributes
    ----------
    edges : tuple of float
        Of the bars, one more than there are; empty for labels.
    counts : tuple of int
        Rows in each bar, or with each label.
    expected : tuple of float or None
        Rows in each bar by the model, if its rows are independent.
    labels : tuple of str
        The most frequent labels; the last may stand for all others.
    trace : tuple of tuple
        (row, value) of some rows in order, if the model heeds the order.
    levels : tuple of tuple
        (first row, row after the last, location, scale) of segments.
    axis : str
        What the points are drawn over: a feature, or the expectation itself.
    points : tuple of tuple
        (place on the axis, value, expected value) of some rows, if others predict them.
    """

    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()
    expected: tuple[float, ...] | None = None
    labels: tuple[str, ...] = ()
    trace: tuple[tuple[int, float], ...] = ()
    levels: tuple[tuple[int, int, float, float], ...] = ()
    axis: str = ""
    points: tuple[tuple[float, float, float], ...] = ()


def sketch_labels(cells: Cells, values: Values) -> Sketch:
    """Return how often the most frequent labels occur."""
    counts = np.bincount(values.astype(np.int64), minlength=len(cells.levels))
    order = np.argsort(-counts, kind="stable").tolist()
    shown = order if len(order) <= MOST_LABELS else order[: MOST_LABELS - 1]
    names = [cells.levels[place].decode("utf-8", "replace") for place in shown]
    found = [int(counts[place]) for place in shown]
    if len(shown) < len(order):
        names.append(f"{len(order) - len(shown)} others")
        found.append(int(values.size) - sum(found))
    return Sketch(labels=tuple(names), counts=tuple(found))


def sketch_numbers(
    cells: Cells, values: Values, family: Family[Any], chosen: Any, described: dict[str, Any]
) -> Sketch:
    """Return a histogram of the values, and what the model says of it."""
    lowest, size = bounds(values)
    if max(abs(lowest), abs(lowest + size)) * cells.unit >= _LARGEST:
        return Sketch()
    width = -(-size // BINS)
    bars = -(-size // width)
    places = (offsets(values, lowest) // width).astype(np.int64)
    starts = [lowest + width * i for i in range(bars + 1)]
    sketch = Sketch(
        edges=tuple(_in_file(2 * start - 1, cells.unit / 2) for start in starts),
        counts=tuple(np.bincount(places, minlength=bars).tolist()),
    )
    if family.independent:
        code = family.data_code(chosen, 1)
        shares = [_expected(code, start, width) for start in starts[:-1]]
        return replace(sketch, expected=tuple(values.size * share for share in shares))
    if "edges" in described:
        return replace(sketch, expected=_binned(sketch.edges, described))
    return replace(sketch, trace=_trace(values, cells.unit), levels=_levels(described, values.size))


def sketch_predicted(
    cells: Cells, values: Values, predictor: Predictor[Any], chosen: Any, described: dict[str, Any]
) -> Sketch | None:
    """Return the values over the feature that predicts them, or over what is expected of them.

    None if nothing is expected, or a number is beyond 1e300.
    """
    expected = predictor.expected(chosen, values)
    largest = max(map(abs, (int(values.min()), int(values.max()))))
    if expected is None or largest * cells.unit >= _LARGEST:
        return None
    rows = range(0, values.size, -(-values.size // MOST_POINTS))
    heights = [_in_file(int(values[row]), cells.unit) for row in rows]
    means = [_in_file(int(expected[row]), cells.unit) for row in rows]
    places, axis = means, "expected"
    features = predictor.features
    if (name := described.get("feature")) in features.names:
        numbers = features.numbers(features.names.index(str(name)))
        if numbers is not None:
            places, axis = [float(numbers[row]) for row in rows], str(name)
    return Sketch(axis=axis, points=tuple(sorted(zip(places, heights, means, strict=True))))


def _expected(code: Code[Any], start: int, width: int) -> float:
    """Return the probability of the bar that begins at ``start``, from a few of its values."""
    step = max(1, width // _POINTS_PER_BIN)
    points = range(start + (step - 1) // 2, start + width, step)
    shares = [_share(code, point, math.log2(width)) for point in points]
    return min(1.0, math.fsum(shares) / len(shares))


def _share(code: Code[Any], point: int, width_bits: float) -> float:
    """Return the probability of a bar whose values are all as likely as this one; 0 if it is."""
    one = np.array([point], np.int64 if abs(point) < 1 << 62 else np.object_)
    try:
        return float(2.0 ** min(_LARGEST_EXPONENT, width_bits - code.codelength(one)))
    except ParameterError:
        return 0.0


def _binned(edges: Sequence[float], described: dict[str, Any]) -> tuple[float, ...]:
    """Return how many rows of a histogram lie in each bar, evenly spread in its bins."""
    ends = np.array(described["edges"], float)
    below = np.concatenate([[0.0], np.cumsum(described["counts"])])
    return tuple(np.diff(np.interp(edges, ends, below)).tolist())


def _trace(values: Values, unit: Fraction) -> tuple[tuple[int, float], ...]:
    step = -(-values.size // MOST_POINTS)
    return tuple((row, _in_file(int(values[row]), unit)) for row in range(0, values.size, step))


def _levels(described: dict[str, Any], rows: int) -> tuple[tuple[int, int, float, float], ...]:
    if "segments" not in described:
        return ()
    starts = described["starts"]
    return tuple(
        (start, stop, float(part["location"]), float(part["scale"]))
        for start, stop, part in zip(
            starts, [*starts[1:], rows], described["segments"], strict=True
        )
    )


def _in_file(value: int, unit: Fraction) -> float:
    return float(value * unit)
