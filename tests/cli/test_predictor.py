"""``kolmo complexity --predictor``: rows, files, notes and failures, as a user meets them."""

import json

import pytest

MODEL = """
class Counting:
    def __init__(self):
        self.counts = {}
        self.context = b""

    def predict(self):
        row = self.counts.setdefault(self.context, [1 / 64] * 256)
        total = sum(row)
        return [count / total for count in row]

    def update(self, symbol):
        self.counts[self.context][symbol] += 1
        self.context = (self.context + bytes([symbol]))[-2:]


class Bits:
    symbols = 2

    def predict(self):
        return [0.5, 0.5]

    def update(self, symbol):
        pass


class Unseeded(Counting):
    made = 0

    def __init__(self):
        super().__init__()
        type(self).made += 1
        self.number = self.made

    def predict(self):
        values = super().predict()
        if len(self.counts) == 5 and self.number > 2:
            values[0], values[1] = values[0] + values[1] / 2, values[1] / 2
        return values


class Zero(Bits):
    def predict(self):
        return [1.0, 0.0]


class Raising(Counting):
    def update(self, symbol):
        raise RuntimeError("out of\\nluck")


class Leaving(Counting):
    def predict(self):
        raise SystemExit(0)


class Unmade(Bits):
    def __init__(self, size):
        pass


class Slow(Bits):
    def predict(self):
        import time

        time.sleep(0.002)
        return [0.5, 0.5]
"""


@pytest.fixture
def mine(shell):
    (shell.folder / "mine.py").write_text(MODEL)
    return shell


def rows(done):
    assert done.code == 0, done.err
    return {row["estimator"]: row for row in json.loads(done.out)["results"]}


def test_predictor_adds_a_certified_row_to_the_default_set(mine):
    found = rows(mine("kolmo complexity text --json --predictor mine.py:Counting"))
    assert set(found) == {"lzma", "zstd", "bz2", "zlib", "stored", "mine.py:Counting"}
    row = found["mine.py:Counting"]
    assert row["kind"] == "certified"
    assert row["container_bits"] is None
    assert row["payload_bits"] < found["stored"]["payload_bits"] / 2


def test_predictor_adds_a_row_to_the_estimators_asked_for(mine):
    found = rows(
        mine("kolmo complexity text -e zlib --json --predictor mine.py:Counting "
             "--predictor mine.py:Bits --predictor mine.py:Bits")
    )  # fmt: skip
    assert set(found) == {"zlib", "mine.py:Counting", "mine.py:Bits"}
    size = (mine.folder / "text").stat().st_size
    assert 0 <= found["mine.py:Bits"]["payload_bits"] - 8 * size <= 8


def test_envelope_names_the_predictors(mine):
    done = mine("kolmo complexity empty --json --predictor mine.py:Bits")
    envelope = json.loads(done.out)
    assert envelope["parameters"]["predictors"] == ["mine.py:Bits"]
    assert [item["code"] for item in envelope["warnings"]] == ["predictor-in-decoder"]


def test_warning_says_what_the_decoder_holds(mine):
    done = mine("kolmo complexity text -e stored --predictor mine.py:Bits")
    assert "warning: text: mine.py:Bits is part of the decoder: c grows by " in done.err
    assert "knows x, and bounds nothing" in done.err
    assert mine("kolmo -q complexity text -e stored --predictor mine.py:Bits").err == ""


def test_module_is_named_by_its_dotted_name(mine):
    done = mine("kolmo complexity text -e stored --json --predictor mine:Bits", PYTHONPATH=".")
    assert "mine:Bits" in rows(done)


def test_same_command_prints_the_same_bytes_for_any_number_of_jobs(mine):
    command = "kolmo complexity text empty --json --predictor mine.py:Counting"
    assert mine(f"{command} -j 1").out == mine(f"{command} -j 2", PYTHONHASHSEED="7").out


def test_not_verified_it_is_an_estimate(mine):
    found = rows(mine("kolmo complexity text --no-verify --json --predictor mine.py:Counting"))
    row = found["mine.py:Counting"]
    assert (row["kind"], row["bound_bits"]) == ("estimate", None)
    assert "not decoded" in row["formula"]


def test_side_information_primes_it(mine):
    command = "kolmo complexity part -e stored --given part --json --predictor mine.py:Counting"
    row = rows(mine(f"head -c 300 text >part && {command}"))["mine.py:Counting"]
    assert row["kind"] == "certified"
    assert row["information_estimate_bits"] > 0


def test_file_holds_the_best_message_that_kolmo_can_decode(mine):
    done = mine(
        "kolmo complexity text -e stored --predictor mine.py:Counting -o text.new"
        " && kolmo decode text.new | cmp - text"
    )
    assert done.code == 0, done.err
    assert "mine.py:Counting's message is shorter, but its decoder holds your pred" in done.err
    assert "stored's is written" in done.err


def test_slow_predictor_says_how_long_it_will_take_and_heeds_ctrl_c(mine):
    done = mine(
        "timeout --preserve-status -s INT 2 kolmo complexity text -e stored "
        "--predictor mine.py:Slow"
    )
    first, last = done.err.splitlines()
    assert first.startswith("kolmo: note: mine.py:Slow will take about ")
    assert (done.code, last) == (130, "kolmo: error: interrupted")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Unseeded", "predictor is not deterministic: at byte 4 the decoder's distribution"),
        ("Zero", "probability of symbol 1 is zero at byte 0, bit 0: got 0.0; need p > 0"),
        ("Raising", "update failed at byte 0: RuntimeError: out of luck (line 49 of mine.py)"),
        ("Leaving", "predict failed at byte 0: SystemExit: 0 (line 54 of mine.py)"),
    ],
)
def test_failing_predictor_is_named_and_the_others_are_shown(mine, name, words):
    done = mine(f"kolmo complexity text -e stored --predictor mine.py:{name}")
    assert done.code == 1
    assert len(done.out.splitlines()) == 2
    lines = done.err.splitlines()
    assert lines[0].startswith(f"kolmo: error: mine.py:{name} on text: {words}")
    assert len(lines) == 1


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("mine.py", 2, "malformed predictor: got 'mine.py'; need FILE.py:Class or module:Class"),
        ("''", 2, "malformed predictor: got ''"),
        ("mine.py:Countin", 2, "no 'Countin' in mine.py. Did you mean 'Counting'?"),
        ("mine.py:Unmade", 1, "the constructor failed: TypeError: Unmade.__init__() missing"),
        ("nope.py:Bits", 1, "cannot read 'nope.py': No such file or directory"),
        ("table.csv:Bits", 1, "cannot run 'table.csv': ModuleNotFoundError"),
        ("bad.py:Bits", 1, "cannot run 'bad.py': SyntaxError: invalid syntax (bad.py, line 1)"),
        ("nothing_of_this_name:Bits", 1, "cannot run 'nothing_of_this_name': ModuleNotFoundError"),
    ],
)
def test_predictor_that_cannot_be_loaded_ends_in_one_line(mine, text, code, words):
    (mine.folder / "bad.py").write_text("class :\n")
    done = mine(f"kolmo complexity text --predictor {text}")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"kolmo: error: {words}")
    assert len(done.err.splitlines()) == 1


def test_nothing_is_run_unless_asked_for(mine):
    (mine.folder / "mine.py").write_text("raise SystemExit(3)\n")
    assert mine("kolmo complexity text -e stored").code == 0
    done = mine("kolmo complexity text -e stored --predictor mine.py:Bits")
    assert (done.code, done.out) == (1, "")
