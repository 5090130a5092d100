"""The tables of ``kolmo bench`` for people: what fits a terminal of what the rows hold in full."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kolmo.bench.files import FileScore, Total
from kolmo.bench.harness import machine
from kolmo.bench.scoring import SourceScore
from kolmo.bench.suite import Scores
from kolmo.bench.suites.deterministic import SequenceScore
from kolmo.bench.tasks.sources import SOURCES
from kolmo.versions import versions

from ..output import Column, number, plus_minus, print_paragraph, print_table, write
from ..text import visible

Row = dict[str, Any]
NEAR = 0.05


def render(scores: Scores) -> None:
    """Draw the tables of a suite, and its advice."""
    if not scores.rows:
        return
    {"sources": _sources, "deterministic": _deterministic}.get(scores.suite, _files)(scores)
    largest = max((one.n for one in scores.advice), default=0)
    for one in scores.advice:
        if one.n == largest:
            print_paragraph(f"- {one.text}")


def timings(scores: Scores) -> list[Row]:
    """Return machine and versions, then the CPU seconds of rows or of estimators."""
    found: list[Row] = [{"machine": machine(), "versions": versions()}]
    if scores.rows and hasattr(scores.rows[0], "timings"):
        return found + [row.timings() for row in (*scores.rows, *scores.groups)]
    return found + [
        {"estimator": label, "seconds": seconds} for label, seconds in scores.seconds.items()
    ]


def _sources(scores: Scores) -> None:
    rows: tuple[SourceScore, ...] = scores.rows
    largest = max(row.n for row in rows)
    shown = [row for row in rows if row.n == largest]
    most = max(row.strings for row in shown)
    strings = f"mean over {most} strings, {largest:,} bits each"
    codes = [row for row in shown if row.code]
    if codes:
        print_paragraph(
            f"regret in bits, {strings}: the length that a code needs (of the kind beside) less "
            "-log2 P(x), a formula"
        )
        _matrix(codes, lambda row: f"{row.difference.mean:,.1f}{_of_strings(row, most)}")
        _growth(scores, largest)
        _law(scores)
    if estimates := [row for row in shown if not row.code]:
        print_paragraph(
            f"bias {plus_minus()} sd of estimates in bits, {strings}: from n times the entropy "
            "rate, or from -log2 P(x) where there is none (formulas)"
        )
        _matrix(estimates, lambda row: f"{_bias(row)}{_of_strings(row, most)}")
        _coverage(estimates)


def _growth(scores: Scores, largest: int) -> None:
    """Show for each source how the regret of its best code grows."""
    best: dict[str, SourceScore] = {}
    for row in scores.rows:
        if row.code and row.n == largest and row.estimator not in scores.violators:
            best.setdefault(row.task, row)
    slopes = {(one.task, one.estimator): one for one in scores.groups}
    found = [
        {**row.to_dict(), **slopes[row.task, row.estimator].to_dict(), "kind": row.kind}
        for row in best.values()
        if (row.task, row.estimator) in slopes
    ]
    if found:
        print_paragraph("the best code of each source, and its regret for each doubling of n:")
        print_table(GROWTH, found, best=0)
        write("\n")


def _law(scores: Scores) -> None:
    """Say that no code beats the truth by more than chance allows; who does is an error."""
    held = [label for label in scores.verdicts if label not in scores.violators]
    if held:
        least = min(scores.verdicts[label].worst_bits for label in held)
        print_paragraph(
            f"P(regret < -t) <= 2^-t holds for {len(held)} of {len(scores.verdicts)} codes; the "
            f"least regret on any string is {least:,.1f} bits"
        )
        write("\n")


def _of_strings(row: SourceScore, most: int) -> str:
    """Return how many strings it did not fail on, where there are fewer than others have."""
    return "" if row.strings == most else f" of {row.strings}"


def _bias(row: SourceScore) -> str:
    sd = "" if row.sd_bits is None else f" {plus_minus()} {row.sd_bits:,.0f}"
    return f"{row.difference.mean:,.0f}{sd}"


def _coverage(estimates: Sequence[SourceScore]) -> None:
    """Show for each estimate over all sources its error, and what its intervals are worth."""
    groups: dict[str, list[SourceScore]] = {}
    for row in estimates:
        groups.setdefault(row.estimator, []).append(row)
    found: list[Row] = [
        {
            "estimator": label,
            "within": sum(row.rmse_bits <= NEAR * row.truth_bits for row in rows),
            "sources": len(rows),
            "covered": [row.coverage for row in rows if row.coverage is not None],
        }
        for label, rows in groups.items()
    ]
    found.sort(key=lambda one: (-one["within"], one["estimator"]))
    print_table(COVERAGE, found, best=0)
    write("\n")


def _deterministic(scores: Scores) -> None:
    rows: tuple[SequenceScore, ...] = scores.rows
    longest: dict[str, int] = {}
    for row in rows:
        longest[row.task] = max(row.n, longest.get(row.task, 0))
    shown = [row for row in rows if row.n == longest[row.task]]
    print_paragraph(
        f"bits a symbol for {max(longest.values()):,} bits of a sequence, beside those of the "
        "program that printed them: its source, deflated, and n"
    )
    programs = {row.task: f"{row.program_bits / row.n:.3f}" for row in shown}
    _matrix(
        shown,
        lambda row: f"{row.per_symbol:.3f}",
        first={"estimator": "its program", "kind": "certified", **programs},
    )


def _files(scores: Scores) -> None:
    if scores.groups:
        rows = [_total(one) for one in scores.groups]
        published = any(row["excess"] is not None for row in rows)
        print_table([column for column in TOTALS if published or column != EXCESS], rows)
        write("\n")
    if scores.suite == "corpus":
        _file_sizes(scores.rows)
    else:
        _speeds(scores.rows)
    where = machine()
    print_paragraph(
        "payloads without constant headers, decoded; MB/s: input by CPU seconds of all threads, "
        "compiled before; peak: of a process, input and interpreter included; front: no other is "
        f"both shorter and faster to write. On {where['cpu']}, {where['cores']} cores, "
        f"{where['python']}"
    )


def _file_sizes(rows: Sequence[FileScore]) -> None:
    best = {row.task: f"{row.best.output_bytes:,}" for row in rows if row.best}
    print_paragraph("bytes by file")
    _matrix(
        [row for row in rows if row.is_code],
        lambda row: f"{-(-int(row.bits) // 8):,}",
        first={"estimator": "published best", "kind": "not decoded", **best} if best else None,
    )


def _speeds(rows: Sequence[FileScore]) -> None:
    for title, speed in (("writing", "write_speed"), ("reading", "read_speed")):
        print_paragraph(f"MB/s {title}, by bytes of the file")
        _matrix(
            rows,
            lambda row, speed=speed: _number(getattr(row, speed)),  # type: ignore[misc]
            name=lambda row: f"{row.task} {row.input_bytes:,}",
        )


def _total(one: Total) -> Row:
    return {
        **one.to_dict(),
        "write": one.write_speed,
        "read": one.read_speed,
        "peak": None if one.peak_bytes is None else one.peak_bytes / 1e6,
        "on_front": one.on_front,
    }


def _matrix(
    rows: Sequence[Any],
    text: Callable[[Any], str],
    *,
    name: Callable[[Any], str] = lambda row: str(row.task),
    first: Row | None = None,
) -> None:
    """Draw a line for each estimator and a column for each task, those on top that do best.

    Parameters
    ----------
    first : dict, optional
        A line above all: ``estimator``, ``kind``, and texts by the names of tasks.
    """
    tasks = list(dict.fromkeys(name(row) for row in rows))
    lines: dict[str, Row] = {}
    places: dict[str, list[int]] = {}
    done = dict.fromkeys(tasks, 0)
    for row in rows:
        line = lines.setdefault(row.estimator, {"estimator": row.estimator, "kind": row.kind})
        line[name(row)] = text(row)
        places.setdefault(row.estimator, []).append(done[name(row)])
        done[name(row)] += 1
    order = sorted(lines, key=lambda label: sum(places[label]) / len(places[label]))
    columns = [*WHO, *(Column(task, _of(task), 2 + at) for at, task in enumerate(tasks))]
    shown = ([first] if first else []) + [lines[label] for label in order]
    print_table(columns, shown, best=0)
    write("\n")


def _of(task: str) -> Callable[[Row], str]:
    return lambda row: str(row.get(task, ""))


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _within(row: Row, name: str) -> str:
    """Return a mean and its interval, with as many digits as mean something."""
    values = [row[f"{name}_{part}_bits"] for part in ("mean", "low", "high")]
    digits = 0 if abs(values[0]) >= 1000 else 1 if abs(values[0]) >= 100 else 2
    mean, *interval = [None if value is None else f"{value:,.{digits}f}" for value in values]
    return f"{mean} ({interval[0]} to {interval[1]})" if None not in interval else str(mean)


def _mean_percent(row: Row) -> str:
    covered: Iterable[float] = row["covered"]
    known = list(covered)
    return f"{100 * sum(known) / len(known):.0f} %" if known else ""


WHO = (
    Column("estimator", lambda row: visible(row["estimator"]), 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
)
GROWTH = (
    Column("source", lambda row: row["task"], 0, left=True),
    Column("what it is", lambda row: SOURCES[row["task"]].about, 7, left=True),
    Column("best code", lambda row: visible(row["estimator"]), 1, left=True),
    Column("kind", lambda row: row["kind"], 4, left=True),
    Column("-log2 P(x), bits", number("truth_mean_bits", ",.1f"), 6),
    Column("regret, bits (95 %)", lambda row: _within(row, "regret"), 2),
    Column("slope, bits (95 %)", lambda row: _within(row, "slope"), 3),
    Column("theory", number("theory_bits", ".1f"), 5),
)
COVERAGE = (
    Column("estimator", lambda row: visible(row["estimator"]), 0, left=True),
    Column("within 5 % (RMSE) on", lambda row: f"{row['within']} of {row['sources']}", 1),
    Column("its 95 % intervals hold the truth in", _mean_percent, 2),
)
EXCESS = Column("above published", lambda row: _percent(row["excess"]), 4)
TOTALS = (
    Column("estimator", lambda row: visible(row["estimator"]), 0, left=True),
    Column("kind", lambda row: row["kind"], 1, left=True),
    Column("bytes", lambda row: f"{-(-row['payload_bits'] // 8):,}", 0),
    Column("bits/byte", number("bits_per_byte", ".3f"), 2),
    EXCESS,
    Column("shortest on", lambda row: f"{row['shortest']} of {row['files']}", 6),
    Column("MB/s writing", lambda row: _number(row["write"]), 3),
    Column("reading", lambda row: _number(row["read"]), 5),
    Column("peak MB", lambda row: _number(row["peak"]), 7),
    Column("front", lambda row: "*" if row["on_front"] else "", 8),
)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:+.1%}"
