"""``kolmo weights`` as it is installed: rows, containers, files of both formats, pictures."""

import json
import shutil
import signal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

CHECKPOINTS = Path(__file__).parents[1] / "weights" / "checkpoints"
LOSSLESS = ["mix", "planes", "raw", "xz", "zstd"]
QUANTISED = ["gaussian", "gaussians", "histogram", "laplace", "scales", "trellis"]
FALLBACK_BITS = 200  # which plain words save where a coder makes a small tensor longer
ATTEMPTS, AT_WORK_SECONDS, PATIENCE_SECONDS = 3, 2.5, 0.5
MEASURE = """
import sys
from pathlib import Path
data = Path(sys.argv[1]).read_bytes()
start = 8 + int.from_bytes(data[:8], "little")
numbers = memoryview(data[start:]).cast("f")
print("the sum is", sum(numbers))
"""


def weights(count: int) -> Any:
    """Return float32 numbers of a bell shape, the same everywhere: made of whole numbers alone."""
    state, numbers = 1, []
    for _ in range(count):
        total = 0
        for _ in range(8):
            state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            total += state >> 48
        numbers.append((total - (1 << 18)) / (1 << 18))
    return np.array(numbers, np.float32)


@pytest.fixture
def models(shell: Any) -> Any:
    """A folder with the fixtures, and ``small.npz``: five layers, one of them tied to the first."""
    for path in CHECKPOINTS.glob("net.*"):
        shutil.copy(path, shell.folder)
    flat = weights(1200)
    layers = {f"block.{k}.weight": flat[200 * k : 200 * k + 200].reshape(20, 10) for k in range(4)}
    tied = {"head.weight": layers["block.0.weight"], "head.bias": flat[-10:]}
    np.savez(shell.folder / "small.npz", **layers, **tied)
    np.savez(shell.folder / "near.npz", **{k: v + 2**-20 for k, v in {**layers, **tied}.items()})
    (shell.folder / "measure.py").write_text(MEASURE)
    return shell


def out_of(shell: Any, command: str) -> str:
    """Return what a command prints."""
    done = shell(f"kolmo weights {command}")
    assert done.code == 0, done
    return str(done.out)


def envelope_of(shell: Any, command: str) -> dict[str, Any]:
    """Return the envelope that a command prints."""
    envelope: dict[str, Any] = json.loads(out_of(shell, f"{command} --json"))
    return envelope


@pytest.mark.parametrize("suffix", ["safetensors", "npz", "onnx", "pt"])
def test_rows_of_every_format_add_up(suffix: str, models: Any) -> None:
    rows = envelope_of(models, f"net.{suffix}")["results"]
    totals = [row for row in rows if row["tensor"] is None]
    assert sorted(row["coder"] for row in totals) == LOSSLESS
    assert totals == sorted(totals, key=lambda row: row["container_bits"])
    for total in totals:
        mine = [row for row in rows if row["coder"] == total["coder"] and row["tensor"]]
        assert total["payload_bits"] == sum(row["payload_bits"] for row in mine)
        assert total["kind"] == "certified"
        assert total["container_bits"] > total["payload_bits"]
        assert total["ratio"] == total["payload_bits"] / total["raw_bits"]
    tied = [row for row in rows if row["same_as"]]
    assert [(row["tensor"], row["same_as"]) for row in tied] == [("head.weight", "embed.weight")]
    assert tied[0]["payload_bits"] is None


def test_container_has_the_length_that_was_said(models: Any) -> None:
    for coder in LOSSLESS:
        rows = envelope_of(models, f"small.npz -e {coder}")["results"]
        said = next(row["container_bits"] for row in rows if row["tensor"] is None)
        (packed,) = envelope_of(models, f"pack small.npz -e {coder} -o out.klm")["results"]
        size = 8 * (models.folder / "out.klm").stat().st_size
        assert packed["container_bits"] == size
        assert said - FALLBACK_BITS <= size <= said, coder


def test_lossy_container_has_the_length_that_was_said(models: Any) -> None:
    loss = "--rel-rmse .05"
    rows = envelope_of(models, f"small.npz -e trellis {loss}")["results"]
    total = next(row for row in rows if row["tensor"] is None)
    (packed,) = envelope_of(models, f"pack small.npz {loss} -o out.klm")["results"]
    assert packed["step"] == total["step"]
    assert packed["rmse"] == pytest.approx(total["rmse"], rel=1e-12)
    assert packed["container_bits"] == total["container_bits"]
    rms = np.sqrt(np.mean(np.square(weights(800).astype(float))))
    assert packed["rmse"] < 0.055 * rms
    assert packed["coder"] == "trellis"


def test_no_certify_makes_bounds_of_the_same_length(models: Any) -> None:
    one, two = (
        envelope_of(models, f"small.npz -e mix {option}")["results"]
        for option in ("--certify", "--no-certify")
    )
    assert {row["kind"] for row in two} == {"bound"} | {None}
    assert [row["payload_bits"] for row in one] == [row["payload_bits"] for row in two]


def test_loss_adds_all_that_quantise(models: Any) -> None:
    rows = envelope_of(models, "small.npz --step .03125 --keep '*.bias'")["results"]
    totals = {row["coder"]: row for row in rows if row["tensor"] is None}
    assert sorted(totals) == sorted(LOSSLESS + QUANTISED)
    for name in QUANTISED:
        assert totals[name]["step"] == 0.03125
        assert totals[name]["rmse"] < 0.03125
    kept = [row for row in rows if row["tensor"] == "head.bias"]
    assert {row["rmse"] for row in kept} == {None}


@pytest.mark.parametrize(("loss", "low", "high"), [("--bits 5", 4.5, 5.0), ("--snr 30", 4.0, 6.0)])
def test_pack_takes_the_bits_that_are_allowed(
    loss: str, low: float, high: float, models: Any
) -> None:
    rows = envelope_of(models, f"small.npz -e trellis {loss} --keep 'head.*'")["results"]
    mine = [row for row in rows if str(row["tensor"]).startswith("block")]
    assert len(mine) == 4
    bits = sum(row["payload_bits"] for row in mine) / sum(row["weights"] for row in mine)
    assert low <= bits <= high


def test_depth_joins_tensors(models: Any) -> None:
    whole = envelope_of(models, "small.npz -e mix")["results"]
    rows = envelope_of(models, "small.npz -e mix --depth 1")["results"]
    assert [(row["tensor"], row["tensors"]) for row in rows] == [
        ("block", 4), ("head", 2), (None, 6),
    ]  # fmt: skip
    assert rows[0]["payload_bits"] == sum(row["payload_bits"] for row in whole[:4])
    assert rows[-1] == whole[-1]
    assert envelope_of(models, "small.npz -e mix --depth 0")["results"] == [whole[-1]]
    assert envelope_of(models, "small.npz -e mix --depth 9")["results"] == whole


def test_table_of_many_tensors_has_few_lines(models: Any) -> None:
    many = {f"layer.{k}.{part}": np.ones(3, np.int8) for k in range(30) for part in "ab"}
    np.savez(models.folder / "many.npz", **many)
    lines = out_of(models, "many.npz -e raw --format table").splitlines()
    assert len([line for line in lines if line.startswith("layer.")]) == 30
    rows = out_of(models, "many.npz -e raw --no-header").splitlines()
    assert len(rows) == 60 + 1


def test_headline_says_what_is_bounded(models: Any) -> None:
    table = out_of(models, "near.npz --given small.npz --format table")
    (group,) = envelope_of(models, "near.npz --given small.npz")["groups"]
    assert group["headline"] in table
    assert group["headline"].startswith("L(near.npz|small.npz) <= ")
    assert "(certified)" in group["headline"]


def test_formats_say_the_same(models: Any) -> None:
    rows = envelope_of(models, "net.pt")["results"]
    head, *lines = out_of(models, "net.pt").splitlines()
    assert head.split("\t") == list(rows[0])
    for line, row in zip(lines, rows, strict=True):
        assert line.split("\t") == ["" if cell is None else str(cell) for cell in row.values()]


def test_model_comes_back_bit_by_bit(models: Any) -> None:
    for suffix in ("safetensors", "npz", "onnx", "pt"):
        out_of(models, f"pack net.{suffix} -o {suffix}.klm")
        out_of(models, f"unpack {suffix}.klm -o {suffix}.safetensors")
        out_of(models, f"verify {suffix}.klm --against net.{suffix}")
        out_of(models, f"verify {suffix}.klm --against {suffix}.safetensors")
    ours, theirs = (models.folder / name for name in ("safetensors.safetensors", "net.safetensors"))
    assert ours.stat().st_size == theirs.stat().st_size


def test_unpacked_npz_is_what_numpy_reads(models: Any) -> None:
    out_of(models, "pack net.npz -o net.klm")
    out_of(models, "unpack net.klm -o again.npz")
    with np.load(models.folder / "net.npz") as one, np.load(models.folder / "again.npz") as two:
        assert sorted(one) == sorted(two)
        for name in one:
            assert one[name].tobytes() == two[name].tobytes()
            assert (one[name].dtype, one[name].shape) == (two[name].dtype, two[name].shape)


def test_standard_output_holds_the_container(models: Any) -> None:
    done = models("kolmo weights pack small.npz >one.klm; kolmo weights pack small.npz -o two.klm")
    assert "L(small.npz) <= " in done.err
    one, two = ((models.folder / f"{name}.klm").read_bytes() for name in ("one", "two"))
    assert one == two
    assert models("kolmo weights unpack <one.klm | cmp - <(kolmo decode two.klm)").code == 0


def test_base_makes_a_near_model_short(models: Any) -> None:
    (alone,) = envelope_of(models, "pack near.npz -o alone.klm")["results"]
    (given,) = envelope_of(models, "pack near.npz --given small.npz -o given.klm")["results"]
    assert given["container_bits"] < 0.7 * alone["container_bits"]
    out_of(models, "unpack given.klm --given small.npz -o near.safetensors")
    out_of(models, "verify given.klm --given small.npz --against near.npz")
    done = models("kolmo weights unpack given.klm --given near.npz -o x.npz")
    assert done.code == 2
    assert "wrong side information" in done.err
    done = models("kolmo weights verify given.klm")
    assert done.code == 1
    assert "need a checkpoint that makes a safetensors file whose SHA-256" in done.err


def test_verify_tells_how_much_was_lost(models: Any) -> None:
    out_of(models, "pack small.npz --step .0625 -o small.klm")
    (row,) = envelope_of(models, "verify small.klm --against small.npz")["results"]
    assert 0 < row["rmse"] < row["largest_error"] < 0.125
    assert (row["step"], row["tensors"], row["kind"]) == (0.0625, 6, "certified")
    (row,) = envelope_of(models, "verify small.klm")["results"]
    assert row["rmse"] is None


def test_verify_refuses_another_model(models: Any) -> None:
    out_of(models, "pack small.npz -o small.klm")
    for other, reason in (("near.npz", "has other bytes"), ("net.npz", "is missing")):
        done = models(f"kolmo weights verify small.klm --against {other}")
        assert (done.code, done.out) == (1, "")
        assert reason in done.err


def test_two_models_are_compared(models: Any) -> None:
    (row,) = envelope_of(models, "compare small.npz near.npz")["results"]
    both = max(row["a_given_b_bits"], row["b_given_a_bits"])
    assert row["distance"] == both / max(row["a_bits"], row["b_bits"])
    assert row["kind"] == "certified"
    (same,) = envelope_of(models, "compare small.npz small.npz")["results"]
    assert same["distance"] < row["distance"] < 1
    (alone,) = envelope_of(models, "pack small.npz -o small.klm")["results"]
    assert same["a_bits"] == alone["container_bits"]
    assert "saves" in out_of(models, "compare small.npz near.npz --format table")


def test_measure_decides_how_much_is_lost(models: Any) -> None:
    measure = '--eval "$PYTHON measure.py {}" --tol .05'
    envelope = envelope_of(models, f"pack small.npz {measure} -o small.klm")
    (tuning,) = (group["tuning"] for group in envelope["groups"])
    assert tuning["trials"][0] == {"step": 0.0, "value": tuning["reference"], "holds": True}
    assert abs(tuning["value"] - tuning["reference"]) <= 0.05
    assert envelope["results"][0]["step"] == tuning["step"]
    good = [trial["step"] for trial in tuning["trials"] if trial["holds"]]
    assert max(good) == tuning["step"]
    done = models(f"kolmo weights small.npz -e scales,trellis {measure}")
    assert "note: the model itself: " in done.err
    assert f"\t{tuning['step']}\t" in done.out


@pytest.mark.parametrize("jobs", [1, 2])
def test_bytes_are_the_same_for_any_jobs(jobs: int, models: Any) -> None:
    command = "pack small.npz --rel-rmse .1 -o out.klm --json"
    first = out_of(models, f"{command} -j1")
    data = (models.folder / "out.klm").read_bytes()
    assert out_of(models, f"{command} -j{jobs}") == first
    assert (models.folder / "out.klm").read_bytes() == data


@pytest.mark.parametrize("command", ["weights big.npy -e xz", "weights pack big.npy -e xz -o out"])
def test_ctrl_c_ends_soon_and_leaves_nothing(command: str, models: Any) -> None:
    np.save(models.folder / "big.npy", np.random.default_rng(1).random(4_000_000))
    before = models.snapshot()
    for _ in range(ATTEMPTS):
        process = models.start(*command.split(), start_new_session=True)
        sleep(AT_WORK_SECONDS)
        assert process.poll() is None, "it must still be at work"
        start = monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        seconds = monotonic() - start
        if seconds < PATIENCE_SECONDS:
            break
    assert (process.returncode, out, err) == (130, b"", b"kolmo: error: interrupted\n")
    assert seconds < PATIENCE_SECONDS
    assert models.snapshot() == before


@pytest.mark.needs("picture")
@pytest.mark.parametrize("loss", ["", "--bits 4"])
def test_picture_has_the_same_bytes_twice(loss: str, models: Any) -> None:
    first = out_of(models, f"small.npz {loss} --plot-file one.svg")
    assert out_of(models, f"small.npz {loss} --plot-file two.svg") == first
    one, two = ((models.folder / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert one == two
    assert b"</svg>" in one


def test_plot_draws_beside_the_rows(models: Any) -> None:
    plain, drawn = (models(f"kolmo weights small.npz {option}") for option in ("", "--plot"))
    assert drawn.out == plain.out
    assert len(drawn.err.splitlines()) == 5 + 1
    lines = models("LC_ALL=C kolmo weights net.pt --plot --format table").out
    assert lines.isascii()
    assert "##" in lines


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_table_fits_the_terminal(columns: int, models: Any) -> None:
    done = models.in_terminal(
        "kolmo weights net.safetensors -q --plot", columns=columns, NO_COLOR="1"
    )
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= columns
