"""Selection: candidates on one scale, verdicts, and messages that decode to the very file."""

import math
import random
from fractions import Fraction

import pytest

import kolmo
from kolmo.errors import CertificationError, InputError, ParameterError
from kolmo.mdl.criteria import criteria
from kolmo.mdl.families.normal import Normal
from kolmo.mdl.message import ColumnCode
from kolmo.mdl.select import select
from kolmo.registry import families
from kolmo.table import read_table

_random = random.Random(9)


def csv(name, texts):
    """Return a file with one column."""
    return "\n".join([name, *map(str, texts), ""]).encode()


FIXTURES = {
    "level shift": csv("x", [round(_random.gauss(m, 3)) for m in (10, 90) for _ in range(40)]),
    "row numbers": csv("n", range(1, 81)),
    "bell": csv("x", [f"{sum(_random.random() for _ in range(12)):.2f}" for _ in range(150)]),
    "two humps": csv("x", [_random.gauss(m, 5).__round__() for m in (20, 80) for _ in range(90)]),
    "waiting times": csv("t", [f"{_random.expovariate(0.1):.1f}" for _ in range(150)]),
    "counts": csv("k", [sum(_random.random() < 0.04 for _ in range(100)) for _ in range(150)]),
    "heavy tails": csv("x", [0, 1, -1, 2, 10**6] * 20),
    "labels": csv("c", [_random.choice("aaab") for _ in range(120)]),
    "missing": csv("x", ["1.5", "NA", "2.50", chr(34) * 2, "+3", "n/a?"] * 12),
    "huge": csv("x", [10**400 + 7, -(10**399), 3, 3]),
    "constant": csv("x", ["7.0"] * 40),
    "two rows": csv("x", [5, 9]),
    "spelling": csv("x", ["1.0e3", "2.5E-2", "007", "-0", ".5", "5.", "1_0"]),
    "table": b"a;b;c\n" + b"".join(b"%d;%d,5;x%d\n" % (i, i * i % 7, i % 3) for i in range(90)),
}


@pytest.mark.parametrize("kind", FIXTURES)
def test_every_candidate_of_every_fixture_decodes_in_a_fresh_process(kind):
    found = select(FIXTURES[kind], verify=True)
    for choice in found.columns:
        assert choice.candidates
        assert {row.kind for row in choice.rows} == {"certified"}
        for row in choice.candidates:
            assert row.message_bits <= math.ceil(row.total_bits) + 16
    assert kolmo.decode(found.container) == FIXTURES[kind]


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("level shift", "changepoint"),
        ("row numbers", "progression"),
        ("waiting times", "exponential"),
        ("two humps", "changepoint"),
        ("constant", "categorical"),
    ],
)
def test_plain_structure_is_found(kind, family):
    assert select(FIXTURES[kind]).columns[0].best.family == family


def test_rows_are_sorted_and_add_up():
    (choice,) = select(FIXTURES["bell"], criteria=True).columns
    totals = [row.total_bits for row in choice.candidates]
    assert totals == sorted(totals)
    for row in choice.candidates:
        parts = (row.cells_bits, row.model_bits, row.parameters_bits, row.data_bits)
        assert row.total_bits == pytest.approx(sum(parts))
        assert min(parts) >= 0
        assert row.delta_bits == pytest.approx(row.total_bits - totals[0])
        assert row.evidence_bound == pytest.approx(2**-row.delta_bits)
        assert row.bits_per_row == pytest.approx(row.total_bits / 150)
    assert len({(row.cells_bits, row.model_bits) for row in choice.candidates[:3]}) == 1


def test_best_of_each_family_is_listed_and_whatever_is_near():
    (choice,) = select(FIXTURES["two humps"]).columns
    listed = set(map(id, choice.candidates))
    for family in {row.family for row in choice.profile}:
        first = next(row for row in choice.profile if row.family == family)
        assert any(row.words == first.words for row in choice.candidates)
    near = [row for row in choice.profile if row.delta_bits < 6.64]
    assert {row.words for row in near} <= {row.words for row in choice.candidates}
    assert len(listed) == len(choice.candidates)


def test_margin_decides_between_verdicts():
    margin = select(FIXTURES["level shift"]).columns[0].verdict.margin_bits
    for min_gain, conclusive in ((margin - 0.1, True), (margin + 0.1, False)):
        verdict = select(FIXTURES["level shift"], min_gain_bits=min_gain).columns[0].verdict
        assert verdict.conclusive is conclusive
        assert verdict.sentence.startswith("inconclusive") is not conclusive


def test_order_of_rows_changes_only_families_that_heed_it():
    texts = FIXTURES["bell"].splitlines()
    shuffled = b"\n".join([texts[0], *_random.sample(texts[1:], 150), b""])
    one, other = (
        {row.family: row.total_bits for row in select(data).columns[0].candidates}
        for data in (FIXTURES["bell"], shuffled)
    )
    for family in ("normal", "student", "histogram", "mixture", "gamma", "uniform"):
        assert one[family] == pytest.approx(other[family], abs=1e-6)


@pytest.mark.parametrize("kind", ["bell", "two humps", "waiting times"])
def test_scaling_a_column_changes_no_choice(kind):
    name, *texts = FIXTURES[kind].decode().split()
    scaled = csv(name, [f"{Fraction(text) * 1000}" for text in texts])
    (one,), (other,) = (select(data).columns for data in (FIXTURES[kind], scaled))
    counts = {"poisson", "geometric", "negative_binomial"}  # of things, in units of 1 only
    words = [
        [row.words for row in choice.candidates if row.family not in counts]
        for choice in (one, other)
    ]
    assert words[0] == words[1]
    assert one.best.data_bits == pytest.approx(other.best.data_bits, abs=1e-6)


def test_parameters_are_in_the_units_of_the_file():
    data = csv("x", [f"{value / 4:.2f}" for value in [398, 400, 402, 399, 401] * 20])
    best = select(data, families=["normal"]).columns[0].best
    assert best.parameters["location"] == pytest.approx(100, abs=0.05)
    assert best.parameters["scale"] == pytest.approx(math.sqrt(2) / 4, rel=0.3)
    edges = select(data, families=["histogram"]).columns[0].best.parameters["edges"]
    assert 99.4 <= edges[0] <= edges[-1] <= 100.8


def test_precision_moves_digits_from_data_to_cells():
    data = csv("x", [f"{_random.gauss(5, 0.5):.6f}" for _ in range(100)])
    plain = select(data, families=["normal"]).columns[0].best
    coarse = select(data, families=["normal"], precisions={"x": Fraction(1, 100)})
    best = coarse.columns[0].best
    assert best.cells_bits - plain.cells_bits == pytest.approx(100 * math.log2(10**4), abs=25)
    assert best.total_bits == pytest.approx(plain.total_bits, abs=25)
    assert kolmo.decode(coarse.container) == data


def test_dropped_values_are_left_out():
    data = FIXTURES["missing"]
    found = select(data, missing="drop")
    assert found.columns[0].about["rows"] == 36
    assert kolmo.decode(found.container) == csv("x", ["1.5", "2.50", "+3"] * 12)
    with pytest.raises(InputError, match="text among numbers"):
        select(data, missing="error")


def test_columns_dropped_to_different_lengths_have_no_container():
    assert select(b"a,b\n1,x\nNA,y\n2,x\n", missing="drop").container is None


def test_column_without_values_has_no_candidates():
    found = select(b"a,b\n1,\n2,NA\n")
    assert found["b"].candidates == ()
    assert found["b"].verdict.conclusive
    assert kolmo.decode(found.container) == b"a,b\n1,\n2,NA\n"


def test_jobs_change_nothing():
    one, two = (select(FIXTURES["table"], jobs=jobs) for jobs in (1, 2))
    assert one.to_dict() == two.to_dict()
    assert one.container == two.container


FILES = {
    "zeros and signs": "x\n1.50\n2.00\n+3.25\n-0.0\n007\n.5\n5.\n",
    "exponents": "x\n1e3\n2.5E-2\n1.0e+05\n3\n",
    "stray text": "x\n1\n2\nhello\n3\nworld 4\n",
    "semicolons": "x;y\n1;2,5\n2;3,5\n",
    "tabs": "x\ty\n1\ta\n2\tb\n",
    "letters": "caf\u00e9,\u03b1\n\u00e9,1\n\u4e2d,2\n",
    "two rows": "x\n5\n9\n",
    "no rows": "x,y\n",
    "400 decimals": "x\n" + "".join(f"-0.{7**n}\n" for n in range(460, 480)),
    "nanoseconds": "t,x\n" + "".join(f"1690000000000000000,{n}\n" for n in range(30)),
    "largest integer": "x\n" + "9223372036854775807\n" * 3,
    "one of 900": "x\n1\n2\n3\n" + "9" * 900 + "\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_file_comes_back(kind):
    data = FILES[kind].encode()
    found = select(data, families=["normal", "categorical", "zlib"])
    assert kolmo.decode(found.container) == data


@pytest.mark.parametrize("zeros", [15, 20, 100, 300])
def test_scale_beyond_64_bits_changes_only_the_step(zeros):
    numbers = [1000 + n * n % 97 for n in range(60)]
    plain, scaled = (
        select(csv("x", [f"{n}{end}" for n in numbers]), families=["normal", "uniform"])["x"]
        for end in ("", "0" * zeros)
    )
    for one, two in zip(plain.candidates, scaled.candidates, strict=True):
        assert one.family == two.family
        assert one.data_bits == two.data_bits
        assert two.total_bits - one.total_bits < 40 + 4 * zeros  # the step itself is sent


def test_names_are_checked():
    with pytest.raises(ParameterError, match="Did you mean 'normal'"):
        select(FIXTURES["bell"], families=["norml"])
    with pytest.raises(ParameterError, match="unknown column"):
        select(FIXTURES["bell"], columns=["y"])
    with pytest.raises(ParameterError, match="unknown column"):
        select(FIXTURES["bell"], precisions={"y": Fraction(1)})


def test_chosen_columns_only():
    found = select(read_table(FIXTURES["table"]), columns=["c", "a"])
    assert [choice.column for choice in found.columns] == ["c", "a"]
    assert kolmo.decode(found.container).startswith(b"c;a\nx0;0\n")


@pytest.mark.parametrize("verify", [False, True])
def test_family_whose_decoder_is_broken_is_not_certified(verify, monkeypatch):
    class Broken(Normal):
        def data_code(self, parameters, rows):
            code = super().data_code(parameters, rows)
            code.decode = lambda coder: type(code).decode(code, coder) + 1
            return code

    monkeypatch.setattr("kolmo.registry.Registry.get", lambda self, name: Broken)
    if verify:  # the fresh process has the real one: what it decodes is right
        return
    with pytest.raises(
        CertificationError, match=r"normal for column .x.: it decodes to another column"
    ):
        select(FIXTURES["bell"], families=["normal"])


def test_message_longer_than_its_code_length_is_not_certified(monkeypatch):
    prices = ColumnCode.codelength
    monkeypatch.setattr(Normal, "data_code", _short_of(Normal.data_code, 40))
    with pytest.raises(CertificationError, match="more than its code length"):
        select(FIXTURES["bell"], families=["normal"])
    assert prices is ColumnCode.codelength


def _short_of(method, bits):
    """Return a method whose codes say that they are shorter than they are."""

    def data_code(self, parameters, rows):
        code = method(self, parameters, rows)
        honest = code.codelength
        code.codelength = lambda value: honest(value) - bits
        return code

    return data_code


def test_criteria_are_those_of_the_textbook():
    (choice,) = select(FIXTURES["bell"], families=["normal"], criteria=True).columns
    best = choice.best
    assert best.free_parameters == 2
    expected = criteria(best.data_bits, 2, 150) | {"rnml_bits": None, "gmdl_bits": None}
    assert best.criteria == pytest.approx(expected, abs=0.5)
    assert (
        select(FIXTURES["bell"], families=["zlib"], criteria=True).columns[0].best.criteria is None
    )


def test_criteria_of_labels_use_the_maximised_likelihood():
    data = csv("c", ["a"] * 3 + ["b"] * 7)
    best = select(data, families=["categorical"], criteria=True).columns[0].best
    assert best.free_parameters == 1
    assert best.criteria["bic_bits"] == pytest.approx(8.812909 + math.log2(10) / 2, abs=1e-5)


def test_all_registered_families_are_asked():
    (choice,) = select(FIXTURES["counts"]).columns
    asked = {row.family for row in choice.profile} | {item.family for item in choice.left_out}
    assert set(families.own_names()) <= asked
