"""``kolmo info``: versions of everything that sizes depend on, and what is missing."""

import click

from .. import options


@click.command("info", short_help="Show versions, estimators, families, and what is missing.")
@options.output_format
@options.session(hidden=True)
def command() -> None:
    """Show the versions that sizes depend on, every estimator and every family of models.

    An estimator is shown with what it removes or computes, a family with its settings.

    \b
    Examples:
      kolmo info
      kolmo info --json
    """
    from ..output import Output
    from ..reports.info import collect, render

    output = Output("info", {})
    found = collect()
    rows = [found.record()] if output.format == "json" else found.rows()
    output.rows(rows, lambda: render(found))
    output.finish()
