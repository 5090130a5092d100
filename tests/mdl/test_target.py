"""The contest for a target: features, messages for whoever has them, verdicts, directions."""

import random

import numpy as np
import pytest

import kolmo
from kolmo.errors import CorruptFileError, InputError, ParameterError
from kolmo.mdl.contest import Request
from kolmo.mdl.direction import directions
from kolmo.mdl.features import MISSING, Features, features_text, known_columns, read_features
from kolmo.mdl.select import select
from kolmo.table import read_table

_random = random.Random(4)
LINES = [
    (x := _random.randrange(500), "abc"[x % 3], 3 * x + _random.randrange(9)) for _ in "x" * 80
]
CSV = "x,group,y\n" + "".join(f"{x},{z},{y}\n" for x, z, y in LINES)
QUICK = ["linear", "groups", "normal", "uniform"]


@pytest.fixture(scope="module")
def chosen():
    return select(CSV.encode(), target="y", families=QUICK)


def test_features_are_numbers_and_levels():
    table = read_table(b"a,b,c\n1.5,x,\n2,y,7\n1.50,x,8\n,z,7\n")
    features = read_features(features_text(table, table.names), table.names)
    assert (len(features), features.rows, features.names) == (3, 4, ("a", "b", "c"))
    assert features.numbers(0) is features.numbers(1) is None  # one lacks a value, one has labels
    assert features.levels(0).names == ("1.50", "2.00", MISSING)
    assert features.levels(2).codes.tolist() == [2, 0, 1, 0]
    some = features.keep(np.array([True, True, True, False]))
    assert some.numbers(0).tolist() == [1.5, 2.0, 1.5]
    assert (some.rows, some.levels(1).names, some.numeric()) == (3, ("x", "y"), [0])


def test_numbers_of_features_are_the_nearest_doubles():
    cells = ["0.1", "123456789012345678901234567890", "1e300", "-2.5e-300"]
    table = read_table(("v,w\n" + "".join(f"{cell},1\n" for cell in cells)).encode())
    found = read_features(features_text(table, ["v"]), ["v"]).numbers(0)
    assert found.tolist() == [float(cell) for cell in cells]


@pytest.mark.parametrize("cells", [["1", "", "3"], ["", "", "x"], ["a,b", 'say "x"', " "]])
def test_features_come_back_from_their_text(cells):
    quoted = ['"{}"'.format(cell.replace('"', '""')) for cell in cells]
    table = read_table(("v\n" + "\n".join(quoted) + "\n").encode(), header="yes")
    text = features_text(table, ["v"])
    assert read_features(text, ["v"]).rows == len(cells)
    again = read_table(known_columns(table, ["v"]).to_csv_bytes(), header="yes")
    assert features_text(again, ["v"]) == text


def test_features_help(chosen):
    (choice,) = chosen.columns
    assert choice.best.family == "linear"
    assert choice.best.parameters["features"] == ["x"]
    assert choice.about["features"] == ["x", "group"]
    assert choice.about["without_features_bits"] - choice.best.total_bits > 100
    assert choice.verdict.conclusive


@pytest.mark.parametrize("cut", ["x,group,y", "group,x", "other,x,group"])
def test_decoder_needs_the_features_alone(cut, chosen):
    """Other columns, another order and another target do not matter."""
    names = cut.split(",")
    rows = [dict(zip(["x", "group", "y"], map(str, line), strict=True)) for line in LINES]
    lines = [cut, *(",".join(row.get(name, "?") for name in names) for row in rows), ""]
    found = kolmo.decode(chosen.container, "\n".join(lines).encode())
    assert found.decode() == "y\n" + "".join(f"{y}\n" for *_, y in LINES)


def test_decoder_names_the_feature_it_lacks(chosen):
    with pytest.raises(InputError, match=r"feature missing.*'group'"):
        kolmo.decode(chosen.container, CSV.replace("group", "grp").encode())


@pytest.mark.parametrize("place", [0, 40, -2])
def test_decoder_refuses_other_features(place, chosen):
    lines = CSV.splitlines()
    lines[place] = lines[place].replace(lines[place].split(",")[0], "7777", 1)
    if place == 0:
        lines = lines[:-1]  # a row less
        lines[0] = "x,group,y"
    with pytest.raises(ParameterError, match=r"wrong side .*need the encoder's features"):
        kolmo.decode(chosen.container, "\n".join(lines).encode() + b"\n")


def test_decoder_needs_side_information(chosen):
    with pytest.raises(ParameterError, match="missing: need the encoder's features"):
        kolmo.decode(chosen.container)


def test_altered_message_is_never_another_target(chosen):
    for place in range(0, len(chosen.container), 7):
        wrong = bytearray(chosen.container)
        wrong[place] ^= 1
        with pytest.raises((CorruptFileError, InputError, ParameterError)):
            kolmo.decode(bytes(wrong), CSV.encode())


def test_every_candidate_decodes_in_a_fresh_process():
    found = select(CSV.encode(), target="y", families=QUICK, verify=True)
    assert {row.kind for row in found["y"].candidates} == {"certified"}


def test_missing_cells_of_target_and_features():
    text = CSV.replace(f"{LINES[3][0]},{LINES[3][1]},{LINES[3][2]}", f"{LINES[3][0]},,NA", 1)
    found = select(text.encode(), target="y", families=QUICK)
    back = kolmo.decode(found.container, text.encode()).decode().split("\n")
    assert back == [line.split(",")[-1] for line in text.split("\n")]
    with pytest.raises(ParameterError, match="no rows can be dropped"):
        select(text.encode(), target="y", families=QUICK, missing="drop")
    with pytest.raises(InputError):
        select(text.encode(), target="y", families=QUICK, missing="error")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"target": "q"}, "unknown column"),
        ({"target": "y", "features": ["q"]}, "unknown column"),
        ({"target": "y", "features": ["x", "y"]}, "target among the features"),
        ({"features": ["x"]}, "no target"),
        ({"target": "y", "families": ["liner"]}, "Did you mean 'linear'"),
        ({"families": ["linear"]}, "Use --target"),
        ({"target": "y", "families": ["linear:level=3"]}, "unknown setting"),
    ],
)
def test_wrong_requests_are_named(options, error):
    with pytest.raises(ParameterError, match=error):
        select(CSV.encode(), **options)


def test_copy_of_the_target_is_chosen_and_told():
    text = "x,copy,y\n" + "".join(f"{x},{y},{y}\n" for x, _, y in LINES)
    found = select(text.encode(), target="y", families=QUICK)
    assert found["y"].best.parameters["features"] == ["copy"]
    assert [caution.code for caution in found["y"].cautions] == ["target-among-features"]
    assert found["y"].best.data_bits < 1


def test_constant_target_has_a_finite_length():
    text = "x,y\n" + "".join(f"{x},5\n" for x, *_ in LINES)
    found = select(text.encode(), target="y")
    assert 0 < found["y"].best.total_bits < 100


def test_no_features_at_all():
    found = select(b"y\n1\n2\n3\n1\n2\n", target="y", families=["uniform", "linear"])
    assert kolmo.decode(found.container, b"y\n1\n2\n3\n1\n2\n") == b"y\n1\n2\n3\n1\n2\n"


def test_file_without_rows():
    found = select(b"x,y\n", target="y")
    assert found["y"].verdict.sentence == "no value, hence no model"
    assert found["y"].cautions == ()


def test_decoder_reads_other_delimiters(chosen):
    back = kolmo.decode(chosen.container, CSV.replace(",", ";").encode())
    assert back.startswith(b"y\n")


def test_file_without_a_header():
    text = CSV.split("\n", 1)[1]
    table = read_table(text.encode(), header="no")
    found = select(table, target="column 3", families=QUICK)
    assert kolmo.decode(found.container, text.encode()).split() == [
        str(y).encode() for *_, y in LINES
    ]


def test_jobs_change_nothing(chosen):
    again = select(CSV.encode(), target="y", families=QUICK, jobs=2)
    assert again.container == chosen.container
    assert again.to_dict() == chosen.to_dict()


def test_direction_shows_both_ways():
    table = read_table(CSV.encode())
    found = directions(table, "x", "y", Request())
    assert {(way.cause, way.effect) for way in found.ways} == {("x", "y"), ("y", "x")}
    assert found.ways[0].total_bits <= found.ways[1].total_bits
    assert found.conclusive == (found.ways[1].total_bits - found.ways[0].total_bits >= 6.64)
    with pytest.raises(ParameterError, match="twice"):
        directions(table, "x", "x", Request())


def test_features_without_columns():
    assert (Features([]).rows, len(Features([])), Features([]).numeric()) == (0, 0, [])
