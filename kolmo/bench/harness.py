"""Times commands and callables in turn, and gives their ratios to a named peer.

A machine's speed drifts while a benchmark runs, so two separate series cannot be
compared. Here every round measures each task once, every other round in reversed
order, and a ratio is always taken between two samples of the same round.
This module computes and returns; it prints nothing and needs no numpy.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from kolmo.errors import InputError, KolmoError, ParameterError
from kolmo.parallel import available_cores

Measure = Literal["wall_seconds", "cpu_seconds", "peak_rss_bytes"]

# On Linux a child starts with its parent's peak memory in its own account, so the
# command is started by a small process (about 10 MB) and not by a large caller. Where
# nobody waits for its report any more, since the caller was killed, it ends the command.
_LAUNCHER = """
import os, signal, sys, time
report, argv = int(sys.argv[1]), sys.argv[2:]
os.set_inheritable(report, False)
start = time.perf_counter()
child = os.posix_spawnp(argv[0], argv, os.environ, setsigdef=[signal.SIGPIPE])
if hasattr(os, "pidfd_open"):
    import select
    either = select.poll()
    either.register(os.pidfd_open(child), select.POLLIN)
    either.register(report, 0)
    if report in dict(either.poll()):
        os.kill(child, signal.SIGKILL)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
cpu, code = usage.ru_utime + usage.ru_stime, os.waitstatus_to_exitcode(status)
os.write(report, f"{wall!r} {cpu!r} {usage.ru_maxrss} {code}".encode())
"""


@dataclass(frozen=True)
class Sample:
    """One measured run: seconds, bytes of peak memory, and how it ended.

    `cpu_seconds` (user + system) and `peak_rss_bytes` are None where the platform
    or the kind of task cannot tell. `exit_code` is negative after a signal.
    """

    wall_seconds: float
    cpu_seconds: float | None = None
    peak_rss_bytes: int | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Finished:
    """A process that ran to its end: its sample and what it wrote."""

    sample: Sample
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class Task:
    """A name and an action that runs once and returns its sample."""

    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True)
class Spread:
    """Smallest, middle and largest of some values, in the unit of the values."""

    min: float
    median: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Spread | None:
        """Return the spread of values, or None if there are none or one is None.

        Examples
        --------
        >>> Spread.of([4.0, 1.0, 2.0])
        Spread(min=1.0, median=2.0, max=4.0)
        """
        known = [value for value in values if value is not None]
        if not known or len(known) < len(values):
            return None
        return cls(min(known), statistics.median(known), max(known))


@dataclass(frozen=True)
class Timing:
    """All samples of one task, in the order of the rounds."""

    name: str
    samples: tuple[Sample, ...]

    def values(self, measure: Measure) -> list[float | None]:
        """Return one measure of every sample, in the order of the rounds."""
        return [getattr(sample, measure) for sample in self.samples]

    def spread(self, measure: Measure) -> Spread | None:
        """Return the spread of one measure, or None where it was not measurable."""
        return Spread.of(self.values(measure))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary: spreads of each measure, and the samples."""
        return {
            "name": self.name,
            "runs": len(self.samples),
            "wall_seconds": _spread_dict(self.spread("wall_seconds")),
            "cpu_seconds": _spread_dict(self.spread("cpu_seconds")),
            "peak_rss_bytes": _spread_dict(self.spread("peak_rss_bytes")),
            "samples": [asdict(sample) for sample in self.samples],
        }


@dataclass(frozen=True)
class Comparison:
    """Timings of tasks that ran in the same rounds, one of them the peer.

    Examples
    --------
    >>> ours = Timing("ours", (Sample(2.0), Sample(9.0)))
    >>> peer = Timing("peer", (Sample(1.0), Sample(3.0)))
    >>> Comparison("peer", "wall_seconds", (ours, peer)).ratio("ours")
    Spread(min=2.0, median=2.5, max=3.0)
    """

    peer: str
    measure: Measure
    timings: tuple[Timing, ...]

    def timing(self, name: str) -> Timing:
        """Return the timing of that name; KeyError if there is none."""
        return {timing.name: timing for timing in self.timings}[name]

    def ratio(self, name: str) -> Spread | None:
        """Return the spread of the task's ratios to the peer, round by round.

        None where either was not measurable, or the peer took no measurable time.
        """
        mine = self.timing(name).values(self.measure)
        peers = self.timing(self.peer).values(self.measure)
        pairs = zip(mine, peers, strict=True)
        return Spread.of([a / b if a is not None and b else None for a, b in pairs])

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary: each timing with its ratio to the peer."""
        rows = [
            timing.to_dict() | {"ratio": _spread_dict(self.ratio(timing.name))}
            for timing in self.timings
        ]
        return {"peer": self.peer, "measure": self.measure, "rows": rows}


def compare(
    tasks: Sequence[Task],
    *,
    peer: str,
    measure: Measure = "cpu_seconds",
    runs: int = 11,
    warmups: int = 1,
) -> Comparison:
    """Return the tasks' timings from interleaved rounds, to be read against a peer.

    Parameters
    ----------
    tasks : sequence of Task
        At least the peer; the names differ.
    peer : str
        Name of the task that the ratios are taken to.
    measure : {"cpu_seconds", "wall_seconds", "peak_rss_bytes"}
        What the ratios compare; every measure is recorded.
    runs, warmups : int
        Measured rounds (at least 1), and rounds before them that do not count.

    Raises
    ------
    ParameterError
        If no task has the peer's name, two share one, or `runs` is below 1.
    """
    if peer not in [task.name for task in tasks]:
        raise ParameterError(f"unknown peer: got {peer!r}; need the name of a task.")
    timings = interleave(tasks, runs=runs, warmups=warmups)
    return Comparison(peer, measure, timings)


def interleave(tasks: Sequence[Task], *, runs: int, warmups: int = 1) -> tuple[Timing, ...]:
    """Return a timing of each task: rounds A B, B A, A B ... after the warm-up."""
    names = [task.name for task in tasks]
    if len(set(names)) < len(names) or runs < 1:
        raise ParameterError(
            f"cannot interleave: got {runs} runs of {names}; "
            "need at least one run and names that differ."
        )
    rounds = [_round(tasks, backwards=i % 2 == 1) for i in range(-warmups, runs)]
    measured = rounds[warmups:]
    return tuple(Timing(name, tuple(samples[name] for samples in measured)) for name in names)


def command(
    name: str,
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Task:
    """Return a task that measures a command as a whole process.

    Its run raises KolmoError when the command fails, since the time of a failure
    means nothing; use `run_process` to look at failures.
    """

    def run() -> Sample:
        done = run_process(argv, cwd=cwd, env=env)
        if done.sample.exit_code != 0:
            raise KolmoError(
                f"{name} failed: got exit code {done.sample.exit_code} "
                f"({_last_line(done.stderr)}); need 0."
            )
        return done.sample

    return Task(name, run)


def call(name: str, function: Callable[[], object]) -> Task:
    """Return a task that measures a callable in this process.

    Its CPU seconds are those of all threads of the process; its memory is unknown.
    """

    def run() -> Sample:
        wall, cpu = time.perf_counter(), time.process_time()
        function()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return Sample(wall, cpu)

    return Task(name, run)


def run_process(
    argv: Sequence[str],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Finished:
    """Return the sample and the output of a command, run to its end.

    Its stdin is empty, its stdout and stderr are pipes. The CPU seconds count the
    command and the children it waited for; the peak memory is the largest of them
    and never below the launcher's own, about 10 MB. On Windows only the wall clock
    is known.

    Raises
    ------
    InputError
        If there is no such program, or it cannot be started.
    """
    program = shutil.which(argv[0], path=(os.environ if env is None else env).get("PATH"))
    if program is None:
        raise InputError(f"no such program: got {argv[0]!r}; need one on the PATH.")
    resolved = [os.path.abspath(program), *argv[1:]]
    if hasattr(os, "wait4") and hasattr(os, "posix_spawnp"):
        return _run_launched(resolved, cwd, env)
    return _run_plain(resolved, cwd, env)


def machine() -> dict[str, str | int]:
    """Return what timings depend on: CPU, cores, Python, platform; no host name."""
    return {
        "cpu": _cpu_model(),
        "cores": available_cores(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": platform.platform(),
    }


def _round(tasks: Sequence[Task], *, backwards: bool) -> dict[str, Sample]:
    order = reversed(tasks) if backwards else tasks
    return {task.name: task.run() for task in order}


def _run_launched(argv: list[str], cwd: Path | None, env: Mapping[str, str] | None) -> Finished:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as report:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(writer), *argv],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=[writer],
                cwd=cwd,
                env=env,
            )
        finally:
            os.close(writer)
        return Finished(_parse_report(report.read(), done.stderr), done.stdout, done.stderr)


def _parse_report(report: bytes, stderr: bytes) -> Sample:
    if not report:
        raise InputError(f"command not started: got {_last_line(stderr)!r}; need a program.")
    wall, cpu, peak, code = report.split()
    unit = 1 if sys.platform == "darwin" else 1024
    return Sample(float(wall), float(cpu), int(peak) * unit, int(code))


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"


def _run_plain(argv: list[str], cwd: Path | None, env: Mapping[str, str] | None) -> Finished:
    start = time.perf_counter()
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, cwd=cwd, env=env)
    sample = Sample(time.perf_counter() - start, exit_code=done.returncode)
    return Finished(sample, done.stdout, done.stderr)


def _spread_dict(spread: Spread | None) -> dict[str, float] | None:
    return None if spread is None else asdict(spread)


def _cpu_model() -> str:
    """Return the processor's name from Linux's table, or the platform's own word."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = [
        line.partition(":")[2].strip()
        for line in text.splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.processor() or platform.machine()
