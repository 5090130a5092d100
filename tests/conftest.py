"""What many tests share: the installed command, and inputs of every kind."""

import json
import os
import random
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120


class Command:
    """Runs the installed ``kolmo`` as a user does: exit code, standard output, standard error."""

    def __init__(self, folder: Path) -> None:
        self.path = Path(sysconfig.get_path("scripts")) / "kolmo"
        self.folder = folder
        assert self.path.exists(), "install kolmo first: pip install '.[test]'"

    def __call__(self, *arguments: Any, **settings: Any) -> subprocess.CompletedProcess[Any]:
        """Return the finished process; text unless ``text=False``, never a traceback."""
        env = {**os.environ, **settings.pop("env", {})}
        settings = {"text": True, "cwd": self.folder, "stdin": subprocess.DEVNULL} | settings
        if "input" in settings:
            del settings["stdin"]
        done = subprocess.run(
            [self.path, *map(os.fspath, map(_argument, arguments))],
            capture_output=True,
            timeout=SECONDS,
            env=env,
            check=False,
            **settings,
        )
        trace = b"Traceback" if isinstance(done.stderr, bytes) else "Traceback"
        assert trace not in done.stderr, done.stderr
        return done

    def json(self, *arguments: Any, **settings: Any) -> dict[str, Any]:
        """Return the envelope that ``--json`` prints; NaN and infinity are refused."""
        done = self(*arguments, "--json", **settings)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout, parse_constant=_refuse)


def _argument(value: Any) -> str | bytes | os.PathLike[str]:
    return value if isinstance(value, str | bytes | os.PathLike) else str(value)


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} in JSON")


@pytest.fixture
def kolmo(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_bytes(samples()["text"])
    return path


def samples() -> dict[str, bytes]:
    """Return small inputs of every kind that the contract names."""
    source = random.Random(1)
    words = ["entropy", "of", "the", "coffee", "cup", "rises", "and", "falls", "\n"]
    return {
        "empty": b"",
        "one": b"x",
        "two": b"ab",
        "constant": bytes(100_000),
        "random": source.randbytes(50_000),
        "text": " ".join(source.choices(words, k=20_000)).encode(),
        "binary": b"".join(source.randrange(1000).to_bytes(4, "little") for _ in range(20_000)),
    }


@pytest.fixture(params=sorted(samples()))
def sample(request: pytest.FixtureRequest) -> bytes:
    return samples()[request.param]


Runner = Callable[..., subprocess.CompletedProcess[Any]]
