"""The peers of the automaton's benchmark do what kolmo does: else their times mean nothing."""

import importlib
import random
import shutil
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from naive import dynamics as naive

from kolmo.bench.harness import Comparison, Sample, Timing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def case(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.cases.automaton")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_c_loop_follows_the_twin(case):
    grid = np.repeat(np.array([[1], [1], [0], [0], [0]], np.uint8), 7, axis=1)
    state, pairs = np.array([1, 2, 3, 4], np.uint64), naive.slots(5, 7, torus=False)
    draws = naive.xoshiro([1, 2, 3, 4])
    halves = [half for draw in islice(draws, 500) for half in (draw & 0xFFFFFFFF, draw >> 32)]
    expected = grid.ravel().tolist()
    swaps = naive.exclude(expected, pairs, [half * len(pairs) >> 32 for half in halves])
    cells = case.padded(grid)
    assert case.compiled_loop()(cells.ctypes.data, 5, 7, 500, state.ctypes.data) == swaps
    assert (cells[:35] & 1).tolist() == expected


def test_the_python_loop_conserves_cream_and_mixes(case):
    cells = [[1] * 8] * 4 + [[0] * 8] * 4
    cells = [list(row) for row in cells]
    assert case.python_loop(cells, 20_000, random.Random(1)) > 1000
    assert sum(map(sum, cells)) == 32
    assert 4 < sum(map(sum, cells[:4])) < 28


def test_rates_count_events_and_ratios_are_for_an_event(case):
    loads = [case.Load("ours", 10, lambda: None), case.Load("peer", 5, lambda: None)]
    timings = (Timing("ours", (Sample(2.0),)), Timing("peer", (Sample(2.0),)))
    compared = Comparison("peer", "wall_seconds", timings)
    row = case.row_of("x", loads[0], compared, loads)
    assert (row["per_second"], row["ratio_median"]) == (5.0, 0.5)
