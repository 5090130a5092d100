"""``kolmo bench``: which estimator should one trust?"""

from typing import Any

import click

from .. import completions, options, values

MOST_SIZES = 100


@click.command("bench", short_help="Score estimators on data whose complexity is known.")
@click.argument("suite", default="sources", shell_complete=completions.suites)
@click.argument("folder", required=False, type=click.Path(readable=False))
@click.option(
    "-e",
    "--estimator",
    metavar="NAMES",
    multiple=True,
    shell_complete=completions.names,
    help="Comma-separated names as in zstd:level=19, or a class of your own, FILE.py:CLASS. "
    "Repeatable. Default: all that are installed.",
)
@click.option(
    "--sizes",
    type=values.Wholes(MOST_SIZES),
    metavar="SIZES",
    help="Bits of strings, bytes of files of the suite speed. Default: 1024 to 65536 bits, 1e4 to "
    "1e6 bytes.",
)
@click.option(
    "--seeds", type=values.Whole(1, 10_000), help="Strings of each source and size. Default: 20."
)
@click.option("--seed", type=values.Whole(0, options.LARGEST_SEED), help="The first. Default: 0.")
@click.option(
    "--form",
    type=click.Choice(["packed", "written"]),
    help="Bits as 8 in a byte, or as characters 0 and 1. Default: packed.",
)
@click.option(
    "--rounds",
    type=values.Whole(1, 1000),
    help="How often files are timed. Default: once, and 3 times by the suite speed.",
)
@click.option(
    "--store", type=options.FILE, metavar="FILE", help="Keep what is done, and go on from there."
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Let a Dask cluster work: tcp://HOST:PORT of it."
)
@click.option("--timings", is_flag=True, help="Add measured times to the JSON.")
@options.plots(
    "Draw the scores in the terminal.",
    "Draw regret and bias against size, or the Pareto front: .png, .svg or .pdf.",
)
@options.output_format
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Score estimators on a SUITE of data whose complexity is known, and say whom to trust.

    \b
    sources        bit strings of known laws: codes by their regret L(x) + log2 P(x) in
                   bits, estimates by bias, error and coverage of their intervals
    deterministic  sequences that a short program prints: who sees it, who does not
    corpus FOLDER  files of a SHA256SUMS manifest: excess over published bests
    speed          made files: megabytes a second both ways, peak memory

    No code beats the truth by t bits with a probability above 2^-t. Whatever says that it is a
    code and breaks this law miscounts: the command says so and fails. A class of your own has
    compress and decompress, or estimate, or codelength; its file is run. Files are measured one at
    a time unless --jobs is given; their times stand in tables, and with --timings in the JSON.

    \b
    Examples:
      kolmo bench
      kolmo bench sources -e ctw:symbol=1,zlib,mine.py:MyEstimator --plot-file regret.png
      kolmo bench corpus canterbury --store canterbury.db
    """
    from ..reports.bench import Request, run

    return run(Request(**arguments))
