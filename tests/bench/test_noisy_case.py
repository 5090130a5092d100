"""The benchmark of noisy weights counts bits as kolmo does, and checks what it received."""

import importlib
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kolmo.bench.harness import Spread
from kolmo.errors import CorruptFileError, KolmoError
from kolmo.weights.noisy.frame import Settings
from kolmo.weights.noisy.lengths import of_net
from kolmo.weights.noisy.message import send
from kolmo.weights.noisy.theory import theory

ROOT = Path(__file__).resolve().parents[2]
TABLE = "a,b,y\n" + "".join(f"{i * 37 % 41},{i},{i * 37 % 41 + i % 3}\n" for i in range(40))
MESSAGE_COLUMNS = {"messages", "stream_bits", "error_bits", "theory_bits", "difference_bits"}


@pytest.fixture
def case(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.cases.noisy_weights")


@pytest.fixture
def fitted(case):
    found = case.noisy.case_of(TABLE.encode(), 1, Settings(restarts=1, steps_per_stage=5))
    found.fit()
    found.fit_seconds = 0.5
    return found


@pytest.mark.parametrize("code", ["relative-entropy", "two-part"])
def test_values_are_as_long_as_kolmo_weights_fit_says(case, fitted, code):
    formulas = theory(fitted.problem, fitted.fitted)
    lengths = {
        length.code: length.total_bits for length in of_net(fitted.problem, fitted.fitted, formulas)
    }
    sent = send(fitted.problem, fitted.fitted, code=code)
    assert case.noisy.values_bits(fitted, sent) == pytest.approx(lengths[code], abs=1e-6)


def test_bits_back_rows_are_means_of_messages_beside_theory(case, fitted):
    whole, alone = case.bits_back_rows(fitted, 5, 2)
    sent = [
        send(
            fitted.problem,
            fitted.fitted,
            payload=case.noisy.payload(number, case.PAYLOAD_BYTES),
            settings=fitted.settings,
        )
        for number in range(5)
    ]
    streams = [sum(one.parts[name] for name in ("weights", "misfit", "refund")) for one in sent]
    expected = theory(fitted.problem, fitted.fitted).as_in_1993_bits
    assert whole["messages"] == 5
    assert whole["net_bits"] == pytest.approx(np.mean([one.net_bits for one in sent]))
    assert whole["stream_bits"] == pytest.approx(np.mean(streams), rel=1e-6)
    assert whole["difference_bits"] == pytest.approx(np.mean(streams) - expected, rel=1e-3)
    assert {name: whole[name] for name in MESSAGE_COLUMNS} == {
        name: alone[name] for name in MESSAGE_COLUMNS
    }


def test_speeds_are_net_bits_to_seconds(case):
    row = case.one_row("x", 3.0, (Spread(1.0, 2.0, 4.0), None), (10.0, 100.0))
    assert (row["send_bits_per_second"], row["receive_bits_per_second"]) == (50.0, None)


def test_message_that_changed_is_no_measurement(case, fitted):
    sent = send(fitted.problem, fitted.fitted)
    broken = replace(sent, container=sent.container[:-1] + b"\0")
    with pytest.raises(CorruptFileError):
        case.received(fitted, [broken], [None])
    with pytest.raises(KolmoError, match="not the same"):
        case.received(fitted, [sent], [b"payload"])


def test_classical_row_has_no_theory(case, fitted):
    row = case.classical_row(fitted, "best", ())
    assert row["method"].startswith("best: ")
    assert row["values_bits"] < row["net_bits"]
    assert "theory_bits" not in row


def test_labels_under_the_uniform_code_have_ratio_1(case):
    row = case.label_row("x", (np.zeros((6, 1)), np.arange(6) % 4, 4), 0, "uniform")
    assert (row["bits"], row["ratio_to_uniform"], row["error_bits"]) == (12.0, 1.0, None)


def test_standard_error_by_hand(case):
    assert case.standard_error([1.0, 2.0, 3.0]) == pytest.approx(math.sqrt(1 / 3))
    assert case.standard_error([1.0]) is None


def test_missing_peer_skips_the_case(case, monkeypatch):
    monkeypatch.setattr(case, "optional", lambda _module: None)
    outcome = case.run(case.Context(("kolmo",)))
    assert "pip install scikit-learn" in outcome.skipped
    assert not outcome.rows
