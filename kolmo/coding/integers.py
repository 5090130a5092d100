"""Universal codes of the positive integers, of any size, and of all integers by folding."""

from abc import abstractmethod

from kolmo.coding.code import Interval, IntervalCode, Reader, describe, raw_intervals, read_raw
from kolmo.errors import ParameterError


def elias_delta_bits(value: int) -> int:
    """Return the length in bits of Elias' delta code of ``value``.

    Parameters
    ----------
    value : int
        At least 1.

    References
    ----------
    P. Elias, Universal codeword sets and representations of the integers, IEEE Trans. Inf. Theory
    21 (1975), doi:10.1109/TIT.1975.1055349, section IV.

    Examples
    --------
    >>> [elias_delta_bits(n) for n in (1, 10, 100, 1000)]
    [1, 8, 11, 16]
    """
    if value < 1:
        raise ValueError(f"no codeword: got {value}; need a positive integer")
    digits = value.bit_length()
    return digits - 1 + 2 * (digits.bit_length() - 1) + 1


class PositiveCode(IntervalCode[int]):
    """A code of the integers from 1 on; its words are made of plain bits."""

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the bits of the word as intervals."""
        return self.word(require_positive(value))

    @abstractmethod
    def word(self, value: int, /) -> list[Interval]:
        """Return the intervals of a positive integer."""

    @abstractmethod
    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""


class EliasGamma(PositiveCode):
    """As many zeros as there are digits after the first, and the binary digits.

    2 floor(log2 n) + 1 bits. Short for small numbers; for large ones take `EliasDelta`.

    References
    ----------
    P. Elias (1975). Universal codeword sets and representations of the integers. IEEE Transactions
    on Information Theory 21(2), 194-203. doi:10.1109/TIT.1975.1055349. Section IV, code gamma.

    Examples
    --------
    >>> EliasGamma().codelength(100)
    13.0
    """

    def word(self, value: int, /) -> list[Interval]:
        """Return the intervals of a positive integer."""
        zeros = value.bit_length() - 1
        return [_bit(0)] * zeros + [_bit(1)] + _low_digits(value)

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        zeros = 0
        while read_raw(coder, 1) == 0:
            zeros += 1
        return 1 << zeros | read_raw(coder, zeros)


class EliasDelta(PositiveCode):
    """The number of digits in gamma, and the digits after the first.

    About log2 n + 2 log2 log2 n bits; the usual choice for a number of unknown size.

    References
    ----------
    P. Elias (1975), as for `EliasGamma`; section IV, code delta.

    Examples
    --------
    >>> [EliasDelta().codelength(n) for n in (10, 100, 1000)]
    [8.0, 11.0, 16.0]
    """

    def word(self, value: int, /) -> list[Interval]:
        """Return the intervals of a positive integer."""
        return EliasGamma().word(value.bit_length()) + _low_digits(value)

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        digits = EliasGamma().decode(coder)
        coder.require_bits(digits - 1)
        return 1 << digits - 1 | read_raw(coder, digits - 1)


class EliasOmega(PositiveCode):
    """The binary digits, before them their number less one in the same way, and so on; then a 0.

    References
    ----------
    P. Elias (1975), as for `EliasGamma`; section V, code omega.

    Examples
    --------
    >>> [EliasOmega().codelength(n) for n in (1, 10, 100, 1000, 65535, 65536, 10**6)]
    [1.0, 7.0, 13.0, 17.0, 23.0, 28.0, 31.0]
    """

    def word(self, value: int, /) -> list[Interval]:
        """Return the intervals of a positive integer."""
        groups = [[_bit(0)]]
        while value > 1:
            groups.append([_bit(1), *_low_digits(value)])
            value = value.bit_length() - 1
        return [interval for group in reversed(groups) for interval in group]

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        value = 1
        while read_raw(coder, 1) == 1:
            coder.require_bits(value)
            value = 1 << value | read_raw(coder, value)
        return value


class Signed(IntervalCode[int]):
    """A code of all integers by one of the positive ones: 0, -1, 1, -2 ... become 1, 2, 3, 4 ...

    Parameters
    ----------
    code : Code of int
        A code of the integers from 1 on.

    Examples
    --------
    >>> [Signed(EliasGamma()).codelength(n) for n in (0, -1, 1, -2)]
    [1.0, 3.0, 3.0, 5.0]
    """

    def __init__(self, code: IntervalCode[int]) -> None:
        self.code = code

    def intervals(self, value: int, /) -> list[Interval]:
        """Return the intervals of the folded integer."""
        return self.code.intervals(fold(value))

    def decode(self, coder: Reader, /) -> int:
        """Return the integer stored next."""
        return unfold(self.code.decode(coder))


def fold(value: int) -> int:
    """Return the place of an integer in 0, -1, 1, -2, 2 ..., counted from 1.

    Examples
    --------
    >>> [fold(n) for n in (0, -1, 1, -2)]
    [1, 2, 3, 4]
    """
    return 2 * value + 1 if value >= 0 else -2 * value


def unfold(place: int) -> int:
    """Return the integer at a place of 0, -1, 1, -2, 2 ..., counted from 1.

    Examples
    --------
    >>> [unfold(n) for n in (1, 2, 3, 4)]
    [0, -1, 1, -2]
    """
    return place >> 1 if place & 1 else -(place >> 1)


def require_positive(value: int) -> int:
    """Return ``value``, or raise ParameterError if it is below 1."""
    if value < 1:
        raise ParameterError(f"no codeword: got {describe(value)}; need a positive integer.")
    return value


def _bit(value: int) -> Interval:
    return Interval(value, 1, 2)


def _low_digits(value: int) -> list[Interval]:
    """Return the binary digits after the first."""
    count = value.bit_length() - 1
    return raw_intervals(value ^ 1 << count, count)
