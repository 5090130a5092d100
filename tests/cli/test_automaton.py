"""``kolmo automaton`` as it is installed: rows, grids, checkpoints, pictures, Ctrl-C."""

import json
import os
import signal
import subprocess
from time import monotonic, sleep
from typing import Any

import numpy as np
import pytest

RUN = "automaton -n 8 --samples 2 --seed 1"
SCAN = "automaton scan -q --sizes 5:9:2 --replicas 1 --seed 1"
LONG = "automaton -q -n 64 --seed 1 --clock picks --time 6e8 --samples 6"
ENDLESS = "automaton -n 64 --seed 1 --clock picks --time 1e18 --snapshots 9,99,999"
PATIENCE_SECONDS = 0.5
ATTEMPTS = 3
COFFEE, CREAM = (59, 36, 20), (255, 244, 222)


def out_of(shell: Any, command: str) -> str:
    """Return what a command prints."""
    done = shell(f"kolmo {command}")
    assert done.code == 0, done
    return str(done.out)


def envelope_of(shell: Any, command: str) -> dict[str, Any]:
    """Return the envelope that a command prints."""
    envelope: dict[str, Any] = json.loads(out_of(shell, f"{command} --json"))
    return envelope


def grids_of(shell: Any, command: str) -> Any:
    """Return the grids of all samples of a run."""
    out_of(shell, f"{command} -o states.npz")
    with np.load(shell.folder / "states.npz", allow_pickle=False) as states:
        return states["grids"]


@pytest.fixture(scope="module")
def unbroken() -> dict[str, str]:
    """Keep what a long run prints when nobody interrupts it."""
    return {}


def test_rows_add_up(shell: Any) -> None:
    envelope = envelope_of(shell, f"{RUN} --samples 6")
    rows = envelope["results"]
    assert [row["sample"] for row in rows] == list(range(7))
    picks, swaps = ([row[name] for row in rows] for name in ("picks", "swaps"))
    assert picks == sorted(set(picks))
    assert picks[0] == 0
    for one, (pick, swap) in zip(rows, zip(picks, swaps, strict=True), strict=True):
        assert 0 <= swap <= pick
        assert one["edge_time"] == pick / 128
        assert one["raw_bits"] == one["complexity_bits"]
        assert one["kind"] == "certified"
        assert one["entropy_bits"] % 8 == 0
    (group,) = envelope["groups"]
    peak = max(row["complexity_bits"] for row in rows)
    assert peak in [row["complexity_bits"] for row in rows if row["picks"] == group["peak_picks"]]
    assert group["verdict"]["raw_ratio"] == peak / rows[0]["complexity_bits"]
    assert group["conserved"] == {"cream": 32}


def test_kinds_say_what_is_a_message(shell: Any) -> None:
    rows = envelope_of(shell, f"{RUN} -q -m entropy,zlib")["results"]
    assert [row["measure"] for row in rows] == ["entropy", "zlib"] * 3
    assert [row["kind"] for row in rows] == ["estimate", "certified"] * 3
    assert [row["sample"] for row in rows] == [0, 0, 1, 1, 2, 2]


def test_two_part_codes_say_what_they_are(shell: Any) -> None:
    rows = envelope_of(shell, f"{RUN} --two-part")["results"]
    for row in rows:
        assert row["two_part_kind"] in ("certified", "codelength")
        assert row["two_part_bits"] > 0
        assert row["two_part_code"]


@pytest.mark.parametrize(
    "command", [f"{RUN} -r stirred --two-part", pytest.param(SCAN, marks=pytest.mark.slow)]
)
def test_bytes_are_the_same_for_any_jobs(command: str, shell: Any) -> None:
    assert len({out_of(shell, f"{command} -j{jobs} --json") for jobs in (1, 2)}) == 1


@pytest.mark.parametrize("command", ["scales", "light-cone"])
def test_bytes_of_subcommands_are_the_same_for_any_jobs(command: str, shell: Any) -> None:
    run = RUN.replace("automaton", f"automaton {command}")
    assert len({out_of(shell, f"{run} -j{jobs}") for jobs in (1, 2)}) == 1


def test_seed_makes_the_run(shell: Any) -> None:
    first = out_of(shell, RUN)
    assert out_of(shell, RUN) == first
    assert out_of(shell, RUN.replace("--seed 1", "--seed 2")) != first


def test_chosen_seed_is_said_and_repeats_the_run(shell: Any) -> None:
    chosen = envelope_of(shell, "automaton -q -n 8 --samples 2")
    again = envelope_of(shell, f"automaton -q -n 8 --samples 2 --seed {chosen['seed']}")
    assert again == chosen


def test_formats_say_the_same(shell: Any) -> None:
    rows = envelope_of(shell, RUN)["results"]
    head, *lines = out_of(shell, RUN).splitlines()
    assert head.split("\t") == list(rows[0])
    for line, row in zip(lines, rows, strict=True):
        assert line.split("\t") == ["" if cell is None else str(cell) for cell in row.values()]
    csv = out_of(shell, f"{RUN} --format csv").splitlines()
    assert csv == [line.replace("\t", ",") for line in (head, *lines)]


def test_output_holds_times_and_grids(shell: Any) -> None:
    envelope = envelope_of(shell, f"{RUN} -o states.npz")
    with np.load(shell.folder / "states.npz", allow_pickle=False) as states:
        assert set(states) == {"picks", "swaps", "edge_time", "grids", "parameters"}
        for name in ("picks", "swaps", "edge_time"):
            assert states[name].tolist() == [row[name] for row in envelope["results"]]
        grids, parameters = states["grids"], json.loads(str(states["parameters"]))
    assert (grids.shape, grids.dtype) == ((3, 8, 8), np.uint8)
    assert grids.sum((1, 2)).tolist() == [32] * 3
    assert grids[0].tolist() == [[1] * 8] * 4 + [[0] * 8] * 4
    assert parameters == {**envelope["groups"][0]["parameters"], "seed": 1}


def test_picture_is_a_start(shell: Any) -> None:
    pillow = pytest.importorskip("PIL.Image")
    wanted = np.random.default_rng(3).integers(0, 2, (9, 12), np.uint8)
    pillow.fromarray(wanted * 255, "L").save(shell.folder / "start.png")
    run = "automaton -q --samples 2 --seed 1 --image start.png"
    grids = grids_of(shell, run)
    assert grids.shape == (3, 9, 12)
    assert (grids[0] == wanted).all()


def test_finished_checkpoint_gives_all_again(shell: Any) -> None:
    first = out_of(shell, f"{RUN} --json --checkpoint ck")
    assert out_of(shell, "automaton --resume ck --json") == first
    assert out_of(shell, f"{RUN} --resume ck --json --jobs 2") == first
    (grids,) = {grids_of(shell, run).tobytes() for run in (RUN, "automaton --resume ck")}
    assert len(grids) == 3 * 64


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["ctrl-c", "kill"]
)
def test_broken_run_goes_on_as_if_unbroken(
    number: int, code: int, shell: Any, unbroken: dict[str, str]
) -> None:
    if not unbroken:
        unbroken["out"] = out_of(shell, LONG)
    found, seen, seconds = 0, "", 0.0
    for _ in range(ATTEMPTS):
        found, seen, seconds = stopped(shell, f"{LONG} --checkpoint ck", number, lines=3)
        if seconds < PATIENCE_SECONDS:
            break
    assert found == code
    assert seconds < PATIENCE_SECONDS
    assert unbroken["out"].startswith(seen)
    assert 1 <= seen.count("\n") < 8
    start = monotonic()
    assert out_of(shell, "automaton -q --resume ck") == unbroken["out"]
    assert monotonic() - start < 60
    assert not [name for name in os.listdir(shell.folder) if name.startswith((".ck", "ck."))]


@pytest.mark.slow
def test_killed_scan_goes_on_as_if_unbroken(shell: Any) -> None:
    scan = "automaton scan -q --sizes 5:9:2 --replicas 6 --seed 1"
    code, seen, _ = stopped(shell, f"{scan} --checkpoint ck", signal.SIGKILL, lines=2)
    assert code == -signal.SIGKILL
    whole = out_of(shell, "automaton scan -q --resume ck")
    assert whole == out_of(shell, scan)
    assert whole.startswith(seen)
    assert out_of(shell, "automaton scan -q --resume ck") == whole


@pytest.mark.parametrize("output_format", ["tsv", "json"])
def test_ctrl_c_ends_an_endless_run_soon(output_format: str, shell: Any) -> None:
    out_of(shell, ENDLESS.replace("1e18", "1e3") + " -q")  # compiles
    for _ in range(ATTEMPTS):
        command = f"{ENDLESS} --format {output_format}"
        code, seen, seconds = stopped(shell, command, signal.SIGINT, 1.6)
        if seconds < PATIENCE_SECONDS:
            break
    assert code == 130
    assert seconds < PATIENCE_SECONDS
    assert seen.endswith("\n")
    if output_format == "tsv":
        head, *lines = seen.splitlines()
        assert lines
        assert {line.count("\t") for line in lines} == {head.count("\t")}
        assert [line.split("\t")[0] for line in lines] == [str(i) for i in range(len(lines))]
    elif output_format == "json":
        envelope = json.loads(seen)
        rows = [row["sample"] for row in envelope["results"]]
        assert rows == list(range(len(rows)))
        assert rows
        assert "interrupted" in [warning["code"] for warning in envelope["warnings"]]


def stopped(
    shell: Any, command: str, number: int, after: float = 0.0, *, lines: int = 0
) -> tuple[int, str, float]:
    """Send a signal to a command, after a time or when it has written some lines.

    Return its exit code, stdout, and how long it took to end.
    """
    process = shell.start(*command.split(), start_new_session=True)
    begun = b""
    try:
        sleep(after)
        while begun.count(b"\n") < lines and (read := os.read(process.stdout.fileno(), 4096)):
            begun += read
        assert process.poll() is None, "it must still be at work"
        start = monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        seconds = monotonic() - start
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    assert b"Traceback" not in err, err.decode()
    return process.returncode, (begun + out).decode(), seconds


def test_scan_resumed_has_the_same_bytes(shell: Any) -> None:
    first = out_of(shell, f"{SCAN} --checkpoint ck --json")
    assert out_of(shell, "automaton scan -q --resume ck --json") == first


def test_scan_has_a_row_for_each_size(shell: Any) -> None:
    envelope = envelope_of(shell, SCAN)
    rows = envelope["results"]
    assert [row["size"] for row in rows] == [5, 7, 9]
    for row in rows:
        assert (row["kind"], row["sizes_kind"]) == ("estimate", "certified")
        assert (row["rule"], row["protocol"], row["replicas"]) == ("interacting", "paper", 1)
        assert row["max_complexity_bits"] > 0
    (group,) = envelope["groups"]
    assert set(group["fits"]) == {"max_complexity_bits", "peak_time", "max_entropy_bits"}


def test_scan_of_two_rules_has_both(shell: Any) -> None:
    command = "automaton scan -q --sizes 5,6 --replicas 1 --seed 1 -r noninteracting,interacting"
    rows = envelope_of(shell, command)["results"]
    assert {(row["rule"], row["size"]) for row in rows} == {
        (rule, size) for rule in ("interacting", "noninteracting") for size in (5, 6)
    }


def test_scales_have_a_row_for_each_time_and_grain(shell: Any) -> None:
    command = "automaton scales -n 8 --samples 2 --seed 1 --grains 1,2,4"
    rows = envelope_of(shell, command)["results"]
    places = [(row["sample"], row["grain"]) for row in rows]
    assert places == [(sample, grain) for sample in range(3) for grain in (1, 2, 4)]
    for row in rows:
        assert row["kind"] == "certified"
        assert row["net_estimate_bits"] == row["bits"] - row["baseline_bits"]
    grids = {row["sample"]: row["bits"] for row in rows if row["grain"] == 1}
    runs = envelope_of(shell, RUN)["results"]
    assert list(grids.values()) == [row["entropy_bits"] for row in runs]


def test_light_cones_are_estimates(shell: Any) -> None:
    rows = envelope_of(shell, "automaton light-cone -n 8 --samples 2 --seed 1")["results"]
    assert [row["sample"] for row in rows] == [0, 1, 2]
    for row in rows:
        assert row["kind"] == "estimate"
        difference = row["plugin_estimate_bits"] - row["bias_estimate_bits"]
        assert row["estimate_bits"] == pytest.approx(difference)


@pytest.mark.needs("picture")
@pytest.mark.parametrize(
    "command",
    [
        RUN,
        *(
            pytest.param(c, marks=pytest.mark.slow)
            for c in (SCAN, f"{RUN} scales", f"{RUN} light-cone")
        ),
    ],
)
def test_picture_has_the_same_bytes_twice(command: str, shell: Any) -> None:
    command, _, sub = command.partition(" --seed 1 ")
    command = command.replace("automaton", f"automaton {sub}") + " --seed 1" * bool(sub)
    first = out_of(shell, f"{command} --plot-file one.svg")
    assert out_of(shell, f"{command} --plot-file two.svg") == first
    one, two = ((shell.folder / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert one == two
    assert b"</svg>" in one


@pytest.mark.needs("picture")
@pytest.mark.parametrize("sub", ["scan", "scales", "light-cone"])
def test_subcommand_draws_a_picture(sub: str, shell: Any) -> None:
    run = SCAN if sub == "scan" else RUN.replace("automaton", f"automaton {sub}")
    out_of(shell, f"{run} --plot-file sheet.svg")
    assert b"</svg>" in (shell.folder / "sheet.svg").read_bytes()


@pytest.mark.needs("picture")
def test_picture_is_a_png(shell: Any) -> None:
    out_of(shell, f"{RUN} --plot-file sheet.png")
    assert (shell.folder / "sheet.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.needs("picture")
@pytest.mark.parametrize("suffix", ["apng", "gif"])
def test_film_shows_every_grid(suffix: str, shell: Any) -> None:
    pillow = pytest.importorskip("PIL.Image")
    grids = grids_of(shell, f"{RUN} --plot-file film.{suffix}")
    palette = np.array([COFFEE, CREAM], np.uint8)
    with pillow.open(shell.folder / f"film.{suffix}") as film:
        assert film.n_frames == len(grids) == 3
        for number, grid in enumerate(grids):
            film.seek(number)
            wanted = palette[grid.repeat(32, 0).repeat(32, 1)]
            assert (np.asarray(film.convert("RGB")) == wanted).all()


@pytest.mark.slow
@pytest.mark.parametrize("sub", ["", "scales", "light-cone"])
def test_plot_draws_beside_the_rows(sub: str, shell: Any) -> None:
    run = RUN.replace("automaton", f"automaton {sub}")
    plain, drawn = (shell(f"kolmo {run} {option}") for option in ("", "--plot"))
    assert drawn.out == plain.out
    assert len(drawn.err.splitlines()) > len(plain.err.splitlines()) + 3
