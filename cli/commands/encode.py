"""``kolmo encode``: one file, one code, one container."""

import click

from .. import options


@click.command("encode", short_help="Encode a file into a checksummed .klm container.")
@options.file
@options.output("Where to write the container. Default: standard output.")
@click.option(
    "-c", "--code", default="zstd", show_default=True, metavar="NAME", help="See 'kolmo info'."
)
@options.given
@options.max_bytes
@options.memory_limit
@options.session(hidden=True)
def command(
    file: str,
    output: str | None,
    code: str,
    given: str | None,
    max_bytes: int | None,
    memory_limit: int,
) -> None:
    """Encode FILE (default: standard input) with one code into a .klm container.

    The container holds the code's name, its parameters, the length and the start of the SHA-256 of
    the data, and sums of header and payload: 'kolmo decode' refuses a file that was altered.

    \b
    Examples:
      kolmo encode README.md -o README.klm --code lzma
      kolmo encode new.txt --given old.txt -o new.klm
    """
    from kolmo.data import open_input
    from kolmo.messages import encode_stream, make_packer

    from ..artefacts import check_names, open_artefact
    from ..output import refuse_binary_on_terminal, write_artefact

    check_names([file, given])
    refuse_binary_on_terminal(output)
    packer = make_packer(code, primed=given is not None)
    artefact = open_artefact(output, [name for name in (file, given) if name is not None])
    data = open_input(file, max_bytes=max_bytes, memory_limit=memory_limit)
    side = None if given is None else open_input(given, memory_limit=memory_limit)
    write_artefact(artefact, encode_stream(data, packer, side, memory_limit=memory_limit))
