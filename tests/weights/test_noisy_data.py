"""Tables as problems for nets: the same inputs at both ends, targets that come back exactly."""

import numpy as np
import pytest

from kolmo.errors import InputError, ParameterError
from kolmo.mdl.cells import put_together
from kolmo.mdl.features import read_features
from kolmo.table import read_table
from kolmo.weights.noisy.data import Problem, describe_inputs, make_inputs, read_problem


def problem(text: str, target: str = "y", **options: object) -> Problem:
    return read_problem(read_table(text.encode()), target, **options)  # type: ignore[arg-type]


def test_inputs_have_mean_zero_and_variance_one() -> None:
    found = problem("a,b,y\n1,5,1\n2,7,2\n4,-1,3\n9,0,4\n")
    assert found.x.shape == (4, 2)
    assert np.abs(found.x.mean(0)).max() < 1e-15
    assert np.abs(found.x.std(0) - 1).max() < 1e-15


def test_inputs_of_the_receiver_have_the_same_bits() -> None:
    rows = "".join(f"{i * i / 7:.5f},{'xyz'[i % 3]},{i}\n" for i in range(50))
    sent = problem("a,b,y\n" + rows)
    features = read_features(sent.known.text, sent.known.names)
    inputs = describe_inputs(features, sent.known.names)
    assert inputs == sent.inputs
    assert np.array_equal(make_inputs(features, inputs, 50), sent.x)


def test_constant_features_make_no_input() -> None:
    found = problem("a,b,y\n1,5,1\n1,7,2\n1,9,4\n")
    assert [item.place for item in found.inputs] == [1]


def test_features_that_never_vary_leave_a_column_of_zeros() -> None:
    found = problem("a,y\n3,1\n3,2\n")
    assert found.x.tolist() == [[0.0], [0.0]]


def test_texts_become_one_input_for_each_label() -> None:
    found = problem("a,y\nred,1\nblue,2\nred,3\ngreen,4\n")
    assert [item.level for item in found.inputs] == ["red", "blue", "green"]
    assert (found.x[0] == found.x[2]).all()


def test_test_rows_get_the_inputs_of_the_training_rows() -> None:
    fitted = problem("a,b,y\n0,u,1\n2,v,2\n")
    other = read_table(b"a,b,y\n4,w,7\n1,u,8\n")
    features = read_features(b"4,w\n1,u\n", ("a", "b"))
    assert other.rows == features.rows
    assert make_inputs(features, fitted.inputs, 2).tolist() == [[3.0, -1.0, -1.0], [0.0, 1.0, -1.0]]


def test_numbers_where_texts_are_now_are_refused() -> None:
    fitted = problem("a,y\n0,1\n2,2\n")
    with pytest.raises(InputError, match="no numbers: got texts in feature 'a'"):
        make_inputs(read_features(b"u\nv\n", ("a",)), fitted.inputs, 2)


@pytest.mark.parametrize(
    "cells", ["1,2,3", "1.50,2.25,0.75", "+1,007,1e3", "100,300,200", "-5,-0,12345678901"]
)
def test_target_comes_back_as_it_was_written(cells: str) -> None:
    rows = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells.split(",")))
    found = problem("a,y\n" + rows)
    assert list(put_together(found.cells, found.values)) == [c.encode() for c in cells.split(",")]
    assert found.data == b"y\n" + cells.replace(",", "\n").encode() + b"\n"


def test_target_counts_in_its_own_step() -> None:
    found = problem("a,y\n1,0.25\n2,0.75\n3,1.50\n")
    assert found.values.tolist() == [1, 3, 6]
    assert found.y.tolist() == [[1.0], [3.0], [6.0]]


def test_target_of_texts_is_labels() -> None:
    found = problem("a,y\n1,no\n2,yes\n3,no\n")
    assert (found.likelihood, found.outputs, found.y.tolist()) == ("softmax", 2, [0, 1, 0])


def test_numbers_are_labels_on_request() -> None:
    found = problem("a,y\n1,7\n2,3\n3,7\n", likelihood="softmax")
    assert (found.outputs, found.values.tolist()) == (2, [0, 1, 0])
    assert list(put_together(found.cells, found.values)) == [b"7", b"3", b"7"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a,y\n1,2\n,3\n4,5\n", "missing value: got '' in line 3 of .*, row 2, column 'a'"),
        ("a,y\n1,2\n2,NA\n4,5\n", "missing value: got 'NA' in line 3 of .*, row 2, column 'y'"),
        ("a,y\n1,2\n2,3\n3,oops\n", "text among numbers: got 'oops' in line 4 .* column 'y'"),
    ],
)
def test_missing_values_are_refused_with_column_and_row(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        problem(text)


def test_missing_values_elsewhere_do_not_matter() -> None:
    assert problem("a,b,y\n1,,2\n2,3,3\n", features=["a"]).known.names == ("a",)


@pytest.mark.parametrize(
    ("text", "options", "error", "says"),
    [
        ("a,y\n", {}, InputError, "no rows"),
        ("a,y\n1,2\n", {"target": "z"}, ParameterError, "unknown column"),
        ("a,y\n1,2\n", {"features": ["b"]}, ParameterError, "unknown column"),
        ("a,y\n1,2\n", {"features": ["y"]}, ParameterError, "target among the features"),
        ("a,y\n1,u\n2,v\n3,u\n", {"likelihood": "normal"}, ParameterError, "no numbers"),
        ("a,y\n1,2\n", {"likelihood": "normall"}, ParameterError, "Did you mean 'normal'"),
        ("a,y\n1,2\n2,99999999999999999\n", {}, InputError, "numbers too long"),
        ("y,a\n" + "".join(f"{i},t{i}\n" for i in range(300)), {}, InputError, "too many labels"),
        ("a,y\n" + "".join(f"{i},t{i}\n" for i in range(300)), {}, InputError, "too many labels"),
    ],
)
def test_tables_that_no_net_suits_are_refused(
    text: str, options: dict[str, object], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        problem(text, **options)  # type: ignore[arg-type]


def test_one_row_works() -> None:
    found = problem("a,y\n3,14\n")
    assert (found.rows, found.x.tolist()) == (1, [[0.0]])
    assert list(put_together(found.cells, found.values)) == [b"14"]


@pytest.mark.parametrize("cells", ["1e308,-1e308,0", "1e-320,2e-320,5e-321", "1e200,1,2"])
def test_extreme_numbers_give_finite_inputs(cells: str) -> None:
    rows = "".join(f"{cell},{i}\n" for i, cell in enumerate(cells.split(",")))
    assert np.isfinite(problem("a,y\n" + rows).x).all()
