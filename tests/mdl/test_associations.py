"""Associations of columns: known values, independence, and levels of any column."""

import json
import math

import numpy as np
import pytest

from kolmo.errors import ParameterError
from kolmo.mdl.associations import FORMULA, associations, column_levels
from kolmo.table import Texts, analyse_column, read_table


def csv(**columns):
    """Return columns as the bytes of a file."""
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    return "\n".join(lines).encode() + b"\n"


def levels_of(*cells):
    """Return the levels of a column and their number."""
    codes, number = column_levels(analyse_column(Texts.of([cell.encode() for cell in cells])))
    return codes.tolist(), number


def random_columns(rows, seed=1):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return {
        "x": x.round(3).tolist(),
        "near": (x + 0.3 * rng.normal(size=rows)).round(3).tolist(),
        "apart": rng.normal(size=rows).round(3).tolist(),
        "label": ["uvw"[i] for i in rng.integers(0, 3, rows)],
    }


def test_association_of_two_bits_by_hand():
    # four rows of x = y: L(X) = -log2(B) with B = 1/2 3/4 1/6 3/8, L(Y|X) = 2 log2 8/3
    found = associations(csv(x=[0, 0, 1, 1], y=["a", "a", "b", "b"]))
    alone = -math.log2(1 / 2 * 3 / 4 * 1 / 6 * 3 / 8)
    given = 2 * math.log2(8 / 3)
    assert found.matrix[0, 1] == pytest.approx(max(0.0, alone - given - 1) / 4)
    assert found.plugin[0, 1] == pytest.approx(1)
    assert np.diag(found.matrix).tolist() == pytest.approx([1, 1])


@pytest.mark.parametrize("rows", [50, 1000, 20000])
def test_independent_columns_have_none(rows):
    # each exceeds 0 with probability 2**-t at t bits, by Markov's inequality: 10 bits are allowed
    found = associations(csv(**random_columns(rows)))
    apart = [(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert max(found.matrix[pair] for pair in apart) * rows < 10
    assert all(found.plugin[pair] > 0 for pair in apart)


def test_dependent_columns_have_some():
    found = associations(csv(**random_columns(20000)))
    truth = 0.5 * math.log2(1 + 1 / 0.3**2)  # bits, of normal variables
    assert 0.7 * truth < found.matrix[0, 1] <= found.plugin[0, 1] < truth + 0.1
    assert found.pairs()[0][:2] == ("x", "near")


def test_matrix_is_symmetric_and_bounded_by_the_entropies():
    found = associations(csv(**random_columns(3000)))
    for matrix in (found.matrix, found.plugin):
        assert (matrix == matrix.T).all()
        assert (matrix >= 0).all()
        assert (matrix <= np.minimum.outer(np.diag(matrix), np.diag(matrix)) + 1e-12).all()


def test_result_does_not_depend_on_jobs():
    text = csv(**random_columns(500))
    one, two = associations(text), associations(text, jobs=2)
    assert (one.matrix == two.matrix).all()


def test_chosen_columns_in_their_order():
    table = read_table(csv(**random_columns(100)))
    found = associations(table, ["label", "x"])
    whole = associations(table)
    assert found.names == ("label", "x")
    assert found.matrix[0, 1] == whole.matrix[3, 0]


def test_order_of_labels_and_rows_changes_nothing():
    columns = random_columns(800)
    order = np.random.default_rng(3).permutation(800)
    moved = {name: [column[i] for i in order] for name, column in columns.items()}
    one, two = associations(csv(**columns)), associations(csv(**moved))
    assert one.matrix == pytest.approx(two.matrix)


def test_few_numbers_stay_as_they_are():
    assert levels_of("3", "1", "2", "1") == ([2, 0, 1, 0], 3)


def test_many_numbers_become_bins_of_as_many_rows():
    codes, number = levels_of(*map(str, range(1000)))
    assert number == 10
    assert np.bincount(codes).tolist() == [100] * 10
    assert codes == sorted(codes)


def test_number_of_bins_is_bounded():
    assert levels_of(*map(str, range(17)))[1] == 4
    assert levels_of(*map(str, range(300_000)))[1] == 64


def test_frequent_number_has_one_bin():
    codes, _ = levels_of(*["0"] * 500, *map(str, range(1, 501)))
    assert len(set(codes[:500])) == 1


def test_missing_cells_are_a_level():
    assert levels_of("7", "NA", "9", "7") == ([0, 2, 1, 0], 3)
    assert levels_of("", "")[1] == 1
    found = associations(csv(x=["", "1", "2"] * 100, y=["a", "b", "b"] * 100))
    assert found.plugin[0, 1] == pytest.approx(found.plugin[1, 1])


def test_rare_labels_become_one_level():
    cells = [f"rare{i}" for i in range(100)] + [f"often{i % 63}" for i in range(630)]
    codes, number = levels_of(*cells)
    assert number == 64
    assert set(codes[:100]) == {63}
    assert set(codes[100:]) == {*range(63)}


def test_numbers_beyond_64_bits_have_levels():
    assert levels_of(str(10**30), str(-(10**30)), "0", "0") == ([2, 0, 1, 1], 3)


def test_record_is_plain_and_says_what_it_is():
    found = associations(csv(**random_columns(60)))
    record = json.loads(json.dumps(found.to_dict()))
    assert record["kind"] == "estimate"
    assert record["formula"] == FORMULA
    assert record["association_bits_per_row"] == found.matrix.tolist()
    assert "<th>near</th>" in found._repr_html_()


def test_page_escapes_names():
    found = associations(csv(**{"<b>": [1, 2], "c": ["x", "y"]}))
    assert "<b>" not in found._repr_html_()


def test_unknown_column_is_refused():
    with pytest.raises(ParameterError, match="unknown column"):
        associations(csv(x=[1, 2]), ["z"])


def test_empty_table_is_refused():
    with pytest.raises(ParameterError, match="no associations"):
        associations(csv(x=[]))
