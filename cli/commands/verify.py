"""``kolmo verify``: decode and compare, writing nothing."""

import click

from .. import options


@click.command("verify", short_help="Decode a .klm container and check it, writing nothing.")
@options.files
@click.option(
    "--against",
    type=options.FILE,
    metavar="ORIGINAL",
    help="Compare the data with this file, byte by byte.",
)
@options.given
@options.output_format
@options.memory_limit
@options.session(hidden=True)
def command(
    files: tuple[str, ...],
    against: str | None,
    given: str | None,
    memory_limit: int,
) -> int:
    """Decode each container FILE and check every sum; its length is then certified.

    \b
    Examples:
      kolmo verify README.klm
      kolmo verify README.klm --against README.md
    """
    from kolmo.container import Container
    from kolmo.data import Input, open_input
    from kolmo.messages import Inspection, compare, describe

    from ..artefacts import check_names
    from ..reports.container import report

    check_names([*(files or ("-",)), given, against])
    side = None if given is None else open_input(given, memory_limit=memory_limit)
    original = None if against is None else open_input(against, memory_limit=memory_limit)

    def check(source: Input) -> Inspection:
        opened = Container(source)
        compare(opened, original, side, memory_limit=memory_limit)
        return describe(opened, kind="certified")

    return report(
        "verify",
        files,
        check,
        memory_limit=memory_limit,
        parameters={"against": against, "given": given},
    )
