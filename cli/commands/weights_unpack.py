"""``kolmo weights unpack``: the tensors of a container, or nothing."""

import click

from .. import options


@click.command("unpack", short_help="Unpack a model as .safetensors or .npz, every check passed.")
@options.file
@options.output("Where to write: .safetensors or .npz. Default: safetensors to standard output.")
@options.base
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(file: str, output: str | None, given: str | None, jobs: int, memory_limit: int) -> None:
    """Unpack the container FILE (default: standard input) that 'kolmo weights pack' made.

    Nothing is written before every check has passed. To standard output the file is therefore
    decoded twice: once to check it, once to write it.

    \b
    Examples:
      kolmo weights unpack model.klm -o model.safetensors
      kolmo weights unpack new.klm --given old.pt -o new.npz
    """
    from ..reports.weights_unpack import run

    run(file, output, given, jobs=jobs, memory_limit=memory_limit)
