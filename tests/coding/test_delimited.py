"""Messages that tell where they end: no message begins another, whatever follows."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolmo.coding.code import Interval
from kolmo.coding.delimited import DelimitedDecoder, DelimitedEncoder
from kolmo.errors import DecodeError

ENDING_BITS = 9  # beyond the ideal length, at most
LOST_BITS = 2.0**-20  # an interval, by cutting the range to units

totals = st.one_of(st.integers(1, 300), st.integers(1, 1 << 32), st.just(1 << 32))
intervals = totals.flatmap(
    lambda total: st.integers(0, total - 1).flatmap(
        lambda start: st.integers(1, total - start).map(lambda size: Interval(start, size, total))
    )
)


def written(listed):
    coder = DelimitedEncoder()
    coder.put(listed)
    return coder.finish()


def check_reading(payload, listed):
    coder = DelimitedDecoder(payload)
    for interval in listed:
        found = coder.peek(interval.total)
        assert interval.start <= found < interval.start + interval.frequency
        coder.skip(interval)
    coder.finish()


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(intervals, max_size=30))
def test_message_is_read_back_and_ends_in_nine_bits(listed):
    payload = written(listed)
    check_reading(payload, listed)
    ideal = sum(math.log2(item.total / item.frequency) for item in listed)
    lost = sum(item.frequency < item.total for item in listed) * LOST_BITS
    assert 8 * len(payload) <= ideal + ENDING_BITS + lost


def test_message_of_nothing_has_no_bytes():
    assert written([]) == b""
    DelimitedDecoder(b"").finish()
    with pytest.raises(DecodeError):
        DelimitedDecoder(b"\0").finish()


@pytest.mark.parametrize("shares", [(1, 1), (1, 255), (3, 5), (1, 65535), (1, 999_999)])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_no_message_begins_another_of_as_many_symbols(shares, count):
    total = sum(shares)
    symbols = (Interval(0, shares[0], total), Interval(shares[0], shares[1], total))
    messages = sorted(written(word) for word in itertools.product(symbols, repeat=count))
    assert len(set(messages)) == 2**count
    for first, second in itertools.pairwise(messages):
        assert not second.startswith(first)
    assert sum(2.0 ** (-8 * len(message)) for message in messages) <= 1


def test_carries_run_through_all_bytes():
    """The number just below 1/2 and then the last of everything: a carry at the end."""
    source = random.Random(1)
    for _ in range(300):
        listed = [Interval(0, 1, 2), *[Interval(255, 1, 256)] * source.randrange(1, 12)]
        listed += [Interval(total - 1, 1, total) for total in source.choices(range(2, 999), k=3)]
        check_reading(written(listed), listed)


def test_anything_before_or_after_the_end_is_refused():
    listed = [Interval(2, 3, 7)] * 40
    payload = written(listed)
    for stop in range(len(payload)):
        with pytest.raises(DecodeError):
            read_blindly(payload[:stop], listed)
    for junk in (b"\0", b"\xff", b"junk" * 10):
        with pytest.raises(DecodeError):
            read_blindly(payload + junk, listed)


def read_blindly(payload, listed):
    """Read by a model that has the same interval for whatever it finds."""
    coder = DelimitedDecoder(payload)
    for interval in listed:
        coder.peek(interval.total)
        coder.skip(interval)
    coder.finish()
