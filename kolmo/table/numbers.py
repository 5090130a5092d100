"""Numbers at their stated precision: exact integers, a power of ten, and how each was written."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.table import forms
from kolmo.table.forms import (
    HARD,
    SIGN_MINUS_ZERO,
    SIGN_NONE,
    SIGN_PLUS,
    TEXT,
    Forms,
    Int64s,
)
from kolmo.table.grammar import match_number
from kolmo.table.limits import CHUNK_ROWS, FAST_ROWS
from kolmo.table.spelling import Style, assign, choose_base
from kolmo.table.texts import Texts, offset_type

DIGITS_BUDGET = 1 << 28  # most digits in all numbers of a column together
_INT64_MAX = (1 << 63) - 1
_SAMPLE = 1000
_KERNEL_BYTES = 24

Values = NDArray[np.int64] | tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Exact numbers and their spelling.

    Attributes
    ----------
    values : int64[n] or tuple of int
        The numbers times 10**decimals; Python integers where one does not fit 64 bits.
    decimals : int
        The most digits after the point of any of them, exponents written out.
    styles : tuple of Style or None
        The ways to write in use, the commonest first; None stands for "word by word".
    marks : uint8[n] or uint32[n]
        Which of the styles each number is written in.
    verbatim : Texts
        The texts of the numbers whose style is None, in order.

    Notes
    -----
    ``values`` and ``decimals`` say what the numbers are, the rest how they look: the two can be
    coded apart.

    Examples
    --------
    >>> column = read_numbers(Texts.of([b"1.50", b"2", b"+3.25"]))
    >>> column.values.tolist(), column.decimals, list(column.texts())
    ([150, 200, 325], 2, [b'1.50', b'2', b'+3.25'])
    """

    values: Values
    decimals: int
    styles: tuple[Style | None, ...]
    marks: NDArray[np.uint8] | NDArray[np.uint32]
    verbatim: Texts

    def __len__(self) -> int:
        return len(self.values)

    @property
    def fits_int64(self) -> bool:
        """Whether the values are an int64 array."""
        return isinstance(self.values, np.ndarray)

    def texts(self) -> Texts:
        """Return the text of every number, exactly as it was read."""
        fast = isinstance(self.values, np.ndarray) and self.decimals <= forms.PLAIN_DIGITS
        if fast and len(self) > FAST_ROWS:
            return self._spell_by_kernel()
        return Texts.of(self._spell())

    def _spell(self) -> Iterator[bytes]:
        verbatim = iter(self.verbatim)
        values = self.values.tolist() if isinstance(self.values, np.ndarray) else self.values
        for value, mark in zip(values, self.marks.tolist(), strict=True):
            style = self.styles[mark]
            yield next(verbatim) if style is None else style.spell(value, self.decimals)

    def _spell_by_kernel(self) -> Texts:
        from kolmo.table.kernels import spell_numbers

        assert isinstance(self.values, np.ndarray)
        plain = [style is not None and not style.letter for style in self.styles]
        table = np.full((len(plain), 4), -1, np.int64)
        for row, style in enumerate(self.styles):
            if style is not None and plain[row]:
                table[row] = style.sign, style.whole, style.decimals, style.bare
        widths = np.where(plain, _KERNEL_BYTES + table[:, 1] + table[:, 2], 0)
        data = np.empty(
            int((np.bincount(self.marks, minlength=len(plain)) * widths).sum()), np.uint8
        )
        stops = np.empty(len(self), offset_type(data.size))
        used = 0
        for first in range(0, len(self), CHUNK_ROWS):
            rows = slice(first, first + CHUNK_ROWS)
            marks = self.marks[rows].astype(np.uint32)
            values, ends = self.values[rows], stops[rows]
            used = spell_numbers(values, self.decimals, marks, table, data, ends, used)
        texts = Texts.chain(data[:used].copy(), stops)
        rest = np.flatnonzero(~np.array(plain)[self.marks])
        return texts if rest.size == 0 else self._with_rest(texts, rest)

    def _with_rest(self, texts: Texts, rest: NDArray[np.intp]) -> Texts:
        few = Numbers(self._pick(rest), self.decimals, self.styles, self.marks[rest], self.verbatim)
        index = np.arange(len(self))
        index[rest] = len(self) + np.arange(rest.size)
        return Texts.concatenate([texts, Texts.of(few._spell())]).take(index)

    def _pick(self, index: NDArray[np.intp]) -> Values:
        if isinstance(self.values, np.ndarray):
            return self.values[index]
        return tuple(self.values[i] for i in index.tolist())


class Hard(NamedTuple):
    """A number with an exponent or more than 18 digits: value / 10**decimals."""

    value: int
    decimals: int


@dataclass(frozen=True, eq=False)
class Scan:
    """What the texts of a column are: plain numbers by their form, hard ones by row, or text."""

    mantissas: Int64s
    forms: Forms
    hard_rows: NDArray[np.intp]
    hard: list[Hard]

    @property
    def is_number(self) -> NDArray[np.bool_]:
        """Where the text is a number."""
        return np.not_equal(self.forms, TEXT)


def scan_column(texts: Texts) -> Scan:
    """Return what each text is."""
    mantissas, kinds = forms.scan(texts)
    candidates = np.flatnonzero(kinds == HARD)
    hard: list[Hard] = []
    for row, text in zip(candidates.tolist(), texts.take(candidates), strict=True):
        parsed = parse_hard(text)
        if parsed is None:
            kinds[row] = TEXT
        else:
            hard.append(parsed)
    return Scan(mantissas, kinds, candidates[kinds[candidates] == HARD], hard)


def read_numbers(texts: Texts, scan: Scan | None = None) -> Numbers | None:
    """Return the numbers among the texts, or None if their digits exceed the budget.

    Parameters
    ----------
    texts : Texts
        Any texts; those that are no numbers are left out.
    scan : Scan, optional
        What `scan_column` said of them.
    """
    scan = scan_column(texts) if scan is None else scan
    plain = scan.forms < TEXT
    parts = forms.unpack(scan.forms[plain])
    decimals = max([int(parts.shown.max(initial=0)), *(number.decimals for number in scan.hard)])
    rows = np.flatnonzero(scan.is_number)
    places = np.searchsorted(rows, scan.hard_rows)
    values = _scale(
        scan.mantissas[plain], decimals - parts.shown.astype(np.int64), scan.hard, places, decimals
    )
    if values is None:
        return None
    hard_texts = texts.take(scan.hard_rows)
    if 2 * len(scan.hard) <= rows.size:
        base = choose_base(parts)
    else:
        base = _choose_hard_base(scan.hard, hard_texts)
    styles, plain_marks = assign(parts, base)
    marks = np.zeros(rows.size, np.uint32)
    marks[plain[rows]] = plain_marks
    used, hard_marks, verbatim = _assign_hard(scan.hard, hard_texts, styles)
    marks[places] = hard_marks
    small = marks.astype(np.uint8) if len(used) <= 256 else marks
    return Numbers(values, decimals, used, small, verbatim)


def parse_hard(text: bytes) -> Hard | None:
    """Return a number of any length or with an exponent, or None if the text is none.

    Examples
    --------
    >>> parse_hard(b"1.50E-3")
    Hard(value=150, decimals=5)
    """
    match = match_number(text)
    if match is None:
        return None
    exponent = int(match["exponent"] or b"0")
    digits = int(match["whole"] + match["fraction"])
    decimals = len(match["fraction"]) - exponent
    digits, decimals = digits * 10 ** max(0, -decimals), max(0, decimals)
    return Hard(-digits if match["sign"] == b"-" else digits, decimals)


def _style_of(number: Hard, text: bytes) -> Style | None:
    """Return the style that a number is written in, least digits being really least, if any."""
    match = match_number(text)
    assert match is not None
    whole, fraction, power = match["whole"], match["fraction"], match["exponent"] or b""
    sign = SIGN_PLUS if match["sign"] == b"+" else SIGN_NONE
    if match["sign"] == b"-" and number.value == 0:
        sign = SIGN_MINUS_ZERO
    digits = power.lstrip(b"+-")
    style = Style(
        sign=sign,
        whole=len(whole) if whole.startswith(b"0") and not power else min(1, len(whole)),
        decimals=len(fraction) if fraction.endswith(b"0") else 0,
        bare=bool(match["point"] and not fraction),
        letter=(match["letter"] or b"").decode(),
        exponent_plus=power.startswith(b"+"),
        exponent_digits=len(digits) if digits.startswith(b"0") else 1,
    )
    return style if style.spell(*number) == text else None


def _choose_hard_base(hard: list[Hard], texts: Texts) -> Style:
    """Return the style that writes most of the first thousand numbers."""
    sample = list(zip(hard[:_SAMPLE], texts.take(slice(_SAMPLE)), strict=True))
    counts = Counter(_style_of(number, text) for number, text in sample)

    def explained(style: Style) -> int:
        return sum(style.spell(*number) == text for number, text in sample)

    candidates = [style for style, _ in counts.most_common(8) if style is not None]
    return max(candidates, key=explained, default=Style())


def _assign_hard(
    hard: list[Hard], texts: Texts, styles: list[Style]
) -> tuple[tuple[Style | None, ...], list[int], Texts]:
    """Return all styles in use, the style of each hard number, and the texts that have none."""
    used: dict[Style | None, int] = {style: mark for mark, style in reversed([*enumerate(styles)])}
    marks: list[int] = []
    verbatim: list[bytes] = []
    for number, text in zip(hard, texts, strict=True):
        if styles[0].spell(*number) == text:
            marks.append(0)
            continue
        style = _style_of(number, text)
        marks.append(used.setdefault(style, len(used)))
        if style is None:
            verbatim.append(text)
    return tuple(sorted(used, key=used.__getitem__)), marks, Texts.of(verbatim)


def _scale(
    mantissas: Int64s, powers: Int64s, hard: list[Hard], places: NDArray[np.intp], decimals: int
) -> Values | None:
    """Return all numbers times 10**decimals, the hard ones at their places; None if too long."""
    count = mantissas.size + len(hard)
    is_plain = np.ones(count, bool)
    is_plain[places] = False
    rest = [number.value * 10 ** (decimals - number.decimals) for number in hard]
    tops = np.array([_INT64_MAX // 10 ** min(k, 19) for k in range(decimals + 1)], np.int64)
    fits = bool((np.abs(mantissas) <= tops[powers]).all())
    if fits and all(-_INT64_MAX <= value <= _INT64_MAX for value in rest):
        values = np.empty(count, np.int64)
        tens = np.array([10 ** min(k, 18) for k in range(decimals + 1)], np.int64)
        values[is_plain] = mantissas * tens[powers]
        values[places] = rest
        return values
    longest = max([len(str(abs(value))) for value in rest] + [forms.PLAIN_DIGITS + decimals])
    if count * longest > DIGITS_BUDGET:
        return None
    wide: list[int] = [0] * count
    for place, value in zip(places.tolist(), rest, strict=True):
        wide[place] = value
    triples = (np.flatnonzero(is_plain), mantissas, powers)
    for place, value, power in zip(*(column.tolist() for column in triples), strict=True):
        wide[place] = value * 10**power
    return tuple(wide)
