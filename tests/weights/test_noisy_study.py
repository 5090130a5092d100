"""A target under every code: what is charged, who wins, and the error on other rows."""

import math

import numpy as np
import pytest

from kolmo.errors import InputError, MemoryLimitError, ParameterError
from kolmo.mdl.methods import Method
from kolmo.table import read_table
from kolmo.weights.noisy.frame import Settings
from kolmo.weights.noisy.grid import divergence_bits, to_cloud
from kolmo.weights.noisy.held_out import held_out
from kolmo.weights.noisy.lengths import IN_1993, Length, ranked
from kolmo.weights.noisy.net import expected_output
from kolmo.weights.noisy.sent import round_prior
from kolmo.weights.noisy.study import Study, Wish, study

QUICK = Settings(restarts=1, steps_per_stage=20)
WISH = Wish(1, settings=QUICK, methods=(Method("normal"),))


def line(start: int, stop: int, *, decimals: str = "") -> str:
    """Return a table whose target is a line with noise, by integers alone."""
    rows = [
        f"{i * 37 % 101 - 50},{i * 37 % 101 + i * i * 7 % 9}{decimals}" for i in range(start, stop)
    ]
    return "\n".join(["a,y", *rows, ""])


@pytest.fixture(scope="module")
def found() -> Study:
    return study(read_table(line(0, 30).encode()), "y", None, WISH)


def test_lengths_add_up_and_stand_in_order(found: Study) -> None:
    *codes, bare = found.lengths
    assert bare.code == IN_1993
    assert [item.total_bits for item in codes] == sorted(item.total_bits for item in codes)
    for item in found.lengths:
        assert item.total_bits == pytest.approx(item.model_bits + item.misfit_bits)
        assert item.delta_bits == pytest.approx(item.total_bits - found.best.total_bits)


def test_1993_counts_misfit_and_weights_alone(found: Study) -> None:
    bare, honest = found[IN_1993], found["honest"]
    posterior = found.fitted.posterior
    costs = divergence_bits(round_prior(posterior.prior), to_cloud(posterior))
    assert bare.model_bits == pytest.approx(math.fsum(costs.tolist()))
    assert np.array_equal(costs, found.weight_bits)
    assert bare.total_bits == found.theory.as_in_1993_bits
    assert honest.total_bits > found.theory.honest_bits > bare.total_bits


def test_unknown_code_is_a_key_error(found: Study) -> None:
    with pytest.raises(KeyError):
        found["prequential"]  # not among the methods asked for


def test_sentence_names_winner_and_rival(found: Study) -> None:
    assert found.sentence.startswith(f"{found.best.code} (")
    assert "the net wins" in found.sentence
    alone = study(read_table(line(0, 30).encode()), "y", None, WISH._replace(methods=()))
    assert alone.sentence.endswith("no simpler model was tried")


def test_ranking_leaves_1993_last_even_if_it_is_the_shortest() -> None:
    lengths = [Length(code, "", "", 0.0, bits, bits) for code, bits in ((IN_1993, 1.0), ("a", 3.0))]
    assert [(item.code, item.delta_bits) for item in ranked(lengths)] == [("a", 0), (IN_1993, -2)]


def test_error_on_other_rows_is_the_mean_square_by_the_variance(found: Study) -> None:
    other = read_table(line(30, 50).encode())
    y = np.array([float(row.split(",")[1]) for row in line(30, 50).split()[1:]])
    a = np.array([float(row.split(",")[0]) for row in line(30, 50).split()[1:]])
    (item,) = found.problem.inputs
    x = ((a - item.mean) / item.deviation).reshape(-1, 1)
    left = y - expected_output(found.fitted.posterior, x)[0][:, 0]
    expected = np.mean(left**2) / np.var(y)
    assert held_out(found.problem, found.fitted, other, "y").error == pytest.approx(expected)


def test_error_does_not_depend_on_how_numbers_are_written(found: Study) -> None:
    one, two = (
        held_out(found.problem, found.fitted, read_table(text.encode()), "y")
        for text in (line(30, 50), line(30, 50, decimals=".00"))
    )
    assert one.error == two.error


def test_error_of_a_constant_is_none(found: Study) -> None:
    table = read_table(b"a,y\n1,5\n2,5\n")
    assert held_out(found.problem, found.fitted, table, "y").error is None


def test_other_rows_of_another_kind_are_refused(found: Study) -> None:
    with pytest.raises(InputError, match="another kind of target"):
        held_out(found.problem, found.fitted, read_table(b"a,y\n1,red\n2,blue\n"), "y")
    with pytest.raises(ParameterError, match="unknown column"):
        held_out(found.problem, found.fitted, read_table(b"b,y\n1,1\n2,2\n"), "y")


def test_net_that_needs_too_much_memory_is_refused() -> None:
    table = read_table(line(0, 30).encode())
    with pytest.raises(MemoryLimitError, match="30 rows, 1 inputs and 1 hidden units"):
        study(table, "y", None, WISH._replace(memory_limit=1000))
