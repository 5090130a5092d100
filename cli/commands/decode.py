"""``kolmo decode``: the data of a container, or nothing."""

import click

from .. import options


@click.command("decode", short_help="Decode a .klm container, every check passed.")
@options.file
@options.output("Where to write the data. Default: standard output.")
@options.given
@options.memory_limit
@options.session(hidden=True)
def command(file: str, output: str | None, given: str | None, memory_limit: int) -> None:
    """Decode the container FILE (default: standard input).

    Nothing is written before every check has passed. To standard output the file is therefore
    decoded twice: once to check it, once to write it.

    \b
    Examples:
      kolmo decode README.klm -o README.md
      kolmo decode new.klm --given old.txt | less
    """
    from kolmo.container import Container
    from kolmo.data import open_input
    from kolmo.messages import decode_stream

    from ..artefacts import check_names, open_artefact
    from ..output import refuse_binary_on_terminal, write_artefact

    check_names([file, given])
    refuse_binary_on_terminal(output)
    artefact = open_artefact(output, [name for name in (file, given) if name is not None])
    opened = Container(open_input(file, memory_limit=memory_limit))
    side = None if given is None else open_input(given, memory_limit=memory_limit)
    if artefact is None or artefact.direct:
        for _ in decode_stream(opened, side, memory_limit=memory_limit):
            pass
    write_artefact(artefact, decode_stream(opened, side, memory_limit=memory_limit))
