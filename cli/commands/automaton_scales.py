"""``kolmo automaton scales``: the map of scale and time."""

from typing import Any

import click

from .. import completions, options, values
from ..run_options import run_options, take_run

MOST_GRAINS = 10_000


@click.command("scales", short_help="Show complexity at every scale, over time.")
@run_options
@click.option(
    "-m",
    "--measure",
    metavar="NAME",
    shell_complete=completions.measures,
    help="An estimator. Default: zlib.",
)
@click.option(
    "--grains",
    type=values.Wholes(MOST_GRAINS, ranges=True),
    metavar="GRAINS",
    help="Sides of the blocks, as in 1:16 or 1,4,9. Default: each about 1.4 times the last.",
)
@click.option(
    "--buckets",
    type=values.Whole(2, 256),
    help="Put the averages into buckets. Default: their exact sums are measured.",
)
@options.plots(
    "Draw the map in the terminal.",
    "Write the map as a picture: .png, .svg or .pdf.",
)
@options.output_format
@options.jobs
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Show the size of the averages over blocks, for many sides of the block, over time.

    L. Trevisan proposed to ask at which scale a picture is complex, instead of choosing a grain.
    A row is one time and one grain; net bits are those beyond a constant picture of the same
    shape, a difference of two sizes and hence an estimate. The number of blocks falls with the
    square of the grain.

    \b
    Examples:
      kolmo automaton scales --size 128 --plot
      kolmo automaton scales --rule stirred --size 128 --plot-file map.png
    """
    from ..reports.automaton_scales import Request, run

    return run(Request(**take_run(arguments)))
