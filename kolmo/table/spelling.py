"""How a number is written: a style turns an exact value into one text.

A style states the *least* number of digits before and after the point. So "at least two after"
writes 1.50, 2.25 and 1.234, and one style serves nearly all cells of most columns.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kolmo.table.forms import SIGN_MINUS_ZERO, SIGN_NONE, SIGN_PLUS, Digits, Parts


@dataclass(frozen=True, slots=True)
class Style:
    """One way to write numbers.

    Attributes
    ----------
    sign : int
        0: a minus before negative numbers only; 1: also a plus before all others; 2: also a
        minus before zero.
    whole : int
        Least number of digits before the point: 1 usually, 0 for ``.5``, 3 for ``007``.
    decimals : int
        Least number of digits after the point; 2 for ``1.50``.
    bare : bool
        Whether a number without decimals ends in its point, ``5.``.
    letter : str
        Empty, or ``e`` or ``E``: one digit other than 0 (if there is one) before the point, then
        an exponent.
    exponent_plus : bool
        Whether an exponent of at least 0 has a plus.
    exponent_digits : int
        Least number of digits of an exponent.

    Examples
    --------
    >>> Style(decimals=2).spell(-1500, 3), Style(letter="e", decimals=1).spell(150, 5)
    (b'-1.50', b'1.5e-3')
    """

    sign: int = SIGN_NONE
    whole: int = 1
    decimals: int = 0
    bare: bool = False
    letter: str = ""
    exponent_plus: bool = False
    exponent_digits: int = 1

    def spell(self, value: int, scale: int) -> bytes:
        """Return ``value / 10**scale`` in this style."""
        digits = str(abs(value)).rjust(scale, "0")
        exponent = ""
        if self.letter:
            power = len(digits.lstrip("0")) - 1 - scale if value else 0
            digits = digits.lstrip("0") or "0"
            whole, fraction = digits[0], digits[1:]
            mark = "-" if power < 0 else "+" if self.exponent_plus else ""
            exponent = self.letter + mark + str(abs(power)).rjust(self.exponent_digits, "0")
        else:
            cut = len(digits) - scale
            whole, fraction = digits[:cut].lstrip("0"), digits[cut:]
        fraction = fraction.rstrip("0").ljust(self.decimals, "0")
        point = "." if fraction or self.bare else ""
        text = self._sign_of(value) + whole.rjust(self.whole, "0") + point + fraction + exponent
        return text.encode()

    def _sign_of(self, value: int) -> str:
        if value < 0 or (value == 0 and self.sign == SIGN_MINUS_ZERO):
            return "-"
        return "+" if self.sign == SIGN_PLUS else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return asdict(self)


def choose_base(parts: Parts) -> Style:
    """Return the style that writes most of the numbers, from the forms of all."""
    return Style(
        sign=int(2 * np.sum(parts.mode == SIGN_PLUS) > np.sum(~parts.negative)),
        whole=_commonest(parts.whole, parts.whole > parts.significant, first=1),
        decimals=_commonest(parts.shown, parts.trailing > 0, first=0),
        bare=bool(2 * np.sum(parts.bare) > np.sum(parts.shown == 0)),
    )


def assign(parts: Parts, base: Style) -> tuple[list[Style], NDArray[np.uint32]]:
    """Return the styles in use, the base first, and which of them writes each number."""
    marks = np.zeros(parts.shown.size, np.uint32)
    rest = np.flatnonzero(~_fits(parts, base))
    if rest.size == 0:
        return [base], marks
    padded = parts.take(rest)
    keys = np.where(padded.trailing > 0, padded.shown, 0).astype(np.uint32)
    least = np.where(padded.whole > padded.significant, padded.whole, padded.whole > 0)
    for field, first in ((least, 5), (padded.mode, 10), (padded.bare, 12)):
        keys |= field.astype(np.uint32) << first
    used, places = np.unique(keys, return_inverse=True)
    marks[rest] = places + 1
    return [base, *map(_style_of, used.tolist())], marks


def _style_of(key: int) -> Style:
    return Style(key >> 10 & 3, key >> 5 & 31, key & 31, bool(key >> 12))


def _fits(parts: Parts, style: Style) -> NDArray[np.bool_]:
    if style.letter:
        return np.zeros(parts.shown.size, bool)
    fits = _has_least(parts.shown, parts.trailing > 0, style.decimals)
    fits &= _has_least(parts.whole, parts.whole > parts.significant, style.whole)
    fits &= parts.negative | (parts.mode == style.sign)
    fits &= (parts.shown > 0) | (parts.bare == style.bare)
    return fits


def _has_least(digits: Digits, padded: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """Return where ``digits`` are what "at least ``least``" gives: padded to it, or not at all."""
    return np.where(padded, digits == least, digits >= least)


def _commonest(digits: Digits, padded: NDArray[np.bool_], first: int) -> int:
    """Return the least number of digits that explains most numbers; on a tie ``first``, then low.

    It explains those padded to exactly it, and those not padded that have as many or more.
    """
    exact = np.bincount(digits[padded], minlength=32)
    unpadded = np.bincount(digits[~padded], minlength=32)
    explained = exact + unpadded[::-1].cumsum()[::-1]
    best = int(np.argmax(explained))
    return first if explained[first] == explained[best] else best
