"""How a file is written, found out from its first line alone."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from kolmo.errors import ParameterError, nearest, shorten
from kolmo.table.grammar import is_missing, is_number, is_time

DELIMITERS = (b",", b";", b"\t", b"|")
HEADERS = ("auto", "yes", "no")
_SNIFF_BYTES = 1 << 20
_QUOTED = re.compile(rb'(?:(?<=[,;\t|\r\n])|\A)"[^"]*+(?:""[^"]*+)*+"')
_NUMBERS_ONLY = re.compile(rb"[-+0-9.,;|\t eE]+")


@dataclass(frozen=True)
class Dialect:
    """What was found out about a file, or told.

    Attributes
    ----------
    delimiter, encoding : str
        One character; the standard name of an encoding.
    header : bool
        Whether the first line names the columns.
    bom : bool
        Whether the file began with a byte order mark.
    line_ends : str
        ``LF``, ``CRLF``, ``CR``, ``mixed`` or ``none``; those inside quotes count.
    delimiter_sniffed, header_detected : bool
        Whether kolmo decided, not the user.
    """

    delimiter: str
    encoding: str
    header: bool
    bom: bool
    line_ends: str
    delimiter_sniffed: bool
    header_detected: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return asdict(self)


def check_delimiter(delimiter: str) -> bytes:
    r"""Return a delimiter as one byte; ``\t`` written in two characters is a tab."""
    character = "\t" if delimiter == "\\t" else delimiter
    ordinary = len(character) == 1 and character.isascii() and not character.isalnum()
    if not ordinary or character in '"\r\n\0.+-':
        raise ParameterError(
            f"bad delimiter: got {shorten(repr(delimiter))}; need one ASCII character that is no "
            "letter, digit, sign, point, quote or line end. Try --delimiter ';'"
        )
    return character.encode()


def check_header(header: str) -> str:
    """Return ``header``, or refuse it."""
    if header not in HEADERS:
        raise ParameterError(
            f"bad header setting: got {shorten(repr(header))}; need auto, yes or no. "
            f"{nearest(str(header), list(HEADERS))}"
        )
    return header


def sniff_delimiter(data: bytes) -> bytes:
    """Return the delimiter of the first line that is not blank.

    The character of ``, ; tab |`` that occurs most often outside quotes, the earlier on a tie; in
    a line of numbers the comma comes last, for it may be a decimal point. Without any, a comma.

    Examples
    --------
    >>> sniff_delimiter(b"a;b,c;d"), sniff_delimiter(b"1,5;2,5"), sniff_delimiter(b"one")
    (b';', b';', b',')
    """
    head = _QUOTED.sub(b"", data[:_SNIFF_BYTES].lstrip(b"\r\n"))
    line = re.split(rb"[\r\n]", head, maxsplit=1)[0]
    numbers = _NUMBERS_ONLY.fullmatch(line) and any(d in line for d in DELIMITERS[1:])
    return max(DELIMITERS[1:] if numbers else DELIMITERS, key=line.count)


def is_data(cells: list[bytes]) -> bool:
    """Return whether a first line holds values, not names: numbers, times and missing ones only."""
    valued = [is_number(cell) or is_time(cell) for cell in cells]
    return any(valued) and all(
        value or is_missing(cell) for value, cell in zip(valued, cells, strict=True)
    )


def name_line_ends(data: bytes) -> str:
    """Return which line ends occur."""
    both = data.count(b"\r\n")
    counts = {"CRLF": both, "LF": data.count(b"\n") - both, "CR": data.count(b"\r") - both}
    used = [name for name, count in counts.items() if count]
    return used[0] if len(used) == 1 else "mixed" if used else "none"
