"""``kolmo inspect``: what a container says of itself."""

import click

from .. import options


@click.command("inspect", short_help="Show what a .klm container says of itself.")
@options.files
@options.output_format
@options.memory_limit
@options.session(hidden=True)
def command(files: tuple[str, ...], memory_limit: int) -> int:
    """Show code, parameters, lengths and sums of each container FILE; nothing is decoded.

    Header and payload are checked against their sums.

    \b
    Examples:
      kolmo inspect README.klm
      kolmo inspect --json *.klm
    """
    from kolmo.messages import inspect

    from ..reports.container import report

    return report("inspect", files, inspect, memory_limit=memory_limit)
