"""A corpus is what its manifest lists, checked; everything else is refused in one line.

Inputs for the speed suite are held to their golden sums here, too.
"""

import hashlib
import os
import shutil
import subprocess
import threading
import zlib

import pytest

from kolmo.bench import inputs
from kolmo.bench.manifest import Member, find_manifest, read_manifest
from kolmo.errors import InputError

needs_symlinks = pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")


def sum_of(data):
    return hashlib.sha256(data).hexdigest()


def line(name, data=b"a", mark="  "):
    return f"{sum_of(data)}{mark}{name}\n"


@pytest.fixture
def corpus(tmp_path):
    """A folder of three files, without a manifest."""
    folder = tmp_path / "corpus"
    (folder / "deep").mkdir(parents=True)
    (folder / "a").write_bytes(b"a")
    (folder / "b").write_bytes(b"")
    (folder / "deep" / "c").write_bytes(b"c" * 300_000)
    return folder


def write(folder, text, encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    (folder / "SHA256SUMS").write_bytes(data)


def names(folder):
    return [member.name for member in read_manifest(str(folder))]


def refusal(folder):
    with pytest.raises(InputError) as caught:
        read_manifest(str(folder))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_members_are_checked_and_in_the_manifests_order(corpus):
    write(corpus, line("deep/c", b"c" * 300_000) + line("a") + line("b", b""))
    path = os.path.join(str(corpus), "deep", "c")
    found = read_manifest(str(corpus))
    assert found[0] == Member("deep/c", path, 300_000, sum_of(b"c" * 300_000))
    assert [(member.name, member.size) for member in found[1:]] == [("a", 1), ("b", 0)]


@pytest.mark.parametrize("ending", ["", "/"])
def test_manifest_of_the_parent_lists_the_folder_among_others(corpus, ending):
    write(corpus.parent, line("corpus/deep/c", b"c" * 300_000) + line("corpus2/a") + line("other"))
    assert [member.name for member in read_manifest(f"{corpus}{ending}")] == ["deep/c"]


def test_manifest_in_the_folder_comes_before_that_of_the_parent(corpus):
    write(corpus.parent, line("corpus/a", b"another"))
    write(corpus, line("a"))
    assert names(corpus) == ["a"]
    assert [member.name for member in read_manifest(f"{corpus}/")] == ["a"]


@needs_symlinks
def test_folder_behind_a_link_has_the_manifest_of_its_true_parent(corpus, tmp_path):
    write(corpus.parent, line("corpus/a"))
    link = tmp_path / "elsewhere" / "link"
    link.parent.mkdir()
    link.symlink_to(corpus)
    assert names(link) == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        line("a", mark=" *"),
        line("a").replace("\n", "\r\n"),
        "\ufeff" + line("a"),
        "# made by hand\n\n" + line("./a").rstrip("\n"),
        line("a").upper().replace("A\n", "a\n"),
        line("a") + line("SHA256SUMS", b""),
        line(".//a"),
    ],
    ids=["binary", "crlf", "mark of UTF-8", "comment", "upper case", "itself", "dot"],
)
def test_other_spellings_of_a_manifest_are_read(corpus, text):
    write(corpus, text)
    assert names(corpus) == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("two\nlines", r"two\nlines"),
        ("back\\slash", r"back\\slash"),
        ("end\r", r"end\r"),
        ("\\n", r"\\n"),
    ],
)
def test_escaped_names_are_those_of_their_files(corpus, name, listed):
    (corpus / name).write_bytes(b"a")
    write(corpus, "\\" + line(listed))
    assert names(corpus) == [name]


@pytest.mark.skipif(
    os.name == "nt" or shutil.which("sha256sum") is None, reason="needs sha256sum on POSIX"
)
def test_manifest_by_sha256sum_is_read(corpus):
    odd = ["two\nlines", "back\\slash", " blank", "é", "*star", "\u2028"]
    for name in odd:
        (corpus / name).write_bytes(name.encode())
    for _ in range(2):  # the second time, the manifest lists itself
        command = "sha256sum -- * deep/* > SHA256SUMS"
        subprocess.run(["sh", "-c", command], cwd=corpus, stderr=subprocess.DEVNULL)
        assert sorted(names(corpus)) == sorted([*odd, "a", "b", "deep/c"])


@needs_symlinks
def test_link_that_stays_in_the_folder_is_followed(corpus):
    (corpus / "link").symlink_to("deep/c")
    write(corpus, line("link", b"c" * 300_000))
    assert names(corpus) == ["link"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_manifest_that_is_a_pipe_is_read(corpus):
    pipe = corpus / "SHA256SUMS"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(line("a"),))
    writer.start()
    assert names(corpus) == ["a"]
    writer.join()


@pytest.mark.parametrize("name", ["nowhere", "corpus/a", "x" * 5000, "nul\0"])
def test_no_folder_is_refused(corpus, name):
    message = refusal(corpus.parent / name)
    assert message.startswith("no such folder: got '")
    assert len(message) < 200


def test_empty_name_of_a_folder_is_refused():
    assert refusal("").startswith("no such folder: got ''")


def test_missing_manifest_is_refused_with_how_to_make_one(corpus):
    assert find_manifest(str(corpus)) is None
    message = refusal(corpus)
    assert message.startswith("no SHA256SUMS: got a folder without one")
    assert message.endswith("sha256sum * > SHA256SUMS")


def test_folder_of_zero_files_is_refused(tmp_path):
    (tmp_path / "corpus").mkdir()
    assert "a folder of zero files" in refusal(tmp_path / "corpus")


@pytest.mark.parametrize("text", ["", "\n# nothing\n", line("SHA256SUMS")])
def test_manifest_of_zero_files_is_refused(corpus, text):
    write(corpus, text)
    assert refusal(corpus).startswith("zero files: ")


def test_parents_manifest_without_files_in_the_folder_is_refused(corpus):
    write(corpus.parent, line("corpus2/a") + line("corpus"))
    assert refusal(corpus).startswith("zero files: ")


@pytest.mark.parametrize(
    "bad",
    [
        "a",
        sum_of(b"a"),
        f"{sum_of(b'a')} a",
        f"{sum_of(b'a')}\ta",
        f"{sum_of(b'a')}  ",
        f"{sum_of(b'a')[:-1]}  a",
        f"{sum_of(b'a')[:-1]}g  a",
        f"{sum_of(b'a')}  a\0{sum_of(b'a')}  b",
        f"SHA256 (a) = {sum_of(b'a')}",
        f"\\{sum_of(b'a')}  a\\tb",
        f"\\{sum_of(b'a')}  a\\\\\\",
    ],
)
def test_malformed_line_is_refused_by_its_number(corpus, bad):
    write(corpus, line("a") + "\n" + bad + "\n")
    assert refusal(corpus).startswith("malformed line 3 of SHA256SUMS: got ")


def test_bytes_that_are_not_utf8_are_refused_by_their_place(corpus):
    write(corpus, (line("a") + line("caf\xe9")).encode("latin-1"))
    message = refusal(corpus)
    assert message.startswith("manifest is not UTF-8: got byte 0xe9 in line 2 ")
    assert "byte 70 of the line" in message  # 64 digits, two blanks, c, a, f


def test_endless_manifest_is_refused(corpus, monkeypatch):
    monkeypatch.setattr("kolmo.bench.manifest.LARGEST_BYTES", 100)
    write(corpus, line("a") + line("b", b""))
    assert refusal(corpus).startswith("manifest too long: ")


def test_manifest_that_is_a_folder_is_refused(corpus):
    (corpus / "SHA256SUMS").mkdir()
    assert "it is a directory" in refusal(corpus)


@needs_symlinks
def test_manifest_that_is_a_dangling_link_is_refused(corpus):
    (corpus / "SHA256SUMS").symlink_to("nowhere")
    assert refusal(corpus).startswith("cannot read ")


def test_missing_file_is_refused_by_its_name_and_line(corpus):
    write(corpus, line("a") + line("gone"))
    message = refusal(corpus)
    assert message.startswith("missing file: got no 'gone' ")
    assert "line 2 of SHA256SUMS" in message


def test_changed_file_is_refused_with_both_sums(corpus):
    write(corpus, line("a", b"before"))
    message = refusal(corpus)
    assert message.startswith("changed file: got 'a' ")
    assert sum_of(b"a")[:12] in message
    assert sum_of(b"before")[:12] in message


def test_change_in_the_last_byte_of_a_long_file_is_seen(corpus):
    write(corpus, line("deep/c", b"c" * 299_999 + b"d"))
    assert refusal(corpus).startswith("changed file: ")


def test_listed_folder_is_refused(corpus):
    write(corpus, line("deep"))
    assert "'deep' is a directory" in refusal(corpus)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_listed_pipe_is_refused_at_once(corpus):
    os.mkfifo(corpus / "pipe")
    write(corpus, line("pipe"))
    assert "'pipe' is no regular file" in refusal(corpus)


@pytest.mark.parametrize("name", ["../a", "deep/../../corpus/a", "deep/../a", "..", ".", "./"])
def test_name_that_leaves_the_folder_is_refused(corpus, name):
    write(corpus, line(name))
    assert refusal(corpus).startswith(f"file outside of the folder: got '{name}' in line 1")


def test_absolute_name_is_refused(corpus):
    write(corpus, line((corpus / "a").as_posix()))
    assert refusal(corpus).startswith("file outside of the folder: ")


def test_name_that_leaves_the_parent_is_refused_there(corpus):
    write(corpus.parent, line("corpus/a") + line("../a"))
    assert refusal(corpus).startswith("file outside of the folder: ")


@needs_symlinks
@pytest.mark.parametrize("target", ["../secret", "../corpus2/secret"])
def test_link_that_leaves_the_folder_is_refused(corpus, target):
    (corpus.parent / "corpus2").mkdir()
    (corpus / target).write_bytes(b"a")
    (corpus / "link").symlink_to(target)
    write(corpus, line("link"))
    assert refusal(corpus).startswith("file outside of the folder: ")


@needs_symlinks
def test_folder_link_that_leaves_the_folder_is_refused(corpus):
    (corpus / "up").symlink_to("..")
    write(corpus, line("up/corpus3/a"))
    (corpus.parent / "corpus3").mkdir()
    (corpus.parent / "corpus3" / "a").write_bytes(b"a")
    assert refusal(corpus).startswith("file outside of the folder: ")


@needs_symlinks
def test_link_to_itself_is_refused(corpus):
    (corpus / "loop").symlink_to("loop")
    write(corpus, line("loop"))
    assert refusal(corpus).startswith("missing file: ")


@pytest.mark.parametrize("again", ["a", "./a", ".//a"])
def test_name_listed_twice_is_refused_with_both_lines(corpus, again):
    write(corpus, line("a") + line("b", b"") + line(again))
    assert refusal(corpus).startswith(
        "file listed twice: got 'a' in line 1 and in line 3 of SHA256SUMS"
    )


GOLDEN = {  # of 100,001 bytes, seed 3
    "text": "c8aba0c4f4ed14e0ffffa458f57eda13c1bfa39a9722e759784ab32bc47cf2d8",
    "random": "3ae83a3474db333976b1a2e1c1f151ef4691ca42db24d8b7fc3f9858b4bcf473",
    "records": "f7dc5314b9e769a41953a714173f9b93e8218fdaf7ae2502c3903ca79a872353",
}


@pytest.mark.parametrize("name", inputs.INPUTS)
def test_speed_input_is_the_same_everywhere(name):
    data = inputs.INPUTS[name](100_001, 3)
    assert (len(data), sum_of(data)) == (100_001, GOLDEN[name])


@pytest.mark.parametrize("name", inputs.INPUTS)
def test_speed_input_begins_alike_at_any_size_and_differs_by_seed(name):
    make = inputs.INPUTS[name]
    assert make(0, 0) == b""
    assert make(5_000, 7)[:1_000] != make(5_000, 8)[:1_000]
    assert make(5_003, 7)[:1_001] == make(1_001, 7)


@pytest.mark.parametrize(
    ("name", "low", "high"), [("text", 0.2, 0.5), ("random", 1.0, 1.01), ("records", 0.3, 0.7)]
)
def test_speed_input_compresses_as_its_kind_does(name, low, high):
    data = inputs.INPUTS[name](1 << 18, 0)
    assert low <= len(zlib.compress(data, 9)) / len(data) <= high


def test_random_bytes_go_on_beyond_a_block(monkeypatch):
    whole = inputs.random_bytes(10_000)
    monkeypatch.setattr(inputs, "BLOCK_DRAWS", 300)
    assert inputs.random_bytes(10_000) == whole


def test_records_have_a_counter_in_little_endian():
    data = inputs.records(16 * 300)
    counters = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 16)]
    assert counters == list(range(300))
