"""What the tests of the command line share: a folder of inputs, bash, terminals, faults."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
import termios
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import kolmo

SECONDS = 120
SCRIPTS = sysconfig.get_path("scripts")
AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups"
TEXT = (
    b"A cup of coffee cools, and its entropy rises; the cream forgets where it was poured.\n" * 40
)
TABLE = b"n,x,label\n" + b"".join(
    b"%d,%s,%s\n" % (i, b"%.2f" % (i * i % 17 / 4) if i % 9 else b"NA", b"aab"[i % 3 :][:1])
    for i in range(1, 41)
)
OUTSIDERS = ("KOLMO_", "PYTHON", "LC_", "XDG_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")


class Finished(NamedTuple):
    """What a command left: exit code, standard output, standard error (or both, of a terminal)."""

    code: int
    out: str
    err: str


class Shell:
    """Runs bash commands in a folder, as a user types them; kolmo is on the PATH."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return an environment in which nothing of the caller's settings is left."""
        clean = {key: text for key, text in os.environ.items() if not key.startswith(OUTSIDERS)}
        return clean | {
            "PATH": f"{SCRIPTS}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "PYTHON": sys.executable,
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
            "NOBODY": AS_NOBODY if os.getuid() == 0 else "",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(extra or {}),
        }

    def __call__(self, command: str, **extra: str) -> Finished:
        """Run a command to its end; ``extra`` goes into its environment."""
        done = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"],
            cwd=self.folder,
            env=self.environment(extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return Finished(done.returncode, _text(done.stdout), _text(done.stderr))

    def start(self, *arguments: str, **settings: Any) -> subprocess.Popen[bytes]:
        """Start kolmo itself, for tests that send signals."""
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | settings
        return subprocess.Popen(
            [os.path.join(SCRIPTS, "kolmo"), *arguments],
            cwd=self.folder,
            env=self.environment(settings.pop("env", {})),
            stdin=subprocess.DEVNULL,
            **settings,
        )

    def in_terminal(
        self, command: str, *, columns: int = 80, open_stderr: bool = False, **extra: str
    ) -> Finished:
        """Run a command whose input and output (and errors, if ``open_stderr``) are a terminal."""
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment(extra),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs if open_stderr else subprocess.PIPE,
            start_new_session=True,
        ) as process:
            os.close(theirs)
            seen = b"".join(iter(lambda: _read(ours), b""))
            os.close(ours)
            errors = b"" if process.stderr is None else process.stderr.read()
            code = process.wait(SECONDS)
        return Finished(code, _text(seen).replace("\r\n", "\n"), _text(errors))

    def snapshot(self) -> dict[str, str]:
        """Return what every name in the folder is, its content by its sum."""
        return {
            os.path.relpath(os.path.join(parent, name), self.folder): _fingerprint(parent, name)
            for parent, folders, files in os.walk(self.folder)
            for name in [*folders, *files]
        }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # Linux says so when the last process has closed the terminal
        return b""


def _fingerprint(parent: str, name: str) -> str:
    path = os.path.join(parent, name)
    if os.path.islink(path):
        return f"link to {os.readlink(path)}"
    if not os.path.isfile(path) or os.path.getsize(path) > 1 << 26:
        return str(os.stat(path).st_mode)
    with contextlib.suppress(PermissionError), open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
    return "unreadable"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder that keeps compiled kernels for the whole session, and for all workers."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return tmp_path_factory.mktemp("home")
    shared = tmp_path_factory.getbasetemp().parent / "home"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def message() -> bytes:
    """TEXT in a container."""
    return kolmo.encode(TEXT, "zlib")


@pytest.fixture
def shell(home: Path, message: bytes) -> Iterator[Shell]:
    """Bash in a folder that all may enter: ``text``, ``text.klm``, ``table.csv``, ``empty``."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "text").write_bytes(TEXT)
    (folder / "text.klm").write_bytes(message)
    (folder / "table.csv").write_bytes(TABLE)
    (folder / "empty").touch()
    yield Shell(folder, home)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def inject(shell: Shell) -> Callable[[str], str]:
    """Return a function whose code Python runs at its start, given the PYTHONPATH it returns."""

    def write(code: str) -> str:
        folder = shell.folder / "injected"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(code)
        return str(folder)

    return write


@pytest.fixture(scope="session")
def entry() -> EntryPoint:
    """The console entry point; its module is the command line, whatever its package is called."""
    (found,) = entry_points(group="console_scripts", name="kolmo")
    return found


@cache
def lack(needs: str) -> str | None:
    """Return why a test that needs this cannot run here, or None."""
    checks = {
        "nobody": _lack_nobody,
        "setuid": lambda: _lack_success(
            f"setpriv --reuid=12345 --regid=12345 --clear-groups {SCRIPTS}/kolmo --version",
            "run kolmo as a user without a name",
        ),
        "userns": lambda: _lack_success(
            f"unshare -U --map-user=12345 {SCRIPTS}/kolmo --version", "make a user namespace"
        ),
        "picture": lambda: None if find_spec("matplotlib") else "matplotlib is not installed",
        "tmpfs": lambda: _lack_success("unshare -m mount -t tmpfs none /mnt", "mount a tmpfs"),
        "netns": lambda: _lack_success("unshare -n true", "leave the network"),
        "strace": lambda: _lack_success("strace -o /dev/null true", "trace a process"),
    }
    if needs in checks:
        return checks[needs]()
    return None if shutil.which(needs) else f"{needs} is not installed"


def _lack_nobody() -> str | None:
    """Another user must be able to run this very Python and kolmo."""
    if os.getuid() != 0:
        return None
    source = f"{AS_NOBODY} {SCRIPTS}/kolmo --version"
    return _lack_success(source, "run kolmo as another user")


def _lack_success(command: str, what: str) -> str | None:
    done = subprocess.run(["bash", "-c", command], capture_output=True, cwd="/", check=False)
    return None if done.returncode == 0 else f"cannot {what} here"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a tool or a right that is missing here: ``@pytest.mark.needs("strace")``."""
    for mark in item.iter_markers("needs"):
        for reason in filter(None, map(lack, mark.args)):
            pytest.skip(reason)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark of this folder."""
    config.addinivalue_line("markers", "needs(*tools): skip where a tool or a right is missing")
