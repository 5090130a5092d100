"""``kolmo weights fit, send, receive, codelength`` as installed: lengths, messages, pictures."""

import json
import math
import re
from typing import Any

import pytest

QUICK = "--target y --hidden 1 --restarts 1"
CODES = ["as-in-1993", "constant", "honest", "mdl-select", "relative-entropy", "two-part"]
LEAST_PARTS = {"container", "features", "target", "net", "weights", "misfit", "rounding", "total"}
SLACK_BITS = 48


def bent(start: int, stop: int) -> str:
    """Return a table whose target is a bent line of one feature with noise, by integers alone."""
    lines = ["a,b,y"]
    for i in range(start, stop):
        a, b = i * 37 % 101 - 50, i * 53 % 89 - 44
        lines.append(f"{a},{b / 8},{(40 * a) // (10 + abs(a)) + i * i * 7 % 23 - 11}")
    return "\n".join([*lines, ""])


def labelled(rows: int) -> str:
    """Return a table whose target is a label that follows from a feature."""
    cells = [f"{i * 37 % 101},{'no' if i * 37 % 101 < 40 else 'yes'}" for i in range(rows)]
    return "\n".join(["a,y", *cells, ""])


def column(text: str) -> str:
    """Return the last column of a table."""
    return "".join(line.rpartition(",")[2] + "\n" for line in text.splitlines())


@pytest.fixture
def tables(shell: Any) -> Any:
    """A folder with tables of numbers and of labels, other rows of each, and a payload."""
    (shell.folder / "data.csv").write_text(bent(0, 40))
    (shell.folder / "test.csv").write_text(bent(40, 80))
    (shell.folder / "labels.csv").write_text(labelled(40))
    (shell.folder / "payload").write_bytes(bytes(i * i % 251 for i in range(500)))
    return shell


def out_of(shell: Any, command: str) -> str:
    """Return what a command prints."""
    done = shell(f"kolmo weights {command}")
    assert done.code == 0, done
    return str(done.out)


def envelope_of(shell: Any, command: str) -> dict[str, Any]:
    """Return the envelope that a command prints."""
    envelope: dict[str, Any] = json.loads(out_of(shell, f"{command} --json"))
    return envelope


# fit


def test_fit_ranks_codes_and_leaves_1993_out_of_the_contest(tables: Any) -> None:
    envelope = envelope_of(tables, f"fit data.csv {QUICK} -f normal --test test.csv")
    rows, (group,) = envelope["results"], envelope["groups"]
    assert sorted(row["code"] for row in rows) == CODES
    totals = [row["total_bits"] for row in rows[:-1]]
    assert totals == sorted(totals)
    assert (rows[0]["delta_bits"], rows[-1]["code"]) == (0, "as-in-1993")
    for row in rows:
        assert row["total_bits"] == pytest.approx(row["model_bits"] + row["misfit_bits"])
        assert row["delta_bits"] == pytest.approx(row["total_bits"] - totals[0])
    assert envelope["seed"] == 0
    assert group["best"] == rows[0]["code"]
    assert sum(group["weight_bits"]) == pytest.approx(rows[-1]["model_bits"])
    assert len(group["weight_bits"]) == group["weights"] == 5
    assert group["test"]["measure"] == "relative error"
    assert 0 < group["test"]["error"] < 0.6


def test_fit_charges_in_honest_what_1993_left_out(tables: Any) -> None:
    envelope = envelope_of(tables, f"fit data.csv {QUICK} -f normal --prior mixture:2")
    rows = {row["code"]: row for row in envelope["results"]}
    (group,) = envelope["groups"]
    honest, bare = rows["honest"], rows["as-in-1993"]
    assert honest["misfit_bits"] == bare["misfit_bits"] == group["misfit_bits"]
    charged = honest["model_bits"] - bare["model_bits"]
    assert group["sent_bits"] + 10 < charged < group["sent_bits"] + 60  # and the shape
    assert [len(part) for part in group["prior"].values()] == [2, 2, 2]
    kinds = {row["code"]: row["kind"] for row in envelope["results"]}
    assert (kinds["honest"], kinds["as-in-1993"]) == ("codelength", "estimate")
    assert kinds["two-part"] == kinds["relative-entropy"] == kinds["mdl-select"] == "certified"


def test_fit_lengths_are_those_of_the_messages(tables: Any) -> None:
    envelope = envelope_of(tables, f"fit data.csv {QUICK} -f normal")
    rows = {row["code"]: row for row in envelope["results"]}
    (group,) = envelope["groups"]
    for code in ("two-part", "relative-entropy"):
        sent = envelope_of(tables, f"send data.csv {QUICK} --code {code} -o m.klm")
        parts = {row["part"]: row["bits"] for row in sent["results"]}
        assert rows[code]["container_bits"] == parts["total"]
        assert rows[code]["misfit_bits"] == parts["misfit"]
        beside = parts["prior"] + parts["weights"] + parts["net"] + parts["target"]
        names = beside - group["cells_bits"] - rows[code]["model_bits"]
        assert 8 <= names <= 24  # the name of the column
    best = envelope_of_select(tables, "data.csv --target y -f normal")
    assert rows["mdl-select"]["total_bits"] == pytest.approx(
        best["total_bits"] - best["cells_bits"]
    )
    assert group["cells_bits"] == pytest.approx(best["cells_bits"], abs=8)


def envelope_of_select(shell: Any, command: str) -> dict[str, Any]:
    """Return the first candidate of ``mdl-select``."""
    row: dict[str, Any] = json.loads(shell(f"kolmo mdl-select {command} --json").out)["results"][0]
    return row


def test_fit_says_that_the_simple_model_wins_where_it_wins(tables: Any) -> None:
    noise = "".join(f"{i * 7919 % 61},{i * i * 31 % 97}\n" for i in range(30))
    (tables.folder / "noise.csv").write_text("a,y\n" + noise)
    for file, words in (("noise", "the simple model wins"), ("data", "the net wins")):
        table = out_of(tables, f"fit {file}.csv {QUICK} -f normal --format table")
        assert words in table
        assert "honest, with prior, noise and shape: " in table


@pytest.mark.slow
def test_fit_compares_with_all_models(tables: Any) -> None:
    rows = envelope_of(tables, f"fit data.csv {QUICK}")["results"]
    assert sorted(row["code"] for row in rows) == sorted([*CODES, "prequential"])


def test_fit_of_labels_has_an_error_and_counts_wrong_ones(tables: Any) -> None:
    (tables.folder / "more.csv").write_text(labelled(60).replace("no", "never", 1))
    command = "fit labels.csv --target y --hidden 0 --restarts 1 -f categorical --test more.csv"
    envelope = envelope_of(tables, command)
    rows = {row["code"]: row for row in envelope["results"]}
    assert set(rows) == {*CODES, "prequential"}
    assert rows["honest"]["error_bits"] > 0
    assert rows["honest"]["kind"] == "estimate"
    assert rows["prequential"]["kind"] == "certified"
    assert envelope["groups"][0]["test"]["measure"] == "wrong labels"
    assert 1 / 60 <= envelope["groups"][0]["test"]["error"] <= 0.1


@pytest.mark.parametrize("rows", ["1,2,5\n2,1,5\n3,7,5", "1,2,5\n4,0,8", "1,2,3"])
def test_fit_of_few_rows_or_a_constant_has_finite_lengths(rows: str, tables: Any) -> None:
    (tables.folder / "few.csv").write_text(f"a,b,y\n{rows}\n")
    command = f"fit few.csv {QUICK} -f categorical,normal --features a --csv-header yes"
    for row in envelope_of(tables, f"{command} --test few.csv")["results"]:
        assert 0 <= row["total_bits"] < 200
        if row["code"] == "as-in-1993":
            assert row["model_bits"] < 1  # weights that are of no use cost almost nothing


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_tables_fit_the_terminal(columns: int, tables: Any) -> None:
    for command in (f"fit data.csv {QUICK} -f normal --plot", f"send data.csv {QUICK} -o m.klm"):
        done = tables.in_terminal(f"kolmo weights {command} -q", columns=columns, NO_COLOR="1")
        assert done.code == 0
        assert max(map(len, done.out.splitlines())) <= columns
        assert "total" in done.out


def test_plot_draws_beside_the_rows(tables: Any) -> None:
    command = f"kolmo weights fit data.csv {QUICK} -f normal"
    plain, drawn = (tables(f"{command} {option}") for option in ("", "--plot"))
    assert drawn.out == plain.out
    assert "density of the coding prior" in drawn.err
    assert "bits per weight" in drawn.err
    lines = tables(f"LC_ALL=C {command} --hidden 0 --plot --format table").out
    assert lines.isascii()
    assert "##" in lines


@pytest.mark.needs("picture")
def test_picture_has_the_same_bytes_twice(tables: Any) -> None:
    command = f"fit data.csv {QUICK} -f normal --prior mixture:2 --plot-file"
    assert out_of(tables, f"{command} one.svg") == out_of(tables, f"{command} two.svg")
    one, two = ((tables.folder / name).read_bytes() for name in ("one.svg", "two.svg"))
    assert one == two
    colours = {text.lower() for text in re.findall("#[0-9a-fA-F]{6}", one.decode())}
    assert {"#0072b2", "#d55e00"} <= colours


# send and receive


@pytest.mark.parametrize("code", ["bits-back", "relative-entropy", "two-part"])
def test_parts_add_up_to_the_file_less_the_payload(code: str, tables: Any) -> None:
    payload = "--payload payload" if code == "bits-back" else ""
    envelope = envelope_of(tables, f"send data.csv {QUICK} --code {code} {payload} -o m.klm")
    parts = {row["part"]: row["bits"] for row in envelope["results"]}
    (group,) = envelope["groups"]
    size, paid = (tables.folder / "m.klm").stat().st_size, 500 if payload else 0
    assert set(parts) >= LEAST_PARTS
    assert parts["total"] == group["net_bits"] == 8 * (size - paid)
    assert math.fsum(parts.values()) == pytest.approx(2 * parts["total"], abs=1e-6)
    assert 0 <= parts["rounding"] <= SLACK_BITS
    assert {row["kind"] for row in envelope["results"]} == {"certified"}
    assert (group["payload_bytes"], group["container_bits"]) == (paid, 8 * size)


def test_column_and_payload_come_back(tables: Any) -> None:
    sent = envelope_of(tables, f"send data.csv {QUICK} --seed 7 --payload payload -o m.klm")
    assert sent["seed"] == 7
    assert sent["results"][0]["code"] == "bits-back"
    command = "receive m.klm --given data.csv -o y.csv --payload-out again"
    (row,) = envelope_of(tables, command)["results"]
    assert (row["payload"], row["payload_bytes"], row["weights"]) == ("received", 500, 5)
    assert (tables.folder / "y.csv").read_text() == column(bent(0, 40))
    assert tables("cmp payload again").code == 0
    (row,) = envelope_of(tables, "receive m.klm --given data.csv -o y.csv")["results"]
    assert (row["payload"], row["payload_bytes"]) == ("not asked for", None)


def test_column_comes_back_from_features_alone_by_both_commands(tables: Any) -> None:
    (tables.folder / "x.csv").write_text(
        "".join(
            f"z,{a},{b}\n" if a == "a" else f"0,{a},{b}\n"
            for a, b, _ in (line.split(",") for line in bent(0, 40).splitlines())
        )
    )
    sent = envelope_of(tables, f"send data.csv {QUICK} -o m.klm")
    assert sent["results"][0]["code"] == "relative-entropy"
    for command in ("weights receive", "decode"):
        assert tables(f"kolmo {command} m.klm --given x.csv").out == column(bent(0, 40))


def test_labels_come_back(tables: Any) -> None:
    out_of(tables, "send labels.csv --target y --hidden 0 --restarts 1 -o m.klm")
    assert out_of(tables, "receive m.klm --given labels.csv") == column(labelled(40))


def test_standard_output_holds_the_message(tables: Any) -> None:
    done = tables(f"kolmo weights send data.csv {QUICK} --code two-part >one.klm")
    assert "L(y given a, b) <= " in done.err
    out_of(tables, f"send data.csv {QUICK} --code two-part -o two.klm")
    assert tables("cmp one.klm two.klm").code == 0


def test_payload_that_is_too_short_is_padded_and_said(tables: Any) -> None:
    (tables.folder / "short").write_bytes(b"abc")
    done = tables(f"kolmo weights send data.csv {QUICK} --payload short -o m.klm --json")
    assert "too short for so many noisy weights" in done.err
    envelope = json.loads(done.out)
    padding = next(row["bits"] for row in envelope["results"] if row["part"] == "padding")
    assert padding == 8 * envelope["groups"][0]["padding_bytes"] > 0
    out_of(tables, "receive m.klm --given data.csv --payload-out again")
    assert (tables.folder / "again").read_bytes() == b"abc"


def test_empty_payload_comes_back(tables: Any) -> None:
    out_of(tables, f"send data.csv {QUICK} --payload empty -o m.klm")
    out_of(tables, "receive m.klm --given data.csv --payload-out again")
    assert (tables.folder / "again").read_bytes() == b""


def test_payload_is_refused_alone_where_the_net_comes_out_otherwise(
    tables: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tables.folder / "m.klm").write_bytes(message_of_another_net(monkeypatch))
    done = tables(
        "kolmo weights receive m.klm --given data.csv -o y.csv --payload-out again --format tsv"
    )
    assert done.code == 1
    assert re.fullmatch(r"kolmo: error: m.klm: payload refused: [^\n]+\n", done.err)
    assert "\trefused\t" in done.out
    assert (tables.folder / "y.csv").read_text() == column(bent(0, 40))
    assert not (tables.folder / "again").exists()
    assert out_of(tables, "receive m.klm --given data.csv") == column(bent(0, 40))


def message_of_another_net(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Return a message whose checksum is of another net than the receiver will train."""
    from kolmo.table import read_table
    from kolmo.weights.noisy.data import read_problem
    from kolmo.weights.noisy.frame import Settings
    from kolmo.weights.noisy.grid import Cloud
    from kolmo.weights.noisy.message import send
    from kolmo.weights.noisy.theory import architecture_of, fit_problem

    problem = read_problem(read_table(bent(0, 40).encode()), "y")
    settings = Settings(restarts=1, steps_per_stage=20)
    fitted = fit_problem(problem, architecture_of(problem, 1), settings)
    monkeypatch.setattr(Cloud, "checked_bytes", b"another net")
    return send(problem, fitted, payload=b"words" * 40, settings=settings).container


# codelength


def test_codelength_of_labels_has_a_row_for_every_code(tables: Any) -> None:
    envelope = envelope_of(tables, "codelength labels.csv --target y --seed 3")
    rows = {row["code"]: row for row in envelope["results"]}
    assert list(rows) == ["uniform", "two-part", "variational", "prequential"]
    assert rows["uniform"]["total_bits"] == 40
    assert rows["prequential"]["total_bits"] < 35
    assert [row["kind"] for row in rows.values()] == [
        "codelength", "certified", "estimate", "certified",
    ]  # fmt: skip
    for row in rows.values():
        assert row["total_bits"] == pytest.approx(row["model_bits"] + row["labels_bits"])
        assert row["ratio"] == pytest.approx(row["total_bits"] / 40)
    assert envelope["seed"] == 3
    assert envelope["groups"][0]["sentence"].startswith("prequential (softmax regression) is")


def test_codelength_of_random_labels_says_that_nothing_is_learnt(tables: Any) -> None:
    rows = "".join(f"{i * 37 % 101},{'abc'[i * i * 7919 % 101 % 3]}\n" for i in range(60))
    (tables.folder / "random.csv").write_text("x,y\n" + rows)
    envelope = envelope_of(tables, "codelength random.csv --target y")
    ratios = [row["ratio"] for row in envelope["results"]]
    assert min(ratios) >= 0.97
    table = out_of(tables, "codelength random.csv --target y --format table")
    assert "60 rows, 3 labels, y given x; seed 0" in table


def test_codelength_takes_numbers_for_labels_and_hidden_units(tables: Any) -> None:
    text = labelled(40).replace("no", "0").replace("yes", "1")
    (tables.folder / "digits.csv").write_text(text)
    rows = envelope_of(tables, "codelength digits.csv --target y --hidden 2")["results"]
    assert rows[0]["total_bits"] == 40
    assert {row["model"] for row in rows[1:]} == {"net with 2 tanh units"}


def test_all_formats_say_the_same(tables: Any) -> None:
    rows = envelope_of(tables, "codelength labels.csv --target y")["results"]
    head, *lines = out_of(tables, "codelength labels.csv --target y").splitlines()
    assert head.split("\t") == list(rows[0])
    assert [line.split("\t")[2] for line in lines] == [row["code"] for row in rows]
