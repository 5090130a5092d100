"""``kolmo weights``: the description length of a checkpoint, tensor by tensor."""

from typing import Any

import click

from .. import completions, options, values
from ..default_group import DefaultGroup
from ..weight_options import loss_options, take_loss

SUBCOMMANDS = {
    "pack": "Pack a model into a checksummed .klm container.",
    "unpack": "Unpack a model as .safetensors or .npz, every check passed.",
    "verify": "Decode a packed model and check it, writing nothing.",
    "compare": "Show what two models cost, alone and given each other.",
    "fit": "Fit a net with noisy weights, beside simpler models.",
    "send": "Send a column by a noisy net, with a payload or without.",
    "receive": "Receive a column, and the payload that came along.",
    "codelength": "Compare how long labels are under codes that use nets.",
}
DEEPEST = 100


@click.command(
    "weights",
    cls=DefaultGroup,
    subcommands=SUBCOMMANDS,
    short_help="Measure the description length of a trained network.",
)
@click.argument(
    "model",
    default="-",
    type=options.FILE,
    metavar="[MODEL]",
    shell_complete=completions.word_or_file(SUBCOMMANDS),
)
@click.option(
    "-e",
    "--coder",
    metavar="NAMES",
    shell_complete=completions.weight_coders,
    help="Comma-separated coders. Default: all that lose nothing, and where something may be lost "
    "all that quantise. See 'kolmo info'.",
)
@loss_options
@options.base
@click.option(
    "--depth",
    type=values.Whole(0, DEEPEST),
    help="Join tensors whose names share so many parts, which end at dots and slashes; 0 shows "
    "totals alone. Default: tables have up to 40 rows, other formats a row for each tensor.",
)
@options.certify
@options.output_format
@options.plots(
    "Draw bits per weight along the network in the terminal.",
    "Draw them as a picture: .png, .svg or .pdf.",
)
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(**arguments: Any) -> int:
    """Show how many bits each tensor of MODEL (default: standard input) takes under each coder.

    MODEL is a checkpoint of any architecture: .safetensors, .npz, .npy, .onnx, or the zip file of
    torch.save; no code in it is run. Then L(MODEL) <= N: the length of a container with every
    tensor by one coder, names, shapes and checksums included. Coders such as trellis quantise, as
    far as one option allows: --step, --rel-rmse, --bits, --snr, or --eval with --tol; at one step
    trellis errs 1.7 times as much as the others. Tensors with the bytes of an earlier one cost
    nothing. With --given BASE all is about MODEL as a later version of BASE.

    \b
    Examples:
      kolmo weights model.safetensors
      kolmo weights model.npz --rel-rmse .01 --keep '*.bias' --plot
      kolmo weights new.safetensors --given old.safetensors
      kolmo weights model.pt --eval 'python test.py {}' --tol .002
    """
    from ..reports.weights import Request, run

    return run(Request(**take_loss(arguments)))
