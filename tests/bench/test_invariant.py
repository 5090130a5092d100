"""The law of all codes against exact fractions, its null law, and codes that miscount."""

import math
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kolmo.bench.invariant import ALARM_BITS, judge

REGRETS = st.lists(st.floats(-60, 60), min_size=1, max_size=30)


def tail_bits(count, least, bits):
    """Return -log2 P(Binomial(count, 2^-bits) >= least) for a whole number of bits, exactly."""
    chance = Fraction(1, 2**bits)
    tail = sum(
        math.comb(count, k) * chance**k * (1 - chance) ** (count - k)
        for k in range(least, count + 1)
    )
    return math.log2(tail.denominator) - math.log2(tail.numerator)


def shared(count, seed):
    """Return the regrets of an ideal code whose p-values 2^r are uniform: the worst honest case."""
    source = random.Random(seed)
    return [math.log2(1 - source.random()) for _ in range(count)]


def false_alarms(bits, *, count, repeats, shift=0.0):
    """Return how often ``count`` honest regrets, shifted, give evidence of so many bits."""
    runs = ([one + shift for one in shared(count, seed)] for seed in range(repeats))
    return sum(judge(run).evidence_bits >= bits for run in runs)


@pytest.mark.parametrize("bits", [0.5, 1, 19.999, 20, 30, 1023, 2000])
def test_evidence_of_one_regret_is_how_far_it_is_below_the_truth(bits):
    verdict = judge([-bits])
    assert verdict.evidence_bits == pytest.approx(bits, rel=1e-12)
    assert verdict.worst_bits == -bits
    assert verdict.violated == (bits >= ALARM_BITS)


@pytest.mark.parametrize(
    ("count", "least", "bits"), [(2, 1, 20), (10, 3, 5), (20, 20, 2), (50, 5, 8), (200, 9, 9)]
)
def test_evidence_of_k_equal_regrets_is_the_binomial_tail_less_bonferroni(count, least, bits):
    verdict = judge([-float(bits)] * least + [3.0] * (count - least))
    exact = tail_bits(count, least, bits) - math.log2(count)
    assert exact - 0.02 <= verdict.evidence_bits <= exact + 1e-9


def test_evidence_of_all_regrets_equal_is_their_sum_less_bonferroni():
    assert judge([-1.5] * 64).evidence_bits == pytest.approx(1.5 * 64 - 6, rel=1e-12)


def test_evidence_takes_the_best_of_all_k():
    one = tail_bits(8, 1, 30) - 3
    four = tail_bits(8, 4, 10) - 3
    few = judge([-10.0] * 4 + [0.0] * 4).evidence_bits
    both = judge([-30.0, *[-10.0] * 3, *[0.0] * 4]).evidence_bits
    assert few == pytest.approx(four, abs=0.02)
    assert both == pytest.approx(max(one, four), abs=0.02)


@given(st.lists(st.floats(0, 1e9), max_size=50))
def test_evidence_is_none_for_regrets_that_are_not_negative(regrets):
    assert judge(regrets).evidence_bits == 0
    assert not judge(regrets).violated


@pytest.mark.parametrize("regret", [-0.0, -5e-324, -1e-17, -1e-16, -1e-12])
def test_evidence_is_none_for_regrets_of_rounding(regret):
    assert judge([regret] * 3).evidence_bits == pytest.approx(0, abs=1e-9)


def test_evidence_of_no_regrets_is_none():
    verdict = judge([])
    assert (verdict.evidence_bits, verdict.violated) == (0, False)


@pytest.mark.parametrize("count", [1, 3, 100])
def test_evidence_of_huge_regrets_does_not_overflow(count):
    verdict = judge([-1e6] * count + [1e6] * count)
    assert verdict.violated
    assert verdict.worst_bits == -1e6
    choices = math.log2(math.comb(2 * count, count)) + math.log2(2 * count)
    assert verdict.evidence_bits == pytest.approx(1e6 * count - choices, abs=1e-3)


def test_evidence_of_very_many_regrets_is_found_at_once():
    """All 200,000 negative: a sum of the tail for each k would take hours."""
    assert judge([-1 - i * 2**-20 for i in range(200_000)]).violated


@given(REGRETS, st.data())
def test_evidence_grows_when_a_regret_falls(regrets, data):
    place = data.draw(st.integers(0, len(regrets) - 1))
    lower = list(regrets)
    lower[place] -= data.draw(st.floats(0, 40))
    # The bound of the tail is within a few hundredths of a bit, and so is the order.
    assert judge(lower).evidence_bits >= judge(regrets).evidence_bits - 0.05
    assert judge(lower).worst_bits <= judge(regrets).worst_bits


@given(st.permutations(list(range(-12, 13))))
def test_verdict_does_not_depend_on_the_order(regrets):
    assert judge(regrets) == judge(sorted(regrets))


@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("bits", [1, 3, 6])
def test_evidence_under_the_law_is_as_rare_as_it_says(count, bits):
    """P(evidence >= t) <= 2^-t; false alarm below 1e-6 for each, by the binomial tail."""
    repeats = 2000
    seen = false_alarms(bits, count=count, repeats=repeats)
    assert stats.binom.sf(seen - 1, repeats, 2.0**-bits) > 1e-6


def test_evidence_of_one_uniform_value_is_exactly_as_rare_as_it_says():
    """Equality for a single regret; two-sided, false alarm 1e-6: it is no idle bound."""
    seen = false_alarms(2, count=1, repeats=4000)
    assert stats.binomtest(seen, 4000, 0.25).pvalue > 1e-6


def test_evidence_of_a_shifted_law_fails_the_same_test():
    """The twin: regrets one bit too low are seen by the test above this one."""
    seen = false_alarms(3, count=12, repeats=2000, shift=-1.0)
    assert stats.binom.sf(seen - 1, 2000, 2.0**-3) < 1e-12


def test_verdict_catches_a_code_that_is_a_little_too_short_on_every_string():
    """1.2 bits on each of 100 strings: no single one is suspicious, all together are."""
    low = [-1.2] * 100
    assert judge(low).evidence_bits == pytest.approx(120 - math.log2(100), abs=1e-6)
    assert judge(low).violated
    assert not judge([-1.2]).violated
    assert not judge([1.2] * 100).violated


def test_verdict_as_dictionary_says_whether_it_is_violated():
    assert judge([-30.0]).to_dict() == {
        "evidence_bits": pytest.approx(30),
        "worst_bits": -30,
        "violated": True,
    }
