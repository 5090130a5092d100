"""What a command loads at its start, and what help and completion answer without loading it."""

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any

import click
import pytest

Loaded = Callable[[str], set[str]]
HEAVY = {"numpy", "numba", "scipy", "matplotlib", "rich", "importlib.metadata", "llvmlite", "dask"}
LIGHT = {
    "version": "kolmo --version",
    "help": "kolmo --help",
    "complexity-help": "kolmo complexity --help",
    "mdl-select-help": "kolmo mdl-select --help",
    "weights-help": "kolmo weights --help",
    "weights-pack-help": "kolmo weights pack --help",
    "weights-mistake": "kolmo weights --nonsense",
    "mdl-select-mistake": "kolmo mdl-select --nonsense",
    "mdl-select-man": "kolmo man mdl-select",
    "complexity": "kolmo complexity one-kilobyte",
    "complexity-json": "kolmo complexity one-kilobyte --json",
    "complexity-stdin": "kolmo complexity - <one-kilobyte",
    "complexity-two-jobs": "kolmo complexity one-kilobyte -j2",
    "complexity-given": "kolmo complexity one-kilobyte --given text",
    "encode": "kolmo encode one-kilobyte -o out",
    "decode": "kolmo decode text.klm -o out",
    "inspect": "kolmo inspect text.klm",
    "verify": "kolmo verify text.klm",
    "codelength": "kolmo codelength --counts 3,7 --code kt,enumerative,ml,nml-formula",
    "nml": "kolmo nml --categories 2:10 --n 1e6",
    "nml-geometric": "kolmo nml --model geometric --n 10 --largest 10",
    "completion": "kolmo completion bash",
    "man": "kolmo man complexity",
    "mistake": "kolmo complexity --nonsense",
    "unknown-command": "kolmo complexty",
    "missing-file": "kolmo complexity nope",
}
COMPLETING = "COMP_WORDS='kolmo {}' COMP_CWORD={} _KOLMO_COMPLETE=bash_complete kolmo"
NO_COMMAND = {
    "version": "kolmo --version",
    "help": "kolmo --help",
    "bare": "kolmo",
    "unknown-command": "kolmo complexty",
    "completing-the-name": COMPLETING.format("comp", 1),
    "completing-nothing": COMPLETING.format("", 1),
    "completing-mdl-select": COMPLETING.format("mdl", 1),
    "completing-a-global-option": COMPLETING.format("--co", 1),
}


AT_END = """
import os, sys
leave = os._exit
def tell(code):
    with open(os.environ["LOADED"], "w") as file:
        file.write("\\n".join(sys.modules))
    leave(code)
os._exit = tell
"""


@pytest.fixture
def loaded(shell: Any, inject: Any) -> Callable[[str], set[str]]:
    """Return a function that runs a command and returns all modules in memory at its end."""
    path, record = inject(AT_END), shell.folder / "modules"

    def run(command: str) -> set[str]:
        record.unlink(missing_ok=True)
        shell(command, PYTHONPATH=path, LOADED=str(record))
        return set(record.read_text().split())

    return run


@pytest.mark.parametrize("name", LIGHT)
def test_light_command_loads_nothing_heavy(name: str, shell: Any, loaded: Loaded) -> None:
    (shell.folder / "one-kilobyte").write_bytes(bytes(range(250)) * 4)
    assert loaded(LIGHT[name]) & HEAVY == set()


def test_heavy_modules_are_seen_where_they_are_needed(loaded: Loaded) -> None:
    """The twin of the tests above, which could not fail if nothing were ever seen."""
    assert "numpy" in loaded("kolmo complexity -e lz78 text")
    assert "importlib.metadata" in loaded("kolmo info")
    assert "rich" in loaded("kolmo complexity --format table text")
    assert "numba" in loaded("kolmo codelength --sequence 0110 --code kt")


def test_choosing_models_draws_nothing_unasked(loaded: Loaded) -> None:
    assert "numpy" in loaded("kolmo mdl-select table.csv -f normal")
    found = loaded("kolmo mdl-select table.csv -f normal -o out")
    assert found & {"matplotlib", "rich", "dask"} == set()


def test_tables_of_nml_need_numpy_alone(loaded: Loaded) -> None:
    for command in ("codelength --counts 3,7", "nml --model poisson --n 10 --largest 10"):
        assert loaded(f"kolmo {command}") & HEAVY == {"numpy"}


@pytest.mark.parametrize("name", NO_COMMAND)
def test_no_command_is_imported_to_name_it(name: str, loaded: Loaded, entry: EntryPoint) -> None:
    package = entry.module.rpartition(".")[0]
    assert not [found for found in loaded(NO_COMMAND[name])
                if found.startswith((f"{package}.commands.", f"{package}.reports"))]  # fmt: skip


def test_commands_are_seen_where_they_run(loaded: Loaded, entry: EntryPoint) -> None:
    package = entry.module.rpartition(".")[0]
    found = {name for name in loaded("kolmo complexity text") if package in name}
    assert f"{package}.commands.complexity" in found
    assert {name for name in found if ".commands." in name} == {f"{package}.commands.complexity"}


@pytest.mark.parametrize(
    "statement",
    [
        "import kolmo",
        "import kolmo; dir(kolmo)",
        "import kolmo; kolmo.bounds(b'abc')",
        "import kolmo; kolmo.decode(kolmo.encode(b'abc'))",
        "import kolmo; kolmo.codelengths([3, 7], ['kt', 'enumerative', 'ml', 'nml-formula'])",
    ],
)
def test_library_loads_nothing_heavy(statement: str) -> None:
    heavy = sorted(HEAVY - {"importlib.metadata"})
    code = f"{statement}\nimport sys; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_import_of_the_package_loads_none_of_its_modules() -> None:
    code = "import kolmo, sys; print(sorted(m for m in sys.modules if m.startswith('kolmo')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['kolmo']\n"


def test_static_strings_are_those_of_the_commands(entry: EntryPoint) -> None:
    main = importlib.import_module(entry.module)
    context = click.Context(main.group)
    for name, text in main.COMMANDS.items():
        command = main.group.get_command(context, name)
        assert command.name == name
        assert command.get_short_help_str(limit=200) == text
        for inner, words in getattr(command, "subcommands", {}).items():
            assert command.subcommand(inner).name == inner
            assert command.subcommand(inner).get_short_help_str(limit=200) == words


def test_every_file_of_commands_is_listed(entry: EntryPoint) -> None:
    main = importlib.import_module(entry.module)
    commands = importlib.import_module(f"{entry.module.rpartition('.')[0]}.commands")
    files = {name[:-3] for name in os.listdir(commands.__path__[0]) if name.endswith(".py")}
    context = click.Context(main.group)
    subcommands = {
        f"{name}-{inner}"
        for name in main.COMMANDS
        for inner in getattr(main.group.get_command(context, name), "subcommands", {})
    }
    names = {name.replace("_", "-") for name in files - {"__init__"}}
    assert names == {*main.COMMANDS, *subcommands}
    assert not [name for name in main.COMMANDS if "_" in name], "a hyphen is what users type"


def test_python_m_is_the_command(shell: Any, entry: EntryPoint) -> None:
    package = entry.module.rpartition(".")[0]
    assert shell(f'"$PYTHON" -m {package} --version') == shell("kolmo --version")
    assert shell(f'"$PYTHON" -m {package} complexity text') == shell("kolmo complexity text")
