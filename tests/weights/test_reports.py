"""Reports on checkpoints, the step that a distortion allows, a user's own measure, distances."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import kolmo
from kolmo.data import MemoryInput
from kolmo.errors import KolmoError, ParameterError
from kolmo.messages import decode
from kolmo.weights.checkpoint import as_checkpoint, read_checkpoint
from kolmo.weights.comparison import compare
from kolmo.weights.distortion import Distortion, find_step, root_mean_square
from kolmo.weights.method import Method
from kolmo.weights.packing import pack
from kolmo.weights.report import LOSSLESS, QUANTISED, code_weights
from kolmo.weights.tensors import floats, load_words
from kolmo.weights.tuning import received_file, tune

SOURCE = np.random.default_rng(61)
MODEL = {
    "first.weight": SOURCE.standard_normal((60, 50)).astype(np.float32),
    "first.bias": np.zeros(60, np.float32),
    "second.weight": (SOURCE.standard_normal((10, 60)) / 8).astype(np.float32),
    "tied.weight": np.zeros((10, 60), np.float32),
    "steps": np.arange(3),
}
MODEL["tied.weight"] = MODEL["second.weight"].copy()
FLOATS = [
    value for name, value in MODEL.items() if value.dtype == np.float32 and name != "tied.weight"
]
RMS = math.sqrt(
    sum(float((v.astype(float) ** 2).sum()) for v in FLOATS) / sum(map(np.size, FLOATS))
)


def test_lossless_coders_are_asked_where_nothing_may_be_lost():
    report = code_weights(MODEL)
    assert {row.coder for row in report.totals} == set(LOSSLESS)
    assert all(row.exact and row.rmse is None for row in report.totals)
    assert all(row.kind == "certified" for row in report.totals)
    assert report.weights == 60 * 50 + 60 + 2 * 600 + 3
    assert report.raw_bits == 32 * (report.weights - 3) + 64 * 3


def test_totals_are_sums_of_tensors_that_are_sent():
    report = code_weights(MODEL, distortion=Distortion("step", 0.1), certify=False)
    for total in report.totals:
        rows = [
            row for tensor in report.tensors for row in tensor.lengths if row.coder == total.coder
        ]
        assert len(rows) == 4
        assert sum(row.payload_bits for row in rows) == total.payload_bits
        assert total.payload_bits < total.container_bits < total.payload_bits + 8 * 250
        assert {row.kind for row in rows} == {"bound"}
    assert report.tensors[3].same_as == "second.weight"
    assert report.tensors[3].lengths == ()
    lengths = [row.container_bits for row in report.totals]
    assert lengths == sorted(lengths)


def test_container_bits_of_a_total_are_those_of_a_file():
    """Where every tensor takes the coder, as none is longer than plain words nor an integer."""
    model = {key: value for key, value in MODEL.items() if key != "steps"}
    (total,) = code_weights(model, ["mix"]).totals
    assert total.container_bits == pack(as_checkpoint(model)).container_bits
    (total,) = code_weights(model, ["trellis"], Distortion("step", 0.1)).totals
    packed = pack(as_checkpoint(model), Method(quantised="trellis", step=0.1))
    assert total.container_bits == packed.container_bits
    assert total.rmse == pytest.approx(packed.rmse())


def test_quantised_coders_join_with_a_distortion():
    report = code_weights(MODEL, distortion=Distortion("rel_rmse", 0.02))
    assert {row.coder for row in report.totals} == {*LOSSLESS, *QUANTISED}
    errors = [row.rmse for row in report.totals if not row.exact]
    assert len(errors) == len(QUANTISED)
    assert max(errors) <= 0.0201 * RMS
    assert report.totals[0].coder == "trellis"


def test_mantissa_bits_tell_the_precision_in_use():
    short = (MODEL["first.weight"].view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    found = code_weights(
        {"full": MODEL["first.weight"], "short": short, "n": np.arange(4)}, ["raw"]
    )
    assert [tensor.mantissa_bits for tensor in found.tensors] == [23, 7, None]
    assert found.tensors[0].rms == pytest.approx(
        float(np.sqrt((MODEL["first.weight"] ** 2).mean()))
    )


def test_reports_are_json_and_a_table_in_a_notebook():
    report = code_weights({"w": MODEL["second.weight"], "nan": np.array([np.nan])})
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["weights"] == 601
    assert "<td>mix</td><td>certified</td>" in report._repr_html_()


def test_any_number_of_jobs_reports_the_same():
    distortion = Distortion("step", 0.05)
    assert code_weights(MODEL, distortion=distortion, jobs=3) == code_weights(
        MODEL, distortion=distortion
    )


def test_public_name_takes_files_bytes_and_arrays(tmp_path):
    path = tmp_path / "w.npy"
    np.save(path, MODEL["second.weight"])
    first, second, third = (
        kolmo.code_weights(model, ["mix"]).totals[0].payload_bits
        for model in (str(path), path.read_bytes(), {"": MODEL["second.weight"]})
    )
    assert first == second == third


def test_unknown_coders_and_missing_distortions_are_refused():
    with pytest.raises(ParameterError, match="Did you mean 'planes'"):
        code_weights(MODEL, ["plane"])
    with pytest.raises(ParameterError, match="distortion missing"):
        code_weights(MODEL, ["trellis"])


# --- distortions


def squares(some, others):
    return float(((some.astype(float) - others) ** 2).sum())


def quantisation_error(step, coder):
    packed = pack(as_checkpoint(MODEL), Method(quantised=coder, step=step))
    received = read_checkpoint(MemoryInput(decode(b"".join(packed.chunks()))))
    total = sum(
        squares(floats(load_words(got), got.dtype), MODEL[got.name].ravel())
        for got in received.tensors
        if got.dtype.is_float and got.name != "tied.weight"
    )
    return math.sqrt(total / sum(map(np.size, FLOATS)))


@pytest.mark.parametrize("coder", ["scales", "trellis"])
@pytest.mark.parametrize("share", [0.3, 0.01, 1e-4])
def test_relative_errors_are_met_from_below(coder, share):
    step, rmse, _ = find_step(as_checkpoint(MODEL), Distortion("rel_rmse", share), coder)
    assert 0.997 * share * RMS <= rmse <= share * RMS * (1 + 1e-9)
    assert quantisation_error(step, coder) == pytest.approx(rmse, rel=1e-6)


def test_decibels_are_another_word_for_relative_errors():
    checkpoint = as_checkpoint(MODEL)
    assert find_step(checkpoint, Distortion("snr", 40.0), "scales") == find_step(
        checkpoint, Distortion("rel_rmse", 0.01), "scales"
    )


@pytest.mark.parametrize("aim", [2.0, 5.5])
def test_bits_are_met_from_below(aim):
    step, rmse, bits = find_step(as_checkpoint(MODEL), Distortion("bits", aim), "trellis")
    assert rmse is None
    assert aim - 0.05 <= bits <= aim
    assert step > 0


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("step", 0.0),
        ("step", -1.0),
        ("step", math.nan),
        ("step", math.inf),
        ("rel_rmse", 1.0),
        ("rel_rmse", 0.0),
        ("bits", 0.0),
        ("snr", -3.0),
        ("colour", 1.0),
    ],
)
def test_impossible_distortions_are_refused(kind, value):
    with pytest.raises(ParameterError, match=r"out of range|unknown distortion"):
        find_step(as_checkpoint(MODEL), Distortion(kind, value), "trellis")


def test_unreachable_aims_are_refused():
    with pytest.raises(ParameterError, match="out of reach"):
        find_step(as_checkpoint(MODEL), Distortion("bits", 0.001), "trellis")


@pytest.mark.parametrize(
    "model", [{"n": np.arange(5)}, {"w": np.zeros(9)}, {"w": np.full(9, np.nan)}, {}]
)
def test_models_without_a_scale_are_refused(model):
    with pytest.raises(ParameterError, match="nothing to be quantised"):
        find_step(as_checkpoint(model), Distortion("rel_rmse", 0.1), "trellis")


@pytest.mark.parametrize("distortion", [Distortion("rel_rmse", 0.05), Distortion("bits", 4.0)])
def test_tensors_that_cannot_be_quantised_do_not_count(distortion):
    good = {"good": MODEL["first.weight"]}
    both = good | {"bad": np.full((90, 90), np.nan, np.float32)}
    alone, beside = (
        find_step(as_checkpoint(model), distortion, "scales") for model in (good, both)
    )
    assert alone == beside


def test_scale_is_that_of_all_floats():
    assert root_mean_square(as_checkpoint(MODEL)) == pytest.approx(RMS)
    bias_only = as_checkpoint({"a": np.full(4, 2.0), "b": np.full(4, 50.0)})
    assert root_mean_square(bias_only, keep=("b",)) == 2.0


# --- a user's own measure


MEASURE = """
import sys, numpy as np
data = open(sys.argv[1], "rb").read()
n = int.from_bytes(data[:8], "little")
weights = np.frombuffer(data[8 + n : 8 + n + 12000], "<f4")
print("loss over", 7, "batches:", float(np.abs(weights - np.load(sys.argv[2])).max()))
"""


@pytest.fixture
def measure(tmp_path):
    script, truth = tmp_path / "measure.py", tmp_path / "truth.npy"
    script.write_text(MEASURE)
    np.save(truth, MODEL["first.weight"].ravel())
    return f"'{sys.executable}' '{script}' {{}} '{truth}'"


def test_coarsest_step_that_holds_is_found(measure):
    """The largest error of rounding is half a step, so that tolerance tells the step."""
    heard = []
    found = tune(
        as_checkpoint(MODEL), measure, 0.05, Method(quantised="scales"), report=heard.append
    )
    assert found.reference == 0.0
    assert found.value <= 0.05
    assert 0.1 / 2**0.25 < found.step <= 0.1 * 1.01
    assert tuple(heard) == found.trials
    assert heard[0].step == 0.0


def test_received_file_is_what_unpacking_gives():
    checkpoint = as_checkpoint(MODEL)
    method = Method(quantised="trellis", step=0.01)
    packed = b"".join(pack(checkpoint, method).chunks())
    assert b"".join(received_file(checkpoint, method)) == decode(packed)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("true", r"no \{\} in the command"),
        ("echo '{}", "malformed command"),
        ("no-such-program {}", "cannot run 'no-such-program'"),
        ("false {}", "'false' ended with 1"),
        ("true {}", "printed no number"),
    ],
)
def test_commands_that_measure_nothing_are_refused(command, words):
    with pytest.raises(KolmoError, match=words):
        tune(as_checkpoint(MODEL), command, 0.1, Method(quantised="trellis"))


@pytest.mark.parametrize(
    ("printed", "value"),
    [("loss 0.5", 0.5), ("7 batches: -1e-3", -1e-3), ("x=.25, done", 0.25), ("v0x10 3", 3.0)],
)
def test_last_number_printed_is_the_measure(printed, value):
    found = tune(
        as_checkpoint(MODEL), f"sh -c 'echo {printed}' {{}}", 0.1, Method(quantised="scales")
    )
    assert found.reference == value


@pytest.mark.parametrize("printed", ["epoch 3 loss nan", "inf"])
def test_measures_that_are_no_numbers_are_refused(printed):
    with pytest.raises(KolmoError, match="no measure of the model itself"):
        tune(as_checkpoint(MODEL), f"sh -c 'echo {printed}' {{}}", 0.1, Method(quantised="scales"))


def test_what_a_measure_leaves_behind_is_ended(tmp_path):
    script = tmp_path / "leave.sh"
    script.write_text(f"sleep 60 & echo $! > {tmp_path}/pid; echo 1\n")
    tune(as_checkpoint(MODEL), f"sh {script} {{}}", 0.1, Method(quantised="scales"))
    left = int((tmp_path / "pid").read_text())
    stat = Path(f"/proc/{left}/stat")
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


def test_tolerances_that_no_step_keeps_are_said(measure):
    with pytest.raises(KolmoError, match="no step holds"):
        tune(as_checkpoint(MODEL), measure, 0.0, Method(quantised="trellis"))
    with pytest.raises(ParameterError, match="tolerance out of range"):
        tune(as_checkpoint(MODEL), measure, -1.0, Method(quantised="trellis"))


# --- distances


def test_a_model_is_near_itself_and_far_from_others():
    model, other = (
        as_checkpoint(MODEL),
        as_checkpoint({key: value[::-1].copy() for key, value in MODEL.items()}),
    )
    near, far = compare(model, model), compare(model, other)
    assert near.distance < 0.1
    assert far.distance > 0.9
    assert near.kind == "certified"
    assert near.a_bits == pack(model).container_bits
    assert far.distance == max(far.a_given_b_bits, far.b_given_a_bits) / max(far.a_bits, far.b_bits)
    assert json.dumps(far.to_dict())
