"""Inputs of every kind: what they hold, and that a change while reading is never a number."""

import hashlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kolmo
from kolmo import data as data_module
from kolmo.data import (
    BLOCK_BYTES,
    FileInput,
    JoinedInput,
    MemoryInput,
    as_input,
    open_input,
    walk,
)
from kolmo.errors import InputError, MemoryLimitError, ParameterError

CONTENT = bytes(range(256)) * 3000  # several blocks

needs_fifo = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
needs_proc = pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="no /proc here")
not_for_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything"
)


def contents(opened) -> bytes:
    return b"".join(opened.blocks())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "content"
    made.write_bytes(CONTENT)
    return made


@pytest.fixture
def large(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that counts as too large to be held in memory."""
    monkeypatch.setattr(data_module, "IN_MEMORY_BYTES", 1000)
    return path


# --- regular files


@pytest.mark.parametrize("limit", [1000, 1 << 26])
def test_file_is_read_whole_and_again(path, monkeypatch, limit):
    monkeypatch.setattr(data_module, "IN_MEMORY_BYTES", limit)
    opened = open_input(str(path))
    assert (opened.size, opened.name, opened.truncated) == (len(CONTENT), str(path), False)
    assert contents(opened) == contents(opened) == opened.read() == CONTENT
    assert opened.read(5, 9) == CONTENT[5:9]
    assert opened.read(len(CONTENT) - 2) == CONTENT[-2:]
    assert max(map(len, opened.blocks())) <= BLOCK_BYTES
    opened.close()


def test_small_file_is_held_and_large_one_is_not(path, monkeypatch):
    assert isinstance(open_input(str(path)), MemoryInput)
    monkeypatch.setattr(data_module, "IN_MEMORY_BYTES", len(CONTENT))
    assert isinstance(open_input(str(path)), MemoryInput)
    monkeypatch.setattr(data_module, "IN_MEMORY_BYTES", len(CONTENT) - 1)
    opened = open_input(str(path))
    assert isinstance(opened, FileInput)
    opened.close()


def test_held_file_survives_its_deletion(path):
    opened = open_input(str(path))
    path.unlink()
    assert contents(opened) == CONTENT


def test_large_file_survives_a_rename(large):
    opened = open_input(str(large))
    large.rename(large.with_name("other"))
    large.write_bytes(b"something else")
    assert contents(opened) == CONTENT
    opened.close()


def test_large_file_is_read_by_many_threads_at_once(large):
    opened = open_input(str(large))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(hashlib.sha256(contents(opened)).digest()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [hashlib.sha256(CONTENT).digest()] * 8
    opened.close()


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"!")


def shrink(path: Path) -> None:
    os.truncate(path, 10)


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"!")
    touch(path)  # a file system may have a clock too coarse to tell


@pytest.mark.parametrize("change", [append, shrink, touch, overwrite])
def test_large_file_that_changes_between_two_blocks_is_an_error(large, change):
    opened = open_input(str(large))
    blocks = opened.blocks()
    next(blocks)
    change(large)
    with pytest.raises(InputError, match="it changed while reading"):
        list(blocks)
    opened.close()


@pytest.mark.parametrize("change", [append, shrink, touch])
def test_large_file_that_changes_is_no_bound(large, change):
    opened = open_input(str(large))
    change(large)
    found = kolmo.bounds(opened, ["zlib", "stored"])
    opened.close()
    assert found.rows == ()
    assert "changed while reading" in found.failures[0].message


@pytest.mark.parametrize("change", [append, shrink, touch])
def test_any_range_of_a_file_that_changed_is_an_error(large, change):
    opened = open_input(str(large))
    assert opened.read(0, 5) == CONTENT[:5]
    change(large)
    for start, stop in ((100, 200), (0, 5)):
        with pytest.raises(InputError, match="changed while reading"):
            opened.read(start, stop)
    opened.close()


def test_files_held_at_once_are_those_up_to_a_length(path):
    opened = open_input(str(path), in_memory=10)
    assert isinstance(opened, data_module.FileInput)
    opened.close()
    assert isinstance(open_input(str(path)), MemoryInput)


@pytest.mark.parametrize("change", [append, shrink, touch])
def test_small_file_that_changes_while_it_is_read_is_an_error(path, monkeypatch, change):
    original = data_module._read_at

    def read_and_change(file, offset, count):
        found = original(file, offset, count)
        change(path)
        return found

    monkeypatch.setattr(data_module, "_read_at", read_and_change)
    with pytest.raises(InputError, match="changed while reading"):
        open_input(str(path))


def test_unreadable_range_is_an_input_error(large, monkeypatch):
    def fail(*arguments):
        raise OSError(5, "Input/output error")

    opened = open_input(str(large))
    monkeypatch.setattr(data_module, "_read_at", fail)
    with pytest.raises(InputError, match=r"cannot read .*: Input/output error"):
        list(opened.blocks())
    opened.close()


def test_files_are_closed_when_their_inputs_are(large):
    opened = open_input(str(large))
    opened.close()
    assert opened.file.closed


@pytest.mark.parametrize("windows", [False, True])
def test_ranges_are_read_where_there_is_no_pread(large, monkeypatch, windows):
    if windows:
        monkeypatch.delattr(os, "pread", raising=False)
    opened = open_input(str(large))
    assert contents(opened) == CONTENT
    assert opened.read(300_000, 300_007) == CONTENT[300_000:300_007]
    opened.close()


# --- names


def test_missing_file_is_an_input_error():
    with pytest.raises(InputError, match=r"^cannot read 'no such file': No such file"):
        open_input("no such file")


def test_empty_name_is_a_wrong_request():
    with pytest.raises(ParameterError, match="empty file name"):
        open_input("")


def test_folder_is_an_input_error_with_a_way_out(tmp_path):
    with pytest.raises(InputError, match=r"is a directory\. Use --recursive"):
        open_input(str(tmp_path))


def test_name_with_a_null_is_an_input_error():
    with pytest.raises(InputError, match="cannot read"):
        open_input("a\0b")


def test_name_that_is_too_long_is_an_input_error():
    with pytest.raises(InputError) as caught:
        open_input("x" * 5000)
    assert len(str(caught.value)) < 200


@not_for_root
def test_unreadable_file_is_an_input_error(path):
    path.chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        open_input(str(path))


def test_link_that_leads_nowhere_is_an_input_error(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(InputError, match="No such file"):
        open_input(str(tmp_path / "link"))


# --- streams and devices


@needs_fifo
@pytest.mark.parametrize("length", [0, 1, 70_000, len(CONTENT)])
def test_pipe_is_read_to_its_end(tmp_path, length):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=[CONTENT[:length]])
    writer.start()
    opened = open_input(str(fifo))
    writer.join()
    assert (opened.size, opened.truncated) == (length, False)
    assert contents(opened) == opened.read() == CONTENT[:length]


@needs_fifo
@pytest.mark.parametrize(("excess", "truncated"), [(0, False), (1, True)])
def test_pipe_is_cut_at_max_bytes(tmp_path, excess, truncated):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=[bytes(1000 + excess)])
    writer.start()
    opened = open_input(str(fifo), max_bytes=1000)
    writer.join()
    assert (opened.size, opened.truncated) == (1000, truncated)


@needs_fifo
@pytest.mark.parametrize("excess", [0, 1])
def test_pipe_longer_than_the_memory_limit_is_refused(tmp_path, excess):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=[bytes(1000 + excess)])
    writer.start()
    if excess:
        with pytest.raises(MemoryLimitError, match=r"more than 1000 bytes.*--max-bytes"):
            open_input(str(fifo), memory_limit=1000)
    else:
        assert open_input(str(fifo), memory_limit=1000).size == 1000
    writer.join()


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="no devices here")
def test_empty_device_is_empty():
    opened = open_input("/dev/null")
    assert (opened.size, contents(opened), opened.truncated) == (0, b"", False)


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="no devices here")
def test_endless_device_needs_max_bytes():
    with pytest.raises(InputError, match=r"endless device\. Use --max-bytes"):
        open_input("/dev/zero")
    opened = open_input("/dev/zero", max_bytes=1_000_000)
    assert (opened.size, opened.truncated) == (1_000_000, True)
    assert contents(opened) == bytes(1_000_000)


@needs_proc
def test_file_whose_size_is_not_known_beforehand_is_read():
    assert os.stat("/proc/cpuinfo").st_size == 0
    opened = open_input("/proc/cpuinfo")
    assert opened.size == len(opened.read()) > 0


def test_empty_file_is_empty(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    opened = open_input(str(path))
    assert (opened.size, contents(opened), opened.read()) == (0, b"", b"")


@pytest.mark.parametrize("limit", [10, 1 << 26])
@pytest.mark.parametrize(
    ("max_bytes", "size", "truncated"),
    [
        (1, 1, True),
        (len(CONTENT) - 1, len(CONTENT) - 1, True),
        (len(CONTENT), len(CONTENT), False),
        (len(CONTENT) + 1, len(CONTENT), False),
        (1 << 62, len(CONTENT), False),
    ],
)
def test_file_is_cut_at_max_bytes(path, monkeypatch, limit, max_bytes, size, truncated):
    monkeypatch.setattr(data_module, "IN_MEMORY_BYTES", limit)
    opened = open_input(str(path), max_bytes=max_bytes)
    assert (opened.size, opened.truncated) == (size, truncated)
    assert contents(opened) == opened.read() == CONTENT[:size]
    opened.close()


def test_regular_file_has_no_memory_limit(large):
    opened = open_input(str(large), memory_limit=1000)
    assert opened.size == len(CONTENT)
    opened.close()


# --- standard input

READ_STDIN = """
import sys
from kolmo import data
data.IN_MEMORY_BYTES = int(sys.argv[1])
opened = data.open_input("-")
sys.stdout.buffer.write(b"".join(opened.blocks()) + opened.read(0, 1))
"""


@pytest.mark.parametrize("limit", [0, 1 << 26])
@pytest.mark.parametrize("offset", [0, 1, 256, len(CONTENT)])
def test_standard_input_begins_where_it_stands(path, limit, offset):
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        done = subprocess.run(
            [sys.executable, "-c", READ_STDIN, str(limit)],
            stdin=file,
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert done.stderr == b""
    assert done.stdout == CONTENT[offset:] + CONTENT[offset : offset + 1]


def test_standard_input_may_be_a_pipe():
    done = subprocess.run(
        [sys.executable, "-c", READ_STDIN, "0"],
        input=CONTENT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == b""
    assert done.stdout == CONTENT + CONTENT[:1]


@pytest.mark.parametrize("stdin", [None, io.StringIO("text")])
def test_standard_input_that_is_closed_is_an_input_error(monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(InputError, match="standard input is closed"):
        open_input("-")


def test_standard_input_stays_open_for_others(path, monkeypatch):
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", file)
        opened = open_input("-")
        assert opened.name == "-"
        assert contents(opened) == CONTENT
        opened.close()
        assert not file.closed
        file.fileno()
        os.fstat(file.fileno())


# --- values


@pytest.mark.parametrize("value", [CONTENT, bytearray(CONTENT), memoryview(CONTENT)])
def test_bytes_of_any_type_are_an_input(value):
    assert contents(as_input(value)) == CONTENT
    assert as_input(value).name == "(bytes)"


def test_bytes_that_change_later_are_those_of_the_call():
    value = bytearray(b"abc")
    made = as_input(value)
    value[0] = 0
    assert made.read() == b"abc"


def test_input_is_taken_as_it_is(path):
    opened = open_input(str(path))
    assert as_input(opened) is opened
    assert as_input(path).read() == as_input(str(path)).read() == CONTENT


@pytest.mark.parametrize("value", [3, None, [1, 2], object()])
def test_value_that_is_no_bytes_is_refused(value):
    with pytest.raises(ParameterError, match=r"cannot read a value of type .*tobytes"):
        as_input(value)


# --- joined inputs

indices = st.one_of(st.none(), st.integers(0, 60))


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=20), st.binary(max_size=20), st.integers(0, 60), indices)
def test_slices_of_a_joined_input_are_those_of_the_concatenation(first, second, start, stop):
    joined = JoinedInput(MemoryInput(first), MemoryInput(second))
    whole = first + second
    assert joined.size == len(whole)
    assert contents(joined) == joined.read() == whole
    assert joined.read(start, stop) == whole[start:stop]
    thrice = JoinedInput(joined, MemoryInput(first))
    assert thrice.read(start, stop) == (whole + first)[start:stop]


@pytest.mark.parametrize("cut", [0, 1, BLOCK_BYTES, len(CONTENT) - 1, len(CONTENT)])
def test_joined_files_are_read_across_their_border(large, tmp_path, cut):
    for name, part in (("first", CONTENT[:cut]), ("second", CONTENT[cut:])):
        (tmp_path / name).write_bytes(part)
    joined = JoinedInput(open_input(str(tmp_path / "first")), open_input(str(tmp_path / "second")))
    assert contents(joined) == CONTENT
    for start, stop in ((0, 10), (cut, cut + 5), (max(cut - 5, 0), cut + 5), (0, None)):
        assert joined.read(start, stop) == CONTENT[start:stop]
    joined.close()


def test_joined_input_is_truncated_if_a_part_is():
    whole, part = MemoryInput(b"a"), MemoryInput(b"b", truncated=True)
    assert JoinedInput(whole, part).truncated
    assert JoinedInput(part, whole).truncated
    assert not JoinedInput(whole, whole).truncated


# --- folders


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in ("b/inner.txt", "a/2", "a/10", "a/.hidden", "top", "b/deep/er/x"):
        made = root / name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(name.encode())
    (root / "link").symlink_to(root / "top")
    (root / "loop").symlink_to(root)
    (root / "broken").symlink_to("nowhere")
    return root


def test_walk_yields_regular_files_sorted(tree):
    skipped: list[str] = []
    found = list(walk(str(tree), pytest.fail, lambda name, reason: skipped.append(name)))
    names = [os.path.relpath(name, tree).replace(os.sep, "/") for name in found]
    expected = ["top", "a/.hidden", "a/10", "a/2", "b/inner.txt", "b/deep/er/x"]
    assert names == expected
    assert sorted(os.path.basename(name) for name in skipped) == ["broken", "link"]


@needs_fifo
def test_walk_names_what_is_no_regular_file(tree):
    os.mkfifo(tree / "fifo")
    skipped: dict[str, str] = {}
    list(walk(str(tree), pytest.fail, skipped.__setitem__))
    assert skipped[str(tree / "fifo")] == "not a regular file"
    assert skipped[str(tree / "link")] == "a symbolic link"


def test_walk_tells_of_a_folder_that_cannot_be_read(tmp_path):
    errors: list[InputError] = []
    assert list(walk(str(tmp_path / "nowhere"), errors.append, pytest.fail)) == []
    assert [type(error) for error in errors] == [InputError]
    assert "nowhere" in str(errors[0])


@not_for_root
def test_walk_goes_on_after_an_unreadable_folder(tree):
    (tree / "a").chmod(0)
    errors: list[InputError] = []
    found = list(walk(str(tree), errors.append, lambda name, reason: None))
    (tree / "a").chmod(0o700)
    assert len(errors) == 1
    assert len(found) == 3
