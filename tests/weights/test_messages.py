"""Whole checkpoints as containers: what comes back, what is refused, and always the same bytes."""

import json
import subprocess
import sys
import zlib
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from weights import make_checkpoints as make

from kolmo.container import Container
from kolmo.data import MemoryInput, open_input
from kolmo.errors import (
    CertificationError,
    CheckpointError,
    CorruptFileError,
    KolmoError,
    MemoryLimitError,
    ParameterError,
)
from kolmo.header import crc_bytes, number_bytes
from kolmo.messages import decode
from kolmo.weights.canonical import canonical_bytes
from kolmo.weights.checkpoint import Checkpoint, as_checkpoint, read_checkpoint
from kolmo.weights.message import read_streams
from kolmo.weights.method import Method
from kolmo.weights.packing import Packed, pack
from kolmo.weights.streams.weights import Weights
from kolmo.weights.tensors import floats, load_words

FILES = make.FOLDER
MODELS = ["net.safetensors", "net.pt", "net.onnx", "net.npz", "odd.npy", "fortran.npy", "views.pt"]
STEP = 2.0**-6
GOLDEN = {
    "lossless": "afeb2a9afedaf0fa",
    "trellis": "ee194a5a5798f436",
    "scales": "f197b212ac3aa18e",
    "given": "d303a3687b4596a0",
}


def of_file(name: str) -> Checkpoint:
    return read_checkpoint(open_input(str(FILES / name)))


def whole(packed: Packed) -> bytes:
    return b"".join(packed.chunks())


def file_of(checkpoint: Checkpoint) -> bytes:
    return b"".join(canonical_bytes(checkpoint))


def made_of_integers(shift: int = 0) -> dict[str, Any]:
    """Return a small net that is the same on every machine: no floating-point library is asked."""
    numbers = (np.arange(6000, dtype=np.int64) * 7919 + 12345) % 10007
    sums = numbers[:2000] + numbers[2000:4000] + numbers[4000:] - 15000
    weight = (sums.astype(np.float32) / 8192).reshape(50, 40)
    return {
        "a.weight": weight + np.float32(shift) / 2**20,
        "a.bias": weight[0] / 2,
        "b.weight": weight.copy() + np.float32(shift) / 2**20,
        "half": weight[:5].astype(np.float16),
        "steps": np.arange(7),
    }


@pytest.mark.parametrize("name", MODELS)
def test_tensors_come_back_bit_by_bit_from_every_format(name):
    checkpoint = of_file(name)
    packed = pack(checkpoint, certify=True)
    assert decode(whole(packed)) == file_of(checkpoint)
    assert packed.kind == "certified"
    assert packed.container_bits == 8 * len(whole(packed))
    assert packed.rmse() is None


def test_lengths_of_streams_and_the_rest_add_up():
    packed = pack(as_checkpoint(made_of_integers()))
    streams = sum(item.payload_bits for item in packed.sent)
    index = packed.payload.size * 8 - streams
    heads = sum(8 * (1 + 4) for item in packed.sent if item.coder)
    assert heads < index < 8 * 300
    assert packed.sent[2].repeats == "a.weight"
    assert packed.sent[2].payload_bits == 0


def test_tied_tensors_are_sent_once():
    one = {key: value for key, value in made_of_integers().items() if key != "b.weight"}
    both, alone = pack(as_checkpoint(made_of_integers())), pack(as_checkpoint(one))
    assert both.container_bits - alone.container_bits < 8 * 40
    assert decode(whole(both)) == file_of(as_checkpoint(made_of_integers()))


@pytest.mark.parametrize("coder", ["trellis", "scales", "gaussian", "histogram"])
def test_quantised_weights_come_back_as_the_encoder_says(coder):
    checkpoint = as_checkpoint(made_of_integers())
    packed = pack(checkpoint, Method(quantised=coder, step=STEP), certify=True)
    received = read_checkpoint(MemoryInput(decode(whole(packed))))
    total = count = 0.0
    for sent, got in zip(checkpoint.tensors, received.tensors, strict=True):
        if not sent.dtype.is_float:
            assert sent.load() == got.load()
            continue
        difference = floats(load_words(sent), sent.dtype) - floats(load_words(got), got.dtype)
        assert np.abs(difference).max() <= 2 * STEP
        if sent.name != "b.weight":
            total += float((difference.astype(np.float64) ** 2).sum())
            count += difference.size
    assert packed.rmse() == pytest.approx((total / count) ** 0.5, rel=1e-9)


def test_patterns_name_what_is_kept():
    packed = pack(
        as_checkpoint(made_of_integers()), Method(quantised="trellis", step=STEP, keep=("*.bias",))
    )
    errors = {item.tensor.name: item.squared_error for item in packed.sent}
    assert errors["a.bias"] is None
    assert errors["a.weight"] > 0


def test_values_that_no_index_stands_for_are_kept():
    model = {
        "nan": np.full((30, 30), np.nan, np.float32),
        "inf": np.array([1, np.inf], np.float32),
        "huge": np.full(300, 1e30, np.float64),
        "fine": np.linspace(0, 1, 300, dtype=np.float32),
    }
    checkpoint = as_checkpoint(model)
    packed = pack(checkpoint, Method(quantised="trellis", step=0.01))
    lossy = [item.tensor.name for item in packed.sent if item.squared_error is not None]
    assert lossy == ["fine"]
    assert decode(whole(packed))[-1200:] != file_of(checkpoint)[-1200:]


def test_indices_longer_than_the_weights_are_not_sent():
    model = {"w": made_of_integers()["a.weight"]}
    exact = pack(as_checkpoint(model))
    fine = pack(as_checkpoint(model), Method(quantised="trellis", step=1e-8))
    assert fine.rmse() is None
    assert abs(fine.container_bits - exact.container_bits) < 8 * 64


def test_checkpoints_without_tensors_or_numbers_work():
    for model in ({}, {"nothing": np.zeros((0, 4))}, {"scalar": np.array(0.5)}):
        checkpoint = as_checkpoint(model)
        assert decode(whole(pack(checkpoint))) == file_of(checkpoint)


# --- given another model


def test_a_later_version_is_far_shorter_given_the_earlier_one():
    base, later = (as_checkpoint(made_of_integers(shift)) for shift in (0, 1))
    alone, given = pack(later), pack(later, base=base, certify=True)
    assert given.container_bits < 0.75 * alone.container_bits
    message = whole(given)
    assert decode(message, given=file_of(base)) == file_of(later)


def test_differences_are_quantised_given_a_base():
    base, later = (as_checkpoint(made_of_integers(shift)) for shift in (0, 3))
    method = Method(quantised="trellis", step=STEP)
    given = pack(later, method, base, certify=True)
    assert given.container_bits < pack(later, method).container_bits
    received = read_checkpoint(MemoryInput(decode(whole(given), given=file_of(base))))
    for sent, got in zip(later.tensors, received.tensors, strict=True):
        if sent.dtype.is_float:
            error = floats(load_words(sent), sent.dtype) - floats(load_words(got), got.dtype)
            assert np.abs(error).max() <= 2 * STEP


def test_a_base_may_have_any_format_but_not_other_weights():
    checkpoint = of_file("net.safetensors")
    message = whole(pack(checkpoint, base=checkpoint))
    assert decode(message, given=(FILES / "net.safetensors").read_bytes()) == file_of(checkpoint)
    with pytest.raises(ParameterError, match="missing"):
        decode(message)
    with pytest.raises(ParameterError, match="wrong side information"):
        decode(message, given=file_of(as_checkpoint(made_of_integers())))
    with pytest.raises(CheckpointError):
        decode(message, given=b"no model at all")


def test_a_base_of_other_shapes_is_named():
    other = made_of_integers() | {"a.bias": np.zeros(3, np.float32)}
    with pytest.raises(CheckpointError, match=r"'a\.bias' of F32 3; need F32 40"):
        pack(as_checkpoint(made_of_integers()), base=as_checkpoint(other))
    with pytest.raises(CheckpointError, match="no tensor"):
        pack(as_checkpoint(made_of_integers()), base=as_checkpoint({"c": np.zeros(3)}))


def test_tensors_that_a_base_lacks_are_coded_alone():
    base = {key: value for key, value in made_of_integers().items() if key != "a.bias"}
    later = as_checkpoint(made_of_integers(1))
    message = whole(pack(later, base=as_checkpoint(base)))
    assert decode(message, given=file_of(as_checkpoint(base))) == file_of(later)


@pytest.mark.parametrize("method", [None, Method(quantised="trellis", step=STEP)])
def test_tied_tensors_with_different_bases_come_back(method):
    base = made_of_integers() | {"b.weight": made_of_integers(2)["a.weight"]}
    later = as_checkpoint(made_of_integers(1))
    packed = pack(later, method, as_checkpoint(base), certify=True)
    assert packed.sent[2].repeats is None
    received = decode(whole(packed), given=file_of(as_checkpoint(base)))
    assert len(received) == len(file_of(later))
    assert (received == file_of(later)) is (method is None)


def test_messages_that_do_not_decode_are_not_certified(monkeypatch):
    """As when a repetition was not one: only decoding the whole message tells."""
    model = as_checkpoint({"a": np.arange(90.0), "b": np.arange(90.0) + 1, "n": np.arange(3)})
    monkeypatch.setattr(
        "kolmo.weights.streams.weights.read_streams",
        lambda source, index: [*read_streams(source, index)][:1] * 3,
    )
    assert pack(model).kind == "bound"
    with pytest.raises(CertificationError, match="the message just made"):
        pack(model, certify=True)


def test_tensors_that_are_kept_share_nothing_with_others():
    method = Method(quantised="trellis", step=STEP, keep=("b.*",))
    received = read_checkpoint(
        MemoryInput(decode(whole(pack(as_checkpoint(made_of_integers()), method))))
    )
    sent = as_checkpoint(made_of_integers())
    assert received.tensors[2].load() == sent.tensors[2].load()
    assert received.tensors[0].load() != sent.tensors[0].load()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_quantised_weights_stay_finite(kind):
    largest = float(np.finfo(kind).max)
    model = {"w": (largest * np.linspace(-1, 1, 3000)).astype(kind)}
    packed = pack(as_checkpoint(model), Method(quantised="trellis", step=largest / 60))
    (tensor,) = read_checkpoint(MemoryInput(decode(whole(packed)))).tensors
    assert np.isfinite(floats(load_words(tensor), tensor.dtype)).all()


def test_tensors_all_alike_take_the_coder_that_sees_it():
    packed = pack(as_checkpoint({"w": np.full((200, 200), 0.1, np.float32)}))
    assert packed.sent[0].coder == "planes"
    assert packed.container_bits < 1000


# --- the same bytes, and what is refused


def golden(name: str) -> bytes:
    model = as_checkpoint(made_of_integers(1 if name == "given" else 0))
    base = as_checkpoint(made_of_integers()) if name == "given" else None
    method = Method(quantised=name, step=STEP) if name in ("trellis", "scales") else None
    return whole(pack(model, method, base))


@pytest.mark.parametrize("name", GOLDEN)
def test_streams_stay_the_same(name):
    assert sha256(golden(name)).hexdigest()[:16] == GOLDEN[name]


def test_any_number_of_jobs_makes_the_same_bytes():
    model = as_checkpoint(made_of_integers())
    for method in (None, Method(quantised="trellis", step=STEP)):
        assert whole(pack(model, method, jobs=1)) == whole(pack(model, method, jobs=3))


def test_a_fresh_process_decodes_without_the_compiler(tmp_path):
    path = tmp_path / "small.klm"
    model = as_checkpoint({"w": made_of_integers()["a.weight"][:8]})
    path.write_bytes(whole(pack(model, Method(quantised="trellis", step=STEP))))
    expected = sha256(decode(path.read_bytes())).hexdigest()
    program = (
        "import sys, hashlib, kolmo, warnings; warnings.simplefilter('ignore');"
        "print(hashlib.sha256(kolmo.decode(open(sys.argv[1], 'rb').read())).hexdigest())"
    )
    for settings in ({}, {"NUMBA_DISABLE_JIT": "1"}):
        done = subprocess.run(
            [sys.executable, "-c", program, str(path)],
            capture_output=True,
            check=True,
            env={"PATH": "", "HOME": str(tmp_path), **settings},
        )
        assert done.stdout.decode().strip() == expected


def altered(message: bytes, place: int, *, resealed: bool) -> bytes:
    """Return a container with one byte of its payload changed; its sum made right if wanted."""
    opened = Container(MemoryInput(message))
    data = bytearray(message)
    data[opened.header_bytes + place] ^= 1 << place % 8
    if resealed:
        payload = bytes(data[opened.header_bytes : opened.payload_stop])
        data[opened.payload_stop :] = crc_bytes(zlib.crc32(payload))
    return bytes(data)


@pytest.mark.parametrize("resealed", [False, True])
def test_every_altered_byte_is_found(resealed):
    """Never silently wrong weights: with the outer sum made right, the inner ones remain.

    Bits that mean nothing, at the end of the deflated index, may change.
    """
    model = as_checkpoint({"w": made_of_integers()["a.weight"][:5], "n": np.arange(5)})
    message = whole(pack(model, Method(quantised="trellis", step=STEP)))
    size, right = Container(MemoryInput(message)).payload_bytes, decode(message)
    refused = 0
    for place in range(size):
        try:
            assert decode(altered(message, place, resealed=resealed)) == right
        except KolmoError:
            refused += 1
    assert refused >= size - (2 if resealed else 0)


def test_every_shorter_file_is_refused():
    message = whole(pack(as_checkpoint({"w": made_of_integers()["a.weight"][:5]})))
    for length in range(0, len(message), 3):
        with pytest.raises(KolmoError):
            decode(message[:length])


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": []},
        {"metadata": "x"},
        {"step": "0x1p99999"},
        {"step": "nan"},
        {"repeats": [[float("inf"), 0]]},
        {"tensors": [["\ud800", "F32", [1]]]},
        {"tensors": [["w", "F99", [1]]]},
        {"tensors": [["w", "F32", [-1]]]},
        {"coders": ["no such"]},
        {"coders": 5},
    ],
)
def test_forged_indices_are_refused(changes):
    shown = {"coders": ["raw"], "tensors": [["w", "F32", [1]]], **changes}
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = squeezer.compress(json.dumps(shown).encode()) + squeezer.flush()
    payload = number_bytes(len(packed)) + packed + bytes([0, 4]) + bytes(8)
    with pytest.raises(KolmoError):
        b"".join(Weights().decompress([payload], 68))


def test_an_altered_tensor_is_named():
    model = as_checkpoint(made_of_integers())
    message = whole(pack(model))
    place = Container(MemoryInput(message)).payload_bytes // 3
    with pytest.raises(CorruptFileError, match=r"a\.weight"):
        decode(altered(message, place, resealed=True))


def test_memory_is_refused_before_a_tensor_is_decoded():
    message = whole(pack(as_checkpoint({"w": np.zeros((1 << 20) + 64, np.float32)})))
    assert len(message) < 2000
    with pytest.raises(MemoryLimitError, match="'w' has 4194560 bytes"):
        decode(message, memory_limit=(1 << 24) + 8)
    assert len(decode(message, memory_limit=1 << 25)) > 1 << 22


@pytest.mark.parametrize("step", [0.0, -1.0, float("nan"), float("inf")])
def test_impossible_steps_are_refused(step):
    with pytest.raises(ParameterError, match="step out of range"):
        pack(as_checkpoint(made_of_integers()), Method(quantised="scales", step=step))


def test_coders_of_the_wrong_kind_are_refused():
    model = as_checkpoint(made_of_integers())
    with pytest.raises(ParameterError, match="not a lossless coder"):
        pack(model, Method(lossless="trellis"))
    with pytest.raises(ParameterError, match="not a quantised coder"):
        pack(model, Method(quantised="mix", step=1.0))
    with pytest.raises(ParameterError, match="Did you mean 'trellis'"):
        pack(model, Method(quantised="trelis", step=1.0))


@pytest.mark.slow
def test_ten_thousand_damaged_containers_are_refused():
    source = np.random.default_rng(14)
    model = as_checkpoint({"w": made_of_integers()["a.weight"], "n": np.arange(50)})
    messages = [whole(pack(model)), whole(pack(model, Method(quantised="trellis", step=STEP)))]
    for number in range(10_000):
        message = messages[number % 2]
        size = Container(MemoryInput(message)).payload_bytes
        damaged = altered(message, int(source.integers(size)), resealed=bool(number % 3))
        with pytest.raises(KolmoError):
            decode(damaged)
