"""Scores of made-up results against values computed by hand or by scipy."""

import math

import numpy as np
import pytest
from scipy import stats

from kolmo.bench.scoring import (
    Interval,
    is_code,
    mean_interval,
    pooled,
    score_slopes,
    score_sources,
    slope_interval,
)
from kolmo.bench.suite import Cell, failures_of
from kolmo.bench.tasks.sources import SOURCES

BERNOULLI_RATE = 0.46899559358928122  # -.1 log2 .1 - .9 log2 .9


def cell(label, *, task="bernoulli", n=1000, seed=0):
    return Cell("sources", task, n, seed, "packed", label)


def code(label, bits, truth, **where):
    result = {"kind": "codelength", "bits": bits, "message_bits": bits + 6, "truth_bits": truth}
    return cell(label, **where), result


def estimate(label, bits, truth, error=None, **where):
    result = {"kind": "estimate", "bits": bits, "error_bits": error, "truth_bits": truth}
    return cell(label, **where), result


def claim(label, bits, truth, **where):
    one, result = estimate(label, bits, truth, **where)
    return one, {**result, "claimed": True}


def test_regret_of_a_code_is_its_length_less_the_truth():
    found = [code("ctw", 480.0, 470.0), code("ctw", 455.0, 451.0, seed=1)]
    (row,) = score_sources(found)
    assert (row.code, row.strings, row.kind) == (True, 2, "codelength")
    assert (row.truth_bits, row.bits, row.message_bits) == (460.5, 467.5, 473.5)
    assert row.difference.mean == 7.0  # of 10 and 4
    assert row.sd_bits == pytest.approx(math.sqrt(18))
    assert row.rmse_bits == pytest.approx(math.sqrt(58))
    assert row.coverage is None
    assert row.verdict.worst_bits == 4
    known = row.to_dict()
    assert (known["regret_mean_bits"], known["bias_mean_bits"]) == (7, None)


def test_bias_of_an_estimate_is_its_distance_from_the_rate():
    """The aim is n times the rate, whatever -log2 P of the string at hand."""
    aim = 1000 * BERNOULLI_RATE
    found = [estimate("nsb", aim + 3, 500.0), estimate("nsb", aim - 1, 400.0, seed=1)]
    (row,) = score_sources(found)
    assert not row.code
    assert row.verdict is None
    assert row.difference.mean == pytest.approx(1)
    assert row.sd_bits == pytest.approx(math.sqrt(8))
    assert row.rmse_bits == pytest.approx(math.sqrt(5))
    known = row.to_dict()
    assert known["regret_mean_bits"] is None
    assert known["bias_mean_bits"] == pytest.approx(1)
    assert known["evidence_bits"] is known["least_regret_bits"] is None


def test_bias_without_a_rate_is_the_distance_from_the_truth():
    assert SOURCES["recall"].rate is None
    (row,) = score_sources([estimate("nsb", 90.0, 100.0, task="recall")])
    assert row.difference == Interval(-10.0, None, None)
    assert row.sd_bits is None
    assert row.rmse_bits == 10


@pytest.mark.parametrize(
    ("offs", "errors", "coverage"),
    [
        ((1.9, -1.9, 2.1, 0.0), (1, 1, 1, 1), 0.75),
        ((1.9, 2.1, 0.0, 0.0), (1, 1, None, None), 0.5),
        ((1.0,), (0.0,), 0.0),
        ((1.0,), (None,), None),
    ],
)
def test_coverage_counts_truths_within_196_errors(offs, errors, coverage):
    aim = 1000 * BERNOULLI_RATE
    pairs = enumerate(zip(offs, errors, strict=True))
    found = [estimate("nsb", aim + off, 1.0, error, seed=seed) for seed, (off, error) in pairs]
    assert score_sources(found)[0].coverage == coverage


def test_claim_is_scored_as_a_code_of_kind_estimate():
    found = [claim("mine.py:Claim", 200.0, 460.0)]
    (row,) = score_sources(found)
    assert is_code(found[0][1])
    assert (row.code, row.kind, row.difference.mean) == (True, "estimate", -260)
    assert row.message_bits is None
    assert row.verdict.violated
    assert pooled(found)["mine.py:Claim"].violated


def test_order_of_rows_is_task_length_codes_then_the_best():
    found = [
        estimate("nsb", 469.0, 470.0),
        estimate("lz76", 600.0, 470.0),
        code("zlib", 600.0, 470.0),
        code("ctw", 480.0, 470.0),
        code("brotli", 480.0, 470.0),
        code("ctw", 50.0, 45.0, n=96),
        code("ctw", 1002.0, 1000.0, task="fair"),
        code("ctw", 600.0, 590.0, task="markov1"),
    ]
    rows = [(row.task, row.n, row.estimator) for row in score_sources(found)]
    assert rows == [
        ("fair", 1000, "ctw"),
        ("bernoulli", 96, "ctw"),
        *(("bernoulli", 1000, name) for name in ("brotli", "ctw", "zlib", "nsb", "lz76")),
        ("markov1", 1000, "ctw"),
    ]


def test_scores_leave_out_what_failed_and_count_the_rest():
    bad = [(cell("ctw", seed=seed), {"error": "out of memory"}) for seed in (1, 2)]
    found = [code("ctw", 480.0, 470.0), *bad, (cell("worse"), {"error": "no"})]
    (row,) = score_sources(found)
    assert (row.estimator, row.strings) == ("ctw", 1)
    assert set(pooled(found)) == {"ctw"}
    assert score_slopes(found) == []
    assert [tuple(one) for one in failures_of(found)] == [
        ("bernoulli and 1 more", "ctw", "out of memory"),
        ("bernoulli", "worse", "no"),
    ]


def test_pooled_verdict_sees_what_no_task_shows():
    """1.2 bits too low on 8 strings of each of 5 tasks: 40 * 1.2 - log2(40) = 42.7 bits."""
    tasks = list(SOURCES)[:5]
    found = [code("low", 498.8, 500.0, task=task, seed=seed) for task in tasks for seed in range(8)]
    assert not any(row.verdict.violated for row in score_sources(found))
    verdict = pooled(found)["low"]
    assert verdict.violated
    assert verdict.evidence_bits == pytest.approx(48 - math.log2(40), abs=1e-6)


def test_pooled_leaves_estimates_out():
    assert pooled([estimate("nsb", 1.0, 470.0)]) == {}


def test_mean_interval_of_two_values_is_their_range():
    """A resample is all the one with probability 1/4: the quantiles are the values."""
    assert mean_interval([2.0, 6.0]) == Interval(4.0, 2.0, 6.0)


def test_mean_interval_of_one_value_is_unknown():
    assert mean_interval([5.0]) == Interval(5.0, None, None)


def test_mean_interval_agrees_with_scipy():
    values = np.random.default_rng(5).gamma(2.0, 10.0, 40)
    ours = mean_interval(values.tolist())
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=1
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.mean == pytest.approx(values.mean())
    # 2,000 resamples place a quantile of 2.5 % within about .05 widths: 3 sigma.
    assert ours.low == pytest.approx(theirs.low, abs=0.06 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.06 * width)


def test_mean_interval_covers_the_mean_about_as_often_as_it_says():
    """400 samples of 30: coverage .95 less about .015 (percentile); false alarm below 1e-4."""
    generator = np.random.default_rng(11)
    covered = wrong = 0
    for _ in range(400):
        found = mean_interval(generator.normal(7.0, 3.0, 30).tolist())
        covered += found.low <= 7.0 <= found.high
        wrong += found.low <= 8.5 <= found.high
    assert 0.88 <= covered / 400 <= 0.99
    assert wrong / 400 < 0.5  # the twin: a wrong mean is not covered


def test_intervals_are_the_same_on_every_call():
    values = [1.0, 5.0, 2.0, 8.0]
    assert mean_interval(values) == mean_interval(list(values))
    lengths = {256: values, 1024: values[::-1]}
    assert slope_interval(lengths) == slope_interval(dict(lengths))


def test_slope_is_that_of_linregress():
    generator = np.random.default_rng(3)
    by_length = {
        n: (4 * math.log2(n) + generator.normal(0, 2, count)).tolist()
        for n, count in ((256, 9), (1024, 20), (8192, 5))
    }
    x = [math.log2(n) for n, values in by_length.items() for _ in values]
    y = [value for values in by_length.values() for value in values]
    line = stats.linregress(x, y)
    found = slope_interval(by_length)
    assert found.mean == pytest.approx(line.slope, rel=1e-9)
    normal = 1.96 * line.stderr
    assert found.high - found.low == pytest.approx(2 * normal, rel=0.35)
    assert found.low < found.mean < found.high


def test_slope_of_single_strings_has_no_interval():
    assert slope_interval({256: [4.0], 1024: [5.0]}) == Interval(0.5, None, None)


def test_slopes_are_of_codes_on_two_lengths_or_more():
    found = [
        code("ctw", 104.0, 100.0, n=256),
        code("ctw", 405.0, 400.0, n=1024),
        code("zlib", 450.0, 400.0, n=1024),
        estimate("nsb", 100.0, 100.0, n=256),
        estimate("nsb", 500.0, 400.0, n=1024),
        code("ctw", 164.0, 100.0, n=256, task="lag24"),
        code("ctw", 500.0, 400.0, n=1024, task="lag24"),
    ]
    assert [
        (one.task, one.estimator, one.value.mean, one.theory) for one in score_slopes(found)
    ] == [
        ("bernoulli", "ctw", pytest.approx(0.5), 0.5),
        ("lag24", "ctw", pytest.approx(18.0), None),
    ]


def test_theory_of_slopes_is_half_a_bit_for_each_parameter():
    found = [
        code("ctw", 10.0, 5.0, n=n, task=task)
        for task in ("fair", "markov1", "markov3")
        for n in (64, 128)
    ]
    assert [one.theory for one in score_slopes(found)] == [0.5, 1.0, 4.0]
