"""The contract of a family: its messages decode to the column, and have the lengths it says."""

import math
import random

import numpy as np
import pytest

from kolmo.coding import laws
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.values import column_values, to_values
from kolmo.registry import Registry
from kolmo.table import Texts, analyse_column

FAMILIES = Registry("family", "kolmo.mdl.families", "kolmo.families")
SHIPPED = {"categorical", "changepoint", "histogram", "laplace", "logistic", "markov"}
SHIPPED |= {"normal", "student"}
SYMBOLIC = {"categorical", "markov"}  # for short ranges only

_random = random.Random(3)
COLUMNS = {
    "constant": [7] * 50,
    "one row": [-3],
    "one huge row": [10**40],
    "two rows": [5, 9],
    "two equal rows": [0, 0],
    "random": [_random.randrange(40) for _ in range(300)],
    "negative": [-1000 - _random.randrange(9) for _ in range(60)],
    "rare": [0] * 200 + [1] + [0] * 200,
    "level shift": [3, 5, 4, 2] * 10 + [93, 95, 94, 92] * 10,
    "huge, close together": [10**30 + _random.randrange(20) for _ in range(40)],
    "edges of int64": [-(2**63), 2**63 - 1, 0, 5],
    "beyond int64": [2**63, 2**63 + 1, -1],
    "heavy tails": [0, 1, -1, 2, 10**6] * 20,
    "far apart": [_random.choice([1, -1]) * 10 ** _random.randrange(80) for _ in range(40)],
    "400 digits": [10**399 + 12345, -(10**399), 3],
}
WIDE = {"edges of int64", "beyond int64", "heavy tails", "far apart", "400 digits"}


def cases():
    """Yield every family with each of its examples, and a column."""
    for name in FAMILIES.own_names():
        for example in FAMILIES.examples(name):
            for kind in COLUMNS:
                if name not in SYMBOLIC or kind not in WIDE:
                    yield pytest.param(name, example, kind, id=f"{name}-{example}-{kind}")


def test_shipped_families_are_registered():
    assert set(FAMILIES.own_names()) == SHIPPED


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_decodes_and_has_the_length_it_says(name, example, kind):
    family, values = FAMILIES.make(name, **example), COLUMNS[kind]
    model = family.fit(values)
    message = model.encode(values)
    assert family.decode(message, len(values)).tolist() == values
    assert 8 * len(message) <= math.ceil(model.total_bits) + 16
    assert min(model.parameters_bits, model.data_bits) >= 0
    assert model.encode(values) == message


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_ends_where_its_decoder_ends(name, example, kind):
    family, values = FAMILIES.make(name, **example), to_values(COLUMNS[kind])
    column = (family.choose(values), values)
    code = family.code(len(values))
    framed = laws.RangeEncoder()
    code.encode(column, framed)
    code.encode(column, framed)
    decoder = laws.RangeDecoder(framed.finish())
    assert [code.decode(decoder)[1].tolist() for _ in range(2)] == [values.tolist()] * 2
    decoder.finish()


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_damaged_message_ends_in_a_column_or_an_error(name):
    family, rng = FAMILIES.make(name), random.Random(5)
    message = bytearray(family.fit(COLUMNS["random"]).encode(COLUMNS["random"]))
    for _ in range(60):
        damaged = bytearray(message)
        damaged[rng.randrange(min(len(damaged), 24))] = rng.randrange(256)
        del damaged[rng.randrange(1, len(damaged) + 1) :]
        try:
            assert len(family.decode(bytes(damaged), 300)) == 300
        except DecodeError:
            continue


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_no_rows_are_refused(name):
    with pytest.raises(ParameterError, match="0 rows"):
        FAMILIES.make(name).fit([])


@pytest.mark.parametrize("name", sorted(SYMBOLIC))
def test_wide_range_is_refused_by_symbols(name):
    column = analyse_column(Texts.of([b"0", b"1000000"]))
    assert not FAMILIES.make(name).fits(column)
    with pytest.raises(ParameterError, match="too many symbols"):
        FAMILIES.make(name).fit(column_values(column))


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_families_say_what_they_fit(name):
    family = FAMILIES.make(name)
    assert family.fits(analyse_column(Texts.of([b"1.5", b"2", b"NA"])))
    labels = analyse_column(Texts.of([b"red", b"blue", b"red"]))
    assert family.fits(labels) == (name in SYMBOLIC)


@pytest.mark.parametrize("name", sorted(SHIPPED - SYMBOLIC))
def test_moving_a_column_changes_only_its_parameters(name):
    values = np.array(COLUMNS["random"])
    near, far = (FAMILIES.make(name).fit(values + move) for move in (0, 1 << 20))
    assert far.data_bits == pytest.approx(near.data_bits, abs=3)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("markov", {"limit": -1}),
        ("histogram", {"cells": 0}),
        ("changepoint", {"minimum": 0}),
    ],
)
def test_settings_out_of_range_are_refused(name, settings):
    with pytest.raises(ParameterError, match="out of range"):
        FAMILIES.make(name, **settings)


def test_values_that_are_no_integers_are_refused():
    with pytest.raises(ParameterError, match="no column of integers"):
        FAMILIES.make("normal").fit(np.array([0.5, 1.0]))
