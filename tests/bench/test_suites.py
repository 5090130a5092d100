"""What the suites show: theory on sources, short programs unseen, totals of a corpus."""

import hashlib
import math
from dataclasses import replace
from itertools import pairwise

import pytest

from kolmo.bench import published, run
from kolmo.bench.alone import Alone
from kolmo.bench.files import FileScore, totals
from kolmo.bench.harness import Spread
from kolmo.bench.inputs import INPUTS
from kolmo.bench.published import Published
from kolmo.bench.strings import child_seed
from kolmo.bench.suites.deterministic import Deterministic
from kolmo.bench.suites.sources import Sources
from kolmo.bench.suites.speed import Speed
from kolmo.bench.tasks.sequences import SEQUENCES
from kolmo.bench.tasks.sources import SOURCES, Chain, stationary
from kolmo.errors import InputError

LONG = 1 << 16
SIZES = (1 << 12, 1 << 14, LONG)
SEEDS = 12
KT_BITS = math.log2(math.pi) - 0.5 * math.log2(2 * math.pi * math.e)  # -.396
CTW, SHALLOW = "ctw:symbol=1", "ctw:depth=1:symbol=1"
REPETITIVE = ("thue-morse", "fibonacci")
HIDDEN = ("de-bruijn", "pi", "lcg", "rule30", "logistic")


class Some(Sources):
    """The suite on a few of its sources."""

    tasks = ("bernoulli", "markov3")

    def cells(self, labels):
        return [cell for cell in super().cells(labels) if cell.task in self.tasks]


@pytest.fixture(scope="module")
def theory():
    """Return the scores of context-tree weighting."""
    return run(Some(sizes=SIZES, seeds=SEEDS), [CTW])


@pytest.fixture(scope="module")
def shallow():
    """Return the scores of one that cannot look back far enough for order 3."""
    return run(Some(sizes=[SIZES[0], LONG], seeds=3), [SHALLOW])


def regret(scores, task, label, n=LONG):
    return next(row for row in scores.rows if (row.task, row.estimator, row.n) == (task, label, n))


def slope(scores, task, label):
    return next(one for one in scores.groups if (one.task, one.estimator) == (task, label)).value


def start_bits(chain: Chain):
    """Return mean and variance of what zeros before the first symbol cost, the law stationary."""
    mean = square = 0.0
    for first, weight in enumerate(stationary(chain.ones)):
        bits, context = math.log2(weight), 0
        for place in reversed(range(chain.order)):
            symbol = first >> place & 1
            bits -= math.log2(chain.ones[context] if symbol else 1 - chain.ones[context])
            context = (2 * context + symbol) & len(chain.ones) - 1
        mean, square = mean + weight * bits, square + weight * bits * bits
    return mean, square - mean * mean


def expected_regret(chain: Chain, n: int) -> float:
    """Return the mean regret of the true tree in the mixture, which is about that of the whole.

    A tree of S leaves costs 2S - 1 bits, and each leaf with m symbols that of the KT estimator:
    log2(m)/2 + log2(pi) - log2(2 pi e)/2 (Willems et al. 1995; Xie and Barron 2000).
    """
    weights = stationary(chain.ones)
    leaves = sum(0.5 * math.log2(n * weight) + KT_BITS for weight in weights)
    return leaves + 2 * len(weights) - 1 + start_bits(chain)[0]


def sd_bits(chain: Chain) -> float:
    """Return its standard deviation: half of a chi square for each leaf, and that of the start."""
    return math.sqrt(0.5 * math.log2(math.e) ** 2 * len(chain.ones) + start_bits(chain)[1])


@pytest.mark.parametrize(("task", "mean", "sd"), [("bernoulli", 8.6, 1.02), ("markov3", 65.4, 3.9)])
def test_expected_regret_is_what_the_acceptance_names(task, mean, sd):
    """About 8 and 64 bits; 150 strings gave 8.73 (+- .06) and 65.35 (+- .32), sd .77 and 3.94."""
    assert expected_regret(SOURCES[task], LONG) == pytest.approx(mean, abs=0.05)
    assert sd_bits(SOURCES[task]) == pytest.approx(sd, abs=0.05)


@pytest.mark.parametrize("task", ["bernoulli", "markov3"])
def test_ctw_is_at_theory(theory, task):
    """The mean of 12 seeds, within 4 standard errors: false alarm 6.4e-5."""
    row = regret(theory, task, CTW)
    assert row.strings == SEEDS
    assert row.kind == "codelength"
    assert is_at_theory(row)
    assert row.message_bits - row.bits <= 17


def test_ctw_of_depth_1_is_far_from_theory_on_order_3(shallow):
    """The twin: the same band does not hold a code that cannot know the law."""
    row = regret(shallow, "markov3", SHALLOW)
    assert not is_at_theory(row)
    assert row.difference.mean > 1000


def is_at_theory(row):
    band = 4 * sd_bits(SOURCES[row.task]) / math.sqrt(row.strings)
    return abs(row.difference.mean - expected_regret(SOURCES[row.task], row.n)) < band


@pytest.mark.parametrize(("task", "slope_bits"), [("bernoulli", 0.5), ("markov3", 4.0)])
def test_slope_of_ctw_is_half_a_bit_for_each_parameter(theory, task, slope_bits):
    """Four standard errors, the sd of a regret over the root of 12 (4 + 0 + 4): 6.4e-5."""
    found = slope(theory, task, CTW)
    band = 4 * sd_bits(SOURCES[task]) / math.sqrt(8 * SEEDS)
    assert abs(found.mean - slope_bits) < band
    assert found.low < found.mean < found.high
    assert abs(found.mean - (4.5 - slope_bits)) > band  # the twin: the other source's slope


def test_slope_of_ctw_of_depth_1_is_far_from_theory_on_order_3(shallow):
    assert slope(shallow, "markov3", SHALLOW).mean > 100


def test_strings_of_one_length_do_not_begin_those_of_another():
    """The law of all codes pools them as independent."""
    fair = SOURCES["fair"]
    short = fair.draw(64, child_seed(0, 64)).tolist()
    assert fair.draw(128, child_seed(0, 128)).tolist()[:64] != short
    assert fair.draw(128, child_seed(0, 64)).tolist()[:64] == short  # hence a seed for each length


def test_lengths_that_do_not_suit_a_source_are_left_out_and_said():
    suite = Sources(sizes=[128, 72], seeds=1)
    said = [caution for caution in suite.cautions if caution.code == "length-left-out"]
    left = {name for name, source in SOURCES.items() if 72 % source.multiple}
    assert left
    assert {cell.task for cell in suite.cells(["zlib"]) if cell.n == 72} == SOURCES.keys() - left
    for name in left:
        assert any(name in caution.message + caution.advice for caution in said)
    assert all("72" in caution.message + caution.advice for caution in said)


def test_advice_names_ctw_for_finite_memory():
    scores = run("sources", [CTW, "zlib", "lzma"], sizes=[4096], seeds=4)
    (line,) = [one.text for one in scores.advice if "finite memory" in one.text]
    assert line.startswith("for 4,096 bits from an unknown source with finite memory, trust ctw")
    assert "every byte compressor is" in line


@pytest.fixture(scope="module")
def deterministic():
    return run("deterministic", sizes=[1 << 14])


def by_estimator(scores, task):
    return {row.estimator.partition(":")[0]: row for row in scores.rows if row.task == task}


@pytest.mark.parametrize("task", REPETITIVE)
def test_repetitions_are_seen_by_compressors(deterministic, task):
    rows = by_estimator(deterministic, task)
    for name in ("zlib", "lzma", "ctw"):
        assert rows[name].seen
        assert rows[name].per_symbol < 0.1
    assert not rows["stored"].seen
    assert any(one.text.startswith(f"{task}: ") for one in deterministic.advice)


@pytest.mark.parametrize("task", HIDDEN)
def test_programs_that_look_like_chance_are_seen_by_no_code(deterministic, task):
    rows = by_estimator(deterministic, task).values()
    codes = [row for row in rows if row.code]
    assert len(codes) >= 6
    assert min(row.per_symbol for row in codes) > 0.99
    assert all(row.program_bits < 3000 < 0.99 * row.n for row in codes)
    (unseen,) = [one.text for one in deterministic.advice if one.text.startswith("no code sees")]
    assert task in unseen


def test_rows_of_a_sequence_are_codes_first_by_their_length(deterministic):
    assert deterministic.failures == ()
    for name in SEQUENCES:
        rows = [row for row in deterministic.rows if row.task == name]
        keys = [(not row.code, row.bits) for row in rows]
        assert keys == sorted(keys)
    assert {row.kind for row in deterministic.rows if row.code} <= {"certified", "codelength"}
    assert all(row.kind == "estimate" for row in deterministic.rows if not row.code)


def test_sequences_too_long_to_make_are_left_out_and_said():
    size = 1 << 20
    suite = Deterministic(sizes=[256, size])
    left = {name for name, sequence in SEQUENCES.items() if sequence.largest < size}
    cells = suite.cells(["zlib"])
    assert left
    assert {cell.task for cell in cells if cell.n == size} == SEQUENCES.keys() - left
    assert {cell.task for cell in cells if cell.n == 256} == SEQUENCES.keys()
    said = [caution.message + caution.advice for caution in suite.cautions]
    assert all(any(name in words for words in said) for name in left)
    assert all(str(size) in words for words in said)


def test_written_form_is_seen_as_well_as_the_packed():
    labels = ["ctw:symbol=2", "zlib"]
    rows = by_estimator(run("deterministic", labels, sizes=[4096], form="written"), "pi")
    assert 0.99 < rows["ctw"].per_symbol < 1.01
    assert rows["zlib"].per_symbol > 1


def file_score(task, estimator, bits, seconds, **more):
    fields = {
        "task": task,
        "input_bytes": 1000,
        "estimator": estimator,
        "kind": "certified",
        "bits": bits,
        "price_bits": 20,
        "best": None,
        "write_seconds": seconds,
        "read_seconds": seconds / 2,
        "peak_bytes": 1 << 20,
    }
    return FileScore(**{**fields, **more})


def front(*points):
    """Return which of some codes, given as bits and seconds, are on the front."""
    rows = [file_score("a", str(i), *point) for i, point in enumerate(points)]
    return {int(one.estimator) for one in totals(rows) if one.on_front}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(100, 1.0)], {0}),
        ([(100, 3.0), (200, 2.0), (300, 1.0)], {0, 1, 2}),
        ([(100, 1.0), (200, 2.0)], {0}),
        ([(100, 3.0), (200, 3.0), (300, 1.0)], {0, 2}),  # as fast, but longer
        ([(100, 3.0), (100, 2.0), (300, 1.0)], {1, 2}),  # as short, but slower
        ([(100, 2.0), (100, 2.0), (300, 2.0)], {0, 1}),  # equal in both: both stay
        ([(100, 5.0), (200, 4.0), (250, 4.5), (300, 1.0), (400, 0.5)], {0, 1, 3, 4}),
    ],
)
def test_front_holds_what_no_other_beats_in_both(points, expected):
    assert front(*points) == expected


def test_front_is_monotone_for_many_points():
    points = [(100 + 37 * i % 101, 1 + 53 * i % 97) for i in range(1, 60)]
    on = sorted(points[i] for i in front(*points))
    assert all(one[0] < two[0] and one[1] > two[1] for one, two in pairwise(on))
    for point in set(points) - set(on):
        assert any(one[0] <= point[0] and one[1] <= point[1] for one in on)


def test_totals_are_sums_over_files():
    best = Published("a (made)", 1000, 10, "paq")
    rows = [
        file_score("a", "x", 100.0, 1.0, best=best),
        file_score("b", "x", 300.0, 2.0, input_bytes=3000, best=best._replace(output_bytes=20)),
        file_score("a", "y", 90.0, 4.0, peak_bytes=5 << 20, best=best),
        file_score("b", "y", 400.0, 4.0, input_bytes=3000, read_seconds=None),
    ]
    x, y = totals(rows)
    assert (x.estimator, x.files, x.input_bytes, x.bits) == ("x", 2, 4000, 400)
    assert (x.write_seconds, x.read_seconds, x.shortest) == (3.0, 1.5, 1)
    assert x.per_byte == 0.1
    assert x.excess == pytest.approx(400 / 240 - 1)
    assert x.write_speed == pytest.approx(4000 / 1e6 / 3)
    assert x.read_speed == pytest.approx(4000 / 1e6 / 1.5)
    assert (y.bits, y.shortest, y.peak_bytes, y.read_seconds) == (490, 1, 5 << 20, None)
    assert y.excess is None  # of one file no best is known
    assert (x.on_front, y.on_front) == (True, False)


def test_totals_leave_out_estimates_and_codes_that_failed_on_a_file():
    rows = [
        file_score("a", "x", 100.0, 1.0),
        file_score("b", "x", 300.0, 2.0),
        file_score("a", "partly", 1.0, 0.1),
        file_score("a", "lz76", 0.5, 0.1, kind="estimate"),
        file_score("b", "lz76", 0.5, 0.1, kind="estimate"),
    ]
    (x,) = totals(rows)
    assert (x.estimator, x.bits) == ("x", 400)
    assert x.on_front
    assert x.shortest == 1  # the other file is the shortest for who failed elsewhere
    assert totals([]) == []


def test_excess_of_a_file_is_above_the_published_best():
    best = Published("a (made)", 1000, 50, "paq")
    row = file_score("a", "x", 480.0, 1.0, best=best)
    assert row.excess == pytest.approx(0.2)
    assert row.to_dict()["published_bytes"] == 50
    guess = replace(row, kind="estimate")
    assert guess.excess is None
    assert (guess.to_dict()["payload_bits"], guess.to_dict()["estimate_bits"]) == (None, 480)
    assert file_score("a", "x", 480.0, 1.0).excess is None


def test_bits_per_byte_of_an_empty_file_are_unknown():
    row = file_score("a", "x", 8.0, 1.0, input_bytes=0)
    assert row.per_byte is None
    assert row.to_dict()["bits_per_byte"] is None


@pytest.fixture
def folder(tmp_path):
    """Return a folder of two files with their manifest."""
    home = tmp_path / "corpus"
    home.mkdir()
    files = {"text.txt": b"it was the best of times " * 40, "zero.bin": bytes(512)}
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    for name, data in files.items():
        (home / name).write_bytes(data)
    (home / "SHA256SUMS").write_text("".join(lines))
    return home


def test_corpus_scores_files_totals_and_excess(folder, monkeypatch):
    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    table = {
        sums["text.txt"]: published.Entry("made", "text.txt", 1000, (32, 25, 30)),
        sums["zero.bin"]: published.Entry("made", "zero.bin", 512, (5, 6, 7)),
    }
    monkeypatch.setattr(published, "TABLE", table)
    scores = run("corpus", ["stored", "zlib", "entropy"], folder=str(folder))
    assert scores.failures == ()
    assert [(row.task, row.is_code) for row in scores.rows] == [
        (name, code) for name in ("text.txt", "zero.bin") for code in (True, True, False)
    ]
    text = {row.estimator: row for row in scores.rows if row.task == "text.txt"}
    stored = text["stored"]
    assert (stored.bits, stored.kind, stored.per_byte) == (8000, "certified", 8)
    assert stored.excess == pytest.approx(8000 / 200 - 1)
    assert stored.best.program == published.PROGRAMS[1]
    assert [one.estimator for one in scores.groups] == ["zlib", "stored"]
    assert scores.groups[1].bits == 8 * 1512
    assert scores.groups[1].excess == pytest.approx(1512 / 30 - 1)
    assert scores.groups[0].shortest == 2
    (advice,) = scores.advice
    assert advice.text.startswith("for files like these, trust zlib (certified): ")
    assert "the shortest on 2 of 2" in advice.text


def test_corpus_that_changed_is_refused(folder):
    (folder / "zero.bin").write_bytes(bytes(511))
    with pytest.raises(InputError, match=r"changed file: got 'zero\.bin'"):
        run("corpus", ["stored"], folder=str(folder))


def test_corpus_goes_on_from_a_store_and_sees_new_contents(folder, tmp_path):
    path = str(tmp_path / "kept.db")
    first = run("corpus", ["stored"], folder=str(folder), store=path)
    assert run("corpus", ["stored"], folder=str(folder), store=path) == first  # times, too
    data = bytes(300)
    (folder / "zero.bin").write_bytes(data)
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(data).hexdigest()}  zero.bin\n")
    (row,) = run("corpus", ["stored"], folder=str(folder), store=path).rows
    assert row.bits == 2400


def test_corpus_code_that_fails_is_said_and_left_out_of_the_totals(folder, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(
        "class Picky:\n"
        "    def compress(self, data):\n"
        "        return data[:1] if len(set(data)) == 1 else 1 / 0\n"
        "    def decompress(self, payload):\n"
        "        return payload * 512\n"
    )
    scores = run("corpus", ["stored", f"{mine}:Picky"], folder=str(folder))
    (failure,) = scores.failures
    assert failure.file == "text.txt"
    assert "ZeroDivisionError: division by zero (line 3 of mine.py)" in failure.message
    assert [one.estimator for one in scores.groups] == ["stored"]
    assert {(row.task, row.bits) for row in scores.rows if row.estimator != "stored"} == {
        ("zero.bin", 8)
    }


def test_speed_times_made_files_both_ways():
    scores = run("speed", ["zlib"], sizes=[1000], rounds=1)
    assert scores.failures == ()
    assert [row.task for row in scores.rows if row.input_bytes == 1000] != []
    assert all(row.write_seconds > 0 and row.read_seconds >= 0 for row in scores.rows)
    assert scores.groups[0].bits == sum(row.bits for row in scores.rows)


def test_totals_of_speed_are_those_of_the_largest_size():
    suite = Speed(sizes=[1000, 2000])
    found = [(cell, alone(cell)) for cell in suite.cells(["zlib", "stored"])]
    scores = suite.score(found)
    sizes = [row.input_bytes for row in scores.rows]
    assert sizes == sorted(sizes)
    assert {one.input_bytes for one in scores.groups} == {2000 * len(INPUTS)}
    assert {one.write_seconds for one in scores.groups} == {2.0 * len(INPUTS)}


def alone(cell):
    """Return what a process of its own might say: 1 MB in 1,000 s of writing."""
    size, second = cell.n // 8, Spread(0.0, cell.n / 8000, 9.0)
    return Alone(
        cell.label, "certified", size, 3, second, second, second, 8 * size, 8, 0, 8
    ).to_dict()
