"""Labels given inputs: how long they are under each code, and what comes back."""

import hashlib
import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import labels as naive
from sklearn.datasets import load_digits

from kolmo.coding.rangecoder import read, write
from kolmo.errors import CertificationError, DecodeError, KolmoError, ParameterError
from kolmo.table import read_table
from kolmo.weights.noisy import labelling, labels, softmax
from kolmo.weights.noisy.data import read_problem
from kolmo.weights.noisy.labelling import Labelled
from kolmo.weights.noisy.labels import CODES, codelength
from kolmo.weights.noisy.prequential import HIDDEN_PLANS, LINEAR_PLANS, Prequential

REALISED = ("two-part", "float32", "prequential")
SENDERS = {
    "two-part": labelling.send_two_part,
    "float32": labelling.send_floats,
    "prequential": labelling.send_prequential,
}


def numbers(count, seed=1):
    """Return uniform numbers from -1 to 1 from a linear congruence: the same everywhere."""
    found, state = [], seed
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        found.append((state >> 11) / (1 << 52) - 1)
    return np.array(found)


def corners(rows=90, inputs=3, classes=3, seed=1):
    """Return a problem whose label is the largest of the first inputs."""
    x = numbers(rows * inputs, seed).reshape(rows, inputs) * 1.75
    return Labelled(x, x[:, :classes].argmax(axis=1), classes)


def noise(rows=90, inputs=3, classes=3):
    """Return a problem whose labels have no rule."""
    x = numbers(rows * inputs).reshape(rows, inputs)
    drawn = ((numbers(rows, 7) + 1) / 2 * classes).astype(np.int64)
    return Labelled(x, drawn, classes)


def shuffled(data):
    """Return the labels of a problem in another order, the same everywhere."""
    order = np.argsort(numbers(len(data.labels), 5), kind="stable")
    return data._replace(labels=data.labels[order])


def digits(features=slice(None)):
    """Return the 1797 digits, standardised; three pixels are always 0."""
    x, y = load_digits(return_X_y=True)
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return Labelled(x[:, features], y.astype(np.int64), 10)


@pytest.fixture(autouse=True)
def quick_training(request, monkeypatch):
    """Train for few steps unless a test says that it is slow."""
    if "slow" not in request.keywords:
        monkeypatch.setattr(labels, "_STEPS_PER_STAGE", 30)
        monkeypatch.setattr(softmax, "_UPDATES", 10_000)
        monkeypatch.setattr(softmax, "DECAYS", (1.0,))


@pytest.fixture(scope="module")
def digit_lengths():
    return codelength(digits(), codes=CODES)


# Published and known lengths


@pytest.mark.slow
def test_lengths_of_digits_are_within_the_acceptance(digit_lengths):
    assert digit_lengths["uniform"].bits == pytest.approx(5969.5, abs=0.01)
    assert digit_lengths["prequential"].bits <= 600
    assert digit_lengths["variational"].bits <= 1000
    assert digit_lengths["two-part"].bits <= 1400
    assert digit_lengths["float32"].bits > 20_800


@pytest.mark.slow
def test_codes_of_digits_stand_in_the_published_order(digit_lengths):
    order = ("prequential", "variational", "two-part", "uniform", "float32")
    bits = [digit_lengths[code].bits for code in order]
    assert bits == sorted(bits)


@pytest.mark.slow
def test_no_code_shortens_random_labels_of_digits():
    found = codelength(shuffled(digits()), codes=CODES)
    assert min(length.ratio for length in found.lengths) >= 0.97
    assert found["prequential"].ratio < 1.01
    assert found["two-part"].ratio < 1.03


@pytest.mark.slow
def test_prequential_net_with_hidden_units_learns_digits():
    assert codelength(digits(), hidden=10, codes=["prequential"])["prequential"].bits < 700


def test_uniform_length_is_log2_of_classes_for_each_label():
    found = codelength((np.zeros((7, 1)), np.arange(7), 8), codes=["uniform"])
    assert found["uniform"].bits == 21.0


def test_prequential_message_of_some_digits_is_short():
    data = digits()
    part = Labelled(data.x[:500], data.labels[:500], 10)
    found = codelength(part, codes=["prequential"])["prequential"]
    assert found.ratio < 0.2


@pytest.mark.parametrize("hidden", [0, 4])
def test_labels_with_a_rule_are_shorter_than_uniform(hidden):
    found = codelength(corners(400), hidden=hidden, codes=["variational", *REALISED[::2]])
    assert [length.ratio < 0.75 for length in found.lengths] == [True] * 3


@pytest.mark.parametrize("hidden", [0, 4])
def test_labels_without_a_rule_are_no_shorter_than_uniform(hidden):
    found = codelength(noise(300), hidden=hidden, codes=CODES)
    assert min(length.ratio for length in found.lengths) >= 0.97


@given(st.integers(1, 4), st.lists(st.integers(0, 3), min_size=1, max_size=24))
@settings(max_examples=30, deadline=None)
def test_prequential_length_is_near_uniform_at_worst_whatever_the_labels(inputs, chosen):
    x = numbers(len(chosen) * inputs).reshape(-1, inputs)
    bits = Prequential(x, 4).codelength(np.array(chosen))
    assert bits <= 2 * len(chosen) + math.log2(len(chosen) + 1) + 2.4


def test_labels_that_nets_predict_wrongly_cost_little_more_than_uniform():
    x = np.linspace(-1, 1, 200).reshape(-1, 1)
    teacher, made = Prequential(x, 2), []
    from kolmo.weights.kernels.labels import judge, learn_row, predict_row

    state, chosen = teacher._start(), np.zeros(200, np.int64)
    for t in range(200):
        with np.errstate(over="ignore"):
            predict_row(teacher.rows[t], t, state)
            bounds = state[7]
            chosen[t] = int(bounds[1] > bounds[2] - bounds[1])  # the less likely one
            judge(int(chosen[t]), t, state)
            learn_row(teacher.rows, chosen, t, state, 0)
        made.append(chosen[t])
    bits = teacher.codelength(np.array(made))
    assert 200 <= bits <= 200 + math.log2(201) + 2.4


# The record


def test_kinds_are_those_of_the_promise():
    found = codelength(corners(40), codes=CODES)
    kinds = {length.code: length.kind for length in found.lengths}
    assert kinds == {
        "uniform": "codelength",
        "two-part": "certified",
        "variational": "estimate",
        "prequential": "certified",
        "float32": "certified",
    }


def test_parts_add_up_to_bits():
    for length in codelength(corners(60), hidden=2, codes=CODES).lengths:
        assert math.fsum(length.parts.values()) == pytest.approx(length.bits, abs=1e-9)


def test_certified_length_is_within_16_bits_of_its_parts():
    for length in codelength(corners(60), codes=REALISED).lengths:
        assert length.bits % 8 == 0
        assert 0 <= length.parts["rounding"] <= 16


def test_estimate_has_a_standard_error_and_no_other_code_has():
    for length in codelength(corners(60), codes=CODES).lengths:
        assert (length.error_bits > 0) == (length.kind == "estimate")


def test_float32_weights_cost_32_bits_each():
    found = codelength(corners(40, inputs=5), codes=["float32"])["float32"]
    assert found.parts["weights"] == 32 * 6 * 3


def test_hidden_units_and_seed_are_counted():
    plain = codelength(corners(40), codes=["prequential"])["prequential"].parts
    other = codelength(corners(40), hidden=3, seed=12345, codes=["prequential"])
    assert (plain["net"], plain["seed"]) == (1.0, 1.0)
    assert other["prequential"].parts["net"] == 5.0
    assert other["prequential"].parts["seed"] == 20.0


def test_every_code_with_a_net_counts_its_hidden_units_alike():
    found = codelength(corners(40), hidden=3, codes=CODES[1:])
    assert {length.parts["net"] for length in found.lengths} == {5.0}


def test_model_names_hidden_units():
    assert codelength(corners(9), codes=["prequential"])["prequential"].model == (
        "softmax regression"
    )
    assert codelength(corners(9), hidden=2, codes=["prequential"])["prequential"].model == (
        "net with 2 tanh units"
    )


def test_record_is_json_safe():
    found = codelength(corners(30), codes=CODES).to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(json.dumps(found))
    assert [row["code"] for row in found["lengths"]] == list(CODES)


def test_unknown_length_of_a_record_raises_key_error():
    with pytest.raises(KeyError):
        codelength(corners(5), codes=["uniform"])["prequential"]


def test_problem_of_a_table_is_as_its_arrays(tmp_path):
    data = corners(50, inputs=2, classes=2)
    path = tmp_path / "t.csv"
    lines = [f"{a:.3f},{b:.3f},{'no' if y else 'yes'}" for (a, b), y in zip(*data[:2], strict=True)]
    path.write_text("\n".join(["a,b,y", *lines]) + "\n")
    problem = read_problem(read_table(path), "y")
    found = codelength(problem, codes=["uniform", "prequential"])
    arrays = codelength((problem.x, problem.values, 2), codes=["uniform", "prequential"])
    assert found == arrays
    assert (found.rows, found.inputs, found.classes) == (50, 2, 2)


# Messages


@pytest.mark.parametrize("hidden", [0, 3])
@pytest.mark.parametrize("code", REALISED)
def test_message_decodes_to_its_labels(code, hidden):
    data = corners(70)
    message = SENDERS[code](*data, hidden=hidden, seed=3)
    assert np.array_equal(labelling.receive(message.body, data.x, 3, code=code), data.labels)


@given(
    st.integers(1, 4),
    st.integers(0, 2),
    st.integers(1, 5).flatmap(
        lambda k: st.tuples(st.just(k), st.lists(st.integers(0, k - 1), min_size=1, max_size=12))
    ),
)
@settings(max_examples=40, deadline=None)
def test_prequential_code_gives_any_labels_back(inputs, hidden, drawn):
    classes, chosen = drawn[0], np.array(drawn[1])
    x = numbers(len(chosen) * inputs).reshape(-1, inputs)
    code = Prequential(x, classes, hidden=hidden)
    message = write(code, chosen)
    assert np.array_equal(read(code, message), chosen)
    assert 8 * len(message) <= math.ceil(code.codelength(chosen)) + 16


@pytest.mark.parametrize("scale", [0.0, 1e-9, 2.0**39])
@pytest.mark.parametrize("hidden", [0, 2])
def test_all_codes_take_inputs_of_any_size(scale, hidden):
    data = corners(25)
    found = codelength(data._replace(x=data.x * scale / 1.75), hidden=hidden, codes=REALISED)
    assert all(math.isfinite(length.bits) for length in found.lengths)


@pytest.mark.parametrize("classes", [1, 3])
def test_constant_labels_cost_little(classes):
    data = Labelled(numbers(60).reshape(30, 2), np.zeros(30, np.int64), classes)
    found = codelength(data, codes=["uniform", "two-part", "variational", "prequential"])
    assert found["prequential"].bits <= 32
    assert (found["uniform"].ratio is None) == (classes == 1)


def test_one_row_and_no_inputs_work():
    for x in (np.zeros((1, 1)), np.zeros((1, 0))):
        found = codelength((x, np.array([1]), 3), codes=CODES)
        assert found["prequential"].bits <= 16


@pytest.mark.parametrize("code", REALISED)
def test_altered_message_raises_decode_error_or_gives_labels(code):
    data = corners(12)
    body = SENDERS[code](*data, hidden=1, seed=2).body
    refused = 0
    for place in range(len(body)):
        for bit in range(0, 8, 3):
            altered = bytearray(body)
            altered[place] ^= 1 << bit
            try:
                found = labelling.receive(bytes(altered), data.x, 3, code=code)
            except DecodeError:
                refused += 1
            else:
                assert found.shape == (12,)
                assert 0 <= found.min() <= found.max() < 3
    assert refused > 0


@pytest.mark.parametrize("code", REALISED)
def test_message_that_is_cut_or_too_long_is_refused(code):
    data = corners(40)
    body = SENDERS[code](*data).body
    for damaged in (b"", body[: len(body) // 2], body + b"\1\1", b"\xff" * len(body)):
        with pytest.raises(DecodeError):
            labelling.receive(damaged, data.x, 3, code=code)


@given(st.binary(max_size=40), st.sampled_from(REALISED))
@settings(max_examples=100, deadline=None)
def test_random_bytes_raise_only_decode_error(body, code):
    data = corners(4)
    try:
        labelling.receive(body, data.x, 3, code=code)
    except DecodeError:
        pass


def test_message_of_a_huge_net_is_refused_before_it_is_made():
    coder = labelling.RangeEncoder()
    labelling._write_number(1 << 19, coder)
    with pytest.raises(DecodeError, match="a net of"):
        labelling.receive(coder.finish() + b"\1", np.zeros((2, 3)), 3, code="prequential")


def test_message_that_decodes_to_something_else_is_a_bug(monkeypatch):
    monkeypatch.setattr(labels, "receive", lambda *_, **__: np.zeros(20, np.int64))
    with pytest.raises(CertificationError, match="prequential"):
        codelength(corners(20), codes=["prequential"])


# The same everywhere


def test_lengths_are_the_same_in_two_runs():
    assert codelength(corners(30), hidden=2) == codelength(corners(30), hidden=2)


def test_other_seed_draws_other_rows():
    data = corners(60)
    bodies = [labelling.send_prequential(*data, seed=seed).body for seed in (0, 1)]
    assert bodies[0] != bodies[1]


def test_order_of_chunks_changes_nothing(monkeypatch):
    data = corners(50)
    before = labelling.send_prequential(*data).body
    monkeypatch.setattr("kolmo.weights.noisy.prequential._CHUNK", 7)
    assert labelling.send_prequential(*data).body == before


def test_permuted_inputs_change_lengths_by_rounding_only():
    data = corners(60)
    there = Prequential(data.x, 3).codelength(data.labels)
    back = Prequential(data.x[:, ::-1], 3).codelength(data.labels)
    assert there == pytest.approx(back, abs=1e-3)


DIGEST = """
import hashlib
import numpy as np
from kolmo.weights.noisy import labelling, softmax
softmax._UPDATES, softmax._FEWEST_ROUNDS, softmax._MOST_ROUNDS = 60, 1, 5
softmax.DECAYS = (1.0,)
x = (np.arange(24) * 7 % 11 - 5.0).reshape(12, 2) / 4
y = (x[:, 0] > x[:, 1]).astype(np.int64)
digest = hashlib.sha256()
for hidden in (0, 2):
    digest.update(labelling.send_prequential(x, y, 2, hidden=hidden).body)
    digest.update(labelling.send_floats(x, y, 2, hidden=hidden).body)
print(digest.hexdigest())
"""


def test_messages_are_the_same_without_the_compiler():
    digests = []
    for disabled in ("0", "1"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": disabled}
        done = subprocess.run(
            [sys.executable, "-c", DIGEST],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.append(done.stdout.strip())
    assert digests[0] == digests[1]
    assert len(digests[0]) == 2 * hashlib.sha256().digest_size


# Twins


@pytest.mark.parametrize("hidden", [0, 3])
def test_prequential_kernel_agrees_with_its_twin(hidden):
    data = corners(12)
    code = Prequential(data.x, 3, hidden=hidden, seed=9)
    layers = softmax.start_net(3, hidden, 3, 9)
    plans = HIDDEN_PLANS if hidden else LINEAR_PLANS
    expected = naive.prequential_bits(code.rows, data.labels, *layers, plans, 3, 9)
    assert code.codelength(data.labels) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("hidden", [0, 3])
def test_training_kernel_agrees_with_its_twin(hidden):
    from kolmo.weights.kernels.labels import square_sums, train_net

    data = corners(15)
    rows, layers = softmax.to_rows(data.x), softmax.start_net(3, hidden, 3, 4)
    expected = naive.train(rows, data.labels, *layers, (0.3, 1.0, 0.1), 200, 4)
    sums = np.zeros(16)
    sums[-1] = square_sums(rows, sums[:-1])
    with np.errstate(over="ignore"):
        train_net(rows, data.labels, layers, np.array([0.3, 1.0, 0.1]), sums, (0, 90, 200, 4))
        train_net(rows, data.labels, layers, np.array([0.3, 1.0, 0.1]), sums, (90, 200, 200, 4))
    for found, wanted in zip(layers, expected, strict=True):
        assert found == pytest.approx(wanted, rel=1e-9)


def test_training_reaches_the_least_penalised_misfit():
    from scipy.optimize import minimize

    data, net = corners(60), labelling.check_size(3, 0, 3)
    misfit = softmax.misfit_of(data.x, data.labels, net)

    def penalised(weights):
        return misfit(weights) * math.log(2) + 0.5 * 2.0 * (weights**2).sum()

    least = minimize(penalised, np.zeros(net.weights)).fun
    found = softmax.train(data.x, data.labels, net, decay=2.0)
    assert least <= penalised(found.weights) <= 1.01 * least


# Refusals


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"codes": ["prequental"]}, "Did you mean 'prequential'"),
        ({"hidden": -1}, "no such net"),
        ({"seed": -1}, "seed out of range"),
        ({"seed": 1 << 62}, "seed out of range"),
        ({"hidden": 1 << 20}, "net too large"),
    ],
)
def test_request_that_cannot_be_met_is_refused(changes, message):
    with pytest.raises(ParameterError, match=message):
        codelength(corners(5), **({"codes": ["uniform"]} | changes))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((np.zeros((3, 1)), np.array([0, 1]), 2), "do not suit"),
        ((np.zeros(3), np.array([0, 1, 1]), 2), "do not suit"),
        ((np.zeros((0, 1)), np.zeros(0, np.int64), 2), "do not suit"),
        ((np.full((2, 1), np.nan), np.array([0, 1]), 2), "inputs out of range"),
        ((np.full((2, 1), 2.0**40), np.array([0, 1]), 2), "inputs out of range"),
        ((np.zeros((2, 1)), np.array([0, 2]), 2), "labels out of range"),
        ((np.zeros((2, 1)), np.array([-1, 0]), 2), "labels out of range"),
        ((np.zeros((2, 1)), np.array([0.0, 1.0]), 2), "labels out of range"),
    ],
)
def test_data_that_are_no_labels_are_refused(data, message):
    with pytest.raises(ParameterError, match=message):
        codelength(data, codes=["uniform"])


def test_target_of_numbers_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,2\n2,3\n4,7\n")
    problem = read_problem(read_table(path), "y")
    with pytest.raises(KolmoError, match="likelihood='softmax'"):
        codelength(problem)
