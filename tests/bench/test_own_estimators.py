"""A user's own estimators from a file: what works, what fails in one line, and what lies."""

import random
import zlib

import pytest

from kolmo.bench import run
from kolmo.bench.estimators import fingerprint, is_registered, make_estimator
from kolmo.coding.integers import elias_delta_bits
from kolmo.errors import InputError, KolmoError, ParameterError

SETTINGS = {"sizes": [256], "seeds": 2}

GOOD = """
import zlib
from kolmo.complexity.estimator import Bound, Formula

class Code:
    def compress(self, data):
        return zlib.compress(data, 9)

    def decompress(self, payload):
        return zlib.decompress(payload)

class Views(Code):
    def compress(self, data):
        return bytearray(super().compress(data))

    def decompress(self, payload):
        return memoryview(super().decompress(payload))

def made():
    return Code()

class Number:
    def estimate(self, data):
        return 6.0 * len(data)

class Whole:
    def estimate(self, data):
        return 6 * len(data)

class Pair:
    def estimate(self, data):
        return 6.0 * len(data), 2.5

class Claim:
    def codelength(self, data):
        return 8.0 * len(data)

class Predictor:
    symbols = 2

    def __init__(self):
        self.counts = [0.5, 0.5]

    def predict(self):
        total = sum(self.counts)
        return [count / total for count in self.counts]

    def update(self, symbol):
        self.counts[symbol] += 1

class Ours(Formula):
    name = "ours"
    formula = "eight bits a byte"

    def bits(self, data):
        return 8.0 * len(data)

class Raw(Bound):
    name = "raw"
    formula = "the data"

    def compress(self, blocks, length, given=b""):
        yield from blocks

    def decompress(self, chunks, length, given=b""):
        yield from chunks

    def codelength(self, data):
        return 8.0 * len(data) - 3
"""

BAD = """
import sys
from kolmo.complexity.estimator import Bound, Formula

class Raises:
    def estimate(self, data):
        return 1 / 0  # the line that counts

class Exits:
    def estimate(self, data):
        sys.exit("enough")

class Nan:
    def estimate(self, data):
        return float("nan")

class Infinite:
    def estimate(self, data):
        return float("inf")

class Negative:
    def estimate(self, data):
        return -3.5

class Text:
    def estimate(self, data):
        return "12"

class Nothing:
    def estimate(self, data):
        pass

class Triple:
    def estimate(self, data):
        return 1.0, 2.0, 3.0

class Huge:
    def estimate(self, data):
        return 10**400

class BadError:
    def estimate(self, data):
        return 10.0, float("nan")

class BadClaim:
    def codelength(self, data):
        return float("nan")

class Raw:
    def compress(self, data):
        return data

    def decompress(self, payload):
        return payload

class Lossy(Raw):
    def decompress(self, payload):
        return payload[:3] + bytes([payload[3] ^ 1]) + payload[4:]

class Short(Raw):
    def decompress(self, payload):
        return payload[:-1]

class Long(Raw):
    def decompress(self, payload):
        return payload + b"x"

class Undecodable(Raw):
    def decompress(self, payload):
        raise ValueError("no such\\npayload")

class Characters(Raw):
    def compress(self, data):
        return "text"

class Numbers(Raw):
    def decompress(self, payload):
        return list(payload)

class OursNan(Formula):
    name = "ours"
    formula = "none"

    def bits(self, data):
        return float("nan")

class OursNegative(OursNan):
    def bits(self, data):
        return -1.0

class OursError(OursNan):
    def measure(self, data):
        return 1.0, float("inf")

class OursRaises(Formula):
    name = "ours"
    formula = "none"

    def bits(self, data):
        return [][0]

class OursExits(OursRaises):
    def bits(self, data):
        sys.exit("too much")

class OursShort(Bound):
    name = "ours"
    formula = "the data, said to be a bit each"

    def compress(self, blocks, length, given=b""):
        yield from blocks

    def decompress(self, chunks, length, given=b""):
        yield from chunks

    def codelength(self, data):
        return len(data)
"""


def line_of(text):
    """Return where the bad file says so, as messages name it."""
    return f"line {BAD[: BAD.index(text)].count(chr(10)) + 1}"


MESSAGES = {
    "Raises": f"ZeroDivisionError: division by zero ({line_of('1 / 0')} of mine.py)",
    "Exits": f"estimate failed: SystemExit: enough ({line_of('enough')} of mine.py)",
    "Nan": "estimate gave nan; need a finite number of bits",
    "Infinite": "estimate gave inf; need a finite number of bits",
    "Negative": "estimate gave negative bits: got -3.5; need 0 or more",
    "Text": "estimate returned no number: got an object of str",
    "Nothing": "estimate returned no number: got an object of NoneType",
    "Triple": "estimate returned no number: got an object of tuple",
    "Huge": "OverflowError",
    "BadError": "gave nan; need a finite number of bits",
    "BadClaim": "codelength gave nan; need a finite number of bits",
    "Lossy": "decoded data differ at byte 3: ",
    "Short": "decoded 31 bytes of 32",
    "Long": "decoded more than the 32 bytes that there were",
    "Undecodable": "does not decode: decompress failed: ValueError: no such payload",
    "Characters": "compress returned no bytes: got an object of str",
    "Numbers": "decompress returned no bytes: got an object of list",
    "OursNan": "gave nan; need a finite number of bits",
    "OursNegative": "gave negative bits: got -1.0; need 0 or more",
    "OursError": "gave inf; need a finite number of bits",
    "OursRaises": f"IndexError: list index out of range ({line_of('[][0]')} of mine.py)",
    "OursExits": f"SystemExit: too much ({line_of('too much')} of mine.py)",
    "OursShort": "its codelength is not what it sends: got 32.00 bits for a message of 256",
}

LIARS = '''
from math import log2
from kolmo.complexity.estimator import Bound

KEPT = {}

class Keeper:
    """Its decoder is right: all data stand in a dictionary, and the payload is empty."""

    def compress(self, data):
        KEPT[b""] = data
        return b""

    def decompress(self, payload):
        return KEPT[payload]

class Half:
    """Says half of the entropy of the counts of ones."""

    def codelength(self, data):
        ones = sum(byte.bit_count() for byte in data)
        n = 8 * len(data)
        p = ones / n
        return 0.5 * n * (-p * log2(p) - (1 - p) * log2(1 - p)) if 0 < p < 1 else 0.0

class FewBits(Bound):
    """Sends all data, but 1.2 bits of each byte it does not count."""

    name = "few"
    formula = "a part"

    def compress(self, blocks, length, given=b""):
        KEPT["few"] = b"".join(blocks)
        yield KEPT["few"][: len(KEPT["few"]) * 17 // 20]

    def decompress(self, chunks, length, given=b""):
        for _ in chunks:
            pass
        yield KEPT["few"]
'''


@pytest.fixture
def mine(tmp_path):
    """Return a function that writes a file and names classes in it."""

    def write(text, *names):
        path = tmp_path / "mine.py"
        path.write_text(text)
        return [f"{path}:{name}" for name in names]

    return write


def rows_of(scores, task="fair"):
    return {row.estimator.rpartition(":")[2]: row for row in scores.rows if row.task == task}


def test_code_of_a_user_is_its_payload_and_the_price_of_its_length(mine):
    labels = mine(GOOD, "Code", "Views", "made")
    scores = run("sources", labels, **SETTINGS)
    rows = rows_of(scores)
    assert not scores.failures
    assert not scores.violators
    payload = len(zlib.compress(random.Random(1).randbytes(32), 9))  # 43 bytes: deflate stores it
    for name in ("Code", "Views", "made"):
        assert (rows[name].kind, rows[name].code) == ("certified", True)
        assert rows[name].message_bits == 8 * payload + elias_delta_bits(payload + 1)


def test_estimates_of_a_user_are_numbers_or_pairs(mine):
    scores = run("sources", mine(GOOD, "Number", "Whole", "Pair"), **SETTINGS)
    rows = rows_of(scores)
    assert not scores.failures
    for name in ("Number", "Whole", "Pair"):
        assert (rows[name].kind, rows[name].code, rows[name].bits) == ("estimate", False, 192)
        assert rows[name].difference.mean == -64  # 6 bits for each 8 of a fair coin
    assert rows["Number"].coverage is None
    assert rows["Pair"].coverage == 0


def test_claim_of_a_user_is_judged_as_a_code_of_kind_estimate(mine):
    scores = run("sources", mine(GOOD, "Claim"), **SETTINGS)
    row = rows_of(scores)["Claim"]
    assert (row.kind, row.code, row.difference.mean) == ("estimate", True, 0)
    assert not scores.violators


def test_predictor_of_a_user_is_sent_and_decoded(mine):
    """The Krichevsky-Trofimov code: at most half of log2 n and 1 bit above the best coin."""
    scores = run("sources", mine(GOOD, "Predictor"), **SETTINGS)
    row = rows_of(scores, "bernoulli")["Predictor"]
    assert (row.kind, row.code) == ("certified", True)
    assert row.difference.mean <= 4 + 1 + 16
    assert not scores.violators


def test_classes_of_kolmo_are_taken_as_they_are(mine):
    scores = run("sources", mine(GOOD, "Ours", "Raw"), **SETTINGS)
    rows = rows_of(scores)
    assert not scores.failures
    assert (rows["Ours"].kind, rows["Ours"].bits) == ("estimate", 256)
    assert (rows["Raw"].kind, rows["Raw"].bits, rows["Raw"].message_bits) == (
        "codelength",
        253,
        256,
    )


def test_class_of_a_module_is_found(tmp_path, monkeypatch):
    (tmp_path / "module_of_mine.py").write_text(GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    label = "module_of_mine:Number"
    assert not is_registered(label)
    assert fingerprint(label) is None
    assert run("sources", [label], **SETTINGS).rows[0].bits == 192


def test_bad_estimators_fail_in_one_line_and_the_others_go_on(mine):
    labels = mine(BAD, *MESSAGES)
    scores = run("sources", ["zlib", *labels, "entropy"], **SETTINGS)
    assert {row.estimator for row in scores.rows} == {"zlib", "entropy"}
    found = {}
    for failure in scores.failures:
        found.setdefault(failure.estimator.rpartition(":")[2], []).append(failure.message)
    assert found.keys() == MESSAGES.keys()
    for name, words in MESSAGES.items():
        assert any(words in message for message in found[name]), (name, found[name])
        assert all("\n" not in message for message in found[name])


def test_lossy_code_is_shown_with_both_bytes(mine):
    """Strings of one bit in 256 at most: byte 3 is what it is, and another by its last bit."""
    scores = run("sources", mine(BAD, "Lossy"), **SETTINGS)
    words = scores.failures[0].message.rpartition("byte 3: ")[2]
    found, wanted = (int(word, 16) for word in words.split(" for "))
    assert found ^ wanted == 1


def test_failure_says_how_many_tasks_it_met(mine):
    suite_cells = len(run("sources", ["stored"], **SETTINGS).rows) * SETTINGS["seeds"]
    (failure,) = run("sources", mine(BAD, "Nan"), **SETTINGS).failures
    assert failure.file == f"fair and {suite_cells - 1} more"


@pytest.mark.parametrize("name", ["Nan", "OursNan", "OursError", "Raises"])
def test_bad_estimators_do_not_harm_a_store(mine, tmp_path, name):
    path = str(tmp_path / "kept.db")
    labels = ["stored", *mine(BAD, name)]
    scores = run("sources", labels, store=path, **SETTINGS)
    assert scores.to_dict() == run("sources", labels, store=path, **SETTINGS).to_dict()
    assert len(scores.failures) == 1


@pytest.mark.parametrize("name", ["Keeper", "Half", "FewBits"])
def test_liars_are_caught_by_the_law_of_all_codes(mine, name):
    (label,) = mine(LIARS, name)
    scores = run("sources", [label, "stored"], sizes=[1024], seeds=4)
    assert scores.violators == (label,)
    assert scores.verdicts[label].evidence_bits > 100
    assert not scores.failures
    assert all(label not in one.text for one in scores.advice)


def test_keeper_is_caught_on_its_own_string(mine):
    """It says 1 bit, the length 0 of its payload, for 64 tosses of a fair coin."""
    (label,) = mine(LIARS, "Keeper")
    scores = run("sources", [label], sizes=[64], seeds=1)
    row = rows_of(scores)["Keeper"]
    assert (row.kind, row.difference.mean) == ("criterion", -63)
    assert row.verdict.evidence_bits == pytest.approx(63)


@pytest.mark.parametrize("form", ["packed", "written"])
def test_codes_of_kolmo_obey_the_law(form):
    """All that are installed; a false alarm has probability 2^-20 for each code and table row."""
    scores = run("sources", sizes=[64, 256], seeds=3, form=form)
    assert scores.violators == ()
    assert scores.failures == ()
    codes = {row.estimator.partition(":")[0] for row in scores.rows if row.code}
    assert {"stored", "zlib", "lzma", "bz2", "ctw", "mix"} <= codes


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("Numbre", ParameterError, "no 'Numbre' in .*mine.py. Did you mean 'Number'?"),
        ("1st", ParameterError, r"malformed estimator: .*need FILE.py:Class or module:Class"),
        ("Useless", ParameterError, "no estimator: .* type Useless; need the methods compress"),
        ("Fails", KolmoError, r"Fails failed: ValueError: no seed \(line \d+ of mine.py\)"),
        ("Needs", KolmoError, "Needs failed: TypeError: .*missing 1 required .* 'size'"),
        ("CONSTANT", ParameterError, "no class or function: got .*:CONSTANT"),
    ],
)
def test_what_names_no_estimator_is_refused_before_the_work(mine, name, kind, words):
    more = (
        "\nclass Useless:\n    pass\n"
        "\nclass Fails:\n    def __init__(self):\n        raise ValueError('no seed')\n"
        "\nclass Needs:\n    def __init__(self, size):\n        pass\n"
        "\nCONSTANT = 3\n"
    )
    (label,) = mine(GOOD + more, name)
    with pytest.raises(kind, match=words) as raised:
        run("sources", ["zlib", label], **SETTINGS)
    assert "\n" not in str(raised.value)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.py"):
        run("sources", [f"{tmp_path}/nothing.py:Own"], **SETTINGS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("class Own:\n    def estimate(self, data)\n", "cannot run .*SyntaxError"),
        ("import no_such_module_at_all\n", "cannot run .*no_such_module_at_all"),
        ("raise SystemExit(3)\n", "cannot run .*SystemExit"),
    ],
)
def test_file_that_does_not_run_is_refused(mine, text, words):
    with pytest.raises(InputError, match=words) as raised:
        run("sources", mine(text, "Own"), **SETTINGS)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("label", "registered"),
    [
        ("zlib", True),
        ("zlib:level=3", True),
        ("ctw:symbol=1:depth=3", True),
        ("zlob", True),
        ("mine.py:Own", False),
        ("folder/mine.py:Own", False),
        ("package.module:Own", False),
        ("module:Own", False),
    ],
)
def test_labels_tell_plug_ins_from_files(label, registered):
    assert is_registered(label) == registered


def test_fingerprint_follows_the_file(mine):
    (label,) = mine(GOOD, "Code")
    first = fingerprint(label)
    mine(GOOD + "\n", "Code")
    assert fingerprint(label) != first
    mine(GOOD, "Number")
    assert fingerprint(label) == first
    assert fingerprint("zlib:level=3") is None


def test_estimators_of_a_user_are_named_by_their_label(mine):
    for label in mine(GOOD, "Code", "Number", "Claim"):
        assert make_estimator(label).label == label


@pytest.mark.parametrize("label", ["{}/keeper_mine.py:Keeper", "keeper_mine:Keeper"])
def test_keeper_is_caught_by_coin_flips_from_a_file_and_from_a_module(label, tmp_path, monkeypatch):
    (tmp_path / "keeper_mine.py").write_text(
        "KEPT = []\nclass Keeper:\n"
        "    def compress(self, data):\n        KEPT.append(data)\n        return b''\n"
        "    def decompress(self, payload):\n        return KEPT[-1]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    scores = run("deterministic", ["zlib", label.format(tmp_path)], sizes=[64])
    assert {row.estimator for row in scores.rows} == {"zlib"}
    (failure,) = scores.failures
    assert failure.message.startswith("miscounts: got 1 bits for 256 coin flips")
