"""Faults that ``kolmo automaton`` survives: table C, a row or more for each.

A row is bash; ``RUN`` stands for a run that takes a moment. After exit code 1 or 2 there is one
line on stderr, and the folder is what it was before.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from faults import FAILED, MISUSED, WITHOUT, Fault, check, rows

from kolmo.automaton.record import MAGIC, VERSION
from kolmo.automaton.sealed import DIGEST_BYTES, seal, unseal

RUN = "kolmo automaton -n 8 --samples 2 --seed 1"
FOUR_LINES = r"\A(.*\n){4}\Z"
LONG = "kolmo automaton -n 64 --clock picks --time 1e18"
PAINT = """"$PYTHON" -c "
from PIL import Image
Image.new('L', {}, {}).save('picture.png')
" """
BOMB = """"$PYTHON" -c "
import struct, zlib
chunk = lambda name, data: (struct.pack('>I', len(data)) + name + data
                            + struct.pack('>I', zlib.crc32(name + data)))
open('picture.png', 'wb').write(
    b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 8, 0, 0, 0, 0))
    + chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b''))
" """


PICTURE = ("picture",)


def forged(**values: Any) -> Callable[[bytes], bytes]:
    """Return what puts values into the header of a checkpoint, whose sum fits then."""

    def damage(data: bytes) -> bytes:
        header, start = unseal(data, MAGIC, VERSION)
        return seal(MAGIC, VERSION, header | values, [data[start:-DIGEST_BYTES]])

    return damage


def flipped(place: int) -> Callable[[bytes], bytes]:
    """Return what flips a bit of a byte."""

    def damage(data: bytes) -> bytes:
        wrong = bytearray(data)
        wrong[place] ^= 1
        return bytes(wrong)

    return damage


def cut(size: int) -> Callable[[bytes], bytes]:
    """Return what leaves the first bytes."""
    return lambda data: data[:size]


# fmt: off
TABLE_C = [
    *(
        Fault(f"C0{number}-size-{name}", f"kolmo automaton --size {size}", MISUSED,
              "'--size': got '.*'; need a whole number from 3 to 1000000000")
        for number, name, size in (
            (1, "zero", "0"), (2, "negative", "-1"), (3, "two", "2"), (5, "word", "abc"),
            (6, "empty", "''"), (7, "huge", "99999999999999999999"))
    ),
    Fault("C08-size-over-cap", "kolmo automaton --size 1e6", MISUSED,
          "got 1000000x1000000, which needs about 2000000000000 bytes; the limit is 1073741824"),
    Fault("C09-samples-over-limit", "kolmo automaton -n 300 --samples 90000 -o out", MISUSED,
          "too many grids to keep: 90001 samples need 8100090000 bytes"),
    Fault("C09-size-over-limit", "kolmo automaton -n 1000 --memory-limit 1M -o out", MISUSED,
          "needs about 2000000 bytes; the limit is 1048576"),
    Fault("C09-film-over-limit", "kolmo automaton -n 300 --samples 90000 --plot-file out.apng",
          MISUSED, "too many grids to keep"),
    Fault("C10-time-zero", "RUN --time 0 --no-header", out=r"\A0\t0\t0\t0.0\t.*\n\Z"),
    *(
        Fault(f"C{number}-time-{name}", f"RUN --time {time}", MISUSED,
              r"'--time': got '.*'; need a number from 0 to 2\^63 - 1")
        for number, name, time in ((11, "negative", "-1"), (14, "large", "1e19"),
                                   (14, "infinite", "inf"), (14, "nan", "nan"))
    ),
    Fault("C12-time-fraction", "RUN -q --time 1.5", out=FOUR_LINES),
    Fault("C12-time-fraction-of-picks", "RUN --time 1.5 --clock picks", MISUSED,
          "got 3/2 picks; need a whole number"),
    Fault("C15-samples-zero", "RUN --samples 0", MISUSED, "'--samples': got '0'"),
    Fault("C16-samples-more-than-time", "RUN -q --samples 10 --clock picks --time 3 --no-header "
          "| cut -f1,2", out=r"\A0\t0\n1\t1\n2\t2\n3\t3\n\Z"),
    Fault("C17-grain-zero", "RUN --grain 0", MISUSED, "'--grain': got '0'"),
    Fault("C18-grain-over-size", "RUN --grain 9", MISUSED, "got 9 for a 8x8 grid; need 1 to 8"),
    Fault("C18-grains-over-size", "kolmo automaton scales -n 8 --grains 1,9", MISUSED,
          "grains out of range"),
    Fault("C19-blocks-do-not-fill", "RUN --window block --grain 3", out=FOUR_LINES,
          err="warning: 2 rows and 2 columns at the end fill no block of 3"),
    *(
        Fault(f"C20-buckets-{buckets}", f"RUN --buckets {buckets}", MISUSED,
              f"'--buckets': got '{buckets}'; need a whole number from 2 to 256")
        for buckets in ("0", "1", "nan")
    ),
    *(
        Fault(f"C21-unknown-rule-{name or 'run'}", f"kolmo automaton {name} -r intracting",
              MISUSED, "got 'intracting'. Did you mean 'interacting'")
        for name in ("", "scan")
    ),
    Fault("C21-unknown-subcommand", "kolmo automaton scann", MISUSED, "Did you mean 'scan'"),
    *(
        Fault(f"C22-seed-{name}", f"RUN --seed {seed}", MISUSED,
              rf"'--seed': got '{seed}'; need a whole number from 0 to 2\^63 - 1")
        for name, seed in (("negative", "-1"), ("large", str(1 << 64)), ("word", "abc"))
    ),
    Fault("C23-no-seed", "kolmo automaton -q -n 8 --samples 2 --json", out=r'"seed": \d+'),
    Fault("C24-plot-ascii", "LC_ALL=C RUN --plot --format table", out=r"\A[\x00-\x7f]+\Z"),
    Fault("C24-plot-leaves-rows-alone", "cmp <(RUN) <(RUN --plot 2>drawn); grep -c bits drawn",
          out="2", leaves="drawn"),
    Fault("C25-plot-narrow", "COLUMNS=20 RUN --plot 2>drawn >rows; wc -L <drawn",
          out=r"\A1?\d\n\Z|\A20\n\Z", leaves="drawn|rows"),
    Fault("C26-dumb-terminal", "TERM=dumb RUN --plot --format table", out=r"\A[^\x1b]+\Z"),
    Fault("C27-gif-without-pillow", f"{LONG} --plot-file x.gif", FAILED,
          "pillow is not installed.*pip install 'kolmo-toolkit.plot.'",
          inject=WITHOUT.format("PIL")),
    Fault("C27-apng-without-pillow", "RUN --plot-file x.apng", out=FOUR_LINES, leaves="x.apng",
          inject=WITHOUT.format("PIL")),
    Fault("C28-unknown-extension", f"{LONG} --plot-file x.xyz", MISUSED,
          "got 'x.xyz'; need one of .png, .svg, .pdf, .apng, .gif"),
    Fault("C28-film-of-a-map", "kolmo automaton scales --plot-file x.apng", MISUSED,
          "got 'x.apng'; need one of .png, .svg, .pdf"),
    *(
        Fault(f"C29-missing-folder-{name}", f"{LONG} {option}", FAILED, "cannot write 'none/x",
              needs=PICTURE if "svg" in option or "gif" in option else ())
        for name, option in (
            ("sheet", "--plot-file none/x.svg"), ("apng", "--plot-file none/x.apng"),
            ("gif", "--plot-file none/x.gif"), ("output", "-o none/x"),
            ("checkpoint", "--checkpoint none/x"))
    ),
    *(
        Fault(f"C30-full-{name or 'run'}", f"kolmo automaton {name} --seed 1 {options} >/dev/full",
              FAILED, "No space left")
        for name, options in (("", "-n 8"), ("scales", "-n 8"), ("light-cone", "-n 8"))
    ),
    Fault("C30-file-size", "ulimit -f 1; RUN -o out", FAILED, "File too large", FOUR_LINES),
    Fault("C34-resume-missing", "kolmo automaton --resume nope", FAILED,
          "cannot read 'nope': No such file"),
    *(
        Fault(f"C35-other-{name}", f"kolmo automaton --resume ck --{name} {value}", FAILED,
              f"checkpoint of another run: {name} is .* there; got {value}")
        for name, value in (("size", "9"), ("seed", "2"), ("samples", "3"),
                            ("rule", "noninteracting"), ("grain", "2"))
    ),
    Fault("C35-same-again", "RUN --resume ck | cmp - kept"),
    Fault("C35-other-work", "kolmo automaton scan --resume ck", FAILED, "need scan"),
    Fault("C35-other-sizes", "kolmo automaton scan --resume ck --sizes 5", FAILED,
          r"sizes is \[5, 6\] there; got \[5\]", prepare="kolmo automaton scan -q --sizes 5,6 "
          "--replicas 1 --checkpoint ck >rows"),
    Fault("C36-other-version", "kolmo automaton --resume ck", FAILED,
          "checkpoint of another version: got kolmo 9.9", damage=forged(kolmo="9.9")),
    *(
        Fault(f"C37-cut-to-{size}", "kolmo automaton --resume ck", FAILED, "corrupt file",
              damage=cut(size))
        for size in (0, 12, 1000)
    ),
    *(
        Fault(f"C37-flipped-{place}", "kolmo automaton --resume ck", FAILED,
              "corrupt file|another version", damage=flipped(place))
        for place in (8, 10, 200, -1)
    ),
    Fault("C38-huge-grids", "kolmo automaton --resume ck", FAILED, "(?i)grids too large",
          damage=forged(grids=[3, 1 << 31, 1 << 31])),
    Fault("C38-wrong-sizes", "kolmo automaton --resume ck", FAILED, "corrupt file: header",
          damage=forged(sizes=[1 << 31, 1 << 31])),
    Fault("C39-array", "kolmo automaton --resume a.npy", FAILED, "not a checkpoint",
          prepare='"$PYTHON" -c "import numpy; numpy.save(\'a\', numpy.array([{}]))"'),
    Fault("C39-pickle", "kolmo automaton --resume p", FAILED, "not a checkpoint",
          prepare='"$PYTHON" -c "import pickle; pickle.dump([], open(\'p\', \'wb\'))"'),
    Fault("C41-without-numba", "RUN", FAILED, "numba cannot be used: No module named 'numba'",
          inject=WITHOUT.format("numba")),
    Fault("C45-same-rows", "cmp <(NUMBA_DISABLE_JIT=1 RUN -q -n 4) <(RUN -q -n 4)"),
    Fault("C46-threads-abc", "NUMBA_NUM_THREADS=abc RUN", FAILED,
          "numba cannot be used: Environment variable 'NUMBA_NUM_THREADS'.*'abc'"),
    Fault("C47-many-jobs", "cmp <(RUN --jobs 64) <(RUN --jobs 1)"),
    Fault("C48-all-cream", "kolmo automaton -q --image picture.png --samples 2 --seed 1 -m entropy "
          "--no-header | cut -f1,6-8", out=r"\A0\testimate\t0(\.0)?\t0(\.0)?\n(.*\n){2}\Z",
          prepare=PAINT.format((8, 8), 255), needs=PICTURE),
    Fault("C48-all-coffee", "kolmo automaton -q --image picture.png --samples 2 --seed 1 --json",
          out=r"\A(?![\s\S]*NaN)", prepare=PAINT.format((8, 8), 0), needs=PICTURE),
    Fault("C49-no-picture", "kolmo automaton --image text", FAILED, "cannot use 'text' as a pic"),
    Fault("C49-empty-picture", "kolmo automaton --image empty", FAILED, "cannot use 'empty'"),
    Fault("C49-small-picture", "kolmo automaton --image picture.png", FAILED, "2 ?x ?2",
          prepare=PAINT.format((2, 2), 0), needs=PICTURE),
    Fault("C49-bomb", "kolmo automaton --image picture.png", FAILED, "60000|picture",
          prepare=BOMB, needs=PICTURE),
    Fault("C49-missing-picture", "kolmo automaton --image nope", FAILED, "cannot read 'nope'"),
    Fault("C49-picture-and-size", "kolmo automaton --image text --size 8", MISUSED,
          "--image is a whole start: leave out --size and --initial"),
    Fault("C51-same-names", "RUN -o out.png --plot-file out.png", MISUSED, "name the same file"),
    Fault("C51-checkpoint-same-name", "RUN -o out --checkpoint ./out", MISUSED,
          "name the same file"),
    Fault("C51-over-its-input", "kolmo automaton --image text -o text", MISUSED, "text"),
    Fault("C52-grids-to-stdout", "RUN -o -", MISUSED, "name a file"),
    Fault("C52-checkpoint-to-stdout", "RUN --checkpoint -", MISUSED, "need a name"),
]
# fmt: on


SLOW = (
    "C45-",
    "C47-",
    "C30-full-s",
    "C30-full-l",
    "C09-film",
    "C14-time-inf",
    "C35-other-grain",
    "C35-other-rule",
    "C35-other-sizes",
    "C26-",
    "C27-apng",
    "C48-all-coffee",
    "C29-missing-folder-gif",
    "C37-flipped-200",
    "C37-cut-to-12",
    "C21-unknown-rule-scan",
)


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, bytes]:
    """Keep the checkpoint ``ck`` of RUN, and its rows in ``kept``."""
    return {}


@pytest.mark.parametrize("fault", rows(TABLE_C, SLOW))
def test_fault(fault: Fault, shell: Any, inject: Any, checkpoint: dict[str, bytes]) -> None:
    if "--resume ck" in fault.run:
        _resume(fault, shell, checkpoint)
    run, prepare = (re.sub(r"\bRUN\b", RUN, text) for text in (fault.run, fault.prepare))
    check(fault._replace(run=run, prepare=prepare), shell, inject)


def _resume(fault: Fault, shell: Any, checkpoint: dict[str, bytes]) -> None:
    if not checkpoint:
        assert shell(f"{RUN} --checkpoint ck >kept").code == 0
        checkpoint |= {name: (shell.folder / name).read_bytes() for name in ("ck", "kept")}
    for name, content in checkpoint.items():
        (shell.folder / name).write_bytes(content)
    if fault.damage is not None:
        (shell.folder / "ck").write_bytes(fault.damage(checkpoint["ck"]))


def test_table_c_has_every_fault_of_runs() -> None:
    elsewhere = {4, 13, 31, 32, 33, 40, 42, 43, 44, 50}
    named = {int(row.id[1:3]) for row in TABLE_C}
    assert named | elsewhere >= set(range(1, 51))
