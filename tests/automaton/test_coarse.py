"""Coarse-graining: windows, buckets and row rules against slow twins in exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from naive import coffee

from kolmo.automaton.coarse import (
    Averages,
    Graining,
    average,
    bucket,
    coarse_grain,
    default_grain,
    settle_rows,
)
from kolmo.errors import ParameterError


def counts(shape: tuple[int, int], most: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, most + 1, shape, dtype=np.uint16)


def fractions(averages: Averages) -> list[list[Fraction]]:
    pairs = zip(averages.sums.tolist(), averages.cells.tolist(), strict=True)
    return [[Fraction(a, b) for a, b in zip(*pair, strict=True)] for pair in pairs]


@pytest.mark.parametrize(
    ("size", "grain"),
    [(20, 3), (30, 5), (40, 5), (50, 7), (60, 7), (70, 7), (80, 9), (90, 9), (100, 9), (1, 1)],
)
def test_default_grain_is_that_of_the_paper(size, grain):
    assert default_grain(size) == grain


@pytest.mark.parametrize("torus", [False, True])
@pytest.mark.parametrize("grain", [1, 2, 3, 4, 5])
def test_sliding_averages_equal_those_of_the_naive_twin(grain, torus):
    grid = counts((5, 8), 3)
    found = fractions(average(grid, Graining(grain, torus=torus)))
    assert found == coffee.average(grid, grain, torus=torus)


def test_blocks_leave_out_the_remainder_and_say_so():
    grid = np.arange(35).reshape(5, 7)
    found = average(grid, Graining(3, window="block"))
    assert found.cropped == (2, 1)
    assert found.sums.tolist() == [[72, 99]]


@pytest.mark.parametrize(("count", "largest"), [(3, 1), (7, 1), (7, 2), (3, 3), (5, 1)])
def test_thresholds_of_the_paper_equal_those_of_the_naive_twin(count, largest):
    grid = counts((9, 9), 2, seed=count)
    graining = Graining(3, buckets=count, thresholds="paper", largest=largest)
    wanted = [
        [coffee.threshold(value, count, largest) for value in row]
        for row in coffee.average(grid, 3)
    ]
    assert coarse_grain(grid, graining).tolist() == wanted


def test_an_average_on_a_bound_stays_in_its_bucket():
    sums = np.arange(13)[None, :]
    found = bucket(Averages(sums, np.full((1, 13), 12)), Graining(1, thresholds="paper"))
    assert found.tolist() == [[0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6]]


def test_equal_buckets_hold_their_lower_bound():
    sums = np.arange(15)[None, :]
    found = bucket(Averages(sums, np.full((1, 15), 14)), Graining(1))
    assert found.tolist() == [[0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 6]]


@pytest.mark.parametrize("thresholds", ["equal", "paper"])
def test_real_means_fall_into_the_buckets_of_the_same_fractions(thresholds):
    grid = counts((12, 12), 1, seed=3)
    for count in (3, 7):
        graining = Graining(3, buckets=count, thresholds=thresholds)
        whole, real = (bucket(average(x, graining), graining) for x in (grid, grid.astype(float)))
        assert (whole == real).all()


@pytest.mark.parametrize(
    ("rule", "twin"), [("text", coffee.settle_text), ("code", coffee.settle_code)]
)
def test_row_rules_equal_those_of_the_naive_twins(rule, twin):
    source = np.random.default_rng(4)
    for spread in (1, 2, 3, 7):
        rows = source.integers(0, spread, (50, 6)).astype(np.uint8)
        assert settle_rows(rows, rule).tolist() == [twin(row) for row in rows.tolist()]


@pytest.mark.parametrize(
    ("graining", "words"),
    [
        (Graining(0), "grain out of range: got 0 for a 4x6 grid; need 1 to 4"),
        (Graining(5), "need 1 to 4"),
        (Graining(1, buckets=1), "no buckets"),
        (Graining(1, buckets=257), "no buckets"),
        (Graining(1, largest=0), "no buckets"),
        (Graining(1, window="slidin"), "Did you mean 'sliding'"),
        (Graining(1, thresholds="x"), "unknown thresholds"),
        (Graining(1, row_rule="texts"), "Did you mean 'text'"),
    ],
)
def test_bad_settings_are_refused(graining, words):
    with pytest.raises(ParameterError, match=words):
        coarse_grain(np.zeros((4, 6), np.uint8), graining)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (5,)])
def test_an_empty_grid_is_refused(shape):
    with pytest.raises(ParameterError, match="no grid"):
        coarse_grain(np.zeros(shape, np.uint8), Graining(1))
