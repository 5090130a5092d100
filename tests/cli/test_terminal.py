"""What people see: tables, widths, colours, bars and refusals in a real terminal."""

import re
from typing import Any

import pytest

TABLES = {
    "complexity": "kolmo complexity text",
    "complexity-all": "kolmo complexity --all text",
    "complexity-given": "kolmo complexity text --given text.klm",
    "complexity-plot": "kolmo complexity --plot text empty",
    "inspect": "kolmo inspect text.klm",
    "verify": "kolmo verify text.klm",
    "codelength": "kolmo codelength --counts 3,7",
    "codelength-long": "kolmo codelength --counts $(seq -s, 200)",
    "codelength-sequence": "kolmo codelength --sequence 0110111011",
    "nml": "kolmo nml --categories 2:10 --n 10,1e6",
    "nml-overflow": "kolmo nml --categories 1000 --n 1e6",
    "nml-geometric": "kolmo nml --model geometric --n 10 --largest 10",
    "mdl-select": "kolmo mdl-select table.csv -f categorical,normal,lzma",
    "mdl-select-plot": "kolmo mdl-select table.csv -f histogram,changepoint --plot --all",
    "mdl-select-criteria": "kolmo mdl-select table.csv -C x -f normal,bz2 --criteria",
    "info": "kolmo info",
}
ESCAPE = "\x1b"
LONG_WORK = "head -c 4M /dev/urandom >big; kolmo complexity -e lzma --no-verify big"


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("name", TABLES)
def test_14_tables_fit_the_terminal_and_show_whole_numbers(
    name: str, columns: int, shell: Any
) -> None:
    done = shell.in_terminal(f"NO_COLOR=1 {TABLES[name]}", columns=columns)
    assert done.code == 0
    assert done.out
    assert "\t" not in done.out
    assert "\u2026" not in done.out
    assert max(map(len, done.out.splitlines())) <= columns


def test_14_narrow_table_names_the_columns_that_it_leaves_out(shell: Any) -> None:
    narrow = shell.in_terminal("kolmo complexity text", columns=40)
    wide = shell.in_terminal("kolmo complexity text", columns=200)
    assert "container bits" not in narrow.out
    assert "too narrow for: container bits" in narrow.err
    assert "container bits" in wide.out
    assert wide.err == "kolmo: note: --max is tighter: it takes mix, ctw and all other codes, too\n"
    for line in shell("kolmo complexity --no-header text").out.splitlines():
        _, estimator, _, _, payload_bits, *_ = line.split("\t")
        for seen in (narrow.out, wide.out):
            assert re.search(rf"{estimator} .* {int(payload_bits):,}\b", seen)


@pytest.mark.parametrize("columns", ["abc", "0", "-1", "", "1e9", "99999999999999999999"])
def test_46_a46_nonsense_in_columns_changes_nothing(columns: str, shell: Any) -> None:
    plain = shell.in_terminal("kolmo inspect text.klm", columns=90)
    assert shell.in_terminal("kolmo inspect text.klm", columns=90, COLUMNS=columns) == plain


@pytest.mark.parametrize("columns", ["abc", "0", "-1", ""])
def test_46_a46_nonsense_in_columns_leaves_help_alone(columns: str, shell: Any) -> None:
    plain = shell.in_terminal("kolmo complexity --help", columns=90)
    assert plain.code == 0
    assert shell.in_terminal("kolmo complexity --help", columns=90, COLUMNS=columns) == plain


@pytest.mark.parametrize("term", ["", "dumb", "nonsense"])
def test_46_a46_any_term_is_survived(term: str, shell: Any) -> None:
    done = shell.in_terminal("kolmo complexity -e zlib,lzma --plot text", TERM=term)
    assert done.code == 0
    assert done.err == ""
    if term == "dumb":
        assert ESCAPE not in done.out


def test_46_a46_no_term_is_survived(shell: Any) -> None:
    done = shell.in_terminal("unset TERM; kolmo complexity -e zlib,lzma --plot text")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("setting", "coloured"),
    [
        ("", True),
        ("NO_COLOR=1", False),
        ("NO_COLOR=", True),
        ("TERM=dumb", False),
        ("FORCE_COLOR=1", True),
        ("NO_COLOR=1 FORCE_COLOR=1", False),
        ("KOLMO_COLOR=never", False),
    ],
)
def test_18_colour_in_a_terminal(setting: str, coloured: bool, shell: Any) -> None:
    done = shell.in_terminal(f"{setting} kolmo complexity text")
    assert (ESCAPE in done.out) is coloured


@pytest.mark.parametrize("choice", ["auto", "always", "never"])
def test_18_color_option_in_a_terminal(choice: str, shell: Any) -> None:
    done = shell.in_terminal(f"kolmo --color {choice} complexity text")
    assert (ESCAPE in done.out) is (choice != "never")


@pytest.mark.parametrize("form", ["tsv", "csv", "json"])
def test_15_format_is_the_same_in_a_terminal_and_in_a_pipe(form: str, shell: Any) -> None:
    command = f"kolmo complexity --format {form} text"
    assert shell.in_terminal(command, columns=40).out == shell(command).out


@pytest.mark.parametrize("setting", ["", "LC_ALL=C", "PYTHONIOENCODING=ascii"])
def test_46_plot_uses_blocks_only_where_they_can_be_shown(setting: str, shell: Any) -> None:
    done = shell.in_terminal(f"{setting} kolmo complexity --plot text")
    assert ("\u2588" in done.out, "##" in done.out) == ((not setting), bool(setting))
    assert setting == "" or done.out.isascii()


@pytest.mark.parametrize(
    "command",
    [
        "kolmo encode text",
        "kolmo encode text -o -",
        "kolmo decode text.klm",
        "kolmo decode text.klm -o -",
    ],
)
def test_32_no_binary_output_to_a_terminal(command: str, shell: Any) -> None:
    done = shell.in_terminal(command)
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"kolmo: error: .*terminal.*\n", done.err)


@pytest.mark.parametrize(
    "command",
    [
        "complexity",
        "encode -o out",
        "encode - -o out",
        "decode -o out",
        "decode - -o out",
        "inspect",
        "verify",
        "mdl-select",
        "mdl-select - -o out",
    ],
)
def test_14_a14_nothing_waits_for_a_person_to_type_a_file(command: str, shell: Any) -> None:
    before = shell.snapshot()
    done = shell.in_terminal(f"timeout 10 kolmo {command}")
    assert (done.code, done.out) == (2, "")
    assert re.fullmatch(r"kolmo: error: missing FILE.*\n", done.err)
    assert shell.snapshot() == before


def test_02_bare_command_does_not_hang_in_a_terminal(shell: Any) -> None:
    done = shell.in_terminal("timeout 10 kolmo")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: kolmo")


def test_21_bar_is_drawn_on_a_terminal_after_a_second(shell: Any) -> None:
    done = shell.in_terminal(f"{LONG_WORK} >out", open_stderr=True)
    assert done.code == 0
    assert "MB" in done.out
    assert "\u2501" in done.out


def test_21_bar_counts_rows_of_columns(shell: Any) -> None:
    make = 'seq 200000 | awk \'{print $1 "," $1 % 7 "," $1 * 7 % 10007}\' >big.csv'
    run = "kolmo mdl-select big.csv -f lzma"
    shell(make)
    drawn = shell.in_terminal(f"{run} >out", open_stderr=True)
    assert drawn.code == 0
    assert "rows of columns" in drawn.out
    assert "\u2501" in drawn.out
    quiet = shell.in_terminal(f"{run} -q >a & {run} --json -q >b & wait", open_stderr=True)
    assert quiet == (0, "", "")


def test_20_cells_cannot_steer_the_terminal(shell: Any) -> None:
    (shell.folder / "evil.csv").write_bytes(b"\x1b]0;t\x07,n\n\x1b[31m\xc2\x9b2J,1\n\x1b[0m,2\n")
    done = shell.in_terminal("NO_COLOR=1 kolmo mdl-select evil.csv -f categorical --plot")
    assert done.code == 0
    assert r"\x1b]0;t\x07: " in done.out
    assert r"\x1b[31m\x9b2J" in done.out
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", done.out + done.err)


def test_21_no_bar_where_none_is_wanted(shell: Any) -> None:
    """Four runs side by side, each with its own reason to be silent."""
    run = "kolmo complexity -e lzma --no-verify big"
    done = shell.in_terminal(
        f"head -c 2M /dev/urandom >big; {run} --no-progress >a & {run} --quiet >b & "
        f"{run} --json >c & {run} >d 2>e & wait; cat e",
        open_stderr=True,
    )
    assert done == (0, "", "")


def test_21_no_bar_for_short_work(shell: Any) -> None:
    assert shell.in_terminal("kolmo complexity -e zlib text >out", open_stderr=True) == (0, "", "")
