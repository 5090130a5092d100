"""The harness pairs, alternates and measures as it says."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from kolmo.bench import harness
from kolmo.bench.harness import Comparison, Sample, Spread, Task, Timing
from kolmo.errors import InputError, KolmoError, ParameterError

SPIN_SECONDS = 0.3
SPIN = f"import time\nwhile time.process_time() < {SPIN_SECONDS}: pass"


def walls(*seconds):
    return tuple(Sample(value) for value in seconds)


def recorder(name, log):
    def run():
        log.append(name)
        return Sample(float(len(log)))

    return Task(name, run)


def python(code):
    return harness.run_process([sys.executable, "-c", code])


def test_interleave_reverses_every_other_round():
    log = []
    harness.interleave([recorder("A", log), recorder("B", log)], runs=3, warmups=1)
    assert "".join(log) == "BA" + "AB" + "BA" + "AB"


def test_interleave_leaves_warmups_out_and_keeps_rounds_in_order():
    log = []
    first, second = harness.interleave([recorder("A", log), recorder("B", log)], runs=2, warmups=2)
    assert first.values("wall_seconds") == [5.0, 8.0]
    assert second.values("wall_seconds") == [6.0, 7.0]


def test_ratio_divides_within_rounds_not_between_medians():
    ours, peer = Timing("ours", walls(2.0, 9.0, 4.0)), Timing("peer", walls(1.0, 3.0, 4.0))
    compared = Comparison("peer", "wall_seconds", (ours, peer))
    assert compared.ratio("ours") == Spread(1.0, 2.0, 3.0)  # the medians' ratio is 4/3
    assert compared.ratio("peer") == Spread(1.0, 1.0, 1.0)


@pytest.mark.parametrize("peer", [walls(1.0, 0.0), (Sample(1.0), Sample(1.0))])
def test_ratio_is_none_when_the_peer_was_not_measurable(peer):
    measure = "wall_seconds" if peer[1].wall_seconds == 0 else "cpu_seconds"
    timings = (Timing("ours", walls(1.0, 1.0)), Timing("peer", peer))
    assert Comparison("peer", measure, timings).ratio("ours") is None


def test_spread_of_nothing_and_of_a_gap_is_none():
    assert Spread.of([]) is None
    assert Spread.of([1.0, None]) is None


def test_comparison_dictionary_is_strict_json_with_every_spread():
    timings = (Timing("ours", walls(3.0, 1.0)), Timing("peer", walls(1.0, 1.0)))
    shown = Comparison("peer", "wall_seconds", timings).to_dict()
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown
    ours = shown["rows"][0]
    assert ours["wall_seconds"] == {"min": 1.0, "median": 2.0, "max": 3.0}
    assert ours["ratio"] == {"min": 1.0, "median": 2.0, "max": 3.0}
    assert (ours["runs"], ours["cpu_seconds"], len(ours["samples"])) == (2, None, 2)


@pytest.mark.parametrize(
    ("names", "peer", "runs"), [("AB", "C", 1), ("AB", "A", 0), ("AA", "A", 1), ("", "A", 1)]
)
def test_compare_refuses_what_it_cannot_pair(names, peer, runs):
    tasks = [recorder(name, []) for name in names]
    with pytest.raises(ParameterError):
        harness.compare(tasks, peer=peer, runs=runs)


def test_process_cpu_seconds_are_those_that_the_child_spent():
    sample = python(SPIN).sample
    assert SPIN_SECONDS <= sample.cpu_seconds < SPIN_SECONDS + 1
    assert sample.wall_seconds > sample.cpu_seconds * 0.9


def test_process_that_sleeps_spends_wall_seconds_only():
    sample = python("import time; time.sleep(0.5)").sample
    assert sample.wall_seconds >= 0.5
    assert sample.cpu_seconds < 0.4


def test_process_cpu_seconds_include_children_that_it_waited_for():
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {SPIN!r}])"
    assert python(code).sample.cpu_seconds >= SPIN_SECONDS


def test_process_peak_memory_is_what_the_child_held():
    empty = python("pass").sample.peak_rss_bytes
    full = python("held = b'x' * 50_000_000").sample.peak_rss_bytes
    assert 45e6 < full - empty < 60e6


def test_process_peak_memory_is_not_that_of_a_large_caller():
    held = b"x" * 200_000_000
    assert python("pass").sample.peak_rss_bytes < 100e6 < len(held)


def test_process_output_and_exit_code_are_kept():
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (done.stdout.strip(), done.stderr.strip()) == (b"out", b"err")
    assert done.sample.exit_code == 3


def test_process_killed_by_a_signal_has_a_negative_exit_code():
    done = python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert done.sample.exit_code == -signal.SIGKILL


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Linux only")
def test_process_ends_with_the_caller_that_was_killed(tmp_path):
    number = tmp_path / "number"
    command = [
        sys.executable,
        "-c",
        f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(60)",
    ]
    caller = subprocess.Popen(
        [sys.executable, "-c", f"from kolmo.bench import harness; harness.run_process({command!r})"]
    )
    assert wait_until(lambda: number.exists() and number.read_text())
    caller.kill()
    caller.wait()
    assert wait_until(lambda: not is_alive(int(number.read_text())))


def wait_until(condition, seconds=20):
    stop = time.monotonic() + seconds
    while not condition() and time.monotonic() < stop:
        time.sleep(0.02)
    return condition()


def is_alive(number):
    try:
        with open(f"/proc/{number}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_process_output_larger_than_a_pipe_does_not_block():
    assert len(python("print('x' * 1_000_000)").stdout) >= 1_000_000


def test_process_without_rusage_knows_the_wall_clock_only(monkeypatch):
    monkeypatch.delattr(os, "posix_spawnp")
    sample = python("import time; time.sleep(0.05)").sample
    assert (sample.cpu_seconds, sample.peak_rss_bytes, sample.exit_code) == (None, None, 0)
    assert sample.wall_seconds > 0.05


def test_unknown_program_is_named():
    with pytest.raises(InputError, match="no-such-program"):
        harness.run_process(["no-such-program"])


def test_program_that_cannot_start_is_an_input_error(tmp_path):
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(InputError, match="not started"):
        harness.run_process([str(broken)])


def test_failing_command_is_not_timed():
    task = harness.command("loser", [sys.executable, "-c", "raise SystemExit('no luck')"])
    with pytest.raises(KolmoError, match=r"loser failed: got exit code 1 \(no luck\)"):
        task.run()


def test_call_tells_waiting_from_working():
    waiting = harness.call("waiting", lambda: time.sleep(0.2)).run()
    assert waiting.wall_seconds >= 0.2
    assert waiting.cpu_seconds < 0.15


def test_machine_names_neither_host_nor_paths():
    found = harness.machine()
    assert set(found) == {"cpu", "cores", "python", "platform"}
    assert found["cores"] >= 1
    assert all(value for value in found.values())


def test_import_loads_no_numerical_library():
    code = "import sys, kolmo.bench.harness; print({'numpy', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("set()", 0)
