"""Tables of COMP, the normalising sum of normalised maximum likelihood, for three models."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any, NamedTuple

from kolmo.coding.comp import (
    geometric_complexity,
    multinomial_complexity_bits,
    poisson_complexity,
)
from kolmo.errors import ParameterError, nearest, shorten

LARGEST_TABLE = 10**4
LARGEST_LENGTH = 1 << 40
_FLOAT_BITS = 1024


class Normaliser(NamedTuple):
    """How COMP of one model is found.

    Attributes
    ----------
    arguments : tuple of str
        What it depends on, in the order of its functions' arguments.
    bits : callable
        Its log2.
    terms : callable
        How many terms have to be added, about.
    largest_terms : int
        More of them, in a whole table, are refused: they would take too long.
    """

    arguments: tuple[str, str]
    bits: Callable[[int, int], float]
    terms: Callable[[int, int], int]
    largest_terms: int


MODELS = {
    "multinomial": Normaliser(
        ("categories", "n"), multinomial_complexity_bits, lambda k, n: k + 9 * math.isqrt(n), 10**8
    ),
    "poisson": Normaliser(
        ("n", "largest"),
        lambda n, m: math.log2(poisson_complexity(n * m)),
        lambda n, m: n * m,
        10**9,
    ),
    "geometric": Normaliser(
        ("n", "largest"),
        lambda n, m: math.log2(geometric_complexity(n, n * m)),
        lambda n, m: n * m,
        10**7,
    ),
}


class Complexity(NamedTuple):
    """COMP of one model for data of one size, a criterion.

    Attributes
    ----------
    model, kind : str
        Name in `MODELS`; ``criterion``.
    categories, n, largest : int or None
        Number of kinds, of observations, and their largest value; None where the model has no
        such thing.
    complexity : float or None
        The sum itself; None if no float can hold it.
    bits : float
        Its log2, the price in bits of not knowing the parameters.
    reason : str or None
        Why there is no ``complexity``.
    """

    model: str
    kind: str
    categories: int | None
    n: int
    largest: int | None
    complexity: float | None
    bits: float
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dictionary."""
        return self._asdict()


def nml_complexities(
    model: str = "multinomial",
    *,
    n: int | Iterable[int],
    categories: int | Iterable[int] | None = None,
    largest: int | Iterable[int] | None = None,
) -> tuple[Complexity, ...]:
    """Return COMP, the normalising sum of NML, and its log2, a price in bits, for each size.

    Parameters
    ----------
    model : str
        ``multinomial`` (of ``categories`` kinds), ``poisson`` or ``geometric`` (from 0).
    n : int or iterable of int
        Number of observations, >= 0; of ``geometric`` >= 1.
    categories : int or iterable of int
        Number of kinds, >= 1; of ``multinomial`` only.
    largest : int or iterable of int
        Largest value M of an observation, >= 0; of the others only, whose sum is at most n M.

    Returns
    -------
    tuple of Complexity
        One for each pair, the second argument of the model running fastest.

    Raises
    ------
    ParameterError
        If an argument is missing, superfluous or out of range, or there is too much work.

    Notes
    -----
    COMP is the sum over all data of their largest probability under the model. Its log2 is how
    much longer than -log2 of that probability the NML code is, for all data alike; it is no
    length of a message, hence a criterion. Time for each row O(sqrt(n) + K), or O(n M).

    References
    ----------
    See `kolmo.coding.comp`.

    Examples
    --------
    C(3, 4) = 231/32:

    >>> row, = nml_complexities(n=4, categories=3)
    >>> round(row.complexity * 32, 9)
    231.0
    """
    if model not in MODELS:
        raise ParameterError(f"unknown model: got '{shorten(model)}'. {nearest(model, [*MODELS])}")
    values = {"categories": _listed(categories), "n": _listed(n), "largest": _listed(largest)}
    _check_arguments(model, values)
    chosen = MODELS[model]
    pairs = [values[name] for name in chosen.arguments]
    _check_work(model, pairs)
    return tuple(_row(model, pair) for pair in product(*pairs))


def _listed(value: int | Iterable[int] | None) -> list[int]:
    """Return sizes as Python integers; ParameterError for what are none."""
    if value is None:
        return []
    try:
        return [
            operator.index(size) for size in (value if isinstance(value, Iterable) else [value])
        ]
    except TypeError as error:
        raise ParameterError(f"sizes must be integers: {error}.") from error


def _check_arguments(model: str, values: dict[str, list[int]]) -> None:
    needed = MODELS[model].arguments
    for name, listed in values.items():
        if bool(listed) != (name in needed):
            what = "is no argument of" if listed else "is missing for"
            raise ParameterError(
                f"{name} {what} the {model} model: need {' and '.join(needed)}, and nothing else."
            )
        if any(number < (name == "categories") for number in listed):
            raise ParameterError(
                f"{name} too small: got {shorten(min(listed))}; need {int(name == 'categories')} "
                "or more."
            )
    if max(values["n"]) > LARGEST_LENGTH:
        raise ParameterError(f"n too large: got {shorten(max(values['n']))}; need at most 2**40.")


def _check_work(model: str, pairs: Sequence[list[int]]) -> None:
    """Refuse what would take too long, before it begins."""
    rows = math.prod(map(len, pairs))
    if rows > LARGEST_TABLE:
        raise ParameterError(f"too many rows: got {rows}; need at most {LARGEST_TABLE}.")
    chosen = MODELS[model]
    terms = sum(chosen.terms(first, second) for first, second in product(*pairs))
    if terms > chosen.largest_terms:
        raise ParameterError(
            f"too much work: got some {shorten(terms)} terms to add; need at most "
            f"{chosen.largest_terms} for the {model} model. Try smaller numbers or fewer rows."
        )


def _row(model: str, pair: tuple[int, ...]) -> Complexity:
    chosen = MODELS[model]
    first, second = pair
    bits = chosen.bits(first, second)
    named = dict(zip(chosen.arguments, pair, strict=True))
    fits = bits < _FLOAT_BITS
    return Complexity(
        model,
        "criterion",
        named.get("categories"),
        named["n"],
        named.get("largest"),
        2.0**bits if fits else None,
        bits,
        None if fits else f"no float holds 2**{bits:.1f}",
    )
