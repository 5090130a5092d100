"""Code lengths by hand: ``kolmo codelength``, ``kolmo nml``, and the families of ``kolmo info``."""

import json
import math
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kolmo
from kolmo.errors import CertificationError, ParameterError
from kolmo.mdl import counted
from kolmo.mdl.counted import CODES, FORMULAS, SENDABLE, codelengths, left_out
from kolmo.mdl.sums import nml_complexities

SPEC = {
    "3,7": {"ml": 8.812909, "nml": 11.033306, "kt": 10.840129, "enumerative": 10.366322},
    "10,0": {"ml": 0, "nml": 2.220397, "kt": 2.504738, "enumerative": 3.459432},
    "4,3,2,1": {"ml": 18.464393, "nml": 23.710851, "kt": 23.044394, "enumerative": 21.781007},
}
MISUSED = 2


def rows_of(kolmo: Any, *arguments: str) -> list[dict[str, Any]]:
    """Return the records of a command."""
    found: list[dict[str, Any]] = kolmo.json(*arguments)["results"]
    return found


def by_code(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["code"]: row for row in rows}


# --- lengths of counts


@pytest.mark.parametrize("counts", SPEC)
def test_codelength_has_the_published_values(counts: str, kolmo: Any) -> None:
    rows = by_code(rows_of(kolmo, "codelength", "--counts", counts))
    assert set(rows) == set(CODES)
    for code, bits in SPEC[counts].items():
        assert rows[code]["bits"] == pytest.approx(bits, abs=5.1e-7), code
    assert rows["nml-formula"]["bits"] == pytest.approx(SPEC[counts]["nml"], abs=5.1e-7)


def test_codelength_sorts_codes_by_length_and_puts_criteria_last(kolmo: Any) -> None:
    rows = rows_of(kolmo, "codelength", "--counts", "10,0")
    assert [row["code"] for row in rows] == ["nml", "kt", "enumerative", "ml", "nml-formula"]
    assert [row["kind"] for row in rows] == ["codelength"] * 3 + ["criterion"] * 2


def test_codelength_says_what_was_counted(kolmo: Any) -> None:
    (row,) = rows_of(kolmo, "codelength", "--counts", "3,7", "--code", "kt")
    assert row == {
        "code": "kt",
        "kind": "codelength",
        "counts": [3, 7],
        "symbols": 2,
        "length": 10,
        "bits": row["bits"],
        "bits_per_symbol": row["bits"] / 10,
        "payload_bits": None,
    }


def test_codelength_of_no_symbols_is_nothing(kolmo: Any) -> None:
    rows = rows_of(kolmo, "codelength", "--counts", "0,0")
    assert len(rows) == len(CODES)
    assert {row["bits"] for row in rows} == {0}
    assert {row["bits_per_symbol"] for row in rows} == {None}
    assert {row["length"] for row in rows} == {0}


@pytest.mark.parametrize("text", ["3,7", " 3 , 7 ", "3,0_7"])
def test_codelength_reads_numbers_as_people_write_them(text: str, kolmo: Any) -> None:
    (row,) = rows_of(kolmo, "codelength", "--counts", text, "--code", "ml")
    assert row["counts"] == [3, 7]


def test_codelength_reads_exponents(kolmo: Any) -> None:
    (row,) = rows_of(kolmo, "codelength", "--counts", "1e6,0", "--code", "kt")
    assert row["counts"] == [10**6, 0]


def test_codelength_takes_codes_once_and_in_any_order(kolmo: Any) -> None:
    rows = rows_of(kolmo, "codelength", "--counts", "3,7", "--code", "ml, nml,kt,nml")
    assert [row["code"] for row in rows] == ["kt", "nml", "ml"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--counts", "3,7", "--code", "kt"), "KT is 2.03 bits longer than the maximum likelihood"),
        (("--counts", "3,7"), "the enumerative code is 1.55 bits longer than the maximum"),
        (("--counts", "10,0"), "NML is 2.22 bits longer than the maximum likelihood, which is no"),
        (("--counts", "3,7", "--code", "ml"), "no code: a criterion cannot be sent"),
    ],
)
def test_codelength_words_the_difference_below_the_table(
    arguments: tuple[str, ...], line: str, kolmo: Any
) -> None:
    done = kolmo("codelength", *arguments, "--format", "table")
    assert done.stdout.splitlines()[-1].startswith(line)


# --- sequences that are really sent


@pytest.mark.parametrize("text", ["0110111011", "abracadabra", "7", "ZzZzaA09", "01" * 5000])
def test_sequence_is_sent_by_every_code_that_can(text: str, kolmo: Any) -> None:
    counts = ",".join(str(text.count(symbol)) for symbol in sorted(set(text)))
    ideal = by_code(rows_of(kolmo, "codelength", "--counts", counts))
    rows = by_code(rows_of(kolmo, "codelength", "--sequence", text))
    assert {code: row["bits"] for code, row in rows.items()} == {
        code: row["bits"] for code, row in ideal.items()
    }
    for code in SENDABLE:
        assert rows[code]["kind"] == "certified"
        assert 0 <= rows[code]["payload_bits"] <= math.ceil(rows[code]["bits"]) + 16
        assert rows[code]["payload_bits"] % 8 == 0
    for code in FORMULAS:
        assert (rows[code]["kind"], rows[code]["payload_bits"]) == ("criterion", None)


def test_sequence_counts_its_characters_in_sorted_order(kolmo: Any) -> None:
    (row,) = rows_of(kolmo, "codelength", "--sequence", "banana", "--code", "ml")
    assert row["counts"] == [3, 1, 2]


def test_message_that_decodes_to_something_else_is_never_certified(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(counted, "read", lambda code, payload: np.array([1, 0]))
    assert codelengths(sequence="10", codes=["kt"])
    with pytest.raises(CertificationError):
        codelengths(sequence="01", codes=["kt"])


# --- what is refused


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        *(
            (f"--counts '{text}'", "--counts.*need whole numbers")
            for text in ("", ",", "3,,7", "3,7,", "-1,3", "1.5,2", "3 7", "3;7", "nan", "1e99",
                         "2:10", "0x3", "\u0663", "9223372036854775808", "9" * 5000, "1__0")
        ),
        ("", "nothing to measure"),
        ("--code kt", "nothing to measure"),
        ("--counts 3,7 --sequence 01", "exclude each other"),
        ("--sequence ''", "need letters and digits"),
        ("--sequence 3,7", "need letters and digits"),
        ("--sequence '0 1'", "need letters and digits"),
        ("--counts 3,7 --code kt,", "unknown code: got ''"),
        ("--counts 3,7 --code nlm", "Did you mean 'nml'"),
        ("--counts 3,7 --code nml-formulas", "Did you mean 'nml-formula'"),
        ("--counts 16777217 --code nml", r"reach of nml.*2\*\*24"),
        ("--counts 9223372036854775807,1", "reach of"),
    ],
)  # fmt: skip
def test_codelength_refuses_in_one_line(arguments: str, told: str, shell: Any) -> None:
    done = shell(f"kolmo codelength {arguments}")
    assert (done.code, done.out) == (MISUSED, "")
    assert re.fullmatch(r"kolmo: error: [^\n]*\n", done.err)
    assert re.search(told, done.err)
    assert len(done.err) < 300


@pytest.mark.parametrize(
    ("counts", "left"),
    [
        ("16777215,1", []),
        ("16777216,1", ["nml"]),
        ("2147483647,0", ["nml"]),
        ("2147483648,0", ["nml", "kt"]),
        ("4294967295,0", ["nml", "kt", "enumerative"]),
        ("1099511627777,0", ["nml", "kt", "enumerative", "nml-formula"]),
    ],
)
def test_codes_that_do_not_reach_are_left_out_with_a_note(
    counts: str, left: list[str], shell: Any
) -> None:
    some = ["ml", "kt", "enumerative", "nml-formula"] + ["nml"] * bool(left)
    done = shell(f"kolmo codelength --no-header --counts {counts} --code {','.join(some)}")
    assert done.code == 0
    assert {line.split("\t")[0] for line in done.out.splitlines()} == set(some) - set(left)
    notes = re.findall(r"kolmo: note: counts beyond the reach of ([\w-]+): .*", done.err)
    assert sorted(notes) == sorted(left)
    assert len(done.err.splitlines()) == len(left)
    assert set(left_out([*map(int, counts.split(","))])) == set(left)


# --- the same in Python


def test_library_gives_what_the_command_prints(kolmo: Any) -> None:
    import kolmo as library

    rows = [row.to_dict() for row in library.codelengths([4, 3, 2, 1])]
    assert rows == rows_of(kolmo, "codelength", "--counts", "4,3,2,1")
    rows = [row.to_dict() for row in library.codelengths(sequence="0110111011")]
    assert rows == rows_of(kolmo, "codelength", "--sequence", "0110111011")


def test_library_takes_numpy_counts() -> None:
    assert kolmo.codelengths(np.array([3, 7])) == kolmo.codelengths([3, 7])
    json.dumps([row.to_dict() for row in kolmo.codelengths(np.array([3, 7], np.uint8))])


@pytest.mark.parametrize(
    "arguments",
    [{}, {"counts": []}, {"counts": [-1]}, {"counts": [1.0]}, {"counts": ["3"]},
     {"counts": [0] * (10**6 + 1)}, {"sequence": ""}, {"counts": [1], "sequence": "0"},
     {"counts": [1], "codes": ["kd"]}, {"counts": [1 << 32], "codes": ["ml", "kt"]}],
)  # fmt: skip
def test_library_refuses_what_has_no_length(arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        codelengths(**arguments)


def test_library_takes_a_million_counts() -> None:
    rows = codelengths([1] * 10**6, ["kt", "enumerative", "ml", "nml-formula"])
    found = {row.code: row.bits for row in rows}
    assert found["ml"] == pytest.approx(1e6 * math.log2(1e6))
    assert found["kt"] > found["ml"]


@pytest.mark.parametrize("code", SENDABLE)
def test_lengths_of_all_sequences_obey_kraft(code: str) -> None:
    """And the maximum likelihood, which is no code, does not: its sum is COMP."""
    total = math.fsum(2 ** -_bits(code, word) for word in product("01", repeat=6))
    assert total == pytest.approx(1, abs=1e-6)


def test_maximum_likelihood_breaks_kraft() -> None:
    total = math.fsum(2 ** -_bits("ml", word) for word in product("01", repeat=6))
    (row,) = nml_complexities(n=6, categories=2)
    assert total == pytest.approx(row.complexity, rel=1e-12)
    assert total > 3


def _bits(code: str, word: tuple[str, ...]) -> float:
    (row,) = codelengths([word.count("0"), word.count("1")], [code])
    return row.bits


# --- COMP


@pytest.mark.parametrize(
    ("arguments", "complexity", "bits"),
    [
        ("--categories 2 --n 1", 2, 1),
        ("--categories 2 --n 10", 7281587 / 1562500, 2.2203967260),
        ("--categories 3 --n 4", 231 / 32, None),
        ("--categories 4 --n 6", 1709 / 81, None),
        ("--categories 10 --n 1000", None, 37.0296594944),
        ("--categories 2 --n 1e6", None, 10.2922996682),
        ("--categories 1 --n 1000", 1, 0),
        ("--categories 7 --n 0", 1, 0),
        ("--model poisson --n 10 --largest 10", 8.33874097, None),
        ("--model poisson --n 1 --largest 100", 8.33874097, None),
        ("--model poisson --n 0 --largest 9", 1, 0),
        ("--model geometric --n 10 --largest 10", 5.05848275, None),
        ("--model geometric --n 3 --largest 0", 1, 0),
    ],
)
def test_nml_has_the_published_values(
    arguments: str, complexity: float | None, bits: float | None, kolmo: Any
) -> None:
    (row,) = rows_of(kolmo, "nml", *arguments.split())
    assert (row["kind"], row["reason"]) == ("criterion", None)
    assert row["complexity"] == pytest.approx(2 ** row["bits"], rel=1e-12)
    if complexity is not None:
        assert row["complexity"] == pytest.approx(complexity, rel=1e-9)
    if bits is not None:
        assert row["bits"] == pytest.approx(bits, abs=5.1e-11)


def test_nml_makes_a_row_for_each_pair(kolmo: Any) -> None:
    rows = rows_of(kolmo, "nml", "--categories", "2:4,9", "--n", "10,1_000")
    assert [(row["categories"], row["n"]) for row in rows] == [
        *product((2, 3, 4, 9), (10, 1000)),
    ]
    assert {row["largest"] for row in rows} == {None}
    rows = rows_of(kolmo, "nml", "--model", "geometric", "--n", "1,2", "--largest", "0:2")
    assert [(row["n"], row["largest"]) for row in rows] == [*product((1, 2), (0, 1, 2))]
    assert {row["categories"] for row in rows} == {None}


def test_nml_beyond_all_floats_is_null_with_a_reason(shell: Any) -> None:
    run = "kolmo nml --categories 1000 --n 1e6"
    (row,) = json.loads(shell(f"{run} --json").out)["results"]
    assert row["complexity"] is None
    assert row["bits"] == pytest.approx(5713.951992615, rel=1e-9)
    assert row["reason"] == "no float holds 2**5714.0"
    assert "no float" in shell(f"{run} --format table").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("", "missing --categories: --model multinomial needs --categories and --n"),
        ("--categories 3", "missing --n"),
        ("--categories 3 --n 4 --largest 5", "--largest is not used by --model multinomial"),
        ("--model poisson --categories 3 --n 4", "--categories is not used by --model poisson"),
        ("--model geometric --n 4", "missing --largest"),
        ("--model normal --n 4", "multinomial.*poisson.*geometric"),
        ("--categories 0 --n 4", "categories too small: got 0; need 1"),
        ("--model geometric --n 0 --largest 4", "got 0; need 1"),
        ("--categories 3 --n -1", "--n.*need whole numbers"),
        ("--categories 3 --n ''", "--n.*need whole numbers"),
        ("--categories 5:3 --n 4", "--categories.*need whole numbers"),
        ("--categories 1:2:3:4 --n 4", "--categories.*need whole numbers"),
        ("--categories 2: --n 4", "--categories.*need whole numbers"),
        ("--categories 1:9223372036854775807 --n 4", "too many numbers; need at most 10000"),
        ("--categories 1:101 --n 1:100", "too many rows: got 10100; need at most 10000"),
        ("--categories 2 --n 1e13", "n too large"),
        ("--categories 2:101 --n 1e12", "too much work"),
        ("--categories 1e9 --n 4", "too much work"),
        ("--model poisson --n 1e5 --largest 10001", "too much work.*1000000000"),
        ("--model geometric --n 1000 --largest 10001", "too much work.*10000000"),
        ("--model poisson --n 1 --largest 9223372036854775807", "too much work"),
    ],
)
def test_nml_refuses_in_one_line(arguments: str, told: str, shell: Any) -> None:
    done = shell(f"timeout 10 kolmo nml {arguments}")
    assert (done.code, done.out) == (MISUSED, "")
    assert re.fullmatch(r"kolmo: error: [^\n]*\n", done.err)
    assert re.search(told, done.err)


@pytest.mark.parametrize(
    "arguments",
    [{"model": "normal", "n": 1}, {"n": 1}, {"n": 1, "categories": 2, "largest": 3},
     {"n": [], "categories": 2}, {"n": -1, "categories": 2}, {"n": 1.5, "categories": 2},
     {"n": [1, "2"], "categories": 2}],
)  # fmt: skip
def test_library_refuses_what_has_no_complexity(arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        nml_complexities(**arguments)


def test_library_takes_numpy_sizes() -> None:
    rows = nml_complexities(n=np.int64(10), categories=np.arange(2, 5))
    assert rows == nml_complexities(n=10, categories=[2, 3, 4])
    json.dumps([row.to_dict() for row in rows])


# --- the families of kolmo info


def test_info_shows_families_with_their_settings(kolmo: Any) -> None:
    from kolmo.registry import families

    (record,) = rows_of(kolmo, "info")
    found = {item["name"]: item for item in record["families"]}
    assert sorted(found) == families.names()
    assert found["markov"]["available"] is True
    assert found["markov"]["settings"] == {"limit": 16}
    assert found["normal"]["settings"] == {}
    assert found["normal"]["note"].startswith("The normal distribution")
    assert all(list(item) == ["name", "available", "settings", "note"] for item in found.values())


def test_info_shows_a_family_in_every_format(shell: Any) -> None:
    assert re.search(r"\nfamily\tmarkov\tlimit=16\tA Markov chain", shell("kolmo info").out)
    table = shell("kolmo info --format table").out
    assert re.search(r"\nmarkov \(family\) limit=16\n  A Markov chain", table)


BROKEN = """
import kolmo.mdl.families as package
package.__path__.insert(0, {folder!r})
"""


@pytest.fixture
def broken(shell: Any, inject: Any) -> Iterator[str]:
    """Return a PYTHONPATH under which families are looked for in a folder of broken ones."""
    folder: Path = shell.folder / "families"
    folder.mkdir()
    (folder / "half.py").write_text("def half(:\n")
    (folder / "hollow.py").write_text("")
    (folder / "absent.py").write_text("import no_such_module")
    (folder / "good.py").write_text(GOOD)
    return inject(BROKEN.format(folder=str(folder)))  # type: ignore[no-any-return]


GOOD = '''
class Good:
    """First line.

    Second.
    """
    name, requires, extra = "good", (), ""
    def __init__(self, order=3, *, spread: float = float("inf"), must, **rest):
        pass
'''


@pytest.mark.parametrize("form", ["json", "tsv", "table"])
def test_info_survives_broken_families(form: str, shell: Any, broken: str) -> None:
    done = shell(f"kolmo info --format {form}", PYTHONPATH=broken)
    assert (done.code, done.err) == (0, "")
    assert "SyntaxError" in done.out
    assert "no_such_module" in done.out
    assert "unavailable" in done.out
    if form == "json":
        (record,) = json.loads(done.out)["results"]
        found = {item["name"]: item for item in record["families"]}
        assert [found[name]["available"] for name in ("absent", "good", "half", "hollow")] == [
            False, True, False, False,
        ]  # fmt: skip
        assert found["good"]["settings"] == {"order": 3, "spread": "inf", "must": None}
        assert found["good"]["note"] == "First line."


def test_codelength_is_the_same_on_every_run(shell: Any) -> None:
    run = "kolmo codelength --sequence abracadabra --json"
    assert shell(f"cmp <(PYTHONHASHSEED=1 {run}) <(PYTHONHASHSEED=2 {run})") == (0, "", "")
