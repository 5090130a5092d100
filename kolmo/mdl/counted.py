"""Code lengths of a sequence of which only the counts of its symbols matter.

Three codes that can be sent stand beside two formulas that cannot; the difference is the price of
not knowing the frequencies, and what the textbooks leave out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kolmo.coding.code import TOTAL_LIMIT
from kolmo.coding.comp import maximum_likelihood_bits, nml_bits
from kolmo.coding.counts import LARGEST_LENGTH, NML, Enumerative
from kolmo.coding.rangecoder import read, write
from kolmo.coding.urn import KT
from kolmo.errors import CertificationError, ParameterError, nearest, shorten

if TYPE_CHECKING:
    from kolmo.coding.urn import Symbols

SENDABLE: dict[str, type[KT | Enumerative | NML]] = {
    "kt": KT,
    "enumerative": Enumerative,
    "nml": NML,
}
FORMULAS: dict[str, Callable[[Sequence[int]], float]] = {
    "ml": maximum_likelihood_bits,
    "nml-formula": nml_bits,
}
CODES = (*SENDABLE, *FORMULAS)

LARGEST_ALPHABET = 10**6
LARGEST_FORMULA_LENGTH = 1 << 40
_LARGEST_TABLES = 1 << 30
_CELLS_OF_A_TABLE = 1000  # what the making of one costs, in cells


class Limit(NamedTuple):
    """How far a code reaches: whether it has K symbols of n in all, and the same in words."""

    allows: Callable[[int, int], bool]
    words: str


LIMITS = {
    "kt": Limit(lambda k, n: 2 * n + k <= TOTAL_LIMIT, "2 n + K of at most 2**32"),
    "enumerative": Limit(lambda k, n: n + k <= TOTAL_LIMIT, "n + K of at most 2**32"),
    "nml": Limit(
        lambda k, n: n <= LARGEST_LENGTH and k * (n + _CELLS_OF_A_TABLE) <= _LARGEST_TABLES,
        "n of at most 2**24 and K (n + 1000) of at most 2**30",
    ),
    "ml": Limit(lambda _, n: n < 1 << 63, "n below 2**63"),
    "nml-formula": Limit(lambda _, n: n <= LARGEST_FORMULA_LENGTH, "n of at most 2**40"),
}


class Codelength(NamedTuple):
    """The length that one code gives to a sequence.

    Attributes
    ----------
    code : str
        Name in `CODES`.
    kind : str
        ``certified`` (a message was decoded in this run), ``codelength`` (it could be sent), or
        ``criterion`` (a formula of no code).
    counts : tuple of int
        How often each symbol occurs.
    symbols, length : int
        Number of symbols K and of places n, which the decoder of a code knows.
    bits : float
        Ideal length, under the integer shares really used; of a criterion the formula.
    bits_per_symbol : float or None
        ``bits / length``; None for the empty sequence.
    payload_bits : int or None
        Length of the message that was decoded, if there is one.
    """

    code: str
    kind: str
    counts: tuple[int, ...]
    symbols: int
    length: int
    bits: float
    bits_per_symbol: float | None
    payload_bits: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return {**self._asdict(), "counts": list(self.counts)}


def codelengths(
    counts: Iterable[int] | None = None,
    codes: Iterable[str] | None = None,
    *,
    sequence: str | None = None,
) -> tuple[Codelength, ...]:
    """Return the lengths in bits of a sequence, from how often each of its symbols occurs.

    For learning and for checking by hand: what does it cost not to know the frequencies? For data
    in files see `kolmo.bounds`.

    Parameters
    ----------
    counts : iterable of int, optional
        How often each symbol occurs, >= 0; 1 to 10**6 of them. All orders are equally long.
    codes : iterable of str, optional
        Some of ``kt``, ``enumerative``, ``nml``, ``ml``, ``nml-formula``. Default: all that reach
        so far (see `left_out`).
    sequence : str, optional
        A sequence in the place of its counts; its different characters, sorted, are the symbols.
        It is really written and decoded by each code that can be sent.

    Returns
    -------
    tuple of Codelength
        Codes that can be sent, the shortest first; then formulas, of kind ``criterion``.

    Raises
    ------
    ParameterError
        If a count or a name is wrong, or the counts are beyond the limits of a code in ``codes``.
    CertificationError
        If a message does not decode to the sequence.

    Notes
    -----
    The decoder knows K and n. Time O(K), for ``nml`` O(K n), for ``nml-formula`` O(sqrt(n) + K).

    Examples
    --------
    Any order of 3 zeros and 7 ones is one of 11 count vectors, then one of 120 orders:

    >>> first, *_ = codelengths([3, 7])
    >>> first.code, first.kind, round(2**first.bits)
    ('enumerative', 'codelength', 1320)
    """
    if (counts is None) == (sequence is None):
        raise ParameterError("nothing to measure, or two things: need either counts or sequence.")
    found = _whole_counts(_count(sequence) if counts is None else counts)
    names = _names(codes)
    beyond = left_out(found, names)
    if beyond and (codes is not None or len(beyond) == len(names)):
        raise ParameterError(next(iter(beyond.values())))
    rows = [_measure(name, found, sequence) for name in names if name not in beyond]
    return tuple(sorted(rows, key=lambda row: (row.kind == "criterion", row.bits)))


def left_out(counts: Sequence[int], codes: Iterable[str] | None = None) -> dict[str, str]:
    """Return the codes that do not reach as far as these counts, and why.

    Examples
    --------
    >>> list(left_out([2**31, 2**31]))
    ['kt', 'enumerative', 'nml']
    """
    symbols, length = len(counts), sum(counts)
    return {
        name: f"counts beyond the reach of {name}: got K = {symbols}, n = {shorten(length)}; "
        f"need {LIMITS[name].words}."
        for name in _names(codes)
        if not LIMITS[name].allows(symbols, length)
    }


def _names(codes: Iterable[str] | None) -> list[str]:
    names = list(dict.fromkeys(CODES if codes is None else codes))
    for name in names:
        if name not in CODES:
            raise ParameterError(f"unknown code: got '{shorten(name)}'. {nearest(name, [*CODES])}")
    return names


def _count(sequence: str | None) -> list[int]:
    return [] if not sequence else [sequence.count(symbol) for symbol in sorted(set(sequence))]


def _whole_counts(counts: Iterable[int]) -> tuple[int, ...]:
    """Return counts as Python integers; ParameterError for what are none."""
    try:
        found = tuple(operator.index(count) for count in counts)
    except TypeError as error:
        raise ParameterError(f"counts must be integers: {error}.") from error
    if not 1 <= len(found) <= LARGEST_ALPHABET:
        raise ParameterError(
            f"wrong number of counts: got {len(found)}; need 1 to {LARGEST_ALPHABET}."
        )
    if min(found) < 0:
        raise ParameterError(f"negative count: got {shorten(min(found))}; need 0 or more.")
    return found


def _measure(name: str, counts: tuple[int, ...], sequence: str | None) -> Codelength:
    symbols, length = len(counts), sum(counts)
    payload_bits = None
    if name in FORMULAS:
        kind, bits = "criterion", FORMULAS[name](counts)
    else:
        code = SENDABLE[name](symbols, length)
        kind, bits = "codelength", code.counts_bits(counts)
        if sequence is not None:
            kind, payload_bits = "certified", _send(code, _to_symbols(sequence))
    each = bits / length if length else None
    return Codelength(name, kind, counts, symbols, length, bits, each, payload_bits)


def _to_symbols(sequence: str) -> Symbols:
    import numpy as np

    places = {symbol: place for place, symbol in enumerate(sorted(set(sequence)))}
    return np.array([places[symbol] for symbol in sequence], np.int64)


def _send(code: KT | Enumerative | NML, symbols: Symbols) -> int:
    """Return the length in bits of a message that was decoded to ``symbols``."""
    import numpy as np

    message = write(code, symbols)
    if not np.array_equal(read(code, message), symbols):
        raise CertificationError("a message decoded to another sequence: never shown as a length.")
    return 8 * len(message)
