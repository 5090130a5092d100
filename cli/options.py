"""Options that several commands share, and the types of their values."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(allow_dash=True, readable=False)
FORMATS = ("table", "tsv", "csv", "json")
LARGEST_SIZE = (1 << 63) - 1
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
UNITS |= {f"{name}{end}": UNITS[name] for name in "KMGT" for end in ("i", "iB")}
UNITS |= {"kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "B": 1, "k": 1 << 10}


class Size(click.ParamType[int]):
    """A number of bytes: ``64K``, ``10MiB``, ``1G`` (powers of 1024), ``5MB``, ``1e6``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of bytes."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]+(?:_[0-9]+)*)(?:e([0-9]{1,2}))?([A-Za-z]*)", value.strip())
        if match is not None and match[3] in UNITS:
            size: int = int(match[1]) * 10 ** int(match[2] or 0) * UNITS[match[3]]
            if 1 <= size <= LARGEST_SIZE:
                return size
        return self.fail(
            f"got '{value[:60]}'; need a size from 1 to 2^63 - 1 such as 64K, 10MiB or 1e6",
            param,
            ctx,
        )


class Jobs(click.ParamType[int]):
    """A number of threads; 0 or ``auto`` means the cores that this process may use."""

    name = "jobs"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number of threads, no more than there are cores."""
        from kolmo.parallel import LARGEST_JOBS, available_cores

        text = "0" if value == "auto" else str(value)
        if not (text.isascii() and text.isdecimal() and int(text[:9]) <= LARGEST_JOBS):
            self.fail(f"got '{text[:60]}'; need auto or 0 to {LARGEST_JOBS}", param, ctx)
        cores = available_cores()
        return min(int(text), cores) or cores


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
    return click.option("-o", "--output", cls=Once, type=FILE, metavar="FILE", help=text)


def file(function: F) -> F:
    """Add the argument FILE, standard input by default."""
    return click.argument("file", default="-", type=FILE, metavar="[FILE]")(function)


def files(function: F) -> F:
    """Add the argument FILE, any number of times."""
    return click.argument("files", nargs=-1, type=FILE, metavar="[FILE]...")(function)


def complete_names(
    ctx: click.Context,  # noqa: ARG001
    param: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[str]:
    """Complete the last of several comma-separated names of estimators."""
    from kolmo.registry import estimators

    *before, last = incomplete.split(",")
    return [",".join([*before, name]) for name in estimators.own_names() if name.startswith(last)]
