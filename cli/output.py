"""The only place that writes results: tables, TSV, CSV and JSON, the same numbers in each."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from kolmo import __version__

from .errors import say
from .text import visible

if TYPE_CHECKING:
    from kolmo.artefact import Artefact
    from kolmo.data import Buffer

SCHEMA = 1
NARROW, WIDE = 20, 10_000


class Column(NamedTuple):
    """A column of a table for people.

    Attributes
    ----------
    rank : int
        Columns of the highest rank are left out first where the terminal is narrow.
    """

    title: str
    text: Callable[[dict[str, Any]], str]
    rank: int = 0
    left: bool = False


def number(key: str, form: str) -> Callable[[dict[str, Any]], str]:
    """Return what shows a number of a row, in a form such as ``,.1f``; None is left blank."""

    def text(row: dict[str, Any]) -> str:
        return "" if row[key] is None else format(row[key], form)

    return text


def setting(name: str, default: Any = None) -> Any:
    """Return what ``--quiet``, ``--verbose``, ``--color`` or ``--progress`` says."""
    return click.get_current_context().meta.get(f"kolmo.{name}", default)


def is_terminal(stream: Any) -> bool:
    """Tell whether a stream is an open terminal."""
    try:
        return stream is not None and bool(stream.isatty())
    except ValueError:
        return False


def terminal_width() -> int:
    """Return the width of the terminal, at least `NARROW`; COLUMNS may hold nonsense."""
    import shutil

    return max(shutil.get_terminal_size((80, 24)).columns, NARROW)


def ascii_only() -> bool:
    """Tell whether the user's locale, or the stream, has no more than ASCII."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    locale = next((name for name in names if name), "")
    return not encoding.startswith("utf") or locale in ("C", "POSIX")


def plus_minus() -> str:
    """Return the sign before an error."""
    return "+-" if ascii_only() else "\u00b1"


def write(text: str) -> None:
    """Write to standard output at once.

    Raises
    ------
    OSError
        If nothing can be written; the caller's caller words it.
    """
    sys.stdout.write(text)
    sys.stdout.flush()


def note(message: str) -> None:
    """Print a line on stderr, unless ``--quiet``."""
    if not setting("quiet"):
        say(message, "note")


class Output:
    """Writes the rows of one command in the format that the user chose.

    Parameters
    ----------
    command : str
        Its name, for the envelope.
    parameters : dict
        What can change the result.

    Attributes
    ----------
    groups : list of dict or None
        What is said of several rows together, for the envelope.
    advice : list of str or None
        Sentences, for the envelope.
    seed : int or None
        Of all that is random.
    """

    def __init__(self, command: str, parameters: dict[str, Any]) -> None:
        self.command, self.parameters = command, parameters
        self.format = self._format()
        self.warnings: list[dict[str, Any]] = []
        self.timings: list[dict[str, Any]] | None = None
        self.groups: list[dict[str, Any]] | None = None
        self.advice: list[str] | None = None
        self.seed: int | None = None
        self._results: list[dict[str, Any]] = []
        self._started = False

    def rows(self, rows: Sequence[dict[str, Any]], render: Callable[[], None]) -> None:
        """Write rows now (or keep them for the envelope); ``render`` draws them for people."""
        if self.format == "json":
            self._results.extend(rows)
        elif self.format == "table":
            render()
        else:
            self._write_separated(rows)

    def finish(self) -> None:
        """Write the JSON envelope, if that is the format, and print the warnings."""
        if self.format == "json":
            write(self._envelope() + "\n")
        if not setting("quiet"):
            for line in _merged(self.warnings):
                say(line, "warning")

    def _envelope(self) -> str:
        import json

        envelope: dict[str, Any] = {
            "kolmo": __version__,
            "schema": SCHEMA,
            "command": self.command,
            "parameters": self.parameters,
            "seed": self.seed,
            "results": self._results,
            "warnings": self.warnings,
        }
        if self.groups is not None:
            envelope["groups"] = self.groups
        if self.advice is not None:
            envelope["advice"] = self.advice
        if self.timings is not None:
            envelope["timings"] = self.timings
        return json.dumps(envelope, indent=2, allow_nan=False)

    def _write_separated(self, rows: Sequence[dict[str, Any]]) -> None:
        if not rows:
            return
        lines = [] if self._started or setting("no_header") else [list(rows[0])]
        self._started = True
        lines += [[_cell(value) for value in row.values()] for row in rows]
        if self.format == "tsv":
            write("".join("\t".join(line) + "\n" for line in lines))
            return
        import csv
        import io

        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines)
        write(text.getvalue())

    @staticmethod
    def _format() -> str:
        named: str | None = setting("format")
        if setting("json") and named is not None:
            raise click.UsageError("--json and --format exclude each other: use one of them")
        if setting("json"):
            return "json"
        if named is not None:
            return named
        if setting("color") == "always" or is_terminal(sys.stdout):
            return "table"
        return "tsv"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        import json

        return json.dumps(value, sort_keys=True) if value else ""
    return visible(str(value))


def _merged(warnings: Iterable[dict[str, Any]]) -> list[str]:
    """Return one line for each kind of warning and estimator, however many files it is about."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for warning in warnings:
        groups.setdefault((warning["message"], warning["advice"]), []).append(warning)
    lines = []
    for (message, advice), members in groups.items():
        more = f" and {len(members) - 1} more" if len(members) > 1 else ""
        about = f"{members[0]['file']}{more}: " if members[0]["file"] else ""
        joint = ". " if advice[:1].isupper() else "; "
        lines.append(f"{about}{message}{joint if advice else ''}{advice}")
    return lines


def print_table(columns: Sequence[Column], rows: Sequence[dict[str, Any]], best: int = 1) -> None:
    """Draw a table; the first ``best`` rows stand out where there is colour."""
    from rich.table import Table
    from rich.text import Text

    console = _console()
    shown, hidden = _fitting(columns, rows, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in shown:
        table.add_column(column.title, justify="left" if column.left else "right", no_wrap=True)
    for index, row in enumerate(rows):
        style = "bold cyan" if index < best else ""
        table.add_row(*(Text(visible(column.text(row)), style=style) for column in shown))
    with console.capture() as captured:
        console.print(table)
    write("".join(line.rstrip() + "\n" for line in captured.get().splitlines()))
    if hidden:
        names = ", ".join(column.title for column in hidden)
        kinds = {
            column.text(row): None for column in hidden if column.title == "kind" for row in rows
        }
        said = f" The bits are of kind {', '.join(kinds)}." if kinds else ""
        note(f"the terminal is too narrow for: {names}. Try --format tsv.{said}")


def print_paragraph(text: str) -> None:
    """Write text, wrapped at the width of the terminal."""
    import textwrap

    width = terminal_width() if is_terminal(sys.stdout) else WIDE
    write("\n".join(textwrap.wrap(visible(text), width, break_on_hyphens=False)) + "\n")


@contextmanager
def stdout_apart() -> Iterator[None]:
    """Let what others' code prints go to stderr, from whichever language: stdout is for results."""
    import os

    sys.stdout.flush()
    ours, kept = sys.stdout, os.dup(1)
    try:
        with suppress(OSError):  # there may be no stderr
            os.dup2(2, 1)
        sys.stdout = sys.stderr or ours
        yield
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
        sys.stdout = ours
        os.dup2(kept, 1)
        os.close(kept)


def has_color() -> bool:
    """Tell whether tables are coloured: option, then environment, then the terminal."""
    choice = setting("color", "auto")
    if choice != "auto":
        return bool(choice == "always")
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return is_terminal(sys.stdout)


def _console() -> Any:
    from rich.console import Console

    color = has_color()
    return Console(
        file=sys.stdout,
        width=terminal_width() if is_terminal(sys.stdout) else WIDE,
        force_terminal=color,
        no_color=not color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _fitting(
    columns: Sequence[Column], rows: Sequence[dict[str, Any]], width: int
) -> tuple[list[Column], list[Column]]:
    """Return the columns that fit, and those left out: never half a number."""
    needs = {
        column: 2 + max([len(column.title), *(len(visible(column.text(row))) for row in rows)])
        for column in columns
    }
    shown, hidden = list(columns), []
    while sum(needs[column] for column in shown) - 2 > width and len(shown) > 2:
        dropped = max(shown, key=lambda column: column.rank)
        shown.remove(dropped)
        hidden.append(dropped)
    return shown, hidden


def refuse_binary_on_terminal(path: str | None) -> None:
    """Refuse to write bytes to a terminal."""
    if path in (None, "-") and is_terminal(sys.stdout):
        raise click.UsageError("no binary output to a terminal: use -o FILE, or a pipe")


def write_artefact(artefact: "Artefact | None", chunks: "Iterable[Buffer]") -> None:
    """Write the bytes to the artefact, or to standard output if there is none."""
    from kolmo.parallel import in_background

    if artefact is not None:
        for chunk in in_background(chunks):
            artefact.write(chunk)
        artefact.commit()
        return
    for chunk in in_background(chunks):
        sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()
