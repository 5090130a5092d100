"""Scores of codes on files: sizes against published bests, speeds both ways, memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kolmo.bench.alone import Alone, measure_alone
from kolmo.bench.published import Published
from kolmo.bench.strings import guarded
from kolmo.bench.suite import Cell, Found, Result
from kolmo.complexity.choice import make_estimators, tight_estimators
from kolmo.errors import KolmoError, shorten
from kolmo.registry import estimators

MB = 1e6
MIXED_BY_PRESET = "mix:preset="


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What an estimator made of some bytes, and what that cost.

    Attributes
    ----------
    estimator, kind : str
        Its label, and what its bits are.
    input_bytes : int
    bits : float
        The payload of a code, constant headers removed, or the value of an estimate.
    write_seconds, read_seconds : float or None
        CPU time of all threads: the median of the rounds. Kernels were compiled before.
    peak_bytes : int or None
        Peak memory of the process that did it, interpreter and input included.
    """

    estimator: str
    kind: str
    input_bytes: int
    bits: float
    write_seconds: float
    read_seconds: float | None
    peak_bytes: int | None

    @property
    def per_byte(self) -> float | None:
        """Bits for each byte of input; None for an empty one."""
        return self.bits / self.input_bytes if self.input_bytes else None

    @property
    def write_speed(self) -> float | None:
        """Megabytes of input a second of CPU time, writing."""
        return speed(self.input_bytes, self.write_seconds)

    @property
    def read_speed(self) -> float | None:
        """Megabytes of input a second of CPU time, reading."""
        return speed(self.input_bytes, self.read_seconds)

    def costs(self) -> dict[str, Any]:
        """Return times and memory, as a dictionary."""
        return {
            "estimator": self.estimator,
            "write_seconds": self.write_seconds,
            "read_seconds": self.read_seconds,
            "peak_bytes": self.peak_bytes,
        }


@dataclass(frozen=True, kw_only=True)
class FileScore(Measured):
    """One estimator on one file.

    Attributes
    ----------
    task : str
        Name of the file.
    price_bits : int or None
        What naming the code, its parameters and its lengths would add.
    best : Published or None
        The smallest published result on the file.
    with_speeds : bool
        Whether speeds and memory are among what `to_dict` tells: they differ from run to run.
    """

    task: str
    price_bits: int | None
    best: Published | None
    with_speeds: bool = False

    @property
    def excess(self) -> float | None:
        """How much longer than the published best the payload is, as a share of it."""
        return self.bits / (8 * self.best.output_bytes) - 1 if self.best and self.is_code else None

    @property
    def is_code(self) -> bool:
        """Whether it is the length of a message."""
        return self.kind != "estimate"

    def to_dict(self) -> dict[str, Any]:
        """Return the score as a flat dictionary, sizes first."""
        speeds = {
            "write_MB_per_second": self.write_speed,
            "read_MB_per_second": self.read_speed,
            "peak_bytes": self.peak_bytes,
        }
        return {
            "file": self.task,
            "input_bytes": self.input_bytes,
            "estimator": self.estimator,
            "kind": self.kind,
            "payload_bits": int(self.bits) if self.is_code else None,
            "price_bits": self.price_bits,
            "estimate_bits": None if self.is_code else self.bits,
            "bits_per_byte": self.per_byte,
            "published_bytes": self.best.output_bytes if self.best else None,
            "published_by": self.best.program if self.best else None,
            "excess": self.excess,
            **(speeds if self.with_speeds else {}),
        }

    def timings(self) -> dict[str, Any]:
        """Return its times and memory."""
        return {"file": self.task, **self.costs()}


@dataclass(frozen=True, kw_only=True)
class Total(Measured):
    """One code on all files: sums of bytes and seconds, the largest peak.

    Attributes
    ----------
    excess : float or None
        Above the sum of the published bests, where all files have one.
    shortest : int
        On how many files no other code is shorter.
    on_front : bool
        Whether no other code is both shorter and faster at writing.
    """

    files: int
    excess: float | None
    shortest: int
    on_front: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the total without its times, as a dictionary."""
        return {
            "estimator": self.estimator,
            "kind": self.kind,
            "files": self.files,
            "input_bytes": self.input_bytes,
            "payload_bits": int(self.bits),
            "bits_per_byte": self.per_byte,
            "excess": self.excess,
            "shortest": self.shortest,
        }

    def timings(self) -> dict[str, Any]:
        """Return its times, its memory, and whether it is on the front."""
        return {"file": None, **self.costs(), "on_front": self.on_front}


def speed(count: int, seconds: float | None) -> float | None:
    """Return megabytes a second; None where no time was measured."""
    return count / MB / seconds if seconds else None


def code_labels() -> list[str]:
    """Return all codes that are installed, and the models among which the mixer chooses."""
    presets = range(1, estimators.get("mix").PARAMETERS["preset"].high + 1)
    mixers = make_estimators(f"{MIXED_BY_PRESET}{number}" for number in presets)
    return [code.label for code in [*tight_estimators(), *mixers]]


def measured(cell: Cell, path: str, *, rounds: int, memory_limit: int) -> Result:
    """Return what an estimator makes of a file in a process of its own."""

    def work(cell: Cell) -> Result:
        try:
            found = measure_alone(cell.label, path, rounds=rounds, memory_limit=memory_limit)
        except KolmoError as error:  # who reads it is told the label anyway
            raise KolmoError(str(error).removeprefix(f"{shorten(cell.label)}: ")) from error
        return found.to_dict()

    return guarded(work, cell)


def score_file(
    cell: Cell, result: Result, best: Published | None = None, *, with_speeds: bool = False
) -> FileScore:
    """Return the score of a cell that did not fail."""
    alone = Alone.from_dict({key: result[key] for key in Alone._fields})
    read = alone.decompress_cpu_seconds
    return FileScore(
        task=cell.task,
        input_bytes=alone.input_bytes,
        estimator=cell.label,
        kind=alone.kind,
        bits=alone.payload_bits if alone.payload_bits is not None else alone.bits,
        price_bits=alone.price_bits,
        best=best,
        write_seconds=alone.compress_cpu_seconds.median,
        read_seconds=read.median if read else None,
        peak_bytes=alone.peak_rss_bytes,
        with_speeds=with_speeds,
    )


def cpu_seconds(found: Found) -> dict[str, float]:
    """Return the CPU seconds of each estimator, both ways."""
    total: dict[str, float] = {}
    for cell, result in found:
        if "error" not in result:
            one = score_file(cell, result)
            spent = one.write_seconds + (one.read_seconds or 0.0)
            total[cell.label] = total.get(cell.label, 0.0) + spent
    return total


def totals(rows: Sequence[FileScore]) -> list[Total]:
    """Return the totals of codes that failed on no file, the shortest first."""
    by_code: dict[str, list[FileScore]] = {}
    least: dict[str, float] = {}
    for row in rows:
        if row.is_code:
            by_code.setdefault(row.estimator, []).append(row)
            least[row.task] = min(row.bits, least.get(row.task, row.bits))
    whole = [found for found in by_code.values() if len(found) == len(least)]
    made = sorted((_total(found, least) for found in whole), key=lambda one: one.bits)
    return [replace(one, on_front=_is_on_front(one, made)) for one in made]


def _total(rows: Sequence[FileScore], least: dict[str, float]) -> Total:
    best = [8 * row.best.output_bytes for row in rows if row.best]
    bits = sum(int(row.bits) for row in rows)
    return Total(
        estimator=rows[0].estimator,
        kind="/".join(sorted({row.kind for row in rows})),
        files=len(rows),
        input_bytes=sum(row.input_bytes for row in rows),
        bits=bits,
        excess=bits / sum(best) - 1 if len(best) == len(rows) else None,
        shortest=sum(row.bits == least[row.task] for row in rows),
        write_seconds=sum(row.write_seconds for row in rows),
        read_seconds=_sum(row.read_seconds for row in rows),
        peak_bytes=max((row.peak_bytes for row in rows if row.peak_bytes), default=None),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _is_on_front(one: Total, others: Sequence[Total]) -> bool:
    """Return whether no other is at least as good in both ways and better in one."""
    mine = (one.bits, one.write_seconds)
    rivals = [(other.bits, other.write_seconds) for other in others]
    return not any(
        rival != mine and rival[0] <= mine[0] and rival[1] <= mine[1] for rival in rivals
    )
