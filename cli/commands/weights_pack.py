"""``kolmo weights pack``: a checkpoint as a container, without loss or quantised."""

from typing import Any

import click

from .. import completions, options
from ..weight_options import loss_options, take_loss


@click.command("pack", short_help="Pack a model into a checksummed .klm container.")
@options.model
@options.output("Where to write the container. Default: standard output.")
@click.option("--lossless", is_flag=True, help="Lose nothing, which is the default.")
@click.option(
    "-e",
    "--coder",
    metavar="NAME",
    shell_complete=completions.weight_coders,
    help="Default: mix, or trellis where something may be lost. See 'kolmo info'.",
)
@loss_options
@options.base
@options.certify
@options.output_format
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Pack MODEL (default: standard input) into a container, every tensor with a checksum.

    Without loss 'kolmo weights unpack' gives back every bit of every tensor; otherwise multiples
    of a step, which is told or found: by the error that is allowed, by the bits for each weight,
    or by your own measure of the model. What cannot be quantised (integers, values that are not
    finite, tensors that --keep names) stays as it is.

    \b
    Examples:
      kolmo weights pack model.safetensors -o model.klm
      kolmo weights pack model.safetensors -o small.klm --bits 4 --keep '*.bias'
      kolmo weights pack new.pt --given old.pt -o new.klm
      kolmo weights pack model.npz -o small.klm --eval 'python test.py {}' --tol .002
    """
    from ..reports.weights_pack import Request, run

    return run(Request(**take_loss(arguments)))
