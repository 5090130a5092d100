"""Sums of known columns as messages: the basis, the steps, and huge or exact targets."""

import math

import numpy as np
import pytest
from naive import regression as naive

from kolmo.coding import laws
from kolmo.coding.rangecoder import read, write
from kolmo.errors import DecodeError
from kolmo.mdl.models.design import (
    SMALLEST_SHARE,
    Basis,
    Coordinates,
    Rest,
    difference,
    fitted_code,
)
from kolmo.mdl.models.least_squares import fit, fit_rest, rest_bits
from kolmo.mdl.models.values import to_values

ROWS = 60
X = np.arange(ROWS, dtype=float)
COLUMNS = [np.ones(ROWS), X, np.sin(X)]
NOISE = np.array([(i * 7919 >> 3) % 101 - 50 for i in range(ROWS)])
TARGETS = {
    "line": 30 * X + NOISE,
    "exact": 7 * X - 3,
    "constant": 0 * X + 12,
    "noise": NOISE,
}


def values_of(kind):
    return to_values(np.rint(TARGETS[kind]).astype(np.int64))


def test_basis_follows_the_textbook():
    assert np.allclose(Basis(COLUMNS).rows, naive.orthonormal(COLUMNS, SMALLEST_SHARE), atol=1e-12)


def test_dependent_columns_are_those_of_the_textbook():
    columns = [*COLUMNS, 3 * X - 5, X * X, np.cos(X) + X]
    assert np.allclose(Basis(columns).rows, naive.orthonormal(columns, SMALLEST_SHARE), atol=1e-9)


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 7, 60])
def test_sum_of_rows_is_added_as_written(rows):
    from kolmo.mdl.kernels import combine

    basis = np.sin(np.arange(3 * rows, dtype=float)).reshape(3, rows)
    factors = np.array([2.0, -3.0, 0.5])
    assert np.allclose(combine(basis, factors), naive.combined(basis, factors), atol=1e-14)


def test_basis_is_orthonormal_and_spans_the_columns():
    basis = Basis(COLUMNS)
    assert np.allclose(basis.rows @ basis.rows.T, np.eye(3), atol=1e-14)
    assert basis.independent
    for column in COLUMNS:
        assert np.allclose(column @ basis.rows.T @ basis.rows, column)


def test_dependent_column_adds_nothing():
    basis = Basis([*COLUMNS, 3 * X - 5])
    assert not basis.independent
    assert not basis.rows[3].any()
    assert np.array_equal(basis.rows[:3], Basis(COLUMNS).rows)


@pytest.mark.parametrize("exponent", [-1000, -300, 300, 1000])
def test_size_of_a_column_does_not_matter(exponent):
    scaled = Basis([np.ones(ROWS), np.ldexp(X, exponent)])
    assert np.array_equal(scaled.rows, Basis([np.ones(ROWS), X]).rows)


@pytest.mark.parametrize("kind", TARGETS)
def test_message_decodes_and_has_the_length_it_says(kind):
    basis, values = Basis(COLUMNS), values_of(kind)
    found = fit(basis, values)
    code, rest = fitted_code(3, ROWS), Rest(basis.predict(found), found.rest)
    assert read(code, write(code, found)) == found
    assert read(rest, write(rest, values)).tolist() == values.tolist()
    for part, value in ((code, found), (rest, values)):
        laws.check_identity(part, value)
        assert 8 * len(write(part, value)) <= math.ceil(part.codelength(value)) + 16
    assert rest.codelength(values) == rest_bits(found, basis, values)


def test_coefficients_are_those_of_least_squares():
    basis, values = Basis(COLUMNS), values_of("line")
    found = basis.coefficients(fit(basis, values))
    exact = np.linalg.lstsq(np.array(COLUMNS).T, values, rcond=None)[0]
    scale = np.std(NOISE) / np.linalg.norm(X - X.mean())
    assert found[1] == pytest.approx(exact[1], abs=4 * scale)


def test_exact_target_leaves_nothing():
    basis, values = Basis(COLUMNS[:2]), values_of("exact")
    found = fit(basis, values)
    assert basis.predict(found).tolist() == values.tolist()
    assert rest_bits(found, basis, values) < 0.1


@pytest.mark.parametrize("power", [19, 60, 300])
def test_huge_targets_come_back(power):
    values = to_values([10**power + (10**power // 7) * i + i * i for i in range(ROWS)])
    basis = Basis(COLUMNS[:2])
    found = fit(basis, values)
    rest = Rest(basis.predict(found), found.rest)
    assert read(rest, write(rest, values)).tolist() == values.tolist()
    assert rest.codelength(values) < ROWS * values[-1].bit_length() * 0.96


def test_unit_of_the_target_does_not_matter():
    """In tenths of the unit the same line costs log2 10 more for each row, and little else."""
    basis = Basis(COLUMNS[:2])
    coarse = values_of("line")
    fine = to_values(10 * coarse + np.arange(ROWS) % 10)
    bits = [
        fitted_code(2, ROWS).codelength(found) + rest_bits(found, basis, values)
        for values in (coarse, fine)
        for found in [fit(basis, values)]
    ]
    assert bits[1] - bits[0] == pytest.approx(ROWS * math.log2(10), abs=8)


def test_rest_by_heavy_tails_is_told():
    left = to_values([(-1) ** i * (i % 5) for i in range(200)] + [4000, -7000])
    place, bits = fit_rest(left)
    assert place.shape == 2
    assert bits < 202 * 5


@pytest.mark.parametrize("count", [0, 1, 5])
def test_coordinates_come_back(count):
    value = tuple((-3) ** i for i in range(count))
    laws.check_identity(Coordinates(count, 2), value)


def test_differences_are_exact():
    huge = to_values([2**63 - 1, -(2**63), 5])
    other = to_values([-(2**63), 2**63 - 1, 7])
    assert difference(huge, other).tolist() == [2**64 - 1, 1 - 2**64, -2]
    assert difference(to_values([1, 2]), to_values([3, -4])).tolist() == [-2, 6]


def test_prediction_beyond_the_doubles_is_damage():
    basis, values = Basis(COLUMNS), values_of("line")
    found = fit(basis, values)
    for wrong in (
        found._replace(exponent=1000),
        found._replace(coordinates=(1 << 2000, 0, 0)),
        found._replace(exponent=1100, coordinates=(1, 0, 0)),
    ):
        with pytest.raises(DecodeError):
            basis.predict(wrong)
