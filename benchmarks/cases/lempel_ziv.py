"""LZ76 phrases of 1 MB, and of a prefix beside the quadratic algorithm in C and numba."""

from __future__ import annotations

import ctypes
import importlib
import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmarks
from benchmarks.case import CaseResult, Context, Row, columns, rounded
from benchmarks.data import text
from kolmo.bench.harness import Timing, call, compare, interleave, run_process
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    import numpy as np

    Symbols = np.ndarray[Any, np.dtype[np.uint8]]
    Counter = Callable[[Symbols], int]

PEERS = ("gcc", "antropy")
USES_CORPORA = False
SOURCE = Path(benchmarks.__file__).parent / "c" / "kaspar_schuster.c"
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")
TARGET_MB_PER_SECOND = 1.0
TARGET_SECONDS, GOAL_SECONDS = 1.0, 0.2  # of a million bits; other symbols take less or as long
WHOLE, PREFIX = 1_000_000, 30_000


def run(context: Context) -> CaseResult:
    """Measure kolmo alone on 1 MB, then against each peer on the same prefix."""
    runs = 3 if context.quick else 9
    ours, rivals = kolmo_counter(), peer_counters()
    rows = []
    for name, data in inputs().items():
        context.report(f"{name}: 1 MB by kolmo")
        rows.append(whole_row(name, data, ours, runs))
        for peer, theirs in rivals.items():
            context.report(f"{name}: {PREFIX:,} bytes beside {peer}")
            rows.append(paired_row(name, data[:PREFIX], (ours, theirs), peer=peer, runs=runs))
    return CaseResult(rows=tuple(rows), notes=("ratio: kolmo's seconds to the peer's",))


def inputs() -> dict[str, Symbols]:
    """Return the inputs, a million symbols each, one to a byte."""
    import numpy as np

    made = {
        "random bytes": random.Random(0).randbytes(WHOLE),
        "random bits": bytes(random.Random(1).choices((0, 1), k=WHOLE)),
        "text": text(WHOLE),
        "constant": bytes(WHOLE),
    }
    return {name: np.frombuffer(data, dtype=np.uint8) for name, data in made.items()}


def kolmo_counter() -> Counter:
    """Return kolmo's kernel."""
    kernels = importlib.import_module("kolmo.complexity.kernels")
    return lambda symbols: int(kernels.lz76_phrases(symbols))


def peer_counters() -> dict[str, Counter]:
    """Return the peers that are here."""
    found: dict[str, Counter] = {}
    if shutil.which("gcc"):
        found["Kaspar-Schuster, C, gcc -O3"] = compiled_counter()
    try:
        antropy = importlib.import_module("antropy")
    except ImportError:
        return found
    # of unsigned integers antropy would read the decimal digits, joined together
    found["antropy lziv_complexity"] = lambda symbols: int(
        antropy.lziv_complexity(symbols.astype("int64"))
    )
    return found


def compiled_counter() -> Counter:
    """Return the C function, compiled now for this machine."""
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder) / "kaspar_schuster.so")
        done = run_process(["gcc", *FLAGS, str(SOURCE), "-o", target])
        if done.sample.exit_code != 0:
            raise KolmoError(f"gcc failed: {done.stderr.decode(errors='replace')}")
        count = ctypes.CDLL(target).kaspar_schuster
    count.argtypes, count.restype = (ctypes.c_void_p, ctypes.c_size_t), ctypes.c_size_t
    return lambda symbols: int(count(symbols.ctypes.data, symbols.size))


def whole_row(name: str, data: Symbols, ours: Counter, runs: int) -> Row:
    """Return kolmo's time on the whole input."""
    (timing,) = interleave([call("kolmo", lambda: ours(data))], runs=runs)
    rate = megabytes_per_second(data, timing)
    return base_row(name, data, ours, timing) | {
        "MB_per_second": rate,
        "target_MB_per_second": TARGET_MB_PER_SECOND,
        "target_seconds": TARGET_SECONDS,
        "goal_seconds": GOAL_SECONDS,
    }


def paired_row(
    name: str, data: Symbols, counters: tuple[Counter, Counter], *, peer: str, runs: int
) -> Row:
    """Return kolmo's and one peer's time on the same input, and whether they agree."""
    ours, theirs = counters
    tasks = [call("kolmo", lambda: ours(data)), call(peer, lambda: theirs(data))]
    compared = compare(tasks, peer=peer, measure="wall_seconds", runs=runs)
    rival, answer = compared.timing(peer), theirs(data)
    seconds = rival.spread("wall_seconds")
    return base_row(name, data, ours, compared.timing("kolmo")) | {
        "peer": peer,
        "peer_phrases": answer,
        "peer_seconds_median": rounded(seconds.median) if seconds else None,
        **columns("ratio", compared.ratio("kolmo")),
        "agree": answer == ours(data),
    }


def base_row(name: str, data: Symbols, ours: Counter, timing: Timing) -> Row:
    """Return what every row has: the input, kolmo's answer and kolmo's time."""
    seconds = timing.spread("wall_seconds")
    return {
        "input": name,
        "input_bytes": int(data.size),
        "phrases": ours(data),
        "seconds_median": rounded(seconds.median) if seconds else None,
        "MB_per_second": megabytes_per_second(data, timing),
        "runs": len(timing.samples),
    }


def megabytes_per_second(data: Symbols, timing: Timing) -> float | None:
    """Return the median speed in 10^6 bytes per second."""
    seconds = timing.spread("wall_seconds")
    return rounded(data.size / 1e6 / seconds.median) if seconds and seconds.median else None
