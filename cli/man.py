"""Manual pages in the mdoc(7) language, from the strings of the help."""

import inspect
import re
import textwrap

import click

from kolmo import __version__

LINE = 60  # escapes come on top
NUMBERS = (
    "Every number of bits says its kind: certified (a message of that length was decoded in this "
    "run), bound (such a message exists), codelength (ideal bits of a code that can be sent), "
    "estimate (a formula) or criterion (no code at all)."
)
EXIT_CODES = (
    ("0", "done"),
    ("1", "the work failed, or a part of it: a missing, unreadable or corrupt file, a full disk"),
    ("2", "wrong command line"),
    ("3", "inconclusive, where --strict asks for it"),
    ("70", "a bug in kolmo"),
    ("130, 143", "stopped by Ctrl-C, or terminated"),
    ("141", "the reader of the output went away"),
)


def page(context: click.Context, command: click.Command) -> str:
    """Return the manual page of ``command``."""
    title = context.command_path.replace(" ", "-")
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    lines = [
        ".Dd $Mdocdate$",
        f".Dt {title.upper()} 1",
        ".Os",
        ".Sh NAME",
        f".Nm {title}",
        f".Nd {_escaped(_decapitalised(command.get_short_help_str(limit=200)))}",
        ".Sh SYNOPSIS",
        f".Nm {context.command_path}",
        *(f".Ar {_escaped(piece)}" for piece in command.collect_usage_pieces(context)),
        ".Sh DESCRIPTION",
        *_paragraphs([item for item in paragraphs if not item.startswith("\b")]),
        ".Pp",
        *_text(NUMBERS),
        ".Pp",
        *_text(f"This page describes kolmo {__version__}."),
        *_options(context, command),
        *_commands(command),
        ".Sh EXIT STATUS",
        *_list(EXIT_CODES),
        *_examples([item for item in paragraphs if item.startswith("\b")]),
    ]
    return "\n".join(lines) + "\n"


def _paragraphs(paragraphs: list[str]) -> list[str]:
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        lines += [".Pp"] * (number > 0)
        lines += _text(paragraph)
    return lines


def _options(context: click.Context, command: click.Command) -> list[str]:
    records = [
        record
        for param in command.get_params(context)
        if (record := param.get_help_record(context)) is not None and record[1]
    ]
    return [".Sh OPTIONS", *_list(records)] if records else []


def _commands(command: click.Command) -> list[str]:
    from .main import COMMANDS

    known = COMMANDS if isinstance(command, click.Group) else getattr(command, "subcommands", {})
    return [".Sh COMMANDS", *_list(list(known.items()))] if known else []


def _examples(paragraphs: list[str]) -> list[str]:
    lines = [line for paragraph in paragraphs for line in paragraph.splitlines()[2:]]
    if not lines:
        return []
    return [".Sh EXAMPLES", ".Bd -literal -compact", *map(_escaped, lines), ".Ed"]


def _list(records: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    lines = [".Bl -tag -width Ds"]
    for name, text in records:
        lines += [f".It {_escaped(name)}", *_text(text)]
    return [*lines, ".El"]


def _text(text: str) -> list[str]:
    """Return lines of at most 78 characters, each sentence on lines of its own."""
    sentences = re.split(r"(?<=[.!?]) +(?=[A-Z\[])", " ".join(text.split()))
    return [
        _escaped(line)
        for sentence in sentences
        for line in textwrap.wrap(sentence, LINE, break_on_hyphens=False)
    ]


def _escaped(text: str) -> str:
    """Return text in which nothing is a macro or an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _decapitalised(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")
