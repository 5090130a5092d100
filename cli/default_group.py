"""Commands with a default action: subcommands beside options of their own."""

import os
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem


class DefaultGroup(click.Command):
    """A command that does something itself, unless its first word names a subcommand.

    Its help shows its own options first, then the subcommands; these are modules beside its own,
    ``light-cone`` of ``automaton`` in ``automaton_light_cone``, imported when they are called.

    Parameters
    ----------
    subcommands : dict of str to str
        Names and what each does, in a line.
    """

    def __init__(self, *args: Any, subcommands: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subcommands = subcommands

    def subcommand(self, name: str) -> click.Command:
        """Import a subcommand."""
        module = f"{self.name}_{name}".replace("-", "_")
        found: click.Command = import_module(f".commands.{module}", __package__).command
        return found

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Return the context of the subcommand that the first word names, or else of this one."""
        word = args[0] if args else ""
        if word in self.subcommands:
            between = click.Context(self, info_name=info_name, parent=parent)
            return self.subcommand(word).make_context(word, args[1:], parent=between, **extra)
        if word and not word.startswith("-") and not os.path.lexists(word):
            self._refuse_near(word, click.Context(self, info_name=info_name, parent=parent))
        return super().make_context(info_name, args, parent=parent, **extra)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return its parameters; to a subcommand's path its own arguments do not belong."""
        found = super().get_params(ctx)
        if ctx.command is self:
            return found
        return [param for param in found if not isinstance(param, click.Argument)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options, then the subcommands from their static strings."""
        super().format_options(ctx, formatter)
        with formatter.section("Commands"):
            formatter.write_dl(list(self.subcommands.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a subcommand's name, too."""
        found = [
            CompletionItem(name, help=text)
            for name, text in self.subcommands.items()
            if name.startswith(incomplete) and not ctx.args
        ]
        return found + super().shell_complete(ctx, incomplete)

    def _refuse_near(self, word: str, context: click.Context) -> None:
        from difflib import get_close_matches

        from kolmo.errors import shorten

        near = get_close_matches(word, self.subcommands, n=1)
        if near:
            raise click.UsageError(
                f"unknown subcommand: got '{shorten(word)}'. Did you mean '{near[0]}'?", context
            )
