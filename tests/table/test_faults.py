"""Bad tables and bad requests: each is refused in one line that says where and what to do."""

import gzip
import zipfile

import pytest

from kolmo.errors import InputError, MemoryLimitError, ParameterError
from kolmo.table import Limits, read_table

UTF16 = "a,b\n1,2\n3,4\n"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        (b"\n\r\n\n", "empty file"),
        (b"\xef\xbb\xbf", "empty file"),
        (b"a,b,a\n1,2,3\n", "duplicate column name: got 'a' for columns 1 and 3 in line 1"),
        (b"a,b\n1,2\n3\n", "too few fields: got 1 in line 3 .* need 2, as in line 1"),
        (b"a,b\n\n1,2\n3,4,5\n", "too many fields: got 3 in line 4 .* need 2"),
        (b"x\n1,5\n2,5\n", "too many fields: got 2 in line 2 .* need 1.*decimal comma"),
        (b'a,b\n"x\ny",2\n3\n', "got 1 in line 4"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "unterminated quote: got one that opens in line 3 .*column 2"),
        (b'"a,b\n', "unterminated quote: .* line 1 .*column 1"),
        (b'a,b\n"x"y,2\n', "text after a closing quote: got it in line 2 .*column 1"),
        (b'a,b\n1,"x\n\n" \n', "text after a closing quote: got it in line 4 .*column 2"),
        (b"a,b\n1,\0\n", "NUL byte: got one at offset 6, line 2"),
        (b"a,b\n" + b"x" * (1 << 17) + b"x,1\n", "cell too long: .* 131072 bytes in line 2"),
        (b"a,b\n1,caf\xe9\n", "not utf-8: got byte 0xe9 at offset 9, line 2 .*latin-1"),
        (b"\xef\xbb\xbfa,b\n1,\xff\n", "got byte 0xff at offset 9, line 2"),
        (b"x\n" + b"\xc3\xa9" * 40_000 + b"\n1\xe9", "at offset 80004, line 3"),
        (UTF16.encode("utf-16"), "looks like UTF-16. Try --encoding utf-16"),
        (UTF16.encode("utf-16-le"), "looks like UTF-16. Try --encoding utf-16-le"),
        (UTF16.encode("utf-16-be"), "looks like UTF-16. Try --encoding utf-16-be"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "gzip-compressed.*gzip -dc"),
        (b"PAR1\x15\x04PAR1", "a Parquet file"),
        (b"SQLite format 3\0" + bytes(84), "an SQLite database"),
        (b",".join(b"c%d" % i for i in range(100_000)), "too many columns: got more than 65536"),
    ],
)
def test_a_file_that_is_no_table_is_refused(data, message):
    with pytest.raises(InputError, match=message):
        read_table(data)


def test_a_workbook_is_named(tmp_path):
    path = tmp_path / "book.xlsx"
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(InputError, match=r"xlsx workbook .*'.*book\.xlsx'"):
        read_table(path)


def test_a_name_that_begins_like_a_binary_format_is_text():
    assert read_table(b"PAR1,PAR2\n1,2\n").names == ("PAR1", "PAR2")


def test_a_line_without_end_is_refused_before_it_is_split():
    with pytest.raises(InputError, match="line too long: got no line end in the first 1000 bytes"):
        read_table(b"1," * 5000, limits=Limits(line_bytes=1000))


def test_a_table_beyond_memory_is_refused():
    with pytest.raises(MemoryLimitError, match=r"table too large: got 4000 bytes .*need at most"):
        read_table(b"1,2\n" * 1000, limits=Limits(memory_bytes=10_000))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize("delimiter", ["", ",,", "é", '"', "\n", "1", "a", "-", "."])
def test_a_delimiter_that_is_none_is_refused(delimiter):
    with pytest.raises(ParameterError, match=r"bad delimiter: got .*need one ASCII character"):
        read_table(b"a,b\n1,2\n", delimiter=delimiter)


def test_other_bad_requests_are_refused():
    with pytest.raises(ParameterError, match=r"got 'yess'; need auto, yes or no. Did you mean"):
        read_table(b"a\n1\n", header="yess")
    for encoding in ("no-such", "base64", "", "rot13", "\0"):
        with pytest.raises(ParameterError, match="unknown encoding"):
            read_table(b"a\n1\n", encoding=encoding)
    with pytest.raises(ParameterError, match=r"unknown column: got 'hight'.*Did you mean 'height'"):
        read_table(b"height,b\n1,2\n").find("hight")


def test_a_wrong_encoding_says_where():
    with pytest.raises(InputError, match="not ascii: got byte 0xc3 at offset 2, line 2"):
        read_table("a\né\n".encode(), encoding="ascii")
    with pytest.raises(InputError, match="not utf-16"):
        read_table(b"\xff\xfea\0\n\0x", encoding="utf-16")
