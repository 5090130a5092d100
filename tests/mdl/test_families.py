"""The contract of a family: its messages decode to the column, and have the lengths it says."""

import math
import random
from functools import cache

import numpy as np
import pytest

from kolmo.coding import laws
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.models.values import column_values, to_values
from kolmo.registry import Registry
from kolmo.table import Texts, analyse_column

FAMILIES = Registry("family", "kolmo.mdl.families", "kolmo.families")
NAMES = FAMILIES.own_names()
SYMBOLIC = {"categorical", "markov"}  # for short ranges only, labels too

_random = random.Random(3)
COLUMNS = {
    "random": [_random.randrange(40) for _ in range(300)],
    "constant": [7] * 50,
    "one row": [-3],
    "one huge row": [10**40],
    "two rows": [5, 9],
    "two equal rows": [0, 0],
    "negative": [-1000 - _random.randrange(9) for _ in range(60)],
    "rare": [0] * 200 + [1] + [0] * 200,
    "level shift": [3, 5, 4, 2] * 10 + [93, 95, 94, 92] * 10,
    "counts": [sum(_random.random() < 0.02 for _ in range(100)) for _ in range(150)],
    "skewed": [round(math.exp(_random.gauss(5, 1))) for _ in range(120)],
    "bimodal": [round(_random.gauss(mean, 4)) for mean in (100, 180) for _ in range(60)],
    "row numbers": [*range(1, 101)],
    "descending": [*range(900, -900, -17)],
    "huge, equally far apart": [10**30 + 10**25 * i for i in range(30)],
    "huge, close together": [10**30 + _random.randrange(20) for _ in range(40)],
    "edges of int64": [-(2**63), 2**63 - 1, 0, 5],
    "beyond int64": [2**63, 2**63 + 1, -1],
    "heavy tails": [0, 1, -1, 2, 10**6] * 20,
    "far apart": [_random.choice([1, -1]) * 10 ** _random.randrange(80) for _ in range(40)],
    "400 digits": [10**399 + 12345, -(10**399), 3],
}
FEWEST_COLUMNS = 3


def column_of(numbers, *more):
    """Return the column that a file with these numbers, and perhaps other cells, has."""
    return analyse_column(Texts.of([*(str(number).encode() for number in numbers), *more]))


READ = {kind: column_of(numbers) for kind, numbers in COLUMNS.items()}


def kinds_of(family):
    """Return the columns that a family has a model for, the first ones first."""
    return [kind for kind, column in READ.items() if family.fits(column)]


def cases():
    """Yield every family with each of its examples, and each column that it fits."""
    for name in NAMES:
        for example in FAMILIES.examples(name):
            for kind in kinds_of(FAMILIES.make(name, **example)):
                yield pytest.param(name, example, kind, id=f"{name}-{example}-{kind}")


@cache
def fitted(name, settings, kind):
    """Return the family, its best model of a column, and its members; None if it has none."""
    family = FAMILIES.make(name, **dict(settings))
    try:
        best = family.fit(COLUMNS[kind])
        listed = list(family.members(to_values(COLUMNS[kind])))
        family.members = lambda _: iter(listed)  # looked for once
        return family, best, family.fit_members(COLUMNS[kind])
    except ParameterError:
        return None


@pytest.fixture
def models(name, example, kind):
    """Give the family, its best model of a column, and its members."""
    found = fitted(name, tuple(example.items()), kind)
    if found is None:
        pytest.skip("the family fits such columns, but has no model for this one")
    return found


def located():
    """Return the families whose members move with the values."""
    return [name for name in NAMES if {"location", "edges"} & set(FAMILIES.get(name).in_units)]


def keys_within(described):
    """Yield all keys, at any depth."""
    if isinstance(described, dict):
        yield from described
        described = list(described.values())
    if isinstance(described, list):
        for item in described:
            yield from keys_within(item)


def require_message(family, model, values):
    """Require that a model's message decodes and is as long as the model says."""
    message = model.encode(values)
    assert family.decode(message, len(values)).tolist() == values
    assert 8 * len(message) <= math.ceil(model.total_bits) + 16
    assert min(model.parameters_bits, model.data_bits) >= 0
    assert model.encode(values) == message


@pytest.mark.parametrize("kind", COLUMNS)
def test_columns_are_read_as_they_are_meant(kind):
    assert column_values(READ[kind]).tolist() == COLUMNS[kind]


@pytest.mark.parametrize("name", NAMES)
def test_every_family_has_some_of_the_columns(name):
    for example in FAMILIES.examples(name):
        kinds = kinds_of(FAMILIES.make(name, **example))
        found = [fitted(name, tuple(example.items()), kind) for kind in kinds]
        assert len([*filter(None, found)]) >= FEWEST_COLUMNS


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_decodes_and_has_the_length_it_says(models, kind):
    family, best, _ = models
    require_message(family, best, COLUMNS[kind])


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_of_each_member_decodes(models, kind):
    family, _, members = models
    for model in members:
        assert model.complexity == family.complexity(model.chosen)
        require_message(family, model, COLUMNS[kind])


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_shortest_member_is_the_best_model(models):
    _, best, members = models
    assert members == sorted(members, key=lambda model: model.total_bits)
    if best.complexity in {model.complexity for model in members}:
        assert members[0].total_bits == best.total_bits
    else:  # one that belongs to a simpler family too
        assert all(model.complexity > best.complexity for model in members)


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_members_become_more_complex(models, kind):
    family, _, _ = models
    found = [family.complexity(chosen) for chosen in family.members(to_values(COLUMNS[kind]))]
    assert found == (sorted(set(found)) if family.complexity_name else [None])


@pytest.mark.parametrize("name", NAMES)
def test_description_has_the_keys_in_units_of_the_values(name):
    family = FAMILIES.make(name)
    found = [fitted(name, (), kind) for kind in kinds_of(family)]
    described = [best.parameters for _, best, _ in filter(None, found)]
    assert set(family.in_units) <= {key for one in described for key in keys_within(one)}


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_ends_where_its_decoder_ends(models, kind):
    family, best, _ = models
    column = (best.chosen, to_values(COLUMNS[kind]))
    code = family.code(best.rows)
    framed = laws.RangeEncoder()
    code.encode(column, framed)
    code.encode(column, framed)
    decoder = laws.RangeDecoder(framed.finish())
    assert [code.decode(decoder)[1].tolist() for _ in range(2)] == [COLUMNS[kind]] * 2
    decoder.finish()


@pytest.mark.parametrize("name", NAMES)
def test_damaged_message_ends_in_a_column_or_an_error(name):
    family, rng = FAMILIES.make(name), random.Random(5)
    values = COLUMNS[kinds_of(family)[0]]
    message = bytearray(family.fit(values).encode(values))
    for _ in range(60):
        damaged = bytearray(message)
        damaged[rng.randrange(min(len(damaged), 24))] = rng.randrange(256)
        del damaged[rng.randrange(1, len(damaged) + 1) :]
        try:
            assert len(family.decode(bytes(damaged), len(values))) == len(values)
        except DecodeError:
            continue


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_are_refused(name):
    family = FAMILIES.make(name)
    for fit in (family.fit, family.fit_members):
        with pytest.raises(ParameterError, match="0 rows"):
            fit([])


@pytest.mark.parametrize("name", sorted(SYMBOLIC))
def test_wide_range_is_refused_by_symbols(name):
    column = column_of([0, 1000000])
    assert not FAMILIES.make(name).fits(column)
    with pytest.raises(ParameterError, match="too many symbols"):
        FAMILIES.make(name).fit(column_values(column))


@pytest.mark.parametrize("name", NAMES)
def test_missing_cells_are_no_obstacle(name):
    family = FAMILIES.make(name)
    assert family.fits(column_of(COLUMNS[kinds_of(family)[0]], b"NA"))


@pytest.mark.parametrize("name", NAMES)
def test_labels_that_recur_suit_symbols_only(name):
    labels = analyse_column(Texts.of([b"red", b"blue", b"red"]))
    assert FAMILIES.make(name).fits(labels) == (name in SYMBOLIC)


def test_labels_that_never_recur_are_a_progression():
    labels = analyse_column(Texts.of([b"ann", b"bob", b"eve", b"joe"]))
    model = FAMILIES.make("progression").fit(column_values(labels))
    assert model.parameters == {"first": 0, "step": 1}
    assert model.data_bits == 0


@pytest.mark.parametrize(
    "numbers", [[1, 2], [4, 4, 4], [1, 2, 4], [0, 2, 1, 3], [0, 2**63 - 1, -2], [10**30, 0, 1]]
)
def test_other_rows_are_no_progression(numbers):
    family = FAMILIES.make("progression")
    assert not family.fits(column_of(numbers))
    with pytest.raises(ParameterError, match="no arithmetic progression"):
        family.fit(numbers)


@pytest.mark.parametrize("numbers", [[0, 1, 3], [0, 2, 4], [1, 2, 3]])
def test_progression_has_no_message_for_another_column(numbers):
    model = FAMILIES.make("progression").fit([0, 1, 2])
    with pytest.raises(ParameterError, match="another column"):
        model.encode(numbers)


@pytest.mark.parametrize(
    "name", ["normal", "laplace", "logistic", "student", "histogram", "changepoint"]
)
def test_constant_column_is_left_to_one_symbol(name):
    assert not FAMILIES.make(name).fits(READ["constant"])


@pytest.mark.parametrize("name", located())
def test_moving_a_column_changes_only_its_parameters(name):
    values = np.array(COLUMNS["random"])
    near, far = (FAMILIES.make(name).fit(values + move) for move in (0, 1 << 20))
    assert far.data_bits == pytest.approx(near.data_bits, abs=3)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("categorical", {"code": 4}),
        ("markov", {"limit": -1}),
        ("histogram", {"cells": 0}),
        ("changepoint", {"minimum": 0}),
    ],
)
def test_settings_out_of_range_are_refused(name, settings):
    with pytest.raises(ParameterError, match="out of range"):
        FAMILIES.make(name, **settings)


@pytest.mark.parametrize(("code", "named"), [(1, "kt"), (2, "enumerative"), (3, "nml")])
def test_given_code_of_counts_is_used_and_not_sent(code, named):
    free, given = (FAMILIES.make("categorical", code=c).fit(COLUMNS["rare"]) for c in (0, code))
    assert given.parameters["code"] == named
    assert given.parameters_bits == pytest.approx(free.parameters_bits - math.log2(3), abs=1e-9)
    assert free.data_bits <= given.data_bits


def test_nml_is_refused_for_many_symbols():
    family = FAMILIES.make("categorical", code=3)
    assert not family.fits(column_of([0, 300, 5]))
    with pytest.raises(ParameterError, match="too much for NML"):
        family.fit([0, 300, 5])
    assert FAMILIES.make("categorical").fit([0, 300, 5]).parameters["code"] != "nml"


def test_values_that_are_no_integers_are_refused():
    with pytest.raises(ParameterError, match="no column of integers"):
        FAMILIES.make("normal").fit(np.array([0.5, 1.0]))
