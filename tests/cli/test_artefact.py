"""Writing the one artefact when the system refuses a step: the old file or the new one, no other.

In-process, on `kolmo.artefact.Artefact`, so that each system call can be made to fail in its turn.
"""

import errno
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kolmo.artefact import Artefact
from kolmo.errors import KolmoError

PIECES = [b"one ", b"two " * 1000, b"", b"three"]
WHOLE = b"".join(PIECES)


@pytest.fixture(params=[True, False], ids=["unnamed", "named"])
def unnamed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system knows files without a name."""
    if not request.param:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return bool(request.param)


@pytest.fixture(params=[b"old", None], ids=["old-file", "no-old-file"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "out"
    if request.param is not None:
        path.write_bytes(request.param)
    return path


def write(path: Path) -> None:
    with Artefact(str(path)) as artefact:
        for piece in PIECES:
            artefact.write(piece)
        artefact.commit()


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


class Failing:
    """A system call that fails at its n-th call."""

    def __init__(self, real: Callable[..., Any], at: int, number: int) -> None:
        self.real, self.at, self.number, self.calls = real, at, number, 0

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        self.calls += 1
        if self.calls == self.at:
            raise OSError(self.number, os.strerror(self.number))
        return self.real(*arguments, **settings)


@pytest.mark.parametrize("name", ["write", "fsync", "link", "replace", "open", "fchmod", "chmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_fault_at_the_nth_call_leaves_old_or_new(
    name: str, number: int, unnamed: bool, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, real = content(target), getattr(os, name)
    for at in range(1, 20):
        failing = Failing(real, at, number)
        with monkeypatch.context() as patch:
            patch.setattr(os, name, failing)
            if _finishes(target):
                break
        assert content(target) == old
        assert os.listdir(target.parent) == ([] if old is None else ["out"])
    assert failing.calls < at, "the loop ends with a run in which nothing failed"
    assert content(target) == WHOLE
    assert os.listdir(target.parent) == ["out"]


def _finishes(target: Path) -> bool:
    try:
        write(target)
    except KolmoError:  # and nothing else
        return False
    return True


def test_short_writes_are_continued(
    unnamed: bool, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    write(target)
    assert content(target) == WHOLE


def test_nothing_is_seen_before_the_commit(unnamed: bool, target: Path) -> None:
    old = content(target)
    with Artefact(str(target)) as artefact:
        artefact.write(WHOLE)
        assert content(target) == old
        artefact.commit()
        assert content(target) == WHOLE


def test_no_commit_leaves_nothing(unnamed: bool, target: Path) -> None:
    old = content(target)
    with Artefact(str(target)) as artefact:
        artefact.write(WHOLE)
    assert content(target) == old
    assert os.listdir(target.parent) == ([] if old is None else ["out"])


def test_close_may_come_twice(unnamed: bool, target: Path) -> None:
    artefact = Artefact(str(target))
    artefact.write(WHOLE)
    artefact.commit()
    artefact.close()
    artefact.close()
    assert content(target) == WHOLE


def test_descriptors_are_closed(unnamed: bool, target: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        write(target)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_new_file_has_the_mode_of_any_new_file(mask: int, unnamed: bool, tmp_path: Path) -> None:
    previous = os.umask(mask)
    try:
        write(tmp_path / "out")
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_mode_of_the_old_file_is_kept(mode: int, unnamed: bool, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"old")
    (tmp_path / "out").chmod(mode)
    write(tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode


def test_a41_link_is_kept_and_its_target_replaced(unnamed: bool, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("folder/real")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder" / "real").read_bytes() == WHOLE
    assert sorted(os.listdir(tmp_path)) == ["folder", "link"]
    assert os.listdir(tmp_path / "folder") == ["real"]


def test_other_name_of_the_old_file_keeps_the_old_bytes(unnamed: bool, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"old")
    os.link(tmp_path / "out", tmp_path / "other")
    write(tmp_path / "out")
    assert (tmp_path / "other").read_bytes() == b"old"


def test_file_that_appears_meanwhile_is_replaced_as_a_whole(unnamed: bool, tmp_path: Path) -> None:
    with Artefact(str(tmp_path / "out")) as artefact:
        artefact.write(WHOLE)
        (tmp_path / "out").write_bytes(b"another process was faster")
        artefact.commit()
    assert content(tmp_path / "out") == WHOLE
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("refusal", [errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL])
def test_file_system_without_unnamed_files_gets_a_named_one(
    refusal: int, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not hasattr(os, "O_TMPFILE"):
        pytest.skip("this system has no O_TMPFILE")
    real = os.open

    def refusing(path: Any, flags: int, *rest: Any, **settings: Any) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(refusal, os.strerror(refusal))
        return real(path, flags, *rest, **settings)

    monkeypatch.setattr(os, "open", refusing)
    monkeypatch.setattr(tempfile, "_os", os, raising=False)
    write(target)
    assert content(target) == WHOLE
    assert os.listdir(target.parent) == ["out"]


@pytest.mark.parametrize("name", ["none/out", "folder", "out/x", "x" * 300])
def test_unwritable_place_is_found_out_before_anything_is_written(
    name: str, unnamed: bool, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "out").write_bytes(b"old")
    with pytest.raises(KolmoError, match="cannot write"):
        Artefact(str(tmp_path / name))
    assert sorted(os.listdir(tmp_path)) == ["folder", "out"]


def test_pipe_is_written_to_directly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write(tmp_path / "pipe")
    assert os.read(reader, 10_000) == WHOLE
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_full_device_is_an_error() -> None:
    with pytest.raises(KolmoError, match="No space left"):
        write(Path("/dev/full"))
