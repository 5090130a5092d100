"""Containers with one column of a CSV file, by its best model given the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kolmo.coding.code import damaged
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.container import pack
from kolmo.data import MEMORY_LIMIT, Buffer, Input, MemoryInput
from kolmo.errors import InputError, ParameterError, shorten
from kolmo.mdl.cells import Flag, put_together
from kolmo.mdl.features import Known, features_text, read_features
from kolmo.mdl.message import ColumnCode, ColumnMessage, table_bytes
from kolmo.mdl.packed import PackedTexts, TextList
from kolmo.mdl.streams._stream import Stream
from kolmo.table import Limits, Texts, read_table

EXAMPLES: list[dict[str, int]] = [{}]

_LARGEST_PREFIX = 1 << 24
_ALL = 1 << 62


class TargetMessage(NamedTuple):
    """A target's name if its file has a header, its column, and what is known of each row."""

    header: bytes | None
    column: ColumnMessage
    known: Known


class Predicted(Stream):
    """The code of a target given features; ``kolmo mdl-select --target Y -o`` writes it.

    The side information is a CSV file with the features, found by their names, whatever else it
    holds; the container keeps the SHA-256 of their cells. Decoded are the cells of the target,
    exactly, with canonical quoting and line feeds, under its name.
    """

    name = "predicted"
    predicting = True
    nouns = "predictors"
    command = "kolmo mdl-select FILE --target NAME -o OUT"
    primes = True
    given_bytes = _ALL
    given_words = "the encoder's features, row for row and spelled alike,"

    def container(self, message: TargetMessage, data: bytes) -> bytes:
        """Return the container of a target whose CSV file is ``data``."""
        payload = write_target(message, len(data))
        side = MemoryInput(message.known.text)
        return b"".join(pack(self, MemoryInput(data), [payload], side))

    def side_information(self, payload: Iterable[Buffer], given: Input) -> Input:
        """Return the cells of the features in the fixed form, found in a CSV file by their names.

        Raises
        ------
        InputError
            If the file is no table, or lacks one of the features, which is named.
        DecodeError
            If the payload is damaged.
        """
        names, delimiter, encoding, header = _read_known(RangeDecoder(b"".join(payload)))
        missing: ParameterError | None = None
        for mark in (delimiter, None):  # as the encoder's file, or as this one may be written
            table = read_table(
                given,
                delimiter=mark,
                header="yes" if header else "no",
                encoding=encoding,
                limits=Limits(memory_bytes=max(MEMORY_LIMIT, 32 * given.size)),
            )
            try:
                return MemoryInput(features_text(table, names))
            except ParameterError as error:
                missing = missing or error
        raise InputError(f"feature missing in '{shorten(given.name)}': {missing}") from missing

    def decompress(
        self, chunks: Iterable[Buffer], length: int, given: bytes = b""
    ) -> Iterator[Buffer]:
        """Yield the CSV file with the target."""
        yield read_target(b"".join(chunks), given, length)


def write_target(message: TargetMessage, limit: int) -> bytes:
    """Return the payload of a target whose file has ``limit`` bytes."""
    known, coder = message.known, RangeEncoder()
    TextList(_LARGEST_PREFIX).encode(Texts.of([name.encode() for name in known.names]), coder)
    written = Texts.of([known.delimiter.encode(), known.encoding.encode()])
    PackedTexts(2, _LARGEST_PREFIX).encode(written, coder)
    Flag().encode(known.header, coder)
    Flag().encode(message.header is not None, coder)
    if message.header is not None:
        PackedTexts(1, _LARGEST_PREFIX).encode(Texts.of([message.header]), coder)
    ColumnCode(limit, known.features).encode(message.column, coder)
    return coder.finish()


def read_target(payload: bytes, text: bytes, limit: int) -> bytes:
    """Return the CSV file of a payload, given the features' text; DecodeError if it is none."""
    coder = RangeDecoder(payload)
    names = _read_known(coder)[0]
    header = None
    if Flag().decode(coder):
        header = (PackedTexts(1, _LARGEST_PREFIX).decode(coder)[0],)
    try:
        features = read_features(text, names)
    except (InputError, ParameterError) as error:
        raise damaged(f"features: {error}") from error
    column = ColumnCode(limit, features).decode(coder)
    coder.finish()
    return table_bytes([put_together(column.cells, column.values)], header, b",")


def _read_known(coder: RangeDecoder) -> tuple[tuple[str, ...], str, str, bool]:
    """Return the names of the features, and how the encoder's file was written."""
    try:
        names = tuple(bytes(t).decode() for t in TextList(_LARGEST_PREFIX).decode(coder))
        written = PackedTexts(2, _LARGEST_PREFIX).decode(coder)
        delimiter, encoding = (bytes(text).decode() for text in written)
    except UnicodeDecodeError as error:
        raise damaged("names that are not UTF-8") from error
    return names, delimiter, encoding, Flag().decode(coder)
