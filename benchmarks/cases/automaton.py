"""Speed of the coffee automaton's engines, beside the plain loop in C and in Python."""

from __future__ import annotations

import ctypes
import importlib
import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmarks
from benchmarks.case import CaseResult, Context, Row, columns, rounded
from kolmo.bench.harness import Comparison, Task, call, compare, run_process
from kolmo.errors import KolmoError

if TYPE_CHECKING:
    import numpy as np

    Grid = np.ndarray[Any, np.dtype[np.uint8]]

PEERS = ("gcc",)
USES_CORPORA = False
SOURCE = Path(benchmarks.__file__).parent / "c" / "exclusion.c"
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")
SIZES = (256, 1024)
PICKS, QUICK_PICKS = 1 << 26, 1 << 23
PYTHON_PICKS = 1 << 17
WORDS = 64  # replicas in a word
C_LOOP, PYTHON_LOOP = "plain loop, C, gcc -O3", "plain loop, Python"
C_TARGET, WORDS_TARGET, THREADS_TARGET = 1 / 1.2, 8e9, 1 / 1.7
NOTES = (
    "ratio: seconds for an event to the peer's, in the same rounds, CPU time unless said otherwise",
    "events: picks of an edge; of 64 replicas in a word, picks of each replica; swaps from the "
    "half-filled start, where most picks do nothing",
    "the loop in Python is that of the public reproductions, for fewer picks; all are counted",
    "the loop in C takes the product of 32 bits and the number of slots as it is; kolmo refuses "
    "the draws that would favour a slot",
)


@dataclass(frozen=True)
class Load:
    """One way to do a number of events: what to time."""

    name: str
    events: int
    run: Callable[[], object]


def run(context: Context) -> CaseResult:
    """Measure every engine beside C and Python, then replicas, the start, and two threads."""
    runs, picks = (3, QUICK_PICKS) if context.quick else (9, PICKS)
    rows: list[Row] = []
    for size in SIZES:
        context.report(f"engines, {size} x {size}")
        rows += engine_rows(size, picks, runs)
        context.report(f"the first swaps, {size} x {size}")
        rows += start_rows(size, runs)
    context.report("two threads")
    rows += thread_rows(picks, runs)
    return CaseResult(rows=tuple(rows), notes=NOTES)


def engine_rows(size: int, picks: int, runs: int) -> list[Row]:
    """Return a row for each engine on a random grid, which is where a run spends its time."""
    grid = make_grid("random", size)
    ours = [engine_load(engine, grid, picks) for engine in ("cells", "packed")]
    loads = [*ours, words_load(grid, picks // 8), python_load(grid)]
    peer = PYTHON_LOOP
    if shutil.which("gcc"):
        loads.append(compiled_load(grid, picks))
        peer = C_LOOP
    targets: dict[str, Row] = {ours[0].name: {"target_ratio": rounded(C_TARGET)}}
    if size == SIZES[0]:
        targets[loads[2].name] = {"target_per_second": WORDS_TARGET}
    return rows_of(f"{size} x {size}, mixed", loads, peer, runs, targets=targets)


def start_rows(size: int, runs: int) -> list[Row]:
    """Return rows for the first swaps from the half-filled start, by the band and by all cells."""
    grid, swaps = make_grid("half", size), 40 * size
    loads = [first_swaps(engine, grid, swaps) for engine in ("auto", "cells")]
    return rows_of(f"{size} x {size}, first {swaps} swaps", loads, loads[1].name, runs)


def thread_rows(picks: int, runs: int) -> list[Row]:
    """Return rows for replicas by one thread and by two; their ratio is that of wall time."""
    grid = make_grid("random", SIZES[0])
    loads = [threads_load(jobs, grid, picks) for jobs in (2, 1)]
    targets: dict[str, Row] = {loads[0].name: {"target_ratio": rounded(THREADS_TARGET)}}
    return rows_of(
        "4 replicas, wall time",
        loads,
        loads[1].name,
        runs,
        measure="wall_seconds",
        targets=targets,
    )


def make_grid(kind: str, size: int) -> Grid:
    """Return an initial grid."""
    from kolmo.automaton.initial import initial

    return initial(kind, size, seed=1)


def engine_load(engine: str, grid: Grid, picks: int) -> Load:
    """Return picks of kolmo's interacting rule by one engine."""
    from kolmo.automaton.rules.interacting import Interacting

    rule = Interacting(engine=engine)
    state = rule.start(grid, seed=1)
    return Load(f"kolmo, {engine}", picks, lambda: rule.advance(state, picks=picks))


def words_load(grid: Grid, picks: int) -> Load:
    """Return picks of 64 replicas in a word."""
    from kolmo.automaton.replicas import start_words

    words = start_words(grid, 1, seed=1)
    return Load("kolmo, 64 replicas in a word", WORDS * picks, lambda: words.advance(picks=picks))


def first_swaps(engine: str, grid: Grid, swaps: int) -> Load:
    """Return swaps from the very start of a run."""
    from kolmo.automaton.rules.interacting import Interacting

    rule = Interacting(engine=engine)
    start = rule.start(grid, seed=1)
    return Load(f"kolmo, {engine}", swaps, lambda: rule.advance(start.copy(), swaps=swaps))


def threads_load(jobs: int, grid: Grid, picks: int) -> Load:
    """Return picks of four independent replicas over threads."""
    from kolmo.automaton.replicas import advance_all, replicas
    from kolmo.automaton.rules.interacting import Interacting

    rule = Interacting(engine="cells")
    states = replicas(rule, grid, 4, seed=1)
    name = f"kolmo, {jobs} thread{'s' * (jobs > 1)}"
    return Load(name, 4 * picks, lambda: advance_all(rule, states, picks=picks, jobs=jobs))


def compiled_load(grid: Grid, picks: int) -> Load:
    """Return picks of the C loop on the same grid."""
    import numpy as np

    loop, cells = compiled_loop(), padded(grid)
    state = np.random.SeedSequence(1).generate_state(4, np.uint64)

    def run() -> int:
        return int(loop(cells.ctypes.data, *grid.shape, picks // 2, state.ctypes.data))

    return Load(C_LOOP, picks, run)


def compiled_loop() -> Callable[..., int]:
    """Return the C function, compiled now for this machine."""
    with tempfile.TemporaryDirectory() as folder:
        target = str(Path(folder) / "exclusion.so")
        done = run_process(["gcc", *FLAGS, str(SOURCE), "-o", target])
        if done.sample.exit_code != 0:
            raise KolmoError(f"gcc failed: {done.stderr.decode(errors='replace')}")
        loop = ctypes.CDLL(target).exclusion
    size, address = ctypes.c_size_t, ctypes.c_void_p
    loop.argtypes, loop.restype = (address, size, size, ctypes.c_uint64, address), ctypes.c_uint64
    found: Callable[..., int] = loop
    return found


def padded(grid: Grid) -> Grid:
    """Return the cells that the C loop asks for: edge bits, and cells without edges at the end."""
    np = importlib.import_module("numpy")
    cells = grid.copy()
    cells[:, :-1] |= 2
    cells[:-1] |= 4
    ends = np.zeros(grid.shape[1] + 1, np.uint8)
    joined: Grid = np.concatenate([cells.ravel(), ends])
    return joined


def python_load(grid: Grid) -> Load:
    """Return picks of the loop in Python."""
    cells, source = grid.tolist(), random.Random(1)
    return Load(PYTHON_LOOP, PYTHON_PICKS, lambda: python_loop(cells, PYTHON_PICKS, source))


def python_loop(cells: list[list[int]], picks: int, source: random.Random) -> int:
    """Return the swaps among some picks of a cell and one of its four neighbours."""
    rows, columns, swaps = len(cells), len(cells[0]), 0
    for _ in range(picks):
        row, column = source.randrange(rows), source.randrange(columns)
        down, right = source.choice(((0, 1), (1, 0), (0, -1), (-1, 0)))
        i, j = row + down, column + right
        if 0 <= i < rows and 0 <= j < columns and cells[row][column] != cells[i][j]:
            cells[row][column], cells[i][j] = cells[i][j], cells[row][column]
            swaps += 1
    return swaps


def rows_of(
    name: str,
    loads: list[Load],
    peer: str,
    runs: int,
    *,
    measure: Any = "cpu_seconds",
    targets: dict[str, Row] | None = None,
) -> list[Row]:
    """Return a row for each load, measured in turn with the others."""
    tasks: list[Task] = [call(load.name, load.run) for load in loads]
    compared = compare(tasks, peer=peer, measure=measure, runs=runs)
    return [
        row_of(name, load, compared, loads) | (targets or {}).get(load.name, {}) for load in loads
    ]


def row_of(name: str, load: Load, compared: Comparison, loads: list[Load]) -> Row:
    """Return the speed of a load, and its seconds for an event to those of the peer."""
    events = {other.name: other.events for other in loads}
    seconds = compared.timing(load.name).spread(compared.measure)
    ratio, share = compared.ratio(load.name), events[compared.peer] / load.events
    found = columns("ratio", ratio)
    return {
        "run": name,
        "engine": load.name,
        "per_second": rounded(load.events / seconds.median) if seconds else None,
        "peer": compared.peer,
        **{key: None if value is None else rounded(value * share) for key, value in found.items()},
    }
