"""``kolmo weights verify``: decode packed models and compare, writing nothing."""

import click

from .. import options


@click.command("verify", short_help="Decode a packed model and check it, writing nothing.")
@options.files
@click.option(
    "--against",
    type=options.FILE,
    metavar="MODEL",
    help="Compare the tensors with this model's.",
)
@options.base
@options.output_format
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(
    files: tuple[str, ...], against: str | None, given: str | None, jobs: int, memory_limit: int
) -> int:
    """Decode each container FILE and check every sum; its length is then certified.

    With --against, names, types and shapes must be those of MODEL, in any format, and so must all
    bytes of what was packed without loss; of what was quantised the errors are shown.

    \b
    Examples:
      kolmo weights verify model.klm
      kolmo weights verify small.klm --against model.safetensors
    """
    from ..reports.weights_verify import run

    return run(files, against, given, jobs=jobs, memory_limit=memory_limit)
