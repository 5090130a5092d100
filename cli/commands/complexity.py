"""``kolmo complexity``: upper bounds on K(x) and K(x|y), best first."""

from typing import Any

import click

from .. import completions, options


@click.command("complexity", short_help="Bound the Kolmogorov complexity of files from above.")
@options.files
@click.option("--string", metavar="TEXT", help="Measure TEXT instead of files.")
@click.option("-r", "--recursive", is_flag=True, help="Measure all files in folders.")
@click.option(
    "-e",
    "--estimator",
    metavar="NAMES",
    shell_complete=completions.names,
    help="Comma-separated names, with parameters as in zstd:level=19. See 'kolmo info'.",
)
@click.option(
    "--predictor",
    metavar="FILE.py:CLASS",
    multiple=True,
    help="Also a predictor of your own, in a file that is run or a module. Repeatable.",
)
@click.option("--max", is_flag=True, help="All codes, however slow: the tightest bounds.")
@click.option("--all", is_flag=True, help="All estimators, estimates included.")
@options.given
@click.option(
    "--verify/--no-verify",
    default=None,
    help="Decode every bound now, which certifies it. Default: for inputs up to 16 MiB.",
)
@options.max_bytes
@options.output("Write the shortest message as a .klm file (one input only).")
@options.output_format
@click.option("--timings", is_flag=True, help="Add measured times to the JSON.")
@options.plots(
    "Draw bars in the terminal.",
    "Draw a picture: .png, .svg or .pdf.",
)
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Bound the Kolmogorov complexity of each FILE (- is standard input) from above.

    One row per estimator, the smallest bound first; then K(x) <= N + c, where N counts the
    payload, the name of the estimator and whatever lengths the payload does not tell by itself,
    and c is the decoder. Rows of kind "certified" were decoded in this run; rows of kind
    "estimate" come from a formula and bound nothing, with one standard error where one is known.
    With --given Y all is about K(x|y).

    By default five library compressors are taken, from 16 KiB to 4 MiB also the context mixer mix;
    --max adds it at any size, context-tree weighting and whatever else is installed.

    \b
    Examples:
      kolmo complexity README.md
      kolmo complexity --max notes.txt
      kolmo complexity --estimator zstd:level=19,lzma *.txt
      kolmo complexity new.txt --given old.txt -o new.klm
    """
    from ..reports.complexity import Request, run

    return run(Request(**arguments))
