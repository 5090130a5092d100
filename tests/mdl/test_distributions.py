"""The distributions from an origin upwards, and the uniform one, against their textbook formulas.

Columns are exact quantiles, rounded: no seeds, and the same on every machine.
"""

import hashlib
import math
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy import stats

from kolmo.coding.classes import class_table
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.shaped import Member
from kolmo.registry import Registry
from kolmo.table import Texts, analyse_column

FAMILIES = Registry("family", "kolmo.mdl.families", "kolmo.families")
CONTINUOUS = ("exponential", "gamma", "lognormal")
COUNTS = ("poisson", "geometric", "negative_binomial")
SHAPED = CONTINUOUS + COUNTS
ALL = ("uniform", *SHAPED)


def make(name):
    return FAMILIES.make(name)


def textbook(name, found):
    """Return scipy's distribution of the distances from the origin, with these parameters."""
    match name:
        case "uniform":
            return stats.randint(0, found["highest"] - found["lowest"] + 1)
        case "exponential":
            return stats.expon(scale=found["mean"])
        case "gamma":
            return stats.gamma(found["shape"], scale=found["sd"] ** 2 / found["mean"])
        case "lognormal":
            return stats.lognorm(found["sigma"], scale=found["median"])
        case "poisson":
            return stats.poisson(found["mean"])
        case "geometric":
            return stats.geom(1 / (1 + found["mean"]), loc=-1)
        case _:
            return stats.nbinom(found["size"], found["mean"] / found["sd"] ** 2)


def ideal_bits(law, distances, discrete):
    """Return -log2 of the probability of integers, by differences where it is a density."""
    if discrete:
        return -law.logpmf(distances) / math.log(2)
    low, high = np.maximum(distances - 0.5, 0), distances + 0.5
    upper = low > law.median()
    masses = np.where(upper, law.sf(low) - law.sf(high), law.cdf(high) - law.cdf(low))
    return -np.log2(masses)


def quantiles(law, rows):
    return np.rint(law.ppf((np.arange(rows) + 0.5) / rows)).astype(np.int64)


@dataclass(frozen=True)
class Case:
    """A family, a distribution of it, and its parameters in the family's words."""

    name: str
    law: Any
    parameters: dict[str, float]


CASES = [
    Case("uniform", stats.randint(300, 1301), {"lowest": 300, "highest": 1300}),
    Case("exponential", stats.expon(scale=5000), {"mean": 5000}),
    Case("gamma", stats.gamma(3, scale=400), {"mean": 1200, "sd": 400 * math.sqrt(3)}),
    Case("gamma", stats.gamma(0.5, scale=10**6), {"mean": 5e5, "sd": 5e5 * math.sqrt(2)}),
    Case("lognormal", stats.lognorm(0.8, scale=3000), {"median": 3000, "sigma": 0.8}),
    Case("poisson", stats.poisson(3), {"mean": 3}),
    Case("geometric", stats.geom(1 / 31, loc=-1), {"mean": 30}),
    Case(
        "negative_binomial", stats.nbinom(3, 3 / 63), {"mean": 60, "sd": math.sqrt(1260), "size": 3}
    ),
]
NARROW = [
    Case("exponential", stats.expon(scale=0.8), {}),
    Case("gamma", stats.gamma(0.7, scale=0.9), {}),
    Case("lognormal", stats.lognorm(0.4, scale=1.7), {}),
    Case("poisson", stats.poisson(0.05), {}),
    Case("geometric", stats.geom(0.9, loc=-1), {}),
    Case("negative_binomial", stats.nbinom(0.3, 0.3), {}),
]


def named(case):
    return case.name


@pytest.mark.parametrize("case", CASES, ids=named)
def test_parameters_are_recovered(case):
    found = make(case.name).fit(quantiles(case.law, 100_000)).parameters
    assert found.get("origin", 0) == 0
    for key, value in case.parameters.items():
        assert found[key] == pytest.approx(value, rel=0.03), key


@pytest.mark.parametrize("case", CASES + NARROW, ids=named)
def test_data_bits_are_the_likelihood_of_the_described_parameters(case):
    values = quantiles(case.law, 1000)
    model = make(case.name).fit(values)
    origin = model.parameters.get("origin", model.parameters.get("lowest"))
    law = textbook(case.name, model.parameters)
    ideal = ideal_bits(law, values - origin, case.name in (*COUNTS, "uniform")).sum()
    assert model.data_bits == pytest.approx(ideal, abs=0.2)


@pytest.mark.parametrize("case", CASES + NARROW, ids=named)
def test_parameters_as_sent_lose_little(case):
    """Against the true parameters, which pay nothing: at most some bits for two of them."""
    values = quantiles(case.law, 1000)
    model = make(case.name).fit(values)
    ideal = ideal_bits(case.law, values, case.name in (*COUNTS, "uniform")).sum()
    assert model.data_bits <= ideal + 6


@pytest.mark.parametrize("case", CASES, ids=named)
def test_normal_distribution_is_longer_on_their_own_data(case):
    values = quantiles(case.law, 1000)
    assert make(case.name).fit(values).total_bits < make("normal").fit(values).total_bits - 6.64


def test_skewed_families_are_longer_on_normal_data():
    """The twin: none of them wins where it should not."""
    values = quantiles(stats.norm(0, 1000), 1000)
    normal = make("normal").fit(values).total_bits
    assert all(make(name).fit(values).total_bits > normal for name in CONTINUOUS)


PLACES = {
    "exponential": [(3, 100, 0)],
    "gamma": [(3, 100, 9), (0, 8, 1), (10, 20_000, 100_000_000)],
    "lognormal": [(4, 250, 100), (2, 60, 160)],
    "poisson": [(3, 0, 90), (8, 0, 300_000)],
    "geometric": [(3, 170, 0), (2, 20, 0)],
    "negative_binomial": [(4, 190, 15), (2, 20, 1), (10, 15_387, 32_768), (20, 15_728_644, 2**25)],
}


def described(name, place):
    family = make(name)
    return family.shape(Located(0, *place)), family.describe(Member(0, Located(0, *place)))


@pytest.mark.parametrize(("name", "place"), [(name, p) for name in PLACES for p in PLACES[name]])
def test_each_value_has_its_textbook_length(name, place):
    """Far from what a fit would find, too: very narrow, and nearly Poisson's distribution."""
    family = make(name)
    _, found = described(name, place)
    law = textbook(name, found)
    likely = np.unique(np.rint(law.ppf(np.linspace(0.001, 0.999, 99))).astype(np.int64))
    ideal = ideal_bits(law, likely, name in COUNTS)
    code = family.data_code(Member(0, Located(0, *place)), 1)
    lengths = [code.codelength(np.array([value])) for value in likely]
    assert np.abs(lengths - ideal).max() < 0.15
    assert np.sum(2.0**-ideal * (lengths - ideal)) < 1e-3


def test_shares_are_those_of_this_format():
    """Another digest means that old files no longer decode: raise the container's format."""
    digest = hashlib.sha256()
    for name in PLACES:
        for place in PLACES[name]:
            for column in class_table(described(name, place)[0]):
                digest.update(column.astype("<i8").tobytes())
    assert digest.hexdigest()[:16] == "3e5869684e8f4fed"


@pytest.mark.parametrize("case", [c for c in CASES if c.name not in COUNTS], ids=named)
def test_a_finer_unit_costs_its_digits(case):
    values = quantiles(case.law, 1000)
    coarse, fine = (make(case.name).fit(values * factor).data_bits for factor in (1, 10))
    assert fine - coarse == pytest.approx(1000 * math.log2(10), abs=4)


COLUMNS = {
    "two rows": [5, 9],
    "small spread": [7] * 50 + [8] * 3 + [9],
    "rare": [0] * 400 + [1] * 2 + [3],
    "negative": [-1008 + (i * i) % 11 for i in range(60)],
    "huge origin": [10**30 + (i * i) % 23 for i in range(40)],
    "fair": [(i * i) % 41 for i in range(300)],
    "one far": [0] * 99 + [10**6],
    "close beside 10**9": [10**9 + (i * i) % 53 for i in range(100)],
}
POISSON_LIKE = {"small spread"}  # counts that vary no more than Poisson's


def cases():
    for name in ALL:
        for kind in COLUMNS:
            if name != "negative_binomial" or kind not in POISSON_LIKE:
                yield pytest.param(name, kind, id=f"{name}-{kind}")


@pytest.mark.parametrize(("name", "kind"), [*cases()])
def test_message_decodes_and_has_the_length_it_says(name, kind):
    family, values = make(name), COLUMNS[kind]
    model = family.fit(values)
    message = model.encode(values)
    assert family.decode(message, len(values)).tolist() == values
    assert -8 < 8 * len(message) - model.total_bits <= 17
    assert min(model.parameters_bits, model.data_bits) >= 0


@pytest.mark.parametrize("case", CASES, ids=named)
def test_long_message_decodes(case):
    values = quantiles(case.law, 100_000)
    model = make(case.name).fit(values)
    message = model.encode(values)
    assert np.array_equal(make(case.name).decode(message, values.size), values)
    assert abs(8 * len(message) - model.total_bits) <= 16


def test_many_distinct_values_are_fitted_without_a_search():
    values = quantiles(stats.gamma(3, scale=10**9), 70_000)
    found = make("gamma").fit(values).parameters
    assert found["shape"] == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("name", ALL)
def test_damaged_message_ends_in_a_column_or_an_error(name):
    family, source = make(name), random.Random(5)
    message = family.fit(COLUMNS["fair"]).encode(COLUMNS["fair"])
    for _ in range(60):
        damaged = bytearray(message)
        damaged[source.randrange(12)] = source.randrange(256)
        del damaged[source.randrange(1, len(damaged) + 1) :]
        for payload in (bytes(damaged), source.randbytes(source.randrange(40))):
            try:
                assert len(family.decode(payload, 300)) == 300
            except DecodeError:
                continue


def test_parameters_without_a_distribution_are_refused():
    """Less variance than Poisson's: a mean of 64 and a deviation of 1."""
    family = make("negative_binomial")
    code = family.data_code(Member(0, Located(0, 0, 6, 64)), 3)
    with pytest.raises(ParameterError, match="no distribution"):
        code.codelength(np.array([1, 2, 3]))


@pytest.mark.parametrize("name", SHAPED)
@pytest.mark.parametrize("values", [[7, 7, 7], [0, 2**59], [-(2**70), 2**70]])
def test_unsuitable_values_are_refused(name, values):
    with pytest.raises(ParameterError, match=r"no \w+ model: got"):
        make(name).fit(values)


def test_counts_of_little_variance_are_no_negative_binomial():
    with pytest.raises(ParameterError, match="Try poisson"):
        make("negative_binomial").fit([10, 11, 12] * 30)


def test_uniform_range_may_have_any_size():
    values = [0, 10**400, 5]
    model = make("uniform").fit(values)
    assert model.data_bits == pytest.approx(3 * 400 * math.log2(10), abs=1e-3)
    assert make("uniform").decode(model.encode(values), 3).tolist() == values
    assert make("uniform").fit([4, 4]).data_bits == 0


def fitting(*texts):
    """Return the names of the families that fit a column."""
    column = analyse_column(Texts.of([text.encode() for text in texts]))
    return {name for name in ALL if make(name).fits(column)}


def test_families_say_what_they_fit():
    assert fitting("red", "blue", "red") == set()
    assert fitting("0", "3", "NA", "2") == set(ALL)
    assert fitting("1.5", "2") == {"uniform", *CONTINUOUS}
    assert fitting("-1", "2") == {"uniform", *CONTINUOUS}
    assert fitting("0", str(2**31)) == set(ALL)
    assert fitting("0", str(2**31 + 1)) == {"uniform", *CONTINUOUS}
    assert fitting("0", str(2**59)) == {"uniform"}
    assert fitting("6", "6") == set()
    assert fitting(str(10**30), str(10**30 + 1)) == {"uniform", *CONTINUOUS}


@pytest.mark.parametrize("name", ALL)
def test_units_are_keys_of_the_description(name):
    model = make(name).fit(COLUMNS["fair"])
    assert set(make(name).in_units) <= set(model.parameters)
    assert "shape" not in make(name).in_units


@pytest.mark.parametrize(
    ("name", "count"), [("uniform", 2), ("exponential", 1), ("gamma", 2), ("poisson", 1)]
)
def test_an_origin_of_zero_is_no_fitted_number(name, count):
    family, values = make(name), np.array(COLUMNS["fair"])
    assert family.free_parameters(family.choose(values)) == count
    moved = family.choose(values - 1000)
    assert family.free_parameters(moved) == count + (name != "uniform")
