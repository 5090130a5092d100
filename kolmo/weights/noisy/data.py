"""A table as a problem for a net: standardised inputs, and a target that is sent exactly.

The receiver has the features' cells in the fixed form of `kolmo.mdl.features`; it makes the same
inputs of them, bit by bit: sums are taken one after the other. The target's values are integers,
in units of its own step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.portable import total
from kolmo.errors import InputError, ParameterError, nearest, shorten
from kolmo.mdl.cells import Cells, take_apart
from kolmo.mdl.features import Features, Known, known_columns
from kolmo.mdl.target import feature_names
from kolmo.table import Column, Table, Texts, csv_bytes
from kolmo.table.distinct import distinct_texts

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LIKELIHOODS = ("normal", "softmax")
LARGEST_LEVELS = 256
"""Most labels of a target, and of a feature."""

LARGEST_VALUE_BITS = 50
_LARGEST_INPUT = 2.0**1000


class Input(NamedTuple):
    """How one input of the net comes from a feature.

    Attributes
    ----------
    place : int
        Which feature.
    level : str or None
        The label that makes the input 1, all others 0; None if the feature is a number.
    mean, deviation : float
        What is taken off, and what the rest is divided by.
    """

    place: int
    level: str | None
    mean: float
    deviation: float


@dataclass(frozen=True, eq=False)
class Problem:
    """What a net is to learn, and how its target stands in the file.

    Attributes
    ----------
    known : Known
        The features, which the receiver has, too.
    header : bytes or None
        The target's name, if the file has a header.
    cells : Cells
        The target without its values.
    values : int64[n]
        The target in its steps, or which label each row has.
    likelihood : {"normal", "softmax"}
        Whether the net predicts a number or a label.
    inputs : tuple of Input
        What the columns of ``x`` are.
    x : float64[n, d]
        Standardised inputs.
    data : bytes
        The CSV file with the target alone: what is sent.
    """

    known: Known
    header: bytes | None
    cells: Cells
    values: Integers
    likelihood: str
    inputs: tuple[Input, ...]
    x: Floats
    data: bytes

    @property
    def rows(self) -> int:
        """Number of cases."""
        return self.values.size

    @property
    def outputs(self) -> int:
        """Outputs of the net: 1, or the number of labels."""
        return 1 if self.likelihood == "normal" else len(self.cells.levels)

    @property
    def y(self) -> Floats | Integers:
        """What the net is trained for: float64[n, 1] in steps, or int64[n]."""
        return training_target(self.values, self.likelihood)


def read_problem(
    table: Table,
    target: str,
    features: Sequence[str] | None = None,
    *,
    likelihood: str | None = None,
) -> Problem:
    """Return the problem of predicting a column of a table from others.

    Parameters
    ----------
    table : Table
        The rows; every cell of the columns that are used has a value.
    target : str
        The column to predict.
    features : sequence of str, optional
        The columns that the receiver has; all others if not given.
    likelihood : {"normal", "softmax"}, optional
        Whether the target is a number or a label; by the column's type if not given.

    Raises
    ------
    InputError
        If a value is missing, naming column and line; if there are too many labels, or numbers are
        too far apart.
    ParameterError
        If a column is unknown, or labels are to be numbers.
    """
    place, names = table.find(target), feature_names(table, target, features)
    if table.rows == 0:
        raise InputError(f"no rows: '{shorten(table.file)}' has none; need one or more.")
    column = _complete(table.column(target))
    for name in names:
        _complete(table.column(name))
    known = known_columns(table, names)
    chosen = _choose_likelihood(column, likelihood)
    cells, values = _take_target(column, table.cells[place], chosen)
    inputs = describe_inputs(known.features, known.names)
    header = None if table.header is None else table.header[place]
    return Problem(
        known,
        header,
        cells,
        values,
        chosen,
        inputs,
        make_inputs(known.features, inputs, table.rows),
        csv_bytes([table.cells[place]], header=None if header is None else (header,)),
    )


def training_target(values: Integers, likelihood: str) -> Floats | Integers:
    """Return what a net is trained for; the same bits at the receiver's."""
    return values if likelihood == "softmax" else values.astype(np.float64).reshape(-1, 1)


def describe_inputs(features: Features, names: Sequence[str]) -> tuple[Input, ...]:
    """Return the inputs that features make; those that are always the same make none.

    Raises
    ------
    InputError
        If a feature of texts has too many labels.
    """
    found: list[Input] = []
    for place, name in enumerate(names):
        numbers = features.numbers(place)
        if numbers is not None:
            found += _standard(numbers, place, None)
            continue
        levels = features.levels(place)
        if len(levels.names) > LARGEST_LEVELS:
            raise InputError(
                f"too many labels: got {len(levels.names)} in column {shorten(repr(name))}; need "
                f"numbers, or at most {LARGEST_LEVELS} labels. Leave it out with --features."
            )
        for code, level in enumerate(levels.names):
            found += _standard((levels.codes == code).astype(np.float64), place, level)
    return tuple(found)


def make_inputs(features: Features, inputs: Sequence[Input], rows: int) -> Floats:
    """Return the columns of the net's input; a single column of zeros if nothing varies."""
    x = np.zeros((rows, max(1, len(inputs))))
    for index, item in enumerate(inputs):
        x[:, index] = (_raw(features, item) - item.mean) / item.deviation
    return x


def _raw(features: Features, item: Input) -> Floats:
    if item.level is None:
        numbers = features.numbers(item.place)
        if numbers is None:
            raise InputError(
                f"no numbers: got texts in feature {shorten(repr(features.names[item.place]))}; "
                "need numbers, as where the net was fitted."
            )
        return numbers
    levels = features.levels(item.place)
    hits = np.array([name == item.level for name in levels.names], np.float64)
    return hits[levels.codes]


def _standard(column: Floats, place: int, level: str | None) -> list[Input]:
    """Return an input of mean 0 and variance 1, or none if the column is constant or too wide."""
    largest = float(np.abs(column).max())
    if float(column.min()) == float(column.max()) or largest > _LARGEST_INPUT:
        return []
    unit = float(np.ldexp(1.0, int(np.frexp(largest)[1])))  # that no square overflows
    scaled = column / unit
    mean = total(scaled) / column.size
    deviation = float(np.sqrt(total((scaled - mean) * (scaled - mean)) / column.size))
    found = Input(place, level, mean * unit, deviation * unit)
    return [found] if found.deviation > 0 else []


def _complete(column: Column) -> Column:
    """Return a column of which every cell has a value; InputError names the first that has none."""
    if column.missing.count == 0:
        return column
    stray = column.missing.stray
    row = int(stray[0] if stray.size else np.flatnonzero(column.missing.marks)[0])
    text = column.missing.spellings[int(column.missing.marks[row]) - 1].decode("utf-8", "replace")
    raise InputError(
        f"{'text among numbers' if stray.size else 'missing value'}: got {shorten(repr(text))} in "
        f"line {int(column.lines[row])} of '{shorten(column.file)}', row {row + 1}, column "
        f"{shorten(repr(column.name))}; need a value in every row. Fill it in, or drop the row."
    )


def _choose_likelihood(column: Column, wanted: str | None) -> str:
    if wanted is None:
        return "softmax" if column.numbers is None else "normal"
    if wanted not in LIKELIHOODS:
        raise ParameterError(
            f"unknown likelihood: got {shorten(repr(wanted))}. {nearest(wanted, [*LIKELIHOODS])}"
        )
    if wanted == "normal" and column.numbers is None:
        raise ParameterError(
            f"no numbers: got texts in column {shorten(repr(column.name))}; need numbers for the "
            "normal likelihood. Use softmax."
        )
    return wanted


def _take_target(column: Column, texts: Texts, likelihood: str) -> tuple[Cells, Integers]:
    """Return the target's cells without their values, and these as integers."""
    if likelihood == "softmax":
        codes, levels = distinct_texts(texts)
        if len(levels) > LARGEST_LEVELS:
            raise InputError(
                f"too many labels: got {len(levels)} in column {shorten(repr(column.name))}; need "
                f"at most {LARGEST_LEVELS}. Choose another target."
            )
        nothing = np.zeros(len(texts), np.uint8)
        cells = Cells(len(texts), Texts.of([]), nothing, numeric=False, levels=levels.packed())
        return cells, codes.astype(np.int64)
    cells, values = take_apart(column)
    if max(abs(int(values.min())), abs(int(values.max()))) >> LARGEST_VALUE_BITS:
        raise InputError(
            f"numbers too long: got {shorten(int(values.max()))} steps in column "
            f"{shorten(repr(column.name))}; need less than 2**{LARGEST_VALUE_BITS}. Round them."
        )
    return cells, values.astype(np.int64)
