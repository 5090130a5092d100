"""Classes of integers under any density: the laws, the shares, and what flatness costs."""

import hashlib
import math
import random

import numpy as np
import pytest
from scipy import stats

from kolmo.coding import laws
from kolmo.coding.classes import LARGEST_CLASSES, Classes, Shape, class_table
from kolmo.coding.portable import LOG2_E, log2, log2_gamma
from kolmo.coding.rangecoder import RangeDecoder, read, write
from kolmo.errors import DecodeError, ParameterError

LIMIT = 2**60
SPREAD = np.array([0, 3, -7, 1000, -(10**9), LIMIT - 1, -LIMIT, 5] * 3)
COUNTS = np.array([0, 3, 7, 1000, 10**9, LIMIT - 1, 31, 5] * 3)


def normal(mean, sd):
    def density(u):
        return -LOG2_E / 2 * ((u - mean) / sd) * ((u - mean) / sd)

    return Shape(density, [(mean, sd)])


def exponential(mean):
    return gamma(1.0, mean)


def gamma(shape, scale):
    def density(u):
        safe = np.where(u > 0, u, 1.0)
        return np.where(u > 0, (shape - 1) * log2(safe) - LOG2_E / scale * safe, -np.inf)

    return Shape(density, [(shape * scale, math.sqrt(shape) * scale)], two_sided=False)


def lognormal(location, scale):
    def density(u):
        logs = log2(np.where(u > 0, u, 1.0))
        z = (logs - location) / scale
        return np.where(u > 0, -LOG2_E / 2 * z * z - logs, -np.inf)

    return Shape(density, [(2.0**location, 2.0**location * scale * 0.7)], two_sided=False)


def poisson(mean):
    def density(u):
        return u * float(log2(np.array([mean]))[0]) - log2_gamma(u + 1)

    return Shape(density, [(mean, math.sqrt(mean))], discrete=True, two_sided=False)


def two_far_apart(u):
    """Return a density of 2**-|u| and another far out."""
    return np.maximum(-np.abs(u), -np.abs(u - 2.0**40) - 1)


SHAPES = {
    "normal": (normal(3.5, 1000.0), SPREAD),
    "narrow": (normal(0.37, 0.05), SPREAD),
    "far": (normal(-(2.0**50), 2.0**20), SPREAD),
    "exponential": (exponential(50.0), COUNTS),
    "gamma, infinite at 0": (gamma(0.1, 2.0**30), COUNTS),
    "lognormal": (lognormal(20.0, 2.0), COUNTS),
    "poisson": (poisson(900.0), COUNTS),
    "two": (Shape(two_far_apart, [(0.0, 1.0), (2.0**40, 1.0)]), SPREAD),
}


@pytest.mark.parametrize("name", SHAPES)
def test_code_keeps_every_law(name):
    shape, values = SHAPES[name]
    code = Classes(shape, values.size)
    laws.check_identity(code, values)
    laws.check_boundary(code, values)
    laws.check_stack(code, values)
    laws.check_overhead(code, values)
    one = Classes(shape, 1)
    some = range(-1500 if shape.two_sided else 0, 1500)
    laws.check_kraft(one, [np.array([u]) for u in some])
    source, message = random.Random(1), write(code, values)
    for _ in range(10):
        place = source.randrange(len(message))
        flipped = bytes([message[place] ^ 1 << source.randrange(8)])
        laws.check_damage(code, message[:place] + flipped + message[place + 1 :])
        laws.check_damage(code, message[:place])
        laws.check_damage(code, source.randbytes(40))


@pytest.mark.parametrize("name", SHAPES)
def test_classes_cover_every_integer_once(name):
    shape, _ = SHAPES[name]
    lows, widths, shares = class_table(shape)
    assert lows[0] == (-LIMIT if shape.two_sided else 0)
    assert np.array_equal(lows[:-1] + widths[:-1], lows[1:])
    assert lows[-1] + widths[-1] == LIMIT
    assert shares.sum() == 2**32
    assert shares.min() >= 1
    assert lows.size <= LARGEST_CLASSES


@pytest.mark.parametrize("name", SHAPES)
def test_length_follows_from_counts(name):
    shape, values = SHAPES[name]
    code = Classes(shape, values.size)
    found = code.counts_bits(*np.unique(values, return_counts=True))
    assert found == pytest.approx(code.codelength(values), abs=1e-6)


def test_no_values_have_no_length():
    code = Classes(normal(0.0, 1.0), 0)
    empty = np.empty(0, np.int64)
    assert code.codelength(empty) == 0
    laws.check_identity(code, empty)


FLAT = {
    "normal .05": (normal(0.37, 0.05), stats.norm(0.37, 0.05)),
    "normal 1": (normal(-7.3, 1.0), stats.norm(-7.3, 1.0)),
    "normal 10**5": (normal(7.3e5, 1e5), stats.norm(7.3e5, 1e5)),
    "exponential .1": (exponential(0.1), stats.expon(scale=0.1)),
    "exponential 30": (exponential(30.0), stats.expon(scale=30.0)),
    "exponential 10**9": (exponential(1e9), stats.expon(scale=1e9)),
    "gamma .1": (gamma(0.1, 1e6), stats.gamma(0.1, scale=1e6)),
    "gamma 50": (gamma(50.0, 20.0), stats.gamma(50.0, scale=20.0)),
    "lognormal": (lognormal(20.0, 1.0), stats.lognorm(np.log(2), scale=2.0**20)),
    "poisson 3": (poisson(3.0), stats.poisson(3.0)),
    "poisson 10**5": (poisson(1e5), stats.poisson(1e5)),
}


def excess_bits(shape, law):
    """Return by how much a value costs more than -log2 of its probability, on average."""
    lows, widths, shares = class_table(shape)
    found = 0.0
    for low, width, share in zip(lows.tolist(), widths.tolist(), shares.tolist(), strict=True):
        edges = np.linspace(low, low + width, min(width, 32) + 1) - 0.5
        if shape.discrete:
            edges = np.floor(edges)
        above = law.cdf(edges[0]) > 0.5
        masses = -np.diff(law.sf(edges)) if above else np.diff(law.cdf(edges))
        masses = masses[masses > 1e-18]
        ideal = np.log2(share / 2**32 / (edges.size - 1))
        found += float(np.sum(masses * (np.log2(masses) - ideal)))
    return found


@pytest.mark.parametrize("name", FLAT)
def test_flat_classes_cost_little(name):
    """Less than 10 bits for a million values, and never less than nothing."""
    excess = excess_bits(*FLAT[name])
    assert -1e-7 < excess < 1e-5


def test_another_distribution_costs_much():
    """The twin that must fail: a mean that is wrong by a tenth."""
    assert excess_bits(exponential(33.0), stats.expon(scale=30.0)) > 1e-3


def test_narrow_density_is_found_by_its_landmark():
    near = [(0.0, 1.0)]
    with_landmark = Classes(Shape(two_far_apart, [*near, (2.0**40, 1.0)]), 1)
    without = Classes(Shape(two_far_apart, near), 1)
    far = np.array([2**40])
    assert with_landmark.codelength(far) == pytest.approx(3.2, abs=0.3)
    assert without.codelength(far) > 40


@pytest.mark.parametrize(
    "density",
    [
        lambda u: np.full_like(u, np.nan),
        lambda u: np.full_like(u, -np.inf),
        lambda u: np.where(u > 5, np.inf, 0.0),
        lambda u: np.where(u == 0.25, np.nan, 0.0),
    ],
)
def test_no_density_is_an_error_in_both_directions(density):
    code = Classes(Shape(density, [(np.nan, np.nan), (np.inf, 0.0)]), 2)
    with pytest.raises(ParameterError, match="no distribution"):
        write(code, np.array([1, 2]))
    with pytest.raises(ParameterError, match="no distribution"):
        code.codelength(np.array([1, 2]))
    with pytest.raises(DecodeError, match="no distribution"):
        code.decode(RangeDecoder(bytes(20)))


def test_classes_are_limited_whatever_the_shape():
    def restless(u):
        return np.abs(u) % 7 * 3

    marks = [(place * 1e12, 10.0**size) for place in range(20) for size in range(-300, 300, 30)]
    lows, _, shares = class_table(Shape(restless, marks))
    assert lows.size <= LARGEST_CLASSES
    assert shares.sum() == 2**32


@pytest.mark.parametrize("foreign", [[LIMIT, 1], [-LIMIT - 1, 1], [2**70, 1], [1]])
def test_values_without_a_word_are_refused(foreign):
    with pytest.raises(ParameterError):
        write(Classes(normal(0.0, 1.0), 2), np.array(foreign))


def test_negative_values_have_no_word_on_one_side():
    with pytest.raises(ParameterError, match="out of range"):
        write(Classes(exponential(9.0), 1), np.array([-1]))


def test_many_values_come_back():
    values = np.rint(stats.norm(12345, 1000).ppf((np.arange(30_000) + 0.5) / 30_000))
    code = Classes(normal(12345.0, 1000.0), values.size)
    message = write(code, values.astype(np.int64))
    assert np.array_equal(read(code, message), values)
    assert 8 * len(message) <= code.codelength(values.astype(np.int64)) + 16


def test_shares_are_those_of_this_format():
    """Another digest means that old files no longer decode: raise the container's format."""
    digest = hashlib.sha256()
    for shape, _ in SHAPES.values():
        for column in class_table(shape):
            digest.update(column.astype("<i8").tobytes())
    assert digest.hexdigest()[:16] == "0eecca7dde71d63c"
