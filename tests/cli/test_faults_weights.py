"""Faults that ``kolmo weights`` survives: table E, a row or more for each, and table A on top.

What a reader must refuse is tested in tests/weights; here is what a user then sees: one line.
"""

import shutil
from pathlib import Path
from typing import Any

import pytest
from faults import FAILED, MISUSED, WITHOUT, Fault, check, rows

CHECKPOINTS = Path(__file__).parents[1] / "weights" / "checkpoints"
W = "kolmo weights"
SAVE = """"$PYTHON" -c "
import numpy as np
nan, inf = np.nan, np.inf
np.savez('model', **{})
" """
HEADER = """"$PYTHON" -c "
import json
header = {}
text = header if isinstance(header, bytes) else json.dumps(header).encode()
open('model.safetensors', 'wb').write(len(text).to_bytes(8, 'little') + text + bytes({}))
" """
ONE = "{'w': {'dtype': '%s', 'shape': %s, 'data_offsets': [0, %s]}}"
PACK = f"{W} pack net.safetensors -q -o net.klm"
ALL = f"{W} model.npz --rel-rmse .1 -q --json"
PICTURE = ("picture",)

# fmt: off
TABLE_E = [
    Fault("E01-empty", f"{W} empty", FAILED, "unknown kind of checkpoint: got 'empty'"),
    Fault("E02-seven-bytes", f"head -c 7 text | {W}", FAILED, "unknown kind"),
    Fault("E03-header-2-62", f"{W} model.safetensors", FAILED, "header|unknown kind",
          prepare="printf '\\0\\0\\0\\0\\0\\0\\0\\x40{}' >model.safetensors"),
    Fault("E05-not-json", f"{W} model.safetensors", FAILED, "model.safetensors|JSON|header",
          prepare=HEADER.format("b'{nonsense}      '", 0)),
    Fault("E06-deep-json", f"{W} model.safetensors", FAILED, "model.safetensors|deep|header|JSON",
          prepare=HEADER.format("b'{' + bytes([34, 97, 34]) + b':' + b'[' * 99999", 0)),
    Fault("E07-overlap", f"{W} overlap.safetensors", FAILED, "offset|overlap|begin"),
    Fault("E09-beyond-end", f"{W} model.safetensors", FAILED, "model.safetensors|bytes",
          prepare=HEADER.format(ONE % ("F32", "[9]", 36), 4)),
    Fault("E10-shape-overflow", f"{W} model.safetensors", FAILED, "shape|bytes|elements",
          prepare=HEADER.format(ONE % ("F32", "[4294967296, 4294967296]", 0), 0)),
    Fault("E11-unknown-type", f"{W} model.safetensors", FAILED, "F99",
          prepare=HEADER.format(ONE % ("F99", "[1]", 4), 4)),
    Fault("E12-f8", f"{W} model.safetensors -e mix --no-header | cut -f2,4,8", out="w\tF8_E4M3\tm",
          prepare=HEADER.format(ONE % ("F8_E4M3", "[4]", 4), 4)),
    Fault("E13-nan-alone", ALL, out=r"\A(?![\s\S]*NaN)[\s\S]*\"mix\"",
          prepare=SAVE.format("{'w': np.full(9, nan, 'f4'), 'v': np.arange(9, dtype='f4')}")),
    Fault("E13-nan-nothing-else", f"{W} model.npz -e mix --no-header | cut -f2,9",
          out=r"\Aw\tcertified\n\tcertified\n\Z",
          prepare=SAVE.format("{'w': np.full(9, nan, 'f4')}")),
    Fault("E13-nan-quantised", f"{W} model.npz --bits 4", MISUSED,
          "nothing to be quantised", prepare=SAVE.format("{'w': np.full(9, nan, 'f4')}")),
    Fault("E14-infinite", ALL, out=r"\A(?![\s\S]*Infinity)[\s\S]*\"trellis\"",
          prepare=SAVE.format("{'w': np.array([inf, 1], 'f4'), 'v': np.arange(9.)}")),
    Fault("E15-no-elements", f"{W} model.npz -e mix --no-header | cut -f6,10", out=r"\A0\t0\n0\t0",
          prepare=SAVE.format("{'w': np.zeros((0, 3))}")),
    Fault("E16-scalar", f"{W} model.npz -e raw --no-header | cut -f5,10", out=r"\A\[\]\t32\n\t32",
          prepare=SAVE.format("{'w': np.float32(3)}")),
    Fault("E17-no-tensors", f"{W} model.safetensors -e mix --no-header | cut -f2,9,10",
          out=r"\A\tcertified\t0\n\Z", prepare=HEADER.format("{}", 0)),
    Fault("E17-no-tensors-packed", f"{W} pack -q model.safetensors | {W} verify --no-header -q "
          "| cut -f14", out=r"\A0\n\Z", prepare=HEADER.format("{}", 0)),
    Fault("E17-no-tensors-table", f"{W} model.safetensors --format table --plot",
          out="0 tensors, 0 weights", prepare=HEADER.format("{}", 0)),
    Fault("E18-many-tensors", f"{W} model.safetensors -e raw --depth 1 --no-header | cut -f2,3",
          out=r"\At\t2000\n\t2000\n\Z", prepare=HEADER.format(
              "{f't.{k}': {'dtype': 'U8', 'shape': [1], 'data_offsets': [k, k + 1]} "
              "for k in range(2000)}", 2000)),
    Fault("E19-metadata", f"{W} model.safetensors", FAILED, "metadata",
          prepare=HEADER.format("{'__metadata__': {'a': 1}}", 0)),
    Fault("E20-duplicates", f"{W} model.safetensors", FAILED, "twice|duplicate",
          prepare=HEADER.format(
              "json.dumps({'w': 1, 'v': 1}).replace('v', 'w').encode()", 0)),
    Fault("E21-names", f"{W} model.safetensors -e raw --no-header", out=r"\.\./\\x1b\[31m",
          prepare=HEADER.format(
              "{'../' + chr(27) + '[31m': {'dtype': 'U8', 'shape': [1], 'data_offsets': [0, 1]}}",
              1)),
    Fault("E22-array", f"{W} odd.npy -e raw --no-header | cut -f2,4", out=r"\Aodd\tF32\n"),
    Fault("E23-objects", f"{W} objects.npy", FAILED, "object|pickle"),
    Fault("E25-fortran", f"{W} fortran.npy -e raw -q", out="raw"),
    Fault("E27-complex", ALL, out="C64",
          prepare=SAVE.format("{'w': np.ones(9, 'c8'), 'v': np.arange(9.)}")),
    Fault("E29-integers", f"{W} model.npz --step 1 -e trellis --no-header -q | cut -f8,14",
          out=r"\Atrellis\t\ntrellis\t1.0\n\Z", prepare=SAVE.format("{'w': np.arange(9)}")),
    Fault("E31-bomb", f"{W} bomb.npz", FAILED, "bomb.npz|bytes|declare|size"),
    Fault("E35-pickle", f"{W} runs_code.pkl", FAILED, "pickle.*safetensors.torch.save_file"),
    Fault("E35-legacy", f"{W} legacy.pt", FAILED, "pickle|safetensors"),
    Fault("E35-code", f"{W} runs_code.pt", FAILED, "runs? code"),
    Fault("E36-hdf5", f"{W} model.h5", FAILED, "HDF5",
          prepare="printf '\\x89HDF\\r\\n\\x1a\\n' >model.h5"),
    Fault("E36-compressed", f"{W} model.gz", FAILED, "Decompress it first",
          prepare="gzip <net.npz >model.gz"),
    *(
        Fault(f"E37-{name}-{value}", f"{W} {do} net.npz --{name}={value}", MISUSED,
              f"'--{name}': got '{value}'; need a number above 0 and below {below}")
        for do in ("", "pack") for name, below, values in (
            ("step", r"1e\+15", ("0", "-1", "nan", "inf", "abc")), ("rel-rmse", 1, ("1", "0")),
            ("bits", 64, ("0", "64")), ("snr", 1000, ("-3", "1e9")))
        for value in values
    ),
    Fault("E37-tol", f"{W} net.npz --eval 'cat {{}}' --tol=-1", MISUSED, "need a number of 0 or m"),
    Fault("E38-all-equal", ALL, out="trellis", prepare=SAVE.format("{'w': np.ones((9, 9))}")),
    Fault("E38-all-zero", f"{W} model.npz --rel-rmse .1", MISUSED, "nothing to be quantised",
          prepare=SAVE.format("{'w': np.zeros((9, 9))}")),
    Fault("E39-single-weight", ALL, out="trellis", prepare=SAVE.format("{'w': np.ones(1)}")),
    Fault("E40-memory", f"{W} model.npz --memory-limit 1M", FAILED,
          "too much memory: 'w' of 'model.npz' has 800000 bytes",
          prepare=SAVE.format("{'w': np.ones(100000)}")),
    Fault("E40-memory-of-decoder", f"{W} verify m.klm --memory-limit 1M", FAILED, "too much memory",
          prepare=SAVE.format("{'w': np.ones(100000)}") + f"; {W} pack model.npz -q >m.klm"),
    Fault("E42-so-fine", f"{W} net.npz --step 1e-30 -q --json", out=r"\A(?![\s\S]*(NaN|Infinity))"),
    Fault("E42-huge-numbers", f"{W} model.npz --rel-rmse .1 --json -q", MISUSED,
          "nothing to be quantised", prepare=SAVE.format("{'w': np.full(9, 1e300)}")),
    Fault("E42-huge-step", f"{W} model.npz --step 1e14 --json -q", out='"rmse": null',
          prepare=SAVE.format("{'w': np.full(9, 1e300)}")),
]
OPTIONS = [
    *(
        Fault(f"exclude-{one[2:]}-{other[2:]}", f"{W} {do} net.npz {one} 1 {other} 2", MISUSED,
              f"{one} and {other} exclude each other")
        for do in ("", "pack") for one, other in (("--step", "--bits"), ("--bits", "--snr"))
    ),
    Fault("eval-alone", f"{W} net.npz --eval 'cat {{}}'", MISUSED, "--eval and --tol need each"),
    Fault("tol-alone", f"{W} pack net.npz --tol 1", MISUSED, "--eval and --tol need each other"),
    Fault("eval-and-step", f"{W} net.npz --eval x --tol 1 --step 1", MISUSED, "exclude each other"),
    Fault("eval-without-place", f"{W} net.npz --eval cat --tol 1", MISUSED,
          r"no \{\} in the command: got 'cat'"),
    Fault("eval-of-nothing", f"{W} net.npz --eval 'nope {{}}' --tol 1", FAILED,
          "cannot run 'nope'"),
    Fault("eval-fails", f"{W} net.npz --eval 'false {{}}' --tol 1", FAILED, "the measure failed"),
    Fault("eval-says-nothing", f"{W} net.npz --eval 'true {{}}' --tol 1", FAILED, "no measure"),
    Fault("keep-alone", f"{W} net.npz --keep '*'", MISUSED, "--keep is for what is quantised"),
    Fault("keep-all", f"{W} net.npz --keep '*' --bits 3", MISUSED, "nothing to be quantised"),
    Fault("lossless-and-loss", f"{W} pack net.npz --lossless --bits 3", MISUSED, "loses nothing"),
    *(
        Fault(f"quantised-without-loss-{do or 'report'}", f"{W} {do} net.npz -e trellis", MISUSED,
              "trellis quantises: say what may be lost by --step")
        for do in ("", "pack")
    ),
    Fault("loss-without-quantised", f"{W} net.npz -e mix --bits 3", MISUSED,
          "name a coder such as"),
    Fault("loss-of-lossless", f"{W} pack net.npz -e mix --bits 3", MISUSED,
          "not a quantised coder"),
    *(
        Fault(f"unknown-coder-{do or 'report'}", f"{W} {do} net.npz -e trelis", MISUSED,
              "Did you mean 'trellis'")
        for do in ("", "pack")
    ),
    Fault("no-coder", f"{W} net.npz -e ''", MISUSED, "unknown weight coder: got ''"),
    Fault("coder-twice", f"{W} odd.npy -e mix,mix --no-header | wc -l", out=r"\A2\n\Z"),
    Fault("depth", f"{W} net.npz --depth -1", MISUSED, "'--depth': got '-1'"),
    Fault("out-of-reach", f"{W} net.npz --bits 1e-9", MISUSED, "out of reach: got 1e-09"),
    Fault("format-beside-container", f"{W} pack net.npz --json", MISUSED, "use -o FILE"),
    Fault("unknown-suffix", f"{W} unpack net.klm -o x.pt", MISUSED,
          "got 'x.pt'; need one of .safetensors, .npz", prepare=PACK),
    Fault("no-type-in-npz", f"{W} unpack net.klm -o x.npz", FAILED,
          "got type BF16 of 'norm.weight', which numpy lacks. Write .safetensors", prepare=PACK),
    Fault("other-container", f"{W} unpack text.klm -o x.npz", FAILED,
          "not a packed model: got 'text.klm', a container of code 'zlib'. Use kolmo decode"),
    Fault("other-container-verified", f"{W} verify text.klm", FAILED, "not a packed model"),
    Fault("no-container", f"{W} unpack net.npz -o x.npz", FAILED, "no kolmo container|not a"),
    Fault("container-as-model", f"{W} text.klm", FAILED, "unknown kind of checkpoint"),
    Fault("packed-decodes", f"{PACK} >/dev/null; kolmo decode net.klm | cmp - net.safetensors",
          leaves="net.klm"),
    Fault("encode-refuses", "kolmo encode net.npz -c weights", MISUSED, "kolmo weights pack"),
    Fault("altered", f"{W} verify net.klm", FAILED, "CRC-32",
          prepare=f"{PACK}; printf X | dd of=net.klm bs=1 seek=200 conv=notrunc status=none"),
    Fault("cut", f"{W} unpack cut.klm -o x.npz", FAILED, "CRC-32",
          prepare=f"{PACK}; head -c 300 net.klm >cut.klm"),
    Fault("base-of-another-shape", f"{W} model.npz --given net.npz", FAILED,
          "another tensor in 'net.npz': got 'odd' of F32 2x4; need F64 3 as in 'model.npz'",
          prepare=SAVE.format("{'odd': np.ones(3)}")),
    Fault("base-of-another-net", f"{W} model.npz --given net.npz", FAILED,
          "no tensor of 'model.npz' has its name in 'net.npz'",
          prepare=SAVE.format("{'w': np.ones(3)}")),
    Fault("compared-with-another-net", f"{W} compare model.npz net.npz", FAILED,
          "has its name in", prepare=SAVE.format("{'w': np.ones(3)}")),
    Fault("base-not-needed", f"{W} unpack net.klm --given net.npz -o x.npz", MISUSED,
          "side information not needed", prepare=PACK),
]
TABLE_A = [
    *(
        Fault(f"A01-missing-{do or 'report'}", f"{W} {do} nope", FAILED, "cannot read 'nope'")
        for do in ("", "pack -o x", "unpack -o x.npz", "verify", "compare nope")
    ),
    Fault("A02-directory", f"mkdir d; {W} d", FAILED, "is a directory", destroys=True, leaves="d"),
    Fault("A08-empty-name", f"{W} ''", MISUSED, "empty file name"),
    Fault("A12-empty-stdin", f"{W} - </dev/null", FAILED, "unknown kind of checkpoint: got '-'"),
    Fault("A15-stdin-twice", f"{W} - --given -", MISUSED, "standard input named twice"),
    Fault("A15-stdin-compared", f"{W} compare - -", MISUSED, "standard input named twice"),
    Fault("A18-endless", f"{W} /dev/zero", FAILED, "endless device"),
    *(
        Fault(f"A29-full-{do or 'report'}", f"{W} {do} >/dev/full", FAILED, "No space left",
              prepare=PACK)
        for do in ("odd.npy -e raw", "pack -q net.npz", "unpack net.klm", "verify net.klm",
                   "compare odd.npy odd.npy")
    ),
    Fault("A29-full-artefact", f"{W} pack net.npz -o /dev/full", FAILED, "No space left"),
    Fault("A29-full-unpacked", f"{W} unpack net.klm -o /dev/full", FAILED, "No space left",
          prepare=PACK),
    Fault("A36-missing-folder", f"{W} pack net.npz -o none/x", FAILED, "cannot write 'none/x'"),
    Fault("A36-unpack-missing-folder", f"{W} unpack text -o none/x.npz", FAILED, "cannot write"),
    Fault("A36-picture", f"{W} net.npz --plot-file none/x.svg", FAILED, "cannot write",
          needs=PICTURE),
    Fault("A39-over-its-input", f"{W} pack net.npz -o ./net.npz", MISUSED, "overwrite an input"),
    Fault("A39-over-its-base", f"{W} pack net.npz --given odd.npy -o odd.npy", MISUSED,
          "overwrite an input"),
    Fault("A40-file-size", f"ulimit -f 1; {W} pack model.npz -q -o out", FAILED, "File too large",
          prepare=SAVE.format("{'w': np.random.default_rng(1).random(9999)}")),
    Fault("A41-suffix", f"{W} net.npz --plot-file x.xyz", MISUSED, "need one of .png, .svg, .pdf"),
    Fault("A48-two-formats", f"{W} net.npz --json --format tsv", MISUSED, "exclude each other"),
    Fault("A50-output-twice", f"{W} pack net.npz -o a -o b", MISUSED, "more than once"),
    Fault("A51-variable", f"KOLMO_WEIGHTS_BITS=abc {W} net.npz", MISUSED, "KOLMO_WEIGHTS_BITS"),
    Fault("A52-no-matplotlib", f"{W} net.npz --plot-file x.svg", FAILED,
          "pip install 'kolmo-toolkit.plot.'", inject=WITHOUT.format("matplotlib")),
    Fault("A52-no-numba", f"{W} net.npz -e mix", FAILED, "numba cannot be used",
          inject=WITHOUT.format("numba")),
    Fault("A52-no-numba-needed", f"{W} net.npz -e raw,zstd -q", out="raw",
          inject=WITHOUT.format("numba")),
]
# fmt: on
SLOW = ("E37-step-i", "E37-bits-0", "E38-all-equal", "E39", "E27", "E14", "A52-no-numba-n")


@pytest.mark.parametrize("fault", rows([*TABLE_E, *OPTIONS, *TABLE_A], SLOW))
def test_fault(fault: Fault, shell: Any, inject: Any) -> None:
    for path in CHECKPOINTS.iterdir():
        if path.is_file():
            shutil.copy(path, shell.folder)
    check(fault, shell, inject)


def test_container_goes_to_no_terminal(shell: Any) -> None:
    shutil.copy(CHECKPOINTS / "net.npz", shell.folder)
    for command in ("kolmo weights pack net.npz", "kolmo weights unpack text.klm"):
        done = shell.in_terminal(command)
        assert done.code == 2
        assert "no binary output to a terminal" in done.err


def test_table_e_has_every_fault_that_a_user_meets() -> None:
    elsewhere = {4, 8, 24, 26, 28, 30, 32, 33, 34, 41}  # in tests/weights
    named = {int(row.id[1:3]) for row in TABLE_E}
    assert named | elsewhere >= set(range(1, 43))
