"""The range coder: exact against fractions, carries, the shortest end, and refusals."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import coding as naive

from kolmo.coding.code import Interval, raw_intervals, read_raw, to_block
from kolmo.coding.continuous import Normal
from kolmo.coding.discrete import Uniform
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder, read, write
from kolmo.coding.urn import KT
from kolmo.errors import DecodeError, ParameterError

property_test = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@st.composite
def intervals(draw):
    total = draw(st.one_of(st.integers(1, 20), st.integers(1, 2**32), st.just(2**32)))
    start = draw(st.one_of(st.integers(0, total - 1), st.just(total - 1), st.just(0)))
    return Interval(start, draw(st.integers(1, total - start)), total)


def encoded(listed, *, bulk):
    coder = RangeEncoder()
    if bulk and listed:
        coder.put_blocks(
            [to_block(listed[:3]), to_block(listed[3:])] if listed[3:] else [to_block(listed)]
        )
    else:
        coder.put(listed)
    return coder.finish()


def decoded(message, listed):
    coder = RangeDecoder(message)
    for interval in listed:
        assert interval.start <= coder.peek(interval.total) < interval.start + interval.frequency
        coder.skip(interval)
    coder.finish()


@property_test
@given(st.lists(intervals(), max_size=40))
def test_intervals_come_back_in_order_and_bulk_writes_the_same_bytes(listed):
    message = encoded(listed, bulk=False)
    decoded(message, listed)
    assert encoded(listed, bulk=True) == message


@property_test
@given(st.lists(intervals(), max_size=40))
def test_message_is_at_most_a_byte_longer_than_without_rounding(listed):
    assert len(encoded(listed, bulk=False)) <= naive.shortest_message_bytes(listed) + 1


def test_length_follows_the_ideal():
    coder = RangeEncoder()
    listed = [Interval(i % 7, 1, 7) for i in range(1000)]
    coder.put(listed)
    assert coder.bits == pytest.approx(1000 * math.log2(7), abs=1e-3)
    assert 0 <= 8 * len(coder.finish()) - 1000 * math.log2(7) <= 8.01


def test_finish_can_be_asked_twice_and_in_between():
    coder = RangeEncoder()
    coder.put([Interval(3, 1, 5)])
    assert coder.finish() == coder.finish()
    coder.put([Interval(1, 1, 5)])
    decoded(coder.finish(), [Interval(3, 1, 5), Interval(1, 1, 5)])


@pytest.mark.parametrize("bulk", [False, True])
def test_carry_runs_through_a_long_row_of_ff(bulk):
    """Half a unit below the middle, then upwards again and again: 0.0111... becomes 0.1000..."""
    for tail in (Interval(1, 1, 2), Interval(2**32 - 1, 1, 2**32), Interval(0, 1, 3)):
        start = [Interval(127, 1, 256), *[Interval(255, 1, 256)] * 200]
        listed = [*start, *[tail] * 50]
        decoded(encoded(listed, bulk=bulk), listed)


def test_carries_happen_in_bulk_across_blocks():
    """Many small blocks: the carry out of a block lands in bytes that left before."""
    source = random.Random(3)
    listed = [Interval(source.choice([0, 2**32 - 2]), 1, 2**32 - 1) for _ in range(3000)]
    listed += [Interval(2**31 - 1, 2, 2**32)] * 50
    coder = RangeEncoder()
    coder.put_blocks(to_block([interval]) for interval in listed)
    assert coder.finish() == encoded(listed, bulk=False)
    decoded(coder.finish(), listed)


def test_certain_values_cost_nothing():
    assert write(Uniform(1), 0) == b""
    assert encoded([Interval(0, 2**32, 2**32)] * 100, bulk=True) == b""
    assert read(Uniform(1), b"") == 0


def test_plain_bits_of_any_width():
    for width in (0, 1, 31, 32, 33, 64, 1000):
        number = (1 << width) * 2 // 3
        coder = RangeEncoder()
        coder.put(raw_intervals(number, width))
        assert coder.bits == pytest.approx(width, abs=1e-6)
        assert read_raw(RangeDecoder(coder.finish()), width) == number


@pytest.mark.parametrize(
    "bad",
    [(0, 0, 5), (-1, 1, 5), (5, 1, 5), (3, 3, 5), (0, 1, 2**32 + 1), (0, 1, 0)],
)
def test_impossible_interval_is_refused(bad):
    with pytest.raises(ParameterError, match="no interval"):
        RangeEncoder().put([Interval(*bad)])


@pytest.mark.parametrize("bad", [(0, 0, 5), (5, 1, 5), (3, 3, 5), (0, 1, 2**32 + 1), (0, 1, 0)])
def test_impossible_interval_is_refused_in_bulk(bad):
    with pytest.raises(ParameterError, match="no interval"):
        RangeEncoder().put_blocks([to_block([Interval(0, 1, 5), Interval(*bad)])])


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"\x80\x00", "left over"),
        (b"\x80\x01\x01", "left over"),
        (b"\xff" * 8, "no interval"),
    ],
)
def test_bytes_that_no_encoder_wrote_are_refused(payload, complaint):
    with pytest.raises(DecodeError, match=complaint):
        read(Uniform(2), payload)


def test_payload_that_ends_too_early_is_refused():
    message = write(Uniform(10**400), 10**400 - 1)
    with pytest.raises(DecodeError, match="too early"):
        read(Uniform(10**400), message[:-20])


@pytest.mark.parametrize("alphabet", [2, 16, 256])
def test_million_adaptive_symbols_have_at_most_16_bits_of_overhead(alphabet):
    generator = np.random.Generator(np.random.PCG64(alphabet))
    symbols = (generator.integers(0, alphabet, 10**6) * generator.integers(0, 2, 10**6)).astype(
        np.uint8
    )
    code = KT(alphabet, symbols.size)
    message = write(code, symbols)
    assert abs(8 * len(message) - code.codelength(symbols)) <= 16
    found = read(code, message)
    assert found.dtype == np.uint8
    assert np.array_equal(found, symbols)


@pytest.mark.parametrize("scale", [3, 400, 10**6, 10**15])
def test_million_normal_values_have_at_most_16_bits_of_overhead(scale):
    generator = np.random.Generator(np.random.PCG64(scale))
    values = (generator.integers(-(2**20), 2**20, (10**6, 4)).sum(axis=1) * scale) >> 20
    code = Normal(5, scale).many(values.size)
    message = write(code, values)
    assert abs(8 * len(message) - code.codelength(values)) <= 16
    assert np.array_equal(read(code, message), values)


def test_constriction_needs_no_fewer_bits():
    """An independent range coder, at the same shares of 2**24, never beats the ideal length."""
    constriction = pytest.importorskip("constriction")
    generator = np.random.Generator(np.random.PCG64(7))
    symbols = generator.integers(0, 256, 50_000) & generator.integers(0, 256, 50_000)
    frequencies = (np.bincount(symbols, minlength=256) + 1).tolist()
    frequencies[0] += 2**24 - sum(frequencies)
    model = constriction.stream.model.Categorical(np.array(frequencies) / 2**24, perfect=True)
    peer = constriction.stream.queue.RangeEncoder()
    peer.encode(symbols.astype(np.int32), model)
    coder = RangeEncoder()
    bounds = np.cumsum([0, *frequencies]).tolist()
    coder.put([Interval(bounds[x], frequencies[x], 2**24) for x in symbols.tolist()])
    assert 8 * len(coder.finish()) <= peer.num_bits() + 8
