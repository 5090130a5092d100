"""The group of all commands: answers help and completion without importing any of them."""

import sys
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from kolmo import __version__

from . import errors, options

COMMANDS = {
    "complexity": "Bound the Kolmogorov complexity of files from above.",
    "automaton": "Run the coffee automaton, measure its complexity, and audit it.",
    "mdl-select": "Choose the best model of each column of a CSV file.",
    "weights": "Measure the description length of a trained network.",
    "bench": "Score estimators on data whose complexity is known.",
    "encode": "Encode a file into a checksummed .klm container.",
    "decode": "Decode a .klm container, every check passed.",
    "inspect": "Show what a .klm container says of itself.",
    "verify": "Decode a .klm container and check it, writing nothing.",
    "codelength": "Show code lengths of counts, to check by hand.",
    "nml": "Show the complexity of a model and its price in bits.",
    "info": "Show versions, plug-ins of all kinds, and what is missing.",
    "completion": "Print a completion script for bash, zsh or fish.",
    "man": "Print a manual page.",
}


class LazyGroup(click.Group):
    """A group whose commands are modules, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".commands.{cmd_name.replace('-', '_')}", __package__)
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names, exactly."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from kolmo.errors import nearest, shorten

            hint = nearest(name, list(COMMANDS))
            raise click.UsageError(f"unknown command: got '{shorten(name)}'. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from their static strings."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name from the static strings."""
        found = [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)


@click.group(
    cls=LazyGroup,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "KOLMO",
        "max_content_width": 100,
    },
    epilog="Every number of bits says its kind: certified (decoded in this run), bound (can be "
    "decoded), codelength, estimate (a formula) or criterion. Exit codes: 0 done, 1 failed or "
    "partly failed, 2 wrong command line, 3 inconclusive, 70 a bug in kolmo.",
)
@click.version_option(__version__, message="kolmo %(version)s", allow_from_autoenv=False)
@options.session(hidden=False)
def group() -> None:
    """Measure complexity and choose models by real, decodable code lengths.

    \b
    Example:
      kolmo complexity README.md
    """


def main() -> None:
    """Run the command line and end the process with its exit code."""
    errors.end(errors.run(group, sys.argv[1:]))
