"""The panel: its rows, kinds, prices and cautions, what fails, and what side information does."""

import ast
import importlib
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import samples

import kolmo
from kolmo.coding.integers import elias_delta_bits
from kolmo.complexity import choice, panel, price
from kolmo.complexity.estimator import Bound, Formula
from kolmo.data import JoinedInput, MemoryInput, open_input
from kolmo.errors import (
    CertificationError,
    CorruptFileError,
    DecodeError,
    InputError,
    MemoryLimitError,
    ParameterError,
)
from kolmo.registry import estimators
from kolmo.results import Bounds, Estimate

TEXT = samples()["text"]
SHORT = TEXT[:10_000]  # where the default set has no numba to start


class Backwards(Bound):
    """A correct code; those below break it."""

    name, formula = "backwards", "backwards"

    def compress(self, blocks, length, given=b""):
        yield b"".join(blocks)[::-1]

    def decompress(self, chunks, length, given=b""):
        yield b"".join(chunks)[::-1]


class Wrong(Backwards):
    """Claims one byte for whatever it gets."""

    name = "wrong"

    def compress(self, blocks, length, given=b""):
        for _ in blocks:
            pass
        yield b"!"

    def decompress(self, chunks, length, given=b""):
        list(chunks)
        yield bytes(length)


class Short(Wrong):
    name = "short"

    def decompress(self, chunks, length, given=b""):
        yield b"".join(chunks)[:0]


class Long(Backwards):
    name = "long"

    def decompress(self, chunks, length, given=b""):
        yield from super().decompress(chunks, length, given)
        yield b"!"


class Refusing(Backwards):
    name = "refusing"

    def decompress(self, chunks, length, given=b""):
        list(chunks)
        raise DecodeError("no such thing")
        yield


class Raising(Backwards):
    name = "raising"
    error: BaseException = ZeroDivisionError("by zero")

    def compress(self, blocks, length, given=b""):
        raise self.error
        yield


class Greedy(Backwards):
    name = "greedy"

    def memory_bytes(self, length, given_bytes=0):
        return 1 << 40


class Nothing(Formula):
    name, formula = "nothing", "0"

    def bits(self, data):
        return 0.0


def measure(*chosen: Any, data: bytes = TEXT, **settings: Any) -> Bounds:
    """Return the bounds of estimators that are in no registry."""
    (found,) = panel.bounds_each([MemoryInput(data)], lambda _: list(chosen), **settings)
    return found


def available(*labels: str) -> list[str]:
    """Return the labels whose optional dependencies are installed."""
    return [label for label in labels if not estimators.missing(label.partition(":")[0])]


def size(label: str, data: bytes, side: bytes = b"") -> int:
    """Return C(data) in bits, by compressing and nothing else."""
    (made,) = choice.make_estimators([label])
    code: Any = made
    chunks = code.compress(MemoryInput(data).blocks(), len(data), side)
    return 8 * sum(len(chunk) for chunk in chunks)


# --- rows


@pytest.mark.parametrize("kind", sorted(samples()))
def test_rows_stand_best_first(kind):
    data = samples()[kind][:10_000]
    rows = kolmo.bounds(data).rows
    sums = [row.bound_bits for row in rows]
    assert sums == sorted(sums)
    assert {row.estimator for row in rows} == set(choice.DEFAULT_LABELS)
    assert {row.kind for row in rows} == {"certified"}


def test_best_is_the_smallest_bound_prices_included():
    found = kolmo.bounds(TEXT, ["zstd", "zlib", "lz78", "lzma"])
    assert found.best is found.rows[0]
    assert found.best.bound_bits == min(row.bound_bits for row in found.rows if row.bound_bits)
    assert found.rows[-1].estimator == "lz78"


def test_rows_do_not_depend_on_the_order_of_the_request():
    names = ["zstd", "stored", "lz78", "zlib", "bz2"]
    assert kolmo.bounds(TEXT, names).to_dict() == kolmo.bounds(TEXT, names[::-1]).to_dict()


@pytest.mark.parametrize(
    ("size_", "verify", "kind"),
    [
        (10, None, "certified"),
        (11, None, "bound"),
        (11, True, "certified"),
        (10, False, "bound"),
    ],
)
def test_bounds_are_certified_up_to_a_size_or_as_asked(monkeypatch, size_, verify, kind):
    monkeypatch.setattr(choice, "VERIFY_BYTES", 10)
    (row,) = kolmo.bounds(bytes(size_), ["zlib"], verify=verify).rows
    assert row.kind == kind


def test_not_verifying_decodes_nothing():
    """A broken code is a bound as long as nobody looks: hence the other word."""
    assert [row.kind for row in measure(Wrong(), verify=False).rows] == ["bound"]


def test_default_set_is_the_fast_one_above_a_size(monkeypatch):
    monkeypatch.setattr(choice, "FAST_ABOVE_BYTES", 1000)
    small, large = kolmo.bounds(bytes(1000)), kolmo.bounds(bytes(1001))
    assert {row.estimator for row in small.rows} == set(choice.DEFAULT_LABELS)
    assert {row.estimator for row in large.rows} == set(choice.FAST_LABELS)


@pytest.mark.parametrize(
    ("size_", "side", "labels"),
    [
        (0, 0, choice.DEFAULT_LABELS),
        ((1 << 14) - 1, 0, choice.DEFAULT_LABELS),
        (1 << 14, 0, choice.MIXED_LABELS),
        (1 << 22, 0, choice.MIXED_LABELS),
        ((1 << 22) + 1, 0, choice.DEFAULT_LABELS),
        (1 << 26, 0, choice.DEFAULT_LABELS),
        ((1 << 26) + 1, 0, choice.FAST_LABELS),
        (10_000, 10_000, choice.MIXED_LABELS),
        (10_000, 1 << 22, choice.DEFAULT_LABELS),
        (1 << 40, 10_000, choice.FAST_LABELS),
    ],
)
def test_default_set_goes_by_the_size_of_input_and_side_information(size_, side, labels):
    assert [made.label for made in choice.default_estimators(size_, side)] == list(labels)


def test_default_sets_are_those_of_the_specification():
    assert choice.FAST_ABOVE_BYTES == 1 << 26
    assert choice.VERIFY_BYTES == 1 << 24
    assert (choice.MIXED_FROM_BYTES, choice.MIXED_TO_BYTES) == (16 << 10, 4 << 20)
    assert "lzma" not in {label.partition(":")[0] for label in choice.FAST_LABELS}
    for labels in (choice.FAST_LABELS, choice.DEFAULT_LABELS, choice.MIXED_LABELS):
        assert "stored" in labels
        assert [made.label for made in choice.make_estimators(labels)] == list(labels)


def test_default_set_of_a_text_ends_with_the_mixer():
    found = kolmo.bounds(TEXT[:20_000])
    assert (found.best.estimator, found.best.kind) == ("mix", "certified")
    assert {row.estimator for row in found.rows} == set(choice.MIXED_LABELS)


def test_tight_bounds_are_those_of_all_codes():
    found = kolmo.bounds(TEXT[:2000], tight=True)
    installed = {name for name in estimators.names() if estimators.missing(name) is None}
    codes = {name for name in installed if estimators.get(name).kind == "bound"}
    assert {"mix", "ctw", *choice.DEFAULT_LABELS} <= codes
    assert {row.estimator for row in found.rows} == codes
    assert {row.kind for row in found.rows} == {"certified"}
    assert found.best.bound_bits < kolmo.bounds(TEXT[:2000]).best.bound_bits


def test_tight_and_a_list_of_estimators_exclude_each_other():
    with pytest.raises(ParameterError, match="chosen twice"):
        kolmo.bounds(b"abc", ["zlib"], tight=True)


# --- time that is said beforehand


@pytest.mark.parametrize(
    ("given", "verify", "passes"),
    [
        ((1000, None), False, 1000),
        ((1000, None), True, 2000),
        ((1000, None), None, 2000),
        (((1 << 24) + 1, None), None, (1 << 24) + 1),
        ((1000, 0), True, 2000 + 3000),
        ((1000, 500), True, 2 * 1500 + 3 * 1500),
        ((1000, 5000), False, 4000 + 3 * 6000),
    ],
)
def test_time_of_a_slow_estimator_is_that_of_its_passes(given, verify, passes):
    class Slow(Backwards):
        name, bytes_per_second, primes, given_bytes = "slow", 100.0, True, 3000

    size_, side = given
    found = choice.expected_seconds(Slow(), size_, side, verify=verify)
    assert found == passes / 100
    assert choice.expected_seconds(Backwards(), size_, side, verify=verify) == 0


def test_slow_estimators_say_how_fast_they_are():
    for name in ("mix", "ctw"):
        assert 50_000 < estimators.get(name).bytes_per_second < 5_000_000


@pytest.mark.parametrize("name", ["mix", "ctw"])
def test_gigabyte_is_refused_at_once_by_what_would_take_hours(name):
    class Huge(MemoryInput):
        def blocks(self):
            raise AssertionError("nothing may be read")
            yield

        read = blocks

    data = Huge(b"", "huge")
    data.size = 1 << 30
    (found,) = panel.bounds_each([data], lambda _: choice.make_estimators([name]))
    (failure,) = found.failures
    assert "too much memory" in failure.message
    assert "the limit is 1073741824" in failure.message


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["zlib", "zlib"], ["zlib"]),
        (["zlib", "zlib:level=9", " zlib "], ["zlib"]),
        (["zlib", "zlib:level=1"], ["zlib", "zlib:level=1"]),
        (["zstd:window=17:level=3", "zstd:level=3:window=17"], ["zstd:level=3:window=17"]),
    ],
)
def test_estimator_named_twice_runs_once(labels, expected):
    rows = kolmo.bounds(TEXT, labels).rows
    assert sorted(row.estimator for row in rows) == sorted(expected)


@pytest.mark.parametrize("labels", [[], ["  "], ["zlib", ""]])
def test_empty_choice_of_estimators_is_refused(labels):
    with pytest.raises(ParameterError, match="no estimator"):
        kolmo.bounds(b"abc", labels)


def test_empty_input_has_no_rates():
    for row in kolmo.bounds(b"", ["stored", "zlib", "lz78", "entropy"]).rows:
        assert row.bits_per_byte is None
        assert row.ratio is None
    assert kolmo.bounds(b"").best.bound_bits > 0


def test_rates_are_those_of_the_payload():
    for row in kolmo.bounds(SHORT).rows:
        assert row.bits_per_byte == row.payload_bits / len(SHORT)
        assert row.ratio == pytest.approx(row.bits_per_byte / 8)


def test_input_may_be_a_file_or_bytes(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(TEXT)
    from_file = kolmo.bounds(str(path), ["zlib"])
    assert from_file.rows[0].payload_bits == kolmo.bounds(TEXT, ["zlib"]).rows[0].payload_bits
    assert (from_file.file, from_file.input_bytes) == (str(path), len(TEXT))
    assert kolmo.bounds(path, ["zlib"]).to_dict() == from_file.to_dict()
    from_bytes = kolmo.bounds(TEXT, ["zlib"]).to_dict()
    assert kolmo.bounds(memoryview(TEXT), ["zlib"]).to_dict() == from_bytes


@pytest.mark.parametrize("value", [None, 3, 2.5, ["a"]])
def test_input_of_another_type_is_refused(value):
    with pytest.raises(ParameterError, match=r"cannot read a value of type"):
        kolmo.bounds(value)


# --- the headline


@pytest.mark.parametrize("kind", sorted(samples()))
def test_headline_adds_up(kind):
    found = kolmo.bounds(samples()[kind], available("zstd:window=17", "ppmd", "stored"))
    best = found.best
    text = found.headline().replace(",", "")
    total, payload, naming, methods, parameters, lengths = numbers(text, best.estimator)
    assert total == payload + naming + parameters + lengths == best.bound_bits
    assert payload == best.payload_bits
    assert methods == found.methods
    assert 2**naming >= methods > 2 ** (naming - 1)


def numbers(text: str, label: str) -> list[int]:
    """Return the integers in a text, those within the estimator's label left out."""
    words = text.replace(label, "").replace("(", " ").split()
    return [int(word) for word in words if word.isdecimal()]


def test_headline_says_what_it_bounds_and_how():
    assert kolmo.bounds(SHORT).headline().startswith("K(x) <= ")
    assert kolmo.bounds(SHORT, given=SHORT).headline().startswith("K(x|y) <= ")
    assert "(certified)" in kolmo.bounds(SHORT).headline()
    assert "(bound)" in kolmo.bounds(SHORT, verify=False).headline()


def test_methods_are_all_codes_of_kolmo():
    own = [name for name in estimators.own_names() if estimators.get(name).kind == "bound"]
    assert kolmo.bounds(b"", ["stored"]).methods == len(own)


def test_decoder_is_stated_and_does_not_depend_on_the_input():
    assert 8 * 20_000 < price.decoder_bits() < 8 * 80_000
    assert price.decoder_bits() == price.decoder_bits()
    assert "Python" in price.decoder_parts()


# --- records


def test_records_are_json_safe_and_free_of_times():
    found = kolmo.bounds(TEXT, available("zlib", "entropy", "brotli:quality=1"), given=TEXT)
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record == json.loads(json.dumps(found.to_dict()))
    assert [row["estimator"] for row in record["rows"]] == [row.estimator for row in found.rows]
    assert not {"seconds", "payload"} & set(record["rows"][0])
    assert record["warnings"][0].keys() == {"code", "message", "advice", "file", "estimator"}
    assert record["given"] == "(bytes)"


def test_records_of_two_runs_are_equal():
    assert kolmo.bounds(SHORT).to_dict() == kolmo.bounds(SHORT).to_dict()


def test_html_escapes_what_a_name_may_hold():
    row = Estimate("<b>", "<script>", "certified", 2, payload_bits=16, bound_bits=16)
    html = Bounds("<b>", 2, rows=(row, row), methods=1)._repr_html_()
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") == 3  # two rows, and the headline
    assert "<b>" not in html
    assert html.count("<tr>") == 3
    assert "K(x) &lt;= " in html


def test_html_of_an_empty_input_has_no_rate():
    assert "None" not in kolmo.bounds(b"", ["zlib"])._repr_html_()


def test_payloads_are_kept_only_if_asked():
    kept = measure(Backwards(), keep=True)
    assert kept.rows[0].payload == TEXT[::-1]
    assert kept.without_payloads().to_dict() == kept.to_dict()
    assert kept.without_payloads().rows[0].payload is None
    assert measure(Backwards()).rows[0].payload is None


# --- failures


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Wrong(), "decoded data differ at byte 0: 0x00 for 0x72"),
        (Short(), "decoded 0 bytes of"),
        (Long(), "decoded"),
        (Refusing(), "does not decode: no such thing"),
        (Raising(), "ZeroDivisionError: by zero"),
        (Greedy(), "too much memory"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_broken_estimator_is_named_and_the_others_run(broken, words):
    found = measure(broken, Backwards(), verify=True)
    assert [row.estimator for row in found.rows] == ["backwards"]
    (failure,) = found.failures
    assert (failure.estimator, failure.file) == (broken.name, "(bytes)")
    assert words in failure.message
    assert found.best.estimator == "backwards"


@pytest.mark.parametrize("error", [MemoryError(), OSError(5, "bad disk"), KeyError("k")])
def test_whatever_a_plugin_raises_is_a_failure(error):
    class Bad(Raising):
        name = "bad"

    Bad.error = error
    found = measure(Bad(), Backwards())
    assert [failure.estimator for failure in found.failures] == ["bad"]
    assert found.failures[0].message


def test_broken_code_is_refused_by_the_certificate():
    with pytest.raises(CertificationError):
        Wrong().estimate(MemoryInput(TEXT))
    with pytest.raises(CertificationError):
        Long().estimate(MemoryInput(TEXT))


def test_code_that_differs_late_is_refused():
    class Late(Backwards):
        name = "late"

        def decompress(self, chunks, length, given=b""):
            data = b"".join(chunks)[::-1]
            yield data[:-1]
            yield bytes([data[-1] ^ 1])

    (failure,) = measure(Late(), verify=True).failures
    assert f"differ at byte {len(TEXT) - 1}" in failure.message


def test_input_that_fails_leaves_no_row():
    class Changing(MemoryInput):
        def blocks(self):
            yield from super().blocks()
            raise InputError("it changed while reading")

    (found,) = panel.bounds_each([Changing(TEXT)], lambda _: [Backwards(), Nothing()])
    assert found.rows == ()
    assert [(item.estimator, item.message) for item in found.failures] == [
        (None, "it changed while reading")
    ]


def test_memory_limit_stops_the_greedy_only():
    found = kolmo.bounds(TEXT, ["zstd", "stored"], memory_limit=1 << 20)
    assert [row.estimator for row in found.rows] == ["stored"]
    (failure,) = found.failures
    assert failure.estimator == "zstd"
    assert "the limit is 1048576" in failure.message


def test_all_may_fail():
    found = measure(Raising())
    assert (found.rows, found.best) == ((), None)
    assert found.headline().startswith("no upper bound")
    json.dumps(found.to_dict(), allow_nan=False)


# --- cautions


def cautions(found: Bounds) -> set[tuple[str, str | None]]:
    return {(caution.code, caution.estimator) for caution in found.cautions}


def test_window_smaller_than_the_input_is_cautioned():
    data = bytes(1 << 15)
    assert cautions(kolmo.bounds(data, ["zlib", "zstd", "lzma", "bz2", "stored"])) == set()
    found = kolmo.bounds(data + b"x", ["zlib", "zstd:window=10", "lzma:window=12", "lzma"])
    assert cautions(found) == {
        ("window-smaller-than-input", "zlib"),
        ("window-smaller-than-input", "zstd:window=10"),
        ("window-smaller-than-input", "lzma:window=12"),
    }
    for caution in found.cautions:
        assert caution.message
        assert caution.advice
        assert caution.file == "(bytes)"


def test_block_smaller_than_the_input_is_cautioned():
    assert cautions(kolmo.bounds(bytes(200_000), ["bz2:level=1", "bz2"])) == {
        ("window-smaller-than-input", "bz2:level=1")
    }


def test_window_of_bz2_smaller_than_noise_is_cautioned():
    data = random.Random(1).randbytes(900_001)
    assert ("window-smaller-than-input", "bz2") in cautions(kolmo.bounds(data, ["bz2"]))


@pytest.mark.parametrize(("name", "window"), [("zlib", 1 << 15), ("zstd", 1 << 24)])
def test_side_information_beyond_the_window_is_cautioned(name, window):
    code = {"zlib": "zlib", "zstd": "zstd:level=1"}[name]
    caution = ("conditional-window-smaller-than-y", code)
    settings = {"verify": False}
    assert caution not in cautions(kolmo.bounds(b"ab", [code], given=bytes(window), **settings))
    found = kolmo.bounds(b"ab", [code], given=bytes(window + 1), **settings)
    assert caution in cautions(found)
    assert str(window) in found.cautions[-1].message


def test_bound_holds_though_side_information_is_beyond_the_window():
    side = TEXT[:20_000] + random.Random(1).randbytes(60_000)
    found = kolmo.bounds(TEXT[:20_000], ["zlib", "zstd"], given=side)
    assert {row.kind for row in found.rows} == {"certified"}
    assert cautions(found) == {("conditional-window-smaller-than-y", "zlib")}


def test_difference_is_cautioned_where_the_joint_window_is_small():
    found = kolmo.bounds(bytes(3000), ["lzma:window=12"], given=bytes(3000))
    assert cautions(found) == {("window-smaller-than-input", "lzma:window=12")}


def test_built_in_dictionary_is_cautioned():
    if reason := estimators.missing("brotli"):
        pytest.skip(reason)
    found = kolmo.bounds(TEXT, ["brotli", "zlib:level=1"])
    assert ("built-in-dictionary", "brotli") in cautions(found)


def test_truncated_input_is_cautioned(tmp_path):
    path = tmp_path / "long"
    path.write_bytes(TEXT)
    found = kolmo.bounds(open_input(str(path), max_bytes=100), ["stored"])
    assert cautions(found) == {("input-truncated", None)}
    assert found.input_bytes == 100


def test_failed_estimator_is_not_cautioned():
    found = kolmo.bounds(TEXT, ["zstd:window=10", "stored"], memory_limit=1000)
    assert cautions(found) == set()


# --- threads


@pytest.mark.parametrize("given", [None, TEXT[:3000]])
def test_result_is_the_same_for_any_number_of_jobs(given):
    names = ["zstd", "lzma", "bz2", "zlib", "stored", "lz78", "entropy", "zstd:window=10"]
    names += available("brotli", "ppmd")
    one = kolmo.bounds(TEXT[:20_000], names, given=given, jobs=1)
    for jobs in (2, 5):
        many = kolmo.bounds(TEXT[:20_000], names, given=given, jobs=jobs)
        assert many.to_dict() == one.to_dict()


def test_many_inputs_keep_their_order_and_stay_open():
    class Watched(MemoryInput):
        closed = False

        def close(self):
            self.closed = True

    inputs = [Watched(bytes(number), f"n{number}") for number in range(20)]
    results = list(panel.bounds_each(inputs, lambda _: [Backwards(), Nothing()], jobs=3))
    assert [item.file for item in results] == [f"n{number}" for number in range(20)]
    assert [item.input_bytes for item in results] == list(range(20))
    assert not any(data.closed for data in inputs), "who opened them closes them"


def test_inputs_are_opened_lazily():
    opened = []

    def inputs():
        for number in range(100):
            opened.append(number)
            yield MemoryInput(bytes(number))

    results = panel.bounds_each(inputs(), lambda _: [Backwards()], jobs=2)
    next(results)
    assert len(opened) <= 6
    results.close()


def test_progress_counts_every_byte_of_every_estimator():
    class Count:
        def __init__(self):
            self.added, self.done, self.lock = 0, 0, threading.Lock()

        def add(self, units):
            self.added += units

        def advance(self, units):
            assert units >= 0
            with self.lock:
                self.done += units

    progress = Count()
    kolmo.bounds(TEXT, ["zlib", "lz78", "zstd", "stored"], jobs=2, progress=progress)
    assert progress.added == progress.done == 4 * len(TEXT)


# --- side information

X = random.Random(8).randbytes(3000)
Y = X[1000:] + TEXT[:5000]


@pytest.mark.parametrize("name", ["zlib", "zstd", "mix"])
@pytest.mark.parametrize("kind", ["text", "binary", "random", "constant", "one"])
def test_data_given_themselves_cost_next_to_nothing(name, kind):
    data = samples()[kind][: 9000 if name == "mix" else 30_000]
    (row,) = kolmo.bounds(data, [name], given=data).rows
    assert row.kind == "certified"
    if name == "zstd":
        assert row.payload_bits < 200
    else:  # DEFLATE knows no match longer than 258 bytes, and says its distance each time
        assert row.payload_bits < 100 + 17 * len(data) / 258


@pytest.mark.parametrize("name", ["zlib", "zstd", "mix", "ctw", "stored"])
def test_conditional_bound_is_the_length_of_a_real_message(name):
    (row,) = kolmo.bounds(X, [name], given=Y).rows
    message = kolmo.encode(X, name, given=Y)
    assert kolmo.decode(message, given=Y) == X
    assert 8 * len(message) == row.container_bits
    assert kolmo.inspect(message).payload_bits == row.payload_bits == size(name, X, Y)
    assert row.bound_bits == row.payload_bits + row.naming_bits + row.length_bits + (
        row.parameters_bits
    )


@pytest.mark.parametrize("name", ["zlib", "zstd", "mix"])
def test_related_side_information_helps_and_noise_harms_little(name):
    alone = kolmo.bounds(X, [name]).rows[0].payload_bits
    related = kolmo.bounds(X, [name], given=Y).rows[0].payload_bits
    noise = kolmo.bounds(X, [name], given=random.Random(9).randbytes(5000)).rows[0].payload_bits
    assert related < 0.4 * alone
    assert noise <= alone + 64


@pytest.mark.parametrize("name", ["lzma", "bz2", "ppmd", "brotli", "bzip3", "lz78"])
def test_what_cannot_be_primed_is_an_estimate(name):
    if reason := estimators.missing(name):
        pytest.skip(reason)
    found = kolmo.bounds(X, [name], given=Y)
    (row,) = found.rows
    assert (row.kind, row.formula, row.bound_bits) == ("estimate", "C(yx) - C(y)", None)
    assert found.best is None
    if name != "lz78":
        assert row.estimate_bits == size(name, Y + X) - size(name, Y)


@pytest.mark.parametrize("name", ["zlib", "zstd", "lzma", "bz2", "mix", "ctw", "stored"])
def test_information_and_order_dependence_are_differences_of_lengths(name):
    x, y = X[:50], Y  # the first block of the pair is short: the result may not depend on it
    (row,) = kolmo.bounds(x, [name], given=y).rows
    joint, other = size(name, x + y), size(name, y + x)
    assert row.information_estimate_bits == size(name, x) + size(name, y) - joint
    assert row.order_dependence_estimate_bits == abs(joint - other)


def test_bound_of_the_mixer_given_a_related_text_is_in_the_default_set():
    old = TEXT[:9000]
    new = old[:4000] + b"but the coffee was cold by then\n" + old[4000:]
    found = {row.estimator: row for row in kolmo.bounds(new, given=old).rows}
    assert found["mix"].kind == "certified"
    assert found["mix"].payload_bits < 1000
    assert found["lzma"].kind == "estimate"


def test_information_is_large_for_the_related_and_small_for_the_unrelated():
    def information(y: bytes) -> int:
        return kolmo.bounds(X, ["zstd"], given=y).rows[0].information_estimate_bits

    assert information(X) > 0.9 * 8 * len(X)
    assert abs(information(random.Random(9).randbytes(3000))) < 200


def test_information_is_absent_without_side_information():
    (row,) = kolmo.bounds(X, ["zstd"]).rows
    assert row.information_estimate_bits is None
    assert row.order_dependence_estimate_bits is None


def test_stored_has_no_information_about_anything():
    (row,) = kolmo.bounds(X, ["stored"], given=Y).rows
    assert (row.information_estimate_bits, row.order_dependence_estimate_bits) == (0, 0)


def test_empty_side_information_is_none_at_all():
    (row,) = kolmo.bounds(X, ["zstd"], given=b"").rows
    assert row.payload_bits == kolmo.bounds(X, ["zstd"]).rows[0].payload_bits
    assert kolmo.decode(kolmo.encode(X, "zstd", given=b""), given=b"") == X


@pytest.mark.parametrize("name", ["zlib", "zstd", "mix", "ctw", "stored"])
def test_side_information_that_is_wrong_missing_or_superfluous_is_refused(name):
    message = kolmo.encode(X, name, given=Y)
    with pytest.raises(ParameterError, match="wrong side information"):
        kolmo.decode(message, given=Y + b"!")
    with pytest.raises(ParameterError, match=r"side information missing.*SHA-256"):
        kolmo.decode(message)
    with pytest.raises(ParameterError, match="side information not needed"):
        kolmo.decode(kolmo.encode(X, name), given=Y)
    with pytest.raises(CorruptFileError):
        kolmo.decode(message[:-1], given=Y)


def test_side_information_is_named_in_the_record():
    found = kolmo.bounds(X, ["zstd"], given=MemoryInput(Y, "old"))
    assert found.given == "old"
    assert kolmo.inspect(kolmo.encode(X, "zstd", given=Y)).given_digest
    assert kolmo.inspect(kolmo.encode(X, "zstd")).given_digest is None


def test_joined_inputs_are_measured_as_one():
    joined = JoinedInput(MemoryInput(b"ab"), MemoryInput(TEXT))
    for label in ("lzma", "zstd", "bz2", "zlib"):
        (whole,) = kolmo.bounds(b"ab" + TEXT, [label]).rows
        (pair,) = kolmo.bounds(joined, [label]).rows
        assert pair.payload_bits == whole.payload_bits, label


def test_memory_limit_error_is_one_of_kolmo():
    with pytest.raises(MemoryLimitError):
        kolmo.decode(kolmo.encode(X, "zlib"), memory_limit=100)


def imported(tree: ast.Module, *, inner: bool) -> Iterator[set[str]]:
    """Yield, for each import of kolmo's in a module (or ``inner`` functions too), what it may be.

    What stands under TYPE_CHECKING is not imported.
    """
    skipped = {
        id(node) for item in tree.body if isinstance(item, ast.If) for node in ast.walk(item)
    }
    for node in ast.walk(tree) if inner else tree.body:
        if not isinstance(node, ast.ImportFrom) or id(node) in skipped:
            continue
        if node.module.startswith("kolmo."):
            yield {node.module, *(f"{node.module}.{item.name}" for item in node.names)}


def test_a_number_names_each_of_the_codes_in_the_folder():
    plugins = {name: estimators.get(name) for name in estimators.own_names()}
    bounds = [name for name, plugin in plugins.items() if issubclass(plugin, Bound)]
    assert list(price.METHODS) == bounds
    assert price.count_methods() == len(bounds)


def test_constant_counts_every_module_that_the_decoder_imports():
    """A decoder without one of them would not run: c has to count it."""
    counted = set(price.decoder_modules())
    plugins = {estimators.get(name).__module__ for name in price.METHODS}
    models = {name for name in counted if name.startswith("kolmo.complexity.")} - {*price.MODULES}
    for name in counted:
        tree = ast.parse(price._source(name))
        for found in imported(tree, inner=name in models - plugins):
            assert found & counted, f"{name} imports {found}"


@pytest.mark.parametrize("name", ["ctw", "mix"])
def test_constant_counts_what_a_code_of_kolmo_imports_to_decode(name):
    plugin = estimators.get(name)
    tree = ast.parse(price._source(plugin.__module__))
    (decoder,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "decompress"
    )
    for found in imported(ast.Module(decoder.body, []), inner=True):
        assert found & {*plugin.modules, *price.MODULES}, f"{name} imports {found}"


def test_source_is_that_of_the_module():
    for name in ("kolmo.errors", "kolmo.complexity.price"):
        assert price._source(name) == Path(importlib.import_module(name).__file__).read_bytes()


@pytest.mark.parametrize("value", [0, 1, 2, 9, 1000, 10**12])
def test_delta_word_has_the_length_of_its_code(value):
    assert len(price.delta_word(value)) == elias_delta_bits(value + 1)


def test_message_is_written_where_the_input_is_larger_than_memory(tmp_path, kolmo):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 5)
    assert kolmo("complexity", path, "-q", "-e", "bz2", "-o", "large.klm").returncode == 0
    assert kolmo("verify", "large.klm", "--against", path).returncode == 0


@pytest.mark.parametrize("name", estimators.own_names())
def test_message_decodes_from_its_own_bits_alone(name):
    """Method, parameters and lengths come from the prefix, the data from the payload."""
    if estimators.get(name).kind != "bound" or estimators.missing(name):
        pytest.skip("not a code, or not installed")
    data = bytes(range(200)) * 20
    for values in estimators.examples(name):
        code = estimators.make(name, **values)
        payload = b"".join(code.compress(MemoryInput(data).blocks(), len(data)))
        lengths = code.lengths(len(payload), len(data))
        words = (price._name_word(name), price._parameters_word(code))
        prefix = "".join([*words, *map(price.delta_word, lengths)])
        (row,) = kolmo.bounds(data, [code.label]).rows
        assert row.bound_bits == len(prefix) + 8 * len(payload)
        read_name, parameters, read = price._read_prefix(prefix, len(lengths))
        tells_size = code.lengths(1, 2)[-1:] == (2,)
        size = read[-1] if tells_size else 1 << 20  # the others do not need to know n
        decoder = estimators.make(read_name, **parameters)
        assert b"".join(decoder.decompress([payload], size)) == data


@pytest.mark.parametrize(
    ("word", "broken"),
    [
        ("delta_word", lambda value: "1" * elias_delta_bits(value + 1)),
        ("_name_word", lambda name: "111"),
        ("_parameters_word", lambda code: "1" + "00000000" + price.CLOSING),
    ],
)
def test_bound_whose_prefix_does_not_read_back_is_no_bound(monkeypatch, word, broken):
    monkeypatch.setattr(price, word, broken)
    found = kolmo.bounds(b"abc" * 100, ["stored"])
    assert found.rows == ()
    assert len(found.failures) == 1
