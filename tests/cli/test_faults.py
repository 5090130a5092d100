"""Faults that every command with a FILE survives: table A, one row for each.

A row is bash. ``READ`` stands for each command that reads a file in turn, ``GOOD`` for a file that
this command can read, ``NOBODY`` for a user without rights. After exit code 1 or 2 there is
nothing on stdout, one line on stderr, and the folder is what it was before.
"""

import bz2
import csv
import io
import json
import re
import shlex
import zlib
from collections.abc import Iterator
from random import Random
from time import monotonic
from typing import Any

import pytest
import zstandard
from faults import FAILED, MISUSED, WITHOUT, Fault, check, rows

import kolmo
from kolmo.container import Container
from kolmo.data import MemoryInput
from kolmo.header import Header, parse_header

READERS = {
    "complexity": ("kolmo complexity -e zlib", "text"),
    "encode": ("kolmo encode -o out", "text"),
    "decode": ("kolmo decode -o out", "text.klm"),
    "inspect": ("kolmo inspect", "text.klm"),
    "verify": ("kolmo verify", "text.klm"),
    "mdl-select": ("kolmo mdl-select -f categorical", "table.csv"),
}
WRITERS = {
    "complexity": ("kolmo complexity -q text", "-o"),
    "encode": ("kolmo encode text", "-o"),
    "decode": ("kolmo decode text.klm", "-o"),
    "plot-file": ("kolmo complexity text", "--plot-file"),
    "mdl-select": ("kolmo mdl-select -f progression table.csv", "-o"),
    "mdl-select-plot-file": ("kolmo mdl-select -f progression table.csv", "--plot-file"),
}
SAME = "cmp <({one}) <({two})"
AT_READ = """
import os
read, calls = os.pread, []
def pread(descriptor, count, offset):
    calls.append(1)
    if len(calls) == {call}:
        {action}
    return read(descriptor, count, offset)
os.pread = pread
"""
ARCHIVES = """"$PYTHON" -c "
import io, tarfile, zipfile
with zipfile.ZipFile('evil.zip', 'w') as archive:
    archive.writestr('../escaped', b'x' * 1000)
with tarfile.open('evil.tar', 'w') as archive:
    archive.addfile(tarfile.TarInfo('../escaped'), io.BytesIO())
" """
ROWS = "kolmo complexity --no-header"
SELECT = "kolmo mdl-select -f categorical,bz2"
PACKED = """"$PYTHON" -c "import {0}, sys
sys.stdout.buffer.write({0}.compress(b'x'))" """
UNORDERED = "kolmo mdl-select -q --no-header -f normal,uniform,histogram,categorical"
CACHED = "export XDG_CACHE_HOME=$PWD/cache; run='kolmo complexity -e lz78 text'"
ZLIB = zlib.ZLIB_RUNTIME_VERSION
IO_ERROR = "raise OSError(5, os.strerror(5))"


def readers(fault: Fault, **others: dict[str, Any]) -> list[Fault]:
    """Return the row for each reading command; ``others`` says what differs for one of them."""
    rows = []
    for name, (command, good) in READERS.items():
        row = fault._replace(**others.get(name, {}))
        texts = {
            key: getattr(row, key).replace("READ", command).replace("GOOD", good)
            for key in ("run", "prepare", "out", "err", "inject")
        }
        rows.append(row._replace(id=f"{fault.id}-{name}", **texts))
    return rows


def writers(fault: Fault) -> list[Fault]:
    """Return the row for each command with an artefact: ``WRITE`` is the command up to its -o."""
    return [
        fault._replace(
            id=f"{fault.id}-{name}",
            run=fault.run.replace("WRITE", f"{command} {option}"),
            needs=(*fault.needs, "picture") if option == "--plot-file" else fault.needs,
        )
        for name, (command, option) in WRITERS.items()
    ]


EMPTY_IS_NO_CONTAINER = {
    name: {"code": FAILED, "err": "corrupt file: header", "out": "", "leaves": ""}
    for name in ("decode", "inspect", "verify")
} | {"mdl-select": {"code": FAILED, "err": "empty file", "out": "", "leaves": ""}}

TABLE_A = [
    *readers(Fault("A01-missing", "READ nope", FAILED, "cannot read 'nope': No such file")),
    *readers(Fault("A02-directory", "READ folder", FAILED, "is a directory",
                   prepare="mkdir folder")),
    *readers(Fault("A03-no-permission", "$NOBODY READ secret", FAILED, "Permission denied",
                   prepare="cp GOOD secret; chmod 0 secret; chmod 777 .", needs=("nobody",))),
    *readers(Fault("A04-dangling-link", "READ link", FAILED, "No such file",
                   prepare="ln -s nope link")),
    *readers(Fault("A05-link-loop", "READ a", FAILED, "(?i)too many levels of symbolic links",
                   prepare="ln -s a b; ln -s b a")),
    *readers(Fault("A06-file-as-folder", "READ text/x", FAILED, "Not a directory")),
    *readers(Fault("A07-long-name", "READ $(printf 'x%.0s' {1..5000})", FAILED,
                   r"\A.{1,200}File name too long\n\Z")),
    *readers(Fault("A08-empty-name", "READ ''", MISUSED, "empty file name")),
    Fault("A08-empty-given", "kolmo complexity text --given ''", MISUSED, "empty file name"),
    Fault("A08-empty-output", "kolmo encode text -o ''", MISUSED, "empty file name"),
    *readers(Fault("A09-name-not-utf8", "READ $'caf\\xe9'", out=r"caf\\xe9", leaves="out",
                   prepare="cp GOOD $'caf\\xe9'"), encode={"out": ""}, decode={"out": ""}),
    *readers(Fault("A09-name-not-utf8-missing", "READ $'caf\\xe9'", FAILED, r"caf\\xe9")),
    Fault("A09-json", "kolmo complexity $'caf\\xe9' --json", out=r'"file": "caf\\udce9"',
          prepare="cp text $'caf\\xe9'"),
    *readers(Fault("A10-control-characters", "READ $'a\\nb\\tc\\e[31m'", leaves="out",
                   out=r"\Afile.*\na\\x0ab\\x09c\\x1b\[31m\t.*\n\Z",
                   prepare="cp GOOD $'a\\nb\\tc\\e[31m'"), encode={"out": ""}, decode={"out": ""},
             **{"mdl-select": {"out": r"(?s)\Afile.*\na\\x0ab\\x09c\\x1b\[31m\tn\t.*\n\Z"}}),
    Fault("A10-json", "kolmo complexity $'a\\nb\\e' --json", out=r'"file": "a\\nb\\u001b"',
          prepare="cp text $'a\\nb\\e'"),
    *readers(Fault("A11-dash", "READ -- -x", out="-x", prepare="cp GOOD ./-x", leaves="out"),
             encode={"out": ""}, decode={"out": ""}),
    *readers(Fault("A12-empty-stdin", "READ - </dev/null", out=r"\n-\tzlib\tcertified\t0\t",
                   leaves="out"), encode={"out": ""}, **EMPTY_IS_NO_CONTAINER),
    Fault("A12-as-empty-file", SAME.format(one="kolmo complexity - </dev/null | cut -f2-",
                                           two="kolmo complexity empty | cut -f2-")),
    *readers(Fault("A13-stdin-closed", "READ - <&-", FAILED, "standard input is closed")),
    *readers(Fault("A13-stdin-closed-default", "READ <&-", FAILED, "standard input is closed")),
    *readers(Fault("A13-stdin-not-needed", "READ GOOD <&-", out=r"\A(file.*\n.*\n)?\Z",
                   leaves="out"), encode={"out": ""}, decode={"out": ""},
             **{"mdl-select": {"out": r"\Afile\t"}}),
    *(
        Fault(f"A15-stdin-twice-{name}", f"kolmo {name} <text.klm", MISUSED, "input named twice")
        for name in ("complexity - -", "inspect - -", "verify - -", "complexity - --given -",
                     "complexity --given -", "encode - --given -", "decode - --given -",
                     "verify - --given -", "verify - --against -", "verify --against -",
                     "verify text.klm --given - --against -")
    ),
    *readers(Fault("A16-fifo-with-writer", "cat GOOD >fifo & READ fifo", leaves="out",
                   prepare="mkfifo fifo", out=r"\nfifo\tzlib"), encode={"out": ""},
             decode={"out": ""}, **{"mdl-select": {"out": r"\nfifo\tn\t"}}),
    Fault("A16-slow-writer", "(cat text; sleep .3; cat text) >fifo & "
          "kolmo complexity fifo -e stored --no-header | cut -f4", out=r"\A6800\n\Z",
          prepare="mkfifo fifo"),
    *readers(Fault("A18-zero", "READ /dev/zero", FAILED, "endless device. Use --max-bytes")),
    *readers(Fault("A18-urandom", "READ /dev/urandom", FAILED, "endless device")),
    *readers(Fault("A18-zero-stdin", "READ - </dev/zero", FAILED, "endless device")),
    Fault("A18-max-bytes", "kolmo complexity -q /dev/zero --max-bytes 5000 -e stored --no-header",
          out="\t5000\t40000\t"),
    Fault("A18-endless-pipe", "yes | kolmo complexity --memory-limit 1M", FAILED, "too long"),
    *readers(Fault("A19-null", "READ /dev/null", out="\tcertified\t0\t", leaves="out"),
             encode={"out": ""}, **EMPTY_IS_NO_CONTAINER),
    *readers(Fault("A20-proc-mem", "READ /proc/self/mem", FAILED, "Input/output error")),
    Fault("A21-proc-file", SAME.format(
        one="kolmo complexity /proc/filesystems --no-header | cut -f2-",
        two="cat /proc/filesystems | kolmo complexity --no-header | cut -f2-")),
    Fault("A21-cpuinfo", "kolmo complexity /proc/cpuinfo -e stored --no-header | cut -f4",
          out=r"\A[1-9]\d*\n\Z"),
    *readers(Fault("A22-socket", "READ socket", FAILED, "cannot read 'socket'",
                   prepare='"$PYTHON" -c "import socket; '
                   "socket.socket(socket.AF_UNIX).bind('socket')\"")),
    *readers(Fault("A23-shrinks", "READ GOOD", FAILED, "changed while reading",
                   inject=AT_READ.format(call=1, action="os.truncate('GOOD', 10)"),
                   destroys=True)),
    *readers(Fault("A24-grows", "READ GOOD", FAILED, "changed while reading", destroys=True,
                   inject=AT_READ.format(call=1, action="open('GOOD', 'ab').write(b'more')"))),
    *(
        Fault(f"A2{number}-large-{name}", "kolmo complexity -e zlib:level=1,stored big", FAILED,
              "changed while reading", prepare="truncate -s 70000000 big", destroys=True,
              inject=AT_READ.format(call=9, action=action))
        for number, name, action in ((3, "shrinks", "os.truncate('big', 10)"),
                                     (4, "grows", "open('big', 'ab').write(b'more')"))
    ),
    Fault("A25-replaced", "kolmo complexity -q big --no-verify -e zlib:level=1 --no-header | "
          "cut -f4,5", out=r"\A70000000\t\d{4,7}\n\Z", prepare="truncate -s 70000000 big; "
          "head -c 70000000 /dev/urandom >other",
          inject=AT_READ.format(call=3, action="os.replace('other', 'big')"), leaves="other"),
    *readers(Fault("A28-read-error", "READ GOOD", FAILED, "Input/output error",
                   inject=AT_READ.format(call=1, action=IO_ERROR))),
    Fault("A28-others-done", "kolmo complexity --no-header -e stored text text.klm | cut -f1",
          FAILED, "cannot read 'text'", r"\Atext.klm\n\Z",
          inject=AT_READ.format(call=1, action=IO_ERROR)),
    *(
        Fault(f"A29-full-{number}", f"kolmo {run} >/dev/full", FAILED, "No space left")
        for number, run in enumerate((
            "complexity text", "complexity text --json", "complexity text --format table",
            "complexity text --format table --plot", "encode text", "decode text.klm",
            "inspect text.klm", "verify text.klm --format csv", "info", "man", "--help",
            "codelength --counts 3,7", "codelength --sequence 011 --format table",
            "nml --categories 2 --n 9", "nml --categories 2 --n 9 --json",
            "mdl-select -f bz2 table.csv", "mdl-select -f bz2 table.csv --json",
            "mdl-select -f bz2 table.csv --format table --plot",
            "--version", "complexity --help", "completion bash"))
    ),
    *(
        Fault(f"A30-closed-{number}", f"kolmo {run} >&-", FAILED, "cannot write standard output")
        for number, run in enumerate((
            "complexity text", "complexity text --json", "complexity text --format table",
            "encode text", "decode text.klm", "inspect text.klm", "info", "man", "--help",
            "codelength --counts 3,7", "nml --categories 2 --n 9", "mdl-select -f bz2 table.csv",
            "--version", "completion bash"))
    ),
    Fault("A30-closed-with-output", "kolmo encode text -o out >&-", FAILED, "is closed"),
    *(
        Fault(f"A31-reader-gone-{number}", f"kolmo {run} | head -n 1 >first; "
              "echo ${PIPESTATUS[0]}", out=r"\A141\n\Z", leaves="first")
        for number, run in enumerate((
            "complexity -e stored -- many*", "complexity -e stored --format table -- many*",
            "encode random -c stored", "decode random.klm"))
    ),
    *(
        Fault(f"A32-stderr-closed-{code}", f"kolmo {run} 2>&-", code, out=out)
        for code, run, out in (
            (0, "complexity text", "zlib"), (0, "complexity -q text --max-bytes 9", "zlib"),
            (0, "complexity text --max-bytes 9", "zlib"), (1, "complexity nope", ""),
            (2, "nope", ""), (2, "", ""), (2, "complexity --jobs x text", ""))
    ),
    Fault("A32-stderr-full", "kolmo complexity nope 2>/dev/full", FAILED),
    Fault("A32-all-closed", "kolmo complexity text <&- >&- 2>&-", FAILED),
    Fault("A32-two-closed-output", "kolmo encode text -o out <&- 2>&- && cmp out expected",
          leaves="out", prepare="kolmo encode text -o expected"),
    *writers(Fault("A36-missing-folder", "WRITE none/out.svg", FAILED, "cannot write 'none/out")),
    *(
        Fault(f"A36-before-work-{name}", f"kolmo {run}", FAILED, "cannot write 'none/out")
        for name, run in (("complexity", "complexity nope -o none/out"),
                          ("picture", "complexity nope --plot-file none/out.svg"),
                          ("mdl-select", "mdl-select /dev/zero -o none/out"),
                          ("mdl-select-fifo", "mdl-select none/fifo -o none/out"),
                          ("mdl-select-plot", "mdl-select nope --plot-file none/out.svg"),
                          ("encode", "encode nope -o none/out"),
                          ("decode", "decode text -o none/out"))
    ),
    *writers(Fault("A37-directory", "WRITE out.svg", FAILED, "(?i)cannot write.*is a directory",
                   prepare="mkdir out.svg")),
    *(
        Fault(f"A37-slash-{name}", f"{command} {option} none/", FAILED, "cannot write 'none/'")
        for name, (command, option) in WRITERS.items()
        if option != "--plot-file"
    ),
    *writers(Fault("A38-folder-unwritable", "chmod 755 .; $NOBODY WRITE out.svg", FAILED,
                   "cannot write.*denied", needs=("nobody",))),
    *writers(Fault("A38-file-unwritable", "$NOBODY WRITE out.svg", FAILED, "cannot write.*denied",
                   prepare="echo old >out.svg; chmod 444 out.svg; chmod 777 .",
                   needs=("nobody",))),
    *(
        Fault(f"A39-{number}-{name}", f"kolmo {run}", MISUSED, "would overwrite an input",
              prepare="cp text in.svg; ln in.svg hard.svg; ln -s in.svg link.svg; "
              "cp text.klm in.klm; ln -s in.klm link; ln in.klm hard")
        for number, (name, run) in enumerate((
            ("complexity", "complexity in.svg -o in.svg"),
            ("hard", "complexity in.svg -o hard.svg"),
            ("link", "complexity in.svg -o link.svg"),
            ("from-link", "complexity link.svg -o in.svg"),
            ("other-spelling", "complexity in.svg -o ././in.svg"),
            ("given", "complexity text --given in.svg -o in.svg"),
            ("picture", "complexity in.svg --plot-file in.svg"),
            ("picture-hard", "complexity text in.svg --plot-file hard.svg"),
            ("picture-given", "complexity text --given in.svg --plot-file link.svg"),
            ("picture-recursive", "complexity -r . --plot-file in.svg"),
            ("encode", "encode in.svg -o in.svg"), ("encode-hard", "encode in.svg -o hard.svg"),
            ("encode-given", "encode text --given in.svg -o in.svg"),
            ("encode-stdin", "encode -o in.svg <in.svg"),
            ("decode", "decode in.klm -o in.klm"), ("decode-hard", "decode in.klm -o hard"),
            ("decode-link", "decode in.klm -o link"), ("decode-stdin", "decode -o in.klm <in.klm"),
            ("complexity-stdin", "complexity - -o in.svg <in.svg"),
            ("select", "mdl-select in.svg -o in.svg"),
            ("select-hard", "mdl-select in.svg -o hard.svg"),
            ("select-picture", "mdl-select in.svg --plot-file link.svg"),
            ("select-stdin", "mdl-select -o in.svg <in.svg"),
        ))
    ),
    *(
        Fault(f"A39-two-outputs-{name}", f"kolmo {run} -o out.svg --plot-file {picture}", MISUSED,
              "name the same file")
        for name, run in (("complexity", "complexity text"), ("select", "mdl-select table.csv"))
        for picture in ("out.svg", "./out.svg", "$PWD/out.svg")
    ),
    Fault("A40-file-size-select", "ulimit -f 100; kolmo mdl-select -q -f uniform big.csv -o out",
          FAILED, "File too large", r"\nbig.csv\t", prepare="echo old >out; "
          "head -c 400000 /dev/urandom | od -An -v -tu4 -w4 | tr -d ' ' >big.csv"),
    *(
        Fault(f"A40-{fault}-{name}", before + run + after, FAILED, err, out, prepare=prepare,
              needs=needs)
        for name, run, out in (
            ("encode", "kolmo encode random -c stored -o", ""),
            ("decode", "kolmo decode random.klm -o", ""),
            ("complexity", "kolmo complexity random -q -e zlib -o", r"\nrandom\tzlib\t"))
        for fault, before, after, err, prepare, needs in (
            ("tmpfs", "unshare -m bash -c 'mount -t tmpfs -o size=1M none full; ",
             " full/out; code=$?; ls -A full; exit $code'", "No space left", "mkdir full",
             ("tmpfs",)),
            ("file-size", "ulimit -f 100; ", " out", "File too large", "echo old >out", ()))
    ),
    *(
        Fault(f"A41-output-link-{name}", f"{run} link; test -L link && cmp old/target expected",
              prepare=f"mkdir old; echo old >old/target; ln -s old/target link; {run} expected",
              out=".*", leaves="")
        for name, run in (
            ("complexity", "kolmo complexity -q text -o"), ("encode", "kolmo encode text -o"),
            ("decode", "kolmo decode text.klm -o"),
            ("mdl-select", "kolmo mdl-select -f bz2 table.csv -o"))
    ),
    Fault("A41-dangling", "kolmo encode text -o link && test -L link && "
          "cmp new <(kolmo encode text)", prepare="ln -s new link", leaves="new"),
    *(
        Fault(f"A42-memory-{name}", f"ulimit -v 60000; kolmo {run}", FAILED, "out of memory",
              prepare="truncate -s 60000000 big")
        for name, run in (
            ("complexity", "complexity -e stored big"), ("encode", "encode big -o out"),
            ("inspect", "inspect big"), ("stdin", "complexity -e stored - <big"),
            ("mdl-select", "mdl-select table.csv"))
    ),
    *(
        Fault(f"A43-descriptors-{name}", f"ulimit -n 16; kolmo {run} | cut -f1 | uniq | wc -l",
              out=r"\A1000\n\Z", prepare="mkdir m; touch m/{1..1000}; cp text m/7")
        for name, run in (
            ("names", "complexity --no-header -q -e stored m/*"),
            ("recursive", "complexity --no-header -q -e stored -r m"))
    ),
    Fault("A43-descriptors-large", "ulimit -n 16; kolmo complexity -q --no-verify -e stored "
          "--no-header big big big big big big big big big big big big big big big big | wc -l",
          out=r"\A16\n\Z", prepare="truncate -s 67200000 big"),
    *readers(Fault("A44-deleted-folder", "f=$PWD; mkdir g; cd g; rmdir $f/g; READ $f/GOOD",
                   out=r"/GOOD\t", leaves="out"),
             encode={"run": "f=$PWD; mkdir g; cd g; rmdir $f/g; kolmo encode $f/text -o $f/out",
                     "out": ""},
             decode={"run": "f=$PWD; mkdir g; cd g; rmdir $f/g; kolmo decode $f/text.klm -o $f/out",
                     "out": ""}),
    Fault("A44-deleted-relative", "f=$PWD; mkdir g; cd g; rmdir $f/g; kolmo complexity text",
          FAILED, "cannot read 'text': No such file"),
    Fault("A44-deleted-output", "f=$PWD; mkdir g; cd g; rmdir $f/g; kolmo encode $f/text -o out",
          FAILED, "cannot write 'out'"),
    *(
        Fault(f"A45-{name}", f"{run} complexity -e lz78,zlib text", out="lz78", needs=needs,
              leaves="(none|cache).*")
        for name, run, needs in (
            ("no-environment", 'env -i "$(command -v kolmo)"', ()),
            ("no-home", "env -u HOME kolmo", ()), ("empty-home", "HOME= kolmo", ()),
            ("missing-home", "HOME=$PWD/none/none kolmo", ()),
            ("home-is-a-file", "HOME=$PWD/text kolmo", ()),
            ("unwritable-home", "HOME=/proc kolmo", ()),
            ("unknown-user", "env -u HOME unshare -U --map-user=12345 kolmo", ("userns",)))
    ),
    Fault("A45-unwritable-home-picture", "HOME=/proc kolmo complexity text --plot-file out.svg",
          out="zlib", leaves="out.svg", needs=("picture",)),
    Fault("A45-unknown-user-set", "env -u HOME setpriv --reuid=12345 --regid=12345 "
          "--clear-groups kolmo complexity text", out="zlib", needs=("setuid",)),
    *(
        Fault(f"A47-{name}", f"{setting} kolmo complexity -q --format table --plot caf\u00e9",
              out=r"\A[\x00-\x7f]+\Z", prepare="cp text caf\u00e9")
        for name, setting in (("locale", "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"),
                              ("stream", "PYTHONIOENCODING=ascii"))
    ),
    Fault("A47-error", "LC_ALL=C PYTHONIOENCODING=ascii kolmo complexity caf\u00e9", FAILED,
          r"\A[\x00-\x7f]+caf.+No such file"),
    *(
        Fault(f"A48-{number}", f"kolmo {run}", MISUSED, err)
        for number, (run, err) in enumerate((
            ("complexity --format xml text", "table.*tsv.*csv.*json"),
            ("complexity --json --format csv text", "exclude each other"),
            ("inspect --json --format tsv text.klm", "exclude each other"),
            ("verify --json --format csv text.klm", "exclude each other"),
            ("codelength --counts 3,7 --json --format csv", "exclude each other"),
            ("nml --categories 2 --n 9 --json --format csv", "exclude each other"),
            ("nml --categories 2 --n 9 --format xml", "table.*tsv.*csv.*json"),
            ("mdl-select table.csv --json --format csv", "exclude each other"),
            ("info --format xml", "json"), ("info --json --format csv", "exclude each other"),
            ("complexity --format= text", "json")))
    ),
    *(
        Fault(f"A49-jobs-{value}", f"kolmo complexity text --jobs {value}", MISUSED,
              "--jobs.*need auto or 0 to 1024")
        for value in ("-1", "abc", "1000000000", "1025", "1.5", "''", "\u0664", "99999999999999999")
    ),
    *(
        Fault(f"A50-output-twice-{name}", f"kolmo {run}", MISUSED, "given more than once")
        for name, run in (
            ("complexity", "complexity text -o one -o two"),
            ("picture", "complexity text --plot-file 1.svg --plot-file 2.svg"),
            ("encode", "encode text -o one --output two"),
            ("decode", "decode text.klm -o one -o one"),
            ("mdl-select", "mdl-select table.csv -o one -o two"),
            ("mdl-select-plot", "mdl-select table.csv --plot-file 1.svg --plot-file 2.svg"))
    ),
    Fault("A49-jobs-select", "kolmo mdl-select table.csv -j -1", MISUSED, "need auto or 0 to 1024"),
    Fault("A51-select", "KOLMO_MDL_SELECT_JOBS=abc kolmo mdl-select table.csv", MISUSED,
          "KOLMO_MDL_SELECT_JOBS"),
    Fault("A52-select-picture", "kolmo mdl-select nope --plot-file out.png", FAILED,
          r"pip install 'kolmo-toolkit\[plot\]'", inject=WITHOUT.format("matplotlib")),
    Fault("A51-variable", "KOLMO_COMPLEXITY_JOBS=abc kolmo complexity text", MISUSED,
          "KOLMO_COMPLEXITY_JOBS"),
    Fault("A52-picture", "kolmo complexity nope --plot-file out.png", FAILED,
          r"pip install 'kolmo-toolkit\[plot\]'", inject=WITHOUT.format("matplotlib")),
    Fault("A52-code", "kolmo encode nope -c brotli -o out", FAILED,
          r"pip install 'kolmo-toolkit\[compressors\]'", inject=WITHOUT.format("brotli")),
]  # fmt: skip

TABLE_B = [
    Fault("B08-same-file-twice", f"{ROWS} -e stored text text | cut -f1",
          out=r"\Atext\ntext\n\Z"),
    Fault("B10-link-loop", f"{ROWS} -q -e stored -r d | cut -f1", out=r"\Ad/a\nd/e/b\n\Z",
          prepare="mkdir -p d/e; cp text d/a; cp text d/e/b; ln -s .. d/e/up; ln -s ../text d/t"),
    Fault("B10-folder-named-by-link", f"{ROWS} -e stored -r link | cut -f1", out=r"\Alink/a\n\Z",
          prepare="mkdir d; cp text d/a; ln -s d link"),
    Fault("B10-file-named", f"{ROWS} -e stored -r text d | cut -f1", out=r"\Atext\nd/a\n\Z",
          prepare="mkdir d; cp text d/a"),
    Fault("B10-empty-folder", "kolmo complexity -r d", prepare="mkdir d"),
    Fault("B11-unreadable-file", f"$NOBODY {ROWS} -e stored -r d | cut -f1", FAILED,
          "d/b': Permission denied", r"\Ad/a\nd/c\n\Z", needs=("nobody",),
          prepare="mkdir d; cp text d/a; cp text d/b; cp text d/c; chmod 0 d/b"),
    Fault("B11-unreadable-folder", f"$NOBODY {ROWS} -e stored -r d | cut -f1", FAILED,
          "d/b': Permission denied", r"\Ad/a\nd/c/x\n\Z", needs=("nobody",),
          prepare="mkdir -p d/b d/c; cp text d/a; cp text d/c/x; chmod 0 d/b"),
    Fault("B12-special-files", f"{ROWS} -v -e stored -r d", 0,
          r"\Akolmo: note: d/fifo: skipped.*\nkolmo: note: d/link: skipped.*\n\Z", "d/a",
          prepare="mkdir d; cp text d/a; mkfifo d/fifo; ln -s a d/link"),
    Fault("B12-special-files-counted", f"{ROWS} -e stored -r d", 0,
          r"\Akolmo: note: 2 links and special files were skipped.*\n\Z", "d/a",
          prepare="mkdir d; cp text d/a; mkfifo d/fifo; ln -s a d/link"),
    Fault("B13-unknown", "kolmo complexity -e zsdt text", MISUSED, "Did you mean 'zstd'"),
    Fault("B13-nothing-near", "kolmo complexity -e qqqqqq text", MISUSED, "Known: .*zlib"),
    Fault("B13-parameter", "kolmo complexity -e zstd:levle=3 text", MISUSED, "mean 'level'"),
    Fault("B13-no-parameter", "kolmo complexity -e stored:level=3 text", MISUSED, "level"),
    Fault("B14-twice", f"{ROWS} -e zlib,stored,zlib,zlib:level=9 text | cut -f2",
          out=r"\Azlib\nstored\n\Z"),
    *(
        Fault(f"B15-empty-{number}", f"kolmo complexity text -e {text}", MISUSED, "need|malformed")
        for number, text in enumerate(("''", ",", "zlib,", "zlib,,zstd", "' '", ":", ":level=3",
                                       "zlib:", "zlib:level", "zlib:level=", "zlib:level=x",
                                       "zlib:level=1.5", "zlib:level=\u0663", "zlib:=3"))
    ),
    Fault("B15-all-and-some", "kolmo complexity text --all -e zlib", MISUSED, "exclude each other"),
    Fault("B15-max-and-some", "kolmo complexity text --max -e zlib", MISUSED, "exclude each other"),
    Fault("B15-max-and-all", "kolmo complexity text --max --all", MISUSED, "exclude each other"),
    Fault("B15-string-and-file", "kolmo complexity text --string x", MISUSED, "exclude each other"),
    Fault("B16-missing", "kolmo complexity -e zlib,brotli text", FAILED,
          r"brotli.*not installed.*pip install 'kolmo-toolkit\[compressors\]'",
          inject=WITHOUT.format("brotli")),
    Fault("B16-all-but-missing", f"{ROWS} --all text | cut -f2 | sort | xargs", 0,
          r"\Akolmo: note: .*brotli.*pip install 'kolmo-toolkit\[compressors\]'\n\Z",
          r"\Abz2 bzip3 chaoshen ctw entropy grassberger lz76 lz78 lzma matchlength millermadow "
          r"mix nsb ppmd renewal stored zlib zstd\n\Z",
          inject=WITHOUT.format("brotli")),
    Fault("B16-max-but-missing", f"{ROWS} --max text | cut -f2 | sort | xargs", 0,
          r"\Akolmo: note: .*brotli.*pip install 'kolmo-toolkit\[compressors\]'\n\Z",
          r"\Abz2 bzip3 ctw lzma mix ppmd stored zlib zstd\n\Z", inject=WITHOUT.format("brotli")),
    Fault("B16-default-set", f"{ROWS} text | wc -l", out=r"\A5\n\Z",
          inject=WITHOUT.format("brotli', 'numba', 'numpy', 'pyppmd', 'bz3")),
    Fault("B16-decode", "kolmo decode forged-brotli -o out", FAILED,
          r"pip install 'kolmo-toolkit\[compressors\]'", inject=WITHOUT.format("brotli")),
    Fault("B16-info", "kolmo info | grep brotli", 0, "",
          r"estimator\tbrotli\tbound\t.*pip install 'kolmo-toolkit\[compressors\]'",
          inject=WITHOUT.format("brotli")),
    *(
        Fault(f"B17-{name}-{value}", f"kolmo {run.format(value)} text", MISUSED,
              rf"out of range: got {value}; need {span}")
        for name, run, span in (
            ("zstd", "complexity -e zstd:level={}", "1 to 22"),
            ("zlib", "complexity -e zlib:level={}", "1 to 9"),
            ("entropy", "complexity -e entropy:order={}", "0 to 24"),
            ("encode", "encode -c zstd:level={}", "1 to 22"))
        for value in ("0", "23", "-1", "1000000")
        if (name, value) not in {("entropy", "0"), ("entropy", "23")}
    ),
    *(
        Fault(f"B36-gigabyte-{name}", f"timeout 5 kolmo complexity -e {name} large", FAILED,
              f"{name} on large: too much memory: needs about .*; the limit is 1073741824.*--max-b",
              prepare="truncate -s 1G large")
        for name in ("mix", "ctw")
    ),
    *(
        Fault(f"B0{size + 1}-{name}", f"head -c {size} text | {ROWS} -e {name}",
              out=rf"\A-\t{name}\tcertified\t{size}\t")
        for size in (0, 1, 2)
        for name in ("mix", "ctw", "mix:preset=4", "ctw:symbol=1")
    ),
    Fault("B22-note", "kolmo complexity --max-bytes 9 text -e stored --no-header", 0,
          "text: only the first 9 bytes", r"\t9\t72\t"),
    *(
        Fault(f"B23-{size}", f"{ROWS} --max-bytes {size} text -e stored", out=r"\t3400\t27200\t")
        for size in ("3400", "3401", "1T", "9223372036854775807")
    ),
    Fault("B23-too-large", "kolmo complexity --max-bytes 9223372036854775808 text", MISUSED,
          "need a size"),
    *(
        Fault(f"B26-{name}-{number}", f"kolmo {run}", FAILED, err)
        for name, err in (
            ("huge-frame", "Frame requires too much memory"),
            ("huge-window", "Frame requires too much memory"),
            ("bomb", "decodes to more than the 1048576 bytes stated"),
            ("huge-lzma", "too much memory: lzma needs .*--memory-limit"),
            ("huge-stored", "decodes to 20 bytes, the header says"),
            ("huge-zlib", "corrupt file: payload"))
        for number, run in enumerate((f"verify forged-{name}", f"decode forged-{name} -o out",
                                      f"decode forged-{name}"))
    ),
    *(
        Fault(f"B32-cut-{number}-{name}", f"head -c {size} text.klm | kolmo {run}", FAILED,
              "corrupt file: (header|payload|trailer), bytes .* to ")
        for number, size in enumerate(("1", "3", "4", "9", "20", "40", "-5", "-4", "-1"))
        for name, run in (("decode", "decode"), ("verify", "verify"), ("inspect", "inspect"))
    ),
    *(
        Fault(f"B33-garbage-{name}", f"(cat text.klm; echo) | kolmo {name}", FAILED,
              "corrupt file: payload, bytes .*CRC-32")
        for name in ("decode", "verify", "inspect")
    ),
    *(
        Fault(f"B33-twice-{name}", f"cat text.klm text.klm | kolmo {name}", FAILED, "corrupt file")
        for name in ("decode", "verify", "inspect")
    ),
    Fault("B33-not-a-container", "kolmo decode text -o out", FAILED, "'text' does not begin"),
    Fault("B33-other-format", "printf 'KLM\\x07' | cat - text | kolmo decode", FAILED,
          r"container format: got 0\.7"),
    Fault("B33-unknown-code", "kolmo decode forged-unknown", FAILED, "cannot decode.*nonsense"),
    Fault("B33-estimate-as-code", "kolmo decode forged-estimate", FAILED, "cannot decode.*lz76"),
    Fault("B33-bad-parameter", "kolmo decode forged-level", FAILED, "cannot decode.*window"),
    Fault("B34-archive", f"{ROWS} -e stored evil.zip evil.tar | cut -f1,4",
          out=r"\Aevil.zip\t\d+\nevil.tar\t10240\n\Z", prepare=ARCHIVES),
    Fault("B35-low-memory", f"ulimit -v 400000; {ROWS} -q -j2 --no-verify -e "
          "zstd,zlib:level=1,stored big | cut -f2", FAILED, "zstd on big: .*memory",
          r"\Azlib:level=1\nstored\n\Z",
          prepare="truncate -s 60000000 big"),
    Fault("B40-tabs-and-newlines", f"{ROWS} -e zlib,stored $'a\\tb\\nc' | wc -l", out=r"\A2\n\Z",
          prepare="cp text $'a\\tb\\nc'"),
    Fault("B43-versions", "kolmo info --json | grep zlib | head -n 1", out=f'"{ZLIB}"'),
    Fault("B44-shared-cache", f"{CACHED}; $run >a & $run >b & wait; $run >c; cmp a b && cmp a c "
          "&& grep -c lz78 c", out=r"\A1\n\Z", leaves="[abc]|cache.*"),
    Fault("B44-damaged-cache", f"{CACHED}; $run >a; for f in $(find cache -type f); do "
          "echo junk >$f; done; $run >b; cmp a b && grep -c lz78 b", out=r"\A1\n\Z",
          leaves="[ab]|cache.*"),
]  # fmt: skip


OF_TARGETS = {6, 8, 9, 10, 42, 43, 44}
"""Numbers of table D about a target, its features and polynomials: see test_target."""


def said(text: str, options: str = "") -> str:
    """Return the bash that pipes a text, as printf writes it, into ``kolmo mdl-select``."""
    return f"printf {shlex.quote(text)} | {SELECT} {options}"


def typed(name: str, text: str, kind: str, missing: int = 0, err: str = "") -> Fault:
    """Return a row: the first column of this text has this type, and so many missing values."""
    run = said(text, "--format table | grep '^x:' | head -n 1")
    end = f".* {missing} missing" if missing else "[^m]*"
    return Fault(name, run, 0, err, rf"\Ax: {kind}, {end}.*\n\Z")


def alike(name: str, one: str, two: str, options: str = "") -> Fault:
    """Return a row: two texts give the same rows."""
    return Fault(name, f"cmp <({said(one, '-q ' + options)}) <({said(two, '-q ' + options)})")


ODD = "x,y\\n1,a\\n"
TABLE_D = [
    Fault("D01-empty", f"{SELECT} empty", FAILED, "empty file: 'empty'"),
    Fault("D01-blank", said("\\n\\r\\n"), FAILED, "empty file"),
    Fault("D02-header-only", said("a,b\\n"), 0, "a header and no rows", r"\n-\tb\t\traw text\t"),
    Fault("D03-one-row", said(ODD), out=r"\n-\ty\t1\tcategorical\t"),
    Fault("D04-one-column", said("x\\n1\\n2\\n"), out=r"\n-\tx\t1\t"),
    Fault("D05-few-rows", "printf 'x\\n1\\n' | kolmo mdl-select -v -f changepoint,categorical", 0,
          "changepoint left out: ", r"\tcategorical\t"),
    Fault("D07-no-value", said("x,y\\nNaN,1\\nNA,2\\n", "--format table"),
          out=r"\nx: no value, hence no model\n"),
    Fault("D11-same-names", said("a,b,a\\n1,2,3\\n"), FAILED, "duplicate column name: got 'a'"),
    Fault("D12-empty-name", said(",y\\n1,a\\n"), out=r"\n-\tcolumn 1\t1\t", err=".*"),
    Fault("D13-no-header", said("1,a\\n2,b\\n", "--csv-header no"), out=r"\n-\tcolumn 2\t1\t"),
    Fault("D13-no-header-found", said("1,2\\n2,3\\n"), 0,
          "read as data and the columns are numbered", r"\n-\tcolumn 2\t1\t"),
    Fault("D13-header", said("1,2\\n2,3\\n", "--csv-header yes"), out=r"\n-\t2\t1\t"),
    Fault("D14-few-fields", said("a,b\\n1,2\\n3\\n"), FAILED, "too few fields: got 1 in line 3"),
    Fault("D15-many-fields", said("a,b\\n1,2,3\\n"), FAILED, "too many fields: got 3 in line 2"),
    Fault("D16-open-quote", said('a,b\\n1,"2\\n3,4\\n'), FAILED, "opens in line 2"),
    Fault("D17-stray-quote", said('x,y\\n1,a"b\\n2,c\\n'), 0, "quote", r"\n-\ty\t1\t"),
    Fault("D17-after-quote", said('x\\n"a"b\\n'), FAILED, "text after a closing quote.*line 2"),
    alike("D18-crlf", ODD, "x,y\\r\\n1,a\\r\\n"),
    alike("D19-cr", ODD, "x,y\\r1,a\\r"),
    alike("D20-mixed", ODD + "2,b\\n", "x,y\\r\\n1,a\\r2,b"),
    alike("D21-bom", ODD, "\\xef\\xbb\\xbf" + ODD),
    Fault("D22-utf16", said("\\xff\\xfex\\0\\n\\0001\\0\\n\\0"), FAILED,
          "looks like UTF-16. Try --encoding utf-16"),
    Fault("D22-utf16-told", said("\\xff\\xfex\\0\\n\\0001\\0\\n\\0", "--encoding utf-16"),
          out=r"\n-\tx\t1\t"),
    Fault("D23-latin", said("x\\ncaf\\xe9\\n"), FAILED, "byte 0xe9 at offset 5, line 2.*latin-1"),
    alike("D23-latin-told", "x\\ncaf\\xc3\\xa9\\n", "x\\ncaf\\xc3\\xa9\\n", "--encoding utf-8"),
    Fault("D24-nul", said("x\\n1\\0\\n"), FAILED, "NUL byte: got one at offset 3, line 2"),
    Fault("D25-long-cell", f"(echo x; "
          f"head -c 140000 /dev/zero | tr '\\0' y) | {SELECT}", FAILED, "cell too long.*line 2"),
    Fault("D26-long-line", f"head -c 17M /dev/zero | tr '\\0' x | {SELECT}", FAILED,
          "line too long"),
    Fault("D26-endless-line", f"tr '\\0' x </dev/zero | {SELECT} --memory-limit 9M", FAILED,
          "too long"),
    Fault("D27-many-columns", f"seq -s, 100000 | {SELECT}", FAILED, "too many columns"),
    *(
        Fault(f"D28-{name}", said(ODD.replace(",", mark), "--format table"),
              out=rf"\A-: 1 rows x 2 columns, with a header, utf-8, {name}\n")
        for name, mark in (("semicolons", ";"), ("tabs", "\\t"), ("commas", ","))
    ),
    *(
        Fault(f"D29-delimiter-{number}", f"{SELECT} table.csv --delimiter {mark}", MISUSED,
              "bad delimiter: got .*need one ASCII character")
        for number, mark in enumerate(("''", ",,", "1", "a", "'\"'", "\u00e9"))
    ),
    typed("D30-decimal-comma", "x;y\\n1,5;2\\n2,5;3\\n", "id", err="decimal comma.*1.5 for 1,5"),
    typed("D31-underscores", "x\\n1_000\\n2_000\\n", "id", err="grouped digits"),
    typed("D31-hexadecimal", "x\\n0x10\\n0x11\\n", "id", err="hexadecimal"),
    typed("D31-spaces", "x\\n 1 \\n 2 \\n", "id", err="spaces around"),
    typed("D31-arabic", "x\\n\u0661\\n\u0662\\n", "id"),
    typed("D32-not-finite", "x\\n1\\ninf\\n-Inf\\nnan\\n2\\n", "integer", 3),
    typed("D32-too-large", "x\\n1\\n2\\n1e400\\n", "integer", 1, "hold text among numbers"),
    typed("D33-missing", "x,y\\n1,1\\n,1\\nNA,1\\n?,1\\n2,1\\n", "integer", 3),
    typed("D34-stray", "x\\n1\\n2\\nhello\\n", "integer", 1, "hold text among numbers.*hello"),
    Fault("D34-refused", said("x\\n1\\n2\\nhello\\n", "--missing error"), FAILED,
          "text among numbers: got 'hello' in line 4.*column 'x'"),
    Fault("D34-dropped", said("x\\n1\\n2\\nhello\\n", "--missing drop -q --format table"),
          out="x: integer, 2 rows, unit"),
    typed("D35-huge", "x\\n9007199254740993\\n1\\n", "integer", err="beyond 2.53"),
    typed("D36-dates", "x\\n2020-01-01\\n2020-01-02\\n", "time", err="dates or times.*as text"),
    Fault("D37-perfect", "seq 50 | kolmo mdl-select -q -f progression,normal --no-header",
          out=r"\A-\tcolumn 1\t1\tprogression\t"),
    *(
        Fault(f"D{number}-{name}", f"printf 'x\\n{text}\\n' >f; kolmo mdl-select -q --no-header "
              "-f normal,categorical f -o out && kolmo decode out | cmp - f && rm f",
              out=r"\Af\tx\t1\t", leaves="out")
        for number, name, text in (
            (38, "huge", r"1e300\n-3e300\n2e300"), (39, "tiny", r"1e-300\n-2e-300\n3.0e-300"),
            (38, "both", r"1e300\n1e-300"), (40, "minus-zero", r"-0.0\n0.0\n-0"),
            (41, "equal", r"5\n5"))
    ),
    Fault("D45-family", "kolmo mdl-select table.csv -f normal,quux", MISUSED, "unknown family"),
    Fault("D45-no-family", "kolmo mdl-select table.csv -f ''", MISUSED, "unknown family: got ''"),
    Fault("D45-estimate", "kolmo mdl-select table.csv -f lz76", MISUSED, "only estimates"),
    *(
        Fault(f"D46-precision-{number}", f"kolmo mdl-select table.csv --precision {text}", MISUSED,
              "--precision.*need a column and a step above 0")
        for number, text in enumerate(("x=0", "x=nan", "x=-1", "x=inf", "x", "''", "x=", "x=1_0",
                                       "x=1$(printf '0%.0s' {1..5000})", "x=1e999"))
    ),
    Fault("D46-too-fine", "kolmo mdl-select table.csv -C x --precision x=.001", MISUSED,
          "precision does not suit.*multiple of 0.01"),
    Fault("D46-labels", "kolmo mdl-select table.csv -C label --precision label=1", MISUSED,
          "precision does not suit.*labels"),
    Fault("D47-gzip", f"gzip -c table.csv | {SELECT}", FAILED, "gzip-compressed.*gzip -dc"),
    Fault("D47-xz", f"{PACKED.format('lzma')} | {SELECT}", FAILED, "xz-compressed.*xz -dc"),
    Fault("D48-xlsx", f"{ARCHIVES}; {SELECT} evil.zip", FAILED, "an xlsx workbook",
          leaves="evil.*", destroys=True),
    Fault("D48-parquet", said("PAR1xxxxPAR1"), FAILED, "a Parquet file"),
    Fault("D49-formula", said("=1+2,y\\n@a,+x\\n@b,-y\\n", "--format csv"), out="\n-,=1[+]2,1,"),
    Fault("D50-too-large", "truncate -s 10G f; echo x | dd conv=notrunc of=f status=none; "
          f"ulimit -v 900000; {SELECT} f; code=$?; rm f; exit $code", FAILED, "table too large"),
    *(
        Fault(name, f"f() {{ {UNORDERED} | cut -f4; }}; cmp <(seq 99 | f) <(seq 99 | {change} | f)")
        for name, change in (("D51-row-order", "tac"), ("D52-unit", "sed 's/$/000/'"))
    ),
]  # fmt: skip


def test_table_d_has_every_fault_of_columns() -> None:
    found = {int(re.match(r"D(\d\d)-", row.id)[1]) for row in TABLE_D}  # type: ignore[index]
    assert found == set(range(1, 53)) - OF_TARGETS


def forged() -> dict[str, bytes]:
    """Return containers whose sums are right, made to deceive."""
    bomb = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            window_log=17, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False
        )
    ).compress(bytes(1 << 26))
    empty_block = bytes([1, 0, 0])
    terabytes = bytes([0b11100000]) + (1 << 42).to_bytes(8, "little")  # one segment, 8-byte size
    return {
        "forged-huge-frame": sealed("zstd", 10, terabytes),
        "forged-huge-window": sealed("zstd", 10, bytes([0, 21 << 3]) + empty_block),  # 2^31 bytes
        "forged-bomb": sealed("zstd", 1 << 20, bomb),
        "forged-huge-lzma": sealed("lzma", 1 << 50, bytes(20), {"window": 30}),
        "forged-huge-stored": sealed("stored", 1 << 50, bytes(20)),
        "forged-huge-zlib": sealed("zlib", 1 << 50, bytes(20)),
        "forged-brotli": sealed("brotli", 0, bytes([59])),
        "forged-unknown": sealed("nonsense", 0, b""),
        "forged-estimate": sealed("lz76", 0, b""),
        "forged-level": sealed("zstd", 0, b"", {"window": 31}),
    }


def sealed(
    code: str, length: int, payload: bytes, parameters: dict[str, int] | None = None
) -> bytes:
    """Return a container with these very fields."""
    head = Header(code, length, bytes(8), parameters or {}).to_bytes()
    return head + payload + zlib.crc32(payload).to_bytes(4, "big")


@pytest.mark.parametrize("fault", rows(TABLE_A + TABLE_B + TABLE_D))
def test_fault(fault: Fault, shell: Any, inject: Any) -> None:
    _prepare(fault, shell)
    check(fault, shell, inject)


def _prepare(fault: Fault, shell: Any) -> None:
    if "random" in fault.run:
        data = Random(1).randbytes(2_000_000)
        (shell.folder / "random").write_bytes(data)
        (shell.folder / "random.klm").write_bytes(kolmo.encode(data, "stored"))
    if "forged" in fault.run:
        for name, content in forged().items():
            (shell.folder / name).write_bytes(content)
    if "many" in fault.run:
        for number in range(400):
            (shell.folder / f"many{number}").write_bytes(b"%d" % number)


CONTENTS = {
    "B01-empty": b"",
    "B02-one": b"x",
    "B03-two": b"ab",
    "B04-zeros": bytes(1 << 20),
    "B05-random": Random(5).randbytes(1 << 20),
    "B07-compressed": zlib.compress(Random(7).randbytes(30_000).hex().encode()),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_content(name: str, shell: Any) -> None:
    data = CONTENTS[name]
    (shell.folder / "f").write_bytes(data)
    mixed = len(data) >= 1 << 14  # slow: of these the library compressors alone
    chosen = "-e lzma,zstd,bz2,zlib,stored" if mixed else ""
    done = shell(f"kolmo complexity f --json {chosen}")
    rows = {row["estimator"]: row for row in json.loads(done.out)["results"]}
    assert (done.code, done.err) == (0, "") or "sees 32768 bytes" in done.err
    assert set(rows) == {"bz2", "lzma", "stored", "zlib", "zstd"}
    for row in rows.values():
        assert row["kind"] == "certified"
        assert row["input_bytes"] == len(data)
        exact = row["payload_bits"] / len(data) if data else None
        assert row["bits_per_byte"] == exact
        assert row["ratio"] == (exact and exact / 8)
    assert rows["stored"]["payload_bits"] == 8 * len(data)
    if name in ("B05-random", "B07-compressed"):
        assert rows["zlib"]["ratio"] > 1
    if name == "B04-zeros":
        assert rows["zstd"]["payload_bits"] < 2000


EDGES = [
    edge + step
    for edge in (1 << 16, 1 << 17, 1 << 18, 900_000, 1 << 20)
    for step in (-1, 0, 1)
]  # fmt: skip


def test_b06_sizes_at_block_edges_are_those_of_one_call(shell: Any) -> None:
    """64 KiB, a zstd block, a block of reading, a bzip2 block, and what lies around them."""
    source = Random(6)
    data = b"".join(source.choices([b"ab", b"c", b"\n", b"the "], k=700_000))
    for size in EDGES:
        (shell.folder / f"f{size}").write_bytes(data[:size])
    names = " ".join(f"f{size}" for size in EDGES)
    done = shell(f"{ROWS} -q -e zlib:level=1,bz2,zstd:level=3 --no-verify {names} | cut -f1,2,5")
    found = {
        tuple(line.split("\t")[:2]): int(line.split("\t")[2])
        for line in done.out.split("\n")
        if line
    }
    for size in EDGES:
        part = data[:size]
        assert found[f"f{size}", "zlib:level=1"] == 8 * len(_deflated(part))
        assert found[f"f{size}", "bz2"] == 8 * (len(bz2.compress(part)) - 4)
        assert found[f"f{size}", "zstd:level=3"] == 8 * len(_zstd(part))


def _deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(1, zlib.DEFLATED, -15, 9)
    return compressor.compress(data) + compressor.flush()


def _zstd(data: bytes) -> bytes:
    settings = zstandard.ZstdCompressionParameters.from_level(
        3,
        source_size=len(data),
        window_log=(len(data) - 1).bit_length(),
        enable_ldm=True,
        format=zstandard.FORMAT_ZSTD1_MAGICLESS,
        write_content_size=False,
    )
    return zstandard.ZstdCompressor(compression_params=settings).compress(data)


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_b09_many_files_each_have_their_row(count: int, shell: Any) -> None:
    (shell.folder / "m").mkdir()
    for number in range(count):
        (shell.folder / "m" / f"{number:05}").write_bytes(b"%d" % number * 100)
    done = shell(f"{ROWS} -r m")
    names = [line.split("\t")[0] for line in done.out.splitlines()]
    assert (done.code, done.err) == (0, "")
    assert names == [f"m/{number:05}" for number in range(count) for _ in range(5)]


SELF_MADE = ("zlib", "bz2", "lzma", "zstd", "stored", "brotli", "ppmd", "bzip3")


@pytest.mark.parametrize("code", SELF_MADE)
@pytest.mark.parametrize("fault", ["B32-cut", "B33-garbage", "B32-none"])
def test_payload_of_another_length_is_refused_whatever_its_sum(
    fault: str, code: str, shell: Any
) -> None:
    """The container's sums fit the wrong payload: only the decoder can notice."""
    data = (shell.folder / "text").read_bytes()
    whole = Container(MemoryInput(kolmo.encode(data, code)))
    payload = b"".join(whole.payload())
    wrong = {"B32-cut": payload[:-2], "B33-garbage": payload + b"xyz", "B32-none": b""}[fault]
    content = whole.header.to_bytes() + wrong + zlib.crc32(wrong).to_bytes(4, "big")
    (shell.folder / "wrong").write_bytes(content)
    before = shell.snapshot()
    for command in ("verify wrong", "decode wrong -o out"):
        done = shell(f"kolmo {command}")
        assert (done.code, done.out) == (1, ""), done
        assert re.fullmatch(
            r"kolmo: error: (wrong: )?corrupt file: (payload|data), bytes .*\n", done.err
        )
    assert shell.snapshot() == before


def test_b41_csv_escapes_control_characters_and_changes_nothing_else(shell: Any) -> None:
    names = {'a"b,c': 'a"b,c', "=1+2": "=1+2", "@x'; y": "@x'; y", "t\tn\n": r"t\x09n\x0a"}
    for name in names:
        (shell.folder / name).write_bytes(b"x")
    arguments = " ".join(f"{shlex.quote(name)}" for name in names)
    done = shell(f"kolmo complexity --format csv -e stored -- {arguments}")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["file"] for row in rows] == list(names.values())
    assert {len(row) for row in rows} == {len(rows[0])}


PLUGIN = """
from kolmo.complexity.estimator import Bound, Formula
class Broken(Formula):
    name, formula = "broken", "none"
    def bits(self, data):
        raise {error}
class Liar(Bound):
    name, formula = "liar", "none"
    def compress(self, blocks, length, given=b""):
        yield b"tiny"
    def decompress(self, chunks, length, given=b""):
        yield from chunks
"""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("ZeroDivisionError('division by zero')", "ZeroDivisionError: division by zero"),
        ("MemoryError", "out of memory"),
        ("RuntimeError('two\\nlines \\x1b[31m')", r"RuntimeError: two\x0alines \x1b[31m"),
        ("OSError(5, 'Input/output error')", "Input/output error"),
        ("RecursionError('too deep')", "RecursionError: too deep"),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_b42_estimator_that_raises_is_named_and_the_others_shown(
    error: str, told: str, jobs: int, shell: Any
) -> None:
    path = install(shell, error)
    done = shell(f"{ROWS} -j{jobs} -e broken,zlib,stored text empty | cut -f1,2", PYTHONPATH=path)
    assert done.code == FAILED
    assert done.out == "text\tzlib\ntext\tstored\nempty\tstored\nempty\tzlib\n"
    lines = done.err.splitlines()
    assert len(lines) == 2
    assert all(
        f"broken on {name}: " in line for name, line in zip(("text", "empty"), lines, strict=True)
    )
    assert all(told in line for line in lines)


def test_b42_estimator_that_lies_is_never_shown(shell: Any) -> None:
    path = install(shell, "ValueError")
    done = shell(f"{ROWS} -e liar,zlib text", PYTHONPATH=path)
    assert done.code == FAILED
    assert "liar" not in done.out
    assert re.fullmatch("kolmo: error: liar on text: decoded data differ.*\n", done.err)


def install(shell: Any, error: str) -> str:
    """Make another distribution with two estimators; return the PYTHONPATH that finds it."""
    folder = shell.folder / "plugin"
    record = folder / "broken-1.0.dist-info"
    record.mkdir(parents=True)
    (folder / "broken_plugin.py").write_text(PLUGIN.format(error=error))
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(
        "[kolmo.estimators]\nbroken = broken_plugin:Broken\nliar = broken_plugin:Liar\n"
    )
    return str(folder)


MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(done.returncode, peak, done.stdout, sep="\\n")
sys.stderr.write(done.stderr)
"""


def measured(shell: Any, command: str) -> tuple[int, int, Any]:
    """Return exit code, peak memory in bytes, and output of a command."""
    (shell.folder / "measure.py").write_text(MEASURE)
    done = shell(f'"$PYTHON" measure.py {command}')
    code, kilobytes, out = done.out.split("\n", 2)
    return int(code), 1024 * int(kilobytes), done._replace(out=out)


@pytest.mark.parametrize("name", ["huge-frame", "huge-window", "bomb", "huge-lzma", "huge-stored"])
def test_b26_deceivers_cost_neither_time_nor_memory(name: str, shell: Any) -> None:
    (shell.folder / "f").write_bytes(forged()[f"forged-{name}"])
    start = monotonic()
    code, peak, done = measured(shell, "kolmo verify f")
    assert (code, done.out.strip()) == (FAILED, "")
    assert monotonic() - start < 1
    assert peak < 100e6


class Zeros:
    """An input of any length that takes no room."""

    name, truncated = "zeros", False

    def __init__(self, size: int) -> None:
        self.size = size

    def blocks(self) -> Iterator[bytes]:
        block = bytes(1 << 24)
        for start in range(0, self.size, len(block)):
            yield block[: self.size - start]

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("size", [(1 << 31) + 1, (1 << 32) - 1, (1 << 32) + 1, (1 << 35) + 7])
def test_a27_counts_beyond_four_gigabytes_are_exact(size: int) -> None:
    (row,) = kolmo.bounds(Zeros(size), ["stored"], verify=False).rows
    assert (row.input_bytes, row.payload_bits) == (size, 8 * size)
    head = Header("stored", size, bytes(8), {}).to_bytes()
    assert row.container_bits == 8 * (len(head) + size + 4)
    assert parse_header(MemoryInput(head))[0].length == size


@pytest.mark.slow
def test_a26_ten_gigabytes_stream_through_constant_memory(shell: Any) -> None:
    with (shell.folder / "big").open("wb") as file:
        file.truncate(10 << 30)
    code, peak, done = measured(shell, "kolmo complexity --no-header big")
    assert code == 0, done
    assert "big is larger than 64 MiB: the fast set is used" in done.err
    rows = [line.split("\t") for line in done.out.splitlines() if line]
    assert {row[3] for row in rows} == {str(10 << 30)}
    assert {row[1] for row in rows} == {"bz2", "zlib:level=6", "zstd:level=3", "stored"}
    assert peak < 300e6


@pytest.mark.slow
def test_a27_files_beyond_four_gigabytes_are_counted_to_the_byte(shell: Any) -> None:
    size = (1 << 32) + 1
    with (shell.folder / "big").open("wb") as file:
        file.truncate(size)
    done = shell(f"{ROWS} -q --no-verify -e zstd:level=1 big")
    row = done.out.split("\t")
    assert row[3] == str(size)
    assert float(row[12]) == int(row[4]) / size
    assert 1e6 < int(row[4]) < 2e6


@pytest.mark.slow
def test_a27_containers_beyond_four_gigabytes_give_all_back(shell: Any) -> None:
    with (shell.folder / "big").open("wb") as file:
        file.truncate((1 << 32) + 1)
    assert shell("kolmo encode big -c zstd:level=1 -o big.klm").code == 0
    assert shell("kolmo verify big.klm --against big --no-header | cut -f6").out == "4294967297\n"
