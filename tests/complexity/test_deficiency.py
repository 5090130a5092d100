"""The randomness deficiency: what a message saves, and how seldom fair coin flips save anything."""

import random
from itertools import product
from math import sqrt

import pytest
from conftest import samples

import kolmo
from kolmo.complexity import choice
from kolmo.complexity.price import priced
from kolmo.data import MemoryInput

CODES = ("mix", "ctw", "zlib", "stored")
STEPS = range(1, 13)


def deficiencies(label: str, strings: list[bytes], side: bytes | None = None) -> list[int]:
    """Return what the code's messages save, all prices included; nothing is decoded."""
    (code,) = choice.make_estimators([label])
    given = None if side is None else MemoryInput(side)
    rows = [code.estimate(MemoryInput(item), given, verify=False) for item in strings]
    return [priced(row, code, given=given is not None).deficiency_bits for row in rows]


def excesses(found: list[int]) -> list[int]:
    """Return each k for which k bits or more are saved oftener than 2**-k, by three sigmas.

    Where the law holds all twelve stay below with a probability of 98 %, were they independent;
    the strings are the same on every run.
    """
    count = len(found)
    limits = {k: 2.0**-k + 3 * sqrt(2.0**-k * (1 - 2.0**-k) / count) for k in STEPS}
    return [k for k in STEPS if sum(item >= k for item in found) / count > limits[k]]


def flips(count: int) -> list[bytes]:
    """Return strings of fair coin flips, of 8 to 64 bytes."""
    source = random.Random(12)
    return [source.randbytes(source.randrange(8, 65)) for _ in range(count)]


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_fair_coin_flips_save_k_bits_with_probability_2_to_the_minus_k(count):
    found = {label: deficiencies(label, flips(count)) for label in CODES}
    found["panel"] = [max(saved) for saved in zip(*found.values(), strict=True)]
    assert {label: k for label, saved in found.items() if (k := excesses(saved))} == {}


def test_fair_coin_flips_save_nothing_given_others():
    for label in ("mix", "ctw", "zlib"):
        assert excesses(deficiencies(label, flips(200), side=b"entropy" * 9)) == []


def test_code_that_counts_too_few_bits_is_found_out():
    """The twin of the tests above: two bytes that are not counted."""
    assert excesses([saved + 16 for saved in deficiencies("stored", flips(500))])


@pytest.mark.parametrize("label", ["mix", "ctw"])
def test_kraft_sum_of_all_short_messages_is_at_most_one(label):
    (code,) = choice.make_estimators([label])
    for length in (0, 1):
        strings = [bytes(item) for item in product(range(256), repeat=length)]
        payloads = [b"".join(code.compress([item], length)) for item in strings]
        assert len(set(payloads)) == len(strings)
        assert sum(256.0 ** -len(payload) for payload in payloads) <= 1


def test_deficiency_is_what_the_best_message_saves():
    found = kolmo.bounds(samples()["text"][:5000], ["zlib", "bz2", "lzma", "entropy"])
    assert found.deficiency_bits == 40_000 - found.best.bound_bits > 10_000
    for row in found.rows:
        if row.kind == "estimate":
            assert row.deficiency_bits is None
        else:
            assert row.deficiency_bits == 40_000 - row.bound_bits


def test_deficiency_of_noise_is_less_than_nothing():
    found = kolmo.bounds(random.Random(1).randbytes(1000))
    assert -40 < found.deficiency_bits < 0


def test_deficiency_is_unknown_without_a_bound():
    assert kolmo.bounds(b"abc", ["entropy"]).deficiency_bits is None
