"""The README's results are those of the stored JSON, and only complete runs store any."""

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kolmo.errors import InputError, KolmoError

ROOT = Path(__file__).resolve().parents[2]
STORED = sorted(file.stem for file in (ROOT / "benchmarks" / "results").glob("*.json"))
TEXT = """\
# Title

<!-- results: first -->
old
<!-- end of results -->

Prose about results.

<!-- results: second -->
<!-- end of results -->
"""
SLOW_CASE = '''"""A case that never ends."""

import time

PEERS, USES_CORPORA = (), False


def run(context):
    context.report("started")
    time.sleep(60)
'''


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.{name}")


@pytest.fixture
def readme(load):
    return load("readme")


@pytest.fixture
def runner(load, monkeypatch, tmp_path):
    """Return the runner with a README and results of its own, and one case, `first`."""
    found = load("runner")
    (tmp_path / "README.md").write_text(TEXT)
    monkeypatch.setattr(found, "README", tmp_path / "README.md")
    monkeypatch.setattr(found, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(found, "case_names", lambda: ["first"])
    return found


class FakeCase:
    """Bits of a code beside a peer."""

    USES_CORPORA = False

    def __init__(self, outcome, peers=()):
        self.outcome, self.PEERS = outcome, peers

    def run(self, context):
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def run(runner, load, monkeypatch):
    """Return a function that runs a case which ends so, and returns the exit code."""

    def run(outcome, *peers, quick=False):
        if isinstance(outcome, int | float):
            outcome = load("case").CaseResult(rows=({"bits": outcome},))
        monkeypatch.setattr(runner, "load", lambda name: FakeCase(outcome, peers))
        return runner.run_all(["first"], quick=quick, corpora=None)

    return run


def files_of(folder):
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_readme_has_a_section_of_every_result_and_of_no_other(readme):
    sections = readme.sections((ROOT / "README.md").read_text("utf-8"))
    assert sorted(sections) == STORED


def test_sections_stand_in_the_part_about_what_is_measured(readme):
    text = (ROOT / "README.md").read_text("utf-8")
    lines = text.splitlines()
    first = lines.index("## Measured")
    last = next(i for i, line in enumerate(lines) if i > first and line.startswith("## "))
    places = readme.sections(text).values()
    assert all(first < place.first <= place.end < last for place in places)


@pytest.mark.parametrize("case", STORED)
def test_section_is_the_rendering_of_its_result(readme, load, case):
    text = (ROOT / "README.md").read_text("utf-8")
    result = readme.load_result(ROOT / "benchmarks" / "results" / f"{case}.json")
    assert readme.filled(text, {case: load("runner").section(result)}) == text


@pytest.mark.parametrize("case", STORED)
def test_section_names_command_machine_and_peers(readme, load, case):
    result = readme.load_result(ROOT / "benchmarks" / "results" / f"{case}.json")
    line = load("runner").section(result).partition("\n")[0]
    assert line.startswith(f"`python -m benchmarks {case}")
    assert f"{result['machine']['cores']} cores" in line
    peers = {name.removesuffix(" (peer)") for name in result["versions"] if "(peer)" in name}
    assert peers <= set(line.replace(";", "").split())


@pytest.mark.parametrize("case", STORED)
def test_results_are_those_of_complete_runs_and_of_cases_that_exist(load, case):
    result = load("readme").load_result(ROOT / "benchmarks" / "results" / f"{case}.json")
    assert case in load("runner").case_names()
    assert result["missing"] == []
    assert result.get("complete", True)


def test_only_what_is_between_the_markers_changes(readme):
    found = readme.filled(TEXT, {"first": "new\n"})
    assert found == TEXT.replace("old\n", "\nnew\n\n")
    assert readme.filled(found, {"first": "new\n"}) == found
    end = len("<!-- end of results -->\n")
    assert readme.filled(TEXT, {"second": "2\n"}) == f"{TEXT[:-end]}\n2\n\n{TEXT[-end:]}"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("<!-- results: first -->", "<!-- result: first -->", 3),
        ("<!-- results: first -->", "<!--results: first-->", 3),
        ("<!-- results: first -->", "", 5),
        ("old\n<!-- end of results -->", "old", 8),
        ("old\n<!-- end of results -->", "old\n<!-- end of result -->", 5),
        ("<!-- results: second -->", "<!-- results: first -->", 9),
        ("<!-- results: second -->\n<!-- end of results -->", "<!-- results: second -->", 9),
        ("Prose", "<!-- end of results -->", 7),
        ("Prose", "Prose <!-- results: third -->", 7),
    ],
)
def test_damaged_marker_is_named_and_changes_nothing(readme, tmp_path, old, new, line):
    file = tmp_path / "README.md"
    file.write_text(TEXT.replace(old, new))
    before = files_of(tmp_path)
    with pytest.raises(InputError, match=rf"README.md: damaged marker in line {line}: "):
        readme.update(file, {"first": "new\n", "second": "new\n"})
    assert files_of(tmp_path) == before


def test_damaged_marker_stops_a_run_before_it_starts(run, runner, capsys):
    runner.README.write_text(TEXT.replace("<!-- end of results -->", "", 1))
    assert run(AssertionError("the case ran")) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert run(1, quick=True) == 0


def test_result_without_a_section_is_told_which_lines_to_add(readme, tmp_path):
    file = tmp_path / "README.md"
    file.write_text(TEXT)
    with pytest.raises(InputError, match="need the lines <!-- results: third --> and <!-- end"):
        readme.update(file, {"first": "new\n", "third": "new\n"})
    assert file.read_text() == TEXT


def test_section_without_a_result_is_an_error_of_the_whole_rendering(readme, tmp_path):
    file = tmp_path / "README.md"
    file.write_text(TEXT)
    with pytest.raises(InputError, match=r"got second; need benchmarks/results/second\.json"):
        readme.update(file, {"first": "new\n"}, whole=True)
    assert file.read_text() == TEXT


def test_rendering_says_what_changed_once(runner, capsys):
    runner.README.write_text(TEXT.partition("Prose")[0])
    result = json.loads((ROOT / "benchmarks" / "results" / "startup.json").read_text("utf-8"))
    runner.RESULTS.mkdir()
    (runner.RESULTS / "startup.json").write_text(json.dumps(result))
    assert runner.refresh_readme() == 1
    runner.README.write_text(TEXT.partition("Prose")[0].replace("first", "startup"))
    assert runner.refresh_readme() == 0
    assert "| kolmo --help |" in runner.README.read_text()
    assert runner.refresh_readme() == 0
    said = capsys.readouterr()
    assert said.out == "README.md: changed: startup\nREADME.md: changed: nothing\n"
    assert said.err.startswith("README.md: section without a result: got first; ")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"case": "other"}', '{"case": "first", "quick": true}']
)
def test_file_that_is_no_complete_result_is_refused(readme, tmp_path, text):
    (tmp_path / "first.json").write_text(text)
    with pytest.raises(InputError, match=r"result: got first\.json"):
        readme.load_results(tmp_path)


def test_complete_run_replaces_result_and_section(run, runner, capsys):
    assert run(7) == run(8) == 0
    stored = json.loads((runner.RESULTS / "first.json").read_text())
    assert (stored["complete"], stored["quick"], stored["rows"]) == (True, False, [{"bits": 8}])
    assert stored["machine"]["cores"] >= 1
    assert stored["versions"]["kolmo"]
    assert "| 8 |" in runner.README.read_text()
    assert "Prose about results." in runner.README.read_text()
    assert sorted(files_of(runner.RESULTS)) == ["first.json"]


def test_quick_run_replaces_nothing(run, runner, capsys):
    assert run(7) == 0
    before = files_of(runner.README.parent)
    assert run(8, quick=True) == 0
    assert files_of(runner.README.parent) == before
    assert "| 8 |" in capsys.readouterr().out


def test_run_without_a_peer_prints_its_table_and_replaces_nothing(run, runner, capsys):
    assert run(7) == 0
    before = files_of(runner.README.parent)
    assert run(8, "no-such-peer") == 3
    assert files_of(runner.README.parent) == before
    said = capsys.readouterr()
    assert "| 8 |" in said.out
    assert said.err == "first: not stored: missing no-such-peer: apt-get install no-such-peer\n"


def test_run_without_the_files_of_the_stored_result_replaces_nothing(run, runner, capsys):
    assert run(7) == 0
    file = runner.RESULTS / "first.json"
    file.write_text(file.read_text().replace("benchmarks first", "benchmarks first --corpora DIR"))
    before = files_of(runner.README.parent)
    assert run(8) == 3
    assert files_of(runner.README.parent) == before
    assert "not stored: missing --corpora DIR, which" in capsys.readouterr().err


def test_damaged_result_is_replaced(run, runner):
    assert run(7) == 0
    (runner.RESULTS / "first.json").write_text("{")
    assert run(8) == 0
    assert '"bits": 8' in (runner.RESULTS / "first.json").read_text()


def test_peer_that_is_installed_but_does_not_start_is_missing(run, runner, load, monkeypatch):
    monkeypatch.setitem(load("peers").PACKAGES, "no_such_module", "pytest")
    assert load("peers").missing(("no_such_module",)) == []
    (line,) = load("peers").missing(("no_such_module",), start=True)
    assert line.startswith("no_such_module: does not start: ModuleNotFoundError: ")
    assert run(8, "no_such_module") == 3
    assert not runner.RESULTS.exists()


@pytest.mark.parametrize(
    "error", [KolmoError("broken"), OSError("full"), ImportError("gone"), ValueError("bug")]
)
def test_failed_case_leaves_the_old_result(run, runner, capsys, error):
    assert run(7) == 0
    before = files_of(runner.README.parent)
    assert run(error) == 1
    assert files_of(runner.README.parent) == before
    assert f"{error}" in capsys.readouterr().err


def test_number_that_json_does_not_know_leaves_the_old_result(run, runner, capsys):
    assert run(7) == 0
    before = files_of(runner.README.parent)
    assert run(float("nan")) == 1
    assert files_of(runner.README.parent) == before


def test_write_that_breaks_off_leaves_the_old_result(run, runner, readme, monkeypatch, capsys):
    assert run(7) == 0
    before = files_of(runner.README.parent)

    def commit(self):
        raise KolmoError("disk full")

    monkeypatch.setattr(readme.Artefact, "commit", commit)
    assert run(8) == 1
    assert files_of(runner.README.parent) == before
    assert "disk full" in capsys.readouterr().err


def test_exit_code_tells_a_failure_before_a_result_that_is_not_stored(runner):
    assert runner.exit_code({"done", "skipped"}) == 0
    assert runner.exit_code({"skipped"}) == 2
    assert runner.exit_code({"done", "not stored"}) == 3
    assert runner.exit_code({"done", "not stored", "failed"}) == 1


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_interrupted_run_says_one_line_and_leaves_the_old_result(tmp_path):
    (tmp_path / "benchmarks" / "cases").mkdir(parents=True)
    for file in (ROOT / "benchmarks").glob("*.py"):
        (tmp_path / "benchmarks" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "benchmarks" / "cases" / "__init__.py").touch()
    (tmp_path / "benchmarks" / "cases" / "first.py").write_text(SLOW_CASE)
    (tmp_path / "benchmarks" / "results").mkdir()
    (tmp_path / "benchmarks" / "results" / "first.json").write_text("old")
    (tmp_path / "README.md").write_text(TEXT)
    started = subprocess.Popen(
        [sys.executable, "-B", "-m", "benchmarks"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr.readline() == "first: started\n"
    before = files_of(tmp_path)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "")
    assert err == "interrupted: an unfinished case leaves its old result\n"
    assert files_of(tmp_path) == before


def test_chosen_rows_stand_above_all_rows_which_are_folded(load):
    render, showing = load("render"), load("case").Showing(lambda row: row["bits"] > 1, "large")
    rows = [{"bits": 1}, {"bits": 2}]
    assert render.shown_rows(rows, showing) == [
        "| bits |\n| ---: |\n| 2 |",
        "<details><summary>All 2 rows; above: large</summary>\n\n"
        "| bits |\n| ---: |\n| 1 |\n| 2 |\n\n</details>",
    ]
    assert render.shown_rows(rows[1:], showing) == ["| bits |\n| ---: |\n| 2 |"]


def test_second_table_is_folded_where_the_case_says_so(load):
    render, showing = load("render"), load("case").Showing
    result = json.loads((ROOT / "benchmarks" / "results" / "panel.json").read_text("utf-8"))
    assert "<details>" not in render.section(result, showing())
    assert render.table(result["details"]) in render.section(result, showing(details=False))
    assert "<details>" in render.section(result, showing(details=False))
    assert "<details>" not in render.section(result | {"details": []}, showing(details=False))
