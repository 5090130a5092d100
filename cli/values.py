"""Types of the values of options: numbers as people write them, refused in one line."""

import re
from typing import TYPE_CHECKING, Any

import click

from kolmo.errors import shorten

if TYPE_CHECKING:
    from fractions import Fraction

LARGEST_SIZE = (1 << 63) - 1
LARGEST_BITS = 1e15
DECIMAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?"
LONGEST_WHOLE = 60  # characters, underscores included
LONGEST_STEP = 1000  # characters
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
UNITS |= {f"{name}{end}": UNITS[name] for name in "KMGT" for end in ("i", "iB")}
UNITS |= {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "B": 1, "k": 1 << 10}


class Size(click.ParamType[int]):
    """A number of bytes: ``64K``, ``10MiB``, ``1G`` (powers of 1024), ``5MB``, ``1e6``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]+(?:_[0-9]+)*)(?:e([0-9]{1,2}))?([A-Za-z]*)", value.strip())
        if match is not None and match[3] in UNITS:
            size: int = int(match[1]) * 10 ** int(match[2] or 0) * UNITS[match[3]]
            if 1 <= size <= LARGEST_SIZE:
                return size
        return self.fail(
            f"got '{value[:60]}'; need a size from 1 to 2^63 - 1 such as 64K, 10MiB or 1e6",
            param,
            ctx,
        )


class Wholes(click.ParamType[tuple[int, ...]]):
    """Whole numbers from 0, separated by commas: ``3,7``, ``1e6``, ``1_000``.

    Parameters
    ----------
    most : int
        How many of them there may be.
    ranges : bool
        Whether ``2:10`` stands for the numbers from 2 to 10, and ``2:10:4`` for 2, 6 and 10.
    """

    name = "numbers"

    def __init__(self, most: int, *, ranges: bool = False) -> None:
        self.most, self.ranges = most, ranges

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Return the numbers."""
        if isinstance(value, tuple):
            return value
        found: list[int] = []
        for piece in value.split(","):
            span = self._span(piece)
            if span is None:
                example = "2,3 or 2:10" if self.ranges else "3,7"
                self.fail(
                    f"got '{shorten(value)}'; need whole numbers from 0 to 2^63 - 1, as in "
                    f"{example}",
                    param,
                    ctx,
                )
            first, last, step = span
            if len(found) + (last - first) // step >= self.most:
                self.fail(f"got too many numbers; need at most {self.most}", param, ctx)
            found += range(first, last + 1, step)
        return tuple(found)

    def _span(self, piece: str) -> tuple[int, int, int] | None:
        """Return first, last and step of ``2:10:4``, ``2:10`` or ``2``; None if it is none."""
        numbers = [number for text in piece.split(":") if (number := _whole(text)) is not None]
        if len(numbers) <= piece.count(":") or len(numbers) > (3 if self.ranges else 1):
            return None
        first, last = numbers[0], numbers[min(1, len(numbers) - 1)]
        step = numbers[2] if len(numbers) > 2 else 1
        return (first, last, step) if first <= last and step > 0 else None


class Whole(click.ParamType[int]):
    """A whole number in a range: ``100``, ``1e6``, ``1_000``."""

    name = "number"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        number = value if isinstance(value, int) else _whole(value)
        if number is None or not self.least <= number <= self.most:
            most = "2^63 - 1" if self.most == LARGEST_SIZE else str(self.most)
            self.fail(
                f"got '{shorten(value)}'; need a whole number from {self.least} to {most}",
                param,
                ctx,
            )
        return number


class Times(click.ParamType["tuple[Fraction, ...]"]):
    """Times from 0, separated by commas, exactly as written: ``1e6``, ``0,12.5,.36``.

    Parameters
    ----------
    most : int
        How many of them there may be.
    """

    name = "times"

    def __init__(self, most: int = 1) -> None:
        self.most = most

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "tuple[Fraction, ...]":
        """Return the exact numbers."""
        from fractions import Fraction

        if isinstance(value, tuple):
            return value
        pieces = value.replace("_", "").split(",")
        known = all(len(text) <= LONGEST_WHOLE and re.fullmatch(DECIMAL, text) for text in pieces)
        if not known or len(pieces) > self.most or max(map(Fraction, pieces)) > LARGEST_SIZE:
            self.fail(
                f"got '{shorten(value)}'; need "
                + ("a number" if self.most == 1 else f"at most {self.most} numbers, as in 0,12.5,")
                + " from 0 to 2^63 - 1",
                param,
                ctx,
            )
        return tuple(map(Fraction, pieces))


class Letters(click.ParamType[str]):
    """A sequence of letters and digits, one at least."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        text = str(value)
        if not text.isalnum():
            self.fail(f"got '{shorten(text)}'; need letters and digits, as in 0110111", param, ctx)
        return text


class Jobs(click.ParamType[int]):
    """A number of threads; 0 or ``auto`` means the cores that this process may use."""

    name = "jobs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of threads, no more than there are cores."""
        from kolmo.parallel import LARGEST_JOBS, available_cores

        text = "0" if value == "auto" else str(value)
        if not (text.isascii() and text.isdecimal() and int(text[:9]) <= LARGEST_JOBS):
            self.fail(f"got '{text[:60]}'; need auto or 0 to {LARGEST_JOBS}", param, ctx)
        cores = available_cores()
        return min(int(text), cores) or cores


class Bits(click.ParamType[float]):
    """A finite number of bits, 0 or more."""

    name = "bits"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        if isinstance(value, float):
            return value
        if re.fullmatch(DECIMAL, value) is None or float(value) > LARGEST_BITS:
            self.fail(f"got '{shorten(value)}'; need a number of bits from 0 to 1e15", param, ctx)
        return float(value)


class Amount(click.ParamType[float]):
    """A finite number above 0, and below a limit.

    Parameters
    ----------
    below : float
        The limit.
    zero : bool
        Whether 0 will do, too.
    """

    name = "number"

    def __init__(self, below: float, *, zero: bool = False) -> None:
        self.below, self.zero = below, zero

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        if isinstance(value, float):
            return value
        number = float(value) if re.fullmatch(DECIMAL, value) else -1.0
        if not (0 < number < self.below or (self.zero and number == 0)):
            least = "of 0 or more" if self.zero else "above 0"
            self.fail(
                f"got '{shorten(value)}'; need a number {least} and below {self.below:g}",
                param,
                ctx,
            )
        return number


class NamedStep(click.ParamType["tuple[str, Fraction]"]):
    """A column and the step of its numbers: ``height=.01``."""

    name = "step"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "tuple[str, Fraction]":
        """Return the column's name and the exact step."""
        from fractions import Fraction

        if isinstance(value, tuple):
            return value
        name, equals, text = value.rpartition("=")
        known = len(text) <= LONGEST_STEP and re.fullmatch(DECIMAL, text)
        step = Fraction(text) if known else Fraction(0)
        if not equals or step <= 0:
            self.fail(
                f"got '{shorten(value)}'; need a column and a step above 0, as in height=.01",
                param,
                ctx,
            )
        return name, step


def _whole(text: str) -> int | None:
    """Return the number that ``text`` writes, as in 12, 1e6 or 1_000; None if it is none."""
    match = re.fullmatch(r"([0-9]+(?:_[0-9]+)*)(?:e([0-9]{1,2}))?", text.strip())
    if match is None or len(match[1]) > LONGEST_WHOLE:
        return None
    number: int = int(match[1]) * 10 ** int(match[2] or 0)
    return number if number <= LARGEST_SIZE else None
