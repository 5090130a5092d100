"""The published protocol, its fits, and the map over scales."""

import math

import numpy as np
import pytest

from kolmo.automaton.coarse import Graining, average, bucket
from kolmo.automaton.paper import (
    fit_polynomial,
    fit_power,
    fit_scale,
    protocol,
)
from kolmo.automaton.scales import scale_map
from kolmo.automaton.sizes import measure_buckets
from kolmo.errors import ParameterError

SIZES = range(20, 101, 10)
MAX_ENTROPY = {
    "interacting": [160, 285, 430, 655, 900, 1195, 1525, 1915, 2350],
    "noninteracting": [200, 370, 600, 900, 1250, 1670, 2140, 2700, 3290],
}


@pytest.mark.parametrize("rule", ["interacting", "noninteracting"])
def test_quadratic_fit_of_published_entropies_is_the_published_one(rule):
    found = fit_polynomial(SIZES, MAX_ENTROPY[rule], 2)
    assert found.r_squared == pytest.approx(0.9999, abs=1e-4)


@pytest.mark.parametrize(
    ("size", "early"), [(20, False), (35, True), (40, True), (100, False), (256, True)]
)
def test_published_runs_of_some_sizes_end_before_the_peak(size, early):
    assert protocol("interacting", size).ends_before_peak is early


def test_protocol_of_a_size_is_the_published_one():
    found = protocol("interacting", 100)
    assert (found.estimated_time, found.last_time, found.clock) == (10619000, 21238000, "swaps")
    assert found.peak_time == pytest.approx(8.32e6)
    assert found.coarse == Graining(9, buckets=3, thresholds="paper")
    assert found.adjusted.largest == 1
    assert len(found.sample_times) == 801
    assert found.sample_times[:2] == [0, 26547]


def test_protocol_of_walkers_differs_in_its_buckets():
    found = protocol("noninteracting", 100)
    assert (found.clock, found.last_time, found.adjusted.largest) == ("picks", 10000, 3)
    assert found.peak_time is None
    assert found.ensemble_time == found.last_time


def test_ensembles_run_beyond_the_peak():
    assert protocol("interacting", 40).ensemble_time == 512000
    assert protocol("interacting", 20).ensemble_time == 50000


def test_rules_that_were_not_published_have_no_protocol():
    with pytest.raises(ParameterError, match="no published runs"):
        protocol("stirred", 100)
    with pytest.raises(ParameterError, match="need 2 or more"):
        protocol("interacting", 1)


def test_line_through_four_points_is_the_textbook_one():
    """Anscombe's first set: y = 3.00 + 0.500 x, standard errors 1.12 and .118, r^2 = .667."""
    x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
    y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
    found = fit_polynomial(x, y, 1)
    assert found.values == pytest.approx((3.0001, 0.50009), abs=1e-4)
    assert found.standard_errors == pytest.approx((1.1247, 0.1179), abs=1e-4)
    assert found.r_squared == pytest.approx(0.6665, abs=1e-4)


def test_free_power_law_finds_its_exponent_within_its_error():
    x = np.array([60, 70, 80, 90, 100])
    noise = np.array([1.02, 0.97, 1.01, 0.99, 1.01])
    found = fit_power(x, 0.0832 * x**4.0 * noise)
    exponent, error = found.values[1], found.standard_errors[1]
    assert 0 < error < 0.15
    assert abs(exponent - 4) < 3 * error


def test_one_parameter_fit_of_an_exact_law_has_no_error():
    found = fit_scale([20, 40, 80], [0.0832 * n**4 for n in (20, 40, 80)], 4)
    assert found.values == pytest.approx((0.0832,))
    assert found.standard_errors[0] < 1e-12
    assert found.r_squared == pytest.approx(1)


def test_a_wrong_exponent_fits_worse():
    x, y = [20, 40, 80], [n**4.0 for n in (20, 40, 80)]
    assert fit_scale(x, y, 2).r_squared < 0.95 < fit_scale(x, y, 4).r_squared


def test_as_many_points_as_parameters_leave_no_error():
    found = fit_polynomial([1, 2], [3, 5], 1)
    assert math.isnan(found.standard_errors[0])
    assert found.to_dict()["standard_errors"] == [None, None]


@pytest.mark.parametrize(("x", "y"), [([1], [2]), ([1, 1], [2, 3]), ([1, 2], [1, 2, 3])])
def test_too_few_points_are_refused(x, y):
    with pytest.raises(ParameterError, match="no fit"):
        fit_polynomial(x, y, 1)


def test_a_power_law_needs_positive_numbers():
    with pytest.raises(ParameterError, match="need positive"):
        fit_power([0, 1], [1, 2])


def test_scale_map_measures_the_blocks_of_every_grain():
    grid = np.random.default_rng(0).integers(0, 2, (24, 24), dtype=np.uint8)
    found = scale_map(grid, buckets=7)
    assert found.grains == tuple(range(1, 13))
    graining = Graining(5, window="block")
    assert found.sizes[4] == measure_buckets(bucket(average(grid, graining), graining), 7)


def test_scale_map_of_exact_sums_takes_no_more_bytes_than_cells():
    grid = np.ones((40, 40), np.uint8)
    assert scale_map(grid, [1, 10, 20], measure="stored").bits == [1600, 8 * 16, 16 * 4]
    assert scale_map(grid, [20], measure="zlib").net_bits[0] >= 0
