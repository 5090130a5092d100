"""Empirical entropy: hand-derived values, the twin, and agreement of the three ways to count."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import lempel_ziv as naive

from kolmo.complexity import empirical
from kolmo.complexity.empirical import empirical_entropy_bits
from kolmo.errors import ParameterError

texts = st.one_of(
    st.binary(max_size=120),
    st.text("ab", max_size=300).map(str.encode),
    st.builds(lambda unit, times: unit * times, st.binary(max_size=12), st.integers(0, 30)),
)
orders = st.integers(0, 8)


def de_bruijn(order: int) -> bytes:
    """Return a binary text that holds each word of ``order`` symbols once (Martin 1934)."""
    text = b"0" * order
    while True:
        for symbol in (b"1", b"0"):
            if text[len(text) - order + 1 :] + symbol not in text:
                text += symbol
                break
        else:
            return text


@pytest.mark.parametrize(
    ("text", "order", "bits"),
    [
        (b"", 0, 0.0),
        (b"a", 0, 0.0),
        (b"aaaa", 0, 0.0),
        (b"ab", 0, 2.0),
        (b"abcd", 0, 8.0),
        (b"ab", 2, 0.0),
        # m 1, i 4, s 4, p 2 of 11
        (b"mississippi", 0, 11 * math.log2(11) - 18),
        # i -> ssp, s -> sisi, p -> pi, m -> i
        (b"mississippi", 1, (3 * math.log2(3) - 2) + 4 + 2),
        # is -> ss, ss -> ii, si -> sp, all others occur once
        (b"mississippi", 2, 2.0),
    ],
)
def test_entropy_matches_hand_counts(text, order, bits):
    assert empirical_entropy_bits(text, order) == pytest.approx(bits, abs=1e-12)


def test_entropy_of_a_de_bruijn_text_is_one_bit_for_each_predicted_symbol():
    text = de_bruijn(9)
    assert len(text) == 2**9 + 8
    assert empirical_entropy_bits(text, 8) == len(text) - 8
    assert empirical_entropy_bits(text, 9) == 0.0


@pytest.mark.parametrize("order", range(1, 9))
def test_entropy_of_a_periodic_text_is_exactly_zero(order):
    assert empirical_entropy_bits(bytes(range(256)) * 20, order) == 0.0


def test_a_negative_order_is_refused():
    with pytest.raises(ParameterError, match="got -1; need 0 or more"):
        empirical_entropy_bits(b"abc", -1)


@settings(deadline=None, max_examples=300)
@given(texts, orders)
def test_entropy_matches_its_twin(text, order):
    expected = naive.empirical_entropy_bits(text, order)
    assert empirical_entropy_bits(text, order) == pytest.approx(expected, rel=1e-12, abs=1e-9)


@settings(deadline=None, max_examples=200)
@given(texts.filter(bool), orders)
def test_arrays_count_what_the_dictionary_counts(text, order):
    order = min(order, len(text) - 1)
    expected = empirical._count_in_dictionary(text, order)
    assert empirical._count_in_suffix_array(text, order) == expected
    if order < 2:
        assert empirical._count_in_table(text, order) == expected


@pytest.mark.parametrize("order", [0, 1, 2, 3, 8])
def test_entropy_of_a_large_text_does_not_depend_on_the_way_of_counting(order, monkeypatch):
    generator = np.random.Generator(np.random.PCG64(5))
    text = generator.integers(0, 5, empirical._SMALL_BYTES + 1000, np.uint8).tobytes()
    with_arrays = empirical_entropy_bits(text, order)
    monkeypatch.setattr(empirical, "_SMALL_BYTES", len(text))
    assert empirical_entropy_bits(text, order) == with_arrays


@pytest.mark.parametrize("order", [0, 1])
def test_tables_count_across_the_edges_of_chunks(order, monkeypatch):
    monkeypatch.setattr(empirical, "_CHUNK_BYTES", 7)
    text = b"abracadabra" * 9
    expected = empirical._count_in_dictionary(text, order)
    assert empirical._count_in_table(text, order) == expected
