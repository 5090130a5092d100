"""Bits through the range coder: exact against a twin with one long number, carries, damage."""

import contextlib
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive.scalemix import BitReader, BitWriter

from kolmo.coding.code import Interval
from kolmo.coding.discrete import Uniform
from kolmo.coding.kernels.binary import code_bit, code_fine_bit, code_plain
from kolmo.coding.kernels.coder import POSITION, RANGE
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder
from kolmo.errors import DecodeError

property_test = settings(max_examples=100, deadline=None, derandomize=True, database=None)

# (share, bit), or (width, value) of plain bits, told apart by a leading name
shares = st.one_of(st.integers(1, 65535), st.sampled_from([1, 65535, 32768]))
FINE = 1 << 32
fine_shares = st.one_of(st.integers(1, FINE - 1), st.sampled_from([1, FINE - 1, FINE >> 1]))
WIDTHS = {"bit": 16, "fine": 32}  # of the shares
decisions = st.lists(
    st.one_of(
        st.tuples(st.just("bit"), shares, st.integers(0, 1)),
        st.tuples(st.just("fine"), fine_shares, st.integers(0, 1)),
        st.integers(0, 32).flatmap(
            lambda width: st.tuples(
                st.just("plain"), st.just(width), st.integers(0, (1 << width) - 1)
            )
        ),
    ),
    max_size=60,
)


def write_loop(head, out, listed):
    for kind, how, value in listed:
        if kind == "bit":
            code_bit(head, out, how, value)
        elif kind == "fine":
            code_fine_bit(head, out, how, value)
        else:
            code_plain(head, out, np.uint64(value), how)
    return len(listed)


def read_loop(head, payload, listed, found):
    for kind, how, _ in listed:
        if kind == "plain":
            value = code_plain(head, payload, np.uint64(0), how)
        else:
            read = code_bit if kind == "bit" else code_fine_bit
            value = read(head, payload, how, 0)
        found.append(int(value))
    return len(listed)


def written(listed):
    coder = RangeEncoder()
    assert coder.write(write_loop, 8 * len(listed) + 8, listed) == len(listed)
    return coder.finish()


def found_in(payload, listed, *, whole=True):
    coder, found = RangeDecoder(writable(payload)), []
    coder.read(read_loop, listed, found)
    if whole:
        coder.finish()
    return found


def writable(payload):
    return memoryview(bytearray(payload))


def twin(listed):
    coder = BitWriter()
    for kind, how, value in listed:
        if kind in WIDTHS:
            coder.write(how, value, WIDTHS[kind])
        else:
            coder.write_plain(value, how)
    return coder.finish()


def twin_found(payload, listed):
    coder = BitReader(payload)
    return [
        coder.read(how, WIDTHS[kind]) if kind in WIDTHS else coder.read_plain(how)
        for kind, how, _ in listed
    ]


@property_test
@given(decisions)
def test_bits_have_the_bytes_of_the_twin_and_come_back(listed):
    payload = written(listed)
    assert payload == twin(listed)
    values = [value for _, _, value in listed]
    assert found_in(payload, listed) == values == twin_found(payload, listed)


@property_test
@given(decisions, decisions)
def test_bits_and_intervals_take_turns_in_one_message(first, second):
    """The head goes from Python to the kernel and back, with whatever it has shifted."""
    coder = RangeEncoder()
    for listed in (first, second):
        coder.put([Interval(6, 1, 7)])
        coder.write(write_loop, 8 * len(listed) + 8, listed)
    coder.put([Interval(1, 2, 3)])
    reader = RangeDecoder(writable(coder.finish()))
    for listed in (first, second):
        assert Uniform(7).decode(reader) == 6
        found = []
        reader.read(read_loop, listed, found)
        assert found == [value for _, _, value in listed]
    assert reader.peek(3) >= 1
    reader.skip(Interval(1, 2, 3))
    reader.finish()


# An interval around 1/2: its first byte comes out as 7F. Then upwards, so that it becomes 80.
STRADDLING = [("bit", 32767, 0), ("bit", 3, 1)]
RISING = [("bit", 60000, 0)] * 40


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 10, 42])
def test_a_carry_reaches_bytes_of_this_call_and_of_those_before(cut):
    listed = STRADDLING + RISING
    coder = RangeEncoder()
    for part in (listed[:cut], listed[cut:]):
        coder.write(write_loop, 8 * len(part) + 8, part)
    payload = coder.finish()
    assert payload == twin(listed)
    assert found_in(payload, listed) == [value for _, _, value in listed]


def test_the_bytes_before_a_call_do_change_by_its_carry():
    coder = RangeEncoder()
    coder.write(write_loop, 100, STRADDLING)
    assert bytes(coder._bytes)[0] == 0x7F
    coder.write(write_loop, 400, RISING)
    assert bytes(coder._bytes)[0] == 0x80


@pytest.mark.parametrize("share", [1, 16, 655, 32768, 65000, 65535])
def test_length_follows_the_shares(share):
    source = random.Random(share)
    bits = [int(source.randrange(65536) < share) for _ in range(3000)]
    ideal = sum(16 - math.log2(share if bit else 65536 - share) for bit in bits)
    payload = written([("bit", share, bit) for bit in bits])
    assert -1e-3 * ideal - 8 <= 8 * len(payload) - ideal <= 1e-3 * ideal + 9


def test_the_dearest_bits_take_the_room_that_is_said():
    """A bit of share 1 shifts two bytes, a fine one and 32 plain bits at most four."""
    dearest = [("bit", 1, 1), ("bit", 65535, 0), ("fine", 1, 1), ("fine", FINE - 1, 0)]
    for item in (*dearest, ("plain", 32, 7)):
        listed = [item] * 50
        coder = RangeEncoder()
        coder.write(write_loop, (2 if item[0] == "bit" else 4) * 50 + 1, listed)
        assert coder.finish() == twin(listed)


@property_test
@given(st.binary(max_size=40), decisions)
def test_any_payload_gives_bits_or_an_error_and_keeps_the_head_in_range(payload, listed):
    coder, found = RangeDecoder(writable(payload)), []
    with contextlib.suppress(DecodeError):
        coder.read(read_loop, listed, found)
    assert len(found) == len(listed)
    for value, (kind, how, _) in zip(found, listed, strict=True):
        assert 0 <= value < (2 if kind in WIDTHS else 1 << how)


def test_the_largest_payload_is_outside_every_interval_and_does_no_harm():
    """All ones: the number is the end of the interval, which no encoder writes."""
    payload = b"\xff" * 40
    head = np.array([0, (1 << 64) - 1, (1 << 64) - 1, 1, 0], np.uint64)
    data = np.frombuffer(bytearray(payload), np.uint8)
    for i in range(100):
        assert code_bit(head, data, 1 + 653 * i % 65535, 0) in (0, 1)
        assert int(code_plain(head, data, np.uint64(0), i % 33)) < 1 << i % 33
        assert int(head[RANGE]) >= 1 << 56
    assert int(head[POSITION]) > len(payload)


def test_a_payload_that_ends_too_early_is_refused():
    listed = [("bit", 30000, i & 1) for i in range(400)]
    payload = written(listed)
    assert found_in(payload, listed) == [i & 1 for i in range(400)]
    with pytest.raises(DecodeError, match="too early"):
        found_in(payload[: len(payload) // 2], listed)


def test_a_byte_left_over_is_refused():
    listed = [("bit", 30000, i & 1) for i in range(400)]
    with pytest.raises(DecodeError, match="left over"):
        found_in(written(listed) + b"ab", listed)
