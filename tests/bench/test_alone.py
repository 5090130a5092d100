"""An estimator in a process of its own says what it says here, and its failures have names."""

import json
import os
import subprocess
import sys
import threading

import pytest

import kolmo
from kolmo.bench import alone
from kolmo.bench.alone import Alone, measure_alone
from kolmo.bench.harness import Finished, Sample, Spread
from kolmo.errors import (
    CertificationError,
    InputError,
    KolmoError,
    MemoryLimitError,
    ParameterError,
)

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")

DATA = b"the cat sat on the mat, and the rat sat on the cat. " * 200

OWN = """
import os, signal, sys, time, zlib

class Deflate:
    def compress(self, data): return zlib.compress(data)
    def decompress(self, payload): return zlib.decompress(payload)

class Chatty(Deflate):
    def compress(self, data):
        print("a note")
        os.system("echo a cry")
        os.write(1, b'{"error": "a lie"}' + bytes([10]))
        return super().compress(data)

class Liar(Deflate):
    def decompress(self, payload): return super().decompress(payload)[:-1] + b"!"

class Fickle(Deflate):
    def compress(self, data):
        Fickle.calls = getattr(Fickle, "calls", 0) + 1
        return zlib.compress(data, Fickle.calls % 2)

class Killed(Deflate):
    def compress(self, data): os.kill(os.getpid(), signal.SIGKILL)

class Aborted(Deflate):
    def compress(self, data):
        print("the heap is gone", file=sys.stderr, flush=True)
        os.abort()

class Silent(Deflate):
    def compress(self, data): os._exit(0)

class Quitter(Deflate):
    def compress(self, data): sys.exit(4)

class Raising(Deflate):
    def compress(self, data): raise ValueError("no way")

class Hungry(Deflate):
    def compress(self, data): return bytes(1 << 40)

class Spinning(Deflate):
    def compress(self, data):
        end = time.process_time() + 0.2
        while time.process_time() < end: pass
        return super().compress(data)

class Sleeping(Deflate):
    def compress(self, data):
        time.sleep(0.2)
        return super().compress(data)

class Warming(Spinning):
    def compress(self, data):
        first, Warming.is_warm = not getattr(Warming, "is_warm", False), True
        return super().compress(data) if first else Deflate.compress(self, data)

class Holding(Deflate):
    megabytes = 64
    def compress(self, data):
        kept = b"x" * (self.megabytes << 20) if len(data) > 1 << 14 else b""
        return super().compress(data)

class Light(Holding):
    megabytes = 0

class NotANumber:
    def estimate(self, data): return float("nan")

class Rough:
    def estimate(self, data): return 8.0 * len(data), 3.5

class Picky(Deflate):
    def compress(self, data):
        if len(data) < 1 << 15: raise ValueError("too short")
        return super().compress(data)
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A file of a user's estimators."""
    file = tmp_path_factory.mktemp("own") / "mine.py"
    file.write_text(OWN)
    return str(file)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(DATA)
    return str(path)


def refusal(label, path, kind=KolmoError, **options):
    with pytest.raises(kind) as caught:
        measure_alone(label, path, **{"rounds": 1, **options})
    assert "\n" not in str(caught.value)
    assert type(caught.value) is kind
    return str(caught.value)


@pytest.mark.parametrize("label", ["zlib", "zstd:level=3", "lzma", "stored"])
def test_sizes_of_a_code_are_those_of_this_process(label, file):
    found = measure_alone(label, file, rounds=2)
    (row,) = kolmo.bounds(DATA, [label]).rows
    assert (found.label, found.kind, found.rounds) == (label, "certified", 2)
    assert (found.payload_bits, found.input_bytes) == (row.payload_bits, len(DATA))
    parts = (found.naming_bits, found.parameters_bits, found.length_bits)
    assert parts == (row.naming_bits, row.parameters_bits, row.length_bits)
    assert found.price_bits == sum(parts)
    assert found.bits == row.bound_bits
    assert found.estimate_bits is found.error_bits is None


@pytest.mark.parametrize("label", ["entropy:order=1", "nsb"])
def test_value_of_an_estimate_is_that_of_this_process(label, file):
    found = measure_alone(label, file, rounds=1)
    (row,) = kolmo.bounds(DATA, [label]).rows
    assert (found.label, found.kind) == (label, "estimate")
    assert (found.estimate_bits, found.error_bits) == (row.estimate_bits, row.error_bits)
    assert found.bits == row.estimate_bits
    assert found.payload_bits is found.price_bits is found.decompress_cpu_seconds is None


def test_code_that_is_not_decoded_is_a_bound(file):
    found = measure_alone("zlib", file, rounds=1, verify=False)
    assert (found.kind, found.decompress_cpu_seconds) == ("bound", None)
    assert found.payload_bits == measure_alone("zlib", file, rounds=1).payload_bits


def test_empty_file_is_measured(tmp_path):
    (tmp_path / "empty").touch()
    found = measure_alone("zlib", str(tmp_path / "empty"), rounds=1)
    assert (found.kind, found.input_bytes) == ("certified", 0)


@posix_only
def test_file_whose_name_is_not_utf8_is_measured(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9")
    try:
        with open(path, "wb") as out:
            out.write(DATA)
    except OSError:
        pytest.skip("the file system takes UTF-8 only")
    assert measure_alone("zlib", os.fsdecode(path), rounds=1).input_bytes == len(DATA)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipe_is_read_once_for_all_rounds(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(DATA,))
    writer.start()
    found = measure_alone("zlib", str(pipe), rounds=3)
    writer.join()
    assert (found.input_bytes, found.rounds) == (len(DATA), 3)


def test_users_code_is_priced_as_a_stranger(own, file):
    found = measure_alone(f"{own}:Deflate", file, rounds=1)
    assert found.kind == "certified"
    assert found.naming_bits > measure_alone("zlib", file, rounds=1).naming_bits


def test_users_estimate_has_its_error(own, file):
    found = measure_alone(f"{own}:Rough", file, rounds=1)
    assert (found.kind, found.bits, found.error_bits) == ("estimate", 8.0 * len(DATA), 3.5)


def test_module_is_found_where_this_process_finds_it(own, file, monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(own))
    assert measure_alone("mine:Deflate", file, rounds=1).kind == "certified"


def test_what_an_estimator_prints_is_no_answer(own, file):
    assert measure_alone(f"{own}:Chatty", file, rounds=1).kind == "certified"


def test_estimator_that_refuses_the_warming_piece_is_measured(own, tmp_path):
    (tmp_path / "long").write_bytes(bytes(1 << 16))
    assert measure_alone(f"{own}:Picky", str(tmp_path / "long"), rounds=1).kind == "certified"


@posix_only
def test_seconds_of_the_processor_are_told_from_those_of_the_clock(own, file):
    spun = measure_alone(f"{own}:Spinning", file, rounds=2)
    slept = measure_alone(f"{own}:Sleeping", file, rounds=2)
    assert spun.compress_cpu_seconds.min >= 0.2
    assert spun.decompress_cpu_seconds.max < 0.1
    assert slept.compress_wall_seconds.min >= 0.2
    assert slept.compress_cpu_seconds.max < 0.1


def test_first_work_of_an_estimator_is_not_timed(own, file):
    assert measure_alone(f"{own}:Warming", file, rounds=1).compress_cpu_seconds.max < 0.1


@posix_only
@pytest.mark.parametrize(("name", "least", "most"), [("Holding", 60, 80), ("Light", 0, 8)])
def test_peak_memory_is_what_the_work_held(name, least, most, own, tmp_path):
    (tmp_path / "data").write_bytes(2 * DATA)
    found = measure_alone(f"{own}:{name}", str(tmp_path / "data"), rounds=1)
    held = found.peak_rss_bytes - found.baseline_rss_bytes
    assert least << 20 <= held <= most << 20
    assert found.baseline_rss_bytes > 5 << 20  # the interpreter


@pytest.mark.parametrize(
    ("label", "kind", "words"),
    [
        ("zsdt", ParameterError, "Did you mean 'zstd'?"),
        ("zstd:level=99", ParameterError, "need 1 to 22"),
        ("", ParameterError, "no estimator"),
        ("nowhere.py:Mine", InputError, "nowhere.py"),
    ],
)
def test_wrong_label_is_refused_as_in_this_process(label, kind, words, file):
    assert words in refusal(label, file, kind)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("Liar", CertificationError, "mine.py:Liar: decoded data differ"),
        ("Fickle", CertificationError, "changes from round to round"),
        ("Raising", KolmoError, "ValueError: no way"),
        ("Quitter", KolmoError, "SystemExit"),
        ("NotANumber", KolmoError, "nan"),
        ("Silent", KolmoError, "without an answer (exit code 0)"),
        ("Missing", ParameterError, "no 'Missing' in"),
        pytest.param("Killed", KolmoError, "killed by SIGKILL", marks=posix_only),
        pytest.param("Aborted", KolmoError, "SIGABRT; it said: the heap is gone", marks=posix_only),
        pytest.param("Hungry", MemoryLimitError, "out of memory", marks=posix_only),
    ],
)
def test_failing_estimator_is_an_error_that_says_how(name, kind, words, own, file):
    assert words in refusal(f"{own}:{name}", file, kind, rounds=2)


def test_file_that_cannot_be_read_is_an_input_error(tmp_path):
    assert "cannot read" in refusal("zlib", str(tmp_path / "nowhere"), InputError)
    assert "is a directory" in refusal("zlib", str(tmp_path), InputError)


def test_need_above_the_memory_limit_is_refused(file):
    assert "the limit is 1000" in refusal("zstd", file, MemoryLimitError, memory_limit=1000)


@pytest.mark.parametrize(("path", "rounds"), [("-", 1), ("data", 0)])
def test_nothing_to_measure_is_refused_before_a_process_starts(path, rounds, monkeypatch):
    monkeypatch.setattr(alone, "run_process", None)
    refusal("zlib", path, ParameterError, rounds=rounds)


@pytest.mark.parametrize(
    ("label", "path"), [("zsdt", "data"), ("zlib", "nowhere"), ("{own}:Liar", "data")]
)
def test_child_reports_a_failure_in_one_line_without_a_traceback(label, path, own, file):
    path = file if path == "data" else path
    request = json.dumps([label.format(own=own), path, 1, True, 1 << 30, sys.path])
    argv = [sys.executable, "-P", "-m", "kolmo.bench.alone", request]
    done = subprocess.run(argv, capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert set(json.loads(done.stdout)) == {"error", "type"}


@pytest.mark.parametrize(
    ("stdout", "code", "words"),
    [
        (b"", 0, "without an answer (exit code 0)"),
        (b"", 3, "without an answer (exit code 3)"),
        (b"no JSON\n", 0, "without an answer"),
        (b"[1]\n", 0, "without an answer"),
        (b'"error"\n', 0, "without an answer"),
        (b"null\n", 0, "without an answer"),
        (b'{"label": "zlib"}\n', 0, "without an answer"),
        (b'{"label": "zlib", "wrong": 1}\n', 0, "without an answer"),
        (b"\xff\n", 0, "without an answer"),
        (b"", -11, "killed by SIGSEGV"),
        (b"", -64 - 63, "killed by signal 127"),
        (b'{"error": "told", "type": "SystemExit"}\n', 0, "told"),
    ],
)
def test_child_that_answers_wrongly_is_an_error(stdout, code, words, file, monkeypatch):
    done = Finished(Sample(1.0, 1.0, 1 << 20, code), stdout, b"")
    monkeypatch.setattr(alone, "run_process", lambda argv, env: done)
    assert words in refusal("zlib", file)


def test_answer_of_a_child_that_crashed_after_it_is_not_taken(file, monkeypatch):
    line = json.dumps(measure_alone("zlib", file, rounds=1).to_dict()).encode()
    done = Finished(Sample(1.0, 1.0, 1 << 20, 0), line, b"")
    monkeypatch.setattr(alone, "run_process", lambda argv, env: done)
    assert measure_alone("zlib", file, rounds=1).peak_rss_bytes == 1 << 20
    done = Finished(Sample(1.0, 1.0, 1 << 20, -11), line, b"")
    assert "SIGSEGV" in refusal("zlib", file)


def test_record_survives_json():
    spread = Spread(0.25, 0.5, 1.0)
    record = Alone("zlib", "certified", 3, 2, spread, spread, spread, payload_bits=40)
    assert Alone.from_dict(json.loads(json.dumps(record.to_dict(), allow_nan=False))) == record
    bare = record._replace(decompress_cpu_seconds=None)
    assert Alone.from_dict(json.loads(json.dumps(bare.to_dict()))) == bare
