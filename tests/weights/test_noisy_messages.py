"""Noisy weights really sent: lengths as the theory says, and everything back as it was."""

import json
import math
import os
import subprocess
import sys
import zlib
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from naive import candidates as naive

from kolmo.coding import laws
from kolmo.coding.ans import Stack
from kolmo.coding.classes import class_table
from kolmo.coding.code import TOTAL_LIMIT
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.container import Container
from kolmo.data import MemoryInput
from kolmo.errors import CorruptFileError, InputError, KolmoError, MemoryLimitError, ParameterError
from kolmo.header import crc_bytes, parse_header
from kolmo.messages import decode, encode
from kolmo.table import read_table
from kolmo.weights.noisy import bitsback, relative
from kolmo.weights.noisy.data import Problem, read_problem
from kolmo.weights.noisy.frame import Settings
from kolmo.weights.noisy.grid import (
    Cloud,
    Cut,
    divergence_bits,
    prior_shape,
    to_cloud,
    weights_code,
)
from kolmo.weights.noisy.message import CODES, Sent, receive, send
from kolmo.weights.noisy.net import Fitted, Prior
from kolmo.weights.noisy.reading import decode_message
from kolmo.weights.noisy.sent import NOISE, Component, Rounded, round_prior
from kolmo.weights.noisy.theory import architecture_of, fit_problem, theory

QUICK = Settings(restarts=2, steps_per_stage=20)
UNIT = 1 << 20
PRIORS = {
    "gaussian": Prior(np.ones(1), np.array([0.1]), np.array([0.7])),
    "mixture": Prior(np.array([0.2, 0.8]), np.array([-2.0, 0.0]), np.array([0.05, 0.5])),
}


@dataclass
class Case:
    """A table, its problem and a net fitted to it; messages are made once."""

    text: bytes
    problem: Problem
    settings: Settings
    fitted: Fitted
    sent: dict[Any, Sent] = field(default_factory=dict)

    def send(self, **options: Any) -> Sent:
        key = tuple(sorted(options.items()))
        if key not in self.sent:
            self.sent[key] = self.send_again(**options)
        return self.sent[key]

    def send_again(self, **options: Any) -> Sent:
        return send(self.problem, self.fitted, settings=self.settings, **options)


def make_case(text: str, *, settings: Settings = QUICK, hidden: int = 1, **options: Any) -> Case:
    problem = read_problem(read_table(text.encode()), "y", **options)
    fitted = fit_problem(problem, architecture_of(problem, hidden), settings)
    return Case(text.encode(), problem, settings, fitted)


def curve(rows: int) -> str:
    """Return a table whose target is a bent line with noise, by integers alone."""
    cells = []
    for i in range(rows):
        a, b = i * 37 % 101 - 50, i * 53 % 89 - 44
        noise = i * i * 7 % 23 - 11
        cells.append(f"{a},{b / 8},{(40 * a) // (10 + abs(a)) + noise}")
    return "\n".join(["a,b,y", *cells]) + "\n"


def coloured(rows: int) -> str:
    """Return a table whose target is a label."""
    cells = [f"{i * 37 % 101},{'no' if i * 37 % 101 < 40 else 'yes'}" for i in range(rows)]
    return "\n".join(["a,y", *cells]) + "\n"


def random_bytes(seed: int, size: int = 200) -> bytes:
    return np.random.Generator(np.random.PCG64(seed)).bytes(size)


@pytest.fixture(scope="module")
def bent() -> Case:
    return make_case(curve(40))


@pytest.fixture(scope="module")
def mixed() -> Case:
    return make_case(curve(40), settings=QUICK._replace(components=2))


@pytest.fixture(scope="module")
def labelled() -> Case:
    return make_case(coloured(30))


# What weights are drawn from, and what they are sent under.


@pytest.mark.parametrize("scale", [UNIT // 8, UNIT, 3 * UNIT + 7, 500 * UNIT, 70000 * UNIT])
@pytest.mark.parametrize("mean", [0, -12345678, 7 * UNIT + UNIT // 2])
def test_drawn_weights_lie_within_seven_deviations(mean: int, scale: int) -> None:
    code = Cut(mean, scale)
    ends = code.lowest, code.lowest + (code.cells << code.shift) - 1
    assert all(abs(UNIT * end - mean) <= 7 * scale for end in ends)
    bounds = [code.bound(cell) for cell in range(code.cells + 1)]
    assert (bounds[0], bounds[-1], min(np.diff(bounds)) > 0) == (0, TOTAL_LIMIT, True)


def test_a_million_draws_lie_within_seven_deviations_and_look_normal() -> None:
    """Mean and square are within 5 standard errors: a false alarm in 10**6."""
    code = Cut(12345, 500 * UNIT)
    stack = Stack(random_bytes(1, 1 << 15) * 110)
    bounds = np.array([code.bound(cell) for cell in range(code.cells + 1)])
    numbers = np.random.Generator(np.random.PCG64(2)).integers(0, TOTAL_LIMIT, 10**6)
    cells = np.searchsorted(bounds, numbers, side="right") - 1
    drawn = [code.decode(stack) for _ in range(1000)]
    z = np.append((code.lowest + cells) * UNIT - 12345, np.array(drawn) * UNIT - 12345) / code.scale
    assert np.abs(z).max() <= 7
    assert abs(z.mean()) < 5e-3
    assert abs((z * z).mean() - 1) < 5 * math.sqrt(2e-6)


def test_laws_hold_for_what_weights_are_drawn_from() -> None:
    for code in (Cut(-5 * UNIT, 2 * UNIT), Cut(777, 600 * UNIT), Cut(3, UNIT // 8)):
        middle = code.mean >> 20
        for value in {code.lowest, middle, code.lowest + (code.cells << code.shift) - 1}:
            laws.check_identity(code, value)
            laws.check_stack(code, value)
    narrow = Cut(-5 * UNIT, 2 * UNIT)
    laws.check_kraft(narrow, range(narrow.lowest, narrow.lowest + narrow.cells))


def test_weights_beyond_reach_have_no_word() -> None:
    code = Cut(0, UNIT)
    with pytest.raises(ParameterError, match="out of reach"):
        code.intervals(code.lowest - 1)


@pytest.mark.parametrize("prior", PRIORS.values(), ids=PRIORS)
def test_prior_costs_hardly_more_than_its_density(prior: Prior) -> None:
    rounded = round_prior(prior)
    numbers = np.arange(-16000, 16000, 61)
    density = np.zeros(numbers.size)
    for share, part in zip(rounded.shares, rounded.components, strict=True):
        z = (numbers / 4096 - part.mean) / part.width
        density += share / sum(rounded.shares) * np.exp(-z * z / 2) / part.width
    density /= 4096 * math.sqrt(2 * math.pi)
    code = weights_code(rounded, 1)
    bits = np.array([code.codelength(np.array([number])) for number in numbers.tolist()])
    excess = (bits + np.log2(density)) * density
    assert abs(61 * excess.sum()) < 1e-3


def test_prior_is_rounded_to_what_is_sent() -> None:
    found = round_prior(PRIORS["mixture"])
    assert found.shares == (205, 51)
    assert np.abs(found.prior.means - [0, -2.0]).max() < 0.05 / 16
    assert np.abs(found.prior.deviations / [0.5, 0.05] - 1).max() < 1 / 64
    assert NOISE.round(NOISE.round(53.3)) == NOISE.round(53.3)
    assert abs(NOISE.round(53.3) / 53.3 - 1) < 1 / 256


@pytest.mark.parametrize("shares", [[1.0], [1e-9, 1.0], [1 / 3] * 3, [0.0] * 9 + [1.0]])
def test_shares_of_the_prior_always_fill_the_whole(shares: list[float]) -> None:
    count = len(shares)
    found = round_prior(Prior(np.array(shares), np.zeros(count), np.ones(count)))
    assert sum(found.shares) == 256
    assert min(found.shares) >= 1
    assert list(found.shares) == sorted(found.shares, reverse=True)


def test_divergence_is_that_of_the_formula() -> None:
    """The published value for N(.5, .1) from N(0, 1), both exact on the grid here."""
    rounded = Rounded((256,), (Component(1.0, 0),))
    cloud = Cloud(np.array([1 << 31]), np.array([round(0.1 * 2**32)]))
    assert divergence_bits(rounded, cloud)[0] * math.log(2) == pytest.approx(1.932585092994)


# Bits-back.


def test_mean_net_stream_is_misfit_plus_divergence(mixed: Case) -> None:
    """Within 4 standard errors: a false alarm in 15,000; and off by a bit it would be seen."""
    found = []
    for seed in range(50):
        parts = mixed.send(payload=random_bytes(seed), scheme="components").parts
        found.append(parts["weights"] + parts["misfit"] + parts["refund"])
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    expected = theory(mixed.problem, mixed.fitted).as_in_1993_bits
    assert abs(np.mean(found) - expected) < 4 * error
    assert 4 * error < 0.02 * expected


def test_mean_tells_apart_payloads_that_are_no_random_bits(
    mixed: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test before: zeros that nothing hides draw weights far out."""
    monkeypatch.setattr(bitsback, "hide", lambda payload: payload)
    parts = mixed.send_again(payload=bytes(200)).parts
    found = parts["weights"] + parts["misfit"] + parts["refund"]
    assert found > 1.2 * theory(mixed.problem, mixed.fitted).as_in_1993_bits


def test_mean_net_stream_of_labels_is_misfit_plus_divergence(labelled: Case) -> None:
    """Within 4 standard errors, that of the sampled misfit among them."""
    found = []
    for seed in range(40):
        parts = labelled.send(payload=random_bytes(seed)).parts
        found.append(parts["weights"] + parts["misfit"] + parts["refund"])
    sampled = labelled.fitted.misfit_error_nats / math.log(2)
    error = math.hypot(np.std(found, ddof=1) / math.sqrt(len(found)), sampled)
    expected = theory(labelled.problem, labelled.fitted).as_in_1993_bits
    assert abs(np.mean(found) - expected) < 4 * error


def test_mixture_is_never_longer_than_the_bound_on_average(mixed: Case) -> None:
    """By more than 4 standard errors."""
    found = []
    for seed in range(40):
        parts = mixed.send(payload=random_bytes(seed)).parts
        found.append(parts["weights"] + parts["refund"])
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert np.mean(found) < theory(mixed.problem, mixed.fitted).weight_bits + 4 * error


@pytest.mark.parametrize("scheme", bitsback.SCHEMES)
def test_payload_comes_back_after_training_again(mixed: Case, scheme: str) -> None:
    payload = b"a payload of plain text " * 20
    sent = mixed.send(payload=payload, scheme=scheme)
    found = receive(sent.container, mixed.text)
    assert (found.payload, found.payload_error) == (payload, None)
    assert found.data == mixed.problem.data
    assert np.array_equal(found.weights, sent.weights)


RECEIVER = """
import sys, json
from hashlib import sha256
from kolmo.weights.noisy.message import receive
found = receive(sys.argv[1], sys.argv[2])
print(json.dumps([sha256(part).hexdigest() for part in
    (found.data, found.weights.tobytes(), found.payload)]))
"""


@pytest.mark.parametrize(
    "threads",
    [{}, {"NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}],
    ids=["as here", "others"],
)
def test_fresh_process_gets_the_same(bent: Case, tmp_path: Any, threads: dict[str, str]) -> None:
    payload = random_bytes(3)
    sent = bent.send(payload=payload)
    message, given = tmp_path / "m.klm", tmp_path / "x.csv"
    message.write_bytes(sent.container)
    given.write_bytes(bent.text)
    done = subprocess.run(
        [sys.executable, "-c", RECEIVER, str(message), str(given)],
        env={**os.environ, **threads},
        capture_output=True,
        check=True,
    )
    wanted = (bent.problem.data, sent.weights.tobytes(), payload)
    assert json.loads(done.stdout) == [sha256(part).hexdigest() for part in wanted]


@pytest.mark.parametrize("size", [0, 1, 5])
def test_short_payload_is_padded_and_the_padding_counted(bent: Case, size: int) -> None:
    payload = bytes(size)
    sent = bent.send(code="bits-back", payload=payload)
    assert sent.padding_bytes > 0
    assert sent.parts["padding"] == 8 * sent.padding_bytes
    assert receive(sent.container, bent.text).payload == payload


def test_long_payload_needs_no_padding(bent: Case) -> None:
    assert bent.send(payload=random_bytes(4)).padding_bytes == 0


def test_payload_of_zeros_draws_usual_weights(bent: Case) -> None:
    """A stack of zeros would draw each weight 7 standard deviations away."""
    cloud = to_cloud(bent.fitted.posterior)
    weights = bent.send(payload=bytes(200)).weights * 4096
    z = (weights - cloud.means / UNIT) / (cloud.scales / UNIT)
    assert np.abs(z).max() < 5


def test_other_training_loses_the_payload_alone(bent: Case) -> None:
    other = replace(bent, sent={}, settings=QUICK._replace(steps_per_stage=21))
    found = receive(other.send(payload=random_bytes(5)).container, bent.text)
    assert found.payload is None
    assert "payload refused" in str(found.payload_error)
    assert found.data == bent.problem.data


def test_other_checksum_loses_the_payload_alone(
    bent: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Cloud, "checked_bytes", b"another net")
        sent = bent.send_again(payload=random_bytes(6))
    found = receive(sent.container, bent.text)
    assert (found.payload, found.data) == (None, bent.problem.data)
    assert np.array_equal(found.weights, sent.weights)
    assert "checksum" in str(found.payload_error)


def test_payload_is_not_asked_for_without_need(bent: Case) -> None:
    sent = bent.send(payload=random_bytes(7))
    found = receive(sent.container, bent.text, payload=False)
    assert (found.payload, found.payload_error) == (None, None)


# All codes.


def payload_for(code: str) -> bytes | None:
    return random_bytes(8) if code == "bits-back" else None


@pytest.mark.parametrize("code", CODES)
def test_parts_add_up_to_the_file_less_its_payload(mixed: Case, code: str) -> None:
    sent = mixed.send(code=code, payload=payload_for(code))
    assert math.fsum(sent.parts.values()) == pytest.approx(sent.net_bits, abs=1e-6)
    assert sent.net_bits == 8 * (len(sent.container) - sent.payload_bytes)
    assert 0 <= sent.parts["rounding"] <= 48


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("case", ["bent", "mixed", "labelled"])
def test_message_comes_back_and_is_the_same_twice(
    case: str, code: str, request: pytest.FixtureRequest
) -> None:
    made: Case = request.getfixturevalue(case)
    sent = made.send(code=code, payload=payload_for(code))
    found = receive(sent.container, made.text)
    assert found.data == made.problem.data
    assert found.payload == payload_for(code)
    assert found.architecture == made.fitted.posterior.architecture
    assert np.array_equal(found.weights, sent.weights)
    assert decode(sent.container, made.text) == made.problem.data
    assert made.send_again(code=code, payload=payload_for(code)).container == sent.container


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(
    "text",
    [
        "a,y\n3,14\n",
        "a,y\n1,7.50\n2,7.50\n3,7.50\n4,7.50\n",
        "a,y\n1,yes\n2,yes\n3,yes\n",
        "a;b;y\n1;u;2\n2;v;3\n5;w;4\n",
        "a,y\n1,1000000000000\n2,-1000000000000\n3,999999999999\n",
        "1,2\n2,3\n3,5\n",
    ],
    ids=["one row", "constant", "one label", "fewer rows than weights", "large", "no header"],
)
def test_odd_tables_come_back(text: str, code: str) -> None:
    target = "y" if "y" in text.splitlines()[0] else "column 2"
    problem = read_problem(read_table(text.encode()), target)
    fitted = fit_problem(problem, architecture_of(problem, 1), QUICK)
    sent = send(problem, fitted, code=code, payload=payload_for(code), settings=QUICK)
    found = receive(sent.container, text.encode())
    assert (found.data, found.payload) == (problem.data, payload_for(code))


def test_features_are_found_in_any_file_that_has_them(bent: Case) -> None:
    rows = bent.text.decode().splitlines()
    other = "\n".join(";".join(reversed(row.split(",")[:2])) for row in rows).encode()
    container = bent.send().container
    assert receive(container, other).data == bent.problem.data


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace(b"a,b,y", b"a,c,y"), "feature missing"),
        (lambda text: text.replace(b"-50,", b"-51,", 1), "wrong side information"),
    ],
)
def test_other_features_are_refused(bent: Case, change: Any, says: str) -> None:
    with pytest.raises(KolmoError, match=says):
        receive(bent.send().container, change(bent.text))


def test_relative_entropy_is_the_default_without_payload(bent: Case) -> None:
    assert (bent.send().code, bent.send(payload=b"").code) == ("relative-entropy", "bits-back")


def test_relative_entropy_costs_little_more_than_theory(bent: Case) -> None:
    parts = bent.send().parts
    expected = theory(bent.problem, bent.fitted).as_in_1993_bits
    assert parts["weights"] + parts["misfit"] < expected + 25


def test_candidates_are_those_of_the_naive_twin() -> None:
    for prior in PRIORS.values():
        rounded = round_prior(prior)
        columns = [column.tolist() for column in class_table(prior_shape(rounded))]
        classes = list(zip(*columns, strict=True))
        keys = relative._keys(3).tolist()
        for number in (0, 1, 40000):
            wanted = naive.candidate(keys, number, 5, classes)
            assert relative.Candidates(rounded).make(3, number, 5).tolist() == wanted


def test_candidates_have_the_mean_and_spread_of_the_prior() -> None:
    """Within 5 standard errors."""
    made = relative.Candidates(round_prior(PRIORS["gaussian"]))
    draws = np.concatenate([made.make(0, number, 50) for number in range(400)]) / 4096
    assert abs(draws.mean() - 0.1) < 5 * 0.7 / math.sqrt(draws.size) + 0.02
    assert abs(draws.std() / 0.7 - 1) < 5 / math.sqrt(2 * draws.size) + 0.01


def test_scores_are_the_logarithms_of_densities() -> None:
    made = relative.Candidates(round_prior(PRIORS["gaussian"]))
    means, scales = np.array([400.0, -900.0]), np.array([1000.0, 2000.0])
    scores = made.scores(0, 20, means, scales)
    part = round_prior(PRIORS["gaussian"]).components[0]
    ideal = []
    for number in range(20):
        weights = made.make(0, number, 2)
        q = -(((weights - means) / scales) ** 2) / 2
        p = -(((weights - 4096 * part.mean) / (4096 * part.width)) ** 2) / 2
        ideal.append((q - p).sum() / math.log(2))
    assert np.abs((scores - scores[0]) - (np.array(ideal) - ideal[0])).max() < 2e-2


def test_layouts_come_back() -> None:
    for sizes in ((3, 3, 2), (4, 0, 0, 2), (0,) * 8, (8,), (1,) * 8):
        layout, coder = relative.Layout(14, 5, sizes), RangeEncoder()
        relative.encode_layout(layout, coder)
        assert relative.decode_layout(8, RangeDecoder(coder.finish())) == layout
        assert sorted(np.concatenate(list(layout.places())).tolist()) == list(range(8))


def test_heavy_weights_are_sent_as_they_are(bent: Case) -> None:
    posterior = bent.fitted.posterior
    means, deviations = posterior.means.copy(), posterior.deviations.copy()
    means[1], deviations[1] = 200.0, 1e-3
    heavy = bent.fitted._replace(posterior=posterior._replace(means=means, deviations=deviations))
    sent = send(bent.problem, heavy)
    assert receive(sent.container, bent.text).data == bent.problem.data
    assert sent.weights[1] == 200


# Damage.


def short_payload_for(code: str) -> bytes | None:
    return random_bytes(8, 10) if code == "bits-back" else None


@pytest.mark.parametrize("code", CODES)
def test_every_altered_byte_is_refused(bent: Case, code: str) -> None:
    container = bent.send(code=code, payload=short_payload_for(code)).container
    for place in range(len(container)):
        altered = bytearray(container)
        altered[place] ^= 1 << place % 8
        with pytest.raises(KolmoError):
            receive(bytes(altered), bent.text, payload=False)


@pytest.mark.parametrize("code", CODES)
def test_altered_bytes_under_right_sums_never_give_another_target(bent: Case, code: str) -> None:
    container = bent.send(code=code, payload=short_payload_for(code)).container
    _, start = parse_header(MemoryInput(container))
    for place in range(start, len(container) - 4):
        payload = bytearray(container[start:-4])
        payload[place - start] ^= 1 << place % 8
        altered = container[:start] + bytes(payload) + crc_bytes(zlib.crc32(payload))
        try:
            found = receive(altered, bent.text, payload=False)
        except (CorruptFileError, InputError, ParameterError):
            continue
        assert found.data == bent.problem.data


def test_altered_payload_under_right_sums_is_refused(bent: Case) -> None:
    container = bytearray(bent.send(payload=random_bytes(9)).container)
    _, start = parse_header(MemoryInput(bytes(container)))
    container[start + 20] ^= 4
    container[-4:] = crc_bytes(zlib.crc32(container[start:-4]))
    found = receive(bytes(container), bent.text)
    assert (found.data, found.payload) == (bent.problem.data, None)
    assert "payload refused" in str(found.payload_error)


@pytest.mark.parametrize("size", [0, 1, 5, 50])
def test_cut_messages_are_refused(bent: Case, size: int) -> None:
    container = bent.send().container
    with pytest.raises(KolmoError):
        receive(container[:size], bent.text)


def test_containers_of_other_codes_are_refused(bent: Case) -> None:
    with pytest.raises(InputError, match="no message of a net"):
        receive(encode(b"abc", "zlib"), bent.text)


# Requests that make no sense.


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"code": "bits-bock"}, "unknown code: got 'bits-bock'. Did you mean 'bits-back'"),
        ({"code": "two-part", "payload": b"x"}, "no place for a payload"),
        ({"payload": b"x", "scheme": "mixtures"}, "unknown scheme"),
    ],
)
def test_wrong_requests_are_refused(bent: Case, options: dict[str, Any], says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        bent.send(**options)


def test_net_of_another_problem_is_refused(bent: Case, labelled: Case) -> None:
    with pytest.raises(ParameterError, match="another net"):
        send(labelled.problem, bent.fitted)


def test_net_that_is_too_large_is_refused(bent: Case) -> None:
    with pytest.raises(ParameterError, match="net too large"):
        architecture_of(bent.problem, 5000)


def test_container_names_the_code(bent: Case) -> None:
    opened = Container(MemoryInput(bent.send().container))
    assert (opened.header.code, opened.header.parameters) == ("noisy", {})


def test_settings_that_cannot_be_right_are_refused(bent: Case) -> None:
    with pytest.raises(ParameterError, match="other settings"):
        send(bent.problem, bent.fitted, payload=b"", settings=QUICK._replace(annealed=False))


@pytest.mark.parametrize("changed", [{"restarts": 5000}, {"steps_per_stage": 0}])
def test_settings_that_have_no_place_are_refused(bent: Case, changed: dict[str, int]) -> None:
    with pytest.raises(ParameterError, match="settings that cannot be sent"):
        send(bent.problem, bent.fitted, payload=b"", settings=QUICK._replace(**changed))


def test_scaling_of_ones_own_is_refused(bent: Case) -> None:
    posterior = bent.fitted.posterior
    architecture = posterior.architecture._replace(scales=(1.1,))
    other = bent.fitted._replace(posterior=posterior._replace(architecture=architecture))
    with pytest.raises(ParameterError, match="scaling that cannot be sent"):
        send(bent.problem, other)


def test_too_many_components_are_refused() -> None:
    with pytest.raises(ParameterError, match="too many components: got 65"):
        round_prior(Prior(np.full(65, 1 / 65), np.zeros(65), np.ones(65)))


def test_nets_that_need_too_much_memory_are_not_run(bent: Case) -> None:
    payload = b"".join(Container(MemoryInput(bent.send().container)).payload())
    text, length = bent.problem.known.text, len(bent.problem.data)
    assert decode_message(payload, text, length).data == bent.problem.data
    with pytest.raises(MemoryLimitError, match="too much memory: the net needs about"):
        decode_message(payload, text, length, memory_limit=1 << 14)


@pytest.mark.slow
def test_mean_net_stream_on_diabetes_data_is_within_a_thousandth_of_theory() -> None:
    """Within .1 % and 4 standard errors, for 100 payloads."""
    from sklearn.datasets import load_diabetes

    data = load_diabetes(scaled=False)
    rows = [
        ",".join([*(f"{value:g}" for value in x), str(int(y))])
        for x, y in zip(data.data[:300], data.target[:300], strict=True)
    ]
    text = "\n".join([",".join([*data.feature_names, "y"]), *rows])
    case = make_case(text, settings=Settings(restarts=1), hidden=4)
    found = []
    for seed in range(100):
        parts = case.send(payload=random_bytes(seed, 400)).parts
        found.append(parts["weights"] + parts["misfit"] + parts["refund"])
    expected = theory(case.problem, case.fitted).as_in_1993_bits
    error = np.std(found, ddof=1) / math.sqrt(len(found))
    assert abs(np.mean(found) - expected) < min(4 * error, 0.001 * expected)
    assert receive(case.send(payload=bytes(400)).container, text.encode()).payload == bytes(400)
