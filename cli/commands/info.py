"""``kolmo info``: versions of everything that sizes depend on, and what is missing."""

import click

from .. import options


@click.command("info", short_help="Show versions, plug-ins of all kinds, and what is missing.")
@options.output_format
@options.session(hidden=True)
def command() -> None:
    """Show the versions that sizes depend on, and every estimator, model, rule and weight coder.

    An estimator is shown with what it removes or computes, the others with their settings.

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
