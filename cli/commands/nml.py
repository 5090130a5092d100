"""``kolmo nml``: the price of not knowing the parameters, by normalised maximum likelihood."""

from typing import Any

import click

from .. import options, values

_NUMBERS = values.Wholes(10**4, ranges=True)


@click.command("nml", short_help="Show the complexity of a model and its price in bits.")
@click.option(
    "--model",
    type=click.Choice(["multinomial", "poisson", "geometric"]),
    default="multinomial",
    show_default=True,
    help="What the data are drawn from.",
)
@click.option(
    "--categories", type=_NUMBERS, help="Multinomial: number K of categories, as in 3 or 2:10."
)
@click.option("--n", type=_NUMBERS, help="Number of observations, as in 100 or 10,100,1000.")
@click.option(
    "--largest",
    type=_NUMBERS,
    help="Poisson, geometric: largest value M of an observation; the total is at most n M.",
)
@options.output_format
@options.session(hidden=True)
def command(**arguments: Any) -> None:
    """Show COMP, the normalising sum of normalised maximum likelihood, and its log2 in bits.

    COMP adds up the largest probability that the model gives to each data set of this size. Its
    log2 is what the NML code pays for not knowing the parameters, the same for all data: a
    criterion, as it is no message. 'kolmo codelength' shows codes that can be sent.

    Lists (10,100) and ranges (2:10, both ends included) give a table of all pairs.

    \b
    Examples:
      kolmo nml --categories 3 --n 100
      kolmo nml --categories 2:10 --n 10,100,1000
      kolmo nml --model poisson --n 10 --largest 10
    """
    from ..reports.nml import run

    run(**arguments)
