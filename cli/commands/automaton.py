"""``kolmo automaton``: cream mixes into coffee, and its complexity is measured and audited."""

from typing import Any

import click

from .. import completions, options, values
from ..default_group import DefaultGroup
from ..run_options import MOST_TIMES, run_options, take_run

SUBCOMMANDS = {
    "scan": "Show how the peak of complexity grows with the size of the grid.",
    "scales": "Show complexity at every scale, over time.",
    "light-cone": "Estimate how much the past of a cell tells about its future.",
}


@click.command(
    "automaton",
    cls=DefaultGroup,
    subcommands=SUBCOMMANDS,
    short_help="Run the coffee automaton, measure its complexity, and audit it.",
)
@run_options
@click.option(
    "-m",
    "--measure",
    metavar="NAMES",
    shell_complete=completions.measures,
    help="Comma-separated estimators, the first for the audit, as in zlib,zstd:level=19. "
    "Default: zlib.",
)
@click.option(
    "--grain",
    type=values.Whole(1, 10**9),
    help="Side of the averaging window. Default: the paper's, about the root of the size.",
)
@click.option(
    "--window",
    type=click.Choice(["sliding", "block"]),
    help="Average around each cell, or once for each full block. Default: sliding.",
)
@click.option("--buckets", type=values.Whole(2, 256), help="Of the averages. Default: 7.")
@click.option(
    "--row-rule",
    type=click.Choice(["none", "text", "code"]),
    help="How border pixels are removed: not at all, as the paper's text says, or as its code "
    "does. Default: none where the audit knows better, else text.",
)
@click.option(
    "--protocol",
    type=click.Choice(["default", "paper"]),
    default="default",
    show_default=True,
    help="paper: length, samples, 3 buckets and sizes as published, byte for byte.",
)
@click.option("--audit/--no-audit", default=True, show_default=True, help="Correct to the mean.")
@click.option("--two-part", is_flag=True, help="Also make codes that follow the physics.")
@options.output("Write times and grids of all samples as .npz, for numpy.")
@options.checkpoints("Keep what is known in FILE, every few seconds and when interrupted.")
@options.plots(
    "Draw grids and curves in the terminal.",
    "Write a picture: .png, .svg or .pdf, or the run as a film: .apng or .gif.",
)
@click.option(
    "--snapshots",
    type=values.Times(MOST_TIMES),
    metavar="TIMES",
    help="When to draw the grid, in the clock, as in 0,100,2500. Default: six times.",
)
@options.output_format
@options.jobs
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Pour cream on coffee, let it mix, and measure entropy and apparent complexity over time.

    Entropy is the compressed size of the grid; apparent complexity that of its averages over a
    window, in a few buckets. In 2014 Aaronson, Carroll and Ouellette saw the complexity rise and
    fall while entropy only rises. The same year the headline was withdrawn: B. Werness found that
    for the interacting automaton the bump is made of pixels at the borders of the buckets. This
    command reproduces the figures and shows why: the audit knows the exact mean of every cell,
    corrects what differs from it by no more than chance, and says in words what is left. Under
    the rule "stirred" complexity does rise and fall.

    \b
    Examples:
      kolmo automaton --size 256 --plot
      kolmo automaton --rule stirred --size 128 --plot-file stirred.png
      kolmo automaton --size 100 --protocol paper --checkpoint run.ckpt
      kolmo automaton scan --sizes 20:60:10 --replicas 5
    """
    from ..reports.automaton import Request, run

    return run(Request(**take_run(arguments)))
