"""What each part of the context mixer earns, by leaving it out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.case import CaseResult, Context, Row, Showing, rounded
from benchmarks.data import corpus_files
from kolmo.complexity.mixing import SHAPES, ByteMixer, Shape
from kolmo.complexity.mixplan import Plan, Preset, choose
from kolmo.errors import KolmoError

PEERS = ()
USES_CORPORA = True
MEMORY_LOG2 = 28
SAMPLE_BYTES, QUICK_BYTES = 1 << 17, 1 << 12
PRESETS = (Preset.TEXT, Preset.BINARY, Preset.FAST)
ORDERS = tuple(f"order {number}" for number in (1, 2, 3, 4))
CONTEXTS = {
    Preset.FAST: (*ORDERS, "order 6", "word"),
    Preset.TEXT: (
        *(*ORDERS, "order 5", "order 6", "order 8"),
        *("word, last byte", "two words", "word and the last but one", "three words"),
        *("word, separator and gap", "last word", "bytes 1 and 3"),
        *("upper halves of 4 bytes", "2 bytes and upper parts of 2", "column", "column and above"),
        *("what followed order 2", "expected byte", "expected byte and word"),
    ),
    Preset.BINARY: (
        *(*ORDERS, "order 6", "word, last byte"),
        *("byte 2", "byte 3", "bytes 2 and 3", "bytes 1 and 3", "bytes 3 and 4"),
        *("upper halves of 4 bytes", "bytes 4 and 5", "bytes 1, 2 and 4", "bytes 5 and 6"),
        *("bytes 6 and 7", "bytes 7 and 8", "bytes 1 and 5", "bytes 1 and 6"),
        *("bytes 1, 2 and 6", "bytes 1, 2 and 7", "above, last byte", "two above, column"),
        *("above, left of it, last byte", "above, column", "column, last byte"),
        *("all neighbours", "what followed order 1", "expected byte"),
    ),
}
NOTES = (
    "bytes: ideal, of the middle of each file, 128 KiB at most, under the preset that mix chooses "
    "for the whole file; fast: of all files but pictures",
    "earns: what is added where this part alone is left out; parts make up for each other",
)
EARNING_PERCENT = 0.3


def earns_much(row: Row) -> bool:
    """Return whether the row is that of a whole preset, or of a part that earns its place."""
    return row["part"] == "all" or bool(row["earns_percent"] >= EARNING_PERCENT)


README = Showing(earns_much, f"parts that earn at least {EARNING_PERCENT} percent")

Text = tuple[Plan, "np.ndarray[tuple[int], np.dtype[np.uint8]]"]


def run(context: Context) -> CaseResult:
    """Leave out each context, match model and set of weights in turn."""
    if context.corpora is None:
        return CaseResult(skipped="needs real files: --corpora DIR")
    folder = context.corpora.resolve()
    texts = [sample(context, (folder / name).read_bytes()) for name in sorted(corpus_files(folder))]
    rows = [row for preset in PRESETS for row in preset_rows(context, preset, texts)]
    if not rows:
        raise KolmoError("no bytes to mix: got pictures alone, or no file; need others.")
    return CaseResult(rows=tuple(rows), notes=(f"corpus: {folder.name}", *NOTES))


def sample(context: Context, data: bytes) -> Text:
    """Return the plan that mix chooses for a file, and the middle of it."""
    size = QUICK_BYTES if context.quick else SAMPLE_BYTES
    first = max(0, (len(data) - size) // 2)
    return choose(data, 0, MEMORY_LOG2), np.frombuffer(data, np.uint8)[first : first + size].copy()


def preset_rows(context: Context, preset: Preset, texts: list[Text]) -> Iterator[Row]:
    """Yield what a preset makes of its files with all its parts, then without each of them."""
    mine = [(Plan(preset, plan.stride), text) for plan, text in texts if takes(preset, plan)]
    if not mine:
        return
    shape = SHAPES[preset]
    if len(CONTEXTS[preset]) != shape.contexts:
        raise KolmoError(f"names out of date: got {shape.contexts} contexts of {preset.name}.")
    whole = total_bytes(shape, mine)
    yield preset_row(preset, len(mine), "all", whole, None)
    for part, other in without_each(preset, shape):
        context.report(f"{preset.name.lower()} without {part}")
        yield preset_row(preset, len(mine), part, whole, total_bytes(other, mine))


def takes(preset: Preset, plan: Plan) -> bool:
    """Return whether a file whose plan this is counts for the preset."""
    return plan.preset == preset or (preset == Preset.FAST and plan.preset != Preset.PICTURE)


def without_each(preset: Preset, shape: Shape) -> Iterator[tuple[str, Shape]]:
    """Yield the name of each part and the shape without it."""
    for number, name in enumerate(CONTEXTS[preset]):
        yield name, shape._replace(without=1 << number)
    if shape.models > 1:
        yield "second match model", shape._replace(models=1)
    yield "sets of weights but one", shape._replace(sets=1)


def total_bytes(shape: Shape, texts: list[Text]) -> float:
    """Return the ideal length of all files under a shape, each by itself."""
    bits = 0.0
    for plan, text in texts:
        model = ByteMixer(text, plan, MEMORY_LOG2, shape)
        bits += float(model.costs(0, text.size).sum())
    return bits / 8


def preset_row(preset: Preset, files: int, part: str, whole: float, without: float | None) -> Row:
    """Return the length without a part, and what the part earns."""
    earned = None if without is None else without - whole
    return {
        "preset": preset.name.lower(),
        "files": files,
        "part": part,
        "bytes": round(whole if without is None else without),
        "earns_bytes": None if earned is None else round(earned),
        "earns_percent": None if earned is None else rounded(100 * earned / whole, 3),
    }
