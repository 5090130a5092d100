"""The best model of each column, through the installed command: rows, verdicts, files, pictures."""

import json
import math
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

DATA = Path(__file__).parents[1] / "data"
FEW = "-f normal,categorical"
PARTS = ("cells_bits", "model_bits", "parameters_bits", "data_bits")


@pytest.fixture
def nile(shell: Any) -> Any:
    """Bash in a folder with the flow of the Nile."""
    (shell.folder / "nile.csv").write_bytes((DATA / "nile.csv").read_bytes())
    return shell


def rows_of(shell: Any, command: str) -> list[dict[str, Any]]:
    """Return the rows that a command gives as JSON."""
    return list(envelope_of(shell, command)["results"])


def envelope_of(shell: Any, command: str) -> dict[str, Any]:
    """Return the envelope that a command prints."""
    done = shell(f"kolmo mdl-select -q --json {command}")
    assert done.code == 0, done
    envelope: dict[str, Any] = json.loads(done.out)
    return envelope


def test_nile_changes_once(nile: Any) -> None:
    rows = rows_of(nile, "nile.csv -C flow")
    assert (rows[0]["family"], rows[0]["complexity"]) == ("changepoint", 2)
    assert rows[0]["parameters"]["starts"] == [0, 28]
    assert rows[1]["delta_bits"] > 6.64


def test_rows_are_sorted_and_add_up(nile: Any) -> None:
    rows = rows_of(nile, "nile.csv -C flow -f normal,histogram,markov,lzma --all")
    models = [row for row in rows if row["rank"] is not None]
    totals = [row["total_bits"] for row in models]
    assert totals == sorted(totals)
    assert [row["rank"] for row in models] == list(range(1, len(models) + 1))
    for row in models:
        assert row["total_bits"] == pytest.approx(sum(row[part] for part in PARTS), abs=1e-9)
        assert row["bits_per_row"] == row["total_bits"] / 100
    for row in rows:
        assert row["delta_bits"] == row["total_bits"] - totals[0]
        assert row["evidence_bound"] == min(1.0, 2.0 ** -row["delta_bits"])


def test_kinds_say_what_was_decoded(nile: Any) -> None:
    command = f"nile.csv -C flow {FEW},student,zlib"
    for option, others in (("", "codelength"), ("--verify", "certified")):
        rows = rows_of(nile, f"{command} {option}")
        assert [row["kind"] for row in rows] == ["certified", *[others] * 3, *["certified"] * 2]
        assert [row["family"] for row in rows[4:]] == ["raw text", "xz -9e"]
        for row in rows:
            assert (row["message_bits"] is None) == (row["kind"] != "certified")
            assert (row["message_bits"] or 0) <= math.ceil(row["total_bits"]) + 16


def test_baselines_are_the_text_itself(nile: Any) -> None:
    *_, raw, packed = rows_of(nile, f"nile.csv -C flow {FEW}")
    text = nile("tail -n +2 nile.csv | cut -d, -f2 >flow; wc -c <flow").out
    assert raw["total_bits"] == 8 * int(text)
    assert 0 < packed["total_bits"] < raw["total_bits"]
    assert [raw[part] for part in PARTS] == [None] * 4


def test_shorter_baseline_is_told(shell: Any) -> None:
    (shell.folder / "f").write_text("x\n" + "1\n99999999999999\n" * 20)
    done = shell("kolmo mdl-select f -f uniform --format table")
    assert re.search("but xz -9e of the cells is .* bits shorter: no model here", done.out)
    xz = rows_of(shell, "f -f uniform")[-1]
    assert xz["delta_bits"] < 0
    assert xz["evidence_bound"] == 1


def test_criteria_are_no_codes(nile: Any) -> None:
    rows = rows_of(nile, f"nile.csv -C flow {FEW},lzma --criteria")
    assert rows_of(nile, f"nile.csv -C flow {FEW},lzma")[0]["criteria"] is None
    normal = next(row for row in rows if row["family"] == "normal")
    assert normal["free_parameters"] == 2
    found, nats = normal["criteria"], 1 / math.log(2)
    assert found["bic_bits"] - found["aic_bits"] == pytest.approx(math.log2(100) - 2 * nats)
    assert next(row for row in rows if row["family"] == "lzma")["criteria"] is None
    table = nile(f"kolmo mdl-select nile.csv {FEW} --criteria --format table").out
    for name in ("BIC/2 (criterion)", "AIC/2 (criterion)", "AICc/2 (criterion)"):
        assert name in table


def test_all_shows_what_the_best_of_each_family_hides(nile: Any) -> None:
    few, every = (rows_of(nile, f"nile.csv -C flow -f histogram {o}") for o in ("", "--all"))
    assert len(every) > len(few)
    assert [row for row in every if row in few] == few
    assert [row["kind"] for row in every[:2]] == ["certified", "codelength"]
    verified = rows_of(nile, "nile.csv -C flow -f histogram --all --verify")
    assert {row["kind"] for row in verified} == {"certified"}
    assert [row["total_bits"] for row in verified] == [row["total_bits"] for row in every]


def test_margin_decides_and_strict_tells(nile: Any) -> None:
    command = "nile.csv -C flow -f normal,student"
    (group,) = envelope_of(nile, command)["groups"]
    margin = group["margin_bits"]
    assert 0 < margin < 6.64
    assert not group["conclusive"]
    assert group["verdict"].startswith("inconclusive: ")
    run = f"kolmo mdl-select -q {command}"
    assert nile(f"{run} --strict").code == 3
    assert nile(f"{run} --strict --min-gain {margin - 0.01:.6f}").code == 0
    assert nile(f"{run} --strict --min-gain {margin + 0.01:.6f}").code == 3
    assert nile(run).code == 0
    assert nile(f"{run} --strict").out == nile(run).out


def test_verdict_names_the_families_left_out(shell: Any) -> None:
    groups = envelope_of(shell, "table.csv -f normal,categorical")["groups"]
    assert [group["column"] for group in groups] == ["n", "x", "label"]
    assert [list(group["left_out"]) for group in groups] == [[], [], ["normal"]]
    assert [group["missing"] for group in groups] == [0, 4, 0]


def test_column_that_no_family_suits_has_no_message(shell: Any) -> None:
    (group,) = envelope_of(shell, "table.csv -C label -f normal")["groups"]
    assert group["verdict"] == "no family that was asked for has a model"
    done = shell("kolmo mdl-select table.csv -f normal -o out")
    assert done.code == 2
    assert "got no model for column 'label'" in done.err
    assert not (shell.folder / "out").exists()


ROUND = {
    "constant": "x,y\n" + "7,k\n" * 30,
    "one row": "x,y\n5,a\n",
    "missing": "x,y\n1,a\nNA,b\nn/a,\n?,NULL\n2.0,c\n",
    "quotes": 'x,y\n1,"a,b"\n2,"say ""no"""\n3,"two\nlines"\n',
    "no header": "1,2\n3,5\n8,13\n",
    "no value": "x,y\nNA,1\nNaN,2\n",
    "400 digits": "x\n" + "".join(f"{7**n}\n" for n in range(460, 480)),
    "5000 digits": "x\n" + "".join(f"{d}{'1234567890' * 500}\n" for d in range(1, 9)),
}


@pytest.mark.parametrize("kind", ROUND)
def test_message_gives_the_file_back(kind: str, shell: Any) -> None:
    (shell.folder / "f.csv").write_text(ROUND[kind], encoding="utf-8", newline="")
    run = f"kolmo mdl-select -q f.csv {FEW} -o best.klm --plot --format table"
    done = shell(f"{run} && kolmo decode best.klm | cmp - f.csv")
    assert (done.code, done.err) == (0, "")
    assert shell("kolmo verify best.klm --against f.csv").code == 0
    assert shell("kolmo inspect --no-header best.klm | cut -f2").out == "columns\n"


@pytest.mark.parametrize(
    ("content", "options", "back"),
    [
        (b"x,y\r\n1,a\r\n2,b\r\n", "", b"x,y\n1,a\n2,b\n"),
        (b"\xef\xbb\xbfx,y\n1,a\n", "", b"x,y\n1,a\n"),
        (b"x\rcaf\xe9\rb\r", "--encoding latin-1", "x\ncaf\u00e9\nb\n".encode()),
        (b'"x","y"\n"1","a"\n\n2,b', "", b"x,y\n1,a\n2,b\n"),
        (b"x|y\n1|a\n", "--delimiter '|'", b"x|y\n1|a\n"),
        (b"x y\n1 a\n", "--delimiter ' '", b"x y\n1 a\n"),
        (b"a\nb\na\n", "--csv-header no", b"a\nb\na\n"),
        (b"a,b,c\n1,2,3\n4,5,6\n", "-C c -C a", b"c,a\n3,1\n6,4\n"),
        (b"x,y\n1,a\nNA,NA\n2,b\n", "--missing drop", b"x,y\n1,a\n2,b\n"),
    ],
    ids=["crlf", "bom", "latin-1", "quoting", "bars", "blanks", "no-header", "columns", "dropped"],
)
def test_message_gives_the_canonical_form_back(
    content: bytes, options: str, back: bytes, shell: Any
) -> None:
    (shell.folder / "f").write_bytes(content)
    assert (
        shell(f"kolmo mdl-select -q f {FEW} {options} -o out && kolmo decode out -o back").code == 0
    )
    assert (shell.folder / "back").read_bytes() == back


def test_all_families_together_give_the_file_back(nile: Any) -> None:
    done = nile("kolmo mdl-select -q nile.csv -o out && kolmo decode out | cmp - nile.csv")
    assert done.code == 0
    assert (nile.folder / "out").stat().st_size < 250


def test_missing_values_are_sent_dropped_or_refused(shell: Any) -> None:
    (shell.folder / "f").write_text("a,b\n1,\n2,5\nNA,6\n4,7\n")
    for policy, counts in (("code", [4, 4]), ("drop", [3, 3])):
        groups = envelope_of(shell, f"f {FEW} --missing {policy}")["groups"]
        assert [group["rows"] for group in groups] == counts
    refused = shell(f"kolmo mdl-select f {FEW} --missing error")
    assert (refused.code, refused.out) == (1, "")
    assert "missing value: got 'NA' in line 4 of 'f', column 'a'" in refused.err
    apart = shell(f"kolmo mdl-select f {FEW} --missing drop -o out")
    assert (apart.code, apart.out) == (2, "")
    assert "lack values in different rows" in apart.err
    alone = f"kolmo mdl-select -q f {FEW} --missing drop -C b -o out && kolmo decode out"
    assert shell(alone).out.endswith("b\n5\n6\n7\n")


def test_precision_moves_digits_to_the_cells(shell: Any) -> None:
    random = Random(3)
    values = "".join(f"{random.gauss(50, 9):.4f}\n" for _ in range(200))
    (shell.folder / "f").write_text("x\n" + values)
    fine, coarse = (rows_of(shell, f"f -f normal {o}")[0] for o in ("", "--precision x=.01"))
    moved = 200 * math.log2(100)
    assert coarse["cells_bits"] - fine["cells_bits"] == pytest.approx(moved, abs=30)
    assert fine["data_bits"] - coarse["data_bits"] == pytest.approx(moved, abs=30)
    run = "kolmo mdl-select -q f -f normal --precision x=.01 -o out"
    assert shell(f"{run} && kolmo decode out | cmp - f").code == 0


def test_one_column_of_a_wide_file(shell: Any) -> None:
    names = ",".join(f"c{i}" for i in range(3000))
    body = "".join(",".join(str(i * j % 10) for i in range(3000)) + "\n" for j in range(9))
    (shell.folder / "f").write_text(f"{names}\n{body}")
    (group,) = envelope_of(shell, "f -f categorical -C c2999")["groups"]
    assert (group["column"], group["rows"]) == ("c2999", 9)
    assert "Did you mean" in shell("kolmo mdl-select f -C c3000").err


def test_hundred_thousand_rows(shell: Any) -> None:
    random = Random(4)
    values = [f"{random.gauss(0, 1):.3f},{random.choice('aab')}\n" for _ in range(100_000)]
    (shell.folder / "f").write_text("x,y\n" + "".join(values))
    rows = rows_of(shell, "f -f normal,uniform,categorical -o out")
    best = {row["column"]: row["family"] for row in rows if row["rank"] == 1}
    assert best == {"x": "normal", "y": "categorical"}
    assert shell("kolmo decode out | cmp - f").code == 0


def test_standard_input_is_named_by_a_dash(nile: Any) -> None:
    for run in ("<nile.csv", "- <nile.csv"):
        rows = rows_of(nile, f"{FEW} {run}")
        assert {row["file"] for row in rows} == {"-"}
        assert {row["column"] for row in rows} == {"year", "flow"}


def test_settings_of_a_family_are_sent_with_it(nile: Any) -> None:
    plain, limited = (
        rows_of(nile, f"nile.csv -C flow -f markov{o} -o out")[0] for o in ("", ":limit=2")
    )
    assert limited["family"] == "markov:limit=2"
    assert limited["model_bits"] > plain["model_bits"]
    assert nile("kolmo decode out").out == nile("cut -d, -f2 nile.csv").out


def test_family_named_twice_competes_once(nile: Any) -> None:
    rows = rows_of(nile, "nile.csv -C flow -f normal,normal")
    assert [row["family"] for row in rows] == ["normal", "raw text", "xz -9e"]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.needs("picture")
def test_picture_is_of_the_format_of_its_name(suffix: str, nile: Any) -> None:
    done = nile(f"kolmo mdl-select -q nile.csv -f changepoint,normal --plot-file out.{suffix}")
    assert (done.code, done.err) == (0, "")
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert (nile.folder / f"out.{suffix}").read_bytes().startswith(start)


@pytest.mark.needs("picture")
@pytest.mark.parametrize("kind", ["400 digits", "5000 digits", "constant", "one row", "missing"])
def test_picture_of_odd_columns_is_drawn(kind: str, shell: Any) -> None:
    (shell.folder / "f.csv").write_text(ROUND[kind])
    done = shell("kolmo mdl-select -q f.csv -f normal,changepoint,histogram,bz2 --plot-file o.svg")
    assert (done.code, done.err) == (0, "")


@pytest.mark.needs("picture")
def test_picture_of_nothing_is_refused(shell: Any) -> None:
    done = shell("kolmo mdl-select -q --plot-file out.svg", PYTHONWARNINGS="error")
    assert done.code == 1
    done = shell("printf 'x\\nNA\\n' | kolmo mdl-select -q --plot-file out.svg")
    assert done.code == 1
    assert "nothing to draw" in done.err
    assert not (shell.folder / "out.svg").exists()


def test_plot_shows_data_and_model(nile: Any) -> None:
    run = "kolmo mdl-select nile.csv -C flow -f histogram,normal --plot"
    drawn = nile(f"{run} --format table")
    assert "\u2588" in drawn.out
    assert "histogram: code lengths in bits above its shortest" in drawn.out
    piped = nile(run)
    assert "\u2588" in piped.err
    assert piped.out == nile(run.removesuffix("--plot")).out
    assert nile(f"{run} --format table", LC_ALL="C").out.isascii()


FAMILY = """
from kolmo.mdl.families.normal import Normal

class Fair(Normal):
    name = "fair"

class Crooked(Normal):
    name = "crooked"

    def data_code(self, parameters, rows):
        code = super().data_code(parameters, rows)
        read = code.decode
        code.decode = lambda coder: read(coder) + 1
        return code
"""


@pytest.fixture
def plugins(nile: Any) -> str:
    """Make another distribution with two families; return the PYTHONPATH that finds it."""
    folder = nile.folder / "plugin"
    record = folder / "broken-1.0.dist-info"
    record.mkdir(parents=True)
    (folder / "broken_families.py").write_text(FAMILY)
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(
        "[kolmo.families]\nfair = broken_families:Fair\ncrooked = broken_families:Crooked\n"
    )
    return str(folder)


@pytest.mark.parametrize("options", ["crooked", "crooked --verify", "categorical,crooked --verify"])
def test_family_whose_message_decodes_to_something_else_is_named(
    options: str, nile: Any, plugins: str
) -> None:
    run = f"kolmo mdl-select nile.csv -C flow -f {options} -o out"
    done = nile(run, PYTHONPATH=plugins)
    assert (done.code, done.out) == (1, "")
    assert re.fullmatch(
        "kolmo: error: not certified: the message of crooked for column 'flow': .*\n", done.err
    )
    assert not (nile.folder / "out").exists()


def test_loser_is_decoded_only_on_request(nile: Any, plugins: str) -> None:
    run = "kolmo mdl-select nile.csv -C flow -f changepoint,crooked"
    assert nile(run, PYTHONPATH=plugins).code == 0
    assert nile(f"{run} --verify", PYTHONPATH=plugins).code == 1


def test_family_of_another_distribution_is_spelled_out(nile: Any, plugins: str) -> None:
    run = "kolmo mdl-select -q nile.csv -C flow -f fair,normal --json --verify"
    done = nile(run, PYTHONPATH=plugins)
    assert done.code == 0
    rows = {row["family"]: row for row in json.loads(done.out)["results"]}
    assert rows["fair"]["data_bits"] == rows["normal"]["data_bits"]
    spelled = rows["fair"]["model_bits"] - rows["normal"]["model_bits"]
    assert 8 * len("fair") < spelled < 8 * len("fair") + 16
    alone = "kolmo mdl-select -q nile.csv -C flow -f fair -o out"
    assert nile(alone, PYTHONPATH=plugins).code == 0
    assert nile("kolmo decode out | cmp - <(cut -d, -f2 nile.csv)", PYTHONPATH=plugins).code == 0
    assert re.search("unknown family: got 'fair'", nile("kolmo decode out").err)
