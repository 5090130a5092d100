"""``kolmo weights fit``: a net with noisy weights, beside every simpler model."""

from typing import Any

import click

from .. import completions, options
from ..noisy_options import Net, Source, net_options, table_options, take


@click.command("fit", short_help="Fit a net with noisy weights, beside simpler models.")
@options.file
@table_options
@net_options
@click.option(
    "-f",
    "--family",
    metavar="NAMES",
    shell_complete=completions.families,
    help="Comma-separated: which models of 'kolmo mdl-select' to try beside. Default: all.",
)
@click.option("--test", type=options.FILE, metavar="FILE", help="Other rows, to tell the error on.")
@options.output_format
@options.plots(
    "Draw the coding prior and bits per weight in the terminal.",
    "Draw them as a picture: .png, .svg or .pdf.",
)
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Fit a net to a column of the CSV file FILE (default: standard input), given the others.

    Weights are noisy, as Hinton and van Camp (1993) had them: each costs what the noise leaves of
    it, and the net is trained for the shortest message. Two totals are shown: 'as-in-1993', misfit
    and weights, is an estimate; 'honest' counts prior, noise and shape as well, which a receiver
    needs. Beside them: the same net sent alone (relative-entropy) and with rounded weights
    (two-part), a model that learns row by row (prequential), the best distribution without
    features (constant), and the best of all models of 'kolmo mdl-select'.

    Every row must have all values. The columns' names and how cells are written cost the same
    under all codes, and are left out. With --test the error is the mean squared error by the
    variance of the target, or the share of wrong labels.

    \b
    Examples:
      kolmo weights fit data.csv --target y --hidden 4
      kolmo weights fit data.csv --target y --prior mixture:5 --test test.csv --plot
    """
    from ..reports.weights_fit import Request, run

    return run(Request(**take(Net, "net", take(Source, "source", arguments))))
