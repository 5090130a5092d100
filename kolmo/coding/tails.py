"""Upper tails of the standard distributions, as integers that are the same on every machine.

A tail is the probability of more than z, as an integer share of 2**TAIL_BITS, at knots: 256 to a
unit up to 8, then 32 to an octave up to 2**43. Nothing is shipped: all are made on first use, in
10 to 100 ms, by decimal arithmetic, whose square root, exponential and logarithm are correctly
rounded by its specification, and by its four basic operations. The mathematics library is not
called; the tests pin the digest of every table.

References
----------
M. Abramowitz, I. A. Stegun (1964). Handbook of Mathematical Functions. Normal: 26.2.11; Student:
26.7.3 and 26.7.4.
"""

from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from functools import cache
from itertools import pairwise

from kolmo.errors import ParameterError, nearest

TAIL_BITS = 47
UNIT_BITS = 18  # a knot is an integer of 2**-18 units
LARGEST_DEGREES = 64

_STEPS = 256
_LINEAR_UNITS = 8
_OCTAVES, _OCTAVE_STEPS = 40, 32
_CONTEXT = Context(prec=28)
_PI = Decimal("3.14159265358979323846264338328")
_NEGLIGIBLE = 60  # e**-60 < 2**-86, far below one share

Tail = Callable[[list[Decimal]], list[Decimal]]


@cache
def knots() -> list[int]:
    """Return the knots, in 2**-18 units, ascending from 0."""
    scale = 1 << UNIT_BITS
    linear = [i * scale // _STEPS for i in range(_LINEAR_UNITS * _STEPS)]
    first = _LINEAR_UNITS * scale
    steps = range(_OCTAVE_STEPS)
    octaves = [
        (first << e) + s * ((first << e) // _OCTAVE_STEPS) for e in range(_OCTAVES) for s in steps
    ]
    return [*linear, *octaves, first << _OCTAVES]


@cache
def tail(shape: str, degrees: int = 0) -> list[int]:
    """Return the upper tail at each knot, as a share of 2**47; half of it at the first.

    Parameters
    ----------
    shape : {"normal", "laplace", "logistic", "student"}
        Of location 0 and scale 1; the density of the Laplace distribution is exp(-abs(z)) / 2,
        the logistic tail 1 / (1 + exp(z)).
    degrees : int
        Of freedom, for Student's distribution, 1 to 64.

    Examples
    --------
    >>> tail("normal")[0] == 2**46
    True
    >>> round(tail("student", 1)[256] / 2**47, 9)  # beyond 1 lies a quarter
    0.25
    """
    shapes: dict[str, Tail] = {"normal": _normal, "laplace": _laplace, "logistic": _logistic}
    if shape == "student":
        if not 1 <= degrees <= LARGEST_DEGREES:
            raise ParameterError(f"no table: got {degrees} degrees of freedom; need 1 to 64.")
        return _shares(lambda z: _student(z, degrees))
    if shape not in shapes:
        raise ParameterError(f"unknown shape: got {shape!r}. {nearest(shape, [*shapes])}")
    return _shares(shapes[shape])


def _shares(function: Tail) -> list[int]:
    with localcontext(_CONTEXT):
        masses = function([Decimal(knot) / (1 << UNIT_BITS) for knot in knots()])
        return [int(mass * (1 << TAIL_BITS) + Decimal("0.5")) for mass in masses]


def _laplace(arguments: list[Decimal]) -> list[Decimal]:
    return [(-z).exp() / 2 if z < _NEGLIGIBLE else Decimal(0) for z in arguments]


def _logistic(arguments: list[Decimal]) -> list[Decimal]:
    return [1 / (1 + z.exp()) if z < _NEGLIGIBLE else Decimal(0) for z in arguments]


def _normal(arguments: list[Decimal]) -> list[Decimal]:
    """Return 1/2 - phi(z) (z + z**3/3 + z**5/15 + ...), and 0 beyond 10: below 2**-75."""
    root = (2 * _PI).sqrt()
    return [
        Decimal("0.5") - (-z * z / 2).exp() / root * _odd_series(z) if z < 10 else Decimal(0)
        for z in arguments
    ]


def _odd_series(z: Decimal) -> Decimal:
    square, term, total = z * z, z, z
    odd = 1
    while term > Decimal("1e-18"):
        odd += 2
        term = term * square / odd
        total += term
    return total


def _student(arguments: list[Decimal], degrees: int) -> list[Decimal]:
    """Return (1 - A(z)) / 2, where A is a finite sum in cos and sin of atan(z / sqrt(degrees))."""
    root = Decimal(degrees).sqrt()
    tangents = [z / root for z in arguments]
    angles = _angles(tangents) if degrees % 2 else tangents
    found = []
    for tangent, angle in zip(tangents, angles, strict=True):
        cosine = 1 / (1 + tangent * tangent).sqrt()
        first = 1 if degrees % 2 == 0 else cosine
        total = _cosine_sum(first, cosine * cosine, degrees) * tangent * cosine
        inside = total if degrees % 2 == 0 else (angle + total) * 2 / _PI
        found.append((1 - inside) / 2)
    return found


def _cosine_sum(first: Decimal | int, square: Decimal, degrees: int) -> Decimal:
    """Return 1 + 1/2 cos**2 + 1 3/(2 4) cos**4 ..., or cos + 2/3 cos**3 + 2 4/(3 5) cos**5 ..."""
    term = total = Decimal(first)
    if degrees == 1:
        return Decimal(0)
    for power in range(2 + degrees % 2, degrees - 1, 2):
        term = term * square * (power - 1) / power
        total += term
    return total


def _angles(tangents: list[Decimal]) -> list[Decimal]:
    """Return the angles of ascending tangents from 0, each from the one before by a short series.

    The tangent of the difference of two angles is (b - a) / (1 + a b), at most 1/32 here.
    """
    angles = [Decimal(0)]
    for a, b in pairwise(tangents):
        angles.append(angles[-1] + _small_angle((b - a) / (1 + a * b)))
    return angles


def _small_angle(tangent: Decimal) -> Decimal:
    square, power, total = -tangent * tangent, tangent, tangent
    odd = 1
    while abs(power) > Decimal("1e-25"):
        odd += 2
        power *= square
        total += power / odd
    return total
