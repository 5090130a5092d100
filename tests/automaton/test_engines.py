"""The engines: every one follows its twin bit for bit, and the law of the process.

Statistical tests have fixed seeds, and the false-alarm rate that each states is that of a new seed.
"""

from collections import Counter
from functools import cache
from itertools import islice

import numpy as np
import pytest
from naive import dynamics as naive
from scipy.stats import chi2

from kolmo.automaton import exclusion
from kolmo.automaton.initial import initial
from kolmo.automaton.kernels import (
    BLOCK,
    STREAM_WORDS,
    pick_cells,
    pick_packed,
    pick_words,
    walk,
)
from kolmo.automaton.kernels.picks import HIGH, LOW, POSITION, WAIT
from kolmo.automaton.kernels.xoshiro import DRAWS, LANE_WORDS, LANES, SPAN, fill, mix
from kolmo.automaton.replicas import advance_all, replicas, start_words
from kolmo.automaton.rules.interacting import Interacting
from kolmo.automaton.rules.noninteracting import NonInteracting
from kolmo.automaton.state import State
from kolmo.progress import Silent

UNLIMITED = 1 << 61
SHAPES = [(3, 3), (3, 8), (9, 5), (17, 12)]


def stream_of(seed: int) -> np.ndarray:
    stream = np.zeros(STREAM_WORDS, np.uint64)
    stream[:LANE_WORDS] = np.random.SeedSequence(seed).generate_state(LANE_WORDS, np.uint64)
    return stream


def lanes_of(stream: np.ndarray) -> list:
    """Return the naive generators of a stream."""
    words = stream[:LANE_WORDS].reshape(4, LANES).T
    return [naive.xoshiro([int(word) for word in lane]) for lane in words]


def naive_words(lanes: list, count: int) -> list[int]:
    """Return draws of the generators in turn."""
    rounds = zip(*(islice(lane, count // LANES) for lane in lanes), strict=True)
    return [draw for turn in rounds for draw in turn]


def naive_block(lanes: list, slots: int) -> list[int]:
    """Return the slots of one block: the low half of each draw, then its high half."""
    draws = naive_words(lanes, DRAWS)
    return naive.picked([half for d in draws for half in (d & 0xFFFFFFFF, d >> 32)], slots)


def naive_picks(stream: np.ndarray, slots: int, count: int) -> list[int]:
    lanes, found = lanes_of(stream), []
    while len(found) < count:
        found += naive_block(lanes, slots)
    return found[:count]


def random_grid(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    source = np.random.Generator(np.random.PCG64(seed))
    return source.integers(0, 2, (rows, columns)).astype(np.uint8)


def limits_of(picks: int, swaps: int = UNLIMITED) -> np.ndarray:
    return np.array([picks, swaps], np.int64)


# --- bits


def test_generators_follow_their_papers():
    stream = stream_of(1)
    draws, lanes = np.empty(DRAWS, np.uint64), stream[:LANE_WORDS].copy()
    fill(lanes, np.empty(4 * SPAN, np.uint64), draws)
    assert draws.tolist() == naive_words(lanes_of(stream), DRAWS)
    with np.errstate(over="ignore"):
        mixed = [int(mix(np.uint64(i), np.uint64(5))) for i in range(9)]
    assert mixed == [naive.splitmix(5, i) for i in range(9)]


def test_splitmix_gives_the_published_numbers():
    """Seed 1234567: the numbers that every implementation is checked with."""
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [naive.splitmix(1234567, i) for i in range(3)] == expected


@pytest.mark.parametrize("torus", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("engine", ["cells", "packed"])
def test_picks_follow_the_twin(engine, shape, torus):
    grid, stream = random_grid(*shape), stream_of(2)
    pairs = naive.slots(*shape, torus=torus)
    expected = grid.ravel().tolist()
    swaps = naive.exclude(expected, pairs, naive_picks(stream, len(pairs), 5000))
    numbers = exclusion.shape_of(grid, torus=torus)
    cells = grid.ravel().copy() if engine == "cells" else np.packbits(grid, bitorder="little")
    run = pick_cells if engine == "cells" else pick_packed
    assert run(cells, numbers, stream, limits_of(5000), exclusion.scratch()) == (5000, swaps)
    if engine == "packed":
        cells = np.unpackbits(cells, count=grid.size, bitorder="little")
    assert cells.tolist() == expected


def test_refused_draws_are_no_picks():
    """With 3 * 2**30 slots a quarter of all draws is refused; no grid of that size is needed."""
    from kolmo.automaton.kernels.picks import draw_picks

    stream, work = stream_of(3), exclusion.scratch()
    shape = np.array([3 << 14, 1 << 15, 0, 0, 3 << 14], np.uint64)
    size = draw_picks(stream[:LANE_WORDS].copy(), shape, work)
    found = naive_block(lanes_of(stream), 3 << 30)
    assert 0.6 * BLOCK < size < 0.9 * BLOCK
    assert work[2][:size].tolist() == [slot >> 1 for slot in found]


def test_words_follow_the_twin():
    grid, stream = random_grid(4, 5), stream_of(4)
    lanes, pairs, expected = lanes_of(stream), naive.slots(4, 5, torus=False), []
    cells = np.arange(20, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15 >> 4)
    expected = cells.tolist()
    for _ in range(2):
        slots = naive_block(lanes, len(pairs))
        coins = naive_words(lanes, DRAWS) + naive_words(lanes, DRAWS)
        for slot, coin in zip(slots, coins, strict=False):
            here, there = pairs[slot]
            change = (expected[here] ^ expected[there]) & coin
            expected[here] ^= change
            expected[there] ^= change
    work = (exclusion.scratch(), np.empty(BLOCK, np.uint64))
    pick_words(cells, exclusion.shape_of(grid, torus=False), stream, 2 * BLOCK, work)
    assert cells.tolist() == expected


def test_walkers_follow_the_twin():
    places = [(0, 0), (3, 1), (5, 7)]
    walkers, key = np.array(places, np.int64).T.copy(), np.uint64(9)
    with np.errstate(over="ignore"):
        walk(walkers, key, 5, 100)
    for i, place in enumerate(places):
        bits = [naive.walker_bits(9, 3, i, step) for step in range(5, 105)]
        assert tuple(walkers[:, i]) == naive.walk(place, bits)


def test_tendril_follows_the_twin():
    from kolmo.automaton.rules.tendril import Tendril

    for boundary in ("walls", "torus"):
        state = (rule := Tendril(boundary=boundary)).start(initial("half", 5), seed=3)
        rule.advance(state, picks=500)
        key = int(state.arrays["key"][0])
        start = initial("half", 5).tolist()
        grid, swaps = naive.tendril(start, key, 500, torus=boundary == "torus")
        assert (state.grid.tolist(), state.swaps) == (grid, swaps)


@pytest.mark.parametrize("inside", [1, 2, 13, 99, 100])
def test_waiting_times_have_the_geometric_law(inside):
    """The alias table, read back as probabilities, is exact to 2**-60."""
    shares, aliases = exclusion.waiting_table(inside, 100)
    found = [0] * 256
    for column in range(256):
        found[column] += int(shares[column])
        found[aliases[column]] += (1 << 56) - int(shares[column])
    expected = naive.waiting_law(inside, 100, 255)
    errors = [abs(a - b * 2**64) for a, b in zip(found, expected, strict=True)]
    assert max(errors) < 300
    assert sum(found) == 1 << 64


def test_band_holds_every_pick_that_matters():
    """Rows that the band leaves out have one colour, up to the first row of it, and below it."""
    state = (rule := Interacting(engine="band")).start(initial("half", 40), seed=4)
    heights = set()
    for _ in range(300):
        rule.advance(state, picks=4000)
        low, high = (int(state.arrays["stream"][i]) for i in (LOW, HIGH))
        assert (state.grid[: low + 1] == 1).all() or low == 0
        assert (state.grid[high:] == 0).all()
        heights.add(high - low)
    assert len(heights) > 5


def test_auto_leaves_the_band_where_it_stops_to_pay():
    state = (rule := Interacting()).start(initial("half", 64), seed=1)
    assert exclusion.has_band(state)
    rule.advance(state, edge_time=400)
    assert not exclusion.has_band(state)
    assert not exclusion.has_band(rule.start(initial("random", 64), seed=1))


# --- the law of the process


class Ensemble:
    """Runs on a 3 x 3 grid by one engine, one after the other from one stream."""

    def __init__(self, engine: str) -> None:
        self.engine, self.grid = engine, initial("half", 3)
        self.stream, self.scratch = stream_of(11), exclusion.scratch()
        self.shape = exclusion.shape_of(self.grid, torus=False)
        self.state: State = Interacting(engine="band").start(self.grid, seed=12)
        self.word = np.where(self.grid.ravel() == 1, ~np.uint64(0), np.uint64(0))

    def run(self, picks: int) -> bytes:
        """Return the cells after some picks; of words, those of one replica of each."""
        if self.engine == "words":
            cells, work = self.word.copy(), (self.scratch, np.empty(BLOCK, np.uint64))
            pick_words(cells, self.shape, self.stream, picks, work)
            return (cells & np.uint64(1)).astype(np.uint8).tobytes()
        if self.engine == "band":
            return self.banded(picks)
        cells = self.grid.ravel().copy()
        if self.engine == "packed":
            cells = np.packbits(cells, bitorder="little")
        run = pick_cells if self.engine == "cells" else pick_packed
        run(cells, self.shape, self.stream, limits_of(picks), self.scratch)
        if self.engine == "packed":
            cells = np.unpackbits(cells, count=9, bitorder="little")
        return cells.tobytes()

    def banded(self, picks: int) -> bytes:
        """Begin again in the band of the start; what is left of the block is for another one."""
        stream = self.state.arrays["stream"]
        stream[POSITION], stream[WAIT] = BLOCK, 0
        stream[LOW], stream[HIGH] = exclusion.band_of(self.grid, keep=True)
        self.state.grid[...] = self.grid
        unheard = Silent()
        exclusion.run(self.state, picks, UNLIMITED, engine="band", torus=False, progress=unheard)
        return self.state.grid.tobytes()


@cache
def law_of(picks: int, *, lazy: bool) -> dict[bytes, float]:
    start = tuple(initial("half", 3).ravel().tolist())
    return {bytes(grid): p for grid, p in naive.law(start, 3, picks, lazy=lazy).items()}


def p_value(found: Counter, law: dict[bytes, float]) -> float:
    """Return the chance of so bad a fit; grids of less than five expected count as one."""
    total, rare, statistic, terms = sum(found.values()), [0.0, 0], 0.0, 0
    for grid, probability in law.items():
        if (expected := total * probability) < 5:
            rare[0] += expected
            rare[1] += found[grid]
        else:
            statistic += (found[grid] - expected) ** 2 / expected
            terms += 1
    if rare[0] >= 5:
        statistic += (rare[1] - rare[0]) ** 2 / rare[0]
        terms += 1
    return float(chi2.sf(statistic, terms - 1))


def full_law(engine: str, picks: int, count: int) -> Counter:
    runs = Ensemble(engine)
    with np.errstate(over="ignore"):
        return Counter(runs.run(picks) for _ in range(count))


ENGINES = ["cells", "packed", "band", "words"]


@pytest.mark.parametrize("picks", [7, 30])
@pytest.mark.parametrize("engine", ENGINES)
def test_law_on_nine_cells(engine, picks):
    """All 84 grids; false alarms: 1e-4 for each of the 8."""
    found = full_law(engine, picks, 100_000 if engine in ("cells", "words") else 20_000)
    assert p_value(found, law_of(picks, lazy=engine == "words")) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("picks", [7, 30])
@pytest.mark.parametrize("engine", ENGINES)
def test_law_on_nine_cells_by_a_million_runs(engine, picks):
    """All 84 grids; false alarms: 1e-4 for each of the 8."""
    found = full_law(engine, picks, 1_000_000)
    assert p_value(found, law_of(picks, lazy=engine == "words")) > 1e-4


def test_law_on_nine_cells_refuses_another_number_of_picks():
    found = full_law("cells", 7, 100_000)
    assert p_value(found, law_of(8, lazy=False)) < 1e-9
    assert p_value(found, law_of(7, lazy=True)) < 1e-9


def test_walkers_on_nine_cells_have_their_law():
    """From a corner, 7 steps; false alarms: 1e-4."""
    step = np.zeros((9, 9))
    for here in range(9):
        row, column = divmod(here, 3)
        for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            i, j = min(max(row + down, 0), 2), min(max(column + right, 0), 2)
            step[here, 3 * i + j] += 1 / 4
    rule = NonInteracting()
    state = rule.start(initial("half", 3), seed=5)
    state.arrays["walkers"] = np.zeros((2, 200), np.int64)
    found = np.zeros(9)
    for _ in range(500):
        state.arrays["walkers"][...] = 0
        found += rule.advance(state, picks=7).grid.ravel()
    expected = np.linalg.matrix_power(step, 7)[0] * found.sum()
    statistic = ((found - expected) ** 2 / expected).sum()
    assert found.sum() == 100_000
    assert chi2.sf(statistic, 8) > 1e-4
    wrong = np.linalg.matrix_power(step, 6)[0] * found.sum()
    assert chi2.sf(((found - wrong) ** 2 / wrong).sum(), 8) < 1e-9


# --- row means against the heat equation

SIDE, REPLICAS = 64, 512
PICKS = SIDE**4 // 25  # t = .02 n**2


def scores(means: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return how many standard errors each DCT-II mode of row means is off, the first left out.

    Parameters
    ----------
    means : float64[replicas, rows]
        Independent of each other.
    factors : float64[rows]
        By what each mode of the start must have shrunk.
    """
    rows = means.shape[1]
    modes = np.arange(1, rows)
    basis = np.cos(np.pi / rows * modes[:, None] * (np.arange(rows) + 0.5))
    start = basis @ initial("half", rows).mean(axis=1)
    found = means @ basis.T
    errors = found.std(axis=0, ddof=1) / np.sqrt(len(means))
    return (found.mean(axis=0) - start * factors[1:]) / errors


def eigenvalues(rows: int) -> np.ndarray:
    return 2 - 2 * np.cos(np.pi * np.arange(rows) / rows)


def fits(z: np.ndarray) -> bool:
    """Return whether scores look normal; 63 of them do not in 1 of 60 cases."""
    return bool(np.abs(z).max() < 4.5 and 0.6 <= (z**2).mean() <= 1.5)


@cache
def row_means(engine: str) -> np.ndarray:
    """Return the row means of many runs after PICKS picks, or as many steps as fit their time."""
    grid = initial("half", SIDE)
    if engine == "words":  # one mean for each word: its replicas are not independent
        found = start_words(grid, REPLICAS, seed=21).advance(picks=2 * PICKS, jobs=2)
        return found.row_means()[:, 0]
    rule = NonInteracting() if engine == "folded" else Interacting(engine=engine)
    picks = 4 * SIDE**2 // 50 if engine == "folded" else PICKS
    states = advance_all(rule, replicas(rule, grid, REPLICAS, seed=22), picks=picks, jobs=2)
    return np.array([state.grid.mean(axis=1) for state in states])


def shrunk(engine: str, diffusion: float = 1.0) -> np.ndarray:
    """Return by what each mode shrinks, exactly for the number of events."""
    rate = diffusion * eigenvalues(SIDE)
    if engine == "folded":
        return (1 - rate / 4) ** (4 * SIDE**2 // 50)
    if engine == "words":
        return (1 - rate / (4 * SIDE**2)) ** (2 * PICKS)
    return (1 - rate / (2 * SIDE**2)) ** PICKS


@pytest.mark.parametrize("engine", ["auto", "cells", "band", "words", "folded"])
def test_row_means_follow_the_heat_equation(engine):
    assert fits(scores(row_means(engine), shrunk(engine)))


@pytest.mark.parametrize("engine", ["auto", "words", "folded"])
def test_row_means_refuse_a_wrong_diffusion_constant(engine):
    assert not fits(scores(row_means(engine), shrunk(engine, diffusion=1.05)))


# --- negative dependence


def dispersion(sums: np.ndarray, density: np.ndarray, columns: int) -> tuple[float, float]:
    """Return the variance of row sums over that of independent cells, and its standard error."""
    scale = (columns * density * (1 - density)).sum()
    ratios = ((sums - columns * density) ** 2).sum(axis=1) / scale
    return ratios.mean(), ratios.std(ddof=1) / np.sqrt(len(ratios))


@pytest.fixture(scope="module")
def poisson_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return row sums of many runs of a Poisson number of picks, and the exact densities."""
    rows, count, time = 32, 1000, 20.0
    source = np.random.Generator(np.random.PCG64(31))
    rule = Interacting()
    states = replicas(rule, initial("half", rows), count, seed=32)
    for state, picks in zip(states, source.poisson(time * 2 * rows**2, count), strict=True):
        rule.advance(state, picks=int(picks))
    modes = np.cos(np.pi / rows * np.arange(rows)[:, None] * (np.arange(rows) + 0.5))
    start = modes @ initial("half", rows).mean(axis=1) * np.where(np.arange(rows), 2, 1) / rows
    density = (start * np.exp(-eigenvalues(rows) * time)) @ modes
    return np.array([state.grid.sum(axis=1) for state in states], float), density


def test_exclusion_is_negatively_dependent(poisson_rows):
    """Liggett: under the edge clock no row varies more than independent cells; 1 in 700."""
    sums, density = poisson_rows
    ratio, error = dispersion(sums, density, 32)
    assert ratio <= 1 + 3 * error
    assert ratio > 0.3


def test_dispersion_refuses_cells_that_agree(poisson_rows):
    """Rows of which half the cells copy the other half vary twice as much."""
    sums, density = poisson_rows
    source = np.random.Generator(np.random.PCG64(33))
    halves = source.binomial(16, np.clip(density, 0, 1), sums.shape)
    ratio, error = dispersion(2.0 * halves, density, 32)
    assert ratio > 1 + 3 * error
