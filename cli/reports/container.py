"""What ``inspect`` and ``verify`` share: containers in, one record for each out."""

from collections.abc import Callable
from typing import Any

from kolmo.data import Input, open_input
from kolmo.errors import KolmoError, shorten
from kolmo.messages import Inspection

from ..artefacts import check_names
from ..errors import FAILED, say
from ..output import Column, Output, print_paragraph, print_table, write


def report(
    command: str,
    files: tuple[str, ...],
    work: Callable[[Input], Inspection],
    *,
    memory_limit: int,
    parameters: dict[str, Any] | None = None,
) -> int:
    """Do ``work`` on each file and write its record; return the exit code."""
    check_names(files or ("-",))
    output = Output(command, parameters or {})
    failed = False
    for name in files or ("-",):
        try:
            source = open_input(name, memory_limit=memory_limit)
            record = work(source)
        except KolmoError as error:
            where = shorten(name)
            say(str(error) if where in str(error) else f"{where}: {error}")
            failed = True
            continue
        source.close()
        output.rows([record.to_dict()], lambda record=record: _render(record))  # type: ignore[misc]
    output.finish()
    return FAILED if failed else 0


def _render(record: Inspection) -> None:
    print_paragraph(
        f"{record.file}: {record.code} container, format {record.format}, "
        f"{record.data_bytes:,} bytes of data in {record.container_bits:,} bits ({record.kind})"
    )
    stop = 0
    rows = []
    for section, size in (
        ("header", record.header_bytes),
        ("payload", record.payload_bytes),
        ("trailer", record.trailer_bytes),
    ):
        rows.append({"section": section, "start": stop, "stop": stop + size, "bits": 8 * size})
        stop += size
    print_table(SECTION_COLUMNS, rows, best=0)
    settings = ", ".join(f"{key} = {value}" for key, value in record.parameters.items())
    print_paragraph(f"parameters: {settings or 'all the defaults'}")
    print_paragraph(f"SHA-256 of the data begins with {record.data_digest}")
    if record.given_digest is not None:
        print_paragraph(f"needs side information whose SHA-256 begins with {record.given_digest}")
    write("\n")


SECTION_COLUMNS = (
    Column("section", lambda row: row["section"], 0, left=True),
    Column("from byte", lambda row: f"{row['start']:,}", 2),
    Column("to byte", lambda row: f"{row['stop']:,}", 2),
    Column("bits", lambda row: f"{row['bits']:,}", 0),
)
