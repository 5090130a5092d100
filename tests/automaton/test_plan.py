"""A run step by step: pauses, further times, threads, and other measures on its way."""

import numpy as np
import pytest

import kolmo.automaton
from kolmo.automaton import plan as module
from kolmo.automaton.checkpoint import dump
from kolmo.automaton.ensembles import peaks
from kolmo.automaton.lightcone import light_cones
from kolmo.automaton.plan import make_plan
from kolmo.automaton.scales import scale_map, scale_maps, usual_grains
from kolmo.errors import MemoryLimitError, ParameterError
from kolmo.registry import rules

SMALL = {"size": 12, "seed": 3, "samples": 4}


@pytest.mark.parametrize("rule", rules.own_names())
def test_a_run_cut_in_a_pause_goes_on_as_if_nothing_had_happened(rule, monkeypatch):
    plan = make_plan(rule, **SMALL)
    wanted = list(plan.rows())
    monkeypatch.setattr(module, "CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(module, "FIRST_CHUNK", 20)
    steps = [(step.row, dump(step.state)) for step in plan.steps()]
    assert [row for row, _ in steps if row] == wanted
    pauses = [place for place, (row, _) in enumerate(steps) if row is None]
    assert pauses
    for place in pauses[:: max(len(pauses) // 4, 1)]:
        known = [row for row, _ in steps[:place] if row]
        assert list(plan.rows(steps[place][1], known)) == wanted


@pytest.mark.parametrize("jobs", [2, 3])
def test_rows_are_the_same_for_any_number_of_jobs(jobs):
    plan = make_plan(**SMALL, two_part=True)
    assert [step.row for step in plan.steps(jobs=jobs) if step.row] == list(plan.rows())


def test_further_times_are_samples_too():
    plan = make_plan(**SMALL, time=40, also=(1.5, 10, 0))
    assert plan.schedule.targets == (0, 432, 2880, 5760, 8640, 11520)
    with pytest.raises(ParameterError, match="time after the end"):
        make_plan(**SMALL, time=40, also=(41,))


def test_graining_changes_fields_of_the_default():
    found = make_plan(**SMALL, graining={"buckets": 4}).graining
    assert (found.buckets, found.grain) == (4, make_plan(**SMALL).graining.grain)


def test_scale_maps_are_those_of_the_grids():
    plan = make_plan(**SMALL)
    maps = list(scale_maps(plan, [1, 3, 5], jobs=2))
    assert [clocks.picks for clocks, _ in maps] == list(plan.schedule.targets)
    for (_, found), (_, state) in zip(maps, plan.states(), strict=True):
        assert found == scale_map(state.grid, [1, 3, 5])
    with pytest.raises(ParameterError, match="grains out of range"):
        scale_maps(plan, [13])


def test_usual_grains_end_at_half_of_the_side():
    assert [usual_grains(side)[-1] for side in (3, 12, 64)] == [1, 6, 32]


def test_light_cones_are_the_same_for_any_number_of_jobs_and_leave_the_run_alone():
    plan = make_plan(**SMALL)
    one, two = (list(light_cones(plan, frames=4, jobs=jobs)) for jobs in (1, 2))
    assert one == two
    assert [clocks.picks for clocks, _ in one] == list(plan.schedule.targets)
    assert {found.kind for _, found in one} == {"estimate"}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"frames": 2}, ParameterError, "history too short"),
        ({"frame_time": 0.001}, ParameterError, "no time between frames"),
        ({"past_depth": 4}, ParameterError, "light cones out of range"),
        ({"frames": 10**8}, MemoryLimitError, "too many frames"),
    ],
    ids=str,
)
def test_bad_cones_are_refused_before_the_run(options, error, message):
    with pytest.raises(error, match=message):
        light_cones(make_plan(**SMALL), **options)


def test_known_runs_of_a_scan_are_not_done_again():
    wanted = list(peaks([5, 6], 2, rule="noninteracting", seed=1))
    marked = wanted[1]._replace(max_entropy_bits=-1.0)
    found = list(peaks([5, 6], 2, rule="noninteracting", seed=1, known=[marked]))
    assert found == [wanted[0], marked, *wanted[2:]]


def test_public_names_are_resolved():
    for name in kolmo.automaton.__all__:
        assert callable(getattr(kolmo.automaton, name))
    with pytest.raises(AttributeError, match="nonsense"):
        kolmo.automaton.nonsense  # noqa: B018
    assert kolmo.automaton.run(size=4, seed=1, samples=1).rows[0].picks == 0


def test_labels_of_rules_hold_settings():
    assert make_plan("stirred:amplitude=2:period=.5", **SMALL).rule.amplitude == 2
    for label, message in (
        ("stirred:amplitude=2.5", "whole number"),
        ("stirred:amplitud=2", "Did you mean 'amplitude'"),
        ("stirred:boundary=3", "given twice"),
        ("stirred:period=x", "malformed"),
    ):
        with pytest.raises(ParameterError, match=message):
            make_plan(label, **SMALL)


def test_cropped_blocks_are_said():
    found = kolmo.automaton.run(**SMALL, graining={"window": "block", "grain": 5})
    assert "cropped" in [caution.code for caution in found.cautions]
    whole = kolmo.automaton.run(**SMALL, graining={"window": "block", "grain": 4})
    assert "cropped" not in [caution.code for caution in whole.cautions]
    assert np.isfinite(whole.peak.complexity.bits)
