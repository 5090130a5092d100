"""Which way imports point: an AST walk over all of kolmo, its command line, and its benchmarks.

The rules are those of the house: errors, jit and progress import nothing of kolmo, but jit the
errors; results, data, registry, parallel, chunks, cluster, artefact and versions only those;
coding, container, messages, isolation, table these; the areas stand in a line, and each may import
those to its left.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
LEVELS = {
    **dict.fromkeys(("errors", "jit", "progress"), 0),
    **dict.fromkeys(
        ("results", "data", "registry", "parallel", "chunks", "cluster", "artefact", "versions"), 1
    ),
    **dict.fromkeys(
        ("coding", "header", "container", "messages", "isolation", "receiver", "table"), 2
    ),
    **{
        area: 3 + i for i, area in enumerate(("complexity", "mdl", "weights", "automaton", "bench"))
    },
}
# What may import its own level, and what of it.
NEIGHBOURS = {
    "jit": {"errors"},
    "artefact": {"data"},
    "cluster": {"chunks"},
    "container": {"coding", "header"},
    "messages": {"coding", "header", "container", "isolation"},
    "isolation": {"coding", "container"},
    "receiver": {"messages"},
}
STRANGERS = {"click", "rich", "cli", "kolmo_cli", "benchmarks", "tests", "naive"}
KERNEL_IMPORTS = {"numpy", "math", "typing", "kolmo.jit"}


class Import(NamedTuple):
    """One name that a module imports.

    Attributes
    ----------
    name : str
        Absolute; a relative import begins with as many dots as in the source.
    top : bool
        Whether importing the module imports it: not in a function, not for the type checker only.
    """

    name: str
    line: int
    top: bool


def imports(source: str) -> Iterator[Import]:
    """Yield what a module imports; ``from a import b`` stands for both ``a`` and ``a.b``."""
    yield from _imports(ast.parse(source), top=True)


def _imports(node: ast.AST, *, top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, top)
        elif isinstance(child, ast.ImportFrom):
            base = "." * child.level + (child.module or "")
            for alias in child.names:
                joint = "" if base.endswith(".") or not base else "."
                yield Import(f"{base}{joint}{alias.name}", child.lineno, top)
        elif isinstance(child, ast.Call) and _is_import_call(child):
            for argument in child.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield Import(argument.value, child.lineno, top)
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        yield from _imports(child, top=top and not inside and not checked)


def _is_import_call(node: ast.Call) -> bool:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in {"import_module", "__import__", "find_spec"}


def part(name: str) -> str:
    """Return the second word of ``kolmo.complexity.panel``; nothing for kolmo itself."""
    return [*name.split("."), ""][1]


def is_kernel(name: str) -> bool:
    return "kernels" in name.split(".")


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def library_faults(source: str, module: str) -> list[str]:
    """Return what a module of the library imports and should not."""
    faults = []
    for found in imports(source):
        if fault := _library_fault(found, module):
            faults.append(f"{module}, line {found.line}: {found.name}: {fault}")
    return faults


def _library_fault(found: Import, module: str) -> str | None:
    name = found.name
    if name.split(".")[0] in STRANGERS:
        return "the library knows neither its command line nor its tests"
    if name.startswith("."):
        return "imports in the library are absolute"
    if name.split(".")[0] == "numba" and module != "kolmo.jit":
        return "only kolmo.jit knows numba"
    if is_kernel(module):
        allowed = any(is_within(name, item) for item in KERNEL_IMPORTS)
        return None if allowed or is_kernel(name) else "no business of a kernel"
    if not is_within(name, "kolmo"):
        return None
    if is_kernel(name) and found.top:
        return "kernels are imported in the functions that call them"
    return _order_fault(part(name), part(module))


def _order_fault(name: str, module: str) -> str | None:
    if module == "" and name:
        return "kolmo resolves its names on first use"
    if name in ("", module) or name not in LEVELS:
        return None
    if module not in LEVELS:
        return "add the module to LEVELS in this test"
    if LEVELS[name] < LEVELS[module] or name in NEIGHBOURS.get(module, ()):
        return None
    return "imports point to lower levels, or to areas on the left"


def command_faults(source: str, module: str) -> list[str]:
    """Return what a module of the command line imports and should not."""
    return [
        f"{module}, line {found.line}: {found.name}"
        for found in imports(source)
        if found.name.split(".")[0] in {"cli", "kolmo_cli", "benchmarks", "tests", "numba"}
    ]


def outside_faults(source: str, module: str) -> list[str]:
    """Return whether benchmarks or tests name the installed command statically."""
    return [
        f"{module}, line {found.line}: {found.name}"
        for found in imports(source)
        if found.name.split(".")[0] in {"cli", "kolmo_cli"}
    ]


def modules(folder: str, package: str) -> dict[str, Path]:
    """Return the files of a package by the names of their modules."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        words = [package, *path.relative_to(ROOT / folder).with_suffix("").parts]
        found[".".join(word for word in words if word != "__init__")] = path
    return found


LIBRARY = modules("kolmo", "kolmo")
COMMAND = modules("cli", "cli")
OUTSIDE = {**modules("benchmarks", "benchmarks"), **modules("tests", "tests")}


@pytest.mark.parametrize("module", LIBRARY)
def test_library_imports_point_down_or_left(module):
    assert not library_faults(LIBRARY[module].read_text("utf-8"), module)


@pytest.mark.parametrize("module", COMMAND)
def test_command_line_imports_itself_by_relative_names(module):
    assert not command_faults(COMMAND[module].read_text("utf-8"), module)


@pytest.mark.parametrize("module", OUTSIDE)
def test_nothing_outside_names_the_command_line(module):
    assert not outside_faults(OUTSIDE[module].read_text("utf-8"), module)


def test_every_part_of_the_library_has_a_level():
    parts = {part(module) for module in LIBRARY} - {""}
    assert parts - set(LEVELS) == set()
    assert len(LIBRARY) > 30
    assert len(COMMAND) > 10


def test_top_level_holds_what_the_house_has():
    allowed = {"kolmo", "cli", "benchmarks", "tests"}
    with_python = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/*.py")}
    assert with_python - {"build", "dist", "venv", "env"} <= allowed
    assert not list(ROOT.glob("*.py"))


# --- the checker itself


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("kolmo.errors", "import kolmo.data"),
        ("kolmo.errors", "from kolmo import data"),
        ("kolmo.errors", "from kolmo.progress import Progress"),
        ("kolmo.errors", "def f():\n    from kolmo.data import Input"),
        ("kolmo.data", "from kolmo.parallel import ordered_map"),
        ("kolmo.data", "from kolmo.coding import integers"),
        ("kolmo.data", "from kolmo import container"),
        ("kolmo.data", "if True:\n    from kolmo.complexity import panel"),
        ("kolmo.container", "from kolmo.messages import encode"),
        ("kolmo.container", "from kolmo.complexity import estimators"),
        ("kolmo.coding.integers", "from kolmo.container import Header"),
        ("kolmo.complexity.panel", "from kolmo.mdl import select"),
        ("kolmo.complexity.panel", "from kolmo.bench import harness"),
        (
            "kolmo.complexity.panel",
            "import importlib\nimportlib.import_module('kolmo.bench.score')",
        ),
        ("kolmo.complexity.panel", "import click"),
        ("kolmo.complexity.panel", "from rich.table import Table"),
        ("kolmo.complexity.panel", "def f():\n    import kolmo_cli.output"),
        ("kolmo.complexity.panel", "from cli import output"),
        ("kolmo.complexity.panel", "from .estimator import Bound"),
        ("kolmo.complexity.panel", "from kolmo.complexity.kernels import lz76_phrases"),
        ("kolmo.complexity.panel", "from kolmo.complexity import kernels"),
        ("kolmo.complexity.panel", "try:\n    import kolmo.complexity.kernels\nfinally:\n    pass"),
        ("kolmo.complexity.panel", "import numba"),
        ("kolmo.complexity.panel", "def f():\n    from numba import njit"),
        ("kolmo.complexity.kernels.lz76", "import os"),
        ("kolmo.complexity.kernels.lz76", "from kolmo.errors import KolmoError"),
        ("kolmo.complexity.kernels.lz76", "import scipy.special"),
        ("kolmo.mdl.kernels", "import numba"),
        ("kolmo", "from kolmo.data import open_input"),
        ("kolmo.novelty", "from kolmo.data import open_input"),
    ],
)
def test_library_checker_finds_a_fault(module, source):
    assert library_faults(source, module)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("kolmo.errors", "import difflib"),
        ("kolmo.data", "from kolmo.errors import InputError"),
        ("kolmo.artefact", "from kolmo.data import Buffer"),
        ("kolmo.messages", "from kolmo import container, registry"),
        ("kolmo.complexity.panel", "from kolmo.container import pack\nimport kolmo"),
        (
            "kolmo.complexity.panel",
            "def f():\n    from kolmo.complexity.kernels import lz76_phrases",
        ),
        ("kolmo.complexity.panel", "if TYPE_CHECKING:\n    from kolmo.complexity.kernels import T"),
        (
            "kolmo.complexity.kernels.lz76",
            "import math\nimport numpy as np\nfrom kolmo.jit import k",
        ),
        ("kolmo.mdl.kernels", "from kolmo.complexity.kernels import suffix_array"),
        ("kolmo.mdl.select", "from kolmo.complexity.panel import bounds"),
        ("kolmo.jit", "import numba"),
    ],
)
def test_library_checker_leaves_the_rest_alone(module, source):
    assert not library_faults(source, module)


@pytest.mark.parametrize(
    "source",
    [
        "import kolmo_cli",
        "from kolmo_cli.output import write",
        "from cli.output import write",
        "def f():\n    import cli",
        "from importlib import import_module\nimport_module('kolmo_cli.main')",
    ],
)
def test_command_checker_finds_a_fault(source):
    assert command_faults(source, "cli.main")
    assert outside_faults(source, "benchmarks.case")


def test_command_checker_leaves_the_rest_alone():
    assert not command_faults("from .output import write\nfrom kolmo import bounds", "cli.main")
    assert not outside_faults("import kolmo\nfrom benchmarks import case", "benchmarks.case")
