"""``kolmo bench`` as its users meet it: whom to trust, who miscounts, and what goes wrong."""

import json
import signal
import time
from typing import Any

import pytest

MINE = """
import zlib

class Good:
    def compress(self, data):
        return zlib.compress(data, 9)

    def decompress(self, payload):
        return zlib.decompress(payload)

class Lossy(Good):
    def compress(self, data):
        return zlib.compress(data[:9] + bytes([data[9] ^ 1]) + data[10:])

KEPT = []

class Cheat:
    def compress(self, data):
        KEPT.append(data)
        return b""

    def decompress(self, payload):
        return KEPT[-1]

class Half:
    def codelength(self, data):
        return 4.0 * len(data)

class Raises:
    def estimate(self, data):
        return 1 / 0

class Nan:
    def estimate(self, data):
        return float("nan")

class Negative:
    def estimate(self, data):
        return -1.0

class Nothing:
    pass
"""
SMALL = "--sizes 256 --seeds 3"


@pytest.fixture
def mine(shell: Any) -> Any:
    (shell.folder / "mine.py").write_text(MINE)
    return shell


def rows(shell: Any, words: str, **extra: str) -> list[dict[str, Any]]:
    done = shell(f"kolmo bench {words} --json", **extra)
    found: list[dict[str, Any]] = json.loads(done.out)["results"]
    return found


def test_sources_say_regret_of_codes_and_bias_of_estimates(shell: Any) -> None:
    found = rows(shell, "-e zlib,ctw:symbol=1,entropy:symbol=1 --sizes 1024 --seeds 2")
    assert {row["kind"] for row in found} == {"certified", "codelength", "estimate"}
    for row in found:
        code = row["kind"] != "estimate"
        assert (row["regret_mean_bits"] is None) != code
        assert (row["bias_mean_bits"] is None) == code
        assert (row["message_mean_bits"] is None) != code
    (fair,) = [row for row in found if row["task"] == "fair" and row["estimator"] == "zlib"]
    assert fair["truth_mean_bits"] == 1024.0
    assert fair["regret_mean_bits"] == fair["mean_bits"] - 1024


def test_default_command_scores_the_sources(mine: Any) -> None:
    done = mine("kolmo bench -e mine.py:Good --sizes 4096 --seeds 2 --format table")
    assert (done.code, done.err) == (0, "")
    assert "trust mine.py:Good (certified)" in done.out
    assert "P(regret < -t) <= 2^-t holds for 1 of 1 codes" in done.out


@pytest.mark.parametrize("name", ["Cheat", "Half"])
def test_code_that_miscounts_is_caught_and_not_recommended(name: str, mine: Any) -> None:
    done = mine(f"kolmo bench -e mine.py:{name},zlib {SMALL} --json")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert done.err.startswith(f"kolmo: error: mine.py:{name} miscounts: it is ")
    advice = json.loads(done.out)["advice"]
    assert advice
    assert not any(name in line for line in advice)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Lossy", "decoded data differ at byte 9: 0x"),
        ("Raises", "estimate failed: ZeroDivisionError: division by zero (line "),
        ("Nan", "estimate gave nan; need a finite number of bits"),
        ("Negative", "negative bits: got -1.0; need 0 or more"),
    ],
)
def test_estimator_that_fails_is_said_once_and_the_others_go_on(
    name: str, words: str, mine: Any
) -> None:
    done = mine(f"kolmo bench -e mine.py:{name} -e zlib {SMALL} --no-header")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert words in done.err
    assert len([line for line in done.out.splitlines() if "\tzlib\t" in line]) == 12


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("sorces", 2, "unknown suite: got 'sorces'. Did you mean 'sources'?"),
        ("corpus", 2, "no folder"),
        ("corpus none", 1, "no such folder"),
        ("corpus full", 1, "changed file: got 'text'"),
        ("corpus bare", 1, "zero files"),
        ("sources full", 2, "no such setting: got 'folder' for suite sources"),
        ("deterministic --seeds 3", 2, "no such setting: got 'seeds'"),
        ("--sizes 100 -e zlib", 2, "size 100 is no multiple of 8. Take 96 or 104"),
        ("--sizes 8 -e zlib", 2, "need a whole number from 64"),
        ("-e zlab", 2, "Did you mean 'zlib'?"),
        ("-e ''", 2, "empty name"),
        ("-e mine.py:Gold", 2, "Did you mean 'Good'?"),
        ("-e mine.py:Nothing", 2, "need the methods compress and decompress"),
        ("-e none.py:Good", 1, "none.py"),
        ("-e zlib --store none/x", 1, "folder that does not exist"),
        ("-e zlib --store mine.py", 1, "not a store"),
        ("-e zlib --scheduler nowhere", 1, "need tcp://HOST:PORT"),
        ("speed -e zlib --scheduler tcp://127.0.0.1:1", 2, "no speeds on a cluster"),
        ("-e zlib --plot-file x.gif", 2, "unknown picture format"),
        ("-e zlib --store x.svg --plot-file x.svg", 2, "name the same file"),
    ],
)
def test_bad_input_is_one_line(words: str, code: int, said: str, mine: Any) -> None:
    mine("mkdir full bare; cp text full; sha256sum full/text >full/SHA256SUMS; "
         "sed -i s,full/,, full/SHA256SUMS; echo more >>full/text")  # fmt: skip
    before = mine.snapshot()
    done = mine(f"kolmo bench {words}")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("kolmo: error: ")
    assert said in done.err
    assert done.err.count("\n") == 1
    assert mine.snapshot() == before


def test_dead_scheduler_is_one_line_within_seconds(shell: Any) -> None:
    pytest.importorskip("distributed")
    start = time.monotonic()
    done = shell("kolmo bench -e zlib --sizes 64 --scheduler tcp://127.0.0.1:1")
    assert time.monotonic() - start < 30  # the error itself comes after 5
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("kolmo: error: no scheduler at tcp://127.0.0.1:1")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("suite", ["deterministic --sizes 64", "corpus ."])
def test_code_that_miscounts_is_caught_where_nobody_knows_the_truth(suite: str, mine: Any) -> None:
    mine("sha256sum text >SHA256SUMS")
    done = mine(f"kolmo bench {suite} -e mine.py:Cheat,mine.py:Good --no-header")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "mine.py:Cheat on" in done.err
    assert "miscounts: got 1 bits for 256 coin flips" in done.err
    assert "Cheat" not in done.out
    assert "mine.py:Good" in done.out


def test_what_an_estimator_prints_is_no_result(mine: Any) -> None:
    (mine.folder / "loud.py").write_text(
        "import os\nprint('loaded')\n\nclass Loud:\n    def estimate(self, data):\n"
        "        print('asked')\n        os.write(1, b'raw')\n        return 1.0\n"
    )
    done = mine(f"kolmo bench -e loud.py:Loud {SMALL} --json")
    assert done.code == 0
    assert len(json.loads(done.out)["results"]) == 12
    assert all(word in done.err for word in ("loaded", "asked", "raw"))


@pytest.mark.parametrize("target", ["a", "SHA256SUMS", "mine.py"])
@pytest.mark.parametrize("option", ["--plot-file", "--store"])
def test_no_input_is_overwritten(option: str, target: str, mine: Any) -> None:
    mine("sha256sum text empty >SHA256SUMS; cp text a; sha256sum a >>SHA256SUMS; "
         f"ln -s {target} out.svg")  # fmt: skip
    before = mine.snapshot()
    done = mine(f"kolmo bench corpus . -e zlib,mine.py:Good {option} out.svg")
    assert (done.code, done.out) == (2, "")
    assert "output would overwrite an input" in done.err
    assert mine.snapshot() == before


def test_json_says_what_sizes_depend_on(mine: Any) -> None:
    done = mine("kolmo bench deterministic -e zlib --sizes 64 --json")
    assert json.loads(done.out)["parameters"]["versions"]["zlib"]


def test_scores_are_the_same_for_any_number_of_jobs(mine: Any) -> None:
    one, two = (
        mine(f"kolmo bench -e zlib,bz2,lzma,mine.py:Good {SMALL} -j{jobs} --json").out
        for jobs in (1, 2)
    )
    assert one == two


def test_written_bits_are_another_file_of_the_same_strings(shell: Any) -> None:
    packed, written = (
        rows(shell, f"-e stored --sizes 256 --seeds 2 --form {form}")
        for form in ("packed", "written")
    )
    assert [row["truth_mean_bits"] for row in packed] == [row["truth_mean_bits"] for row in written]
    assert [row["mean_bits"] for row in packed] != [row["mean_bits"] for row in written]
    assert all(row["mean_bits"] > 8 * 256 for row in written)


KEPT = "-e lzma,zstd --sizes 65536 --seeds 10 -j1 --store kept.db"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_goes_on_to_the_same_scores(number: int, shell: Any) -> None:
    process = shell.start("bench", *KEPT.split(), "--json")
    deadline = time.monotonic() + 60
    while not (shell.folder / "kept.db").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    if number != signal.SIGKILL and process.returncode:  # it may have been done
        assert process.returncode == 128 + number
        assert out == b""
        assert b"cells are kept" in err
        assert err.count(b"\n") == 2
    resumed = shell(f"kolmo bench {KEPT} --json")
    assert (resumed.code, resumed.err) == (0, "")
    again = shell(f"kolmo bench {KEPT} --json")
    whole = shell(f"kolmo bench {KEPT.partition(' --store')[0]} --json")
    assert resumed.out == again.out == whole.out
    assert not list(shell.folder.glob("kept.db-*"))


def test_corpus_knows_files_by_their_contents(shell: Any) -> None:
    shell("mkdir corpus; cp text corpus/a; cp empty corpus/b; "
          "cd corpus && sha256sum a b >SHA256SUMS")  # fmt: skip
    done = shell("kolmo bench corpus corpus -e zlib,stored,entropy --json")
    assert (done.code, done.err) == (0, "")
    envelope = json.loads(done.out)
    assert [group["estimator"] for group in envelope["groups"]] == ["zlib", "stored"]
    assert envelope["groups"][1]["payload_bits"] == 8 * len((shell.folder / "text").read_bytes())
    assert {row["published_by"] for row in envelope["results"]} == {None}
    assert envelope["advice"][0].startswith("for files like these, trust zlib (certified): ")
    assert "timings" not in envelope


def test_corpus_timings_name_the_machine_and_the_memory(shell: Any) -> None:
    shell("sha256sum text >SHA256SUMS")
    done = shell("kolmo bench corpus . -e zlib --json --timings")
    first, row, total = json.loads(done.out)["timings"]
    assert {"cpu", "cores", "python"} <= first["machine"].keys()
    assert first["versions"]["zlib"]
    assert row["write_seconds"] > 0
    assert total["on_front"] is True


def test_speed_gives_megabytes_a_second(shell: Any) -> None:
    done = shell("kolmo bench speed -e zlib,mine --sizes 1000")
    assert done.code == 2
    found = rows(shell, "speed -e zlib,stored --sizes 1000 --rounds 1")
    assert [row["file"] for row in found].count("text") == 2
    for row in found:
        assert row["kind"] == "certified"
        assert row["write_MB_per_second"] > 0
        assert row["input_bytes"] == 1000
    done = shell("kolmo bench speed -e zlib --sizes 1000 --rounds 1 --format table")
    assert "MB/s writing" in done.out


def test_pictures_and_drawings_come_of_every_suite(shell: Any) -> None:
    pytest.importorskip("matplotlib")
    shell("sha256sum text empty >SHA256SUMS")
    for suite in ("sources --seeds 2 --sizes 128,256", "deterministic --sizes 64", "corpus ."):
        words = f"{suite} -e zlib,stored,entropy --plot --plot-file out.svg --format table"
        done = shell(f"kolmo bench {words}")
        assert (done.code, done.err) == (0, "")
        assert b"<svg" in (shell.folder / "out.svg").read_bytes()


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_tables_fit_the_terminal(columns: int, shell: Any) -> None:
    done = shell.in_terminal(
        "kolmo --no-progress bench -e zlib,stored,entropy:symbol=1 --sizes 64,128 --seeds 2",
        columns=columns,
        NO_COLOR="1",
    )
    assert done.code == 0
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= columns
    assert any("zlib" in line for line in lines)
