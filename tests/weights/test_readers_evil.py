"""Readers of checkpoints meet what is malformed, unsafe or foreign: one error, and no effects."""

import io
import json
import os
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from weights import make_checkpoints as make

from kolmo.data import MemoryInput, open_input
from kolmo.errors import CheckpointError, InputError
from kolmo.registry import readers
from kolmo.weights.checkpoint import Checkpoint, read_checkpoint
from kolmo.weights.readers._known import refuse_known

FILES = make.FOLDER


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run each test in a folder that no reader may write to."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield
    assert os.listdir(folder) == []
    assert os.listdir(tmp_path) == ["here"]


def load_all(checkpoint: Checkpoint) -> None:
    for tensor in checkpoint.tensors:
        assert len(tensor.load()) == tensor.bytes


def read(content: bytes, kind: str = "") -> None:
    source = MemoryInput(content)
    load_all(readers.get(kind).read(source) if kind else read_checkpoint(source))


# ---------------------------------------------------------------- safetensors
ONE: make.Entry = ("a", "F32", (2,), bytes(8))


def entry(start: Any = 0, stop: Any = 8, shape: Any = (2,), dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def one(data: int = 8, **changes: Any) -> bytes:
    return make.with_header(json.dumps(changes).encode(), bytes(data))


SAFETENSORS = {
    "empty": (b"", "a header of 0 bytes in a file of 0"),
    "seven-bytes": (bytes(7), "in a file of 7"),
    "header-2^62": (struct.pack("<Q", 1 << 62) + b"{}", "a header of 4611686018427387904 bytes"),
    "header-50-GB": (struct.pack("<Q", 50 << 30) + b"{}", "need one that fits"),
    "no-json": (make.with_header(b"{nonsense"), "no JSON"),
    "no-utf8": (make.with_header(b'{"\xff":1}'), "no JSON"),
    "no-object": (make.with_header(b"[]"), "need an object"),
    "deep": (make.with_header(b'{"a":' + b"[" * 1500), "too many levels"),
    "brackets": (make.with_header(b'{"a":[' + b"[]," * 100_000 + b"0]}"), "100002 brackets"),
    "nan": (make.with_header(b'{"a":NaN}'), "NaN is no number"),
    "long-integer": (make.with_header(b'{"a":' + b"9" * 5000 + b"}"), "no JSON"),
    "twice": (make.with_header(b'{"a":{},"a":{}}'), "'a' is there twice"),
    "twice-inside": (make.with_header(b'{"a":{"dtype":"F32","dtype":"F16"}}'), "is there twice"),
    "overlap": ((FILES / "overlap.safetensors").read_bytes(), "an overlap with 'b'"),
    "hole": (one(12, a=entry(4, 12)), "a hole before 'a'"),
    "beyond-end": (one(4, a=entry()), "got 4 bytes of data; need 8"),
    "trailing": (one(9, a=entry()), "got 9 bytes of data; need 8"),
    "backwards": (one(8, a=entry(8, 0)), "a hole before"),
    "negative": (one(8, a=entry(-8, 0)), "not two integers"),
    "fraction": (one(8, a=entry(0, 8.0)), "not two integers"),
    "truth": (one(8, a=entry(False, 8)), "not two integers"),
    "shape-overflow": (one(8, a=entry(shape=[1 << 32, 1 << 32])), "product is at most"),
    "shape-huge": (one(8, a=entry(shape=[10**300])), "2.996 or more"),
    "shape-beside-zero": (one(0, a=entry(0, 0, shape=[0, 1 << 62])), "product is at most"),
    "shape-negative": (one(8, a=entry(shape=[-2])), "sizes from 0"),
    "shape-text": (one(8, a=entry(shape=["2"])), "sizes from 0"),
    "shape-deep": (one(8, a=entry(shape=[[[2]]])), "a list"),
    "rank": (one(8, a=entry(shape=[1] * 33)), "33 dimensions"),
    "size": (one(8, a=entry(shape=[3])), "got 8 bytes of 'a'; need 12"),
    "dtype": (one(8, a=entry(dtype="F4")), "got type F4 of 'a'; need one of F64"),
    "dtype-number": (one(8, a=entry(dtype=7)), "got type 7"),
    "dtype-list": (one(8, a=entry(dtype=["F32"])), r"got type \[F32\]"),
    "keys": (one(8, a={**entry(), "more": 1}), "without data_offsets, dtype, shape alone"),
    "entry-text": (one(0, a="x"), "an entry 'a'"),
    "metadata-number": (one(0, __metadata__={"a": 1}), "not all text"),
    "metadata-text": (one(0, __metadata__="a"), "not all text"),
    "surrogate": (make.with_header(b'{"\\ud800":' + json.dumps(entry()).encode() + b"}", bytes(8)),
                  "half a surrogate pair"),
    "long-name": (one(8, **{"x" * 70_000: entry()}), "name of 70000 bytes"),
}  # fmt: skip


# ---------------------------------------------------------------- npy and npz
def npy(code: str = "<f4", shape: Any = (2,), data: bytes = bytes(8)) -> bytes:
    return make.npy(make.npy_header(code, shape), data)


NPY = {
    "empty": (b"", "no .npy header"),
    "magic-alone": (b"\x93NUMPY", "no .npy header"),
    "version": (make.npy("{}", b"", version=4), "version 1, 2 or 3"),
    "long-header": (b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31), "header of 2147483648 bytes"),
    "cut-header": (npy()[:30], "cut short"),
    "object": ((FILES / "objects.npy").read_bytes(), "it would need pickle, which runs code"),
    "object-plain": (npy("O"), "would need pickle"),
    "records": (make.npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
                         bytes(8)), "got records"),
    "text": (npy("<U2"), "type '<U2'"),
    "bytes": (npy("|S4"), "type '|S4'"),
    "dates": (npy("<M8[ns]"), "type '<M8.ns"),
    "void": (npy("|V2"), "type '|V2'.*safetensors"),
    "complex128": (npy("<c16", (1,), bytes(16)), "type '<c16'.*need one of f8, .*c8"),
    "float128": (npy("<f16", (1,), bytes(16)), "type '<f16'"),
    "native": (npy("=f4"), "type '=f4'"),
    "wide-without-order": (npy("|f4"), "type '|f4'"),
    "huge-shape": (npy(shape=(1 << 40, 1 << 40)), "product is at most"),
    "larger": (npy(shape=(1 << 40,)), "got 8 bytes of data; need 4398046511104"),
    "smaller": (npy(shape=(1,)), "got 8 bytes of data; need 4"),
    "many-digits": (npy(shape="(" + "9" * 6000 + ",)"), "need a tuple of sizes"),
    "no-tuple": (npy(shape="(2)"), "need a tuple of sizes"),
    "spaces": (npy(shape="(1 2,)"), "need a tuple of sizes"),
    "negative": (npy(shape=(-2,)), "numpy's three keys"),
    "rank": (npy(shape=(1,) * 33), "33 dimensions"),
    "deep": (make.npy("(" * 60_000, b""), "numpy's three keys"),
    "code": (make.npy("__import__('os').system('touch harm')", b""), "numpy's three keys"),
    "keys": (make.npy("{'descr': '<f4', 'shape': (2,)}", bytes(8)), "numpy's three keys"),
    "order": (make.npy("{'descr': '<f4', 'fortran_order': '1', 'shape': (2,)}", bytes(8)),
              "no truth value"),
}  # fmt: skip


def patched(content: bytes, offset: int, form: str, value: int, *, local: bool = True) -> bytes:
    """Return a zip file of one member with a field of its directory changed, and its local twin."""
    data = bytearray(content)
    struct.pack_into(form, data, data.rindex(b"PK\1\2") + offset, value)
    if local:
        struct.pack_into(form, data, data.index(b"PK\3\4") + offset - 2, value)
    return bytes(data)


MEMBER = make.zipped([("a.npy", npy())])
DEFLATED = make.zipped([("a.npy", npy("|u1", (60_000,), bytes(60_000)))], deflated=True)
NPZ = {
    "cut": (MEMBER[:-10], "no directory of a zip file"),
    "bomb": ((FILES / "bomb.npz").read_bytes(), "bytes in 1117, which cannot be"),
    "larger-than-it-says": (
        make.zipped([("a.npy", npy("|u1", (8,), bytes(60_000)))], deflated=True), "need 8"),
    "declares-less": (patched(DEFLATED, 24, "<I", 100), "need 60000"),
    "declares-more": (
        patched(make.zipped([("a.npy", npy("|u1", (60_000,), bytes(59_999)))], deflated=True),
                24, "<I", len(npy("|u1", (60_000,), bytes(60_000)))), "wrong size"),
    "stored-sizes": (patched(MEMBER, 24, "<I", 9), "which cannot be"),
    "checksum": (patched(MEMBER, 16, "<I", 1), "wrong checksum of 'a.npy'"),
    "damage": (DEFLATED[:60] + bytes(20) + DEFLATED[80:], "damage in|cut short|no .npy header"),
    "encrypted": (patched(MEMBER, 8, "<H", 1), "got encrypted 'a.npy'"),
    "method": (patched(MEMBER, 10, "<H", 14), "got method 14"),
    "outside": (patched(MEMBER, 42, "<I", 1 << 30, local=False), "no directory|no local header"),
    "duplicates": (make.zipped([("a.npy", npy()), ("a.npy", npy())]), "two members called 'a.npy'"),
    "no-array": (make.zipped([("a.txt", b"x")]), "need .npy arrays alone"),
    "object": (make.zipped([("a.npy", npy("|O"))]), "would need pickle"),
    "huge-shape": (make.zipped([("a.npy", npy(shape=(1 << 40,)))]), "need 4398046511104"),
}  # fmt: skip


def overlapping() -> bytes:
    """Return a zip file with two names for the same bytes."""
    data = make.zipped([("a.npy", npy()), ("b.npy", npy())])
    second = data.rindex(b"PK\1\2")
    return data[: second + 42] + bytes(4) + data[second + 46 :]


NPZ["overlap"] = (overlapping(), "across its neighbour")


# ---------------------------------------------------------------- onnx
def tensor(*arguments: Any, **more: Any) -> bytes:
    return make.onnx_model(make.field(5, make.onnx_tensor(*arguments, **more)))


def nested(depth: int) -> bytes:
    graph = b""
    for _ in range(depth):
        node = make.field(5, make.field(1, "body") + make.field(6, graph))
        graph = make.field(1, node)
    return make.onnx_model(graph)


def outside(location: str, **more: int | str) -> bytes:
    return make.onnx_model(make.field(5, make.external("w", location, (2,), **more)))


ONNX = {
    "empty": (b"", "got 0 graphs"),
    "two-graphs": (make.onnx_model(b"", make.field(7, b"")), "got 2 graphs"),
    "cut": (make.onnx(make.net())[:100], "bytes late"),
    "field-zero": (make.onnx_model(b"\0\0"), "field number 0"),
    "wire-type": (make.onnx_model(b"\x0b"), "wire type 3"),
    "long-number": (make.onnx_model(b"\x08" + b"\xff" * 11), "more than 10 bytes"),
    "length-2^63": (make.onnx_model(b"\x2a" + make.varint(1 << 63)), "bytes late"),
    "deep": (nested(40), "graphs deeper than"),
    "raw-size": (tensor("w", 1, (2,), b"1234567"), "got 7 raw bytes of 'w'; need 8"),
    "no-data": (tensor("w", 1, (2,)), "got 0 numbers of 'w'; need 2"),
    "huge-shape": (tensor("w", 1, (1 << 62, 4), bytes(8)), "product is at most"),
    "negative-shape": (tensor("w", 1, (-1,), bytes(8)), "sizes from 0"),
    "many-dims": (tensor("w", 1, (1,) * 33, bytes(4)), "33 dimensions"),
    "int4": (tensor("w", 22, (2,), b"1"), "type INT4"),
    "uint4": (tensor("w", 21, (2,), b"1"), "type UINT4"),
    "float4": (tensor("w", 23, (2,), b"1"), "type FLOAT4E2M1"),
    "string": (tensor("w", 8, (1,), more=make.field(6, "x")), "of text"),
    "complex128": (tensor("w", 15, (1,), bytes(16)), "type COMPLEX128"),
    "unknown-type": (tensor("w", 99, (1,), b"1"), "type number 99"),
    "segment": (tensor("w", 1, (1,), bytes(4), make.field(3, b"")), "in segments"),
    "both": (tensor("w", 1, (1,), bytes(4), make.field(4, bytes(4))), "need 4 alone"),
    "raw-twice": (tensor("w", 1, (1,), bytes(4), make.field(9, bytes(4))), "twice"),
    "wrong-field": (tensor("w", 1, (1,), b"", make.field(7, 1)), "in the field of F32"),
    "packed-size": (tensor("w", 1, (1,), b"", make.field(4, bytes(5))), "multiple of 4"),
    "packed-cut": (tensor("w", 7, (1,), b"", make.field(7, b"\xff")), "cut short"),
    "packed-long": (tensor("w", 7, (1,), b"", make.field(7, b"\xff" * 10 + b"\1")), "10 bytes"),
    "beyond-u8": (tensor("w", 2, (1,), b"", make.field(5, 256)), "beyond U8"),
    "beyond-f16": (tensor("w", 10, (1,), b"", make.field(5, 1 << 16)), "beyond F16"),
    "sparse": (make.onnx_model(make.field(15, b"")), "a sparse tensor"),
    "sparse-attribute": (
        make.onnx_model(make.field(1, make.field(5, make.field(22, b"")))), "a sparse tensor"),
    "name": (make.onnx_model(make.field(5, make.field(8, b"\xff"))), "not UTF-8"),
    "node-number": (make.onnx_model(b"\x08\x01"), "wire type 0"),
    "external-in-memory": (outside("weights.bin"), "need a model with a name"),
    "external-and-raw": (
        tensor("w", 1, (1,), bytes(4), make.field(14, 1)), "both in another file and in this"),
}  # fmt: skip

LOCATIONS = [
    "../secret.bin",
    "a/../../secret.bin",
    "/etc/passwd",
    "..\\secret.bin",
    "C:\\secret.bin",
    "C:secret.bin",
    "\\\\server\\secret",
    "",
    ".",
    "..",
    "a\0b",
    "link",
    "folder-link/secret.bin",
]


@pytest.mark.parametrize("location", LOCATIONS)
def test_external_data_outside_the_folder_are_refused(
    tmp_path_factory: pytest.TempPathFactory, location: str
) -> None:
    top = tmp_path_factory.mktemp("models")
    folder = top / "model"
    folder.mkdir()
    (top / "secret.bin").write_bytes(bytes(8))
    (folder / "link").symlink_to(top / "secret.bin")
    (folder / "folder-link").symlink_to(top)
    (folder / "m.onnx").write_bytes(outside(location))
    with pytest.raises(CheckpointError, match=r"unsafe location|no regular file|not UTF-8"):
        read_checkpoint(open_input(str(folder / "m.onnx")))


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"offset": 4}, "need a range of its 8 bytes"),
        ({"offset": -4}, "offset '-4'"),
        ({"offset": "1e3"}, "offset '1e3'"),
        ({"offset": "9" * 400}, "need an integer"),
        ({"length": 7}, "got 7 external bytes of 'w'; need 8"),
        ({"location": "missing"}, "cannot read 'missing': No such file"),
        ({"location": "fifo"}, "no regular file"),
        ({"location": "folder"}, "no regular file"),
    ],
)
def test_external_data_that_do_not_fit_are_refused(
    tmp_path_factory: pytest.TempPathFactory, more: dict[str, Any], problem: str
) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "w.bin").write_bytes(bytes(8))
    (folder / "folder").mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "m.onnx").write_bytes(outside(**{"location": "w.bin", **more}))
    with pytest.raises(CheckpointError, match=problem):
        read_checkpoint(open_input(str(folder / "m.onnx")))


def test_external_data_that_shrink_are_an_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "w.bin").write_bytes(bytes(8))
    (folder / "m.onnx").write_bytes(outside("w.bin"))
    checkpoint = read_checkpoint(open_input(str(folder / "m.onnx")))
    (folder / "w.bin").write_bytes(bytes(7))
    with pytest.raises(CheckpointError, match="which changed"):
        load_all(checkpoint)


def test_external_data_that_vanish_are_an_error(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    (folder / "w.bin").write_bytes(bytes(8))
    (folder / "m.onnx").write_bytes(outside("w.bin"))
    checkpoint = read_checkpoint(open_input(str(folder / "m.onnx")))
    (folder / "w.bin").unlink()
    with pytest.raises(InputError, match="No such file"):
        load_all(checkpoint)


# ---------------------------------------------------------------- torch
def view(*arguments: Any, size: int = 24, **more: Any) -> bytes:
    body = make.view_op("0", *arguments, **{"elements": 6, **more})
    return make.torch_file(body, [("0", bytes(size))])


def body(code: bytes) -> bytes:
    return make.torch_file(code, [("0", bytes(24))])


def called(label: str, *arguments: bytes) -> bytes:
    return body(make.global_op(label) + make.tuple_op(arguments) + b"R")


PLAIN = make.view_op("0", (6,), (1,), elements=6)


def shared(levels: int) -> bytes:
    """Return lists of the same list twice, again and again: 2^levels tensors."""
    code = PLAIN + b"q\0"
    for index in range(levels):
        code += b"](" + b"h" + bytes([index]) + b"h" + bytes([index]) + b"eq" + bytes([index + 1])
    return b"(" + code + b"t"


def long_names() -> bytes:
    """Return a long key before many references to one tensor."""
    many = PLAIN + b"q\1]q\2(" + b"h\1" * 60_000 + b"e"
    return b"}" + make.text_op("k" * 60_000) + b"(" + many + b"ts"


GLOBALS = ["os.system", "posix.system", "builtins.eval", "builtins.getattr", "torch.load",
           "torch._utils._rebuild_sparse_tensor", "torch.nn.modules.linear.Linear",
           "torch.hub.load",
           "collections.OrderedDict.fromkeys", "numpy.core.multiarray._reconstruct",
           "__main__.Net", "torch.storage._load_from_bytes", "torch.QUInt8Storage"]  # fmt: skip
TORCH = {
    "runs-code": ((FILES / "runs_code.pt").read_bytes(), "the global posix.system.*may run code"),
    **{f"global-{label}": (called(label), f"the global {label}.*state_dict") for label in GLOBALS},
    "stack-global": (body(make.text_op("os") + make.text_op("system") + b"\x93"), "os.system"),
    "stack-global-odd": (body(b"NN\x93"), "without a name"),
    "instance": (body(b"(ios\nsystem\n"), "pickle instruction 0x69"),
    "object": (body(b"(c__main__\nNet\no"), "may run code"),
    "new-object": (body(make.global_op("collections.OrderedDict") + b")\x81"), "instruction 0x81"),
    "extension": (body(b"\x82\1"), "instruction 0x82"),
    "long4": (body(b"\x8b" + struct.pack("<I", 1 << 31)), "instruction 0x8b"),
    "text-persistent": (body(b"Px\n"), "instruction 0x50"),
    "protocol": (make.zipped([("a/data.pkl", b"\x80\x06N.")]), "protocol 6"),
    "cut": (make.zipped([("a/data.pkl", b"\x80\x02X\xff\xff\xff\xff")]), "its end too early"),
    "no-stop": (make.zipped([("a/data.pkl", b"N")]), "its end too early"),
    "more": (make.zipped([("a/data.pkl", b"NN.")]), "more than one value"),
    "after-stop": (make.zipped([("a/data.pkl", b"N.N")]), "more than one value"),
    "empty-stack": (make.zipped([("a/data.pkl", b".")]), "an empty stack"),
    "no-mark": (body(b"t"), "no mark"),
    "pop-below-mark": (body(b"N(\x85t"), "an empty stack"),
    "memo": (body(b"h\x07"), "memo 7, which is empty"),
    "append-to-none": (body(b"NNa"), "no list"),
    "set-on-list": (body(b"]NNs"), "no dictionary"),
    "odd-items": (body(b"}(Nu"), "no dictionary for keys and values"),
    "build-on-list": (body(b"]Nb"), "attributes of what is no dictionary"),
    "call-value": (body(b"N)R"), "a call of a value"),
    "call-type": (called("torch.float32"), "a call of torch.float32"),
    "no-line": (body(b"cos"), "a line without end"),
    "not-utf8": (body(b"X\1\0\0\0\xff"), "not UTF-8"),
    "view-arguments": (called("torch._utils._rebuild_tensor_v2"), "not a plain view"),
    "parameter-alone": (called("torch._utils._rebuild_parameter"), "without arguments"),
    "pairs": (called("collections.OrderedDict", b"]Na"), "something else than pairs"),
    "persistent": (body(b"NQ"), "not described as torch does"),
    "persistent-type": (
        body(make.tuple_op([make.text_op("storage"), make.global_op("torch.float32"),
                            make.text_op("0"), b"N", b"K\1"]) + b"Q"), "not described"),
    "deep": (body(b"]" * 500 + b"a" * 499), "containers deeper than 100"),
    "itself": (body(b"]q\0h\0a"), "one inside itself"),
    "shared": (body(shared(60)), "share their parts too often"),
    "long-names": (body(long_names()), "share their parts|name of"),
    "twice": (body(make.dict_op([("a", PLAIN), ("a", PLAIN)])), "two tensors called 'a'"),
    "surrogate": (body(b"}X\3\0\0\0\xed\xa0\x80" + PLAIN + b"s"), "half a surrogate"),
    "beyond": (view((7,), (1,)), "leaves its storage"),
    "beyond-offset": (view((6,), (1,), offset=1), "leaves its storage"),
    "beyond-stride": (view((3,), (3,)), "leaves its storage"),
    "stride-2^70": (view((2,), (1 << 70,)), "leaves its storage"),
    "offset-2^70": (view((1,), (1,), offset=1 << 70), "leaves its storage"),
    "negative-offset": (view((1,), (1,), offset=-1), "leaves its storage"),
    "negative-stride": (view((2,), (-1,), offset=3), "leaves its storage"),
    "negative-size": (view((-1,), (1,)), "sizes from 0"),
    "huge": (view((1 << 40, 1 << 40), (0, 0)), "product is at most"),
    "expanded": (view((1 << 40,), (0,)), "that repeats 24"),
    "rank": (view((1,) * 33, (1,) * 33), "33 dimensions"),
    "few-strides": (view((2, 3), (1,)), "leaves its storage"),
    "size-of-text": (called("torch._utils._rebuild_tensor_v2", b"N"), "not a plain view"),
    "storage-short": (view((6,), (1,), size=23), "got 23 bytes of storage 0; need 24"),
    "storage-long": (view((6,), (1,), size=28), "got 28 bytes of storage 0; need 24"),
    "storage-2^70": (view((6,), (1,), elements=1 << 70), "bytes of storage 0; need"),
    "storage-missing": (make.torch_file(PLAIN, []), "got no storage 0"),
    "storage-path": (
        make.torch_file(make.view_op("../x", (6,), (1,), elements=6), []), "got no storage ../x"),
    "storage-compressed": (
        make.zipped([("a/data.pkl", make.pickled(PLAIN)), ("a/data/0", bytes(24))], deflated=True),
        "a compressed storage"),
    "byte-order": (make.torch_file(PLAIN, [("0", bytes(24))], order="mixed"), "byte order 'mixed'"),
    "two-pickles": (make.zipped([("a/data.pkl", b"N."), ("b/data.pkl", b"N.")]), "got 2 pickles"),
    "script": (make.zipped([("a/data.pkl", b"N."), ("a/constants.pkl", b"N.")]), "TorchScript"),
    "script-code": (make.zipped([("a/data.pkl", b"N."), ("a/code/x.py", b"")]), "torch.jit.load"),
}  # fmt: skip

MALFORMED = [
    pytest.param(kind, content, problem, id=f"{kind}-{name}")
    for kind, table in (
        ("safetensors", SAFETENSORS),
        ("npy", NPY),
        ("npz", NPZ),
        ("onnx", ONNX),
        ("torch", TORCH),
    )
    for name, (content, problem) in table.items()
]


@pytest.mark.parametrize(("kind", "content", "problem"), MALFORMED)
def test_malformed_files_are_refused_in_one_line(kind: str, content: bytes, problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem) as caught:
        read(content, kind)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("kind", "content", "problem"), MALFORMED)
def test_at_most_one_reader_recognises_malformed_files(
    kind: str, content: bytes, problem: str
) -> None:
    source = MemoryInput(content)
    found = [name for name in readers.own_names() if readers.get(name).recognises(source)]
    assert found in ([], [kind])


# ---------------------------------------------------------------- foreign files
FOREIGN = {
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "an HDF5 file.*h5py"),
    "gguf": (b"GGUF\3\0\0\0", "a GGUF file"),
    "pickle": ((FILES / "runs_code.pkl").read_bytes(), "a pickle, which runs code.*safetensors"),
    "legacy-torch": ((FILES / "legacy.pt").read_bytes(), "a pickle.*torch.save"),
    "gzip": (b"\x1f\x8b\x08\0", "Decompress it first"),
    "xz": (b"\xfd7zXZ\0\0", "Decompress it first"),
    "zstd": (b"\x28\xb5\x2f\xfd\0", "Decompress it first"),
    "bzip2": (b"BZh9", "Decompress it first"),
    "keras": (make.zipped([("config.json", b"{}"), ("model.weights.h5", b"")]), "a Keras file"),
    "saved-model": (make.field(1, 1) + make.field(2, make.field(1, b"")), "a model of TensorFlow"),
    "frozen-graph": (
        make.field(1, make.field(1, "x") + make.field(2, "Const")) + make.field(4, b""),
        "a model of TensorFlow",
    ),
    "tensorflow-index": (bytes(40) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", "of TensorFlow"),
    "tflite": (b"\x1c\0\0\0TFL3", "TensorFlow Lite"),
    "tar": (b"sys_info".ljust(257, b"\0") + b"ustar\0", "a tar file"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused_by_name_and_by_no_reader(name: str) -> None:
    content, what = FOREIGN[name]
    source = MemoryInput(content, "file")
    with pytest.raises(CheckpointError, match=f"cannot read 'file': it is .*{what}"):
        refuse_known(source)
    assert not any(readers.get(kind).recognises(source) for kind in readers.own_names())


@pytest.mark.parametrize("content", [b"", b"\0", b"hello", bytes(1000), b"\x08" * 300_000])
def test_unknown_files_are_refused(content: bytes) -> None:
    refuse_known(MemoryInput(content))
    with pytest.raises(CheckpointError, match="unknown kind of checkpoint"):
        read(content)


def test_valid_files_are_not_refused_as_foreign() -> None:
    lengths = [make.with_header(b"{}".ljust(size), b"") for size in (640, 896, 1152, 35_615)]
    forms: list[Callable[..., bytes]] = [make.safetensors, make.torch, make.onnx]
    for content in (*lengths, make.npz(make.numpy_net()), *(form(make.net()) for form in forms)):
        refuse_known(MemoryInput(content))
        read(content)


# ---------------------------------------------------------------- mutations
class Counted(MemoryInput):
    """Counts the bytes that are read."""

    taken = 0

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        data = super().read(start, stop)
        self.taken += len(data)
        return data


def mutated(content: bytes, source: random.Random) -> bytes:
    """Return a file with bits flipped, its end cut, a part moved, or numbers made extreme."""
    data = bytearray(content)
    for _ in range(source.randint(1, 3)):
        place = source.randrange(len(data) + 1)
        size = min(source.choice((1, 2, 4, 8, 40)), len(data) - place)
        match source.randrange(6):
            case 0 if size:
                data[place] ^= 1 << source.randrange(8)
            case 1:
                data[place : place + size] = source.randbytes(size)
            case 2 if source.random() < 0.3:
                del data[place:]
            case 3:
                start = source.randrange(len(data) + 1)
                data[place:place] = data[start : start + source.randint(1, 60)]
            case 4:
                del data[place : place + source.randint(1, 20)]
            case _:
                data[place : place + size] = source.choice((b"\xff", b"\0", b"\x7f")) * size
    return bytes(data)


def rezipped(content: bytes, source: random.Random) -> bytes:
    """Return a zip file one of whose members is changed, with the right checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    chosen = 0 if source.random() < 0.7 else source.randrange(len(members))
    name, data = members[chosen]
    members[chosen] = (name, mutated(data, source))
    return make.zipped(members, deflated=source.random() < 0.1)


def seeds() -> dict[str, list[bytes]]:
    """Return valid files of each format."""
    files = {
        "safetensors": ["net.safetensors"],
        "npy": ["odd.npy", "fortran.npy"],
        "npz": ["net.npz", "compressed.npz"],
        "onnx": ["net.onnx", "external.onnx"],
        "torch": ["net.pt", "views.pt"],
    }
    return {kind: [(FILES / name).read_bytes() for name in names] for kind, names in files.items()}


def refuses_or_reads(kind: str, content: bytes) -> bool:
    """Return whether a file is read; what else happens than CheckpointError fails the test."""
    source = Counted(content, str(FILES / "external.onnx") if kind == "onnx" else "(bytes)")
    problem = ""
    try:
        load_all(readers.get(kind).read(source))
    except (CheckpointError, InputError) as error:
        problem = str(error)
    assert problem.isprintable()
    found = [name for name in readers.own_names() if readers.get(name).recognises(source)]
    assert len(found) <= 1
    try:
        refuse_known(source)
        load_all(read_checkpoint(source))
    except (CheckpointError, InputError):
        pass
    assert source.taken <= 200 * len(content) + (1 << 20)
    return not problem


def check_mutations(kind: str, first: int, count: int) -> None:
    files = seeds()[kind]
    read_files = 0
    tracemalloc.start()
    for seed in range(first, first + count):
        source = random.Random(seed)
        content = source.choice(files)
        inner = kind in ("npz", "torch") and source.random() < 0.7
        changed = rezipped(content, source) if inner else mutated(content, source)
        read_files += refuses_or_reads(kind, changed)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20
    assert 0 < read_files < count


@pytest.mark.parametrize("kind", sorted(seeds()))
def test_mutated_files_raise_one_error_in_bounded_work(kind: str) -> None:
    check_mutations(kind, 0, 200)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(seeds()))
def test_ten_thousand_mutated_files_raise_one_error_in_bounded_work(kind: str) -> None:
    check_mutations(kind, 1000, 10_000)
