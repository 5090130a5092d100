"""Light cones: against the naive twin, and where the answer is known."""

import math

import numpy as np
import pytest
from naive import coffee

from kolmo.automaton.lightcone import cone, light_cone_complexity
from kolmo.errors import ParameterError


def drawn(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, shape, dtype=np.uint8)


def test_plugin_information_equals_that_of_the_naive_twin():
    history = drawn((6, 7, 6))
    history[3] = history[2]
    found = light_cone_complexity(history, frame_time=1.0)
    assert found.plugin_bits == pytest.approx(coffee.information(history, 1))
    assert found.samples == 4 * 5 * 4


def test_noise_without_memory_has_no_information_beyond_the_bias():
    """5 bits of future, 6 of past, 19,220 samples: the standard error is about .002 bits."""
    found = light_cone_complexity(drawn((22, 31, 31)), frame_time=1.0, torus=True)
    assert found.bias_bits > 0.03
    assert abs(found.estimate_bits) < 0.02 < found.plugin_bits


def test_noise_at_rest_tells_all_of_the_future():
    history = np.repeat(drawn((1, 64, 64), 3), 6, axis=0)
    found = light_cone_complexity(history, frame_time=1.0, torus=True)
    assert found.plugin_bits == pytest.approx(5, abs=0.05)
    assert found.kind == "estimate"


def test_past_without_depth_is_the_cell_alone():
    history = np.repeat(drawn((1, 64, 64), 4), 3, axis=0)
    found = light_cone_complexity(history, frame_time=0.5, past_depth=0, torus=True)
    assert found.plugin_bits == pytest.approx(1, abs=0.01)
    assert found.frame_time == 0.5


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_cone_has_one_diamond_a_frame(depth):
    diamonds = sum(2 * j * (j + 1) + 1 for j in range(depth + 1))
    assert len(cone(depth, 1)) == len(set(cone(depth, 1))) == diamonds
    assert all(abs(row) + abs(column) <= -frame for frame, row, column in cone(depth, -1))


@pytest.mark.parametrize(
    ("shape", "depths", "words"),
    [
        ((9, 9, 9), (3, 1), "light cones out of range"),
        ((9, 9, 9), (-1, 1), "light cones out of range"),
        ((9, 9, 9), (1, 0), "light cones out of range"),
        ((2, 9, 9), (1, 1), "history too short"),
        ((9, 2, 9), (1, 1), "history too short"),
        ((9, 9), (1, 1), "history too short"),
    ],
)
def test_bad_histories_are_refused(shape, depths, words):
    with pytest.raises(ParameterError, match=words):
        light_cone_complexity(
            np.zeros(shape, np.uint8), frame_time=1, past_depth=depths[0], future_depth=depths[1]
        )


def test_formula_is_stated():
    found = light_cone_complexity(drawn((3, 5, 5)), frame_time=1.0)
    assert "H(past)" in found.formula
    wanted = found.plugin_bits - found.bias_bits
    assert math.isclose(found.to_dict()["estimate_bits"], wanted)
