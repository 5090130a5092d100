"""Documentation: every public name has some, every example runs, every command has a recipe."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import pytest

import kolmo
from kolmo.registry import estimators

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def command_package() -> Any:
    """Return the package of the installed command, which no test names."""
    (entry,) = metadata.entry_points(group="console_scripts", name="kolmo")
    entry.load()
    return sys.modules[entry.module.partition(".")[0]]


def command_group() -> click.Group:
    return importlib.import_module(f"{command_package().__name__}.main").group


def module_names(package: Any) -> list[str]:
    found = pkgutil.walk_packages(package.__path__, package.__name__ + ".")
    return [package.__name__, *(item.name for item in found if not item.name.endswith("__main__"))]


# --- docstrings

SOURCES = [path for top in ("kolmo", "cli") for path in sorted((ROOT / top).rglob("*.py"))]


def undocumented(source: str) -> list[str]:
    """Return the public classes, functions and methods of a module that have no docstring."""
    tree = ast.parse(source)
    missing = [] if ast.get_docstring(tree) else ["the module"]
    return missing + list(_undocumented(tree, ""))


def _undocumented(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if child.name.startswith("_"):
            continue
        if not ast.get_docstring(child):
            yield f"{prefix}{child.name}"
        if isinstance(child, ast.ClassDef):
            yield from _undocumented(child, f"{prefix}{child.name}.")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_public_names_have_docstrings(path):
    assert not undocumented(path.read_text("utf-8"))


def test_checker_finds_what_has_no_docstring():
    source = (
        '"""A."""\nclass B:\n    """B."""\n    def c(s): ...\n    def _d(s): ...\ndef e(): ...\n'
    )
    assert undocumented(source) == ["B.c", "e"]
    assert undocumented("def _f(): ...") == ["the module"]


@pytest.mark.parametrize("name", kolmo.__all__)
def test_exported_name_exists_and_says_what_it_is(name):
    value = getattr(kolmo, name)
    if isinstance(value, str):
        return
    text = inspect.getdoc(value) or ""
    assert text
    assert len(text.splitlines()[0]) <= 100
    assert not inspect.ismodule(value)


@pytest.mark.parametrize("name", [name for name in kolmo.__all__ if name.islower()])
def test_exported_function_documents_its_parameters(name):
    value = getattr(kolmo, name)
    if not inspect.isfunction(value):
        return
    text = inspect.getdoc(value)
    for parameter in inspect.signature(value).parameters.values():
        if parameter.kind is not parameter.KEYWORD_ONLY and name in ("bounds", "encode"):
            assert re.search(rf"\b{parameter.name}\b.*:", text), parameter.name


def test_exported_names_stay_after_everything_is_imported():
    """A submodule that is imported later must not take the place of a public name."""
    before = {name: type(getattr(kolmo, name)) for name in kolmo.__all__}
    for name in estimators.own_names():
        estimators.get(name)
    assert {name: type(getattr(kolmo, name)) for name in kolmo.__all__} == before
    assert kolmo.estimators is estimators


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        kolmo.nonsense  # noqa: B018
    assert set(dir(kolmo)) == set(kolmo.__all__)


@pytest.mark.parametrize("name", estimators.own_names())
def test_estimator_cites_its_source(name):
    text = inspect.getdoc(estimators.get(name))
    assert "References" in text or name == "stored"


# --- examples


@pytest.mark.parametrize("module", [*module_names(kolmo), *module_names(command_package())])
def test_examples_in_docstrings_run(module):
    found = doctest.testmod(importlib.import_module(module), raise_on_error=False)
    assert found.failed == 0


def test_there_are_examples():
    finder = doctest.DocTestFinder(exclude_empty=True)
    modules = [importlib.import_module(name) for name in module_names(kolmo)]
    assert sum(len(finder.find(module)) for module in modules) >= 10


# --- the README


def blocks() -> Iterator[tuple[str, list[str]]]:
    """Yield language and lines of each fenced block."""
    text = README.read_text("utf-8")
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield match[1], match[2].splitlines()


def command_lines() -> list[str]:
    """Return what a reader would type, continued lines joined."""
    lines = []
    for language, block in blocks():
        joined = "\n".join(block).replace("\\\n", " ").splitlines()
        if language == "console":
            lines += [line[2:] for line in joined if line.startswith("$ ")]
        elif language in ("sh", "bash"):
            lines += [line for line in joined if not line.startswith("#")]
    return lines


def invocations(line: str) -> list[list[str]]:
    """Return the arguments of each call of kolmo within a shell line.

    Substitutions, pipes and lists are cut apart; quotes within a call are kept.
    """
    calls = []
    for piece in re.split(r"\|\|?|&&|;|\$\(|\)|<\(|`", line):
        try:
            words = shlex.split(piece, comments=True)
        except ValueError:  # the quote around a substitution
            words = shlex.split(piece.replace('"', " "), comments=True)
        for number, word in enumerate(words):
            if word.rpartition("/")[2] == "kolmo" and all("=" in item for item in words[:number]):
                calls.append(words[number + 1 :])
                break
    return calls


def test_invocations_are_found_in_shell_lines():
    assert invocations("kolmo a --b c | kolmo d") == [["a", "--b", "c"], ["d"]]
    assert invocations('eval "$(kolmo completion bash)"') == [["completion", "bash"]]
    assert invocations("python3 -m venv v && v/bin/kolmo a 'x y'") == [["a", "x y"]]
    assert invocations("X=1 kolmo a  # kolmo b") == [["a"]]
    assert invocations("ls kolmo") == []


def option_names(command: click.Command) -> set[str]:
    context = click.Context(command)
    context.help_option_names = ["-h", "--help"]
    params = command.get_params(context)
    return {name for param in params for name in (*param.opts, *param.secondary_opts)}


def faults(arguments: list[str]) -> list[str]:
    """Return what in a call of kolmo is neither a command nor an option of it."""
    group = command_group()
    context = click.Context(group, info_name="kolmo")
    context.help_option_names = ["-h", "--help"]
    known, command = option_names(group), None
    inner = {}
    found = []
    for word in arguments:
        if word in (">", ">>", "<", "--"):
            break
        if word.startswith("-") and word != "-":
            if word.partition("=")[0] not in known:
                found.append(word)
        elif command is None:
            command = group.get_command(context, word)
            if command is None:
                return [word]
            known, inner = option_names(command), getattr(command, "subcommands", {})
        elif word in inner:
            known, inner = option_names(command.subcommand(word)), {}
    return found


def test_faults_of_a_call_are_found():
    assert faults(["complexity", "--json", "x"]) == []
    assert faults(["complxity"]) == ["complxity"]
    assert faults(["complexity", "--jsn", "x"]) == ["--jsn"]
    assert faults(["encode", "x", "-o", "y", "--verify"]) == ["--verify"]
    assert faults(["--version"]) == []
    assert faults(["automaton", "--size", "8"]) == []
    assert faults(["automaton", "scan", "--size", "8"]) == ["--size"]


def test_every_command_has_a_recipe():
    words = {call[0] for line in command_lines() for call in invocations(line) if call}
    assert set(command_group().list_commands(None)) - words == set()


def test_every_call_in_the_readme_exists():
    calls = [call for line in command_lines() for call in invocations(line)]
    assert calls
    assert [(call, faults(call)) for call in calls if faults(call)] == []


def test_every_option_named_in_the_text_exists():
    text = re.sub(r"^```.*?^```$", "", README.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^\|.*$", "", text, flags=re.MULTILINE)  # tables name other tools' options
    text = re.sub(r"`python -m benchmarks [^`]*`", "", text)
    group = command_group()
    context = click.Context(group)
    known = option_names(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        known |= option_names(command)
        for inner in getattr(command, "subcommands", {}):
            known |= option_names(command.subcommand(inner))
    later = {"--strict"}  # of commands that do not exist yet; the text says so
    named = {name for quote in re.findall(r"`([^`\n]+)`", text) for name in quote.split()}
    options = {
        name.partition("=")[0] for name in named if re.fullmatch(r"--[a-z][\w-]*=?\S*", name)
    }
    assert options - known - later == set()


def test_readme_begins_with_two_commands_of_one_line():
    language, lines = next(blocks())
    assert language == "sh"
    assert len(lines) == 2
    assert all(line.startswith("python3 -m venv ") for line in lines)
    assert "kolmo complexity" in lines[0]
    assert "pytest" in lines[1]


def test_python_examples_in_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for language, lines in blocks():
        if language == "python":
            exec(compile("\n".join(lines), "README.md", "exec"), {})


def test_readme_has_no_placeholder():
    text = README.read_text("utf-8")
    assert not re.search(r"^(RESULTS|TODO|TBD|XXX|FIXME)\b", text, re.MULTILINE)


# --- help


@pytest.mark.parametrize("name", command_group().list_commands(None))
def test_help_of_a_command_is_complete(name):
    group = command_group()
    command = group.get_command(click.Context(group), name)
    assert command.help
    assert "Example" in command.help
    assert command.get_short_help_str(limit=200) == command_package().main.COMMANDS[name]
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            assert param.help, param.name


@pytest.mark.parametrize("name", command_group().list_commands(None))
def test_examples_in_the_help_of_a_command_exist(name):
    group = command_group()
    command = group.get_command(click.Context(group), name)
    _, _, examples = command.help.partition("\b")
    calls = [call for line in examples.splitlines() for call in invocations(line.strip())]
    assert calls
    assert [(call, faults(call)) for call in calls if faults(call)] == []
