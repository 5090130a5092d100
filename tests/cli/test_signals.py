"""Stopped in the middle: by Ctrl-C, by a request to end, by SIGKILL, by a reader that left."""

import os
import random
import re
import signal
import subprocess
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

import kolmo

PATIENCE_SECONDS = 0.5
ATTEMPTS = 3
LONG = {
    "complexity-j1": "complexity -e lzma,zstd,bz2 -j1 big",
    "complexity-j2": "complexity -e lzma,zstd,bz2 -j2 big",
    "complexity-all": "complexity -q --all big",
    "complexity-output": "complexity -e lzma -o out big",
    "complexity-one-call": "complexity -e bzip3 big",
    "complexity-kernel": "complexity -e lz76 big",
    "complexity-given": "complexity text --given big",
    "encode-lzma": "encode -c lzma big -o out",
    "encode-one-call": "encode -c bzip3 big -o out",
    "encode-stdout": "encode -c zstd big",
    "decode": "decode big.klm -o out",
    "decode-child": "decode child.klm -o out",
    "verify": "verify big.klm",
    "fifo-without-writer": "complexity fifo",
    "decode-fifo": "decode fifo -o out",
    "codelength": f"codelength --code nml --counts {','.join(['131072'] * 64)}",
    "mdl-select": "mdl-select numbers.csv -o out --plot-file out.svg",
    "mdl-select-verify": "mdl-select numbers.csv --verify -f normal,bz2,student",
    "mdl-select-fifo": "mdl-select fifo -o out",
    "nml": "nml --categories 2:11 --n 1e12",
    "nml-poisson": "nml --model poisson --n 1 --largest 1e9",
    "nml-geometric": "nml --model geometric --n 1 --largest 1e7",
}
BIG_BYTES = 30_000_000


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of inputs on which every command of LONG works for seconds."""
    folder = tmp_path_factory.mktemp("inputs")
    data = random.Random(3).randbytes(BIG_BYTES)
    (folder / "big").write_bytes(data)
    (folder / "big.klm").write_bytes(kolmo.encode(data, "bz2"))
    (folder / "child.klm").write_bytes(kolmo.encode(data[: 1 << 23], "ppmd"))
    numbers = b"".join(b"%d.%d\n" % divmod(number, 7) for number in data[: 1 << 20])
    (folder / "numbers.csv").write_bytes(b"x\n" + numbers)
    os.mkfifo(folder / "fifo")
    return folder


@pytest.fixture
def workplace(shell: Any, inputs: Path) -> Any:
    """Bash in a folder with the inputs."""
    for path in inputs.iterdir():
        os.symlink(path, shell.folder / path.name)
    return shell


def stopped(shell: Any, command: str, number: int, after: float) -> tuple[int, str, float]:
    """Send a signal to a running command; return its exit code, stderr, and how long it took."""
    process = shell.start(*command.split(), stdout=subprocess.DEVNULL, start_new_session=True)
    sleep(after)
    assert process.poll() is None, "it must still be at work"
    start = monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors.decode(), monotonic() - start


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
    ids=["27-a33-sigint", "28-a34-sigterm"],
)
def test_signal_ends_the_work_at_once(
    number: int, code: int, word: str, name: str, workplace: Any
) -> None:
    """Up to three attempts, of which one must be in time: the machine may be busy."""
    before = workplace.snapshot()
    for _ in range(ATTEMPTS):
        ended, errors, seconds = stopped(workplace, LONG[name], number, 0.5)
        assert (ended, errors) == (code, f"kolmo: error: {word}\n")
        if not PATIENCE_SECONDS < seconds < 2 * PATIENCE_SECONDS:
            break
    assert seconds <= PATIENCE_SECONDS
    assert workplace.snapshot() == before


def test_a33_ctrl_c_from_the_keyboard_leaves_the_bar_tidy(workplace: Any) -> None:
    """In a terminal, after the bar has been drawn: the cursor is shown again."""
    done = workplace.in_terminal(
        "timeout --foreground --preserve-status -s INT 2 kolmo complexity -e lzma big >out",
        open_stderr=True,
    )
    assert done.code == 130
    assert done.out.endswith("kolmo: error: interrupted\n")
    assert done.out.rfind("\x1b[?25h") >= done.out.rfind("\x1b[?25l")


def test_27_finished_rows_are_printed_before_the_next_input_is_done(workplace: Any) -> None:
    process = workplace.start(
        "complexity", "--no-header", "-j1", "-e", "stored,lzma", "text", "empty", "big"
    )
    sleep(2)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    names = [line.split(b"\t")[0] for line in out.splitlines()]
    assert names == [b"text", b"text", b"empty", b"empty"]


def test_a33_second_signal_ends_at_once_too(workplace: Any) -> None:
    process = workplace.start("complexity", "-e", "lzma", "big")
    sleep(0.4)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)
    assert process.returncode in (130, -signal.SIGINT)


IN_DESTRUCTOR = """
import os
read, calls = os.pread, []
class Trap:
    def __del__(self):
        os.kill(os.getpid(), {number})
        for _ in range(1000):
            pass
def pread(descriptor, count, offset):
    calls.append(1)
    if len(calls) == 1:
        Trap()
    return read(descriptor, count, offset)
os.pread = pread
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_in_a_destructor_is_not_lost(number: int, workplace: Any, inject: Any) -> None:
    """Python lets no exception out of a destructor; without a second try the work would go on."""
    path = inject(IN_DESTRUCTOR.format(number=int(number)))
    done = workplace(f"PYTHONPATH={path} kolmo encode -c lzma big -o out")
    assert done.code == 128 + number
    assert re.fullmatch("kolmo: error: (interrupted|terminated)\n", done.err)


IN_A_LIBRARY = """
import os
read = os.pread
def pread(descriptor, count, offset):
    try:
        os.kill(os.getpid(), {number})
        for _ in range(1000):
            pass
    except BaseException:
        raise OSError(5, "something else") from None
    return read(descriptor, count, offset)
os.pread = pread
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_that_a_library_takes_for_a_failure_is_a_signal(
    number: int, workplace: Any, inject: Any
) -> None:
    """As numpy does while it is imported: what it raises instead says nothing of a signal."""
    path = inject(IN_A_LIBRARY.format(number=int(number)))
    done = workplace(f"PYTHONPATH={path} kolmo encode -c lzma big -o out")
    assert done.code == 128 + number
    assert re.fullmatch("kolmo: error: (interrupted|terminated)\n", done.err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a34_temporary_file_is_removed_where_unnamed_files_are_unknown(
    number: int, workplace: Any, inject: Any
) -> None:
    path = inject("import os; del os.O_TMPFILE")
    (workplace.folder / "out").write_text("old")
    before = workplace.snapshot()
    process = workplace.start("encode", "-c", "lzma", "big", "-o", "out", env={"PYTHONPATH": path})
    sleep(0.5)
    assert len(workplace.snapshot()) == len(before) + 1
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert workplace.snapshot() == before


@pytest.mark.parametrize(
    "command", ["encode random -c stored -o out", "complexity random -q -e stored -o out"]
)
def test_30_a35_killed_at_any_moment_leaves_the_old_file_or_the_new_one(
    command: str, shell: Any
) -> None:
    """Half of the moments lie around the end of the work, where the file gets its name."""
    (shell.folder / "random").write_bytes(random.Random(4).randbytes(3_000_000))
    whole = _timed(shell, command)
    new = (shell.folder / "out").read_bytes()
    moments = random.Random(5)
    outcomes = set()
    for number in range(50):
        old = b"old" if number % 4 < 2 else None
        _reset(shell.folder / "out", old)
        names = set(os.listdir(shell.folder))
        process = shell.start(*command.split(), stdout=subprocess.DEVNULL)
        sleep(whole * (moments.random() if number % 2 else moments.uniform(0.7, 1.8)))
        process.kill()
        process.communicate(timeout=60)
        assert _settled(shell.folder) <= names | {"out"}
        found = _content(shell.folder / "out")
        assert found in (old, new)
        outcomes.add((old is None, found == new))
    assert len(outcomes) == 4, "the moments must lie on both sides of the end"


def _settled(folder: Path) -> set[str]:
    """Return the names once the child that gives the file its name, if any, has ended."""
    end = monotonic() + 2
    while any(name.endswith(".kolmo") for name in os.listdir(folder)) and monotonic() < end:
        sleep(0.01)
    return set(os.listdir(folder))


def _timed(shell: Any, command: str) -> float:
    start = monotonic()
    assert shell(f"kolmo {command}").code == 0
    return monotonic() - start


def _reset(path: Path, old: bytes | None) -> None:
    path.unlink(missing_ok=True)
    if old is not None:
        path.write_bytes(old)


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


@pytest.mark.parametrize(
    "command",
    ["complexity text", "complexity text --json", "complexity text --format table", "info", "man",
     "codelength --counts 3,7", "nml --categories 2:9 --n 9 --format table", "--help",
     "complexity --help", "--version", "completion bash", "encode text", "decode text.klm",
     "inspect text.klm", "verify text.klm --format csv", "mdl-select table.csv",
     "mdl-select table.csv -f categorical --json", "mdl-select table.csv --format table --plot"],
)  # fmt: skip
def test_26_a31_pipe_that_nobody_reads_ends_in_silence(command: str, shell: Any) -> None:
    theirs, ours = os.pipe()
    os.close(theirs)
    process = shell.start(*command.split(), stdout=ours)
    os.close(ours)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (141, b"")


def test_26_a31_rest_of_the_work_is_not_done_when_the_reader_left(workplace: Any) -> None:
    start = monotonic()
    done = workplace(
        "kolmo complexity --no-header -j1 -e stored text text text text text big big big big big "
        "big big big big big big big | head -n 1 >/dev/null; echo ${PIPESTATUS[0]}"
    )
    assert (done.out, done.err) == ("141\n", "")
    assert monotonic() - start < 5
