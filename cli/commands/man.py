"""``kolmo man``: manual pages from the strings of the help."""

from collections.abc import Callable
from typing import Any

import click

from .. import options
from ..default_group import DefaultGroup


@click.command("man", short_help="Print a manual page.")
@click.argument("names", nargs=-1, metavar="[COMMAND]")
@options.session(hidden=True)
def command(names: tuple[str, ...]) -> None:
    """Print the manual page of COMMAND, or of kolmo itself.

    \b
    Examples:
      kolmo man complexity | man -l -
      kolmo man automaton scan
      kolmo man > kolmo.1
    """
    from kolmo.errors import nearest

    from ..man import page
    from ..output import write

    context = click.get_current_context().find_root()
    for name in () if names == ("kolmo",) else names:
        known, find = _inner(context)
        if name not in known:
            hint = nearest(name, known) if known else "It has no subcommands."
            raise click.UsageError(f"no such page: got '{name}'. {hint}")
        context = click.Context(find(name), info_name=name, parent=context)
    write(page(context, context.command))


def _inner(context: click.Context) -> tuple[list[str], Callable[[str], Any]]:
    """Return the names of the commands in a command, and what finds them."""
    command = context.command
    if isinstance(command, click.Group):
        return command.list_commands(context), lambda name: command.get_command(context, name)
    if isinstance(command, DefaultGroup):
        return list(command.subcommands), command.subcommand
    return [], lambda _: None
