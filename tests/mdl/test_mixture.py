"""Mixtures of normal distributions: what is chosen, and that its message can be read."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from kolmo.coding import laws
from kolmo.errors import DecodeError, ParameterError
from kolmo.mdl.families.mixture import LARGEST_SPAN, Mixture
from kolmo.mdl.families.normal import Normal
from kolmo.mdl.models.located import Located
from kolmo.mdl.models.mixed import Mixed, Shares, log2_sum, mixed_classes, share_rows
from kolmo.mdl.models.mixing import NARROWEST_VARIANCE, Mix, binned, cell_masses, improve, mixtures
from kolmo.mdl.models.values import to_values
from kolmo.table import Texts, analyse_column


def quantiles(rows, location, scale):
    """Return the rounded quantiles of a normal distribution, as typical as a column can be."""
    levels = (np.arange(rows) + 0.5) / rows
    return np.rint(stats.norm.ppf(levels, location, scale)).astype(np.int64)


ONE = quantiles(400, 500, 40)
TWO = np.concatenate([quantiles(100, 54, 6), quantiles(170, 80, 6)])
THREE = np.concatenate([quantiles(200, 0, 10), quantiles(100, 100, 5), quantiles(300, 300, 30)])
SPIKE = np.concatenate([np.zeros(300, np.int64), quantiles(300, 0, 100)])

_random = random.Random(6)
COLUMNS = {
    "two": TWO.tolist(),
    "three, mixed": _random.sample(THREE.tolist(), len(THREE)),
    "spike and slab": SPIKE.tolist(),
    "decimals": [_random.choice([0, 10**6]) + _random.randrange(10**4) for _ in range(90)],
    "huge, close together": [10**30 + _random.choice([0, 500]) + i for i in range(40)],
    "as far apart as can be": [-(2**58), 2**58 - 1, *range(40)],
    "powers": [_random.choice([1, -1]) << _random.randrange(57) for _ in range(80)],
    "outlier": [*range(30), 10**9],
    "constant": [7] * 30,
    "one row": [-3],
    "two values": [0, 1] * 20,
}


def test_likelihood_of_two_clusters_is_that_by_hand():
    places, counts = np.array([-51.0, -50, -49, 49, 50, 51]), np.array([5, 10, 5, 5, 10, 5])
    mix = next(mixtures(places, counts, 2))
    _, bits = improve(binned(places, counts, 100), mix, 1)
    assert mix.variances == pytest.approx([0.5, 0.5], abs=1e-9)  # (5 + 5) / 20
    assert bits == pytest.approx(40 * (1 + math.log2(math.pi * math.e) / 2), abs=1e-9)


def naive_round(values, mix):
    """Return the bits under a mixture and the mixture after one round, value by value."""
    triples = [*zip(*mix, strict=True)]
    bits, taken = 0.0, [[] for _ in triples]
    for x in values:
        densities = [w * stats.norm.pdf(x, m, math.sqrt(v)) for w, m, v in triples]
        bits -= math.log2(sum(densities))
        for share, density in zip(taken, densities, strict=True):
            share.append(density / sum(densities))
    weights = [sum(share) / len(values) for share in taken]
    means = [np.average(values, weights=share) for share in taken]
    squares = [np.average((values - m) ** 2, weights=s) for m, s in zip(means, taken, strict=True)]
    return bits, Mix(weights, means, np.maximum(squares, NARROWEST_VARIANCE))


def test_round_agrees_with_its_twin():
    values = np.array([0, 0, 1, 3, 8, 9, 9, 10, 12, 30])
    start = Mix(np.array([0.5, 0.3, 0.2]), np.array([1.0, 9.0, 20.0]), np.array([2.0, 4.0, 90.0]))
    distinct, counts = np.unique(values, return_counts=True)
    found, bits = improve(binned(distinct.astype(float), counts, 100), start, 1)
    twin_bits, twin = naive_round(values, start)
    assert bits == pytest.approx(twin_bits, rel=1e-12)
    for column, expected in zip(found, twin, strict=True):
        assert column == pytest.approx(expected, rel=1e-6)


def test_no_round_lengthens():
    distinct, counts = np.unique(THREE, return_counts=True)
    sample = binned(distinct.astype(float), counts, 1000)
    mix = Mix(np.array([0.5, 0.5]), np.array([10.0, 20.0]), np.array([100.0, 1e4]))
    lengths = []
    for _ in range(60):
        mix, bits = improve(sample, mix, 1)
        lengths.append(float(bits))
    assert all(after <= before + 1e-6 for before, after in pairwise(lengths))
    assert lengths[-1] < lengths[0] - 100


def test_more_components_are_never_less_likely():
    distinct, counts = np.unique(THREE, return_counts=True)
    sample = binned(distinct.astype(float), counts, 1000)
    bits = [float(improve(sample, m, 1)[1]) for m in mixtures(distinct.astype(float), counts, 4)]
    assert bits[1] < bits[0] - 100
    assert bits[2] <= bits[1] + 0.1


def test_bins_keep_number_mean_and_variance():
    places = np.array([_random.gauss(0, 1) ** 3 for _ in range(5000)])
    places.sort()
    counts = np.arange(5000) % 7 + 1
    sample = binned(places, counts, 64)
    assert 32 <= sample.places.size <= 64
    assert sample.counts.sum() == counts.sum()
    assert sample.counts @ sample.places == pytest.approx(counts @ places)
    squares = sample.places**2 + sample.spreads
    assert sample.counts @ squares == pytest.approx(counts @ places**2)


@pytest.mark.parametrize("scale", [1 / 16, 0.3, 0.9, 2.0, 50.0])
def test_masses_of_cells_are_those_of_the_distribution(scale):
    places = np.arange(-40.0, 41.0)
    edges = stats.norm.cdf(np.arange(-40.5, 41.0), 0.25, scale)
    assert cell_masses(places, 0.25, scale) == pytest.approx(np.diff(edges), abs=1e-3)


@pytest.mark.parametrize(("values", "components"), [(TWO, 2), (THREE, 3)])
def test_separate_components_are_counted(values, components):
    model = Mixture().fit(values)
    assert model.parameters["components"] == components
    assert model.total_bits < Normal().fit(values).total_bits - 50


def test_components_are_found_where_they_are():
    parameters = Mixture().fit(THREE).parameters
    assert parameters["locations"] == pytest.approx([0, 100, 300], abs=6)
    assert parameters["scales"] == pytest.approx([10, 5, 30], rel=0.2)
    assert parameters["weights"] == pytest.approx([2 / 6, 1 / 6, 3 / 6], abs=0.05)


def test_one_component_is_left_to_the_normal_family():
    mixed = Mixture().fit(ONE)
    assert mixed.parameters["components"] == 2
    assert Normal().fit(ONE).total_bits < mixed.total_bits


def test_zeros_are_a_narrow_component():
    model = Mixture().fit(SPIKE)
    parameters = model.parameters
    narrow = min(range(2), key=lambda k: parameters["scales"][k])
    assert parameters["components"] == 2
    assert parameters["scales"][narrow] <= 0.25
    assert parameters["weights"][narrow] == pytest.approx(0.5, abs=0.05)
    slab = 300 * math.log2(100 * math.sqrt(2 * math.pi * math.e))
    assert model.data_bits == pytest.approx(600 + slab, abs=20)


def test_rare_component_has_a_small_weight():
    values = np.concatenate([quantiles(980, 0, 10), quantiles(20, 1000, 10)])
    assert Mixture().fit(values).parameters["weights"][1] == pytest.approx(0.02, abs=0.008)


@pytest.mark.parametrize("values", [TWO, THREE, 1000 * TWO], ids=["two", "three", "decimals"])
def test_data_bits_are_those_of_the_discretised_mixture(values):
    model = Mixture().fit(values)
    shares = [model.parameters[key] for key in ("weights", "locations", "scales")]
    masses = sum(
        weight * (stats.norm.cdf(values + 0.5, m, s) - stats.norm.cdf(values - 0.5, m, s))
        for weight, m, s in zip(*shares, strict=True)
    )
    assert model.data_bits == pytest.approx(-np.log2(masses).sum(), abs=0.2)


def test_density_is_that_of_the_mixture():
    parts = (Located(0, 2, (8 << 2) + 1, 3), Located(0, 0, 6, -50))
    mixed = Mixed(Located(0, 0, 10, 0), 2, 0, (3, 1), parts)
    u = np.linspace(-60, 60, 241)
    places = [part.describe() for part in parts]
    normal = [stats.norm.logpdf(u, place["location"], place["scale"]) for place in places]
    expected = np.logaddexp(math.log(3) + normal[0], normal[1]) / math.log(2)
    found = mixed_classes(mixed, 1).shape.log2_density(u)
    assert found - found[0] == pytest.approx(expected - expected[0], rel=1e-9, abs=1e-9)


def test_sum_of_logarithms_is_defined_far_out():
    found = log2_sum([np.array([-1e5, 3.0]), np.array([-2e5, 3.0])])
    assert found.tolist() == [-1e5, 4.0]


@pytest.mark.parametrize("kind", COLUMNS)
def test_message_decodes_and_has_the_length_it_says(kind):
    values = COLUMNS[kind]
    model = Mixture(components=4).fit(values)
    message = model.encode(values)
    assert Mixture(components=4).decode(message, len(values)).tolist() == values
    assert 8 * len(message) <= math.ceil(model.total_bits) + 16
    assert min(model.parameters_bits, model.data_bits) >= 0


def test_members_have_ascending_components_and_messages():
    values, family = to_values(THREE), Mixture()
    members = list(family.members(values))
    assert [family.complexity(member) for member in members] == [*range(2, 2 + len(members))]
    assert 4 <= len(members) <= 5  # two that do not pay end the search
    code = family.code(values.size)
    lengths = [code.codelength((member, values)) for member in members]
    assert family.fit(values).total_bits == pytest.approx(min(lengths), abs=1e-6)


def test_search_ends_at_the_setting():
    assert len(list(Mixture(components=2).members(to_values(THREE)))) == 1


def test_damaged_message_ends_in_a_column_or_an_error():
    family, rng = Mixture(), random.Random(5)
    message = Mixture().fit(TWO).encode(TWO)
    for _ in range(60):
        damaged = bytearray(message)
        damaged[rng.randrange(16)] = rng.randrange(256)
        del damaged[rng.randrange(1, len(damaged) + 1) :]
        try:
            assert len(family.decode(bytes(damaged), TWO.size)) == TWO.size
        except DecodeError:
            continue


@pytest.mark.parametrize(
    "part",
    [Located(0, 2, 7, 0), Located(0, 0, 67, 0), Located(0, 0, 9000, 1), Located(0, 0, 6, 1 << 70)],
    ids=["narrow", "wide", "absurd", "far"],
)
def test_component_that_no_encoder_sends_is_refused(part):
    mixed = Mixed(Located(0, 0, 6, 0), 2, 0, (2, 2), (Located(0, 0, 6, 0), part))
    with pytest.raises(DecodeError, match="component is too"):
        Mixture().data_code(mixed, 100)


def test_moving_a_column_changes_only_its_parameters():
    near, far = (Mixture().fit(TWO + move) for move in (0, 1 << 20))
    assert far.data_bits == pytest.approx(near.data_bits, abs=3)


def test_long_column_decodes():
    values = np.concatenate([quantiles(60_000, 0, 1000), quantiles(40_000, 10_000, 3000)])
    family = Mixture(components=3)
    model = family.fit(values)
    message = model.encode(values)
    assert model.parameters["components"] == 2
    assert np.array_equal(family.decode(message, values.size), values)
    assert 8 * len(message) <= math.ceil(model.total_bits) + 16


def partitions(units, count, largest):
    """Yield all descending sequences of so many positive integers with a given sum."""
    if count == 1:
        yield from [(units,)] if 1 <= units <= largest else []
        return
    for first in range(1, min(units, largest) + 1):
        for rest in partitions(units - first, count - 1, first):
            yield (first, *rest)


@pytest.mark.parametrize(("count", "units"), [(1, 5), (2, 8), (3, 16), (5, 5), (5, 16)])
def test_shares_are_a_complete_code(count, units):
    every = [*partitions(units, count, units)]
    code = Shares(count, units)
    assert laws.check_kraft(code, every) == pytest.approx(1)
    for value in every:
        laws.check_identity(code, value)


def test_every_component_has_a_row():
    assert share_rows((15, 1), 8) == (7, 1)


@pytest.mark.parametrize("components", [1, 33])
def test_settings_out_of_range_are_refused(components):
    with pytest.raises(ParameterError, match="out of range"):
        Mixture(components=components)


@pytest.mark.parametrize(
    ("texts", "fits"),
    [
        ([b"1", b"2", b"3", b"9"] * 2, True),
        ([b"1", b"2", b"3", b"9"], False),
        ([b"1", b"2", b"3"] * 9, False),
        ([b"red", b"blue"] * 9, False),
        ([b"0", b"1", b"2", str(LARGEST_SPAN).encode()] * 2, False),
    ],
    ids=["four values", "few rows", "three values", "labels", "far apart"],
)
def test_family_says_what_it_fits(texts, fits):
    assert Mixture().fits(analyse_column(Texts.of(texts))) == fits


def test_values_too_far_apart_are_refused():
    with pytest.raises(ParameterError, match="too far apart"):
        Mixture().fit([0, 1 << 62])
