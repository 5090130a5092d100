"""``kolmo automaton light-cone``: what the past of a cell tells about its future."""

from typing import Any

import click

from .. import options, values
from ..run_options import run_options, take_run


@click.command(
    "light-cone", short_help="Estimate how much the past of a cell tells about its future."
)
@run_options
@click.option(
    "--frames",
    type=values.Whole(2, 10_000),
    default=8,
    show_default=True,
    help="How many grids make a history, the sample itself the first.",
)
@click.option(
    "--frame-time",
    type=values.Times(),
    default="1",
    show_default=True,
    metavar="TIME",
    help="Between frames, in edge time.",
)
@click.option(
    "--past-depth",
    type=values.Whole(0, 4),
    default=1,
    show_default=True,
    help="Frames that the past cone reaches back.",
)
@click.option(
    "--future-depth",
    type=values.Whole(1, 4),
    default=1,
    show_default=True,
    help="Frames that the future cone reaches ahead.",
)
@options.plots(
    "Draw the curve in the terminal.",
    "Write the curve as a picture: .png, .svg or .pdf.",
)
@options.output_format
@options.jobs
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Estimate I(past; future), in bits for a cell, over the time of a run.

    The light cones of a cell are the cells that it can have heard from, and can tell. After
    Shalizi, a system organises itself where its past says ever more about its future. Every
    number is an estimate, from observed frequencies with their bias subtracted, as the column
    "formula" says: it bounds nothing.

    \b
    Examples:
      kolmo automaton light-cone --size 64 --plot
      kolmo automaton light-cone --rule tendril --size 64 --samples 20
    """
    from ..reports.automaton_light_cone import Request, run

    return run(Request(**take_run(arguments)))
