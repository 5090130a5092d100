"""The README stays true: its recipes print what it shows; for tables see bench."""

import re
import shutil
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ESTIMATES = "entropy,millermadow,grassberger,chaoshen,nsb,matchlength,lz76,ctw"
TIME = re.compile(r"\d[\d,.]* m?s\b")
CONSTANT = re.compile(r"(?<=independent of x: )[\d,]+|[\d,]+(?= of kolmo's coder)")
VERSION = re.compile(r"Python 3\.\d+")


def shown(command: str) -> str:
    """Return what the README prints below a command."""
    block = README.split(f"$ {command}\n", 1)[1]
    return re.split(r"^(?:\$ |```)", block, maxsplit=1, flags=re.MULTILINE)[0]


def plain(text: str) -> str:
    """Return text without what changes between machines and versions of kolmo itself."""
    for pattern in (TIME, CONSTANT, VERSION):
        text = pattern.sub("#", text)
    lines = [line for line in text.splitlines() if not line.startswith("kolmo: note")]
    return " ".join(" ".join(lines).split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    take_data(tmp_path)
    text = (tmp_path / "LICENSE").read_text("utf-8")
    (tmp_path / "new.txt").write_text(
        "".join(line.replace("kolmo", "toolkit", 1) for line in text.splitlines(keepends=True))
    )
    return tmp_path


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="sizes are those of classic zlib")
@pytest.mark.parametrize(
    "command",
    [
        "kolmo complexity LICENSE",
        "kolmo complexity LICENSE --max",
        "kolmo complexity tests/data/ucb_admissions.csv",
        f"kolmo complexity tests/data/nile.csv -e {ESTIMATES}",
        "kolmo complexity new.txt --given LICENSE -o new.klm",
    ],
)
def test_recipe_prints_what_the_readme_shows(kolmo, folder, command):
    done = kolmo(*command.split()[1:], "--format", "table", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = plain(done.stdout + done.stderr).replace("order estimate, bits ", "")
    wanted = plain(shown(command))
    for word in wanted.split():
        assert word in found.split()


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="sizes are those of classic zlib")
@pytest.mark.parametrize(("start", "code"), [("-e ctw", 0), ("-e cheat", 1), ("determ", 0)])
def test_recipe_of_scores_prints_what_the_readme_shows(kolmo, tmp_path, start, code):
    command = re.search(rf"^\$ (kolmo bench {start}.*)$", README, re.M)[1]
    (tmp_path / "cheat.py").write_text(shown("cat cheat.py"))
    done = kolmo(*command.split()[1:], "--format", "table", cwd=tmp_path)
    assert done.returncode == code, done.stderr
    found = plain(done.stdout + done.stderr).split()
    lines = [line for line in shown(command).splitlines() if not line.startswith("--format")]
    for word in plain("\n".join(lines)).split():
        assert word in found


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="sizes are those of classic zlib")
def test_recipe_of_a_predictor_prints_what_the_readme_shows(kolmo, folder):
    command = "kolmo complexity LICENSE --predictor neuron.py:Neuron"
    (source,) = re.findall(r"^```python\n(.*^class Neuron.*?)^```$", README, re.M | re.S)
    (folder / "neuron.py").write_text(source.rpartition("```python\n")[2])
    done = kolmo(*command.split()[1:], "--format", "table", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = plain(done.stdout + done.stderr)
    for word in plain(shown(command)).split():
        assert word in found.split()


def test_recipe_of_a_container_prints_what_the_readme_shows(kolmo, folder):
    command = "kolmo verify LICENSE.klm --against LICENSE"
    assert kolmo("encode", "LICENSE", "-o", "LICENSE.klm", "--code", "lzma").returncode == 0
    done = kolmo(*command.split()[1:], "--format", "table", cwd=folder)
    assert plain(done.stdout) == plain(shown(command))


@pytest.mark.parametrize(
    "command",
    [
        "kolmo codelength --counts 3,7",
        "kolmo codelength --sequence 0110111011 --code kt,ml",
        "kolmo nml --categories 2:4 --n 10,1000",
    ],
)
def test_recipe_of_counts_prints_what_the_readme_shows(kolmo, folder, command):
    done = kolmo(*command.split()[1:], "--format", "table", cwd=folder)
    assert done.stdout == shown(command)


def take_data(folder: Path) -> None:
    """Put what the recipes name into a folder."""
    (folder / "tests" / "data").mkdir(parents=True)
    for name in ("mlp.safetensors", "nile.csv", "ucb_admissions.csv"):
        shutil.copy(ROOT / "tests" / "data" / name, folder / "tests" / "data")
    shutil.copy(ROOT / "LICENSE", folder)


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="sizes are those of classic zlib")
@pytest.mark.parametrize(
    "command",
    [
        "kolmo weights tests/data/mlp.safetensors",
        "kolmo weights pack tests/data/mlp.safetensors --snr 30 -o mlp.klm",
    ],
)
def test_recipe_of_weights_prints_what_the_readme_shows(kolmo, tmp_path, command):
    take_data(tmp_path)
    done = kolmo(*command.split()[1:], "--format", "table", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == shown(command)


def test_recipe_of_noisy_weights_prints_what_the_readme_shows(kolmo, tmp_path):
    take_data(tmp_path)
    for command in (
        "kolmo weights fit tests/data/nile.csv --target flow --hidden 2",
        "kolmo weights send tests/data/nile.csv --target flow --hidden 1 "
        "--payload LICENSE -o flow.klm",
        "kolmo weights receive flow.klm --given tests/data/nile.csv "
        "-o flow.csv --payload-out LICENSE.out",
    ):
        done = kolmo(*command.split()[1:], "--format", "table", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == shown(command)
    assert (tmp_path / "LICENSE.out").read_bytes() == (tmp_path / "LICENSE").read_bytes()


@pytest.mark.skipif("ng" in zlib.ZLIB_RUNTIME_VERSION, reason="sizes are those of classic zlib")
@pytest.mark.parametrize(
    "command",
    [
        "kolmo mdl-select tests/data/nile.csv --column flow",
        "kolmo mdl-select tests/data/ucb_admissions.csv --target admit",
        "kolmo mdl-select tests/data/wampler.csv --target y4 --features x -f polynomial,normal",
        "kolmo mdl-select tests/data/longley.csv --target employed -f linear,prequential,normal",
        "kolmo mdl-select tests/data/scaling_chinchilla.csv --target loss -f scaling,normal",
        "kolmo automaton --size 128 --seed 1 --samples 12",
    ],
)
def test_recipe_of_a_table_prints_what_the_readme_shows(kolmo, command):
    done = kolmo(*command.split()[1:], "--format", "table", cwd=ROOT)
    found, wanted = plain(done.stdout), plain(shown(command))
    for word in wanted.split():
        assert word in found.split()
