"""``kolmo codelength``: what codes make of counts that one can check by hand."""

from typing import Any

import click

from .. import completions, options, values


@click.command("codelength", short_help="Show code lengths of counts, to check by hand.")
@click.option(
    "--counts",
    type=values.Wholes(10**6),
    help="How often each symbol occurs, as in 3,7; a count may be 0.",
)
@click.option(
    "--sequence",
    type=values.Letters(),
    metavar="TEXT",
    help="A sequence of letters and digits, each different one a symbol; it is really sent.",
)
@click.option(
    "--code",
    metavar="NAMES",
    shell_complete=completions.codes,
    help="Comma-separated: kt, enumerative, nml, ml, nml-formula. Default: all.",
)
@options.output_format
@options.session(hidden=True)
def command(**arguments: Any) -> None:
    """Show how many bits a sequence takes whose symbols occur so often, by several codes.

    All orders of the same symbols are equally long. The decoder knows the number K of symbols and
    the length n. Codes that can be sent stand first, the shortest on top: kt (p(a) = (2 n_a + 1) /
    (2 n + K), step by step), enumerative (which counts, then which order) and nml (normalised
    maximum likelihood), all under the integer shares that are really used. The others are
    criteria, no codes: ml, the maximum likelihood, needs the counts themselves, and nml-formula is
    the textbook value of nml.

    With --sequence every code writes the sequence and decodes it: its payload is then certified.

    \b
    Examples:
      kolmo codelength --counts 3,7
      kolmo codelength --counts 3,7 --code kt,ml
      kolmo codelength --sequence 0110111011 --json
    """
    from ..reports.codelength import run

    run(**arguments)
