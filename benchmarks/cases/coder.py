"""Speed and overhead of coding a million symbols, adaptive KT and normal, beside constriction."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.case import CaseResult, Context, Row, columns, rounded
from kolmo.bench.harness import Timing, call, compare, interleave
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    import numpy as np

    Symbols = np.ndarray[Any, np.dtype[Any]]

PEERS = ("constriction",)
USES_CORPORA = False
MILLION, PREFIX = 1_000_000, 100_000
ALPHABETS = (2, 16, 256)
SCALE = 1000
RANGE = 8 * SCALE  # the peer needs an end to its integers
TARGETS = {"encode": 10.0, "decode": 3.0}  # 10**6 symbols each second, on one core
NOTES = (
    "overhead: bits written less the ideal length of the model, which is the same for both",
    "KT: the peer is given all its probabilities, computed beforehand and not timed",
    "ratio: kolmo's seconds to the peer's, on the same symbols",
)


@dataclass(frozen=True)
class Coding:
    """One coder of one model: what to time, and how many bits it writes."""

    name: str
    encode: Callable[[], object]
    decode: Callable[[], object]
    bits: int


@dataclass(frozen=True)
class Load:
    """Symbols, the ideal length of their model, and kolmo's and the peer's codings of them."""

    name: str
    symbols: Symbols
    ideal_bits: float
    codings: tuple[Coding, ...]


def run(context: Context) -> CaseResult:
    """Measure kolmo alone on a million symbols, then beside the peer on as many as it can hold."""
    runs = 3 if context.quick else 9
    rows: list[Row] = []
    for load in loads(peer()):
        context.report(f"{load.name}, {load.symbols.size:,} symbols")
        rows += rows_of(load, runs)
    return CaseResult(rows=tuple(rows), notes=NOTES)


def peer() -> Any | None:
    """Return the peer's module, or None if it is not here."""
    try:
        return importlib.import_module("constriction")
    except ImportError:
        return None


def loads(constriction: Any | None) -> list[Load]:
    """Return what is measured."""
    found = []
    for alphabet in ALPHABETS:
        symbols = skewed(alphabet)
        found.append(adaptive(symbols, alphabet, None))
        if constriction is not None:
            found.append(adaptive(symbols[:PREFIX], alphabet, constriction))
    return [*found, normal(bell(), constriction)]


def skewed(alphabet: int) -> Symbols:
    """Return symbols of which the small ones are the most frequent."""
    import numpy as np

    draws = np.random.Generator(np.random.PCG64(alphabet)).integers(0, alphabet, (2, MILLION))
    return np.asarray(draws.min(axis=0), np.uint8)


def bell() -> Symbols:
    """Return integers of standard deviation SCALE, the sums of twelve uniform ones."""
    import numpy as np

    draws = np.random.Generator(np.random.PCG64(1)).integers(0, SCALE, (12, MILLION))
    return np.asarray(draws.sum(axis=0) - 6 * SCALE + 6, np.int64)


def adaptive(symbols: Symbols, alphabet: int, constriction: Any | None) -> Load:
    """Return the KT code of some symbols."""
    from kolmo.coding.urn import KT

    code = KT(alphabet, symbols.size)
    codings = [kolmo_coding(code, symbols)]
    if constriction is not None:
        model = constriction.stream.model.Categorical(perfect=False)
        shares = kt_shares(symbols, alphabet)
        codings.append(peer_coding(constriction, symbols, model, (shares,)))
    return Load(f"KT, {alphabet} symbols", symbols, code.codelength(symbols), tuple(codings))


def normal(values: Symbols, constriction: Any | None) -> Load:
    """Return the quantised normal code of some integers."""
    from kolmo.coding.continuous import Normal

    code = Normal(0, SCALE).many(values.size)
    codings = [kolmo_coding(code, values)]
    if constriction is not None:
        model = constriction.stream.model.QuantizedGaussian(-RANGE, RANGE, 0.0, float(SCALE))
        codings.append(peer_coding(constriction, values, model, ()))
    return Load(f"normal, scale {SCALE}", values, normal_bits(values), tuple(codings))


def kolmo_coding(code: Any, symbols: Symbols) -> Coding:
    """Return kolmo's coding, once it has been seen to give the symbols back."""
    import numpy as np

    from kolmo.coding.rangecoder import read, write

    message = write(code, symbols)
    if not np.array_equal(read(code, message), symbols):
        raise KolmoError("kolmo decodes other symbols than it encoded")
    return Coding(
        "kolmo", lambda: write(code, symbols), lambda: read(code, message), 8 * len(message)
    )


def peer_coding(
    constriction: Any, symbols: Symbols, model: Any, parameters: tuple[Any, ...]
) -> Coding:
    """Return the peer's coding by its range coder."""
    import numpy as np

    queue = constriction.stream.queue
    narrow = symbols.astype(np.int32)
    amount = parameters or (narrow.size,)

    def encode() -> Any:
        coder = queue.RangeEncoder()
        coder.encode(narrow, model, *parameters)
        return coder.get_compressed()

    message = encode()

    def decode() -> Any:
        return queue.RangeDecoder(message).decode(model, *amount)

    if not np.array_equal(decode(), narrow):
        raise KolmoError("constriction decodes other symbols than it encoded")
    return Coding(PEERS[0], encode, decode, 32 * len(message))


def kt_shares(symbols: Symbols, alphabet: int) -> Symbols:
    """Return the KT probabilities of all symbols before each draw, float32[n, alphabet]."""
    import numpy as np

    counts = np.zeros((symbols.size, alphabet), np.float32)
    counts[np.arange(1, symbols.size), symbols[:-1]] = 1
    counts = np.cumsum(counts, axis=0, dtype=np.float32)
    drawn = np.arange(symbols.size, dtype=np.float32)[:, None]
    return np.asarray((counts + 0.5) / (drawn + alphabet / 2), np.float32)


def normal_bits(values: Symbols) -> float:
    """Return the ideal length of integers, v standing for v - 1/2 to v + 1/2."""
    import numpy as np

    found, times = np.unique(np.abs(values), return_counts=True)
    root = SCALE * math.sqrt(2)
    masses = [(math.erfc((v - 0.5) / root) - math.erfc((v + 0.5) / root)) / 2 for v in found]
    return math.fsum(-n * math.log2(mass) for n, mass in zip(times, masses, strict=True))


def rows_of(load: Load, runs: int) -> list[Row]:
    """Return a row for encoding and one for decoding."""
    return [row_of(load, verb, runs) for verb in TARGETS]


def row_of(load: Load, verb: str, runs: int) -> Row:
    """Return kolmo's speed and overhead, and the peer's if it is there."""
    tasks = [call(coding.name, getattr(coding, verb)) for coding in load.codings]
    ours = load.codings[0]
    row: Row = {"code": load.name, "run": verb, "symbols": int(load.symbols.size)}
    target: Row = {"target_M_per_second": TARGETS[verb]}
    overhead: Row = {"overhead_bits": rounded(ours.bits - load.ideal_bits)}
    if len(tasks) == 1:
        (timing,) = interleave(tasks, runs=runs)
        return row | {"M_per_second": speed(load, timing)} | target | overhead
    theirs = load.codings[1]
    compared = compare(tasks, peer=theirs.name, runs=runs)
    return (
        row
        | {"M_per_second": speed(load, compared.timing(ours.name))}
        | target
        | overhead
        | {"peer": theirs.name, "peer_M_per_second": speed(load, compared.timing(theirs.name))}
        | {"peer_overhead_bits": rounded(theirs.bits - load.ideal_bits)}
        | columns("ratio", compared.ratio(ours.name))
    )


def speed(load: Load, timing: Timing) -> float | None:
    """Return the median speed in 10**6 symbols for each second of CPU time."""
    seconds = timing.spread("cpu_seconds")
    return rounded(load.symbols.size / 1e6 / seconds.median) if seconds and seconds.median else None
