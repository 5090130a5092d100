"""Scaling laws: the right form is found, its numbers are close, and its messages decode.

The fixtures are tests/data/scaling_*.csv. N of 'offset' and 'power' are 25 numbers from 1e6 to
1e10, evenly spaced in their logarithm and rounded to integers; L is 1.69 + 406.4 N^-.34 and
(8.8e13 / N)^.076, to 3 decimals. 'additive' and 'kaplan' have each of 10 such N from 1e7 to 1e10
with each of 6 such D from 1e9 to 10^11.5; L is 1.69 + 406.4 N^-.34 + 410.7 D^-.28, and
((8.8e13 / N)^(.076 / .095) + 5.4e13 / D)^.095, plus normal noise of standard deviation .003.
'outliers' is 'offset' with 48 N and noise of .01, where 2 to 20 was added to 6 of the rows.
"""

import math
import random
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from kolmo.data import MemoryInput
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.families.normal import Normal
from kolmo.mdl.features import features_text, read_features
from kolmo.mdl.models.axes import linear_axis, power_axis
from kolmo.mdl.models.form import PORTABLE, QUICK, columns
from kolmo.mdl.models.laws import FORMS
from kolmo.mdl.models.values import column_values
from kolmo.mdl.predictors.scaling import Scaling
from kolmo.table import read_table

DATA = Path(__file__).parent.parent / "data"
FIXTURES = ("offset", "power", "additive", "kaplan", "outliers")
MARGIN_BITS = 6.64
UNIT = 1e-3

X = [round(10 ** (place / 10), 3) for place in range(1, 41)]
MADE = {
    "power": [3000 * x**0.5 for x in X],
    "power + offset": [5000 + 9000 * x**-0.7 for x in X],
    "exponential": [50000 * math.exp(-0.0003 * x) for x in X],
    "exponential + offset": [700 + 50000 * math.exp(-0.002 * x) for x in X],
    "logarithm": [1000 + 1234 * math.log(x) for x in X],
    "log-quadratic": [5000 * x ** (0.9 - 0.08 * math.log(x)) for x in X],
}
GRID = [(n, d) for n in X[::4] for d in X[1::7]]
ALIKE = [500 + 9000 * n**-0.4 + 4000 * d**-0.4 for n, d in GRID]


class Twice(Scaling):
    """The same with twice as many starts, on a grid twice as dense."""

    effort = 2


@cache
def fixture(name):
    """Return the features of a fixture, and the target in units of .001."""
    return parsed((DATA / f"scaling_{name}.csv").read_bytes())


def parsed(text):
    """Return the features of a CSV, and the target at its precision."""
    table = read_table(MemoryInput(text))
    *names, target = table.names
    known = read_features(features_text(table, names), names)
    return known, column_values(table.column(target))


def features(*rows_of, names="xyz"):
    """Return features with these numbers."""
    texts = [[str(number).encode() for number in column] for column in rows_of]
    text = b"".join(b",".join(cells) + b"\n" for cells in zip(*texts, strict=True))
    return read_features(text, list(names[: len(rows_of)]))


def made(name):
    """Return features and target of data made from a form."""
    if name == "E + A/N^a + B/D^a":
        return features(*zip(*GRID, strict=True)), np.rint(ALIKE).astype(np.int64)
    return features(X), np.rint(MADE[name]).astype(np.int64)


@cache
def members(name):
    """Return the models of a fixture, the shortest first."""
    known, values = fixture(name)
    return Scaling().given(known).fit_members(values)


def best_of(name, form):
    """Return the model of a form."""
    return next(model for model in members(name) if model.parameters["form"] == form)


def test_power_and_offset_are_found_by_over_200_bits():
    best = members("offset")[0]
    assert best.parameters["form"] == "power + offset"
    assert Normal().fit(fixture("offset")[1]).total_bits - best.total_bits > 200
    assert best.parameters["exponents"]["b"] == pytest.approx(-0.34, abs=0.003)
    assert best.parameters["factors"]["c"] * UNIT == pytest.approx(1.69, abs=0.003)
    assert best.parameters["factors"]["a"] * UNIT == pytest.approx(406.4, rel=0.03)


def test_power_does_not_lose_on_exact_powers():
    assert best_of("power", "power").total_bits <= members("power")[0].total_bits + MARGIN_BITS
    found = best_of("power", "power").parameters
    assert found["exponents"]["b"] == pytest.approx(-0.076, abs=1e-4)
    assert found["factors"]["a"] * UNIT == pytest.approx(8.8e13**0.076, rel=1e-3)


def test_sum_of_two_powers_is_found_with_its_exponents():
    best = members("additive")[0]
    assert best.parameters["form"] == "E + A/N^a + B/D^b"
    assert best.parameters["features"] == ["N", "D"]
    assert members("additive")[1].total_bits > best.total_bits + MARGIN_BITS
    assert best.parameters["exponents"]["a"] == pytest.approx(0.34, abs=0.03)
    assert best.parameters["exponents"]["b"] == pytest.approx(0.28, abs=0.03)
    assert best.parameters["factors"]["E"] * UNIT == pytest.approx(1.69, abs=0.03)


def test_equation_of_kaplan_is_found_with_its_numbers():
    best = members("kaplan")[0]
    assert best.parameters["form"] == "Kaplan 1.5"
    assert best.parameters["features"] == ["N", "D"]
    assert members("kaplan")[1].total_bits > best.total_bits + MARGIN_BITS
    a_n, a_d, m = (best.parameters["exponents"][letter] for letter in ("a_N", "a_D", "M"))
    factor = best.parameters["factors"]["C"] * UNIT
    assert a_n == pytest.approx(0.076, abs=0.003)
    assert a_d == pytest.approx(0.095, abs=0.003)
    assert math.log(m) + math.log(factor) / a_n == pytest.approx(math.log(8.8e13), abs=1)
    assert math.log(factor) / a_d == pytest.approx(math.log(5.4e13), abs=1)


def test_kaplans_formula_as_written_gives_the_target():
    known, values = fixture("kaplan")
    found = best_of("kaplan", "Kaplan 1.5").parameters
    a_n, a_d, m = (found["exponents"][letter] for letter in ("a_N", "a_D", "M"))
    n, d = known.numbers(0), known.numbers(1)
    written = found["factors"]["C"] * ((m / n) ** (a_n / a_d) + 1 / d) ** a_d
    assert np.abs(written - values).max() < 12


def test_outliers_do_not_decide():
    best = best_of("outliers", "power + offset")
    assert members("outliers")[0] is best
    assert best.parameters["exponents"]["b"] == pytest.approx(-0.34, abs=0.03)
    assert best.parameters["factors"]["c"] * UNIT == pytest.approx(1.69, abs=0.02)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("power", {"b": 0.5, "a": 3000}),
        ("power + offset", {"b": -0.7, "a": 9000, "c": 5000}),
        ("exponential", {"b": -0.0003, "a": 50000}),
        ("exponential + offset", {"b": -0.002, "a": 50000, "c": 700}),
        ("logarithm", {"a": 1000, "b": 1234}),
        ("log-quadratic", {"a": 5000, "b": 0.9, "c": -0.08}),
        ("E + A/N^a + B/D^a", {"a": 0.4, "E": 500, "A": 9000, "B": 4000}),
    ],
)
def test_form_and_its_numbers_are_found_in_data_made_from_it(name, wanted):
    known, values = made(name)
    found = Scaling().given(known).fit(values).parameters
    assert found["form"] == name
    told = {**found["exponents"], **found["factors"]}
    assert told == pytest.approx(wanted, rel=0.01)


def test_every_form_is_a_member_of_some_column():
    found = {model.parameters["form"] for name in FIXTURES for model in members(name)}
    assert found == {form.name for form in FORMS}


@pytest.mark.parametrize("name", FIXTURES)
def test_message_of_every_form_decodes_and_has_its_length(name):
    known, values = fixture(name)
    for model in members(name):
        message = model.encode(values)
        assert Scaling().given(known).decode(message, values.size).tolist() == values.tolist()
        assert 8 * len(message) <= math.ceil(model.total_bits) + 16
        assert min(model.parameters_bits, model.data_bits) >= 0


@pytest.mark.parametrize("name", ["offset", "kaplan"])
def test_damaged_message_ends_in_a_column_or_an_error(name):
    (known, values), rng = fixture(name), random.Random(3)
    receiver = Scaling().given(known)
    for model in members(name):
        for _ in range(40):
            message = bytearray(model.encode(values))
            message[rng.randrange(min(len(message), 20))] = rng.randrange(256)
            del message[rng.randrange(1, len(message) + 1) :]
            try:
                assert len(receiver.decode(bytes(message), values.size)) == values.size
            except DecodeError:
                continue


@pytest.mark.parametrize("name", FIXTURES)
def test_twice_the_starts_find_no_shorter_code(name):
    known, values = fixture(name)
    more = Twice().given(known).fit(values)
    assert more.total_bits > members(name)[0].total_bits - 1e-6


@pytest.mark.parametrize("name", ["offset", "additive"])
def test_scaling_the_target_with_its_precision_changes_nothing(name):
    text = (DATA / f"scaling_{name}.csv").read_text()
    head, *rows = text.splitlines()
    cut = [row.rsplit(",", 1) for row in rows]
    tenfold = [f"{first},{int(last.replace('.', '')) / 100:.2f}" for first, last in cut]
    known, values = parsed("\n".join([head, *tenfold, ""]).encode())
    best = Scaling().given(known).fit(values)
    assert best.chosen == members(name)[0].chosen
    assert best.total_bits == members(name)[0].total_bits


def test_unit_of_a_feature_does_not_change_the_form():
    _, values = fixture("offset")
    n = [int(x * 1000) for x in fixture("offset")[0].numbers(0)]
    best = Scaling().given(features(n)).fit(values)
    assert best.parameters["form"] == "power + offset"
    assert best.total_bits == pytest.approx(members("offset")[0].total_bits, abs=2)


def test_two_features_are_found_among_others():
    known, values = fixture("additive")
    n, d = known.numbers(0), known.numbers(1)
    idle = [[(7 * i * i + k * i) % 61 + 1 for i in range(60)] for k in range(2)]
    given = features(idle[0], n.astype(int), idle[1], d.astype(int), names="pnqd")
    best = Scaling().given(given).fit(values)
    assert best.parameters["features"] == ["n", "d"]


def test_many_rows_are_searched_by_some_and_decoded_whole():
    x = [1 + i % 997 for i in range(6000)]
    values = np.array([round(4000 * v**-0.5 + 100) + (i * i) % 7 for i, v in enumerate(x)])
    receiver = Scaling().given(features(x))
    best = receiver.fit(values)
    assert best.parameters["form"] == "power + offset"
    assert best.parameters["exponents"]["b"] == pytest.approx(-0.5, abs=0.01)
    assert receiver.decode(best.encode(values), 6000).tolist() == values.tolist()


@pytest.mark.parametrize("factor", [120, 120 * 10**270])
def test_numbers_beyond_64_bits_are_no_obstacle(factor):
    n = [3 * 10**k for k in range(6, 14)]
    values = [factor * number**2 for number in n]
    receiver = Scaling().given(features(n))
    best = receiver.fit(values)
    assert best.parameters["formula"] == "a x^2"
    assert best.parameters["factors"]["a"] == pytest.approx(factor)
    assert receiver.decode(best.encode(values), len(n)).tolist() == values


def test_features_that_are_not_positive_have_exponentials_only():
    known = features([-2, -1, 0, 1, 2, 3])
    found = Scaling().given(known).fit_members(np.array([100, 200, 401, 800, 1600, 3199]))
    assert {model.parameters["form"] for model in found} <= {"exponential", "exponential + offset"}
    assert found[0].parameters["exponents"]["b"] == pytest.approx(math.log(2), rel=0.01)


def test_without_a_varied_feature_there_is_no_law():
    receiver = Scaling().given(features([5, 5, 5]))
    with pytest.raises(ParameterError, match="no numeric feature"):
        receiver.fit([1, 2, 3])
    with pytest.raises(DecodeError):
        receiver.decode(b"\x01\x02\x03", 3)


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_slopes_are_the_differences_of_powers(form):
    axis = power_axis if form.logarithmic else linear_axis
    axes = [axis(np.array(x)) for x in ([1.0, 3.0, 4.0, 9.0], [2.0, 50.0, 3.0, 8.0])]
    sent, step = [0.7, 0.4, 0.3][: form.exponents], 1e-6
    slopes = form.slopes(sent, axes, QUICK)
    for place in range(form.exponents):
        ends = [[s + side * step * (i == place) for i, s in enumerate(sent)] for side in (-1, 1)]
        low, high = (form.powers(end, axes, PORTABLE) for end in ends)
        for column, row in enumerate(slopes):
            wanted = (high[column] - low[column]) / (2 * step)
            told = 0 if row[place] is None else row[place]
            assert np.abs(wanted - told).max() < 1e-8


def test_exponent_that_overflows_is_refused():
    axis = power_axis(np.array([1.0, 1024.0]))
    with pytest.raises(DecodeError, match="out of range"):
        columns(FORMS[0], [103.0], [axis])
    assert columns(FORMS[0], [102.0], [axis])[0].tolist() == [2.0**-510, 2.0**510]
