"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from .values import Jobs, Size, Whole

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(allow_dash=True, readable=False)
FORMATS = ("table", "tsv", "csv", "json")
LARGEST_SEED = (1 << 63) - 1


class Once(click.Option):
    """An option that may be given only once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["multiple"] = True
        super().__init__(*args, **kwargs)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the only value, or None."""
        values = super().process_value(ctx, value)
        if values and len(values) > 1:
            raise click.BadParameter("given more than once", ctx=ctx, param=self)
        return values[0] if values else None


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Put a value where `kolmo_cli.output.setting` finds it, whichever command asks."""
    if value is not None:
        ctx.meta[f"kolmo.{param.name}"] = value


def session(*, hidden: bool) -> Callable[[F], F]:
    """Add what concerns the run as a whole; accepted before and after the command's name."""

    def add(function: F) -> F:
        for names, text, settings in SESSION:
            function = click.option(
                *names, expose_value=False, callback=_keep, hidden=hidden, help=text, **settings
            )(function)
        return function

    return add


FLAG = {"is_flag": True, "default": None}
SESSION: tuple[tuple[tuple[str, ...], str, dict[str, Any]], ...] = (
    (
        ("--color",),
        "Colour tables: auto (in a terminal), always, never.",
        {"type": click.Choice(["auto", "always", "never"])},
    ),
    (
        ("--progress/--no-progress",),
        "Show a bar on stderr for work over a second.",
        {"default": None},
    ),
    (("-v", "--verbose"), "Say more on stderr.", FLAG),
    (("-q", "--quiet"), "Print no warnings and no progress.", FLAG),
)


def output_format(function: F) -> F:
    """Add ``--format``, ``--json`` and ``--no-header``, which `kolmo_cli.output.Output` reads."""
    for names, text, settings in (
        (("--no-header",), "Leave out the header of TSV and CSV.", FLAG),
        (("--json",), "One JSON object; the same as --format json.", FLAG),
        (
            ("--format",),
            "Default: table in a terminal, TSV in a pipe.",
            {"type": click.Choice(FORMATS)},
        ),
    ):
        function = click.option(*names, expose_value=False, callback=_keep, help=text, **settings)(
            function
        )
    return function


def jobs(function: F) -> F:
    """Add ``--jobs``."""
    return click.option(
        "-j", "--jobs", type=Jobs(), default="auto", show_default=True, help="Number of threads."
    )(function)


def memory_limit(function: F) -> F:
    """Add ``--memory-limit``."""
    return click.option(
        "--memory-limit",
        type=Size(),
        default=1 << 30,
        help="Refuse what needs more memory than this. Default: 1GiB.",
    )(function)


def max_bytes(function: F) -> F:
    """Add ``--max-bytes``."""
    return click.option(
        "--max-bytes", type=Size(), metavar="SIZE", help="Use only the first SIZE bytes."
    )(function)


def given(function: F) -> F:
    """Add ``--given``."""
    return click.option(
        "--given", type=FILE, metavar="FILE", help="Side information y that the decoder has, too."
    )(function)


def output(text: str) -> Callable[[F], F]:
    """Add ``-o``, for the command's one artefact."""
    return _file("-o", "--output", text)


def plots(drawing: str, picture: str) -> Callable[[F], F]:
    """Add ``--plot`` and ``--plot-file``, with what they say of themselves."""

    def add(function: F) -> F:
        function = _file("--plot-file", picture)(function)
        return click.option("--plot", is_flag=True, help=drawing)(function)

    return add


def checkpoints(text: str) -> Callable[[F], F]:
    """Add ``--checkpoint`` and ``--resume``."""

    def add(function: F) -> F:
        again = "Go on from a checkpoint, with its parameters, and keep it up to date."
        return _file("--checkpoint", text)(_file("--resume", again)(function))

    return add


def seed(function: F) -> F:
    """Add ``--seed``."""
    return click.option(
        "--seed",
        type=Whole(0, LARGEST_SEED),
        help="Of all that is random. Default: chosen, and said.",
    )(function)


def file(function: F) -> F:
    """Add the argument FILE, standard input by default."""
    return click.argument("file", default="-", type=FILE, metavar="[FILE]")(function)


def model(function: F) -> F:
    """Add the argument MODEL, standard input by default."""
    return click.argument("model", default="-", type=FILE, metavar="[MODEL]")(function)


def base(function: F) -> F:
    """Add ``--given``, for a model."""
    text = "A model of the same architecture that the decoder has, too."
    return click.option("--given", type=FILE, metavar="BASE", help=text)(function)


def certify(function: F) -> F:
    """Add ``--certify`` and ``--no-certify``."""
    return click.option(
        "--certify/--no-certify",
        default=None,
        help="Decode every stream now. Default: up to 64 MiB of tensors.",
    )(function)


def files(function: F) -> F:
    """Add the argument FILE, any number of times."""
    return click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")(function)


def _file(*texts: str) -> Callable[[F], F]:
    """Return an option for one file: its names, and what it is for."""
    *names, text = texts
    return click.option(*names, cls=Once, type=FILE, metavar="FILE", help=text)
