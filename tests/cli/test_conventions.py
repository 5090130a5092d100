"""The conventions of command lines that users bring along, one row or one test for each number."""

import csv
import importlib
import io
import json
import re
import sys
import zlib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, NamedTuple

import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "schema.json"
COMMANDS = (
    "complexity", "automaton", "mdl-select", "weights", "bench", "encode", "decode", "inspect",
    "verify", "codelength", "nml", "info", "completion", "man",
)  # fmt: skip
SUBCOMMANDS = (
    "automaton scan", "automaton scales", "automaton light-cone",
    "weights pack", "weights unpack", "weights verify", "weights compare",
    "weights fit", "weights send", "weights receive", "weights codelength",
)  # fmt: skip
PAGES = (*COMMANDS, *SUBCOMMANDS)
SMALL_RUN = "-n 8 --samples 2 --seed 1"
WITHOUT_UNIT = {  # ratios, sums, times in clocks of their own, and numbers of things
    "sample", "picks", "swaps", "edge_time", "size", "grain", "replicas", "peak_time",
    "peak_time_standard_error", "cells",
    "ratio", "symbols", "length", "categories", "n", "largest", "complexity",
    "rank", "free_parameters", "evidence_bound",
    "strings", "coverage", "excess",
    "tensors", "quantised_tensors", "weights", "step", "rmse", "largest_error", "distance",
}  # fmt: skip
IN_BITS = ("_bits", "_bytes", "bits_per_byte", "bits_per_symbol", "bits_per_row", "bits_per_weight")
ROWS = "kolmo complexity --no-header"
SELECT = "kolmo mdl-select -f categorical,bz2"
NOT_SIZES = ("0", "-1", "10X", "''", "0x10", "_1", "1__0", "'1 K'", "\u0663")
NOT_FINITE = ("nan", "inf", "1.5", "1e99")
PLUGINS = (
    ("family", "families"),
    ("predictor", "predictors"),
    ("rule", "rules"),
    ("weight coder", "weight_coders"),
    ("checkpoint format", "checkpoint_formats"),
    ("suite", "suites"),
)
EXITS = (
    ("0", "done"),
    ("1", "failed"),
    ("2", "wrong command line"),
    ("3", "inconclusive"),
    ("70", "bug"),
    ("130, 143", "Ctrl"),
    ("141", "reader"),
)
MODEL = (
    'printf "\\x40\\0\\0\\0\\0\\0\\0\\0%-64s%s" '
    '\'{"w":{"dtype":"F32","shape":[4,1],"data_offsets":[0,16]}}\' abcdefghijklmnop >m'
)
NOISY = "--target label --features n --hidden 0 --restarts 1"
WITH_RECORDS = {
    "complexity": "kolmo complexity text empty",
    "complexity-all": "kolmo complexity --all text empty",
    "complexity-given": "kolmo complexity text --given text.klm --all",
    "mdl-select": "kolmo mdl-select table.csv -f normal,markov:limit=2",
    "mdl-select-criteria": "kolmo mdl-select table.csv -C x -f normal,zlib --all --criteria",
    "mdl-select-target": "kolmo mdl-select table.csv --target x -f linear,groups,normal",
    "mdl-select-direction": "kolmo mdl-select table.csv --target x --features label --direction "
    "-f linear,groups,normal",
    "mdl-select-rows": "printf 'x,y\\n,1\\n' | kolmo mdl-select -f categorical",
    "inspect": "kolmo inspect text.klm",
    "verify": "kolmo verify text.klm",
    "codelength": "kolmo codelength --counts 4,3,2,1",
    "codelength-sequence": "kolmo codelength --sequence 0110111011",
    "nml": "kolmo nml --categories 2,1000 --n 0,1e6",
    "nml-poisson": "kolmo nml --model poisson --n 10 --largest 0:10",
    "info": "kolmo info",
    "automaton": f"kolmo automaton {SMALL_RUN} --two-part -m zlib,entropy",
    "automaton-walkers": f"kolmo automaton {SMALL_RUN} -r noninteracting",
    "automaton-tendril": f"kolmo automaton {SMALL_RUN} -r tendril",
    "automaton-scan": "kolmo automaton scan --sizes 5:9:2 --replicas 2 -r noninteracting --seed 1",
    "automaton-scan-one": "kolmo automaton scan --sizes 5 --replicas 1 -r noninteracting --seed 1",
    "automaton-scales": f"kolmo automaton scales {SMALL_RUN}",
    "weights": f"{MODEL}; kolmo weights m",
    "weights-lossy": f"{MODEL}; kolmo weights m --bits 4 --depth 1",
    "weights-pack": f"{MODEL}; kolmo weights pack m -o m.klm",
    "weights-verify": f"{MODEL}; kolmo weights pack m -o m.klm --snr 30 >packed; "
    "kolmo weights verify m.klm --against m",
    "weights-compare": f"{MODEL}; kolmo weights compare m m",
    "automaton-light-cone": f"kolmo automaton light-cone {SMALL_RUN}",
    "weights-fit": f"kolmo weights fit table.csv {NOISY} -f categorical",
    "weights-send": f"kolmo weights send table.csv {NOISY} -o m.klm",
    "weights-send-payload": f"kolmo weights send table.csv {NOISY} -o m.klm --payload text",
    "weights-receive": f"kolmo weights send -q table.csv {NOISY} -o m.klm --payload text >sent; "
    "kolmo weights receive m.klm --given table.csv -o y --payload-out p",
    "bench-sources": "kolmo bench -e zlib,entropy:symbol=1 --sizes 64,128 --seeds 2",
    "bench-deterministic": "kolmo bench deterministic -e zlib,lz76:symbol=1 --sizes 64",
    "bench-corpus": "sha256sum text empty >SHA256SUMS; kolmo bench corpus . -e zlib,entropy",
    "weights-codelength": "kolmo weights codelength table.csv --target label --features n",
}


class Check(NamedTuple):
    """A bash command, and what must come of it; the texts are regular expressions to be found.

    An empty pattern means: nothing at all.
    """

    id: str
    run: str
    code: int = 0
    out: str = ""
    err: str = ""
    needs: tuple[str, ...] = ()


CHECKS = [
    *(
        Check(f"01-{flag}-{name}", f"kolmo {name} {flag}", out=rf"Usage: kolmo {name}")
        for flag in ("-h", "--help")
        for name in ("", *PAGES)
    ),
    Check("02-no-arguments", "kolmo </dev/null", 2, err="Usage: kolmo"),
    Check("03-version", "kolmo --version", out=r"\Akolmo [0-9.]+\n\Z"),
    Check("05-command", "kolmo complexty text", 2, err="(?i)did you mean .complexity"),
    Check("05-option", "kolmo complexity --estimater zstd text", 2, err="(?i)did you mean.*--est"),
    Check("05-format", "kolmo complexity --format jsno text", 2, err="json"),
    Check("05-estimator", "kolmo complexity -e zlab text", 2, err="(?i)did you mean .zlib"),
    Check("05-parameter", "kolmo complexity -e zstd:leve=3 text", 2, err="(?i)did you mean .level"),
    Check("05-code", "kolmo encode --code zlab text -o out", 2, err="(?i)did you mean .zlib"),
    Check("05-counts", "kolmo codelength --counts 3,7 --code enumerativ", 2,
          err="(?i)did you mean .enumerative"),
    Check("05-model", "kolmo nml --model poison --n 3", 2, err="poisson"),
    Check("05-column", "kolmo mdl-select table.csv -C lable", 2, err="(?i)did you mean .label"),
    Check("05-precision", "kolmo mdl-select table.csv -f normal --precision lable=1", 2,
          err="(?i)did you mean .label"),
    Check("05-family", "kolmo mdl-select table.csv -f norml", 2, err="(?i)did you mean .normal"),
    Check("05-setting", "kolmo mdl-select table.csv -f normal:level=3", 2, err="unknown setting"),
    Check("05-missing", "kolmo mdl-select table.csv --missing dorp", 2, err="drop"),
    Check("05-page", "kolmo man complexty", 2, err="(?i)did you mean .complexity"),
    Check("05-shell", "kolmo completion bsh", 2, err="bash"),
    Check("05-rule", "kolmo automaton -n 8 -r interactng", 2, err="(?i)did you mean .interacting"),
    Check("05-rule-setting", "kolmo automaton -n 8 -r stirred:amplitud=3", 2,
          err="(?i)did you mean .amplitude"),
    Check("05-measure", "kolmo automaton -n 8 -m zlab", 2, err="(?i)did you mean .zlib"),
    Check("05-engine", "kolmo automaton -n 8 --engine cels", 2, err="(?i)did you mean .cells"),
    Check("05-inner", "kolmo automaton scna", 2, err="(?i)did you mean .scan"),
    Check("05-inner-page", "kolmo man automaton scna", 2, err="(?i)did you mean .scan"),
    Check("05-weight-coder", "kolmo weights text -e plans", 2, err="(?i)did you mean .planes"),
    Check("05-weights", "kolmo weights pakc", 2, err="(?i)did you mean .pack"),
    Check("05-unit", f"kolmo weights fit table.csv {NOISY} --unit tnah", 2,
          err="(?i)did you mean .tanh"),
    Check("05-prior", f"kolmo weights fit table.csv {NOISY} --prior gausian", 2,
          err="(?i)did you mean .gaussian"),
    Check("05-noisy-code", f"kolmo weights send table.csv {NOISY} --code bitsback -o m", 2,
          err="(?i)did you mean .bits-back"),
    Check("05-target", "kolmo weights codelength table.csv --target lable", 2,
          err="(?i)did you mean .label"),
    Check("06-inner", "kolmo automaton sc", 2, err="(?i)did you mean .scan|unexpected"),
    Check("06-subcommand", "kolmo comp text", 2, err="unknown command"),
    Check("06-option", "kolmo complexity --recurs text", 2, err="(?i)no such option"),
    Check("06-flag", "kolmo info --js", 2, err="(?i)no such option"),
    *(
        Check(f"07-{name}", f"kolmo {name} --help", out=rf"Examples?:\n +kolmo {name}")
        for name in PAGES
        if name != "completion"
    ),
    Check("07-completion", "kolmo completion --help", out=r"Examples?:\n .*kolmo completion bash"),
    Check("08-stdin", "cat text | kolmo complexity -", out=r"\n-\tzlib\t"),
    Check("08-stdin-by-default", "cat text | kolmo complexity", out=r"\n-\tzlib\t"),
    Check("09-file-and-stdin", f"cmp <({ROWS} text) <({ROWS} - <text | sed 's/^-/text/')"),
    Check("09-file-and-pipe", f"cmp <({ROWS} text) <(cat text | {ROWS} | sed 's/^-/text/')"),
    Check("09-string", f'cmp <({ROWS} --string "$(cat text)" | cut -f2-5) '
          f'<(printf %s "$(cat text)" | {ROWS} | cut -f2-5)'),
    Check("09-encode", "cmp <(kolmo encode text) <(kolmo encode - <text)"),
    Check("09-decode", "cmp <(kolmo decode text.klm) <(cat text.klm | kolmo decode)"),
    Check("09-select",
          f"cmp <({SELECT} table.csv) <({SELECT} - <table.csv | sed 's/^-/table.csv/')"),
    Check("09-select-pipe",
          f"cmp <({SELECT} table.csv) <(cat table.csv | {SELECT} | sed 's/^-/table.csv/')"),
    Check("10-double-dash", "cp text ./-x; kolmo complexity -- -x", out="\n-x\tzlib"),
    Check("10-select", f"cp table.csv ./-x; {SELECT} -C x -- -x", out="\n-x\tx\t1\t"),
    Check("11-columns", f"{SELECT} --no-header table.csv -C x -C n -C x | cut -f2 | uniq",
          out=r"\Ax\nn\n\Z"),
    Check("11-order", f"{ROWS} -j2 text empty text.klm -e stored,zlib | cut -f1 | uniq",
          out=r"\Atext\nempty\ntext.klm\n\Z"),
    Check("12-bad-among-good", f"{ROWS} -e stored text nope empty | cut -f1", 1,
          out=r"\Atext\nempty\n\Z", err="nope"),
    Check("12-inspect", "kolmo inspect --no-header text.klm nope text.klm | cut -f1", 1,
          out=r"\Atext.klm\ntext.klm\n\Z", err="nope"),
    Check("12-verify", "kolmo verify --no-header text.klm text text.klm | cut -f1", 1,
          out=r"\Atext.klm\ntext.klm\n\Z", err="text"),
    Check("12-json", "kolmo complexity --json -e stored text nope", 1, out='"file": "text"',
          err="nope"),
    Check("08-model", f"{MODEL}; cat m | kolmo weights -", out=r"\n-\tw\t1\tF32\t"),
    Check("09-model", f"{MODEL}; cmp <(kolmo weights --no-header m) "
          "<(kolmo weights --no-header <m | sed 's/^-/m/')"),
    Check("09-packed", f"{MODEL}; cmp <(kolmo weights pack -q m) <(kolmo weights pack -q <m)"),
    Check("09-unpacked", f"{MODEL}; kolmo weights pack -q m | kolmo weights unpack | cmp - m"),
    Check("09-noisy", f"cmp <(kolmo weights send -q table.csv {NOISY}) "
          f"<(kolmo weights send -q - {NOISY} <table.csv)"),
    Check("09-received", f"kolmo weights send -q table.csv {NOISY} | kolmo weights receive "
          "--given table.csv | cmp - <(cut -d, -f3 table.csv)"),
    Check("10-model", f"{MODEL}; cp m ./-x; kolmo weights -e mix -- -x", out="\n-x\tw\t"),
    Check("12-packed", f"{MODEL}; kolmo weights pack -q m >m.klm; "
          "kolmo weights verify --no-header m.klm text.klm m.klm | cut -f1", 1,
          out=r"\Am.klm\nm.klm\n\Z", err="text.klm"),
    Check("13-results-alone-on-stdout", "kolmo complexity text", out="zlib"),
    Check("13-warnings-on-stderr", "kolmo complexity --max-bytes 9 text >o", err="warning"),
    Check("13-help-of-a-mistake", "kolmo complexity --nonsense", 2, err="kolmo complexity --help"),
    Check("13-plot", f"{SELECT} -C label --plot table.csv >o", err=r"(?m)^a .*27\n^b .*13$"),
    Check("14-select", f"{SELECT} table.csv | grep -c '^file'", out=r"\A1\n\Z"),
    Check("14-header", "kolmo complexity text | head -n 1 | cat -A",
          out=r"\Afile\^Iestimator\^Ikind\^I.*payload_bits.*\$\n\Z"),
    Check("14-one-header", "kolmo complexity text empty | grep -c '^file'", out=r"\A1\n\Z"),
    Check("14-no-header", f"{ROWS} -e zlib text", out=r"\Atext\tzlib\t[^\n]*\n\Z"),
    Check("14-no-truncation", "n=$(printf 'long%.0s' {1..60}); cp text $n; "
          "kolmo complexity $n -e zlib | grep -c $n", out=r"\A1\n\Z"),
    *(
        Check(f"15-{name}", f"kolmo complexity -e zlib --format {name} text", out=first)
        for name, first in (
            ("table", r"\Atext: 3,\d+ bytes"),
            ("tsv", r"\Afile\t"),
            ("csv", r"\Afile,"),
            ("json", r"\A\{"),
        )
    ),
    *(
        Check(f"15-select-{name}", f"{SELECT} --format {name} table.csv", out=first)
        for name, first in (
            ("table", r"\Atable.csv: 40 rows x 3 columns, with a header, utf-8, commas\n"),
            ("tsv", r"\Afile\tcolumn\trank\t"),
            ("csv", r"\Afile,column,rank,"),
            ("json", r"\A\{"),
        )
    ),
    Check("15-alias", "cmp <(kolmo info --json) <(kolmo info --format json)"),
    Check("17-width", f"cmp <(COLUMNS=20 {ROWS} text) <(COLUMNS=200 {ROWS} text)"),
    Check("17-width-table", "f='kolmo inspect --format table text.klm'; "
          "cmp <(COLUMNS=20 $f) <(COLUMNS=200 $f)"),
    Check("17-width-select", f"cmp <(COLUMNS=20 {SELECT} --format table --plot table.csv 2>&1) "
          f"<(COLUMNS=20 {SELECT} --format table --plot table.csv 2>&1)"),
    Check("18-select", f"! {SELECT} --format table --plot table.csv | grep $'\\e'"),
    Check("19-select", f"{SELECT} --color always table.csv | grep -c $'\\e'", out="[1-9]"),
    Check("18-pipe", "! kolmo complexity -q --format table text | grep $'\\e'"),
    Check("18-always-beats-no-color",
          "NO_COLOR=1 kolmo --color always complexity -q text | grep -c $'\\e'", out="[1-9]"),
    Check("19-option", "kolmo --color always complexity -q text | grep -c $'\\e'", out="[1-9]"),
    Check("19-option-after", "kolmo complexity -q --color always text | grep -c $'\\e'",
          out="[1-9]"),
    *(
        Check(f"19-{name}", f"{name}=1 kolmo complexity -q --format table text | grep -c $'\\e'",
              out="[1-9]")
        for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "KOLMO_COLOR=always XY")
    ),
    Check("19-never-beats-force",
          "! FORCE_COLOR=1 kolmo complexity -q --color never --format table text | grep $'\\e'"),
    Check("22-not-quiet", "kolmo complexity --max-bytes 9 text >o", err="first 9 bytes"),
    Check("22-quiet", "kolmo -q complexity --max-bytes 9 text >o"),
    Check("22-quiet-after", "kolmo complexity --quiet --max-bytes 9 text >o"),
    Check("22-quiet-errors-stay", "kolmo -q complexity nope", 1, err="nope"),
    Check("22-select", f"printf '1\\n2\\n' | {SELECT} >o", err="first line holds values"),
    Check("22-select-quiet", f"printf '1\\n2\\n' | {SELECT} -q >o"),
    Check("22-select-verbose", "kolmo -v mdl-select -C label -f normal table.csv >o",
          err="note: column 'label': normal left out: does not suit such values"),
    Check("22-verbose", "mkdir d; mkfifo d/p; kolmo -v complexity -r d", err="d/p: skipped"),
    *(
        Check(f"24-jobs-{kind}", f"cmp <(kolmo complexity --{option} -j1 text empty text.klm) "
              f"<(kolmo complexity --{option} -j2 text empty text.klm)")
        for kind, option in (("tsv", "all --quiet"), ("json", "json"), ("csv", "format csv"))
    ),
    *(
        Check(f"24-jobs-{value}", f"cmp <({ROWS} -j1 text) <({ROWS} -j {value} text)")
        for value in ("0", "auto", "64", "1024")
    ),
    *(
        Check(f"24-select-{kind}", f"cmp <(kolmo mdl-select {option} -j1 table.csv) "
              f"<(kolmo mdl-select {option} -j2 table.csv)")
        for kind, option in (("tsv", "--all -q"), ("json", "--json"))
    ),
    *(
        Check(f"25-select-{name}", f"cmp <({one} {SELECT} --json table.csv -o a) "
              f"<({two} {SELECT} --json table.csv -o b) && cmp a b")
        for name, one, two in (
            ("hash-seed", "PYTHONHASHSEED=1", "PYTHONHASHSEED=2"),
            ("locale", "LC_ALL=C", "LC_ALL=de_DE.UTF-8"),
        )
    ),
    *(
        Check(f"25-{name}", f"cmp <({one} kolmo complexity --json --all -q text) "
              f"<({two} kolmo complexity --json --all -q text)")
        for name, one, two in (
            ("hash-seed", "PYTHONHASHSEED=1", "PYTHONHASHSEED=2"),
            ("locale", "LC_ALL=C", "LC_ALL=de_DE.UTF-8"),
            ("time-zone", "TZ=Asia/Tokyo", "TZ=America/Lima"),
        )
    ),
    *(
        Check(f"25-weights-{name}", f"{MODEL}; cmp <({one} kolmo weights m --json --rel-rmse .1) "
              f"<({two} kolmo weights m --json --rel-rmse .1)")
        for name, one, two in (
            ("hash-seed", "PYTHONHASHSEED=1", "PYTHONHASHSEED=2"),
            ("locale", "LC_ALL=C", "LC_ALL=de_DE.UTF-8"),
            ("jobs", "KOLMO_WEIGHTS_JOBS=1", "KOLMO_WEIGHTS_JOBS=2"),
        )
    ),
    *(
        Check(f"25-noisy-{name}", f"cmp <({one} kolmo weights send -q table.csv {NOISY}) "
              f"<({two} kolmo weights send -q table.csv {NOISY})")
        for name, one, two in (
            ("hash-seed", "PYTHONHASHSEED=1", "PYTHONHASHSEED=2"),
            ("threads", "NUMBA_NUM_THREADS=1", "NUMBA_NUM_THREADS=2 OPENBLAS_NUM_THREADS=2"),
        )
    ),
    Check("25-folder", "cmp <(kolmo complexity --json $PWD/text) "
          "<(f=$PWD/text; cd /; kolmo complexity --json $f)"),
    Check("25-encode", "cmp <(PYTHONHASHSEED=1 kolmo encode text -c zstd:window=17:level=3) "
          "<(PYTHONHASHSEED=2 LC_ALL=C TZ=Asia/Tokyo kolmo encode text -c zstd:level=3:window=17)"),
    *(
        Check(f"35-{text}", f"head -c 3M /dev/zero >z; kolmo complexity -q z -e stored "
              f"--max-bytes {text} --no-header | cut -f4", out=rf"\A{size}\n\Z")
        for text, size in (
            ("64K", 65536), ("64KiB", 65536), ("1M", 1 << 20), ("1MiB", 1 << 20), ("1MB", 10**6),
            ("1e6", 10**6), ("1_000_000", 10**6), ("10MiB", 3 << 20), ("1G", 3 << 20), ("7", 7),
        )
    ),
    *(
        Check(f"{number}-refused-{index}", f"kolmo complexity text --max-bytes {text}", 2,
              err="--max-bytes.*need a size from 1")
        for number, texts in ((35, NOT_SIZES), (36, NOT_FINITE))
        for index, text in enumerate(texts)
    ),
    Check("35-limit", "kolmo complexity text --memory-limit 5Q", 2, err="--memory-limit.*need"),
    Check("37-environment", f"KOLMO_COMPLEXITY_MAX_BYTES=9 {ROWS} -q text | cut -f4 | uniq",
          out=r"\A9\n\Z"),
    Check("37-flag-first", "KOLMO_COMPLEXITY_MAX_BYTES=9 "
          f"{ROWS} -q text --max-bytes 8 | cut -f4 | uniq", out=r"\A8\n\Z"),
    Check("37-format", "KOLMO_COMPLEXITY_FORMAT=csv kolmo complexity text", out=r"\Afile,"),
    Check("37-counts", "KOLMO_CODELENGTH_COUNTS=3,7 kolmo codelength", out=r"\tkt|kt\t"),
    Check("37-column", f"KOLMO_MDL_SELECT_COLUMN=x {SELECT} --no-header table.csv | cut -f2 | uniq",
          out=r"\Ax\n\Z"),
    Check("37-bad-gain", f"KOLMO_MDL_SELECT_MIN_GAIN=few {SELECT} table.csv", 2,
          err="KOLMO_MDL_SELECT_MIN_GAIN"),
    *(
        Check(f"36-gain-{text}", f"{SELECT} table.csv --min-gain={text}", 2,
              err="--min-gain.*need a number of bits from 0")
        for text in ("nan", "inf", "-1", "1e16", "1_0", "0x1", "'1 '", "''")
    ),
    Check("37-bad-counts", "KOLMO_CODELENGTH_COUNTS=3,,7 kolmo codelength", 2,
          err="KOLMO_CODELENGTH_COUNTS"),
    Check("37-json", "KOLMO_INFO_JSON=1 kolmo info", out=r"\A\{"),
    Check("37-group", "KOLMO_QUIET=1 kolmo complexity --max-bytes 9 text >o"),
    Check("37-bad-jobs", "KOLMO_COMPLEXITY_JOBS=abc kolmo complexity text", 2,
          err="KOLMO_COMPLEXITY_JOBS"),
    Check("37-bad-size", "KOLMO_COMPLEXITY_MAX_BYTES=10X kolmo complexity text", 2,
          err="KOLMO_COMPLEXITY_MAX_BYTES"),
    Check("37-bad-format", "KOLMO_COMPLEXITY_FORMAT=xml kolmo complexity text", 2,
          err="KOLMO_COMPLEXITY_FORMAT"),
    Check("37-not-ours", "KOLMO_VERSION=0.1.0 KOLMO_HELP=yes kolmo info --json", out=r"\A\{"),
    Check("38-bash", "kolmo completion bash | bash -n"),
    Check("38-bash-installs", 'eval "$(kolmo completion bash)"; complete -p kolmo', out="kolmo"),
    Check("38-zsh", "kolmo completion zsh | zsh -n", needs=("zsh",)),
    Check("38-fish", "kolmo completion fish | fish --no-execute", needs=("fish",)),
    *(
        Check(f"38-answers-{word or 'nothing'}", f"COMP_WORDS='kolmo {line}{word}' "
              f"COMP_CWORD={number} _KOLMO_COMPLETE=bash_complete kolmo", out=found)
        for line, word, number, found in (
            ("", "comp", 1, r"\Aplain,complexity\nplain,completion\n\Z"),
            ("", "", 1,
             rf"\Aplain,complexity\n(plain,[\w-]+\n){{{len(COMMANDS) - 1}}}\Z"),
            ("complexity ", "--rec", 2, r"\Aplain,--recursive\n\Z"),
            ("completion ", "f", 2, r"\Aplain,fish\n\Z"),
            ("complexity --format ", "js", 3, r"\Aplain,json\n\Z"),
            ("codelength --code ", "kt,nml-", 3, r"\Aplain,kt,nml-formula\n\Z"),
            ("nml --model ", "po", 3, r"\Aplain,poisson\n\Z"),
            ("mdl-select --family ", "normal,hist", 3, r"\Aplain,normal,histogram\n\Z"),
            ("mdl-select --family ", "lzm", 3, r"\Aplain,lzma\n\Z"),
            ("mdl-select ", "--prec", 2, r"\Aplain,--precision\n\Z"),
            ("weights ", "pa", 2, r"\Aplain,pack\nfile,pa\n\Z"),
            ("weights ", "se", 2, r"\Aplain,send\nfile,se\n\Z"),
            ("weights fit --unit ", "pro", 4, r"\Aplain,probit\n\Z"),
            ("weights fit --family ", "normal,prequ", 4, r"\Aplain,normal,prequential\n\Z"),
            ("weights pack ", "--los", 3, r"\Aplain,--lossless\n\Z"),
            ("weights --coder ", "mix,tre", 3, r"\Aplain,mix,trellis\n\Z"),
        )
    ),
    *(
        Check(f"39-{name}", f"kolmo man {name} | mandoc -Tlint -W warning", needs=("mandoc",))
        for name in ("", *PAGES)
    ),
    *(
        Check(f"39-page-{name}", f"kolmo man {name}", out=rf"(?s)\.Sh NAME\n\.Nm kolmo-{name}\n.*"
              r"\.Sh SYNOPSIS\n.*\.Sh DESCRIPTION\n.*\.Sh OPTIONS\n.*\.Sh EXAMPLES\n.*kolmo")
        for name in COMMANDS
    ),
    Check("40-header", "kolmo complexity text | head -n 1", out=r"payload_bits.*bits_per_byte"),
    Check("41-offline", "unshare -n kolmo complexity text", out="zlib", needs=("netns",)),
    *(
        Check(f"41-no-sockets-{name}", f"strace -f -e trace=network -o trace {run} >o && "
              "! grep AF_ trace", needs=("strace",))
        for name, run in (
            ("complexity", "kolmo complexity --all -q text"),
            ("mdl-select", "kolmo mdl-select table.csv --verify -f categorical"),
            ("decode", "kolmo decode text.klm"),
            ("info", "kolmo info"),
        )
    ),
    Check("41-no-prompt", "timeout 5 kolmo encode text -o out </dev/null; "
          "timeout 5 kolmo encode text -o out </dev/null"),
    Check("46-select", f"{SELECT} --format table --plot -C label table.csv", out="\u2588"),
    Check("46-select-ascii", f"LC_ALL=C {SELECT} --format table --plot table.csv",
          out=r"\A[\x00-\x7f]+#[\x00-\x7f]+\Z"),
    Check("46-plot", "kolmo complexity -q --format table --plot text", out="\u2588"),
    *(
        Check(f"46-ascii-{name}", f"{setting} kolmo complexity -q --format table --plot text | "
              "LC_ALL=C grep -c '##'; ! LC_ALL=C grep -P '[^\\x00-\\x7f]' "
              f"<({setting} kolmo complexity -q --format table --plot text)", out="[1-9]")
        for name, setting in (
            ("locale", "LC_ALL=C"), ("posix", "LC_ALL=POSIX"),
            ("stream", "PYTHONIOENCODING=ascii"), ("latin", "PYTHONIOENCODING=latin-1"),
        )
    ),
    *(
        Check(f"47-man-{name}", f"kolmo man {name}", out=r"(?s)\.Sh EXIT STATUS.*"
              + ".*".join(rf"\.It [^\n]*{code}[^\n]*\n[^\n]*{meaning}" for code, meaning in EXITS))
        for name in ("", *PAGES)
    ),
    Check("47-man-formats", "kolmo man complexity", out=r"(?s)\.Sh OPTIONS.*json.*\.Sh EXIT"),
]  # fmt: skip


def _parameters(checks: list[Check]) -> list[Any]:
    return [
        pytest.param(check, id=check.id, marks=pytest.mark.needs(*check.needs)) for check in checks
    ]


@pytest.mark.parametrize("check", _parameters(CHECKS))
def test_convention(check: Check, shell: Any) -> None:
    done = shell(check.run)
    assert done.code == check.code, done
    assert _fits(check.out, done.out), done.out
    assert _fits(check.err, done.err), done.err


def _fits(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None if pattern else text == ""


def test_04_info_lists_what_sizes_depend_on(kolmo: Any) -> None:
    import numba
    import numpy
    import zstandard

    (record,) = kolmo.json("info")["results"]
    assert record["python"] == ".".join(map(str, sys.version_info[:3]))
    assert record["numpy"] == numpy.__version__
    assert record["numba"] == numba.__version__
    assert record["zlib"] == zlib.ZLIB_RUNTIME_VERSION
    assert record["zstd"] == ".".join(map(str, zstandard.ZSTD_VERSION))
    assert re.fullmatch(r"[0-9.]+", record["liblzma"])


@pytest.mark.parametrize("name", [name for name in WITH_RECORDS if name != "info"])
@pytest.mark.parametrize("form", ["tsv", "csv"])
def test_15_all_formats_show_the_same_values(name: str, form: str, shell: Any) -> None:
    separated = shell(f"{WITH_RECORDS[name]} -q --format {form}").out
    records = json.loads(shell(f"{WITH_RECORDS[name]} -q --json").out)["results"]
    dialect = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if form == "tsv" else {}
    rows = list(csv.DictReader(io.StringIO(separated), **dialect))
    assert rows == [{key: _cell(value) for key, value in row.items()} for row in records]


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True) if value else ""
    return "" if value is None else str(value)


def test_15_info_has_the_same_versions_in_every_format(shell: Any) -> None:
    (record,) = json.loads(shell("kolmo info --json").out)["results"]
    lines = [line.split("\t") for line in shell("kolmo info").out.splitlines()[1:]]
    estimators = record.pop("estimators")
    plugins = {kind: record.pop(key) for kind, key in PLUGINS}
    assert {line[1]: line[2] for line in lines if line[0] == "version"} == record
    assert {line[1]: line[2] for line in lines if line[0] == "estimator"} == {
        item["name"]: item["kind"] for item in estimators
    }
    for kind, items in plugins.items():
        assert {line[1]: line[2] for line in lines if line[0] == kind} == {
            item["name"]: " ".join(f"{key}={value}" for key, value in item["settings"].items())
            for item in items
        }


@pytest.mark.parametrize("name", WITH_RECORDS)
def test_16_json_is_one_object_of_the_golden_keys(name: str, shell: Any) -> None:
    envelope = _strict(shell(f"{WITH_RECORDS[name]} -q --json").out)
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    command = envelope["command"]
    groups = golden.get(f"{command} groups")
    assert list(envelope) == [
        "kolmo", "schema", "command", "parameters", "seed", "results", "warnings",
        *(["groups"] if groups else []), *(["advice"] if command.startswith("bench ") else []),
    ]  # fmt: skip
    assert type(envelope["schema"]) is int
    assert command == _command_of(name)
    assert envelope["results"]
    assert all(list(row) == golden[command] for row in envelope["results"])
    assert all(list(group) == groups for group in envelope.get("groups", []))


def _command_of(name: str) -> str:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    commands = sorted((item.removesuffix(" groups") for item in golden), key=len, reverse=True)
    return next(item for item in commands if f"{name}-".startswith(f"{item.replace(' ', '-')}-"))


def _strict(text: str) -> dict[str, Any]:
    """Parse JSON that has no NaN, and floats in their shortest form only."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} in JSON")

    def parse(number: str) -> float:
        assert repr(float(number)) == number
        return float(number)

    parsed: dict[str, Any] = json.loads(text, parse_constant=refuse, parse_float=parse)
    return parsed


def test_16_golden_schema_names_every_command_with_records() -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    commands = {name.removesuffix(" groups") for name in golden}
    assert commands == {_command_of(name) for name in WITH_RECORDS}


def test_16_nothing_is_null_without_a_reason(shell: Any) -> None:
    rows = json.loads(shell("kolmo complexity empty --json").out)["results"]
    assert all(row["bits_per_byte"] is None and row["input_bytes"] == 0 for row in rows)
    rows = json.loads(shell("kolmo complexity text --json --all -q").out)["results"]
    for row in rows:
        assert row["bits_per_byte"] is not None
        assert (row["payload_bits"] is None) == (row["kind"] == "estimate")
        assert (row["estimate_bits"] is None) == (row["kind"] != "estimate")
        assert (row["formula"] is None) == (row["kind"] != "estimate")


@pytest.mark.parametrize("form", ["json", "tsv", "csv"])
def test_15_timings_add_one_key_to_json_and_nothing_else(form: str, shell: Any) -> None:
    plain = shell(f"kolmo complexity text empty --format {form}").out
    timed = shell(f"kolmo complexity text empty --format {form} --timings").out
    if form == "json":
        envelope = json.loads(timed)
        timings = envelope.pop("timings")
        assert [list(item) for item in timings] == [["file", "estimator", "seconds"]] * 10
        assert envelope == json.loads(plain)
    else:
        assert timed == plain


@pytest.mark.parametrize("name", WITH_RECORDS)
def test_40_every_number_names_its_unit(name: str, shell: Any) -> None:
    rows = json.loads(shell(f"{WITH_RECORDS[name]} -q --json").out)["results"]
    values = [item for row in rows for item in row.items()]
    numbers = {key for key, value in values if type(value) in (int, float)} - WITHOUT_UNIT
    assert (name == "info") == (not numbers)
    assert all(key == "bits" or key.endswith(IN_BITS) for key in numbers), numbers


def test_40_every_table_names_the_unit(shell: Any) -> None:
    lines = shell("kolmo complexity -q --format table text").out.splitlines()
    assert re.search(r"\bbits\b.*bits/byte", lines[1])
    assert "bits" in shell("kolmo inspect --format table text.klm").out.splitlines()[1]
    assert "bits" in shell("kolmo codelength --format table --counts 3,7").out.splitlines()[1]
    assert "bits" in shell("kolmo nml --format table --categories 2 --n 9").out.splitlines()[0]


ESCAPED = "\x1b[31mred\x9b2J\x07\u202e"
HOSTILE = {
    "name": "cp text $'X'; kolmo complexity --plot {} $'X'",
    "missing": "kolmo complexity {} $'X'",
    "missing-container": "kolmo inspect {} $'X'",
    "no-container": "cp text $'X'; kolmo verify {} $'X'",
    "container": "cp text.klm $'X'; kolmo inspect {} $'X'",
    "string": "kolmo complexity {} --string $'X'",
    "given": "cp text $'X'; kolmo complexity {} text --given $'X'",
    "estimator": "kolmo complexity {} text -e $'X'",
    "option": "kolmo complexity {} text --$'X'",
    "value": "kolmo complexity {} text --max-bytes $'X'",
    "command": "kolmo $'X'",
    "counts": "kolmo codelength {} --counts $'X'",
    "sequence": "kolmo codelength {} --sequence $'X'",
    "code": "kolmo codelength {} --counts 3,7 --code $'X'",
    "numbers": "kolmo nml {} --n $'X'",
    "page": "kolmo man $'X'",
    "cells": "kolmo mdl-select {} hostile.csv -f categorical --plot",
    "cells-refused": "kolmo mdl-select {} hostile.csv --missing error",
    "header": "kolmo mdl-select {} hostile.csv -C nope",
    "column": "kolmo mdl-select {} table.csv -C $'X'",
    "family": "kolmo mdl-select {} table.csv -f $'X'",
    "delimiter": "kolmo mdl-select {} table.csv --delimiter $'X'",
    "encoding": "kolmo mdl-select {} table.csv --encoding $'X'",
    "step": "kolmo mdl-select {} table.csv --precision $'X'",
    "folder": "mkdir $'X'; kolmo complexity {} $'X'",
    "warning": "cp text $'X'; kolmo complexity {} --max-bytes 9 $'X'",
    "output": "kolmo encode text -o none/$'X'",
    "tensor": "kolmo weights {} hostile.safetensors --plot",
    "no-model": "cp text $'X'; kolmo weights {} $'X'",
    "loss": "kolmo weights {} text --step $'X'",
    "measure": "kolmo weights {} hostile.safetensors --eval $'X{{}}' --tol 1",
    "weight-coder": "kolmo weights {} text -e $'X'",
    "noisy": "kolmo weights fit {} hostile.csv --target $'X' --features n --csv-header yes",
    "noisy-target": "kolmo weights codelength {} table.csv --target $'X'",
    "noisy-unit": "kolmo weights fit {} table.csv --target n --unit $'X'",
    "noisy-prior": "kolmo weights fit {} table.csv --target n --prior $'X'",
    "noisy-given": "kolmo weights receive {} text.klm -o y --given $'X'",
    "parameters": "kolmo inspect {} forged",
    "refused-parameters": "kolmo verify {} forged",
}


FORMS = [
    (case, form)
    for case, run in HOSTILE.items()
    for form in (("tsv", "csv", "json", "table") if "{}" in run else ("plain",))
]


@pytest.mark.parametrize(("case", "form"), FORMS)
def test_20_no_control_character_reaches_the_terminal(case: str, form: str, shell: Any) -> None:
    (shell.folder / "forged").write_bytes(_forged({ESCAPED: 1}))
    (shell.folder / "hostile.csv").write_text(
        f"{ESCAPED},n\n{ESCAPED}a,1\n{ESCAPED}b,2\nc,{ESCAPED}"
    )
    header = json.dumps({ESCAPED: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})
    (shell.folder / "hostile.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header.encode() + b"abcdefgh"
    )
    done = shell(HOSTILE[case].replace("X", ESCAPED).format(f"--format {form}"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", done.out + done.err), done
    shown = case != "string" and (case, form) not in (("given", "tsv"), ("given", "csv"))
    assert shown == bool(re.search(r"[xu](00)?1b\[31mred", done.out + done.err)), done


def _forged(parameters: dict[str, int]) -> bytes:
    from kolmo.header import Header

    head = Header("zlib", 0, bytes(8), parameters).to_bytes()
    return head + bytes(4)


def test_37_every_option_has_the_variable_of_its_own_name(entry: EntryPoint) -> None:
    """``KOLMO_<COMMAND>_<OPTION>``: click makes it of the parameter's name, not the option's."""
    wrong = {
        f"{name} {option}": parameter.name
        for name, command in _commands(entry).items()
        for parameter in command.params
        for option in [max(parameter.opts, key=len)]
        if option.startswith("--") and option[2:].replace("-", "_") != parameter.name
    }
    assert not wrong


def _commands(entry: EntryPoint) -> dict[str, Any]:
    import click

    group = importlib.import_module(entry.module).group
    found = {name: group.get_command(click.Context(group), name) for name in COMMANDS}
    inner = {name: found[name.split()[0]].subcommand(name.split()[1]) for name in SUBCOMMANDS}
    return {**found, **inner}


def test_39_manual_tells_every_option_that_help_tells(shell: Any) -> None:
    for name in PAGES:
        told = set(re.findall(r"--[a-z][a-z-]+", shell(f"kolmo {name} --help").out))
        page = shell(f"kolmo man {name}").out.replace("\\-", "-")
        assert told - set(re.findall(r"--[a-z][a-z-]+", page)) == set()


@pytest.mark.needs("strace")
@pytest.mark.parametrize(
    ("run", "written"),
    [
        ("kolmo complexity text -o out", {"out"}),
        ("kolmo encode text -o out", {"out"}),
        ("kolmo decode text.klm -o out", {"out"}),
        ("kolmo inspect text.klm", set()),
        ("kolmo mdl-select table.csv -f progression -C n -o out", {"out"}),
    ],
)
def test_42_only_named_files_are_read_and_written(run: str, written: set[str], shell: Any) -> None:
    """Beside them: the interpreter's own files, outside of both folders, and compiled kernels."""
    (shell.folder / "kolmo.toml").write_text("quiet = true")
    (shell.home / ".kolmorc").write_text("quiet = true")
    shell(f"strace -f -qq -e trace=%file -o trace {run} >/dev/null")
    calls = re.findall(r'(\w+)\([^"]*"([^"]*)"(.*)', (shell.folder / "trace").read_text())
    here = str(shell.folder)
    kernels = str(shell.home / ".cache" / "kolmo")
    calls = [call for call in calls if not call[1].startswith(kernels)]
    opened = {path for call, path, _ in calls if call.startswith("open")}
    ours = {path for path in opened if not path.startswith("/") or path.startswith(here)}
    named = set(re.findall(r"text(?:\.klm)?|table\.csv", run))
    assert {path.removeprefix(here).strip("/") for path in ours} <= named | written | {"", "."}
    assert not [path for path in opened if path.startswith(str(shell.home))]
    writing = {p for call, p, rest in calls if re.search("O_WRONLY|O_RDWR|O_CREAT", rest)}
    assert {path for path in writing if path not in (here, "/dev/null")} == set()
    assert {name for name in ("out",) if (shell.folder / name).exists()} == written


def test_45_lines_have_the_palette_of_okabe_and_ito(entry: EntryPoint) -> None:
    plots = importlib.import_module(f"{entry.module.rpartition('.')[0]}.plots.picture")
    assert plots.PALETTE[:5] == ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
    others = {"#56B4E9", "#E69F00", "#F0E442", "#999999"}  # the rest of the palette, and grey
    assert set(plots.PALETTE[5:]) <= others
    assert len(set(plots.PALETTE)) == len(plots.PALETTE)
    assert len(set(plots.MARKERS)) >= len(plots.PALETTE)


@pytest.mark.parametrize("files", ["text", "text empty text.klm"])
def test_45_pictures_have_no_other_colours(files: str, shell: Any, entry: EntryPoint) -> None:
    pytest.importorskip("matplotlib")
    plots = importlib.import_module(f"{entry.module.rpartition('.')[0]}.plots.picture")
    assert shell(f"kolmo complexity --all -q {files} --plot-file out.svg").code == 0
    colours = set(re.findall("#[0-9a-f]{6}", (shell.folder / "out.svg").read_text()))
    _check_colours(colours, plots.PALETTE)


def _check_colours(colours: set[str], palette: tuple[str, ...]) -> None:
    assert len(colours & {colour.lower() for colour in palette}) >= 2
    assert not [c for c in colours if not _is_grey(c) and c.upper() not in palette]


def test_45_pictures_of_columns_have_no_other_colours(shell: Any, entry: EntryPoint) -> None:
    pytest.importorskip("matplotlib")
    plots = importlib.import_module(f"{entry.module.rpartition('.')[0]}.plots.picture")
    run = "kolmo mdl-select -q table.csv -f changepoint,histogram,markov,normal"
    assert shell(f"{run} --plot-file out.svg").code == 0
    colours = set(re.findall("#[0-9a-f]{6}", (shell.folder / "out.svg").read_text()))
    _check_colours(colours, plots.PALETTE)


def _is_grey(colour: str) -> bool:
    return colour[1:3] == colour[3:5] == colour[5:7]


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_25_pictures_of_the_same_numbers_are_the_same(suffix: str, shell: Any) -> None:
    pytest.importorskip("matplotlib")
    for name in "ab":
        assert shell(f"kolmo complexity text --plot-file {name}.{suffix}").code == 0
        assert shell(f"{SELECT} -q table.csv --plot-file t{name}.{suffix}").code == 0
    assert shell(f"cmp a.{suffix} b.{suffix} && cmp ta.{suffix} tb.{suffix}") == (0, "", "")
