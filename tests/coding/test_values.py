"""Published and hand-derived code lengths, before any self-consistency."""

import math
import random
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from naive import coding as naive
from naive.mdl import two_part_bits

from kolmo.coding import comp
from kolmo.coding.continuous import Normal
from kolmo.coding.counts import NML, Enumerative, NMLCounts, UniformCounts
from kolmo.coding.discrete import Categorical, Uniform, Uniforms
from kolmo.coding.integers import EliasDelta, EliasGamma, EliasOmega, fold, unfold
from kolmo.coding.logstar import LOG_STAR_CONSTANT, LogStar, log_star_bits
from kolmo.coding.rangecoder import RangeDecoder
from kolmo.coding.urn import KT, Arrangement, Succession, Urn
from kolmo.errors import DecodeError, ParameterError

WORDS = [*product((0, 1), repeat=10)]
OMEGA_BITS = {1: 1, 10: 7, 100: 13, 1000: 17, 65535: 23, 65536: 28, 10**6: 31}
EXACT_SUMS = {
    (2, 1): Fraction(2),
    (2, 2): Fraction(5, 2),
    (2, 3): Fraction(26, 9),
    (2, 4): Fraction(103, 32),
    (2, 10): Fraction(7281587, 1562500),
    (3, 4): Fraction(231, 32),
    (3, 5): Fraction(5319, 625),
    (4, 6): Fraction(1709, 81),
    (6, 4): Fraction(591, 16),
}
SUMS_BITS = {
    (2, 10): 2.2203967260,
    (3, 10): 3.8738344233,
    (10, 10): 10.9576966396,
    (100, 10): 34.9919773954,
    (2, 1000): 5.3328229482,
    (10, 1000): 37.0296594944,
    (100, 1000): 251.1146924852,
    (2, 10**6): 10.2922996682,
}
# counts: maximum likelihood, NML, KT, enumerative
COUNTS_BITS = {
    (3, 7): (8.812909, 11.033306, 10.840129, 10.366322),
    (10, 0): (0, 2.220397, 2.504738, 3.459432),
    (4, 3, 2, 1): (18.464393, 23.710851, 23.044394, 21.781007),
}


@pytest.mark.parametrize(
    ("code", "value", "bits"),
    [
        *((EliasOmega(), value, bits) for value, bits in OMEGA_BITS.items()),
        (EliasDelta(), 10, 8),
        (EliasDelta(), 100, 11),
        (EliasDelta(), 1000, 16),
        (EliasGamma(), 100, 13),
    ],
)
def test_elias_lengths_are_the_published_ones(code, value, bits):
    assert code.codelength(value) == bits


@pytest.mark.parametrize(
    ("code", "word"),
    [
        (EliasGamma(), naive.gamma_word),
        (EliasDelta(), naive.delta_word),
        (EliasOmega(), naive.omega_word),
    ],
)
def test_elias_lengths_are_those_of_the_words(code, word):
    for value in [*range(1, 3000), 2**40 - 1, 10**400]:
        assert code.codelength(value) == len(word(value))


def test_folding_visits_every_integer_once():
    assert [unfold(place) for place in range(1, 8)] == [0, -1, 1, -2, 2, -3, 3]
    assert all(unfold(fold(value)) == value for value in (-(10**50), -1, 0, 1, 10**50))


def test_log_star_follows_rissanen():
    """L*(1) = log2 c, L*(2) = log2 c + 1, L*(16) = log2 c + 4 + 2 + 1 (1983, equation 2.11)."""
    constant = math.log2(2.86510841584)
    assert log_star_bits(1) == pytest.approx(constant)
    assert log_star_bits(2) == pytest.approx(constant + 1)
    assert log_star_bits(16) == pytest.approx(constant + 7)
    assert log_star_bits(2**65536) == pytest.approx(constant + 65536 + 16 + 4 + 2 + 1)


def test_log_star_constant_is_the_limit_of_the_sum():
    """Sum over n < 2**16, and ln 2 times itself for each further octave of logarithms.

    The tail from 2**16 is ln 2 times the integral from 16, that is ln(2)**2 from 4, ln(2)**3
    from 2, ln(2)**4 from 1, which is the whole integral T from 1 = 1 + ln(2) T over [1, 2].
    """
    head = math.fsum(
        2 ** -(log_star_bits(n) - math.log2(LOG_STAR_CONSTANT)) for n in range(1, 2**16)
    )
    integral = math.log(2) / (1 - math.log(2))  # of 2**-log* from 1: int_1^2 dx / x = ln 2
    last = 2.0 ** -(log_star_bits(2**16) - math.log2(LOG_STAR_CONSTANT))
    tail = math.log(2) ** 4 * integral + last / 2
    assert head + tail == pytest.approx(LOG_STAR_CONSTANT, abs=1e-7)


def test_log_star_that_is_sent_is_near_the_textbook():
    source = random.Random(2)
    values = [*range(1, 3000), *(source.getrandbits(k) | 1 << k for k in range(12, 1400, 3))]
    code = LogStar()
    worst = max(abs(code.codelength(n) - log_star_bits(n)) for n in values)
    assert max(abs(code.codelength(n) - log_star_bits(n)) for n in range(1, 64)) < 1e-5
    assert 0.001 < worst < 0.04


@pytest.mark.parametrize(("key", "value"), EXACT_SUMS.items())
def test_multinomial_complexity_is_the_exact_rational(key, value):
    assert naive.multinomial_complexity(*key) == value
    assert 2 ** comp.multinomial_complexity_bits(*key) == pytest.approx(float(value), rel=1e-13)


@pytest.mark.parametrize(("key", "bits"), SUMS_BITS.items())
def test_multinomial_complexity_bits(key, bits):
    assert comp.multinomial_complexity_bits(*key) == pytest.approx(bits, abs=1e-10)


def test_multinomial_complexity_beyond_doubles_follows_its_recurrence():
    exact = naive.multinomial_recurrence(400, 700)
    scaled = math.log2(exact.numerator) - math.log2(exact.denominator)
    assert comp.multinomial_complexity_bits(400, 700) == pytest.approx(scaled, abs=1e-9)
    assert comp.multinomial_complexity_bits(1000, 10**6) > 1024  # no double holds the sum


def test_multinomial_complexity_grows_with_both_arguments():
    table = [[comp.multinomial_complexity_bits(k, n) for n in range(1, 40)] for k in range(2, 20)]
    assert (np.diff(table, axis=0) > 0).all()
    assert (np.diff(table, axis=1) > 0).all()
    assert comp.multinomial_complexity_bits(1, 10) == 0
    assert comp.multinomial_complexity_bits(5, 0) == 0


def test_poisson_and_geometric_complexity():
    """Spec: nM = 100, and n = 10 with M = 10."""
    assert comp.poisson_complexity(100) == pytest.approx(8.33874097, abs=1e-8)
    assert comp.geometric_complexity(10, 100) == pytest.approx(5.05848275, abs=1e-8)


def test_poisson_complexity_agrees_with_exact_terms():
    direct = 1 + math.fsum(
        float(Fraction(t**t, math.factorial(t))) * math.exp(-t) for t in range(1, 140)
    )
    assert comp.poisson_complexity(139) == pytest.approx(direct, rel=1e-12)
    assert comp.poisson_complexity(0) == 1


@pytest.mark.parametrize(("counts", "bits"), COUNTS_BITS.items())
def test_lengths_from_counts(counts, bits):
    size, length = len(counts), sum(counts)
    found = (
        comp.maximum_likelihood_bits(counts),
        comp.nml_bits(counts),
        KT(size, length).counts_bits(counts),
        Enumerative(size, length).counts_bits(counts),
    )
    assert found == pytest.approx(bits, abs=1e-6)
    assert NML(size, length).counts_bits(counts) == pytest.approx(bits[1], abs=1e-6)
    assert Succession(size, length).counts_bits(counts) == pytest.approx(found[3], abs=1e-12)


@pytest.mark.parametrize("code", [KT(2, 10), Enumerative(2, 10), NML(2, 10)])
def test_codes_of_ten_binary_symbols_leave_nothing_unused(code):
    assert math.fsum(2 ** -code.codelength(np.array(word)) for word in WORDS) == pytest.approx(1)


def test_bare_maximum_likelihood_is_no_code():
    """Its Kraft sum over all words of ten binary symbols is C(2, 10); spec: 4.660216."""
    lengths = [comp.maximum_likelihood_bits([10 - sum(word), sum(word)]) for word in WORDS]
    assert math.fsum(2**-bits for bits in lengths) == pytest.approx(float(EXACT_SUMS[2, 10]))


def test_textbook_two_part_code_wastes_words():
    """C(2, 10) / 11: eleven counts cost the same (Grünwald 2004, example 2.8); spec: .423656."""
    total = math.fsum(2 ** -two_part_bits(word) for word in WORDS)
    assert total == pytest.approx(0.423656, abs=1e-6)


def test_binary_complexity_grows_as_half_a_logarithm():
    """1/2 log2(n pi / 2): .325748 is right, the -2.674 of Grünwald 2004, example 2.17, is not."""
    for length in (10**6, 10**8):
        rest = comp.multinomial_complexity_bits(2, length) - math.log2(length) / 2
        assert rest == pytest.approx(0.325748, abs=1 / math.sqrt(length))


def test_kt_is_the_product_of_its_shares():
    symbols = [0, 2, 2, 1, 0, 2, 2, 2, 1, 0]
    exact = naive.urn_probability(symbols, [1, 1, 1], 2)
    assert KT(3, 10).codelength(np.array(symbols)) == pytest.approx(-math.log2(exact), abs=1e-12)


@pytest.mark.parametrize(("weights", "step"), [([1, 4, 2], 3), ([300, 500, 900], -1), ([3, 1], 0)])
def test_urn_lengths_of_long_sequences_are_the_product_of_their_shares(weights, step):
    source = random.Random(4)
    symbols = [i for i, weight in enumerate(weights) for _ in range(min(weight, 290))]
    source.shuffle(symbols)
    exact = naive.urn_probability(symbols, weights, step)
    bits = math.log2(exact.denominator) - math.log2(exact.numerator)
    urn = Urn(weights, step=step, length=len(symbols))
    assert urn.codelength(np.array(symbols)) == pytest.approx(bits, abs=1e-8)


def test_counts_codes_are_their_formulas():
    for counts in naive.compositions(7, 3):
        assert 2 ** UniformCounts(3, 7).codelength(counts) == pytest.approx(math.comb(9, 2))
        share = naive.arrangements(counts) * naive.likelihood(counts)
        ideal = -math.log2(share / naive.multinomial_complexity(3, 7))
        assert NMLCounts(3, 7).codelength(counts) == pytest.approx(ideal, abs=1e-7)


@pytest.mark.parametrize(
    "counts",
    [(500_000, 500_000), (999_999, 1), tuple(range(100)), (3000,) * 40, (5, 0, 0, 1, 2, 0, 9)],
)
def test_nml_that_is_sent_is_near_the_textbook(counts):
    sent = NML(len(counts), sum(counts)).counts_bits(counts)
    assert sent == pytest.approx(comp.nml_bits(counts), abs=0.002)


def test_nml_beyond_the_range_of_doubles():
    counts = tuple(int(400 / math.sqrt(1 + i * 199 % 500)) for i in range(500))
    assert comp.multinomial_complexity_bits(500, sum(counts)) > 1024
    sent = NML(500, sum(counts)).counts_bits(counts)
    assert sent == pytest.approx(comp.nml_bits(counts), abs=0.02)


def test_nml_that_is_sent_is_shorter_for_counts_of_no_share():
    """Every half of a group has a share of 2**-32 at least, where the textbook's is 2**-200."""
    counts = (0,) * 99 + (10_000,)
    assert NML(100, 10_000).counts_bits(counts) <= 32 * 7
    assert comp.nml_bits(counts) > 400


def test_uniform_sequence_costs_what_its_values_do():
    sizes = [1, 6, 2**24 - 1, 2**24, 10**9, 2**62]
    values = [0, 5, 10**6, 77, 10**9 - 1, 2**61 + 3]
    alone = sum(Uniform(n).codelength(x) for n, x in zip(sizes, values, strict=True))
    together = Uniforms(np.array(sizes)).codelength(np.array(values))
    assert together == pytest.approx(alone, abs=1e-9)


def test_simple_lengths():
    assert Uniform(1).codelength(0) == 0
    assert Uniform(6).codelength(5) == pytest.approx(math.log2(6))
    assert Uniform(10**400).codelength(3) == pytest.approx(400 * math.log2(10), abs=1e-6)
    assert Categorical([1, 2, 5]).codelength(0) == 3
    assert 2 ** Arrangement([2, 3]).counts_bits([2, 3]) == pytest.approx(10)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uniform(0),
        lambda: Uniforms(np.array([1, 0])),
        lambda: Categorical([]),
        lambda: Categorical([0, 0]),
        lambda: Categorical([-1, 2]),
        lambda: Categorical([2**32, 1]),
        lambda: KT(0, 5),
        lambda: KT(2, 2**31),
        lambda: KT(2, -1),
        lambda: Urn([2, 2], step=-1, length=5),
        lambda: NML(2, 2**24 + 1),
        lambda: Normal(0, 0),
        lambda: Normal(0, 1, -1),
        lambda: comp.multinomial_complexity_bits(0, 3),
        lambda: comp.multinomial_complexity_bits(2, -3),
        lambda: comp.poisson_complexity(-1),
        lambda: comp.geometric_complexity(0, 3),
        lambda: EliasGamma().codelength(-(10**5000)),
        lambda: Uniform(10**5000).codelength(10**5000),
        lambda: LogStar().codelength(0),
    ],
)
def test_impossible_request_is_a_parameter_error(make):
    with pytest.raises(ParameterError):
        make()


def test_undecodable_number_of_thousands_of_digits_is_a_decode_error():
    code = Uniform(2**20_000 + 2**19_999 + 1)
    with pytest.raises(DecodeError):
        code.decode(RangeDecoder(b"\xff\xff\xff" + b"\xff" * 2600))
