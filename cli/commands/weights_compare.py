"""``kolmo weights compare``: two checkpoints, alone and given each other."""

import click

from .. import options


@click.command("compare", short_help="Show what two models cost, alone and given each other.")
@click.argument("a", type=options.FILE)
@click.argument("b", type=options.FILE)
@options.certify
@options.output_format
@options.jobs
@options.memory_limit
@options.session(hidden=True)
def command(a: str, b: str, certify: bool | None, jobs: int, memory_limit: int) -> int:
    """Show L(A), L(B), L(A|B) and L(B|A): lengths of containers that lose nothing.

    The distance max(L(A|B), L(B|A)) / max(L(A), L(B)) is an estimate: near 0 for a model and
    itself, about 1 for models that share no more than their shapes.

    \b
    Examples:
      kolmo weights compare old.safetensors new.safetensors
      kolmo weights compare base.npz finetuned.pt --json
    """
    from ..reports.weights_compare import run

    return run(a, b, certify=certify, jobs=jobs, memory_limit=memory_limit)
