"""Runs: the same scores for any number of threads, and none of the work done twice."""

import subprocess
import sys
from contextlib import closing
from itertools import islice

import pytest

import kolmo.versions
from kolmo.bench import run
from kolmo.bench.running import chosen_labels, identity, make_suite, results
from kolmo.bench.store import Store
from kolmo.bench.suites.sources import Sources
from kolmo.bench.suites.speed import Speed
from kolmo.errors import InputError, ParameterError

LABELS = ["stored", "zlib", "entropy:order=5:symbol=1"]
SETTINGS = {"sizes": [96, 64], "seeds": 2}


class Counted(Sources):
    """Counts its cells as they are measured; `fails` names whom to fail."""

    def __init__(self, fails=()):
        super().__init__(**SETTINGS)
        self.done, self.fails = [], fails

    def measure(self, cell):
        self.done.append(cell)
        return {"error": "out of order"} if cell.label in self.fails else super().measure(cell)


class Steps:
    """Progress that counts."""

    def __init__(self):
        self.total = self.count = 0

    def add(self, total):
        self.total += total

    def advance(self, count):
        self.count += count


def outcome(suite, path, labels=LABELS):
    """Return the scores of a suite that goes on from a store."""
    return run(suite, labels, store=str(path)).to_dict()


def own_file(path, bits):
    path.write_text(f"class Own:\n    def estimate(self, data):\n        return {bits}\n")
    return f"{path}:Own"


def means(scores):
    return {row.bits for row in scores.rows}


def test_scores_are_the_same_for_any_number_of_jobs():
    one, two = (run("sources", LABELS, jobs=jobs, **SETTINGS).to_dict() for jobs in (1, 2))
    assert one == two
    assert len(one["rows"]) == len(LABELS) * len({cell[1:3] for cell in Counted().cells(["zlib"])})
    assert one != run("sources", LABELS, seed=1, **SETTINGS).to_dict()


def test_progress_counts_every_cell_once():
    steps = Steps()
    suite = Counted()
    run(suite, LABELS, progress=steps)
    assert steps.total == steps.count == len(suite.done) == len(suite.cells(LABELS))


def test_repeated_labels_are_measured_once():
    assert chosen_labels(Counted(), ["zlib", "stored", "zlib"]) == ["zlib", "stored"]


@pytest.mark.parametrize("taken", [0, 1, 17])
def test_interrupted_run_goes_on_where_it_was(tmp_path, taken):
    path = tmp_path / "kept.db"
    first = Counted()
    with (
        Store(str(path), identity(first)) as kept,
        closing(results(first, LABELS, kept)) as pairs,
    ):
        before = [cell for cell, _ in islice(pairs, taken)]
        assert len(kept) == taken
    second = Counted()
    scores = outcome(second, path)
    assert set(second.done) == set(second.cells(LABELS)) - set(before)
    assert scores == run(Counted(), LABELS).to_dict()
    third = Counted()
    assert outcome(third, path) == scores
    assert third.done == []


def test_further_labels_take_what_is_known_from_the_store(tmp_path):
    path = tmp_path / "kept.db"
    outcome(Counted(), path, LABELS[:2])
    suite = Counted()
    outcome(suite, path)
    assert {cell.label for cell in suite.done} == {LABELS[2]}


def test_errors_are_not_kept(tmp_path):
    path = tmp_path / "kept.db"
    failing = Counted(fails=["zlib"])
    scores = outcome(failing, path)
    assert [(one["estimator"], one["message"]) for one in scores["failures"]] == [
        ("zlib", "out of order")
    ]
    suite = Counted()
    assert outcome(suite, path)["failures"] == []
    assert {cell.label for cell in suite.done} == {"zlib"}


def test_edited_file_is_measured_anew(tmp_path):
    path, mine = tmp_path / "kept.db", tmp_path / "mine.py"
    settings = {"sizes": [64], "seeds": 1, "store": str(path)}
    assert means(run("sources", [own_file(mine, 10)], **settings)) == {10}
    assert means(run("sources", [own_file(mine, 20)], **settings)) == {20}
    mine.rename(tmp_path / "elsewhere.py")
    assert means(run("sources", [own_file(mine, 10)], **settings)) == {10}


def test_unchanged_file_is_not_measured_again(tmp_path):
    path, label = tmp_path / "kept.db", own_file(tmp_path / "mine.py", 10)
    outcome(Counted(), path, [label])
    suite = Counted()
    outcome(suite, path, [label])
    assert suite.done == []


def test_store_of_other_software_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "kept.db"
    outcome(Counted(), path)
    known = kolmo.versions.versions()
    monkeypatch.setattr(kolmo.versions, "versions", lambda: {**known, "zlib": "0.9"})
    with pytest.raises(InputError, match=r"made with other software: got zlib .*; need zlib 0\.9"):
        outcome(Counted(), path)


def test_store_of_another_suite_is_refused(tmp_path):
    path = tmp_path / "kept.db"
    outcome(Counted(), path)
    with pytest.raises(InputError, match="suite sources"):
        run("deterministic", LABELS, sizes=[64], store=str(path))


def test_identity_names_the_machine_only_where_speeds_count():
    assert "cpu" in identity(Speed())
    assert "cpu" not in identity(Sources())


@pytest.mark.parametrize(
    ("suite", "settings", "words"),
    [
        ("deterministic", {"seeds": 2}, "got 'seeds' for suite deterministic.*sizes, form"),
        ("sources", {"rounds": 2}, "got 'rounds' for suite sources"),
        ("sources", {"folder": "x"}, "got 'folder' for suite sources"),
        ("speed", {"form": "packed"}, "got 'form' for suite speed"),
        ("sources", {"size": [64]}, "got 'size' for suite sources. .*sizes"),
        ("source", {}, "'source'.*Did you mean 'sources'"),
        ("corpus", {}, "no folder: suite corpus needs one"),
        ("sources", {"sizes": []}, "no sizes: got an empty list"),
        ("sources", {"sizes": [63]}, "size out of range: got 63; need a whole number from 64"),
        ("sources", {"sizes": [64.0]}, "size out of range: got 64.0"),
        ("sources", {"seeds": 0}, "number of seeds out of range: got 0"),
        ("sources", {"form": "text"}, "unknown form: got 'text'; need packed or written"),
        ("speed", {"rounds": 0}, "number of rounds out of range: got 0"),
    ],
)
def test_wrong_settings_are_refused(suite, settings, words):
    with pytest.raises(ParameterError, match=words):
        make_suite(suite, **settings)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "no estimator: got an empty list"),
        (["zlob"], "zlob.*Did you mean 'zlib'"),
        (["zlib:levle=3"], "levle.*Did you mean 'level'"),
        (["zlib:level=77"], "77"),
    ],
)
def test_wrong_estimators_are_refused_before_the_work(labels, words):
    suite = Counted()
    with pytest.raises(ParameterError, match=words):
        run(suite, labels)
    assert suite.done == []


def test_speeds_on_a_cluster_are_refused():
    with pytest.raises(ParameterError, match="no speeds on a cluster: suite speed"):
        run("speed", ["zlib"], sizes=[100], scheduler="tcp://127.0.0.1:1")


def test_import_of_bench_loads_nothing_heavy():
    code = (
        "import sys, kolmo.bench\n"
        "heavy = {'numpy', 'numba', 'scipy', 'dask', 'sqlite3', 'kolmo.bench.running'}\n"
        "print(sorted(heavy & sys.modules.keys()), callable(kolmo.bench.run))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True\n"


def test_bench_has_no_other_attribute():
    with pytest.raises(AttributeError, match=r"'kolmo\.bench' has no attribute 'score'"):
        _ = __import__("kolmo.bench").bench.score
