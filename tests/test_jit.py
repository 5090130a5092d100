"""The folder of compiled kernels: private, forgiving, and never a reason to fail."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kolmo import jit
from kolmo.complexity.kernels import lz76_phrases, lz78_phrases, suffix_array

# One kernel that calls another, each small enough to compile in a fraction of a second.
KERNELS = """
from kolmo.jit import kernel

@kernel
def double(x):
    return 2 * x

@kernel
def quadruple(x):
    return double(double(x))
"""

REPORT = """
import json
from kolmo import jit
from small import quadruple

answer = quadruple(5)
hits = sum(quadruple.stats.cache_hits.values())
print(json.dumps({"answer": answer, "hits": hits, "status": jit.cache_status()}))
"""

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")


def run(folder: Path, script: str, **variables: str) -> dict:
    """Run a script in a fresh interpreter with its own cache and return the JSON it prints."""
    (folder / "small.py").write_text(KERNELS)
    unset = ("XDG_CACHE_HOME", "LOCALAPPDATA", "NUMBA_DISABLE_JIT")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    environment |= {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])}
    environment |= variables or {"XDG_CACHE_HOME": str(folder), "LOCALAPPDATA": str(folder)}
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def stored_kernels(folder: Path) -> list[Path]:
    return sorted((folder / "kolmo" / "kernels").rglob("*.kernel"))


def flip_middle_bit(content: bytes) -> bytes:
    """Damage the machine code itself: what is unpickled is whole, and wrong."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_a_second_process_loads_what_the_first_compiled(tmp_path):
    assert run(tmp_path, REPORT) == {"answer": 20, "hits": 0, "status": None}
    assert run(tmp_path, REPORT) == {"answer": 20, "hits": 1, "status": None}


@posix
def test_the_cache_folder_is_private(tmp_path):
    run(tmp_path, REPORT)
    inside = [tmp_path / "kolmo", *(tmp_path / "kolmo").rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in inside if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in stored_kernels(tmp_path)} == {0o600}


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        flip_middle_bit,
        lambda content: b"not a kernel at all" * 100,
    ],
    ids=["empty", "truncated", "flipped bit", "foreign"],
)
def test_a_damaged_kernel_is_compiled_again_and_stored(tmp_path, damage):
    run(tmp_path, REPORT)
    files = stored_kernels(tmp_path)
    for file in files:
        file.write_bytes(damage(file.read_bytes()))
    assert run(tmp_path, REPORT) == {"answer": 20, "hits": 0, "status": None}
    assert stored_kernels(tmp_path) == files
    assert run(tmp_path, REPORT)["hits"] == 1


def test_an_edited_source_is_compiled_again(tmp_path, monkeypatch):
    run(tmp_path, REPORT)
    monkeypatch.setitem(globals(), "KERNELS", KERNELS.replace("2 * x", "3 * x"))
    assert run(tmp_path, REPORT) == {"answer": 45, "hits": 0, "status": None}


def test_the_folder_changes_with_any_kernel_source_and_with_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
    (tmp_path / "area" / "kernels").mkdir(parents=True)
    sources = [tmp_path / "kernels.py", tmp_path / "area" / "kernels" / "loop.py"]
    keys = {jit._key()}
    for source in sources:
        for content in ("x = 1", "x = 2"):
            source.write_text(content)
            keys.add(jit._key())
    assert len(keys) == 5
    (tmp_path / "area" / "other.py").write_text("x = 1")
    assert jit._key() in keys


@posix
def test_a_folder_that_others_can_write_is_not_used(tmp_path):
    run(tmp_path, REPORT)
    (tmp_path / "kolmo").chmod(0o777)
    report = run(tmp_path, REPORT)
    assert (report["answer"], report["hits"]) == (20, 0)
    assert report["status"].endswith(f"another user owns or can write {tmp_path / 'kolmo'}")


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").touch()
    inside_a_file = str(tmp_path / "file" / "cache")
    report = run(tmp_path, REPORT, XDG_CACHE_HOME=inside_a_file, LOCALAPPDATA=inside_a_file)
    assert (report["answer"], report["hits"]) == (20, 0)
    assert "are not kept" in report["status"]


@posix
def test_a_user_without_home_is_served_without_cache(tmp_path):
    homeless = "import os, pwd\nos.environ.pop('HOME', None)\npwd.getpwuid = {}.__getitem__\n"
    report = run(tmp_path, homeless + REPORT, XDG_CACHE_HOME="relative/is/ignored")
    assert (report["answer"], report["hits"]) == (20, 0)
    assert report["status"].endswith("this user has no home folder")


@posix
def test_a_full_disk_is_no_error(tmp_path):
    full = "import os\ndef replace(*paths): raise OSError(28, 'disk full')\nos.replace = replace\n"
    assert run(tmp_path, full + REPORT) == {"answer": 20, "hits": 0, "status": None}
    assert [path for path in (tmp_path / "kolmo").rglob("*") if path.is_file()] == []


def test_numba_code_of_the_user_keeps_its_own_settings(tmp_path):
    script = """
import json, numba
from small import quadruple
quadruple(5)
own = numba.njit(lambda x: x + 1)
print(json.dumps([own(1), numba.config.CACHE_DIR, own.stats.cache_path]))
"""
    assert run(tmp_path, script) == [2, "", None]


def test_kernels_give_the_same_answers_without_the_compiler(tmp_path):
    """The 64-bit numbers of texts beyond 2**31 bytes are run here too."""
    script = """
import json, sys
import numpy as np
from kolmo import jit
from kolmo.complexity.kernels import lz76_phrases, lz78_phrases, sais, suffix_array

assert not hasattr(sais.compact, "py_func")
answers = []
for text in TEXTS:
    symbols = np.array(text, np.uint8)
    wide = np.empty(symbols.size, np.int64)
    sais._sort_suffixes(symbols, 256, wide)
    assert (wide == suffix_array(symbols)).all()
    answers.append([wide.tolist(), lz76_phrases(symbols), lz78_phrases(symbols)])
print(json.dumps(answers))
"""
    generator = np.random.Generator(np.random.PCG64(1))
    texts = [generator.integers(256 - k, 256, 3000, np.uint8) for k in (1, 2, 3, 256)]
    expected = [[suffix_array(t).tolist(), lz76_phrases(t), lz78_phrases(t)] for t in texts]
    listed = repr([text.tolist() for text in texts])
    assert run(tmp_path, f"TEXTS = {listed}\n{script}", NUMBA_DISABLE_JIT="1") == expected


@jit.lean_kernel
def add_up(numbers):
    total = 0
    for number in numbers:
        total += number
    return total


@jit.lean_kernel
def add_up_a_copy(numbers):
    return add_up(numbers.copy())


def test_a_lean_kernel_leaves_counts_of_references_alone_and_cannot_make_arrays():
    numbers = np.arange(5)
    before = sys.getrefcount(numbers)
    assert [add_up(numbers) for _ in range(10)] == [10] * 10
    assert sys.getrefcount(numbers) == before
    if hasattr(add_up, "py_func"):
        with pytest.raises(Exception, match=r"(?i)nrt|nopython"):
            add_up_a_copy(numbers)
