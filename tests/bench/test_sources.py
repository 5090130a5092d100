"""The sources' probabilities, rates and draws, each against a slow twin or a published number."""

import itertools
import math
from fractions import Fraction
from zlib import crc32

import numpy as np
import pytest
from naive import sources as naive
from scipy import stats

from kolmo.bench.tasks.hidden import HiddenMarkov, hidden_rate
from kolmo.bench.tasks.renewal import Renewal
from kolmo.bench.tasks.sources import (
    SOURCES,
    Bernoulli,
    Chain,
    Fair,
    Lag,
    Markov1,
    Markov3,
    stationary,
)
from kolmo.errors import ParameterError

CHAINS = [Fair(), Bernoulli(), Markov1(), Markov3()]
HIDDEN = HiddenMarkov.law
PUBLISHED = {
    "fair": 1.0,
    "bernoulli": 0.46900,
    "markov1": 0.57207,
    "markov3": 0.76079,
    "lag24": 0.46900,
    "renewal": 0.19546,
}


def small_laws():
    """Return sources, perhaps at a small size, with the naive law of all their short strings."""
    yield from ((chain, naive.chain_law(chain.ones, 6)) for chain in CHAINS)
    yield Lag(2), naive.lag_law(2, 0.1, 7)
    yield HiddenMarkov(), naive.hidden_law(*HIDDEN, 6)
    yield Renewal(), naive.renewal_law(Renewal.gaps, Renewal.chances, 24)


def length(law):
    return len(next(iter(law)))


def draws_p_value(source, law, count=4000):
    """Return how likely it is that draws differ so much from the law: Pearson's chi square.

    Strings that the law expects fewer than five times share one cell.
    """
    seen = dict.fromkeys(law, 0)
    for seed in range(count):
        word = tuple(source.draw(length(law), seed).tolist())
        if not law.get(word):
            return 0.0
        seen[word] += 1
    cells = [(seen[word], float(p) * count) for word, p in law.items() if p]
    rare = [cell for cell in cells if cell[1] < 5]
    cells = [cell for cell in cells if cell[1] >= 5]
    if rare:
        cells.append(tuple(map(sum, zip(*rare, strict=True))))
    square = sum((found - due) ** 2 / due for found, due in cells)
    return float(stats.chi2.sf(square, len(cells) - 1))


CASES = [pytest.param(source, law, id=source.name) for source, law in small_laws()]


@pytest.mark.parametrize(("source", "law"), CASES)
def test_chances_of_all_short_strings_are_the_naive_ones(source, law):
    """Of renewal's longer ones only those that end in zeros."""
    assert sum(law.values()) == 1
    for word in itertools.product((0, 1), repeat=min(length(law), 12)):
        word += (0,) * (length(law) - len(word))
        found = source.truth_bits(np.array(word, np.uint8))
        chance = law.get(word, 0)
        expected = naive.bits_of_chance(chance) if chance else math.inf
        assert found == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize(("source", "law"), CASES)
def test_possible_strings_have_their_naive_chances(source, law):
    total = 0.0
    for word, chance in law.items():
        bits = source.truth_bits(np.array(word, np.uint8))
        assert bits == pytest.approx(naive.bits_of_chance(chance), abs=1e-11)
        total += 2**-bits
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("source", "law"), CASES)
def test_draws_follow_the_law(source, law):
    """A false alarm comes once in a million for each source; the seeds are fixed."""
    assert draws_p_value(source, law) > 1e-6


@pytest.mark.parametrize(
    ("source", "law"),
    [
        (Fair(), naive.chain_law((0.45,), 6)),
        (Bernoulli(), naive.chain_law((0.12,), 6)),
        (Markov1(), naive.chain_law((0.13, 0.7), 6)),
        (Markov3(), naive.chain_law((0.9, 0.2, 0.7, 0.4, 0.1, 0.8, 0.3, 0.5), 6)),
        (Lag(2), naive.lag_law(2, 0.13, 7)),
        (HiddenMarkov(), naive.hidden_law(0.02, 0.05, (0.05, 0.8), 6)),
        (Renewal(), naive.renewal_law(Renewal.gaps, (0.5, 0.35, 0.15), 24)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_draws_do_not_follow_another_law(source, law):
    """The twin of the test above: without it, that test might see nothing."""
    assert draws_p_value(source, law) < 1e-6


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_chances_add_up_for_strings_shorter_than_the_memory(chain, n):
    words = itertools.product((0, 1), repeat=n)
    total = sum(2 ** -chain.truth_bits(np.array(word, np.uint8)) for word in words)
    assert total == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_long_strings_have_their_exact_chance(chain):
    bits = chain.draw(400, 5)
    exact = naive.bits_of_chance(naive.chain_chance(chain.ones, tuple(bits.tolist())))
    assert chain.truth_bits(bits) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_stationary_law_is_the_exact_one(chain):
    exact = naive.stationary(chain.ones)
    assert sum(exact) == 1
    assert stationary(chain.ones) == pytest.approx([float(p) for p in exact], rel=1e-14)


def test_stationary_law_of_markov1_is_a_quarter_of_ones():
    assert naive.stationary(Markov1.ones) == [Fraction(3, 4), Fraction(1, 4)]


def test_hidden_forward_is_the_normed_one_on_a_long_string():
    bits = HiddenMarkov().draw(20_000, 3)
    assert HiddenMarkov().truth_bits(bits) == pytest.approx(
        naive.hidden_bits(*HIDDEN, bits), rel=1e-12
    )


@pytest.mark.parametrize("bit", [0, 1])
def test_hidden_forward_stays_in_range_for_strings_that_hardly_come(bit):
    bits = np.full(100_000, bit, np.uint8)
    assert HiddenMarkov().truth_bits(bits) == pytest.approx(
        naive.hidden_bits(*HIDDEN, bits), rel=1e-10
    )


@pytest.mark.parametrize("name", PUBLISHED)
def test_rate_is_the_published_one(name):
    assert round(SOURCES[name].rate, 5) == PUBLISHED[name]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_rate_of_a_chain_is_the_growth_of_its_entropy(chain):
    growth = naive.entropy(naive.chain_law(chain.ones, 4))
    growth -= naive.entropy(naive.chain_law(chain.ones, 3))
    assert chain.rate == pytest.approx(growth, abs=1e-12)


def test_rate_of_renewal_is_that_of_its_ages():
    assert Renewal.rate == pytest.approx(naive.renewal_rate(Renewal.gaps, Renewal.chances))


def test_hidden_rate_lies_between_its_bounds():
    low, high = naive.hidden_rate_bounds(*HIDDEN, 18)
    assert high - low < 2e-4
    assert low < HiddenMarkov.rate < high
    assert not low < HiddenMarkov.rate + 2e-4 < high


def test_hidden_rate_does_not_depend_on_the_nodes():
    assert HiddenMarkov.rate == round(HiddenMarkov.rate, 10)
    for nodes in (48, 64, 96):
        assert hidden_rate(HIDDEN, nodes) == pytest.approx(HiddenMarkov.rate, abs=1e-9)


def hidden_rate_of_draws(n):
    """Return the forward algorithm's bits a symbol, and their standard error from 100 parts."""
    bits = naive.hidden_draw(*HIDDEN, n)
    parts = [naive.hidden_bits(*HIDDEN, part) / len(part) for part in bits.reshape(100, -1)]
    return float(np.mean(parts)), float(np.std(parts, ddof=1)) / 10


@pytest.mark.parametrize("n", [400_000, pytest.param(4_000_000, marks=pytest.mark.slow)])
def test_hidden_rate_is_that_of_the_forward_algorithm(n):
    """A false alarm comes once in 100,000 (4.6 standard errors of 99 degrees); the seed is fixed.

    A part starts anew, which costs it less than a bit: a tenth of a standard error.
    """
    mean, error = hidden_rate_of_draws(n)
    assert error < 2.2 / math.sqrt(n)
    assert abs(mean - HiddenMarkov.rate) < 4.6 * error


def expected_bits(source, n):
    free = source.distance if isinstance(source, Lag) else 0
    return free + (n - free) * source.rate


def rate_deviation(source, drawn, n=4096, seeds=40):
    """Return by how many standard errors the mean information of draws is off the rate's."""
    spent = [source.truth_bits(drawn.draw(n, seed)) for seed in range(seeds)]
    error = np.std(spent, ddof=1) / math.sqrt(seeds)
    return abs(np.mean(spent) - expected_bits(source, n)) / error


class Other(Chain):
    name = "other"
    ones = (0.85, 0.25, 0.7, 0.4, 0.1, 0.8, 0.3, 0.6)


@pytest.mark.parametrize("name", [name for name in PUBLISHED if name != "fair"] + ["hmm"])
def test_information_of_draws_is_that_of_the_rate(name):
    """A false alarm comes once in 80,000 (5 standard errors of 39 degrees); the seeds are fixed."""
    assert rate_deviation(SOURCES[name], SOURCES[name]) < 5


@pytest.mark.parametrize("name", ["bernoulli", "markov1", "markov3", "lag24", "hmm"])
def test_information_of_draws_of_another_law_is_not(name):
    assert rate_deviation(SOURCES[name], Other()) > 5


@pytest.mark.parametrize(("name", "share"), [("fair", 1), ("copy", 2), ("repeat", 8), ("sort", 2)])
def test_free_parts_have_as_many_ones_as_zeros(name, share):
    """A false alarm comes once in a million: five standard deviations."""
    n = 1 << 14
    free = n // share
    ones = int(SOURCES[name].draw(n, 1)[:free].sum())
    assert abs(ones - free / 2) < 5 * math.sqrt(free) / 2
    assert abs(int(SOURCES["hmm"].draw(n, 1)[:free].sum()) - free / 2) > 5 * math.sqrt(free) / 2


GOLDEN = {
    "fair": 0xFE15618D,
    "bernoulli": 0x19EF7916,
    "markov1": 0xC9E468F9,
    "markov3": 0x45372BE6,
    "lag24": 0xA9B93F8E,
    "hmm": 0x580E778E,
    "renewal": 0x0F527636,
    "copy": 0xA1DDE9F2,
    "repeat": 0x4CF73972,
    "sort": 0xAA004A4C,
    "recall": 0x2158A65E,
    "ngram": 0xB2979EB9,
}


@pytest.mark.parametrize("name", SOURCES)
def test_draw_has_the_same_bits_on_every_machine(name):
    bits = SOURCES[name].draw(1024, 0)
    assert bits.dtype == np.uint8
    assert crc32(np.packbits(bits).tobytes()) == GOLDEN[name]


@pytest.mark.parametrize("name", SOURCES)
def test_draws_differ_by_seed_and_are_the_same_again(name):
    source = SOURCES[name]
    first = source.draw(2048, 1)
    assert len(first) == 2048
    assert set(first.tolist()) == {0, 1}
    assert np.array_equal(first, source.draw(2048, 1))
    assert not np.array_equal(first, source.draw(2048, 2))
    assert math.isfinite(source.truth_bits(first))


@pytest.mark.parametrize("name", SOURCES)
def test_empty_string_is_certain(name):
    source = SOURCES[name]
    assert len(source.draw(0, 0)) == 0
    assert source.truth_bits(np.zeros(0, np.uint8)) == 0


@pytest.mark.parametrize("name", SOURCES)
def test_source_says_what_it_is(name):
    source = SOURCES[name]
    assert source.name == name
    assert source.about
    assert source.group
    assert source.multiple % 8 == 0
    assert source.rate is None or 0 < source.rate <= 1


def test_no_two_sources_share_their_numbers():
    assert not np.array_equal(Fair().draw(256, 0), SOURCES["copy"].draw(512, 0)[:256])


def test_negative_seed_is_refused():
    with pytest.raises(ParameterError, match="seed out of range: got -1"):
        Fair().draw(8, -1)


@pytest.mark.parametrize("word", ["01", "10001", "0010001", "00100000000", "0" * 20])
def test_impossible_string_of_renewal_has_no_chance(word):
    bits = np.array(list(map(int, word)), np.uint8)
    expected = math.isinf(Renewal().truth_bits(bits))
    assert expected == (word != "00100000000")


def test_open_gap_of_renewal_costs_what_it_excludes():
    bits = np.array([0, 0, 1] + [0] * 7, np.uint8)  # then a gap above 7: the last
    assert Renewal().truth_bits(bits) == pytest.approx(-math.log2(0.5) - math.log2(0.2))
