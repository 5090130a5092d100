"""What counts as a number, a time or a missing value: exact spellings, never a guess.

A number is an optional sign, ASCII digits with at most one point, and an optional exponent:
``1_000``, ``0x10``, `` 1 ``, ``1,5`` and Arabic digits are none. It may have at most 1000 digits
on either side of its point, and an exponent from -324 to 308: ``1e400`` is text.
"""

import re
from typing import NamedTuple

DIGITS_LIMIT = 1000
EXPONENT_LIMITS = (-324, 308)

NUMBER = re.compile(
    rb"(?P<sign>[+-]?)(?P<whole>[0-9]*)(?P<point>\.?)(?P<fraction>[0-9]*)"
    rb"(?:(?P<letter>[eE])(?P<exponent>[+-]?[0-9]+))?"
)
_MISSING = frozenset((b"", b"na", b"n/a", b"#n/a", b"<na>", b"nan", b"nat", b"null", b"?"))
_NOT_FINITE = frozenset(
    b"inf +inf -inf infinity +infinity -infinity +nan -nan none nil missing - .".split()
)
_DATE = (
    rb"(?:[0-9]{4}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])"
    rb"|(?:0?[1-9]|[12][0-9]|3[01])([-/.])(?:0?[1-9]|[12][0-9]|3[01])\2(?:[0-9]{4}|[0-9]{2}))"
)
_CLOCK = rb"(?:[01]?[0-9]|2[0-4]):[0-5][0-9](?::[0-6][0-9](?:[.,][0-9]+)?)?(?: ?[APap][Mm])?"
_ZONE = rb" ?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_MONTH = rb"[0-9]{4}(?:-(?:0[1-9]|1[0-2])|-?Q[1-4]|-W[0-5][0-9])"
_TIME = re.compile(rb"%b(?:[T ]%b(?:%b)?)?|%b|%b" % (_DATE, _CLOCK, _ZONE, _CLOCK, _MONTH))


class Lookalike(NamedTuple):
    """A spelling that a person takes for a number and kolmo does not."""

    code: str
    pattern: re.Pattern[bytes]
    what: str
    advice: str


LOOKALIKES = (
    Lookalike(
        "decimal-comma",
        re.compile(rb"[+-]?[0-9]+,[0-9]+"),
        "numbers with a decimal comma",
        "Write 1.5 for 1,5 to have them read as numbers.",
    ),
    Lookalike(
        "spaces-around-numbers",
        re.compile(rb"(?=\s|.*\s\Z)\s*[+-]?[0-9.]+\s*", re.DOTALL),
        "numbers with spaces around them",
        "Remove the spaces to have them read as numbers.",
    ),
    Lookalike(
        "grouped-digits",
        re.compile(rb"[+-]?[0-9]{1,3}(?:[_' ,][0-9]{3})+(?:\.[0-9]*)?"),
        "numbers with grouped digits",
        "Write 1000 for 1_000 or 1,000 to have them read as numbers.",
    ),
    Lookalike(
        "hexadecimal",
        re.compile(rb"0[xX][0-9a-fA-F]+"),
        "hexadecimal numbers",
        "Write them in decimal to have them read as numbers.",
    ),
)


def match_number(text: bytes) -> re.Match[bytes] | None:
    """Return the parts of a number, or None if the text is none.

    Examples
    --------
    >>> [match_number(text) is not None for text in (b"-.5E-3", b"5.", b".", b"1_0", b"1e400")]
    [True, True, False, False, False]
    """
    match = NUMBER.fullmatch(text)
    if match is None:
        return None
    whole, fraction, exponent = match["whole"], match["fraction"], match["exponent"]
    if not (whole or fraction) or max(len(whole), len(fraction)) > DIGITS_LIMIT:
        return None
    if exponent is not None and not _in_range(exponent):
        return None
    return match


def _in_range(exponent: bytes) -> bool:
    digits = exponent.lstrip(b"+-").lstrip(b"0") or b"0"
    if len(digits) > 3:
        return False
    least, most = EXPONENT_LIMITS
    return least <= (-int(digits) if exponent.startswith(b"-") else int(digits)) <= most


def is_number(text: bytes) -> bool:
    """Return whether the text is a finite number."""
    return match_number(text) is not None


def is_time(text: bytes) -> bool:
    """Return whether the text is a date, a time of day, both, a month, a quarter or a week."""
    return _TIME.fullmatch(text) is not None


def is_missing(text: bytes, *, numeric: bool = False) -> bool:
    """Return whether the text says that there is no value: blank, NA, N/A, NaN, NaT, null or ?.

    In a column of numbers also inf, none, nil, missing, a dash or a point. Case and surrounding
    blanks do not matter.
    """
    word = text.strip().lower()
    return word in _MISSING or (numeric and word in _NOT_FINITE)
