"""Entropies from counts: published and hand-derived values, twins, exact biases, error bars."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import entropies as naive
from scipy import special, stats

from kolmo.complexity import entropies, errorbars, polygamma
from kolmo.complexity.empirical import empirical_entropy_bits
from kolmo.complexity.entropies import (
    chao_shen_entropy,
    grassberger_entropy,
    miller_madow_entropy,
    plug_in_entropy,
    rate_bits,
)
from kolmo.complexity.kernels import count_at_positions, suffix_array
from kolmo.complexity.nsb import nsb_entropy
from kolmo.errors import ParameterError

LN2 = math.log(2)
FORMULAS = [plug_in_entropy, miller_madow_entropy, grassberger_entropy, chao_shen_entropy]
PUBLISHED = [4, 12, 4, 5, 3, 1, 5, 1, 2, 2, 2, 2, 11, 3, 4, 12, 12, 1, 2]
counts = st.lists(st.integers(1, 60), min_size=1, max_size=30)
texts = st.one_of(st.binary(max_size=80), st.text("ab", max_size=200).map(str.encode))


def draws(seed: int, n: int, chances: list[float]) -> bytes:
    """Return independent symbols with these chances."""
    uniform = np.random.Generator(np.random.PCG64(seed)).random(n)
    return np.searchsorted(np.cumsum(chances)[:-1], uniform, side="right").astype("u1").tobytes()


def chain(seed: int, n: int, after_zero: float, after_one: float) -> bytes:
    """Return a Markov chain of bits with these chances of a 1."""
    state, text = 0, bytearray()
    for uniform in np.random.Generator(np.random.PCG64(seed)).random(n):
        state = int(uniform < (after_one if state else after_zero))
        text.append(state)
    return bytes(text)


# --- hand-derived and published values


@pytest.mark.parametrize("formula", FORMULAS)
def test_entropy_of_no_symbols_is_zero(formula):
    assert formula({}) == 0.0


def test_miller_madow_adds_half_a_degree_of_freedom_per_sample():
    """3, 1 and 1 of five: plug-in 1.370951 bits, and 2 / 10 nats."""
    plug_in = 0.6 * math.log2(5 / 3) + 0.4 * math.log2(5)
    assert plug_in == pytest.approx(1.370951, abs=1e-6)
    assert miller_madow_entropy({3: 1, 1: 2}) == pytest.approx(plug_in + 0.2 / LN2)


def test_grassberger_starts_as_published():
    """G(1) = -gamma - ln 2, G(2n + 1) = G(2n), G(2n + 2) = G(2n) + 2 / (2n + 1)."""
    g1 = -np.euler_gamma - LN2
    expected = [g1, g1 + 2, g1 + 2, g1 + 2 + 2 / 3, g1 + 2 + 2 / 3, g1 + 2 + 2 / 3 + 2 / 5]
    assert [entropies._grassberger(n) for n in range(1, 7)] == pytest.approx(expected, abs=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 19, 20, 21, 1000, 10**6 + 1, 10**9])
def test_grassberger_matches_digammas(n):
    assert entropies._grassberger(n) == pytest.approx(naive.grassberger_g(n), rel=1e-13)


def test_chao_shen_of_a_hand_derived_sample():
    """2, 1, 1: half of the four symbols occur once, so C = 1/2; shares 1/4, 1/8, 1/8."""
    quarter = 0.25 * 2 / (1 - 0.75**4)
    eighth = 0.125 * 3 / (1 - 0.875**4)
    assert chao_shen_entropy({2: 1, 1: 2}) == pytest.approx(quarter + 2 * eighth)


def test_chao_shen_of_symbols_that_all_occur_once_has_some_coverage():
    """Four of four: three count as such, so C = 1/4 and each share is 1/16."""
    expected = 4 * (4 / 16) / (1 - (15 / 16) ** 4)
    assert chao_shen_entropy({1: 4}) == pytest.approx(expected)
    assert chao_shen_entropy({1: 1}) == 0.0


def test_nsb_reproduces_the_published_value():
    """A value that other implementations print: 2.806097 nats, deviation .1195, of K = 100."""
    found = nsb_entropy(Counter(PUBLISHED), 100)
    assert found.mean_bits * LN2 == pytest.approx(2.806097, abs=1e-6)
    assert found.deviation_bits * LN2 == pytest.approx(0.1195, abs=5e-5)


@pytest.mark.parametrize("alphabet", [2, 3, 256, 1 << 16])
def test_nsb_of_one_symbol_keeps_the_prior_mean(alphabet):
    """One symbol says nothing: the prior is flat from 0 to log2 K, symmetric about its half."""
    assert nsb_entropy({1: 1}, alphabet).mean_bits == pytest.approx(math.log2(alphabet) / 2)


@pytest.mark.parametrize(
    ("tally", "alphabet"),
    [
        (Counter(PUBLISHED), 100),
        (Counter(PUBLISHED), 19),
        ({1: 1}, 20),
        ({1: 12}, 40),
        ({500: 1}, 30),
        ({3: 2}, 2),
        ({40: 1, 7: 3, 1: 5}, 60),
    ],
)
def test_nsb_matches_its_twin(tally, alphabet):
    bins = [count for count, times in tally.items() for _ in range(times)]
    mean, deviation = naive.nsb(bins, alphabet)
    found = nsb_entropy(tally, alphabet)
    assert found.mean_bits * LN2 == pytest.approx(mean, rel=1e-6)
    assert found.deviation_bits * LN2 == pytest.approx(deviation, rel=1e-5)


@pytest.mark.parametrize(
    ("tally", "alphabet", "bits"),
    [
        ({10**9: 256}, 256, 8.0),
        ({10**9: 1 << 16}, 1 << 16, 16.0),
        ({10**9: 1, 1: 1}, 256, 0.0),
        ({10**12: 2}, 2, 1.0),
    ],
)
def test_nsb_is_stable_for_large_counts(tally, alphabet, bits):
    found = nsb_entropy(tally, alphabet)
    assert found.mean_bits == pytest.approx(bits, abs=1e-6)
    assert 0 <= found.deviation_bits < 1e-6


def test_nsb_of_many_samples_has_the_deviation_of_the_plug_in():
    """Var = (sum p ln^2 p - H^2) / n, by the delta method."""
    shares = np.array([0.7, 0.2, 0.1])
    h = -(shares * np.log(shares)).sum()
    deviation = math.sqrt(((shares * np.log(shares) ** 2).sum() - h**2) / 10**7)
    found = nsb_entropy(Counter((shares * 10**7).round().astype(int).tolist()), 3)
    assert found.mean_bits * LN2 == pytest.approx(h, abs=deviation / 100)
    assert found.deviation_bits * LN2 == pytest.approx(deviation, rel=1e-3)


def test_nsb_refuses_fewer_possible_symbols_than_occur():
    with pytest.raises(ParameterError, match=r"alphabet too small: got 2, but 3 different symbols"):
        nsb_entropy({1: 3}, 2)


# --- twins


@settings(deadline=None, max_examples=200)
@given(counts)
def test_formulas_match_their_twins(sample):
    tally = Counter(sample)
    assert plug_in_entropy(tally) * LN2 == pytest.approx(naive.plug_in(sample), abs=1e-12)
    assert grassberger_entropy(tally) * LN2 == pytest.approx(naive.grassberger(sample), abs=1e-12)
    assert chao_shen_entropy(tally) * LN2 == pytest.approx(naive.chao_shen(sample), rel=1e-9)


@settings(deadline=None, max_examples=200)
@given(texts, st.integers(0, 5))
def test_counts_at_positions_match_their_twin(text, width):
    symbols = np.frombuffer(text, np.uint8)
    stop = max(0, len(text) - width)
    found = np.empty(len(text), np.int32)
    count_at_positions(symbols, suffix_array(symbols), width, stop, found)
    assert found[:stop].tolist() == naive.occurrences(text, width, stop)


@settings(deadline=None, max_examples=100)
@given(texts.filter(lambda text: len(text) > 12), st.integers(0, 4))
def test_error_matches_its_twin(text, order):
    n = len(text) - order
    size = math.isqrt(n)
    sums = naive.surprisal_sums(text, order, size)
    expected = math.sqrt(n / size * np.var(sums, ddof=1))
    assert errorbars.entropy_error_bits(text, order) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_error_does_not_depend_on_the_edges_of_chunks(order, monkeypatch):
    text = draws(1, 500, [0.5, 0.3, 0.2])
    whole = errorbars.entropy_error_bits(text, order)
    monkeypatch.setattr(errorbars, "_CHUNK_SYMBOLS", 50)
    assert errorbars.entropy_error_bits(text, order) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (polygamma.log_gamma, special.gammaln),
        (polygamma.digamma, special.digamma),
        (polygamma.trigamma, lambda x: special.polygamma(1, x)),
    ],
)
def test_polygamma_functions_match_scipy(ours, theirs):
    x = np.concatenate([np.logspace(-25, 15, 500), np.arange(1, 41) / 2])
    expected = theirs(x)
    assert (np.abs(ours(x) - expected) / (1 + np.abs(expected))).max() < 1e-13


def test_log_rising_keeps_its_digits_where_gammas_cancel():
    """ln(x (x + 1) (x + 2)) for large x, and the factorial from 1 on."""
    x = np.array([1e-9, 1.0, 9.999, 10.0, 1e6, 1e12])
    expected = np.log(x) + np.log(x + 1) + np.log(x + 2)
    found = polygamma.log_rising(x, np.full(6, 3.0))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-13)


# --- block entropies


@settings(deadline=None, max_examples=100)
@given(texts, st.integers(0, 4))
def test_difference_of_plug_in_block_entropies_is_the_entropy_of_order_k(text, order):
    assert rate_bits(text, order, plug_in_entropy) == empirical_entropy_bits(text, order)
    if len(text) > order:
        found = rate_bits(text, order, lambda tally: plug_in_entropy(tally))
        assert found == pytest.approx(empirical_entropy_bits(text, order), abs=1e-9)


@pytest.mark.parametrize("formula", FORMULAS)
def test_text_no_longer_than_its_context_has_no_bits(formula):
    assert rate_bits(b"abc", 3, formula) == rate_bits(b"", 0, formula) == 0.0


def test_corrections_help_where_contexts_are_rare():
    """Fair bits, n = 2,000 and 256 contexts: the plug-in lies 128 / n / ln 2 = .092 bit below.

    The spread of these values is below .004 bit; the margins are 5 of it or more.
    """
    text = draws(3, 2000, [0.5, 0.5])
    plug_in, *corrected = (rate_bits(text, 8, formula) / 2000 for formula in FORMULAS[:3])
    assert plug_in == pytest.approx(1 - 0.092, abs=0.02)
    for value in corrected:
        assert value == pytest.approx(1, abs=0.025)


# --- bias, exactly: these two formulas are sums over symbols, and a count is binomial


def exact_mean(formula, chances: list[float], n: int) -> float:
    """Return the expectation of an estimate that is a sum of terms of single counts, in nats."""
    ks = np.arange(1, n + 1)
    if formula is grassberger_entropy:
        terms = ks / n * (math.log(n) - np.array([entropies._grassberger(k) for k in ks.tolist()]))
    else:
        terms = ks / n * np.log(n / ks)
    return sum(float(stats.binom.pmf(ks, n, p) @ terms) for p in chances)


@pytest.mark.parametrize(("symbols", "n"), [(64, 64), (64, 128), (256, 300)])
def test_grassberger_has_far_less_bias_than_the_plug_in(symbols, n):
    """Uniform symbols, one or two samples of each: the plug-in's bias is about -(K - 1) / 2n."""
    chances, h = [1 / symbols] * symbols, math.log(symbols)
    plug_in = exact_mean(plug_in_entropy, chances, n) - h
    assert plug_in < -0.2
    assert abs(exact_mean(grassberger_entropy, chances, n) - h) < -plug_in / 5


def test_miller_madow_removes_the_first_term_of_the_bias():
    """All of K = 8 symbols are common, n = 1,000: what is left is of order 1 / n**2."""
    chances = [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05]
    h = -sum(p * math.log(p) for p in chances)
    bias = exact_mean(plug_in_entropy, chances, 1000) - h
    assert bias == pytest.approx(-7 / 2000, abs=5e-5)


# --- error bars: they cover the truth as often as they should


def coverage(found: list[tuple[float, float]], truth: float) -> float:
    """Return how often the truth lies within two standard errors."""
    return float(np.mean([abs(value - truth) <= 2 * error for value, error in found]))


def miller_madow(text: bytes, order: int) -> tuple[float, float]:
    error = errorbars.entropy_error_bits(text, order)
    assert error is not None
    return rate_bits(text, order, miller_madow_entropy), error


def test_error_bars_cover_the_entropy_of_independent_symbols():
    """150 samples, 95.4 % each: below 88 % with chance 2e-4; a third of the error covers half."""
    n, chances = 3000, [0.6, 0.3, 0.1]
    truth = -n * sum(p * math.log2(p) for p in chances)
    found = [miller_madow(draws(seed, n, chances), 0) for seed in range(150)]
    assert coverage(found, truth) > 0.88
    assert coverage([(value, error / 3) for value, error in found], truth) < 0.7
    assert coverage(found, truth * 1.05) < 0.5


def test_error_bars_know_the_dependence_between_symbols():
    """A sticky chain: with independent symbols' errors order 0 would cover far less.

    100 samples, about 93 % each with 44 batches: below 82 % with chance 2e-4.
    """
    n, stay = 2000, 0.9
    found = [miller_madow(chain(seed, n, 1 - stay + 0.1, stay), 0) for seed in range(100)]
    one = 0.2 / (0.2 + 0.1)
    truth = -n * (one * math.log2(one) + (1 - one) * math.log2(1 - one))
    assert coverage(found, truth) > 0.82
    independent = math.sqrt(n * one * (1 - one)) * abs(math.log2(one / (1 - one)))
    assert coverage([(value, independent) for value, _ in found], truth) < 0.75


def test_nsb_error_covers_where_samples_are_few():
    """40 samples of 64 symbols whose entropy is drawn flat, as its prior says: 95 % in all.

    The posterior is about that of the drawn sources; 100 of them, below 85 % with chance 1e-4.
    """
    generator = np.random.Generator(np.random.PCG64(11))
    found = []
    for _ in range(100):
        shares = generator.dirichlet(np.full(64, flat_concentration(64, generator.random())))
        shares = shares[shares > 0]
        sample = np.bincount(np.searchsorted(np.cumsum(shares)[:-1], generator.random(40)))
        mean, deviation = nsb_entropy(Counter(sample[sample > 0].tolist()), 64)
        found.append((mean + (shares * np.log2(shares)).sum(), deviation))
    assert coverage(found, 0.0) > 0.85
    assert coverage([(value + 1, error) for value, error in found], 0.0) < 0.6


def flat_concentration(alphabet: int, quantile: float) -> float:
    """Return b whose prior mean entropy is so much of ln K, by bisection."""
    low, high = 1e-6, 1e6
    while high / low > 1.001:
        middle = math.sqrt(low * high)
        mean = special.digamma(alphabet * middle + 1) - special.digamma(middle + 1)
        low, high = (middle, high) if mean < quantile * math.log(alphabet) else (low, middle)
    return low


@pytest.mark.parametrize("text", [b"", b"a", b"abc"])
def test_few_symbols_have_no_error(text):
    assert errorbars.entropy_error_bits(text, 0) is None


def test_constant_text_has_no_error_at_all():
    assert errorbars.entropy_error_bits(b"a" * 100, 0) == 0.0
    assert errorbars.entropy_error_bits(b"ab" * 50, 2) == 0.0
