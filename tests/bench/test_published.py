"""The table of published bests is the published one."""

import string

import pytest

from kolmo.bench.published import PROGRAMS, SOURCE, TABLE, Published, best

ALICE = "7467306ee0feed4971260f3c87421154a05be571d944e9cb021a5713700c38f0"
PTT5 = "0ec3a75089bb52342813496b17e51377bc9eba3cb519a444d67025354841d650"
TOTALS = {"paq8px -8": 305_171, "paq8px -12L": 303_457, "cmix v21": 307_705}


@pytest.mark.parametrize("program", PROGRAMS)
def test_results_sum_to_the_published_total(program):
    index = PROGRAMS.index(program)
    assert sum(entry.results[index] for entry in TABLE.values()) == TOTALS[program]


def test_corpus_has_its_published_files_and_size():
    assert len({entry.file for entry in TABLE.values()}) == len(TABLE) == 11
    assert sum(entry.input_bytes for entry in TABLE.values()) == 2_810_784


def test_keys_are_sums_in_lower_case():
    assert all(len(key) == 64 and set(key) <= {*string.hexdigits.lower()} for key in TABLE)


def test_best_is_the_smallest_and_names_its_program():
    found = Published("alice29.txt (Canterbury)", 152_089, 32_861, "paq8px -12L", SOURCE)
    assert best(ALICE) == best(ALICE.upper()) == found
    assert best(PTT5)[2:4] == (19_633, "paq8px -8")


@pytest.mark.parametrize("sum_", ["0" * 64, "", ALICE[:-1]])
def test_best_of_an_unknown_file_is_none(sum_):
    assert best(sum_) is None
