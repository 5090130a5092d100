"""Makes the files of ``checkpoints/``: one small net in every format, and files that do harm.

Run it where torch, onnx and safetensors are installed::

    python tests/weights/make_checkpoints.py

The same bytes come out each time, but for ``legacy.pt``, in which torch keeps addresses. The tests
need none of the three: they read the files, and use what is built here by hand.
"""

import io
import json
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "checkpoints"
PAYLOADS = [0x7FC00001, 0xFF800002, 0x80000000, 0x7F800000, 0xFF800000, 1, 0x80000001, 0x3F800000]
NUMPY_CODES = {"F32": "<f4", "F16": "<f2", "I64": "<i8", "BOOL": "|b1", "F64": "<f8", "C64": "<c8"}
ONNX_TYPES = {"F32": 1, "I64": 7, "BOOL": 9, "F16": 10, "F64": 11, "C64": 14, "BF16": 16}
TORCH_STORAGES = {
    "F32": "FloatStorage",
    "F64": "DoubleStorage",
    "F16": "HalfStorage",
    "BF16": "BFloat16Storage",
    "I64": "LongStorage",
    "BOOL": "BoolStorage",
    "C64": "ComplexFloatStorage",
}

Entry = tuple[str, str, tuple[int, ...], bytes]  # name, type, shape, bytes


def net() -> list[Entry]:
    """Return a net of every kind of tensor; the second one is tied to the first."""
    source = np.random.default_rng(6)
    weight = source.standard_normal((5, 4)).astype("<f4").tobytes()
    return [
        ("embed.weight", "F32", (5, 4), weight),
        ("head.weight", "F32", (5, 4), weight),
        ("norm.weight", "BF16", (3, 2), bytes.fromhex("803fc17f00800100807f80ff")),
        ("half", "F16", (2, 3), np.array([1, -0.0, 6e-8, np.inf, -2, 0.1], "<f2").tobytes()),
        ("steps", "I64", (3,), np.array([-1, 0, 2**62], "<i8").tobytes()),
        ("mask", "BOOL", (2, 2), bytes([1, 0, 0, 1])),
        ("scale", "F32", (), np.array(0.5, "<f4").tobytes()),
        ("nothing", "F32", (0, 3), b""),
        ("odd", "F32", (2, 4), np.array(PAYLOADS, "<u4").tobytes()),
    ]


def numpy_net() -> list[Entry]:
    """Return the net without the type that numpy lacks."""
    return [entry for entry in net() if entry[1] != "BF16"]


def safetensors(entries: Iterable[Entry], **changes: Any) -> bytes:
    """Return a safetensors file; ``changes`` replace entries of its header."""
    header: dict[str, Any] = {}
    data = b""
    for name, dtype, shape, content in entries:
        offsets = [len(data), len(data) + len(content)]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": offsets}
        data += content
    return with_header(json.dumps(header | changes).encode(), data)


def with_header(text: bytes, data: bytes = b"") -> bytes:
    """Return a safetensors file with a header of any bytes."""
    return struct.pack("<Q", len(text)) + text + data


def npy(header: str, data: bytes, version: int = 1) -> bytes:
    """Return a .npy file with a header of any text."""
    text = header.encode("latin-1") + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def npy_header(code: str, shape: Any, *, fortran: bool = False) -> str:
    return f"{{'descr': {code!r}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def array(entry: Entry) -> bytes:
    """Return a .npy file of one tensor."""
    _, dtype, shape, data = entry
    return npy(npy_header(NUMPY_CODES[dtype], shape), data)


def zipped(members: Iterable[tuple[str, bytes]], *, deflated: bool = False) -> bytes:
    """Return a zip file of members, which may have one name twice."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
            archive.NameToInfo.pop(name, None)  # the library would warn of a second one
            archive.writestr(info, content)
    return file.getvalue()


def npz(entries: Iterable[Entry], *, deflated: bool = False) -> bytes:
    members = [(f"{entry[0]}.npy", array(entry)) for entry in entries]
    return zipped(members, deflated=deflated)


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | str | bytes) -> bytes:
    """Return a field of a protocol-buffer message: a number, or text or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def onnx_tensor(
    name: str, kind: int, shape: Iterable[int], data: bytes = b"", more: bytes = b""
) -> bytes:
    """Return a TensorProto with raw bytes, if there are any, and more fields."""
    sizes = b"".join(field(1, size) for size in shape)
    return sizes + field(2, kind) + field(8, name) + (field(9, data) if data else b"") + more


def onnx_model(graph: bytes, more: bytes = b"") -> bytes:
    return field(1, 8) + field(2, "by hand") + field(7, graph) + field(8, field(2, 17)) + more


def onnx(entries: Iterable[Entry]) -> bytes:
    return onnx_model(
        b"".join(
            field(5, onnx_tensor(name, ONNX_TYPES[dtype], shape, data))
            for name, dtype, shape, data in entries
        )
    )


def external(name: str, location: str, shape: Iterable[int], **more: int | str) -> bytes:
    """Return a TensorProto of float32 whose bytes are in another file."""
    pairs = {"location": location, **more}
    fields = b"".join(
        field(13, field(1, key) + field(2, str(value))) for key, value in pairs.items()
    )
    return onnx_tensor(name, 1, shape, more=fields + field(14, 1))


def text_op(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def int_op(value: int) -> bytes:
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def tuple_op(items: Iterable[bytes]) -> bytes:
    return b"(" + b"".join(items) + b"t"


def global_op(label: str) -> bytes:
    module, _, name = label.rpartition(".")
    return f"c{module}\n{name}\n".encode()


def view_op(
    key: str,
    shape: Iterable[int],
    strides: Iterable[int],
    *,
    offset: int = 0,
    elements: int = 0,
    storage: str = "FloatStorage",
) -> bytes:
    """Return the instructions that build a view of a storage."""
    described = (text_op("storage"), global_op(f"torch.{storage}"), text_op(key), text_op("cpu"))
    return (
        global_op("torch._utils._rebuild_tensor_v2")
        + tuple_op(
            (
                tuple_op((*described, int_op(elements))) + b"Q",
                int_op(offset),
                tuple_op(map(int_op, shape)),
                tuple_op(map(int_op, strides)),
                b"\x89",
                global_op("collections.OrderedDict") + b")R",
            )
        )
        + b"R"
    )


def pickled(body: bytes) -> bytes:
    return b"\x80\x02" + body + b"."


def dict_op(items: Iterable[tuple[str, bytes]]) -> bytes:
    return b"}(" + b"".join(text_op(key) + value for key, value in items) + b"u"


def torch_file(
    body: bytes, storages: Iterable[tuple[str, bytes]], *, order: str = "little"
) -> bytes:
    """Return a file as torch.save makes it, of the instructions for its value."""
    return zipped(
        [
            ("archive/data.pkl", pickled(body)),
            ("archive/byteorder", order.encode()),
            *((f"archive/data/{key}", data) for key, data in storages),
            ("archive/version", b"3\n"),
        ]
    )


def torch(entries: Iterable[Entry]) -> bytes:
    """Return a file of torch.save; equal bytes share a storage."""
    storages: dict[bytes, str] = {}
    items = []
    for name, dtype, shape, data in entries:
        key = storages.setdefault(data, str(len(storages)))
        strides = [int(np.prod(shape[index + 1 :])) for index in range(len(shape))]
        elements = int(np.prod(shape))
        storage = TORCH_STORAGES[dtype]
        view = view_op(key, shape, strides, elements=elements, storage=storage)
        items.append((name, view))
    return torch_file(dict_op(items), [(key, data) for data, key in storages.items()])


RUNS_CODE = pickled(b"cposix\nsystem\n" + tuple_op([text_op("touch harm-done")]) + b"R")


def bomb() -> bytes:
    """Return an .npz whose member claims a gigabyte and holds a few bytes more than none."""
    header = npy_header("|u1", (1 << 30,))
    honest = zipped([("bomb.npy", npy(header, bytes(1 << 20)))], deflated=True)
    claimed = struct.pack("<I", len(npy(header, b"")) + (1 << 30))
    size = struct.pack("<I", len(npy(header, b"")) + (1 << 20))
    return honest.replace(size, claimed)


def evil() -> dict[str, bytes]:
    """Return files that do harm to a careless reader."""
    first = ("a", "F32", (2,), bytes(8))
    overlap = {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}
    graph = field(5, external("w", "../secret.bin", (2,)))
    return {
        "runs_code.pt": zipped([("archive/data.pkl", RUNS_CODE), ("archive/version", b"3\n")]),
        "runs_code.pkl": RUNS_CODE,
        "bomb.npz": bomb(),
        "objects.npy": npy(npy_header("|O", (1,)), RUNS_CODE),
        "leaves_folder.onnx": onnx_model(graph),
        "overlap.safetensors": safetensors([first], b=overlap) + bytes(4),
    }


def _real_torch(folder: Path) -> None:
    """Write what torch itself makes: the net, views of all kinds, and its old format."""
    import torch as library

    kinds = {
        "F32": library.float32,
        "BF16": library.bfloat16,
        "F16": library.float16,
        "I64": library.int64,
        "BOOL": library.bool,
    }
    tensors: dict[str, Any] = {}
    for name, kind, shape, data in net():
        made = library.frombuffer(bytearray(data), dtype=kinds[kind]) if data else None
        tensors[name] = library.zeros(shape) if made is None else made.clone().reshape(shape)
    tensors["head.weight"] = tensors["embed.weight"]
    library.save(tensors, folder / "net.pt")
    base = library.arange(24, dtype=library.float32).reshape(4, 6)
    parameter = library.nn.Parameter(base[1])
    parameter.note = 1
    views = {
        "model": library.nn.Linear(2, 1).state_dict(),
        "transposed": base.T,
        "column": base[:, 2],
        "part": base[1:3, 1:4],
        "expanded": base[0, :1].expand(7),
        "parameter": parameter,
        "f8": library.tensor([1.0, -2.0]).to(library.float8_e4m3fn),
        "u16": library.tensor([1, 2], dtype=library.uint16),
        "list": [base[0], (base[1], {"deep": base[2]})],
        "others": (1, 2.5, "text", None, True, {3}, b"bytes", 2**70, 1j),
        "types": (library.float32, library.Size([1]), library.device("cpu")),
    }
    for name in ("weight", "bias"):
        views["model"][name].fill_(0.25)
    library.save(views, folder / "views.pt")
    library.save(tensors, folder / "legacy.pt", _use_new_zipfile_serialization=False)


def _real_onnx(folder: Path) -> None:
    """Write what onnx itself makes: typed fields, raw bytes, constants, a graph in a node."""
    import onnx as library
    from onnx import helper, numpy_helper

    arrays = {
        name: np.frombuffer(data, NUMPY_CODES[kind]).reshape(shape)
        for name, kind, shape, data in numpy_net()
    }
    floats = [name for name in arrays if name in ("embed.weight", "head.weight", "nothing")]
    made = [
        helper.make_tensor(name, 1, value.shape, value.ravel())
        if name in floats
        else numpy_helper.from_array(value, name)
        for name, value in arrays.items()
    ]
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=helper.make_tensor("v", 7, [2], [-5, 300]))],
        "inner",
        [],
        [helper.make_tensor_value_info("c", 7, [2])],
    )
    branch = helper.make_node("If", ["mask"], ["y"], "choose", then_branch=inner, else_branch=inner)
    constant = helper.make_node(
        "Constant", [], ["k"], value=helper.make_tensor("v", 16, [2], [1.0, -2.0])
    )
    graph = helper.make_graph([constant, branch], "net", [], [], made)
    library.save(helper.make_model(graph), folder / "net.onnx")
    one = numpy_helper.from_array(arrays["embed.weight"], "embed.weight")
    two = numpy_helper.from_array(arrays["odd"], "odd")
    model = helper.make_model(helper.make_graph([], "net", [], [], [one, two]))
    (folder / "external.bin").unlink(missing_ok=True)  # the library would append to it
    library.save(
        model, folder / "external.onnx", save_as_external_data=True,
        location="external.bin", size_threshold=0,
    )  # fmt: skip


def _real_numpy(folder: Path) -> None:
    arrays = {
        name: np.frombuffer(data, NUMPY_CODES[kind]).reshape(shape)
        for name, kind, shape, data in numpy_net()
    }
    np.savez(folder / "net.npz", **arrays)
    np.savez_compressed(folder / "compressed.npz", **arrays)
    np.save(folder / "odd.npy", arrays["odd"])
    np.save(folder / "fortran.npy", np.asfortranarray(arrays["embed.weight"].astype(">f4")))


def _real_safetensors(folder: Path) -> None:
    import torch as library
    from safetensors.torch import save_file

    loaded = library.load(folder / "net.pt", weights_only=True)
    tensors = {name: value.clone() for name, value in loaded.items()}
    save_file(tensors, folder / "net.safetensors", metadata={"format": "pt"})


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    _real_torch(FOLDER)
    _real_onnx(FOLDER)
    _real_numpy(FOLDER)
    _real_safetensors(FOLDER)
    for name, content in evil().items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
