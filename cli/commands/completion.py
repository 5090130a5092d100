"""``kolmo completion``: the script that makes a shell complete."""

import click

from .. import options


@click.command("completion", short_help="Print a completion script for bash, zsh or fish.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@options.session(hidden=True)
def command(shell: str) -> None:
    """Print the script that makes SHELL complete kolmo's commands and options.

    \b
    Examples:
      eval "$(kolmo completion bash)"
      kolmo completion fish > ~/.config/fish/completions/kolmo.fish
    """
    from click.shell_completion import get_completion_class

    from ..output import write

    found = get_completion_class(shell)
    assert found is not None
    context = click.get_current_context()
    completion = found(context.find_root().command, {}, "kolmo", "_KOLMO_COMPLETE")
    write(completion.source_template % completion.source_vars() + "\n")
