"""One estimator on one input, round by round: what it says, and what that costs here."""

from __future__ import annotations

import hashlib
import sys
from contextlib import suppress
from math import isfinite
from statistics import median
from time import perf_counter, process_time
from typing import Any, NamedTuple

from kolmo.bench.harness import Spread
from kolmo.complexity.choice import needed_bytes
from kolmo.complexity.estimator import Bound, Estimator, check_decoding
from kolmo.complexity.price import priced
from kolmo.data import Buffer, Input, MemoryInput
from kolmo.errors import CertificationError, KolmoError, MemoryLimitError
from kolmo.results import Estimate

WARM_BYTES = 1 << 14


class Alone(NamedTuple):
    """What an estimator said of a file, and what that cost in a process of its own.

    Attributes
    ----------
    kind : str
        ``certified`` (decoded in every round), ``bound`` or ``estimate``.
    payload_bits, naming_bits, parameters_bits, length_bits : int or None
        Of a code: its payload, and what it costs to say which code it is, its parameters and the
        lengths that the payload does not tell.
    estimate_bits, error_bits : float or None
        Of an estimate: its value, and one standard error where that is known.
    compress_cpu_seconds, compress_wall_seconds, decompress_cpu_seconds : Spread
        Over the rounds; the CPU seconds are those of all threads. Of an estimate, the work of its
        formula. Decoding includes the comparison with the input; None if nothing was decoded.
    peak_rss_bytes, baseline_rss_bytes : int or None
        Peak memory of the process, interpreter and input included, and the same just before the
        first round. The second, too, is a peak: compiling kernels may need more than the work.
        None where the platform does not tell.
    """

    label: str
    kind: str
    input_bytes: int
    rounds: int
    compress_cpu_seconds: Spread
    compress_wall_seconds: Spread
    decompress_cpu_seconds: Spread | None = None
    payload_bits: int | None = None
    naming_bits: int | None = None
    parameters_bits: int | None = None
    length_bits: int | None = None
    estimate_bits: float | None = None
    error_bits: float | None = None
    peak_rss_bytes: int | None = None
    baseline_rss_bytes: int | None = None

    @property
    def price_bits(self) -> int | None:
        """What a code's message tells before its payload; None for an estimate."""
        parts = (self.naming_bits, self.parameters_bits, self.length_bits)
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    @property
    def bits(self) -> float:
        """The whole message of a code, price included, or the value of an estimate."""
        if self.payload_bits is not None:
            return self.payload_bits + (self.price_bits or 0)
        return self.estimate_bits or 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary; a spread becomes min, median and max."""
        fields = self._asdict().items()
        return {key: vars(value) if isinstance(value, Spread) else value for key, value in fields}

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> Alone:
        """Return the record that `to_dict` made a dictionary of."""
        fields: dict[str, Any] = {
            key: Spread(**value) if isinstance(value, dict) else value
            for key, value in found.items()
        }
        return cls(**fields)


def measure_here(
    estimator: Estimator, data: Input, *, rounds: int, verify: bool, memory_limit: int
) -> Alone:
    """Return what an estimator says of an input, and what that costs in this process.

    The peak memory is not known yet: who waits for the process can tell it.

    Raises
    ------
    MemoryLimitError
        If the estimator says that it needs more than the limit.
    CertificationError
        If what was decoded is not the input, or the payload changes from round to round.
    """
    needed = needed_bytes(estimator, data.size)
    if needed > memory_limit:
        raise MemoryLimitError(
            f"too much memory: needs about {needed} bytes; the limit is {memory_limit}. "
            "Raise the limit, or take a smaller file"
        )
    _warm_up(estimator, data, verify=verify)
    baseline = _peak_rss_bytes()
    results = [_round(estimator, data, verify=verify) for _ in range(rounds)]
    return _summary(estimator, results)._replace(baseline_rss_bytes=baseline)


def _warm_up(estimator: Estimator, data: Input, *, verify: bool) -> None:
    """Let kernels be compiled or loaded; what it cannot do to the whole, the rounds will tell."""
    start = max(0, (data.size - WARM_BYTES) // 2)
    piece = MemoryInput(data.read(start, start + WARM_BYTES))
    with suppress(Exception):
        estimator.estimate(piece, verify=verify)


class _Round(NamedTuple):
    row: Estimate
    sha256: str
    compress_cpu: float
    compress_wall: float
    decompress_cpu: float | None


def _round(estimator: Estimator, data: Input, *, verify: bool) -> _Round:
    if verify and isinstance(estimator, Bound):
        return _decoded(estimator, data)
    wall, cpu = perf_counter(), process_time()
    row = estimator.estimate(data, verify=False)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    return _Round(row, "", cpu, wall, None)


def _decoded(code: Bound, data: Input) -> _Round:
    """Make the whole payload, then decode it: only apart can the two be timed."""
    wall, cpu = perf_counter(), process_time()
    payload: list[Buffer] = list(code.compress(data.blocks(), data.size))
    middle, wall = process_time(), perf_counter() - wall
    check_decoding(code, payload, data, b"")
    end = process_time()
    digest, count = hashlib.sha256(), 0
    for piece in payload:
        digest.update(piece)
        count += len(piece)
    row = Estimate(data.name, code.label, "certified", data.size, payload_bits=8 * count)
    return _Round(row, digest.hexdigest(), middle - cpu, wall, end - middle)


def _summary(estimator: Estimator, results: list[_Round]) -> Alone:
    row = results[0].row
    if any(result.sha256 != results[0].sha256 for result in results):
        raise CertificationError("its payload changes from round to round; need the same bytes")
    if row.payload_bits is not None and isinstance(estimator, Bound):
        row = priced(row, estimator, given=False)
    decoding = Spread.of([result.decompress_cpu for result in results])
    return Alone(
        label=row.estimator,
        kind=row.kind,
        input_bytes=row.input_bytes,
        rounds=len(results),
        compress_cpu_seconds=_spread([result.compress_cpu for result in results]),
        compress_wall_seconds=_spread([result.compress_wall for result in results]),
        decompress_cpu_seconds=decoding,
        payload_bits=row.payload_bits,
        naming_bits=row.naming_bits,
        parameters_bits=row.parameters_bits,
        length_bits=row.length_bits,
        estimate_bits=_number(row.estimate_bits),
        error_bits=_number(row.error_bits),
    )


def _spread(values: list[float]) -> Spread:
    return Spread(min(values), median(values), max(values))


def _number(value: float | None) -> float | None:
    if value is None:
        return None
    if not isfinite(value) or value < 0:
        raise KolmoError(f"no number of bits: got {value}; need 0 or more, and finite")
    return float(value)


def _peak_rss_bytes() -> int | None:
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
