"""The puzzles' laws, counted out at small sizes, and their draws."""

import itertools
import math

import numpy as np
import pytest
from naive import sources as naive
from scipy import stats

from kolmo.bench.tasks.puzzles import Copy, Ngram, Recall, Repeat, Sort
from kolmo.errors import ParameterError

LAWS = [
    (Copy(), naive.again_law(2, 10)),
    (Repeat(), naive.again_law(8, 16)),
    (Sort(2), naive.sort_law(2, 12)),
    (Recall(1), naive.recall_law(1, 8)),
    (Recall(1), naive.recall_law(1, 16)),
    (Ngram(), naive.urn_law(5, 10)),
]
CASES = [
    pytest.param(source, law, id=f"{source.name}-{len(next(iter(law)))}") for source, law in LAWS
]


def array(word):
    return np.array(word, np.uint8)


@pytest.mark.parametrize(("source", "law"), CASES)
def test_every_string_has_its_naive_chance(source, law):
    total = 0.0
    for word in itertools.product((0, 1), repeat=len(next(iter(law)))):
        chance = law.get(word, 0)
        expected = naive.bits_of_chance(chance) if chance else math.inf
        found = source.truth_bits(array(word))
        assert found == pytest.approx(expected, abs=1e-11)
        total += 2**-found
    assert total == pytest.approx(1, abs=1e-10)


def draws_p_value(source, law, count):
    """Return Pearson's chi square of draws, all strings of the law expected."""
    seen = dict.fromkeys(law, 0)
    n = len(next(iter(law)))
    for seed in range(count):
        seen[tuple(source.draw(n, seed).tolist())] += 1
    square = sum(
        (seen[word] - count * float(p)) ** 2 / (count * float(p)) for word, p in law.items()
    )
    return float(stats.chi2.sf(square, len(law) - 1))


@pytest.mark.parametrize(("source", "law"), CASES)
def test_draws_follow_the_law(source, law):
    """A false alarm comes about once in a million for each; the seeds are fixed."""
    assert draws_p_value(source, law, max(2000, 5 * len(law))) > 1e-6


def test_draws_do_not_follow_another_law():
    """Keys drawn with replacement, or one context for all: the test above would see it."""
    flat = dict.fromkeys(naive.urn_law(5, 10), 2.0**-10)
    assert draws_p_value(Ngram(), flat, 5120) < 1e-6
    skewed = {word: 1.2 - 0.4 * word[-1] for word in naive.again_law(2, 10)}
    total = sum(skewed.values())
    assert draws_p_value(Copy(), {w: p / total for w, p in skewed.items()}, 2000) < 1e-6


def test_order_of_ngram_matters_after_ten_symbols():
    word = tuple(Ngram().draw(300, 7).tolist())
    exact = naive.bits_of_chance(naive.urn_chance(5, word))
    assert Ngram().truth_bits(array(word)) == pytest.approx(exact, rel=1e-12)
    assert naive.bits_of_chance(naive.urn_chance(4, word)) != pytest.approx(exact, rel=1e-3)


def test_ngram_context_of_one_symbol_costs_the_urn_by_hand():
    """Five free zeros, then four more after 00000: 1/2, 3/4, 5/6, 7/8."""
    expected = 5 - math.log2(1 / 2 * 3 / 4 * 5 / 6 * 7 / 8)
    assert Ngram().truth_bits(np.zeros(9, np.uint8)) == pytest.approx(expected, abs=1e-12)


def test_long_ngram_stays_exact():
    zeros = np.zeros(1 << 20, np.uint8)
    n = (1 << 20) - 5
    expected = 5 + math.log2(math.pi * n) / 2 + math.log2(1 + 1 / (8 * n))
    assert Ngram().truth_bits(zeros) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [1 << 7, 1 << 12, 1 << 16])
def test_recall_costs_keys_values_and_choices(n):
    count = n // 128
    ways = math.perm(2**16, count) * 2 ** (16 * count) * count ** (3 * count)
    bits = Recall().draw(n, 4)
    assert Recall().truth_bits(bits) == pytest.approx(math.log2(ways), rel=1e-13)
    keys = np.packbits(bits).view(">u2")[: 2 * count : 2]
    assert len(set(keys.tolist())) == count


@pytest.mark.parametrize("source", [Copy(), Repeat(), Sort(), Recall()], ids=lambda s: s.name)
def test_one_turned_bit_makes_a_string_impossible(source):
    bits = source.draw(2048, 0)
    assert math.isfinite(source.truth_bits(bits))
    turned = bits.copy()
    turned[-1] ^= 1
    assert source.truth_bits(turned) == math.inf


def test_recall_with_a_key_twice_is_impossible():
    pairs = [5, 1, 5, 1, *[5, 1] * 6]
    assert Recall(4).truth_bits(array(naive.digits(pairs, 4))) == math.inf


def test_recall_refuses_more_keys_than_there_are():
    with pytest.raises(ParameterError, match="'recall' too long: got 24; need at most 16"):
        Recall(1).draw(24, 0)


@pytest.mark.parametrize(
    "source", [Copy(), Repeat(), Sort(), Recall()], ids=lambda source: source.name
)
def test_length_that_does_not_fit_is_refused(source):
    assert len(source.draw(source.multiple, 0)) == source.multiple
    for n in (source.multiple // 2 + 1, -source.multiple):
        with pytest.raises(ParameterError, match="no such length"):
            source.draw(n, 0)
    with pytest.raises(ParameterError, match="no such length"):
        source.truth_bits(np.zeros(source.multiple // 2 + 1, np.uint8))


def test_sorted_half_holds_the_bytes_of_the_first():
    first, second = np.packbits(Sort().draw(4096, 1)).reshape(2, -1)
    assert sorted(first.tolist()) == second.tolist()
