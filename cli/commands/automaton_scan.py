"""``kolmo automaton scan``: ensembles of runs over many sizes, and what the paper fits to them."""

from typing import Any

import click

from .. import completions, options, values

MOST_SIZES = 1000
LARGEST_COUNT = 1 << 20


@click.command(
    "scan", short_help="Show how the peak of complexity grows with the size of the grid."
)
@click.option(
    "--sizes",
    type=values.Wholes(MOST_SIZES, ranges=True),
    default="20:100:10",
    show_default=True,
    metavar="SIZES",
    help="Sides of the grids, as in 20:100:10 or 20,50.",
)
@click.option(
    "--replicas",
    type=values.Whole(1, LARGEST_COUNT),
    default=10,
    show_default=True,
    help="Independent runs of each size.",
)
@click.option(
    "-r",
    "--rule",
    default="interacting",
    show_default=True,
    metavar="NAMES",
    shell_complete=completions.rules,
    help="Comma-separated: interacting, noninteracting; others by the default protocol.",
)
@click.option(
    "--protocol",
    type=click.Choice(["paper", "default"]),
    default="paper",
    show_default=True,
    help="paper: 3 buckets and sizes as published, up to .2 n^4 swaps at least.",
)
@options.seed
@options.checkpoints("Keep the runs that are done in FILE.")
@options.plots(
    "Draw means and power laws in the terminal.",
    "Write figures 6 to 8 of the paper as a picture: .png, .svg or .pdf.",
)
@options.output_format
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Run the automaton at many sizes, and fit what the paper fits, beside power laws.

    For each size: the largest complexity of a run, when it was reached, and the largest entropy;
    means over the replicas with standard errors (kind: estimate, of sizes whose kind stands
    beside). The paper draws a line through the largest complexity and parabolas through the
    rest; beside them stand power laws with one parameter, and with a free exponent: the time of
    the peak grows as n^4 in swaps, not as n^2. The largest complexity is that of the published
    measure, border pixels included; 'kolmo automaton' audits it.

    \b
    Examples:
      kolmo automaton scan --sizes 20:60:10 --replicas 5
      kolmo automaton scan --rule interacting,noninteracting --plot-file figures.png
    """
    from ..reports.automaton_scan import Request, run

    return run(Request(**arguments))
