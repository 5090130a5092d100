"""Sizes: the published measure to the byte, and any estimator on bits and buckets."""

import gzip
import io
import random
import re
import zlib

import numpy as np
import pytest
from naive import coffee

from kolmo.automaton.coarse import Graining, coarse_grain, default_grain
from kolmo.automaton.sizes import (
    grid_bytes,
    measure_buckets,
    measure_grid,
    paper_text,
)
from kolmo.errors import ParameterError

classic_zlib = pytest.mark.skipif(
    not re.fullmatch(r"\d+(\.\d+)*", zlib.ZLIB_RUNTIME_VERSION),
    reason=f"golden sizes are those of classic zlib, this is {zlib.ZLIB_RUNTIME_VERSION}",
)


def half(size: int) -> np.ndarray:
    return np.repeat([1, 0], size * size // 2).reshape(size, size).astype(np.uint8)


def shuffled(size: int, seed: int) -> np.ndarray:
    cells = half(size).ravel().tolist()
    random.Random(seed).shuffle(cells)
    return np.array(cells, np.uint8).reshape(size, size)


@classic_zlib
def test_paper_size_of_the_start_is_the_published_one():
    assert measure_grid(half(100), "paper").size_bytes == 90


@classic_zlib
@pytest.mark.parametrize("seed", range(5))
def test_paper_size_of_a_mixed_grid_is_the_published_plateau(seed):
    assert measure_grid(shuffled(100, seed), "paper").size_bytes == pytest.approx(2342, abs=25)


@classic_zlib
def test_coarse_sizes_of_the_start_are_those_of_the_specification():
    coarse = Graining(default_grain(128), buckets=3, thresholds="paper")
    assert measure_buckets(coarse_grain(half(128), coarse), 3, "paper").size_bytes == 119
    seven = coarse_grain(half(128), Graining(11))
    assert len(zlib.compress(seven.tobytes(), 9)) == 51
    assert measure_buckets(seven, 7, "zlib").size_bytes == 51 - 6  # header and Adler-32 removed


@classic_zlib
def test_paper_size_is_that_of_a_gzip_file_with_a_name_of_seven_letters():
    grid = shuffled(20, 1)
    file = io.BytesIO()
    with gzip.GzipFile("tempabc", "wb", compresslevel=6, fileobj=file) as stream:
        stream.write(coffee.text(grid.tolist()).encode())
    assert measure_grid(grid, "paper").size_bytes == len(file.getvalue())


def test_text_is_that_of_the_naive_twin():
    cells = np.array([[0, 3], [12, 1]])
    assert paper_text(cells.astype(float)).decode() == coffee.text(cells.tolist())


def test_text_of_three_buckets_is_zero_half_and_one():
    assert paper_text(np.array([[0, 1, 2]]) / 2) == b"0.0 0.5 1.0"


def test_cells_above_one_take_as_few_bytes_as_hold_the_largest():
    grids = [np.array([[0, most]]) for most in (1, 255, 256)]
    assert [len(grid_bytes(grid)) for grid in grids] == [1, 2, 4]
    assert grid_bytes(grids[2]) == b"\0\0\0\1"


@pytest.mark.parametrize("measure", ["zlib", "zstd", "bz2", "lzma", "paper"])
def test_a_constant_picture_has_no_net_size(measure):
    assert measure_grid(np.zeros((30, 40), np.uint8), measure).net_bits == 0
    for count in (3, 7):
        assert measure_buckets(np.zeros((30, 40), np.uint8), count, measure).net_bits == 0


def test_every_size_says_its_kind():
    grid = half(16)
    kinds = [measure_grid(grid, name, verify=v).kind for v in (True, False) for name in MEASURES]
    assert kinds == ["certified", "certified", "estimate", "bound", "bound", "estimate"]


MEASURES = ("zlib", "paper", "entropy")


def test_an_unknown_measure_is_refused():
    with pytest.raises(ParameterError, match="Did you mean"):
        measure_grid(half(4), "zlip")
