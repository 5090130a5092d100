"""The store of results: intact after SIGKILL, one line for whatever is no store of this run."""

import builtins
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kolmo.bench.store import APPLICATION_ID, FORMAT, Store
from kolmo.errors import InputError, UnavailableError

IDENTITY = {"kolmo": "1.2", "numpy": "2.4.1", "brotli": None}
SECONDS = 30

# Puts results for ever, and says each when `put` has returned.
WRITER = """
import itertools, sys
from kolmo.bench.store import Store
with Store(sys.argv[1], {"kolmo": "1.2", "numpy": "2.4.1", "brotli": None}) as store:
    for number in itertools.count(len(store)):
        store.put(f"cell {number}", {"number": number, "bits": [number / 7] * 40})
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()
"""


def writer(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cells.sqlite"


@pytest.fixture
def made(path):
    with Store(str(path), IDENTITY) as store:
        store.put("a", {"payload_bits": 12})
    return path


# --- what it keeps


@pytest.mark.parametrize("kept", [True, False], ids=["file", "memory"])
def test_results_are_found_by_their_key(path, kept):
    result = {"bits": [1, 2.5, None, True], "text": "\ud800é", "inner": {"x": {}}}
    with Store(str(path) if kept else None, IDENTITY) as store:
        assert len(store) == 0
        assert store.get("a") is None
        store.put("a", result)
        store.put("A", {})
        store.put("a\0b\udcff'", {"n": 1})
        assert store.get("a") == result
        assert store.get("a") is not store.get("a")
        assert store.get("A") == {}
        assert store.get("a\0b\udcff'") == {"n": 1}
        assert store.get("a\0b") is None
        store.put("a", {"n": 2})
        assert (store.get("a"), len(store)) == ({"n": 2}, 3)
    assert path.exists() == kept


@pytest.mark.parametrize("kept", [True, False], ids=["file", "memory"])
@pytest.mark.parametrize(
    ("result", "error"),
    [({"x": float("nan")}, ValueError), ({"x": float("inf")}, ValueError), ({"x": b""}, TypeError)],
)
def test_what_is_no_json_is_refused(path, kept, result, error):
    with Store(str(path) if kept else None, IDENTITY) as store:
        with pytest.raises(error):
            store.put("a", result)
        assert (store.get("a"), len(store)) == (None, 0)


def test_results_are_there_when_opened_again(made):
    with Store(str(made), IDENTITY) as store:
        assert (store.get("a"), len(store)) == ({"payload_bits": 12}, 1)


def test_one_file_is_left_after_close(made):
    assert files(made.parent) == [made.name]


def test_header_says_whose_file_it_is(made):
    header = made.read_bytes()[:100]
    assert header.startswith(b"SQLite format 3\0")
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(header[60:64], "big") == FORMAT


def test_relative_path_with_odd_characters_is_a_plain_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [":memory:", "file:x?mode=ro", "100%41.db", "é #?.db", os.fsdecode(b"\xff.db")]
    for name in names:
        for _ in range(2):
            with Store(name, IDENTITY) as store:
                store.put(name, {})
                assert len(store) == 1
    assert files(tmp_path) == sorted(names)


@pytest.mark.parametrize("kept", [True, False], ids=["file", "memory"])
def test_closed_store_refuses_work(path, kept):
    store = Store(str(path) if kept else None, IDENTITY)
    store.close()
    store.close()
    for work in (lambda: store.get("a"), lambda: store.put("a", {}), lambda: len(store)):
        with pytest.raises(ValueError, match="closed"):
            work()


# --- killed


def test_every_reported_result_survives_sigkill(path):
    rng = random.Random(9)
    told = -1
    for _ in range(5):
        with writer(path) as child:
            for _ in range(rng.randrange(1, 400)):
                told = int(child.stdout.readline())
            os.kill(child.pid, signal.SIGKILL)
            told = int(([str(told), *child.stdout.read().split("\n")[:-1]])[-1])
        with Store(str(path), IDENTITY) as store:
            assert len(store) - 1 in (told, told + 1)
            for number in range(len(store)):
                expected = {"number": number, "bits": [number / 7] * 40}
                assert store.get(f"cell {number}") == expected
        assert files(path.parent) == [path.name]
    assert told > 100
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


# Makes a store and kills itself upon its n-th event: a line of `_prepare` or `_create`.
HALF = """
import os, signal, sys
from kolmo.bench.store import Store
left = int(sys.argv[2])
def trace(frame, event, argument):
    global left
    if frame.f_code.co_name not in {"_open", "_prepare", "_create"}:
        return None
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return trace
sys.settrace(trace)
Store(sys.argv[1], {"kolmo": "1.2", "numpy": "2.4.1", "brotli": None})
print("made")
"""


@pytest.mark.parametrize("event", [5, 12, 18, 22, 25, 28])
def test_half_created_store_is_usable(path, event):
    child = [sys.executable, "-c", HALF, str(path), str(event)]
    done = subprocess.run(child, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == -signal.SIGKILL, done
    with Store(str(path), IDENTITY) as store:
        assert len(store) == 0
        store.put("a", {})
    with Store(str(path), IDENTITY) as store:
        assert len(store) == 1


def test_empty_file_is_filled(path):
    path.touch()
    with Store(str(path), IDENTITY) as store:
        store.put("a", {})
    with Store(str(path), IDENTITY) as store:
        assert len(store) == 1


# --- refused


def refusal(path, identity=IDENTITY) -> str:
    with pytest.raises(InputError) as caught:
        Store(str(path), identity)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        ({"numpy": "2.3"}, "got numpy 2.4.1; need numpy 2.3, as runs now"),
        ({"numpy": "2.3", "kolmo": "2"}, "got kolmo 1.2; need kolmo 2,"),
        ({"numpy": None}, "got numpy 2.4.1; need no numpy"),
        ({"brotli": "1.1"}, "got no brotli; need brotli 1.1"),
        ({"added": "3"}, "got no added; need added 3"),
    ],
)
def test_other_identity_is_refused(made, identity, message):
    text = refusal(made, IDENTITY | identity)
    assert message in text
    assert "Take a new file, or delete this one." in text
    with Store(str(made), IDENTITY) as store:
        assert len(store) == 1


def test_identity_without_a_kept_name_is_refused(made):
    assert "got kolmo 1.2; need no kolmo" in refusal(made, {"numpy": "2.4.1"})


def test_absent_and_unnamed_software_are_the_same(made):
    Store(str(made), IDENTITY | {"zstd": None}).close()


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE results (key, result)")
    connection.close()


def empty_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("VACUUM")
    connection.close()
    assert path.stat().st_size > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (foreign_database, "something else made"),
        (empty_database, "something else made"),
        (lambda path: path.write_bytes(b"x"), "is not a store"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "another kind of file"),
        (lambda path: path.write_bytes(bytes(5000)), "another kind of file"),
        (lambda path: path.write_bytes(random.Random(1).randbytes(99999)), "another kind of file"),
        (lambda path: path.write_text("file,bits\n" * 1000), "another kind of file"),
    ],
    ids=["database", "empty database", "byte", "header", "zeros", "noise", "table"],
)
def test_foreign_file_is_refused_and_left_alone(path, make, message):
    make(path)
    before, when = path.read_bytes(), path.stat().st_mtime_ns
    assert message in refusal(path)
    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == when
    assert files(path.parent) == [path.name]


def test_store_of_another_format_is_refused(made):
    with sqlite3.connect(made) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert "got number 99; need 1" in refusal(made)


@pytest.mark.parametrize("cut", [1, 50, 4096, 5000, 8192])
def test_shortened_store_is_damaged(made, cut):
    made.write_bytes(made.read_bytes()[:-cut])
    with (
        pytest.raises(InputError, match=r"is damaged|another kind"),
        Store(str(made), IDENTITY) as s,
    ):
        s.get("a")


@pytest.mark.parametrize("text", ["{", "[1]", "NaN", ""])
def test_result_that_is_no_object_is_damaged(made, text):
    with sqlite3.connect(made) as connection:
        connection.execute("UPDATE results SET result = ?", (text,))
    connection.close()
    with Store(str(made), IDENTITY) as store, pytest.raises(InputError, match="is damaged"):
        store.get("a")


def test_store_without_its_tables_is_damaged(made):
    with sqlite3.connect(made) as connection:
        connection.execute("DROP TABLE identity")
    connection.close()
    assert "is damaged: got no such table" in refusal(made)


def test_folder_pipe_and_missing_folder_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert "got a folder; need a file" in refusal(tmp_path)
    assert "got a device or a pipe" in refusal(tmp_path / "pipe")
    assert "got a folder that does not exist" in refusal(tmp_path / "none" / "x")
    assert "Not a directory" in refusal(Path(__file__) / "x")
    assert "null byte" in refusal("a\0b")
    assert "got a folder" in refusal("")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")
def test_unwritable_place_is_refused():
    assert "cannot be opened" in refusal("/proc/cells.sqlite")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_file_and_folder_are_refused(made):
    made.chmod(0o400)
    assert "cannot be" in refusal(made)
    made.chmod(0o600)
    made.parent.chmod(0o500)
    try:
        assert "cannot be" in refusal(made)
    finally:
        made.parent.chmod(0o700)


def test_store_in_use_is_refused_until_its_process_ends(path):
    with writer(path) as child:
        assert child.stdout.readline() == "0\n"
        assert "is in use" in refusal(path)
        os.kill(child.pid, signal.SIGKILL)
    Store(str(path), IDENTITY).close()


def test_store_open_twice_in_a_process_stays_locked(path):
    with Store(str(path), IDENTITY) as store:
        store.put("a", {})
        assert "is in use" in refusal(path)
        other = [sys.executable, "-c", WRITER, str(path)]
        done = subprocess.run(other, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert "is in use" in done.stderr.splitlines()[-1]
        store.put("b", {})
        assert len(store) == 2


def test_full_disk_is_one_line(made):
    """The largest size of a file stands for the size of the disk."""
    code = (
        "import resource, signal, sys\n"
        "from kolmo.bench.store import Store\n"
        "from kolmo.errors import InputError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "store = Store(sys.argv[1], {'kolmo': '1.2', 'numpy': '2.4.1'})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))\n"
        "try:\n"
        "    for number in range(1000):\n"
        "        store.put(f'cell {number}', {'text': 'x' * 2000})\n"
        "except InputError as error:\n"
        "    print(number, error)\n"
        "store.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(made)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    number, _, message = done.stdout.partition(" ")
    assert "cannot be" in message
    assert message.count("\n") == 1
    with Store(str(made), IDENTITY) as store:
        assert len(store) == int(number) + 1


def test_python_without_sqlite_needs_no_path(path, monkeypatch):
    real = builtins.__import__

    def without(name, *arguments, **settings):
        if name == "sqlite3":
            raise ImportError(name)
        return real(name, *arguments, **settings)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnavailableError, match="without sqlite3"):
        Store(str(path), IDENTITY)
    with Store(None, IDENTITY) as store:
        store.put("a", {})
        assert len(store) == 1
    assert not path.exists()


def test_results_are_json_that_others_can_read(made):
    with sqlite3.connect(made) as connection:
        rows = connection.execute("SELECT key, result FROM results").fetchall()
    connection.close()
    assert [(key, json.loads(text)) for key, text in rows] == [("a", {"payload_bits": 12})]
