"""``kolmo man``: manual pages from the strings of the help."""

import click

from .. import options


@click.command("man", short_help="Print a manual page.")
@click.argument("name", default="kolmo", metavar="[COMMAND]")
@options.session(hidden=True)
def command(name: str) -> None:
    """Print the manual page of COMMAND, or of kolmo itself.

    \b
    Examples:
      kolmo man complexity | man -l -
      kolmo man > kolmo.1
    """
    from ..man import page
    from ..output import write

    root = click.get_current_context().find_root()
    assert isinstance(root.command, click.Group)
    if name == "kolmo":
        write(page(root, root.command))
        return
    found = root.command.get_command(root, name)
    if found is None:
        from kolmo.errors import nearest

        hint = nearest(name, ["kolmo", *root.command.list_commands(root)])
        raise click.UsageError(f"no such page: got '{name}'. {hint}")
    write(page(click.Context(found, info_name=name, parent=root), found))
