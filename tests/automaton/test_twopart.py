"""Two-part codes keep the laws of codes, decode, and beat every compressor while it mixes."""

import hashlib
import itertools

import numpy as np
import pytest

from kolmo.automaton.diffusion import TIMES, Diffusion, circle_cosines
from kolmo.automaton.gridcodes import (
    Density,
    DiffusionTime,
    GridCode,
    Plain,
    RowCounts,
    Shortest,
    grid_codes,
)
from kolmo.automaton.mean import ExactMean
from kolmo.automaton.sizes import measure_grid
from kolmo.automaton.twopart import two_part
from kolmo.coding import laws
from kolmo.coding.rangecoder import write
from kolmo.errors import ParameterError

COMPRESSORS = ("zlib", "bz2", "lzma", "zstd")
ALL_2_BY_3 = [np.array(x, np.uint8).reshape(2, 3) for x in itertools.product((0, 1), repeat=6)]
TIMES_100 = (0.002, 0.005, 0.01, 0.02, 0.06, 0.1, 0.15)


def codes(rows: int, columns: int) -> list[GridCode]:
    return [*grid_codes(rows, columns), Shortest(grid_codes(rows, columns))]


def noisy(rows: int, columns: int) -> np.ndarray:
    grid = np.zeros((rows, columns), np.uint8)
    grid[: rows // 2] = 1
    return grid ^ (np.random.default_rng(1).random((rows, columns)) < 0.1)


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (7, 5), (40, 33)])
def test_grid_codes_keep_the_laws(shape, index):
    code = codes(*shape)[index]
    for grid in (noisy(*shape), np.zeros(shape, np.uint8), np.ones(shape, np.uint8)):
        laws.check_identity(code, grid)
        laws.check_boundary(code, grid)
        laws.check_stack(code, grid)
        laws.check_overhead(code, grid)
        message = write(code, grid)
        for payload in (b"", b"\xff" * 9, message[:-1], bytes(len(message)), message[::-1]):
            laws.check_damage(code, payload)


@pytest.mark.parametrize("index", range(5))
def test_grid_codes_keep_kraft_inequality(index):
    assert laws.check_kraft(codes(2, 3)[index], ALL_2_BY_3) > 0.001


@pytest.mark.parametrize("code", [Plain(2, 3), Density(2, 3)])
def test_complete_codes_waste_nothing(code):
    assert laws.check_kraft(code, ALL_2_BY_3) == pytest.approx(1)


def test_row_counts_waste_nothing():
    assert laws.check_kraft(RowCounts(2, 3), ALL_2_BY_3) == pytest.approx(1)


@pytest.mark.parametrize("torus", [False, True])
def test_shares_are_those_of_the_exact_mean(torus):
    rows = 24
    pattern = [0] * 5 + [1] * 12 + [0] * 7
    start = np.array(pattern)[:, None] * np.ones((1, 3), int)
    diffusion, mean = (
        Diffusion(rows, start=pattern, torus=torus),
        ExactMean(start, "interacting", torus=torus),
    )
    for index in (1, 60, 130, 200, 255):
        wanted = mean.at(diffusion.edge_time(index), "edge_time")[:, 0]
        found = np.array([ones for _, ones in diffusion.shares(index)]) / 2**24
        assert np.abs(found - wanted).max() < 2**-23


def test_shares_are_the_same_on_every_machine():
    shares = [Diffusion(31).shares(index) for index in range(0, TIMES, 5)]
    digest = hashlib.sha256(repr(shares).encode()).hexdigest()
    assert digest[:16] == "793e444f1034a606"


@pytest.mark.parametrize("length", [1, 2, 3, 8, 30, 257])
def test_circle_cosines_are_cosines(length):
    wanted = np.cos(2 * np.pi * np.arange(length) / length)
    assert np.abs(circle_cosines(length) - wanted).max() < 1e-15


def test_the_time_is_found_again(grids):
    n = 100
    code = DiffusionTime(n, n)
    for grid, time in zip(grids["interacting100"], TIMES_100, strict=True):
        found = code.diffusion.edge_time(code.best_time(grid)) / n**2
        assert found == pytest.approx(time, rel=0.15)


def test_two_part_codes_decode_and_beat_every_compressor(grids):
    for grid in grids["interacting100"]:
        best = two_part(grid).best
        assert best.kind == "certified"
        assert best.payload_bits <= np.ceil(best.total_bits) + 16
        forms = (np.packbits(grid).tobytes(), grid.tobytes())
        rivals = [measure_grid(grid, name).bits for name in COMPRESSORS]
        rivals += [measure_grid(as_grid(form), name).bits for form in forms for name in COMPRESSORS]
        assert best.payload_bits < min(rivals)


def as_grid(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)[None, :] + np.uint8(0)


def test_lengths_are_those_of_the_specification(grids):
    found = [two_part(grids["interacting100"][TIMES_100.index(t)]).best for t in (0.01, 0.06)]
    assert found[0].payload_bits / 8 == pytest.approx(461, rel=0.06)
    assert found[1].payload_bits / 8 == pytest.approx(1008, rel=0.02)


def test_sophistication_is_the_fewest_model_bits_within_the_slack(grids):
    grid = grids["interacting100"][-1]
    strict, loose = two_part(grid, slack_bits=0), two_part(grid, slack_bits=10**6)
    assert (strict.sophistication_code, strict.sophistication_bits) == ("diffusion-time", 10)
    assert (loose.sophistication_code, loose.sophistication_bits) == ("plain", 2)
    assert loose.slack_bits == 10**6


def test_lengths_without_decoding_are_called_codelengths():
    found = two_part(noisy(6, 6), verify=False)
    assert {(row.kind, row.payload_bits) for row in found.rows} == {("codelength", None)}


@pytest.mark.parametrize("grid", [np.full((3, 3), 2), np.full((3, 3), -1)])
def test_cells_that_are_not_0_or_1_have_no_word(grid):
    with pytest.raises(ParameterError, match="need 0 or 1"):
        two_part(grid)


def test_a_grid_of_another_shape_has_no_word():
    with pytest.raises(ParameterError, match="wrong shape"):
        Plain(3, 3).codelength(np.zeros((3, 4), np.uint8))


@pytest.mark.parametrize("start", [[1, 0], [1, 2, 0]])
def test_a_start_that_is_none_is_refused(start):
    with pytest.raises(ParameterError, match="no start"):
        Diffusion(3, start=start)
