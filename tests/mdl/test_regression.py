"""Targets predicted by sums of known columns: linear, polynomial and prequential."""

import math
import random
from fractions import Fraction

import numpy as np
import pytest
from naive import regression as naive
from predictions import column_of, features_of, require_errors_only, require_message

from kolmo.coding import laws
from kolmo.coding.continuous import Normal as NormalCode
from kolmo.coding.continuous import Student
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl import regression
from kolmo.mdl.families.normal import Normal
from kolmo.mdl.models.row_code import RowCode
from kolmo.mdl.models.subsets import best_subsets
from kolmo.mdl.predictors.linear import Linear
from kolmo.mdl.predictors.polynomial import Polynomial, chebyshev, in_powers
from kolmo.mdl.predictors.prequential import Prequential

PREDICTORS = [Linear, Polynomial, Prequential]
LINE = np.array([[1, 0], [1, 1], [1, 2], [1, 3], [1, 4]], float)
HEIGHTS = np.array([1, 3, 2, 5, 4], float)

# Wampler (1970): powers of 0 to 20, the last three with more and more noise
NOISE = [759, -2048, 2048, -2048, 2523, -2048, 2048, -2048, 1838, -2048, 2048]
NOISE += NOISE[-2::-1]
X = range(21)
Y1 = [sum(x**power for power in range(6)) for x in X]
WAMPLER = {
    "y1": Y1,
    "y2": [sum(x**power * 10 ** (5 - power) for power in range(6)) for x in X],
    "y3": [y + d for y, d in zip(Y1, NOISE, strict=True)],
    "y4": [y + 100 * d for y, d in zip(Y1, NOISE, strict=True)],
    "y5": [y + 10000 * d for y, d in zip(Y1, NOISE, strict=True)],
}


def normal_columns(rows, count, seed):
    """Return columns of normal numbers with 3 decimals."""
    return np.random.default_rng(seed).normal(size=(count, rows)).round(3)


def table(rows, count, seed=1):
    """Return features, and a target to which the first two of them tell something."""
    columns = normal_columns(rows, count, seed)
    noise = np.random.default_rng(seed + 1).normal(size=rows)
    target = np.rint(900 * columns[0] - 500 * columns[min(1, count - 1)] + 200 * noise)
    named = {f"x{i}": column.tolist() for i, column in enumerate(columns)}
    return features_of(**named), target.astype(np.int64)


def cases():
    """Return features and targets of many kinds."""
    source = random.Random(4)
    one = [source.randrange(400) for _ in range(40)]
    two = [source.gauss(0, 1) for _ in range(40)]
    late = [0] * 30 + [source.randrange(9) for _ in range(10)]
    features = features_of(one=one, two=two, twice=[2 * x for x in one], same=[1] * 40, late=late)
    noise = [source.randrange(-30, 30) for _ in one]
    return {
        "line": (features, [3 * x + d for x, d in zip(one, noise, strict=True)]),
        "exact": (features, [3 * x - 7 for x in one]),
        "unrelated": (features, noise),
        "new late": (features, [1000 * x + d for x, d in zip(late, noise, strict=True)]),
        "1e300": (features_of(x=one[:12]), [10**300 + 10**297 * x for x in one[:12]]),
        "beyond int64": (features, [2**62 * x + d for x, d in zip(one, noise, strict=True)]),
        "small steps": (features, [x // 100 for x in one]),
        "few rows": (features_of(x=[1.5, 2, 4, 8], z=[3, 1, 2, 5]), [2, 3, 7, 12]),
        "more features than rows": table(12, 30),
    }


CASES = cases()


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize("kind", CASES)
def test_messages_decode_and_have_the_length_they_say(make, kind):
    features, target = CASES[kind]
    predictor = make().given(features)
    members = predictor.fit_members(target)
    assert members
    for model in members:
        require_message(predictor, model, target)


@pytest.mark.parametrize("make", PREDICTORS)
def test_best_model_is_the_shortest_member(make):
    features, target = CASES["line"]
    predictor = make().given(features)
    best, members = predictor.fit(target), predictor.fit_members(target)
    assert (best.chosen, best.total_bits) == (members[0].chosen, members[0].total_bits)
    found = [predictor.complexity(chosen) for chosen in predictor.members(np.array(target))]
    assert found == sorted(set(found))


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize("kind", ["line", "1e300"])
def test_damaged_message_ends_in_a_column_or_an_error(make, kind):
    features, target = CASES[kind]
    predictor = make().given(features)
    require_errors_only(predictor, predictor.fit(target).encode(target), len(target))


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize("rows", [1, 2, 3, 40])
def test_no_usable_feature_is_refused(make, rows):
    predictor = make().given(features_of(a=["p"] * rows, b=[7] * rows))
    assert not predictor.fits(column_of(range(rows)))
    with pytest.raises(ParameterError, match="numeric features"):
        predictor.fit(range(rows))
    with pytest.raises(DecodeError):
        predictor.decode(bytes(range(60)), rows)


@pytest.mark.parametrize("make", PREDICTORS)
def test_fits_wants_different_numbers_and_a_few_rows(make):
    features, target = CASES["line"]
    predictor = make().given(features)
    assert predictor.fits(column_of(target))
    assert not predictor.fits(column_of([5] * 40))
    assert not predictor.fits(column_of(["up", "down"] * 20))
    assert not make().given(features_of(x=[1, 2])).fits(column_of([3, 4]))


@pytest.mark.parametrize("make", PREDICTORS)
def test_scaling_the_target_with_its_precision_changes_only_units(make):
    features, target = CASES["line"]
    predictor = make().given(features)
    once, tenfold = predictor.fit(target), predictor.fit([10 * y for y in target])
    assert tenfold.complexity == once.complexity
    rows = len(target)
    assert tenfold.total_bits - once.total_bits == pytest.approx(rows * math.log2(10), abs=12)


@pytest.mark.parametrize(
    ("kind", "degree"), [("y1", 5), ("y2", 5), ("y3", 5), ("y4", 3), ("y5", 0)]
)
def test_wampler_degrees(kind, degree):
    target = WAMPLER[kind]
    members = Polynomial().given(features_of(x=X)).fit_members(target)
    ranked = sorted([(model.total_bits, model.complexity) for model in members])
    best = min([*ranked, (Normal().fit(target).total_bits, 0)])
    assert best[1] == degree
    assert all(math.isfinite(bits) for bits, _ in ranked)


def test_wampler_noise_is_the_certified_one():
    columns = [[x**power for x in X] for power in range(1, 6)]
    assert sum(d * d for d in NOISE) == 83554268
    assert naive.square_left(columns, WAMPLER["y3"]) == pytest.approx(83554268, rel=1e-9)


def test_exact_polynomial_is_described_by_its_factors():
    y = [10**9 * (2 - 3 * x + x**3) for x in X]
    found = Polynomial().given(features_of(x=X)).fit(y).parameters
    assert found["degree"] == 3
    factors = {"intercept": 2e9, "x": -3e9, "x^2": 0, "x^3": 1e9}
    assert found["coefficients"] == pytest.approx(factors, rel=1e-6, abs=1e3)


def test_powers_are_those_of_the_chebyshev_polynomials():
    x = np.array([1900.0, 1925.0, 1950.0, 1975.0, 2000.0])
    factors = [3, -2, 5, 7]
    columns = chebyshev(x, 3)
    powers = in_powers(factors, x)
    for i, year in enumerate(x.tolist()):
        exact = sum(power * int(year) ** k for k, power in enumerate(powers))
        assert float(exact) == pytest.approx(
            sum(factor * float(column[i]) for factor, column in zip(factors, columns, strict=True))
        )


def test_degree_is_limited_by_setting_rows_and_different_values():
    y = [source % 7 for source in range(30)]
    few = features_of(x=[i % 4 for i in range(30)])
    assert max(m.complexity for m in Polynomial().given(few).fit_members(y)) == 3
    many = features_of(x=range(30))
    assert max(m.complexity for m in Polynomial(2).given(many).fit_members(y)) == 2
    short = features_of(x=range(5))
    assert max(m.complexity for m in Polynomial().given(short).fit_members([1, 5, 2, 8, 3])) == 3
    with pytest.raises(ParameterError, match="limit out of range"):
        Polynomial(0)


def test_polynomial_takes_the_feature_that_tells_most():
    bent = [(x - 50) ** 2 for x in range(100)]
    features = features_of(noise=normal_columns(100, 1, 3)[0].tolist(), x=range(100))
    found = Polynomial().given(features).fit(bent).parameters
    assert (found["feature"], found["degree"]) == ("x", 2)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_subsets_are_those_of_brute_force(count):
    columns = normal_columns(25, count, count)
    target = columns.sum(axis=0) + np.random.default_rng(9).normal(size=25)
    for size, close in enumerate(best_subsets([*columns], target, count), 1):
        found = naive.subsets(columns, target, size)
        for (square, places), subset in zip(found, close, strict=False):
            assert subset.columns == places
            assert subset.square == pytest.approx(square, rel=1e-9)


def test_subsets_of_dependent_columns_are_left_out():
    a, b, c = normal_columns(40, 3, 2)
    columns = [a, b, a + b, c, np.ones(40), 3 * a]
    target = 5 * a + 4 * b + c
    sizes = list(best_subsets(columns, target, 6))
    assert [len(close[0].columns) if close else 0 for close in sizes] == [1, 2, 3, 0, 0, 0]
    for close in sizes:
        for subset in close:
            design = np.column_stack([np.ones(40), *(columns[i] for i in subset.columns)])
            assert np.linalg.matrix_rank(design) == 1 + len(subset.columns)


def test_splicing_finds_the_columns_behind_a_decoy():
    columns = normal_columns(200, 30, 8)
    target = columns[3] + columns[7] + 0.05 * normal_columns(200, 1, 9)[0]
    columns[20] = target + 0.8 * normal_columns(200, 1, 10)[0]  # the best one alone
    sizes = [close[0] for close in best_subsets([*columns], target, 5)]
    assert sizes[0].columns == (20,)
    assert sizes[1].columns == (3, 7)
    assert sizes[1].square == pytest.approx(naive.square_left(columns[[3, 7]], target), rel=1e-9)


def test_splicing_leaves_dependent_columns_out():
    columns = normal_columns(60, 12, 5)
    doubled = [*columns, *(2 * columns)]
    sizes = list(best_subsets(doubled, columns.sum(axis=0), 24))
    assert len(sizes) <= 12
    for close in sizes:
        assert len({place % 12 for place in close[0].columns}) == len(close[0].columns)


@pytest.mark.parametrize(("count", "search"), [(4, "all subsets"), (23, "splicing")])
def test_linear_finds_the_features_that_tell_something(count, search):
    columns = normal_columns(150, count, 3)
    design = np.column_stack([np.ones(150), *columns])
    noise = 200 * normal_columns(150, 1, 4)[0]
    noise -= design @ np.linalg.lstsq(design, noise, rcond=None)[0]  # so the others tell nothing
    target = np.rint(900 * columns[0] - 500 * columns[1] + noise).astype(np.int64)
    features = features_of(**{f"x{i}": column.tolist() for i, column in enumerate(columns)})
    found = Linear().given(features).fit(target)
    assert found.parameters["features"] == ["x0", "x1"]
    assert found.parameters["search"] == search
    assert found.total_bits < Normal().fit(target).total_bits - 150


def test_dependent_and_constant_features_are_no_members():
    features, target = CASES["line"]
    members = [*Linear().given(features).members(np.array(target))]
    assert [len(chosen.features) for chosen in members] == [1, 2, 3]


def test_factors_predict_what_the_message_predicts():
    features, target = table(80, 3)
    predictor = Linear().given(features)
    for chosen in predictor.members(target):
        described = predictor.describe(chosen)["coefficients"]
        sums = np.full(80, described["intercept"])
        for name, factor in [*described.items()][1:]:
            sums += factor * features.numbers(int(name[1:]))
        predicted = predictor.known.basis(chosen.features).predict(chosen.fitted)
        assert np.abs(sums - predicted).max() < 0.5 + 1e-6


def test_fine_coordinates_are_the_factors_of_least_squares():
    features, target = table(80, 3)
    predictor = Linear().given(features)
    basis = predictor.known.basis((1, 2, 3))
    fine = np.rint(2.0**30 * (basis.rows @ target)).astype(np.int64)
    fitted = [*predictor.members(target)][-1].fitted
    fine_fitted = fitted._replace(exponent=-30, coordinates=tuple(fine.tolist()))
    found = basis.coefficients(fine_fitted)
    design = np.column_stack([np.ones(80), *(features.numbers(i) for i in range(3))])
    assert found == pytest.approx(np.linalg.lstsq(design, target, rcond=None)[0], rel=1e-6)


@pytest.fixture(scope="module")
def diabetes():
    """Give columns, their names, and the target of scikit-learn's table."""
    datasets = pytest.importorskip("sklearn.datasets")
    data = datasets.load_diabetes(scaled=False)
    return data.data.T, data.feature_names, data.target.astype(np.int64)


def test_diabetes_subsets(diabetes):
    columns, names, target = diabetes
    close = [*best_subsets([*columns], target.astype(float), 5)]
    squares = [1719581.8108, 1416694.0140, 1362708.6937, 1331431.4036, 1287881.1554]
    assert [found[0].square for found in close] == pytest.approx(squares, abs=1e-4)
    assert [names[place] for place in close[4][0].columns] == ["sex", "bmi", "bp", "s3", "s5"]


def test_diabetes_bic_picks_five(diabetes):
    columns, _, target = diabetes
    scores = []
    for close in best_subsets([*columns], target.astype(float), 10):
        chosen = columns[list(close[0].columns)]
        scores.append(regression.bic(np.column_stack([np.ones(len(target)), *chosen]), target))
    assert scores.index(min(scores)) == 4


def test_diabetes_messages_are_much_shorter_than_the_normal_one(diabetes):
    columns, names, target = diabetes
    features = features_of(**{name: c.tolist() for name, c in zip(names, columns, strict=True)})
    normal_bits = Normal().fit(target).total_bits
    for make in (Linear, Prequential):
        found = make().given(features).fit(target)
        assert {"sex", "bmi", "bp", "s5"} <= set(found.parameters["features"])
        assert found.total_bits < normal_bits - 150


@pytest.mark.parametrize("rows", [60, 400])
def test_prequential_has_the_length_of_the_predictive_density(rows):
    features, target = table(rows, 3, seed=rows)
    predictor = Prequential().given(features)
    for model in predictor.fit_members(target):
        chosen, start = model.chosen
        design = np.column_stack([np.ones(rows), *(features.numbers(i - 1) for i in chosen)])
        exact = regression.liang_barron_bits(design, target, start.rows)
        plain = predictor.data_code(model.chosen, rows)._plain
        first = plain.many(start.rows).codelength(target[: start.rows])
        assert model.data_bits - first == pytest.approx(exact, abs=2)


def test_prequential_members_start_at_the_same_row():
    features, target = table(60, 4)
    members = Prequential().given(features).fit_members(target)
    assert {model.parameters["first_rows"] for model in members} == {6}
    assert sorted(model.complexity for model in members) == [1, 2, 3, 4]


def test_prequential_refuses_long_columns():
    rows = 20_001
    predictor = Prequential().given(features_of(x=range(rows)))
    assert not predictor.fits(column_of(range(rows)))


@pytest.mark.parametrize("scale", [1, 2**23, 2**24 * 3, 2**33 + 2**20, 2**70])
def test_row_code_has_the_shares_of_the_table(scale):
    source = random.Random(scale)
    for code in (Student(12345, scale, 24, degrees=3), NormalCode(-(2**40) + 7, scale, 24)):
        row = RowCode(code)
        near = [code.anchor + round(source.gauss(0, 2) * scale / 2**24) for _ in range(30)]
        for value in [*near, code.anchor, code.anchor - 1, 10**9, -(10**30)]:
            assert row.intervals(value) == code.intervals(value)
            laws.check_identity(row, value)


def test_criteria_of_a_line():
    assert naive.square_left([LINE[:, 1]], HEIGHTS) == pytest.approx(3.6)
    assert regression.rnml(LINE, HEIGHTS) == pytest.approx(8.8436458929, abs=1e-10)
    assert regression.gmdl(LINE, HEIGHTS) == pytest.approx(5.1294112395, abs=1e-10)
    assert regression.bic(LINE, HEIGHTS) == pytest.approx(8.6875893672, abs=1e-10)
    assert regression.aicc(LINE, HEIGHTS) == pytest.approx(42.5468649972, abs=1e-10)


def test_predictive_bits_of_a_line():
    line_bits = regression.liang_barron_bits(LINE, HEIGHTS, 3)
    assert line_bits == pytest.approx(6.6604570835, abs=1e-10)
    level_bits = regression.liang_barron_bits(LINE[:, :1], HEIGHTS, 3)
    assert level_bits == pytest.approx(7.6638351163, abs=1e-10)


@pytest.mark.parametrize("late", [0, 3, 20])
def test_forecasts_are_those_of_exact_least_squares(late):
    """With columns that depend on others, one that is 0 at first, and many degrees of freedom."""
    from kolmo.mdl.kernels import LARGEST_STUDENT, forecast_rows

    source = random.Random(late)
    rows = [[1.0, source.randrange(-8, 9) / 8, source.random() * (i >= late)] for i in range(60)]
    rows = np.array([[*row, row[1] - row[0] / 2] for row in rows])
    heights = np.array([float(source.randrange(-99, 99)) for _ in rows])
    found = np.zeros((60, 3))
    forecast_rows(rows, heights, np.zeros((5, 5)), found)
    expected = np.array([*naive.forecasts(rows, heights, Fraction(1, 12))])
    many = expected[:, 2] >= LARGEST_STUDENT
    expected[many, 1] *= np.sqrt(expected[many, 2] / (expected[many, 2] - 2))
    assert found[:, 2].tolist() == expected[:, 2].tolist()
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert many.sum() == 9


def test_predictive_bits_are_those_of_students_densities():
    design = np.column_stack([np.ones(30), *normal_columns(30, 2, 6)])
    target = normal_columns(30, 1, 7)[0]
    expected = naive.predictive_bits(design, target, 5)
    assert regression.liang_barron_bits(design, target, 5) == pytest.approx(expected, abs=1e-9)


def test_rnml_picks_degree_five_for_wamplers_fifth():
    x = np.arange(21) / 20
    designs = [np.vander(x, degree + 1) for degree in range(6)]
    scores = [regression.rnml(design, WAMPLER["y5"]) for design in designs]
    assert scores.index(min(scores)) == 5


def test_gmdl_of_columns_that_tell_nothing_is_that_of_no_columns():
    target = np.array([1.0, -1, 1, -1, 1, -1])
    alone = 6 / 2 * math.log(1) + math.log(6) / 2
    assert regression.gmdl(np.ones((6, 1)), target) == pytest.approx(alone)


@pytest.mark.parametrize(
    ("design", "target", "complaint"),
    [
        (LINE, HEIGHTS[:4], "no regression"),
        (LINE[:2], HEIGHTS[:2], "no regression"),
        (LINE * math.nan, HEIGHTS, "no regression"),
        (np.ones((5, 2)), HEIGHTS, "dependent columns"),
        (LINE, 2 + 3 * LINE[:, 1], "no noise"),
    ],
)
def test_criteria_refuse_what_is_no_regression(design, target, complaint):
    for criterion in (regression.rnml, regression.gmdl, regression.bic, regression.aicc):
        with pytest.raises(ParameterError, match=complaint):
            criterion(design, target)
