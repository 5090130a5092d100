"""Powers and logarithms: right to the last digits, and the same bits for ever."""

import hashlib
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest

from kolmo.coding.portable import exp2, log2, log2_1p, log2_gamma, polynomial, stirling_error, total

POWERS = np.array([i / 7 for i in range(-7000, 7001, 13)])
POSITIVE = np.array([i * i / 11 * 2.0**e for i in range(1, 60) for e in (-900, -40, 0, 3, 800)])
NEAR_ONE = np.array([1 + sign * 2.0**-e for e in range(1, 53) for sign in (-1, 1)])
SMALL = np.array([sign * 2.0**-e * 1.1 for e in range(2, 200) for sign in (-1, 1)])
ARGUMENTS = np.array([i / 9 for i in range(1, 400)] + [float(f"1e{e}") for e in range(-20, 20)])

LN_2 = Decimal(2).ln()


def worst(found, exact):
    """Return the largest relative error."""
    return max(abs(Decimal(float(f)) / e - 1) for f, e in zip(found, exact, strict=True) if e != 0)


def test_powers_are_right_to_the_last_digits():
    with localcontext() as context:
        context.prec = 40
        exact = [(Decimal(float(x)) * Decimal(2).ln()).exp() for x in POWERS]
        assert worst(exp2(POWERS), exact) < 1e-15


@pytest.mark.parametrize("points", [POSITIVE, NEAR_ONE])
def test_logarithms_are_right_to_the_last_digits(points):
    with localcontext() as context:
        context.prec = 40
        exact = [Decimal(float(x)).ln() / Decimal(2).ln() for x in points]
        assert worst(log2(points), exact) < 1e-15


def test_logarithm_beside_one_keeps_its_digits():
    with localcontext() as context:
        context.prec = 120
        exact = [(1 + Decimal(float(x))).ln() / Decimal(2).ln() for x in SMALL]
        assert worst(log2_1p(SMALL), exact) < 1e-15
    assert np.array_equal(log2_1p(np.array([-1.0, 0, 1, 3, np.inf])), [-np.inf, 0, 1, 2, np.inf])


def test_gamma_function_is_that_of_factorials():
    with localcontext() as context:
        context.prec = 40
        exact = [Decimal(math.factorial(n)).ln() / Decimal(2).ln() for n in range(2, 300)]
        assert worst(log2_gamma(np.arange(3.0, 301.0)), exact) < 1e-14
    assert np.abs(log2_gamma(np.array([1.0, 2.0]))).max() < 1e-14


def test_gamma_function_between_integers():
    exact = np.array([math.lgamma(x) for x in ARGUMENTS]) / math.log(2)
    errors = np.abs(log2_gamma(ARGUMENTS) - exact)
    assert (errors / np.maximum(1, np.abs(exact))).max() < 1e-13


def test_error_of_stirling_is_what_the_formula_lacks():
    """gamma(16) = 15!, and sqrt(2 pi / 16) (16 / e)**16 is too small by a factor of 1.0052."""
    formula = math.sqrt(2 * math.pi / 16) * (16 / math.e) ** 16
    found = stirling_error(np.array([16.0]))[0]
    assert found == pytest.approx(math.log2(math.factorial(15) / formula), rel=1e-9)


def test_special_values_pass_without_a_warning():
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 5e-324, -1.0, 1024.0, -1023.0])
    nan, inf = np.nan, np.inf
    expected = [nan, inf, 0.0, 1.0, 1.0, 0.5, inf, 0.0]
    np.testing.assert_array_equal(exp2(x), expected)
    np.testing.assert_array_equal(log2(x)[:6], [nan, inf, nan, -inf, -1074.0, nan])
    np.testing.assert_array_equal(log2_gamma(x)[:6], [nan, inf, nan, inf, 1074.0, nan])
    assert exp2(np.empty(0)).size == log2(np.empty(0)).size == log2_gamma(np.empty(0)).size == 0


def test_largest_and_smallest_powers_are_finite():
    ends = exp2(np.array([1023.9999999999999, -1022.0]))
    assert ends[1] == 2.0**-1022
    assert ends[0] == pytest.approx(2.0**1023.9999999999999, rel=1e-15)


def test_sum_goes_from_left_to_right():
    assert total(np.array([1.0, 1e16, 1.0, -1e16] * 100)) == 0.0
    assert total(np.array([1e16, -1e16, 1.0])) == 1.0
    assert total(np.empty(0)) == 0.0


def test_polynomial_by_hand():
    assert polynomial((1.0, 2.0, 3.0), np.array([0.0, 1.0, 2.0])).tolist() == [1.0, 6.0, 17.0]


def test_bits_are_those_of_this_format():
    """Another digest means that streams change: raise the container's format."""
    tables = [exp2(POWERS), log2(POSITIVE), log2_1p(SMALL), log2_gamma(ARGUMENTS)]
    joined = b"".join(table.astype("<f8").tobytes() for table in tables)
    assert hashlib.sha256(joined).hexdigest()[:16] == "99d4426371b7cf1a"
