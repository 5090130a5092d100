"""A user's predictor as a bound: its length, its certificate, its price, and how it fails."""

import math
import random
import subprocess
import sys
import textwrap
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np
import pytest
from conftest import samples
from hypothesis import given, settings
from hypothesis import strategies as st

import kolmo
from kolmo.complexity import panel, prequential, price
from kolmo.complexity.loading import load_predictor
from kolmo.complexity.predictor import BITS, BYTES, SUM_TOLERANCE, Learner
from kolmo.complexity.prequential import PredictorBound
from kolmo.data import MemoryInput
from kolmo.errors import (
    CertificationError,
    DecodeError,
    InputError,
    KolmoError,
    ParameterError,
    PredictorError,
)

TEXT = samples()["text"][:1000]
UNIFORM = [1 / BYTES] * BYTES


class Uniform:
    """All bytes alike."""

    def predict(self) -> Any:
        return UNIFORM

    def update(self, symbol: int) -> None:
        assert 0 <= symbol < 256


class Order1(Uniform):
    """Counts of the bytes that came after each byte."""

    def __init__(self) -> None:
        self.counts: dict[int, list[float]] = {}
        self.last = 0

    def predict(self) -> Any:
        row = self.counts.setdefault(self.last, [1 / 64] * BYTES)
        total = sum(row)
        return [value / total for value in row]

    def update(self, symbol: int) -> None:
        self.counts[self.last][symbol] += 1
        self.last = symbol


class Succession:
    """Laplace's rule for bits: (ones + 1) / (bits + 2)."""

    symbols = BITS

    def __init__(self) -> None:
        self.seen = [1, 1]

    def predict(self) -> Any:
        return [number / sum(self.seen) for number in self.seen]

    def update(self, symbol: int) -> None:
        self.seen[symbol] += 1


class Tensor:
    """An array of one dimension that only knows ``tolist``."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def tolist(self) -> list[float]:
        return self.values


class Evil(Tensor):
    def __init__(self) -> None:
        """Hold nothing."""

    def tolist(self) -> list[float]:
        raise LookupError("moved to another device")


class AsTensor(Order1):
    def predict(self) -> Any:
        return Tensor(super().predict())


class AsArray(Order1):
    def predict(self) -> Any:
        return np.array(super().predict())


class AsSingles(Order1):
    """A softmax in single precision, whose sum is not quite 1."""

    def predict(self) -> Any:
        logits = np.log(np.array(super().predict(), np.float32))
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()


def answering(answer: Any, at: int = 0, symbols: int = BYTES) -> type:
    """Return a predictor that says ``answer`` of the symbol ``at``, uniform before."""

    class Answering(Uniform):
        def __init__(self) -> None:
            self.told = 0
            self.symbols = symbols

        def predict(self) -> Any:
            return answer if self.told == at else [1 / symbols] * symbols

        def update(self, symbol: int) -> None:
            self.told += 1

    return Answering


def changed(place: int, value: float) -> list[float]:
    return [*UNIFORM[:place], value, *UNIFORM[place + 1 :]]


def ideal_bits(maker: type, data: bytes) -> float:
    """Return the sum of -log2 p, straight from the definition."""
    model, bits = maker(), 0.0
    alphabet = getattr(model, "symbols", BYTES)
    for byte in data:
        for symbol in [byte] if alphabet == BYTES else map(int, format(byte, "08b")):
            answer = model.predict()
            values = answer.tolist() if hasattr(answer, "tolist") else answer
            bits -= math.log2(values[symbol] / math.fsum(values))
            model.update(symbol)
    return bits


GOOD = [Uniform, Order1, Succession, AsTensor, AsArray, AsSingles]


# --- lengths


@pytest.mark.parametrize("kind", sorted(samples()))
@pytest.mark.parametrize("maker", [Order1, Succession])
def test_message_is_certified_for_data_of_every_kind(maker, kind):
    data = samples()[kind][:500]
    row = kolmo.prequential(data, maker)
    assert (row.kind, row.input_bytes, row.estimate_bits) == ("certified", len(data), None)


@pytest.mark.parametrize("maker", GOOD)
@pytest.mark.parametrize("data", [b"", b"a", TEXT], ids=["empty", "one", "text"])
def test_message_is_at_most_16_bits_longer_than_ideal(maker, data):
    ideal = ideal_bits(maker, data)
    row = kolmo.prequential(data, maker)
    assert ideal - 1e-6 <= row.payload_bits <= ideal + 16


@pytest.mark.parametrize("maker", GOOD)
def test_estimate_that_is_not_decoded_is_the_ideal_length(maker):
    row = kolmo.prequential(TEXT, maker, verify=False)
    assert row.kind == "estimate"
    assert (row.payload_bits, row.bound_bits, row.container_bits) == (None, None, None)
    assert "not decoded" in row.formula
    ideal = ideal_bits(maker, TEXT)
    assert -1e-6 <= row.estimate_bits - ideal <= 1e-3 + 2.6e-7 * len(TEXT)


def test_laws_of_length_fail_for_another_predictor():
    row = kolmo.prequential(TEXT, Order1)
    assert not ideal_bits(Uniform, TEXT) - 1e-6 <= row.payload_bits


def test_uniform_predictor_costs_eight_bits_a_byte():
    row = kolmo.prequential(TEXT, Uniform)
    assert 8 * len(TEXT) <= row.payload_bits <= 8 * len(TEXT) + 8


def test_rule_of_succession_costs_what_laplace_says():
    """Its probability of k ones among n bits is 1 / ((n + 1) binomial(n, k)): by hand."""
    ones = sum(byte.bit_count() for byte in TEXT)
    n = 8 * len(TEXT)
    expected = math.log2((n + 1) * math.comb(n, ones))
    row = kolmo.prequential(TEXT, Succession, verify=False)
    assert row.estimate_bits == pytest.approx(expected, abs=1e-3)


@given(st.lists(st.floats(1e-320, 1), min_size=BYTES, max_size=BYTES), st.floats(-0.99, 0.99))
@settings(max_examples=30, deadline=None, derandomize=True, database=None)
def test_shares_are_those_of_the_probabilities(values, off):
    total = math.fsum(values) / (1 + off * SUM_TOLERANCE)
    answer = [max(value / total, 5e-324) for value in values]
    shares = Learner(answering(answer)).shares()
    assert all(share == int(share) >= 1 for share in shares)
    assert sum(map(int, shares)) == sum(shares) < 1 << 32
    for value, share in zip(answer, shares, strict=True):
        exact = Fraction(value) * 2**31
        assert exact + Fraction(1, 2) <= Fraction(share) <= exact + Fraction(3, 2)


@pytest.mark.parametrize("place", [0, 128, 255])
def test_certain_prediction_costs_nothing_and_the_impossible_31_bits(place):
    tiny = 5e-324
    answer = [tiny] * BYTES
    answer[place] = 1.0
    sure = answering(answer)
    assert kolmo.prequential(bytes([place]), sure).payload_bits <= 8
    other = kolmo.prequential(bytes([place ^ 1]), sure, verify=False)
    assert other.estimate_bits == pytest.approx(31, abs=0.01)


def test_thousand_extreme_predictions_are_decoded():
    class Extreme(Uniform):
        def __init__(self) -> None:
            self.numbers = random.Random(7)

        def predict(self) -> Any:
            powers = [10 ** self.numbers.uniform(-300, 0) for _ in range(BYTES)]
            total = math.fsum(powers)
            return [max(power / total, 5e-324) for power in powers]

    data = random.Random(8).randbytes(1000)
    assert kolmo.prequential(data, Extreme).kind == "certified"


# --- what decodes and what does not


def numbered(make: Any) -> type:
    """Return a predictor that asks ``make`` for its answers: number of the object, of the byte."""
    objects = count()

    class Numbered(Uniform):
        def __init__(self) -> None:
            self.number, self.told = next(objects), 0

        def predict(self) -> Any:
            return make(self.number, self.told)

        def update(self, symbol: int) -> None:
            self.told += 1

    return Numbered


def lopsided(weight: float) -> list[float]:
    rest = (1 - weight) / (BYTES - 1)
    return [weight, *[rest] * (BYTES - 1)]


@pytest.mark.parametrize("place", [0, 17, 99])
def test_predictor_that_changes_is_caught_where_it_does(place):
    maker = numbered(lambda number, told: lopsided(0.01 + 0.1 * (told >= place) * number))
    with pytest.raises(CertificationError, match=f"not deterministic: at byte {place} the"):
        kolmo.prequential(TEXT[:100], maker)


def test_change_that_the_decoder_would_survive_is_caught_too():
    """The share of what came is the same on both sides; of what did not come it is not."""

    def answer(number: int, told: int) -> list[float]:
        out = list(UNIFORM)
        if number and told == 5:
            out[200], out[201] = out[200] / 2, out[201] + out[200] / 2
        return out

    with pytest.raises(CertificationError, match="at byte 5"):
        kolmo.prequential(b"coffee cup", numbered(answer))


def test_predictor_of_bits_that_changes_is_caught_at_the_bit():
    class Odd(Succession):
        objects = count()

        def __init__(self) -> None:
            super().__init__()
            self.number = next(self.objects)

        def predict(self) -> Any:
            odd = self.number and sum(self.seen) - 2 == 21
            return [0.25, 0.75] if odd else super().predict()

    with pytest.raises(CertificationError, match="at byte 2, bit 5"):
        kolmo.prequential(b"coffee", Odd)


def test_predictor_with_unseeded_weights_is_caught():
    class Unseeded(Order1):
        def __init__(self) -> None:
            super().__init__()
            self.counts = {0: [random.random() + 0.1 for _ in range(BYTES)]}

    with pytest.raises(CertificationError, match=r"at byte 0 .*Seed what is random"):
        kolmo.prequential(TEXT, Unseeded)


def test_predictor_that_remembers_the_last_object_is_caught():
    class Remembering(Order1):
        shared: dict[int, list[float]] = {}

        def __init__(self) -> None:
            super().__init__()
            self.counts = self.shared

    with pytest.raises(CertificationError, match=r"at byte 0 .*share nothing"):
        kolmo.prequential(TEXT, Remembering)


def test_function_that_returns_one_object_twice_is_caught():
    model = Order1()
    with pytest.raises(CertificationError, match="at byte 0"):
        kolmo.prequential(TEXT, lambda: model)


def test_not_decoded_a_changing_predictor_is_an_estimate_only():
    maker = numbered(lambda number, told: lopsided(0.1 + 0.1 * number))
    assert kolmo.prequential(TEXT, maker, verify=False).kind == "estimate"


def test_decoder_gives_back_the_data():
    code = PredictorBound(Order1)
    payload = b"".join(code.compress([TEXT[:700], TEXT[700:]], len(TEXT)))
    assert b"".join(code.decompress([payload[:9], payload[9:]], len(TEXT))) == TEXT


def test_altered_messages_end_in_data_or_in_decode_error():
    code, source = PredictorBound(Succession), random.Random(3)
    payload = b"".join(code.compress([TEXT[:60]], 60))
    refused = 0
    for _ in range(200):
        altered = bytearray(payload[: source.randrange(1, len(payload) + 1)])
        altered[source.randrange(len(altered))] ^= 1 << source.randrange(8)
        try:
            assert len(b"".join(code.decompress([bytes(altered)], 60))) == 60
        except DecodeError:
            refused += 1
    assert refused > 50


@pytest.mark.parametrize("maker", [Order1, Succession])
def test_no_beginning_of_a_message_is_one_and_nothing_may_follow(maker):
    """Hence only the length of the data is charged."""
    code = PredictorBound(maker)
    payload = b"".join(code.compress([TEXT[:60]], 60))
    for altered in [*(payload[:stop] for stop in range(len(payload))), payload + b"\0"]:
        with pytest.raises(DecodeError):
            b"".join(code.decompress([altered], 60))


@pytest.mark.parametrize("payload", [b"", b"\0", b"\xff" * 40, bytes(100)])
def test_arbitrary_messages_end_soon(payload):
    with pytest.raises(DecodeError):
        b"".join(PredictorBound(Uniform).decompress([payload], 1 << 40))


# --- what is no distribution: named, with its place


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([0.5, *[0.1 / 255] * 255], "probabilities do not sum to one at byte 3: got 0.6"),
        ([2 / BYTES] * BYTES, "probabilities do not sum to one at byte 3: got 2; need 1"),
        (changed(65, 0.0), "probability of symbol 65 is zero at byte 3: got 0.0; need p > 0"),
        ([0.0] * BYTES, "probability of symbol 0 is zero at byte 3"),
        ([-0.0, *[1 / 255] * 255], "probability of symbol 0 is zero at byte 3"),
        (changed(7, -1e-9), "probability of symbol 7 is negative at byte 3: got -1e-09"),
        (changed(9, math.nan), "probability of symbol 9 is NaN at byte 3: got nan"),
        (changed(255, math.inf), "probability of symbol 255 is infinite at byte 3: got inf"),
        (changed(0, -math.inf), "probability of symbol 0 is infinite at byte 3: got -inf"),
        (UNIFORM[1:], "wrong number of probabilities at byte 3: got 255; need 256."),
        ([], "wrong number of probabilities at byte 3: got 0; need 256."),
        (None, "no distribution at byte 3: got an object of type NoneType; need 256 numbers"),
        (0.5, "no distribution at byte 3: got an object of type float"),
        (["a"] * BYTES, "no distribution at byte 3: got an object of type list"),
        ([1j] * BYTES, "no distribution at byte 3"),
        (np.full((1, BYTES), 1 / BYTES), "no distribution at byte 3: .* in one dimension"),
        (np.full((BYTES, 1), 1 / BYTES), "no distribution at byte 3: .* in one dimension"),
        (Evil(), "no distribution at byte 3: got an object of type Evil"),
    ],
    ids=range(18),
)
def test_what_is_no_distribution_is_named_with_its_byte(answer, words):
    for verify in (True, False):
        with pytest.raises(PredictorError, match=words):
            kolmo.prequential(TEXT[:9], answering(answer, at=3), verify=verify)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([0.5, 0.4], "do not sum to one at byte 1, bit 2: got 0.9"),
        ([1.0, 0.0], "probability of symbol 1 is zero at byte 1, bit 2"),
        ([0.5, math.nan], "probability of symbol 1 is NaN at byte 1, bit 2"),
        (UNIFORM, "wrong number of probabilities at byte 1, bit 2: got 256; need 2."),
    ],
)
def test_what_is_no_distribution_of_bits_is_named_with_its_bit(answer, words):
    with pytest.raises(PredictorError, match=words):
        kolmo.prequential(TEXT[:9], answering(answer, at=10, symbols=BITS))


@pytest.mark.parametrize("off", [0.9, -0.9])
def test_sum_within_the_tolerance_is_put_right(off):
    data, factor = TEXT[:200], 1 + off * SUM_TOLERANCE

    class Off(Order1):
        def predict(self) -> Any:
            return [value * factor for value in super().predict()]

    row = kolmo.prequential(data, Off)
    assert row.payload_bits == kolmo.prequential(data, Order1).payload_bits


def test_distribution_beyond_the_last_byte_is_not_asked_for():
    assert kolmo.prequential(TEXT[:9], answering(None, at=9)).kind == "certified"


# --- what raises


def raising(error: BaseException, where: str) -> type:
    class Raising(Uniform):
        def __init__(self) -> None:
            self.told = 0
            if where == "constructor":
                raise error

        def predict(self) -> Any:
            if where == "predict" and self.told == 3:
                raise error
            return UNIFORM

        def update(self, symbol: int) -> None:
            if where == "update" and self.told == 3:
                raise error
            self.told += 1

    return Raising


@pytest.mark.parametrize("where", ["constructor", "predict", "update"])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("a\nb"), r"ValueError: a b \(line \d+ of test_predictor.py\)"),
        (ZeroDivisionError(), r"ZeroDivisionError \(line"),
        (SystemExit(0), r"SystemExit: 0 \(line"),
        (RuntimeError("x" * 999), r"RuntimeError: x+\.\.\.x+ \(line"),
    ],
)
def test_error_of_the_predictor_is_named_with_its_byte(error, words, where):
    place = "the constructor failed" if where == "constructor" else f"{where} failed at byte 3"
    with pytest.raises(PredictorError, match=f"^{place}: {words}") as caught:
        kolmo.prequential(TEXT[:9], raising(error, where))
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("where", ["constructor", "predict", "update"])
def test_request_to_stop_passes_through(where):
    for error in (KeyboardInterrupt(), MemoryError()):
        with pytest.raises(type(error)):
            kolmo.prequential(TEXT[:9], raising(error, where))


def needing(number):
    return Uniform()


@pytest.mark.parametrize(
    ("maker", "words"),
    [
        (Uniform(), "no maker of predictors: got an object of type Uniform; need a class"),
        (None, "no maker of predictors: got an object of type NoneType"),
        (object, "got an object of type object without a method 'predict'"),
        (type("Half", (), {"predict": len}), "type Half without a method 'update'"),
        (type("Ten", (Uniform,), {"symbols": 10}), "unknown alphabet: got symbols = 10; need 256"),
        (type("Half", (Uniform,), {"symbols": 2.0}), "unknown alphabet: got symbols = 2.0"),
    ],
)
def test_what_is_no_predictor_is_refused(maker, words):
    with pytest.raises(ParameterError, match=words):
        kolmo.prequential(TEXT, maker)


def test_constructor_with_arguments_is_named():
    with pytest.raises(PredictorError, match=r"constructor failed: TypeError: .*'number'$"):
        kolmo.prequential(TEXT, needing)


# --- side information


def test_side_information_is_learnt_first():
    alone = kolmo.prequential(TEXT, Order1)
    primed = kolmo.prequential(TEXT, Order1, given=TEXT)
    assert primed.kind == "certified"
    assert primed.payload_bits < 0.9 * alone.payload_bits
    both, first = (ideal_bits(Order1, data) for data in (TEXT + TEXT, TEXT))
    assert 0 <= primed.payload_bits - (both - first) <= 16


def test_predictor_is_asked_and_told_in_turn():
    calls = []

    class Recording(Uniform):
        def predict(self) -> Any:
            calls.append("?")
            return UNIFORM

        def update(self, symbol: int) -> None:
            calls.append(chr(symbol))

    kolmo.prequential(b"xy", Recording, given=b"ab")
    assert "".join(calls) == "?a?b?x?y" * 2


def test_fault_within_side_information_says_so():
    with pytest.raises(PredictorError, match="is zero at byte 3 of the side information: got"):
        kolmo.prequential(b"", answering(changed(1, 0.0), at=3), given=b"coffee")
    with pytest.raises(PredictorError, match="is zero at byte 1: got"):
        kolmo.prequential(b"ab", answering(changed(1, 0.0), at=7), given=b"coffee")


# --- prices, and the panel


def test_bound_is_payload_and_prices():
    row = kolmo.prequential(TEXT, Order1)
    stored = kolmo.bounds(b"", ["stored"]).rows[0].naming_bits
    assert row.naming_bits == stored + 1 + 8 * (len("Order1") + 1)
    assert row.parameters_bits == 1
    assert row.length_bits > 0
    assert row.bound_bits == (
        row.payload_bits + row.naming_bits + row.parameters_bits + row.length_bits
    )
    assert row.container_bits is None


def test_message_decodes_from_its_own_bits_alone():
    """Name and lengths come from the prefix, the data from the payload and a fresh predictor."""
    code = PredictorBound(Order1)
    payload = b"".join(code.compress([TEXT], len(TEXT)))
    lengths = code.lengths(len(payload), len(TEXT))
    words = price._name_word(code.name), price._parameters_word(code)
    prefix = "".join([*words, *map(price.delta_word, lengths)])
    assert kolmo.prequential(TEXT, Order1).bound_bits == len(prefix) + 8 * len(payload)
    name, parameters, (length,) = price._read_prefix(prefix, len(lengths))
    assert (name, parameters) == ("Order1", {})
    assert b"".join(PredictorBound(Order1).decompress([payload], length)) == TEXT


def test_class_named_as_a_method_of_kolmo_is_not_taken_for_it():
    row = kolmo.prequential(TEXT, type("zlib", (Order1,), {}))
    assert row.naming_bits > 8 * len("zlib")


def test_panel_takes_predictors_beside_names():
    found = kolmo.bounds(TEXT, ["stored", PredictorBound(Order1), PredictorBound(Uniform)])
    rows = {row.estimator: row for row in found.rows}
    assert set(rows) == {"stored", "predictor:Order1", "predictor:Uniform"}
    assert found.best.estimator == "predictor:Order1"
    assert rows["predictor:Order1"] == kolmo.prequential(TEXT, Order1)
    assert "to name it in full" in found.headline()
    assert "(certified)" in found.headline()


def test_panel_refuses_two_predictors_of_one_label():
    twins = [PredictorBound(Order1), PredictorBound(type("Order1", (Uniform,), {}))]
    with pytest.raises(ParameterError, match="two estimators of one label: got 'predictor:Order1'"):
        kolmo.bounds(TEXT, twins)
    twins[1] = PredictorBound(twins[1].factory, label="mine")
    assert {row.estimator for row in kolmo.bounds(TEXT, twins).rows} == {"predictor:Order1", "mine"}


def test_panel_says_that_the_decoder_holds_the_predictor():
    (caution,) = kolmo.bounds(TEXT, [PredictorBound(Order1)]).cautions
    assert (caution.code, caution.estimator) == ("predictor-in-decoder", "predictor:Order1")
    bits = prequential.source_bits(Order1)
    assert f"c grows by {bits:,} bits of its source and " in caution.message
    assert "knows x" in caution.advice


def test_source_that_is_not_found_is_said():
    class Hidden(Uniform):
        pass

    Hidden.__module__ = "no such module"
    assert prequential.source_bits(Hidden) is None
    assert "which was not found" in PredictorBound(Hidden).caution[1]


def test_source_of_a_class_is_its_file_and_the_coder_is_apart():
    small, large = (prequential.source_bits(item) for item in (textwrap.dedent, random.Random))
    assert 10_000 < small < large
    assert prequential.coder_bits() > 10_000


def test_failing_predictor_leaves_the_others_alone():
    codes = [
        PredictorBound(answering(None, at=3)),
        PredictorBound(raising(MemoryError(), "update")),
    ]
    found = kolmo.bounds(TEXT, ["stored", *codes])
    assert [row.estimator for row in found.rows] == ["stored"]
    assert {failure.estimator: failure.message for failure in found.failures} == {
        "predictor:Answering": "no distribution at byte 3: got an object of type NoneType; "
        "need 256 numbers in one dimension.",
        "predictor:Raising": "out of memory",
    }


def test_panel_gives_information_about_the_other():
    found = kolmo.bounds(TEXT, [PredictorBound(Order1)], given=TEXT)
    assert found.best.kind == "certified"
    assert found.best.information_estimate_bits > 0
    assert found.best.order_dependence_estimate_bits == 0


def test_predictor_that_was_not_decoded_never_makes_the_headline():
    found = kolmo.bounds(TEXT, ["stored", PredictorBound(Order1)], verify=False)
    assert [(row.estimator, row.kind) for row in found.rows] == [
        ("stored", "bound"),
        ("predictor:Order1", "estimate"),
    ]
    assert found.best.estimator == "stored"


def test_memory_limit_refuses_long_inputs():
    (found,) = panel.bounds_each(
        [MemoryInput(TEXT)], lambda _: [PredictorBound(Order1)], memory_limit=1 << 20
    )
    assert "too much memory" in found.failures[0].message


class Tally:
    """Progress that is remembered."""

    def __init__(self) -> None:
        self.added = self.done = 0
        self.calls = 0

    def add(self, units: int) -> None:
        self.added += units

    def advance(self, units: int) -> None:
        assert units >= 0
        self.done += units
        self.calls += 1


@pytest.mark.parametrize("side", [None, TEXT[:50]])
def test_progress_is_reported_on_the_way(monkeypatch, side):
    monkeypatch.setattr(prequential, "REPORT_SECONDS", 0)
    tally = Tally()
    kolmo.bounds(TEXT[:200], [PredictorBound(Order1)], given=side, progress=tally)
    assert tally.done == tally.added
    assert tally.calls > 100


def test_slow_predictor_is_told_of_once(monkeypatch):
    for name in ("REPORT_SECONDS", "TRIAL_SECONDS", "SLOW_SECONDS"):
        monkeypatch.setattr(prequential, name, 0)
    told: list[float] = []
    code = PredictorBound(Order1)
    code.on_slow = told.append
    kolmo.bounds(TEXT[:200], [code])
    kolmo.bounds(TEXT[:200], [code])
    assert len(told) == 1
    assert told[0] > 0


def test_quick_predictor_is_not_told_of():
    code = PredictorBound(Order1)
    code.on_slow = lambda seconds: pytest.fail(f"said {seconds}")
    kolmo.bounds(TEXT[:200], [code])


def test_predictor_of_plain_python_loads_no_arrays():
    code = (
        "import kolmo, sys\n"
        "class Fair:\n"
        "    symbols = 2\n"
        "    def predict(self): return [.5, .5]\n"
        "    def update(self, symbol): pass\n"
        "assert kolmo.prequential(b'coffee', Fair).kind == 'certified'\n"
        "assert not {'numpy', 'numba'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- from a file


FILE = """
import beside
from dataclasses import dataclass, field

@dataclass
class Model:
    told: list[int] = field(default_factory=list)
    def predict(self):
        return beside.uniform()
    def update(self, symbol):
        self.told.append(symbol)

class Broken:
    def __init__(self):
        raise ValueError("no weights")

NUMBER = 3
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "beside.py").write_text("def uniform():\n    return [1 / 256] * 256\n")
    monkeypatch.delitem(sys.modules, "beside", raising=False)
    yield tmp_path
    sys.modules.pop("beside", None)


@pytest.mark.parametrize("form", ["mine.py:Model", "./mine.py:Model", "{}/mine.py:Model"])
def test_predictor_is_loaded_from_a_file(mine, form):
    path = list(sys.path)
    code = load_predictor(form.format(mine))
    assert code.label == form.format(mine)
    assert kolmo.bounds(TEXT, [code]).rows[0].kind == "certified"
    assert sys.path == path
    assert {item.name for item in mine.iterdir()} == {"mine.py", "beside.py"}


def test_price_of_a_loaded_predictor_does_not_depend_on_its_path(mine):
    rows = [
        kolmo.bounds(TEXT, [load_predictor(text)]).best
        for text in ("mine.py:Model", "./mine.py:Model")
    ]
    assert rows[0].bound_bits == rows[1].bound_bits


def test_predictor_is_loaded_from_a_module(mine, monkeypatch):
    (mine / "package_of_mine").mkdir()
    (mine / "package_of_mine" / "inner.py").write_text(
        "class Flat:\n    symbols = 2\n    def predict(self): return .5, .5\n"
        "    def update(self, symbol): pass\n"
    )
    monkeypatch.syspath_prepend(str(mine))
    code = load_predictor("package_of_mine.inner:Flat")
    assert kolmo.bounds(b"coffee", [code]).best.payload_bits == 56


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("mine.py", ParameterError, "malformed predictor: got 'mine.py'; need FILE.py:Class"),
        ("mine.py:", ParameterError, "malformed predictor"),
        (":Model", ParameterError, "malformed predictor"),
        ("", ParameterError, "malformed predictor"),
        ("mine.py:a.b", ParameterError, "malformed predictor"),
        ("mine.txt/x:Model", ParameterError, "neither the name of a .py file nor of a module"),
        ("mine.py:Modle", ParameterError, "no 'Modle' in mine.py. Did you mean 'Model'"),
        ("beside.py:Model", ParameterError, "no 'Model' in beside.py. It has no class"),
        ("mine.py:NUMBER", ParameterError, "no maker of predictors: got an object of type int"),
        ("mine.py:dataclass", KolmoError, "without a method 'predict'"),
        ("mine.py:Broken", PredictorError, r"constructor failed: ValueError: no weights \(line 15"),
        ("nope.py:Model", InputError, "cannot read 'nope.py': No such file or directory"),
        ("folder.py:Model", InputError, "cannot read 'folder.py': it is a directory"),
        ("syntax.py:Model", InputError, r"cannot run 'syntax.py': SyntaxError: .*line 2"),
        (
            "fails.py:Model",
            InputError,
            r"cannot run 'fails.py': KeyError: 'x' \(line 3 of fails.py",
        ),
        ("leaves.py:Model", InputError, "cannot run 'leaves.py': SystemExit: 0"),
        ("lacks.py:Model", InputError, "cannot run 'lacks.py': FileNotFoundError: .*weights"),
        ("latin.py:Model", InputError, "cannot run 'latin.py': SyntaxError"),
        ("no_such_module_x:Model", InputError, "cannot run 'no_such_module_x': ModuleNotFound"),
    ],
)
def test_what_cannot_be_loaded_is_named(mine, text, kind, words):
    (mine / "folder.py").mkdir()
    (mine / "syntax.py").write_text("class Model:\n    def\n")
    (mine / "fails.py").write_text("\n\n{}['x']\n")
    (mine / "leaves.py").write_text("raise SystemExit(0)\n")
    (mine / "lacks.py").write_text("open('weights.bin')\n")
    (mine / "latin.py").write_bytes(b"NAME = 'caf\xe9'\n")
    path, modules = list(sys.path), set(sys.modules)
    with pytest.raises(kind, match=words):
        load_predictor(text)
    assert sys.path == path
    left = {name for name in set(sys.modules) - modules if name.startswith("kolmo_predictor")}
    assert kind is not InputError or not left
