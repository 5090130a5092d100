"""What a user should know of a column: spellings that look like numbers, dates, huge integers."""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from kolmo.errors import shorten
from kolmo.results import Caution
from kolmo.table.grammar import LOOKALIKES, is_number
from kolmo.table.texts import Texts

if TYPE_CHECKING:
    from kolmo.table.column import Column

_SAMPLE = 1000
_EXACT_IN_DOUBLE = 1 << 53


def column_cautions(column: "Column") -> tuple[Caution, ...]:
    """Return the cautions of one column."""
    name = shorten(repr(column.name))
    return tuple(
        Caution(code, f"column {name}: {message}", advice, column.file)
        for code, message, advice in _find(column)
    )


def _find(column: "Column") -> Iterator[tuple[str, str, str]]:
    if column.type == "time":
        message = "dates or times are coded as text"
        yield "dates-as-text", message, "Write them as numbers (days, seconds) to model them so."
    if column.numbers is not None:
        yield from _find_in_numbers(column)
    elif column.labels is not None:
        yield from _find_in_labels(column.labels.levels)


def _find_in_numbers(column: "Column") -> Iterator[tuple[str, str, str]]:
    numbers, missing = column.numbers, column.missing
    assert numbers is not None
    if _is_huge(numbers.values, numbers.decimals):
        message = "integers beyond 2^53 are kept exactly, though tools that use floats round them"
        yield "beyond-2^53", message, "Compare with exact tools only."
    count = missing.stray.size
    if count:
        place = missing.named.index(False)
        shown = shorten(repr(missing.spellings[place].decode("utf-8", "replace")))
        message = f"{count} cells hold text among numbers, the first {shown}, and count as missing"
        yield "stray-text", message, "Use --missing error to find them, or drop to leave them out."
        pairs = zip(islice(missing.spellings, _SAMPLE), missing.named, strict=False)
        yield from _find_lookalikes([text for text, named in pairs if not named], least=1)


def _find_in_labels(levels: Texts) -> Iterator[tuple[str, str, str]]:
    sample = list(islice(levels, _SAMPLE))
    yield from _find_lookalikes(sample, least=len(sample) // 2 + 1)
    if sample and 2 * sum(map(is_number, sample)) > len(sample):
        message = "numbers with too many digits in all are coded as text"
        yield "too-many-digits", message, "Round them, or leave out those with extreme exponents."


def _find_lookalikes(texts: list[bytes], least: int) -> Iterator[tuple[str, str, str]]:
    for kind in LOOKALIKES:
        matches = [text for text in texts if kind.pattern.fullmatch(text)]
        if len(matches) >= least:
            example = shorten(repr(matches[0].decode()))
            message = f"{kind.what}, such as {example}, are read as text"
            yield kind.code, message, kind.advice


def _is_huge(
    values: "np.ndarray[tuple[int], np.dtype[np.int64]] | tuple[int, ...]", decimals: int
) -> bool:
    if decimals or len(values) == 0:
        return False
    if isinstance(values, np.ndarray):
        return max(int(values.max()), -int(values.min())) > _EXACT_IN_DOUBLE
    return True
