"""A sentence for each kind of data and each size: whom to trust, and how far off the others are."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence

from kolmo.bench.scoring import SourceScore
from kolmo.bench.suite import Advice
from kolmo.bench.tasks.sources import SOURCES

MEANINGLESS = 0.5
BYTE_COMPRESSORS = ("brotli", "bz2", "bzip3", "lzma", "ppmd", "zlib", "zstd")


def advise_sources(rows: Sequence[SourceScore], miscounting: Container[str] = ()) -> list[Advice]:
    """Return a sentence for each kind of source and length, in the order of the sources.

    Who knows the kind of a source, and not which it is, minds the worst case of the kind. Codes
    that miscount are not recommended, nor claims of codes that send nothing, nor a code whose
    regret is more than half of what there was to save.
    """
    scores = [one for one in rows if one.estimator not in miscounting]
    groups = dict.fromkeys(SOURCES[one.task].group for one in scores)
    lengths = sorted({one.n for one in scores})
    found = [
        (n, f"for {n:,} bits from an unknown source with {group}, ", _words(scores, group, n))
        for group in groups
        for n in lengths
    ]
    return [Advice(n, about + words) for n, about, words in found if words]


def _words(scores: Sequence[SourceScore], group: str, n: int) -> str:
    members = [one for one in scores if one.n == n and SOURCES[one.task].group == group]
    return "; ".join([*_of_codes(members), *_of_estimates(members)])


def _of_codes(members: Sequence[SourceScore]) -> Iterator[str]:
    codes = [one for one in members if one.verdict and one.kind != "estimate"]
    if not codes:
        return
    regrets = worst(codes, lambda one: one.difference.mean)
    label = min(regrets, key=lambda name: (regrets[name], name))
    kind = next(one.kind for one in codes if one.estimator == label)
    if regrets[label] > MEANINGLESS * max(one.n - one.truth_bits for one in codes) > 0:
        yield (
            f"no code here sees enough: the best, {label} ({kind}), is {regrets[label]:,.0f} bits "
            "high"
        )
    else:
        yield f"trust {label} ({kind}): {_off(regrets[label])} the truth"
    high = [off for name, off in regrets.items() if is_byte_compressor(name) and name != label]
    if high:
        other = "other " if is_byte_compressor(label) else ""
        yield f"every {other}byte compressor is {_span(min(high), max(high))} bits high"


def _of_estimates(members: Sequence[SourceScore]) -> Iterator[str]:
    estimates = [one for one in members if not one.code]
    if estimates:
        errors = worst(estimates, lambda one: one.rmse_bits)
        label = min(errors, key=lambda name: (errors[name], name))
        yield f"the best estimate, {label}, is off by {errors[label]:,.0f} (root mean square)"


def is_byte_compressor(label: str) -> bool:
    """Return whether a label is that of one of the common compressors of bytes."""
    return label.partition(":")[0] in BYTE_COMPRESSORS


def worst(members: Sequence[SourceScore], off: Callable[[SourceScore], float]) -> dict[str, float]:
    """Return the largest error by estimator, of those that did not fail on any of the tasks."""
    tasks = {one.task for one in members}
    found: dict[str, dict[str, float]] = {}
    for one in members:
        found.setdefault(one.estimator, {})[one.task] = off(one)
    whole = {label: errors for label, errors in found.items() if errors.keys() == tasks}
    return {label: max(errors.values()) for label, errors in (whole or found).items()}


def _off(bits: float) -> str:
    return f"within {bits:,.0f} bits of" if bits >= 0.5 else "no longer than"


def _span(low: float, high: float) -> str:
    return f"{low:,.0f}" if round(low) == round(high) else f"{low:,.0f} to {high:,.0f}"
