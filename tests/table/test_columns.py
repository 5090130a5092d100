"""What a column is, and its missing values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolmo.errors import InputError, ParameterError
from kolmo.table import Texts, analyse_column, apply_missing, read_table


def column(*texts):
    return analyse_column(Texts.of([text.encode() for text in texts]), name="x", file="t.csv")


def codes(column):
    return [caution.code for caution in column.cautions]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", "3"], "integer"),
        (["1e5", "2"], "integer"),
        (["1.0", "2"], "decimal"),
        (["1", "2", "x"], "integer"),  # two numbers, one stray text
        (["1", "x"], "id"),  # no more numbers than strays: labels, all different
        (["1", "NA", "?", ""], "integer"),
        (["7", "7", "7"], "integer"),
        (["a", "b", "a"], "categorical"),
        (["a", "b", "c"], "id"),
        (["a"], "categorical"),
        (["a", "NA"], "categorical"),
        (["NA", "", "nan"], "categorical"),
        ([], "categorical"),
        (["2020-01-01", "2020-01-02"], "time"),
        (["2020-01-01", "NA"], "time"),
        (["2020-01-01", "x", "x"], "categorical"),
        (["12:30", "12:31"], "time"),
        (["1_000", "2_000", "2_000"], "categorical"),
        (["1e400", "1e400"], "categorical"),
    ],
)
def test_the_type_follows_from_the_cells(texts, kind):
    found = column(*texts)
    assert found.type == kind
    assert [text.decode() for text in found.texts()] == texts


def test_numbers_missing_values_and_strays_are_apart():
    found = column("1.5", "NA", "2", "oops", "", "NA", "inf", "3")
    assert found.numbers.values.tolist() == [15, 20, 30]
    assert list(found.missing.spellings) == [b"NA", b"oops", b"", b"inf"]
    assert found.missing.marks.tolist() == [0, 1, 0, 2, 3, 1, 4, 0]
    assert found.missing.named == (True, False, True, True)
    assert found.missing.count == 5
    assert found.missing.stray.tolist() == [3]
    assert codes(found) == ["stray-text"]
    assert found.to_dict() == {
        "column": "x",
        "type": "decimal",
        "rows": 8,
        "missing": 5,
        "stray": 1,
        "decimals": 1,
        "levels": None,
    }


def test_labels_are_numbered_as_they_appear():
    found = column("b", "a", "", "b", "none", "NA")
    assert found.labels.codes.tolist() == [0, 1, 0, 2]
    assert list(found.labels.levels) == [b"b", b"a", b"none"]
    assert found.missing.marks.tolist() == [0, 0, 1, 0, 0, 2]
    assert found.numbers is None
    assert codes(found) == []


def test_a_column_without_any_value_has_no_levels():
    found = column("", "NA", "")
    assert (len(found.labels), len(found.labels.levels)) == (0, 0)
    assert [text.decode() for text in found.texts()] == ["", "NA", ""]


def test_three_hundred_styles_and_spellings_fit():
    texts = [f"stray {i}" for i in range(300)] + ["1"] * 301
    found = column(*texts)
    assert found.missing.marks.dtype.itemsize == 2
    assert found.missing.marks.max() == 300
    assert [text.decode() for text in found.texts()] == texts


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (["1,5", "2,5", "2,5"], "decimal-comma"),
        (["1", "2", "2,5"], "decimal-comma"),
        ([" 1", " 2", " 2"], "spaces-around-numbers"),
        (["1_000", "2_000", "2_000"], "grouped-digits"),
        (["0x10", "0xff", "0xff"], "hexadecimal"),
        (["2020-01-01", "2020-01-02"], "dates-as-text"),
        (["9007199254740993", "1"], "beyond-2^53"),
        (["123456789012345678901", "1"], "beyond-2^53"),
    ],
)
def test_spellings_that_mislead_are_told(texts, code):
    assert code in codes(column(*texts))


def test_ordinary_columns_need_no_caution():
    for texts in (["1", "2"], ["1.5", "NA"], ["a", "b", "a"], ["9007199254740992"]):
        assert codes(column(*texts)) == []


def test_missing_values_are_coded_dropped_or_refused():
    found = column("1", "", "2", "NA", "3")
    assert apply_missing(found, "code") is found
    dropped = apply_missing(found, "drop")
    assert list(dropped.texts()) == [b"1", b"2", b"3"]
    assert (dropped.rows, dropped.missing.count) == (3, 0)
    assert dropped.lines.tolist() == [1, 3, 5]
    assert codes(dropped) == ["missing-dropped"]
    with pytest.raises(InputError, match=r"missing value: got '' in line 2 of 't.csv', column 'x'"):
        apply_missing(found, "error")
    with pytest.raises(ParameterError, match=r"got 'dorp'; need code, drop or error. Did you mean"):
        apply_missing(found, "dorp")


def test_the_first_stray_cell_is_named_with_its_line():
    table = read_table(b'a,b\n"1\n",1\n2,NA\n3,2\n4,oops\n5,worse\n6,7\n')
    with pytest.raises(InputError, match=r"text among numbers: got 'oops' in line 6 .*column 'b'"):
        apply_missing(table.column("b"), "error")
    with pytest.raises(InputError, match=r"got '1\\n' in line 2 of '\(bytes\)', column 'a'"):
        apply_missing(table.column("a"), "error")


def test_a_column_without_gaps_passes_every_policy():
    found = column("1", "2")
    assert all(apply_missing(found, policy) is found for policy in ("code", "drop", "error"))


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from([b"a", b"b", b"", b"NA", b"1", b"2.50", b"x"]), max_size=20))
def test_dropping_keeps_the_other_cells(texts):
    found = analyse_column(Texts.of(texts))
    kept = [text for text, mark in zip(texts, found.missing.marks, strict=True) if mark == 0]
    assert list(apply_missing(found, "drop").texts()) == kept
    assert found.missing.count == len(texts) - len(kept)
