"""The stack: pushes and pops are inverse from any state; the left-over state is compared."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolmo.coding.ans import Stack
from kolmo.coding.code import Interval, to_block
from kolmo.coding.continuous import Normal
from kolmo.coding.discrete import Categorical
from kolmo.coding.integers import EliasDelta
from kolmo.coding.urn import KT
from kolmo.errors import DecodeError, ParameterError

property_test = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@st.composite
def intervals(draw):
    total = draw(st.sampled_from([1, 2, 3, 255, 2**24, 10**6, 2**31 + 1, 2**32 - 1, 2**32]))
    start = draw(st.integers(0, total - 1))
    return Interval(start, draw(st.integers(1, total - start)), total)


def pop(stack, total):
    """Pop one of ``total`` equal shares."""
    found = stack.peek(total)
    stack.skip(Interval(found, 1, total))
    return found


@property_test
@given(st.binary(max_size=40), st.lists(intervals(), max_size=40))
def test_push_and_pop_leave_any_seed_as_it_was(seed, listed):
    stack = Stack(seed)
    before = stack.state
    stack.put(listed)
    for interval in listed:
        assert interval.start <= stack.peek(interval.total) < interval.start + interval.frequency
        stack.skip(interval)
    assert stack.state == before
    assert stack.leftover() == seed


@property_test
@given(st.binary(min_size=60, max_size=80), st.lists(st.integers(1, 2**32), max_size=10))
def test_pop_and_push_leave_any_stack_as_it_was(seed, totals):
    """The first half of bits-back: values are taken out of the seed and put back."""
    stack = Stack(seed)
    before = stack.state
    popped = [Interval(pop(stack, total), 1, total) for total in totals]
    stack.put(popped)
    assert stack.state == before


@property_test
@given(st.binary(max_size=20), st.lists(intervals(), max_size=40))
def test_bulk_push_is_the_same_push(seed, listed):
    one, other = Stack(seed), Stack(seed)
    one.put(listed)
    other.put_blocks(
        [to_block(listed[:5]), to_block(listed[5:])]
        if listed[5:]
        else [to_block(listed)]
        if listed
        else []
    )
    assert one.state == other.state


@property_test
@given(st.binary(max_size=20), st.lists(intervals(), max_size=20))
def test_state_is_stored_and_read_again(seed, listed):
    stack = Stack(seed)
    stack.put(listed)
    assert Stack.from_bytes(stack.to_bytes()).state == stack.state


def test_values_come_out_last_first():
    stack = Stack()
    EliasDelta().encode(3, stack)
    EliasDelta().encode(10**50, stack)
    assert EliasDelta().decode(stack) == 10**50
    assert EliasDelta().decode(stack) == 3
    assert stack.leftover() == b""


def test_bits_back_refunds_what_the_choice_took():
    """Of 16 equally good words one is chosen by the seed: the net price is that much lower."""
    seed = random.Random(5).randbytes(50)
    stack = Stack(seed)
    start = stack.bits
    latent = pop(stack, 16)
    likelihood, prior = Categorical([1, 3]), Categorical([1] * 32)
    likelihood.encode(1, stack)
    prior.encode(latent, stack)
    assert stack.bits - start == pytest.approx(5 + math.log2(4 / 3) - 4, abs=1e-6)
    assert prior.decode(stack) == latent
    assert likelihood.decode(stack) == 1
    stack.put([Interval(latent, 1, 16)])
    assert stack.leftover() == seed


@pytest.mark.parametrize(
    ("code", "symbols"),
    [
        (KT(5, 40_000), np.arange(40_000) ** 2 % 5),
        (Normal(0, 3000).many(40_000), (np.arange(40_000) * 7919) % 9001 - 4500),
    ],
)
def test_long_message_costs_the_ideal_and_five_bytes(code, symbols):
    stack = Stack()
    code.encode(symbols, stack)
    ideal = code.codelength(symbols)
    assert stack.bits == pytest.approx(ideal, abs=1)
    message = stack.to_bytes()
    assert ideal <= 8 * len(message) <= ideal + 48
    received = Stack.from_bytes(message)
    assert np.array_equal(code.decode(received), symbols)
    assert received.state == Stack().state


def test_empty_stack_refuses_to_give():
    for stack in (Stack(), Stack(b"ab")):
        with pytest.raises(DecodeError, match="empty"):
            [pop(stack, 2**32) for _ in range(2)]
    with pytest.raises(DecodeError):
        Categorical([1] * 256).many(1000).decode(Stack(b"short"))


def test_seed_is_refused_while_something_lies_on_it():
    stack = Stack(b"seed")
    stack.put([Interval(1, 1, 2)])
    with pytest.raises(DecodeError, match="more than its seed"):
        stack.leftover()


@pytest.mark.parametrize("message", [b"", b"\x01" * 4, b"\x01" * 9 + b"\x00"])
def test_bytes_that_are_no_state_are_refused(message):
    with pytest.raises(DecodeError, match="no state"):
        Stack.from_bytes(message)


@pytest.mark.parametrize("bad", [(0, 0, 5), (5, 1, 5), (0, 1, 2**32 + 1)])
def test_impossible_interval_is_refused(bad):
    with pytest.raises(ParameterError):
        Stack().put([Interval(*bad)])
    with pytest.raises(ParameterError):
        Stack().put_blocks([to_block([Interval(*bad)])])
