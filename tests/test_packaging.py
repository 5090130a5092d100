"""What gets installed: every module, one version, floors under dependencies, and no stranger."""

import json
import os
import re
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest

import kolmo

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DISTRIBUTION = "kolmo-toolkit"
FOLDERS = {"kolmo": "kolmo", "cli": "kolmo_cli"}
CORE = {"click", "rich", "numpy", "numba", "zstandard"}
NOT_AT_RUN_TIME = {"pandas", "polars", "scipy", "plotext", "scikit-bio", "ray", "onnx", "torch"}
TEXT_SUFFIXES = {"", ".py", ".toml", ".md", ".txt", ".cfg", ".ini", ".yml", ".yaml", ".sh", ".json"}


def is_editable() -> bool:
    """Tell whether the installed distribution is a link to this checkout."""
    stored = metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}"
    return bool(json.loads(stored).get("dir_info", {}).get("editable"))


installed_only = pytest.mark.skipif(
    is_editable() and not os.environ.get("CI"), reason="kolmo is installed in editable mode"
)


def own_files() -> list[Path]:
    """Return the project's files; what git ignores and what tools leave is not of it."""
    skipped = re.compile(
        r"build|dist|\.git|\.venv.*|venv|.*\.egg-info|__pycache__|\.\w+_cache|.*\.hyp.*"
    )
    found: list[Path] = []
    for parent, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not skipped.fullmatch(name)]
        found += [Path(parent, name) for name in files]
    return [path for path in found if path.name != "output"]


def texts() -> dict[str, str]:
    """Return the text of the project's own files, these tests apart."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in own_files()
        if path.suffix in TEXT_SUFFIXES and path.name != Path(__file__).name
    }


def packages() -> dict[str, Path]:
    """Return the packages that the folders hold: each one with a Python file of its own."""
    return {
        ".".join([package, *folder.relative_to(ROOT / top).parts]): folder
        for top, package in FOLDERS.items()
        for folder in sorted({path.parent for path in (ROOT / top).rglob("*.py")})
    }


def module_files() -> set[str]:
    """Return the files that an installation must have, as its record names them."""
    return {
        (Path(*name.split(".")) / path.name).as_posix()
        for name, folder in packages().items()
        for path in folder.glob("*.py")
    }


# --- packages and modules


def test_listed_packages_are_those_of_the_folders():
    """One that is not listed imports in editable mode, and is missing from the wheel."""
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(packages())
    assert listed == sorted(listed)


def test_every_package_has_its_init_file():
    for name, folder in packages().items():
        assert (folder / "__init__.py").exists(), name


@installed_only
def test_installed_files_are_all_modules():
    recorded = {str(path) for path in metadata.files(DISTRIBUTION) or []}
    assert module_files() <= recorded
    assert "kolmo/py.typed" in recorded
    assert not [name for name in recorded if name.startswith(("tests", "benchmarks", "cli/"))]


@installed_only
def test_installed_modules_are_no_ghosts():
    """A file that was deleted here must not live on in the installation."""
    recorded = {str(path) for path in metadata.files(DISTRIBUTION) or []}
    modules = {name for name in recorded if name.endswith(".py")}
    assert modules == module_files()


@installed_only
def test_kolmo_and_its_command_come_from_site_packages():
    site = Path(sysconfig.get_path("purelib")).resolve()
    assert Path(kolmo.__file__).resolve().is_relative_to(site)
    assert Path(command_module().__file__).resolve().is_relative_to(site)


def test_checkout_is_not_on_the_path():
    """Else the tests could run what is not installed."""
    assert str(ROOT) not in sys.path or is_editable()


# --- the command


def command_module() -> Any:
    """Return the module of the installed entry point, which no test names."""
    (entry,) = metadata.entry_points(group="console_scripts", name="kolmo")
    entry.load()
    return sys.modules[entry.module]


def test_entry_point_is_the_listed_one():
    assert PROJECT["project"]["scripts"] == {"kolmo": "kolmo_cli.main:main"}
    (entry,) = metadata.entry_points(group="console_scripts", name="kolmo")
    assert entry.value == PROJECT["project"]["scripts"]["kolmo"]
    assert PROJECT["tool"]["setuptools"]["package-dir"] == {"kolmo_cli": "cli"}


def test_every_command_is_a_module_and_every_module_a_command():
    files = {path.stem for path in (ROOT / "cli" / "commands").glob("*.py")} - {"__init__"}
    group = command_module().group
    context = click.Context(group)
    names = set(command_module().COMMANDS)
    for name in command_module().COMMANDS:
        inner = getattr(group.get_command(context, name), "subcommands", {})
        names |= {f"{name}_{subcommand}" for subcommand in inner}
    assert {name.replace("-", "_") for name in names} == files


def test_command_runs_as_a_module(kolmo):
    kolmo.path = Path(sys.executable)
    done = kolmo("-m", "kolmo_cli", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("kolmo ")


# --- the version


def test_version_is_that_of_the_installation():
    assert metadata.version(DISTRIBUTION) == kolmo.__version__


def test_version_stands_in_one_place():
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert "version" not in PROJECT["project"]
    version = re.compile(rf"(?<![\w.]){re.escape(kolmo.__version__)}(?![\w.])")
    named = [
        name
        for name, text in texts().items()
        if name.startswith(("kolmo/", "cli/", "pyproject")) and version.search(text)
    ]
    assert named == ["kolmo/__init__.py"]


# --- dependencies


def requirements(lines: list[str]) -> dict[str, str]:
    found = {}
    for line in lines:
        name, extras, limits = re.fullmatch(r"([\w-]+)(\[[\w,]+\])?(.*)", line).groups()
        found[name + (extras or "")] = limits
    return found


def all_requirements() -> dict[str, str]:
    project = PROJECT["project"]
    lines = [*project["dependencies"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    return requirements(lines)


def test_core_dependencies_are_few():
    assert set(requirements(PROJECT["project"]["dependencies"])) == CORE


def test_every_dependency_has_a_floor_and_no_ceiling():
    for name, limits in all_requirements().items():
        if name.startswith(DISTRIBUTION):
            continue
        assert re.match(r">=\d", limits), name
        assert "<" not in limits, name
        assert "==" not in limits, name


def test_click_without_its_known_faults_is_asked_for():
    limits = all_requirements()["click"]
    assert ">=8.2.1" in limits
    assert "!=8.3.0" in limits


def test_heavy_libraries_are_not_needed_at_run_time():
    extras = PROJECT["project"]["optional-dependencies"]
    for extra in ("compressors", "plot"):
        assert not NOT_AT_RUN_TIME & set(requirements(extras[extra]))


def test_installed_metadata_ask_for_the_same():
    """An installation from an older checkout would test something else."""
    asked = metadata.requires(DISTRIBUTION) or []
    core = {re.match(r"[\w-]+", line)[0] for line in asked if "extra ==" not in line}
    assert core == CORE


def test_python_floor_is_the_same_everywhere():
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311"


def test_every_extra_that_a_plugin_names_exists():
    from kolmo.registry import estimators

    extras = PROJECT["project"]["optional-dependencies"]
    for name in estimators.own_names():
        plugin = estimators.get(name)
        if not set(plugin.requires) <= CORE:
            assert plugin.extra in extras
            assert len(extras[plugin.extra]) >= len(plugin.requires)


# --- names and places


def test_nothing_tells_anybody_to_install_a_stranger():
    wrong = re.compile(
        r"(?:pip|pipx|uv|conda)[\w ]* (?:install|add|run)\s+(?:-\S+\s+)*['\"]?kolmo(?!-toolkit)"
    )
    assert wrong.search("pip install kolmo")
    assert wrong.search("pip install -q 'kolmo[plot]'")
    assert not wrong.search("pip install 'kolmo-toolkit[plot]'")
    assert not [name for name, text in texts().items() if wrong.search(text)]


def test_there_is_no_lock_file():
    locks = re.compile(r".*\.lock|.*-lock\.\w+|requirements.*\.txt|constraints.*\.txt|Pipfile.*")
    assert not [str(path) for path in own_files() if locks.fullmatch(path.name)]


def test_no_file_carries_the_address_of_a_registry():
    address = re.compile(r"pypi\.org|pythonhosted\.org|(?:extra-)?index-url|anaconda\.org")
    assert not [name for name, text in texts().items() if address.search(text)]


def test_top_level_is_the_fixed_one():
    expected = {"pyproject.toml", "README.md", "LICENSE", "kolmo", "cli", "benchmarks", "tests"}
    found = {path.relative_to(ROOT).parts[0] for path in own_files()}
    assert {name for name in found if not name.startswith(".")} == expected
    assert (ROOT / ".ci" / "run").exists()


def test_licence_is_named_and_there():
    assert PROJECT["project"]["license"] == "MIT"
    assert "MIT" in (ROOT / "LICENSE").read_text("utf-8")


def test_typing_marker_is_packaged():
    assert PROJECT["tool"]["setuptools"]["package-data"] == {"kolmo": ["py.typed"]}
    assert (ROOT / "kolmo" / "py.typed").exists()


def test_ci_has_no_copy_of_the_readmes_commands():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "README.md" in script
    assert "venv .venv" not in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
