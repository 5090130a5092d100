"""The integer tables: the same everywhere, monotone, complete, and right to the last share."""

import hashlib
import math
from decimal import Decimal, localcontext
from itertools import pairwise

import numpy as np
import pytest
from naive import coding as naive
from scipy import stats

from kolmo.coding import cells, tails
from kolmo.coding.continuous import Laplace, Logistic, Normal, Student
from kolmo.coding.kernels import draw_intervals, plant
from kolmo.coding.logstar import _classes
from kolmo.errors import ParameterError

SHARES = 2**tails.TAIL_BITS
SHAPES = [("normal", 0), ("laplace", 0), ("logistic", 0)]
SHAPES += [("student", degrees) for degrees in (1, 2, 3, 4, 5, 10, 63, 64)]
DIGESTS = {
    "knots": "2d10719b02004125",
    "log-star": "f8b0d5095d62c5ca",
    "normal": "8badaf9f35b03771",
    "laplace": "fc57e3f85843bd31",
    "logistic": "fa1d8232bf98fc87",
    "student 1": "7005be0e28f98170",
    "student 2": "d1a763684fa182b7",
    "student 3": "f95e40a91acea295",
    "student 4": "f2fdc955f04f6b97",
    "student 5": "ea82c39f165c3f8c",
    "student 10": "234cfb5b032e0b79",
    "student 64": "18d635d2fe1b70d0",
}


def reference(shape, degrees):
    return {
        "normal": stats.norm,
        "laplace": stats.laplace,
        "logistic": stats.logistic,
        "student": stats.t(max(1, degrees)),
    }[shape]


def digest(numbers):
    return hashlib.sha256(" ".join(map(str, numbers)).encode()).hexdigest()[:16]


@pytest.mark.parametrize(("name", "value"), DIGESTS.items())
def test_table_is_the_one_that_messages_were_written_with(name, value):
    """A new digest means that old messages no longer decode: raise the format's number."""
    shape, _, degrees = name.partition(" ")
    table = {"knots": tails.knots, "log-star": _classes}.get(shape)
    numbers = table() if table else tails.tail(shape, int(degrees or 0))
    assert digest(numbers) == value


@pytest.mark.parametrize(("shape", "degrees"), SHAPES)
def test_tail_is_monotone_from_one_half(shape, degrees):
    table = tails.tail(shape, degrees)
    assert table[0] == SHARES // 2
    assert all(a >= b >= 0 for a, b in pairwise(table))
    assert len(table) == len(tails.knots())


@pytest.mark.parametrize(("shape", "degrees"), SHAPES)
def test_tail_agrees_with_scipy_to_the_last_share(shape, degrees):
    marks = np.array(tails.knots()) / 2**tails.UNIT_BITS
    wanted = reference(shape, degrees).sf(marks) * SHARES
    assert np.abs(np.array(tails.tail(shape, degrees)) - wanted).max() < 0.6


def test_tails_known_in_closed_form():
    """Beyond 1: normal .158655253931457, Cauchy 1/4, t2 (1 - 1/sqrt 3)/2, Laplace 1/(2e)."""
    place = tails.knots().index(1 << tails.UNIT_BITS)
    assert tails.tail("normal")[place] == round(Decimal("0.15865525393145705141") * SHARES)
    assert tails.tail("student", 1)[place] == SHARES // 4
    assert tails.tail("student", 2)[place] == round((1 - 1 / Decimal(3).sqrt()) / 2 * SHARES)
    assert tails.tail("laplace")[place] == round(Decimal(-1).exp() / 2 * SHARES)


def test_tail_does_not_depend_on_the_decimal_context():
    tails.tail.cache_clear()
    with localcontext(prec=3):
        assert digest(tails.tail("normal")) == DIGESTS["normal"]


@pytest.mark.parametrize(("shape", "degrees"), [("gauss", 0), ("student", 0), ("student", 65)])
def test_unknown_shape_is_refused(shape, degrees):
    with pytest.raises(ParameterError):
        tails.tail(shape, degrees)


@pytest.mark.parametrize("scale", [1, 20, 511, 512, 10**6, 10**30])
@pytest.mark.parametrize("make", [Normal, Laplace, lambda m, s: Student(m, s, degrees=1)])
def test_shares_of_all_places_are_positive_and_sum_to_the_total(make, scale):
    bounds = make(scale // 3, scale).bounds
    assert bounds[0] == 0
    assert bounds[-1] == 2**32
    assert (np.diff(bounds.astype(np.int64)) >= 1).all()
    assert bounds.size == cells.PLACES + 1


def test_classes_cover_every_cell_once():
    stop = 0
    for index, (first, size) in enumerate(naive.classes(cells.LAYOUT)):
        assert first == stop
        inner = size.bit_length() - 1
        assert cells.classify(first) == cells.classify(first + size - 1) == (index, inner)
        assert cells.first_cell(index) == (first >> inner, inner)
        stop = first + size
    assert stop == cells.LIMIT
    assert cells.classify(stop) == cells.classify(stop * 1000) == (cells.SIDE, 0)


@pytest.mark.parametrize(
    ("code", "family"),
    [
        (Normal(12, 9), stats.norm(12, 9)),
        (Normal(-7 * 2**20, 2**20, 20), stats.norm(-7, 1)),
        (Normal(3, 400), stats.norm(3, 400)),
        (Laplace(0, 30), stats.laplace(0, 30)),
        (Logistic(5, 30), stats.logistic(5, 30)),
        (Student(0, 30, degrees=1), stats.t(1, 0, 30)),
        (Student(100, 200, degrees=4), stats.t(4, 100, 200)),
    ],
)
def test_codelength_is_that_of_the_distribution(code, family):
    """To .05 bits, and to .2 where the share is below 2**-14: it is flat between knots."""
    for value in range(-1500, 1500, 7):
        mass = family.cdf(value + 0.5) - family.cdf(value - 0.5)
        if mass > 2**-25:
            close = 0.05 if mass > 2**-14 else 0.2
            assert code.codelength(value) == pytest.approx(-math.log2(mass), abs=close)


@pytest.mark.parametrize("scale", [10**4, 10**12, 10**200])
def test_wide_scales_shift_the_same_distribution(scale):
    for z in (-3, -1, 0, 1, 2):
        density = -math.log2(stats.norm.pdf(z)) + math.log2(scale)
        assert Normal(0, scale).codelength(z * scale) == pytest.approx(density, abs=0.02)


def test_mean_length_of_a_million_is_within_ten_bits_of_the_formula():
    """Sum over cells of p log2(p / q), for shares q of the table and p of the distribution."""
    for scale in (20, 300, 700):
        code = Normal(0, scale)
        values = np.arange(-7 * scale, 7 * scale + 1)
        beyond = stats.norm.sf((np.abs(values)[:, None] + [-0.5, 0.5]) / scale)
        mass = beyond[:, 0] - beyond[:, 1]
        lengths = np.array([code.codelength(int(value)) for value in values])
        excess = mass * (lengths + np.log2(mass))
        assert 1e6 * excess.sum() == pytest.approx(2.7, abs=1)


def test_far_values_cost_an_escape_and_their_digits():
    code = Normal(0, 10)
    assert code.codelength(10**400) < 32.1 + 1330 + 2 * math.log2(1330)
    assert code.codelength(-(10**400)) < 32.1 + 1330 + 2 * math.log2(1330)


@pytest.mark.parametrize(("weights", "step"), [([1] * 5, 2), ([4, 0, 3, 9, 1, 1], -1), ([7], 1)])
def test_urn_kernel_draws_as_its_slow_twin(weights, step):
    symbols = [i for i, weight in enumerate(weights) for _ in range(weight)][::-1]
    tree = np.zeros((1 << (len(weights) - 1).bit_length()) + 1, np.int64)
    current = np.array(weights)
    plant(current, tree)
    columns = [np.empty(len(symbols), np.uint64) for _ in range(3)]
    draw_intervals(np.array(symbols), (current, tree, step), *columns)
    found = list(zip(*(column.tolist() for column in columns), strict=True))
    assert found == naive.urn_intervals(symbols, weights, step)
