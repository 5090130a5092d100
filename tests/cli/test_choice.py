"""Which estimators ``kolmo complexity`` takes by default and with ``--max``, and what it says."""

import json
import random
from typing import Any

import pytest

import kolmo
from kolmo.registry import estimators

HINT = "kolmo: note: --max is tighter: it takes mix, ctw and all other codes, too"
DEFAULT = {"lzma", "zstd", "bz2", "zlib", "stored"}


def codes() -> set[str]:
    """Return the names of all codes that are installed."""
    names = [name for name in estimators.names() if estimators.missing(name) is None]
    return {name for name in names if estimators.get(name).kind == "bound"}


def chosen(shell: Any, command: str) -> set[str]:
    """Return the estimators in the rows of a command."""
    lines = shell(f"kolmo complexity --no-header -q {command}").out.splitlines()
    return {line.split("\t")[1] for line in lines}


def test_max_takes_all_codes_and_no_estimates(shell: Any) -> None:
    assert chosen(shell, "--max text") == codes()
    assert {"mix", "ctw"} <= codes()


def test_default_set_takes_the_mixer_from_16_kib(shell: Any) -> None:
    shell("for i in 1 2 3 4 5; do cat text; done >long; head -c 16384 long >edge")
    shell("head -c 16383 long >below")
    assert chosen(shell, "below") == DEFAULT
    assert chosen(shell, "edge") == {*DEFAULT, "mix"}
    assert chosen(shell, "text --given edge") == {*DEFAULT, "mix"}
    assert chosen(shell, "text --given text") == DEFAULT


@pytest.mark.parametrize("options", ["--max --all", "--max -e zlib", "--all -e zlib"])
def test_choices_exclude_each_other(options: str, shell: Any) -> None:
    done = shell(f"kolmo complexity {options} text")
    assert (done.code, done.out) == (2, "")
    assert "exclude each other" in done.err


def test_advice_is_given_once_and_to_people_only(shell: Any) -> None:
    assert shell("kolmo complexity --format table text empty text").err == f"{HINT}\n"
    assert HINT in shell.in_terminal("kolmo complexity text >out", open_stderr=True).out
    assert shell("kolmo complexity text").err == ""
    assert shell("kolmo complexity --json text").err == ""


@pytest.mark.parametrize("options", ["-q", "--max", "-e zlib", "--all"])
def test_advice_is_not_given_where_it_makes_no_sense(options: str, shell: Any) -> None:
    assert "--max is tighter" not in shell(f"kolmo complexity {options} --format table empty").err


def test_advice_above_4_mib_says_how_long_it_takes(shell: Any) -> None:
    shell("head -c 4194305 /dev/zero >large")
    done = shell("kolmo complexity --no-verify --format table large")
    line = done.err.splitlines()[-1]
    assert line.startswith(f"{HINT}; ")
    assert "mix will take about" in line
    assert "mix" not in done.out


def test_time_is_said_before_slow_work(shell: Any) -> None:
    """Work that will be refused is not slow."""
    shell("head -c 5M /dev/zero >large; kolmo complexity -e mix,ctw text")  # compiled by then
    shell("(timeout -s INT 2 kolmo complexity -e mix,ctw large) 2>err")
    found = shell("head -n 1 err").out
    assert found.startswith("kolmo: note: large: ")
    for name in ("mix", "ctw"):
        assert f"{name} will take about" in found
    assert "Try --max-bytes" in found
    assert shell("kolmo complexity -e mix --max-bytes 50K large").err.count("will take") == 0


@pytest.mark.parametrize("name", ["mix", "ctw"])
def test_gigabyte_is_refused_at_once(name: str, shell: Any) -> None:
    shell("truncate -s 1G large")
    done = shell(f"timeout 5 kolmo complexity -e {name} large")
    assert (done.code, done.out) == (1, "")
    assert "too much memory" in done.err
    assert "will take" not in done.err


def test_deficiency_is_said_where_a_message_saves_something(shell: Any) -> None:
    out = shell("kolmo complexity -q --format table text").out
    (row,) = [item for item in json.loads(shell("kolmo complexity text --json").out)["results"]
              if item["estimator"] == "zstd"]  # fmt: skip
    assert row["deficiency_bits"] == 8 * row["input_bytes"] - row["bound_bits"]
    assert "randomness deficiency >= " in out
    assert "(certified)" in out
    (shell.folder / "noise").write_bytes(random.Random(1).randbytes(1000))
    assert "deficiency" not in shell("kolmo complexity -q --format table noise").out
    noise = json.loads(shell("kolmo complexity noise -e stored --json").out)["results"][0]
    assert noise["deficiency_bits"] < 0


def test_errors_of_estimates_are_shown(shell: Any) -> None:
    (row,) = kolmo.bounds(str(shell.folder / "text"), ["entropy"]).rows
    words = f"{row.bits:,.1f} {{}} {row.error_bits:,.1f}"
    command = "kolmo complexity -e entropy --format table --plot text"
    assert words.format("\u00b1") in shell(command).out
    assert words.format("+-") in shell(command, LC_ALL="C").out
    assert shell(command, LC_ALL="C").out.isascii()


def test_conditional_bound_of_the_mixer_decodes_from_the_command_line(shell: Any) -> None:
    shell("sed s/coffee/tea/ text >new; kolmo complexity new --given text -e mix -o new.klm")
    rows = json.loads(shell("kolmo complexity new --given text -e mix --json").out)["results"]
    assert [row["kind"] for row in rows] == ["certified"]
    assert rows[0]["payload_bits"] < 400
    assert shell("kolmo decode new.klm --given text | cmp - new").code == 0
