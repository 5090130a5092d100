"""Readers of checkpoints: the same tensors from every format, bit by bit and when asked for."""

import os
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from weights import make_checkpoints as make

from kolmo.data import MemoryInput, open_input
from kolmo.errors import CheckpointError, InputError
from kolmo.registry import readers
from kolmo.weights import canonical
from kolmo.weights.checkpoint import DTYPES, Checkpoint, Tensor, read_checkpoint

FILES = make.FOLDER
WHOLE = ["net.safetensors", "net.pt"]
WITHOUT_BF16 = ["net.npz", "compressed.npz", "net.onnx"]
VALID = [*WHOLE, *WITHOUT_BF16, "external.onnx", "views.pt", "odd.npy", "fortran.npy"]
RANGE = np.arange(24, dtype="<f4").reshape(4, 6)


def read(content: bytes, name: str = "(bytes)") -> Checkpoint:
    return read_checkpoint(MemoryInput(content, name))


def contents(checkpoint: Checkpoint) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {t.name: (t.dtype.name, t.shape, t.load()) for t in checkpoint.tensors}


def expected(entries: list[make.Entry]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    return {name: (kind, shape, data) for name, kind, shape, data in entries}


def of_file(name: str) -> Checkpoint:
    return read_checkpoint(open_input(str(FILES / name)))


@pytest.mark.parametrize("name", WHOLE + WITHOUT_BF16)
def test_tensors_equal_those_of_the_net_in_files_of_other_tools(name: str) -> None:
    entries = make.net() if name in WHOLE else make.numpy_net()
    found = contents(of_file(name))
    assert {key: found[key] for key, *_ in entries} == expected(entries)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("safetensors", make.safetensors(make.net())),
        ("torch", make.torch(make.net())),
        ("onnx", make.onnx(make.net())),
        ("npz", make.npz(make.numpy_net())),
        ("npz", make.npz(make.numpy_net(), deflated=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tensors_equal_those_of_the_net_in_files_by_hand(kind: str, content: bytes) -> None:
    entries = make.numpy_net() if kind == "npz" else make.net()
    checkpoint = read(content)
    assert checkpoint.format == kind
    assert contents(checkpoint) == expected(entries)
    assert [tensor.name for tensor in checkpoint.tensors] == [entry[0] for entry in entries]


@pytest.mark.parametrize("entry", make.numpy_net(), ids=lambda entry: entry[0])
def test_npy_gives_one_tensor_with_the_name_of_the_file(entry: make.Entry) -> None:
    checkpoint = read(make.array(entry), f"folder/{entry[0]}.npy")
    assert contents(checkpoint) == expected([entry])


def test_npy_from_a_stream_has_a_plain_name() -> None:
    assert [t.name for t in read(make.array(make.net()[0]), "-").tensors] == ["array"]


@pytest.mark.parametrize("name", VALID)
def test_one_reader_recognises_a_file(name: str) -> None:
    source = open_input(str(FILES / name))
    assert sum(readers.get(kind).recognises(source) for kind in readers.own_names()) == 1


def test_metadata_are_those_of_the_file() -> None:
    assert of_file("net.safetensors").metadata == {"format": "pt"}
    model = make.onnx_model(b"", make.field(14, make.field(1, "key") + make.field(2, "value")))
    assert read(model).metadata == {"key": "value"}


def test_tied_tensors_share_their_storage() -> None:
    storage = {tensor.name: tensor.storage for tensor in of_file("net.pt").tensors}
    assert storage["embed.weight"] == storage["head.weight"]
    assert len(set(storage.values())) == len(storage) - 1


def test_views_of_torch_are_gathered_in_c_order() -> None:
    found = contents(of_file("views.pt"))
    arrays = {
        "model.weight": np.full((1, 2), 0.25, "<f4"),
        "model.bias": np.full(1, 0.25, "<f4"),
        "transposed": RANGE.T,
        "column": RANGE[:, 2],
        "part": RANGE[1:3, 1:4],
        "expanded": np.zeros(7, "<f4"),
        "parameter": RANGE[1],
        "u16": np.array([1, 2], "<u2"),
        "list.0": RANGE[0],
        "list.1.0": RANGE[1],
        "list.1.1.deep": RANGE[2],
    }
    assert found.pop("f8") == ("F8_E4M3", (2,), bytes([0x38, 0xC0]))
    assert {name: value[1:] for name, value in found.items()} == {
        name: (value.shape, value.tobytes()) for name, value in arrays.items()
    }


def test_storages_of_torch_in_big_endian_order_are_swapped() -> None:
    view = make.view_op("0", (3, 2), (1, 3), elements=6)
    numbers = np.arange(6, dtype=">f4")
    content = make.torch_file(view, [("0", numbers.tobytes())], order="big")
    (tensor,) = read(content).tensors
    assert (tensor.name, tensor.shape) == ("tensor", (3, 2))
    assert tensor.load() == numbers.reshape(2, 3).T.astype("<f4").tobytes()


def test_checksum_zero_of_torch_is_none() -> None:
    content = bytearray(
        make.torch_file(make.view_op("0", (2,), (1,), elements=2), [("0", b"8bytes..")])
    )
    position = content.rindex(b"PK\1\2", 0, content.rindex(b"archive/data/0"))
    content[position + 16 : position + 20] = bytes(4)
    assert read(bytes(content)).tensors[0].load() == b"8bytes.."
    content[position + 16] = 1
    with pytest.raises(CheckpointError, match="wrong checksum"):
        read(bytes(content)).tensors[0].load()


CODES = ["<f8", ">f8", ">f4", "<f2", ">f2", "<c8", ">c8", ">i8", "<i4", ">u2", "|i1", "|u1", "|b1"]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("shape", [(), (0, 3), (7,), (2, 3), (2, 3, 4)], ids=str)
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_any_order_is_little_endian_in_c_order(
    tmp_path: Path, code: str, version: int, shape: tuple[int, ...], order: Any
) -> None:
    size = int(np.prod(shape)) * np.dtype(code).itemsize
    value = np.frombuffer(bytes(i * 37 % 256 for i in range(size)), code).reshape(shape)
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array(file, np.asarray(value, order=order), (version, 0))
    (tensor,) = read_checkpoint(open_input(str(tmp_path / "a.npy"))).tensors
    plain = np.ascontiguousarray(value).reshape(shape)
    swapped = plain if code[0] != ">" else plain.byteswap()
    assert (tensor.shape, tensor.load()) == (shape, swapped.tobytes())


TYPED = [
    *((kind, 5, name, numbers) for kind, name, numbers in [
        (2, "U8", [0, 255]), (3, "I8", [-128, 127]), (4, "U16", [65535]), (5, "I16", [-1, 9]),
        (6, "I32", [-(2**31), 2**31 - 1, -1]), (9, "BOOL", [1, 0]), (10, "F16", [0x7E01, 0x8000]),
        (16, "BF16", [0xFFC1, 0x80]), (17, "F8_E4M3", [0xFF]), (18, "F8_E4M3FNUZ", [128]),
        (19, "F8_E5M2", [0]), (20, "F8_E5M2FNUZ", [255]), (24, "F8_E8M0", [1, 2]),
    ]),
    (7, 7, "I64", [-(2**63), 2**63 - 1, 0]),
    (12, 11, "U32", [2**32 - 1, 1]),
    (13, 11, "U64", [2**64 - 1, 2**63]),
]  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("kind", "number", "name", "numbers"), TYPED, ids=lambda x: str(x)[:9])
def test_typed_integers_of_onnx_become_words(
    kind: int, number: int, name: str, numbers: list[int], packed: bool
) -> None:
    if packed:
        fields = make.field(number, b"".join(map(make.varint, numbers)))
    else:
        fields = b"".join(make.field(number, value) for value in numbers)
    content = make.onnx_model(
        make.field(5, make.onnx_tensor("w", kind, (len(numbers),), b"", fields))
    )
    width = DTYPES[name].word_bytes
    words = b"".join((value % 256**width).to_bytes(width, "little") for value in numbers)
    assert contents(read(content)) == {"w": (name, (len(numbers),), words)}


@pytest.mark.parametrize(
    ("kind", "number", "form", "name"),
    [(1, 4, "<2f", "F32"), (14, 4, "<4f", "C64"), (11, 10, "<2d", "F64")],
)
def test_typed_floats_of_onnx_become_words(kind: int, number: int, form: str, name: str) -> None:
    data = struct.pack(form, *range(int(form[1])))
    tensor = make.onnx_tensor("w", kind, (2,), b"", make.field(number, data))
    assert contents(read(make.onnx_model(make.field(5, tensor)))) == {"w": (name, (2,), data)}


def test_long_packed_integers_of_onnx_are_decoded_in_pieces() -> None:
    numbers = np.random.default_rng(1).integers(-(2**62), 2**62, 100_000) >> np.arange(100_000) % 63
    fields = make.field(7, b"".join(make.varint(int(value)) for value in numbers))
    tensor = make.onnx_tensor("w", 7, numbers.shape, b"", fields)
    (found,) = read(make.onnx_model(make.field(5, tensor))).tensors
    assert found.load() == numbers.astype("<i8").tobytes()


def test_graphs_in_nodes_of_onnx_name_their_tensors_by_the_path() -> None:
    found = contents(of_file("net.onnx"))
    assert found["k"] == ("BF16", (2,), bytes.fromhex("803f00c0"))
    for branch in ("then_branch", "else_branch"):
        assert found[f"choose.{branch}/c"][2] == np.array([-5, 300], "<i8").tobytes()


def test_functions_training_and_equal_names_of_onnx_are_kept_apart() -> None:
    tensor = make.onnx_tensor("v", 3, (1,), b"\1")
    attribute = make.field(5, make.field(1, "value") + make.field(5, tensor))
    node = make.field(2, "out") + make.field(4, "Constant") + attribute
    other = make.field(3, "mine") + make.field(4, "Other") + attribute
    function = make.field(1, "f") + make.field(7, node) + make.field(7, other)
    training = make.field(1, make.field(5, tensor))
    graph = (
        make.field(5, tensor) * 2 + make.field(1, node) + make.field(1, b"") + make.field(1, other)
    )
    model = make.onnx_model(graph, make.field(25, function) + make.field(20, training))
    names = [tensor.name for tensor in read(model).tensors]
    assert names == ["v", "v#2", "out", "mine.value", "f/out", "f/mine.value", "training0/1/v"]


def test_external_data_of_onnx_are_read_from_the_folder_of_the_model() -> None:
    checkpoint = of_file("external.onnx")
    assert {name: value[2] for name, value in contents(checkpoint).items()} == {
        name: data for name, _, _, data in make.net() if name in ("embed.weight", "odd")
    }
    assert checkpoint.tensors[0].storage != checkpoint.tensors[1].storage


def test_external_data_of_many_files_keep_one_open(tmp_path: Path) -> None:
    graph = b""
    for index in range(50):
        (tmp_path / f"w{index}").write_bytes(struct.pack("<2f", index, 0))
        graph += make.field(5, make.external(f"w{index}", f"w{index}", (1,), offset=0, length=4))
    (tmp_path / "m.onnx").write_bytes(make.onnx_model(graph))
    checkpoint = read_checkpoint(open_input(str(tmp_path / "m.onnx")))
    for _ in range(2):
        values = [struct.unpack("<f", tensor.load())[0] for tensor in checkpoint.tensors]
        assert values == list(range(50))


def test_names_are_never_paths() -> None:
    names = ["../x", "/etc/passwd", "a\x1b[31m", "", "é\n", "a\\b", "con"]
    entries: list[make.Entry] = [(name, "F32", (), bytes(4)) for name in names]
    for content in (make.safetensors(entries), make.npz(entries), make.onnx(entries)):
        assert [tensor.name for tensor in read(content).tensors] == names


def test_empty_checkpoints_have_no_tensors() -> None:
    for content in (make.safetensors([]), make.npz([]), make.onnx([]), make.torch([])):
        assert read(content).tensors == ()


def test_many_tensors_are_read_in_time_in_proportion() -> None:
    entries: list[make.Entry] = [
        (f"layer.{i}.weight", "F16", (1,), bytes(2)) for i in range(100_000)
    ]
    header = b"".join(
        b'"%s":{"dtype":"F16","shape":[1],"data_offsets":[%d,%d]},'
        % (name.encode(), 2 * i, 2 * i + 2)
        for i, (name, *_) in enumerate(entries)
    )
    content = make.with_header(b"{" + header[:-1] + b"}", bytes(200_000))
    assert len(read(content).tensors) == 100_000


def test_reading_loads_nothing_and_a_tensor_only_itself(tmp_path: Path) -> None:
    big = 10 << 30
    header = (
        b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},'
        b'"b":{"dtype":"U8","shape":[%d],"data_offsets":[4,%d]},'
        b'"c":{"dtype":"U8","shape":[4],"data_offsets":[%d,%d]}}' % (big, big + 4, big + 4, big + 8)
    )
    path = tmp_path / "big.safetensors"
    with path.open("wb") as file:
        file.write(make.with_header(header, b"aaaa"))
        file.seek(big, os.SEEK_CUR)
        file.write(b"cccc")
    source = open_input(str(path))
    tracemalloc.start()
    first, middle, last = read_checkpoint(source).tensors
    assert (first.load(), middle.bytes, last.load()) == (b"aaaa", big, b"cccc")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    source.close()
    assert peak < 1 << 20


SIZE = 1 << 20
LARGE: make.Entry = ("w", "F32", (512, 512), np.random.default_rng(0).bytes(SIZE))
COLUMN_MAJOR = make.npy(make.npy_header(">f4", (512, 512), fortran=True), LARGE[3])


@pytest.mark.parametrize(
    "content",
    [
        make.safetensors([LARGE]),
        make.torch([LARGE]),
        make.onnx([LARGE]),
        make.array(LARGE),
        COLUMN_MAJOR,
        make.npz([LARGE], deflated=True),
        make.zipped([("w.npy", COLUMN_MAJOR)], deflated=True),
        make.torch_file(
            make.view_op("0", (512, 512), (1, 512), elements=512**2), [("0", LARGE[3])]
        ),
    ],
    ids=["safetensors", "torch", "onnx", "npy", "fortran", "deflated", "zipped-fortran", "strided"],
)
def test_loading_needs_at_most_twice_the_tensor(content: bytes) -> None:
    (tensor,) = read(content).tensors
    tracemalloc.start()
    data = tensor.load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(data) == SIZE
    assert peak < 2.6 * SIZE


def test_a_file_that_shrinks_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "big.safetensors"
    size = 1 << 27
    header = b'{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (size, size)
    path.write_bytes(make.with_header(header))
    os.truncate(path, path.stat().st_size + size)
    source = open_input(str(path))
    (tensor,) = read_checkpoint(source).tensors
    os.truncate(path, 1000)
    with pytest.raises(InputError, match="changed while reading"):
        tensor.load()
    source.close()


@pytest.mark.parametrize("name", VALID)
def test_canonical_bytes_hold_the_same_tensors_in_the_same_order(name: str) -> None:
    checkpoint = of_file(name)
    written = b"".join(canonical.canonical_bytes(checkpoint))
    again = read(written)
    assert list(contents(again).items()) == list(contents(checkpoint).items())
    assert again.metadata == checkpoint.metadata
    assert b"".join(canonical.canonical_bytes(again)) == written
    assert int.from_bytes(written[:8], "little") % 8 == 0


def test_canonical_bytes_depend_on_tensors_alone() -> None:
    entries = make.numpy_net()
    formats = [make.safetensors, make.torch, make.onnx, make.npz]
    assert len({b"".join(canonical.canonical_bytes(read(form(entries)))) for form in formats}) == 1


@pytest.mark.parametrize("name", WITHOUT_BF16[:2])
def test_npz_bytes_are_read_by_numpy_and_by_us(tmp_path: Path, name: str) -> None:
    checkpoint = of_file(name)
    written = b"".join(canonical.npz_bytes(checkpoint))
    assert contents(read(written)) == contents(checkpoint)
    (tmp_path / "a.npz").write_bytes(written)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive, np.load(tmp_path / "a.npz") as arrays:
        assert archive.testzip() is None
        for tensor in checkpoint.tensors:
            assert arrays[tensor.name].shape == tensor.shape
            assert arrays[tensor.name].tobytes() == tensor.load()


def test_npz_bytes_keep_any_name() -> None:
    names = ["x.npy", "é", "../x", "a/b"]
    entries: list[make.Entry] = [(name, "F32", (), bytes(4)) for name in names]
    written = b"".join(canonical.npz_bytes(read(make.safetensors(entries))))
    assert [tensor.name for tensor in read(written).tensors] == names


def test_npz_bytes_refuse_types_that_numpy_lacks() -> None:
    with pytest.raises(CheckpointError, match=r"BF16 of 'norm\.weight'.*Write \.safetensors"):
        next(canonical.npz_bytes(of_file("net.pt")))


def test_npz_bytes_beyond_four_gigabytes_have_a_directory_that_is_read(tmp_path: Path) -> None:
    sizes = (5 << 30, 3)
    tensors = [Tensor(f"t{i}", DTYPES["U8"], (n,), None, bytes) for i, n in enumerate(sizes)]
    path, directory = tmp_path / "big.npz", []
    with path.open("wb") as file:
        for tensor in tensors:
            name, head = f"{tensor.name}.npy".encode(), canonical._npy_header(tensor)
            size, start = len(head) + tensor.bytes, file.tell()
            directory.append(canonical._central_header(name, 0, size, start))
            file.write(canonical._local_header(name, 0, size) + head)
            file.seek(tensor.bytes, os.SEEK_CUR)
        start, joined = file.tell(), b"".join(directory)
        file.write(joined + canonical._end(2, len(joined), start))
    source = open_input(str(path))
    assert [tensor.shape for tensor in read_checkpoint(source).tensors] == [(n,) for n in sizes]
    source.close()


@pytest.mark.slow
def test_npz_bytes_of_many_members_are_read_by_zipfile(tmp_path: Path) -> None:
    tensors = tuple(Tensor(str(i), DTYPES["U8"], (1,), None, lambda: b"x") for i in range(70_000))
    path = tmp_path / "many.npz"
    path.write_bytes(b"".join(canonical.npz_bytes(Checkpoint("", "", tensors, {}))))
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 70_000
    assert len(read_checkpoint(open_input(str(path))).tensors) == 70_000


@pytest.mark.parametrize("name", ["a", "__metadata__"])
def test_canonical_header_refuses_names_that_clash(name: str) -> None:
    tensors = [Tensor(name, DTYPES["U8"], (1,), None, bytes)] * 2
    with pytest.raises(CheckpointError, match="cannot name a tensor"):
        canonical.canonical_header(tensors, {"a": "b"})


def test_canonical_bytes_refuse_a_load_of_another_size() -> None:
    tensors = (Tensor("a", DTYPES["U8"], (2,), None, lambda: b"1"),)
    with pytest.raises(CheckpointError, match="tensor cut short"):
        list(canonical.canonical_bytes(Checkpoint("", "", tensors, {})))


def test_safetensors_equal_those_of_the_library() -> None:
    library = pytest.importorskip("safetensors")
    written = b"".join(canonical.canonical_bytes(of_file("net.safetensors")))
    theirs = dict(library.deserialize(written))
    assert {name: value[2] for name, value in contents(read(written)).items()} == {
        name: bytes(value["data"]) for name, value in theirs.items()
    }
