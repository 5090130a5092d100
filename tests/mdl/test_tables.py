"""Classes by the levels of features, and values by groups: what is chosen, and its message."""

import random
from pathlib import Path

import numpy as np
import pytest
from naive import discretising as naive
from predictions import column_of, require_errors_only, require_message, told

from kolmo.coding import laws
from kolmo.coding.urn import KT, Succession
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.models.tables import (
    Some,
    Table,
    count_table,
    few_levels,
    nml_table_bits,
)
from kolmo.mdl.predictors import parents as parents_module
from kolmo.mdl.predictors.groups import Groups
from kolmo.mdl.predictors.parents import Parents

ADMISSIONS = Path(__file__).parent.parent / "data" / "ucb_admissions.csv"
MIN_GAIN_BITS = 6.64


@pytest.fixture(scope="module")
def admissions():
    """Give gender, department and admission of each applicant."""
    lines = ADMISSIONS.read_text().split()[1:]
    gender, dept, admit = zip(*(line.split(",") for line in lines), strict=True)
    found = told(Parents(), gender=gender, dept=dept)
    return found, [["yes", "no"].index(word) for word in admit]


def nml_bits(codes, number, classes):
    """Return the NML length of classes in contexts."""
    return float(nml_table_bits(count_table(codes, number, np.array(classes), 2)).sum())


def test_admissions_are_those_of_1973(admissions):
    predictor, admit = admissions
    contexts = predictor.features.levels(0).codes
    assert len(admit) == 4526
    counts = count_table(contexts, 2, np.array(admit), 2)
    assert sorted(counts.ravel().tolist()) == [557, 1198, 1278, 1493]


def test_nml_lengths_of_admissions(admissions):
    predictor, admit = admissions
    (gender, _), (dept, names) = (predictor.features.levels(i) for i in range(2))
    assert nml_bits(0 * dept, 1, admit) == pytest.approx(4366.4793, abs=1e-4)
    assert nml_bits(gender, 2, admit) == pytest.approx(4304.4625, abs=1e-4)
    assert nml_bits(dept, 6, admit) == pytest.approx(3773.8099, abs=1e-4)
    assert nml_bits(2 * dept + gender, 12, admit) == pytest.approx(3781.0132, abs=1e-4)
    only = np.where(dept == names.index("A"), 6 + gender, dept)
    assert nml_bits(only, 8, admit) == pytest.approx(3763.7544, abs=1e-4)


def test_admissions_depend_on_the_department(admissions):
    predictor, admit = admissions
    models = predictor.fit_members(admit)
    first, second = models[:2]
    chosen = [model.parameters for model in (first, second)]
    assert sorted(len(parameters["parents"]) for parameters in chosen) == [1, 2]
    assert {"parents": ["dept"]}.items() <= next(p for p in chosen if "only_in" not in p).items()
    assert {"only_in": {"dept": ["A"]}}.items() <= next(p for p in chosen if "only_in" in p).items()
    assert second.total_bits - first.total_bits < MIN_GAIN_BITS
    gender = predictor.data_code(first.chosen._replace(parents=(1,), first=0, only=0), len(admit))
    assert gender.codelength(np.array(admit)) > first.data_bits + 500


def test_messages_of_admissions_decode(admissions):
    predictor, admit = admissions
    for model in predictor.fit_members(admit):
        require_message(predictor, model, admit)


def test_description_says_what_was_searched(admissions):
    predictor, admit = admissions
    assert predictor.fit(admit).parameters["search"] == "all subsets"


def test_table_is_one_urn_for_each_context():
    rng = np.random.default_rng(1)
    contexts, classes = rng.integers(0, 3, 200), rng.integers(0, 4, 200)
    for step, urn in ((2, KT), (1, Succession)):
        parts = [classes[contexts == context] for context in range(3)]
        bits = sum(urn(4, part.size).codelength(part) for part in parts)
        assert Table(contexts, 3, 4, step).codelength(classes) == pytest.approx(bits, abs=1e-9)


@pytest.mark.parametrize("step", [1, 2])
def test_table_has_the_shares_of_its_twin(step):
    rng = random.Random(step)
    contexts = [rng.randrange(4) for _ in range(150)]
    classes = [rng.choice([0, 1, 1, 2, 4]) for _ in contexts]
    code = Table(np.array(contexts), 5, 5, step)
    found = [
        shares
        for block in code.blocks(np.array(classes))
        for shares in zip(block.starts, block.frequencies, block.totals, strict=True)
    ]
    assert found == list(naive.table_shares(contexts, classes, 5, step))
    bits = naive.table_bits(contexts, classes, 5, step)
    assert code.codelength(np.array(classes)) == pytest.approx(bits, abs=1e-9)
    counts = count_table(np.array(contexts), 5, np.array(classes), 5)
    assert counts.tolist() == naive.counts_of(contexts, 5, classes, 5)


def test_table_keeps_the_laws_of_codes():
    rng = np.random.default_rng(2)
    contexts, classes = rng.integers(0, 5, 400), rng.integers(0, 3, 400)
    for step in (1, 2):
        code = Table(contexts, 6, 3, step)
        laws.check_identity(code, classes)
        laws.check_boundary(code, classes)
        laws.check_stack(code, classes)
        laws.check_overhead(code, classes)


def test_table_is_a_code_of_all_sequences():
    contexts = np.array([0, 1, 0, 1, 1])
    for step in (1, 2):
        code = Table(contexts, 2, 2, step)
        every = [np.array([i >> j & 1 for j in range(5)]) for i in range(32)]
        assert laws.check_kraft(code, every) == pytest.approx(1)


def test_some_features_are_a_code_of_all_choices():
    every = [(1,), (2,), (3,), (1, 2), (1, 3), (2, 3)]
    assert laws.check_kraft(Some(3, 2), every) == pytest.approx(1)
    for chosen in every:
        laws.check_identity(Some(3, 2), chosen)
    with pytest.raises(ParameterError, match="out of range"):
        Some(3, 2).codelength((1, 2, 3))


def test_too_large_a_table_is_refused():
    with pytest.raises(DecodeError, match="a table"):
        Table(np.zeros(2, np.int64), 1 << 20, 8, 1)


def random_table(count, rows=300, seed=5):
    """Return features of three levels, and classes that depend on the second and the last."""
    rng = np.random.default_rng(seed)
    columns = rng.integers(0, 3, (count, rows))
    classes = ((columns[1] + columns[-1]) % 3 == 0) ^ (rng.random(rows) < 0.05)
    return {f"f{i}": column.tolist() for i, column in enumerate(columns)}, classes.astype(int)


def test_all_subsets_are_searched():
    columns, classes = random_table(4)
    predictor = told(Parents(), **columns)
    least = naive.fewest_table_bits([*columns.values()], classes.tolist(), 2)
    found = {
        model.complexity: model.data_bits
        for model in predictor.fit_members(classes)
        if not model.chosen.first
    }
    assert found == pytest.approx({number: least[number] for number in found})
    assert predictor.fit(classes).parameters["parents"] == ["f1", "f3"]


def test_greedy_search_goes_on_from_the_best(monkeypatch):
    columns, _ = random_table(6, rows=900)
    classes = (np.array(columns["f1"]) + columns["f5"] > 2).astype(int)
    monkeypatch.setattr(parents_module, "_LARGEST_COUNT", 6)
    predictor = told(Parents(), **columns)
    best = predictor.fit(classes)
    assert best.parameters["search"].startswith("all subsets of up to 1, then one more")
    assert best.parameters["parents"] == ["f1", "f5"]
    require_message(predictor, best, classes.tolist())


def test_parent_that_counts_in_one_level_only():
    rng = np.random.default_rng(9)
    a, b = rng.integers(0, 5, 3000), rng.integers(0, 4, 3000)
    classes = np.where(a == 2, b % 2, a % 2) ^ (rng.random(3000) < 0.1)
    predictor = told(Parents(), a=["uvwxy"[i] for i in a], b=b.tolist())
    best = predictor.fit(classes)
    assert best.parameters["only_in"] == {"a": ["w"]}
    assert best.parameters["contexts"] == 8
    require_message(predictor, best, classes.tolist())
    require_errors_only(predictor, best.encode(classes), 3000)


def test_columns_of_many_levels_are_no_parents():
    predictor = told(Parents(), x=range(100), y=[i % 2 for i in range(100)], z=["a"] * 100)
    assert few_levels(predictor.features) == [1]
    assert predictor.fits(column_of(["yes", "no"] * 50))
    assert not predictor.fits(column_of(["yes"] * 100))
    assert not told(Parents(), x=range(100)).fits(column_of(["yes", "no"] * 50))


def test_missing_cells_are_a_level():
    cells = ["", "1", "2"] * 40
    predictor = told(Parents(), x=cells)
    classes = [int(cell == "") for cell in cells]
    best = predictor.fit(classes)
    assert best.parameters["contexts"] == 3
    require_message(predictor, best, classes)


def test_classes_may_be_numbers_from_anywhere_on():
    predictor = told(Parents(), x=[0, 1, 2] * 30)
    best = predictor.fit([-5, -4, -3] * 30)
    assert best.parameters["lowest"] == -5
    require_message(predictor, best, [-5, -4, -3] * 30)


@pytest.mark.parametrize("predictor", [Parents(), Groups()])
def test_message_without_such_features_is_refused(predictor):
    alone = told(predictor, x=range(100))
    for message in (b"", b"\x00" * 9, b"\xf0\x13\x5a\xff\x10\x99"):
        with pytest.raises(DecodeError):
            alone.decode(message, 100)
    with pytest.raises(ParameterError):
        alone.fit([0, 1] * 50)


def test_groups_have_their_own_levels():
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, 600)
    values = np.rint(rng.normal(np.array([0, 500, 900])[codes], 20)).astype(int)
    predictor = told(Groups(), f=["abc"[i] for i in codes], g=rng.integers(0, 4, 600).tolist())
    assert predictor.fits(column_of(values))
    best = predictor.fit(values)
    described = best.parameters["groups"]
    assert best.parameters["features"] == ["f"]
    assert described["b"]["location"] == pytest.approx(500, abs=5)
    assert described["c"]["scale"] == pytest.approx(20, abs=4)
    require_message(predictor, best, values.tolist())
    require_errors_only(predictor, best.encode(values), 600)


def test_pairs_of_levels_are_groups():
    rng = np.random.default_rng(4)
    f, g = rng.integers(0, 3, 2000), rng.integers(0, 2, 2000)
    values = np.rint(rng.normal(300 * f * g, 15)).astype(int)
    predictor = told(Groups(), f=f.tolist(), g=[["no", "yes"][i] for i in g])
    members = list(predictor.members(values))
    assert [predictor.complexity(member) for member in members] == [1, 2]
    best = predictor.fit(values)
    assert best.parameters["features"] == ["f", "g"]
    assert best.parameters["groups"]["2 & yes"]["location"] == pytest.approx(600, abs=5)
    for model in predictor.fit_members(values):
        require_message(predictor, model, values.tolist())


@pytest.mark.parametrize(
    "values",
    [
        [3, 9] * 5,
        [10**40, 10**40 + 7] * 5,
        [10**300, 10**300 + 10**290] * 5,
        [-(2**63), 2**63 - 1] * 5,
        [5, 5, 5, 5, 5, 5, 5, 5, 5, 6],
    ],
)
def test_groups_of_any_numbers_decode(values):
    predictor = told(Groups(), f=["a", "b"] * 5, g=["x"] * 9 + ["y"])
    for model in predictor.fit_members(values):
        require_message(predictor, model, values)
