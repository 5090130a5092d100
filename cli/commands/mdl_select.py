"""``kolmo mdl-select``: the best model of each column of a CSV file."""

from typing import Any

import click

from .. import completions, options, values


@click.command("mdl-select", short_help="Choose the best model of each column of a CSV file.")
@options.file
@click.option("-C", "--column", multiple=True, metavar="NAME", help="Only this column; repeatable.")
@click.option(
    "-f",
    "--family",
    metavar="NAMES",
    shell_complete=completions.families,
    help="Comma-separated families or compressors, as in normal,markov:limit=3,lzma. "
    "See 'kolmo info'. Default: all families and four compressors.",
)
@click.option(
    "--target",
    cls=options.Once,
    metavar="NAME",
    help="Model this column given the others, or given --features.",
)
@click.option(
    "--features",
    multiple=True,
    metavar="NAMES",
    help="Comma-separated: what the decoder of the target has. Default: all other columns.",
)
@click.option(
    "--direction",
    is_flag=True,
    help="With --target and one feature: compare both ways to send the two columns.",
)
@click.option(
    "--associations",
    is_flag=True,
    help="Show the mutual information of all pairs of columns instead (estimates).",
)
@click.option(
    "--missing",
    type=click.Choice(["code", "drop", "error"]),
    default="code",
    show_default=True,
    help="Cells without a value: send them, leave them out, or refuse them.",
)
@click.option(
    "--precision",
    multiple=True,
    type=values.NamedStep(),
    metavar="NAME=STEP",
    help="Model a column of numbers in steps, such as .001; finer digits are sent plainly.",
)
@click.option(
    "--min-gain",
    type=values.Bits(),
    default="6.64",
    show_default=True,
    metavar="BITS",
    help="By how much a winner must be shorter; else the verdict is 'inconclusive'.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 if a verdict is inconclusive.")
@click.option(
    "--criteria",
    is_flag=True,
    help="Show BIC/2, AIC/2, AICc/2 too, and RNML and gMDL of sums: no codes.",
)
@click.option("--all", is_flag=True, help="Show every candidate, not the best of each family.")
@options.output("Write the columns by their winning messages; 'kolmo decode' gives them back.")
@click.option(
    "--verify", is_flag=True, help="Decode every candidate shown in a fresh process, and compare."
)
@options.plots(
    "Draw data, model, and code length in the terminal.",
    "Write a picture: .png, .svg or .pdf.",
)
@click.option(
    "--csv-header",
    type=click.Choice(["auto", "yes", "no"]),
    default="auto",
    show_default=True,
    help="Whether the first line names the columns.",
)
@click.option("--delimiter", metavar="CHAR", help="Between cells. Default: found out.")
@click.option("--encoding", default="utf-8", show_default=True, metavar="NAME", help="Of the file.")
@options.output_format
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Choose the best model of each column of the CSV file FILE (default: standard input).

    Every family of models fits the column and says how long the whole column's message is:
    L(cells) for missing values and spelling, L(model) to name the family, L(parameters), and
    L(data) for the values under them. The shortest message wins; it is written and decoded in this
    run (kind: certified). The others are lengths of codes that kolmo can send (kind: codelength).

    With --target Y the message codes Y for a decoder that has the other columns, or --features:
    predictors (polynomials, subsets of features, scaling laws, steps, groups, tables, cuts) compete
    with the families that know nothing of them. 'kolmo decode best.klm --given data.csv' gives Y.

    2^-delta bounds the probability, under a candidate's own coding distribution 2^-L, that a rival
    named beforehand comes out delta bits shorter; for the best of M rivals picked afterwards add
    log2 M bits. It is no posterior probability and no p-value of the candidate's family.

    \b
    Examples:
      kolmo mdl-select data.csv
      kolmo mdl-select data.csv --column height --plot
      kolmo mdl-select data.csv -o best.klm && kolmo decode best.klm
      kolmo mdl-select data.csv --target height --features age,sex -o best.klm
      kolmo mdl-select data.csv --associations --plot
    """
    from ..reports.mdl_select import Request, run

    return run(Request(**arguments))
