"""Cuts of a feature, for classes and for values: the published ones, the best, and the message."""

import math
from itertools import combinations

import numpy as np
import pytest
from naive import discretising as naive
from predictions import column_of, require_errors_only, require_message, told

from kolmo.coding import laws
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.models.discretised import Cuts, Scale, best_divisions
from kolmo.mdl.predictors import modl as modl_module
from kolmo.mdl.predictors.mdlp import Mdlp
from kolmo.mdl.predictors.modl import Modl, log2_factorials, modl_nats
from kolmo.mdl.predictors.step import Step

IRIS_CUTS = [[5.55, 6.15], [2.95, 3.35], [2.45, 4.75], [0.8, 1.75]]


def noisy_classes(rows=200, seed=1):
    """Return a feature of one decimal, noise, and classes that change with the feature."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows).round(1)
    classes = (x > 0.3).astype(int) + (x > 1.2)
    classes = np.where(rng.random(rows) < 0.1, rng.integers(0, 3, rows), classes)
    return x.tolist(), rng.normal(size=rows).round(2).tolist(), classes


def groups_of(x, classes):
    """Return the classes of each value of a feature, ascending."""
    pairs = list(zip(x, np.asarray(classes).tolist(), strict=True))
    return [[c for value, c in pairs if value == distinct] for distinct in sorted(set(x))]


def test_published_criterion_of_no_cut():
    assert modl_nats([[50, 50, 50]]) == pytest.approx(173.945453, abs=1e-6)


def test_published_criterion_of_two_intervals_by_hand():
    # ln 4 + ln C(5, 1) + 2 (ln C(3, 1) + ln 1)
    assert modl_nats([[2, 0], [0, 2]]) == pytest.approx(math.log(4 * 5 * 3 * 3))


@pytest.mark.parametrize("counts", [[], [1, 2], [[0, 0]], [[-1, 2]], [[0.5, 1.0]]])
def test_published_criterion_needs_counts(counts):
    with pytest.raises(ParameterError, match="counts of classes"):
        modl_nats(counts)


@pytest.mark.parametrize("feature", range(4))
def test_entropy_cuts_of_iris_are_the_published_ones(feature):
    iris = pytest.importorskip("sklearn.datasets").load_iris()
    predictor = told(Mdlp(), x=iris.data[:, feature].tolist())
    best = predictor.fit(iris.target)
    assert best.parameters["cuts"] == IRIS_CUTS[feature]
    require_message(predictor, best, iris.target.tolist())


def test_petal_width_tells_most_of_iris():
    iris = pytest.importorskip("sklearn.datasets").load_iris()
    columns = {name: column.tolist() for name, column in zip("abcd", iris.data.T, strict=True)}
    for predictor in (Mdlp(), Modl()):
        best = told(predictor, **columns).fit(iris.target).parameters
        assert (best["feature"], best["cuts"]) == ("d", [0.8, 1.75])


def test_entropy_says_nothing_of_noise():
    _, noise, classes = noisy_classes()
    with pytest.raises(ParameterError, match="no cut"):
        told(Mdlp(), x=noise).fit(classes)
    assert told(Mdlp(), x=noise).fit_members(classes) == []


@pytest.mark.parametrize("number", [2, 3, 4])
def test_best_cuts_are_the_best_of_all(number):
    x, _, classes = noisy_classes(60)
    models = told(Modl(), x=x).fit_members(classes)
    found = next(model for model in models if model.complexity == number)
    costs = naive.interval_costs(groups_of(x, classes), 3)
    assert found.data_bits == pytest.approx(naive.fewest_bits(costs, number))


@pytest.mark.parametrize("seed", range(4))
def test_intervals_cost_what_their_twins_say(seed):
    from kolmo.mdl.kernels import best_split, interval_costs

    x, _, classes = noisy_classes(60, seed)
    groups = groups_of(x, classes)
    costs, factorials = np.full((len(groups),) * 2, np.inf), log2_factorials(63)
    counts = np.array([[group.count(c) for c in range(3)] for group in groups])
    interval_costs(counts, factorials, costs)
    expected = np.array(naive.interval_costs(groups, 3))
    assert np.allclose(costs, expected, atol=1e-9)
    first, last = 3, len(groups) - 2
    scale = Scale(np.array(x))
    split = best_split(classes[scale.order], scale.starts, (first, last), factorials, 3)
    inside = expected[first:last, first:last]
    assert naive.cuts_bits(inside, [split - first]) == pytest.approx(naive.fewest_bits(inside, 2))


@pytest.mark.parametrize("seed", range(8))
def test_entropy_cuts_are_those_of_their_twin(seed):
    from kolmo.mdl.kernels import entropy_cuts

    x, noise, classes = noisy_classes(150, seed)
    counts = np.arange(151.0)
    products = counts * np.log2(np.maximum(1.0, counts))
    for feature in (x, noise):
        scale = Scale(np.array(feature))
        marks = np.zeros(scale.places + 1, np.bool_)
        entropy_cuts(classes[scale.order], scale.starts, products, 3, marks)
        assert np.flatnonzero(marks).tolist() == naive.entropy_cuts(groups_of(feature, classes))


def test_cuts_that_tell_are_found_among_features():
    x, noise, classes = noisy_classes()
    for predictor in (told(Modl(), noise=noise, x=x), told(Mdlp(), noise=noise, x=x)):
        best = predictor.fit(classes)
        assert best.parameters["feature"] == "x"
        assert best.parameters["cuts"] == pytest.approx([0.3, 1.2], abs=0.3)
        for model in predictor.fit_members(classes):
            require_message(predictor, model, classes.tolist())
        require_errors_only(predictor, best.encode(classes), len(classes))


def test_members_have_one_more_interval_each():
    x, noise, classes = noisy_classes()
    predictor = told(Modl(), noise=noise, x=x)
    found = [predictor.complexity(member) for member in predictor.members(classes)]
    assert found == [*range(2, 2 + len(found))]
    assert predictor.fit(classes).total_bits == predictor.fit_members(classes)[0].total_bits


def test_merged_bins_find_the_same_cuts(monkeypatch):
    rng = np.random.default_rng(2)
    x = rng.permutation(5000)
    classes = (x > 1234).astype(int) + (x > 3210)
    exact = told(Modl(), x=x.tolist()).fit(classes)
    classes[rng.random(5000) < 0.1] = 0
    full = told(Modl(), x=x.tolist()).fit(classes)
    monkeypatch.setattr(modl_module, "LARGEST_BINS", 100)
    merged = told(Modl(), x=x.tolist()).fit(classes)
    assert exact.parameters["cuts"] == [1234.5, 3210.5]
    assert merged.parameters["search"] == "all places, or 100 bins first"
    assert merged.total_bits == pytest.approx(full.total_bits, abs=1e-6)


def test_discretised_classes_need_different_numbers():
    classes = column_of(["a", "b"] * 10)
    for predictor in (Modl(), Mdlp()):
        assert not told(predictor, x=[7] * 20).fits(classes)
        assert not told(predictor, x=["u", "v"] * 10).fits(classes)
        assert told(predictor, x=range(20)).fits(classes)
        assert not told(predictor, x=range(20)).fits(column_of(["a"] * 20))


@pytest.mark.parametrize("predictor", [Modl(), Mdlp(), Step()])
def test_message_without_numbers_is_refused(predictor):
    alone = told(predictor, x=["a", "b"] * 10)
    for message in (b"", b"\x00" * 9, b"\xf0\x13\x5a\xff\x10\x99"):
        with pytest.raises(DecodeError):
            alone.decode(message, 20)
    with pytest.raises(ParameterError):
        alone.fit([0, 1] * 10)


def test_cuts_are_a_code_of_all_sets():
    every = [cuts for n in range(1, 5) for cuts in combinations(range(1, 5), n)]
    assert laws.check_kraft(Cuts(4), every) < 1
    for cuts in every:
        laws.check_identity(Cuts(4), cuts)


def test_rows_of_one_value_stay_together_and_in_order():
    scale = Scale(np.array([2.0, 1.0, 2.0, 0.5]))
    assert scale.order.tolist() == [3, 1, 0, 2]
    assert scale.intervals((2,)).tolist() == [1, 0, 1, 0]
    assert scale.lengths((1, 2)) == (1, 1, 2)
    assert scale.midpoints((1, 2)) == [0.75, 1.5]


def test_best_divisions_add_up_the_fewest_bits():
    rng = np.random.default_rng(6)
    costs = rng.random((6, 6)) * 100
    found = {len(cuts) + 1: cuts for _, cuts in best_divisions(costs, 5, range(6))}
    for number, cuts in found.items():
        assert naive.cuts_bits(costs, cuts) == pytest.approx(naive.fewest_bits(costs, number))


def stepped(rows=300, seed=8):
    """Return a shuffled feature with ties, noise, and values in three levels of the feature."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 40, rows) / 2
    levels = np.where(x < 6, 100, np.where(x < 14, 400, 250))
    values = np.rint(rng.normal(levels, np.where(x < 6, 5, 25))).astype(int)
    return x.tolist(), rng.normal(size=rows).round(3).tolist(), values


def test_steps_are_found_along_a_shuffled_feature():
    x, noise, values = stepped()
    predictor = told(Step(), noise=noise, x=x)
    assert predictor.fits(column_of(values))
    best = predictor.fit(values)
    assert best.parameters["feature"] == "x"
    assert best.parameters["cuts"] == [5.75, 13.75]
    assert best.complexity == 2
    assert best.parameters["segments"][1]["location"] == pytest.approx(400, abs=10)
    for model in predictor.fit_members(values):
        require_message(predictor, model, values.tolist())
    require_errors_only(predictor, best.encode(values), len(values))


def test_steps_become_more():
    x, noise, values = stepped()
    predictor = told(Step(), noise=noise, x=x)
    found = [predictor.complexity(member) for member in predictor.members(values)]
    assert found == sorted(set(found))
    assert found[:3] == [1, 2, 3]


def test_intervals_have_the_least_number_of_rows():
    x = [*range(100)]
    values = [0, 1] * 48 + [90, 91, 90, 92]
    assert told(Step(2), x=x).fit(values).parameters["cuts"] == [95.5]
    for model in told(Step(10), x=x).fit_members(values):
        assert min(np.diff([0, *model.parameters["cuts"], 100])) >= 9
    with pytest.raises(ParameterError, match="no step"):
        told(Step(51), x=x).fit(values)
    with pytest.raises(ParameterError, match="minimum out of range"):
        Step(0)


def test_many_different_values_are_cut_exactly_where_the_level_changes():
    rng = np.random.default_rng(3)
    x = rng.permutation(5000)
    values = np.rint(rng.normal(np.where(x < 1777, 0, 300), 20)).astype(int)
    best = told(Step(), x=x.tolist()).fit(values)
    assert best.parameters["cuts"] == [1776.5]


@pytest.mark.parametrize(
    "values",
    [
        [3] * 10 + [9] * 11,
        [10**40] * 10 + [10**40 + 7] * 11,
        [10**300] * 10 + [10**300 + 10**290] * 11,
        [-(2**63)] * 10 + [2**63 - 1] * 11,
        [5] * 20 + [10**30],
    ],
)
def test_steps_of_any_numbers_decode(values):
    predictor = told(Step(), x=range(21))
    for model in predictor.fit_members(values):
        require_message(predictor, model, values)
