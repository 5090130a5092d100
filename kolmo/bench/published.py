"""Published bests on files that everyone has: what the strongest known programs make of them.

They are numbers of others, not measured here: sizes of whole files in bytes, as their programs
write them. Files are known by their contents, so that any copy of a corpus is recognised.
"""

from __future__ import annotations

from typing import NamedTuple

SOURCE = "the result tables of the paq8px and cmix projects, 2026"
PROGRAMS = ("paq8px -8", "paq8px -12L", "cmix v21")


class Entry(NamedTuple):
    """A file of a corpus, and what each of `PROGRAMS` makes of it, in bytes."""

    corpus: str
    file: str
    input_bytes: int
    results: tuple[int, int, int]


class Published(NamedTuple):
    """The smallest published result on one file.

    Attributes
    ----------
    file : str
        The file's usual name, and its corpus.
    input_bytes, output_bytes : int
        Before and after.
    program : str
        Which program, with its version or setting.
    source : str
        Who published it.
    """

    file: str
    input_bytes: int
    output_bytes: int
    program: str
    source: str = SOURCE


_CANTERBURY = "Canterbury"

TABLE = {
    "7467306ee0feed4971260f3c87421154a05be571d944e9cb021a5713700c38f0": Entry(
        _CANTERBURY, "alice29.txt", 152_089, (33_070, 32_861, 33_360)
    ),
    "eaa3526fe53859f34ecdf255712f9ecf0b2c903451d4755b2edaa2e2599cb0fc": Entry(
        _CANTERBURY, "asyoulik.txt", 125_179, (31_515, 31_428, 31_665)
    ),
    "e0cd21cef5b6c4069461e949be100080c3ce887de6f1dd8626c480528efaaf61": Entry(
        _CANTERBURY, "cp.html", 24_603, (5_408, 5_393, 5_478)
    ),
    "85d73e354cc50cec76cb5a50537cf8dc035f8cbb8480f9e1cbe2f7d6c23393c7": Entry(
        _CANTERBURY, "fields.c", 11_150, (2_027, 2_018, 2_087)
    ),
    "1b0805dfc0ae706b35aac2bb4e15f02485efd24dda5dbd29de7b2f84d1a88c15": Entry(
        _CANTERBURY, "grammar.lsp", 3_721, (861, 862, 874)
    ),
    "9af47239ca29dfe20e633f80bbbb9a4cc9783d0803d7b2b5626f42e4c3790420": Entry(
        _CANTERBURY, "kennedy.xls", 1_029_744, (8_140, 7_805, 7_926)
    ),
    "5314ba1dbb03f471df88bec6cd120a938ef60d0fd3511c5c1dce61bf7463245f": Entry(
        _CANTERBURY, "lcet10.txt", 426_754, (79_110, 78_813, 79_550)
    ),
    "07e2e0b461af78c7c647cb53dab39de560198e16f799b4516eccf0fbd69f764c": Entry(
        _CANTERBURY, "plrabn12.txt", 481_861, (117_450, 116_704, 116_984)
    ),
    "0ec3a75089bb52342813496b17e51377bc9eba3cb519a444d67025354841d650": Entry(
        _CANTERBURY, "ptt5", 513_216, (19_633, 19_642, 21_487)
    ),
    "ee5733cd76ecc2f9d8ff156adc3c02a7a851051dcf43a2d56ff4ee4ff606bdb3": Entry(
        _CANTERBURY, "sum", 38_240, (6_662, 6_638, 6_968)
    ),
    "c58aeb5d2d1e12751d47e7412b45784405fc30a5671b03d480fa05776e183619": Entry(
        _CANTERBURY, "xargs.1", 4_227, (1_295, 1_293, 1_326)
    ),
}


def best(sha256: str) -> Published | None:
    """Return the smallest published result on the file of that SHA-256, or None.

    Examples
    --------
    >>> best("1b0805dfc0ae706b35aac2bb4e15f02485efd24dda5dbd29de7b2f84d1a88c15")[:4]
    ('grammar.lsp (Canterbury)', 3721, 861, 'paq8px -8')
    """
    entry = TABLE.get(sha256.lower())
    if entry is None:
        return None
    output_bytes, program = min(zip(entry.results, PROGRAMS, strict=True))
    return Published(f"{entry.file} ({entry.corpus})", entry.input_bytes, output_bytes, program)
