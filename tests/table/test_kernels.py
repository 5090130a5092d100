"""Each kernel against its twin, and large tables against small ones: two ways, one result."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive import table as naive

from kolmo.errors import InputError
from kolmo.table import Limits, Texts, analyse_column, read_table
from kolmo.table.distinct import distinct_texts
from kolmo.table.forms import TEXT, form_of, scan
from kolmo.table.kernels import spell_numbers

files = st.text(',;"\r\n1ab ', min_size=1, max_size=40).map(str.encode)
cell = st.one_of(
    st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,3}(\.[0-9]{0,3})?", fullmatch=True),
    st.text("01.-+eEx ", max_size=6),
).map(str.encode)
quick = settings(
    deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Compile before anything is timed or shrunk."""
    with large(True):
        column = read_table(b'a,b\n1,"x"""\n1,"x"""\n').column("b")
        analyse_column(Texts.of([b"1"])).texts()
        assert list(column.texts()) == [b'x"', b'x"']


def large(yes):
    """Have every table read by the kernels, or none."""
    patch = pytest.MonkeyPatch.context()

    class Switch:
        def __enter__(self):
            self.patch = patch.__enter__()
            for name in ("split.FAST_BYTES", "forms.FAST_BYTES", "distinct.FAST_BYTES"):
                self.patch.setattr(f"kolmo.table.{name}", 0 if yes else 1 << 62)
            self.patch.setattr("kolmo.table.split.CHUNK_BYTES", 7)
            for name in ("numbers", "forms", "distinct"):
                self.patch.setattr(f"kolmo.table.{name}.CHUNK_ROWS", 3)
            self.patch.setattr("kolmo.table.numbers.FAST_ROWS", 0 if yes else 1 << 62)

        def __exit__(self, *raised):
            return patch.__exit__(*raised)

    return Switch()


def outcome(data, yes, **settings):
    """Return the whole of what reading says: names, cells, lines, cautions, or the error."""
    with large(yes):
        try:
            table = read_table(data, **settings)
        except InputError as error:
            return str(error)
        cells = [list(column) for column in table.cells]
        return table.names, cells, table.lines.tolist(), table.cautions, table.to_csv_bytes()


@quick
@given(files, st.sampled_from(["yes", "no"]), st.sampled_from([None, ",", ";"]))
def test_large_and_small_files_are_split_alike(data, header, delimiter):
    settings = {"header": header, "delimiter": delimiter}
    assert outcome(data, True, **settings) == outcome(data, False, **settings)


@quick
@given(files, st.integers(0, 3))
def test_long_cells_are_refused_alike(data, longest):
    limits = Limits(cell_bytes=longest)
    assert outcome(data, True, limits=limits) == outcome(data, False, limits=limits)


def split(data):
    """Return the rows that kolmo finds, or the error."""
    try:
        table = read_table(data, header="no", delimiter=",")
    except InputError as error:
        return str(error)
    return [(int(line), list(row)) for line, *row in zip(table.lines, *table.cells, strict=True)]


def split_naively(data):
    """Return the rows that the twin finds, or None for a fault."""
    try:
        records = [cells for _, cells in naive.records(data, b",") if cells is not None]
        return naive.split_rows(data, b",", len(records[0]))
    except (naive.BadTable, IndexError):
        return None


@quick
@given(files, st.booleans())
def test_splitting_matches_its_twin(data, yes):
    expected = split_naively(data)
    with large(yes):
        found = split(data)
    assert isinstance(found, str) if expected is None else found == expected


@pytest.mark.parametrize("yes", [True, False])
def test_line_ends_inside_quotes_are_counted_once(yes):
    with large(yes):
        table = read_table(b'a,b\n1,"x\r\ny"\r\n2,"\r\r\n\n"\n3,"\r"\n4,5')
    assert table.lines.tolist() == [2, 4, 8, 10]


@quick
@given(st.lists(cell, min_size=1, max_size=20))
def test_numbers_are_scanned_as_one_by_one(texts):
    with large(True):
        digits, forms = scan(Texts.of(texts))
    for text, mantissa, form in zip(texts, digits.tolist(), forms.tolist(), strict=True):
        expected = form_of(text)
        if form < TEXT:
            assert (mantissa, form) == expected
            value, decimals = naive.number(text.decode())
            assert (value * 10**decimals, decimals) == (mantissa, form & 31)
        else:
            assert expected[1] >= TEXT
            assert form == expected[1] or form > TEXT  # HARD is decided one by one


@quick
@given(st.lists(cell | st.sampled_from([b"", b"NA", b"x"]), min_size=1, max_size=30))
def test_large_and_small_columns_are_taken_apart_alike(texts):
    found = []
    for yes in (True, False):
        with large(yes):
            column = analyse_column(Texts.of(texts))
            numbers, labels = column.numbers, column.labels
            content = (
                (
                    list(map(int, numbers.values)),
                    numbers.decimals,
                    numbers.styles,
                    list(numbers.marks),
                )
                if numbers
                else (labels.codes.tolist(), list(labels.levels))
            )
            marks, spellings = column.missing.marks.tolist(), list(column.missing.spellings)
            assert list(column.texts()) == texts
            found.append((column.type, content, marks, spellings, column.cautions))
    assert found[0] == found[1]


@quick
@given(st.lists(st.binary(max_size=3), min_size=2, max_size=60), st.booleans())
def test_distinct_texts_match_their_twin(texts, yes):
    with large(yes):
        codes, levels = distinct_texts(Texts.of(texts))
    assert (codes.tolist(), list(levels)) == naive.distinct(texts)


@quick
@given(
    st.lists(st.integers(1 - 2**63, 2**63 - 1), min_size=1, max_size=8),
    st.integers(0, 18),
    st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 20), st.booleans()),
)
def test_numbers_are_spelled_as_by_their_twin(values, scale, style):
    data = np.empty(70 * len(values), np.uint8)
    stops = np.empty(len(values), np.uint32)
    marks = np.zeros(len(values), np.uint32)
    table = np.array([style], np.int64)
    used = spell_numbers(np.array(values), scale, marks, table, data, stops, 0)
    texts = Texts.chain(data[:used], stops)
    expected = [naive.spell(value, scale, *style) for value in values]
    assert [text.decode() for text in texts] == expected


def test_positions_beyond_32_bits_compile():
    texts = Texts.of([b"12", b"x", b"12"])
    wide = Texts(texts.data, texts.starts.astype(np.int64), texts.stops.astype(np.int64))
    with large(True):
        column = analyse_column(wide)
        assert list(column.texts()) == [b"12", b"x", b"12"]
        assert column.type == "integer"
