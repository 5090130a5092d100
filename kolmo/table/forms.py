"""The form of a plain number in one integer, as the kernel `scan_numbers` writes it.

A plain number has at most 18 digits and no exponent; its value is then digits / 10**shown.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolmo.table.grammar import match_number
from kolmo.table.limits import CHUNK_ROWS, FAST_BYTES
from kolmo.table.texts import Texts

TEXT = 1 << 30
HARD = 1 << 31
PLAIN_DIGITS = 18
SIGN_NONE, SIGN_PLUS, SIGN_MINUS_ZERO = 0, 1, 2

Forms = NDArray[np.uint32]
Digits = NDArray[np.uint8]
Int64s = NDArray[np.int64]


class Parts(NamedTuple):
    """The fields of an array of forms.

    Attributes
    ----------
    shown, trailing : uint8[n]
        Digits after the point, and how many of them are zeros at the end.
    whole, significant : uint8[n]
        Digits before the point, without and with leading zeros left out.
    mode : uint8[n]
        0 no sign (or a minus before a negative number), 1 plus, 2 a minus before zero.
    bare, negative : bool[n]
        Whether it ends in its point; whether it is below zero.
    """

    shown: Digits
    trailing: Digits
    whole: Digits
    significant: Digits
    mode: Digits
    bare: NDArray[np.bool_]
    negative: NDArray[np.bool_]

    def take(self, index: NDArray[np.intp]) -> "Parts":
        """Return the fields at some places."""
        return Parts._make(field[index] for field in self)


def unpack(forms: Forms) -> Parts:
    """Return the fields of each form."""

    def field(first: int, bits: int) -> Digits:
        return ((forms >> first) & ((1 << bits) - 1)).astype(np.uint8)

    shown, trailing, whole, significant = (field(first, 5) for first in (0, 5, 10, 15))
    mode, bare, negative = field(20, 2), field(22, 1) == 1, field(23, 1) == 1
    return Parts(shown, trailing, whole, significant, mode, bare, negative)


def scan(texts: Texts) -> tuple[Int64s, Forms]:
    """Return the signed digits and the form of each text; TEXT or HARD if it is not plain."""
    mantissas = np.zeros(len(texts), np.int64)
    forms = np.full(len(texts), TEXT, np.uint32)
    if texts.data.size >= FAST_BYTES:
        from kolmo.table.kernels import scan_numbers

        for first in range(0, len(texts), CHUNK_ROWS):
            rows = slice(first, first + CHUNK_ROWS)
            starts, stops = map(np.ascontiguousarray, (texts.starts[rows], texts.stops[rows]))
            scan_numbers(texts.data, starts, stops, mantissas[rows], forms[rows])
        return mantissas, forms
    for i, text in enumerate(texts):
        mantissas[i], forms[i] = form_of(text)
    return mantissas, forms


def form_of(text: bytes) -> tuple[int, int]:
    """Return the signed digits and the form of one text.

    Examples
    --------
    Two digits are shown, one of them a trailing zero; one stands before the point:

    >>> digits, form = form_of(b"-1.50")
    >>> digits, form & 31, form >> 5 & 31, form >> 10 & 31
    (-150, 2, 1, 1)
    """
    match = match_number(text)
    if match is None:
        return 0, TEXT
    whole, fraction = match["whole"], match["fraction"]
    if match["letter"] or len(whole) + len(fraction) > PLAIN_DIGITS:
        return 0, HARD
    digits = int(whole + fraction)
    negative = match["sign"] == b"-" and digits > 0
    mode = SIGN_NONE
    if match["sign"] and not negative:
        mode = SIGN_PLUS if match["sign"] == b"+" else SIGN_MINUS_ZERO
    form = len(fraction) | (len(fraction) - len(fraction.rstrip(b"0"))) << 5
    form |= len(whole) << 10 | len(whole.lstrip(b"0")) << 15
    form |= mode << 20 | bool(match["point"] and not fraction) << 22 | negative << 23
    return -digits if negative else digits, form
