"""Faults that the commands about noisy nets survive, and table A on top."""

from typing import Any

import pytest
from faults import FAILED, MISUSED, WITHOUT, Fault, check, rows

FIT, SEND, RECEIVE, CODELENGTH = (
    f"kolmo weights {name}" for name in ("fit", "send", "receive", "codelength")
)
NET = "--target y --hidden 0 --restarts 1"
MADE = f"{SEND} data.csv {NET} -q -o m.klm"
BACK = f"{SEND} data.csv {NET} -q --payload text -o m.klm"
WITH_GAP = "printf 'a,y\\n1,5\\n,6\\n3,5\\n' >gap.csv"
GAP = "missing value: got '' in line 3 of 'gap.csv', row 2, column 'a'; need a value in every row"
PICTURE = ("picture",)

# fmt: off
DATA = [
    *(
        Fault(f"missing-value-{name}", f"{run} gap.csv --target {target} {more}", FAILED, said,
              prepare=WITH_GAP)
        for name, run, target, more, said in (
            ("fit", FIT, "y", "", GAP), ("send", SEND, "y", "-o x", GAP),
            ("codelength", CODELENGTH, "y", "", GAP), ("target", FIT, "a", "", GAP))
    ),
    Fault("missing-value-in-test", f"{FIT} data.csv {NET} -f normal --features a --test gap.csv",
          FAILED, GAP, prepare=WITH_GAP),
    Fault("text-among-numbers", f"{FIT} x.csv --target y", FAILED, "text among numbers: got 'x'",
          prepare="printf 'a,y\\n1,5\\nx,6\\n2,1\\n3,5\\n4,6\\n5,7\\n6,8\\n7,9\\n8,1\\n' >x.csv"),
    Fault("no-rows", f"{FIT} x.csv --target y", FAILED, "no rows", prepare="echo a,y >x.csv"),
    Fault("empty-file", f"{FIT} empty --target y", FAILED, "empty"),
    Fault("ragged", f"{SEND} x.csv --target y -o m", FAILED, "line 3",
          prepare="printf 'a,y\\n1,5\\n1\\n' >x.csv"),
    Fault("too-many-labels", f"{CODELENGTH} x.csv --target y", FAILED, "too many labels: got 300",
          prepare="(echo a,y; for i in {1..300}; do echo $i,${i}x; done) >x.csv"),
    Fault("numbers-too-far-apart", f"{FIT} x.csv --target y", FAILED, "numbers too long",
          prepare="printf 'a,y\\n1,1e30\\n2,1\\n' >x.csv"),
    Fault("unknown-target", f"{FIT} data.csv --target yy", MISUSED, "Did you mean 'y'"),
    Fault("unknown-feature", f"{SEND} data.csv --target y --features bb -o x", MISUSED,
          "unknown column: got 'bb'"),
    Fault("target-as-feature", f"{FIT} data.csv --target y --features a,y", MISUSED,
          "target among the features"),
    *(
        Fault(f"no-target-{name}", f"{run} data.csv", MISUSED, "Missing option '--target'")
        for name, run in (("fit", FIT), ("send", SEND), ("codelength", CODELENGTH))
    ),
    Fault("step-units-for-labels", f"{FIT} labels.csv --target y --unit step --restarts 1",
          MISUSED, "units without a slope"),
    Fault("test-of-another-kind", f"{FIT} data.csv {NET} -f normal --test labels.csv --features a",
          FAILED, "need numbers"),
    Fault("test-without-a-column", f"{FIT} data.csv {NET} -f normal --test labels.csv", MISUSED,
          "unknown column: got 'b'"),
    Fault("constant", f"{FIT} data.csv --target z {NET[11:]} -f normal --no-header | cut -f3 | "
          "sort | tail -n 1", out=r"\Atwo-part\n\Z"),
    Fault("constant-sent", f"{SEND} data.csv -q --target z {NET[11:]} | {RECEIVE} --given data.csv "
          "| uniq", out=r"\Az\n7\n\Z"),
    Fault("no-features-sent", f"{SEND} x.csv -q {NET} | {RECEIVE} --given x.csv | cmp - x.csv",
          prepare="cut -d, -f4 data.csv >x.csv"),
]
OPTIONS = [
    *(
        Fault(f"range-{option}-{value}", f"{FIT} data.csv --target y --{option}={value}", MISUSED,
              f"'--{option}': got '{value}'; need {need}")
        for option, need, values in (
            ("hidden", "a whole number from 0 to 4096", ("-1", "4097", "abc")),
            ("restarts", "a whole number from 1 to 1024", ("0", "1.5")),
            ("seed", "a whole number from 0 to", ("-1", "1e60")),
            ("prior", "gaussian, or mixture:K with K from 1 to 64",
             ("mixture", "mixture:0", "mixture:65", "mixture:x", "gaussian:2")),
            ("prior", "one of gaussian, mixture:5. Did you mean 'mixture:5'", ("mixtur:5",)),
            ("unit", "one of tanh, probit, relu, step. Did you mean 'relu'", ("rel",)))
        for value in values
    ),
    Fault("hidden-of-codelength", f"{CODELENGTH} labels.csv --target y --hidden -1", MISUSED,
          "'--hidden': got '-1'"),
    Fault("unknown-family", f"{FIT} data.csv --target y -f norml", MISUSED, "Did you mean 'normal"),
    Fault("bits-back-alone", f"{SEND} data.csv {NET} --code bits-back -o x", MISUSED,
          "--code bits-back needs --payload"),
    *(
        Fault(f"payload-without-place-{code}",
              f"{SEND} data.csv {NET} --code {code} --payload text -o x", MISUSED,
              f"--code {code} has no place for a payload")
        for code in ("relative-entropy", "two-part")
    ),
    Fault("too-much-memory", f"{FIT} data.csv --target y --hidden 300 --memory-limit 1M",
          FAILED, "too much memory: 40 rows, 2 inputs and 300 hidden units need about"),
    Fault("large-payload", f"{SEND} data.csv {NET} --payload big -o x --memory-limit 1M", FAILED,
          "too large|more than|limit", prepare="truncate -s 9M big"),
    Fault("format-beside-message", f"{SEND} data.csv {NET} --json", MISUSED, "use -o FILE"),
    Fault("format-beside-column", f"{RECEIVE} m.klm --given data.csv --json", MISUSED,
          "use -o FILE", prepare=MADE),
    Fault("payload-beside-column", f"{RECEIVE} m.klm --given data.csv --payload-out -", MISUSED,
          "would mix it", prepare=MADE),
    Fault("one-file-for-both", f"{RECEIVE} m.klm --given data.csv -o x --payload-out x", MISUSED,
          "-o and --payload-out name the same file", prepare=MADE),
]
MESSAGES = [
    Fault("no-features-given", f"{RECEIVE} m.klm", MISUSED, "Missing option '--given'"),
    Fault("other-features", f"{RECEIVE} m.klm --given other.csv -o x", MISUSED,
          "wrong side information", prepare=f"{MADE}; sed s/^0,/1,/ data.csv >other.csv"),
    Fault("other-features-and-payload",
          f"{RECEIVE} m.klm --given other.csv -o x --payload-out p", MISUSED,
          "wrong side information", prepare=f"{BACK}; sed s/^0,/1,/ data.csv >other.csv"),
    Fault("feature-missing", f"{RECEIVE} m.klm --given labels.csv -o x", FAILED,
          "feature missing in 'labels.csv'", prepare=MADE),
    Fault("no-payload-inside", f"{RECEIVE} m.klm --given data.csv -o x --payload-out p", FAILED,
          "no payload: 'm.klm' was sent without one", prepare=MADE),
    Fault("other-container", f"{RECEIVE} text.klm --given data.csv -o x", FAILED,
          "no message of a net"),
    Fault("no-container", f"{RECEIVE} data.csv --given data.csv -o x", FAILED, "not a container"),
    Fault("altered", f"{RECEIVE} m.klm --given data.csv -o x", FAILED, "corrupt file",
          prepare=f"{MADE}; printf X | dd of=m.klm bs=1 seek=50 conv=notrunc status=none"),
    Fault("cut", f"{RECEIVE} cut.klm --given data.csv -o x", FAILED, "corrupt file|CRC|ends",
          prepare=f"{MADE}; head -c 60 m.klm >cut.klm"),
    Fault("encode-refuses", "kolmo encode data.csv -c noisy", MISUSED, "kolmo weights send"),
    Fault("decodes-with-features", "kolmo decode m.klm --given data.csv | cmp - "
          "<(cut -d, -f4 data.csv)", prepare=MADE),
    Fault("verifies-with-features", "kolmo verify m.klm --given data.csv --no-header | "
          "cut -f2,3", out=r"\Anoisy\tcertified\n\Z", prepare=MADE),
]
TABLE_A = [
    *(
        Fault(f"A01-missing-{name}", run, FAILED, "cannot read 'nope'")
        for name, run in (
            ("fit", f"{FIT} nope --target y"), ("test", f"{FIT} data.csv {NET} --test nope"),
            ("send", f"{SEND} nope --target y -o x"),
            ("payload", f"{SEND} data.csv {NET} --payload nope -o x"),
            ("receive", f"{RECEIVE} nope --given data.csv"),
            ("given", f"{RECEIVE} text.klm --given nope"),
            ("codelength", f"{CODELENGTH} nope --target y"))
    ),
    Fault("A02-directory", f"mkdir d; {FIT} d --target y", FAILED, "is a directory", destroys=True,
          leaves="d"),
    Fault("A08-empty-name", f"{FIT} '' --target y", MISUSED, "empty file name"),
    *(
        Fault(f"A15-stdin-twice-{name}", run, MISUSED, "standard input named twice")
        for name, run in (
            ("fit", f"{FIT} - --target y --test -"), ("send", f"{SEND} --target y --payload -"),
            ("receive", f"{RECEIVE} - --given -"))
    ),
    Fault("A18-endless", f"{CODELENGTH} /dev/zero --target y", FAILED, "endless device"),
    *(
        Fault(f"A29-full-{name}", run, FAILED, "No space left", prepare=BACK)
        for name, run in (
            ("fit", f"{FIT} data.csv {NET} -f normal >/dev/full"),
            ("send", f"{SEND} data.csv {NET} -q >/dev/full"),
            ("receive", f"{RECEIVE} m.klm --given data.csv >/dev/full"),
            ("artefact", f"{RECEIVE} m.klm --given data.csv -o /dev/full"))
    ),
    *(
        Fault(f"A36-missing-folder-{name}", run, FAILED, "cannot write 'none/x'")
        for name, run in (
            ("send", f"{SEND} data.csv {NET} -o none/x"),
            ("receive", f"{RECEIVE} text --given data.csv -o none/x"),
            ("payload", f"{RECEIVE} text --given data.csv -o x --payload-out none/x"))
    ),
    Fault("A36-picture", f"{FIT} data.csv {NET} --plot-file none/x.svg", FAILED, "cannot write",
          needs=PICTURE),
    Fault("A39-over-its-input", f"{SEND} data.csv {NET} -o ./data.csv", MISUSED, "overwrite"),
    Fault("A39-over-its-payload", f"{SEND} data.csv {NET} --payload text -o text", MISUSED,
          "overwrite an input"),
    Fault("A39-over-the-features", f"{RECEIVE} text.klm --given data.csv -o data.csv", MISUSED,
          "overwrite an input"),
    Fault("A39-payload-over-the-message",
          f"{RECEIVE} text.klm --given data.csv -o x --payload-out text.klm", MISUSED, "overwrite"),
    Fault("A41-suffix", f"{FIT} data.csv {NET} --plot-file x.xyz", MISUSED, "need one of .png"),
    Fault("A48-two-formats", f"{FIT} data.csv {NET} --json --format tsv", MISUSED, "exclude each"),
    Fault("A50-output-twice", f"{SEND} data.csv {NET} -o a -o b", MISUSED, "more than once"),
    Fault("A51-variable", f"KOLMO_WEIGHTS_FIT_RESTARTS=abc {FIT} data.csv --target y", MISUSED,
          "KOLMO_WEIGHTS_FIT_RESTARTS"),
    Fault("A52-no-matplotlib", f"{FIT} data.csv {NET} --plot-file x.svg", FAILED,
          "pip install 'kolmo-toolkit.plot.'", inject=WITHOUT.format("matplotlib")),
    Fault("A52-no-numba", f"{FIT} data.csv {NET}", FAILED, "numba cannot be used",
          inject=WITHOUT.format("numba")),
]
# fmt: on


@pytest.mark.parametrize("fault", rows([*DATA, *OPTIONS, *MESSAGES, *TABLE_A]))
def test_fault(fault: Fault, shell: Any, inject: Any) -> None:
    lines = [f"{i * 37 % 101 - 50},{i * 53 % 89},7,{i * 37 % 101 + i % 3}" for i in range(40)]
    (shell.folder / "data.csv").write_text("\n".join(["a,b,z,y", *lines, ""]))
    cells = [f"{i * 37 % 101},{'no' if i * 37 % 101 < 40 else 'yes'}" for i in range(40)]
    (shell.folder / "labels.csv").write_text("\n".join(["a,y", *cells, ""]))
    check(fault, shell, inject)


def test_message_goes_to_no_terminal(shell: Any) -> None:
    done = shell.in_terminal(f"{SEND} table.csv --target label --features n")
    assert done.code == 2
    assert "no binary output to a terminal" in done.err


@pytest.mark.slow
def test_message_altered_at_any_byte_gives_no_wrong_column(shell: Any) -> None:
    lines = [f"{i},{i * 3 % 7 + i}" for i in range(12)]
    (shell.folder / "x.csv").write_text("\n".join(["a,y", *lines, ""]))
    assert shell(f"{SEND} x.csv -q {NET} -o m.klm").code == 0
    whole = (shell.folder / "m.klm").read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        (shell.folder / "d.klm").write_bytes(damaged)
        done = shell(f"{RECEIVE} d.klm --given x.csv")
        assert (done.code, done.out) in ((1, ""), (2, "")), place
        assert done.err.startswith("kolmo: error: ")
