"""``kolmo weights codelength``: labels under codes that use nets in different ways."""

from typing import Any

import click

from .. import options
from ..noisy_options import Source, hidden, seed, table_options, take


@click.command("codelength", short_help="Compare how long labels are under codes that use nets.")
@options.file
@table_options
@hidden(0)
@seed
@options.output_format
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Compare codes of a column of labels of the CSV file FILE (default: standard input).

    'uniform' knows nothing; 'two-part' sends the weights of a net, rounded, then the labels given
    them; 'variational' is the length under noisy weights, as bits-back could send it: an estimate
    with a standard error, as its misfit is sampled; 'prequential' sends each label given a net
    that has learnt from those before. Two-part and prequential messages are made and decoded,
    hence certified. The net is softmax regression, or has one layer of --hidden tanh units. Every
    row must have all values; names of labels are left out.

    \b
    Examples:
      kolmo weights codelength data.csv --target label
      kolmo weights codelength digits.csv --target digit --hidden 16 --json
    """
    from ..reports.weights_codelength import Request, run

    return run(Request(**take(Source, "source", arguments)))
