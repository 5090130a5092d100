"""Numbers as exact integers at their stated precision, and their spelling."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import table as naive

from kolmo.table import Style, Texts, analyse_column
from kolmo.table.grammar import is_missing, is_number, is_time
from kolmo.table.numbers import read_numbers

numbers_like = st.one_of(
    st.from_regex(r"[+-]?[0-9]{0,3}(\.[0-9]{0,3})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{1,25}(\.[0-9]{0,25})?", fullmatch=True),
    st.decimals(
        allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=2
    ).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map("{:.6e}".format),
    st.integers().map(str),
    st.sampled_from(
        ["007", "-0.0", "-0", "+0", ".5", "5.", "1.e5", "1E+05", "0e0", "00.10", "-.50"]
    ),
)
anything = st.one_of(
    numbers_like.map(str.encode),
    st.sampled_from([b"", b"NA", b"nan", b"inf", b"?", b" 1 ", b"x", b"1,5"]),
    st.binary(max_size=6),
)


def read(*texts):
    return read_numbers(Texts.of([text.encode() for text in texts]))


@pytest.mark.parametrize(
    ("texts", "decimals", "values"),
    [
        (["4.35", "1", "-2.5"], 2, [435, 100, -250]),
        (["1", "-2", "+3", "007"], 0, [1, -2, 3, 7]),
        (["1e5", "2"], 0, [100_000, 2]),
        (["1.50E-3", "2"], 5, [150, 200_000]),
        (["1.5e1", "1"], 0, [15, 1]),
        (["-0.0", ".5", "5."], 1, [0, 5, 50]),
        (["9223372036854775807", "-9223372036854775807"], 0, [2**63 - 1, 1 - 2**63]),
        (["999999999999999999", "1.0"], 1, [9999999999999999990, 10]),
        (["9223372036854775808"], 0, [2**63]),
        (["900719925474099300", "0.01"], 2, [90071992547409930000, 1]),
        (["1e300", "1"], 0, [10**300, 1]),
        (["1e-300", "1"], 300, [1, 10**300]),
        (["7" * 400, "-1"], 0, [int("7" * 400), -1]),
        (["0." + "3" * 400], 400, [int("3" * 400)]),
    ],
)
def test_values_are_exact_at_the_stated_precision(texts, decimals, values):
    numbers = read(*texts)
    assert numbers.decimals == decimals
    assert list(map(int, numbers.values)) == values
    assert numbers.fits_int64 == (max(map(abs, values)) < 2**63)
    assert list(numbers.texts()) == [text.encode() for text in texts]


@pytest.mark.parametrize(
    ("texts", "styles", "marks"),
    [
        (["1.50", "2.25", "3.00", "1.234"], [Style(decimals=2)], [0, 0, 0, 0]),
        (["1.5", "2.25", "3"], [Style()], [0, 0, 0]),
        (["1.5", "2.25", "3", "4", "4.0"], [Style(), Style(decimals=1)], [0, 0, 0, 0, 1]),
        (["007", "012", "120", "1234"], [Style(whole=3)], [0, 0, 0, 0]),
        ([".5", ".25", "-.5", "1.5"], [Style(whole=0)], [0, 0, 0, 0]),
        (["+1", "-1", "+2", "0"], [Style(sign=1), Style()], [0, 0, 0, 1]),
        (["-0", "1", "2"], [Style(), Style(sign=2)], [1, 0, 0]),
        (["1.", "2.", "3.5"], [Style(bare=True)], [0, 0, 0]),
        (
            ["1.50e+00", "-2.25e-03", "1.00e+12", "0.00e+00"],
            [Style(decimals=2, letter="e", exponent_plus=True, exponent_digits=2)],
            [0, 0, 0, 0],
        ),
        (["1E5", "2E-7"], [Style(letter="E")], [0, 0]),
        (["15e5", "1", "2"], [Style(), None], [1, 0, 0]),
    ],
)
def test_a_few_styles_write_a_column(texts, styles, marks):
    numbers = read(*texts)
    assert list(numbers.styles) == styles
    assert numbers.marks.tolist() == marks
    assert [text.decode() for text in numbers.texts()] == texts


def test_what_no_style_writes_is_kept_word_by_word():
    numbers = read("15e5", "1", "0.10e1", "2", "3")
    assert list(numbers.verbatim) == [b"15e5", b"0.10e1"]
    assert numbers.values.tolist() == [15_000_000, 10, 10, 20, 30]


@pytest.mark.parametrize(
    "text",
    [
        "1_000",
        "٣",
        "0x10",
        " 1 ",
        "1 ",
        "nan",
        "inf",
        "1e400",
        "1e-400",
        "1,5",
        "",
        ".",
        "+",
        "e5",
        "1e",
        "1e+",
        "--1",
        "1.2.3",
        "½",
        "1e5.0",
        "1" * 1001,
        "1\n",
        "1d5",
        "1e" + "9" * 5000,
    ],
)
def test_other_spellings_are_no_numbers(text):
    assert not is_number(text.encode())
    assert naive.number(text) is None or text == "٣"
    assert read(text).texts().equals(Texts.of([]))


def test_an_exponent_may_have_leading_zeros():
    assert is_number(b"1e" + b"0" * 5000 + b"5")


@pytest.mark.parametrize("text", ["", "NA", "n/a", "NaN", "null", "?", "  ", "NaT", "<NA>"])
def test_usual_words_for_missing_are_known(text):
    assert is_missing(text.encode())


def test_words_that_can_be_labels_are_missing_among_numbers_only():
    for text in (b"none", b"-", b"inf", b"-Infinity"):
        assert is_missing(text, numeric=True)
        assert not is_missing(text)
    assert not is_missing(b"x", numeric=True)


@pytest.mark.parametrize(
    "text",
    [
        "2020-01-31",
        "2020/1/3",
        "31.01.2020",
        "1/31/20",
        "12:30",
        "12:30:59.5",
        "9:05 pm",
        "2020-01-31T12:30:00Z",
        "2020-01-31 12:30",
        "2020-01-31T12:30:00+01:00",
        "1949-01",
        "2020Q1",
    ],
)
def test_times_are_known(text):
    assert is_time(text.encode())


@pytest.mark.parametrize(
    "text", ["", "2020", "1.5", "2020-13-01", "20200131", "1-2-3-4", "25:00", "1/2"]
)
def test_other_texts_are_no_times(text):
    assert not is_time(text.encode())


def test_a_column_with_too_many_digits_in_all_is_text(monkeypatch):
    monkeypatch.setattr("kolmo.table.numbers.DIGITS_BUDGET", 1000)
    column = analyse_column(Texts.of([b"1", b"2", b"1e-300", b"3"]))
    assert column.numbers is None
    assert [caution.code for caution in column.cautions] == ["too-many-digits"]
    assert list(column.texts()) == [b"1", b"2", b"1e-300", b"3"]


@settings(deadline=None, max_examples=400)
@given(st.lists(anything, max_size=30))
def test_every_text_is_given_back(texts):
    assert list(analyse_column(Texts.of(texts)).texts()) == texts


@settings(deadline=None, max_examples=400)
@given(st.lists(numbers_like, min_size=1, max_size=12))
def test_values_match_their_twin(texts):
    expected = [pair for pair in map(naive.number, texts) if pair is not None]
    numbers = read(*texts)
    assert numbers.decimals == max((decimals for _, decimals in expected), default=0)
    scale = 10**numbers.decimals
    assert [Fraction(int(v), scale) for v in numbers.values] == [value for value, _ in expected]
    assert list(numbers.texts()) == [t.encode() for t in texts if naive.number(t) is not None]


@settings(deadline=None)
@given(st.lists(st.integers(-(10**20), 10**20), min_size=1), st.integers(0, 3))
def test_values_fit_int64_exactly_when_they_can(values, decimals):
    texts = [Style(decimals=decimals).spell(v * 10**decimals, decimals) for v in values]
    numbers = read_numbers(Texts.of(texts))
    assert list(map(int, numbers.values)) == [v * 10**decimals for v in values]
    assert numbers.fits_int64 == (max(map(abs, values)) * 10**decimals < 2**63)
    assert isinstance(numbers.values, np.ndarray) == numbers.fits_int64


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_shortest_floats_are_read_without_rounding(floats):
    numbers = read(*map(repr, floats))
    scale = 10**numbers.decimals
    values = [Fraction(int(v), scale) for v in numbers.values]
    assert [float(value) for value in values] == floats
    assert math.prod(values) == math.prod(naive.number(repr(x))[0] for x in floats)
