"""Weights as whole numbers of a step: rounding, the trellis against exhaustive search, refusals."""

import random

import numpy as np
import pytest
from naive import scalemix as naive

from kolmo.errors import ParameterError
from kolmo.weights import quantising
from kolmo.weights.kernels.trellis import best_path, nearest_index, next_state, point
from kolmo.weights.kernels.trellis import points as kernel_points
from kolmo.weights.quantising import PIECE, dequantise, dequantised, quantise

BOTH = ("scalar", "trellis")
SOURCE = random.Random(7)
VALUES = [SOURCE.uniform(-9, 9) for _ in range(400)]
GRID = [n / 4 for n in range(-60, 61)]  # points, and the middles between them


def normals(count, seed=1):
    return np.random.default_rng(seed).standard_normal(count)


# --- the trellis, piece by piece


def test_states_follow_as_in_the_list():
    for state in range(8):
        for index in range(-5, 6):
            assert next_state(state, index) == naive.next_state(state, index)
    assert {after for row in naive.SUCCESSORS for after in row} == set(range(8))
    assert next_state(7, 1) == 7


@pytest.mark.parametrize("odd", [0, 1])
def test_points_are_whole_multiples_and_the_odd_states_keep_zero(odd):
    found = [point(index, odd) for index in range(-3, 4)]
    assert found == [naive.point(index, odd) for index in range(-3, 4)]
    assert found == ([-5, -3, -1, 0, 1, 3, 5] if odd else [-6, -4, -2, 0, 2, 4, 6])


@pytest.mark.parametrize("parity", [0, 1])
@pytest.mark.parametrize("odd", [0, 1])
def test_nearest_index_has_the_least_error_of_its_parity(odd, parity):
    for value in VALUES + GRID:
        index = nearest_index(value, odd, parity)
        assert index % 2 == parity
        assert (value - point(index, odd)) ** 2 == naive.least_error(value, odd, parity)


def test_points_of_a_row_are_those_of_the_twin():
    indices = [SOURCE.randrange(-4, 5) for _ in range(300)]
    for state in (0, 5):
        found = np.empty(300, np.int64)
        last = kernel_points(np.array(indices, np.int32), state, found)
        assert found.tolist() == naive.points(indices, state)
        for index in indices:
            state = naive.next_state(state, index)
        assert last == state


def test_the_twin_of_paths_is_right_about_rows_of_indices():
    for start in range(0, 40, 4):
        few = [value / 4 for value in VALUES[start : start + 4]]
        assert naive.least_path_error(few) == pytest.approx(naive.least_sequence_error(few, 3))


@pytest.mark.parametrize("count", [1, 2, 6, 8])
@pytest.mark.parametrize("state", range(8))
def test_best_path_has_the_least_error_of_all(count, state):
    for start in range(0, 120, 12):
        values = np.array(VALUES[start : start + count])
        indices, scratch = np.empty(count, np.int32), np.empty(count, np.uint8)
        last = best_path(values, 0.75, state, indices, scratch)
        errors = (values / 0.75 - naive.points(indices.tolist(), state)) ** 2
        least = naive.least_path_error((values / 0.75).tolist(), state)
        assert float(errors.sum()) == pytest.approx(least, rel=1e-12)
        for index in indices.tolist():
            state = naive.next_state(state, index)
        assert last == state


def test_quantise_begins_its_path_in_state_0():
    for start in range(0, 160, 8):
        values = np.array(VALUES[start : start + 8])
        found = dequantise(quantise(values, 0.5, "trellis"), 0.5, "trellis")
        least = naive.least_path_error((values / 0.5).tolist()) * 0.25
        assert float(((values - found) ** 2).sum()) == pytest.approx(least, rel=1e-12)


# --- both quantisers


def test_rounding_is_within_half_a_step():
    for step in (0.01, 0.37, 3.0):
        values = normals(5000)
        found = dequantise(quantise(values, step), step)
        assert float(np.abs(values - found).max()) <= step / 2 * (1 + 1e-12)


@pytest.mark.parametrize("step", [0.05, 0.2, 0.5])
def test_the_trellis_beats_the_spacing_it_replaces(step):
    """Each state has points two steps apart, as rounding to two steps has."""
    values = normals(20_000)
    errors = {
        name: float(((values - dequantise(quantise(values, width, name), width, name)) ** 2).mean())
        for name, width in (("trellis", step), ("scalar", 2 * step))
    }
    assert errors["scalar"] == pytest.approx(step**2 / 3, rel=0.06)
    assert errors["trellis"] < 0.82 * errors["scalar"]  # .86 dB; the limit is 1.53
    finest = float(((values - dequantise(quantise(values, step), step)) ** 2).mean())
    assert errors["trellis"] > 2 * finest  # all points at once would be another rate


@pytest.mark.parametrize("quantiser", BOTH)
def test_borders_of_pieces_are_not_seen(quantiser):
    count = 2 * PIECE + 77
    values = normals(count, 3)
    indices = quantise(values, 0.25, quantiser)
    found = dequantise(indices, 0.25, quantiser)
    whole = indices.tolist() if quantiser == "scalar" else naive.points(indices.tolist())
    assert np.array_equal(found, np.array(whole) * 0.25)
    assert np.array_equal(np.concatenate(list(dequantised(indices, 0.25, quantiser))), found)
    errors = (values - found) ** 2
    for border in (PIECE, 2 * PIECE):
        assert errors[border - 8 : border + 8].max() < 16 * errors.mean()
    assert np.array_equal(indices[:PIECE], quantise(values[:PIECE], 0.25, quantiser))


@pytest.mark.parametrize("quantiser", BOTH)
def test_float32_has_the_indices_of_the_same_doubles(quantiser):
    values = normals(3000).astype(np.float32)
    double = quantise(values.astype(np.float64), 0.03, quantiser)
    assert np.array_equal(quantise(values, 0.03, quantiser), double)
    assert double.dtype == np.int32


@pytest.mark.parametrize("quantiser", BOTH)
@pytest.mark.parametrize("count", [0, 1])
def test_very_few_weights(quantiser, count):
    indices = quantise(np.full(count, 0.9), 0.5, quantiser)
    assert indices.shape == (count,)
    assert dequantise(indices, 0.5, quantiser).tolist() == [1.0] * count


@pytest.mark.parametrize("quantiser", BOTH)
def test_zeros_and_equal_values_and_matrices(quantiser):
    assert not quantise(np.zeros(100), 0.1, quantiser).any()
    assert not quantise(-np.zeros(100), 0.1, quantiser).any()
    matrix = normals(60).reshape(5, 12)
    assert np.array_equal(
        quantise(matrix, 0.1, quantiser), quantise(matrix.reshape(-1), 0.1, quantiser)
    )
    found = dequantise(quantise(np.full(50, 0.3), 0.1, quantiser), 0.1, quantiser)
    assert float(np.abs(found - 0.3).max()) <= (0.06 if quantiser == "scalar" else 0.11)


# --- refusals


@pytest.mark.parametrize("quantiser", BOTH)
@pytest.mark.parametrize("step", [0.0, -0.0, -1.0, float("nan"), float("inf"), float("-inf")])
def test_a_step_that_is_no_positive_number_is_refused(step, quantiser):
    with pytest.raises(ParameterError, match="need a number above 0"):
        quantise(np.ones(3), step, quantiser)


@pytest.mark.parametrize("quantiser", BOTH)
@pytest.mark.parametrize("largest", [1.0, -3.7, 1e30, 1e-30, 9.99])
def test_a_step_too_fine_is_refused_with_one_that_is_not(largest, quantiser):
    values = np.array([0.0, largest])
    with pytest.raises(ParameterError, match="step too fine") as caught:
        quantise(values, abs(largest) / 2**30, quantiser)
    enough = float(str(caught.value).split("need at least ")[1].rstrip("."))
    assert enough < 1.02 * abs(largest) / 2**30
    found = dequantise(quantise(values, enough, quantiser), enough, quantiser)
    assert found[1] == pytest.approx(largest, rel=1e-8)


@pytest.mark.parametrize("quantiser", BOTH)
def test_infinite_weights_and_the_least_step_are_refused(quantiser):
    with pytest.raises(ParameterError, match="step too fine"):
        quantise(np.array([1.0, np.inf]), 0.1, quantiser)
    with pytest.raises(ParameterError, match="step too fine"):
        quantise(np.array([1e300]), 5e-324, quantiser)


def test_the_caller_sees_the_limit_that_the_kernel_needs():
    assert quantising.LARGEST_STEPS <= 1 << 30
    edge = (2**30 - 1) * 0.5
    assert quantise(np.array([edge, -edge]), 0.5).tolist() == [2**30 - 1, 1 - 2**30]
    for sign in (1, -1):
        indices = quantise(np.array([sign * edge]), 0.5, "trellis")
        assert dequantise(indices, 0.5, "trellis")[0] == pytest.approx(sign * edge, abs=1.0)
