"""``kolmo weights receive``: a column and a payload out of a message."""

from typing import Any

import click

from .. import options


@click.command("receive", short_help="Receive a column, and the payload that came along.")
@options.file
@click.option(
    "--given",
    cls=options.Once,
    required=True,
    type=options.FILE,
    metavar="FILE",
    help="A CSV file with the columns that the sender named as features.",
)
@options.output("Where to write the column. Default: standard output.")
@click.option(
    "--payload-out",
    cls=options.Once,
    type=options.FILE,
    metavar="FILE",
    help="Where to write the payload: the net is trained again for it.",
)
@options.output_format
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Receive the message FILE (default: standard input) that 'kolmo weights send' made.

    The column comes out exactly, or not at all: other features are refused by their checksum. A
    payload comes out if the net, trained again here, is bit by bit the sender's; else it is
    refused, the column is written nevertheless, and the exit code is 1.

    \b
    Examples:
      kolmo weights receive m.klm --given features.csv -o y.csv
      kolmo weights receive m.klm --given features.csv -o y.csv --payload-out photo.jpg
    """
    from ..reports.weights_receive import Request, run

    return run(Request(**arguments))
