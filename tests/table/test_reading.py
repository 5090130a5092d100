"""Well-formed CSV files of every dialect, and what is said about them."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolmo.data import open_input
from kolmo.table import Texts, csv_bytes, read_table

PLAIN = [[b"1", b"x"], [b"2", b"y"]]
HEADED = b"a,b\n1,x\n2,y\n"


def cells(table):
    return [list(row) for row in zip(*table.cells, strict=True)]


def codes(table):
    return [caution.code for caution in table.cautions]


@pytest.mark.parametrize(
    ("data", "line_ends"),
    [
        (HEADED, "LF"),
        (HEADED.replace(b"\n", b"\r\n"), "CRLF"),
        (HEADED.replace(b"\n", b"\r"), "CR"),
        (b"a,b\r\n1,x\n2,y\r", "mixed"),
        (HEADED[:-1], "LF"),
        (HEADED + b"\n", "LF"),
        (HEADED + b"\r\n\r\n", "mixed"),
        (b"\xef\xbb\xbf" + HEADED, "LF"),
        (b"\n" + HEADED, "LF"),
        (b'"a","b"\n"1","x"\n2,"y"', "LF"),
    ],
)
def test_a_table_reads_the_same_in_every_dialect(data, line_ends):
    table = read_table(data)
    assert table.names == ("a", "b")
    assert cells(table) == PLAIN
    assert table.dialect.line_ends == line_ends
    assert table.dialect.bom == data.startswith(b"\xef")
    assert table.cautions == ()
    assert table.to_csv_bytes() == HEADED


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_first_line(delimiter):
    table = read_table(HEADED.replace(b",", delimiter.encode()))
    assert (table.dialect.delimiter, table.dialect.delimiter_sniffed) == (delimiter, True)
    assert cells(table) == PLAIN


@pytest.mark.parametrize(
    ("data", "delimiter"),
    [
        (b"name;b,c;d\n1;2;3\n", ";"),  # the commoner
        (b'"a;b;c",d\n1,2\n', ","),  # not those in quotes
        (b"a,b\n1;1;1,2\n", ","),  # the header alone decides
        (b"1,5;2,5\n3,5;4,5\n", ";"),  # decimal commas in a file without header
        (b"one\n1\n", ","),
    ],
)
def test_the_delimiter_is_that_of_the_first_line_outside_quotes(data, delimiter):
    assert read_table(data).dialect.delimiter == delimiter


def test_a_given_delimiter_is_taken():
    table = read_table(b"a;b,c\n1;2,3\n", delimiter=",")
    assert table.names == ("a;b", "c")
    assert not table.dialect.delimiter_sniffed
    assert read_table(b"a\tb\n1\t2\n", delimiter="\\t").names == ("a", "b")


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (b"1,2\n3,4\n", False),
        (b"1,NA\n3,4\n", False),
        (b"2020-01-31,4\n2020-02-29,5\n", False),
        (b"1,x\n3,4\n", True),
        (b"1e400,2\n3,4\n", True),
        (b",\n3,4\n", True),
    ],
)
def test_a_first_line_of_values_only_is_no_header(data, header):
    table = read_table(data)
    assert (table.dialect.header, table.dialect.header_detected) == (header, True)
    assert table.rows == 2 - header
    assert ("no-header" in codes(table)) != header


def test_the_header_can_be_told():
    assert read_table(b"2019,2020\n1,2\n", header="yes").names == ("2019", "2020")
    table = read_table(b"a,b\n1,2\n", header="no")
    assert (table.names, table.rows, table.header) == (("column 1", "column 2"), 2, None)
    assert codes(table) == []


def test_a_blank_name_in_the_header_is_numbered_and_kept():
    table = read_table(b"a,,c\n1,2,3\n")
    assert table.names == ("a", "column 2", "c")
    assert codes(table) == ["blank-column-name"]
    assert table.to_csv_bytes() == b"a,,c\n1,2,3\n"


def test_a_header_alone_is_a_table_without_rows():
    table = read_table(b"a,b\n")
    assert (table.rows, codes(table)) == (0, ["no-rows"])
    assert [column.type for column in table.columns()] == ["categorical"] * 2
    assert table.to_csv_bytes() == b"a,b\n"


def test_one_row_and_one_column_are_tables():
    assert cells(read_table(b"a\n7")) == [[b"7"]]
    assert cells(read_table(b"7")) == [[b"7"]]


def test_quotes_hold_delimiters_line_ends_and_doubled_quotes():
    table = read_table(b'a,b\n"x,y","1""2"\n"two\r\nlines",""""\n3,4\n')
    assert cells(table) == [[b"x,y", b'1"2'], [b"two\r\nlines", b'"'], [b"3", b"4"]]
    assert table.lines.tolist() == [2, 3, 5]


def test_a_stray_quote_is_text_and_said():
    table = read_table(b'size,n\n5" pipe,1\n6",2\n"7""",3\n')
    assert list(table.cells[0]) == [b'5" pipe', b'6"', b'7"']
    assert codes(table) == ["stray-quotes"]
    assert "2 cells" in table.cautions[0].message


def test_blank_lines_are_skipped_between_rows_of_several_columns():
    table = read_table(b"a,b\n\n1,2\n\n\n3,4\n\n")
    assert (table.rows, table.lines.tolist()) == (2, [3, 6])
    assert codes(table) == ["blank-lines"]
    assert "3 blank lines" in table.cautions[0].message


def test_blank_lines_are_cells_of_a_single_column_except_at_the_end():
    table = read_table(b'a\n1\n\n3\n""\n\n\n')
    assert list(table.cells[0]) == [b"1", b"", b"3", b""]
    assert table.lines.tolist() == [2, 3, 4, 5]
    assert table.to_csv_bytes() == b'a\n1\n""\n3\n""\n'


def test_other_encodings_are_held_as_utf8():
    for encoding in ("latin-1", "utf-16", "utf-8-sig", "cp1252", "utf-16-le"):
        table = read_table("größe;n\nmaß;1\n".encode(encoding), encoding=encoding)
        assert table.names == ("größe", "n")
        assert list(table.cells[0]) == ["maß".encode()]


def test_names_are_kept_with_their_control_characters():
    table = read_table(b"\x1b[31mred,=cmd()\n1,2\n")
    assert table.names == ("\x1b[31mred", "=cmd()")
    assert read_table(table.to_csv_bytes()).names == table.names


def test_a_pipe_and_a_path_read_alike(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(HEADED)
    assert cells(read_table(path)) == cells(read_table(open_input(str(path)))) == PLAIN
    assert read_table(path).to_dict()["rows"] == 2


texts = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
    st.text(',;"\r\n\t|a1 ', max_size=8),
).map(str.encode)


@settings(deadline=None, max_examples=300)
@given(
    st.integers(1, 4).flatmap(
        lambda k: st.lists(st.lists(texts, min_size=k, max_size=k), min_size=1)
    )
)
def test_written_tables_read_back(rows):
    columns = [Texts.of(column) for column in zip(*rows, strict=True)]
    for delimiter in (",", ";"):
        data = csv_bytes(columns, delimiter=delimiter.encode())
        table = read_table(data, header="no", delimiter=delimiter)
        assert cells(table) == rows
        assert table.to_csv_bytes() == data


@settings(deadline=None, max_examples=200)
@given(st.lists(st.lists(texts.map(bytes.decode), min_size=2, max_size=3), min_size=1))
def test_the_standard_librarys_csv_files_read_alike(rows):
    rows = [row[:2] for row in rows]
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        file = io.StringIO(newline="")
        csv.writer(file, quoting=quoting).writerows(rows)
        data = file.getvalue().encode()
        if data.startswith(b"\xef\xbb\xbf"):
            continue  # the csv module does not quote what then is a byte order mark
        table = read_table(data, header="no", delimiter=",")
        assert cells(table) == [[cell.encode() for cell in row] for row in rows]
