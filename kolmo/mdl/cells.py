"""All of a column but its values: how many rows, what is missing, how the cells are written.

A column is its values, integers that the families model, and the rest, which is the same for all
of them: here the two are taken apart, and put together again. The values of numbers are counted
in units of their common divisor, or of a step that the user states; what is below the step is
coded plainly with the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.coding.code import Code, Interval, IntervalCode, Reader, Writer, damaged
from kolmo.coding.discrete import Uniform, Uniforms
from kolmo.coding.logstar import LogStar
from kolmo.coding.urn import KT
from kolmo.errors import ParameterError, shorten
from kolmo.mdl.models.parts import Bounded, Chain
from kolmo.mdl.models.values import LARGEST_BITS, Values, column_values, to_values
from kolmo.mdl.packed import Known, PackedTexts, TextList, count_code
from kolmo.table import Column, Labels, Missing, Numbers, Style, Texts

_LARGEST_STYLES = 1 << 20
_LARGEST_STEP = 1 << 1000  # which a float still holds
_LARGEST_WIDTH = 1 << 16
_NEAR = 1 << 61
_SIGNS = 3
_LETTERS = ("", "e", "E")
_NO_TEXTS = Texts.of([])
_NO_MARKS = np.empty(0, np.uint8)


class Cells(NamedTuple):
    """A column without its values.

    Attributes
    ----------
    rows : int
        Number of cells.
    gaps : Texts
        What stands where there is no value.
    marks : uint[rows]
        0 where there is a value, else which of the gaps, from 1.
    numeric : bool
        Whether the values are numbers, or label codes.
    decimals : int
        The numbers are integers divided by 10**decimals.
    step : int
        What each value is multiplied with.
    remainders : int64[n] or None
        What is added then, each below the step.
    styles : tuple of Style or None
        How numbers are written; None stands for word by word.
    written : uint[n]
        In which of the styles.
    verbatim : Texts
        The numbers that no style writes.
    levels : Texts
        The labels.
    """

    rows: int
    gaps: Texts
    marks: NDArray[Any]
    numeric: bool
    decimals: int = 0
    step: int = 1
    remainders: NDArray[np.int64] | None = None
    styles: tuple[Style | None, ...] = ()
    written: NDArray[Any] = _NO_MARKS
    verbatim: Texts = _NO_TEXTS
    levels: Texts = _NO_TEXTS

    @property
    def present(self) -> int:
        """Number of values."""
        return self.rows - int(np.count_nonzero(self.marks))

    @property
    def unit(self) -> Fraction:
        """What a value of 1 stands for in the file."""
        return Fraction(self.step, 10**self.decimals)


def take_apart(column: Column, precision: Fraction | None = None) -> tuple[Cells, Values]:
    """Return what a column is beside its values, and the values.

    Parameters
    ----------
    column : Column
        Any column.
    precision : Fraction, optional
        The step of the numbers if it is coarser than their last digit; what is below it is coded
        plainly. Their common divisor if not given.

    Raises
    ------
    ParameterError
        If the precision is finer than the last digit or no multiple of it, or there are no numbers.
    """
    first = (column.rows, column.missing.spellings, column.missing.marks)
    numbers, labels = column.numbers, column.labels
    values = column_values(column)
    if numbers is None:
        assert labels is not None
        if precision is not None:
            raise ParameterError(
                f"precision does not suit: got {float(precision):g} for labels; need numbers in "
                f"column {shorten(repr(column.name))}."
            )
        return Cells(*first, numeric=False, levels=labels.levels), values
    cells = Cells(
        *first,
        numeric=True,
        decimals=numbers.decimals,
        step=_divisor(values) if precision is None else _step(precision, numbers.decimals),
        styles=numbers.styles,
        written=numbers.marks,
        verbatim=numbers.verbatim,
    )
    return (cells, values) if cells.step == 1 else _divide(values, cells)


def put_together(cells: Cells, values: Values) -> Texts:
    """Return the text of every cell.

    Raises
    ------
    DecodeError
        If there are no cells with such values.
    """
    named = (True,) * len(cells.gaps)
    content = _numbers(cells, values) if cells.numeric else _labels(cells, values)
    missing = Missing(cells.marks, cells.gaps, named)
    nowhere = np.empty(0, np.uint32)
    return Column("", "", "", cells.rows, missing, content, nowhere).texts()


class CellsCode(Code[Cells]):
    """The code of all but the values.

    Parameters
    ----------
    limit : int
        How many bytes the column may have: what a decoder accepts.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._chain = Chain(
            Cells,
            lambda: count_code(limit),
            lambda _: TextList(limit),
            lambda rows, gaps: Marks(len(gaps) + 1, rows),
            lambda *_: Flag(),
            lambda *fields: count_code(LARGEST_BITS) if fields[3] else Known(0),
            lambda *fields: Bounded(LogStar(), 1, _LARGEST_STEP) if fields[3] else Known(1),
            lambda *fields: Remainders(fields[5], _count(fields)),
            lambda *fields: Styles() if fields[3] else Known(()),
            lambda *fields: (
                Marks(len(fields[7]), _count(fields)) if fields[3] else Known(_NO_MARKS)
            ),
            lambda *fields: PackedTexts(_count_verbatim(fields), limit),
            lambda *fields: Known(_NO_TEXTS) if fields[3] else TextList(limit),
        )

    def codelength(self, value: Cells, /) -> float:
        """Return the length in bits."""
        return self._chain.codelength(value)

    def encode(self, value: Cells, coder: Writer, /) -> None:
        """Store all but the values."""
        self._chain.encode(value, coder)

    def decode(self, coder: Reader, /) -> Cells:
        """Return all but the values; DecodeError if the cells would be longer than the limit."""
        cells = self._chain.decode(coder)
        if cells.numeric and cells.present and not cells.styles:
            raise damaged("numbers that nothing says how to write")
        widths = [style.whole + style.decimals if style else 0 for style in cells.styles]
        used = np.bincount(cells.written, minlength=len(widths)).tolist()
        if sum(width * count for width, count in zip(widths, used, strict=True)) > self.limit:
            raise damaged("the numbers are wider than the file is long")
        return cells


class Flag(IntervalCode[bool]):
    """One bit."""

    def intervals(self, value: bool, /) -> list[Interval]:
        """Return the interval of a bit."""
        return [Interval(int(value), 1, 2)]

    def decode(self, coder: Reader, /) -> bool:
        """Return the bit stored next."""
        return bool(Uniform(2).decode(coder))


class Marks(Code[NDArray[Any]]):
    """Which of some symbols each row has, Krichevsky-Trofimov; nothing if there is but one."""

    def __init__(self, size: int, rows: int) -> None:
        self.size, self.rows = size, rows
        self._code = KT(max(1, size), rows)

    def codelength(self, value: NDArray[Any], /) -> float:
        """Return the length in bits."""
        return self._code.codelength(value) if self.size > 1 else 0.0

    def encode(self, value: NDArray[Any], coder: Writer, /) -> None:
        """Store marks."""
        if self.size > 1:
            self._code.encode(value, coder)

    def decode(self, coder: Reader, /) -> NDArray[Any]:
        """Return the marks stored next."""
        if self.size > 1:
            return np.asarray(self._code.decode(coder))
        return np.zeros(self.rows, np.uint8)


class Remainders(Code["NDArray[np.int64] | None"]):
    """What is below the step in each row, plainly; one bit says whether there is any."""

    def __init__(self, step: int, rows: int) -> None:
        self.step, self.rows = step, rows

    def codelength(self, value: NDArray[np.int64] | None, /) -> float:
        """Return the length in bits."""
        if self.step == 1:
            return 0.0
        return 1.0 + (0.0 if value is None else self._code().codelength(value))

    def encode(self, value: NDArray[np.int64] | None, coder: Writer, /) -> None:
        """Store remainders, or that there are none."""
        if self.step > 1:
            Flag().encode(value is not None, coder)
        if value is not None:
            self._code().encode(value, coder)

    def decode(self, coder: Reader, /) -> NDArray[np.int64] | None:
        """Return the remainders stored next, or None."""
        if self.step == 1 or not Flag().decode(coder):
            return None
        return np.asarray(self._code().decode(coder), np.int64)

    def _code(self) -> Uniforms:
        return Uniforms(np.full(self.rows, self.step))


class Styles(Code[tuple[Style | None, ...]]):
    """The ways to write numbers that are in use."""

    def __init__(self) -> None:
        width = count_code(_LARGEST_WIDTH)
        self._fields = Chain(
            lambda *fields: fields,
            lambda: Uniform(_SIGNS),
            lambda _: width,
            lambda *_: width,
            lambda *_: Flag(),
            lambda *_: Letter(),
            lambda *fields: Flag() if fields[4] else Known(False),
            lambda *fields: width if fields[4] else Known(1),
        )

    def codelength(self, value: tuple[Style | None, ...], /) -> float:
        """Return the length in bits."""
        found = [1.0 + (self._fields.codelength(astuple(style)) if style else 0) for style in value]
        return count_code(_LARGEST_STYLES).codelength(len(value)) + sum(found)

    def encode(self, value: tuple[Style | None, ...], coder: Writer, /) -> None:
        """Store styles."""
        count_code(_LARGEST_STYLES).encode(len(value), coder)
        for style in value:
            Flag().encode(style is not None, coder)
            if style is not None:
                self._fields.encode(astuple(style), coder)

    def decode(self, coder: Reader, /) -> tuple[Style | None, ...]:
        """Return the styles stored next."""
        number = count_code(_LARGEST_STYLES).decode(coder)
        return tuple(
            Style(*self._fields.decode(coder)) if Flag().decode(coder) else None
            for _ in range(number)
        )


class Letter(IntervalCode[str]):
    """No exponent, or the letter before it."""

    def intervals(self, value: str, /) -> list[Interval]:
        """Return the interval of a letter."""
        return Uniform(len(_LETTERS)).intervals(_LETTERS.index(value))

    def decode(self, coder: Reader, /) -> str:
        """Return the letter stored next."""
        return _LETTERS[Uniform(len(_LETTERS)).decode(coder)]


def _count(fields: Sequence[Any]) -> int:
    return int(fields[0]) - int(np.count_nonzero(fields[2]))


def _count_verbatim(fields: Sequence[Any]) -> int:
    unwritten = [place for place, style in enumerate(fields[7]) if style is None]
    return int(np.isin(fields[8], unwritten).sum())


def _divisor(values: Values) -> int:
    """Return the largest integer that divides all; 1 for zeros."""
    if values.dtype == np.int64 and values.size and values.min() > -(1 << 63):
        return int(np.gcd.reduce(np.abs(values))) or 1
    found = reduce(gcd, (int(value) for value in values), 0)
    return found if 0 < found < _LARGEST_STEP else 1


def _step(precision: Fraction, decimals: int) -> int:
    step = precision * 10**decimals
    if step.denominator != 1 or not 1 <= step < _LARGEST_STEP:
        raise ParameterError(
            f"precision does not suit: got {float(precision):g} for numbers with {decimals} "
            f"decimals; need a multiple of {float(Fraction(1, 10**decimals)):g}."
        )
    return int(step)


def _divide(values: Values, cells: Cells) -> tuple[Cells, Values]:
    """Return cells and values in units of the step."""
    step, half = cells.step, cells.step // 2
    near = values.dtype == np.int64 and step < _NEAR
    wide = values if near and np.abs(values).max(initial=0) < _NEAR else values.astype(np.object_)
    if not (wide % step).any():
        return cells, to_values(wide // step)
    quotients = (wide + half) // step
    remainders = to_values(wide + half - quotients * step)
    return cells._replace(remainders=remainders), to_values(quotients)


def _numbers(cells: Cells, values: Values) -> Numbers:
    whole = values if cells.step == 1 else _multiply(values, cells)
    found = to_values(whole)
    exact = found if found.dtype == np.int64 else tuple(map(int, found))
    return Numbers(exact, cells.decimals, cells.styles, cells.written, cells.verbatim)


def _multiply(values: Values, cells: Cells) -> Values:
    whole = values.astype(np.object_) * cells.step
    if cells.remainders is not None:
        whole = whole + cells.remainders - cells.step // 2
    return np.asarray(whole)


def _labels(cells: Cells, values: Values) -> Labels:
    if values.size and not 0 <= values.min() <= values.max() < len(cells.levels):
        raise damaged("a label beyond the last")
    return Labels(values.astype(np.uint32), cells.levels)
