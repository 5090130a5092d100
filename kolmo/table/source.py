"""From a file to UTF-8 text: what is no text is named before anybody tries to split it."""

import codecs
import re
from dataclasses import dataclass

from kolmo.data import BLOCK_BYTES, Input
from kolmo.errors import InputError, MemoryLimitError, ParameterError, shorten
from kolmo.table.limits import MEMORY_FACTOR, Limits

_MAGIC = (
    (b"PK\x03\x04", b"", "an xlsx workbook or another zip archive", "Export it as CSV."),
    (b"PAR1", b"PAR1", "a Parquet file", "Convert it to CSV."),
    (b"\x1f\x8b", b"", "gzip-compressed", "Unpack it: gzip -dc FILE | kolmo mdl-select -"),
    (b"\xfd7zXZ\x00", b"", "xz-compressed", "Unpack it: xz -dc FILE | kolmo mdl-select -"),
    (b"\x28\xb5\x2f\xfd", b"", "zstd-compressed", "Unpack it: zstd -dc FILE | kolmo mdl-select -"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", "an old Excel workbook", "Export it as CSV."),
    (b"SQLite format 3\x00", b"", "an SQLite database", "Export a table as CSV."),
)
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class SourceText:
    """The text of a file as UTF-8 without NUL or byte order mark.

    Attributes
    ----------
    encoding : str
        As the file had it.
    bom : bool
        Whether it began with a byte order mark.
    """

    name: str
    data: bytes
    encoding: str
    bom: bool


def read_text(source: Input, encoding: str, limits: Limits) -> SourceText:
    """Return the whole text of ``source``, or say in which way it is none.

    Raises
    ------
    ParameterError
        If the encoding is unknown.
    InputError
        If the file is empty, of a known binary format, or not text in that encoding.
    MemoryLimitError
        If it is too large.
    """
    codec = find_codec(encoding)
    if source.size == 0:
        raise InputError(f"empty file: '{shorten(source.name)}' has no header and no rows.")
    _refuse_magic(source)
    _check_size(source, limits)
    data = source.read()
    if codec == "utf-8":
        _refuse_utf16(source.name, data)
        _check_utf8(source.name, data)
        bom = data.startswith(codecs.BOM_UTF8)
    else:
        data, bom = _transcode(source.name, data, codec)
    _refuse_nul(source.name, data)
    return SourceText(source.name, data.removeprefix(codecs.BOM_UTF8), codec, bom)


def find_codec(encoding: str) -> str:
    """Return the standard name of a text encoding."""
    try:
        codec = codecs.lookup(encoding).name
        "".encode(codec)
    except (LookupError, ValueError):
        raise ParameterError(
            f"unknown encoding: got '{shorten(encoding)}'; need the name of a text encoding. "
            "Try --encoding utf-8, latin-1, cp1252 or utf-16."
        ) from None
    return "utf-8" if codec == "utf-8-sig" else codec


def line_at(data: bytes, offset: int) -> int:
    """Return the number of the line, from 1, that holds the byte at ``offset``."""
    return 1 + sum(1 for end in _LINE_END.finditer(data, 0, offset) if end.end() <= offset)


def _refuse_magic(source: Input) -> None:
    head, tail = source.read(0, 16), source.read(max(0, source.size - 8))
    for start, end, what, advice in _MAGIC:
        if head.startswith(start) and tail.endswith(end) and source.size > len(start):
            raise InputError(
                f"not a CSV file: got {what} in '{shorten(source.name)}'; need text. {advice}"
            )


def _check_size(source: Input, limits: Limits) -> None:
    if source.size > limits.line_bytes:
        head = source.read(0, limits.line_bytes)
        if b"\n" not in head and b"\r" not in head:
            raise InputError(
                f"line too long: got no line end in the first {limits.line_bytes} bytes of "
                f"'{shorten(source.name)}'; need one. Is it a text file?"
            )
    if MEMORY_FACTOR * source.size > limits.memory_bytes:
        raise MemoryLimitError(
            f"table too large: got {source.size} bytes in '{shorten(source.name)}', which need up "
            f"to {MEMORY_FACTOR} times that in memory; need at most {limits.memory_bytes} bytes in "
            "all. Use a larger --memory-limit, or take a sample of the rows."
        )


def _refuse_utf16(name: str, data: bytes) -> None:
    head = data[:256]
    odd, even = head[1::2].count(0), head[0::2].count(0)
    half = len(head) // 2
    guess = ""
    if head.startswith(_UTF16_MARKS):
        guess = "utf-16"
    elif half and max(odd, even) * 4 > half * 3 and min(odd, even) == 0:
        guess = "utf-16-le" if odd else "utf-16-be"
    if guess:
        raise InputError(f"not UTF-8: '{shorten(name)}' looks like UTF-16. Try --encoding {guess}.")


def _check_utf8(name: str, data: bytes) -> None:
    if data.isascii():
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, len(data), BLOCK_BYTES):
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(view[start : start + BLOCK_BYTES], start + BLOCK_BYTES >= len(data))
        except UnicodeDecodeError as error:
            raise _undecodable(name, data, start - held + error.start, "utf-8") from None


def _transcode(name: str, data: bytes, codec: str) -> tuple[bytes, bool]:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise _undecodable(name, data, error.start, codec) from None
    except (UnicodeError, LookupError) as error:
        raise InputError(f"not {codec}: '{shorten(name)}': {shorten(error)}") from None
    bom = text.startswith("\ufeff") or data.startswith(_UTF16_MARKS)
    return text.encode("utf-8", "surrogatepass"), bom


def _undecodable(name: str, data: bytes, offset: int, codec: str) -> InputError:
    advice = "latin-1 or cp1252" if codec == "utf-8" else "utf-8"
    return InputError(
        f"not {codec}: got byte 0x{data[offset]:02x} at offset {offset}, line "
        f"{line_at(data, offset)} of '{shorten(name)}'. Try --encoding {advice}."
    )


def _refuse_nul(name: str, data: bytes) -> None:
    offset = data.find(0)
    if offset >= 0:
        raise InputError(
            f"NUL byte: got one at offset {offset}, line {line_at(data, offset)} of "
            f"'{shorten(name)}'; need text. Is it a CSV file?"
        )
