"""The benchmarks start, find their cases, and say what they could not measure."""

import bz2
import hashlib
import importlib
import importlib.util
import json
import shutil
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kolmo.bench.harness import Sample, Timing
from kolmo.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
CASES = sorted(file.stem for file in (ROOT / "benchmarks" / "cases").glob("[!_]*.py"))

TEXT_SHA256 = "38b4ed6dcd0e7fa0a1a118bc003b44d9824e1c7d4c0784b6cfb65a9f6ed482b5"

FAKE_KOLMO = """
import json, os, sys
files = sys.argv[sys.argv.index("--") + 1:] if "--" in sys.argv else []
if "corpus" in sys.argv:
    home = sys.argv[sys.argv.index("corpus") + 1]
    with open(os.path.join(home, "SHA256SUMS")) as manifest:
        files = [line[66:-1] for line in manifest]
print(json.dumps({
    "results": [
        {"file": file, "estimator": name, "kind": kind, "payload_bits": bits,
         "published_bytes": 5}
        for file in files
        for name, kind, bits in [("good", "certified", 80), ("fair", "bound", 161),
                                 ("guess", "estimate", 8)]
    ],
    "timings": [{}, *(
        {"file": None, "estimator": name, "write_seconds": seconds, "read_seconds": 0.5,
         "peak_bytes": 3000000}
        for name, seconds in (("good", 1.0), ("fair", None))
    )],
}))
"""

RESULT = {
    "case": "race",
    "title": "Who is first.",
    "command": "python -m benchmarks race",
    "quick": False,
    "machine": {"cpu": "Abacus", "cores": 2, "python": "CPython 3.11.0", "platform": "Linux"},
    "versions": {"kolmo": "0.1.0", "zstd": None},
    "rows": [
        {"run": "a|b", "input_bytes": 1234567, "cpu_seconds": 0.123456, "exact": True},
        {"run": "peer", "input_bytes": None, "cpu_seconds": 2.0, "target": 1.3},
    ],
    "details": [{"file": "x", "bytes": 7}],
    "notes": ["measured once"],
    "missing": ["zstd: apt-get install zstd"],
}

MARKDOWN = """\
## race

Who is first.

| run | input bytes | cpu seconds | exact | target |
| --- | ---: | ---: | --- | ---: |
| a\\|b | 1,234,567 | 0.1235 | yes | - |
| peer | - | 2 | - | 1.3 |

| file | bytes |
| --- | ---: |
| x | 7 |

- measured once
- missing: zstd: apt-get install zstd

`python -m benchmarks race` on Abacus, 2 cores, CPython 3.11.0, Linux; kolmo 0.1.0, zstd missing.
"""


@cache
def load(name):
    """Import a module of the benchmarks, which are not installed, from its place."""
    if "benchmarks" not in sys.modules:
        folder = ROOT / "benchmarks"
        spec = importlib.util.spec_from_file_location(
            "benchmarks", folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        sys.modules["benchmarks"] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"benchmarks.{name}")


def run_benchmarks(*words):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True
    )


@pytest.fixture
def fake_kolmo(tmp_path):
    script = tmp_path / "fake_kolmo.py"
    script.write_text(FAKE_KOLMO)
    return (sys.executable, str(script))


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "a").write_bytes(b"a" * 100)
    (folder / "b").write_bytes(b"b" * 60)
    return folder


def test_list_names_every_case_with_its_description():
    done = run_benchmarks("--list")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    listed = [line.split(maxsplit=1) for line in lines]
    assert [name for name, _ in listed] == [stem.replace("_", "-") for stem in CASES]
    assert all(text.endswith(".") for _, text in listed)


@pytest.mark.parametrize("stem", CASES)
def test_case_describes_itself_in_one_line_and_names_its_peers(stem):
    case = load(f"cases.{stem}")
    assert len(case.__doc__.strip().splitlines()) == 1
    assert callable(case.run)
    assert isinstance(case.PEERS, tuple)
    assert isinstance(case.USES_CORPORA, bool)


def test_list_says_which_peers_a_case_needs_and_which_are_missing(monkeypatch):
    monkeypatch.setenv("PATH", "")
    runner = load("runner")
    monkeypatch.setattr(runner, "case_names", lambda: ["panel", "sparse"])
    panel, peers, sparse = runner.listing().splitlines()
    assert panel.startswith("panel ")
    assert "zstd missing, apt-get install zstd; zpaq missing" in peers
    assert sparse.startswith("sparse ")


@pytest.mark.parametrize("words", [("--list", "panel"), ("--readme", "--quick")])
def test_option_that_runs_nothing_stands_alone(words):
    done = run_benchmarks(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stand alone" in done.stderr


def test_quick_panel_takes_the_smallest_files_in_their_order():
    smallest = load("cases.panel").smallest
    assert smallest({"a": 30_000, "b": 90_000, "c": 20_000}) == {"a": 30_000, "c": 20_000}
    assert smallest({"a": 90_000, "b": 80_000}) == {"b": 80_000}


def test_unknown_case_is_refused_with_the_nearest_name():
    done = run_benchmarks("startip")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean 'startup'?" in done.stderr


def test_case_without_its_corpora_says_so_in_one_line():
    done = run_benchmarks("panel")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "panel: skipped: needs real files: --corpora DIR\n"


def test_markdown_of_a_result_is_exact():
    assert load("render").markdown(RESULT) == MARKDOWN


def test_markdown_of_a_quick_run_says_so():
    assert "Quick run" in load("render").markdown(RESULT | {"quick": True})


def test_missing_peer_is_said_with_its_installation(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert load("peers").missing(("zstd", "xz")) == [
        "zstd: apt-get install zstd",
        "xz: apt-get install xz-utils",
    ]


def test_missing_package_is_said_with_its_installation(monkeypatch):
    peers = load("peers")
    monkeypatch.setitem(peers.PACKAGES, "no_such_module", "no-such-distribution")
    assert peers.missing(("no_such_module",)) == [
        "no_such_module: pip install no-such-distribution"
    ]


def test_panel_without_its_peers_shows_kolmo_and_names_them(fake_kolmo, corpus, monkeypatch):
    monkeypatch.setenv("PATH", "")
    runner, context = load("runner"), load("case").Context(fake_kolmo, quick=True, corpora=corpus)
    result = runner.describe("panel", context, load("cases.panel").run(context))
    names = [row["method"] for row in result["rows"]]
    assert names == ["kolmo good", "kolmo fair", "best of paq8px and cmix, published"]
    assert "missing: zstd: apt-get install zstd" in load("render").markdown(result)


def test_panel_sums_what_kolmo_bench_gives(fake_kolmo, corpus, monkeypatch):
    monkeypatch.setenv("PATH", "")
    context = load("case").Context(fake_kolmo, quick=True, corpora=corpus)
    good, fair, published = load("cases.panel").run(context).rows
    assert (good["kind"], good["total_bytes"], good["bits_per_byte"]) == ("certified", 20, 1.0)
    assert (good["MB_per_second"], good["decode_MB_per_second"]) == (0.00016, 0.00032)
    assert (good["excess_percent"], good["peak_MB"]) == (100.0, 3.0)
    assert (published["total_bytes"], published["kind"]) == (10, "not decoded here")
    assert (fair["kind"], fair["total_bytes"], fair["MB_per_second"]) == ("bound", 42, None)


@pytest.mark.skipif(shutil.which("gzip") is None, reason="needs gzip")
def test_panel_measures_a_command_through_its_output(fake_kolmo, corpus):
    context = load("case").Context(fake_kolmo, quick=True, corpora=corpus)
    rows = {row["method"]: row for row in load("cases.panel").run(context).rows}
    made = [
        subprocess.run(["gzip", "-9nc", corpus / name], capture_output=True).stdout for name in "ab"
    ]
    assert rows["gzip -9"]["total_bytes"] == sum(map(len, made))


def test_corpus_follows_the_manifest_of_the_parent(corpus):
    digest = hashlib.sha256(b"a" * 100).hexdigest()
    manifest = corpus.parent / "SHA256SUMS"
    manifest.write_text(f"{digest}  corpus/a\n{digest}  elsewhere/c\n")
    assert load("data").corpus_files(corpus) == [Path("a")]
    manifest.write_text(f"{digest}  corpus/b\n")
    with pytest.raises(InputError, match="corpus/b"):
        load("data").corpus_files(corpus)


def test_result_is_written_without_paths(fake_kolmo, corpus, tmp_path, monkeypatch, capsys):
    runner = load("runner")
    (tmp_path / "README.md").write_text("<!-- results: panel -->\n<!-- end of results -->\n")
    monkeypatch.setattr(runner, "README", tmp_path / "README.md")
    monkeypatch.setattr(runner, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(runner, "installed_kolmo", lambda: fake_kolmo)
    monkeypatch.setattr(runner.peers, "missing", lambda *_, **__: [])
    assert runner.run_one("panel", quick=False, corpora=corpus) == "done"
    text = (tmp_path / "results" / "panel.json").read_text()
    assert json.loads(text)["command"] == "python -m benchmarks panel --corpora DIR"
    for written in (text, (tmp_path / "README.md").read_text()):
        assert str(tmp_path) not in written
        assert sys.prefix not in written
    assert "## panel" in capsys.readouterr().out


def test_failing_kolmo_is_a_failed_case_not_a_crash(corpus, monkeypatch, capsys):
    runner = load("runner")
    monkeypatch.setattr(runner, "installed_kolmo", lambda: (sys.executable, "-c", "exit(1)"))
    assert runner.run_one("startup", quick=True, corpora=None) == "failed"
    assert runner.run_one("panel", quick=True, corpora=corpus) == "failed"
    assert "need 0." in capsys.readouterr().err


def test_startup_holds_both_commands_against_the_peer(fake_kolmo):
    rows = load("cases.startup").run(load("case").Context(fake_kolmo, quick=True)).rows
    assert [row["target"] for row in rows] == [1.3, 1.4, None]
    assert [row["runs"] for row in rows] == [7, 7, 7]
    assert rows[-1]["ratio_median"] == 1.0
    assert 0 < rows[0]["ratio_min"] <= rows[0]["ratio_median"] <= rows[0]["ratio_max"]


def test_large_file_limit_is_the_slowest_or_the_shared_cpu_time():
    slow = Timing("slow", (Sample(10.0, 10.0), Sample(10.0, 10.0)))
    other = Timing("other", (Sample(2.0, 2.0), Sample(9.0, 18.0)))
    assert load("cases.large_file").lower_limits([slow, other], 2) == [10.0, 14.0]


def test_bare_library_makes_the_payload_without_its_constant_header(tmp_path):
    data, file = load("data").text(50_000), tmp_path / "text"
    file.write_bytes(data)
    bare = load("bare")
    assert bare.payload_bytes("bz2", file) == len(bz2.compress(data)) - len(b"BZh9")
    raw = len(zlib.compress(data, 6)) - 2 - 4  # header and Adler-32
    assert bare.payload_bytes("zlib:level=6", file) == pytest.approx(raw, rel=0.01)  # memLevel 9


@pytest.mark.parametrize(
    ("counted", "exact"), [(10**10, True), (10**10 % 2**32, False), (10**10 - 1, False)]
)
def test_sparse_sees_a_wrong_count(counted, exact):
    is_exact = load("cases.sparse").is_exact
    quotient = {"payload_bits": 123456, "bits_per_byte": 123456 / counted}
    assert is_exact(10**10, quotient) is exact
    assert is_exact(10**10, quotient | {"input_bytes": counted}) is exact


def test_pseudo_text_is_the_same_everywhere():
    text = load("data").text(100_000)
    assert len(text) == 100_000
    assert hashlib.sha256(text).hexdigest() == TEXT_SHA256


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize(
    ("symbols", "phrases"),
    [(b"0001101001000101", 6), (b"1001111011000010", 6), (b"", 0), (b"a", 1), (b"aaaa", 2)],
)
def test_quadratic_peer_counts_published_phrases(symbols, phrases):
    count = load("cases.lempel_ziv").compiled_counter()
    assert count(np.frombuffer(symbols, dtype=np.uint8)) == phrases


def test_race_holds_kolmo_against_each_peer_round_by_round():
    ours, peer = Timing("kolmo", (Sample(2.0), Sample(9.0))), Timing("peer", (Sample(1), Sample(3)))
    columns = load("race").finish_columns
    assert columns(peer, (ours, peer), "kolmo")["ratio_median"] == 2.5
    assert columns(ours, (ours, peer), "kolmo")["ratio_median"] is None


def test_change_is_found_at_its_row_or_near_it():
    case = load("cases.changepoints")
    true = case.Load(np.zeros(400, np.int64), [100, 200, 300], 1.0)
    assert case.found_columns(true, [100, 202, 303]) == {"exact": 1, "near": 2, "other": 1}
    assert case.found_columns(true, []) == {"exact": 0, "near": 0, "other": 0}


def test_changes_of_the_data_are_where_their_levels_change():
    found = load("cases.changepoints").piecewise(1000, 10)
    parts = np.split(found.values, found.changes)
    assert len(parts) == 10
    assert min(abs(np.diff([part.mean() for part in parts]))) > 15
    assert max(part.std() for part in parts) < 15


def test_own_cuts_have_kolmos_own_length_and_others_a_longer_one():
    from kolmo.mdl.families.histogram import Histogram

    case = load("cases.histograms")
    values = case.three_parts(1000)
    model = Histogram().fit(values)
    own = case.in_kolmos_code(values, case.kolmo_edges(values)())
    equal = case.in_kolmos_code(values, np.linspace(0, 100, 11))
    assert own == (model.complexity, pytest.approx(model.total_bits, abs=1e-6))
    assert equal[0] == 10
    assert equal[1] > own[1] + 1


def test_histograms_without_packages_are_those_of_numpy(monkeypatch):
    case = load("cases.histograms")
    monkeypatch.setattr(case, "optional", lambda _: None)
    assert list(case.peer_edges(case.three_parts(100))) == ["numpy auto", "numpy doane"]


def test_old_faithful_is_looked_for_in_the_folder_and_in_data_beside_it(tmp_path):
    find, folder = load("cases.histograms").faithful, tmp_path / "corpora"
    (tmp_path / "data").mkdir()
    folder.mkdir()
    assert find(None) is None
    assert find(folder) is None
    (tmp_path / "data" / "faithful.csv").touch()
    assert find(folder) == tmp_path / "data" / "faithful.csv"


def test_likelihood_of_a_mixture_is_that_of_its_densities():
    case = load("cases.mixtures")
    found = case.quality(case.Mixed([0.5, 0.5], [0.0, 0.0], [1.0, 1.0]), np.array([0]))
    assert found == {"components": 2, "log2_likelihood_per_row": -1.32575}  # -log2(2 pi) / 2


def test_table_of_columns_is_the_same_every_time(tmp_path):
    write = load("cases.columns").write_table
    write(tmp_path / "a.csv", 20)
    write(tmp_path / "b.csv", 20)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines == (tmp_path / "b.csv").read_text().splitlines()
    assert (len(lines), lines[0]) == (21, "count,height,colour")


def test_panel_says_where_the_mixer_is_not_the_smallest():
    panel = load("cases.panel")
    sizes = {"mix": (9, 9), "mix:preset=1": (8, 8), "brotli": (1, 1), "zstd": (10, 9)}
    methods = [
        panel.Method(f"kolmo {name}", "certified", dict(zip("ab", found, strict=True)), None)
        for name, found in sizes.items()
    ]
    (line,) = panel.verdict([*methods, panel.Method("gzip -9", "whole file", {}, 1.0)], ["a", "b"])
    assert line.endswith("on 1 of 2 files; not on b")
    assert panel.verdict(methods[1:], ["a", "b"]) == []


@pytest.mark.skipif(shutil.which("zpaq") is None, reason="needs zpaq")
def test_panel_measures_an_archiver_by_its_archive(corpus):
    panel = load("cases.panel")
    done, size = panel.packed(panel.ARCHIVERS["zpaq -m5"], corpus, "a")
    assert done.sample.exit_code == 0
    assert 500 < size < 2000
    assert sorted(file.name for file in corpus.iterdir()) == ["a", "b"]


def test_sources_take_the_largest_size_and_the_best_codes():
    case = load("cases.sources")
    score = {"n_bits": 64, "strings": 2, "rmse_bits": 9.0, "regret_low_bits": 1.0}
    rows = [
        score | {"task": task, "estimator": name, "kind": kind, "regret_mean_bits": bits,
                 "regret_high_bits": 3.0}
        for task, name, kind, bits in [
            ("fair", "b", "certified", 2.0), ("fair", "guess", "estimate", None),
            ("hmm", "a", "codelength", 4.0), ("hmm", "b", "certified", 5.0),
        ]
    ]  # fmt: skip
    slopes = [
        {"task": task, "estimator": name, "slope_mean_bits": 0.5, "slope_low_bits": 0.25,
         "slope_high_bits": 0.75, "theory_bits": 0.5}
        for task, name in [("fair", "b"), ("hmm", "a")]
    ]  # fmt: skip
    assert case.by_estimator(rows) == [
        {"estimator": "b", "kind": "certified", "fair": 2.0, "hmm": 5.0},
        {"estimator": "a", "kind": "codelength", "hmm": 4.0},
        {"estimator": "guess", "kind": "estimate", "fair": 9.0},
    ]
    assert [(row["source"], row["code"]) for row in case.best_codes(rows, slopes)] == [
        ("fair", "b"), ("hmm", "a"),
    ]  # fmt: skip


def test_mixing_leaves_out_each_part_of_each_preset(fake_kolmo, corpus):
    case = load("cases.mixing")
    (corpus / "b").write_bytes(load("data").text(500))
    rows = case.run(load("case").Context(fake_kolmo, quick=True, corpora=corpus)).rows
    parts = {}
    for row in rows:
        parts.setdefault(row["preset"], []).append(row["part"])
    assert "fast" in parts
    for preset, names in parts.items():
        contexts = case.CONTEXTS[case.Preset[preset.upper()]]
        assert names[: len(contexts) + 1] == ["all", *contexts]
        assert len(names) == len(set(names))
    for row in rows:
        assert (row["earns_bytes"] is None) == (row["part"] == "all")
