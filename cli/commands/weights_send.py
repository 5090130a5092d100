"""``kolmo weights send``: a column by a noisy net, as a message that is really sent."""

from typing import Any

import click

from .. import options
from ..noisy_options import CODES, Net, OneOf, Source, net_options, table_options, take


@click.command("send", short_help="Send a column by a noisy net, with a payload or without.")
@options.file
@table_options
@options.output("Where to write the message. Default: standard output.")
@click.option(
    "--payload",
    cls=options.Once,
    type=options.FILE,
    metavar="FILE",
    help="What else is to be sent; it pays for the weights' noise.",
)
@click.option(
    "--code",
    type=OneOf(CODES),
    help="How the weights are sent. Default: bits-back with a payload, else relative-entropy.",
)
@net_options
@options.output_format
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Send a column of the CSV file FILE (default: standard input) to someone who has the others.

    With --payload this is the message of 1993: bits of the payload choose the weights, and the
    receiver, who trains the same net from the decoded column, gets them back. The net length is
    that of the file less that of the payload; its parts are shown, and add up to it. Without a
    payload, relative-entropy coding chooses weights by numbers that both sides can draw; two-part
    rounds them. The message is received again at once, hence certified.

    \b
    Examples:
      kolmo weights send data.csv --target y -o m.klm
      kolmo weights send data.csv --target y --payload photo.jpg -o m.klm
    """
    from ..reports.weights_send import Request, run

    return run(Request(**take(Net, "net", take(Source, "source", arguments))))
