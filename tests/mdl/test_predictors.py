"""The contract of a predictor: its messages decode for whoever knows the features."""

import math
import random

import pytest

from kolmo.coding import laws
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.features import features_text, read_features
from kolmo.mdl.models.values import column_values
from kolmo.registry import predictors
from kolmo.table import read_table

NAMES = predictors.own_names()
ROWS = 48
_random = random.Random(11)
_X = [_random.randrange(1, 400) for _ in range(ROWS)]
_Z = [_random.choice("abc") for _ in range(ROWS)]
_W = [_random.gauss(0, 1) for _ in range(ROWS)]
FEATURES = {"x": _X, "z": _Z, "w": [f"{w:.3f}" for w in _W], "same": ["k"] * ROWS}
TARGETS = {
    "line": [3 * x + _random.randrange(-9, 9) for x in _X],
    "groups": [100 * "abc".index(z) + _random.randrange(-9, 9) for z in _Z],
    "exact": [7 * x - 5 for x in _X],
    "noise": [_random.randrange(1000) for _ in _X],
    "huge": [10**100 + x * 10**95 for x in _X],
    "curve": [round(1e5 / math.sqrt(x)) + _random.randrange(-50, 50) for x in _X],
    "classes": ["high" if x > 200 else "low" for x in _X],
    "labels": [z + ("+" if w > 0 else "-") for z, w in zip(_Z, _W, strict=True)],
    "coin": [_random.choice(["heads", "tails"]) for _ in _X],
}


def told():
    """Return the features as a decoder has them."""
    lines = [",".join(map(str, row)) for row in zip(*FEATURES.values(), strict=True)]
    table = read_table("\n".join([",".join(FEATURES), *lines, ""]).encode())
    return read_features(features_text(table, table.names), table.names)


def column_of(kind):
    cells = "\n".join(["y", *map(str, TARGETS[kind]), ""])
    return read_table(cells.encode()).column("y")


def cases():
    for name in NAMES:
        for example in predictors.examples(name):
            for kind in TARGETS:
                predictor = predictors.make(name, **example).given(told())
                if predictor.fits(column_of(kind)):
                    yield pytest.param(name, example, kind, id=f"{name}-{example}-{kind}")


@pytest.fixture(scope="module")
def fits():
    """Give the members of a predictor for a target, found once."""
    found = {}

    def members(name, example, kind):
        key = name, tuple(example.items()), kind
        if key not in found:
            predictor = predictors.make(name, **example).given(told())
            values = column_values(column_of(kind))
            try:
                listed = list(predictor.members(values))
                predictor.members = lambda _: iter(listed)  # looked for once
                found[key] = predictor, values, predictor.fit_members(values)
            except ParameterError:
                found[key] = predictor, values, []
        return found[key]

    return members


@pytest.mark.parametrize("name", NAMES)
def test_every_predictor_has_some_of_the_targets(name, fits):
    for example in predictors.examples(name):
        kinds = [
            kind
            for kind in TARGETS
            if predictors.make(name, **example).given(told()).fits(column_of(kind))
        ]
        assert sum(bool(fits(name, example, kind)[2]) for kind in kinds) >= 1


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_of_each_member_decodes_for_who_knows_the_features(name, example, kind, fits):
    _, values, members = fits(name, example, kind)
    for model in members:
        message = model.encode(values)
        fresh = predictors.make(name, **example).given(told())
        assert fresh.decode(message, len(values)).tolist() == values.tolist()
        assert 8 * len(message) <= math.ceil(model.total_bits) + 16
        assert min(model.parameters_bits, model.data_bits) >= 0


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_message_ends_where_its_decoder_ends(name, example, kind, fits):
    predictor, values, members = fits(name, example, kind)
    for model in members[:1]:
        code = predictor.code(len(values))
        framed = laws.RangeEncoder()
        for _ in range(2):
            code.encode((model.chosen, values), framed)
        decoder = laws.RangeDecoder(framed.finish())
        for _ in range(2):
            chosen, found = code.decode(decoder)
            assert (chosen, found.tolist()) == (model.chosen, values.tolist())
        decoder.finish()


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_damaged_message_ends_in_a_value_or_a_decode_error(name, example, kind, fits):
    predictor, values, members = fits(name, example, kind)
    source = random.Random(5)
    for model in members[:1]:
        message = model.encode(values)
        for _ in range(40):
            wrong = bytearray(message)
            wrong[source.randrange(min(12, len(wrong)))] = source.randrange(256)
            try:
                predictor.decode(bytes(wrong), len(values))
            except DecodeError:
                continue


@pytest.mark.parametrize(("name", "example", "kind"), [*cases()])
def test_members_are_described_and_become_more_complex(name, example, kind, fits):
    predictor, values, members = fits(name, example, kind)
    found = [predictor.complexity(chosen) for chosen in predictor.members(values)]
    if predictor.complexity_name and members:
        assert found == sorted(found)
    for model in members:
        assert model.parameters
        expected = predictor.expected(model.chosen, values)
        assert expected is None or len(expected) == len(values)
