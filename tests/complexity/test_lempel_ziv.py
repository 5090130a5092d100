"""Suffix arrays and the two Lempel-Ziv parsings: published values, twins, structured inputs."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import lempel_ziv as naive

from kolmo.complexity.kernels import lz76_phrases, lz78_phrases, suffix_array

# Short texts over few symbols repeat themselves; those over all bytes reach the ends of tables.
texts = st.one_of(
    st.binary(max_size=200),
    st.text("ab", max_size=200).map(str.encode),
    st.text("abc", max_size=200).map(str.encode),
    st.builds(lambda unit, times: unit * times, st.binary(max_size=8), st.integers(0, 40)),
)


def symbols(text: bytes) -> np.ndarray:
    return np.frombuffer(text, np.uint8)


def fibonacci_word(length: int) -> bytes:
    shorter, word = b"a", b"ab"
    while len(word) < length:
        shorter, word = word, word + shorter
    return word[:length]


def thue_morse_word(doublings: int) -> bytes:
    word = np.zeros(1, np.uint8)
    for _ in range(doublings):
        word = np.concatenate([word, 1 - word])
    return word.tobytes()


def random_bytes(length: int, alphabet: int) -> bytes:
    generator = np.random.Generator(np.random.PCG64(length + alphabet))
    return generator.integers(0, alphabet, length, np.uint8).tobytes()


LARGE = {
    "constant": b"a" * 100_000,
    "fibonacci": fibonacci_word(100_000),
    "thue-morse": thue_morse_word(16),
    "periodic": bytes(range(255, -1, -1)) * 300,
    "ramp": bytes(sorted(random_bytes(100_000, 256))),
    "binary": random_bytes(100_000, 2),
    "bytes": random_bytes(100_000, 256),
    "zigzag": b"\xff".join(bytes([symbol]) for symbol in random_bytes(50_000, 9)),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", []),
        (b"a", [0]),
        (b"banana", [5, 3, 1, 0, 4, 2]),
        (b"mississippi", [10, 7, 4, 1, 0, 9, 8, 6, 3, 5, 2]),
    ],
)
def test_suffix_array_matches_known_orders(text, expected):
    assert suffix_array(symbols(text)).tolist() == expected


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        (b"", 0),
        (b"0", 1),
        (b"0001101001000101", 6),  # 0 001 10 100 1000 101, Lempel and Ziv 1976
        (b"1001111011000010", 6),  # 1 0 01 1110 1100 0010
        (b"aaaaaaaa", 2),
        (b"abcd", 4),
        (b"ababab", 3),
    ],
)
def test_lz76_matches_published_parsings(text, phrases):
    assert lz76_phrases(symbols(text)) == phrases


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        (b"", 0),
        (b"0", 1),
        (b"1011010100010", 7),  # 1 0 11 01 010 00 10, Cover and Thomas 2006, section 13.4.2
        (b"aaa", 2),
        (b"aaaa", 3),  # a aa a: the last one is cut short
    ],
)
def test_lz78_matches_published_parsings(text, phrases):
    assert lz78_phrases(symbols(text)) == phrases


def test_lz76_of_fibonacci_words_has_phrases_of_fibonacci_lengths():
    """z(f) = a b aa bab aabaa ...: Fici 2015, Journal of Integer Sequences 18, 15.9.3."""
    lengths = [1, 1]
    while len(lengths) < 28:
        lengths.append(lengths[-1] + lengths[-2])
    ends = list(itertools.accumulate(lengths))
    word = fibonacci_word(ends[-1] + 1)
    counts = [lz76_phrases(symbols(word[: end + extra])) for end in ends for extra in (0, 1)]
    assert counts == [k + extra for k in range(1, 29) for extra in (0, 1)]


def test_lz78_of_a_constant_text_has_phrases_of_lengths_one_two_three():
    triangular = 1413 * 1414 // 2
    counts = [lz78_phrases(symbols(b"a" * (triangular + extra))) for extra in (-1, 0, 1)]
    assert counts == [1413, 1413, 1414]


def test_lz78_table_grows_beyond_its_first_size():
    text = b"".join(bytes([i, j]) for i in range(256) for j in range(i + 1))
    assert lz78_phrases(symbols(text)) == naive.lz78_phrases(text) > 1 << 14


def test_parsings_of_all_short_binary_texts_match_the_twins():
    for length in range(13):
        for bits in itertools.product(b"01", repeat=length):
            text = bytes(bits)
            assert suffix_array(symbols(text)).tolist() == naive.suffix_array(text)
            assert lz76_phrases(symbols(text)) == naive.lz76_phrases(text)
            assert lz78_phrases(symbols(text)) == naive.lz78_phrases(text)


@settings(deadline=None, max_examples=300)
@given(texts)
def test_suffix_array_matches_its_twin(text):
    assert suffix_array(symbols(text)).tolist() == naive.suffix_array(text)


@settings(deadline=None, max_examples=300)
@given(texts)
def test_lz76_matches_its_twin(text):
    assert lz76_phrases(symbols(text)) == naive.lz76_phrases(text)


@settings(deadline=None, max_examples=300)
@given(texts)
def test_lz78_matches_its_twin(text):
    assert lz78_phrases(symbols(text)) == naive.lz78_phrases(text)


@pytest.mark.parametrize("name", LARGE)
def test_suffix_array_of_a_large_text_is_sorted(name):
    """Neighbours are in order if their first symbols are, or else the suffixes after these."""
    text = symbols(LARGE[name])
    order = suffix_array(text)
    rank = np.full(text.size + 1, -1)
    rank[order] = np.arange(text.size)
    smaller, larger = order[:-1], order[1:]
    first, second = text[smaller], text[larger]
    sorted_pairs = (first < second) | ((first == second) & (rank[smaller + 1] < rank[larger + 1]))
    assert (rank[:-1] >= 0).all()
    assert sorted_pairs.all()


@pytest.mark.parametrize("name", ["binary", "bytes", "ramp", "zigzag"])
def test_parsings_of_a_larger_text_match_the_twins(name):
    text = LARGE[name][:4000]
    assert lz76_phrases(symbols(text)) == naive.lz76_phrases(text)
    assert lz78_phrases(symbols(text)) == naive.lz78_phrases(text)


@pytest.mark.parametrize("function", [suffix_array, lz76_phrases, lz78_phrases])
def test_kernels_refuse_symbols_that_are_not_bytes(function):
    with pytest.raises(TypeError, match="int64"):
        function(np.array([1, 2, 300]))


def test_kernels_leave_a_writable_or_strided_text_alone():
    text = np.arange(20, dtype=np.uint8)[::2]
    assert lz76_phrases(text) == 10
    assert text.flags.writeable
    assert text.tolist() == list(range(0, 20, 2))
