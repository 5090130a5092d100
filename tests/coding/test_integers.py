"""Elias' delta code: published lengths, a real code of those lengths, and Kraft's inequality."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolmo.coding.integers import elias_delta_bits


def gamma_codeword(value: int) -> str:
    """Return Elias' gamma code: as many zeros as there are digits after the first."""
    digits = f"{value:b}"
    return "0" * (len(digits) - 1) + digits


def delta_codeword(value: int) -> str:
    """Return Elias' delta code: the number of digits in gamma, and the digits after the first."""
    digits = f"{value:b}"
    return gamma_codeword(len(digits)) + digits[1:]


@pytest.mark.parametrize(
    ("value", "bits"),
    [
        *[(1, 1), (2, 4), (3, 4), (4, 5), (7, 5), (8, 8), (10, 8), (15, 8), (16, 9)],
        *[(100, 11), (1000, 16), (2**20, 29), (2**56, 67), (2**64, 77)],
    ],
)
def test_lengths_are_the_published_ones(value, bits):
    """Elias 1975, section IV: 1 + floor(log2 n) + 2 floor(log2(1 + floor(log2 n)))."""
    assert elias_delta_bits(value) == bits


def test_length_is_that_of_the_codeword():
    for value in range(1, 5000):
        assert elias_delta_bits(value) == len(delta_codeword(value))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(1, 2**2000))
def test_length_of_a_large_number_is_that_of_its_codeword(value):
    assert elias_delta_bits(value) == len(delta_codeword(value))


def test_codewords_are_free_of_prefixes():
    words = sorted(delta_codeword(value) for value in range(1, 3000))
    for word, after in pairwise(words):
        assert not after.startswith(word)


def test_kraft_sums_stay_below_one():
    total = Fraction(0)
    for value in range(1, 1 << 14):
        total += Fraction(1, 1 << elias_delta_bits(value))
        assert total < 1
    assert total > Fraction(9, 10)


def test_kraft_sum_of_all_integers_is_at_most_one():
    """All values of d digits together weigh 2^(d-1) / 2^length, exactly."""
    total = sum(
        Fraction(1 << (digits - 1), 1 << elias_delta_bits(1 << (digits - 1)))
        for digits in range(1, 2000)
    )
    assert Fraction(99, 100) < total < 1


def test_lengths_never_fall():
    lengths = [elias_delta_bits(value) for value in range(1, 10_000)]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize("value", [0, -1, -(2**70)])
def test_numbers_below_one_have_no_codeword(value):
    with pytest.raises(ValueError, match="need a positive integer"):
        elias_delta_bits(value)
