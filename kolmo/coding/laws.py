"""The laws that every code keeps, as checks: each returns quietly or raises CertificationError.

They hold for a code alone; one test runs all of them over every code. A complete code cannot
notice that its stream was altered (every stream is the message of some value), so the law of
damage asks only for an end: a value or DecodeError, and nothing read outside the payload.
"""

import math
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TypeVar

from kolmo.coding.ans import Stack
from kolmo.coding.code import Code, Interval
from kolmo.coding.rangecoder import RangeDecoder, RangeEncoder, read, write
from kolmo.errors import CertificationError, DecodeError, shorten

T = TypeVar("T")

OVERHEAD_BITS = 16
STACK_OVERHEAD_BITS = 0.01
"""What scaling and the head cost a stack, for each value of a test; rounding and seed apart."""

_MARK = [Interval(0xA5, 1, 256), Interval(0x5A5A, 1, 1 << 16)]
_SEED = bytes(range(1, 41))


def check_identity(code: Code[T], value: T) -> None:
    """Check decode(encode(x)) = x in a message of its own, which it fills exactly."""
    message = write(code, value)
    _require(same(read(code, message), value), "a message decodes to another value")
    _require(write(code, value) == message, "two runs write different bytes")


def check_boundary(code: Code[T], value: T) -> None:
    """Check that decode consumes exactly what encode wrote, whatever stands before and after."""
    encoder = RangeEncoder()
    encoder.put(_MARK)
    code.encode(value, encoder)
    encoder.put(_MARK)
    decoder = RangeDecoder(encoder.finish())
    _require(_reads_mark(decoder), "what stands before is altered")
    _require(same(code.decode(decoder), value), "a part of a message decodes wrongly")
    _require(_reads_mark(decoder), "decode does not stop where encode did")
    decoder.finish()


def check_stack(code: Code[T], value: T) -> None:
    """Check that a push and a pop leave the stack exactly as it was, and cost what they should."""
    stack = Stack(_SEED)
    before, before_bits = stack.state, stack.bits
    code.encode(value, stack)
    cost = stack.bits - before_bits
    _require(same(code.decode(stack), value), "a stack decodes to another value")
    _require(stack.state == before and stack.leftover() == _SEED, "the stack below is altered")
    ideal = code.codelength(value)
    _require(
        abs(cost - ideal) <= STACK_OVERHEAD_BITS + 1e-6 * ideal,
        f"the stack grows by {cost} bits for a code length of {ideal}",
    )


def check_overhead(code: Code[T], value: T) -> None:
    """Check 0 <= codelength, and realised bits <= ceil(codelength) + 16."""
    ideal, realised = code.codelength(value), 8 * len(write(code, value))
    _require(ideal >= 0, f"a negative code length: {ideal}")
    _require(
        realised <= math.ceil(ideal) + OVERHEAD_BITS,
        f"{realised} bits for a code length of {ideal}",
    )


def check_kraft(code: Code[T], values: Iterable[T]) -> float:
    """Check that 2**-codelength sums to 1 at most over different values; return the sum."""
    total = math.fsum(2.0 ** -code.codelength(value) for value in values)
    _require(total <= 1 + 1e-9, f"a Kraft sum of {total}")
    return total


def check_damage(code: Code[Any], payload: bytes) -> Any:
    """Check that decoding any bytes ends in a value or DecodeError, whatever lies behind them.

    The same bytes serve as a message of the range coder and as the seed of a stack.

    Returns
    -------
    object
        The value, or None after DecodeError.
    """
    outcomes = [_outcome(code, payload, behind) for behind in (b"\x00" * 64, b"\xff" * 64)]
    _require(same(*outcomes), "decode reads beyond its payload")
    _pop(code, payload)
    return outcomes[0]


def same(found: Any, value: Any) -> bool:
    """Return whether two values, arrays included, are equal."""
    if hasattr(found, "shape") or hasattr(value, "shape"):
        import numpy as np

        return np.array_equal(found, value)
    return bool(found == value)


def _pop(code: Code[Any], seed: bytes) -> None:
    with suppress(DecodeError):
        code.decode(Stack(seed))


def _outcome(code: Code[Any], payload: bytes, behind: bytes) -> Any:
    view = memoryview(payload + behind)[: len(payload)]
    try:
        return code.decode(RangeDecoder(view))
    except DecodeError:
        return None


def _reads_mark(decoder: RangeDecoder) -> bool:
    for interval in _MARK:
        if decoder.peek(interval.total) != interval.start:
            return False
        decoder.skip(interval)
    return True


def _require(holds: bool, complaint: str) -> None:
    if not holds:
        raise CertificationError(f"broken code: {shorten(complaint, 200)}.")
